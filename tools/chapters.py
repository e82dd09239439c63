"""What a notebook says of itself: its parameters, the trainings that it will ask for, what its results depend on."""

import ast
import hashlib
import json
import re
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from vaepaper import claims, paths

MATTERS = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "matplotlib", "seaborn", "pandas")


def select(names: list[str]) -> list[Path]:
    """The notebooks that `names` begin, in order; all if none is named. A copy ("02_x-Copy1", "02_x (1)") is none.

    Raises:
        ValueError: a name that begins none.
    """
    notebooks = [path for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")) if re.fullmatch(r"\d\d_\w+", path.stem)]
    names = [name.zfill(2) if name.isdigit() else name for name in names]
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
    values = {}
    for name, text in pairs:
        try:
            values[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[name] = text
    for notebook in notebooks if values else []:
        cells = ast.parse("\n".join(_sources(notebook, "parameters"))).body
        given = [node for node in cells if isinstance(node, ast.Assign)]
        known = {name.id: ast.literal_eval(node.value) for node in given for name in node.targets}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{notebook.stem} has no parameter {name!r}; it has {', '.join(known)}")
            kinds = (int, float) if isinstance(known[name], float) else type(known[name])
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(known[name], bool):
                raise ValueError(f"{notebook.stem}: {name} is {value!r}; expected something like {known[name]!r}")
    return values


def _sources(notebook: Path, tag: str | None = None, kinds: tuple = ("code", "markdown", "raw")) -> list[str]:
    """What stands in each cell, or in each with a tag; plain JSON, for nbformat takes seconds to import.

    Raises:
        ValueError: not a notebook.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        cells = [cell for cell in cells if cell["cell_type"] in kinds]
        return ["".join(cell["source"]) for cell in cells if tag is None or tag in cell["metadata"].get("tags", [])]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{notebook} cannot be read as a notebook ({error}). Has a merge left its marks?") from error


def title(notebook: Path) -> str:
    """A notebook's first heading; its file's name where it has none, or cannot be read."""
    with suppress(OSError, ValueError):
        if heading := re.search(r"^#+ +(.+?)[ #]*$", "\n".join(_sources(notebook, kinds=("markdown",))), re.M):
            return heading[1]
    return notebook.stem.replace("_", " ")


def trainings(notebook: Path, parameters: dict) -> list[dict]:
    """The settings that a notebook will give to `cache.train_all`: `trainings`, from its cells tagged so."""
    scope: dict = {"trainings": []}
    for source in _sources(notebook, "parameters"):
        exec(source, scope)
    scope.update(parameters)
    for source in _sources(notebook, "trainings"):
        exec(source, scope)
    return scope["trainings"]


@cache
def _read(source: str) -> tuple[set[str], set[str]]:
    """What a source imports of ours, such as "vaepaper.data", and the files of results/ that it names."""
    imported, results = set(), set()
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a magic of IPython's, say
        return imported, results
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.BinOp) and getattr(node.left, "attr", "") == "RESULTS":
            results.add(getattr(node.right, "value", ""))
    return {name for name in imported if name.partition(".")[0] == "vaepaper"}, results


def file_of(module: str) -> Path | None:
    """The file of one of our modules or packages; None where the name is of something in one."""
    path = paths.ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def reached(notebook: Path) -> tuple[set[Path], set[Path]]:
    """Those of our files that a notebook imports, directly or not, and the files of results/ that they read.

    Raises:
        ValueError: an import of ours that is not there.
    """
    waiting, files, results = [(notebook, cell) for cell in _sources(notebook, kinds=("code",))], set(), set()
    while waiting:
        importer, source = waiting.pop()
        modules, named = _read(source)
        results |= {paths.RESULTS / name for name in named}
        for module in sorted(modules):
            file, within = file_of(module), file_of(module.rpartition(".")[0])
            if not file and (not within or within.name == "__init__.py"):  # a package hands on nothing but its files
                raise ValueError(f"{importer.name} imports {module}, which is not there: a misspelt or moved file?")
            if file and file not in files:
                files.add(file)
                waiting.append((file, file.read_text(encoding="utf-8")))
    return files, results


def fingerprint(notebook: Path, parameters: dict) -> str:
    """What a run's results depend on: cells, what they import and read of ours, their claims, parameters, libraries.

    Raises:
        ValueError: as `reached`.
    """
    ours = [path.read_bytes().hex() for kind in reached(notebook) for path in sorted(kind) if path.exists()]
    judged = [claim for claim in claims.CLAIMS.values() if claim["notebook"] == notebook.stem]
    libraries = [sys.version, *(f"{name} {version(name)}" for name in MATTERS)]
    seen = [_sources(notebook), ours, judged, parameters, libraries]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
