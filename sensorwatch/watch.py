"""Deviations against a threshold: alarms and gaps, given out in the order in which they began."""

import copy
from functools import lru_cache

import numpy as np
import pandas as pd

from sensorwatch import drift
from sensorwatch.calibration import Calibration
from sensorwatch.channel import SCORES, SIDED
from sensorwatch.events import Events, seconds
from sensorwatch.sensors import Sensors
from sensorwatch.stream import Stream

STUCK = SCORES.index("stuck")


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

    def __init__(self, sensors: Sensors, calibration: Calibration):
        self.sensors, self.calibration, self.stream = sensors, calibration, Stream(sensors.channels)
        self.alarms, self.gaps = Events(sensors.window), [Events(1) for _ in sensors.channels]
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
        ended._look(*self.stream.rest(), threshold)
        ended._keep([ended.alarms.open] if ended.alarms.open else [])
        for c, gaps in enumerate(ended.gaps):
            ended._keep([gaps.open] if gaps.open else [], c)
        return ended.waiting

    def _look(self, times: np.ndarray, values: np.ndarray, deviations: np.ndarray, threshold: float) -> None:
        standard = self.calibration.standard(odd(deviations))
        size, kind = joint(standard)
        # A value that stands still moves other scores, too, and further; but then it is stuck, whatever they say.
        stuck = (standard[:, STUCK :: len(SCORES)] > threshold) & (size > threshold)[:, None]
        kind = np.where(stuck.any(1), STUCK + len(SCORES) * stuck.argmax(1), kind)
        self._keep(self.alarms.push(size > threshold, size, kind, times, values))
        for c, gaps in enumerate(self.gaps):
            self._keep(gaps.push(np.isnan(values[:, c]), np.zeros(len(size)), kind, times, values), c)

    def _keep(self, over: list[dict], gap: int | None = None) -> None:
        """Alarms by what spoke; gaps (of channel `gap`) if they are long ones."""
        for event in over:
            c, k = (gap, None) if gap is not None else divmod(event["kind"], len(SCORES))
            if gap is None or seconds(event["end"] - event["start"]) > self.sensors.usual_gap:
                name, (low, high) = "gap" if k is None else SCORES[k], event["range"][:, c]
                size = np.nan if k is None else event["size"]
                self.waiting.append(
                    event | {"channel": c, "triggered_by": name, "size": size, "low": low, "high": high}
                )
        self.waiting.sort(key=lambda row: row["first"])


def table(watch: Watch, rows: list[dict], dtype: str, zone) -> pd.DataFrame:
    """Rows of a `Watch` as a table, times in their own zone."""
    names = tuple(watch.sensors.names) if len(watch.sensors.names) > 1 else ()
    if not rows:
        return _no_rows(dtype, zone, names).copy(deep=False)  # pandas copies when written to
    sizes = np.array([row["size"] for row in rows], np.float64)
    p, known = np.full(len(rows), np.nan), ~np.isnan(sizes)  # a gap has neither
    if known.any():
        p[known] = watch.calibration.rule.p_value(sizes[known])
    return _as_table(rows, p, dtype, zone, names)


@lru_cache(maxsize=64)
def _no_rows(dtype: str, zone, names: tuple[str, ...]) -> pd.DataFrame:
    """What most calls of `update` find: to make it anew each time would take longer than all the rest."""
    return _as_table([], np.empty(0), dtype, zone, names)


def _as_table(rows: list[dict], p: np.ndarray, dtype: str, zone, names: tuple[str, ...]) -> pd.DataFrame:
    columns = {name: pd.Index(np.array([row[name] for row in rows], dtype)) for name in ("start", "end", "peak")}
    if zone is not None:
        columns = {name: times.tz_localize("UTC").tz_convert(zone) for name, times in columns.items()}
    columns |= {"p_value": p, "triggered_by": pd.array([row["triggered_by"] for row in rows], dtype="str")}
    columns |= {name: np.array([row[name] for row in rows], np.float64) for name in ("low", "high")}
    if names:
        columns["channel"] = pd.array([names[row["channel"]] for row in rows], dtype="str")
    return pd.DataFrame(columns)
