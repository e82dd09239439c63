"""Points in, in pieces of any size; alarms and gaps out, each as soon as nothing can change it any more."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from sensorwatch.calibration import Calibration, joint
from sensorwatch.channel import SCORES, WINDOWS, Channel
from sensorwatch.windows import seconds

PIECE = 16_384  # points at once
STUCK = SCORES.index("stuck")
TIE = 1e-6  # sizes that differ by less are equal: last bits depend on how many windows are scored at once


def pieces(times: np.ndarray, values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A long signal in pieces that need little memory; a bar if it takes long."""
    with tqdm(total=len(times), desc="scoring", unit="point", unit_scale=True, delay=5, leave=False) as bar:
        for start in range(0, len(times), PIECE):
            yield times[start : start + PIECE], values[start : start + PIECE]
            bar.update(len(times[start : start + PIECE]))


class Stream:
    """Deviations of a signal that comes in pieces; remembers its last points, one less than a window has."""

    def __init__(self, channels: Sequence[Channel]):
        self.channels, self.window = channels, channels[0].window
        count = len(channels)
        self.runs = [(0, np.nan)] * count  # how long each channel has stood still, and at which value
        self.times, self.values = np.empty(0, "M8[ns]"), np.empty((0, count))
        self.scaled = np.empty((0, count), np.float32)
        self.sums = np.empty((0, count, 1 + WINDOWS))  # over the windows so far, as `Channel.cover` has them
        self.points = np.empty((0, count, len(SCORES) - WINDOWS))

    def push(self, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Take points [n] of all channels [n, C]; give back those now final: times, values and deviations."""
        self.times = np.concatenate([self.times, times]) if len(self.times) else times
        self.values = np.concatenate([self.values, values])
        points, scaled = [], []
        for c, channel in enumerate(self.channels):
            found, run = channel.points(values[:, c], *self.runs[c])
            self.runs[c] = run, values[-1, c]
            points.append(found)
            scaled.append(channel.scaling(values[:, c]))
        self.points = np.concatenate([self.points, np.stack(points, axis=1)])
        self.scaled = np.concatenate([self.scaled, np.stack(scaled, axis=1)])
        self.sums = np.concatenate([self.sums, np.zeros((len(times), *self.sums.shape[1:]))])
        if len(self.times) >= self.window:
            for c, channel in enumerate(self.channels):
                self.sums[:, c] += channel.cover(self.scaled[:, c])
        done = max(0, len(self.times) - self.window + 1)
        final = self._deviations(slice(done))
        self.times, self.values, self.scaled = self.times[done:], self.values[done:], self.scaled[done:]
        self.sums, self.points = self.sums[done:], self.points[done:]
        return final

    def remaining(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The points that still wait for windows, as if the signal ended here; changes nothing."""
        return self._deviations(slice(None))

    def _deviations(self, part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times [m], values [m, C] and deviations [m, C, len(SCORES)], NaN where no window covers a point."""
        number, sums = self.sums[part, :, :1], self.sums[part, :, 1:]
        # A window that is missing counts as a usual one (0): so ends and edges of gaps raise no alarm.
        means = np.where(number > 0, sums / self.window, np.nan)
        return self.times[part], self.values[part], np.concatenate([means, self.points[part]], axis=2)


@dataclass(frozen=True)
class Event:
    """A stretch of flagged points."""

    first: int  # number of the point
    last: int
    start: np.datetime64 | np.int64
    end: np.datetime64 | np.int64
    peak: np.datetime64 | np.int64  # the first of the largest
    size: float  # there
    score: int  # the largest score there
    range: np.ndarray  # the least and the largest value of each channel [2, C]


class Events:
    """Joins flagged points at most `join` points apart; an event is over when none can join it any more."""

    def __init__(self, join: int):
        self.join, self.seen, self.open = join, 0, None
        self.since = np.empty((0, 0))  # the range of the values after the open event

    def push(
        self, flagged: np.ndarray, size: np.ndarray, score: np.ndarray, times: np.ndarray, values: np.ndarray
    ) -> list[Event]:
        """Take points [n], with values [n, C]; give back the events that are over."""
        over, at = [], np.flatnonzero(flagged)
        after = 0  # where the values begin that follow the open event
        for run in np.split(at, np.flatnonzero(np.diff(at) > self.join) + 1) if len(at) else []:
            first, last = int(run[0]), int(run[-1])
            event = self._event(first, last, np.where(flagged, size, -np.inf), score, times, values)
            if self.open and event.first - self.open.last <= self.join:
                event = _joined(self.open, event, np.concatenate([self.since, values[:first]]))
            elif self.open:
                over.append(self.open)
            self.open, self.since, after = event, values[:0], last + 1
        self.seen += len(flagged)
        if self.open:
            self.since = _range(np.concatenate([self.since, values[after:]]))
            if self.seen - 1 - self.open.last >= self.join:
                over.append(self.open)
                self.open = None
        return over

    def _event(self, first: int, last: int, size, score, times, values) -> Event:
        inside = slice(first, last + 1)
        largest = size[inside].max()
        peak = first + int(np.argmax(np.isclose(size[inside], largest, rtol=TIE, atol=0)))
        numbers, ends = (self.seen + first, self.seen + last), (times[first], times[last])
        return Event(*numbers, *ends, times[peak], largest, int(score[peak]), _range(values[inside]))


def _joined(earlier: Event, later: Event, between: np.ndarray) -> Event:
    """Two events and the values between them as one."""
    peak = earlier if later.size <= earlier.size * (1 + TIE) else later
    return Event(
        earlier.first,
        later.last,
        earlier.start,
        later.end,
        peak.peak,
        max(earlier.size, later.size),
        peak.score,
        _range(np.concatenate([earlier.range, between, later.range])),
    )


def _range(values: np.ndarray) -> np.ndarray:
    """The least and the largest value of each channel, [2, C]; NaN where there is none."""
    return np.stack([np.fmin.reduce(values, initial=np.nan), np.fmax.reduce(values, initial=np.nan)])


class Watch:
    """A signal that is being watched: what has not ended yet, and rows that wait for what began before them.

    A row is a dict: `first` (the number of its first point), `channel` (a number), the columns of an alarm.
    """

    def __init__(self, channels: Sequence[Channel], calibration: Calibration, usual_gap: float):
        self.calibration, self.usual_gap = calibration, usual_gap
        self.threshold = np.inf
        self.target = self.last = self.zone = None  # target rate, last time and zone of `Monitor.update`
        self.stream = Stream(channels)
        self.alarms, self.gaps = Events(self.stream.window), [Events(1) for _ in channels]
        self.waiting: list[dict] = []

    def push(self, times: np.ndarray, values: np.ndarray) -> list[dict]:
        """Take points; give back the rows that are over and that no earlier one can still precede."""
        self._look(*self.stream.push(times, values))
        begun = [events.open.first for events in (self.alarms, *self.gaps) if events.open]
        ready = [row for row in self.waiting if row["first"] <= min(begun, default=np.inf)]
        self.waiting = self.waiting[len(ready) :]
        return ready

    def remaining(self) -> list[dict]:
        """The rows that would come if the signal ended here; changes nothing."""
        ended = copy.copy(self)
        ended.waiting = list(self.waiting)
        ended.alarms, ended.gaps = copy.copy(self.alarms), [copy.copy(gaps) for gaps in self.gaps]
        ended._look(*self.stream.remaining())
        if ended.alarms.open:
            ended._add_alarm(ended.alarms.open)
        for channel, gaps in enumerate(ended.gaps):
            if gaps.open:
                ended._add_gap(gaps.open, channel)
        return ended.waiting

    def _look(self, times: np.ndarray, values: np.ndarray, deviations: np.ndarray) -> None:
        standard = self.calibration.standard(deviations)
        size, score = joint(standard)
        flagged = size > self.threshold
        # A value that stands still moves other scores further; but then it is stuck, whatever they are.
        stuck = standard[:, STUCK :: len(SCORES)] > self.threshold
        score = np.where(stuck.any(1), STUCK + len(SCORES) * stuck.argmax(1), score)
        for event in self.alarms.push(flagged, size, score, times, values):
            self._add_alarm(event)
        for channel, gaps in enumerate(self.gaps):
            for event in gaps.push(np.isnan(values[:, channel]), np.zeros(len(size)), score, times, values):
                self._add_gap(event, channel)

    def _add_alarm(self, event: Event) -> None:
        channel, score = divmod(event.score, len(SCORES))
        p_value = self.calibration.rule.p_value([event.size])[0]
        self._add(event, channel, SCORES[score], p_value, *event.range[:, channel])

    def _add_gap(self, event: Event, channel: int) -> None:
        if seconds(event.end - event.start) > self.usual_gap:
            self._add(event, channel, "gap", np.nan, np.nan, np.nan)

    def _add(self, event: Event, channel: int, cause: str, p_value: float, low: float, high: float) -> None:
        row = {"first": event.first, "start": event.start, "end": event.end, "peak": event.peak}
        row |= {"p_value": p_value, "triggered_by": cause, "low": low, "high": high, "channel": channel}
        self.waiting.append(row)
        self.waiting.sort(key=lambda row: row["first"])
