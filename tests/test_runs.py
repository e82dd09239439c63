"""Trainings cached, ordered, side by side, and never read from a damaged file."""

import json
import os
import subprocess
import sys
from functools import wraps

import joblib
import numpy as np
import pytest
import torch
from conftest import bits
from safetensors.torch import save as serialise

from vaepaper import cache, train
from vaepaper.scores import difference

SMALL = {"model": "AutoEncoder", "hidden": (16,), "epochs": 1}


@pytest.fixture
def trainings(monkeypatch):
    """How many trainings ran, one job after another in this process."""
    count = []
    counted = wraps(train.fit)(lambda *a, fit=train.fit, **k: count.append(1) or fit(*a, **k))
    monkeypatch.setattr(train, "fit", counted)
    monkeypatch.setattr(joblib, "Parallel", lambda n, P=joblib.Parallel, **k: P(1, return_as=k["return_as"]))
    return count


def stored(build):
    return sorted(build.glob("remembered/*.safetensors"))


def test_models_come_back_in_order_and_are_cached(build, digits, trainings):
    descriptions = [{**SMALL, "latent": z} for z in (5, 3, 4)]
    first = cache.train_all(descriptions, digits[0])
    assert [model.latent for model in first] == [5, 3, 4] and len(trainings) == 3
    again = cache.train_all(descriptions[::-1], digits[0].numpy())
    assert len(trainings) == 3
    assert all(torch.equal(bits(a), bits(b)) for a, b in zip(first, again[::-1], strict=True))
    assert first[0].trained == again[2].trained and len(first[0].trained["losses"]) == 1


@pytest.mark.parametrize("change", ["data", "seed", "epochs", "size", "code", "torch"])
def test_whatever_determines_a_training_is_part_of_its_name(build, digits, trainings, monkeypatch, change):
    description, images = {**SMALL, "latent": 3}, digits[0]
    cache.train_all([description], images)
    if change == "data":
        images = images.clone()
        images[7, 300] = 0.5
    elif change == "code":
        monkeypatch.setattr(cache, "TRAINING_VERSION", cache.TRAINING_VERSION + 1)
    elif change == "torch":
        monkeypatch.setattr(torch, "__version__", "2.0.0")
    else:
        description |= {"seed": {"seed": 1}, "epochs": {"epochs": 2}, "size": {"latent": 4}}[change]
    cache.train_all([description], images)
    assert len(trainings) == 2


def test_only_some_labels_are_trained_on(build, digits, trainings):
    description = {**SMALL, "latent": 3, "only": [7, 1]}
    [chosen] = cache.train_all([description], *digits)
    rows = (digits[1] == 1) | (digits[1] == 7)
    [by_hand] = cache.train_all([{**SMALL, "latent": 3}], digits[0][rows])
    assert torch.equal(bits(chosen), bits(by_hand)) and chosen.trained["settings"]["only"] == [1, 7]
    cache.train_all([description | {"only": (1, 7)}], *digits)
    assert len(trainings) == 2
    with pytest.raises(ValueError, match="needs the labels"):
        cache.train_all([description], digits[0])
    with pytest.raises(ValueError, match=r"no image has a label of only=\[11\]"):
        cache.train_all([description | {"only": [11]}], *digits)


