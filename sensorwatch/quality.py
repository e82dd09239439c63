"""What is wrong with a signal before anything is learnt from it: gaps, steps back, missing values."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sensorwatch.windows import gap_limit, steps, usual_step

SHOWN = 3  # of each kind, the first so many are named


@dataclass
class Channel:
    """One channel's values, and what is wrong with them. Spans are (first, last, value, points)."""

    low: float
    high: float
    missing: int
    infinite: int
    unreadable: dict[str, int]  # texts in place of a number, and how often
    constant: list[tuple]
    sentinels: list[tuple]  # (value, how often): an extreme far from all others

    def lines(self, points: int) -> list[tuple[str, str]]:
        """Pairs of a word and a sentence, which is empty where nothing is wrong; of so many points."""
        why = [f"{text!r} {count:,} times" for text, count in self.unreadable.items()]
        why += [f"infinite {self.infinite:,} times"] if self.infinite else []
        flat = [f"{value:.6g} for {n:,} points from {a} to {b}" for a, b, value, n in self.constant]
        share, far = self.missing / points, "lies far from all others; if it means missing: missing="
        return [
            ("range", f"{self.low:.6g} to {self.high:.6g}"),
            ("missing values", self.missing and f"{self.missing:,} ({share:.1%}){_first(why)}"),
            *(("sentinel value", f"{value:g} ({n:,} in all) {far}{value:g}") for value, n in self.sentinels),
            ("constant stretches", flat and f"{len(flat):,}{_first(flat)}"),
        ]


@dataclass
class Report:
    """How a file was understood, and what is wrong with it; `print` shows it. Times as in the index."""

    understood: list[tuple[str, str]]
    points: int  # of the signal, missing values among them
    timed: bool
    step: float  # the median, in seconds; 1 (a row) without times
    irregular: float  # the share of steps that differ from it by more than a tenth
    gaps: list[tuple]
    channels: dict[str, Channel]
    rows: int  # of readings in the file
    backward: list[tuple]  # (time, seconds back), as they stood in the file
    duplicates: int
    untimed: int

    @property
    def missing(self) -> int:
        """Missing values of all channels."""
        return sum(channel.missing for channel in self.channels.values())

    def __str__(self) -> str:
        return "\n".join(f"  {word:<19}{text}" for word, text in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """The report as pairs of a word and a sentence."""
        gaps = [f"{start} to {end}" for start, end in self.gaps]
        back = [f"by {span(seconds)} at {time}" for time, seconds in self.backward]
        found = [
            *self.understood,
            ("step", self.timed and f"{span(self.step)}, {self.irregular:.1%} of them irregular"),
            ("gaps", gaps and f"{len(gaps):,} (no window reaches across one){_first(gaps)}"),
            ("steps back in time", back and f"{len(back):,}, sorted by time{_first(back)}"),
            ("repeated times", self.duplicates and f"{self.duplicates:,} rows; the first value counts"),
            ("without a time", self.untimed and f"{self.untimed:,} rows, left out"),
        ]
        for name, channel in self.channels.items():
            of = f"{name!r}: " if len(self.channels) > 1 else ""
            found += [(word, text and of + text) for word, text in channel.lines(self.points)]
        return [(word, text) for word, text in found if text]


def _first(told: list[str]) -> str:
    """The first few of many after a colon, and how many more there are."""
    more = f" and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
    return f": {'; '.join(told[:SHOWN])}{more}" if told else ""


def span(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    units = {"days": 86400, "h": 3600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6}
    fits = (unit for unit, size in units.items() if abs(seconds) >= size * (2 if unit == "days" else 1))
    unit = next(fits, "s")
    return f"{seconds / units[unit]:.3g} {unit}"


def constant_stretches(values: np.ndarray) -> list[slice]:
    """Where a value stays the same for long: at least 10 points, and three times what is usual for three
    quarters of all points (at night, a solar plant's power stays the same as well).
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return []
    starts = np.flatnonzero(np.concatenate([[True], np.diff(values[known]) != 0]))
    lengths = np.diff(np.concatenate([starts, [len(known)]]))
    usual = np.quantile(np.repeat(lengths, lengths), 0.75)
    long = lengths >= max(10, 3 * usual) if len(starts) > 1 else lengths >= 2
    return [slice(known[s], known[s + n - 1] + 1) for s, n in zip(starts[long], lengths[long], strict=True)]


def sentinel_values(values: np.ndarray) -> list[tuple[float, int]]:
    """Values that may mean missing, such as -9999, and how often: extremes that lie away from all other
    values by five times their range.
    """
    for extreme in (values.min(), values.max()) if len(values) > 10 else ():
        left = values[values != extreme]
        if len(left) >= 10 and max(left.min() - extreme, extreme - left.max()) > 5 * np.ptp(left) > 0:
            return [(float(extreme), len(values) - len(left)), *sentinel_values(left)]
    return []


def examine(table: pd.DataFrame, understood: list, channels: dict[str, dict], **found) -> Report:
    """The report on channels whose times rise; `channels` has what was seen of each on the way here."""
    index = table.index
    between, step = steps(index), usual_step(index)
    described = {}
    for name, more in channels.items():
        values = table[name]
        more["constant"] = [
            (index[s.start], index[s.stop - 1], float(values.iloc[s.start]), s.stop - s.start)
            for s in constant_stretches(values.to_numpy())
        ]
        more["sentinels"] = sentinel_values(values.dropna().to_numpy())
        missing = int(values.isna().sum())
        described[name] = Channel(float(values.min()), float(values.max()), missing, **more)
    irregular = float((np.abs(between - step) > 0.1 * step).mean()) if len(between) else 0.0
    gaps = [(index[k], index[k + 1]) for k in np.flatnonzero(between > gap_limit(index))]
    timed = isinstance(index, pd.DatetimeIndex)
    return Report(understood, len(table), timed, step, irregular, gaps, described, **found)
