"""When a score is too large: threshold rules for one score, and a joint alarm for several.

Both learn from scores of normal data, and are asked for a false-alarm rate.
"""

import warnings
from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import betabinom, genpareto

from vaepaper import checks

RULES = ("maximum", "quantile", "conformal", "tail")
TAIL = 0.1  # the share of the normal scores that the generalised Pareto distribution is fitted to
FIRST = (100, 1_000, 10_000)  # so many training digits behind Fig. 10's threshold, besides all of them
BATCH = 65_536  # rows that a joint alarm judges at once, so that memory does not grow with their number


def needed_for(rate: float, n: int) -> int:
    """How many normal scores resolve a false-alarm rate: 1 / rate - 1, rounded up. Warns if n are fewer.

    Raises:
        ValueError: a rate that is not one number between 0 and 1.
    """
    rate = checks.plain(rate)
    if not (isinstance(rate, int | float) and 0 < rate < 1):
        raise ValueError(f"rate is {checks.shown(rate)}; expected one number between 0 and 1, such as 0.01")
    needed = int(np.ceil(min(1 / rate, 2**53) - 1e-9)) - 1
    if n < needed:
        warnings.warn(
            f"a false-alarm rate of {rate:.3g} needs {needed:,} normal scores or more; there are {n:,}",
            stacklevel=3,
        )
    return needed