@pytest.mark.slow  # workers start
def test_same_bits_alone_and_side_by_side(build, digits, tmp_path, monkeypatch):
    descriptions = [{**SMALL, "model": "VariationalAutoEncoder", "latent": z} for z in (2, 3)]
    together = cache.train_all(descriptions, digits[0])
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "other")
    alone = [cache.train_all([description], digits[0])[0] for description in descriptions]
    assert all(torch.equal(bits(a), bits(b)) for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize("harm", ["truncated", "empty", "noise", "one bit", "pickle", "other weights"])
def test_a_damaged_file_is_named_and_trained_again(build, digits, trainings, capsys, harm):
    [before] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    [file] = stored(build)
    sound = file.read_bytes()
    new = {"truncated": sound[:-100], "empty": b"", "noise": os.urandom(len(sound))}
    new["one bit"] = sound[:-5] + bytes([sound[-5] ^ 4]) + sound[-4:]
    new["pickle"] = b"\x80\x04\x95" + b"cos\nsystem\n(S'touch /tmp/unpickled'\ntR." * 9
    # A valid file, but not one of ours.
    new["other weights"] = serialise({name: value + 1 for name, value in before.state_dict().items()})
    file.write_bytes(new[harm])
    [after] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    assert len(trainings) == 2 and str(file) in capsys.readouterr().err
    assert torch.equal(bits(before), bits(after)) and torch.equal(bits(cache.load(file)), bits(before))


def test_a_failed_training_is_not_cached(build, digits, monkeypatch):
    with pytest.raises(FloatingPointError, match="epoch 1, step"):
        cache.train_all([{**SMALL, "latent": 3, "learning_rate": 1e38}], digits[0])
    assert stored(build) == []


def test_saved_weights_load_and_score(build, digits):
    [model] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    path = cache.save(model, "small")
    assert np.array_equal(difference(cache.load(path), digits[0]), difference(model, digits[0]))
    assert json.loads(path.with_suffix(".json").read_text())["settings"]["sizes"]["latent"] == 3
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"small.safetensors is damaged"):
        cache.load(path)
    with pytest.raises(FileNotFoundError, match="a chapter that ran leaves its own"):
        cache.load(build / "models" / "none.safetensors")


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path, monkeypatch, digits):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "file" / "build")
    with pytest.raises(PermissionError, match=r"cannot write to .*VAEPAPER_BUILD"):
        cache.train_all([{**SMALL, "latent": 3}], digits[0])


def test_a_file_says_of_itself_only_what_is_true(build, digits):
    [model] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    assert "changed" not in cache.load(cache.save(model, "same")).trained
    loaded = cache.load(cache.save(model, "tuned"))
    train.fit(loaded, digits[0], epochs=1)
    again = cache.load(cache.save(loaded, "tuned"))
    assert again.trained["changed"] == "the weights, after this training"
    assert torch.equal(bits(again), bits(loaded))
    assert "changed" in cache.load(cache.save(again, "twice")).trained and "changed" not in model.trained
    [cached] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    assert "changed" not in cached.trained and torch.equal(bits(cached), bits(model))
    model.latent_sigmoid = True
    with pytest.raises(ValueError, match="the model's latent_sigmoid changed after its training"):
        cache.save(model, "other")
    model.latent_sigmoid, model.encoder = False, torch.nn.Linear(784, 3)
    with pytest.raises(ValueError, match="the model's layers changed"):
        cache.save(model, "other")


def test_a_file_under_a_wrong_name_is_not_taken(build, digits, trainings, capsys):
    """As when one folder's files are copied over another's: complete, ours, and of another training."""
    cache.train_all([{**SMALL, "latent": 3}], digits[0])
    [file] = stored(build)
    [other] = cache.train_all([{**SMALL, "latent": 4}], digits[0])
    [four] = {*stored(build)} - {file}
    four.write_bytes(file.read_bytes())
    [again] = cache.train_all([{**SMALL, "latent": 4}], digits[0])
    assert "another training than its name says: training it again" in capsys.readouterr().err
    assert len(trainings) == 3 and torch.equal(bits(again), bits(other))


def test_the_callers_state_is_the_same_whether_trained_or_cached(build, digits):
    import random

    drawn = []
    for _ in ("trained", "cached", "loaded"):
        torch.manual_seed(0), np.random.seed(0), random.seed(0)  # noqa: NPY002 (that of the caller)
        [model] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
        cache.load(cache.save(model, "mine"))
        drawn.append((torch.rand(1).item(), np.random.rand(), random.random()))  # noqa: NPY002
    torch.manual_seed(0)
    assert drawn[0] == drawn[1] == drawn[2] and drawn[0][0] == torch.rand(1).item()


