"""How chapter 5 chose its setting with one digit normal: on training digits alone; no unseen digit is seen.

10,000 training digits, drawn at random, are held out. A VAE learns one digit from the rest and scores those
10,000. `.venv/bin/python benchmarks/choose_one_class.py` (6 minutes on two cores) prints the mean AUROC of
the four digits that are hardest.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import os
from collections.abc import Callable, Sequence

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import ParameterGrid
from torch import Tensor
from tqdm import tqdm

from vaepaper import models, scores, train
from vaepaper.cache import end_with
from vaepaper.data import mnist
from vaepaper.metrics import detection

DIGITS = (2, 4, 5, 8)
GRID = {
    "latent": [8, 16, 64],
    "kl_weight": [0.02, 0.1, 0.3, 1.0],
    "epochs": [10, 20],
    "batch_size": [64, 128],
}
SCORES = (scores.difference, scores.squared_difference, scores.shape_difference)


def score(setting: dict, normal: Tensor, scored: Tensor) -> dict[str, np.ndarray]:
    """Each score of all images, by a network that learnt the normal ones in that setting."""
    setting = dict(setting)
    model = models.VariationalAutoEncoder(setting.pop("latent"), kl_weight=setting.pop("kl_weight"))
    train.fit(model, normal, learning_rate=2e-3, **setting)
    return {each.__name__: each(model.eval(), scored) for each in SCORES}


def measure(score: Callable, setting: dict, digit: int, images: np.ndarray, labels: np.ndarray, parent: int):
    """AUROC of each score for one setting and digit."""
    end_with(parent)
    held_out = np.zeros(len(images), dtype=bool)
    held_out[np.random.default_rng(0).permutation(len(images))[:10_000]] = True
    torch.manual_seed(0)
    normal, own = images[~held_out & (labels == digit)], labels[held_out] == digit
    found = score(setting, torch.from_numpy(normal), torch.from_numpy(images[held_out]))
    return {name: detection(values[own], values[~own])[0] for name, values in found.items()}


def compare(score: Callable, settings: Sequence[dict], digits: Sequence[int], by: str) -> None:
    """Measure all settings and print the mean of the digits, best first."""
    data, jobs = [part.numpy() for part in mnist("train")], []
    for setting in settings:
        jobs += [joblib.delayed(measure)(score, setting, digit, *data, os.getpid()) for digit in digits]
    done = joblib.Parallel(-1, return_as="generator", mmap_mode="c")(jobs)
    table = pd.DataFrame(tqdm(done, "settings × digits", total=len(jobs)))
    mean = table.groupby(np.arange(len(jobs)) // len(digits)).mean()
    mean.index = [str(setting or "nothing changed") for setting in settings]
    print(mean.sort_values(by, ascending=False).round(4).to_string())


if __name__ == "__main__":
    compare(score, list(ParameterGrid(GRID)), DIGITS, by="shape_difference")
