"""Deviations against a threshold: alarms and gaps, given out in the order in which they began."""

import copy

import numpy as np
import pandas as pd

from vaepaper import drift
from vaepaper.channel import SCORES, SIDED
from vaepaper.events import Events
from vaepaper.stream import Stream


def odd(deviations: np.ndarray) -> np.ndarray:
    """Deviations [n, C, K] → [n, C × K], larger where odder: only the one-sided keep their sign."""
    n, channels, scores = deviations.shape
    return np.where(SIDED, deviations, np.abs(deviations)).reshape(n, channels * scores)


def signed(deviations: np.ndarray) -> np.ndarray:
    """Those deviations [n, C, K] whose mean tells of drift, [n, C × 4]."""
    told = deviations[:, :, [SCORES.index(name) for name in drift.SCORES]]
    return told.reshape(len(told), told.shape[1] * told.shape[2])


def joint(standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest of the standardised scores [n, C × K] of each point, NaN if it has none, and which it is."""
    return np.fmax.reduce(standard, axis=1), np.where(np.isnan(standard), -np.inf, standard).argmax(1)


class Watch:
    """All that is remembered of a signal that is being watched: a window of points, and what is not over yet."""

    def __init__(self, monitor):
        self.monitor, self.stream = monitor, Stream(monitor.channels)
        self.alarms, self.gaps = Events(monitor.window), [Events(1) for _ in monitor.channels]
        self.waiting: list[dict] = []
        self.promise = self.last = self.zone = None
        self.threshold = np.inf

    def push(self, times: np.ndarray, values: np.ndarray, threshold: float) -> list[dict]:
        """Take points; give back the rows that are over and that no earlier one can still precede."""
        self._look(*self.stream.push(times, values), threshold)
        begun = [events.open["first"] for events in (self.alarms, *self.gaps) if events.open]
        ready = [row for row in self.waiting if row["first"] <= min(begun, default=np.inf)]
        self.waiting = [row for row in self.waiting if row["first"] > min(begun, default=np.inf)]
        return ready

    def rest(self, threshold: float) -> list[dict]:
        """The rows that would come if the signal ended here; nothing is changed."""
        ended = copy.copy(self)
        ended.alarms, ended.gaps, ended.waiting = copy.copy(self.alarms), [*map(copy.copy, self.gaps)], [*self.waiting]
        if self.stream.times is not None:
            ended._look(*self.stream.rest(), threshold)
        ended._keep([ended.alarms.open] if ended.alarms.open else [])
        for c, gaps in enumerate(ended.gaps):
            ended._keep([gaps.open] if gaps.open else [], c)
        return ended.waiting

    def _look(self, times: np.ndarray, values: np.ndarray, deviations: np.ndarray, threshold: float) -> None:
        size, kind = joint(self.monitor.calibration.standard(odd(deviations)))
        self._keep(self.alarms.push(size > threshold, size, kind, times, values))
        for c, gaps in enumerate(self.gaps):
            self._keep(gaps.push(np.isnan(values[:, c]), np.zeros(len(size)), kind, times, values), c)

    def _keep(self, over: list[dict], gap: int | None = None) -> None:
        """Alarms by what spoke; gaps (of channel `gap`) if they are long ones."""
        for event in over:
            c, k = (gap, None) if gap is not None else divmod(event["kind"], len(SCORES))
            if gap is None or seconds(event["end"] - event["start"]) > self.monitor.usual_gap:
                name, (low, high) = "gap" if k is None else SCORES[k], event["range"][:, c]
                size = np.nan if k is None else event["size"]
                self.waiting.append(event | {"channel": c, "kind": name, "size": size, "low": low, "high": high})
        self.waiting.sort(key=lambda row: row["first"])


def seconds(difference) -> float:
    """A difference of times in seconds, of numbers of samples as it is."""
    return difference / np.timedelta64(1, "s") if isinstance(difference, np.timedelta64) else difference


def longest(missing: np.ndarray, times: np.ndarray) -> float:
    """The longest run of missing values, bool [n, C], from the first to the last of it in seconds or samples; or -1."""
    found = [-1.0]
    for column in missing.T:
        runs = Events(1)
        over = runs.push(column, np.zeros(len(times)), np.zeros(len(times)), times, np.empty((len(times), 0)))
        found += [seconds(event["end"] - event["start"]) for event in [*over, *filter(None, [runs.open])]]
    return max(found)


def table(monitor, rows: list[dict], dtype, zone) -> pd.DataFrame:
    """Rows of a `Watch` as a table, times in their own zone."""
    columns = {}
    for name in ("start", "end", "peak"):
        columns[name] = pd.Index(np.array([row[name] for row in rows], dtype))
        if zone is not None:
            columns[name] = columns[name].tz_localize("UTC").tz_convert(zone)
    sizes = np.array([row["size"] for row in rows], np.float64)
    columns["p_value"] = np.full(len(rows), np.nan)
    if (known := ~np.isnan(sizes)).any():
        columns["p_value"][known] = monitor.calibration.rule.p_value(sizes[known])
    columns["kind"] = pd.array([row["kind"] for row in rows], dtype="str")
    columns |= {name: np.array([row[name] for row in rows], np.float64) for name in ("low", "high")}
    if len(monitor.names) > 1:
        columns["channel"] = pd.array([monitor.names[row["channel"]] for row in rows], dtype="str")
    return pd.DataFrame(columns)
