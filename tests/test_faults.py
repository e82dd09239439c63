"""Faults, each caused for real: whatever happens, the next run succeeds with the right bits."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from conftest import bits, python, write_notebook
from nbformat.v4 import new_code_cell

from vaepaper import cache, paths
from vaepaper.data import mnist

pytestmark = pytest.mark.slow
TRAIN = """
import hashlib, sys
from vaepaper import cache
from vaepaper.data import mnist
images = mnist("train")[0][:2000]
sizes = [dict(model="AutoEncoder", latent=z, epochs=10) for z in (2, 3)]
for model in cache.train_all(sizes, images):
    for p in model.parameters():
        sys.stdout.write(hashlib.sha256(p.detach().numpy().tobytes()).hexdigest())
"""
KILLED_WHILE_WRITING = """
import os, pathlib, signal
replace = pathlib.Path.replace
def die(self, target):
    os.kill(os.getpid(), signal.SIGKILL) if str(target).endswith(".safetensors") else replace(self, target)
pathlib.Path.replace = die
"""
QUOTA = """
import resource
from vaepaper import cache
write = cache.write
def with_quota(*arguments):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        write(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
cache.write = with_quota
"""


def start(code, build):
    """A Python of its own, in a group of processes of its own."""
    # What a killed run leaves of its workers' data goes with the test's folder, not into shared memory.
    environment = {**os.environ, "VAEPAPER_BUILD": str(build), "JOBLIB_TEMP_FOLDER": str(build / "shared")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes)


def ended(code, build):
    """How a run ended, what it printed, and its errors."""
    run = start(code, build)
    said, errors = run.communicate(timeout=300)
    return run.returncode, said, errors


def weights_files(build):
    return list(build.glob("remembered/**/*.safetensors"))


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """What an undisturbed run prints."""
    code, said, errors = ended(TRAIN, tmp_path_factory.mktemp("right"))
    assert code == 0, errors
    return said


def test_killed_while_a_result_is_written(tmp_path, right):
    assert ended(KILLED_WHILE_WRITING + TRAIN, tmp_path)[0] == -signal.SIGKILL
    assert [path.name.startswith(".") for path in weights_files(tmp_path)] in ([], [True])
    assert ended(TRAIN, tmp_path)[:2] == (0, right)


def test_the_disk_is_full(tmp_path, right):
    """A quota of 300 kB, which the weights exceed: the system refuses to write on."""
    code, _, errors = ended(QUOTA + TRAIN, tmp_path)
    assert code == 1 and "nothing was left half-written" in errors and ".safetensors'" in errors
    assert weights_files(tmp_path) == []
    assert ended(TRAIN, tmp_path)[:2] == (0, right)


CHAPTERS = """
import signal, sys
# A shell's background job starts with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from vaepaper import paths
from tools import reproduce
paths.NOTEBOOKS = Path({folder!r})
sys.exit(reproduce.main([]))
"""


@pytest.fixture
def chapter(tmp_path):
    """A function that starts `make reproduce` on one notebook, which trains and notes that it ran."""

    def begin(build, epochs):
        one = f"{{'model': 'AutoEncoder', 'latent': z, 'epochs': {epochs}}}"
        plan = new_code_cell(f"trainings = [{one} for z in (2, 3)]")
        plan.metadata["tags"] = ["trainings"]
        work = f"""
from vaepaper import cache
from vaepaper.data import mnist
with open({str(tmp_path / "ran")!r}, "a") as log:
    log.write("once\\n")
for model in cache.train_all(trainings, mnist("train")[0]):
    cache.save(model, f"small_{{model.latent}}")
"""
        write_notebook(tmp_path / "07_small.ipynb", plan, new_code_cell(work))
        return start(CHAPTERS.format(folder=str(tmp_path)), build)

    return begin


def test_two_runs_at_once_do_the_work_once(tmp_path, chapter):
    build = tmp_path / "build"
    first = chapter(build, epochs=1)
    second = start(CHAPTERS.format(folder=str(tmp_path)), build)
    said = [run.communicate(timeout=300)[0] for run in (first, second)]
    assert first.returncode == second.returncode == 0
    assert (tmp_path / "ran").read_text() == "once\n"
    assert sum("is at work in this checkout" in text for text in said) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_reproduce_goes_on_where_it_was(tmp_path, chapter, how, monkeypatch):
    build = tmp_path / "build"
    monkeypatch.setattr(paths, "BUILD", tmp_path / "clean")
    run = chapter(build, epochs=2_000)
    while not (build / "remembered").exists() and run.poll() is None:
        time.sleep(0.05)
    time.sleep(5)
    os.killpg(run.pid, how)
    _, errors = run.communicate(timeout=300)
    assert run.returncode == (130 if how == signal.SIGINT else -9), errors
    if how == signal.SIGINT:
        assert "Interrupted" in errors and "Traceback" not in errors
    assert not list(build.glob("notebooks/*.done.json")) and weights_files(build) == []
    again = chapter(build, epochs=1)
    _, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    for latent in (2, 3):
        asked = {"model": "AutoEncoder", "latent": latent, "epochs": 1}
        [model] = cache.train_all([asked], mnist("train")[0])
        assert torch.equal(bits(model), bits(cache.load(build / "models" / f"small_{latent}.safetensors")))


def test_an_unwritable_build_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("")
    code = "import sys; from tools import reproduce; sys.exit(reproduce.main([]))"
    done = python(code, VAEPAPER_BUILD=str(tmp_path / "file" / "build"))
    assert done.returncode == 1 and "cannot write to" in done.stderr and "Traceback" not in done.stderr
