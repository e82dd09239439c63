"""Digits as pictures: rows, sheets, maps of a latent space, and the flagged ones."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from vaepaper.data import SIDE
from vaepaper.plots.style import WIDTH, titled

# The red circles and blue squares that the report names (Fig. 8).
CORRECTED, NOT_RESTORED = "#d62728", "#1f4fd8"
GAP = 2
PITCH = SIDE + GAP


def _mosaic(axes: Axes, images: np.ndarray, **style) -> None:
    """Images [rows, columns, 784] as one picture, in light frames: faster than a hundred axes."""
    rows, columns, _ = images.shape
    framed = np.full((rows, columns, PITCH, PITCH), np.nan)
    framed[:, :, GAP:, GAP:] = images.reshape(rows, columns, SIDE, SIDE)
    axes.set_facecolor("0.9")  # shows where the mosaic is not a number: between the images
    style = {"vmin": 0, "vmax": 1} | style
    axes.imshow(framed.transpose(0, 2, 1, 3).reshape(rows * PITCH, columns * PITCH), **style)
    axes.set(xticks=[], yticks=[])
    axes.tick_params(length=0)
    axes.spines[:].set(visible=True, color="0.9", linewidth=2)


def _corner(number: int) -> int:
    """Where the image `number` begins in a row or a column of a mosaic."""
    return number * PITCH + GAP


def _middles(count: int) -> list[float]:
    """The middles of the first `count` images in a row or a column of a mosaic."""
    return [_corner(number) + SIDE / 2 for number in range(count)]


def image_rows(rows: Mapping[str, np.ndarray], title: str, columns: Sequence[str] = ()) -> Figure:
    """Rows of images [k, 784] in [0, 1], rows named at the left, columns (if named) below."""
    images = np.stack([np.asarray(images) for images in rows.values()])
    names = 0.25 + 0.072 * max(len(name) for name in rows)  # inches for the longest
    cell = min(0.72, (WIDTH - names) / images.shape[1])
    size = (names + cell * images.shape[1], 0.6 + cell * len(rows))
    figure, axes = plt.subplots(figsize=size, layout="compressed")
    _mosaic(axes, images)
    axes.set_yticks(_middles(len(rows)), list(rows), fontsize=10)
    axes.set_xticks(_middles(len(columns)), columns, fontsize=10)
    return titled(figure, title)


def decoded_grid(maps: Mapping[str, np.ndarray], boxes: Mapping[str, tuple], title: str) -> Figure:
    """Decoded images [k, k, 784] over a box of a 2-D latent space, a panel per space; row 0 at the bottom."""
    size = WIDTH / max(len(maps), 2)
    figure, grid = plt.subplots(1, len(maps), figsize=(size * len(maps), size), squeeze=False)
    for axes, (name, images) in zip(grid[0], maps.items(), strict=True):
        k = len(images)
        mosaic = images.reshape(k, k, SIDE, SIDE)[::-1].transpose(0, 2, 1, 3).reshape(k * SIDE, k * SIDE)
        (left, bottom), (right, top) = boxes[name]
        axes.imshow(mosaic, extent=(left, right, bottom, top), aspect="auto", vmin=0, vmax=1)
        axes.set(xlabel="latent 1", ylabel="latent 2", title=name)
    return titled(figure, title)


def digit_sheet(
    images: np.ndarray,
    title: str,
    columns: int = 10,
    circles: Sequence[tuple[int, float, float]] = (),
    squares: Sequence[int] = (),
) -> Figure:
    """A sheet of digits [n, 784], rows and columns numbered from 1.

    Args:
        circles: (image, row, column) of each red circle. squares: the images in blue squares.
    """
    rows = len(images) // columns
    figure, axes = plt.subplots(figsize=(0.92 * columns, 0.92 * rows + 0.4))
    _mosaic(axes, np.asarray(images).reshape(rows, columns, -1))
    axes.set_xticks(_middles(columns), range(1, columns + 1))
    axes.set_yticks(_middles(rows), range(1, rows + 1))
    axes.tick_params(labeltop=True, labelbottom=False)
    for index, row, column in circles:
        middle = (_corner(index % columns) + column, _corner(index // columns) + row)
        axes.add_patch(Circle(middle, 4.5, fill=False, edgecolor=CORRECTED, linewidth=1.8))
    for index in squares:
        corner = (_corner(index % columns) - 1.5, _corner(index // columns) - 1.5)
        frame = {"fill": False, "edgecolor": NOT_RESTORED, "linewidth": 2.6}
        axes.add_patch(Rectangle(corner, SIDE + 2, SIDE + 2, **frame))
    return titled(figure, title)


def flagged_digits(
    inputs: np.ndarray, outputs: np.ndarray, scores: np.ndarray, thresholds: Mapping[int, float]
) -> Figure:
    """Fig. 10: a) inputs, b) outputs, c) differences, each [k, 784]; red: input only, blue: output only.

    Args:
        scores: [k], written below. thresholds: by number n of training digits, with how many exceed each.
    """
    x, output = np.asarray(inputs), np.asarray(outputs)
    cell = min(1.1, (WIDTH - 1) / len(x))
    size = (1 + cell * len(x), 4.3 * cell + 0.5)
    figure, (upper, lower) = plt.subplots(2, 1, figsize=size, height_ratios=(2, 1))
    _mosaic(upper, np.stack([x, output]))
    _mosaic(lower, (x - output)[None], cmap="RdBu_r", vmin=-1, vmax=1)
    upper.set_yticks(_middles(2), ["a) input", "b) output"])
    lower.set_yticks(_middles(1), ["a) − b)"])
    lower.set_xticks(_middles(len(x)), [f"{score:.0f}" for score in scores])
    lower.set_xlabel("summed |input − output|")
    counts = [f"{int((np.asarray(scores) > at).sum())} for n = {n:,}" for n, at in thresholds.items()]
    above = f"above the largest difference of the first n training digits: {', '.join(counts)}"
    return titled(figure, f"Fig. 10: the {len(x)} unseen digits that differ most; {above}")
