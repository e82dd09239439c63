"""Run the notebooks headless with papermill: what changed or failed runs, what is done is left alone."""

import argparse
import ast
import hashlib
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import nbformat
import papermill
from filelock import FileLock, Timeout
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from vaepaper import claims, data, paths

MATTERS = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "matplotlib", "seaborn", "pandas")


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; 0 if all of it succeeded, 1 if a notebook failed, 2 for a word that nobody knows."""
    parser = argparse.ArgumentParser(prog="make reproduce", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="such as 02 (in make: NB=02); default: all")
    parser.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter")
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        notebooks = select(asked.notebooks)
        parameters = read_parameters(asked.p, notebooks)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    show_what_cells_print()
    try:
        with only_one():
            data.fetch(paths.DATA)
            ran = [notebook for notebook in notebooks if run(notebook, parameters)]
    except (ConnectionError, PermissionError, RuntimeError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Trainings that had ended are remembered; run it again to go on.", file=sys.stderr)
        return 130
    report(ran, time.monotonic() - start)
    return 0


def show_what_cells_print() -> None:
    """Let papermill's log through where it is a cell's own words: no "<Figure …>", no "Executing …"."""
    logging.basicConfig(format="  %(message)s", level=logging.ERROR)
    log = logging.getLogger("papermill")
    log.setLevel(logging.INFO)
    log.addFilter(lambda record: record.module == "clientwrap" and str(record.msg)[:1] not in "<E")


@contextmanager
def only_one() -> Iterator[None]:
    """One run at a time in one build folder; a second one waits, and then finds the work done."""
    lock = FileLock(paths.writable(paths.BUILD) / ".reproduce.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("Another `make reproduce` is at work in this checkout; waiting for it to end …", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def select(names: list[str]) -> list[Path]:
    """The notebooks that `names` begin, in order; all if none is named."""
    notebooks = sorted(paths.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    for name in names:
        if not any(notebook.name.startswith(name) for notebook in notebooks):
            known = ", ".join(notebook.name[:2] for notebook in notebooks)
            raise ValueError(f"no notebook begins with {name!r}; there are {known}")
    return [notebook for notebook in notebooks if not names or notebook.name.startswith(tuple(names))]


def read_parameters(pairs: list[list[str]], notebooks: list[Path]) -> dict:
    """Values as Python literals (what is none is text), checked against each notebook's own parameters."""
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


def fingerprint(notebook: Path, parameters: dict) -> str:
    """What a run's results depend on: the notebook's cells, our code, the parameters and the libraries."""
    cells = [cell.source for cell in nbformat.read(notebook, as_version=4).cells]
    code = [path.read_text(encoding="utf-8") for path in sorted((paths.ROOT / "vaepaper").glob("*.*"))]
    libraries = [sys.version, *(f"{name} {version(name)}" for name in MATTERS)]
    return hashlib.sha256(json.dumps([cells, code, parameters, libraries]).encode()).hexdigest()


def is_done(notebook: Path, wanted: str) -> bool:
    """Whether the last run of `notebook` was this one, and everything that it left is still there."""
    stamp = paths.BUILD / "notebooks" / f"{notebook.stem}.done.json"
    try:
        done = json.loads(stamp.read_text())
        kept = all((paths.BUILD / name).stat().st_size == size for name, size in done["left"].items())
        return kept and done["fingerprint"] == wanted and (paths.BUILD / "claims.json").exists()
    except (FileNotFoundError, ValueError, KeyError):
        return False


def run(notebook: Path, parameters: dict) -> bool:
    """Execute one notebook into build/notebooks, unless that is done; whether it ran.

    Raises:
        RuntimeError: a cell or the kernel failed; names the notebook kept for reading.
    """
    wanted = fingerprint(notebook, parameters)
    if is_done(notebook, wanted):
        print(f"{notebook.stem}: nothing has changed since its last run")
        return False
    folder = paths.writable(paths.BUILD / "notebooks")
    stamp, failed = folder / f"{notebook.stem}.done.json", folder / f"{notebook.stem}.failed.ipynb"
    stamp.unlink(missing_ok=True)
    print(f"{notebook.stem}: running", flush=True)
    start = time.time()
    try:
        # Under the failed name until it has succeeded: whatever kills us, no half-run notebook looks whole.
        papermill.execute_notebook(
            notebook,
            failed,
            parameters,
            cwd=paths.NOTEBOOKS,
            kernel_name="python3",
            log_output=True,
            extra_arguments=["--IPKernelApp.log_level=40"],  # it would warn of its own sockets
        )
    except PapermillExecutionError as error:
        raise RuntimeError(
            f"{notebook.stem} failed in cell [{error.exec_count}]: {error.ename}: {error.evalue}\n"
            f"The notebook as far as it came, with the whole traceback: {failed}"
        ) from error
    except DeadKernelError as error:
        raise RuntimeError(
            f"{notebook.stem}: its kernel died (killed, or out of memory?). As far as it came: {failed}\n"
            "Trainings that had ended are remembered; run it again to go on."
        ) from error
    failed.replace(folder / notebook.name)
    left = [*(paths.BUILD / "figures").glob("*.png"), *(paths.BUILD / "models").glob("*.*"), folder / notebook.name]
    sizes = {str(p.relative_to(paths.BUILD)): p.stat().st_size for p in left if p.stat().st_mtime >= start - 1}
    with paths.whole(stamp) as part:
        seconds = round(time.time() - start, 1)
        done = {"fingerprint": wanted, "parameters": parameters, "seconds": seconds, "left": sizes}
        part.write_text(json.dumps(done, indent=1) + "\n")
    return True


def report(ran: list[Path], seconds: float) -> None:
    """The claims, the time, and where to look next."""
    print()
    for entry in claims.load():
        print(f"{entry['id']:<4}{claims.MARKS[entry['verdict']]:<18}{entry['statement']}")
    print(f"\n{len(ran)} notebooks run in {seconds / 60:.1f} min." if ran else f"\nNothing to do ({seconds:.1f} s).")
    print(
        f"Notebooks with their figures: {paths.BUILD / 'notebooks'}\nFigures: {paths.BUILD / 'figures'}\n"
        f"Measured numbers: {paths.BUILD / 'claims.json'}\nTo explore: make lab"
    )


if __name__ == "__main__":
    sys.exit(main())
