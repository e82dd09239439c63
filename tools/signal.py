"""`make signal`: chapter 9 on a CSV of one's own; leaves notebook, page, alarms, figures and the trained monitor."""

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

from sensorwatch import parts, read_csv, series
from tools import chapters, execute
from vaepaper import checks, paths

CHAPTER = paths.NOTEBOOKS / "09_your_signal.ipynb"
# The chapter's own are the water main's.
OWN = {"normal_from": "", "normal_until": "", "exclude": "", "window": 0}
READING = ("time", "where", "date_order", "unit", "start", "step", "decimal", "encoding", "missing", "every")


def main(arguments: list[str] | None = None) -> int:
    """Watch one signal; 0 if it succeeded, 1 if not, 2 for an unknown argument, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="make signal", description=__doc__)
    parser.add_argument("csv", nargs="?", default="", help="the logger's file (in make: CSV=pump.csv)")
    parser.add_argument(
        "-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter"
    )
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        parameters = read_parameters(asked.p, asked.csv)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        path = Path(parameters["csv"] or series.fetch("water main"))
        announce(path, parameters)
        name = " ".join([path.stem, *re.findall(r"[\w.+-]+", parameters["value"])])  # a folder a channel
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
        ValueError: no such parameter, or an invalid value.
    """
    given = chapters.read_parameters(pairs, [CHAPTER])
    csv = csv or given.get("csv", "")
    values = chapters.parameters_of(CHAPTER) | (OWN if csv else {}) | given
    if values["window"]:
        checks.integer("window", values["window"], 4)
    checks.number("per_day", values["per_day"], 0, above=True)
    checks.one_of("model", values["model"], ("AutoEncoder", "VariationalAutoEncoder"))
    for name, path in {"csv": csv, "monitor": values["monitor"]}.items():  # the kernel runs elsewhere
        values[name] = str(Path(path).absolute()) if path else ""
    return values


def announce(path: Path, given: dict) -> None:
    """Print how the file was understood, and what will be done. Raises what `read_csv` does."""
    signal, report = read_csv(path, given["value"], **{name: given[name] for name in READING})
    print(f"{path}\n{report}")
    if isinstance(signal, pd.DataFrame):
        several = "sensorwatch.Monitor takes several"
        raise ValueError(f"make signal watches one channel; name one as value ({several})")
    if given["monitor"]:
        print(f"Nothing is trained: the monitor of {given['monitor']} watches all of it.", flush=True)
    else:
        part = (given["normal_from"], given["normal_until"], given["exclude"])
        print(parts.normal_part(signal, *part)[1])
        print("An auto-encoder learns the first two fifths of that; the others set the threshold.", flush=True)


def run(parameters: dict, name: str, target: Path) -> tuple[str, str]:
    """Execute the chapter and bring what it left to `target`; what went wrong, or "", and what it said."""
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from tools import site

    notebook = nbformat.read(CHAPTER, as_version=4)
    if parameters["csv"]:  # what is said of the water main is true of nothing else
        notebook.cells = [cell for cell in notebook.cells if "example" not in cell.metadata.get("tags", [])]
        notebook.cells[0].source = f"# {name}\n" + notebook.cells[0].source.partition("\n")[2]
    with tempfile.TemporaryDirectory(dir=paths.writable(target.parent), prefix=f".{name}-") as folder:
        os.environ["VAEPAPER_BUILD"] = folder  # for the kernel: what it leaves is ours, not the report's
        made = Path(folder) / f"{name}.ipynb"
        try:
            execute.papermilled(notebook, made, parameters, progress_bar={"desc": "cells"})
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
        tagged = [cell for cell in executed.cells if "said" in cell.metadata.get("tags", [])]
        said = "".join(out.get("text", "") for cell in tagged for out in cell.outputs)
        page = site.TEMPLATES.get_template("page.html")
        content = site.body(executed, code=False)
        text = page.render(stem=name, heading=name, content=content, menu=[], colours="")
        made.with_suffix(".html").write_text(text, encoding="utf-8")
        for left in sorted(Path(folder).rglob("*")):
            if left.is_file() and not any(part.startswith(".") for part in left.relative_to(folder).parts):
                place = target / left.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(left, place)
    return "", said


def report(target: Path, said: str, seconds: float) -> None:
    """Print the target rate, the alarms, the time, and where things lie."""
    rows = pd.read_csv(target / "alarms.csv")
    rows.index += 1  # as the figures number them
    alarms = rows[rows.triggered_by != "gap"]
    print(f"\n{said}\n{alarms.round(3).to_string(max_rows=30, na_rep='') if len(alarms) else 'No alarm.'}")
    if len(rows) > len(alarms):
        print(f"alarms.csv lists {len(rows) - len(alarms)} gaps, too. No window reaches across a gap.")
    print(
        f"\n{seconds:.0f} s. To read: {target / target.name}.html (a page that needs no network)\n"
        f"Alarms: {target / 'alarms.csv'}   Figures: {target / 'figures'}\n"
        f"Notebook: {target / target.name}.ipynb\n"
        f'The trained monitor, for another file: make signal CSV=… ARGS="-p monitor {os.path.relpath(target)}"'
    )


if __name__ == "__main__":
    sys.exit(main())
