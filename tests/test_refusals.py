"""What is refused: every argument of every public function, and settings generated from their constraints."""

import inspect

import numpy as np
import pytest
import torch
from conftest import torch_in_state
from torch.utils.data import DataLoader, TensorDataset

from vaepaper import baselines, cache, checks, defects, gan, metrics, models, scores, thresholds, train

ROWS = torch.rand(30, 784, generator=torch.Generator().manual_seed(0))
CODES, DIGITS, MASKS = ROWS[:, :2].numpy(), torch.arange(30) % 10, ROWS > 0.5
AE, VAE = models.AutoEncoder(2, ()).eval(), models.VariationalAutoEncoder(2, ()).eval()
NORMAL = np.linspace(0, 1, 200)
PCA = baselines.PrincipalComponents(2).fit(ROWS)


def pca(latent, seed, learn):
    return baselines.PrincipalComponents(latent, seed).fit(learn).score(ROWS)


def ica(latent, seed, most, learn):
    return baselines.IndependentComponents(latent, seed, most).fit(learn).score(ROWS)


def forest(seed, learn):
    return baselines.Forest(seed).fit(learn).score(ROWS)


def threshold(rule, normal, rate, scores):
    fitted = thresholds.Threshold(rule).fit(normal)
    return fitted.at(rate), fitted.p_value(scores)


def labels(labels):
    return checks.labels(labels, 30, 9)


def completed(
    latent, hidden, latent_sigmoid, activation, reconstruction, inputs, epochs, learning_rate, only
):
    return cache.complete({"model": "AutoEncoder", **locals()})


def public(module):
    """A module's own functions that users call."""
    own = [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]
    return [each for each in own if inspect.isfunction(each) and each.__name__[0] != "_"]


INTERNAL = [scores.batches, scores.joint_scores, scores.standardised, scores.steps, scores.softness]
INTERNAL += [scores.lonely, defects.ordinary, defects.defect, thresholds.needed_for, thresholds.stacked]
INTERNAL += [metrics.digit_shares]
FUNCTIONS = [each for module in (defects, metrics, scores, thresholds) for each in public(module)]
FUNCTIONS = [each for each in FUNCTIONS if each not in INTERNAL]
FUNCTIONS += [models.AutoEncoder, models.VariationalAutoEncoder, models.DigitReader, train.fit, gan.fit]
FUNCTIONS += [gan.GenerativeAdversarialNetwork, pca, ica, forest, PCA.score, PCA.reconstruct, threshold]
FUNCTIONS += [completed, cache.pick_device, checks.images, labels]
RANGED = [each for each in FUNCTIONS if each.__module__.endswith((".defects", ".train", ".gan"))]
RANGED += [scores.reconstruct, scores.difference, scores.squared_difference, scores.shape_difference]
RANGED += [scores.negative_elbo, scores.pathway_difference, metrics.codes_of, checks.images]
RANGED += [PCA.score, PCA.reconstruct]
UNCHECKED = [(train.fit, "model"), (gan.fit, "model")]
every = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)

GOOD = {  # by name of the argument
    "model": AE, "reader": models.DigitReader(()), "images": ROWS, "outputs": ROWS / 2, "values": ROWS,
    "clean": ROWS, "damaged": ROWS / 2, "output": ROWS, "maps": ROWS, "mask": MASKS, "masks": MASKS,
    "known": ROWS, "codes": CODES, "labels": DIGITS, "learn": ROWS, "scores": NORMAL, "normal": NORMAL,
    "training": NORMAL, "unseen": NORMAL,
    "anomalous": NORMAL, "threshold": 0.5, "rule": "conformal", "rate": 0.1, "n": 100, "m": 10, "k": 15,
    "cells": 5, "step": 0.1, "confusion": np.eye(3), "centres": CODES, "angles": CODES[:, 0],
    "image": ROWS[0], "start": (1, 1), "end": (5, 5), "erase": False, "kind": "blot", "severity": 3,
    "shape": (28, 28), "latent": 2, "hidden": (8,), "inputs": 784, "activation": "ReLU", "epochs": 1,
    "reconstruction": "squared", "latent_sigmoid": True, "output_sigmoid": True, "kl_weight": 1.0,
    "feature_weight": 1.0, "encoder_epochs": 1, "batch_size": 30, "critic_steps": 1, "learning_rate": 1e-3,
    "seed": 0, "length": 3, "width": 1, "diameter": 5, "share": 0.1, "sigma": 0.7, "distance": 3, "rows": 3,
    "side": 9, "degrees": 15, "level": 0.1, "most": 30, "only": [1], "device": "cpu",
}  # fmt: skip
OWN = {  # … but for
    scores.negative_elbo: {"model": VAE},
    gan.fit: {"model": gan.GenerativeAdversarialNetwork(2, (8,))},
    train.fit: {"labels": None},
    metrics.nearest_neighbour_labels: {"known": CODES},
}


