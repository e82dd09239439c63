"""Where things are, and the two environment variables that move them: VAEPAPER_DATA and VAEPAPER_BUILD."""

import errno
import os
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, SoftFileLock, Timeout

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
RESULTS = ROOT / "results"  # committed: what the last full run left


def _place(variable: str, default: Path) -> Path:
    """Where `variable` says, as an absolute path; kernels and workers, which start elsewhere, inherit it."""
    place = Path(os.environ.get(variable) or default).expanduser().absolute()
    if os.environ.get(variable):
        os.environ[variable] = str(place)
    return place


DATA = _place("VAEPAPER_DATA", ROOT / "data")
BUILD = _place("VAEPAPER_BUILD", ROOT / "build")  # yours: what a run leaves


def writable(folder: Path) -> Path:
    """Make `folder` and return it.

    Raises:
        PermissionError: nothing can be written there; says what to do.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise PermissionError(
            f"cannot write to {folder} ({error.strerror}). Make it writable, or name another place:"
            " VAEPAPER_BUILD=/some/where for results, VAEPAPER_DATA=/some/where for MNIST."
        ) from error


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a complete file or none: yields a temporary neighbour that takes `path`'s name only on success.

    Raises:
        OSError: it could not be written (a full disk, say); names the file.
    """
    writable(path.parent)
    part = path.with_name(f".{uuid.uuid4().hex}.part{path.suffix}")
    try:
        # With the rights that the umask leaves: a chmod is refused on some file systems.
        part.touch(exist_ok=False)
        yield part
        part.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        why = f"{error.strerror} (the disk, or a quota, is full)" if full else error.strerror
        hint = f"{why}; nothing was left half-written. Put that right and run again"
        raise OSError(error.errno, hint, str(path)) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, busy: str = "") -> Iterator[None]:
    """Hold the lock file `path` as the only process; says `busy` if it has to wait for another.

    Where the file system has no locks, the file's existence is one, and says whose it is: that of a process
    which is gone is taken over.
    """
    lock = FileLock(path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "flock not supported")  # said below, in our words
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if busy:
                print(busy, flush=True)
            lock.acquire()
    if isinstance(lock, SoftFileLock):  # what it then turned into
        print(f"{path.parent} is on a file system without locks; {path.name} serves as one", file=sys.stderr)
    try:
        yield
    finally:
        lock.release()
