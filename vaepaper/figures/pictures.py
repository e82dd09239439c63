"""Digits as pictures, one function a kind: takes images, returns a `Figure`."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from vaepaper.figures import plots  # noqa: F401 (sets the one style)

CORRECTED, NOT_RESTORED = "#d62728", "#1f4fd8"  # the red circles and blue squares that the report names (Fig. 8)
SIDE, GAP = 28, 2
PITCH = SIDE + GAP


def _mosaic(axes: Axes, images: np.ndarray, **style) -> None:
    """Images [rows, columns, 784] as one picture, in light frames: one picture draws faster than a hundred axes."""
    rows, columns, _ = images.shape
    framed = np.full((rows, columns, PITCH, PITCH), np.nan)
    framed[:, :, GAP:, GAP:] = images.reshape(rows, columns, SIDE, SIDE)
    whole = framed.transpose(0, 2, 1, 3).reshape(rows * PITCH, columns * PITCH)
    axes.set_facecolor("0.9")  # shows where the mosaic is not a number: between the images
    axes.imshow(whole, **({"vmin": 0, "vmax": 1} | style))
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color="0.9", linewidth=2)


def _corner(place: int) -> int:
    """Where the image number `place` begins in a row or a column of a mosaic."""
    return place * PITCH + GAP


def image_rows(rows: Mapping[str, np.ndarray], title: str, columns: Sequence[str] = ()) -> Figure:
    """Rows of images [k, 784] in [0, 1], rows named at the left, columns (if named) below."""
    images = np.stack([np.asarray(images) for images in rows.values()])
    figure, axes = plt.subplots(figsize=(2.3 + 0.72 * images.shape[1], 0.5 + 0.72 * len(rows)))
    _mosaic(axes, images)
    axes.set_yticks([_corner(i) + SIDE / 2 for i in range(len(rows))], list(rows), fontsize=10)
    axes.set_xticks([_corner(i) + SIDE / 2 for i in range(len(columns))], columns, fontsize=10)
    axes.tick_params(length=0)
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def decoded_grid(maps: Mapping[str, np.ndarray], boxes: Mapping[str, tuple], title: str) -> Figure:
    """Decoded images [k, k, 784] over a box of a 2-D latent space, a panel a space; row 0 lies at the bottom."""
    figure, grid = plt.subplots(1, len(maps), figsize=(6.8 * len(maps), 6.4), squeeze=False)
    for axes, (name, images) in zip(grid[0], maps.items(), strict=True):
        k = len(images)
        mosaic = images.reshape(k, k, SIDE, SIDE)[::-1].transpose(0, 2, 1, 3).reshape(k * SIDE, k * SIDE)
        (left, bottom), (right, top) = boxes[name]
        axes.imshow(mosaic, extent=(left, right, bottom, top), aspect="auto", vmin=0, vmax=1)
        axes.set(xlabel="latent 1", ylabel="latent 2", title=name)
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=13)
    return figure


def digit_sheet(
    images: np.ndarray,
    title: str,
    columns: int = 10,
    circles: Sequence[tuple[int, float, float]] = (),
    squares: Sequence[int] = (),
) -> Figure:
    """A full sheet of digits [n, 784]; red circles at (image, row, column), blue squares around images."""
    rows = len(images) // columns
    figure, axes = plt.subplots(figsize=(0.92 * columns, 0.92 * rows + 0.4))
    _mosaic(axes, np.asarray(images).reshape(rows, columns, -1))
    for index, row, column in circles:
        middle = (_corner(index % columns) + column, _corner(index // columns) + row)
        axes.add_patch(Circle(middle, 4.5, fill=False, edgecolor=CORRECTED, linewidth=1.8))
    for index in squares:
        corner = (_corner(index % columns) - 1.5, _corner(index // columns) - 1.5)
        axes.add_patch(Rectangle(corner, SIDE + 2, SIDE + 2, fill=False, edgecolor=NOT_RESTORED, linewidth=2.6))
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def flagged_digits(inputs: np.ndarray, outputs: np.ndarray, scores: np.ndarray, names: Sequence[str]) -> Figure:
    """Fig. 10: a) inputs, b) outputs, c) what differs, each [k, 784]; red: input only, blue: output only."""
    x, output = np.asarray(inputs), np.asarray(outputs)
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(1.2 + 1.1 * len(x), 4.6), height_ratios=(2, 1))
    _mosaic(upper, np.stack([x, output]))
    _mosaic(lower, (x - output)[None], cmap="RdBu_r", vmin=-1, vmax=1)
    middles = [_corner(i) + SIDE / 2 for i in range(len(x))]
    upper.set_yticks(middles[:2], ["a) input", "b) output"], fontsize=10)
    lower.set_yticks(middles[:1], ["a) - b)"], fontsize=10)
    lower.set_xticks(middles, [f"{s:.0f}\n{name}" for s, name in zip(scores, names, strict=True)], fontsize=9)
    for axes in (upper, lower):
        axes.tick_params(length=0)
    title = "Fig. 10: the unseen digits that differ most (below: by how much, and up to which n the rule flags them)"
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure
