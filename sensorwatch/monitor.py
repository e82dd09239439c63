"""A signal in, alarms out: `Monitor` learns what is normal, promises false events per day, and watches on."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pandas as pd

from sensorwatch import drift, stored, stream
from sensorwatch.calibration import Calibration
from sensorwatch.channel import SCORES
from sensorwatch.sensors import Sensors
from sensorwatch.watch import Watch, joint, odd, signed, table


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
        network = {"network": model, "latent": latent, "hidden": hidden, "kl_weight": kl_weight}
        self.sensors = Sensors(window, step, network | {"steps": steps, "seed": seed})
        self._calibration: Calibration | None = None
        self._live: Watch | None = None

    def fit(self, normal) -> Self:
        """Learn from a normal signal.

        Raises:
            ValueError: a signal that is constant, missing or too short, has infinite values, or times out of order.
        """
        self.sensors.fit(normal)
        self._calibration = self._live = None
        return self

    def calibrate(self, later_normal) -> Self:
        """Learn how odd normal time becomes, from a normal signal that took no part in `fit`.

        Raises:
            ValueError: as `fit`; or fewer points than four windows have.
        """
        deviations, step = self.sensors.deviations(later_normal)[0], self.sensors.step or math.nan
        self._calibration = Calibration().fit(odd(deviations), signed(deviations), self.window, step)
        self._live = None
        return self

    @property
    def window(self) -> int | None:
        """Points a window."""
        return self.sensors.window

    @property
    def reason(self) -> str:
        """Why it is that many."""
        return self.sensors.reason

    @property
    def calibration(self) -> Calibration:
        """The blocks of normal time. Raises ValueError where there are none yet."""
        if self._calibration is None:
            raise ValueError("the monitor is not calibrated: call fit(normal), then calibrate(later_normal)")
        return self._calibration

    def scores(self, signal) -> pd.DataFrame:
        """Each score at each point, in units of its block maxima (mean 0, deviation 1); NaN where a gap leaves none."""
        deviations, real, index = self.sensors.deviations(signal)
        return pd.DataFrame(self.calibration.standard(odd(deviations))[real], index, self.sensors.each(SCORES))

    def score(self, signal) -> pd.Series:
        """The joint score of each point: the largest of `scores`."""
        scores = self.scores(signal)
        return pd.Series(joint(scores.to_numpy())[0], scores.index, name="score")

    def expected(self, signal) -> pd.DataFrame:
        """What the network makes of each channel, in its unit: the mean output of all windows that cover a point."""
        return self.sensors.expected(signal)

    def alarms(self, signal, per_day: float = 0.1, rate: float | None = None) -> pd.DataFrame:
        """The alarms and the gaps of a signal, in order.

        Returns:
            start, end, peak (times or samples), p_value (of normal blocks of time, how many hold so odd a point),
            triggered_by (the score with the largest deviation, or "gap"), low and high (of the values in between); of
            several channels, also which.

        Args:
            per_day, rate: false events that are promised per day, or else per window's length. No training is needed.

        Raises:
            ValueError: too little calibration data for that (says how much), or a signal that cannot be read.
        """
        threshold, watch = self.calibration.threshold(per_day, rate), Watch(self.sensors, self.calibration)
        times, values, _, zone = self.sensors.read(signal)
        found = [row for piece in stream.pieces(times, values) for row in watch.push(*piece, threshold)]
        return table(watch, found + watch.rest(threshold), str(times.dtype), zone)

    def update(self, chunk, per_day: float = 0.1, rate: float | None = None) -> pd.DataFrame:
        """Take the points that came since the last call, one or many; give back the alarms that are over, as `alarms`.

        A point is judged when all windows that cover it have been seen; `pending` says what is not over yet.

        Raises:
            ValueError: as `alarms`; or points that are not later than those before. Nothing is taken then.
        """
        live = self._live or Watch(self.sensors, self.calibration)
        if live.promise != (per_day, rate):
            live.promise, live.threshold = (per_day, rate), self.calibration.threshold(per_day, rate)
        times, values, _, live.zone = self.sensors.read(chunk, live.last)
        self._live = live
        if not len(times):
            return table(live, [], str(times.dtype), live.zone)
        live.last = times[-1]
        return table(live, live.push(times, values, live.threshold), str(times.dtype), live.zone)

    @property
    def pending(self) -> pd.DataFrame:
        """What `update` has seen begin and not end, as if the signal ended here."""
        live = self._live or Watch(self.sensors, self.calibration)
        return table(live, live.rest(live.threshold), "datetime64[ns]" if self.sensors.timed else "int64", live.zone)

    def drift(self, recent) -> pd.DataFrame:
        """Whether normal is still what it was at calibration: one row a score, see `drift.compare`.

        Raises:
            ValueError: less than four blocks of calibration's length; says how many points are needed.
        """
        means = self.calibration.block_means(signed(self.sensors.deviations(recent)[0]))
        return drift.compare(self.calibration.means, means, self.sensors.each(drift.SCORES))

    def save(self, folder: str | Path) -> Path:
        """Leave monitor.safetensors and monitor.json in `folder`, nothing of `update`'s state; returns it."""
        return stored.save(self.sensors, self.calibration, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """A saved monitor. Raises FileNotFoundError, or ValueError if it is damaged or another version's."""
        monitor = cls()
        monitor.sensors, monitor._calibration = stored.load(Path(folder))
        return monitor
