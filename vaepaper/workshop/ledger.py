"""results/robustness.csv and the JSON beside it: where its rows come from, and that nobody altered them."""

import hashlib
import json
import os
import platform
from importlib.metadata import version

import pandas as pd

from vaepaper import paths, robustness
from vaepaper.readings import READINGS
from vaepaper.robustness import RESTORE
from vaepaper.trainings.descriptions import arithmetic
from vaepaper.workshop import times

TABLE, ABOUT = "robustness.csv", "robustness.json"


def machine() -> dict[str, str]:
    """Where this process runs, and with which libraries."""
    libraries = ("torch", "numpy", "scipy", "scikit-learn")
    versions = {"python": platform.python_version(), **{name: version(name) for name in libraries}}
    return {"processor": f"{os.cpu_count()} × {times.processor()}", **versions}


def digest(text: str) -> str:
    """SHA-256 of a table as it stands in its file."""
    return hashlib.sha256(text.encode()).hexdigest()


def load() -> tuple[pd.DataFrame, dict]:
    """The table, and what stands beside it.

    Raises:
        ValueError: as `readings.read`; altered since it was written; of other training code or another torch.
    """
    path, beside = paths.RESULTS / TABLE, paths.RESULTS / ABOUT
    table = robustness.read(path)
    if table.empty:
        return table, {"sha256": [], "machines": [], "differences": {}, **arithmetic()}
    try:
        known = json.loads(beside.read_text(encoding="utf-8"))
        written, origin = known["sha256"], {what: known[what] for what in arithmetic()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{beside} does not tell where the table comes from ({error}); {RESTORE}") from error
    if digest(path.read_text(encoding="utf-8")) not in written:
        raise ValueError(f"{path} was altered after it was written; {RESTORE}")
    for what, wanted in arithmetic().items():
        if origin[what] != wanted:
            raise ValueError(
                f"{path}: its {len(table):,} rows were measured by another {what} ({origin[what]}; here"
                f" {wanted}) and are not mixed with new ones; move {TABLE} and {ABOUT} away to begin anew"
            )
    return table, known


def add(table: pd.DataFrame, known: dict, rows: pd.DataFrame, seen: dict) -> tuple[pd.DataFrame, dict]:
    """The table with new rows, and what stands beside it, both written; `seen`: a reading's differences, if any.

    Of each reading the JSON keeps those of its first seed.
    """
    table = pd.concat([table, rows]) if len(table) else rows
    for name, differences in seen.items():
        if differences and differences["seed"] <= known["differences"].get(name, differences)["seed"]:
            known["differences"][name] = differences
    known["machines"] = [*(one for one in known["machines"] if one != machine()), machine()]
    write(table, known)
    return table, known


def write(table: pd.DataFrame, known: dict) -> None:
    """Both files, each whole; if it ends between the two, the one still knows the other as it was."""
    places = {name: number for number, name in enumerate(READINGS)}
    table = table.sort_values(
        ["reading", "seed"], key=lambda of: of.map(places) if of.name == "reading" else of, kind="stable"
    )
    text = table.to_csv(index=False)
    known["sha256"] = [digest(text), *known["sha256"][:1]]
    for name, content in ((ABOUT, json.dumps(known, ensure_ascii=False) + "\n"), (TABLE, text)):
        with paths.whole(paths.RESULTS / name) as part:
            part.write_text(content, encoding="utf-8")
