"""Trained weights as files: safetensors, written whole, checked when read, never unpickled."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from vaepaper import checks, paths, train
from vaepaper.trainings.descriptions import network_of


def write(path: Path, weights: Mapping[str, Tensor], trained: Mapping) -> None:
    """Write `weights`, how they were `trained`, and the SHA-256 of both, whole or not at all."""
    text = json.dumps(trained)
    digest = _digest(weights, text)
    with paths.whole(path) as part:
        part.write_bytes(serialise(dict(weights), metadata={"trained": text, "sha256": digest}))


def read(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Weights and how they were trained.

    Raises:
        FileNotFoundError: no such file. ValueError: truncated, altered, or not a file that `write` wrote.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}; a chapter that ran leaves its own in {paths.BUILD}/models")
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


def build(trained: Mapping, weights: Mapping[str, Tensor] | None = None) -> nn.Module:
    """The model that `trained["settings"]` describes, with `weights` if given, ready to score."""
    with train.standard():
        model = network_of(trained["settings"]["model"])(**trained["settings"]["sizes"])
        if weights is not None:
            model.load_state_dict(weights)
            model.as_trained = _digest(weights)
    model.trained = trained
    return model.eval()


def save(model: nn.Module, name: str) -> Path:
    """Leave a model from `runs.train_all` as build/models/`name`.safetensors, beside a JSON of how it was trained.

    Weights that were changed since (fine-tuned, say) are marked so: "changed" in that record.

    Raises:
        ValueError: no plain name, a model without a record of its training, or one whose settings were changed.
    """
    path = paths.BUILD / "models" / f"{checks.file_name(name)}.safetensors"
    if not hasattr(model, "as_trained"):
        raise ValueError(f"this {type(model).__name__} has no record of its training; save what train_all or load gave")
    weights, trained, twin = model.state_dict(), dict(model.trained), build(model.trained)
    ours = [name for name in vars(twin) if not name.startswith("_") and name not in ("training", "trained")]
    other = [name for name in ours if getattr(model, name, None) != getattr(twin, name)]
    if other or repr(model) != repr(twin):
        raise ValueError(f"the model's {(other or ['layers'])[0]} changed after its training; train one described so")
    if _digest({key: value.cpu() for key, value in weights.items()}) != model.as_trained:
        trained = {**trained, "changed": "the weights, after this training"}
    write(path, weights, trained)
    with paths.whole(path.with_suffix(".json")) as part:
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
        raise ValueError(f"{path} holds a model that this version does not know ({error}); train it again") from error


def memory(trained: Mapping) -> Path:
    """Where a training is remembered: under the SHA-256 of all that determines it."""
    return paths.BUILD / "remembered" / f"{hashlib.sha256(json.dumps(trained).encode()).hexdigest()}.safetensors"


def remembered(trained: Mapping) -> tuple[dict[str, Tensor], dict] | None:
    """The weights of a training that ended before, and how it went.

    None if there are none, or (said) damaged ones, or those of a training other than asked for.
    """
    path = memory(trained)
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
