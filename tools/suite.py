"""`make test`: ruff, all trainings, then the notebooks run again and compared, beside the unit tests."""

import os
import subprocess
import sys
import time

from sensorwatch import series
from tools import chapters, reproduce, times
from vaepaper import data, exact, paths

# pytest-xdist cannot share out the cells of a notebook: one process runs them, two the unit tests beside it.
# Every text output is compared; where the same digits cannot be computed, those of verdicts alone.
NOTEBOOKS = "pytest {mode} --nbval-current-env --nbval-cell-timeout=3600 notebooks tests/test_results.py"
APART = "--ignore=tests/browser --ignore=tests/test_results.py"
UNITS = f"pytest -q --no-header -n 2 --dist loadgroup {APART} tests"
# Threads that wait for another process's core cost more than they bring.
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


def run(command: str, **options) -> subprocess.Popen:
    """One tool of this environment, begun in the checkout's root, on one thread."""
    return subprocess.Popen([sys.executable, "-m", *command.split()], cwd=paths.ROOT, env=ALONE, **options)


def main() -> int:
    """All of it, as far as it goes; 0 if nothing failed. A pass notes its time, trainings left out."""
    if run("ruff check .").wait() or run("ruff format --check .").wait():
        return 1
    try:
        data.mnist("train")
        for name in series.SOURCES:  # before two processes need them: a notebook that has to fetch says so
            series.fetch(name)
    except OSError as error:  # one message, which says what to do
        print(error, file=sys.stderr)
        return 1
    reproduce.train_first(chapters.select([]), {})
    start = time.monotonic()
    log = paths.writable(paths.BUILD) / "units.log"
    with log.open("w", encoding="utf-8") as said:
        units = run(UNITS, stdout=said, stderr=subprocess.STDOUT)
        try:
            why = exact.why_not()
            if why:
                print(f"Verdicts are compared, not digits: {why}.", flush=True)
            failed = run(NOTEBOOKS.format(mode="--nbval-lax" if why else "--nbval")).wait()
            print("\nUnit tests …", flush=True)
            failed = units.wait() or failed
        finally:
            units.terminate()
    print(log.read_text(encoding="utf-8", errors="replace"))
    if not failed:
        times.note("test", time.monotonic() - start)
    return failed


if __name__ == "__main__":
    sys.exit(main())
