"""What is wrong with a signal before anything is learnt from it: gaps, steps back, what is missing, what is stuck."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sensorwatch.windows import gaps, usual_step

SHOWN = 3  # of each kind, the first so many are named


@dataclass
class Quality:
    """How good a signal is; `print` shows it. Times are those of its index; spans are (first, last) pairs."""

    name: str
    rows: int  # lines with readings in the file
    points: int  # values of the signal, missing ones among them
    first: object
    last: object
    step: float  # the median, in seconds; 1 (a sample) without times
    irregular: float  # the share of steps that differ from it by more than a tenth
    gaps: list[tuple] = field(default_factory=list)
    backward: list[tuple] = field(default_factory=list)  # (time, seconds back), as they stood in the file
    duplicates: int = 0
    untimed: int = 0
    missing: int = 0
    infinite: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)  # texts that stood in place of a number, and how often
    constant: list[tuple] = field(default_factory=list)  # (first, last, value, points)
    outlandish: list[tuple] = field(default_factory=list)  # (value, how often): the lowest or highest, far from others
    low: float = np.nan
    high: float = np.nan
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(f"  {word:<19}{text}" for word, text in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """The report as pairs of a word and a sentence."""
        timed = isinstance(self.first, pd.Timestamp)
        step = f"{span(self.step)}, {self.irregular:.1%} of them irregular" if timed else "no times: counted by the row"
        found = [
            ("signal", f"{self.name!r}, {self.low:.6g} to {self.high:.6g}"),
            ("rows", f"{self.rows:,}, from {self.first} to {self.last}"),
            ("step", step),
        ]
        if self.gaps:
            told = [f"{start} to {end}" for start, end in self.gaps]
            found.append(("gaps", f"{len(told):,} (no window reaches across one): {_listed(told)}"))
        if self.backward:
            told = [f"by {span(back)} at {time}" for time, back in self.backward]
            found.append(("steps back in time", f"{len(told):,}, put in order of time: {_listed(told)}"))
        if self.duplicates:
            found.append(
                ("duplicates", f"{self.duplicates:,} rows of a time that was there before; the first one counts")
            )
        if self.untimed:
            found.append(("without a time", f"{self.untimed:,} rows, left out"))
        if self.missing:
            told = [f"{text!r} {count:,} times" for text, count in self.unreadable.items()]
            told += [f"infinite {self.infinite:,} times"] if self.infinite else []
            found.append(
                (
                    "missing values",
                    f"{self.missing:,} ({self.missing / self.points:.1%})" + f": {_listed(told)}" * bool(told),
                )
            )
        if self.outlandish:
            told = [f"{value:g} stands {n:,} times, far from all else" for value, n in self.outlandish]
            found.append(("outlandish values", f"{_listed(told)}: if it means missing, leave those cells empty"))
        if self.constant:
            told = [f"{value:.6g} for {n:,} points from {start} to {end}" for start, end, value, n in self.constant]
            found.append(("constant stretches", f"{len(told):,}: {_listed(told)}"))
        return found + [("read as" if n == 0 else "", note) for n, note in enumerate(self.notes)]


def _listed(told: list[str]) -> str:
    more = f" and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
    return "; ".join(told[:SHOWN]) + more


def span(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    for unit, size in {"days": 86400, "h": 3600, "min": 60, "s": 1, "ms": 1e-3}.items():
        if abs(seconds) >= size * (2 if unit == "days" else 1):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def constant_stretches(values: np.ndarray) -> list[slice]:
    """Where a value stays the same for long: at least 10 points, and three times what is usual for three quarters of
    all points (at night, a solar plant's power stays the same as well)."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return []
    starts = np.flatnonzero(np.concatenate([[True], np.diff(values[known]) != 0]))
    lengths = np.diff(np.concatenate([starts, [len(known)]]))
    usual = np.quantile(np.repeat(lengths, lengths), 0.75)
    long = lengths >= max(10, 3 * usual) if len(starts) > 1 else lengths >= 2
    return [slice(known[s], known[s + n - 1] + 1) for s, n in zip(starts[long], lengths[long], strict=True)]


def outlandish(values: np.ndarray) -> list[tuple[float, int]]:
    """Loggers' words for missing, such as -9999: an extreme that stands there twice or more, away from all other
    values by five times their range."""
    found = []
    for extreme in (values.min(), values.max()):
        others, n = values[values != extreme], int((values == extreme).sum())
        if n >= 2 and len(others) >= 10:
            away = max(others.min() - extreme, extreme - others.max())
            found += [(float(extreme), n)] * bool(away > 5 * np.ptp(others) > 0)
    return found


def examine(signal: pd.Series, **found) -> Quality:
    """The quality report of a signal whose times rise; `found` is what was seen on the way here (rows, duplicates)."""
    index, values = signal.index, signal.to_numpy()
    step = usual_step(index)
    after = np.flatnonzero(gaps(index))
    steps = np.diff(index.asi8) / 1e9 if isinstance(index, pd.DatetimeIndex) else np.ones(max(0, len(index) - 1))
    finite = values[np.isfinite(values)]
    return Quality(
        name=signal.name,
        points=len(signal),
        first=index[0],
        last=index[-1],
        step=step,
        irregular=float((np.abs(steps - step) > 0.1 * step).mean()) if len(steps) else 0.0,
        gaps=[(index[k - 1], index[k]) for k in after],
        missing=int((~np.isfinite(values)).sum()),
        constant=[
            (index[s.start], index[s.stop - 1], float(values[s.start]), s.stop - s.start)
            for s in constant_stretches(values)
        ],
        outlandish=outlandish(finite) if len(finite) else [],
        low=float(finite.min()) if len(finite) else np.nan,
        high=float(finite.max()) if len(finite) else np.nan,
        **{"rows": len(signal), **found},
    )
