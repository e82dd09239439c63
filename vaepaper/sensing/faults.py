"""Planted faults of sensors: nine kinds at five sizes, each with the exact mask of the points that changed."""

import numpy as np

from vaepaper import checks

SIZES = (1, 2, 3, 4, 5)


def _spike(part, spread, size, random):
    """One point jumps away."""
    return part + random.choice([-1, 1]) * spread * size


def _stuck(part, spread, size, random):
    """The last good value stays."""
    return np.full_like(part, part[0])


def _dropout(part, spread, size, random):
    """The line is dead: what is read falls to a value far below, for a moment."""
    return np.full_like(part, part.min() - spread * size)


def _offset(part, spread, size, random):
    """A step up or down, as after a knock or a new calibration."""
    return part + random.choice([-1, 1]) * spread * size


def _drift(part, spread, size, random):
    """A slow ramp away from the truth."""
    return part + random.choice([-1, 1]) * spread * size * np.linspace(0, 1, len(part) + 1)[1:]


def _lost_gain(part, spread, size, random):
    """Swings about the mean fade, as behind dirt or a weak amplifier."""
    return part.mean() + (part - part.mean()) * (1 - size)


def _noise(part, spread, size, random):
    """A loose contact: white noise on top."""
    return part + random.normal(0, spread * size, len(part))


def _missing_cycle(part, spread, size, random):
    """A cycle flattens into the straight line between its ends: a beat skipped, a stroke not made."""
    return (1 - size) * part + size * np.linspace(part[0], part[-1], len(part))


def _doubled_cycle(part, spread, size, random):
    """A cycle runs twice in the time of one."""
    twice = np.interp(2 * np.arange(len(part)) % len(part), np.arange(len(part)), part)
    return (1 - size) * part + size * twice


# How each kind is planted; its sizes 1 to 5 (heights in standard deviations of the signal, or the share that is lost);
# and how long it lasts, in periods of the signal (None: one point).
KINDS = {
    "spike": (_spike, (1, 1.5, 2, 3, 5), (None,) * 5),
    "stuck value": (_stuck, (1,) * 5, (0.25, 0.5, 1, 2, 4)),
    "dropout": (_dropout, (0, 0.25, 0.5, 1, 2), (0.05, 0.05, 0.1, 0.1, 0.2)),
    "offset": (_offset, (0.25, 0.5, 1, 1.5, 2), (2,) * 5),
    "drift": (_drift, (0.5, 1, 1.5, 2, 3), (6,) * 5),
    "lost gain": (_lost_gain, (0.15, 0.3, 0.45, 0.6, 0.8), (2,) * 5),
    "noise": (_noise, (0.1, 0.2, 0.3, 0.5, 0.8), (2,) * 5),
    "missing cycle": (_missing_cycle, (0.3, 0.5, 0.7, 0.85, 1), (1,) * 5),
    "doubled cycle": (_doubled_cycle, (0.3, 0.5, 0.7, 0.85, 1), (1,) * 5),
}


def plant(
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
    function, heights, lengths = KINDS[checks.one_of("kind of fault", kind, KINDS)]
    checks.integer("size", size, 1, 5)
    periods = lengths[size - 1]
    length = 1 if periods is None else max(2, round(checks.integer("period", period, 2) * periods))
    values, random = np.array(values, np.float64), np.random.default_rng(seed)
    known = np.concatenate([[0], np.cumsum(np.isfinite(values))])
    places = np.flatnonzero(known[length:] - known[:-length] == length)
    if not len(places):
        raise ValueError(f"{kind} of size {size} needs {length:,} points without a missing one; there is no such place")
    at = int(random.choice(places)) if at is None else checks.integer("at", at, 0, int(places[-1]))
    if at not in places:
        raise ValueError(f"values are missing within the {length:,} points from {at:,} on: plant the fault elsewhere")
    damaged, part = values.copy(), slice(at, at + length)
    damaged[part] = function(values[part], np.nanstd(values), heights[size - 1], random)
    return damaged, (damaged != values) & np.isfinite(values)
