"""Whether normal is still what it was: blocks of a signal now, held against the blocks of its calibration."""

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

SCORES = ("difference", "level", "log_std", "log_step")  # whose means over blocks are looked at
LEVEL = 0.05  # drift is said where there is none in so many cases


def compare(before: np.ndarray, now: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Block means before [n, K] and now [m, K], score by score.

    Rank tests (Mann and Whitney 1947), whose p-values are multiplied by K (Bonferroni): of K scores of an unchanged
    signal some one says drift in at most LEVEL of cases, as far as blocks are independent of each other.

    Returns:
        One row a score, most changed first: `before` and `now` (medians), `p_value`, `drifted`.
    """
    p = np.minimum(1, mannwhitneyu(before, now).pvalue * len(names))
    medians = {"before": np.median(before, axis=0), "now": np.median(now, axis=0)}
    table = pd.DataFrame({**medians, "p_value": p, "drifted": p <= LEVEL}, index=names)
    return table.sort_values("p_value", kind="stable")
