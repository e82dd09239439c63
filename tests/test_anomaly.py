"""Scores, corrections and what chance flags."""

import numpy as np
import pytest
import torch

from vaepaper import anomaly
from vaepaper.models import AutoEncoder, VariationalAutoEncoder


def test_difference_is_the_sum_over_pixels_for_tensors_and_arrays(digits):
    model, x = VariationalAutoEncoder(4), digits[0]
    scores = anomaly.difference(model, x)
    by_hand = [(image - model.reconstruct(image[None])[0]).abs().sum().item() for image in x[:20]]
    assert scores.shape == (2000,) and scores.dtype == np.float32
    np.testing.assert_allclose(scores[:20], by_hand, rtol=1e-5)
    assert np.array_equal(scores, anomaly.difference(model, x.numpy()))
    np.testing.assert_allclose(anomaly.difference(model, x[:1]), scores[:1], rtol=1e-5)


def test_reconstruct_is_the_model_in_batches(digits):
    model = AutoEncoder(4)
    images = digits[0].repeat(3, 1)  # more than one batch
    torch.testing.assert_close(anomaly.reconstruct(model, images), model.reconstruct(images).detach())


@pytest.mark.parametrize("score", [anomaly.difference, anomaly.reconstruct])
def test_nonsense_is_not_scored(digits, score):
    with pytest.raises(ValueError, match=r"images\[4, 2\] is nan"):
        score(
            AutoEncoder(2), torch.zeros(9, 784).index_put((torch.tensor(4), torch.tensor(2)), torch.tensor(torch.nan))
        )


def test_largest_correction_finds_a_planted_patch():
    images, outputs = torch.zeros(3, 784), torch.zeros(3, 784)
    for index, (row, column) in enumerate([(2, 2), (13, 20), (25, 14)]):
        outputs[index].view(28, 28)[row - 2 : row + 3, column - 2 : column + 3] = 0.5 + index / 10
    size, place = anomaly.largest_correction(images, outputs)
    np.testing.assert_allclose(size, [0.5, 0.6, 0.7], rtol=1e-5)
    assert place.tolist() == [[2, 2], [13, 20], [25, 14]]


def test_flagged_is_strictly_above():
    assert anomaly.flagged(np.array([1.0, 2.0, 3.0]), 2.0).tolist() == [False, False, True]


@pytest.mark.parametrize(("n", "m"), [(100, 1000), (1000, 300), (20, 20)])
def test_chance_is_that_of_exchangeable_scores(n, m):
    """Simulated: n + m scores from one distribution, how many of the last m exceed the first n."""
    random = np.random.default_rng(0)
    scores = random.standard_normal((4000, n + m))
    above = (scores[:, n:] > scores[:, :n].max(1, keepdims=True)).sum(1)
    error = above.std() / len(above) ** 0.5
    assert abs(above.mean() - anomaly.expected_above_maximum(n, m)) < 4 * error
    quantile = anomaly.quantile_above_maximum(n, m)
    assert (above <= quantile).mean() >= 0.95 - 0.015 and (above <= quantile - 1).mean() <= 0.95 + 0.015
