"""Numbers as pictures, one function a kind: takes data, returns a `Figure`. Also the one style and the colours."""

from collections.abc import Mapping

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import Image
from matplotlib.figure import Figure

from vaepaper import checks, paths

# One colour a digit everywhere: Petroff's ten-colour cycle, made for all kinds of colour vision (arXiv:2107.02270).
DIGITS = ["#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"]
TRAINING, UNSEEN = (
    "#0173b2",
    "#de8f05",
)  # the blue and orange that the report names (Fig. 9), in colour-blind safe shades

mpl.rcdefaults()  # a matplotlibrc of the user's own is for their own figures
sns.set_theme(context="notebook", style="ticks", font_scale=0.9)
plt.rcParams |= {
    "axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "figure.dpi": 90, "savefig.dpi": 150, "figure.constrained_layout.use": True, "legend.frameon": False,
    "image.cmap": "gray_r", "image.interpolation": "nearest",
}  # fmt: skip


def save(figure: Figure, name: str) -> Image:
    """Leave `figure` as build/figures/`name`.png, and hand back that very picture for the notebook to show."""
    path = paths.BUILD / "figures" / f"{checks.file_name(name)}.png"
    with paths.atomic_write(path) as part:
        figure.savefig(part)
    plt.close(figure)  # or the notebook would draw it once more
    words = figure.get_suptitle() or ", ".join(filter(None, (axes.get_title(loc="left") for axes in figure.axes)))
    return Image(filename=path, width=figure.get_figwidth() * figure.dpi, alt=words or name.replace("_", " "))


def curves(
    table: pd.DataFrame, x: str, panels: Mapping[str, str], boundaries: Mapping[str, float], title: str
) -> Figure:
    """Measures against a size: one panel per column of `panels` (column → axis label), one line per "network"."""
    figure, grid = plt.subplots(1, len(panels), figsize=(4.1 * len(panels), 3.9))
    styles = {"palette": "colorblind", "style": "network", "hue": "network", "markers": True, "dashes": True}
    for axes, (column, label) in zip(grid, panels.items(), strict=True):
        sns.lineplot(table, x=x, y=column, ax=axes, legend=axes is grid[0], markersize=8, **styles)
        axes.set_xscale("log", base=2)
        sizes = sorted(table[x].unique())
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.set(xlabel="latent nodes", ylabel="", title=label)
        if column in boundaries:
            axes.axhline(boundaries[column], color="0.35", linewidth=1, linestyle=":")
            axes.text(
                sizes[-1], boundaries[column], f"{boundaries[column]:.2f} ", ha="right", va="bottom", color="0.35"
            )
    handles, labels = grid[0].get_legend_handles_labels()
    grid[0].get_legend().remove()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def confusions(tables: Mapping[str, np.ndarray], title: str) -> Figure:
    """Confusion matrices [10, 10] of counts, drawn as percent of each row."""
    figure, grid = plt.subplots(1, len(tables), figsize=(6.0 * len(tables), 5.2), squeeze=False)
    for axes, (name, counts) in zip(grid[0], tables.items(), strict=True):
        percent = 100 * counts / counts.sum(1, keepdims=True)
        words = np.where(percent >= 1, np.char.mod("%.0f", percent), "")
        sns.heatmap(percent, ax=axes, annot=words, fmt="", cmap="Blues", vmin=0, vmax=100, square=True, cbar=False)
        axes.set(xlabel="digit of the 15 nearest training codes", ylabel="true digit", title=name)
        axes.tick_params(length=0)
    figure.suptitle(
        f"{title} (percent of the true digit; below 1 left blank)", x=0.01, ha="left", weight="bold", fontsize=12
    )
    return figure


def difference_bars(training: np.ndarray, unseen: np.ndarray, threshold: float) -> Figure:
    """Fig. 9 as the report describes it: one bar a digit, training blue, unseen orange, and the threshold."""
    figure, axes = plt.subplots(figsize=(11, 3.8))
    axes.bar(np.arange(len(training)), training, color=TRAINING, width=0.9, label="training digits")
    axes.bar(len(training) + np.arange(len(unseen)), unseen, color=UNSEEN, width=0.9, label="unseen digits")
    axes.axhline(threshold, color="0.2", linewidth=1.2, linestyle="--", label="largest of all training digits")
    axes.set(
        xlabel="digit: the first 100 of each set",
        ylabel="summed |input - output|",
        title="Fig. 9: difference of single digits",
    )
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, 0.98))
    axes.set(xlim=(-1, len(training) + len(unseen)), ylim=(0, threshold * 1.22))
    return figure


def difference_distributions(training: np.ndarray, unseen: np.ndarray, threshold: float) -> Figure:
    """Fig. 9 of everything: how the differences are distributed, and what lies near the threshold."""
    figure, (whole, tail) = plt.subplots(1, 2, figsize=(11, 3.9), width_ratios=(3, 2))
    bins = np.linspace(0, max(threshold, unseen.max()) * 1.02, 80)
    for axes in (whole, tail):
        for scores, color, name in ((training, TRAINING, "training"), (unseen, UNSEEN, "unseen")):
            axes.hist(
                scores, bins, density=True, histtype="step", linewidth=2, color=color, label=f"{len(scores):,} {name}"
            )
        axes.axvline(threshold, color="0.2", linewidth=1.2, linestyle="--")
        axes.set(xlabel="summed |input - output|")
    turned = {"rotation": 90, "ha": "right", "va": "top", "color": "0.2"}
    whole.text(threshold, 0.98, "largest training difference ", transform=whole.get_xaxis_transform(), **turned)
    whole.set(ylabel="density", title="Fig. 9: all digits")
    whole.legend(loc="upper right", bbox_to_anchor=(0.9, 1))
    tail.set(yscale="log", title="the same, logarithmic: the tail", xlim=(np.quantile(training, 0.97), bins[-1]))
    return figure


def shares(groups: Mapping[str, np.ndarray], boundary: float, title: str) -> Figure:
    """How a share [n] is distributed in each group: box plots with the boundary that the median is held against."""
    figure, axes = plt.subplots(figsize=(9, 0.9 + 0.8 * len(groups)))
    table = pd.DataFrame(groups).melt(var_name="kind", value_name="share")
    sns.boxplot(table, x="share", y="kind", color="#9ecae1", width=0.55, showfliers=False, ax=axes)
    axes.axvline(boundary, color="0.35", linestyle=":", label=f"needed for the median: {boundary}")
    axes.set(xlabel="share of the planted change that is undone (1: all; 0: none)", ylabel="", title=title)
    axes.legend(loc="lower left", bbox_to_anchor=(0.6, 1.0), borderaxespad=0.1)
    return figure


def losses(panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Losses [trainings, epochs] by epoch: a panel a loss, a thin line a training, each group of them in one colour."""
    figure, grid = plt.subplots(1, len(panels), figsize=(5.5 * len(panels), 3.6), squeeze=False)
    for axes, (name, groups) in zip(grid[0], panels.items(), strict=True):
        for color, (group, found) in zip((TRAINING, UNSEEN), groups.items(), strict=False):
            epochs = np.arange(1, found.shape[1] + 1)
            wide = len(found) == 1
            style = {"markersize": 6 if wide else 3, "linewidth": 2 if wide else 0.8, "zorder": 3 if wide else 2}
            axes.plot(epochs, found.T, "o-", color=color, **style)[0].set_label(group)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
    grid[0, 0].legend()
    return figure
