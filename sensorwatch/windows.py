"""A signal as arrays of times and values, its gaps, the scale of its values, the length of its windows."""

from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import pandas as pd
from scipy.fft import irfft, next_fast_len, rfft

SHORTEST, LONGEST = 32, 512  # points a window, when the signal chooses
LEAST_CORRELATION = 0.3  # below it, a signal has no period worth the name
HEADROOM = 0.25  # of the training range, at either end


def as_arrays(
    signal: pd.Series | pd.DataFrame | Mapping | np.ndarray,
    names: Sequence[str] | None = None,
    follows: np.datetime64 | np.int64 | None = None,
) -> tuple[np.ndarray, np.ndarray, list[str], object]:
    """Times [n] (datetime64[ns] in UTC, or numbers of samples), values float64 [n, C], names, the zone.

    Args:
        names: the channels that must be there. follows: the time or number that all must be later than.

    Raises:
        ValueError: an infinite value, times out of order or missing, other channels; names the first.
    """
    first = int(follows) + 1 if isinstance(follows, np.integer) else 0
    if isinstance(signal, np.ndarray | list | tuple | Real):
        signal = pd.Series(np.atleast_1d(signal))
        signal.index += first
    elif isinstance(signal, Mapping):
        timed = any(isinstance(values, pd.Series) for values in signal.values())
        signal = pd.DataFrame(signal if timed else {name: np.atleast_1d(x) for name, x in signal.items()})
        signal.index = signal.index if timed else signal.index + first
    elif not isinstance(signal, pd.Series | pd.DataFrame):
        expected = "expected a Series, a DataFrame, a dict or an array"
        raise ValueError(f"the signal is of type {type(signal).__name__}; {expected}")
    if isinstance(signal, pd.DataFrame):
        found = [str(name) for name in signal.columns]
    elif names is not None and len(names) == 1:
        found = list(names)  # one channel is the channel, whatever it is called today
    else:
        found = ["value" if signal.name is None else str(signal.name)]
    if not found:
        raise ValueError("the signal has no channel")
    if len({*found}) < len(found):
        raise ValueError(f"the channels are {', '.join(found)}; expected a name for each of them")
    try:
        values = signal.to_numpy(np.float64, na_value=np.nan).reshape(len(signal), len(found))
    except (ValueError, TypeError) as error:
        expected = "expected numbers, NaN where one is missing"
        raise ValueError(f"{', '.join(found)}: {expected} ({error})") from None
    if names is not None:
        if sorted(found) != sorted(names):
            learnt = f"this monitor has learnt {', '.join(names)}"
            raise ValueError(f"the channels are {', '.join(found)}; {learnt}")
        values = values[:, [found.index(name) for name in names]]
        found = list(names)
    index, zone = signal.index, None
    if isinstance(index, pd.DatetimeIndex):
        times, zone = index.asi8.view(f"M8[{index.unit}]").astype("M8[ns]"), index.tz
    elif pd.api.types.is_integer_dtype(index.dtype):
        times = index.to_numpy(np.int64)
    else:
        expected = "expected times (a DatetimeIndex) or numbers of samples"
        raise ValueError(f"the index is {index.dtype}; {expected}")
    if follows is not None and times.dtype != np.asarray(follows).dtype:
        raise ValueError("some points have times and some only numbers; expected one or the other throughout")
    later, before = _neighbours(times, follows)
    wrong = np.flatnonzero(~(later > before))
    if len(wrong):
        row = int(wrong[0]) + len(times) - len(later)
        point = f"point {row:,} ({index[row]})"
        raise ValueError(f"times must ascend: {point} is not later than {before[wrong[0]]} before it")
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        where = f"{found[column]} is infinite at {index[row]}"
        raise ValueError(f"{where}; expected numbers, NaN where one is missing")
    return times, values, found, zone


def _neighbours(times: np.ndarray, last=None) -> tuple[np.ndarray, np.ndarray]:
    """All times that have one before them, and the one before; `last` is the one before the first, if any."""
    if last is None:
        return times[1:], times[:-1]
    return times, np.concatenate([[last], times[:-1]])


def seconds(difference):
    """Differences of times in seconds, of numbers of samples as they are."""
    return difference / np.timedelta64(1, "s") if difference.dtype.kind == "m" else difference


