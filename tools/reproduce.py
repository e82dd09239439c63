"""`make reproduce`: what changed or failed is run, what is done is left alone, and the claims are shown."""

import argparse
import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from tools import chapters, compare, execute, times
from vaepaper import claims, paths

BUSY = "Another `make reproduce` is at work in this checkout; waiting for it to end …"


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; 0 if all of it succeeded, 1 if not, 2 for an unknown argument, 130 if
    interrupted.
    """
    parser = argparse.ArgumentParser(prog="make reproduce", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="such as 02 (in make: NB=02); default: all")
    pair = ("NAME", "VALUE")
    parser.add_argument("-p", nargs=2, action="append", default=[], metavar=pair, help="a parameter")
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        notebooks = chapters.select(asked.notebooks)
        parameters = chapters.read_parameters(asked.p, notebooks)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        lock = paths.writable(paths.BUILD) / ".reproduce.lock"
        with paths.locked(lock, BUSY):  # a second run finds the work done
            todo = [notebook for notebook in notebooks if not execute.is_done(notebook, parameters)]
            complete = times.cold() and todo == chapters.select([]) and not parameters
            if todo:
                train_first(todo, parameters)
                failures = list(filter(None, run_all(todo, parameters)))
                if failures:
                    print("\n" + "\n\n".join(failures), file=sys.stderr)
                    return 1
    except OSError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Trainings that had ended are cached; run it again to go on.", file=sys.stderr)
        return 130
    took = time.monotonic() - start
    if complete:
        times.note("reproduce", took, notebooks={one.stem: execute.last_run(one)["seconds"] for one in todo})
    report(todo, took)
    if not parameters and not asked.notebooks:
        print(compare.with_committed()[1])
    return 0


def train_first(notebooks: list[Path], parameters: dict) -> None:
    """Train what all the notebooks will ask for, in one go: cores stay busy, one bar shows it all.

    What goes wrong here goes wrong again in the notebook concerned, which is then kept for reading.
    """
    from vaepaper import cache, data  # here: torch takes seconds to import, and "nothing to do" should not

    device = parameters.get("device", "auto")
    wanted = []
    for notebook in notebooks:
        with suppress(Exception):
            wanted += chapters.trainings(notebook, parameters)
    try:
        if wanted:
            cache.train_all(wanted, *data.mnist("train"), device=device)
    except (ConnectionError, PermissionError):
        raise
    except Exception as error:
        print(f"training: {error}", file=sys.stderr)


def run_all(notebooks: list[Path], parameters: dict) -> Iterator[str]:
    """Execute notebooks, two at a time, in processes of their own; what went wrong with each, or ""."""
    from joblib import Parallel, delayed

    side_by_side = Parallel(min(2, len(notebooks)), return_as="generator")
    jobs = side_by_side(delayed(execute.run)(notebook, parameters, os.getpid()) for notebook in notebooks)
    bar = "{desc} {n}/{total} |{bar:20}| {elapsed}"
    yield from tqdm(jobs, "notebooks", total=len(notebooks), bar_format=bar)


def line(entry: dict) -> str:
    """A claim and its verdict."""
    return f"{entry['id']:<4}{claims.mark(entry):<18}{entry['statement']}"


def report(ran: list[Path], seconds: float) -> None:
    """The claims, the time, and where to look next."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a mark shows a question mark
    took = f"{len(ran)} notebooks in {seconds / 60:.1f} min." if ran else f"Nothing to do ({seconds:.1f} s)."
    print("", *map(line, claims.load()), "", took, sep="\n")
    print(
        f"Notebooks with their figures: {paths.BUILD / 'notebooks'}\nFigures: {paths.BUILD / 'figures'}\n"
        f"Measured numbers: {paths.BUILD / 'claims.json'}\nTo explore: make lab"
    )


if __name__ == "__main__":
    sys.exit(main())
