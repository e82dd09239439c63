"""A training, described in plain words: defaults filled in, and all that determines its result."""

import hashlib
import inspect
import platform
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

import numpy as np
import torch
from torch import nn

from vaepaper import checks, exact, gan, models, train

# Raised by hand whenever a change of code changes the bits of a training; tests/golden.py tells. Trainings that were
# cached under another version are made again.
TRAINING_VERSION = 1

# Each model's modules: that of its class, and that whose `fit` trains it.
MODELS = dict.fromkeys(("AutoEncoder", "VariationalAutoEncoder", "DigitReader"), (models, train))
MODELS |= {"GenerativeAdversarialNetwork": (gan, gan)}


def _defaults(module: ModuleType) -> dict:
    taken = inspect.signature(module.fit).parameters.items()
    return {name: p.default for name, p in taken if p.kind is p.KEYWORD_ONLY and name != "progress"}


FITS = {module: _defaults(module) for module in (train, gan)}
FIT = FITS[train]


def settings(description: Mapping) -> dict:
    """A description with every default filled in, so that equal trainings are described equally.

    Args:
        description: "model" names one of `MODELS`; "only" (optional) lists the labels to train on; the rest are
            the model's arguments and `fit`'s.

    Raises:
        TypeError: no mapping. ValueError: no such model, a word that neither knows, an argument missing, or a value
            that cannot be; names it.
    """
    if not isinstance(description, Mapping):
        expected = "expected a mapping such as {'model': 'AutoEncoder', 'latent': 16}"
        raise TypeError(f"a description is {checks.shown(description)}; {expected}")
    asked = {name: checks.plain(value) for name, value in description.items()}
    model, only = checks.word("model", asked.pop("model", None), MODELS), asked.pop("only", None)
    network, defaults = network_of(model), FITS[MODELS[model][1]]
    for name in asked:
        checks.word("a setting", name, [*inspect.signature(network).parameters, *defaults, "only"])
    fit = {name: asked.pop(name, default) for name, default in defaults.items()}
    for name in fit.keys() - {"learning_rate"}:  # as `fit` will, but before anything is trained
        checks.whole(name, fit[name], 0 if name == "seed" else 1)
    checks.number("learning_rate", fit["learning_rate"], 0, above=True)
    try:
        sizes = inspect.signature(network).bind(**asked)
    except TypeError as error:
        raise ValueError(f"{model}: {error}") from error
    sizes.apply_defaults()
    found = {name: checks.sizes(name, value) if name == "hidden" else value for name, value in sizes.arguments.items()}
    with torch.device("meta"):  # the model's own checks, without its weights
        network(**found)
    return {"model": model, "sizes": found, "fit": fit} | ({} if only is None else {"only": _labels(only)})


def network_of(model: str) -> type[nn.Module]:
    """The class that a description names."""
    return getattr(MODELS[model][0], model)


def _labels(only: Iterable[int]) -> list[int]:
    if isinstance(only, str | bytes | Mapping) or not isinstance(only, Iterable) or not len(only := list(only)):
        raise ValueError(f"only is {checks.shown(only)}; expected the labels to train on, such as [0, 1]")
    return sorted({checks.whole("only", label, 0) for label in only})


def digest(*arrays: np.ndarray) -> str:
    """SHA-256 of what is trained on: dtypes, shapes and every byte."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array))
    return found.hexdigest()


def arithmetic() -> dict[str, str | int]:
    """What determines a training's bits besides its settings, its data and the kind of device."""
    why = exact.why_not()
    digits = f"of {platform.node()}: {why}" if why else "the same on every x86-64 processor"
    return {"version": TRAINING_VERSION, "torch": torch.__version__, "numpy": np.__version__, "digits": digits}


def learns_labels(asked: Mapping) -> bool:
    """Whether the described model's loss takes labels."""
    return asked["model"] == "DigitReader"


def needs_labels(asked: Mapping) -> bool:
    """Whether the described training looks at labels: to learn them, or to choose what it learns from."""
    return learns_labels(asked) or "only" in asked


def chosen(asked: Mapping, data: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """What the described training learns from: of `data` (images, and labels where needed), the rows of `only`."""
    if "only" in asked:
        rows = np.isin(data[1], asked["only"])
        data = [part[rows] for part in data]
    return data[: 1 + learns_labels(asked)]
