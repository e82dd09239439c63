"""False events per day: a threshold from blocks of normal time, as overlapping windows are no draws."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import beta

from sensorwatch.channel import TABLE
from vaepaper import checks
from vaepaper.thresholds import Threshold

# So long that few events lie across the end of one, and that neighbours have little in common.
WINDOWS_A_BLOCK = 8
FEWEST = 8  # blocks; a short calibration gets shorter ones, down to half a window
ONE_SIDED = np.array([score.one_sided for score in TABLE])
FLOORS = np.array([score.floor for score in TABLE])
TINY, TRIVIAL = 1e-9, 0.5  # of standard scores
FOLLOWED = 96  # blocks of one window: how far back a monitor that follows looks
LASTING, AGAIN = 8, 1.5  # blocks of one window that make a change a lasting one; what is new after it
TRIFLE = 10  # floors: what counts as anomalous at least, to a monitor that follows
DRIFTS = np.array([score.drifts for score in TABLE])
DRIFT_LEVEL = 0.05  # where there is no drift, it is said in at most so many records
JUMP = 0.01  # the share of its wealth that the drift check moves from bet to bet


class Calibration:
    """The largest deviation of each score in each block of normal time, and one alarm over all scores.

    Each score is z-normalised by its block maxima, u = (s - mean) / standard deviation, and the largest u of
    all scores is the joint score. The threshold is the conformal one of its block maxima; there each block is
    compared with the mean and deviation of the *other* blocks, as a new one is compared with all.

    (The ranks of `alarms.JointAlarm` need K times as many blocks for K scores, and blocks are expensive: ten
    days for each false event in ten days.)

    Args:
        largest: maxima of anomaly scores [blocks, C × K]. means: of deviations that tell of drift.
        recent: likewise of blocks of one window, for rates beyond what longer blocks can tell.
        points: a block. window: in points. step: seconds a point, NaN if unknown.
        follow: compare with the blocks of one window alone (see `Following`).
    """

    def __init__(
        self, largest: np.ndarray, means: np.ndarray, recent: np.ndarray,
        points: float, window: int, step: float, follow: bool = False,
    ):  # fmt: skip
        self.largest, self.means, self.recent, self.follow = largest, means, recent, follow
        self.points, self.window, self.step = points, window, step
        floors = floors_of(largest.shape[1])
        self.centre = largest.mean(0)
        self.unit = np.maximum(largest.std(0, ddof=1), floors)
        # Each block against the mean and the standard deviation of all blocks but itself.
        n, squares = len(largest), (largest - self.centre) ** 2
        mean = (largest.sum(0) - largest) / (n - 1)
        deviation = np.sqrt(np.maximum(squares.sum(0) - squares * n / (n - 1), 0) / (n - 2))
        sizes, self.block = ((largest - mean) / np.maximum(deviation, floors)).max(1), points
        self.short = Threshold("conformal").fit(((recent - self.centre) / self.unit).max(1))
        if follow:
            before = TRIFLE * floors + np.zeros_like(recent)
            for back in range(1, min(FOLLOWED + 1, len(recent))):
                before = np.maximum(before, np.roll(recent, back, axis=0))
            sizes, self.block = (recent / before).max(1), window
        self.rule = Threshold("conformal").fit(sizes)

    @classmethod
    def of(cls, deviations: np.ndarray, window: int, step: float, follow: bool = False) -> Self:
        """Learn from deviations [n, C, K] of normal points in order of time; NaN where there was no score."""
        deviations = _scored(deviations)
        needed, n = FEWEST * window // 2, len(deviations)
        if n < needed:
            points = f"{needed:,} scored points or more ({FEWEST // 2} windows)"
            raise ValueError(f"calibration needs {points}; there are {n:,}: bring {needed - n:,} more")
        starts = _starts(n, window)
        return cls(*_blocks(deviations, starts, window), n / len(starts), window, step, follow)

    def joined(self, deviations: np.ndarray) -> Self:
        """This calibration and the blocks of further normal points, deviations [n, C, K] in order of time."""
        new = _blocks(*self._cut(_scored(deviations)), self.window)
        both = map(np.concatenate, zip((self.largest, self.means, self.recent), new, strict=True))
        return type(self)(*both, self.points, self.window, self.step, self.follow)

    def standard(self, deviations: np.ndarray) -> np.ndarray:
        """Deviations [n, C, K] → anomaly scores in units of their block maxima [n, C × K]; NaN stays."""
        return (_anomaly_scores(deviations) - self.centre) / self.unit

    @property
    def days(self) -> float:
        """Days a block of the threshold's."""
        return self.block * self.step / 86_400

    @property
    def blocks(self) -> int:
        """How many blocks the threshold comes from."""
        return len(self.rule.normal)

    def threshold(self, per_day: float = 0.1, rate: float | None = None) -> float:
        """Above which the joint score raises an alarm, for a target rate per day, or per window's length.

        Events that come at random (Poisson) leave a block without one with probability exp(-expected). So
        blocks tell up to log(blocks + 1) events each; of higher rates, blocks of one window tell more.

        Raises ValueError: too few blocks for that; says how much is missing, and which rate these allow.
        """
        if rate is not None:
            asked, unit = checks.number("rate", rate, 0, above=True), "window"
            length = self.block / self.window
        elif math.isnan(self.step):
            ways = "give Monitor(step=seconds a sample), or ask for a rate (false events per window's length)"
            raise ValueError(f"the signal has no times, so there is no rate per day: {ways}")
        else:
            asked, length, unit = checks.number("per_day", per_day, 0, above=True), self.days, "day"
        share, blocks, (_, most) = -math.expm1(-asked * length), self.blocks, self.supported
        rates = f"{asked:g} false events per {unit}"
        if asked * length > most * (1 + 1e-9):
            less = f"ask for {most / length:.2g} or less"
            raise ValueError(f"{rates} are more than blocks of one window can tell: {less}")
        if asked * length > math.log(blocks + 1) / 1.0001:
            return self.short.at(-math.expm1(-asked * length * self.window / self.block))
        needed = math.ceil(1 / share - 1e-9) - 1
        if blocks < needed:
            least = -math.log1p(-1 / (blocks + 1)) / length
            need = f"{needed * length:,.4g} {unit}s of normal data to calibrate on"
            least = math.ceil(least * 1e4) / 1e4
            ways = f"Bring {(needed - blocks) * length:,.3g} more, or ask for {least:g} or more"
            raise ValueError(f"{rates} need {need}; there are {blocks * length:,.4g}. {ways}")
        found, sizes = self.rule.at(share), self.rule.normal
        if self.follow:  # below 1, a change that lasts would raise its alarm for ever
            return max(1.0, found)
        # Of a constant signal all blocks are alike, but for the ends and last bits.
        return max(found, TRIVIAL) if np.ptp(sizes) < TRIVIAL else found

    @property
    def supported(self) -> tuple[float, float]:
        """The least and the largest number of events a block for which there is a threshold.

        Of fewer, the threshold is infinite; of more, it would lie below all block maxima.
        """
        by_windows = math.log(len(self.recent) + 1) * self.block / self.window
        most = max(math.log(self.blocks + 1), 0 if self.follow else by_windows)
        return -math.log1p(-1 / (self.blocks + 1)) * 1.0001, most / 1.0001

    def certain(self, threshold: float, certainty: float = 0.9) -> float:
        """How many false events a block there are at most, with this certainty, above a threshold.

        Of n independent blocks of which k reach the threshold, the share that do is Beta(k, n + 1 - k)
        (Vovk 2012, "Conditional validity of inductive conformal predictors").
        """

        def bound(sizes: np.ndarray) -> float:
            n, k = len(sizes), max(1, int((sizes >= threshold).sum()))
            return -math.log1p(-beta.ppf(certainty, k, n + 1 - k))

        reached = (self.rule.normal >= threshold).mean()
        if self.follow or reached <= 0.75:
            return bound(self.rule.normal)
        # Almost every block reaches it, so that most hold several events: those of one window tell how many.
        return max(bound(self.rule.normal), bound(self.short.normal) * self.block / self.window)

    def tail_p(self, size: float) -> float:
        """The share of normal blocks with such a joint score, as an exponential tail models it.

        It is fitted to the block maxima above their median, so it goes on beyond the largest of them, where
        the exact p-value ends.
        """
        sizes = self.rule.normal
        middle = np.median(sizes)
        above = sizes[sizes > middle]
        scale = max(above.mean() - middle, TINY) if len(above) else TINY
        return min(1.0, 0.5 * math.exp(min(0.0, middle - size) / scale)) if size > middle else 0.5

    def drift(self, deviations: np.ndarray, names: list[str]) -> pd.DataFrame:
        """Whether blocks of recent deviations [n, C, K] differ from those calibrated on, see `compare`."""
        deviations = _scored(deviations)
        if len(deviations) < 4 * self.points:
            needed = f"{math.ceil(4 * self.points):,} scored points or more"
            length = f"{needed} (four blocks of the calibration's length)"
            raise ValueError(f"the drift check needs {length}; there are {len(deviations):,}")
        return compare(self.means, _drift_means(*self._cut(deviations)), names)

    def _cut(self, deviations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The complete blocks among scored points, and where they begin.

        They are counted from the start, so that a later look sees the same blocks and more: the bets go on.
        """
        edges = (np.arange(int(len(deviations) / self.points) + 1) * self.points).astype(int)
        return deviations[: edges[-1]], edges[:-1]


class Recent:
    """The largest scores in each of the last blocks of one window, of points that come in pieces."""

    def __init__(self, blocks: np.ndarray, window: int, most: int):
        self.blocks, self.window, self.most = blocks[-most:], window, most
        self.block, self.filled = np.full(blocks.shape[1], np.nan), 0  # the one in progress, and its points

    def pieces(self, scores: np.ndarray) -> Iterator[np.ndarray]:
        """The next scores [n, K], cut where blocks end; of each piece, `blocks` holds those before it."""
        at = 0
        while at < len(scores):
            part = scores[at : at + self.window - self.filled]
            yield part
            self.block = np.fmax(self.block, np.fmax.reduce(part, axis=0))
            self.filled, at = self.filled + len(part), at + len(part)
            if self.filled == self.window:
                if not np.isnan(self.block).any():
                    self.blocks = np.concatenate([self.blocks, self.block[None]])[-self.most :]
                self.block, self.filled = np.full(scores.shape[1], np.nan), 0


class AsCalibrated(Recent):
    """Standard scores, of which those that a lasting change has raised start anew.

    A change lasts if the joint score was above the threshold throughout the last eight blocks of one window.
    Scores that were above it in each of them get a limit of their own, half as high again as they have been,
    until they are back below the threshold for a block. So an alarm ends when a change lasts, what comes
    later is not swallowed by it, and what goes on rising is told again.
    """

    def __init__(self, calibration: Calibration):
        columns = calibration.largest.shape[1]  # and one more: whether the joint score is low (1) or not (0)
        super().__init__(np.empty((0, columns + 1)), calibration.window, LASTING)
        self.calibration, self.limits = calibration, np.full(columns, -np.inf)

    def __call__(self, deviations: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """Deviations [n, C, K] of the next points → standard scores [n, C × K]; which points last."""
        standard, found = self.calibration.standard(deviations), []
        size = joint(standard)
        low = size <= max(threshold, TINY)
        for part in self.pieces(np.column_stack([standard, low])):
            seen, ever_low = self.blocks[:, :-1], self.blocks[:, -1].any()
            if len(seen) == LASTING:
                lasts = (seen.min(0) > np.maximum(self.limits, threshold)) & ~ever_low
                self.limits = np.where(lasts, AGAIN * seen.max(0), self.limits)
                self.limits = np.where(seen[-1] > threshold, self.limits, -np.inf)
            limited = np.isfinite(self.limits)
            ratio = np.where(limited, threshold / np.where(limited, self.limits, 1), 1)
            found.append(part[:, :-1] * ratio)
        adjusted = np.concatenate(found) if found else standard
        return adjusted, (size > threshold) & ~(joint(adjusted) > threshold)


class Following(Recent):
    """Scores that follow: each anomaly score over its largest of the last 96 blocks of one window.

    All blocks count, with or without an alarm. So what lasts becomes normal, and its alarm ends, within a
    block or two. 1 means: as anomalous as the most anomalous point of that time. (Chosen on the series of
    NAB, Lavin and Ahmad 2015.)
    """

    def __init__(self, calibration: Calibration):
        super().__init__(calibration.recent, calibration.window, FOLLOWED)
        self.least = TRIFLE * floors_of(calibration.recent.shape[1])

    def __call__(self, deviations: np.ndarray, _=None) -> tuple[np.ndarray, np.ndarray]:
        """Deviations [n, C, K] of the next points → standard scores [n, C × K], NaN stays; nothing lasts."""
        anomaly = _anomaly_scores(deviations)
        found = [part / np.maximum(self.blocks.max(0), self.least) for part in self.pieces(anomaly)]
        return np.concatenate(found) if found else anomaly, np.zeros(len(anomaly), bool)


def joint(standard: np.ndarray) -> np.ndarray:
    """The largest of each point's standard scores [n, C × K], NaN if it has none."""
    return np.fmax.reduce(standard, axis=1)


def compare(before: np.ndarray, now: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Block means before [n, K] and now [m, K], score by score: a test to look at after every block.

    A conformal test martingale, the simple jumper of Vovk et al. 2021 ("Retrain or not retrain"). Each new
    block has a rank among all blocks so far; the martingale bets that ranks rise, fall or do neither. Where
    blocks are exchangeable, it ever exceeds x with probability 1 / x at most. So, with Bonferroni's K, drift
    is said in at most DRIFT_LEVEL of unchanged records, however often one looks.

    Returns:
        One row a score, most changed first: `before` and `now` (medians), `p_value`, `drifted`.
    """
    bets = np.linspace(-2, 2, 5)[:, None]
    wealth, most = np.full((5, len(names)), 1 / 5), np.ones(len(names))
    seen = np.concatenate([before, now])
    for at in range(len(before), len(seen)):
        rank = ((seen[:at] > seen[at]).sum(0) + 0.5 * ((seen[:at] == seen[at]).sum(0) + 1)) / (at + 1)
        wealth = (1 - JUMP) * wealth + JUMP * wealth.mean(0)
        wealth = wealth * (1 + bets * (rank - 0.5))
        most = np.maximum(most, wealth.sum(0))
    p = np.minimum(1, len(names) / most)
    medians = {"before": np.median(before, axis=0), "now": np.median(now, axis=0)}
    table = pd.DataFrame({**medians, "p_value": p, "drifted": p <= DRIFT_LEVEL}, index=names)
    return table.sort_values("p_value", kind="stable")


def floors_of(columns: int) -> np.ndarray:
    """The floors of so many columns, C × K; one channel alone has no relation to others."""
    kinds = min(columns, len(FLOORS))
    return np.tile(FLOORS[:kinds], columns // kinds)


def threshold_of(score: ArrayLike, window: int, step: float, per_day: float) -> float:
    """The threshold of one score, [n] of normal time without gaps, by the same blocks and target rate."""
    score = np.asarray(score, np.float64)
    starts = _starts(len(score), window)
    days = len(score) / len(starts) * step / 86_400
    return Threshold("conformal").fit(np.maximum.reduceat(score, starts)).at(-math.expm1(-per_day * days))


def _scored(deviations: np.ndarray) -> np.ndarray:
    return deviations[~np.isnan(deviations).any(axis=(1, 2))]


def _anomaly_scores(deviations: np.ndarray) -> np.ndarray:
    """Deviations [n, C, K] → [n, C × K], larger where more anomalous: only one-sided ones keep their sign."""
    n, channels, scores = deviations.shape
    found = np.where(ONE_SIDED[:scores], deviations, np.abs(deviations))
    return found.reshape(n, channels * scores)


def _blocks(deviations: np.ndarray, starts: np.ndarray, window: int) -> tuple[np.ndarray, ...]:
    """Of blocks: the largest anomaly scores and the drift means; the largest of blocks of one window."""
    anomaly = _anomaly_scores(deviations)
    windows = np.arange(0, len(anomaly) - window + 1, window)
    largest, recent = (np.maximum.reduceat(anomaly, at) for at in (starts, windows))
    return largest, _drift_means(deviations, starts), recent


def _drift_means(deviations: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Block means of those deviations [n, C, K] that tell of drift, signed: [blocks, C × those]."""
    signed = deviations[:, :, DRIFTS[: deviations.shape[2]]]
    sums = np.add.reduceat(signed.reshape(len(signed), np.prod(signed.shape[1:])), starts)
    return sums / np.diff([*starts, len(signed)])[:, None]


def _starts(points: int, window: int) -> np.ndarray:
    """Where the blocks begin: eight at least, of eight windows each if there are more."""
    number = max(FEWEST, points // (WINDOWS_A_BLOCK * window))
    return np.arange(number) * points // number
