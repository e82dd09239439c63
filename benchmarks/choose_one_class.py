"""How chapter 5 chose the setting of its one-digit protocol: on training digits alone, no unseen digit is looked at.

10,000 training digits, drawn at random, are held out. A VAE learns one digit from the rest and scores those 10,000.
`.venv/bin/python benchmarks/choose_one_class.py` (6 minutes on two cores) prints the mean AUROC of the four digits
that are hardest.
"""

import itertools
import os

import joblib
import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from vaepaper import models, scores, train
from vaepaper.cache import end_with
from vaepaper.data import mnist
from vaepaper.metrics import detection

DIGITS = (2, 4, 5, 8)
GRID = {
    "latent": (8, 16, 64),
    "kl_weight": (0.02, 0.1, 0.3, 1.0),
    "epochs": (10, 20),
    "batch_size": (64, 128),
}
SCORES = (scores.difference, scores.squared_difference, scores.shape_difference)


def measure(setting: dict, digit: int, images: np.ndarray, labels: np.ndarray, parent: int) -> dict:
    """AUROC of each score for one setting and digit."""
    end_with(parent)
    held_out = np.zeros(len(images), dtype=bool)
    held_out[np.random.default_rng(0).permutation(len(images))[:10_000]] = True
    torch.manual_seed(0)
    model = models.VariationalAutoEncoder(setting["latent"], kl_weight=setting["kl_weight"])
    fit = {"epochs": setting["epochs"], "batch_size": setting["batch_size"], "learning_rate": 2e-3}
    train.fit(model, torch.from_numpy(images[~held_out & (labels == digit)]), **fit)
    scored, own = images[held_out], labels[held_out] == digit
    found = {}
    for score in SCORES:
        values = score(model.eval(), scored)
        found[score.__name__] = detection(values[own], values[~own])[0]
    return setting | found


def main() -> None:
    """Measure the grid and print it, best first."""
    data = [part.numpy() for part in mnist("train")]
    settings = [dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())]
    jobs = [
        joblib.delayed(measure)(setting, digit, *data, os.getpid())
        for setting in settings
        for digit in DIGITS
    ]
    done = joblib.Parallel(-1, return_as="generator_unordered", mmap_mode="c")(jobs)
    table = pd.DataFrame(tqdm(done, "settings × digits", total=len(jobs)))
    mean = table.groupby(list(GRID)).mean().sort_values("shape_difference", ascending=False)
    print(mean.round(4).to_string())


if __name__ == "__main__":
    main()
