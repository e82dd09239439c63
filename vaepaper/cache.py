"""Many trainings: cached on disk, side by side on this machine or on a Dask cluster, with a bar.

`train_all` is what chapters call. A training is determined by its settings, its data and `arithmetic`; its
weights lie in build/remembered under the SHA-256 of all that, as safetensors, which are checked when read and
never unpickled.
"""

import hashlib
import inspect
import json
import os
import platform
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn
from tqdm import tqdm

from vaepaper import checks, exact, paths, train

# Raised by hand whenever a change of code changes the bits of a training; tests/golden.py tells. Trainings
# that were cached under another version are made again.
TRAINING_VERSION = 1

# The module of each model's class, and that of the `fit` that trains it; imported when they are asked for.
MODELS = dict.fromkeys(("AutoEncoder", "VariationalAutoEncoder", "DigitReader"), ("models", "train"))
MODELS |= {"GenerativeAdversarialNetwork": ("gan", "gan")}

# NumPy must find vaepaper/__init__.py's settings when it loads: in a Dask worker, before our code.
WORKER = "dask worker ADDRESS --nthreads 1 --preload-nanny vaepaper"
BAR = "{desc} {percentage:3.0f}% |{bar:20}| {elapsed} < {remaining}"


def train_all(
    settings: Sequence[Mapping],
    images: Tensor | np.ndarray,
    labels: Tensor | np.ndarray | None = None,
    *,
    device: str = "auto",
) -> list[nn.Module]:
    """Trained models, in the order of their settings, on `device`.

    What is cached is read from disk. The remaining trainings run side by side, one single-threaded job a
    core, or on the Dask cluster whose scheduler the environment variable VAEPAPER_SCHEDULER names. The
    weights are the same bits on every x86-64 processor (`vaepaper.exact`).

    Args:
        settings: such as [{"model": "AutoEncoder", "latent": 16, "epochs": 20, "seed": 0}]; see `complete`.
        images: float32 [n, inputs] in [0, 1].
        labels: int64 [n], for a model whose loss takes them or that trains on some labels only; others see
            none.

    Raises:
        TypeError, ValueError: bad settings, bad images or labels, or labels missing.
        FloatingPointError: a loss that is not finite. ConnectionError: no scheduler answers.
        RuntimeError: a worker runs other code.
    """
    if isinstance(settings, str | Mapping) or not isinstance(settings, Iterable):
        expected = "expected a list: [one training's settings, …]"
        raise TypeError(f"settings are {checks.shown(settings)}; {expected}")
    device = pick_device(device)
    asked = [complete(one) for one in settings]
    for inputs in {one["sizes"]["inputs"] for one in asked}:
        images = checks.images(images, inputs).cpu()
    if asked and labels is not None:
        labels = checks.labels(labels, len(images), 9 if any(map(_learns_labels, asked)) else None)
    for one in asked:
        if _needs_labels(one) and labels is None:
            raise ValueError(f"{one['model']} needs the labels here; pass them after the images")
        if "only" in one and not np.isin(labels, one["only"]).any():
            raise ValueError(f"no image has a label of only={one['only']}")
    data = [np.asarray(part) for part in (images, labels) if part is not None]
    digests = {labelled: _digest_of_data(data[: 1 + labelled]) for labelled in {*map(_needs_labels, asked)}}
    origin = {**arithmetic(), "device": torch.device(device).type}
    wanted = [{"settings": one, "data": digests[_needs_labels(one)], **origin} for one in asked]
    paths.writable(paths.BUILD / "remembered")  # before hours of training, not after
    names = [json.dumps(trained) for trained in wanted]  # what is asked for twice is trained once
    jobs = dict(zip(names, wanted, strict=True))
    found = {name: cached(trained) for name, trained in jobs.items()}
    missing = {name: trained for name, trained in jobs.items() if found[name] is None}
    for name, state, losses in _trained(missing, data, device):
        found[name] = state, {**missing[name], "losses": losses}
        write(cache_file(missing[name]), *found[name])
    return [build(trained, state).to(device) for state, trained in map(found.get, names)]


