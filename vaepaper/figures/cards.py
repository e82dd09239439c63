"""Why a digit was flagged: one card each, with the picture and the conclusion in words."""

from collections.abc import Sequence
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from vaepaper.data import SIDE
from vaepaper.scores import largest_correction


def words(image: Tensor, output: Tensor, p_value: float, neighbours: Sequence[int], rate: float = 0.01) -> str:
    """What to conclude about one image [784], its output, its p-value and the labels of its nearest training digits."""
    _, [(row, column)] = largest_correction(image[None], output[None])
    place = f"{('top', 'middle', 'bottom')[row * 3 // SIDE]} {('left', 'centre', 'right')[column * 3 // SIDE]}"
    place = place.replace("middle centre", "centre")
    around = (slice(max(row - 2, 0), row + 3), slice(max(column - 2, 0), column + 3))
    surplus = float((image - output).view(SIDE, SIDE)[around].sum())
    alarm, often = p_value <= rate, f"{100 * p_value:.2g} % of normal digits differ as much"
    changed = f"{place}, where the VAE {'took ink away' if surplus > 0 else 'added ink'}"
    same = f"all {neighbours[0]}s" if len(set(neighbours)) == 1 else ", ".join(map(str, neighbours))
    return (
        f"{'ALARM' if alarm else 'No alarm'} at {100 * rate:g}%: {often}. "
        f"{'Look at' if alarm else 'Changed most:'} the {changed}. Most alike in training: {same}."
    )


def cards(
    titles: Sequence[str], images: Tensor, outputs: Tensor, p_values: np.ndarray, known: Tensor, labels: np.ndarray
) -> Figure:
    """One row an image: input, output, what differs (red: input only, blue: output only), neighbours, conclusion.

    Args:
        images, outputs: [k, 784]. known: their nearest training digits [k, 3, 784], whose labels are `labels` [k, 3].
    """
    figure, grid = plt.subplots(len(images), 7, figsize=(11, 1.05 * len(images)), width_ratios=[1] * 6 + [5])
    for title, row, x, output, p, near, digits in zip(
        titles, grid, images, outputs, p_values, known, labels.tolist(), strict=True
    ):
        for axes, picture in zip(row, [x, output, x - output, *near], strict=False):
            signed = {"cmap": "RdBu_r", "vmin": -1} if axes is row[2] else {"vmin": 0}
            axes.imshow(picture.view(SIDE, SIDE), vmax=1, **signed)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color="0.8")
        row[6].axis("off")
        row[6].text(0, 0.98, title, weight="bold", fontsize=10, va="top", transform=row[6].transAxes)
        said = fill(words(x, output, p, digits), 62)
        row[6].text(0, 0.74, said, fontsize=9.5, va="top", transform=row[6].transAxes)
    heads = {0: "input", 1: "output", 2: "difference", 4: "three nearest training digits"}
    for column, name in heads.items():
        grid[0, column].set_title(name, fontsize=9.5, weight="normal", loc="center")
    figure.get_layout_engine().set(h_pad=0.06)
    return figure
