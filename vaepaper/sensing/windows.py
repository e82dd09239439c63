"""A signal cut into windows without copying, which windows are whole, and scaling and length learnt from training."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import irfft, next_fast_len, rfft

from vaepaper import checks

SHORTEST, LONGEST = 32, 512  # points a window, when the signal chooses
LEAST_CORRELATION = 0.3  # below it, a signal has no period worth the name


def windows(values: np.ndarray, length: int, stride: int = 1) -> np.ndarray:
    """All windows of `length` points, every `stride`-th: a read-only view [m, length] of values [n], nothing is copied.

    Raises:
        ValueError: fewer points than a window, or a length or stride below 1.
    """
    checks.integer("window", length)
    checks.integer("stride", stride)
    if np.ndim(values) != 1 or len(values) < length:
        raise ValueError(f"a window needs {length:,} points; the signal has shape {np.shape(values)}")
    return sliding_window_view(values, length)[::stride]


def usual_step(index: pd.Index) -> float:
    """The median step in seconds; 1 where there are no times (steps are then samples)."""
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 2:
        return 1.0
    return float(np.median(_steps(index)))


def gap_limit(index: pd.Index) -> float:
    """The step in seconds above which something is missing: 1.5 usual ones, or, of an irregular signal (one step in
    twenty longer than that by a tenth), three times what 95 % of its steps keep below. Infinite without times."""
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 3:
        return np.inf
    steps = _steps(index)
    usual, long = np.quantile(steps, [0.5, 0.95])
    return float(1.5 * usual if long <= 1.1 * usual else 3 * long)


def gaps(index: pd.Index, limit: float | None = None) -> np.ndarray:
    """Which points follow a gap, bool [n]: the step to them is longer than `limit` seconds (default: `gap_limit`)."""
    found = np.zeros(len(index), bool)
    if isinstance(index, pd.DatetimeIndex):
        found[1:] = _steps(index) > (gap_limit(index) if limit is None else limit)
    return found


def _steps(index: pd.DatetimeIndex) -> np.ndarray:
    return np.diff(index.as_unit("ns").asi8) / 1e9


def whole_windows(signal: pd.Series, length: int, stride: int = 1, limit: float | None = None) -> np.ndarray:
    """Which windows hold no missing value and reach across no gap, bool [m], in the order of `windows`."""
    missing = np.concatenate([[0], np.cumsum(~np.isfinite(signal.to_numpy()))])
    breaks = np.cumsum(gaps(signal.index, limit))
    if len(signal) < length:
        return np.zeros(0, bool)
    return ((missing[length:] == missing[:-length]) & (breaks[length - 1 :] == breaks[: len(breaks) - length + 1]))[
        ::stride
    ]


class Scaling:
    """Values to 0 … 1 by what the training part reached, with headroom on both sides; one scale for all windows.

    (Scaled window by window, faults of level and gain would vanish.) What lies beyond is clipped: ask `beyond` for it.
    """

    def __init__(self, low: float, high: float):
        self.low, self.high = checks.number("low", low), checks.number("high", high, low, above=True)

    @classmethod
    def fit(cls, training: np.ndarray, headroom: float = 0.25) -> Self:
        """The range of the finite values in `training`, widened at either end by `headroom` times its extent.

        Raises:
            ValueError: no finite value, or the same one throughout.
        """
        values = np.asarray(training, np.float64)
        values = values[np.isfinite(values)]
        if not len(values):
            raise ValueError("the training part holds no value at all: every one is missing")
        low, high = values.min(), values.max()
        if low == high:
            raise ValueError(f"the training part is constant ({low:g} throughout): there is nothing to learn from it")
        room = checks.number("headroom", headroom, 0) * (high - low)
        return cls(float(low - room), float(high + room))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Values [n] as float32 [n] in [0, 1]; missing stays NaN."""
        scaled = (np.asarray(values, np.float64) - self.low) / (self.high - self.low)
        return np.clip(scaled, 0, 1).astype(np.float32)

    def beyond(self, values: np.ndarray) -> np.ndarray:
        """-1 below the range, +1 above it, 0 within or missing: int8 [n]."""
        values = np.asarray(values, np.float64)
        return (values > self.high).astype(np.int8) - (values < self.low).astype(np.int8)

    def back(self, scaled: np.ndarray) -> np.ndarray:
        """Scaled values in the signal's own unit, float64."""
        return self.low + np.asarray(scaled, np.float64) * (self.high - self.low)


def autocorrelation(values: np.ndarray, longest: int) -> np.ndarray:
    """Correlation of a signal with itself at lags 0 … `longest`; of missing values, the pairs are left out."""
    known = np.isfinite(values)
    x = np.where(known, values - np.mean(values[known]), 0.0)
    n = next_fast_len(len(x) + longest + 1, real=True)
    signal, power, there = (rfft(part, n) for part in (x, x * x, known.astype(float)))
    pairs, early, late = (
        irfft(np.conj(a) * b, n)[: longest + 1] for a, b in ((signal, signal), (power, there), (there, power))
    )
    scale = np.sqrt(np.maximum(early, 0) * np.maximum(late, 0))
    return np.where(scale > 1e-9 * scale[0], pairs / np.where(scale > 0, scale, 1), 0.0)


def window_length(values: np.ndarray, longest: int = LONGEST) -> tuple[int, str]:
    """How long a window of this signal should be, in points, and the reason in words.

    The period with the strongest autocorrelation, twice or more of it if that is short. Of several that are almost as
    strong (a day and a week), the shortest. A signal without a period gets 64 points. None gets more than `longest`.
    """
    values = np.asarray(values, np.float64)
    longest = min(longest, len(values) // 4)  # four periods, or it is none
    fallback = max(4, min(64, len(values) // 8, longest))
    if longest < 4 or np.isfinite(values).sum() < 16:
        return fallback, f"{fallback} points: the signal is too short for a period to be seen"
    trend = np.polynomial.Polynomial.fit(*(x[np.isfinite(values)] for x in (np.arange(len(values)), values)), 1)
    lags = autocorrelation(values - trend(np.arange(len(values))), longest + 1)
    first = int(np.argmax(lags < 0)) or int(lags.argmin())  # before it, a signal is like itself by being smooth
    peaks = [k for k in range(max(first, 2), longest + 1) if lags[k - 1] <= lags[k] >= lags[k + 1]]
    best = max(peaks, key=lambda k: lags[k], default=0)
    if not best or lags[best] < LEAST_CORRELATION:
        none = f"no period up to {longest} points repeats itself (autocorrelation below {LEAST_CORRELATION})"
        return fallback, f"{fallback} points: {none}"
    parts = [k for k in peaks if lags[k] >= 0.9 * lags[best] and min(best % k, -best % k) <= best // k]
    period = min(parts)
    length = period * max(1, -(-SHORTEST // period))
    if length > longest:
        length = max(4, period)
    many = f"{length // period} periods of {period} points" if length > period else f"one period of {period} points"
    return length, f"{length} points: {many}, at which the signal is most like itself (correlation {lags[period]:.2f})"
