"""What is refused: settings, generated from their constraints; and a table of functions and bad arguments."""

import functools
import inspect

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from vaepaper import baselines, cache, checks, defects, gan, metrics, models, scores, thresholds, train

ROWS = torch.rand(30, 784, generator=torch.Generator().manual_seed(0))
CODES, DIGITS = ROWS[:, :2].numpy(), torch.arange(30) % 10
AE, VAE = models.AutoEncoder(2, ()).eval(), models.VariationalAutoEncoder(2, ()).eval()
GAN = gan.GenerativeAdversarialNetwork(2, (8,))
READER, MASKS = models.DigitReader(()), ROWS > 0.5
NORMAL = np.linspace(0, 1, 200)
FITTED, FRESH = thresholds.Threshold().fit(NORMAL), thresholds.Threshold()
PCA = baselines.PrincipalComponents(2).fit(ROWS)


def pca(latent=2, seed=0, learn=ROWS, score=ROWS):
    return baselines.PrincipalComponents(latent, seed).fit(learn).score(score)


def ica(latent=2, seed=0, most=30, learn=ROWS, score=ROWS):
    return baselines.IndependentComponents(latent, seed, most).fit(learn).score(score)


def forest(seed=0, learn=ROWS, score=ROWS):
    return baselines.Forest(seed).fit(learn).score(score)


def threshold(rule="conformal", learn=NORMAL, rate=0.1, scores=NORMAL):
    fitted = thresholds.Threshold(rule).fit(learn)
    return fitted.at(rate), fitted.p_value(scores)


def completed(**settings):
    return cache.complete({"model": "AutoEncoder", "latent": 2} | settings)


