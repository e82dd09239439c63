"""The words on a card follow from the numbers."""

import pytest
import torch

from vaepaper.plots.cards import words

PLACES = [(3, 3, "top left"), (14, 14, "centre"), (25, 12, "bottom centre")]


@pytest.mark.parametrize(("row", "column", "place"), PLACES)
@pytest.mark.parametrize(("ink", "said"), [(1.0, "took ink away"), (-1.0, "added ink")])
def test_words_name_the_place_and_what_the_network_did(row, column, place, ink, said):
    image, output = torch.zeros(28, 28), torch.zeros(28, 28)
    (image if ink > 0 else output)[row - 1 : row + 2, column - 1 : column + 2] = 1
    text = words(image.flatten(), output.flatten(), 0.3, [7, 7, 7])
    assert f"the {place}, where the VAE {said}" in text and "all 7s" in text


def test_words_give_the_alarm_at_its_rate():
    blank = torch.zeros(784)
    said = words(blank, blank, 0.009, [1, 2, 1])
    assert said.startswith("ALARM at 1 %: 0.9 % of normal digits differ as much") and "1, 2, 1" in said
    assert words(blank, blank, 0.011, [1, 2, 1]).startswith("No alarm at 1 %: 1.1 %")
    assert words(blank, blank, 0.011, [1, 2, 1], rate=0.001).startswith("No alarm at 0.1 %: 1.1 %")
