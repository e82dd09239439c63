"""Scores and what chance flags, each against another way to compute it."""

import numpy as np
import pytest
import torch
from conftest import python
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

from vaepaper import scores, thresholds
from vaepaper.models import AutoEncoder, VariationalAutoEncoder


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return AutoEncoder(4).eval(), VariationalAutoEncoder(4).eval()


def test_scores_by_hand(digits, networks):
    model, x = networks[1], digits[0][:50]
    output = model.reconstruct(x).detach()
    np.testing.assert_allclose(scores.difference(model, x), (x - output).abs().sum(1), rtol=1e-5)
    squared = (x - output).square().sum(1)
    np.testing.assert_allclose(scores.squared_difference(model, x), squared, rtol=1e-5)
    posterior = model.posterior(x)
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1)
    np.testing.assert_allclose(scores.negative_elbo(model, x), (squared + kl).detach(), rtol=1e-5)
    one, other = ([model.encoder[:k](side) for k in (2, 4)] for side in (x, output))
    hidden = [(before - after).square().sum(1) for before, after in zip(one, other, strict=True)]
    np.testing.assert_allclose(
        scores.pathway_difference(model, x), (squared + sum(hidden)).detach(), rtol=1e-5
    )
    apart = gaussian_filter((x - output).view(50, 28, 28).numpy(), (0, 1, 1))  # a blur is linear
    expected = np.square(apart).sum((1, 2)) / x.square().sum(1).numpy()
    np.testing.assert_allclose(scores.shape_difference(model, x), expected, rtol=0.05)  # edges apart
    assert np.isfinite(scores.shape_difference(model, torch.zeros(2, 784))).all()


def softened_by_hand(maps):
    """Under a Gaussian of two pixels, edges by what is inside: SciPy's blur of maps over that of the page."""
    blur = [gaussian_filter(each, (0, 2, 2), mode="constant") for each in (maps, np.ones_like(maps))]
    return blur[0] / blur[1]


def test_each_joint_score_by_hand(digits, networks):
    x = digits[0][:30]
    page = x.view(-1, 28, 28).numpy().astype(float)
    outputs = [model.reconstruct(x).detach().view(-1, 28, 28).numpy().astype(float) for model in networks]
    by_ae, by_vae = outputs
    edges = np.abs(np.diff(page, axis=1)).sum((1, 2)) + np.abs(np.diff(page, axis=2)).sum((1, 2))
    ring = {"footprint": np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]), "mode": "constant"}
    above = [(one - maximum_filter(one, **ring)).max() for one in page]
    below = [(minimum_filter(one, **ring) - one).max() for one in page]
    shape, surplus = softened_by_hand(page - by_vae), softened_by_hand(page - by_ae)
    expected = {
        "soft edges": (page * (1 - page)).sum((1, 2)) / edges,
        "AE: standardised difference": ((page - by_ae) ** 2 / (by_ae * (1 - by_ae) + 0.02)).sum((1, 2)),
        "lonely pixel": np.maximum(np.maximum(above, below), 0),
        "VAE: largest difference": np.abs(page - by_vae).max((1, 2)),
        "pale ink": 1 - page.max((1, 2)),
        "VAE: coarse shape": (shape**2).sum((1, 2)) / (page**2).sum((1, 2)),
        "AE: surplus ink": (np.maximum(surplus, 0) ** 2).sum((1, 2)),
    }
    found = scores.joint_scores(*networks, x)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
    assert list(found) == list(expected)
    pages = torch.stack([torch.zeros(784), torch.ones(784), torch.rand(784)])
    assert all(np.isfinite(score).all() for score in scores.joint_scores(*networks, pages).values())


def test_largest_correction_finds_a_synthetic_patch():
    images, outputs = torch.zeros(3, 784), torch.zeros(3, 784)
    for index, (row, column) in enumerate([(2, 2), (13, 20), (25, 14)]):
        outputs[index].view(28, 28)[row - 2 : row + 3, column - 2 : column + 3] = 0.5 + index / 10
    size, place = scores.largest_correction(images, outputs)
    np.testing.assert_allclose(size, [0.5, 0.6, 0.7], rtol=1e-5)
    assert place.tolist() == [[2, 2], [13, 20], [25, 14]]


def test_any_source_of_images_gives_the_same_scores_and_outputs(digits, networks, tmp_path):
    model, x = networks[0], digits[0]
    np.save(tmp_path / "x.npy", x.numpy())
    expected = scores.difference(model, x)
    on_disk, rows = np.load(tmp_path / "x.npy", mmap_mode="r"), (row.numpy() for row in x.split(1))
    for images in (on_disk, x.numpy(), iter(x.split(300)), rows, [x[:1], x[1:]]):
        np.testing.assert_allclose(scores.difference(model, images), expected, rtol=1e-5)
    torch.testing.assert_close(scores.reconstruct(model, x), model.reconstruct(x).detach())
    assert expected.shape == (2000,) and expected.dtype == np.float32


def test_a_bad_row_far_on_is_named_by_its_number(digits, networks):
    images = digits[0].clone()
    images[1_900, 5] = 2
    for source in (images, images.split(700)):
        with pytest.raises(ValueError, match=r"images\[1900, 5\] is 2"):
            scores.difference(networks[0], source)
        with pytest.raises(ValueError, match=r"images\[1900, 5\] is 2"):
            scores.joint_scores(*networks, source)


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
    with (tmp_path / "zeros").open("wb") as file:
        file.truncate(300_000 * 784 * 4)
    done = python(code, tmp_path / "zeros")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 800


@pytest.mark.parametrize(("n", "m"), [(100, 1000), (1000, 300), (20, 20)])
def test_chance_is_that_of_exchangeable_scores(n, m):
    """Simulated: n + m scores from one distribution, how many of the last m exceed the first n."""
    scores = np.random.default_rng(0).standard_normal((4000, n + m))
    above = (scores[:, n:] > scores[:, :n].max(1, keepdims=True)).sum(1)
    error = above.std() / len(above) ** 0.5
    assert abs(above.mean() - thresholds.expected_above_maximum(n, m)) < 4 * error
    quantile = thresholds.quantile_above_maximum(n, m)
    assert (above <= quantile).mean() >= 0.95 - 0.015 and (above <= quantile - 1).mean() <= 0.95 + 0.015
    assert thresholds.flagged(np.array([1.0, 2.0, 3.0]), 2.0).tolist() == [False, False, True]
