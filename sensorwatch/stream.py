"""Points in, in pieces of any size; alarms and gaps out, each as soon as nothing can change it any more."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from sensorwatch.calibration import LASTING, AsCalibrated, Calibration, Following, joint
from sensorwatch.channel import SCORES, WINDOWS, Channel, Relation
from sensorwatch.windows import seconds

PIECE = 16_384  # points at once
LEVEL, STUCK = SCORES.index("level"), SCORES.index("stuck")
TIE = 1e-6  # sizes that differ by less are equal: last bits depend on how many windows are scored at once


def pieces(times: np.ndarray, *arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """A long signal's arrays in pieces that need little memory; a bar if it takes long."""
    with tqdm(total=len(times), desc="scoring", unit="point", unit_scale=True, delay=5, leave=False) as bar:
        for start in range(0, len(times), PIECE):
            yield tuple(array[start : start + PIECE] for array in (times, *arrays))
            bar.update(len(times[start : start + PIECE]))


class Points(NamedTuple):
    """Points of a signal, and what all windows that cover them say of each."""

    times: np.ndarray  # [n]
    values: np.ndarray  # [n, C]
    deviations: np.ndarray  # [n, C, K]: see `channel.TABLE`; NaN where no window covers a point
    expected: np.ndarray  # [n, C]: the mean of the networks' outputs, in the signal's unit; NaN likewise


class Stream:
    """Deviations of a signal that comes in pieces; remembers its last points, one less than a window has."""

    def __init__(self, channels: Sequence[Channel], relation: Relation | None = None):
        self.channels, self.relation, self.window = channels, relation, channels[0].window
        count = len(channels)
        self.runs = [(0, np.nan)] * count  # how long each channel has stood still, and at which value
        self.times, self.values = np.empty(0, "M8[ns]"), np.empty((0, count))
        self.scaled = np.empty((0, count), np.float32)
        # Over the windows so far, as `Channel.cover` has them; of several channels, their relation's, too.
        self.sums = np.empty((0, count, 1 + WINDOWS + (count > 1)))
        self.points = np.empty((0, count, 2))

    def push(self, times: np.ndarray, values: np.ndarray) -> Points:
        """Take points [n] of all channels [n, C]; give back those that are now final."""
        self.times = np.concatenate([self.times, times]) if len(self.times) else times
        self.values = np.concatenate([self.values, values])
        points, scaled = np.empty((len(times), len(self.channels), 2)), np.empty(values.shape, np.float32)
        for c, channel in enumerate(self.channels):
            points[:, c], run = channel.points(values[:, c], *self.runs[c])
            self.runs[c] = run, values[-1, c]
            scaled[:, c] = channel.scaling(values[:, c])
        self.points = np.concatenate([self.points, points])
        self.scaled = np.concatenate([self.scaled, scaled])
        self.sums = np.concatenate([self.sums, np.zeros((len(times), *self.sums.shape[1:]))])
        if len(self.times) >= self.window:
            for c, channel in enumerate(self.channels):
                self.sums[:, c, : 1 + WINDOWS] += channel.cover(self.scaled[:, c])
            if self.relation:
                self.sums[:, :, -1] += self.relation.cover(self.scaled)
        done = max(0, len(self.times) - self.window + 1)
        final = self._points(slice(done))
        self.times, self.values, self.scaled = self.times[done:], self.values[done:], self.scaled[done:]
        self.sums, self.points = self.sums[done:], self.points[done:]
        return final

    def remaining(self) -> Points:
        """The points that still wait for windows, as if the signal ended here; changes nothing."""
        return self._points(slice(None))

    def _points(self, part: slice) -> Points:
        number, sums = self.sums[part, :, :1], self.sums[part, :, 1:]
        # A window that is missing counts as a usual one (0): so ends and edges of gaps raise no alarm.
        means = np.where(number > 0, sums / self.window, np.nan)
        deviations = np.concatenate([means[..., :WINDOWS], self.points[part], means[..., WINDOWS:]], axis=2)
        missed = np.divide(sums[..., 1], number[..., 0], out=means[..., 1].copy(), where=number[..., 0] > 0)
        scaled = self.scaled[part] - missed
        expected = [channel.scaling.back(scaled[:, c]) for c, channel in enumerate(self.channels)]
        return Points(self.times[part], self.values[part], deviations, np.stack(expected, axis=1))