GOOD = {  # each function with arguments that it takes
    scores.reconstruct: {"model": AE, "images": ROWS},
    scores.difference: {"model": AE, "images": ROWS},
    scores.squared_difference: {"model": AE, "images": ROWS},
    scores.shape_difference: {"model": AE, "images": ROWS, "shape": (28, 28)},
    scores.negative_elbo: {"model": VAE, "images": ROWS},
    scores.pathway_difference: {"model": VAE, "images": ROWS},
    scores.largest_correction: {"images": ROWS, "outputs": ROWS / 2, "width": 5, "shape": (28, 28)},
    thresholds.flagged: {"scores": NORMAL, "threshold": 0.5},
    thresholds.expected_above_maximum: {"n": 100, "m": 10},
    thresholds.quantile_above_maximum: {"n": 100, "m": 10, "level": 0.95},
    pca: {"latent": 2, "seed": 0, "learn": ROWS, "score": ROWS},
    ica: {"latent": 1, "seed": 0, "most": 30, "learn": ROWS, "score": ROWS},
    forest: {"seed": 0, "learn": ROWS, "score": ROWS},
    baselines.PrincipalComponents.reconstruct: {"self": PCA, "images": ROWS},
    defects.extra_stroke: {"images": ROWS, "seed": 0, "length": 9, "width": 2},
    defects.missing_stroke: {"images": ROWS, "seed": 0, "length": 7, "width": 4},
    defects.blot: {"images": ROWS, "seed": 0, "diameter": 5},
    defects.speckle: {"images": ROWS, "seed": 0, "share": 0.1},
    defects.fading: {"images": ROWS, "share": 0.1},
    defects.blur: {"images": ROWS, "sigma": 0.7},
    defects.displaced: {"images": ROWS, "seed": 0, "distance": 3},
    defects.dead_rows: {"images": ROWS, "seed": 0, "rows": 3},
    defects.wrong_piece: {"images": ROWS, "seed": 0, "side": 9},
    defects.rotated: {"images": ROWS, "seed": 0, "degrees": 15},
    defects.offset: {"images": ROWS, "level": 0.06},
    defects.noise: {"images": ROWS, "seed": 0, "sigma": 0.1},
    defects.half_gain: {"images": ROWS, "share": 0.3},
    defects.mirrored: {"images": ROWS, "rows": 16},
    defects.inject: {"kind": "blot", "images": ROWS, "severity": 3, "seed": 0},
    defects.fraction_removed: {"clean": ROWS, "damaged": ROWS / 2, "output": ROWS, "mask": MASKS},
    scores.softened: {"maps": ROWS, "sigma": 1, "shape": (28, 28)},
    scores.blurred: {"images": ROWS, "sigma": 1, "shape": (28, 28)},
    checks.images: {"values": ROWS, "inputs": 784},
    checks.labels: {"values": DIGITS, "n": 30, "most": 9},
    metrics.read_digits: {"reader": READER, "images": ROWS},
    metrics.legibility: {"reader": READER, "images": ROWS, "labels": DIGITS},
    metrics.not_restored: {"reader": READER, "images": ROWS, "outputs": ROWS, "labels": DIGITS},
    metrics.explained_variance: {"images": ROWS, "outputs": ROWS},
    metrics.codes_of: {"model": AE, "images": ROWS},
    metrics.nearest_neighbour_labels: {"known": CODES, "labels": DIGITS, "codes": CODES, "k": 15},
    metrics.overlaps: {"confusion": np.eye(3)},
    metrics.extent: {"codes": CODES},
    metrics.ellipse_sizes: {"codes": CODES, "labels": DIGITS},
    metrics.central_box: {"codes": CODES, "share": 0.95},
    metrics.unvisited_share: {"codes": CODES, "cells": 5},
    metrics.step_change: {"model": AE, "codes": CODES, "step": 0.1, "seed": 0},
    metrics.distance_to_nearest: {"images": ROWS, "known": ROWS},
    metrics.most_alike: {"images": ROWS, "known": ROWS, "k": 3},
    metrics.diversity: {"images": ROWS},
    metrics.detection: {"normal": NORMAL, "anomalous": NORMAL},
    metrics.localisation: {"maps": ROWS, "masks": MASKS},
    models.AutoEncoder: {"latent": 2, "hidden": (), "latent_sigmoid": True, "activation": "ReLU",
                         "reconstruction": "squared", "inputs": 784},
    models.VariationalAutoEncoder: {"latent": 2, "hidden": (), "activation": "ReLU", "kl_weight": 1.0,
                                    "reconstruction": "squared", "output_sigmoid": True, "inputs": 784},
    models.DigitReader: {"hidden": (), "inputs": 784},
    gan.GenerativeAdversarialNetwork: {"latent": 2, "hidden": (8,), "feature_weight": 1.0, "inputs": 784},
    defects.strokes: {"centres": CODES, "angles": CODES[:, 0], "length": 3, "width": 1},
    defects.paint: {"image": ROWS[0], "start": (1, 1), "end": (5, 5), "width": 2, "erase": False},
    train.fit: {"model": AE, "images": ROWS, "epochs": 1, "batch_size": 30, "learning_rate": 1e-3, "seed": 0},
    gan.fit: {"model": GAN, "images": ROWS, "epochs": 1, "encoder_epochs": 1, "batch_size": 30,
              "learning_rate": 1e-3, "critic_steps": 1, "seed": 0},
    completed: {"latent": 2, "hidden": (8,), "epochs": 1, "batch_size": 8, "learning_rate": 1e-3, "seed": 0,
                "latent_sigmoid": True, "activation": "ReLU", "reconstruction": "squared", "inputs": 784,
                "only": [1]},
    threshold: {"rule": "conformal", "learn": NORMAL, "rate": 0.1, "scores": NORMAL},
    cache.pick_device: {"device": "cpu"},
}  # fmt: skip
NOT_HERE = {"scores.batches", "scores.joint_scores", "scores.standardised", "scores.steps", "scores.softness",
            "scores.lonely", "defects.ordinary", "defects.defect", "thresholds.needed_for",
            "thresholds.stacked", "thresholds.JointAlarm", "train.standard", "train.one_thread",
            "train.refuse_infinite", "train.Adam", "models.dense", "metrics.digit_shares"}  # fmt: skip


