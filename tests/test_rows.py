"""What people hold in their hands, and what every score owes them: no row's score depends on its company."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.preprocessing import MinMaxScaler

from vaepaper import baselines, checks, gan, metrics, scores
from vaepaper.models import AutoEncoder, DigitReader, VariationalAutoEncoder

ROWS = np.random.default_rng(0).random((60, 784), np.float32)


def networks(inputs):
    torch.manual_seed(0)
    return AutoEncoder(3, (16,), inputs=inputs).eval(), VariationalAutoEncoder(3, (16,), inputs=inputs).eval()


def all_scores(inputs, shape):
    """Every score of rows of `inputs` numbers, by name: rows → [n]."""
    (ae, vae), known = networks(inputs), np.random.default_rng(1).random((80, inputs), np.float32)
    reader = DigitReader((), inputs=inputs)
    found = {
        "difference": lambda x: scores.difference(ae, x),
        "squared difference": lambda x: scores.squared_difference(vae, x),
        "shape difference": lambda x: scores.shape_difference(vae, x, shape),
        "negative ELBO": lambda x: scores.negative_elbo(vae, x),
        "pathway difference": lambda x: scores.pathway_difference(vae, x),
        "output": lambda x: scores.reconstruct(vae, x)[:, 5].numpy(),
        "code": lambda x: metrics.codes_of(vae, x)[:, 0],
        "nearest": lambda x: metrics.distance_to_nearest(torch.as_tensor(x), torch.from_numpy(known)),
        "correction": lambda x: scores.largest_correction(x, scores.reconstruct(ae, x), 1, shape)[0],
        "digit": lambda x: metrics.read_digits(reader, x),
    }
    if inputs == 100:
        fitted = baselines.PrincipalComponents(4), baselines.IndependentComponents(2), baselines.Forest()
        found |= {type(detector).__name__: detector.fit(known).score for detector in fitted}
    if inputs == 784:
        drawn = gan.GenerativeAdversarialNetwork(3).eval()
        for name in scores.joint_scores(ae, vae, known):
            found[name] = lambda x, name=name: scores.joint_scores(ae, vae, x)[name]
        for name in gan.scores(drawn, torch.from_numpy(known)):
            found[f"GAN: {name}"] = lambda x, name=name: gan.scores(drawn, torch.from_numpy(x))[name]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(28, 28), (1, 392), (4, 25)])
def test_a_rows_score_is_its_own(shape):
    """Permuted, with others appended, alone: the same, but for the rounding of products of other sizes."""
    random, inputs = np.random.default_rng(3), shape[0] * shape[1]
    rows, others = random.random((16, inputs), np.float32), random.random((1020, inputs), np.float32)
    order, many = random.permutation(len(rows)), np.concatenate([rows, others])
    for name, score in all_scores(inputs, shape).items():
        expected, close = score(rows), {"rtol": 2e-3, "atol": 2e-5, "err_msg": name}
        assert expected.shape == (16,) and np.isfinite(expected).all()
        np.testing.assert_allclose(score(rows[order]), expected[order], **close)
        np.testing.assert_allclose(score(many)[:16], expected, **close)
        np.testing.assert_allclose(score(rows[5:6]), expected[5:6], **close)


def test_a_picture_of_another_shape_is_refused_not_mixed():
    """49 rows of 256 are as many numbers as 16 pictures of 28 × 28: so they were taken."""
    with pytest.raises(ValueError, match=r"768 pixels are not 28 x 28; .*\(1, 768\)"):
        scores.shape_difference(networks(768)[0], np.zeros((784, 768), np.float32))


HELD = [
    ROWS.astype(">f4"),
    ROWS.astype(np.longdouble),
    np.asfortranarray(ROWS),
    pd.DataFrame(ROWS.astype(float), columns=[f"pixel {n}" for n in range(784)]),
    torch.from_numpy(ROWS).double(),
    torch.nn.Parameter(torch.from_numpy(ROWS)),
    torch.from_numpy(ROWS.T.copy()).T,
    ROWS[::-1].copy()[::-1],
]


@pytest.mark.parametrize("held", HELD, ids=lambda held: type(held).__name__)
def test_rows_in_any_hands_score_alike(held):
    ae, _ = networks(784)
    np.testing.assert_allclose(scores.difference(ae, held), scores.difference(ae, ROWS), rtol=1e-5)
    assert not checks.images(held).requires_grad and checks.images(held).dtype == torch.float32
    for half in (ROWS.astype(np.float16), torch.from_numpy(ROWS).bfloat16()):  # loses precision only
        assert torch.equal(checks.images(half), torch.as_tensor(half).float())


def test_what_rounding_leaves_outside_is_put_inside_and_no_more():
    values = np.random.default_rng(4).normal(size=(500, 784)).astype(np.float32) * 1e3
    scaled = MinMaxScaler().fit_transform(values)
    assert scaled.max() > 1 and scaled.max() < 1 + 1e-5  # what is to be forgiven
    rows = checks.images(scaled)
    assert rows.min() >= 0 and rows.max() == 1 and (rows - torch.from_numpy(scaled)).abs().max() < 1e-5
    outside = {1.00002: "1.00002", -2e-5: "-2e-05", np.nan: "nan", 1e300: "inf", -np.inf: "-inf"}
    for value, said in outside.items():
        wrong = ROWS.astype(float)
        wrong[3, 77] = value
        expected = rf"^images\[3, 77\] is {said}; expected numbers in \[0, 1\], none missing$"
        with pytest.raises(ValueError, match=expected):
            checks.images(wrong)


def test_labels_in_any_hands_are_int64():
    labels = np.arange(60) % 10
    held = [labels.astype(np.uint8), labels.tolist(), tuple(labels), pd.Series(labels)]
    held += [torch.from_numpy(labels).short(), np.broadcast_to(labels, (2, 60))[1]]
    for each in held:
        found = checks.labels(each, 60, 9)
        assert found.dtype == torch.int64 and found.tolist() == labels.tolist()
