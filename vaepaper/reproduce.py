"""Run the notebooks headless with papermill: what changed or failed runs, what is done is left alone."""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import papermill
from filelock import FileLock, Timeout
from joblib import Parallel, delayed
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from vaepaper import chapters, claims, data, paths, runs


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; 0 if all of it succeeded, 1 if a notebook failed, 2 for a word that nobody knows."""
    parser = argparse.ArgumentParser(prog="make reproduce", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="such as 02 (in make: NB=02); default: all")
    parser.add_argument("-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="a parameter")
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        notebooks = chapters.select(asked.notebooks)
        parameters = chapters.read_parameters(asked.p, notebooks)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with only_one():
            todo = [notebook for notebook in notebooks if not is_done(notebook, parameters)]
            if todo:
                data.fetch(paths.DATA)
                train_first(todo, parameters)
                failures = list(filter(None, run_all(todo, parameters)))
                if failures:
                    print("\n" + "\n\n".join(failures), file=sys.stderr)
                    return 1
    except (ConnectionError, PermissionError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Trainings that had ended are remembered; run it again to go on.", file=sys.stderr)
        return 130
    report(todo, time.monotonic() - start)
    return 0


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


def train_first(notebooks: list[Path], parameters: dict) -> None:
    """Train what all the notebooks will ask for, in one go: cores stay busy, workers start once, one bar shows it all.

    What goes wrong here goes wrong again in the notebook concerned, which is then kept for reading.
    """
    device = parameters.get("device", "auto")
    try:
        wanted = [training for notebook in notebooks for training in chapters.trainings(notebook, parameters)]
        if wanted:
            runs.train_all(wanted, *data.mnist("train"), device=device)
    except Exception as error:
        print(f"training: {error}", file=sys.stderr)


def run_all(notebooks: list[Path], parameters: dict) -> Iterator[str]:
    """Execute notebooks, two at a time, in processes of their own; what went wrong with each, or ""."""
    jobs = Parallel(min(2, len(notebooks)), return_as="generator")(
        delayed(run)(n, parameters, os.getpid()) for n in notebooks
    )
    yield from tqdm(jobs, "notebooks", total=len(notebooks), bar_format="{desc} {n}/{total} |{bar:20}| {elapsed}")


def stamp(notebook: Path) -> Path:
    """The file that says that a run of `notebook` succeeded, and what it left."""
    return paths.BUILD / "notebooks" / f"{notebook.stem}.done.json"


def is_done(notebook: Path, parameters: dict) -> bool:
    """Whether the last run of `notebook` was this very one, and everything that it left is still there."""
    try:
        done = json.loads(stamp(notebook).read_text())
        kept = all((paths.BUILD / name).stat().st_size == size for name, size in done["left"].items())
        return kept and done["fingerprint"] == chapters.fingerprint(notebook, parameters)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def run(notebook: Path, parameters: dict, caller: int) -> str:
    """Execute one notebook into build/notebooks; "", or what went wrong, with the notebook kept for reading."""
    runs.end_with(caller)
    show_what_cells_print(notebook.name[:2])
    start, fingerprint = time.time(), chapters.fingerprint(notebook, parameters)
    folder = paths.writable(paths.BUILD / "notebooks")
    failed = folder / f"{notebook.stem}.failed.ipynb"
    stamp(notebook).unlink(missing_ok=True)
    quiet = ["--IPKernelApp.log_level=40"]  # it would warn of its own sockets
    options = {"cwd": paths.NOTEBOOKS, "kernel_name": "python3", "log_output": True, "extra_arguments": quiet}
    try:
        # Under the failed name until it has succeeded: whatever kills us, no half-run notebook looks whole.
        papermill.execute_notebook(notebook, failed, parameters, progress_bar=False, **options)
    except PapermillExecutionError as error:
        return (
            f"{notebook.stem} failed in cell [{error.exec_count}]: {error.ename}: {error.evalue}\n"
            f"The notebook as far as it came, with the whole traceback: {failed}"
        )
    except DeadKernelError:
        return (
            f"{notebook.stem}: its kernel died (killed, or out of memory?). As far as it came: {failed}\n"
            "Trainings that had ended are remembered; run it again to go on."
        )
    failed.replace(folder / notebook.name)
    kinds = ("figures/*.png", "models/*.*", f"notebooks/{notebook.name}", "claims.json")
    left = [path for kind in kinds for path in paths.BUILD.glob(kind) if path.stat().st_mtime >= start - 1]
    sizes = {str(path.relative_to(paths.BUILD)): path.stat().st_size for path in left if path.suffix != ".json"}
    done = {
        "fingerprint": fingerprint,
        "parameters": parameters,
        "seconds": round(time.time() - start, 1),
        "left": sizes,
    }
    with paths.whole(stamp(notebook)) as part:
        part.write_text(json.dumps(done, indent=1) + "\n")
    return ""


def show_what_cells_print(name: str) -> None:
    """Let papermill's log through where it is a cell's own words: no "<Figure …>", no "Executing …"."""
    logging.basicConfig(format=f"  [{name}] %(message)s", level=logging.ERROR, force=True)
    log = logging.getLogger("papermill")
    log.setLevel(logging.INFO)
    log.addFilter(lambda record: record.module == "clientwrap" and str(record.msg)[:1] not in "<E")


def report(ran: list[Path], seconds: float) -> None:
    """The claims, the time, and where to look next."""
    print()
    for entry in claims.load():
        print(f"{entry['id']:<4}{claims.MARKS[entry['verdict']]:<18}{entry['statement']}")
    print(f"\n{len(ran)} notebooks in {seconds / 60:.1f} min." if ran else f"\nNothing to do ({seconds:.1f} s).")
    print(
        f"Notebooks with their figures: {paths.BUILD / 'notebooks'}\nFigures: {paths.BUILD / 'figures'}\n"
        f"Measured numbers: {paths.BUILD / 'claims.json'}\nTo explore: make lab"
    )


if __name__ == "__main__":
    sys.exit(main())
