"""Many trainings: remembered on disk, side by side here."""

import hashlib
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import joblib
import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from vaepaper import models, paths, train, weights
from vaepaper.data import check_images

FIT = {name: p.default for name, p in inspect.signature(train.fit).parameters.items() if p.kind is p.KEYWORD_ONLY}
del FIT["progress"]


def pick_device(device: str = "auto") -> str:
    """ "auto" is the GPU where there is one, else the CPU."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def settings(description: Mapping) -> dict:
    """A description with every default filled in, so that equal trainings are described equally.

    Args:
        description: "model" names a class of `models`; the rest are its arguments and `fit`'s.

    Raises:
        ValueError: no such model, a word that neither knows, or an argument missing.
    """
    asked = dict(description)
    model = asked.pop("model", None)
    if model not in ("AutoEncoder", "VariationalAutoEncoder", "DigitReader"):
        raise ValueError(f"description {dict(description)}: no model {model!r} in vaepaper.models")
    fit = {name: asked.pop(name, default) for name, default in FIT.items()}
    try:
        sizes = inspect.signature(getattr(models, model)).bind(**asked)
    except TypeError as error:
        raise ValueError(f"description {dict(description)}: {error}") from error
    sizes.apply_defaults()
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in sizes.arguments.items()}
    return {"model": model, "sizes": plain, "fit": fit}


def determined_by(device: str, *data: np.ndarray | None) -> dict:
    """What determines a training besides its settings: data, code, torch and the kind of device."""
    digest = hashlib.sha256()
    for array in data:
        if array is not None:
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array))
    code = b"".join(Path(module.__file__).read_bytes() for module in (models, train))
    return {
        "data": digest.hexdigest(),
        "code": hashlib.sha256(code).hexdigest(),
        "torch": torch.__version__,
        "device": torch.device(device).type,
    }


def _train(
    name: str, trained: dict, device: str, progress: bool, images: np.ndarray, labels: np.ndarray | None
) -> tuple:
    """One training, from its settings to its weights: the unit that runs in this process or in a worker."""
    fit = trained["settings"]["fit"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fit["seed"])
        model = weights.build(trained).to(device)
    data = (images, labels) if needs_labels(trained["settings"]) else (images,)
    losses = train.fit(model.train(), *map(torch.from_numpy, data), **fit, progress=progress)
    return name, {key: value.cpu() for key, value in model.state_dict().items()}, losses


def needs_labels(asked: Mapping) -> bool:
    """Whether the described model's loss takes labels."""
    return asked["model"] == "DigitReader"


def _remember(trained: dict, arrived: tuple | None) -> tuple:
    """What joblib remembers under `trained`: weights that have just arrived."""
    state, losses = arrived
    return state, {**trained, "losses": losses}


def train_all(
    descriptions: Sequence[Mapping],
    images: Tensor | np.ndarray,
    labels: Tensor | np.ndarray | None = None,
    *,
    device: str = "auto",
) -> list[nn.Module]:
    """Trained models, in the order of their descriptions, on `device`.

    What was trained before is read from disk; the rest is trained side by side, one single-threaded job a core.

    Args:
        descriptions: such as {"model": "AutoEncoder", "latent": 16, "epochs": 20, "seed": 0}; see `settings`.
        images: float32 [n, inputs] in [0, 1].
        labels: int64 [n], for a model whose loss takes them; the others do not see them.

    Raises:
        ValueError: a bad description, bad images, or labels missing. FloatingPointError: a loss that is not finite.
    """
    device = pick_device(device)
    asked = [settings(description) for description in descriptions]
    for one in asked:
        images = check_images(images, one["sizes"]["inputs"])
        if needs_labels(one) and labels is None:
            raise ValueError(f"{one['model']} learns from labels; pass them after the images")
    arrays = [None if part is None else np.asarray(part) for part in (images, labels)]
    origins = {labelled: determined_by(device, *arrays[: 1 + labelled]) for labelled in {*map(needs_labels, asked)}}
    wanted = [{"settings": one, **origins[needs_labels(one)]} for one in asked]
    memory = joblib.Memory(paths.writable(paths.BUILD / "remembered"), backend="safetensors", verbose=0)
    remember = memory.cache(_remember, ignore=["arrived"])
    names = [json.dumps(trained) for trained in wanted]  # what is asked for twice is trained once
    missing = {
        n: trained for n, trained in zip(names, wanted, strict=True) if not remember.check_call_in_cache(trained, None)
    }
    found = {n: remember(trained, None) for n, trained in zip(names, wanted, strict=True) if n not in missing}
    for name, *arrived in _side_by_side(missing, arrays, device):
        found[name] = remember(missing[name], arrived)
    return [weights.build(trained, state).to(device) for state, trained in map(found.get, names)]


def _side_by_side(jobs: dict[str, dict], arrays: Iterable, device: str) -> Iterator[tuple]:
    """Run `jobs`, the longest first, and yield each as it ends."""

    def work(trained: dict) -> float:  # about proportional to its time: matrix products, and what a step costs besides
        parameters = sum(p.numel() for p in weights.build(trained).parameters())
        return trained["settings"]["fit"]["epochs"] * (parameters + 80_000)

    order = sorted(jobs, key=lambda job: -work(jobs[job]))
    alone = device != "cpu" or len(order) < 2  # one job needs no workers, and shows its epochs
    # Workers read the arrays from one memory map; "c" lets torch wrap it, and copies a page only if it is written to.
    parallel = joblib.Parallel(1 if alone else -1, return_as="generator_unordered", mmap_mode="c")
    calls = (joblib.delayed(_train)(job, jobs[job], device, len(order) == 1, *arrays) for job in order)
    bar = "{desc} {percentage:3.0f}% |{bar:20}| {elapsed} < {remaining}"
    total, title = sum(map(work, jobs.values())), f"{len(order)} trainings"
    with tqdm(total=total, desc=title, bar_format=bar, leave=False, disable=len(order) < 2) as shown:
        for done in parallel(calls):
            shown.update(work(jobs[done[0]]))
            yield done
