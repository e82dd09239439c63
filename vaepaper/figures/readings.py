"""Readings and seeds as pictures: takes what `robustness` says of the table, returns a `Figure`."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from vaepaper.claims import CLAIMS as CRITERIA
from vaepaper.experiment import INTERPRETATIONS as READINGS
from vaepaper.figures import plots

CLAIMS = [f"C{n}" for n in range(1, 10)]

COLORS = {"reproduced": "#0173b2", "partly": "#f0d58c", "not reproduced": "#d55e00", "undecided": "0.8"}

# Numbers that span decades: logarithmic above so much.
LINEAR = {"Welch p": 1e-3, "Cohen's d": 0.1, "flagged": 1, "largest ÷": 1}


def verdict_map(shares: pd.DataFrame, differs: pd.Series, seeds: Mapping[str, int], title: str) -> Figure:
    """Claims × readings, each cell filled by its seeds' verdicts; dotted where the majority is not the default's.

    Args:
        shares: of each verdict, by reading and claim. differs: bool, likewise. seeds: how many the table holds.
    """
    names = [name for name in READINGS if name in seeds]
    figure, axes = plt.subplots(figsize=(10.5, 1.6 + 0.29 * len(names)))
    for (name, claim), row in shares.iterrows():
        x, y = CLAIMS.index(claim), names.index(name)
        for verdict, left in zip(row.index, np.cumsum([0, *row])[:-1], strict=True):
            box = Rectangle((x + 0.04 + 0.92 * left, y + 0.08), 0.92 * row[verdict], 0.84, color=COLORS[verdict], lw=0)
            axes.add_patch(box)
        if differs[name, claim]:
            axes.plot(x + 0.5, y + 0.5, "o", color="black", markersize=7, markeredgecolor="white", markeredgewidth=1.5)
    axes.add_patch(Rectangle((0, 0), len(CLAIMS), 1, fill=False, edgecolor="black", linewidth=2.2, clip_on=False))
    axes.set(xlim=(0, len(CLAIMS)), ylim=(len(names), 0))
    axes.set_xticks(np.arange(len(CLAIMS)) + 0.5, CLAIMS)
    axes.set_yticks(np.arange(len(names)) + 0.5, [f"{READINGS[name]['says']}  ({seeds[name]})" for name in names])
    axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    dot = plt.Line2D([], [], color="black", marker="o", linestyle="", markersize=7)
    handles = [*(Patch(color=color) for color in COLORS.values()), dot]
    labels = [*COLORS, "another majority than the default's (framed)"]
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def strips(table: pd.DataFrame, title: str) -> Figure:
    """Each part of each claim, a point a seed: the default reading above, all others below, and the boundary."""
    parts = [(claim, criterion["name"]) for claim in CLAIMS for criterion in CRITERIA[claim]["criteria"]]
    parts = [part for part in parts if not part[1].endswith(", upper bound")]  # C7's share, which has two boundaries
    figure, grid = plt.subplots(-(-len(parts) // 4), 4, figsize=(13.5, 9))
    random = np.random.default_rng(0)  # of the heights only
    for axes, part in zip(grid.flat, parts, strict=False):
        claim, name = part
        own = table[(table.claim == claim) & (table.criterion == name)]
        default = own.interpretation == "default"
        for at, color, chosen in ((1, plots.TRAINING, default), (0, "0.55", ~default)):
            values = own.value[chosen]
            axes.plot(values, at + random.uniform(-0.3, 0.3, len(values)), ".", color=color, markersize=5, alpha=0.8)
        for boundary, relation in {
            (c["boundary"], c["relation"]) for c in CRITERIA[claim]["criteria"] if c["name"].startswith(name)
        }:
            axes.axvline(boundary, color=COLORS["not reproduced"], linestyle=":", linewidth=1.6)
            side = "right" if relation in (">", ">=") else "left"
            away = {"ha": "left" if side == "right" else "right", "va": "center", "color": COLORS["not reproduced"]}
            axes.text(boundary, 0.5, " → " if side == "right" else " ← ", fontsize=11, **away)
        axes.set_title(f"{claim}: {name}", fontsize=8.5)
        axes.set(yticks=[0, 1], ylim=(-0.5, 1.5))
        axes.set_yticklabels(["others", "default"] if axes in grid[:, 0] else [])
        axes.tick_params(labelsize=8)
        linear = next((up_to for words, up_to in LINEAR.items() if words in name), None)
        if linear:
            axes.set_xscale("symlog", linthresh=linear)
            axes.set_xlim(left=min(-0.3 * linear, own.value.min() * 1.5))
    for axes in grid.flat[len(parts) :]:
        axes.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def figs_9_and_10(runs: pd.DataFrame, named: Sequence[str], title: str) -> Figure:
    """One point a run: how much unseen digits differ more (d), and how many the largest training difference flags.

    Args:
        runs: as `robustness.differences`. named: the readings to tell apart; the rest is grey.
    """
    figure, axes = plt.subplots(figsize=(10.5, 5.2))
    label = "as the report shows it:\nd ≥ 0.1, 1 to 20 flagged"
    axes.add_patch(Rectangle((0.1, 1), 9.9, 19, color="#dcecdc", zorder=0, label=label))
    rest = runs[~runs.interpretation.isin(named)]
    random = np.random.default_rng(0)
    colors = [color for digit, color in enumerate(plots.DIGITS) if digit != 3]  # whose grey is that of the rest
    axes.plot(rest.d, jittered(rest.flagged, random), "o", color="0.7", markersize=5, label="all other readings")
    for number, name in enumerate(named):
        own = runs[runs.interpretation == name]
        style = {"markersize": 8, "color": colors[number], "linestyle": "", "marker": "os^DvPX*<>"[number]}
        hollow = {"fillstyle": "none"} if "first" in READINGS[name]["change"] else {}
        axes.plot(own.d, jittered(own.flagged, random), label=READINGS[name]["says"], **style, **hollow)
    axes.set_xscale("symlog", linthresh=0.1)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([0, 1, 5, 20, 100, 1000], ["0", "1", "5", "20", "100", "1,000"])
    axes.set_xticks(ticks := [-0.1, -0.05, 0, 0.05, 0.1, 0.2, 0.5, 1, 2], [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set(xlim=(-0.1, max(1, runs.d.max() * 1.5)), ylim=(-0.3, max(300, runs.flagged.max() * 1.5)))
    axes.set(xlabel="Cohen's d: unseen digits differ more", ylabel="flagged of 10,000 unseen digits")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def jittered(counts: pd.Series, random: np.random.Generator) -> np.ndarray:
    """Equal counts side by side instead of on each other."""
    return counts + random.uniform(-0.12, 0.12, len(counts)) * (1 + 0.3 * counts)


def distributions(seen: Mapping[str, Mapping], title: str) -> Figure:
    """Fig. 9 under several readings: density of training and unseen differences, from percentiles [101].

    What lies between the last two percentiles is left out: how, they do not tell.

    Args:
        seen: by reading, "training" and "unseen" percentiles and the number "flagged".
    """
    figure, panels = plt.subplots(1, len(seen), figsize=(3.6 * len(seen), 3.4), squeeze=False)
    for axes, (name, found) in zip(panels[0], seen.items(), strict=True):
        bins = np.linspace(0, max(found["training"][-1], found["unseen"][-1]) * 1.02, 50)
        for which, color in (("training", plots.TRAINING), ("unseen", plots.UNSEEN)):
            spread = np.interp(np.linspace(0, 99, 20_001), range(101), found[which])
            axes.hist(spread, bins, density=True, histtype="step", linewidth=2, color=color, label=which)
        axes.axvline(found["training"][-1], color="0.2", linestyle="--", linewidth=1.2)
        axes.set(xlabel="difference", yticks=[], title=READINGS[name]["says"])
        axes.annotate(
            f"largest of training, {found['flagged']} above",
            (found["training"][-1], 1),
            (-3, -4),
            axes.get_xaxis_transform(),
            "offset points",
            **{"rotation": 90, "ha": "right", "va": "top", "color": "0.2", "fontsize": 9},
        )
    panels[0, 0].legend(loc="upper right", bbox_to_anchor=(0.88, 1))
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure
