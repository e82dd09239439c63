"""A training, described in plain words: defaults filled in, and all that determines its result."""

import ast
import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from vaepaper import models, train

FIT = {name: p.default for name, p in inspect.signature(train.fit).parameters.items() if p.kind is p.KEYWORD_ONLY}
del FIT["progress"]


def settings(description: Mapping) -> dict:
    """A description with every default filled in, so that equal trainings are described equally.

    Args:
        description: "model" names a class of `models`; "only" (optional) lists the labels to train on; the rest are
            the model's arguments and `fit`'s.

    Raises:
        ValueError: no such model, a word that neither knows, or an argument missing.
    """
    asked = dict(description)
    model, only = asked.pop("model", None), asked.pop("only", None)
    if model not in ("AutoEncoder", "VariationalAutoEncoder", "DigitReader"):
        raise ValueError(f"description {dict(description)}: no model {model!r} in vaepaper.models")
    fit = {name: asked.pop(name, default) for name, default in FIT.items()}
    try:
        sizes = inspect.signature(getattr(models, model)).bind(**asked)
    except TypeError as error:
        raise ValueError(f"description {dict(description)}: {error}") from error
    sizes.apply_defaults()
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in sizes.arguments.items()}
    return {"model": model, "sizes": plain, "fit": fit} | ({} if only is None else {"only": sorted(map(int, only))})


def digest(*arrays: np.ndarray) -> str:
    """SHA-256 of what is trained on: dtypes, shapes and every byte."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array))
    return found.hexdigest()


def _says(module: ModuleType) -> list[str]:
    """What a module does, statement by statement: no comments, no docstrings, whatever the order."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return sorted(map(ast.unparse, tree.body))


def code_and_torch() -> dict[str, str]:
    """What determines a training besides its settings, data and kind of device: the code that trains, and torch."""
    code = json.dumps([_says(module) for module in (models, train)])
    return {"code": hashlib.sha256(code.encode()).hexdigest(), "torch": torch.__version__}


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
