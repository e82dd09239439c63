"""What a notebook says of itself: its parameters, the trainings that it will ask for, what its results
depend on.
"""

import ast
import difflib
import hashlib
import json
import re
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from vaepaper import claims, paths

LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "matplotlib", "seaborn", "pandas")


def select(names: list[str]) -> list[Path]:
    """The notebooks that `names` begin, in order; all if none is named. A copy ("02_x-Copy1", "02_x (1)")
    is none.

    Raises:
        ValueError: a name that begins none.
    """
    notebooks = [
        path for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")) if re.fullmatch(r"\d\d_\w+", path.stem)
    ]
    names = [name.zfill(2) if name.isdigit() else name for name in names]
    for name in names:
        if not any(notebook.name.startswith(name) for notebook in notebooks):
            known = ", ".join(notebook.name[:2] for notebook in notebooks)
            raise ValueError(f"no notebook begins with {name!r}; there are {known}")
    return [notebook for notebook in notebooks if not names or notebook.name.startswith(tuple(names))]


def plain(source):
    """A path as papermill takes it, which fills in what stands in braces; anything else as it is."""
    return str(source).replace("{", "{{").replace("}", "}}") if isinstance(source, Path) else source


def parameters_of(notebook: Path) -> dict:
    """A notebook's parameters with their values, from its cell tagged `parameters`."""
    import papermill  # here: it takes a second, and most runs have no parameter of their own

    found = papermill.inspect_notebook(plain(notebook))
    return {name: ast.literal_eval(parameter["default"]) for name, parameter in found.items()}


def read_parameters(pairs: list[list[str]], notebooks: list[Path]) -> dict:
    """Values as each notebook's own parameters have them: text as it stands, all else as Python literals.

    Raises:
        ValueError: a notebook has no such parameter, or one of another kind.
    """
    values = {}
    for notebook in notebooks if pairs else []:
        known = parameters_of(notebook)
        for name, text in pairs:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                meant = f" Did you mean {near[0]!r}?" if near else ""
                raise ValueError(
                    f"{notebook.stem} has no parameter {name!r}.{meant} It has {', '.join(known)}"
                )
            values[name] = _as(known[name], text)
            if values[name] is None:
                example = f"expected something like {known[name]!r}"
                raise ValueError(f"{notebook.stem}: {name} is {text!r}; {example}")
    return values


def _as(default, text: str):
    """A parameter's text as a value of its default's kind, or None."""
    if isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    kinds = (int, float) if isinstance(default, float) else type(default)
    right = isinstance(value, kinds) and isinstance(value, bool) == isinstance(default, bool)
    return value if right else None


def sources(notebook: Path, tag: str | None = None, kinds: tuple = ("code", "markdown", "raw")) -> list[str]:
    """What stands in each cell, or in each with a tag; plain JSON, for nbformat takes seconds to import.

    Raises:
        ValueError: not a notebook.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        cells = [cell for cell in cells if cell["cell_type"] in kinds]
        return [
            "".join(cell["source"])
            for cell in cells
            if tag is None or tag in cell["metadata"].get("tags", [])
        ]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{notebook} cannot be read as a notebook ({error}). Has a merge left its marks?"
        ) from error


def title(notebook: Path) -> str:
    """A notebook's first heading; its file's name where it has none, or cannot be read."""
    with suppress(OSError, ValueError):
        if heading := re.search(r"^#+ +(.+?)[ #]*$", "\n".join(sources(notebook, kinds=("markdown",))), re.M):
            return heading[1]
    return notebook.stem.replace("_", " ")


def trainings(notebook: Path, parameters: dict) -> list[dict]:
    """The settings that a notebook will give to `train_all`: `trainings`, from its cells tagged so."""
    scope: dict = {"trainings": []}
    for source in sources(notebook, "parameters"):
        exec(source, scope)
    scope.update(parameters)
    for source in sources(notebook, "trainings"):
        exec(source, scope)
    return scope["trainings"]


def fingerprint(notebook: Path, parameters: dict) -> str:
    """What a run's results depend on: cells, the packages and results that they use, parameters, libraries.

    Raises:
        ValueError: as `sources`.
    """
    cells = sources(notebook)
    code = "\n".join(sources(notebook, kinds=("code",)))
    used = [*(paths.ROOT / "vaepaper").rglob("*.py")]
    if "sensorwatch" in code:
        used += (paths.ROOT / "sensorwatch").rglob("*.py")
    if "robustness" in code:
        used += paths.RESULTS.glob("robustness.*")
    contents = [path.read_bytes().hex() for path in sorted(used)]
    judged = [claim for claim in claims.CLAIMS.values() if claim["notebook"] == notebook.stem]
    libraries = [sys.version, *(f"{name} {version(name)}" for name in LIBRARIES)]
    tags = [
        cell["metadata"].get("tags") for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    ]
    seen = [cells, tags, contents, judged, parameters, libraries]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