def pick_device(device: str | torch.device = "auto") -> str:
    """ "auto" is the GPU where there is one, else the CPU. Raises ValueError: no such device here."""
    gpus = []
    if torch.cuda.is_available():
        gpus = ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    device = str(device) if isinstance(device, torch.device) else checks.plain(device)
    if isinstance(device, str) and device.startswith("cuda") and not gpus:
        raise ValueError(f"device is {device!r}, but torch sees no GPU here; there are auto, cpu")
    checks.one_of("device", device, ["auto", "cpu", *gpus])
    if device == "auto":
        return "cuda" if gpus else "cpu"
    return device


# Settings of a training.


def complete(settings: Mapping) -> dict:
    """The settings of a training with every default filled in, so that equal trainings have equal settings.

    Args:
        settings: "model" names one of `MODELS`; "only" (optional) lists the labels to train on; the others
            are the model's arguments and `fit`'s.

    Raises:
        TypeError: no mapping. ValueError: an unknown model or setting, one that is missing, or an invalid
            value.
    """
    if not isinstance(settings, Mapping):
        expected = "expected a mapping such as {'model': 'AutoEncoder', 'latent': 16}"
        raise TypeError(f"the settings of a training are {checks.shown(settings)}; {expected}")
    asked = {name: checks.plain(value) for name, value in settings.items()}
    model, only = checks.one_of("model", asked.pop("model", None), MODELS), asked.pop("only", None)
    network, options = _network(model), inspect.signature(_fit(model)).parameters.values()
    keywords = [option for option in options if option.kind is option.KEYWORD_ONLY]
    defaults = {option.name: option.default for option in keywords if option.name != "progress"}
    for name in asked:
        checks.one_of("a setting", name, [*inspect.signature(network).parameters, *defaults, "only"])
    fit = {name: asked.pop(name, default) for name, default in defaults.items()}
    fit = checks.validate(checks.SETTINGS, **fit)
    try:
        sizes = inspect.signature(network).bind(**asked)
    except TypeError as error:
        raise ValueError(f"{model}: {error}") from error
    sizes.apply_defaults()
    found = checks.validate(checks.SETTINGS, **sizes.arguments)
    with torch.device("meta"):  # what the model itself refuses, without its weights
        network(**found)
    return {"model": model, "sizes": found, "fit": fit} | ({} if only is None else {"only": _labels(only)})


def arithmetic() -> dict[str, str | int]:
    """What determines a training's bits besides its settings, its data and the kind of device."""
    why = exact.why_not()
    digits = f"of {platform.node()}: {why}" if why else "the same on every x86-64 processor"
    packages = {"torch": torch.__version__, "numpy": np.__version__}
    return {"version": TRAINING_VERSION, **packages, "digits": digits}


def _network(model: str) -> type[nn.Module]:
    """The class of a model."""
    return getattr(import_module(f"vaepaper.{MODELS[model][0]}"), model)


def _fit(model: str) -> Callable:
    """What trains a model."""
    return import_module(f"vaepaper.{MODELS[model][1]}").fit


def _labels(only: Iterable[int]) -> list[int]:
    """The labels to train on, in order. Raises ValueError."""
    listed = isinstance(only, Iterable) and not isinstance(only, str | bytes | Mapping)
    if not listed or not len(only := list(only)):
        raise ValueError(f"only is {checks.shown(only)}; expected the labels to train on, such as [0, 1]")
    return sorted({checks.integer("only", label, 0) for label in only})


def _learns_labels(settings: Mapping) -> bool:
    """Whether the model's loss takes labels."""
    return settings["model"] == "DigitReader"


def _needs_labels(settings: Mapping) -> bool:
    """Whether the training looks at labels: to learn them, or to choose what it learns from."""
    return _learns_labels(settings) or "only" in settings


