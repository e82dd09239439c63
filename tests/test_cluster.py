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

from vaepaper.trainings import runs

# What third parties leave open when a worker is killed is theirs.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SWEEP = [{"model": "VariationalAutoEncoder", "latent": z, "epochs": 12} for z in range(1, 9)]
SWEEP += [{"model": "GenerativeAdversarialNetwork", "latent": 2, "epochs": 2, "encoder_epochs": 1}]


def bits(models):
    return [torch.cat([p.flatten() for p in model.parameters()]) for model in models]


@pytest.fixture
def cluster(monkeypatch):
    """A scheduler and two single-threaded workers on loopback, as the README starts them; yields the workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    port = address.rsplit(":", 1)[1]
    scheduler = subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"], **quiet)
    command = [*dask, "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    workers = [subprocess.Popen(command, **quiet) for _ in range(2)]
    monkeypatch.setenv("VAEPAPER_SCHEDULER", address)
    try:
        from distributed import Client

        with Client(address, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
        yield workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def test_a_sweep_survives_the_death_of_a_worker_and_gives_the_same_bits(cluster, build, digits, tmp_path, monkeypatch):
    def kill_one_in_the_middle():
        while len(list(build.glob("remembered/*.safetensors"))) < 2:
            time.sleep(0.05)
        os.kill(cluster[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one_in_the_middle)
    killer.start()
    on_cluster = runs.train_all(SWEEP, digits[0])
    killer.join()
    assert cluster[0].wait(timeout=5) == -signal.SIGKILL and cluster[1].poll() is None
    monkeypatch.delenv("VAEPAPER_SCHEDULER")
    monkeypatch.setattr(runs.paths, "BUILD", tmp_path / "here")
    here = runs.train_all(SWEEP, digits[0])
    assert len(here) == 9
    assert all(torch.equal(a, b) for a, b in zip(bits(on_cluster), bits(here), strict=True))


def test_a_scheduler_that_does_not_answer_is_one_clear_message(build, digits, monkeypatch):
    monkeypatch.setenv("VAEPAPER_SCHEDULER", "tcp://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        runs.train_all(SWEEP[:1], digits[0])
    assert time.monotonic() - start < 60


def test_what_is_remembered_needs_no_cluster(build, digits, monkeypatch):
    runs.train_all(SWEEP[:1], digits[0])
    monkeypatch.setenv("VAEPAPER_SCHEDULER", "tcp://127.0.0.1:9")
    assert len(runs.train_all(SWEEP[:1], digits[0])) == 1


def test_a_worker_with_other_code_is_refused(digits):
    trained = {"settings": {"model": "AutoEncoder"}, **runs.code_and_torch(), "code": "0123"}
    with pytest.raises(RuntimeError, match=r"another code .* same commit"):
        runs._train("", trained, "cpu", np.zeros(1), 0, digits[0].numpy())
