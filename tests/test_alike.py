"""The nearest training digits, against another implementation."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from vaepaper.playground.bench import finder


@pytest.fixture
def known(digits):
    return digits[0][:1900]


@pytest.mark.parametrize("damage", ["none", "noise", "a thick line", "blank"])
def test_the_same_three_as_measuring_all(known, digits, damage):
    images = digits[0][1900:].clone()
    if damage == "noise":
        noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
        images = (images + 0.5 * noise).clamp(max=1)
    elif damage == "a thick line":
        images[:, 308:364] = 1
    elif damage == "blank":
        images[:] = 0
    nearest = finder(known)
    found = np.stack([nearest(image).numpy() for image in images])
    oracle = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(known)
    expected = oracle.kneighbors(images, return_distance=False)
    assert (found == expected).mean() > 0.99  # two may lie equally near


def test_few_images_are_enough_and_two_that_differ_in_one_pixel_are_told_apart(known):
    """Their distance is small beside their norms."""
    twice = known[[0, 1, 0]]
    twice[-1, 0] = 0.5  # a corner that no digit inks
    nearest = finder(twice)
    assert [nearest(image).tolist()[0] for image in twice] == [0, 1, 2]
    assert nearest(twice[2]).tolist() == [2, 0, 1]
