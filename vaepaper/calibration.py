"""False events per day: a threshold from whole blocks of normal time, for overlapping windows are not exchangeable."""

import math
from typing import Self

import numpy as np

from vaepaper.thresholds import Threshold

WINDOWS_A_BLOCK = 8  # so long that few events lie across the end of one, and that neighbours have little in common
FEWEST = 8  # blocks; a short calibration gets shorter ones
# The least deviation of each of `channel.SCORES` that counts as one: where all blocks are alike, not every trifle.
FLOORS = np.array([0.01, 0.005, 0.002, 0.02, 0.02, 0.02, 0.5])


class Calibration:
    """The largest deviation of each score in each block of normal time, and one alarm over all scores.

    Each score is measured in what its block maxima usually are, u = (s - mean) / standard deviation, and the largest u
    of all scores is the joint score. The threshold is the conformal one of its block maxima; there each block is held
    against the mean and deviation of the *other* blocks, as a new one is held against all.

    (The ranks of `alarms.JointAlarm` need K times as many blocks for K scores, and blocks are dear: ten days for each
    false event in ten days.)
    """

    def fit(self, odd: np.ndarray, signed: np.ndarray, window: int, step: float) -> Self:
        """Learn from normal points.

        Args:
            odd: float64 [n, K], larger where odder, in time order; a row that is NaN was not scored. signed: the same
                before its sign was dropped. window: in points. step: seconds a point, NaN if unknown.

        Raises:
            ValueError: fewer than 8 windows' worth of scored points; says how many are missing.
        """
        scored = ~np.isnan(odd).any(1)
        odd, signed = odd[scored], signed[scored]
        if len(odd) < FEWEST * window:
            raise ValueError(
                f"calibration needs {FEWEST * window:,} scored points or more ({FEWEST} windows); there are"
                f" {len(odd):,}: bring {FEWEST * window - len(odd):,} more"
            )
        number = max(FEWEST, len(odd) // (WINDOWS_A_BLOCK * window))
        self.points, self.window, self.step = len(odd) / number, window, step
        self.largest = np.stack([block.max(0) for block in np.array_split(odd, number)])
        self.means = np.stack([block.mean(0) for block in np.array_split(signed, number)])
        return self.settle()

    def settle(self) -> Self:
        """From the blocks' maxima and means to units and the joint score's maxima."""
        x, n = self.largest, len(self.largest)
        self.centre, self.unit = x.mean(0), np.maximum(x.std(0, ddof=1), self._floors())
        others = (x.sum(0) - x) / (n - 1)
        squares = ((x - self.centre) ** 2).sum(0) - (x - self.centre) ** 2 * n / (n - 1)  # of the others about their mean
        unit = np.maximum(np.sqrt(np.maximum(squares, 0) / (n - 2)), self._floors())
        self.rule = Threshold("conformal").fit(((x - others) / unit).max(1))
        return self

    def block_means(self, signed: np.ndarray) -> np.ndarray:
        """Means over blocks as long as those of the calibration, [m, …]. Raises ValueError: fewer than four."""
        signed = signed[~np.isnan(signed).any(1)]
        if len(signed) < 4 * self.points:
            raise ValueError(
                f"the drift check needs {math.ceil(4 * self.points):,} scored points or more (four blocks of the"
                f" calibration's length); there are {len(signed):,}"
            )
        return np.stack([block.mean(0) for block in np.array_split(signed, int(len(signed) / self.points))])

    def _floors(self) -> np.ndarray:
        return np.tile(FLOORS, self.largest.shape[1] // len(FLOORS))

    def standard(self, odd: np.ndarray) -> np.ndarray:
        """Each score in units of its block maxima, [n, K]; NaN stays."""
        return (odd - self.centre) / self.unit

    @property
    def days(self) -> float:
        """Days a block."""
        return self.points * self.step / 86_400

    def expected(self, per_day: float | None, rate: float | None) -> float:
        """False events a block, from a promise per day or per window's length."""
        return per_day * self.days if rate is None else rate * self.points / self.window

    def threshold(self, per_day: float | None = None, rate: float | None = None) -> float:
        """Above which the joint score raises an alarm, at so many false events per day, or per window's length.

        Events that come at random (Poisson) leave a block without one with probability exp(-expected).

        Raises:
            ValueError: too few blocks for that; says how much is missing, and what can be promised with these.
        """
        share = -math.expm1(-self.expected(per_day, rate))
        blocks, needed = len(self.largest), math.ceil(1 / share - 1e-9) - 1
        if blocks < needed:
            least = -math.log1p(-1 / (blocks + 1))  # events a block
            if rate is None:
                raise ValueError(
                    f"{per_day:g} false events per day need {needed * self.days:.3g} days of normal data to calibrate on;"
                    f" there are {blocks * self.days:.3g}. Bring {(needed - blocks) * self.days:.3g} more, or ask for"
                    f" {least / self.days * 1.0005:.3g} per day or more"
                )
            windows = self.points / self.window
            raise ValueError(
                f"a rate of {rate:g} false events per window's length needs {needed * windows:,.0f} windows of normal"
                f" data to calibrate on; there are {blocks * windows:,.0f}. Bring {(needed - blocks) * windows:,.0f}"
                f" more, or ask for {least / windows * 1.0005:.3g} or more"
            )
        return self.rule.at(share)
