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

from vaepaper import models, paths, train


def write(path: Path, weights: Mapping[str, Tensor], trained: Mapping) -> None:
    """Write `weights`, how they were `trained`, and the SHA-256 of both, whole or not at all."""
    text = json.dumps(trained)
    digest = hashlib.sha256(text.encode() + serialise(dict(weights))).hexdigest()
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
    if digest != hashlib.sha256(text.encode() + serialise(weights)).hexdigest():
        raise ValueError(f"{path} was altered after it was written; delete it and run again")
    return weights, json.loads(text)


def build(trained: Mapping, weights: Mapping[str, Tensor] | None = None) -> nn.Module:
    """The model that `trained["settings"]` describes, with `weights` if given, ready to score."""
    with train.standard():
        model = getattr(models, trained["settings"]["model"])(**trained["settings"]["sizes"])
    if weights is not None:
        model.load_state_dict(weights)
    model.trained = trained
    return model.eval()


def save(model: nn.Module, name: str) -> Path:
    """Leave a model from `runs.train_all` as build/models/`name`.safetensors, beside a JSON of how it was trained."""
    path = paths.BUILD / "models" / f"{name}.safetensors"
    write(path, model.state_dict(), model.trained)
    with paths.whole(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(model.trained, indent=1) + "\n")
    return path


def load(path: str | os.PathLike) -> nn.Module:
    """A saved model, ready to score.

    Raises:
        FileNotFoundError, ValueError: as `read`.
    """
    weights, trained = read(Path(path))
    return build(trained, weights)


def memory(trained: Mapping) -> Path:
    """Where a training is remembered: under the SHA-256 of all that determines it."""
    return paths.BUILD / "remembered" / f"{hashlib.sha256(json.dumps(trained).encode()).hexdigest()}.safetensors"


def remembered(trained: Mapping) -> tuple[dict[str, Tensor], dict] | None:
    """The weights of a training that ended before, and how it went; None if there are none, or damaged ones (said)."""
    try:
        return read(memory(trained))
    except FileNotFoundError:
        return None
    except ValueError as error:
        print(f"{error}: training it again", file=sys.stderr)
        return None
