"""Many trainings: remembered on disk, side by side here, on Dask elsewhere."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaepaper import checks, paths, train
from vaepaper.images import check_images
from vaepaper.labels import check_labels
from vaepaper.trainings import progress, side_by_side, weights
from vaepaper.trainings.descriptions import (
    MODELS,
    arithmetic,
    chosen,
    digest,
    learns_labels,
    needs_labels,
    settings,
)


def pick_device(device: str | torch.device = "auto") -> str:
    """ "auto" is the GPU where there is one, else the CPU. Raises ValueError: no such device here."""
    here = ["cpu", *("cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))) * torch.cuda.is_available()]
    device = str(device) if isinstance(device, torch.device) else checks.plain(device)
    if isinstance(device, str) and device.startswith("cuda") and len(here) == 1:
        raise ValueError(f"device is {device!r}, but torch sees no GPU here; there are auto, cpu")
    checks.word("device", device, ["auto", *here])
    return here[:2][-1] if device == "auto" else device


_ALONE = threading.Lock()  # random numbers and thread counts belong to the whole process


def end_with(parent: int) -> None:
    """In a worker process of `parent`: end when it has gone, even if it was killed. Elsewhere: nothing."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if os.getppid() == parent and not any(thread.name == "end_with" for thread in threading.enumerate()):
        threading.Thread(target=watch, name="end_with", daemon=True).start()


def _train(name: str, trained: dict, device: str, share: np.ndarray, caller: int, *data: np.ndarray) -> tuple:
    """One training, from its settings to its weights: the unit that runs in this process, in a worker, on a cluster."""
    end_with(caller)
    settled = trained["settings"]
    for what, wanted in arithmetic().items():
        if trained[what] != wanted:
            raise RuntimeError(
                f"{socket.gethostname()} differs in {what}: {trained[what]!r} was asked for, there it is {wanted!r};"
                f" bring it to the same commit and packages, and start it with: {side_by_side.WORKER}"
            )
    fit, module = settled["fit"], MODELS[settled["model"]][1]
    with _ALONE, train.standard():
        torch.manual_seed(fit["seed"])
        model = weights.build(trained).to(device)
        # torch wants memory that it may write to, which what a cluster sends is not
        used = [np.require(part, requirements="W") for part in chosen(settled, data)]
        tensors = [torch.from_numpy(part) for part in used]
        losses = module.fit(model.train(), *tensors, **fit, progress=progress.into(share))
    return name, {key: value.cpu() for key, value in model.state_dict().items()}, losses


def train_all(
    descriptions: Sequence[Mapping],
    images: Tensor | np.ndarray,
    labels: Tensor | np.ndarray | None = None,
    *,
    device: str = "auto",
) -> list[nn.Module]:
    """Trained models, in the order of their descriptions, on `device`.

    What was trained before is read from disk; the rest is trained side by side, one single-threaded job a core, or on
    the Dask cluster whose scheduler the environment variable VAEPAPER_SCHEDULER names. The weights are the same bits
    on every x86-64 processor (`vaepaper.exact`).

    Args:
        descriptions: such as {"model": "AutoEncoder", "latent": 16, "epochs": 20, "seed": 0}; see `settings`.
        images: float32 [n, inputs] in [0, 1].
        labels: int64 [n], for a model whose loss takes them or that trains on some labels only; others see none.

    Raises:
        TypeError, ValueError: a bad description, bad images or labels, or labels missing.
        FloatingPointError: a loss that is not finite. ConnectionError: no scheduler answers.
        RuntimeError: a worker runs other code.
    """
    if isinstance(descriptions, str | Mapping) or not isinstance(descriptions, Iterable):
        raise TypeError(f"descriptions are {checks.shown(descriptions)}; expected a list of them: [description, …]")
    device = pick_device(device)
    asked = [settings(description) for description in descriptions]
    for inputs in {one["sizes"]["inputs"] for one in asked}:
        images = check_images(images, inputs).cpu()
    if asked and labels is not None:
        labels = check_labels(labels, len(images), 9 if any(map(learns_labels, asked)) else None)
    for one in asked:
        if needs_labels(one) and labels is None:
            raise ValueError(f"{one['model']} needs the labels here; pass them after the images")
        if "only" in one and not np.isin(labels, one["only"]).any():
            raise ValueError(f"no image has a label of only={one['only']}")
    data = [np.asarray(part) for part in (images, labels) if part is not None]
    digests = {labelled: digest(*data[: 1 + labelled]) for labelled in {*map(needs_labels, asked)}}
    origin = {**arithmetic(), "device": torch.device(device).type}
    wanted = [{"settings": one, "data": digests[needs_labels(one)], **origin} for one in asked]
    paths.writable(paths.BUILD / "remembered")  # before hours of training, not after
    names = [json.dumps(trained) for trained in wanted]  # what is asked for twice is trained once
    found = {name: weights.remembered(trained) for name, trained in zip(names, wanted, strict=True)}
    missing = {name: trained for name, trained in zip(names, wanted, strict=True) if found[name] is None}
    for name, state, losses in _side_by_side(missing, data, device):
        found[name] = state, {**missing[name], "losses": losses}
        weights.write(weights.memory(missing[name]), *found[name])
    return [weights.build(trained, state).to(device) for state, trained in map(found.get, names)]


def _side_by_side(jobs: dict[str, dict], data: Sequence[np.ndarray], device: str) -> Iterator[tuple]:
    """Run `jobs`, the longest first, and yield each as it ends."""

    def work(trained: dict) -> float:  # about proportional to its time: matrix products, and what a step costs besides
        parameters = sum(p.numel() for p in weights.build(trained).parameters())
        rows = np.isin(data[1], only).sum() if (only := trained["settings"].get("only")) else len(data[0])
        epochs = sum(n for name, n in trained["settings"]["fit"].items() if name.endswith("epochs"))
        return epochs * rows * (parameters + 80_000)

    order = sorted(jobs, key=lambda job: -work(jobs[job]))
    if not order:
        return
    title, alone = f"{len(order)} training{'s' * (len(order) > 1)}", device != "cpu" or len(order) < 2
    calls, works = [(job, jobs[job], device) for job in order], [work(jobs[job]) for job in order]
    yield from side_by_side.each(_train, calls, data, works, title, alone=alone)  # one job needs no workers
