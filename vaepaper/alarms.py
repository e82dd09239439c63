"""One alarm from several scores: the smallest conformal p-value of a row, calibrated again."""

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from vaepaper.thresholds import check_scores, needed_for

PART = 65_536  # rows at once, so that memory does not grow with their number


def side_by_side(scores: Mapping[str, ArrayLike], names: list[str]) -> np.ndarray:
    """Scores in the order of `names`, float64 [m, K].

    Raises:
        ValueError: one is missing, unknown or not finite, or they are of unequal lengths; names them.
    """
    if wrong := set(scores) ^ set(names):
        said = [f"{'unknown' if name in scores else 'missing'}: {name!r}" for name in sorted(wrong, key=str)]
        raise ValueError(f"scores {', '.join(said)}; expected {', '.join(map(repr, names))}")
    columns = [check_scores(scores[name], f"scores of {name!r}") for name in names]
    if len({len(column) for column in columns}) > 1:
        told = ", ".join(f"{len(column):,} of {name!r}" for name, column in zip(names, columns, strict=True))
        raise ValueError(f"scores of unequal lengths: {told}; expected one of each name a row")
    return np.stack(columns, axis=1)


class JointAlarm:
    """Listens to several scores at once, and still raises false alarms at the rate that was asked for.

    Among n normal rows and the new one, n + 1 together, score k gives row i the conformal p-value

        p_ik = #{j: s_jk ≥ s_ik} / (n + 1),    and the row is as strange as its smallest, T_i = min over k of p_ik.

    The smallest of several is small more often than a single one; so T is a score of its own, calibrated on these rows:

        p = #{i: T_i ≤ T_new} / (n + 1).

    Every rank counts the new row, so that all n + 1 rows are treated alike: of exchangeable rows p ≤ rate for at most
    a share of `rate`, on average, whatever n, the distributions and what the scores have in common (full conformal;
    Vovk et al. 2005). K scores cost at most Bonferroni's factor, p ≤ K T_new; equal ones cost nothing.

    Where T is equal, the second smallest p_ik decides, then the third, and so on: as exact and finer, for each of K
    scores has an extreme row with T = 1 / (n + 1). What equal scores leave level counts as stranger: fewer alarms.

    `np.savez(file, **alarm.normal)` saves an alarm, `JointAlarm().fit(np.load(file))` brings it back.
    """

    def fit(self, scores: Mapping[str, ArrayLike]) -> Self:
        """Learn from scores of normal rows that took no part in training: [n] for each name, larger where stranger.

        Raises:
            ValueError: no scores, not finite, or of unequal lengths; names them.
        """
        if not scores:
            raise ValueError("there are no scores; expected one or more, each under its name")
        names = list(scores)
        table = side_by_side(scores, names)
        self.names, self.normal = names, dict(zip(names, table.T, strict=True))
        self.ordered = np.sort(table, axis=0)
        ranks = self._ranks(table) - 1  # among the normal rows alone: 1 is the largest
        order = np.argsort(ranks.min(1), kind="stable")
        self.rows, self.ranks = table[order], ranks[order]
        self.starts = np.searchsorted(self.ranks.min(1), np.arange(len(table) + 3))  # where smallest rank r begins
        return self

    def p_value(self, scores: Mapping[str, ArrayLike]) -> np.ndarray:
        """The smallest rate at which each row would be flagged, float64 [m] in (0, 1].

        Raises:
            ValueError: a score missing, unknown or not finite, or unequal lengths; names them.
        """
        n = self._fitted()
        table = side_by_side(scores, self.names)
        parts = [table[start : start + PART] for start in range(0, len(table), PART)]
        return np.concatenate([1 + self._as_strange(part) for part in parts]) / (n + 1)

    def spoke(self, scores: Mapping[str, ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
        """Which score is the strangest (the first of equals), names [m], and its own conformal p-value, float64 [m]."""
        n = self._fitted()
        ranks = self._ranks(side_by_side(scores, self.names))
        return np.array(self.names)[ranks.argmin(1)], ranks.min(1) / (n + 1)

    def at(self, rate: float) -> dict[str, float]:
        """Each score's own threshold at a false-alarm rate: above any of them a row is flagged whatever the others say.

        One rank below, the other scores decide. Infinite, with a warning, where n is too small for the rate.
        """
        n = self._fitted()
        needed_for(rate, n)
        allowed = rate * (n + 1) + 1e-9
        rank = int(np.searchsorted(1 + self.starts[2:-1], allowed, side="right"))  # T of as many ranks surely is enough
        return {
            name: float(own[-rank]) if rank else np.inf for name, own in zip(self.names, self.ordered.T, strict=True)
        }

    def flagged(self, scores: Mapping[str, ArrayLike], rate: float) -> np.ndarray:
        """Which rows raise the alarm at a false-alarm rate in (0, 1), bool [m]; warns if n is too small for it."""
        needed_for(rate, self._fitted())
        return self.p_value(scores) <= rate + 1e-9

    def _fitted(self) -> int:
        """How many normal rows there are. Raises ValueError: none yet."""
        if not hasattr(self, "names"):
            raise ValueError("this alarm has learned nothing yet; fit it on scores of normal data first")
        return len(self.rows)

    def _ranks(self, table: np.ndarray) -> np.ndarray:
        """(n + 1) p_ik of each row as the new one: 1 + how many normal rows score as high, int64 [m, K]."""
        below = [np.searchsorted(normal, new) for normal, new in zip(self.ordered.T, table.T, strict=True)]
        return len(self.ordered) + 1 - np.stack(below, axis=1)

    def _as_strange(self, table: np.ndarray) -> np.ndarray:
        """How many normal rows are as strange as each new one or stranger, int64 [m].

        A new row moves a normal one's rank from r to r + 1 where it scores as high, never past its own rank. So a row
        whose smallest was below T_new stays as strange, above it stays less so, and only at T_new, where without equal
        scores there are K rows at most, must two rows be compared.
        """
        ranks = self._ranks(table)
        lead = ranks.min(1)
        first, last = self.starts[lead], self.starts[lead + 1]
        compared = np.where(last - first > ranks.shape[1], 0, last - first)  # more are equal: count them all
        new = np.repeat(np.arange(len(table)), compared)
        old = np.arange(len(new)) - np.repeat(compared.cumsum() - compared - first, compared)
        theirs = np.sort(self.ranks[old] + (table[new] >= self.rows[old]), axis=1)
        step = theirs - np.sort(ranks, axis=1)[new]
        decides = np.take_along_axis(step, (step != 0).argmax(1)[:, None], axis=1)[:, 0]  # the first that differs
        return last - compared + np.bincount(new[decides <= 0], minlength=len(table))