def _digest_of_data(arrays: Sequence[np.ndarray]) -> str:
    """SHA-256 of what is trained on: dtypes, shapes and every byte."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array))
    return found.hexdigest()


# Weights on disk.


def save(model: nn.Module, name: str) -> Path:
    """Leave a model from `train_all` as build/models/`name`.safetensors, beside a JSON of how it was trained.

    Weights that were changed since (fine-tuned, say) are marked so: "changed" in that record.

    Raises:
        ValueError: no plain name, a model without a record of its training, or one whose settings were
            changed.
    """
    path = paths.BUILD / "models" / f"{checks.file_name(name)}.safetensors"
    if not hasattr(model, "as_trained"):
        kind = type(model).__name__
        raise ValueError(f"this {kind} has no record of its training; save what train_all or load gave")
    weights, trained, twin = model.state_dict(), dict(model.trained), build(model.trained)
    ours = [name for name in vars(twin) if not name.startswith("_") and name not in ("training", "trained")]
    other = [name for name in ours if getattr(model, name, None) != getattr(twin, name)]
    if other or repr(model) != repr(twin):
        changed = (other or ["layers"])[0]
        raise ValueError(f"the model's {changed} changed after its training; train one with these settings")
    if _digest({key: value.cpu() for key, value in weights.items()}) != model.as_trained:
        trained = {**trained, "changed": "the weights, after this training"}
    write(path, weights, trained)
    with paths.atomic_write(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(trained, indent=1) + "\n", encoding="utf-8")
    return path


def load(path: str | os.PathLike) -> nn.Module:
    """A saved model, ready to score.

    Raises:
        FileNotFoundError, ValueError: as `read`.
    """
    weights, trained = read(Path(path))
    try:
        return build(trained, weights)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        why = f"a model that this version does not know ({error})"
        raise ValueError(f"{path} holds {why}; train it again") from error


def build(trained: Mapping, weights: Mapping[str, Tensor] | None = None) -> nn.Module:
    """The model of `trained["settings"]`, with `weights` if given, ready to score."""
    with train.standard():
        model = _network(trained["settings"]["model"])(**trained["settings"]["sizes"])
        if weights is not None:
            model.load_state_dict(weights)
            model.as_trained = _digest(weights)
    model.trained = trained
    return model.eval()


def write(path: Path, weights: Mapping[str, Tensor], trained: Mapping) -> None:
    """Write `weights`, how they were `trained`, and the SHA-256 of both, completely or not at all."""
    text = json.dumps(trained)
    metadata = {"trained": text, "sha256": _digest(weights, text)}
    with paths.atomic_write(path) as part:
        part.write_bytes(serialise(dict(weights), metadata=metadata))


def read(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Weights and how they were trained.

    Raises:
        FileNotFoundError: no such file. ValueError: truncated, altered, or not a file that `write` wrote.
    """
    if not path.is_file():
        hint = f"a chapter that ran leaves its own in {paths.BUILD}/models"
        raise FileNotFoundError(f"no weights at {path}; {hint}")
    try:
        with safe_open(path, "pt") as file:
            text, digest = file.metadata()["trained"], file.metadata()["sha256"]
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"{path} is damaged or not ours ({error}); delete it and run again") from error
    if digest != _digest(weights, text):
        raise ValueError(f"{path} was altered after it was written; delete it and run again")
    return weights, json.loads(text)


def _digest(weights: Mapping[str, Tensor], text: str = "") -> str:
    return hashlib.sha256(text.encode() + serialise(dict(weights))).hexdigest()


def cache_file(trained: Mapping) -> Path:
    """Where a training is cached: under the SHA-256 of all that determines it."""
    name = hashlib.sha256(json.dumps(trained).encode()).hexdigest()
    return paths.BUILD / "remembered" / f"{name}.safetensors"