@pytest.mark.parametrize("state", ["float64", "device", "no grad", "inference"])
def test_a_training_does_not_depend_on_torchs_global_state(build, digits, tmp_path, monkeypatch, state):
    descriptions = [{"model": "VariationalAutoEncoder", "latent": 2, "hidden": (16,), "epochs": 1}]
    [expected] = cache.train_all(descriptions, digits[0])
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "other")
    gradients = state not in ("no grad", "inference")
    with torch.inference_mode(state == "inference"), torch.set_grad_enabled(gradients):
        try:
            torch.set_default_dtype(torch.float64 if state == "float64" else torch.float32)
            torch.set_default_device("meta" if state == "device" else None)
            [trained], [cached] = (cache.train_all(descriptions, digits[0]) for _ in range(2))
            loaded = cache.load(cache.save(trained, "mine"))
            assert torch.get_default_dtype() == (torch.float64 if state == "float64" else torch.float32)
        finally:
            torch.set_default_dtype(torch.float32)
            torch.set_default_device(None)
    for model in (trained, cached, loaded):
        assert torch.equal(bits(model), bits(expected)) and bits(model).device.type == "cpu"
        assert all(p.requires_grad and not p.is_inference() for p in model.parameters())
        train.fit(model, digits[0][:200], epochs=1)  # can go on


def test_settings_of_numpy_and_defaults_spelled_out_are_the_same_training(build, digits, trainings):
    [first] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    cache.train_all([{**SMALL, "latent": 3, "seed": 0, "activation": "ReLU", "hidden": [16]}], digits[0])
    given = {"model": np.str_("AutoEncoder"), "latent": np.int64(3), "hidden": np.array([16]),
             "epochs": np.uint8(1), "latent_sigmoid": np.bool_(False),
             "learning_rate": np.float64(1e-3)}  # fmt: skip
    [again] = cache.train_all(iter([given]), digits[0].double())
    assert len(trainings) == 1 and json.dumps(first.trained) == json.dumps(again.trained)


def test_labels_are_looked_at_before_anything_is_trained(build, digits, trainings):
    with pytest.raises(ValueError, match=r"^labels\[0\] is 10"):
        cache.train_all([{"model": "DigitReader", "epochs": 1}], digits[0], np.full(2000, 10))
    assert not trainings


TWO_AT_ONCE = """
import hashlib, pathlib, sys, time, torch
from vaepaper.data import mnist
from vaepaper import cache
images, here = mnist("train")[0][:2000], pathlib.Path(sys.argv[1])
(here / sys.argv[2]).touch()
while len(list(here.glob("ready*"))) < 2:
    time.sleep(0.01)
for seed in range(6):
    asked = {"model": "AutoEncoder", "latent": 2, "hidden": (16,), "epochs": 1, "seed": seed}
    [model] = cache.train_all([asked], images)
    weights = torch.cat([p.flatten() for p in model.parameters()]).detach().numpy()
    print(hashlib.sha256(weights.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_two_kernels_that_train_the_same_at_once(tmp_path):
    """Neither warns or trains again: the same bits, each cached once, and a third process trains nothing."""
    environment = {**os.environ, "VAEPAPER_BUILD": str(tmp_path / "build")}
    command = [sys.executable, "-W", "always", "-c", TWO_AT_ONCE, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    both = [subprocess.Popen([*command, f"ready{n}"], **pipes) for n in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0] and len(said[0][0].split()) == 6
    assert not any("arning" in errors or "again" in errors for _, errors in said), said

    def stamps():
        return sorted((path.name, path.stat().st_mtime_ns) for path in stored(tmp_path / "build"))

    kept = stamps()
    assert len(kept) == 6
    third = subprocess.run([*command, "ready2"], capture_output=True, text=True, env=environment, check=True)
    assert third.stdout == said[0][0] and kept == stamps()