@dataclass(frozen=True)
class Event:
    """A stretch of flagged points."""

    first: int  # number of the point
    last: int
    start: np.datetime64 | np.int64
    end: np.datetime64 | np.int64
    peaks: np.ndarray  # of each channel [C], the first of its largest points
    sizes: np.ndarray  # of these peaks [C]
    scores: np.ndarray  # the largest score there [C]
    extremes: np.ndarray  # the least and the largest of each column of values [2, …]


class Events:
    """Joins flagged points at most `join` points apart; an event is over when none can join it any more."""

    def __init__(self, join: int):
        self.join, self.seen = join, 0
        self.open: Event | None = None
        self.since = np.empty((0, 0))  # the extremes of the values after the open event

    def push(self, flagged: np.ndarray, sizes, scores, times, values) -> list[Event]:
        """Take points [n], of each channel its size and score [n, C], and values; give back what is over."""
        over, at = [], np.flatnonzero(flagged)
        after = 0  # the first point after the open event
        runs = np.split(at, np.flatnonzero(np.diff(at) > self.join) + 1) if len(at) else []
        for run in runs:
            event = self._event(run, sizes, scores, times, values)
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

    def _event(self, run: np.ndarray, sizes, scores, times, values) -> Event:
        """The event of flagged points, by their numbers in this piece."""
        first, last = int(run[0]), int(run[-1])
        known = np.where(np.isnan(sizes[run]), -np.inf, sizes[run])
        largest = known.max(0)
        peak = run[np.isclose(known, largest, rtol=TIE, atol=0).argmax(0)]
        return Event(
            first=self.seen + first,
            last=self.seen + last,
            start=times[first],
            end=times[last],
            peaks=times[peak],
            sizes=largest,
            scores=scores[peak, np.arange(len(peak))],
            extremes=_extremes(values[first : last + 1]),
        )


def _joined(earlier: Event, later: Event, between: np.ndarray) -> Event:
    """Two events and the values between them as one."""
    first = later.sizes <= earlier.sizes * (1 + TIE)
    names = ("peaks", "sizes", "scores")
    peaks = {name: np.where(first, getattr(earlier, name), getattr(later, name)) for name in names}
    extremes = _extremes(np.concatenate([earlier.extremes, between, later.extremes]))
    return replace(earlier, **peaks, last=later.last, end=later.end, extremes=extremes)


def _extremes(values: np.ndarray) -> np.ndarray:
    """The least and the largest value of each channel, [2, C]; NaN where there is none."""
    return np.stack([np.fmin.reduce(values, initial=np.nan), np.fmax.reduce(values, initial=np.nan)])


