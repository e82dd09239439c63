"""What a notebook says of itself: its parameters, the trainings that it will ask for, what its results depend on."""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from vaepaper import paths

MATTERS = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "matplotlib", "seaborn", "pandas")


def select(names: list[str]) -> list[Path]:
    """The notebooks that `names` begin, in order; all if none is named.

    Raises:
        ValueError: a name that begins none.
    """
    notebooks = sorted(paths.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    for name in names:
        if not any(notebook.name.startswith(name) for notebook in notebooks):
            known = ", ".join(notebook.name[:2] for notebook in notebooks)
            raise ValueError(f"no notebook begins with {name!r}; there are {known}")
    return [notebook for notebook in notebooks if not names or notebook.name.startswith(tuple(names))]


def read_parameters(pairs: list[list[str]], notebooks: list[Path]) -> dict:
    """Values as Python literals (what is none is text), checked against each notebook's own parameters.

    Raises:
        ValueError: a notebook has no such parameter, or one of another kind.
    """
    if not pairs:
        return {}
    import papermill  # here: it takes a second

    values = {}
    for name, text in pairs:
        try:
            values[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[name] = text
    for notebook in notebooks:
        known = {name: ast.literal_eval(p["default"]) for name, p in papermill.inspect_notebook(str(notebook)).items()}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{notebook.stem} has no parameter {name!r}; it has {', '.join(known)}")
            kinds = (int, float) if isinstance(known[name], float) else type(known[name])
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(known[name], bool):
                raise ValueError(f"{notebook.stem}: {name} is {value!r}; expected something like {known[name]!r}")
    return values


def _sources(notebook: Path, tag: str | None = None) -> Iterator[str]:
    """What stands in each cell, or in each with a tag; plain JSON, for nbformat takes seconds to import."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if tag is None or tag in cell["metadata"].get("tags", []):
            yield "".join(cell["source"])


def trainings(notebook: Path, parameters: dict) -> list[dict]:
    """The descriptions that a notebook will give to `runs.train_all`: `trainings`, from its cells tagged so."""
    scope: dict = {"trainings": []}
    for source in _sources(notebook, "parameters"):
        exec(source, scope)
    scope.update(parameters)
    for source in _sources(notebook, "trainings"):
        exec(source, scope)
    return scope["trainings"]


def fingerprint(notebook: Path, parameters: dict) -> str:
    """What a run's results depend on: the notebook's cells, our code, the parameters and the libraries."""
    ours = [path for kind in ("*.py", "*.toml") for path in sorted((paths.ROOT / "vaepaper").glob(kind))]
    code = [path.read_text(encoding="utf-8") for path in [*ours, *paths.RESULTS.glob("spread.json")]]
    libraries = [sys.version, *(f"{name} {version(name)}" for name in MATTERS)]
    return hashlib.sha256(json.dumps([[*_sources(notebook)], code, parameters, libraries]).encode()).hexdigest()
