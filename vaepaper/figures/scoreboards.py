"""How well detectors detect, as pictures: takes tables, returns a `Figure`."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vaepaper.figures import plots  # noqa: F401 (sets the one style)

COLORS = sns.color_palette("colorblind")


def winners(table: pd.DataFrame, title: str, values: str = "auroc") -> Figure:
    """A share by method (rows) and kind of defect × severity (columns); the best of each column is framed.

    Args:
        table: columns kind, severity, method, and `values`: of "auroc" one half, which is chance, is drawn white.
    """
    kinds, methods = table.kind.unique(), table.method.unique()
    wide = table.pivot_table(index="method", columns=["kind", "severity"], values=values, sort=False).loc[methods]
    figure, axes = plt.subplots(figsize=(3 + 0.4 * wide.shape[1], 1.1 + 0.42 * len(methods)))
    numbers = {"annot": np.char.mod("%.0f", 100 * wide.to_numpy()), "fmt": "", "annot_kws": {"fontsize": 9}}
    colors = {"cmap": "RdBu", "center": 0.5} if values == "auroc" else {"cmap": "Blues"}
    sns.heatmap(wide, ax=axes, vmin=0, vmax=1, cbar=False, **colors, **numbers)
    for column, best in enumerate(wide.to_numpy().argmax(0)):
        frame = {"fill": False, "edgecolor": "black", "linewidth": 2.2, "clip_on": False, "zorder": 5}
        axes.add_patch(Rectangle((column, best), 1, 1, **frame))
    each = wide.shape[1] // len(kinds)
    for group, kind in enumerate(kinds):
        axes.axvline(group * each, color="white", linewidth=5)
        axes.text((group + 0.5) * each, -0.15, kind, ha="center", va="bottom", weight="bold")
    axes.set_xticks(np.arange(wide.shape[1]) + 0.5, [severity for _, severity in wide.columns], rotation=0)
    axes.tick_params(length=0, axis="both")
    axes.tick_params(axis="y", rotation=0)
    axes.set(xlabel="severity, 1 slight to 5", ylabel="")
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def by_severity(table: pd.DataFrame, y: str, label: str, title: str) -> Figure:
    """A measure against severity: one panel a kind, one line a method."""
    kinds = table.kind.unique()
    figure, panels = plt.subplots(1, len(kinds), figsize=(14, 3.7), sharey=True)
    for axes, kind in zip(panels, kinds, strict=True):
        style = {"hue": "method", "style": "method", "markers": True, "markersize": 8, "palette": "colorblind"}
        sns.lineplot(table[table.kind == kind], x="severity", y=y, ax=axes, legend=axes is panels[0], **style)
        axes.axhline(0.5, color="0.4", linestyle=":", linewidth=1)
        axes.set(xticks=sorted(table.severity.unique()), ylabel=label, title=kind)
    panels[0].set_ylim(max(-1, table[y].min() - 0.05), 1.02)  # far below 0 it matters little how far
    handles, names = panels[0].get_legend_handles_labels()
    panels[0].get_legend().remove()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def latent_sizes(rebuilt: pd.DataFrame, detected: Mapping[str, pd.DataFrame], title: str) -> Figure:
    """Latent size against both: explained variance [size, model], and a panel a model of AUROC [size, kind]."""
    figure, panels = plt.subplots(1, 1 + len(detected), figsize=(14, 4.3))
    for number, model in enumerate(rebuilt):
        panels[0].plot(rebuilt[model], "os"[number] + "--"[number:], color="0.2", linewidth=2.2, label=model)
    panels[0].set(title="how well they rebuild", ylabel="explained variance of unseen digits", ylim=(0, 1))
    panels[0].legend(loc="lower right")
    for axes, (model, table) in zip(panels[1:], detected.items(), strict=True):
        for number, kind in enumerate(table):
            axes.plot(table[kind], "o-", color=COLORS[number], linewidth=1.3, markersize=4, label=kind)
        axes.plot(table.mean(axis=1), "s-", color="0.1", linewidth=3, label="mean of all kinds")
        axes.axhline(0.5, color="0.4", linestyle=":", linewidth=1)
        axes.set(title=f"how well {model} detects", ylabel="AUROC, mean of five severities", ylim=(0, 1))
    panels[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    for axes in panels:
        axes.set_xscale("log", base=2)
        axes.set_xticks(rebuilt.index, rebuilt.index)
        axes.set_xlabel("latent nodes, or components")
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def promises(splits: pd.DataFrame, title: str) -> Figure:
    """False-alarm rates achieved against the target, and defects caught: mean and central 90 % over random splits.

    Args:
        splits: columns rule, target, achieved, caught; one row a split.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.1))
    rates = sorted(splits.target.unique())
    for axes, column in ((left, "achieved"), (right, "caught")):
        for number, (rule, own) in enumerate(splits.groupby("rule", sort=False)):
            groups = own.groupby("target")[column]
            mean, low, high = groups.mean(), groups.quantile(0.05), groups.quantile(0.95)
            at = np.array(rates) * 1.22 ** (number - 1.5)
            bars = {"color": COLORS[number], "capsize": 4, "markersize": 8, "fmt": "os^D"[number]}
            axes.errorbar(at, mean, [mean - low, high - mean], label=rule, **bars)
        axes.set_xscale("log")
        axes.set_xticks(rates, [f"{100 * rate:.3g} %" for rate in rates])
        axes.minorticks_off()
        axes.set(xlabel="target false-alarm rate")
    left.hlines(rates, np.array(rates) / 1.7, np.array(rates) * 1.7, color="0.3", linestyle=":", label="on target")
    left.set_yscale("symlog", linthresh=1e-4)
    left.set_ylim(0, 1)
    left.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    left.set(ylabel="false alarms achieved", title="is the promise kept?")
    right.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    right.set(ylabel="planted defects flagged", title="what is caught?", ylim=(0, None))
    left.legend(loc="upper left")
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def per_digit(found: Mapping[str, Mapping], published: Mapping[str, float]) -> Markdown:
    """AUROC in percent, digit by digit and their mean: ours (found[method]["per_digit"]) above, published means below.

    The best of our methods in each column is set in bold.
    """
    ours = pd.DataFrame([[*row["per_digit"], row["mean"]] for row in found.values()], index=list(found))
    lines = ["| | " + " | ".join([*map(str, range(10)), "mean"]) + " |", "|---" * 12 + "|"]
    for method, row in ours.iterrows():
        best = [f"**{100 * x:.1f}**" if x == top else f"{100 * x:.1f}" for x, top in zip(row, ours.max(), strict=True)]
        lines.append(f"| {method.replace('|', chr(92) + '|')} | " + " | ".join(best) + " |")
    lines += [f"| *published: {method}* |" + " |" * 10 + f" *{100 * mean:.1f}* |" for method, mean in published.items()]
    return Markdown("\n".join(lines))