def good(function):
    """Arguments that a function takes."""
    return {name: (GOOD | OWN.get(function, {}))[name] for name in inspect.signature(function).parameters
            if name in GOOD and OWN.get(function, {}).get(name, "") is not None}  # fmt: skip


INTEGER = [(0, "integer of 1 or more"), (2.5, "is 2.5"), ("5", "is '5'"), (None, "is None")]
SHARE = [(2, "is 2; expected a number"), (-0.1, "is -0.1"), (np.nan, "is nan"), ("1%", "is '1%'")]
SCORES = [([], "n of 1 or more"), (3.0, "one alone: [3]"), ([1.0, np.nan], "[1] is nan"),
          (["a"], "expected numbers"), (np.ma.masked_array(NORMAL), "masked array"),
          ([[1], [1, 2]], "expected numbers"), (None, "expected numbers")]  # fmt: skip
MODEL = [(None, "model is None"), (ROWS, "model is a Tensor"), (models.AutoEncoder, "model is a type")]
ARRAY = [
    (None, "None; expected a tensor, a NumPy array or a data frame"),
    ("x.npy", "load the file first"),
    (ROWS * np.nan, "[0, 0] is nan; expected"),
    ((ROWS * 255).byte(), "uint8; expected float32"),
]
IMAGES = [*ARRAY, (ROWS[0], "shape (784,)"), (ROWS.reshape(30, 28, 28), "shape (30, 28, 28)"),
          (ROWS[:0], "n of 1 or more"), (ROWS.to_sparse(), "sparse"),
          (np.ma.masked_array(ROWS.numpy()), "masked array")]  # fmt: skip
CODE = [*ARRAY[:2], (CODES * np.nan, "[0, 0] is nan; expected finite")]
PAIRED = [*IMAGES, (ROWS[:, :5], "5")]
LABELS = [(DIGITS[:5], "shape (5,); expected [30], one an image"), (DIGITS[:, None], "labels.reshape(-1)"),
          (DIGITS - 1, "labels[0] is -1; expected integers"), (None, "labels are None"),
          (DIGITS.float(), "labels are float32; expected integers")]  # fmt: skip
