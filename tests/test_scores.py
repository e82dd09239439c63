"""The joint alarm's scores, each against another way to compute it; none depends on what else is scored."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

from vaepaper import scores
from vaepaper.models import AutoEncoder, VariationalAutoEncoder


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return AutoEncoder(4).eval(), VariationalAutoEncoder(4).eval()


def softened_by_hand(maps):
    """Under a Gaussian of two pixels, edges by what lies inside: SciPy's blur of the map over its blur of
    the page.
    """
    blur = [gaussian_filter(each, (0, 2, 2), mode="constant") for each in (maps, np.ones_like(maps))]
    return blur[0] / blur[1]


def test_each_score_by_hand(digits, networks):
    x = digits[0][:30]
    found = scores.joint_scores(*networks, x)
    page = x.view(-1, 28, 28).numpy().astype(float)
    by_ae, by_vae = (
        model.reconstruct(x).detach().view(-1, 28, 28).numpy().astype(float) for model in networks
    )
    edges = np.abs(np.diff(page, axis=1)).sum((1, 2)) + np.abs(np.diff(page, axis=2)).sum((1, 2))
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    lonely = [
        max((one - maximum_filter(one, footprint=ring, mode="constant")).max(),
            (minimum_filter(one, footprint=ring, mode="constant") - one).max(), 0) for one in page
    ]  # fmt: skip
    shape, surplus = softened_by_hand(page - by_vae), softened_by_hand(page - by_ae)
    expected = {
        "soft edges": (page * (1 - page)).sum((1, 2)) / edges,
        "AE: standardised difference": ((page - by_ae) ** 2 / (by_ae * (1 - by_ae) + 0.02)).sum((1, 2)),
        "lonely pixel": lonely,
        "VAE: largest difference": np.abs(page - by_vae).max((1, 2)),
        "pale ink": 1 - page.max((1, 2)),
        "VAE: coarse shape": (shape**2).sum((1, 2)) / (page**2).sum((1, 2)),
        "AE: surplus ink": (np.maximum(surplus, 0) ** 2).sum((1, 2)),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
    assert list(found) == list(expected)


def test_no_row_depends_on_its_company(digits, networks):
    x = digits[0][:1500]  # more than one batch
    together, order = scores.joint_scores(*networks, x), torch.randperm(1500)
    shuffled = scores.joint_scores(*networks, x[order])
    alone = scores.joint_scores(*networks, [x[[3]], x[[1200]]])
    for name, score in together.items():
        assert score.shape == (1500,) and score.dtype == np.float32
        np.testing.assert_allclose(shuffled[name], score[order.numpy()], rtol=1e-4, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(alone[name], score[[3, 1200]], rtol=1e-4, atol=1e-6, err_msg=name)


def test_blank_full_and_noisy_pages_have_scores(networks):
    pages = torch.stack([torch.zeros(784), torch.ones(784), torch.rand(784)])
    assert all(np.isfinite(score).all() for score in scores.joint_scores(*networks, pages).values())


def test_what_is_no_image_is_named(networks):
    with pytest.raises(ValueError, match=r"images\[1, 5\] is 2"):
        scores.joint_scores(
            *networks, torch.zeros(2, 784).index_put((torch.tensor(1), torch.tensor(5)), torch.tensor(2.0))
        )
