"""A signal in, alarms out: `Monitor` learns what is normal, promises false events per day, and watches on."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from vaepaper import checks, drift, stored, stream
from vaepaper.calibration import Calibration
from vaepaper.channel import SCORES, Channel
from vaepaper.watch import Watch, joint, longest, odd, signed, table
from vaepaper.windows import gap_limit, usual_step, window_length


class Monitor:
    """An auto-encoder's difference, and what is plain besides it, under one alarm that promises false events per day.

    A signal is a pandas Series over times or numbers of samples, NaN where a value is missing; a DataFrame or a dict
    holds several channels, which share one alarm. An array is a signal of samples 0, 1, 2 …

    Args:
        window: points; None chooses by the signal's period (`windows.window_length`) and says why in `reason`.
        model: "AutoEncoder" or "VariationalAutoEncoder". latent, hidden, kl_weight: as in `models`.
        steps: of the optimiser. step: seconds a sample, for a signal without times. seed: of weights and batches.
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
    ):
        self.window = None if window is None else checks.whole("window", window, 4)
        self.step = None if step is None else checks.number("step", step, 0, above=True)
        checks.word("model", model, ("AutoEncoder", "VariationalAutoEncoder"))
        self.network = {"network": model, "latent": latent, "hidden": checks.sizes("hidden", hidden)}
        self.network |= {"kl_weight": checks.number("kl_weight", kl_weight, 0)}
        self.network |= {"steps": checks.whole("steps", steps), "seed": checks.whole("seed", seed, 0)}

    def fit(self, normal) -> Self:
        """Learn from a normal signal.

        Raises:
            ValueError: a signal that is constant, missing or too short, has infinite values, or times out of order.
        """
        times, values, self.names, _ = stream.rows(normal)
        self.timed, self.limit = times.dtype.kind == "M", 1.5  # samples
        if self.timed:
            self.step, self.limit = usual_step(pd.DatetimeIndex(times)), gap_limit(pd.DatetimeIndex(times))
        if self.window is None:
            lengths = [window_length(column) for column in values.T]
            self.window, self.reason = max(lengths, key=lambda found: found[0])
            self.window = max(4, self.window)
        else:
            self.reason = f"{self.window} points, as asked for"
        times, values, _ = stream.with_gaps(times, values, self.unit, self.limit)
        self.channels = []
        for name, column in zip(self.names, values.T, strict=True):
            try:
                self.channels.append(Channel(self.window, **self.network).fit(column))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        # A gap is told if it is longer than any in normal data, or than a window.
        self.usual_gap = min(longest(np.isnan(values), times), self.window * self.unit)
        self.calibration, self.live = None, None
        return self

    def calibrate(self, later_normal) -> Self:
        """Learn how odd normal time becomes, from a normal signal that took no part in `fit`.

        Raises:
            ValueError: as `fit`; or fewer than eight windows.
        """
        deviations, _, _ = self._deviations(later_normal)
        self.calibration = Calibration().fit(odd(deviations), signed(deviations), self.window, self.step or math.nan)
        self.live = None
        return self

    def scores(self, signal) -> pd.DataFrame:
        """Each score at each point, in units of its block maxima: mean 0, deviation 1 over blocks of normal time.

        A score of a point is the mean over all windows that cover it; NaN where a gap leaves no window.
        """
        deviations, real, index = self._deviations(signal)
        names = [name if len(self.names) == 1 else f"{channel}: {name}" for channel in self.names for name in SCORES]
        return pd.DataFrame(self._calibrated().standard(odd(deviations))[real], index, names)

    def score(self, signal) -> pd.Series:
        """The joint score of each point: the largest of `scores`."""
        scores = self.scores(signal)
        return pd.Series(joint(scores.to_numpy())[0], scores.index, name="score")

    def expected(self, signal) -> pd.DataFrame:
        """What the network makes of each channel, in its unit: the mean output of all windows that cover a point."""
        times, values, real, _ = self._read(signal)
        outputs = [channel.output(column)[real] for channel, column in zip(self.channels, values.T, strict=True)]
        return pd.DataFrame(dict(zip(self.names, outputs, strict=True)), getattr(signal, "index", times[real]))

    def threshold(self, per_day: float = 0.1, rate: float | None = None) -> float:
        """Where an alarm begins, for so many false events per day, or (`rate`) per window's length.

        Raises:
            ValueError: too little calibration data for it, or a promise per day for a signal without times.
        """
        checks.number("rate" if rate is not None else "per_day", per_day if rate is None else rate, 0, above=True)
        if rate is None and math.isnan(self._calibrated().step):
            raise ValueError(
                "the signal has no times, so nothing can be promised per day: give Monitor(step=seconds a sample), or"
                " ask for a rate (false events per window's length)"
            )
        return self._calibrated().threshold(per_day, rate)

    def alarms(self, signal, per_day: float = 0.1, rate: float | None = None) -> pd.DataFrame:
        """The alarms and the gaps of a signal, in order.

        Returns:
            start, end, peak (times or samples), p_value (the share of normal blocks of time that hold so odd a point),
            kind (the score that spoke, or "gap"), low and high (of the values from start to end); of several channels,
            also which.

        Raises:
            ValueError: as `threshold`, and for a signal that cannot be read (see `fit`).
        """
        threshold, watch = self.threshold(per_day, rate), Watch(self)
        times, values, _, zone = self._read(signal)
        found = [row for piece in stream.pieces(times, values) for row in watch.push(*piece, threshold)]
        return table(self, found + watch.rest(threshold), times.dtype, zone)

    def update(self, chunk, per_day: float = 0.1, rate: float | None = None) -> pd.DataFrame:
        """Take the points that came since the last call, one or many; give back the alarms that are over, as `alarms`.

        A point is judged when all windows that cover it have been seen; `pending` says what is not over yet.

        Raises:
            ValueError: as `alarms`; or points that are not later than those before. Nothing is taken then.
        """
        live = self.live or Watch(self)
        if live.promise != (per_day, rate):
            live.promise, live.threshold = (per_day, rate), self.threshold(per_day, rate)
        times, values, _, live.zone = self._read(chunk, live.last)
        self.live = live
        if len(times):
            live.last = times[-1]
        return table(self, live.push(times, values, live.threshold) if len(times) else [], times.dtype, live.zone)

    @property
    def pending(self) -> pd.DataFrame:
        """What `update` has seen begin and not end, as if the signal ended here."""
        live = self.live or Watch(self)
        return table(self, live.rest(live.threshold), "M8[ns]" if self.timed else "i8", live.zone)

    def drift(self, recent) -> pd.DataFrame:
        """Whether normal is still what it was at calibration: one row a score, see `drift.compare`.

        Raises:
            ValueError: less than four blocks of calibration's length; says how many points are missing.
        """
        means = self._calibrated().block_means(signed(self._deviations(recent)[0]))
        names = [name if len(self.names) == 1 else f"{c}: {name}" for c in self.names for name in drift.SCORES]
        return drift.compare(self.calibration.means, means, names)

    def save(self, folder: str | Path) -> Path:
        """Leave monitor.safetensors and monitor.json in `folder` (nothing of `update`'s state); returns it."""
        return stored.save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """A saved monitor. Raises FileNotFoundError, or ValueError if it is damaged or another version's."""
        return stored.load(cls, Path(folder))

    @property
    def unit(self) -> float:
        """The usual step in seconds, or 1 sample."""
        return self.step if self.timed else 1

    def _calibrated(self) -> Calibration:
        if getattr(self, "calibration", None) is None:
            raise ValueError("the monitor is not calibrated: call fit(normal), then calibrate(later_normal)")
        return self.calibration

    def _read(self, signal, last=None):
        """Times, values, which rows are real (not put in for a gap), and the zone."""
        if not hasattr(self, "channels"):
            raise ValueError("the monitor has learnt nothing yet: call fit(normal), then calibrate(later_normal)")
        times, values, _, zone = stream.rows(signal, self.names, last)
        if (times.dtype.kind == "M") != self.timed:
            raise ValueError(f"this signal has {'no ' * self.timed}times; the one learnt has{' none' * (not self.timed)}")
        return *stream.with_gaps(times, values, self.unit, self.limit, last), zone

    def _deviations(self, signal) -> tuple[np.ndarray, np.ndarray, pd.Index]:
        """Of all rows [n, C, K], which of them are real, and the real ones' index."""
        times, values, real, _ = self._read(signal)
        through = stream.Stream(self.channels)
        found = [through.push(*piece)[2] for piece in stream.pieces(times, values)]
        index = signal.index if hasattr(signal, "index") else pd.Index(times[real])
        return np.concatenate([*found, through.rest()[2]]), real, index