BAD = {  # by name of the argument: what every function refuses there, with words of the sentence
    "model": MODEL, "reader": [*MODEL, (VAE, "model is a VariationalAutoEncoder; expected a network")],
    "images": IMAGES, "values": IMAGES, "maps": IMAGES, "outputs": PAIRED, "clean": PAIRED,
    "damaged": PAIRED, "output": PAIRED, "learn": IMAGES, "known": [*CODE, (ROWS[:, :5], "5")],
    "codes": CODE, "centres": CODE, "labels": LABELS, "scores": SCORES, "normal": SCORES, "anomalous": SCORES,
    "training": SCORES, "unseen": SCORES,
    "shape": [((28, 27), "784 pixels are not 28 x 27"), ((784,), "784 pixels are not 784"), (None, "None")],
    "sigma": [(0, "is 0; expected a number"), (np.inf, "is inf"), (None, "is None"), (1e200, "is 1e+200")],
    "share": SHARE, "n": INTEGER, "m": INTEGER[1:], "level": [*SHARE, (1.5, "is 1.5"), (-1, "is -1")],
    "kind": [("dust", "is 'dust'; there"), ("Blot", "mean 'blot'"), (None, "is None")],
    "severity": [*INTEGER, (6, "severity is 6"), (3.0, "severity is 3.0")],
    "mask": [(MASKS[:3], "bool (30"), (ROWS, "float32"), (None, "are None")],
    "masks": [(MASKS[:3], "bool (30, 784)"), (MASKS & False, "both kinds are"), (MASKS | True, "both kinds")],
    "threshold": [(np.nan, "is nan"), ("1", "is '1'"), ([1, 2], "is [1, 2]")],
    "width": INTEGER, "most": INTEGER, "k": [*INTEGER, (31, "up to 30")],
    "confusion": [(np.ones((3, 2)), "(3, 2)"), (None, "None"), (-np.eye(3), "of 0")],
    "cells": [*INTEGER, (10**9, "up to 10000")], "step": [(None, "step is None"), (np.nan, "step is nan")],
    "angles": [(CODES[:5, 0], "5 angles for 30 centres"), (None, "angles are None")],
    "image": [(ROWS[:2], "shape"), (None, "images are None"), (ROWS[0] * 9, "[0, 1]")],
    "start": [(("a", 1), "'a'")], "end": [((np.nan, 1), "is nan")],
    "erase": [(1, "is 1; expected True or False"), (None, "is None")],
    "only": [("71", "only is '71'"), (7, "is 7"), ([], "is []"), ([1.5], "only is 1.5")],
    "rule": [("median", "rule is 'median'; there are maximum"), (None, "rule is None")],
    "rate": [(0, "between 0 and 1"), (1, "is 1;"), ("1%", "is '1%'"), ([1], "one number")],
    "device": [("gpu", "mean 'cpu'?"), (None, "is None"), ("cuda:99", "is 'cuda:99'")],
}  # fmt: skip
OUTSIDE = [(ROWS + 1, "expected numbers in [0, 1]"), (ROWS[:, :5], "5")]
ONE_MORE = [
    (scores.negative_elbo, "model", AE, "model is an AutoEncoder; expected a network"),
    (metrics.diversity, "images", ROWS[:1], "2 rows or more"),
    (metrics.explained_variance, "images", ROWS[[3] * 30], "all alike"),
    (metrics.ellipse_sizes, "labels", DIGITS * 0, "digit 1 has fewer than two"),
    (metrics.legibility, "labels", DIGITS + 1, "labels[9] is 10"),
    (metrics.not_restored, "labels", DIGITS + 1, "labels[9] is 10"),
    (metrics.ellipse_sizes, "labels", DIGITS + 1, "labels[9] is 10"),
    (thresholds.quantile_above_maximum, "level", 1, "below 1"),
    (thresholds.quantile_above_maximum, "level", 0, "above 0"),
    (scores.largest_correction, "width", 4, "expected an odd number"),
    (scores.largest_correction, "width", 29, "up to 28"),
    (pca, "latent", 31, "30 images of 784 pixels have fewer"),
    (ica, "latent", 31, "30 images of 784 pixels have fewer"),
    (ica, "most", 1, "these 1 images differ in fewer directions"),
    (checks.images, "values", ROWS.tolist(), "a list; expected a tensor"),
    (labels, "labels", DIGITS + 1, "labels[9] is 10"),
    (labels, "labels", np.append(DIGITS, 1), "shape (31,)"),
    (labels, "labels", np.eye(10, dtype=int)[DIGITS], "labels.argmax(1)"),
    (labels, "labels", list("0123456789" * 3), "labels[0] is '0'"),
    (labels, "labels", [*DIGITS[:29].tolist(), 1.5], "labels[29] is 1.5"),
    (labels, "labels", DIGITS > 4, "labels are bool"),
    (labels, "labels", np.ma.masked_array(DIGITS), "labels are a masked array"),
]


def constraints_of(function):
    """The declared constraints of a function's arguments, by name."""
    if function.__module__ == checks.__name__:
        return {}
    declared = checks.SETTINGS | (defects.CONSTRAINTS if function.__module__ == defects.__name__ else {})
    return {name: declared[name] for name in good(function) if name in declared}


def excluded(constraint):
    """Values that a constraint does not allow, generated from it."""
    kind, limits = constraint.func, constraint.keywords
    if kind is checks.integer:
        yield from (None, True, 2.5, "5", np.ones(2))
        yield from (limits.get("least", 1) - 1, limits.get("most", 2**63 - 1) + 1)
    elif kind is checks.number:
        yield from (None, True, "1%", [0.1, 0.2], 1j, np.nan, np.inf, -np.inf, limits["least"] - 1)
        yield from [limits["least"]] if limits.get("above") else []
        yield from [2 * limits["most"]] if "most" in limits else []
    elif kind is checks.flag:
        yield from (None, 1, "yes", [True])
    elif kind is checks.one_of:
        yield from (None, 1, "nonsense", limits["known"][0].swapcase(), [limits["known"][0]])
    elif kind is checks.sizes:
        yield from (None, 256, "8", {8}, [16.0], [[8]], (8, 0), np.ones((2, 2), int))


def refusal(function, name, bad):
    """The sentence with which a function refuses an argument."""
    with pytest.raises((TypeError, ValueError)) as error:
        function(**{**good(function), name: bad})
    said = str(error.value)
    assert "\n" not in said and len(said) < 300, said
    return said


