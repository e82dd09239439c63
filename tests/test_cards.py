"""The words on a card follow from the numbers, and a place that they name holds what was damaged."""

import pytest
import torch

from vaepaper.defects import SEVERITIES, inject
from vaepaper.plots.cards import WITHOUT_PLACE, holds, places, words
from vaepaper.scores import blurred

PLACES = [(3, 3, "top left"), (14, 14, "centre"), (25, 12, "bottom centre")]


@pytest.mark.parametrize(("row", "column", "place"), PLACES)
def test_words_name_the_place_and_what_the_network_did(row, column, place):
    image, blank, mask = torch.zeros(28, 28), torch.zeros(784), torch.zeros(28, 28, dtype=bool)
    image[row - 1 : row + 2, column - 1 : column + 2] = 1
    image = image.flatten()
    assert f"Changed most: the {place}, where the VAE took ink away." in words(image, blank, 0.3, [7, 7, 7])
    assert f"Changed most: the {place}, where the VAE added ink." in words(blank, image, 0.3, [7, 7, 7])
    for at, ending in ((row, "took ink away"), (27 - row if row != 14 else 0, "elsewhere)")):
        mask[:] = False
        mask[at, column] = True
        assert f"{ending}. Nearest" in words(image, blank, 0.3, [7, 7, 7], defect=mask.flatten())


def test_words_name_no_place_where_none_stands_out():
    image = torch.zeros(784)
    image[::31] = 0.5  # all over the page
    blank, stroke = torch.zeros(784), torch.zeros(784)
    stroke[400:404] = 1
    assert "No single place stands out." in words(image, blank, 0.001, [7, 7, 7])
    assert "Look at" in words(stroke, blank, 0.001, [7, 7, 7], top="lonely pixel")
    for top in WITHOUT_PLACE:
        assert "No single place stands out." in words(stroke, blank, 0.001, [7, 7, 7], top=top)


@pytest.mark.parametrize("kind", ["extra stroke", "missing stroke", "blot", "speckle", "blur"])
def test_a_named_place_holds_the_defect(digits, kind):
    """Against masks, with outputs of an ideal network: the clean digits, a little soft."""
    clean = digits[0][1000:1500]
    damaged, masks = (torch.cat(x) for x in zip(*(inject(kind, clean, s) for s in SEVERITIES), strict=True))
    at = places(damaged, blurred(clean, 0.7).repeat(5, 1), [""] * len(damaged))
    named = at >= 0
    if kind in ("speckle", "blur"):
        assert named.float().mean() < 0.02
    else:
        assert named.float().mean() > 0.8 and holds(at, masks)[named].float().mean() > 0.99


def test_words_give_the_alarm_at_its_rate():
    blank = torch.zeros(784)
    said = words(blank, blank, 0.009, [1, 2, 1])
    assert said.startswith("ALARM at 1 %: 0.9 % of normal digits differ as much") and "1, 2, 1" in said
    assert words(blank, blank, 0.011, [1, 2, 1]).startswith("No alarm at 1 %: 1.1 %")
    assert words(blank, blank, 0.011, [1, 2, 1], rate=0.001).startswith("No alarm at 0.1 %: 1.1 %")
