"""Distributions: differences of training and unseen digits, fractions removed, false-alarm rates."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vaepaper.plots.style import MARKERS, METHODS, TRAINING, UNSEEN, WIDTH, percent, titled


def difference_bars(training: np.ndarray, unseen: np.ndarray, threshold: float) -> Figure:
    """Fig. 9 as the report describes it: one bar per digit, training blue, unseen orange; the threshold."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.8))
    axes.bar(np.arange(len(training)), training, color=TRAINING, width=0.9, label="training digits")
    axes.bar(len(training) + np.arange(len(unseen)), unseen, color=UNSEEN, width=0.9, label="unseen digits")
    axes.axhline(threshold, color="0.2", linestyle="--", label="largest of all training digits")
    axes.set(xlabel=f"digit: the first {len(training)} of each set", ylabel="summed |input − output|")
    axes.set(xlim=(-1, len(training) + len(unseen)), ylim=(0, threshold * 1.22))
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, 1.0))
    return titled(figure, "Fig. 9: difference of single digits")


def difference_distributions(training: np.ndarray, unseen: np.ndarray, threshold: float) -> Figure:
    """Fig. 9 of all digits: how the differences are distributed, and what lies near the threshold."""
    figure, (complete, tail) = plt.subplots(1, 2, figsize=(WIDTH, 3.9), width_ratios=(3, 2))
    bins = np.linspace(0, max(threshold, unseen.max()) * 1.02, 80)
    for axes in (complete, tail):
        for scores, color, name in ((training, TRAINING, "training"), (unseen, UNSEEN, "unseen")):
            style = {"histtype": "step", "linewidth": 2, "color": color, "label": f"{len(scores):,} {name}"}
            axes.hist(scores, bins, density=True, **style)
        axes.axvline(threshold, color="0.2", linewidth=1.2, linestyle="--")
        axes.set(xlabel="summed |input − output|")
    turned = {"rotation": 90, "ha": "right", "va": "top", "color": "0.2"}
    complete.text(threshold, 0.98, "largest of training ", transform=complete.get_xaxis_transform(), **turned)
    complete.set(ylabel="density", title="all digits")
    complete.legend(loc="upper right", bbox_to_anchor=(0.9, 1))
    tail.set(yscale="log", title="the upper 3 %, logarithmic", xlim=(np.quantile(training, 0.97), bins[-1]))
    tail.yaxis.set_major_formatter("{x:g}")
    tail.minorticks_off()
    return titled(figure, "Fig. 9: differences of all training and unseen digits")


def fractions_removed(groups: Mapping[str, np.ndarray], boundary: float, title: str) -> Figure:
    """Fraction removed [n] in each group: box plots with the boundary that the median is held against."""
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.8 * len(groups)))
    known = [fractions[~np.isnan(fractions)] for fractions in groups.values()]
    style = {"patch_artist": True, "boxprops": {"facecolor": "#9ecae1"}, "medianprops": {"color": "0.1"}}
    shape = {"orientation": "horizontal", "widths": 0.55, "showfliers": False}
    axes.boxplot(known, tick_labels=list(groups), **shape, **style)
    axes.invert_yaxis()  # the first group at the top
    axes.axvline(boundary, color="0.35", linestyle=":", label=f"required of the median: {boundary}")
    axes.set(xlabel="fraction of the synthetic defect removed (1: all, 0: none)")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1)
    return titled(figure, title)


def false_alarm_rates(splits: pd.DataFrame, title: str) -> Figure:
    """False-alarm rates against their targets, and defects caught: mean and central 90 % over splits.

    Args:
        splits: columns rule, target, achieved, caught; one row per random split.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 4.1))
    rates = np.sort(splits.target.unique())
    for axes, column in ((left, "achieved"), (right, "caught")):
        for number, (rule, own) in enumerate(splits.groupby("rule", sort=False)):
            groups = own.groupby("target")[column]
            mean, low, high = groups.mean(), groups.quantile(0.05), groups.quantile(0.95)
            at = rates * 1.22 ** (number - 1.5)  # side by side
            style = {"color": METHODS[number], "fmt": MARKERS[number], "capsize": 4, "markersize": 8}
            axes.errorbar(at, mean, [mean - low, high - mean], label=rule, **style)
        axes.set_xscale("log")
        axes.set_xticks(rates, [percent(rate) for rate in rates])
        axes.minorticks_off()
        axes.set(xlabel="target false-alarm rate")
        axes.yaxis.set_major_formatter(percent)
    left.hlines(rates, rates / 1.7, rates * 1.7, color="0.3", linestyle=":", label="target")
    left.set_yscale("symlog", linthresh=1e-4)
    left.yaxis.set_major_formatter(percent)  # a new scale forgets it
    left.set(ylim=(0, 1), ylabel="false-alarm rate achieved", title="is the target met?")
    right.set(ylim=(0, None), ylabel="synthetic defects flagged", title="what is caught?")
    left.legend(loc="upper left")
    return titled(figure, title)
