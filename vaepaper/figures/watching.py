"""How well signals are watched, as pictures: faults met, promises kept, drift; takes tables, returns a `Figure`."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from vaepaper.figures.signals import ALARM
from vaepaper.plots.style import TRAINING


def mark(figure: Figure, faults: Sequence[tuple], name: str = "planted fault") -> Figure:
    """Black bars under the signal of a figure of `signals.watched`, from the first to the last time of each fault."""
    axes = figure.axes[0]
    for number, (first, last) in enumerate(faults):
        bar = {"color": "black", "linewidth": 5, "solid_capstyle": "butt", "transform": axes.get_xaxis_transform()}
        axes.plot([first, last], [0.03, 0.03], label=name if not number else None, zorder=4, **bar)
    axes.legend(loc="upper right", bbox_to_anchor=(1, 1.3))
    return figure


def recalls(table: pd.DataFrame, title: str) -> Figure:
    """Percent of faults met, methods (rows) × kinds (columns, the last their mean)."""
    figure, axes = plt.subplots(figsize=(12, 1.3 + 0.42 * len(table)))
    words = np.char.mod("%.0f", 100 * table.to_numpy())
    sns.heatmap(table, ax=axes, annot=words, fmt="", cmap="Blues", vmin=0, vmax=1, cbar=False, linewidths=1)
    axes.axvline(table.shape[1] - 1, color="white", linewidth=6)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", rotation=0)
    axes.tick_params(axis="y", rotation=0)
    axes.set(xlabel="", ylabel="")
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def promises(achieved: Mapping[str, np.ndarray], promised: float, title: str) -> Figure:
    """False events per day achieved in each record, [n] a way of calibrating, beside what was promised."""
    figure, axes = plt.subplots(figsize=(10, 1.2 + 0.9 * len(achieved)))
    for number, rates in enumerate(achieved.values()):
        at = number + np.random.default_rng(0).uniform(-0.22, 0.22, len(rates))
        axes.plot(rates, at, "o", color=TRAINING, alpha=0.35, markersize=5)
        axes.plot(np.mean(rates), number, "D", color=ALARM, markersize=10)
    axes.axvline(promised, color="0.2", linestyle="--", linewidth=1.3)
    axes.text(promised, -0.62, f" promised: {promised:g}", color="0.2", va="bottom")
    means = [f"{name}\nmean {np.mean(rates):.3g}" for name, rates in achieved.items()]
    axes.set_yticks(range(len(achieved)), means)
    axes.set(xlabel="false events per day, a dot a record", ylim=(len(achieved) - 0.5, -0.65))
    axes.set_xlim(left=0)
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def drifting(table: pd.DataFrame, promised: float, title: str) -> Figure:
    """What a drift does, by day; columns day, case, said (runs that say "drift"), rate, lasting (time in alarm)."""
    figure, panels = plt.subplots(1, 3, figsize=(13, 3.9))
    labels = {"said": "runs that say drift", "rate": "false events per day", "lasting": "share of time in alarm"}
    for axes, (column, label) in zip(panels, labels.items(), strict=True):
        style = {"hue": "case", "style": "case", "markers": True, "markersize": 8, "palette": [TRAINING, ALARM]}
        sns.lineplot(table, x="day", y=column, ax=axes, errorbar=None, legend=column == "rate", **style)
        axes.set(xlabel="day since calibration", ylabel="", title=label, xlim=(0, None))
        if column != "rate":
            axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
            axes.set_ylim(-0.03, 1.05)
    panels[1].axhline(promised, color="0.2", linestyle=":", linewidth=1.5, label="promised")
    panels[1].set_ylim(0, None)
    handles, names = panels[1].get_legend_handles_labels()
    panels[1].get_legend().remove()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure
