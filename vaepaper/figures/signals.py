"""A signal as a plant engineer reads it: alarms shaded and named, the score below them, and each event close up."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from vaepaper.plots.style import UNSEEN
from vaepaper.sensing.windows import gaps

ALARM, GAP, NORMAL = "#bd1f01", "0.75", "#3b8f5a"
NAMED = 8  # alarms whose kind is written beside their number; of more, the numbers alone
DRAWN = 20_000  # points of a line; of more, the extremes of each stretch


def thinned(signal: pd.Series, most: int = DRAWN) -> pd.Series:
    """A signal of so many points or fewer that looks the same: of each stretch its lowest and highest value."""
    if len(signal) <= most:
        return signal
    values = signal.to_numpy()
    parts = np.array_split(np.arange(len(values)), most // 2)
    low = [part[np.argmin(np.where(np.isnan(values[part]), np.inf, values[part]))] for part in parts]
    high = [part[np.argmax(np.where(np.isnan(values[part]), -np.inf, values[part]))] for part in parts]
    return signal.iloc[np.unique([*low, *high])]


def _line(axes: Axes, signal: pd.Series, **style) -> None:
    """A line that breaks where the signal has a gap."""
    breaks = gaps(signal.index)
    for n, piece in enumerate(np.split(np.arange(len(signal)), np.flatnonzero(breaks))):
        part = thinned(signal.iloc[piece], max(100, DRAWN * len(piece) // len(signal)))
        axes.plot(part.index, part.to_numpy(), **(style if n == 0 else style | {"label": None}))


def _shade(axes: Axes, signal: pd.Series, alarms: pd.DataFrame) -> None:
    for kind, start, end in zip(alarms.kind, alarms.start, alarms.end, strict=True):
        axes.axvspan(start, end, color=GAP if kind == "gap" else ALARM, alpha=0.35 if kind == "gap" else 0.22, lw=0)
        if kind != "gap":  # however short, it can be seen
            axes.axvline(start, color=ALARM, linewidth=0.8, alpha=0.6)


def watched(
    signal: pd.Series, score: pd.Series, threshold: float, alarms: pd.DataFrame, normal: pd.Series | None = None
) -> Figure:
    """A signal with its alarms (`Monitor.alarms`), numbered in their order; below, the score and its threshold."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(12, 5.6), sharex=True, height_ratios=(3, 2))
    _line(above, signal, color="0.15", linewidth=0.8)
    _line(below, score, color="0.15", linewidth=0.8)
    below.axhline(threshold, color=ALARM, linewidth=1, linestyle="--", label="threshold")
    for axes in (above, below):
        _shade(axes, signal, alarms)
        axes.margins(x=0.005)
    spoken = alarms[alarms.kind != "gap"]
    for n, (number, alarm) in enumerate(spoken.iterrows()):
        text = f"{number} {alarm.kind}" if len(spoken) <= NAMED else f"{number}"
        height = 1.01 + 0.07 * (n % 3)  # in three rows, or neighbours would write over each other
        above.text(alarm.start, height, text, color=ALARM, fontsize=8, transform=above.get_xaxis_transform())
    if normal is not None and len(normal):
        bar = {"color": NORMAL, "linewidth": 5, "solid_capstyle": "butt", "transform": above.get_xaxis_transform()}
        above.plot([normal.index[0], normal.index[-1]], [0.012] * 2, **bar)
        words = {"color": NORMAL, "fontsize": 8, "va": "bottom", "transform": above.get_xaxis_transform()}
        above.text(normal.index[0], 0.03, "taken as normal", **words)
    above.set(ylabel=signal.name)
    if np.nanmax(score, initial=0) > 20 * max(abs(threshold), 1):
        below.set_yscale("symlog", linthresh=max(abs(threshold), 1))
        below.set_ylim(bottom=min(0, np.nanmin(score)) - 0.5)
    below.set(ylabel="score", xlabel="" if isinstance(signal.index, pd.DatetimeIndex) else "sample")
    below.legend(loc="upper right", fontsize=8)
    _dates(below, signal, 12)
    figure.suptitle(_counted(alarms), x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def _counted(alarms: pd.DataFrame) -> str:
    gap = int((alarms.kind == "gap").sum())
    alarm = len(alarms) - gap
    return f"{alarm or 'No'} alarm{'s' * (alarm != 1)}" + f", {gap} gap{'s' * (gap != 1)}" * bool(gap)


def _dates(axes: Axes, signal: pd.Series, most: int) -> None:
    """At most so many dates along the axis."""
    if isinstance(signal.index, pd.DatetimeIndex):
        locator = AutoDateLocator(tz=signal.index.tz, minticks=2, maxticks=most)
        axes.xaxis.set_major_locator(locator)
        # A day is said with its month: matplotlib's own would name one month, the last, for all of them.
        day, minute, dated = "%d %b", "%H:%M", "%d %b %Y"
        formatter = ConciseDateFormatter(
            locator,
            tz=signal.index.tz,
            formats=["%Y", "%b", day, minute, minute, "%S.%f"],
            zero_formats=["", "%Y", day, day, minute, minute],
            offset_formats=["", "%Y", "%Y", dated, dated, f"{dated} {minute}"],
        )
        axes.xaxis.set_major_formatter(formatter)


def close_ups(signal: pd.Series, expected: pd.Series, alarms: pd.DataFrame, around: int, most: int = 9) -> Figure:
    """The `most` striking alarms close up: the signal, and over it what the network expected; `around`: points."""
    spoken = alarms[alarms.kind != "gap"]
    chosen = spoken.loc[spoken.p_value.sort_values(kind="stable").index[:most]].sort_index()
    rows = max(1, -(-len(chosen) // 3))
    figure, grid = plt.subplots(rows, min(3, max(1, len(chosen))), figsize=(12, 0.5 + 2.6 * rows), squeeze=False)
    for axes in grid.flat[len(chosen) :]:
        axes.set_axis_off()
    for axes, (number, alarm) in zip(grid.flat, chosen.iterrows(), strict=False):
        first, last = signal.index.searchsorted(alarm.start), signal.index.searchsorted(alarm.end, side="right")
        seen = slice(max(0, first - around), last + around)
        _line(axes, signal.iloc[seen], color="0.15", linewidth=1.1, label="measured")
        _line(axes, expected.iloc[seen], color=UNSEEN, linewidth=1.1, label="expected")
        axes.axvspan(alarm.start, alarm.end, color=ALARM, alpha=0.12, lw=0)
        axes.axvline(alarm.peak, color=ALARM, linewidth=0.8, linestyle=":")
        axes.set_title(f"{number} {alarm.kind}", color=ALARM, fontsize=9)
        axes.tick_params(labelsize=7)
        axes.xaxis.get_offset_text().set_size(7)
        _dates(axes, signal, 5)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8)
    words = "No alarm" if not len(spoken) else f"{len(chosen)} of {len(spoken)} alarms close up"
    figure.suptitle(words, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure
