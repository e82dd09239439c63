"""How chapter 10 chose the GAN's setting of its one-digit protocol: on training digits alone, as chapter 5 chose.

10,000 training digits, drawn at random, are held out. A GAN learns one digit from the rest and scores those 10,000.
`.venv/bin/python benchmarks/choose_gan.py` (two minutes on two cores) changes a first setting in one respect
or two, ten settings in all, and prints the mean AUROC of two digits that are hard.
"""

import os

import joblib
import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from vaepaper import gan, scores
from vaepaper.cache import end_with
from vaepaper.data import mnist
from vaepaper.metrics import detection

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
]
CHANGES += [{"critic_steps": 5}, {"critic_steps": 5, "learning_rate": 5e-4}, {"critic_steps": 1, "epochs": 8}]
CHANGES += [{"batch_size": 32, "epochs": 8}]


def measure(change: dict, digit: int, images: np.ndarray, labels: np.ndarray, parent: int) -> dict:
    """AUROC of each score for one setting and digit."""
    end_with(parent)
    held_out = np.zeros(len(images), dtype=bool)
    held_out[np.random.default_rng(0).permutation(len(images))[:10_000]] = True
    setting = FIRST | change
    torch.manual_seed(0)
    model = gan.GenerativeAdversarialNetwork(
        setting.pop("latent"), feature_weight=setting.pop("feature_weight")
    )
    gan.fit(model, torch.from_numpy(images[~held_out & (labels == digit)]), **setting)
    scored, own = torch.from_numpy(images[held_out]), labels[held_out] == digit
    found = gan.scores(model, scored) | {"shape difference": scores.shape_difference(model, scored)}
    aurocs = {name: detection(values[own], values[~own])[0] for name, values in found.items()}
    return {"changed": str(change or "nothing"), "digit": digit} | aurocs


def main() -> None:
    """Measure all and print them, best first."""
    data = [part.numpy() for part in mnist("train")]
    jobs = [
        joblib.delayed(measure)(change, digit, *data, os.getpid()) for change in CHANGES for digit in DIGITS
    ]
    done = joblib.Parallel(-1, return_as="generator_unordered", mmap_mode="c")(jobs)
    table = pd.DataFrame(tqdm(done, "settings × digits", total=len(jobs)))
    mean = (
        table.drop(columns="digit").groupby("changed").mean().sort_values("shape difference", ascending=False)
    )
    print(mean.round(4).to_string())


if __name__ == "__main__":
    main()
