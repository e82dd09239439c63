"""What an auto-encoder is compared with: plain scores of a signal, one a point, larger if anomalous."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

from sensorwatch.channel import sums_over_points
from vaepaper.exact import product

Score = Callable[[ArrayLike], np.ndarray]  # values [n], none missing → float64 [n]
PART = 1024  # windows at once


def largest_jump(values: ArrayLike) -> np.ndarray:
    """|value - the one before|: a one-liner."""
    return np.abs(np.ediff1d(values, to_begin=0))


def local_deviation(values: ArrayLike, window: int) -> np.ndarray:
    """Moving z-score: distance from the mean of the `window` values before, in their standard deviations."""
    values = np.asarray(values, np.float64)
    before = pd.Series(values).shift().rolling(window, min_periods=window)
    return (np.abs(values - before.mean()) / before.std().clip(lower=1e-9)).fillna(0).to_numpy()


def _windows(values: ArrayLike, window: int) -> np.ndarray:
    return sliding_window_view(np.asarray(values, np.float32), window)


def by_windows(score: Callable[[np.ndarray], np.ndarray], values: ArrayLike, window: int) -> np.ndarray:
    """Scores of windows [m, window] → [m] as a score a point: the mean of all windows that cover it."""
    windows = _windows(values, window)
    parts = [score(windows[start : start + PART]) for start in range(0, len(windows), PART)]
    return sums_over_points(np.concatenate(parts), window) / sums_over_points(np.ones(len(windows)), window)


def principal_components(normal: ArrayLike, window: int, components: int = 8) -> Score:
    """Squared distance of windows from the plane of PCA's `components`: the linear auto-encoder (§1)."""
    found = PCA(components, svd_solver="covariance_eigh").fit(_windows(normal, window))

    def score(x: np.ndarray) -> np.ndarray:
        return np.square(x - found.inverse_transform(found.transform(x))).sum(1)

    return lambda values: by_windows(score, values, window)


def nearest_window(normal: ArrayLike, window: int, normalised: bool = False) -> Score:
    """Distance of windows from the nearest training window.

    `normalised`: each window z-normalised first, as in a matrix profile of signal and training part
    (AB-join; Yeh et al. 2016).
    """

    def prepared(x: np.ndarray) -> torch.Tensor:
        if normalised:
            x = (x - x.mean(1, keepdims=True)) / np.maximum(x.std(1, keepdims=True), 1e-6)
        return torch.from_numpy(np.array(x, np.float32))

    known = prepared(_windows(normal, window))
    squares = known.square().sum(1)

    def score(x: np.ndarray) -> np.ndarray:
        own = prepared(x)
        distance = (squares - 2 * product(own, known.T)).amin(1) + own.square().sum(1)
        return np.sqrt(distance.clamp(min=0).numpy())

    return lambda values: by_windows(score, values, window)


def by_chance(seed: int = 0) -> Score:
    """A random number a point: what a score without any knowledge reaches."""
    return lambda values: np.random.default_rng(seed).random(len(values))
