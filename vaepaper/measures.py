"""What each of the report's claims is judged by, C1 to C9: one function a claim, for chapters 1 to 4 and for chapter 6.

Each takes what the chapters compute and show, and returns the claim's parts; `verdicts.judge` has the verdict.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

from vaepaper.anomaly import expected_above_maximum, flagged, quantile_above_maximum
from vaepaper.metrics import extent
from vaepaper.verdicts import Part

FIRST = (100, 1_000, 10_000)  # so many training digits behind the threshold, besides all of them
CELLS = {2: 50, 3: 14}  # along each axis of a latent space: 2,500 and 2,744 cells
STEP = 0.05  # of the extent


def c1(legible: Mapping[int, float]) -> list[Part]:
    """Latents of 32 and more give outputs that resemble the input: legibility by latent size."""
    return [Part(f"legibility, z = {z}", share, ">=", 0.90) for z, share in legible.items() if z >= 32]


def c2(legible: Mapping[int, float], explained: Mapping[int, float]) -> list[Part]:
    """Latents of 16 and fewer do not: legibility and explained variance by latent size."""
    few = [Part(f"legibility, z = {z}", share, "<", 0.90) for z, share in legible.items() if z <= 16]
    return [*few, Part("explained variance, 32 less 16", explained[32] - explained[16], ">=", 0.1)]


def c3(accuracy: Mapping[int, float], areas: np.ndarray) -> list[Part]:
    """The AE clusters digits: 15-NN accuracy by latent size (2, 3), area of each digit's ellipse in 2-D [10]."""
    return [
        Part("15-NN accuracy, 2-D", accuracy[2], ">=", 0.70),
        Part("15-NN accuracy, 3-D", accuracy[3], ">=", 0.80),
        Part("largest ÷ smallest ellipse area, 2-D", areas.max() / areas.min(), ">=", 5),
    ]


def c4(ae: Mapping[int, np.ndarray], vae: Mapping[int, np.ndarray]) -> list[Part]:
    """The VAE shrinks the clusters: codes of unseen digits by latent size (2, 3), each [n, latent]."""
    return [Part(f"extent AE ÷ VAE, {z}-D", extent(ae[z]) / extent(vae[z]), ">=", 2) for z in (2, 3)]


def c5(unvisited: Mapping[tuple, float], change: Mapping[tuple, float]) -> list[Part]:
    """… which leaves less untrained space: unvisited share and change for a step by ("AE" or "VAE", latent size)."""
    return [
        Part(f"{what}, VAE ÷ AE, {z}-D", values["VAE", z] / values["AE", z], "<=", boundary)
        for what, values, boundary in (("unvisited share", unvisited, 0.75), ("change for a step", change, 0.8))
        for z in (2, 3)
    ]


def c6(undone: Mapping[str, np.ndarray]) -> list[Part]:
    """Peculiar parts removed, missing ones filled: share of each planted defect undone [n], by kind."""
    return [Part(f"median share undone, {kind}", np.nanmedian(share), ">=", 0.5) for kind, share in undone.items()]


def c7(lost: np.ndarray) -> list[Part]:
    """Some digits are not restored: which of the unseen ones are `metrics.not_restored`, bool [n]."""
    share = lost.mean()
    return [Part("share not restored", share, ">", 0), Part("share not restored, upper", share, "<", 0.10)]


def c8(training: np.ndarray, unseen: np.ndarray) -> list[Part]:
    """Unseen digits differ more: differences of both, [n] and [m]. Welch's t-test, and Cohen's d for how much."""
    p_value = ttest_ind(unseen, training, equal_var=False, alternative="greater").pvalue
    pooled = np.sqrt((unseen.var(ddof=1) + training.var(ddof=1)) / 2)
    cohens_d = (unseen.mean() - training.mean()) / pooled
    return [Part("one-sided Welch p", p_value, "<", 0.01), Part("Cohen's d", cohens_d, ">=", 0.1)]


def largest_as_threshold(training: np.ndarray, unseen: np.ndarray) -> pd.DataFrame:
    """Fig. 10's rule with the largest of the first n training differences, and with that of all; one row an n."""
    numbers = [n for n in FIRST if n < len(training)] + [len(training)]
    rule = pd.DataFrame(index=pd.Index(numbers, name="first n training digits"))
    rule["threshold"] = [float(training[:n].max()) for n in numbers]
    rule["flagged"] = [flagged(unseen, threshold).sum() for threshold in rule.threshold]
    rule["expected by chance"] = [expected_above_maximum(n, len(unseen)) for n in numbers]
    rule["95 % of chance is up to"] = [quantile_above_maximum(n, len(unseen)) for n in numbers]
    return rule


def c9(rule: pd.DataFrame) -> list[Part]:
    """The largest training difference flags some unseen digits: the table of `largest_as_threshold`."""
    n, most = rule.index[-1], rule.flagged.max()
    count, by_chance = rule.flagged[n], rule["95 % of chance is up to"][n]
    return [
        Part(f"flagged, n = {n:,}, against chance", count, ">", by_chance),
        Part("flagged, most of the four n", most, ">", 0),
    ]
