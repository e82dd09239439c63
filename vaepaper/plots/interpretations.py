"""Interpretations and seeds: verdicts, criteria that some run turns, and Figs 9 and 10 in numbers."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vaepaper.claims import CLAIMS as CRITERIA
from vaepaper.experiment import INTERPRETATIONS
from vaepaper.plots.style import DIGITS, MARKERS, TRAINING, UNSEEN, WIDTH, legend_below, panels, titled
from vaepaper.robustness import UPPER

CLAIMS = [f"C{n}" for n in range(1, 10)]

COLORS = {"reproduced": "#0173b2", "partly": "#f0d58c", "not reproduced": "#d55e00", "undecided": "0.8"}
PANELS = 8  # criteria that one figure shows

# Numbers that span decades: logarithmic above so much.
LINEAR = {"Welch p": 1e-3, "Cohen's d": 0.1, "flagged": 1, "largest ÷": 1}


def verdict_map(shares: pd.DataFrame, differs: pd.Series, seeds: Mapping[str, int], title: str) -> Figure:
    """Claims × interpretations, each cell filled by its seeds' verdicts; a dot where the majority differs.

    Args:
        shares: of each verdict, by interpretation and claim. differs: bool, likewise.
        seeds: how many the table holds of each interpretation.
    """
    names = [name for name in INTERPRETATIONS if name in seeds]
    y, x = np.array([(names.index(name) + 0.5, CLAIMS.index(claim)) for name, claim in shares.index]).T
    figure, axes = plt.subplots(figsize=(WIDTH, 1.6 + 0.29 * len(names)))
    left = x + 0.04
    for verdict, color in COLORS.items():
        if not shares[verdict].any():
            continue
        axes.barh(y, 0.92 * shares[verdict], 0.84, left, color=color, linewidth=0, label=verdict)
        left = left + 0.92 * shares[verdict]
    dots = differs.loc[shares.index].to_numpy()
    style = {"color": "black", "markersize": 7, "markeredgecolor": "white", "markeredgewidth": 1.5}
    axes.plot(x[dots] + 0.5, y[dots], "o", label="majority differs from the default's (framed)", **style)
    frame = {"fill": False, "edgecolor": "black", "linewidth": 2.2, "clip_on": False}
    axes.add_patch(Rectangle((0, 0), len(CLAIMS), 1, **frame))
    axes.set(xlim=(0, len(CLAIMS)), ylim=(len(names), 0))
    axes.set_xticks(np.arange(len(CLAIMS)) + 0.5, CLAIMS)
    labels = [f"{INTERPRETATIONS[name]['says']}  ({seeds[name]})" for name in names]
    axes.set_yticks(np.arange(len(names)) + 0.5, labels)
    axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    legend_below(figure)
    return titled(figure, title)


def _strip(axes: Axes, own: pd.DataFrame, criteria: Sequence[Mapping], random: np.random.Generator) -> None:
    """One number: a point a run, and each of its boundaries with an arrow to the side on which it holds."""
    default = own.interpretation == "default"
    for at, color, chosen in ((1, TRAINING, default), (0, "0.55", ~default)):
        values = own.value[chosen]
        heights = at + random.uniform(-0.3, 0.3, len(values))
        axes.plot(values, heights, ".", color=color, markersize=6, alpha=0.8)
    for criterion in criteria:
        boundary, relation = criterion["boundary"], criterion["relation"]
        color = COLORS["not reproduced"]
        axes.axvline(boundary, color=color, linestyle=":", linewidth=1.6)
        arrow, side = (" → ", "left") if relation in (">", ">=") else (" ← ", "right")
        axes.text(boundary, 0.5, arrow, ha=side, va="center", color=color, fontsize=12)
    axes.set(yticks=[0, 1], yticklabels=["others", "default"], ylim=(-0.5, 1.5))


def strips(table: pd.DataFrame, crossing: pd.Series, title: str) -> Figure:
    """The criteria that some run turns, a point a run, and their boundaries: the first eight of `crossing`.

    Args:
        crossing: as `robustness.turned`. The default interpretation is the upper row.
    """
    shown = crossing.index[:PANELS].sort_values()
    figure, grid = panels(len(shown), columns=2, height=1.6)
    random = np.random.default_rng(0)  # of the heights only
    for axes, (claim, name) in zip(grid, shown, strict=True):
        own = table[(table.claim == claim) & (table.criterion == name)]
        criteria = [row for row in CRITERIA[claim]["criteria"] if row["name"].removesuffix(UPPER) == name]
        _strip(axes, own, criteria, random)
        axes.set_title(f"{claim}: {name}", fontsize=9)
        for words, linear in LINEAR.items():
            if words in name:
                axes.set_xscale("symlog", linthresh=linear)
                axes.set_xlim(min(-0.3 * linear, own.value.min() * 1.5), own.value.max() * 1.6)
                axes.xaxis.set_major_formatter("{x:g}")
    return titled(figure, title)


def _jittered(counts: pd.Series, random: np.random.Generator) -> np.ndarray:
    """Equal counts side by side instead of on each other."""
    return counts + random.uniform(-0.12, 0.12, len(counts)) * (1 + 0.3 * counts)


def figs_9_and_10(runs: pd.DataFrame, named: Sequence[str], title: str) -> Figure:
    """One point a run: how much more unseen digits differ (d), and how many the report's threshold flags.

    Args:
        runs: as `robustness.differences`. named: the interpretations to tell apart; the others are grey.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 5.6))
    label = "as the report describes it: d ≥ 0.1, 1 to 20 flagged"
    axes.add_patch(Rectangle((0.1, 1), 9.9, 19, color="#dcecdc", zorder=0, label=label))
    others = runs[~runs.interpretation.isin(named)]
    random = np.random.default_rng(0)
    colors = [color for digit, color in enumerate(DIGITS) if digit != 3]  # whose grey is that of the others
    axes.plot(others.d, _jittered(others.flagged, random), "o", color="0.7", markersize=5, label="all others")
    for name, color, marker in zip(named, colors, MARKERS, strict=False):
        own = runs[runs.interpretation == name]
        fill = "none" if "first" in INTERPRETATIONS[name]["change"] else "full"
        style = {"markersize": 8, "color": color, "linestyle": "", "marker": marker, "fillstyle": fill}
        axes.plot(own.d, _jittered(own.flagged, random), label=INTERPRETATIONS[name]["says"], **style)
    axes.set_xscale("symlog", linthresh=0.1)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([0, 1, 5, 20, 100, 1000], ["0", "1", "5", "20", "100", "1,000"])
    ticks = [-0.1, -0.05, 0, 0.05, 0.1, 0.2, 0.5, 1, 2]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set(xlim=(-0.1, max(1, runs.d.max() * 1.5)), ylim=(-0.3, max(300, runs.flagged.max() * 1.5)))
    axes.set(xlabel="Cohen's d: unseen digits differ more", ylabel="flagged of 10,000 unseen digits")
    legend_below(figure, columns=3)
    return titled(figure, title)


def distributions(seen: Mapping[str, Mapping], title: str) -> Figure:
    """Fig. 9 under several interpretations: densities of training and unseen differences.

    Args:
        seen: by interpretation, percentiles [101] of "training" and "unseen" differences, and how many are
            "flagged". The uppermost percent is left out: percentiles do not tell how it is distributed.
    """
    figure, grid = panels(len(seen), columns=2, height=2.5)
    for axes, (name, found) in zip(grid, seen.items(), strict=True):
        threshold = found["training"][-1]
        bins = np.linspace(0, max(threshold, found["unseen"][-1]) * 1.02, 50)
        for which, color in (("training", TRAINING), ("unseen", UNSEEN)):
            values = np.interp(np.linspace(0, 99, 20_001), range(101), found[which])
            axes.hist(values, bins, density=True, histtype="step", linewidth=2, color=color, label=which)
        axes.axvline(threshold, color="0.2", linestyle="--", linewidth=1.2, label="largest of training")
        heading = f"{INTERPRETATIONS[name]['says']}: {found['flagged']} flagged"
        axes.set(xlabel="difference", yticks=[], title=heading)
    legend_below(figure)
    return titled(figure, title)
