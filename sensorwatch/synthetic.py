"""Synthetic signals: a machine with as much normal time as a target rate needs, and injected faults."""

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from vaepaper import checks

PERIOD, STEP = 48, 300  # of the machine: a cycle of four hours, a value every five minutes
A_DAY = 86_400 // STEP
SIZES = (1, 2, 3, 4, 5)


def machine(days: float, seed: int = 0) -> pd.Series:
    """The temperature (°C) of a machine with a cycle, whose strength, level and pace wander within hours.

    Nothing in it changes for good: any two stretches are alike (stationary), as of no real machine.
    """
    n, random = round(days * A_DAY), np.random.default_rng(seed)
    level, strength, pace, noise = random.normal(size=(4, n))
    level, strength, pace = _wander(level), _wander(strength), _wander(pace)
    phase = 2 * np.pi * (np.arange(n) / PERIOD + 0.02 * pace + random.random())
    cycle = np.sin(phase) + 0.4 * np.sin(2 * phase + 0.7) + 0.15 * np.sin(3 * phase)
    values = 60 + 5 * (1 + 0.08 * strength) * cycle + 0.4 * level + 0.25 * noise
    return pd.Series(values, pd.date_range("2026-01-01", periods=n, freq=f"{STEP}s"), name="temperature")


NORMAL = ("machine", "wandering", "day and week")


def record(days: float, seed: int = 0, kind: str = "machine") -> pd.Series:
    """A normal signal of one of these kinds: the machine; with a level that wanders, by 1 °C within ten days;
    with a load by day, five days of seven.
    """
    checks.one_of("kind of signal", kind, NORMAL)
    signal = machine(days, seed)
    if kind == "wandering":
        slow = np.random.default_rng([seed, 1]).normal(size=len(signal))
        return signal + _wander(slow, 1 - 1 / (10 * A_DAY))
    if kind == "day and week":
        day = np.arange(len(signal)) / A_DAY
        return signal + 4 * np.maximum(0, np.sin(2 * np.pi * (day - 0.25))) * (day % 7 < 5)
    return signal


def _wander(noise: np.ndarray, memory: float = 0.98) -> np.ndarray:
    """White noise → an Ornstein-Uhlenbeck process of deviation 1; it forgets in 1 / (1 - memory) points."""
    start = [noise[0] * memory]
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], noise, zi=start)[0]


# Of each kind: the heights of its sizes 1 to 5, in standard deviations of the signal or as the share that is
# lost; and how long it lasts, in periods of the signal (0: one point).
KINDS = {
    "spike": ((1, 1.5, 2, 3, 5), (0,) * 5),
    "stuck value": ((1,) * 5, (0.25, 0.5, 1, 2, 4)),
    "dropout": ((0, 0.25, 0.5, 1, 2), (0.05, 0.05, 0.1, 0.1, 0.2)),
    "offset": ((0.25, 0.5, 1, 1.5, 2), (2,) * 5),
    "drift": ((0.5, 1, 1.5, 2, 3), (6,) * 5),
    "lost gain": ((0.15, 0.3, 0.45, 0.6, 0.8), (2,) * 5),
    "noise": ((0.1, 0.2, 0.3, 0.5, 0.8), (2,) * 5),
    "missing cycle": ((0.3, 0.5, 0.7, 0.85, 1), (1,) * 5),
    "doubled cycle": ((0.3, 0.5, 0.7, 0.85, 1), (1,) * 5),
}


def _faulty(kind: str, x: np.ndarray, deviation: float, height: float, random) -> np.ndarray:
    """A stretch of a signal with that standard deviation, as one of `KINDS` leaves it."""
    match kind:
        case "spike" | "offset":  # a point jumps away; a step, as after a knock or a new calibration
            return x + random.choice([-1, 1]) * deviation * height
        case "stuck value":  # the last good value stays
            return np.full_like(x, x[0])
        case "dropout":  # the line is dead: what is read falls to a value far below, for a moment
            return np.full_like(x, x.min() - deviation * height)
        case "drift":  # a slow ramp away from the truth
            return x + random.choice([-1, 1]) * deviation * height * np.linspace(0, 1, len(x) + 1)[1:]
        case "lost gain":  # changes about the mean fade, as behind dirt or a weak amplifier
            return x.mean() + (x - x.mean()) * (1 - height)
        case "noise":  # a loose contact: white noise on top
            return x + random.normal(0, deviation * height, len(x))
        case "missing cycle":  # a straight line between a cycle's ends: a beat skipped, a stroke not made
            return (1 - height) * x + height * np.linspace(x[0], x[-1], len(x))
        case "doubled cycle":  # a cycle runs twice in the time of one
            twice = np.interp(2 * np.arange(len(x)) % len(x), np.arange(len(x)), x)
            return (1 - height) * x + height * twice


def inject(
    kind: str, values: np.ndarray, size: int = 3, seed: int = 0, *, period: int = 64, at: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """One fault of one of `KINDS` in a signal [n].

    Args:
        size: 1 (slight) to 5. period: of the signal, in points; most kinds last some periods.
        at: the first damaged point; None draws a place by `seed` in which no value is missing.

    Returns:
        The damaged signal, float64 [n], and the mask of the points that changed, bool [n].

    Raises:
        ValueError: no such kind or size, a place that the signal does not have, or no room for the fault.
    """
    heights, lengths = KINDS[checks.one_of("kind of fault", kind, KINDS)]
    checks.integer("size", size, 1, 5)
    periods = lengths[size - 1]
    length = max(2, round(checks.integer("period", period, 2) * periods)) if periods else 1
    values, random = np.array(values, np.float64), np.random.default_rng(seed)
    known = np.concatenate([[0], np.cumsum(np.isfinite(values))])
    places = np.flatnonzero(known[length:] - known[:-length] == length)
    if not len(places):
        needed = f"{length:,} points without a missing one"
        raise ValueError(f"{kind} of size {size} needs {needed}; there is no such place")
    at = int(random.choice(places)) if at is None else checks.integer("at", at, 0, int(places[-1]))
    if at not in places:
        missing = f"values are missing in the {length:,} points from {at:,} on"
        raise ValueError(f"{missing}: inject the fault elsewhere")
    damaged, part = values.copy(), slice(at, at + length)
    damaged[part] = _faulty(kind, values[part], np.nanstd(values), heights[size - 1], random)
    return damaged, (damaged != values) & np.isfinite(values)


def with_faults(repeats: int, seed: int = 0, kind: str = "machine") -> tuple[pd.Series, pd.DataFrame]:
    """A normal `record` with each kind and size of fault `repeats` times, days apart, in random order.

    Returns:
        The signal, and one row a fault: kind, size, first, last (numbers of the points).
    """
    random = np.random.default_rng(seed)
    order = random.permutation([(kind, size) for kind in KINDS for size in SIZES for _ in range(repeats)])
    apart = 4 * A_DAY  # the longest lasts a day
    signal = record(len(order) * apart / A_DAY, seed, kind)
    values, rows = signal.to_numpy().copy(), []
    for begin, (fault, size) in zip(range(0, len(values), apart), order, strict=True):
        own = slice(begin, begin + apart)
        at, drawn = int(random.integers(A_DAY, 2 * A_DAY)), int(random.integers(2**31))
        values[own], mask = inject(str(fault), values[own], int(size), drawn, period=PERIOD, at=at)
        changed = begin + np.flatnonzero(mask)
        rows.append({"kind": str(fault), "size": int(size), "first": changed[0], "last": changed[-1]})
    return pd.Series(values, signal.index, name=signal.name), pd.DataFrame(rows)
