"""How chapter 10 chose its GAN's setting with one digit normal: on training digits alone, as chapter 5 did.

10,000 training digits, drawn at random, are held out. A GAN learns one digit from the rest and scores those
10,000. `.venv/bin/python benchmarks/choose_gan.py` (two minutes on two cores) changes a first setting in one
respect or two, ten settings in all, and prints the mean AUROC of two digits that are hard.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import numpy as np
from choose_one_class import compare
from torch import Tensor

from vaepaper import gan, scores

DIGITS = (2, 8)
FIRST = {"latent": 16, "feature_weight": 1.0, "epochs": 12, "encoder_epochs": 5, "batch_size": 64}
FIRST |= {"learning_rate": 1e-3, "critic_steps": 2}
CHANGES = [
    {},
    {"latent": 8},
    {"latent": 64},
    {"feature_weight": 0.0},
    {"feature_weight": 0.1},
    {"learning_rate": 2e-3},
    {"critic_steps": 5},
    {"critic_steps": 5, "learning_rate": 5e-4},
    {"critic_steps": 1, "epochs": 8},
    {"batch_size": 32, "epochs": 8},
]


def score(change: dict, normal: Tensor, scored: Tensor) -> dict[str, np.ndarray]:
    """Each score of all images, by a GAN that learnt the normal ones in the first setting, changed."""
    setting = FIRST | change
    latent, weight = setting.pop("latent"), setting.pop("feature_weight")
    model = gan.GenerativeAdversarialNetwork(latent, feature_weight=weight)
    gan.fit(model, normal, **setting)
    return gan.scores(model, scored) | {"shape difference": scores.shape_difference(model, scored)}


if __name__ == "__main__":
    compare(score, CHANGES, DIGITS, by="shape difference")
