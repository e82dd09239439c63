"""Points in, in pieces of any size; alarms and gaps out, each as soon as nothing can change it any more."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
    peak: np.datetime64 | np.int64  # the first of the largest points
    size: float  # of the peak
    score: int  # the largest one at the peak
    extremes: np.ndarray  # the least and the largest value of each channel [2, C]


class Events:
    """Joins flagged points at most `join` points apart; an event is over when none can join it any more."""

    def __init__(self, join: int):
        self.join, self.seen = join, 0
        self.open: Event | None = None
        self.since = np.empty((0, 0))  # the extremes of the values after the open event

    def push(
        self, flagged: np.ndarray, size: np.ndarray, score: np.ndarray, times: np.ndarray, values: np.ndarray
    ) -> list[Event]:
        """Take points [n], with values [n, C]; give back the events that are over."""
        over, at = [], np.flatnonzero(flagged)
        after = 0  # the first point after the open event
        runs = np.split(at, np.flatnonzero(np.diff(at) > self.join) + 1) if len(at) else []
        for run in runs:
            event = self._event(run, size, score, times, values)
            if self.open and event.first - self.open.last <= self.join:
                event = _joined(self.open, event, np.concatenate([self.since, values[: run[0]]]))
            elif self.open:
                over.append(self.open)
            self.open, self.since, after = event, values[:0], run[-1] + 1
        self.seen += len(flagged)
        if self.open:
            self.since = _extremes(np.concatenate([self.since, values[after:]]))
            if self.seen - 1 - self.open.last >= self.join:
                over.append(self.open)
                self.open = None
        return over

    def _event(self, run: np.ndarray, size, score, times, values) -> Event:
        """The event of flagged points, by their numbers in this piece."""
        first, last, largest = int(run[0]), int(run[-1]), size[run].max()
        peak = run[np.argmax(np.isclose(size[run], largest, rtol=TIE, atol=0))]
        return Event(
            first=self.seen + first,
            last=self.seen + last,
            start=times[first],
            end=times[last],
            peak=times[peak],
            size=largest,
            score=int(score[peak]),
            extremes=_extremes(values[first : last + 1]),
        )


def _joined(earlier: Event, later: Event, between: np.ndarray) -> Event:
    """Two events and the values between them as one."""
    peak = earlier if later.size <= earlier.size * (1 + TIE) else later
    extremes = _extremes(np.concatenate([earlier.extremes, between, later.extremes]))
    size, begin = max(earlier.size, later.size), {"first": earlier.first, "start": earlier.start}
    return replace(peak, **begin, last=later.last, end=later.end, size=size, extremes=extremes)


def _extremes(values: np.ndarray) -> np.ndarray:
    """The least and the largest value of each channel, [2, C]; NaN where there is none."""
    return np.stack([np.fmin.reduce(values, initial=np.nan), np.fmax.reduce(values, initial=np.nan)])


class Watch:
    """A signal that is being watched: what has not ended yet, and rows that wait for what began before them.

    A row is a dict: `first` (the number of its first point), `channel` (its name), the columns of an alarm.
    """

    def __init__(self, channels: dict[str, Channel], calibration: Calibration, usual_gap: float):
        self.names, self.calibration, self.usual_gap = list(channels), calibration, usual_gap
        self.standard, self.threshold = calibration.watcher(), np.inf
        self.target = self.last = self.zone = None  # target rate, last time and zone of `Monitor.update`
        self.stream = Stream([*channels.values()])
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
        ended.waiting, ended.standard = list(self.waiting), copy.copy(self.standard)
        ended.alarms, ended.gaps = copy.copy(self.alarms), [copy.copy(gaps) for gaps in self.gaps]
        ended._look(*self.stream.remaining())
        if ended.alarms.open:
            ended._add_alarm(ended.alarms.open)
        for channel, gaps in enumerate(ended.gaps):
            if gaps.open:
                ended._add_gap(gaps.open, channel)
        return ended.waiting

    def _look(self, times: np.ndarray, values: np.ndarray, deviations: np.ndarray) -> None:
        standard = self.standard(deviations)
        size, score = joint(standard)
        flagged = size > self.threshold + TIE
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
        sizes = {
            "p_value": self.calibration.rule.p_value([event.size])[0],
            "tail_p": self.calibration.tail_p(event.size),
            "severity": event.size / self.threshold if self.threshold > 0 else np.nan,
        }
        self._add(event, channel, SCORES[score], sizes, *event.extremes[:, channel])

    def _add_gap(self, event: Event, channel: int) -> None:
        if seconds(event.end - event.start) > self.usual_gap:
            self._add(event, channel, "gap", {}, np.nan, np.nan)

    def _add(self, event: Event, channel: int, cause: str, sizes: dict, low: float, high: float) -> None:
        row = {name: getattr(event, name) for name in ("first", "start", "end", "peak")}
        row |= {**sizes, "triggered_by": cause, "low": low, "high": high}
        self.waiting.append(row | {"channel": self.names[channel]})
        self.waiting.sort(key=lambda row: row["first"])