@every
def test_what_is_good_is_taken_and_what_is_bad_refused_in_one_sentence(function):
    function(**good(function))
    declared = constraints_of(function)
    tried = [name for name in good(function) if name not in declared and (function, name) not in UNCHECKED]
    assert {*tried} <= {*BAD, "inputs"}, "nothing bad is tried for an argument"
    cases = [(name, *case) for name in tried for case in BAD.get(name, [])]
    cases += [case for one, *case in ONE_MORE if one == function]
    if function in RANGED:
        cases += [(name, *case) for name in {"images", "values"} & {*tried} for case in OUTSIDE]
    for name, bad, words in cases:
        said = refusal(function, name, bad)
        assert words in said, (name, said)


@every
def test_what_a_constraint_excludes_is_refused_with_its_name_and_value(function):
    for name, constraint in constraints_of(function).items():
        for value in excluded(constraint):
            said, parts = refusal(function, name, value), value if isinstance(value, list | tuple) else []
            assert said.startswith((f"{name} is ", f"{name}[")), said
            assert any(f"is {checks.shown(part)};" in said for part in (value, *parts)), said


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: thresholds.Threshold().at(0.1), "this threshold has learned nothing yet"),
        (lambda: thresholds.Threshold().p_value([1.0]), "this threshold has learned nothing yet"),
        (lambda: baselines.Forest().score(ROWS), "this Forest has learned nothing yet; fit it on normal"),
        (lambda: cache.save(models.AutoEncoder(2), "mine"), "this AutoEncoder has no record of its training"),
        (lambda: cache.save(AE, "../escaped"), "name is '../escaped'"),
        (lambda: cache.train_all({"model": "AutoEncoder"}, ROWS), r"expected a list: \[one training's"),
        (lambda: cache.train_all("AutoEncoder", ROWS), "settings are 'AutoEncoder'; expected a list"),
        (lambda: cache.train_all(["AutoEncoder"], ROWS), "are 'AutoEncoder'; expected a mapping"),
        (lambda: cache.complete({"model": "autoencoder"}), "did you mean 'AutoEncoder'"),
        (lambda: cache.complete({"model": "AutoEncoder", "latents": 2}), "is 'latents'; did you mean"),
        (lambda: cache.complete({"model": "AutoEncoder"}), "missing a required argument: 'latent'"),
        (lambda: cache.complete({"latent": 2}), "model is None; there are"),
        (lambda: scores.difference(AE, iter([])), "no images"),
        (lambda: scores.difference(AE, DataLoader(TensorDataset(ROWS, DIGITS))), "of pairs pass the first"),
        (lambda: scores.difference(AE, 3), "images are an int; expected a tensor"),
        (lambda: scores.difference(AE, {"x": ROWS}), "images are a dict"),
    ],
)
def test_what_is_asked_in_vain_says_what_to_do(call, message):
    with pytest.raises((TypeError, ValueError), match=message) as refused:
        call()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("held", [np.int64, np.uint8, np.float32, np.float64, np.array, torch.tensor, int])
def test_numbers_of_any_library_are_pythons_own(held):
    found = checks.number("share", held(1), 0, 1)
    assert type(found) in (int, float) and found == 1
    if "float" not in held.__name__:
        assert type(checks.integer("latent", held(8))) is int and checks.integer("latent", held(8)) == 8


@pytest.mark.parametrize("value", [(), [16, 8], (np.int64(16),), np.array([16, 8]), range(1, 3)])
def test_sizes_of_layers(value):
    found = checks.sizes("hidden", value)
    assert found == list(value) and {type(n) for n in found} <= {int}


def test_a_name_is_a_plain_name():
    for name in ("../up", "a/b", "a\\b", "..", ".a", "", " ", "C:x", "a\0", "a\nb", None, 3):
        with pytest.raises(ValueError, match=r"^name is .*; expected a plain name"):
            checks.file_name(name)
    for name in ("vae_2d", "VAE 2-D, seed 3", "図3", np.str_("vae"), "v1.2"):
        assert checks.file_name(name) == name


def results():
    """What all scores, measures and defects give."""
    for function in FUNCTIONS:
        if not inspect.isclass(function) and function not in (train.fit, gan.fit, completed):
            found = function(**good(function))
            for part in found if isinstance(found, tuple) else (found,):
                yield np.asarray(part.detach() if isinstance(part, torch.Tensor) else part)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["float64", "device", "no grad", "inference"])
def test_no_result_depends_on_torchs_global_state_and_none_changes_it(state):
    expected = list(results())
    with torch_in_state(state):
        torch.manual_seed(77)
        before = torch.get_default_dtype(), torch.get_default_device(), torch.get_rng_state().tolist()
        found = list(results())
        after = torch.get_default_dtype(), torch.get_default_device(), torch.get_rng_state().tolist()
    assert before == after
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
