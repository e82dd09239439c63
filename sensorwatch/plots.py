"""Signals as a plant engineer reads them, and how well they are watched; takes tables, returns a `Figure`."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from sensorwatch.windows import gaps
from vaepaper.plots.style import TRAINING, UNSEEN

ALARM, GAP, NORMAL = "#bd1f01", "0.75", "#3b8f5a"
NAMED = 8  # alarms whose score is written beside their number; of more, the numbers alone
DRAWN = 20_000  # points of a line; of more, the extremes of each stretch


def titled(figure: Figure, title: str) -> Figure:
    """The same figure under a title at its left."""
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def thinned(signal: pd.Series, most: int = DRAWN) -> pd.Series:
    """A signal of at most so many points that looks the same: of each stretch its extremes."""
    if len(signal) <= most:
        return signal
    values = signal.to_numpy()
    parts = np.array_split(np.arange(len(values)), most // 2)
    low = [part[np.argmin(np.where(np.isnan(values[part]), np.inf, values[part]))] for part in parts]
    high = [part[np.argmax(np.where(np.isnan(values[part]), -np.inf, values[part]))] for part in parts]
    return signal.iloc[np.unique([*low, *high])]


def watched(
    signal: pd.Series | pd.DataFrame,
    score: pd.Series,
    threshold: float,
    alarms: pd.DataFrame,
    normal: pd.Series | pd.DataFrame | None = None,
) -> Figure:
    """A signal with its alarms (`Monitor.alarms`), numbered as there; below, the score and its threshold.

    Several channels have a panel each, and an alarm its number in the panel of its channel.
    """
    channels = pd.DataFrame(signal)
    count = channels.shape[1]
    size, ratios = (10, 2.6 + 3 * min(count, 2) + 1.5 * max(0, count - 2)), (3,) * count + (2,)
    figure, panels = plt.subplots(count + 1, 1, figsize=size, sharex=True, height_ratios=ratios)
    below, real = panels[-1], alarms[alarms.triggered_by != "gap"]
    _line(below, score, color="0.15", linewidth=0.8)
    below.axhline(threshold, color=ALARM, linewidth=1, linestyle="--", label="threshold")
    for axes, (name, channel) in zip(panels, channels.items(), strict=False):
        _line(axes, channel, color="0.15", linewidth=0.8)
        axes.set(ylabel=name)
        own = real[real.channel == name] if "channel" in real else real
        for n, (number, alarm) in enumerate(own.iterrows()):
            text = f"{number} {alarm.triggered_by}" if len(real) <= NAMED else f"{number}"
            height = 1.01 + 0.07 * (n % 3)  # in three rows, or neighbours would write over each other
            _write(axes, alarm.start, height, text, ALARM)
        if normal is not None and len(normal):
            _bar(axes, normal.index[0], normal.index[-1], 0.012, NORMAL)
    for axes, name in zip(panels, [*channels, None], strict=True):
        _shade(axes, alarms, name)
        axes.margins(x=0.005)
    if normal is not None and len(normal):
        _write(panels[0], normal.index[0], 0.03, "taken as normal", NORMAL, va="bottom")
    if np.nanmax(score, initial=0) > 20 * max(abs(threshold), 1):
        below.set_yscale("symlog", linthresh=max(abs(threshold), 1))
        below.set_ylim(bottom=min(0, np.nanmin(score)) - 0.5)
    below.set(ylabel="score", xlabel="" if isinstance(signal.index, pd.DatetimeIndex) else "sample")
    below.legend(loc="upper right", fontsize=9)
    _dates(below, signal, 12)
    title = _counted(len(real), "alarm")
    if len(alarms) > len(real):
        title += f", {_counted(len(alarms) - len(real), 'gap')}"
    return titled(figure, title)


def mark(figure: Figure, faults: Sequence[tuple], name: str = "injected fault") -> Figure:
    """Black bars under the signal of a figure of `watched`, from the first to the last time of each fault."""
    axes = figure.axes[0]
    for number, (first, last) in enumerate(faults):
        _bar(axes, first, last, 0.03, "black", zorder=4, label=None if number else name)
    axes.legend(loc="upper right", bbox_to_anchor=(1, 1.3))
    return figure


def close_ups(
    signal: pd.Series | pd.DataFrame, expected, alarms: pd.DataFrame, around: int, most: int = 6
) -> Figure:
    """The `most` severe alarms, and so many points `around`: the signal and what the network expected.

    Of several channels, that of the alarm. `expected` has the channels of the signal.
    """
    channels, expected = pd.DataFrame(signal), pd.DataFrame(expected)
    real = alarms[alarms.triggered_by != "gap"]
    chosen = real.nlargest(most, "severity").sort_index()
    rows, columns = max(1, -(-len(chosen) // 3)), min(3, max(1, len(chosen)))
    figure, grid = plt.subplots(rows, columns, figsize=(10, 0.5 + 2.6 * rows), squeeze=False)
    for axes in grid.flat[len(chosen) :]:
        axes.set_axis_off()
    for axes, (number, alarm) in zip(grid.flat, chosen.iterrows(), strict=False):
        first = signal.index.searchsorted(alarm.start)
        last = signal.index.searchsorted(alarm.end, side="right")
        seen, name = slice(max(0, first - around), last + around), alarm.get("channel", "")
        at = channels.columns.get_loc(name) if name else 0
        _line(axes, channels.iloc[seen, at], color="0.15", linewidth=1.1, label="measured")
        _line(axes, expected.iloc[seen, at], color=UNSEEN, linewidth=1.1, label="expected")
        axes.axvspan(alarm.start, alarm.end, color=ALARM, alpha=0.12, lw=0)
        axes.axvline(alarm.peak, color=ALARM, linewidth=0.8, linestyle=":")
        axes.set_title(f"{number} {name} {alarm.triggered_by}".replace("  ", " "), color=ALARM, fontsize=9)
        axes.tick_params(labelsize=9)
        axes.xaxis.get_offset_text().set_size(9)
        _dates(axes, signal, 5)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
    return titled(figure, f"{len(chosen)} of {len(real)} alarms close up" if len(real) else "No alarm")


def recalls(table: pd.DataFrame, title: str) -> Figure:
    """Percent of faults found, methods (rows) × kinds (columns, the last their mean)."""
    figure, axes = plt.subplots(figsize=(10, 1.3 + 0.42 * len(table)))
    words = np.char.mod("%.0f", 100 * table.to_numpy())
    sns.heatmap(table, ax=axes, annot=words, fmt="", cmap="Blues", vmin=0, vmax=1, cbar=False, linewidths=1)
    axes.axvline(table.shape[1] - 1, color="white", linewidth=6)
    axes.set_xticklabels([label.get_text().replace(" ", "\n") for label in axes.get_xticklabels()])
    axes.tick_params(length=0, labelrotation=0)
    axes.set(xlabel="", ylabel="")
    return titled(figure, title)


def false_events(achieved: Mapping[str, np.ndarray], target: float, title: str) -> Figure:
    """False events per day in each record, [n] a way of calibrating, beside the target rate."""
    figure, axes = plt.subplots(figsize=(10, 1.2 + 0.9 * len(achieved)))
    for number, rates in enumerate(achieved.values()):
        at = number + np.random.default_rng(0).uniform(-0.22, 0.22, len(rates))
        axes.plot(rates, at, "o", color=TRAINING, alpha=0.35, markersize=5)
        axes.plot(np.mean(rates), number, "D", color=ALARM, markersize=10)
    axes.axvline(target, color="0.2", linestyle="--", linewidth=1.3)
    axes.text(target, -0.62, f" target: {target:g}", color="0.2", va="bottom")
    means = [f"{name}\nmean {np.mean(rates):.3g}" for name, rates in achieved.items()]
    axes.set_yticks(range(len(achieved)), means)
    axes.set(xlabel="false events per day, a dot a record", ylim=(len(achieved) - 0.5, -0.65))
    axes.set_xlim(left=0)
    return titled(figure, title)


def drifting(table: pd.DataFrame, target: float, title: str) -> Figure:
    """What a drift does; columns day, case, detected (share of runs), rate, lasting (of time in alarm)."""
    figure, panels = plt.subplots(1, 3, figsize=(10, 3.9))
    labels = {"detected": "runs that detect drift", "rate": "false events per day"}
    labels["lasting"] = "share of time in alarm"
    style = {"hue": "case", "style": "case", "markers": True, "markersize": 8, "palette": [TRAINING, ALARM]}
    for axes, (column, label) in zip(panels, labels.items(), strict=True):
        sns.lineplot(table, x="day", y=column, ax=axes, errorbar=None, legend=column == "rate", **style)
        axes.set(xlabel="day since calibration", ylabel="", title=label, xlim=(0, None))
        if column != "rate":
            axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
            axes.set_ylim(-0.03, 1.05)
    panels[1].axhline(target, color="0.2", linestyle=":", linewidth=1.5, label="target")
    panels[1].set_ylim(0, None)
    handles, names = panels[1].get_legend_handles_labels()
    panels[1].get_legend().remove()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return titled(figure, title)


def _line(axes: Axes, signal: pd.Series, **style) -> None:
    """A line that breaks where the signal has a gap."""
    for piece in np.split(np.arange(len(signal)), np.flatnonzero(gaps(signal.index))):
        part = thinned(signal.iloc[piece], max(100, DRAWN * len(piece) // len(signal)))
        axes.plot(part.index, part.to_numpy(), **style)
        style["label"] = None  # one entry in the legend


def _shade(axes: Axes, alarms: pd.DataFrame, channel: str | None = None) -> None:
    """Alarms and gaps; of several channels, what concerns another than this is hardly seen."""
    for _, alarm in alarms.iterrows():
        there = 1 if channel is None or alarm.get("channel", channel) == channel else 0.25
        if alarm.triggered_by == "gap":
            axes.axvspan(alarm.start, alarm.end, color=GAP, alpha=0.35 * there, lw=0)
        else:
            axes.axvspan(alarm.start, alarm.end, color=ALARM, alpha=0.22 * there, lw=0)
            # However short, it can be seen.
            axes.axvline(alarm.start, color=ALARM, linewidth=0.8, alpha=0.6 * there)


def _bar(axes: Axes, first, last, height: float, color: str, **style) -> None:
    """A thick line from one time to another, at a height from 0 (the bottom of the axes) to 1."""
    style |= {"linewidth": 5, "solid_capstyle": "butt", "transform": axes.get_xaxis_transform()}
    axes.plot([first, last], [height, height], color=color, **style)


def _write(axes: Axes, at, height: float, text: str, color: str, va: str = "baseline") -> None:
    axes.text(at, height, text, color=color, fontsize=9, va=va, transform=axes.get_xaxis_transform())


def _counted(number: int, word: str) -> str:
    return f"{number or 'No'} {word}{'' if number == 1 else 's'}"


def _dates(axes: Axes, signal: pd.Series, most: int) -> None:
    """At most so many dates along the axis."""
    if not isinstance(signal.index, pd.DatetimeIndex):
        return
    locator = AutoDateLocator(tz=signal.index.tz, minticks=2, maxticks=most)
    # A day is said with its month: matplotlib's own would name one month, the last, for all of them.
    day, minute, dated = "%d %b", "%H:%M", "%d %b %Y"
    formatter = ConciseDateFormatter(
        locator,
        tz=signal.index.tz,
        formats=["%Y", "%b", day, minute, minute, "%S.%f"],
        zero_formats=["", "%Y", day, day, minute, minute],
        offset_formats=["", "%Y", "%Y", dated, dated, f"{dated} {minute}"],
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
