"""A signal in, alarms out: `Monitor` learns what is normal, takes a target rate, and watches on."""

import hashlib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load as read_arrays
from safetensors.numpy import save as serialise

from sensorwatch import windows
from sensorwatch.calibration import Calibration, Following, joint
from sensorwatch.channel import SCORES, Channel, Relation, columns_of
from sensorwatch.parts import split
from sensorwatch.stream import Points, Stream, Watch, pieces
from vaepaper import checks, paths

FORMAT = "sensorwatch monitor 4"
LEARNT = (  # what is saved beside the channels
    "window", "reason", "timed", "step", "limit", "usual_gap", "until", "follow", "direction", "at_least",
)  # fmt: skip
BLOCKS = ("largest", "means", "recent")  # of a calibration
DIRECTIONS = ("both", "up", "down")
MOMENTS = ["start", "end", "peak"]


class Monitor:
    """An auto-encoder's difference and plain scores beside it, under one alarm with a target rate.

    A signal is a pandas Series over times or numbers of samples, NaN where a value is missing. A DataFrame or
    a dict holds several channels, which share one alarm. An array is a signal of samples 0, 1, 2 …

    Args:
        window: points; None chooses by the signal's period (`windows.window_length`); `reason` says why.
        model: "AutoEncoder" or "VariationalAutoEncoder". latent, hidden, kl_weight: as in `vaepaper.models`.
        steps: of the optimiser. step: seconds a sample, if a signal has no times. seed: of weights, batches.
        follow: compare each score with the last 96 windows of the signal, so that what lasts becomes normal
            (`calibration.Following`). False alarms are then as many as the target rate says, or fewer, as
            long as neighbouring windows differ like those of the calibration.
        direction: "up" or "down" leaves alone what lies below, or above, what the network expects.
        at_least: so far a value must lie from what the network expects, or the level from the usual one, in
            the signal's unit; of several channels, by name. With either, false alarms are fewer than the
            target rate says.

    After `fit`: `channels` by name, `timed` (whether it has times), `step` (in seconds, None if unknown),
    `limit` (of a step, above which something is missing), `usual_gap`, `window` and its `reason`.
    """

    def __init__(
        self,
        window: int | None = None,
        model: str = "AutoEncoder",
        *,
        latent: int = 8,
        hidden: Sequence[int] = (128, 64),
        kl_weight: float = 0.05,
        steps: int = 3000,
        step: float | None = None,
        seed: int = 0,
        follow: bool = False,
        direction: str = "both",
        at_least: float | Mapping[str, float] = 0.0,
    ):
        self.window = None if window is None else checks.integer("window", window, 4)
        self.step = None if step is None else checks.number("step", step, 0, above=True)
        self.follow = checks.flag("follow", follow)
        self.direction = checks.one_of("direction", direction, DIRECTIONS)
        named = at_least if isinstance(at_least, Mapping) else {"": at_least}
        named = {name: checks.number(f"at_least {name}".strip(), size, 0) for name, size in named.items()}
        self.at_least = named if isinstance(at_least, Mapping) else named[""]
        self.settings = {
            "model": checks.one_of("model", model, ("AutoEncoder", "VariationalAutoEncoder")),
            **checks.validate(checks.SETTINGS, latent=latent, hidden=hidden, kl_weight=kl_weight, seed=seed),
            "steps": checks.integer("steps", steps),
        }
        self.reason = ""
        self.channels: dict[str, Channel] = {}
        self.relation: Relation | None = None
        self.until: int | None = None  # the last time that calibrates, in ns; what is later may be confirmed
        self._calibration: Calibration | None = None
        self._live: Watch | None = None
        self._passed: tuple[np.ndarray, np.ndarray, Points] | None = None  # the last signal: see `_pass`

    def fit(self, normal) -> Self:
        """Learn from a normal signal.

        Raises ValueError: a signal that is missing or too short; infinite values; times out of order.
        """
        times, values, names, _ = windows.as_arrays(normal)
        if isinstance(self.at_least, Mapping):
            for name in self.at_least:
                checks.one_of("a channel of at_least", name, names)
        self.timed, self.limit = times.dtype.kind == "M", 1.5  # samples
        if self.timed:
            index = pd.DatetimeIndex(times)
            self.step, self.limit = windows.usual_step(index), windows.gap_limit(index)
        chosen, self.reason = self.window is None, f"{self.window} points, as asked for"
        if chosen:
            self.window, self.reason = max(map(windows.window_length, values.T), key=lambda found: found[0])
        unit = self.step if self.timed else 1
        times, values, _ = windows.with_gaps(times, values, unit, self.limit)
        # A gap is told if it is longer than any in normal data, or than a window.
        longest_gap = windows.longest_gap(np.isnan(values), times)
        values = self._without_far_values(times, values, names)
        if chosen:
            longest = min(windows.longest_window(column, self.window) for column in values.T)
            if longest < self.window:
                self.window, self.reason = longest, f"{longest} points: gaps leave too few longer windows"
        self.relation = self._calibration = self._live = self._passed = None
        self.channels, channels = {}, {}  # ours only when all have been learnt
        for name, column in zip(names, values.T, strict=True):
            try:
                channels[name] = Channel(self.window, **self.settings).fit(column)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            run, last = windows.longest_constant(column)
            if run >= self.window:
                stays = f"{name} stays at {column[last]:g} for {run:,} points up to {times[last]}"
                stuck = "if the sensor was stuck there, fit again without it, or that counts as normal"
                warnings.warn(f"{stays} in its normal part: {stuck}", stacklevel=2)
        if len(names) > 1:
            relation = Relation(len(names), self.window, **self.settings)
            scaled = [channels[name].scaling(column) for name, column in zip(names, values.T, strict=True)]
            try:
                self.relation = relation.fit(np.stack(scaled, axis=1))
            except ValueError as error:
                warnings.warn(f"of all channels, {error}: how they relate is not watched", stacklevel=2)
        self.channels = channels
        self.usual_gap = min(longest_gap, self.window * unit)
        return self

    def calibrate(self, later_normal) -> Self:
        """Learn how anomalous normal time becomes, from a normal signal that took no part in `fit`.

        Raises ValueError: as `fit`; or fewer points than four windows have.
        """
        times, values, _, _ = self._read(later_normal)
        values = self._without_far_values(times, values, list(self.channels))
        deviations = self._pass(times, values).deviations
        self._calibration = Calibration.of(deviations, self.window, self.step or math.nan, self.follow)
        self.until, self._live = int(times[-1].astype(np.int64)) if self.timed else None, None
        return self

    def confirm(self, signal, alarms: pd.DataFrame, after=None) -> Self:
        """Say of a signal that was watched: all of it was normal but these alarms. Trains nothing.

        Its blocks join the calibration, those with such an alarm left out. So the threshold learns from
        false alarms, and a longer calibration supports lower target rates. Where there are times, what
        calibrates already, or is earlier, is left out; and what is not later than `after`, a time or number.

        Args:
            alarms: of `alarms`, without the false ones.

        Raises ValueError: a signal that cannot be read, another table, or no time.
        """
        calibration = self.calibration
        times, values, _, zone = self._read(signal)
        new = self._later(times, after, zone) & ~self._within(times, alarms, zone)
        if self.until is not None and len(times):
            new &= times.astype(np.int64) > self.until
            self.until = max(self.until, int(times[-1].astype(np.int64)))
        deviations = self._pass(times, values).deviations.copy()
        deviations[~new] = np.nan
        self._calibration, self._live = calibration.joined(deviations), None
        return self

    def refit(self, signal, alarms: pd.DataFrame) -> Self:
        """Learn anew from a signal that was watched: all of it was normal but these alarms (see `confirm`).

        Two fifths train, the remainder calibrates. Raises ValueError: as `fit` and `calibrate`.
        """
        times, values, real, zone = self._read(signal)
        values = np.where(self._within(times, alarms, zone)[:, None], np.nan, values)[real]
        normal = pd.DataFrame(values, _index_of(signal, times[real]), list(self.channels))
        training, later = split(normal, self.window)
        return self.fit(training).calibrate(later)

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_passed": None}

    @property
    def calibration(self) -> Calibration:
        """The blocks of normal time. Raises ValueError where there are none yet."""
        if self._calibration is None:
            raise ValueError("the monitor is not calibrated: call fit(normal), then calibrate(later_normal)")
        return self._calibration

    def deviations(self, signal) -> tuple[np.ndarray, np.ndarray, pd.Index]:
        """Float64 [n, C, K] of all rows and of rows put in for gaps; which are real; their index.

        It takes no calibration. What each deviation is: `channel.TABLE`; one channel has no "relation".
        """
        times, values, real, _ = self._read(signal)
        return self._pass(times, values).deviations, real, _index_of(signal, times[real])

    def _pass(self, times: np.ndarray, values: np.ndarray) -> Points:
        """What the networks say of a signal. The last one's is kept, so that it passes them only once."""
        if self._passed is not None:
            seen, known = self._passed[:2]
            if np.array_equal(times, seen) and np.array_equal(values, known, equal_nan=True):
                return self._passed[2]
        stream = Stream([*self.channels.values()], self.relation)
        found = [stream.push(*piece) for piece in pieces(times, values)]
        points = Points(*map(np.concatenate, zip(*found, stream.remaining(), strict=True)))
        points.deviations.setflags(write=False)  # callers get it, and so does the next call
        self._passed = times.copy(), values.copy(), points
        return points

    def scores(self, signal) -> pd.DataFrame:
        """Each score at each point, z-normalised by its block maxima; NaN where a gap leaves none."""
        deviations, real, index = self.deviations(signal)
        calibration = self.calibration
        standard = Following(calibration)(deviations)[0] if self.follow else calibration.standard(deviations)
        return pd.DataFrame(standard[real], index, columns_of([*self.channels]))

    def score(self, signal) -> pd.Series:
        """The joint score of each point: the largest of `scores`."""
        scores = self.scores(signal)
        return pd.Series(joint(scores.to_numpy()), scores.index, name="score")

    def expected(self, signal) -> pd.DataFrame:
        """Each channel as its network rebuilds it, in its unit: the mean of windows that cover a point."""
        times, values, real, _ = self._read(signal)
        outputs = self._pass(times, values).expected[real]
        return pd.DataFrame(outputs, _index_of(signal, times[real]), [*self.channels])

    def alarms(self, signal, per_day: float = 0.1, rate: float | None = None) -> pd.DataFrame:
        """Alarms and gaps of a signal, in order; the target: false events per day, or per window's length.

        Returns:
            start, end, peak (times or samples), p_value (the share of normal blocks with such a point),
            tail_p (the same, modelled: see `Calibration.tail_p`), severity (the score at the peak, over the
            threshold), lasting (whether it ended because its scores stayed as high for eight windows: see
            `calibration.AsCalibrated`), triggered_by (the largest score there, or "gap"), low and high (of
            the values in between); of several channels, also which.

        Raises ValueError: too little calibration data (says how much), or a signal that cannot be read.
        """
        watch = self._watch()
        watch.threshold = self.calibration.threshold(per_day, rate)
        times, values, _, zone = self._read(signal)
        points = self._pass(times, values)
        found = [row for part in pieces(*points) for row in watch.look(Points(*part))]
        return self._table(found + watch.remaining(), zone)

    def _watch(self) -> Watch:
        """A watch that has seen nothing yet."""
        names, named = [*self.channels], self.at_least
        named = named if isinstance(named, Mapping) else dict.fromkeys(names, named)
        least = np.array([named.get(name, 0) for name in names])
        stream = Stream([*self.channels.values()], self.relation)
        return Watch(stream, names, self.calibration, self.usual_gap, self.direction, least)

    def update(self, chunk, per_day: float = 0.1, rate: float | None = None) -> pd.DataFrame:
        """Take the points that came since the last call; give back the alarms that are over, as `alarms`.

        A point is judged when all windows that cover it have been seen; `pending` says what is not over yet.

        Raises ValueError: as `alarms`; or points that are not later than those before. Nothing is taken then.
        """
        live = self._live or self._watch()
        threshold = live.threshold
        if live.target != (per_day, rate):
            threshold = self.calibration.threshold(per_day, rate)
        times, values, _, zone = self._read(chunk, live.last)
        if live.last is not None and (zone is None) != (live.zone is None):
            raise ValueError("some times have a zone and some have none; write them all alike")
        live.target, live.threshold, live.zone = (per_day, rate), threshold, zone
        self._live, live.last = live, times[-1] if len(times) else live.last
        return self._table(live.push(times, values) if len(times) else [], zone)

    @property
    def pending(self) -> pd.DataFrame:
        """What `update` has seen begin and not end, as if the signal ended here."""
        live = self._live or self._watch()
        return self._table(live.remaining(), live.zone)

    def drift(self, signal, after=None) -> pd.DataFrame:
        """Whether normal is still what it was at calibration: one row a score, see `calibration.compare`.

        Only what is later than `after`, a time or number, counts. Raises ValueError: less than four blocks of
        calibration's length; says how many points are needed.
        """
        times, values, _, zone = self._read(signal)
        deviations = self._pass(times, values).deviations[self._later(times, after, zone)]
        return self.calibration.drift(deviations, columns_of([*self.channels], drifts=True))

    def save(self, folder: str | Path) -> Path:
        """Leave monitor.safetensors and monitor.json in `folder`, nothing of `update`'s state; returns it."""
        folder, calibration = Path(folder), self.calibration
        blocks = {name: getattr(calibration, name) for name in BLOCKS}
        arrays = {f"calibration.{name}": array for name, array in blocks.items()}
        for c, channel in enumerate(self.channels.values()):
            arrays |= {f"channel{c}.{name}": array for name, array in channel.state().items()}
        if self.relation:
            arrays |= {f"relation.{name}": array for name, array in self.relation.state().items()}
        learnt = {name: getattr(self, name) for name in LEARNT}
        learnt |= {"channels": [*self.channels], "points_a_block": calibration.points}
        body = serialise({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        monitor = {"settings": self.settings, "learnt": learnt}
        head = {"format": FORMAT, "scores": SCORES, "sha256": _digest(monitor, body), "monitor": monitor}
        with paths.atomic_write(folder / "monitor.safetensors") as part:
            part.write_bytes(body)
        with paths.atomic_write(folder / "monitor.json") as part:
            part.write_text(json.dumps(head, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """A saved monitor. Raises FileNotFoundError, or ValueError if it is damaged or another version's."""
        monitor, arrays = _read_files(Path(folder))
        found, learnt = cls(**monitor["settings"]), monitor["learnt"]
        for name in LEARNT:
            setattr(found, name, learnt[name])

        def state(of: str) -> dict[str, np.ndarray]:
            return {name.removeprefix(of): array for name, array in arrays.items() if name.startswith(of)}

        for c, channel in enumerate(learnt["channels"]):
            found.channels[channel] = Channel(found.window, **found.settings).restore(state(f"channel{c}."))
        if related := state("relation."):
            relation = Relation(len(found.channels), found.window, **found.settings)
            found.relation = relation.restore(related)
        blocks = [arrays[f"calibration.{name}"] for name in BLOCKS]
        points = learnt["points_a_block"], found.window, found.step or math.nan
        found._calibration = Calibration(*blocks, *points, found.follow)
        return found

    def _without_far_values(self, times: np.ndarray, values: np.ndarray, names: list[str]) -> np.ndarray:
        """Normal values, those far from all others left out with a warning: they would hide all else."""
        values = values.copy()
        for name, column in zip(names, values.T, strict=True):
            far = windows.far_values(column)
            if far.any():
                holds = f"{name} holds {far.sum():,} values far from all others in its normal part"
                first = f"the first {column[far.argmax()]:g} at {times[far.argmax()]}"
                hint = "left out there (if it means missing, say so when reading the file)"
                warnings.warn(f"{holds}, {first}: {hint}", stacklevel=3)
                column[far] = np.nan
        return values

    def _moment(self, time, zone) -> np.datetime64 | int:
        """A time in UTC, or a number, as `_read` gives them; a time without a zone is the signal's."""
        if not self.timed:
            return checks.integer("a place in the signal", time, -checks.LARGEST)
        try:
            time = pd.Timestamp(time if not isinstance(time, int | float) else str(time))
        except (ValueError, TypeError):
            raise ValueError(f"{checks.shown(time)} is no time") from None
        time = time.tz_localize(zone) if time.tz is None else time
        return (time.tz_convert("UTC").tz_localize(None) if time.tz else time).to_datetime64()

    def _later(self, times: np.ndarray, after, zone) -> np.ndarray:
        """Which times are later, bool [n]; all if it is None."""
        return np.ones(len(times), bool) if after is None else times > self._moment(after, zone)

    def _within(self, times: np.ndarray, alarms: pd.DataFrame, zone) -> np.ndarray:
        """Which times lie in an alarm, bool [n]; gaps are none."""
        if not isinstance(alarms, pd.DataFrame) or not {"start", "end", "triggered_by"} <= {*alarms}:
            raise ValueError(f"alarms are {checks.kind(alarms)}; expected a table that Monitor.alarms gave")
        found = np.zeros(len(times), bool)
        for row in alarms[alarms.triggered_by != "gap"].itertuples():
            found |= (times >= self._moment(row.start, zone)) & (times <= self._moment(row.end, zone))
        return found

    def _read(self, signal, last=None) -> tuple[np.ndarray, np.ndarray, np.ndarray, object]:
        """Times and values, NaN put in for gaps; which rows are real; the zone. Raises ValueError."""
        if not self.channels:
            raise ValueError("the monitor has learnt nothing: call fit(normal), then calibrate(later_normal)")
        times, values, _, zone = windows.as_arrays(signal, [*self.channels], last)
        if (times.dtype.kind == "M") != self.timed:
            has, learnt = ("no times", "times") if self.timed else ("times", "none")
            raise ValueError(f"this signal has {has}; the one that was learnt has {learnt}")
        if self.timed and len(times) > 20:  # fewer may be further apart by chance
            step = windows.usual_step(pd.DatetimeIndex(times))
            if not 0.5 <= step / self.step <= 2:
                has = f"this signal has a value every {step:g} s"
                raise ValueError(f"{has}; the one that was learnt, every {self.step:g} s")
        unit = self.step if self.timed else 1
        return *windows.with_gaps(times, values, unit, self.limit, last), zone

    def _table(self, rows: list[dict], zone) -> pd.DataFrame:
        """Rows of a `Watch` as a table, times in their own zone."""
        none = _no_rows("datetime64[ns]" if self.timed else "int64", zone, len(self.channels) > 1)
        if not rows:
            return none.copy(deep=False)  # pandas copies when written to
        table = pd.DataFrame(rows, columns=[*none])
        if zone is not None:
            for name in MOMENTS:
                table[name] = table[name].dt.tz_localize("UTC").dt.tz_convert(zone)
        return table.astype(none.dtypes)


@lru_cache(maxsize=64)
def _no_rows(time: str, zone, several: bool) -> pd.DataFrame:
    """What most calls of `update` find: to make it anew each time would take longer than all else."""
    columns = dict.fromkeys(MOMENTS, pd.DatetimeTZDtype("ns", zone) if zone is not None else time)
    columns |= dict.fromkeys(("p_value", "tail_p", "severity"), "float64") | {"triggered_by": "str"}
    columns |= {"lasting": "bool", "low": "float64", "high": "float64", "channel": "str"}
    if not several:
        del columns["channel"]
    return pd.DataFrame(columns=[*columns]).astype(columns)


def _index_of(signal, times: np.ndarray) -> pd.Index:
    """A signal's own index, or its times."""
    own = getattr(signal, "index", None)
    return own if isinstance(own, pd.Index) else pd.Index(times)


def _digest(monitor: dict, body: bytes) -> str:
    return hashlib.sha256(json.dumps(monitor, indent=1, ensure_ascii=False).encode() + body).hexdigest()


def _read_files(folder: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """What `Monitor.save` left, checked: settings and what was learnt, and all arrays."""
    described, weights = folder / "monitor.json", folder / "monitor.safetensors"
    for path in (described, weights):
        if not path.is_file():
            raise FileNotFoundError(f"no monitor in {folder}: there is no {path.name}")
    try:
        head, body = json.loads(described.read_text(encoding="utf-8")), weights.read_bytes()
        if head["format"] != FORMAT or tuple(head["scores"]) != SCORES:
            other, ours = f"{head['format']!r} with {head['scores']}", f"{FORMAT!r} with {[*SCORES]}"
            raise ValueError(f"{described} is of another version ({other}; this is {ours}): train it again")
        if _digest(head["monitor"], body) != head["sha256"]:
            raise ValueError(f"{folder}: the monitor was altered after it was saved; train it again")
        return head["monitor"], read_arrays(body)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, SafetensorError) as error:
        raise ValueError(f"{described} is not a complete monitor ({error}); train it again") from None