def flagged(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Which scores [n] lie above the threshold (perhaps infinite), bool [n]. Raises TypeError, ValueError."""
    threshold = checks.plain(threshold)
    if not (isinstance(threshold, float) and np.isinf(threshold)):  # the conformal rule's, for too few scores
        checks.number("threshold", threshold)
    return checks.scores(scores) > threshold


def expected_above_maximum(n: int, m: int) -> float:
    """How many of m new scores exceed the largest of n old ones if all are exchangeable: m / (n + 1)."""
    return checks.integer("m", m, 0) / (checks.integer("n", n) + 1)


def quantile_above_maximum(n: int, m: int, level: float = 0.95) -> int:
    """The `level` quantile of that number: among exchangeable scores it is beta-binomial(m, 1, n)."""
    level = checks.number("level", level, 0, 1, above=True, below=True)
    return int(betabinom(checks.integer("m", m, 0), 1, checks.integer("n", n)).ppf(level))


def largest_as_threshold(training: np.ndarray, unseen: np.ndarray) -> pd.DataFrame:
    """Fig. 10's rule with the largest of the first n training differences, and of all; one row an n.

    Raises TypeError, ValueError: differences that are not finite numbers [n].
    """
    training, unseen = checks.scores(training, "training"), checks.scores(unseen, "unseen")
    sizes = [n for n in FIRST if n < len(training)] + [len(training)]
    rule = pd.DataFrame(index=pd.Index(sizes, name="first n training digits"))
    rule["threshold"] = [float(training[:n].max()) for n in sizes]
    rule["flagged"] = [flagged(unseen, threshold).sum() for threshold in rule.threshold]
    rule["expected by chance"] = [expected_above_maximum(n, len(unseen)) for n in sizes]
    rule["95 % of chance is up to"] = [quantile_above_maximum(n, len(unseen)) for n in sizes]
    return rule


class Threshold:
    """A rule that turns scores of normal data into a threshold, and any score into a p-value.

    A score is flagged at `rate` if it lies above `at(rate)`; its p-value is the smallest rate that flags it.

    * "maximum": the largest of the first 1 / rate - 1 normal scores; with all n scores, the report's rule
      (§3.3).
    * "quantile": the 1 - rate quantile of the normal scores.
    * "conformal": its (n + 1)(1 - rate)-th smallest, so that at most `rate` of exchangeable scores are
      flagged on average, whatever n and the distribution (split conformal; Vovk et al. 2005, Laxhammar 2014).
      Infinite where n is below 1 / rate - 1: it then flags nothing.
    * "tail": a generalised Pareto distribution fitted to what lies above the 90 % quantile (peaks over
      threshold; Pickands 1975), which reaches rates beyond 1 / n.
    """

    def __init__(self, rule: str = "conformal"):
        self.rule = checks.one_of("rule", rule, RULES)

    def fit(self, scores: ArrayLike) -> Self:
        """Learn from scores [n] of normal data that trained nothing. Raises TypeError, ValueError."""
        normal = checks.scores(scores)
        ordered = np.sort(normal)
        peak = np.quantile(ordered, 1 - TAIL)
        above = ordered[ordered > peak] - peak
        if self.rule == "tail":
            if len(above) < 10:
                raise ValueError(
                    f"{len(above)} of {len(normal)} scores lie above their 90 % quantile; the tail rule needs"
                    ' 10 or more: bring more scores (or, if most are equal, use "conformal")'
                )
            self.shape, _, self.scale = genpareto.fit(above, floc=0)
        self.normal, self.ordered, self.peak, self.share = normal, ordered, peak, len(above) / len(normal)
        return self

    def _fitted(self) -> int:
        """How many normal scores there are. Raises ValueError: none yet."""
        if not hasattr(self, "normal"):
            raise ValueError("this threshold has learned nothing yet; fit it on scores of normal data first")
        return len(self.normal)

    def at(self, rate: float) -> float:
        """The threshold for a false-alarm rate in (0, 1); warns if there are too few scores to resolve it."""
        n, needed = self._fitted(), needed_for(rate, self._fitted())
        if self.rule == "maximum":
            return float(self.normal[:needed].max())
        if self.rule == "tail" and rate < self.share:
            return float(self.peak + genpareto.isf(rate / self.share, self.shape, scale=self.scale))
        if self.rule == "conformal":
            rank = max(1, int(np.ceil((n + 1) * (1 - rate) - 1e-9)))
            return float(self.ordered[rank - 1]) if rank <= n else np.inf
        return float(np.quantile(self.ordered, 1 - rate, method="inverted_cdf"))

    def p_value(self, scores: ArrayLike) -> np.ndarray:
        """The smallest rate at which each score [m] would be flagged, float64 [m] in [0, 1]."""
        n, scores = self._fitted(), checks.scores(scores)
        if self.rule == "maximum":
            records = np.maximum.accumulate(self.normal)  # how many first scores all lie below
            return 1 / (1 + np.searchsorted(records, scores, side="left"))
        as_large = n - np.searchsorted(self.ordered, scores, side="left")
        if self.rule == "conformal":
            return (1 + as_large) / (n + 1)
        if self.rule == "tail":
            beyond = self.share * genpareto.sf(scores - self.peak, self.shape, scale=self.scale)
            return np.where(scores > self.peak, beyond, as_large / n)
        return as_large / n


def stacked(scores: Mapping[str, ArrayLike], names: list[str]) -> np.ndarray:
    """Scores in the order of `names`, float64 [m, K].

    Raises:
        TypeError, ValueError: one is missing, unknown or not finite, or lengths are unequal; names them.
    """
    if wrong := set(scores) ^ set(names):
        said = [f"{'unknown' if name in scores else 'missing'}: {name!r}" for name in sorted(wrong, key=str)]
        raise ValueError(f"scores {', '.join(said)}; expected {', '.join(map(repr, names))}")
    columns = [checks.scores(scores[name], f"scores of {name!r}") for name in names]
    if len({len(column) for column in columns}) > 1:
        told = ", ".join(f"{len(column):,} of {name!r}" for name, column in zip(names, columns, strict=True))
        raise ValueError(f"scores of unequal lengths: {told}; expected one of each name a row")
    return np.stack(columns, axis=1)


class JointAlarm:
    """One alarm from several scores, with the false-alarm rate that was asked for.

    Among n normal rows and the new one, n + 1 together, score k gives row i the conformal p-value

        p_ik = #{j: s_jk ≥ s_ik} / (n + 1),    and the row is as anomalous as its smallest, T_i = min over k
        of p_ik.

    The smallest of several is small more often than a single one; so T is a score of its own, calibrated on
    these rows:

        p = #{i: T_i ≤ T_new} / (n + 1).

    Every rank counts the new row, so that all n + 1 rows are treated alike: of exchangeable rows p ≤ rate for
    at most a share of `rate`, on average, whatever n, the distributions and what the scores have in common
    (full conformal; Vovk et al. 2005). K scores cost at most Bonferroni's factor, p ≤ K T_new; equal ones
    cost nothing.

    Where T is equal, the second smallest p_ik decides, then the third, and so on: as exact and finer, for
    each of K scores has an extreme row with T = 1 / (n + 1). Ties
    of T that come from equal scores need not be resolved: those rows count as more anomalous, so alarms
    are fewer, never more. (In chapter 5 p is larger for a fifth of the digits, by up to 0.06, none below
    2 %.)

    `np.savez(file, **alarm.normal)` saves an alarm, `JointAlarm().fit(np.load(file))` brings it back.
    """

    def fit(self, scores: Mapping[str, ArrayLike]) -> Self:
        """Learn from scores of normal rows that took no part in training.

        Args:
            scores: [n] for each name, larger where more anomalous.

        Raises:
            TypeError, ValueError: no scores, not finite, or of unequal lengths; names them.
        """
        if not scores:
            raise ValueError("there are no scores; expected one or more, each under its name")
        names = list(scores)
        table = stacked(scores, names)
        self.names, self.normal = names, dict(zip(names, table.T, strict=True))
        self.ordered = np.sort(table, axis=0)
        ranks = self._ranks(table) - 1  # among the normal rows alone: 1 is the largest
        order = np.argsort(ranks.min(1), kind="stable")
        self.rows, self.ranks = table[order], ranks[order]
        # Where the rows begin whose smallest rank is r.
        self.starts = np.searchsorted(self.ranks.min(1), np.arange(len(table) + 3))
        return self

    def p_value(self, scores: Mapping[str, ArrayLike]) -> np.ndarray:
        """The smallest rate at which each row would be flagged, float64 [m] in (0, 1].

        Raises:
            TypeError, ValueError: a score missing, unknown or not finite, or unequal lengths; names them.
        """
        n = self._fitted()
        table = stacked(scores, self.names)
        batches = [table[start : start + BATCH] for start in range(0, len(table), BATCH)]
        return np.concatenate([1 + self._at_least_as_anomalous(batch) for batch in batches]) / (n + 1)

    def triggered_by(self, scores: Mapping[str, ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
        """Each row's most anomalous score (of equals the first), names [m], and its p-value, float64 [m]."""
        n = self._fitted()
        ranks = self._ranks(stacked(scores, self.names))
        return np.array(self.names)[ranks.argmin(1)], ranks.min(1) / (n + 1)

    def at(self, rate: float) -> dict[str, float]:
        """Each score's own threshold at a false-alarm rate: a row above any of them is flagged.

        One rank below, the other scores decide. Infinite, with a warning, where n is too small for the rate.
        """
        n = self._fitted()
        needed_for(rate, n)
        allowed = rate * (n + 1) + 1e-9
        # The last rank that always flags.
        rank = int(np.searchsorted(1 + self.starts[2:-1], allowed, side="right"))
        columns = zip(self.names, self.ordered.T, strict=True)
        return {name: float(ordered[-rank]) if rank else np.inf for name, ordered in columns}

    def flagged(self, scores: Mapping[str, ArrayLike], rate: float) -> np.ndarray:
        """Which rows raise the alarm at a false-alarm rate in (0, 1), bool [m]; warns if n is too small."""
        needed_for(rate, self._fitted())
        return self.p_value(scores) <= rate + 1e-9

    def _fitted(self) -> int:
        """How many normal rows there are. Raises ValueError: none yet."""
        if not hasattr(self, "names"):
            raise ValueError("this alarm has learned nothing yet; fit it on scores of normal data first")
        return len(self.rows)

    def _ranks(self, table: np.ndarray) -> np.ndarray:
        """(n + 1) p_ik of each row as the new one: 1 + how many normal rows score as high, int64 [m, K]."""
        columns = zip(self.ordered.T, table.T, strict=True)
        below = [np.searchsorted(normal, new) for normal, new in columns]
        return len(self.ordered) + 1 - np.stack(below, axis=1)

    def _at_least_as_anomalous(self, table: np.ndarray) -> np.ndarray:
        """How many normal rows are as anomalous as each new one or more so, int64 [m].

        A new row moves a normal row's rank from r to r + 1 where it scores as high, and never past its own
        rank. So normal rows with a smaller smallest rank stay more anomalous than the new row, those with a
        larger one stay less so, and only those with the same one (a tie) must be compared rank by rank.
        """
        ranks = self._ranks(table)
        smallest = ranks.min(1)
        first, last = self.starts[smallest], self.starts[smallest + 1]
        ties = last - first  # of the ordered normal rows
        ties[ties > ranks.shape[1]] = 0  # equal scores tie any number of rows: all count, none is compared
        # One pair for each new row and each normal row that it ties with.
        new = np.repeat(np.arange(len(table)), ties)
        position = np.arange(len(new)) - np.repeat(ties.cumsum() - ties, ties)  # 0, 1, … within each new row
        normal = first[new] + position
        their_ranks = np.sort(self.ranks[normal] + (table[new] >= self.rows[normal]), axis=1)
        gaps = their_ranks - np.sort(ranks, axis=1)[new]
        first_that_differs = (gaps != 0).argmax(1)[:, None]
        first_gap = np.take_along_axis(gaps, first_that_differs, axis=1)[:, 0]  # 0: all ranks are equal
        return last - ties + np.bincount(new[first_gap <= 0], minlength=len(table))
