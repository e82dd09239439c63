"""Four threshold rules behind one interface: fitted on scores of normal data, asked for a false-alarm rate."""

import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import genpareto
from torch import Tensor

from vaepaper import checks

RULES = ("maximum", "quantile", "conformal", "tail")
TAIL = 0.1  # the share of the normal scores that the generalised Pareto distribution is fitted to


def check_scores(scores: ArrayLike, name: str = "scores") -> np.ndarray:
    """Scores as float64 [n].

    Raises:
        ValueError: not one-dimensional, none, or one that is not finite; names it.
    """
    scores = scores.detach().cpu() if isinstance(scores, Tensor) else scores
    try:
        found = np.asarray(scores)
    except ValueError:  # rows of different lengths
        found = np.empty(0, object)
    if found.dtype.kind not in "biuf" or isinstance(scores, np.ma.MaskedArray):
        masked = "a masked array" if isinstance(scores, np.ma.MaskedArray) else checks.shown(scores)
        raise TypeError(f"{name} are {masked}; expected numbers, none missing")
    scores = found.astype(np.float64)
    if scores.ndim != 1 or not len(scores):
        hint = "" if scores.ndim else f"; one alone: [{scores:g}]"
        raise ValueError(f"{name} have shape {scores.shape}; expected [n] with n of 1 or more{hint}")
    if not np.isfinite(scores).all():
        at = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise ValueError(f"{name}[{at}] is {scores[at]}; expected finite numbers")
    return scores


def needed_for(rate: float, n: int) -> int:
    """How many normal scores resolve a false-alarm rate in (0, 1): 1 / rate - 1, rounded up. Warns if n are fewer."""
    rate = checks.plain(rate)
    if not (isinstance(rate, int | float) and 0 < rate < 1):
        raise ValueError(f"rate is {checks.shown(rate)}; expected one number between 0 and 1, such as 0.01")
    needed = int(np.ceil(min(1 / rate, 2**53) - 1e-9)) - 1
    if n < needed:
        warnings.warn(
            f"a false-alarm rate of {rate:.3g} needs {needed:,} normal scores or more; there are {n:,}", stacklevel=3
        )
    return needed


class Threshold:
    """A rule that turns scores of normal data into a threshold, and any score into a p-value.

    A score is flagged at `rate` if it lies above `at(rate)`; its p-value is the smallest rate that flags it.

    * "maximum": the largest of the first 1 / rate - 1 normal scores; with all n scores, the report's rule (§3.3).
    * "quantile": the 1 - rate quantile of the normal scores.
    * "conformal": its (n + 1)(1 - rate)-th smallest, so that at most `rate` of exchangeable scores are flagged on
      average, whatever n and the distribution (split conformal; Vovk et al. 2005, Laxhammar 2014). Infinite where n is
      below 1 / rate - 1: it then flags nothing.
    * "tail": a generalised Pareto distribution fitted to what lies above the 90 % quantile (peaks over threshold;
      Pickands 1975), which reaches rates beyond 1 / n.
    """

    def __init__(self, rule: str = "conformal"):
        self.rule = checks.word("rule", rule, RULES)

    def fit(self, scores: ArrayLike) -> Self:
        """Learn from `scores` [n] of normal data that took no part in training. Raises ValueError as `check_scores`."""
        normal = check_scores(scores)
        ordered = np.sort(normal)
        peak = np.quantile(ordered, 1 - TAIL)
        above = ordered[ordered > peak] - peak
        if self.rule == "tail":
            if len(above) < 10:
                raise ValueError(
                    f"{len(above)} of {len(normal)} scores lie above their 90 % quantile; the tail rule needs 10"
                    ' or more: bring more scores (or, if most are equal, use "conformal")'
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
            rank = int(np.ceil((n + 1) * (1 - rate) - 1e-9))
            return float(self.ordered[rank - 1]) if rank <= n else np.inf
        return float(np.quantile(self.ordered, 1 - rate, method="inverted_cdf"))

    def p_value(self, scores: ArrayLike) -> np.ndarray:
        """The smallest rate at which each score would be flagged, float64 [m] in [0, 1]."""
        n, scores = self._fitted(), check_scores(scores)
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
