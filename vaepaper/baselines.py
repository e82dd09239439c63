"""What a VAE is measured against: classical detectors of scikit-learn, each fitted on normal images.

The nearest training digit, the other classic, is `metrics.distance_to_nearest`.
"""

from typing import Self

import numpy as np
import torch
from sklearn.decomposition import PCA, FastICA
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits
from torch import Tensor

from vaepaper import checks

SEEDS = 2**32 - 1  # the largest that scikit-learn takes


def _to_learn(images: Tensor, latent: int = 1) -> np.ndarray:
    """Images of any width to learn from. Raises ValueError: too few for so many components."""
    images = checks.rows("images", images, None, 0, 1).cpu().numpy()
    if min(images.shape) < latent:
        n, pixels = images.shape
        raise ValueError(f"latent is {latent}; {n} images of {pixels} pixels have fewer")
    return images


def _to_score(detector, images: Tensor) -> np.ndarray:
    """Images as wide as those that `detector` learned from. Raises ValueError."""
    if not hasattr(detector, "inputs"):
        name = type(detector).__name__
        raise ValueError(f"this {name} has learned nothing yet; fit it on normal images first")
    return checks.images(images, detector.inputs).cpu().numpy()


class PrincipalComponents:
    """PCA with as many components as a VAE has latents: the best linear auto-encoder (§1)."""

    def __init__(self, latent: int, seed: int = 0):
        self.latent, seed = checks.integer("latent", latent), checks.integer("seed", seed, 0, SEEDS)
        self.map = PCA(self.latent, svd_solver="covariance_eigh", random_state=seed)

    def fit(self, images: Tensor) -> Self:
        """Learn from normal images, float32 [n, inputs] in [0, 1]: `latent` of them or more."""
        images = _to_learn(images, self.latent)
        with np.errstate(invalid="ignore"):  # shares of no variance, where all are alike
            self.map.fit(images)
        self.inputs = images.shape[1]
        return self

    def reconstruct(self, images: Tensor) -> Tensor:
        """The nearest point of the components' plane, float32 [n, inputs]."""
        return torch.from_numpy(self.map.inverse_transform(self.map.transform(_to_score(self, images))))

    def score(self, images: Tensor) -> np.ndarray:
        """Squared distance from that plane, [n]."""
        outputs = self.reconstruct(images)
        return (checks.images(images, self.inputs).cpu() - outputs).square().sum(1).numpy()


class IndependentComponents:
    """ICA with as many sources as a VAE has latents (§1).

    Its plane, and so its reconstruction, is that of PCA with equal latents; its own are the sources on it.
    The score is how unlikely they are together if each is Laplace-distributed: Σ |source|.
    """

    def __init__(self, latent: int, seed: int = 0, most: int = 10_000):
        self.latent, seed = checks.integer("latent", latent), checks.integer("seed", seed, 0, SEEDS)
        plane = PCA(self.latent, svd_solver="covariance_eigh", random_state=seed)
        # One source after the other: all at once, they can circle round each other for ever.
        options = {"whiten": "unit-variance", "max_iter": 1000, "tol": 1e-2, "random_state": seed}
        self.map = make_pipeline(plane, FastICA(algorithm="deflation", **options))
        self.most = checks.integer("most", most)

    def fit(self, images: Tensor) -> Self:
        """Learn from the first `most` normal images: more than `latent`, which differ in as many pixels."""
        images = _to_learn(images, self.latent)[: self.most]
        if min(len(images) - 1, np.count_nonzero((images != images[0]).any(0))) < self.latent:
            n = len(images)
            raise ValueError(f"latent is {self.latent}; these {n} images differ in fewer directions")
        with threadpool_limits(1):  # its sources come out otherwise on two threads than on one
            self.map.fit(images)
        self.inputs = images.shape[1]
        return self

    def score(self, images: Tensor) -> np.ndarray:
        """Sum of |sources|, [n]."""
        return np.abs(self.map.transform(_to_score(self, images))).sum(1)


class Forest:
    """Isolation forest (Liu et al. 2008): how few random cuts single an image out."""

    def __init__(self, seed: int = 0):
        self.trees = IsolationForest(random_state=checks.integer("seed", seed, 0, SEEDS))

    def fit(self, images: Tensor) -> Self:
        """Grow the trees on normal images."""
        images = _to_learn(images)
        self.trees.fit(images)
        self.inputs = images.shape[1]
        return self

    def score(self, images: Tensor) -> np.ndarray:
        """Larger where fewer cuts were enough, [n]."""
        return -self.trees.score_samples(_to_score(self, images))