def constraints_of(function):
    """The declared constraints of the arguments that are tried, by name."""
    if function.__module__ == checks.__name__:
        return {}
    declared = checks.SETTINGS | (defects.CONSTRAINTS if function.__module__ == defects.__name__ else {})
    return {name: declared[name] for name in GOOD[function] if name in declared}


def refused(constraint):
    """Values that a constraint does not allow, generated from it."""
    kind, limits = constraint.func, constraint.keywords
    if kind is checks.integer:
        yield from (None, True, 2.5, "5", np.ones(2))
        yield from (limits.get("least", 1) - 1, limits.get("most", 2**63 - 1) + 1)
    elif kind is checks.number:
        yield from (None, True, "1%", [0.1, 0.2], 1j, np.nan, np.inf, -np.inf, limits["least"] - 1)
        if limits.get("above"):
            yield limits["least"]
        if "most" in limits:
            yield 2 * limits["most"]
    elif kind is checks.flag:
        yield from (None, 1, "yes", [True])
    elif kind is checks.one_of:
        yield from (None, 1, "nonsense", limits["known"][0].swapcase(), [limits["known"][0]])
    elif kind is checks.sizes:
        yield from (None, 256, "8", {8}, [16.0], [[8]], (8, 0), np.ones((2, 2), int))


GENERATED = [(function, name, value) for function in GOOD
             for name, constraint in constraints_of(function).items()
             for value in refused(constraint)]  # fmt: skip


IMAGES = [(None, "None; expected a tensor, a NumPy array or a data frame"), ("x.npy", "load the file first"),
          (ROWS.numpy().tolist(), "a list; expected a tensor"), (ROWS[0], "shape (784,)"),
          (ROWS.reshape(30, 28, 28), "shape (30, 28, 28)"), (ROWS[:0], "n of 1 or more"), (ROWS[:, :5], "5"),
          ((ROWS * 255).byte(), "uint8; expected float32"), (ROWS.to_sparse(), "sparse"),
          (np.ma.masked_array(ROWS.numpy()), "masked array"),
          (ROWS * np.nan, "[0, 0] is nan; expected")]  # fmt: skip
ANY_WIDTH = [(bad, said) for bad, said in IMAGES if said != "5"]
CODE = [(None, "None"), ("x.npy", "load the file first"), (CODES * np.nan, "[0, 0] is nan; expected finite")]
CODE += [((CODES * 255).astype(np.uint8), "uint8; expected float32")]
IN_RANGE = [*IMAGES, (ROWS + 1, "expected numbers in [0, 1]")]
INTEGER = [(0, "integer of 1 or more"), (2.5, "is 2.5"), ("5", "is '5'"), (None, "is None"),
           (np.ones(2), "integer")]  # fmt: skip
SHARE = [(2, "is 2; expected a number"), (-0.1, "is -0.1"), (np.nan, "is nan"), ("1%", "is '1%'"),
         ([0.1, 0.2], "is [0.1, 0.2]")]  # fmt: skip
SIZE = [(0, "is 0; expected a number"), (-1, "is -1"), (np.inf, "is inf"), (None, "is None")]
SCORES = [([], "n of 1 or more"), (3.0, "one alone: [3]"), ([1.0, np.nan], "[1] is nan"),
          (["a"], "expected numbers"), (np.ma.masked_array(NORMAL), "masked array"),
          ([[1], [1, 2]], "expected numbers"), (None, "expected numbers")]  # fmt: skip
MODEL = [(None, "model is None"), (ROWS, "model is a Tensor"), (models.AutoEncoder, "model is a type")]
LABELS = [(DIGITS[:5], "shape (5,); expected [30], one an image"), (DIGITS[:, None], "labels.reshape(-1)"),
          (DIGITS - 1, "labels[0] is -1; expected integers"), (DIGITS + 1, "labels[9] is 10"),
          (DIGITS.float(), "labels are float32; expected integers"),
          (None, "labels are None")]  # fmt: skip
