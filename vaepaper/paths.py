"""Where things are, and the two environment variables that move them: VAEPAPER_DATA and VAEPAPER_BUILD."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
RESULTS = ROOT / "results"  # committed: what the last full run left
DATA = Path(os.environ.get("VAEPAPER_DATA") or ROOT / "data").absolute()
BUILD = Path(os.environ.get("VAEPAPER_BUILD") or ROOT / "build").absolute()  # yours: what a run leaves


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
def whole(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all: yields a temporary neighbour that takes `path`'s name only on success.

    Raises:
        OSError: it could not be written (a full disk, say); names the file.
    """
    writable(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part" + path.suffix)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        hint = f"{error.strerror}; nothing was left half-written. Put that right (is the disk full?) and run again"
        raise OSError(error.errno, hint, str(path)) from error
    finally:
        part.unlink(missing_ok=True)