def cached(trained: Mapping) -> tuple[dict[str, Tensor], dict] | None:
    """The weights of a training that ended before, and how it went.

    None if there are none, or (said) damaged ones, or those of a training other than asked for.
    """
    path = cache_file(trained)
    try:
        weights, record = read(path)
        if {name: record.get(name) for name in trained} != trained:
            raise ValueError(f"{path} holds another training than its name says")
    except FileNotFoundError:
        return None
    except ValueError as error:
        print(f"{error}: training it again", file=sys.stderr)
        return None
    return weights, record


# One training, and many at once.

_ALONE = threading.Lock()  # random numbers and thread counts are the process's


def _train(name: str, trained: dict, device: str, share: np.ndarray, caller: int, *data: np.ndarray) -> tuple:
    """One training, from its settings to its weights: the unit that runs here, in a worker, or on a cluster.

    Args:
        share: [1], where the share of epochs that have ended is left. caller: the process that asked.
        data: images, and labels where needed.

    Returns:
        `name`, the weights on the CPU, and the losses.
    """
    end_with(caller)
    for what, wanted in arithmetic().items():
        if trained[what] != wanted:
            raise RuntimeError(
                f"{socket.gethostname()} differs in {what}: {trained[what]!r} was asked for, there it is"
                f" {wanted!r}; bring it to the same commit and packages, and start it with: {WORKER}"
            )
    settings = trained["settings"]
    if "only" in settings:
        rows = np.isin(data[1], settings["only"])
        data = tuple(part[rows] for part in data)
    # torch wants memory that it may write to, which what a cluster sends is not.
    used = [np.require(part, requirements="W") for part in data[: 1 + _learns_labels(settings)]]
    tensors = [torch.from_numpy(part) for part in used]
    with _ALONE, train.standard():
        torch.manual_seed(settings["fit"]["seed"])
        model = build(trained).to(device)
        losses = _fit(settings["model"])(
            model.train(), *tensors, **settings["fit"], progress=reporting(share)
        )
    return name, {key: value.cpu() for key, value in model.state_dict().items()}, losses


def _trained(jobs: dict[str, dict], data: Sequence[np.ndarray], device: str) -> Iterator[tuple]:
    """Run the trainings `jobs`, the longest first, and yield what `_train` returns as each ends."""
    if not jobs:
        return

    def work(trained: dict) -> float:
        """About proportional to its time: matrix products, and a step's other costs."""
        parameters = sum(p.numel() for p in build(trained).parameters())
        only = trained["settings"].get("only")
        rows = np.isin(data[1], only).sum() if only else len(data[0])
        epochs = sum(n for name, n in trained["settings"]["fit"].items() if name.endswith("epochs"))
        return epochs * rows * (parameters + 80_000)

    works = {name: work(trained) for name, trained in jobs.items()}
    order = sorted(jobs, key=lambda name: -works[name])
    title = "1 training" if len(jobs) == 1 else f"{len(jobs)} trainings"
    calls = [(name, jobs[name], device) for name in order]
    alone = device != "cpu" or len(jobs) == 1  # one job needs no workers
    yield from each(_train, calls, data, [works[name] for name in order], title, alone=alone)


def each(
    call: Callable, jobs: Sequence[tuple], data: Sequence, work: Sequence, title: str, *, alone: bool = False
) -> Iterator:
    """What `call(*job, share, caller, *data)` returns for each job, as they end: here or on the cluster.

    Args:
        call: leaves in `share` [1] which share of it is done; `caller` is this process.
        data: sent to each worker once. work: of each job, for the bar. alone: one after the other, in this
            process.

    Raises:
        ConnectionError: no scheduler answers, or it has no workers. RuntimeError: a worker lacks our code or
            other code runs there, or workers died again and again. And what `call` raises.
    """
    address = os.environ.get("VAEPAPER_SCHEDULER")
    with progress_bar(title, work) as shares:
        calls = [(n, call, *job, shares[n : n + 1], os.getpid()) for n, job in enumerate(jobs)]
        for n, result in _on_cluster(address, calls, data) if address else _here(calls, data, alone):
            shares[n] = 1  # a cluster's workers cannot write there
            yield result