# A digit is learned from no other labels.
OF_TEN = [(np.append(DIGITS, 1), "shape (31,)"), (np.eye(10, dtype=int)[DIGITS], "labels.argmax(1)"),
          (DIGITS.numpy().astype(np.float32), "are float32"), (DIGITS.numpy().astype(str), "are <U"),
          (list("0123456789" * 3), "labels[0] is '0'"), ([*DIGITS[:29].tolist(), 1.5], "labels[29] is 1.5"),
          (DIGITS > 4, "labels are bool"), (np.ma.masked_array(DIGITS), "labels are a masked array"),
          (7, "labels are an int; expected a tensor")]  # fmt: skip
SHAPE = [((28, 27), "784 pixels are not 28 x 27"), ((784,), "784 pixels are not 784"), (28, "shape is 28"),
         (None, "shape is None")]  # fmt: skip

SCORED = [scores.reconstruct, scores.difference, scores.squared_difference, scores.shape_difference]
SCORED += [scores.pathway_difference]
INJECTED = [
    defects.extra_stroke,
    defects.missing_stroke,
    defects.blot,
    defects.speckle,
    defects.fading,
    defects.blur,
]
INJECTED += [defects.displaced, defects.dead_rows, defects.wrong_piece, defects.rotated, defects.offset]
INJECTED += [defects.noise, defects.half_gain, defects.mirrored, defects.inject]
READ = [metrics.read_digits, metrics.legibility, metrics.not_restored]
COMPARED = [metrics.explained_variance, metrics.not_restored, scores.largest_correction]
OF_CODES = [metrics.nearest_neighbour_labels, metrics.extent, metrics.ellipse_sizes, metrics.central_box]
OF_CODES += [metrics.unvisited_share, metrics.step_change]
SOFT = [scores.softened, scores.blurred]
CHANCE = [thresholds.expected_above_maximum, thresholds.quantile_above_maximum]
BAD = [  # functions, an argument, and what each refuses there
    ([*SCORED, scores.negative_elbo], "images", [pair for pair in IN_RANGE if "a list" not in pair[1]]),
    ([*INJECTED, metrics.codes_of, train.fit, gan.fit], "images", IN_RANGE),
    ([checks.images], "values", IN_RANGE),
    ([baselines.PrincipalComponents.reconstruct], "images", IN_RANGE),
    ([*READ, *COMPARED, metrics.distance_to_nearest, metrics.most_alike, scores.blurred], "images", IMAGES),
    ([metrics.diversity], "images", [*ANY_WIDTH, (ROWS[:1], "2 rows or more")]),
    ([pca, ica, forest], "score", IN_RANGE[-3:]),
    ([pca, ica, forest], "learn", ANY_WIDTH),
    ([scores.softened, metrics.localisation], "maps", IMAGES),
    (COMPARED, "outputs", IMAGES),
    ([metrics.distance_to_nearest, metrics.most_alike], "known", IMAGES),
    *[([defects.fraction_removed], name, IMAGES) for name in ("clean", "damaged", "output")],
    (OF_CODES, "codes", CODE),
    ([metrics.nearest_neighbour_labels], "known", CODE),
    ([defects.strokes], "centres", CODE),
    ([*SCORED, metrics.codes_of, metrics.step_change], "model", MODEL),
    ([scores.negative_elbo], "model", [*MODEL, (AE, "model is an AutoEncoder; expected a network")]),
    (READ, "reader", [*MODEL, (VAE, "model is a VariationalAutoEncoder; expected a network")]),
    ([*READ[1:], metrics.ellipse_sizes], "labels", LABELS),
    ([checks.labels], "values", [*LABELS, *OF_TEN]),
    ([metrics.nearest_neighbour_labels], "labels", [pair for pair in LABELS if "10" not in pair[1]]),
    ([scores.shape_difference, scores.largest_correction, *SOFT], "shape", SHAPE),
    (SOFT, "sigma", [*SIZE, (1e200, "is 1e+200")]),
    ([metrics.central_box], "share", SHARE),
    ([defects.inject], "kind", [("dust", "is 'dust'; there"), ("Blot", "mean 'blot'"), (None, "is None")]),
    ([defects.inject], "severity", [*INTEGER, (6, "severity is 6"), (3.0, "severity is 3.0")]),
    ([defects.fraction_removed], "mask", [(MASKS[:3], "bool (30"), (ROWS, "float32"), (None, "are None")]),
    ([metrics.localisation], "masks", [(MASKS[:3], "bool (30, 784)"), (MASKS & False, "both kinds are")]),
    ([thresholds.flagged, threshold], "scores", SCORES),
    ([metrics.detection], "normal", SCORES),
    ([metrics.detection], "anomalous", SCORES),
    ([threshold], "learn", SCORES),
    ([thresholds.flagged], "threshold", [(np.nan, "is nan"), ("1", "is '1'"), ([1, 2], "is [1, 2]")]),
    (CHANCE, "n", INTEGER),
    (CHANCE, "m", INTEGER[1:]),
    ([thresholds.quantile_above_maximum], "level", [*SHARE, (1, "below 1"), (0, "above 0")]),
    ([scores.largest_correction], "width", [*INTEGER, (4, "expected an odd number"), (29, "up to 28")]),
    ([pca, ica], "latent", [*INTEGER, (31, "30 images of 784 pixels have fewer")]),
    ([ica], "most", [*INTEGER, (1, "these 1 images differ in fewer directions")]),
    ([metrics.nearest_neighbour_labels, metrics.most_alike], "k", [*INTEGER, (31, "up to 30")]),
    ([metrics.overlaps], "confusion", [(np.ones((3, 2)), "(3, 2)"), (None, "None"), (-np.eye(3), "of 0")]),
    ([metrics.unvisited_share], "cells", [*INTEGER, (10**9, "up to 10000")]),
    ([metrics.step_change], "step", [(None, "step is None"), (np.nan, "step is nan")]),
    ([defects.strokes], "angles", [(CODES[:5, 0], "5 angles for 30 centres"), (None, "angles are None")]),
    ([defects.paint], "image", [(ROWS[:2], "shape"), (None, "images are None"), (ROWS[0] * 9, "[0, 1]")]),
    *[([defects.paint], name, [(("a", 1), "'a'"), ((np.nan, 1), "is nan")]) for name in ("start", "end")],
    ([defects.paint], "erase", [(1, "is 1; expected True or False"), (None, "is None")]),
    ([completed], "only", [("71", "only is '71'"), (7, "is 7"), ([], "is []"), ([1.5], "only is 1.5")]),
    ([threshold], "rule", [("median", "rule is 'median'; there are maximum"), (None, "rule is None")]),
    ([threshold], "rate", [(0, "between 0 and 1"), (1, "is 1;"), ("1%", "is '1%'"), ([1], "one number")]),
    ([cache.pick_device], "device", [("gpu", "mean 'cpu'?"), (None, "is None"), ("cuda:99", "is 'cuda:99'")]),
]  # fmt: skip
CASES = [
    (function, argument, *case)
    for functions, argument, cases in BAD
    for function in functions
    for case in cases
]


