"""The same trainings on a real Dask cluster on this machine, one of whose workers is killed in the middle."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from conftest import TESTS, bits

from tools import robustness
from vaepaper import cache

# What third parties leave open when a worker is killed is theirs.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SWEEP = [{"model": "VariationalAutoEncoder", "latent": z, "epochs": 12} for z in range(1, 9)]
SWEEP += [{"model": "GenerativeAdversarialNetwork", "latent": 2, "epochs": 2, "encoder_epochs": 1}]


@pytest.fixture
def start(monkeypatch):
    """Starts a scheduler and workers with `options` on loopback; gives the workers."""
    processes = []

    def run(workers, *options, **environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        address = f"tcp://127.0.0.1:{port}"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        dask = [sys.executable, "-m", "dask"]
        scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
        inside = {"cwd": environment.pop("cwd", None), "env": {**os.environ, **environment}}
        processes.append(subprocess.Popen(scheduler, **quiet, **inside))
        command = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", *options]
        started = [subprocess.Popen(command, **quiet, **inside) for _ in range(workers)]
        processes.extend(started)
        monkeypatch.setenv("VAEPAPER_SCHEDULER", address)
        from distributed import Client

        with Client(address, timeout=60) as client:
            if workers:
                client.wait_for_workers(workers, timeout=60)
        return started

    yield run
    for process in processes[::-1]:
        process.terminate() if process in processes[1:] else process.kill()
        process.wait()


def test_a_sweep_survives_the_death_of_a_worker(start, build, digits, tmp_path, monkeypatch):
    """And gives the same bits as this machine alone."""
    cluster = start(2, "--no-nanny")

    def kill_one_in_the_middle():
        while len(list(build.glob("remembered/*.safetensors"))) < 2:
            time.sleep(0.05)
        os.kill(cluster[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one_in_the_middle)
    killer.start()
    on_cluster = cache.train_all(SWEEP, digits[0])
    killer.join()
    assert cluster[0].wait(timeout=5) == -signal.SIGKILL and cluster[1].poll() is None
    monkeypatch.delenv("VAEPAPER_SCHEDULER")
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "here")
    here = cache.train_all(SWEEP, digits[0])
    assert len(here) == 9
    assert all(torch.equal(bits(a), bits(b)) for a, b in zip(on_cluster, here, strict=True))


def test_an_interpretation_is_measured_there_to_the_same_bits(start, monkeypatch, tmp_path):
    start(2, "--no-nanny")
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "there")
    there, _ = robustness.run("first-1000", 1)
    monkeypatch.delenv("VAEPAPER_SCHEDULER")
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "here")
    here, _ = robustness.run("first-1000", 1)
    assert there.equals(here) and len(here) == 9


def test_a_scheduler_that_does_not_answer_is_one_clear_message(build, digits, monkeypatch):
    cache.train_all(SWEEP[:1], digits[0])
    monkeypatch.setenv("VAEPAPER_SCHEDULER", "tcp://127.0.0.1:9")
    assert len(cache.train_all(SWEEP[:1], digits[0])) == 1  # what is cached needs no cluster
    with pytest.raises(ConnectionError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        cache.train_all(SWEEP[1:2], digits[0])


def test_a_worker_with_other_code_is_refused(digits):
    trained = {"settings": {"model": "AutoEncoder"}, **cache.arithmetic(), "version": 0}
    with pytest.raises(RuntimeError, match=r"differs in version: 0 was asked for.* same commit"):
        cache._train("", trained, "cpu", np.zeros(1), 0, digits[0].numpy())


def where(share, caller, data):
    return os.getpid()


def test_one_worker_of_one_thread_is_used(start):
    [worker] = start(1, "--no-nanny", PYTHONPATH=TESTS)
    assert list(cache.each(where, [()], [np.zeros(3)], [1.0], "1 call")) == [worker.pid]


def test_a_scheduler_without_workers_says_so(start, build, digits):
    start(0)
    with pytest.raises(ConnectionError, match=r"no workers; start some: `dask worker tcp://127.0.0.1:\d+"):
        cache.train_all(SWEEP[:1], digits[0])


def test_a_worker_without_our_code_says_so(start, build, digits, tmp_path):
    """A package of that name comes first on its path, and importing it fails as where there is none."""
    (tmp_path / "vaepaper").mkdir()
    fails = "raise ModuleNotFoundError(\"No module named 'vaepaper'\")"
    (tmp_path / "vaepaper" / "__init__.py").write_text(fails)
    start(1, "--no-nanny", PYTHONPATH=str(tmp_path), cwd=tmp_path)
    with pytest.raises(RuntimeError, match=r"lacks our code \(.*No module named 'vaepaper"):
        cache.train_all(SWEEP[:1], digits[0])


def dies(share, caller, data):
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_die_again_and_again_are_one_clear_message(start, tmp_path):
    """As one that is killed for its memory; its nanny starts it anew."""
    start(1, "--nanny", PYTHONPATH=TESTS)
    with pytest.raises(RuntimeError, match=r"died again and again .*out of memory"):
        list(cache.each(dies, [()], [np.zeros(3)], [1.0], "1 call"))
