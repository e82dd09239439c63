"""Why a digit was flagged: one card each, with the images and the conclusion in words."""

from collections.abc import Sequence
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from vaepaper.data import SIDE
from vaepaper.plots.style import WIDTH
from vaepaper.scores import standardised

PATCH = 7  # pixels each way: a place
# A place is named if its patch holds this share of the difference. Of 0.05, 0.1, … the least with which nine
# in ten named places are right, on strokes and blots in the training digits 55,000 to 55,999.
SHARE = 0.2
WITHOUT_PLACE = ("soft edges", "pale ink")  # of the joint alarm's scores: they judge the digit as a whole


def _sums(maps: Tensor) -> Tensor:
    """The sum over the patch around each pixel, of maps [n, 784]."""
    means = F.avg_pool2d(maps.view(-1, 1, SIDE, SIDE), PATCH, stride=1, padding=PATCH // 2)
    return means.flatten(1) * PATCH**2


def places(images: Tensor, outputs: Tensor, tops: Sequence[str]) -> Tensor:
    """The middle pixel of the patch where each output differs most, int64 [n]; -1 where none stands out.

    The difference is standardised and signed. None stands out if the patch holds too little of it, or if the
    alarm's top contributor judges the digit as a whole.

    Args:
        images, outputs: [n, 784]. tops: the top contributor of each, "" where there is none.
    """
    maps = standardised(images, outputs)
    largest, at = _sums(maps).abs().max(1)
    whole = torch.tensor([top in WITHOUT_PLACE for top in tops])
    return at.where((largest > SHARE * maps.abs().sum(1)) & ~whole, torch.tensor(-1))


def holds(at: Tensor, masks: Tensor) -> Tensor:
    """Whether the patch around each pixel `at` [n] holds any of its mask, bool [n, 784]: bool [n]."""
    return _sums(masks.float())[torch.arange(len(at)), at] > 0


def words(
    image: Tensor,
    output: Tensor,
    p_value: float,
    neighbours: Sequence[int],
    rate: float = 0.01,
    top: str = "",
    defect: Tensor | None = None,
) -> str:
    """The conclusion about an image [784], its output, p-value and the labels of its nearest training digits.

    Args:
        top: the alarm's top contributor, if it has several scores.
        defect: bool [784], where a synthetic defect lies, if there is one: words that miss it say so.
    """
    alarm, at = p_value <= rate, places(image[None], output[None], [top])
    place = "No single place stands out."
    if at >= 0:
        row, column = divmod(int(at), SIDE)
        vertical = ("top", "middle", "bottom")[row * 3 // SIDE]
        horizontal = ("left", "centre", "right")[column * 3 // SIDE]
        where = f"{vertical} {horizontal}".replace("middle centre", "centre")
        action = "took ink away" if _sums((image - output)[None])[0, at] > 0 else "added ink"
        missed = defect is not None and defect.any() and not holds(at, defect[None])
        elsewhere = " (the synthetic defect lies elsewhere)" if missed else ""
        look = "Look at" if alarm else "Changed most:"
        place = f"{look} the {where}, where the VAE {action}{elsewhere}."
    labels = f"all {neighbours[0]}s" if len(set(neighbours)) == 1 else ", ".join(map(str, neighbours))
    return (
        f"{'ALARM' if alarm else 'No alarm'} at {100 * rate:g} %: {100 * p_value:.2g} % of normal digits "
        f"differ as much. {place} Nearest training digits: {labels}."
    )


def cards(
    titles: Sequence[str],
    images: Tensor,
    outputs: Tensor,
    p_values: np.ndarray,
    tops: Sequence[str],
    known: Tensor,
    labels: np.ndarray,
    defects: Sequence[Tensor | None] = (),
) -> Figure:
    """One row per image: input, output, difference (red: input only, blue: output only), neighbours, words.

    Args:
        images, outputs: [k, 784]. tops: the alarm's top contributor for each.
        known, labels: the nearest training digits of each, [k, 3, 784] and [k, 3].
        defects: where the synthetic defect of each lies, bool [784], or None.
    """
    defects = list(defects) or [None] * len(images)
    size, widths = (WIDTH, 1.02 * len(images) + 0.2), [1] * 6 + [5.6]
    figure, grid = plt.subplots(len(images), 7, figsize=size, width_ratios=widths)
    of_each = (titles, tops, grid, images, outputs, p_values, known, labels.tolist(), defects)
    for title, top, row, x, output, p, near, digits, defect in zip(*of_each, strict=True):
        for axes, picture in zip(row[:6], [x, output, x - output, *near], strict=True):
            style = {"cmap": "RdBu_r", "vmin": -1} if axes is row[2] else {"vmin": 0}
            axes.imshow(picture.view(SIDE, SIDE).numpy(), vmax=1, **style)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color="0.8")
        row[6].axis("off")
        style = {"va": "top", "transform": row[6].transAxes}
        row[6].text(0, 1.0, f"{title} ({top})", weight="bold", fontsize=10, **style)
        conclusion = fill(words(x, output, p, digits, top=top, defect=defect), 64)
        row[6].text(0, 0.76, conclusion, fontsize=9.5, **style)
    heads = {0: "input", 1: "output", 2: "difference", 4: "nearest training digits"}
    for column, name in heads.items():
        grid[0, column].set_title(name, fontsize=9.5, weight="normal", loc="center")
    figure.get_layout_engine().set(h_pad=0.06)
    return figure
