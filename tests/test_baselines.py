"""The baselines score what they say, checked the long way round."""

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from vaepaper import baselines

ALL = [baselines.PrincipalComponents(8), baselines.IndependentComponents(8), baselines.Forest()]


@pytest.mark.parametrize("detector", ALL, ids=lambda d: type(d).__name__)
def test_white_on_black_is_more_anomalous_than_black_on_white(digits, detector):
    images = digits[0]
    fitted = detector.fit(images[:1500])
    scores, anomalous = fitted.score(images[1500:]), fitted.score(1 - images[1500:])
    assert scores.shape == (500,) and np.isfinite(scores).all()
    assert np.median(anomalous) > np.quantile(scores, 0.95)
    np.testing.assert_allclose(fitted.score(images[1500:1501]), scores[:1], rtol=1e-4)


def test_pca_is_the_singular_value_decomposition(digits):
    images = digits[0][:300]
    mean = images.mean(0)
    _, _, directions = torch.linalg.svd((images - mean).double(), full_matrices=False)
    plane = directions[:8].T @ directions[:8]
    expected = (images - mean).double() @ plane + mean
    fitted = baselines.PrincipalComponents(8).fit(images)
    torch.testing.assert_close(fitted.reconstruct(images).double(), expected, atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(fitted.score(images), (images - expected).square().sum(1), rtol=1e-3)


def test_ica_is_the_same_on_any_number_of_threads(digits):
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(baselines.IndependentComponents(16).fit(digits[0]).score(digits[0][:100]))
    np.testing.assert_allclose(*found, rtol=1e-5)
