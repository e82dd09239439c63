"""`make signal`: chapter 9 on a CSV of one's own; leaves notebook, page, alarms, figures and the trained monitor."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd

from vaepaper import checks, parts, paths, series, signals

CHAPTER = paths.NOTEBOOKS / "09_your_signal.ipynb"
NAMES = {  # the chapter's parameters; what is not named is found or chosen there
    "time": str, "value": str, "normal_from": str, "normal_until": str, "window": int, "per_day": float, "model": str,
    "monitor": str,
}  # fmt: skip
OWN = {"normal_from": "", "normal_until": "", "window": 0}  # where the chapter's own are the water main's


def main(arguments: list[str] | None = None) -> int:
    """Watch one signal; 0 if it succeeded, 1 if not, 2 for a word that nobody knows, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="make signal", description=__doc__)
    parser.add_argument("csv", nargs="?", default="", help="the logger's file (in make: CSV=pump.csv)")
    parser.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter")
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        given = read_parameters(asked.p)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        path = Path(asked.csv).absolute() if asked.csv else series.fetch("water main")
        announce(path, given if asked.csv else {**given, "normal_from": "2022-04-04", "normal_until": "2022-04-24"})
        parameters = {**(OWN if asked.csv else {}), **given, "csv": str(path) if asked.csv else ""}
        target = paths.BUILD / "signals" / path.stem
        error = run(parameters, path.stem, target)
    except (ValueError, OSError) as problem:
        error = str(problem)
    except KeyboardInterrupt:
        print("\nInterrupted; nothing was left.", file=sys.stderr)
        return 130
    if error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    report(target, time.monotonic() - start)
    return 0


def read_parameters(pairs: list[list[str]]) -> dict:
    """Names and texts as the chapter's parameters. Raises ValueError: no such parameter, or no such number."""
    values = {}
    for name, text in pairs:
        kind = NAMES[checks.word("-p", name, NAMES)]
        try:
            values[name] = kind(text)
        except ValueError:
            raise ValueError(f"{name} is {text!r}; expected a {'whole ' * (kind is int)}number") from None
    if values.get("window"):
        checks.whole("window", values["window"], 4)
    checks.number("per_day", values.get("per_day", 1.0), 0, above=True)
    checks.word("model", values.get("model", "AutoEncoder"), ("AutoEncoder", "VariationalAutoEncoder"))
    if values.get("monitor"):
        values["monitor"] = str(Path(values["monitor"]).absolute())
    return values


def announce(path: Path, given: dict) -> None:
    """Print the quality of the file, and what will be taken as normal. Raises what `signals.read_csv` does."""
    signal, quality = signals.read_csv(path, given.get("time"), given.get("value"))
    print(f"{path}\n{quality}")
    if given.get("monitor"):
        print(f"Nothing is trained: the monitor of {given['monitor']} watches.", flush=True)
    else:
        print(parts.normal_part(signal, given.get("normal_from", ""), given.get("normal_until", ""))[1])
        print("An auto-encoder learns the earlier half of it; the later one sets the threshold.", flush=True)


def run(parameters: dict, name: str, target: Path) -> str:
    """Execute the chapter with these parameters and bring what it left to `target`; "", or what went wrong."""
    import papermill  # here: it takes a second, and a bad file should be told at once
    from papermill.exceptions import PapermillExecutionError

    from vaepaper.workshop import site

    notebook = nbformat.read(CHAPTER, as_version=4)
    if parameters["csv"]:  # what is said of the water main is true of nothing else
        notebook.cells = [cell for cell in notebook.cells if "example" not in cell.metadata.get("tags", [])]
    with tempfile.TemporaryDirectory(dir=paths.writable(target.parent), prefix=f".{name}-") as folder:
        os.environ["VAEPAPER_BUILD"] = folder  # for the kernel: what it leaves is ours, not the report's
        made = Path(folder) / f"{name}.ipynb"
        quiet = ["--IPKernelApp.log_level=40"]
        options = {"cwd": paths.NOTEBOOKS, "kernel_name": "python3", "extra_arguments": quiet}
        try:
            papermill.execute_notebook(notebook, made, parameters, progress_bar={"desc": "cells"}, **options)
        except PapermillExecutionError as error:
            if error.ename in ("ValueError", "FileNotFoundError", "ConnectionError"):  # meant for the user's eyes
                return error.evalue
            failed = target.with_suffix(".failed.ipynb")
            made.replace(failed)
            return f"failed in cell [{error.exec_count}]: {error.ename}: {error.evalue}\nThe notebook so far: {failed}"
        page = site.TEMPLATES.get_template("page.html")
        content = site.body(nbformat.read(made, as_version=4), code=False)
        text = page.render(stem=name, heading=name, content=content, menu=[], colours="")
        (Path(folder) / f"{name}.html").write_text(text, encoding="utf-8")
        for left in sorted(Path(folder).rglob("*")):
            if left.is_file() and not left.name.startswith("."):
                place = target / left.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(left, place)
    return ""


def report(target: Path, seconds: float) -> None:
    """The alarms, the time, and where things lie."""
    alarms = pd.read_csv(target / "alarms.csv")
    print(f"\n{alarms.to_string(max_rows=30)}\n" if len(alarms) else "\nNo alarm.\n")
    print(
        f"{seconds:.0f} s. To read: {target / target.name}.html (a page that needs no network)\n"
        f"Alarms: {target / 'alarms.csv'}   Figures: {target / 'figures'}   Notebook: {target / target.name}.ipynb\n"
        f'The trained monitor, for another file: make signal CSV=… ARGS="-p monitor {os.path.relpath(target)}"'
    )


if __name__ == "__main__":
    sys.exit(main())
