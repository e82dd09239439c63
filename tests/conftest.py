"""What the tests share: real digits, a build folder of their own, and the order in which they run."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import nbformat
import pytest
from nbformat.v4 import new_notebook

from tools import chapters, reproduce  # before torch, which must find vaepaper's settings
from vaepaper import paths
from vaepaper.data import mnist

import torch  # isort: skip

# Kernels that the tests start do nothing of what their user wants in sessions of their own.
os.environ |= {"IPYTHONDIR": str(paths.BUILD / ".ipython"), "PYTHONSTARTUP": "", "JPY_SESSION_NAME": ""}
# Third parties' sockets and loops, left to the garbage collector when a kernel dies, are not ours to close.
THEIRS = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
)
TESTS = os.pathsep.join([str(paths.ROOT), str(paths.ROOT / "tests")])  # for a Python that imports from them
SESSION = {"start": time.time(), "notebooks": False}


def pytest_configure(config):
    """Train what the notebooks will ask for, side by side and with a bar, before any of them runs."""
    worker = hasattr(config, "workerinput")  # of pytest-xdist: the process that started it has done this
    notebooks = config.getoption("nbval", False) or config.getoption("nbval_lax", False)
    if notebooks and not worker and not config.option.collectonly:
        reproduce.train_first(chapters.select([]), {})
        os.environ["TQDM_DISABLE"] = "1"  # for the kernels, where a bar would count as another output


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items):
    """Warnings are errors in unit tests, of which a file stays in one process; numbers are compared last."""
    for item in items:
        notebook = item.path.suffix == ".ipynb"
        SESSION["notebooks"] |= notebook
        if not notebook:
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        if {"measured", "pages"} & {*getattr(item, "fixturenames", ())}:  # a run's results; the whole site
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.name == "test_results.py")


@pytest.fixture
def build(tmp_path, monkeypatch):
    """An empty build folder in place of the real one."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return tmp_path / "build"


def bits(model):
    """All of a network's parameters in one row."""
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach()


def python(code, *arguments, cwd=paths.ROOT, **environment):
    """`code` run in a Python of its own: its return code, stdout and stderr."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    settings = {**os.environ, "PYTHONPATH": str(paths.ROOT), **environment}
    return subprocess.run(command, cwd=cwd, env=settings, capture_output=True, encoding="utf-8")


def write_notebook(path, *cells):
    """A small notebook, its folder with it."""
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=[*cells], metadata=metadata), paths.writable(path.parent) / path.name)


@contextmanager
def torch_in_state(state):
    """torch as a caller may have set it: "float64", "device", "no grad" or "inference"."""
    gradients = state not in ("no grad", "inference")
    with torch.inference_mode(state == "inference"), torch.set_grad_enabled(gradients):
        try:
            torch.set_default_dtype(torch.float64 if state == "float64" else torch.float32)
            torch.set_default_device("meta" if state == "device" else None)
            yield
        finally:
            torch.set_default_dtype(torch.float32)
            torch.set_default_device(None)


@pytest.fixture(scope="session")
def digits():
    """The first 2,000 training digits and their labels."""
    images, labels = mnist("train")
    return images[:2000].clone(), labels[:2000].clone()
