"""The measures, against scikit-learn and against cases made by hand."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from sklearn.metrics import r2_score

from vaepaper import metrics
from vaepaper.models import AutoEncoder, DigitReader


def test_explained_variance_is_scikit_learns():
    random = torch.Generator().manual_seed(0)
    x, noise = torch.rand(200, 30, generator=random), torch.rand(200, 30, generator=random)
    expected = r2_score(x, x + 0.1 * noise, multioutput="variance_weighted")
    assert metrics.explained_variance(x, x + 0.1 * noise) == pytest.approx(expected, abs=1e-6)
    assert metrics.explained_variance(x, x) == 1
    assert metrics.explained_variance(x, x.mean(0).expand_as(x)) == pytest.approx(0, abs=1e-6)


def test_legibility_counts_what_the_reader_reads():
    class Reader(DigitReader):
        def forward(self, images):
            return images

    reader, images = Reader((), inputs=10), torch.eye(10).repeat(2, 1)
    labels = torch.arange(10).repeat(2)
    labels[:5] = 9 - labels[:5]
    assert metrics.legibility(reader, images, labels) == 0.75


def test_extent_is_the_root_of_the_trace():
    codes = np.random.default_rng(0).normal(size=(500, 3)) * [1, 2, 3]
    assert metrics.extent(codes) == pytest.approx(np.sqrt(np.trace(np.cov(codes.T))))
    assert metrics.extent(codes + 100) == pytest.approx(metrics.extent(codes))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_ellipse_sizes_scale_with_each_axis(dimensions):
    random, labels = np.random.default_rng(0), torch.arange(10).repeat(4000)
    scale = 1 + labels.numpy()[:, None]
    sizes = metrics.ellipse_sizes(random.normal(size=(40_000, dimensions)) * scale, labels)
    np.testing.assert_allclose(sizes, np.arange(1, 11) ** dimensions, rtol=0.12)


def test_unvisited_share_of_known_fillings():
    along = np.linspace(0, 1, 2001)
    full = np.stack(np.meshgrid(along, along), -1).reshape(-1, 2)[::7]
    assert metrics.unvisited_share(full, 10) == 0
    diagonal = np.stack([along, along], 1)
    assert metrics.unvisited_share(diagonal, 10) == pytest.approx(0.9)
    low, high = metrics.central_box(diagonal)
    np.testing.assert_allclose([low, high], [[0.025] * 2, [0.975] * 2])


def test_neighbours_and_overlaps():
    known, labels = np.repeat(np.eye(10) * 9, 20, axis=0), torch.arange(10).repeat_interleave(20)
    assert metrics.nearest_neighbour_labels(known, labels, np.eye(10) * 8).tolist() == list(range(10))
    counts = np.diag([10] * 10)
    counts[4, 9], counts[9, 4], counts[3, 5] = 5, 5, 2
    assert metrics.overlaps(counts)[0] == (4, 9, 10 / 30)
    assert metrics.overlaps(counts)[1][:2] == (3, 5)


def test_step_change_of_a_linear_decoder():
    model = AutoEncoder(2)
    model.decode = lambda z: z @ torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    change = metrics.step_change(model, np.zeros((50_000, 2), dtype=np.float32), step=0.5)
    assert change == pytest.approx(0.5 * 4 / np.pi, rel=0.01)  # the mean of |cos| + |sin| is 4 / pi


def test_distance_to_nearest_by_brute_force(digits):
    x, known = digits[0][:10], digits[0][100:900]
    by_hand = [min((image - other).square().sum().sqrt().item() for other in known) for image in x]
    np.testing.assert_allclose(metrics.distance_to_nearest(x, known), by_hand, rtol=1e-3)
    assert metrics.diversity(x) == pytest.approx(pdist(x.numpy()).mean(), rel=1e-5)


def test_detection_by_counting_pairs():
    random = np.random.default_rng(0)
    normal, anomalous = random.integers(0, 12, 90) / 4, random.integers(3, 15, 70) / 4
    pairs = [(a > n) + (a == n) / 2 for a in anomalous for n in normal]
    assert metrics.detection(normal, anomalous)[0] == pytest.approx(np.mean(pairs))
    # Average precision: the precision at each recall gained.
    levels = np.unique(np.concatenate([normal, anomalous]))[::-1]
    recall = [0.0, *((anomalous >= level).mean() for level in levels)]
    precision = [(anomalous >= t).sum() / ((anomalous >= t).sum() + (normal >= t).sum()) for t in levels]
    assert metrics.detection(normal, anomalous)[1] == pytest.approx(np.dot(np.diff(recall), precision))
    assert metrics.detection(np.array([1.0]), np.array([2.0])) == (1.0, 1.0)
    assert metrics.detection(np.ones(30), np.ones(10)) == (0.5, 0.25)


def test_localisation_pools_all_pixels():
    maps, masks = torch.rand(5, 784), torch.zeros(5, 784, dtype=torch.bool)
    masks[1, 5:50] = masks[3, 100:130] = True
    assert metrics.localisation(maps, masks) == metrics.detection(maps[~masks].numpy(), maps[masks].numpy())
    assert metrics.localisation(masks.float(), masks) == (1.0, 1.0)