def with_gaps(
    times: np.ndarray, values: np.ndarray, step: float, limit: float, last=None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of NaN where times jump by more than `limit`: the first and the last that is missing.

    Args:
        step, limit: in seconds if there are times, else in samples. last: the time of the row before these.

    Returns:
        Times, values and which rows are real, bool.
    """
    later, before = _neighbours(times, last)
    apart = seconds(later - before)
    if not (apart > limit).any():
        return times, values, np.ones(len(times), bool)
    unit = np.timedelta64(round(step * 1e9), "ns") if times.dtype.kind == "M" else round(step)
    two_missing = (apart > limit) & (apart >= 2 * step)
    missing = np.concatenate([before[apart > limit] + unit, later[two_missing] - unit])
    all_times = np.concatenate([times, missing])
    all_values = np.concatenate([values, np.full((len(missing), values.shape[1]), np.nan)])
    order = np.argsort(all_times, kind="stable")
    return all_times[order], all_values[order], order < len(times)


def longest_gap(missing: np.ndarray, times: np.ndarray) -> float:
    """The longest run of missing values, bool [n, C], from first to last in seconds or samples; or -1."""
    longest = -1.0
    for column in missing.T:
        edges = np.flatnonzero(np.diff(column, prepend=False, append=False))
        first, last = edges[::2], edges[1::2] - 1
        longest = max(longest, seconds(times[last] - times[first]).max(initial=-1))
    return float(longest)


def longest_constant(values: np.ndarray) -> tuple[int, int]:
    """How many points a signal stands still at most, NaN left out, and the number of the last of them."""
    ends = np.append(np.flatnonzero(~(values[1:] == values[:-1])), len(values) - 1)
    lengths = np.diff(ends, prepend=-1)
    return int(lengths.max()), int(ends[lengths.argmax()])


def steps(index: pd.Index) -> np.ndarray:
    """The steps between times in seconds, float64 [n - 1]; ones where there are no times."""
    if not isinstance(index, pd.DatetimeIndex):
        return np.ones(max(0, len(index) - 1))
    return np.diff(index.as_unit("ns").asi8) / 1e9


def usual_step(index: pd.Index) -> float:
    """The median step in seconds; 1 where there are no times (steps are then samples)."""
    return float(np.median(steps(index))) if len(index) > 1 else 1.0


def gap_limit(index: pd.Index) -> float:
    """The step in seconds above which something is missing; infinite without times.

    1.5 usual ones; or, of an irregular signal (one step in twenty is longer than usual by a tenth), three
    times what 95 % of its steps keep below.
    """
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 3:
        return np.inf
    usual, long = np.quantile(steps(index), [0.5, 0.95])
    return float(1.5 * usual if long <= 1.1 * usual else 3 * long)


def gaps(index: pd.Index) -> np.ndarray:
    """Which points follow a gap, bool [n]: the step to them is longer than `gap_limit`."""
    return np.concatenate([np.zeros(min(1, len(index)), bool), steps(index) > gap_limit(index)])


def longest_window(values: np.ndarray, most: int) -> int:
    """The longest window, at most `most` points, of which the signal holds as many as one has points.

    It is 4 at least.
    """
    edges = np.flatnonzero(np.diff(np.isfinite(values), prepend=False, append=False))
    runs = edges[1::2] - edges[::2]
    for length in range(most, 4, -1):
        if np.maximum(runs - length + 1, 0).sum() >= length:
            return length
    return 4


def far_values(values: np.ndarray) -> np.ndarray:
    """Which values [n] lie far from all others, bool [n]: one, or at most one in 2,000.

    Far means five times the others' range away. A logger may write such a value for "missing".
    """
    known = np.flatnonzero(np.isfinite(values))
    few, ordered = max(1, len(known) // 2000), np.sort(values[known])
    found = np.zeros(len(values), bool)
    if len(known) < 4 * few + 4:
        return found
    away, steps = 5 * (ordered[-few - 1] - ordered[few]), np.diff(ordered)
    if away > 0:
        above, below = np.flatnonzero(steps[-few:] > away), np.flatnonzero(steps[:few] > away)
        if len(above):
            found[known] |= values[known] > ordered[-few - 1 + above[0]]
        if len(below):
            found[known] |= values[known] <= ordered[below[-1]]
    return found


class Scaling:
    """Values to 0 … 1 by the range of the training part, with headroom at both ends; one for all windows.

    (Scaled window by window, faults of level and gain would vanish.) What lies beyond is clipped.
    """

    def __init__(self, training: np.ndarray):
        """Raises ValueError: every value is missing."""
        known = training[~np.isnan(training)]
        if not len(known):
            raise ValueError("the training part holds no value at all: every one is missing")
        self.least, self.most = float(known.min()), float(known.max())
        self.constant = self.least == self.most
        # Of a constant, a millionth is a departure already; of zero, whatever can be told from it.
        self.half = abs(self.least) * 1e-6 or 1e-9 if self.constant else (self.most - self.least) / 2
        headroom = HEADROOM * 2 * self.half
        self.low, self.high = self.least - headroom, self.most + headroom

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Values [n] as float32 [n] in [0, 1]; missing stays NaN."""
        return np.clip((values - self.low) / (self.high - self.low), 0, 1).astype(np.float32)

    def back(self, scaled: np.ndarray) -> np.ndarray:
        """Scaled values in the signal's own unit, float64."""
        return self.low + scaled.astype(np.float64) * (self.high - self.low)

    def from_middle(self, values: np.ndarray) -> np.ndarray:
        """How far values lie from the middle of the training range; 1 at its ends."""
        return np.abs(values - (self.least + self.most) / 2) / self.half


def autocorrelation(values: np.ndarray, longest: int) -> np.ndarray:
    """Correlation of a signal with itself at lags 0 … `longest`; pairs with a missing value are left out."""
    known = np.isfinite(values)
    x = np.where(known, values - np.mean(values[known]), 0.0)
    n = next_fast_len(len(x) + longest + 1, real=True)
    signal, power, there = rfft(x, n), rfft(x * x, n), rfft(known.astype(float), n)

    def products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return irfft(np.conj(a) * b, n)[: longest + 1]

    scale = np.sqrt(np.maximum(products(power, there), 0) * np.maximum(products(there, power), 0))
    return np.where(scale > 1e-9 * scale[0], products(signal, signal) / np.where(scale > 0, scale, 1), 0.0)


def window_length(values: np.ndarray, longest: int = LONGEST) -> tuple[int, str]:
    """How long a window of this signal should be, in points, and the reason in words.

    The period with the strongest autocorrelation, twice or more of it if that is short. Of several that are
    almost as strong (a day and a week), the shortest. Without a period, 64 points. Never more than `longest`.
    """
    values, at = np.asarray(values, np.float64), np.arange(len(values))
    known = np.isfinite(values)
    longest = min(longest, len(values) // 4)  # four periods, or it is none
    fallback = max(4, min(64, len(values) // 8, longest))
    if longest < 4 or known.sum() < 16:
        return fallback, f"{fallback} points: the signal is too short for a period to be seen"
    trend = np.polynomial.Polynomial.fit(at[known], values[known], 1)
    lags = autocorrelation(values - trend(at), longest + 1)
    # Before it first falls below zero, a signal is like itself because it is smooth.
    first = int(np.argmax(lags < 0)) or int(lags.argmin())
    peaks = [k for k in range(max(first, 2), longest + 1) if lags[k - 1] <= lags[k] >= lags[k + 1]]
    best = max(peaks, key=lambda k: lags[k], default=0)
    if not best or lags[best] < LEAST_CORRELATION:
        none = f"no period up to {longest} points repeats itself (autocorrelation below {LEAST_CORRELATION})"
        return fallback, f"{fallback} points: {none}"
    strong = [k for k in peaks if lags[k] >= 0.9 * lags[best]]
    # Of the strong ones the shortest that fits into the best about an integer number of times.
    period = min(k for k in strong if min(best % k, -best % k) <= best // k)
    length = period * max(1, -(-SHORTEST // period))
    if length > longest:
        length = max(4, period)
    many = f"one period of {period} points"
    if length > period:
        many = f"{length // period} periods of {period} points"
    strength = f"at which the signal is most like itself (correlation {lags[period]:.2f})"
    return length, f"{length} points: {many}, {strength}"
