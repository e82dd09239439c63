"""`make signal`: chapter 9 on a CSV of one's own; leaves notebook, page, alarms, figures and the trained
monitor.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd

from tools import chapters, execute
from vaepaper import paths

CHAPTER = paths.NOTEBOOKS / "09_your_signal.ipynb"
# The chapter's own are the water main's.
OWN = {"normal_from": "", "normal_until": "", "exclude": "", "window": 0}


def main(arguments: list[str] | None = None) -> int:
    """Watch one signal; 0 if it succeeded, 1 if not, 2 for an unknown argument, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="make signal", description=__doc__)
    parser.add_argument("csv", nargs="?", default="", help="the logger's file (in make: CSV=pump.csv)")
    names = {"metavar": ("NAME", "VALUE"), "help": "a parameter"}
    parser.add_argument("-p", nargs=2, action="append", default=[], **names)
    asked, start = parser.parse_args(arguments), time.monotonic()
    try:
        parameters = read_parameters(asked.p, asked.csv)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        path = Path(parameters["csv"] or "water main")
        if parameters["csv"] and not path.is_file():
            raise FileNotFoundError(f"{path} is not there, or no file")
        chosen = re.findall(r"[\w.+-]+", f"{parameters['value']} {parameters['where']}")
        name = " ".join([path.stem, *chosen])  # each channel has a folder
        target = paths.BUILD / "signals" / name
        error, said = run(parameters, name, target)
    except (ValueError, OSError) as problem:
        error = str(problem)
    except KeyboardInterrupt:
        print("\nInterrupted; nothing was left.", file=sys.stderr)
        return 130
    if error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    report(target, said, time.monotonic() - start)
    return 0


def read_parameters(pairs: list[list[str]], csv: str) -> dict:
    """The chapter's parameters with what was given in place of the defaults.

    Raises:
        ValueError: no such parameter, or one of another kind.
    """
    given = chapters.read_parameters(pairs, [CHAPTER])
    csv = csv or given.get("csv", "")
    values = chapters.parameters_of(CHAPTER) | (OWN if csv else {}) | given
    for name, path in {"csv": csv, "monitor": values["monitor"]}.items():  # the kernel runs elsewhere
        values[name] = str(Path(path).absolute()) if path else ""
    return values


def run(parameters: dict, name: str, target: Path) -> tuple[str, str]:
    """Execute the chapter and bring what it left to `target`; what went wrong, or "", and what it printed."""
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from tools import site

    notebook = nbformat.read(CHAPTER, as_version=4)
    if parameters["csv"]:  # what is said of the water main is true of nothing else
        notebook.cells = [cell for cell in notebook.cells if "example" not in cell.metadata.get("tags", [])]
        notebook.cells[0].source = f"# {name}"
    with tempfile.TemporaryDirectory(dir=paths.writable(target.parent), prefix=f".{name}-") as folder:
        os.environ["VAEPAPER_BUILD"] = folder  # for the kernel: what it leaves is ours, not the report's
        made = Path(folder) / f"{name}.ipynb"
        bar = {"desc": "cells", "leave": False, "disable": None}  # None: none where nobody looks
        try:
            execute.papermilled(notebook, made, parameters, progress_bar=bar)
        except PapermillExecutionError as error:
            if error.ename in ("ValueError", "FileNotFoundError", "ConnectionError"):  # for the user's eyes
                return error.evalue, ""
            failed = target.parent / f"{name}.failed.ipynb"
            made.replace(failed)
            where = f"failed in cell [{error.exec_count}]: {error.ename}: {error.evalue}"
            return f"{where}\nThe notebook as far as it came: {failed}", ""
        except DeadKernelError:
            return "its kernel died (killed, or out of memory?); nothing was left", ""
        executed = nbformat.read(made, as_version=4)
        result, told = (
            [cell for cell in executed.cells if tag in cell.metadata.get("tags", [])]
            for tag in ("result", "said")
        )
        said = "".join(out.get("text", "") for cell in result + told for out in cell.outputs)
        first = [executed.cells[0], *result]  # a page leads with what was found
        executed.cells = first + [cell for cell in executed.cells if cell not in first]
        page, content = site.TEMPLATES.get_template("page.html"), site.body(executed, code=False)
        text = page.render(stem=name, heading=name, content=content, menu=[], colours="")
        made.with_suffix(".html").write_text(text, encoding="utf-8")
        for left in sorted(Path(folder).rglob("*")):
            if left.is_file() and not any(part.startswith(".") for part in left.relative_to(folder).parts):
                place = target / left.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(left, place)
    return "", said


def report(target: Path, said: str, seconds: float) -> None:
    """Print the result, the strongest alarms, how they came about, the time, and where things lie."""
    rows = pd.read_csv(target / "alarms.csv")
    rows.index += 1  # as the figures number them
    alarms = rows[rows.triggered_by != "gap"].sort_values("severity", ascending=False)
    result, _, told = said.partition("\n")
    print(f"\n{result}")
    if len(alarms):
        print(f"\n{alarms.head(20).to_string(float_format='{:.4g}'.format)}")
    if len(alarms) > 20:
        print(f"… and {len(alarms) - 20} weaker ones in alarms.csv")
    if len(rows) > len(alarms):
        print(f"alarms.csv lists {len(rows) - len(alarms)} gaps, too. No window reaches across a gap.")
    print(
        f"\n{told}\n{seconds:.0f} s. To read: {target / target.name}.html (a page that needs no network)\n"
        f"Alarms: {target / 'alarms.csv'}   Figures: {target / 'figures'}\n"
        f"Notebook: {target / target.name}.ipynb\n"
        'The trained monitor, for another file: make signal CSV=… ARGS="-p monitor'
        f' {os.path.relpath(target)}"'
    )


if __name__ == "__main__":
    sys.exit(main())
