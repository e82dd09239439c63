"""Scores, corrections and what chance flags."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from vaepaper import scores, thresholds
from vaepaper.models import AutoEncoder, VariationalAutoEncoder


def test_difference_is_the_sum_over_pixels_for_tensors_and_arrays(digits):
    model, x = VariationalAutoEncoder(4), digits[0]
    found = scores.difference(model, x)
    by_hand = [(image - model.reconstruct(image[None])[0]).abs().sum().item() for image in x[:20]]
    assert found.shape == (2000,) and found.dtype == np.float32
    np.testing.assert_allclose(found[:20], by_hand, rtol=1e-5)
    assert np.array_equal(found, scores.difference(model, x.numpy()))
    np.testing.assert_allclose(scores.difference(model, x[:1]), found[:1], rtol=1e-5)


def test_other_scores_by_hand(digits):
    model, x = VariationalAutoEncoder(4).eval(), digits[0][:50]
    output = model.reconstruct(x).detach()
    np.testing.assert_allclose(scores.squared_difference(model, x), (x - output).square().sum(1), rtol=1e-5)
    posterior = model.posterior(x)
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1)
    elbo = (x - output).square().sum(1) + kl
    np.testing.assert_allclose(scores.negative_elbo(model, x), elbo.detach(), rtol=1e-5)
    sap = (x - output).square().sum(1)
    one, other = ([model.encoder[:k](side) for k in (2, 4)] for side in (x, output))
    for before, after in zip(one, other, strict=True):
        sap = sap + (before - after).square().sum(1)
    np.testing.assert_allclose(scores.pathway_difference(model, x), sap.detach(), rtol=1e-5)
    apart = gaussian_filter((x - output).view(50, 28, 28).numpy(), (0, 1, 1))  # a blur is linear
    expected = np.square(apart).sum((1, 2)) / x.square().sum(1).numpy()
    np.testing.assert_allclose(scores.shape_difference(model, x), expected, rtol=0.05)  # edges apart
    assert np.isfinite(scores.shape_difference(model, torch.zeros(2, 784))).all()


def test_reconstruct_is_the_model_in_batches(digits):
    model = AutoEncoder(4)
    images = digits[0].repeat(3, 1)  # more than one batch
    torch.testing.assert_close(scores.reconstruct(model, images), model.reconstruct(images).detach())


def test_largest_correction_finds_a_synthetic_patch():
    images, outputs = torch.zeros(3, 784), torch.zeros(3, 784)
    for index, (row, column) in enumerate([(2, 2), (13, 20), (25, 14)]):
        outputs[index].view(28, 28)[row - 2 : row + 3, column - 2 : column + 3] = 0.5 + index / 10
    size, place = scores.largest_correction(images, outputs)
    np.testing.assert_allclose(size, [0.5, 0.6, 0.7], rtol=1e-5)
    assert place.tolist() == [[2, 2], [13, 20], [25, 14]]


def test_flagged_is_strictly_above():
    assert thresholds.flagged(np.array([1.0, 2.0, 3.0]), 2.0).tolist() == [False, False, True]


@pytest.mark.parametrize(("n", "m"), [(100, 1000), (1000, 300), (20, 20)])
def test_chance_is_that_of_exchangeable_scores(n, m):
    """Simulated: n + m scores from one distribution, how many of the last m exceed the first n."""
    random = np.random.default_rng(0)
    scores = random.standard_normal((4000, n + m))
    above = (scores[:, n:] > scores[:, :n].max(1, keepdims=True)).sum(1)
    error = above.std() / len(above) ** 0.5
    assert abs(above.mean() - thresholds.expected_above_maximum(n, m)) < 4 * error
    quantile = thresholds.quantile_above_maximum(n, m)
    assert (above <= quantile).mean() >= 0.95 - 0.015 and (above <= quantile - 1).mean() <= 0.95 + 0.015


def test_any_source_of_images_gives_the_same_scores(digits, tmp_path):
    model, x = AutoEncoder(4), digits[0]
    np.save(tmp_path / "x.npy", x.numpy())
    expected = scores.difference(model, x)
    on_disk, rows = np.load(tmp_path / "x.npy", mmap_mode="r"), (row.numpy() for row in x.split(1))
    for images in (on_disk, x.numpy(), iter(x.split(300)), rows, [x[:1], x[1:]]):
        np.testing.assert_allclose(scores.difference(model, images), expected, rtol=1e-5)


def test_a_bad_row_far_on_is_named_by_its_number(digits):
    images = digits[0].repeat(5, 1)
    images[9_000, 5] = 2
    for source in (images, images.split(1_700)):
        with pytest.raises(ValueError, match=r"images\[9000, 5\] is 2"):
            scores.difference(AutoEncoder(2), source)


@pytest.mark.slow
def test_more_images_than_memory_allows_are_scored_in_bounded_memory(tmp_path):
    """0.94 GB of images on disk (a sparse file of zeros), in a process of its own (Linux tells its peak)."""
    code = """
import sys, numpy as np
from vaepaper import models, scores
images = np.memmap(sys.argv[1], np.float32, "r", shape=(300_000, 784))
scores = scores.difference(models.AutoEncoder(2, hidden=()), images)
assert scores.shape == (300_000,) and scores.std() < 1e-3
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak) // 1024)
"""
    path = tmp_path / "zeros"
    with path.open("wb") as file:
        file.truncate(300_000 * 784 * 4)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 800
