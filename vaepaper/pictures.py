"""Digits as pictures, one function a kind: takes images, returns a `Figure`."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from vaepaper import plots  # noqa: F401 (sets the one style)

CORRECTED, NOT_RESTORED = "#d62728", "#1f4fd8"  # the report's red circles and blue squares (Fig. 8)
SIDE = 28


def show_digit(axes: Axes, image: np.ndarray, **style) -> None:
    """One image [784] in [0, 1], without ticks, in a thin frame."""
    axes.imshow(np.asarray(image).reshape(SIDE, SIDE), **({"vmin": 0, "vmax": 1} | style))
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color="0.8", linewidth=0.6)


def image_rows(
    rows: Mapping[str, Sequence[np.ndarray]], title: str, styles: Mapping[str, dict] | None = None
) -> Figure:
    """Rows of images [k, 784], each row with its name at the left."""
    columns = max(map(len, rows.values()))
    figure, grid = plt.subplots(
        len(rows), columns, figsize=(1.6 + 0.72 * columns, 0.55 + 0.74 * len(rows)), squeeze=False
    )
    for line, (name, images) in zip(grid, rows.items(), strict=True):
        for axes, image in zip(line, images, strict=True):
            show_digit(axes, image, **(styles or {}).get(name, {}))
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
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
    """A sheet of digits [n, 784]; red circles at (image, row, column), blue squares around images."""
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(0.92 * columns, 0.92 * rows + 0.7), squeeze=False)
    for axes, image in zip(grid.flat, images, strict=True):
        show_digit(axes, image)
    for index, row, column in circles:
        patch = Circle((column, row), 4.5, fill=False, edgecolor=CORRECTED, linewidth=1.8)
        grid.flat[index].add_patch(patch)
    for index in squares:
        frame = Rectangle((0, 0), SIDE - 1, SIDE - 1, fill=False, edgecolor=NOT_RESTORED, linewidth=2.6)
        grid.flat[index].add_patch(frame)
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def flagged_digits(inputs: np.ndarray, outputs: np.ndarray, scores: np.ndarray, names: Sequence[str]) -> Figure:
    """Fig. 10: a) inputs, b) outputs, c) what differs, each [k, 784]; red: input only, blue: output only."""
    figure, grid = plt.subplots(3, len(inputs), figsize=(1.0 + 1.12 * len(inputs), 4.4), squeeze=False)
    for column, (x, output) in enumerate(zip(np.asarray(inputs), np.asarray(outputs), strict=True)):
        show_digit(grid[0, column], x)
        show_digit(grid[1, column], output)
        show_digit(grid[2, column], x - output, cmap="RdBu_r", vmin=-1, vmax=1)
        grid[2, column].set_xlabel(f"{scores[column]:.0f}\n{names[column]}", fontsize=8)
    for axes, name in zip(grid[:, 0], ("a) input", "b) output", "difference"), strict=True):
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
    title = (
        "Fig. 10: the unseen digits that differ most (below each: its difference, and which training maxima it exceeds)"
    )
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure
