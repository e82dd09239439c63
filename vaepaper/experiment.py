"""The report's experiment, written once: its settings, its networks, and what each claim measures.

`Settings()` is the report as we interpret it; every interpretation of what it leaves unsaid is the same with
something changed. Chapters 1 to 4 show the default step by step; `robustness.measure` runs through it for
chapter 6, seed by seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind
from torch import Tensor

LATENT_SIZES = (4, 8, 16, 32, 64, 128, 256)  # of the sweep: the report's 16 … 256, and two below
READER = {"model": "DigitReader"}  # one and the same for all interpretations
CELLS = {2: 50, 3: 14}  # along each axis of a latent space: 2,500 and 2,744 cells
STEP = 0.05  # a latent step, as a share of the extent


@dataclass(frozen=True)
class Settings:
    """What one experiment is run with; the defaults are the report as we interpret it."""

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    seed: int = 0  # of weights, batches, noise and synthetic defects
    activation: str = "ReLU"  # between the layers of the 4-layer networks
    latent_sigmoid: bool = True  # the sweep's encoders end in a sigmoid
    sweep_hidden: tuple[int, ...] = ()  # the sweep's hidden layers
    reconstruction: str = "squared"  # how an output is compared with its input in training
    kl_weight: float = 1.0
    kl_average: bool = False  # the KL term is averaged over latents, not summed
    output_sigmoid: bool = True  # the VAE's outputs lie in 0 … 1
    binary: bool = False  # pixels above one half are 1, the others 0
    first: int = 60_000  # training digits, to learn from and behind the threshold
    sampled_code: bool = False  # a digit's code is drawn when scoring, too
    squared_score: bool = False  # the difference is a sum of squares

    @property
    def fit(self) -> dict:
        """What `train.fit` takes."""
        names = ("epochs", "batch_size", "learning_rate", "seed")
        return {name: getattr(self, name) for name in names}


ALL, SWEEP, CLUSTERS, VAES, ALARM = ("C1", "C9"), ("C1", "C2"), ("C3", "C9"), ("C4", "C9"), ("C6", "C9")

# What differs, in words; the first and the last claim that it is measured on; how many seeds (three, more
# where a training is short, two where it is longest); and the settings that differ from the default.
# As many steps as 20 epochs of 469 batches: 1,173 epochs of 8, 119 of 79.
INTERPRETATIONS: dict[str, dict] = {
    name: {"says": says, "claims": claims, "seeds": seeds, "change": change}
    for name, says, claims, seeds, change in [
        ("default", "as in chapters 1 to 4", ALL, 20, {}),
        ("epochs-5", "5 epochs", ALL, 5, {"epochs": 5}),
        ("epochs-10", "10 epochs", ALL, 5, {"epochs": 10}),
        ("epochs-50", "50 epochs", ALL, 2, {"epochs": 50}),
        ("epochs-100", "100 epochs", ALARM, 3, {"epochs": 100}),
        ("epochs-200", "200 epochs", ALARM, 3, {"epochs": 200}),
        ("batch-32", "batches of 32", ALL, 2, {"batch_size": 32}),
        ("batch-512", "batches of 512", ALL, 3, {"batch_size": 512}),
        ("rate-0.0003", "learning rate 3e-4", ALL, 3, {"learning_rate": 3e-4}),
        ("rate-0.003", "learning rate 3e-3", ALL, 3, {"learning_rate": 3e-3}),
        ("tanh", "tanh", CLUSTERS, 3, {"activation": "Tanh"}),
        ("leaky-relu", "leaky ReLU", CLUSTERS, 3, {"activation": "LeakyReLU"}),
        ("no-latent-sigmoid", "sweep: no sigmoid on the latent", SWEEP, 5, {"latent_sigmoid": False}),
        ("hidden-layer", "sweep: a hidden layer of 256", SWEEP, 3, {"sweep_hidden": (256,)}),
        ("linear-output", "VAE: no sigmoid on the output", ALARM, 5, {"output_sigmoid": False}),
        ("bernoulli", "Bernoulli loss", ALL, 3, {"reconstruction": "bernoulli"}),
        ("kl-0.1", "KL weight 0.1", VAES, 3, {"kl_weight": 0.1}),
        ("kl-0.5", "KL weight 0.5", VAES, 3, {"kl_weight": 0.5}),
        ("kl-2", "KL weight 2", VAES, 3, {"kl_weight": 2.0}),
        ("kl-4", "KL weight 4", VAES, 3, {"kl_weight": 4.0}),
        ("kl-mean", "KL averaged over latents", VAES, 3, {"kl_average": True}),
        ("binary", "pixels 0 or 1", ALARM, 5, {"binary": True}),
        ("first-1000", "the first 1,000 digits", ALARM, 5, {"first": 1000}),
        ("first-10000", "the first 10,000 digits", ALARM, 5, {"first": 10_000}),
        ("sampled-code", "a sampled code when scoring", ALARM, 5, {"sampled_code": True}),
        ("squared-difference", "squared differences", ("C8", "C9"), 5, {"squared_score": True}),
        # More than one thing changed.
        ("first-1000-as-many-steps", "the first 1,000, as many steps", ALARM, 5,
         {"first": 1000, "epochs": 1173}),
        ("first-10000-as-many-steps", "the first 10,000, as many steps", ALARM, 5,
         {"first": 10_000, "epochs": 119}),
        ("binary-linear-200", "0 or 1, no sigmoid, 200 epochs", ALARM, 3,
         {"binary": True, "output_sigmoid": False, "epochs": 200}),
    ]
}  # fmt: skip


def settings_of(interpretation: str, seed: int = 0) -> Settings:
    """The settings of an interpretation. Raises KeyError: no such one."""
    return replace(Settings(), seed=seed, **INTERPRETATIONS[interpretation]["change"])


def claims_of(interpretation: str) -> list[str]:
    """The claims that an interpretation is measured on, in order."""
    first, last = INTERPRETATIONS[interpretation]["claims"]
    return [f"C{n}" for n in range(int(first[1:]), int(last[1:]) + 1)]


def sweep(settings: Settings, latent_sizes: Sequence[int] = LATENT_SIZES) -> dict[int, dict]:
    """The sweep's networks by latent size (chapter 1), each as `train_all` takes it."""
    network = {
        "model": "AutoEncoder",
        "hidden": list(settings.sweep_hidden),
        "latent_sigmoid": settings.latent_sigmoid,
        "reconstruction": settings.reconstruction,
    }
    return {latent: {**network, "latent": latent, **settings.fit} for latent in latent_sizes}


def autoencoder(settings: Settings, latent: int) -> dict:
    """The 4-layer auto-encoder of chapters 2 and 3."""
    network = {"model": "AutoEncoder", "latent": latent, "activation": settings.activation}
    return {**network, "reconstruction": settings.reconstruction, **settings.fit}


def variational(settings: Settings, latent: int) -> dict:
    """The variational auto-encoder of chapters 3 (2 and 3 latents) and 4 (64)."""
    network = {
        "model": "VariationalAutoEncoder",
        "latent": latent,
        "activation": settings.activation,
        "reconstruction": settings.reconstruction,
        "kl_weight": 1 / latent if settings.kl_average else settings.kl_weight,  # the loss sums over latents
        "output_sigmoid": settings.output_sigmoid,
    }
    return {**network, **settings.fit}


def networks(settings: Settings, claims: list[str]) -> dict[tuple, dict]:
    """The networks that some claims need, by (name, latent size)."""
    found = {}
    if "C1" in claims:
        found |= {("sweep", latent): network for latent, network in sweep(settings).items()}
    if "C4" in claims:
        found |= {("AE", latent): autoencoder(settings, latent) for latent in (2, 3)}
        found |= {("VAE", latent): variational(settings, latent) for latent in (2, 3)}
    if "C9" in claims:
        found["VAE", 64] = variational(settings, 64)
    return found


def digits(settings: Settings, images: Tensor, labels: Tensor, unseen: Tensor) -> tuple[Tensor, ...]:
    """Training images, their labels and unseen images, as the settings take them."""
    images, labels = images[: settings.first], labels[: settings.first]
    if settings.binary:
        images, unseen = (images > 0.5).float(), (unseen > 0.5).float()
    return images, labels, unseen


# What each claim measures: {criterion of claims.toml: number}.


def c1(legible: Mapping[int, float]) -> dict[str, float]:
    """Latents of 32 and more give outputs that resemble the input: legibility by latent size."""
    return {f"legibility, z = {z}": share for z, share in legible.items() if z >= 32}


def c2(legible: Mapping[int, float], explained: Mapping[int, float]) -> dict[str, float]:
    """Latents of 16 and fewer do not: legibility and explained variance by latent size."""
    few = {f"legibility, z = {z}": share for z, share in legible.items() if z <= 16}
    return {**few, "explained variance, 32 − 16": explained[32] - explained[16]}


def c3(accuracy: Mapping[int, float], areas: np.ndarray) -> dict[str, float]:
    """The AE clusters digits: 15-NN accuracy by latent size, area of each digit's ellipse [10]."""
    return {
        "15-NN accuracy, 2-D": accuracy[2],
        "15-NN accuracy, 3-D": accuracy[3],
        "largest ÷ smallest ellipse area, 2-D": areas.max() / areas.min(),
    }


def c4(extents: Mapping[tuple, float]) -> dict[str, float]:
    """The VAE shrinks the clusters: extent of unseen digits' codes by ("AE" or "VAE", latent size)."""
    return {f"extent AE ÷ VAE, {z}-D": extents["AE", z] / extents["VAE", z] for z in (2, 3)}


def c5(unvisited: Mapping[tuple, float], change: Mapping[tuple, float]) -> dict[str, float]:
    """… which leaves less untrained space: both measures by ("AE" or "VAE", latent size)."""
    measures = {"unvisited share": unvisited, "change for a step": change}
    return {
        f"{what}, VAE ÷ AE, {z}-D": values["VAE", z] / values["AE", z]
        for what, values in measures.items()
        for z in (2, 3)
    }


def c6(removed: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Peculiar parts removed, missing ones filled: fraction removed of each synthetic defect [n], by kind."""
    return {f"median fraction removed, {kind}": np.nanmedian(share) for kind, share in removed.items()}


def c7(lost: np.ndarray) -> dict[str, float]:
    """Some digits are not restored: which of the unseen ones are `metrics.not_restored`, bool [n]."""
    return dict.fromkeys(("share not restored", "share not restored, upper bound"), lost.mean())


def c8(training: np.ndarray, unseen: np.ndarray) -> dict[str, float]:
    """Unseen digits differ more: differences [n] and [m], Welch's t-test, and Cohen's d for how much."""
    p_value = ttest_ind(unseen, training, equal_var=False, alternative="greater").pvalue
    pooled = np.sqrt((unseen.var(ddof=1) + training.var(ddof=1)) / 2)
    return {"one-sided Welch p": p_value, "Cohen's d": (unseen.mean() - training.mean()) / pooled}


def c9(rule: pd.DataFrame) -> dict[str, float]:
    """The largest training difference flags some unseen digits (`thresholds.largest_as_threshold`)."""
    everything = rule.iloc[-1]
    more = everything.flagged - everything["95 % of chance is up to"]
    best = rule.flagged.max()
    return {"flagged with all digits − 95 % of chance": more, "flagged with the best of four n": best}
