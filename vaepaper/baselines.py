"""What a VAE is measured against: classical detectors of scikit-learn, each fitted on normal images.

The nearest training digit, the other classic, is `metrics.distance_to_nearest`.
"""

from typing import Self

import numpy as np
import torch
from sklearn.decomposition import PCA, FastICA
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from torch import Tensor

from vaepaper.images import check_images


class PrincipalComponents:
    """PCA with as many components as a VAE has latents: the linear auto-encoder with the least squared error (§1)."""

    def __init__(self, latent: int, seed: int = 0):
        self.map = PCA(latent, svd_solver="covariance_eigh", random_state=seed)

    def fit(self, images: Tensor) -> Self:
        """Learn from normal images, float32 [n, 784] in [0, 1]."""
        self.map.fit(check_images(images).numpy())
        return self

    def reconstruct(self, images: Tensor) -> Tensor:
        """The nearest point of the components' plane, float32 [n, 784]."""
        return torch.from_numpy(self.map.inverse_transform(self.map.transform(check_images(images).numpy())))

    def score(self, images: Tensor) -> np.ndarray:
        """Squared distance from that plane, [n]."""
        return (images - self.reconstruct(images)).square().sum(1).numpy()


class IndependentComponents:
    """ICA with as many sources as a VAE has latents (§1).

    Its plane, and so its reconstruction, is that of PCA with equal latents; its own are the sources on it. They are
    scored by how unlikely they are together if each is Laplace-distributed: the sum of their absolute values.
    """

    def __init__(self, latent: int, seed: int = 0, most: int = 10_000):
        plane = PCA(latent, svd_solver="covariance_eigh", random_state=seed)
        # One source after the other: all at once, they can circle round each other for ever.
        ica = FastICA(algorithm="deflation", whiten="unit-variance", max_iter=1000, tol=1e-2, random_state=seed)
        self.map = make_pipeline(plane, ica)
        self.most = most

    def fit(self, images: Tensor) -> Self:
        """Learn from the first `most` of the normal images."""
        self.map.fit(check_images(images)[: self.most].numpy())
        return self

    def score(self, images: Tensor) -> np.ndarray:
        """Sum of |sources|, [n]."""
        return np.abs(self.map.transform(check_images(images).numpy())).sum(1)


class Forest:
    """Isolation forest (Liu et al. 2008): how few random cuts single an image out."""

    def __init__(self, seed: int = 0):
        self.trees = IsolationForest(random_state=seed)

    def fit(self, images: Tensor) -> Self:
        """Grow the trees on normal images."""
        self.trees.fit(check_images(images).numpy())
        return self

    def score(self, images: Tensor) -> np.ndarray:
        """Larger where fewer cuts were enough, [n]."""
        return -self.trees.score_samples(check_images(images).numpy())