@pytest.mark.parametrize("function", GOOD, ids=lambda function: function.__qualname__)
def test_what_is_good_is_taken(function):
    function(**GOOD[function])


@pytest.mark.parametrize(
    ("function", "argument", "bad", "words"),
    CASES,
    ids=[f"{function.__qualname__} {argument} {words}"[:60] for function, argument, _, words in CASES],
)
def test_what_is_bad_is_refused_in_one_sentence(function, argument, bad, words):
    with pytest.raises((TypeError, ValueError)) as error:
        function(**{**GOOD[function], argument: bad})
    said = str(error.value)
    assert words in said and "\n" not in said and len(said) < 300, said


@pytest.mark.parametrize("function", GOOD, ids=lambda function: function.__qualname__)
def test_what_a_constraint_excludes_is_refused_with_its_name_and_value(function):
    for name, value in [(name, value) for tried, name, value in GENERATED if tried is function]:
        with pytest.raises(ValueError, match=rf"^{name}(\[\d\])? is ") as error:
            function(**{**GOOD[function], name: value})
        said, parts = str(error.value), value if isinstance(value, list | tuple) else []
        assert any(f"is {checks.shown(part)};" in said for part in (value, *parts)), said
        assert "\n" not in said and len(said) < 300, said


def test_every_kind_of_constraint_is_tried():
    declared = [*checks.SETTINGS.values(), *defects.CONSTRAINTS.values()]
    kinds = {checks.integer, checks.number, checks.flag, checks.one_of, checks.sizes}
    assert {each.func for each in declared} == kinds
    assert {name for _, name, _ in GENERATED} == {*checks.SETTINGS, *defects.CONSTRAINTS}
    assert {*models.RECONSTRUCTION} == {*checks.SETTINGS["reconstruction"].keywords["known"]}


