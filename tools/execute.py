"""Notebooks, executed by papermill: kept if they succeeded, kept for reading if they failed."""

import json
import logging
import os
import time
from pathlib import Path

from tools import chapters
from vaepaper import claims, paths


def stamp(notebook: Path) -> Path:
    """The file that says that a run of `notebook` succeeded, and what it left."""
    return paths.BUILD / "notebooks" / f"{notebook.stem}.done.json"


def last_run(notebook: Path) -> dict:
    """What the stamp says of the last run that succeeded; {} if there is none, or if it is damaged."""
    try:
        done = json.loads(stamp(notebook).read_text(encoding="utf-8"))
        return done if done.keys() >= {"fingerprint", "parameters", "seconds", "claims", "left"} else {}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}


def recorded(notebook: Path) -> list[str]:
    """Which claims `notebook` has judged; chapter 6 judges its own once its table is complete."""
    return [entry["id"] for entry in claims.load() if entry["notebook"] == notebook.stem]


def is_done(notebook: Path, parameters: dict) -> bool:
    """Whether the last run of `notebook` was this very one, and everything that it left is still there."""
    try:
        done = last_run(notebook)
        kept = all((paths.BUILD / name).stat().st_size == size for name, size in done["left"].items())
        return (
            kept
            and recorded(notebook) == done["claims"]
            and done["fingerprint"] == chapters.fingerprint(notebook, parameters)
        )
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
        return False


def run(notebook: Path, parameters: dict, caller: int) -> str:
    """Execute one notebook into build/notebooks; "", or what went wrong, with the notebook kept for
    reading.
    """
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from vaepaper import cache

    cache.end_with(caller)
    show_what_cells_print(notebook.name[:2])
    start = time.time()
    try:
        fingerprint = chapters.fingerprint(notebook, parameters)
    except ValueError as error:
        return f"{notebook.stem}: {error}"
    folder = paths.writable(paths.BUILD / "notebooks")
    failed = folder / f"{notebook.stem}.failed.ipynb"
    stamp(notebook).unlink(missing_ok=True)
    try:
        # Under the failed name until it has succeeded: whatever kills us, no half-run notebook looks
        # complete.
        papermilled(notebook, failed, parameters, progress_bar=False, log_output=True)
    except PapermillExecutionError as error:
        return (
            f"{notebook.stem} failed in cell [{error.exec_count}]: {error.ename}: {error.evalue}\n"
            f"The notebook as far as it came, with the whole traceback: {failed}"
        )
    except DeadKernelError:
        return (
            f"{notebook.stem}: its kernel died (killed, or out of memory?). As far as it came: {failed}\n"
            "Trainings that had ended are cached; run it again to go on."
        )
    except Exception as error:  # its kernel did not start, the disk is full …: the others go on
        return f"{notebook.stem} could not be run: {str(error) or repr(error)}"
    failed.replace(folder / notebook.name)
    kinds = ("figures/*.png", "models/*.safetensors", "detection.json", f"notebooks/{notebook.name}")
    found = [path for kind in kinds for path in paths.BUILD.glob(kind)]
    complete = [path for path in found if not path.name.startswith(".")]  # another notebook may still write
    left = [path for path in complete if path.stat().st_mtime >= start - 1]
    sizes = {str(path.relative_to(paths.BUILD)): path.stat().st_size for path in left}
    done = {
        "fingerprint": fingerprint,
        "parameters": parameters,
        "seconds": round(time.time() - start, 1),
        "claims": recorded(notebook),
        "left": sizes,
    }
    with paths.atomic_write(stamp(notebook)) as part:
        part.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
    return ""


def papermilled(source, target: Path, parameters: dict, **options) -> None:
    """Execute a notebook, a path or what nbformat read, and leave it at `target`. Raises what papermill
    does.
    """
    import papermill  # here: it takes a second, and what is done needs none

    # Two notebooks run side by side; and sums over a whole tensor depend on the number of threads.
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.pop("JPY_SESSION_NAME", None)  # a notebook that called us is not the one that runs
    kernel = [  # it would warn of its own sockets, and do what its user wants in sessions of their own
        "--IPKernelApp.log_level=40",
        f"--ProfileDir.location={paths.writable(paths.BUILD / '.ipython')}",
        "--IPKernelApp.exec_PYTHONSTARTUP=False",
    ]
    source, target = (chapters.plain(path) for path in (source, target))
    papermill.execute_notebook(
        source,
        target,
        parameters,
        cwd=paths.NOTEBOOKS,
        kernel_name="python3",
        start_timeout=300,
        extra_arguments=kernel,
        **options,
    )


def show_what_cells_print(name: str) -> None:
    """Let papermill's log through where it is a cell's own words: no "<Figure …>", no "Executing …"."""
    logging.basicConfig(format=f"  [{name}] %(message)s", level=logging.ERROR, force=True)
    log = logging.getLogger("papermill")
    log.setLevel(logging.INFO)
    dull = ("Executing notebook", "<Figure", "<IPython", "VBox(")
    log.addFilter(lambda record: record.module == "clientwrap" and not str(record.msg).startswith(dull))
