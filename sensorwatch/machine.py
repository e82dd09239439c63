"""A generated signal of a machine: as much normal time as a promise per day needs, faults planted at known places."""

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from sensorwatch.faults import KINDS, SIZES, plant

PERIOD, STEP = 48, 300  # a cycle of four hours, a value every five minutes
A_DAY = 86_400 // STEP


def machine(days: float, seed: int = 0) -> pd.Series:
    """The temperature (°C) of a machine with a cycle; strength, level and pace of the cycle wander within hours.

    Nothing in it changes for good: any two stretches of time are alike (stationary), which no real machine is.
    """
    n, random = round(days * A_DAY), np.random.default_rng(seed)
    level, strength, pace, noise = random.normal(size=(4, n))
    level, strength, pace = (_wander(x) for x in (level, strength, pace))
    phase = 2 * np.pi * (np.arange(n) / PERIOD + 0.02 * pace + random.random())
    cycle = np.sin(phase) + 0.4 * np.sin(2 * phase + 0.7) + 0.15 * np.sin(3 * phase)
    values = 60 + 5 * (1 + 0.08 * strength) * cycle + 0.4 * level + 0.25 * noise
    return pd.Series(values, pd.date_range("2026-01-01", periods=n, freq=f"{STEP}s"), name="temperature")


def _wander(noise: np.ndarray, memory: float = 0.98) -> np.ndarray:
    """White noise → an Ornstein-Uhlenbeck process of deviation 1 that forgets within 1 / (1 - memory) points."""
    start = [noise[0] * memory]
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], noise, zi=start)[0]


def with_faults(repeats: int, seed: int = 0) -> tuple[pd.Series, pd.DataFrame]:
    """A signal with every kind and size of fault, each `repeats` times, two days apart and in an order drawn at random.

    Returns:
        The signal, and one row a fault: kind, size, first, last (numbers of the points).
    """
    random = np.random.default_rng(seed)
    order = random.permutation([(kind, size) for kind in KINDS for size in SIZES for _ in range(repeats)])
    apart = 4 * A_DAY  # the longest lasts a day
    signal = machine(len(order) * apart / A_DAY, seed)
    values, rows = signal.to_numpy().copy(), []
    for number, (kind, size) in enumerate(order):
        own = slice(number * apart, (number + 1) * apart)
        at = int(random.integers(A_DAY, 2 * A_DAY))
        values[own], mask = plant(str(kind), values[own], int(size), int(random.integers(2**31)), period=PERIOD, at=at)
        changed = number * apart + np.flatnonzero(mask)
        rows.append({"kind": str(kind), "size": int(size), "first": changed[0], "last": changed[-1]})
    return pd.Series(values, signal.index, name=signal.name), pd.DataFrame(rows)