def _numbered(n: int, call: Callable, *arguments) -> tuple:
    return n, call(*arguments)


def _here(calls: Sequence[tuple], data: Sequence, alone: bool) -> Iterator[tuple]:
    # Workers read the data from one memory map, which a small /tmp or /dev/shm may not hold: so in the build
    # folder. "c" copies a page only if it is written to.
    folder = str(paths.writable(paths.BUILD / "shared"))
    jobs = 1 if alone else -1
    parallel = joblib.Parallel(jobs, return_as="generator_unordered", mmap_mode="c", temp_folder=folder)
    yield from parallel(joblib.delayed(_numbered)(*call, *data) for call in calls)


def _on_cluster(address: str, calls: Sequence[tuple], data: Sequence) -> Iterator[tuple]:
    from distributed import Client, as_completed  # here: only a cluster needs it
    from distributed.client import CancelledError
    from distributed.scheduler import KilledWorker

    start = WORKER.replace("ADDRESS", address)
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"no Dask scheduler answers at {address} (VAEPAPER_SCHEDULER). Start one with `dask scheduler`,"
            " or unset the variable to train on this machine."
        ) from error
    with client:
        if not client.ncores():
            raise ConnectionError(f"the Dask scheduler at {address} has no workers; start some: `{start}`")
        try:
            client.run(arithmetic)  # each imports our code; whether it is the same, `call` looks
            sent = client.scatter(list(data), broadcast=True)
            for done in as_completed(client.submit(_numbered, *call, *sent, pure=False) for call in calls):
                yield done.result()
        except (KilledWorker, CancelledError) as error:
            raise RuntimeError(
                f"workers of {address} died again and again at one training (out of memory?), or all have"
                f" gone. What had ended is cached; start others (`{start}`) and run again."
            ) from error
        except Exception as error:
            said = str(error)  # the scheduler hands it on in several wrappings
            if "No module named 'vaepaper" not in said and "deserialization" not in said:
                raise
            why = str(error.__cause__ or error).splitlines()[0]
            lacks = f"lacks our code ({why}); install this commit there"
            raise RuntimeError(f"the Dask cluster at {address} {lacks}") from error


def end_with(parent: int) -> None:
    """In a worker process of `parent`: end when it has gone, even if it was killed. Elsewhere: nothing."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if os.getppid() == parent and not any(thread.name == "end_with" for thread in threading.enumerate()):
        threading.Thread(target=watch, name="end_with", daemon=True).start()


def reporting(share: np.ndarray) -> Callable[[Sequence[int]], Iterable[int]]:
    """Goes through epochs as `tqdm` does, and leaves in `share` [1] which share of them has ended."""

    def through(epochs: Sequence[int]) -> Iterator[int]:
        for ended, epoch in enumerate(epochs, 1):
            yield epoch
            share[:] = ended / len(epochs)

    return through


@contextmanager
def progress_bar(title: str, work: Sequence[float]) -> Iterator[np.ndarray]:
    """A bar over jobs of `work` each; yields the shares [jobs] that are done, for workers to write."""
    with tempfile.TemporaryDirectory() as folder:
        # A file's memory: joblib hands it to its workers as it is, so that what they write is seen here.
        shares = np.memmap(Path(folder) / "shares", np.float32, "w+", shape=len(work))
        ended = threading.Event()
        with tqdm(total=sum(work), desc=title, bar_format=BAR, leave=False) as bar:

            def look() -> None:
                while not ended.wait(0.5):
                    bar.n = float(shares @ work)
                    bar.refresh()

            watch = threading.Thread(target=look, daemon=True)
            watch.start()
            try:
                yield shares
            finally:
                ended.set()
                watch.join()
