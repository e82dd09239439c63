"""Points in, in pieces of any size; out come those whose windows have all been seen, each with its deviations."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from sensorwatch.channel import SCORES, WINDOWS, Channel

PIECE = 16_384  # points at once


class Stream:
    """What has to be remembered of a signal between two pieces of it: the last window, less a point."""

    def __init__(self, channels: Sequence[Channel]):
        self.channels, self.window = channels, channels[0].window
        self.times, self.values = np.empty(0, "M8[ns]"), np.empty((0, len(channels)))
        self.scaled = [np.empty(0, np.float32) for _ in channels]
        self.sums = [np.empty((0, 1 + WINDOWS)) for _ in channels]
        self.points = [np.empty((0, len(SCORES) - WINDOWS)) for _ in channels]
        self.runs = [(0, np.nan) for _ in channels]

    def push(self, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Take points [n] of all channels [n, C]; give back those now final: times, values and deviations."""
        self.times = np.concatenate([self.times, times]) if len(self.times) else times
        self.values = np.concatenate([self.values, values])
        for c, channel in enumerate(self.channels):
            points, run = channel.points(values[:, c], *self.runs[c])
            self.runs[c] = run, values[-1, c]
            self.points[c] = np.concatenate([self.points[c], points])
            self.scaled[c] = np.concatenate([self.scaled[c], channel.scaling(values[:, c])])
            sums = np.zeros((len(self.times), 1 + WINDOWS))
            sums[: len(self.sums[c])] = self.sums[c]
            if len(self.times) >= self.window:
                sums += channel.cover(self.scaled[c])
            self.sums[c] = sums
        done = max(0, len(self.times) - self.window + 1)
        final = self._part(slice(0, done))
        self.times, self.values = self.times[done:], self.values[done:]
        for kept in (self.scaled, self.sums, self.points):
            kept[:] = [array[done:] for array in kept]
        return final

    def rest(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The points that still wait for windows to cover them, as if the signal ended here; nothing is changed."""
        return self._part(slice(None))

    def _part(self, part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times [m], values [m, C] and deviations [m, C, len(SCORES)], NaN where no window covers a point."""
        found = []
        for sums, points in zip(self.sums, self.points, strict=True):
            # A window that is missing counts as a usual one (0): so ends and edges of gaps raise no alarm of their own.
            means = np.where(sums[part, :1] > 0, sums[part, 1:] / self.window, np.nan)
            found.append(np.concatenate([means, points[part]], axis=1))
        return self.times[part], self.values[part], np.stack(found, axis=1)


def pieces(times: np.ndarray, values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A long signal in pieces that need little memory; a bar if it takes long."""
    with tqdm(total=len(times), desc="scoring", unit="point", unit_scale=True, delay=5, leave=False) as bar:
        for start in range(0, len(times), PIECE):
            yield times[start : start + PIECE], values[start : start + PIECE]
            bar.update(len(times[start : start + PIECE]))


def rows(
    signal: pd.Series | pd.DataFrame | Mapping | np.ndarray,
    names: Sequence[str] | None = None,
    follows: np.datetime64 | np.int64 | None = None,
) -> tuple[np.ndarray, np.ndarray, list[str], object]:
    """Times [n] (datetime64[ns] in UTC, or numbers of samples), values float64 [n, C], the channels' names, the zone.

    Args:
        names: the channels that must be there. follows: the time or number that all must be later than.

    Raises:
        ValueError: an infinite value, times out of order or missing, other channels; names the first.
    """
    if isinstance(signal, np.ndarray | list | tuple):
        first = 0 if not isinstance(follows, np.integer) else int(follows) + 1
        signal = pd.Series(np.asarray(signal), pd.RangeIndex(first, first + len(signal)))
    if isinstance(signal, Mapping):
        signal = pd.DataFrame(dict(signal))
    single = isinstance(signal, pd.Series)
    found = ["value" if signal.name is None else str(signal.name)] if single else list(map(str, signal.columns))
    if single and names is not None and len(names) == 1:
        found = list(names)  # one channel is the channel, whatever it is called today
    try:
        values = signal.to_numpy(np.float64, na_value=np.nan).reshape(len(signal), len(found))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{', '.join(found)}: expected numbers, NaN where one is missing ({error})") from None
    if names is not None and sorted(found) != sorted(names):
        raise ValueError(f"the channels are {', '.join(found)}; this monitor has learnt {', '.join(names)}")
    if names is not None and found != list(names):
        values = values[:, [found.index(name) for name in names]]
        found = list(names)
    index, zone = signal.index, None
    if isinstance(index, pd.DatetimeIndex):
        zone = index.tz
        times = index.asi8.view(f"M8[{index.unit}]").astype("M8[ns]")  # in UTC, whatever the zone
    elif pd.api.types.is_integer_dtype(index.dtype):
        times = index.to_numpy(np.int64)
    else:
        raise ValueError(f"the index is {index.dtype}; expected times (a DatetimeIndex) or numbers of samples")
    if follows is not None and times.dtype != np.asarray(follows).dtype:
        raise ValueError("some points have times and some only numbers; expected one or the other throughout")
    before = times[:-1] if follows is None else np.concatenate([[follows], times[:-1]])
    wrong = np.flatnonzero(~(times[len(times) - len(before) :] > before))
    if len(wrong):
        row = int(wrong[0]) + len(times) - len(before)
        raise ValueError(
            f"times must ascend: point {row:,} ({index[row]}) is not later than {before[wrong[0]]} before it"
        )
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise ValueError(f"{found[column]} is infinite at {index[row]}; expected numbers, NaN where one is missing")
    return times, values, found, zone


def with_gaps(
    times: np.ndarray, values: np.ndarray, step: float, limit: float, last=None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of NaN where times jump by more than `limit`: the first and the last that is missing.

    Args:
        step, limit: in seconds where there are times, else in samples. last: the time of the row before these.

    Returns:
        Times, values and which rows are real, bool.
    """
    before = times[:-1] if last is None else np.concatenate([[last], times[:-1]])
    offset = len(times) - len(before)
    steps = times[offset:] - before
    apart = steps.astype("timedelta64[ns]").astype(np.int64) / 1e9 if steps.dtype.kind == "m" else steps
    jumps = np.flatnonzero(apart > limit)
    if not len(jumps):
        return times, values, np.ones(len(times), bool)
    unit = np.timedelta64(round(step * 1e9), "ns") if steps.dtype.kind == "m" else round(step)
    long = jumps[apart[jumps] >= 2 * step]
    at = np.concatenate([jumps, long]) + offset
    filled = np.concatenate([before[jumps] + unit, times[long + offset] - unit])
    order = np.lexsort([filled, at])
    real = np.insert(np.ones(len(times), bool), at[order], False)
    return np.insert(times, at[order], filled[order]), np.insert(values, at[order], np.nan, axis=0), real