class Watch:
    """A signal that is being watched: what has not ended yet, and rows that wait for what began before them.

    A row is a dict: `first` (the number of its first point), `channel` (its name), the columns of an alarm.
    """

    def __init__(
        self, stream: Stream, names: Sequence[str], calibration: Calibration,
        usual_gap: float, direction: str, least: np.ndarray,
    ):  # fmt: skip
        self.stream, self.names, self.calibration, self.usual_gap = stream, names, calibration, usual_gap
        self.standard = (Following if calibration.follow else AsCalibrated)(calibration)
        self.threshold, self.direction, self.least = np.inf, direction, least
        self.target = self.last = self.zone = None  # target rate, last time and zone of `Monitor.update`
        self.alarms, self.gaps = Events(stream.window), [Events(1) for _ in names]
        self.ends = np.empty(0, int)  # points at which a score has lasted so long that its alarm ends
        self.waiting: list[dict] = []

    def push(self, times: np.ndarray, values: np.ndarray) -> list[dict]:
        """Take points; give back the rows that are over and that no earlier one can still precede."""
        return self.look(self.stream.push(times, values))

    def look(self, points: Points) -> list[dict]:
        """Likewise, of points whose deviations are known."""
        self._look(points)
        begun = [events.open.first for events in (self.alarms, *self.gaps) if events.open]
        ready = [row for row in self.waiting if row["first"] <= min(begun, default=np.inf)]
        self.waiting = self.waiting[len(ready) :]
        return ready

    def remaining(self) -> list[dict]:
        """The rows that would come if the signal ended here; changes nothing."""
        ended = copy.copy(self)
        ended.waiting, ended.standard = list(self.waiting), copy.copy(self.standard)
        ended.alarms, ended.gaps = copy.copy(self.alarms), [copy.copy(gaps) for gaps in self.gaps]
        ended._look(self.stream.remaining())
        if ended.alarms.open:
            ended._add_alarm(ended.alarms.open)
        for channel, gaps in enumerate(ended.gaps):
            if gaps.open:
                ended._add_gap(gaps.open, channel)
        return ended.waiting

    def _look(self, points: Points) -> None:
        times, values = points.times, points.values
        standard, settled = self.standard(points.deviations, self.threshold)
        kinds = standard.shape[1] // len(self.names)
        each = standard.reshape(len(standard), len(self.names), kinds)
        flagged = joint(standard) > self.threshold + TIE
        self.ends = np.concatenate([self.ends, self.alarms.seen + np.flatnonzero(settled)])
        sizes = np.fmax.reduce(each, axis=2)
        # A value that stands still moves other scores further; but then it is stuck, whatever they are.
        stuck = each[..., STUCK] > self.threshold
        scores = np.where(stuck, STUCK, np.where(np.isnan(each), -np.inf, each).argmax(2))
        watched = np.concatenate([values, self._departures(points)], axis=1)
        for event in self.alarms.push(flagged, sizes, scores, times, watched):
            self._add_alarm(event)
        known = self.alarms.open.last if self.alarms.open else self.alarms.seen - 1
        self.ends = self.ends[self.ends > known]
        for channel, gaps in enumerate(self.gaps):
            missing = np.isnan(values[:, channel])
            for event in gaps.push(missing, np.zeros_like(sizes), scores, times, values):
                self._add_gap(event, channel)

    def _departures(self, points: Points) -> np.ndarray:
        """How far each value lies from what its network expects, or its level from the usual one, [n, C].

        In the signal's unit; the larger of the two. Where no window covers it, from the middle of its range.
        """
        near = points.values - points.expected
        found = np.empty_like(near)
        for c, channel in enumerate(self.stream.channels):
            scaling = channel.scaling
            level = points.deviations[:, c, LEVEL] * (scaling.high - scaling.low)
            further = np.where(np.abs(level) > np.abs(near[:, c]), level, near[:, c])
            from_middle = points.values[:, c] - (scaling.least + scaling.most) / 2
            found[:, c] = np.where(np.isnan(further), from_middle, further)
        return found

    def _add_alarm(self, event: Event) -> None:
        down, up = event.extremes[:, len(self.names) :] * [[-1], [1]]
        size = {"both": np.maximum(down, up), "up": up, "down": down}[self.direction]
        # Beside a departure to one side, the network's output leans a little to the other.
        matters = (size >= self.least) & (size >= np.maximum(down, up) / 2) & (event.sizes > self.threshold)
        if not matters.any():
            return
        channel = int(np.where(matters, event.sizes, -np.inf).argmax())
        largest = event.sizes[channel]
        long = event.last - event.first >= (LASTING - 1) * self.stream.window
        sizes = {
            "peak": event.peaks[channel],
            "p_value": self.calibration.rule.p_value([largest])[0],
            "tail_p": self.calibration.tail_p(largest),
            "severity": largest / self.threshold if self.threshold > 0 else np.nan,
            "lasting": long and bool((self.ends == event.last + 1).any()),
        }
        score = SCORES[event.scores[channel]]
        self._add(event, channel, score, sizes, *event.extremes[:, channel])

    def _add_gap(self, event: Event, channel: int) -> None:
        if seconds(event.end - event.start) > self.usual_gap:
            self._add(event, channel, "gap", {"peak": event.start, "lasting": False}, np.nan, np.nan)

    def _add(self, event: Event, channel: int, cause: str, sizes: dict, low: float, high: float) -> None:
        row = {name: getattr(event, name) for name in ("first", "start", "end")}
        row |= {**sizes, "triggered_by": cause, "low": low, "high": high}
        self.waiting.append(row | {"channel": self.names[channel]})
        self.waiting.sort(key=lambda row: row["first"])
