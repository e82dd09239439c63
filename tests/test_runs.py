"""Trainings cached, ordered, side by side, and never read from a damaged file."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import wraps

import joblib
import numpy as np
import pytest
import torch
from conftest import TESTS, bits, python, torch_in_state
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


@pytest.mark.parametrize("change", ["data", "seed", "code", "torch"])
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
        description |= {"seed": 1}
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
    with pytest.raises(ValueError, match=r"^labels\[0\] is 1\d; expected"):
        cache.train_all([{"model": "DigitReader", "epochs": 1}], digits[0], digits[1] + 10)
    assert len(trainings) == 2


@pytest.mark.slow  # workers start
def test_same_bits_alone_and_side_by_side_and_read_back(build, digits, tmp_path, monkeypatch):
    descriptions = [{**SMALL, "model": "VariationalAutoEncoder", "latent": z} for z in (2, 3)]
    gan = {**SMALL, "model": "GenerativeAdversarialNetwork", "latent": 3, "encoder_epochs": 1}
    descriptions += [{**gan, "seed": seed} for seed in (0, 1)]
    together, again = (cache.train_all(descriptions, digits[0]) for _ in range(2))
    saved = [cache.load(cache.save(model, f"model{n}")) for n, model in enumerate(together)]
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "other")
    alone = [cache.train_all([description], digits[0])[0] for description in descriptions]
    for others in (again, saved, alone):
        assert all(torch.equal(bits(a), bits(b)) for a, b in zip(together, others, strict=True))
    assert not torch.equal(bits(together[2]), bits(together[3]))


@pytest.mark.parametrize("harm", ["truncated", "one bit", "pickle", "other weights"])
def test_a_damaged_file_is_named_and_trained_again(build, digits, trainings, capsys, harm):
    [before] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    [file] = stored(build)
    sound = file.read_bytes()
    new = {"truncated": sound[:-100], "one bit": sound[:-5] + bytes([sound[-5] ^ 4]) + sound[-4:]}
    new["pickle"] = b"\x80\x04\x95" + b"cos\nsystem\n(S'touch /tmp/unpickled'\ntR." * 9
    # A valid file, but not one of ours.
    new["other weights"] = serialise({name: value + 1 for name, value in before.state_dict().items()})
    file.write_bytes(new[harm])
    [after] = cache.train_all([{**SMALL, "latent": 3}], digits[0])
    assert len(trainings) == 2 and str(file) in capsys.readouterr().err
    assert torch.equal(bits(before), bits(after)) and torch.equal(bits(cache.load(file)), bits(before))


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
    descriptions = [{**SMALL, "model": "VariationalAutoEncoder", "latent": 2}]
    [expected] = cache.train_all(descriptions, digits[0])
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "other")
    with torch_in_state(state):
        before = torch.get_default_dtype(), torch.get_default_device()
        [trained], [cached] = (cache.train_all(descriptions, digits[0]) for _ in range(2))
        loaded = cache.load(cache.save(trained, "mine"))
        assert before == (torch.get_default_dtype(), torch.get_default_device())
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


TWO_AT_ONCE = """
import hashlib, pathlib, sys, time
from conftest import bits
from vaepaper.data import mnist
from vaepaper import cache
images, here = mnist("train")[0][:2000], pathlib.Path(sys.argv[1])
(here / sys.argv[2]).touch()
while len(list(here.glob("ready*"))) < 2:
    time.sleep(0.01)
for seed in range(6):
    asked = {"model": "AutoEncoder", "latent": 2, "hidden": (16,), "epochs": 1, "seed": seed}
    print(hashlib.sha256(bits(cache.train_all([asked], images)[0]).numpy()).hexdigest())
"""


@pytest.mark.slow
def test_two_kernels_that_train_the_same_at_once(tmp_path):
    """Neither warns or trains again: the same bits, each cached once, and a third process trains nothing."""

    def run(name):
        return python(TWO_AT_ONCE, tmp_path, name, VAEPAPER_BUILD=str(tmp_path / "build"), PYTHONPATH=TESTS)

    def stamps():
        return sorted((path.name, path.stat().st_mtime_ns) for path in stored(tmp_path / "build"))

    with ThreadPoolExecutor() as pool:
        first, second = pool.map(run, ("ready0", "ready1"))
    kept, third = stamps(), run("ready2")
    for each in (first, second, third):
        assert each.returncode == 0 and each.stdout == first.stdout, each.stderr
        assert "arning" not in each.stderr and "again" not in each.stderr
    assert len(kept) == 6 == len(first.stdout.split()) and kept == stamps()


def go(share):
    for _ in cache.reporting(share)(range(4)):
        pass


@pytest.mark.slow
def test_the_bar_moves_within_a_training_and_what_workers_have_done_is_seen_here(capsys):
    with cache.progress_bar("two", [3, 1]) as shares:
        for _ in cache.reporting(shares[:1])(range(2)):
            time.sleep(0.7)
        shares[1] = 0.5
        time.sleep(0.7)
        shares[:] = 0
        joblib.Parallel(2, mmap_mode="c")(joblib.delayed(go)(shares[n : n + 1]) for n in range(2))
        assert shares.tolist() == [1, 1]
    said = capsys.readouterr().err
    assert [percent for percent in (" 38%", " 88%") if percent in said] == [" 38%", " 88%"]