def test_the_table_holds_every_function_and_every_argument():
    ours = {}
    for module in (baselines, defects, metrics, models, scores, thresholds, train):
        for name, value in vars(module).items():
            own = getattr(value, "__module__", "") == module.__name__ and callable(value)
            if own and not name.startswith("_"):
                ours[f"{module.__name__.removeprefix('vaepaper.')}.{name}"] = value
    by_another_name = {"baselines.PrincipalComponents", "baselines.IndependentComponents", "baselines.Forest",
                       "thresholds.Threshold"}  # fmt: skip
    here = {name for name, value in ours.items() if value in GOOD}
    assert set(ours) - NOT_HERE - by_another_name == here, "a public function is not in the table"
    for function, good in GOOD.items():
        taken = set(inspect.signature(function).parameters) - {"self", "progress", "labels", "settings"}
        assert taken <= set(good) | {"seed", "first"}, function
        left_out = set(good) - {name for tried, name, *_ in [*CASES, *GENERATED] if tried is function}
        trains = left_out == {"model"} and "epochs" in good
        assert left_out <= {"self", "most", "n", "inputs"} or trains, function


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FRESH.at(0.1), "this threshold has learned nothing yet"),
        (lambda: FRESH.p_value([1.0]), "this threshold has learned nothing yet"),
        (lambda: baselines.Forest().score(ROWS), "this Forest has learned nothing yet; fit it on normal"),
        (lambda: cache.save(models.AutoEncoder(2), "mine"), "this AutoEncoder has no record of its training"),
        (lambda: cache.save(None, "mine"), "this NoneType has no record of its training"),
        (lambda: cache.save(AE, "../escaped"), "name is '../escaped'"),
        (lambda: cache.train_all({"model": "AutoEncoder"}, ROWS), r"expected a list: \[one training's"),
        (lambda: cache.train_all("AutoEncoder", ROWS), "settings are 'AutoEncoder'; expected a list"),
        (lambda: cache.train_all(["AutoEncoder"], ROWS), "are 'AutoEncoder'; expected a mapping"),
        (lambda: cache.complete({"model": "autoencoder"}), "did you mean 'AutoEncoder'"),
        (lambda: cache.complete({"model": "AutoEncoder", "latents": 2}), "is 'latents'; did you mean"),
        (lambda: cache.complete({"model": "AutoEncoder"}), "missing a required argument: 'latent'"),
        (lambda: cache.complete({"latent": 2}), "model is None; there are"),
        (lambda: scores.difference(AE, []), "no images"),
        (lambda: scores.difference(AE, iter([])), "no images"),
        (lambda: scores.difference(AE, [(ROWS, DIGITS)]), r"of pairs pass the first halves alone: \(x for x"),
        (lambda: scores.difference(AE, DataLoader(TensorDataset(ROWS, DIGITS))),
         r"of pairs pass the first halves alone"),
        (lambda: scores.difference(AE, 3), "images are an int; expected a tensor"),
        (lambda: scores.difference(AE, {"x": ROWS}), "images are a dict"),
    ],
)  # fmt: skip
def test_what_is_asked_in_vain_says_what_to_do(call, message):
    with pytest.raises((TypeError, ValueError), match=message) as refused:
        call()
    assert "\n" not in str(refused.value)


