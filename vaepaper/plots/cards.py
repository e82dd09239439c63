"""Why a digit was flagged: one card each, with the images and the conclusion in words."""

from collections.abc import Sequence
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from vaepaper.data import SIDE
from vaepaper.plots.style import WIDTH
from vaepaper.scores import largest_correction

AROUND = 2  # pixels each way that belong to the place of the largest correction


def _around(image: Tensor, row: int, column: int) -> Tensor:
    """The pixels of an image [784] near a place, at most [5, 5]."""
    rows = slice(max(row - AROUND, 0), row + AROUND + 1)
    columns = slice(max(column - AROUND, 0), column + AROUND + 1)
    return image.view(SIDE, SIDE)[rows, columns]


def words(
    image: Tensor,
    output: Tensor,
    p_value: float,
    neighbours: Sequence[int],
    rate: float = 0.01,
    defect: Tensor | None = None,
) -> str:
    """The conclusion about an image [784], its output, p-value and the labels of its nearest training digits.

    Args:
        defect: bool [784], where a synthetic defect lies, if there is one: words that miss it say so.
    """
    _, [(row, column)] = largest_correction(image[None], output[None])
    vertical = ("top", "middle", "bottom")[row * 3 // SIDE]
    horizontal = ("left", "centre", "right")[column * 3 // SIDE]
    place = f"{vertical} {horizontal}".replace("middle centre", "centre")
    action = "took ink away" if _around(image - output, row, column).sum() > 0 else "added ink"
    head, look = ("ALARM", "Look at") if p_value <= rate else ("No alarm", "Changed most:")
    labels = f"all {neighbours[0]}s" if len(set(neighbours)) == 1 else ", ".join(map(str, neighbours))
    missed = ""
    if defect is not None and defect.any() and not _around(defect, row, column).any():
        missed = " (the synthetic defect lies elsewhere)"
    return (
        f"{head} at {100 * rate:g} %: {100 * p_value:.2g} % of normal digits differ as much. "
        f"{look} the {place}, where the VAE {action}{missed}. Nearest training digits: {labels}."
    )


def cards(
    titles: Sequence[str],
    images: Tensor,
    outputs: Tensor,
    p_values: np.ndarray,
    known: Tensor,
    labels: np.ndarray,
    defects: Sequence[Tensor | None] = (),
) -> Figure:
    """One row per image: input, output, difference (red: input only, blue: output only), neighbours, words.

    Args:
        images, outputs: [k, 784]. known, labels: the nearest training digits of each, [k, 3, 784] and [k, 3].
        defects: where the synthetic defect of each lies, bool [784], or None.
    """
    defects = list(defects) or [None] * len(images)
    size, widths = (WIDTH, 1.02 * len(images) + 0.2), [1] * 6 + [5.6]
    figure, grid = plt.subplots(len(images), 7, figsize=size, width_ratios=widths)
    rows = zip(titles, grid, images, outputs, p_values, known, labels.tolist(), defects, strict=True)
    for title, row, x, output, p, near, digits, defect in rows:
        for axes, picture in zip(row[:6], [x, output, x - output, *near], strict=True):
            style = {"cmap": "RdBu_r", "vmin": -1} if axes is row[2] else {"vmin": 0}
            axes.imshow(picture.view(SIDE, SIDE).numpy(), vmax=1, **style)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color="0.8")
        row[6].axis("off")
        row[6].text(0, 1.0, title, weight="bold", fontsize=10, va="top", transform=row[6].transAxes)
        conclusion = fill(words(x, output, p, digits, defect=defect), 64)
        row[6].text(0, 0.76, conclusion, fontsize=9.5, va="top", transform=row[6].transAxes)
    heads = {0: "input", 1: "output", 2: "difference", 4: "nearest training digits"}
    for column, name in heads.items():
        grid[0, column].set_title(name, fontsize=9.5, weight="normal", loc="center")
    figure.get_layout_engine().set(h_pad=0.06)
    return figure
