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


def test_an_image_of_its_own_comes_first_and_few_images_are_enough(known):
    nearest = finder(known[:3])
    for number in range(3):
        found = nearest(known[number]).tolist()
        assert found[0] == number and sorted(found) == [0, 1, 2]


def test_one_that_differs_in_a_corner_pixel_is_found(known):
    """Two images that differ in one pixel are told apart: their distance is small beside their norms."""
    twice = torch.cat([known, known[:1]])
    twice[-1, 0] = 0.5  # a corner that no digit inks
    assert finder(twice)(twice[-1])[0] == len(known)