POOL = [None, True, -1, 0, 1, 2, 3.5, 2**70, -0.0, np.nan, np.inf, "ReLU", "", "x", b"x", [], [8], (4, 2), {},
        {"a": 1}, np.int64(3), np.float32(0.5), np.bool_(True), np.array(4), np.ones(2), np.ones((2, 2)),
        np.str_("squared"), torch.tensor(2), torch.ones(3), object(), range(2), [np.int8(4)], 1j, "5",
        [[1], 2], [None]]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_any_settings_train_or_are_refused_in_one_sentence(seed):
    """Seeded fuzz: what is taken also trains; what is not, is refused before anything was trained."""
    random = np.random.default_rng(seed)
    names = ["latent", "hidden", "latent_sigmoid", "activation", "reconstruction", "kl_weight", "epochs",
             "output_sigmoid", "batch_size", "learning_rate", "seed", "only", "latents",
             "inputs"]  # fmt: skip
    taken = 0
    for _ in range(400):
        chosen = random.choice(names[1:-1], random.integers(0, 3), replace=False)
        model = random.choice(["AutoEncoder", "VariationalAutoEncoder", "DigitReader"])
        asked = {"model": model, "epochs": 1} | ({} if model == "DigitReader" else {"latent": 2})
        asked |= {str(name): POOL[random.integers(len(POOL))] for name in chosen}
        try:
            settled = cache.complete(asked)
        except (TypeError, ValueError) as error:
            assert "\n" not in str(error) and len(str(error)) < 300, error
            assert any(str(name) in str(error) for name in asked), (asked, error)
            continue
        assert cache.complete({"model": model, **settled["sizes"], **settled["fit"]})["fit"] == settled["fit"]
        if settled["sizes"]["inputs"] == 784 and settled["fit"]["epochs"] < 5:
            built = cache.build({"settings": settled}).train()
            data = (ROWS, DIGITS) if model == "DigitReader" else (ROWS,)
            losses = train.fit(built, *data, **settled["fit"])
            assert np.isfinite(losses).all()
            taken += 1
    assert taken > 50


@functools.cache
def everything():
    """What all scores, measures and defects give, under torch's usual settings."""
    torch.manual_seed(0)
    return [np.asarray(part) for part in results()]


def results():
    for function, good in GOOD.items():
        module = getattr(function, "__module__", "")
        trains = module in ("vaepaper.models", "vaepaper.train", "vaepaper.gan")
        if not trains and function not in (checks.labels, completed, cache.pick_device):
            found = function(**good)
            for part in found if isinstance(found, tuple) else (found,):
                yield part.detach() if isinstance(part, torch.Tensor) else part


def state_of_torch():
    found = torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()
    return *found, torch.get_rng_state().tolist()


STATES = {
    "float64": lambda: torch.set_default_dtype(torch.float64),
    "device": lambda: torch.set_default_device("meta"),
    "no grad": lambda: torch.set_grad_enabled(False),
    "random": lambda: torch.manual_seed(77),
}


@pytest.mark.slow
@pytest.mark.parametrize("state", [*STATES, "inference"])
def test_no_result_depends_on_torchs_global_state_and_none_changes_it(state):
    expected = everything()
    with torch.inference_mode(state == "inference"):
        try:
            STATES.get(state, lambda: None)()
            before = state_of_torch()
            found = [np.asarray(part) for part in results()]
            after = state_of_torch()
        finally:
            torch.set_default_dtype(torch.float32)
            torch.set_default_device(None)
            torch.set_grad_enabled(True)
    assert before == after
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
