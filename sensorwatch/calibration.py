"""False events per day: a threshold from whole blocks of normal time, for overlapping windows are not exchangeable."""

import math
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from vaepaper import checks
from vaepaper.thresholds import Threshold

WINDOWS_A_BLOCK = 8  # so long that few events lie across the end of one, and that neighbours have little in common
FEWEST = 8  # blocks; a short calibration gets shorter ones, down to half a window
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
            ValueError: fewer scored points than four windows have; says how many are missing.
        """
        scored = ~np.isnan(odd).any(1)
        odd, signed = odd[scored], signed[scored]
        needed = FEWEST * window // 2
        if len(odd) < needed:
            raise ValueError(
                f"calibration needs {needed:,} scored points or more ({FEWEST // 2} windows); there are {len(odd):,}:"
                f" bring {needed - len(odd):,} more"
            )
        starts = _starts(len(odd), window)
        self.points, self.window, self.step = len(odd) / len(starts), window, step
        self.largest, self.means = np.maximum.reduceat(odd, starts), _means(signed, starts)
        return self.settle()

    def settle(self) -> Self:
        """From the blocks' maxima and means to units and the joint score's maxima."""
        x, n = self.largest, len(self.largest)
        self.centre, self.unit = x.mean(0), np.maximum(x.std(0, ddof=1), self._floors())
        others = (x.sum(0) - x) / (n - 1)
        squares = ((x - self.centre) ** 2).sum(0) - (x - self.centre) ** 2 * n / (
            n - 1
        )  # of the others about their mean
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
        number = int(len(signed) / self.points)
        return _means(signed, np.arange(number) * len(signed) // number)

    def _floors(self) -> np.ndarray:
        return np.tile(FLOORS, self.largest.shape[1] // len(FLOORS))

    def standard(self, odd: np.ndarray) -> np.ndarray:
        """Each score in units of its block maxima, [n, K]; NaN stays."""
        return (odd - self.centre) / self.unit

    @property
    def days(self) -> float:
        """Days a block."""
        return self.points * self.step / 86_400

    def threshold(self, per_day: float = 0.1, rate: float | None = None) -> float:
        """Above which the joint score raises an alarm, at so many false events per day, or per window's length.

        Events that come at random (Poisson) leave a block without one with probability exp(-expected).

        Raises:
            ValueError: too few blocks for that; says how much is missing, and what can be promised with these.
        """
        asked = checks.number(*(("per_day", per_day) if rate is None else ("rate", rate)), 0, above=True)
        if rate is None and math.isnan(self.step):
            raise ValueError(
                "the signal has no times, so nothing can be promised per day: give Monitor(step=seconds a sample), or"
                " ask for a rate (false events per window's length)"
            )
        length, unit = (self.days, "days") if rate is None else (self.points / self.window, "windows")
        share, blocks = -math.expm1(-asked * length), len(self.largest)
        needed = math.ceil(1 / share - 1e-9) - 1
        if blocks < needed:
            least = -math.log1p(-1 / (blocks + 1)) / length
            raise ValueError(
                f"{asked:g} false events per {unit[:-1]} need {needed * length:,.4g} {unit} of normal data to calibrate"
                f" on; there are {blocks * length:,.4g}. Bring {(needed - blocks) * length:,.3g} more, or ask for"
                f" {math.ceil(least * 1e4) / 1e4:g} or more"
            )
        return self.rule.at(share)


def threshold_of(score: ArrayLike, window: int, step: float, per_day: float) -> float:
    """The threshold of a single score, float64 [n] of normal time without gaps, by the same blocks and promise."""
    score = np.asarray(score, np.float64)
    starts = _starts(len(score), window)
    days = len(score) / len(starts) * step / 86_400
    return Threshold("conformal").fit(np.maximum.reduceat(score, starts)).at(-math.expm1(-per_day * days))


def _starts(points: int, window: int) -> np.ndarray:
    """Where the blocks begin: eight at least, of eight windows each if there are more."""
    number = max(FEWEST, points // (WINDOWS_A_BLOCK * window))
    return np.arange(number) * points // number


def _means(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The mean of each block of rows."""
    return np.add.reduceat(values, starts) / np.diff([*starts, len(values)])[:, None]
