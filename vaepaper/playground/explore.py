"""The playground's latent spaces under the pointer: planes to walk in, and spaces to turn."""

from collections.abc import Mapping

import numpy as np
import torch
from ipycanvas import hold_canvas
from ipywidgets import Widget
from scipy.spatial import KDTree
from torch import Tensor, nn

from vaepaper.metrics import central_box
from vaepaper.playground.canvases import dragged, framed, paced, page, paper, points, row, show, write

SIZE = 420  # of a latent space, in pixels of the screen
DRAWN = 10_000  # codes of a plane: more would hide each other


def plane(
    models: Mapping[str, nn.Module],
    codes: Mapping[str, np.ndarray],
    images: Tensor,
    labels: Tensor,
) -> Widget:
    """Two-dimensional latent spaces: drag in one, and the digit at that place of each box is decoded below.

    Args:
        models: on the CPU. codes: [n, 2] for each model, of the training images [n, 784] with labels [n].
    """
    boxes = {name: central_box(codes[name], 0.99) for name in models}
    trees = {name: KDTree(codes[name]) for name in models}
    maps = {name: paper(SIZE, SIZE, layers=2) for name in models}
    digits = {name: row(4, SIZE) for name in models}
    place = np.array([0.5, 0.5])  # the same share of each box

    def draw_codes() -> None:
        with hold_canvas():
            for name, (low, high) in boxes.items():
                x, y = SIZE * ((codes[name][:DRAWN] - low) / (high - low)).T
                points(maps[name][0], x, SIZE - y, labels[:DRAWN], 2)
                write(maps[name][0], name, 8, 18)

    @paced
    def draw_place() -> None:
        with hold_canvas(), torch.no_grad():
            for name, (low, high) in boxes.items():
                code, spot = np.float32(low + place * (high - low)), maps[name][1]
                decoded = models[name].decode(torch.from_numpy(code)[None])
                show(digits[name], torch.cat([decoded, images[trees[name].query(code, 3)[1]]]))
                spot.clear()
                for color, width in (("white", 7), ("black", 3)):
                    spot.stroke_style, spot.line_width = color, width
                    spot.stroke_circle(SIZE * place[0], SIZE * (1 - place[1]), 9)

    def follow(_: np.ndarray, now: np.ndarray) -> None:
        place[:] = now[0] / SIZE, 1 - now[1] / SIZE
        draw_place()

    for name, canvas in maps.items():
        canvas[0].on_client_ready(draw_codes)
        canvas[1].on_client_ready(draw_place)
        digits[name].on_client_ready(draw_place)
        dragged(canvas, follow)
    names = {"decoded": 1, "nearest training digits": 3}
    return page([framed(digits[name], names, maps[name]) for name in models])


def space(codes: Mapping[str, np.ndarray], labels: Tensor) -> Widget:
    """Three-dimensional latent spaces, codes [n, 3] of digits with labels [n]: drag in one to turn all."""
    spaces, turn, units = {name: paper(SIZE, SIZE) for name in codes}, np.array([0.6, 0.4]), {}
    for name, own in codes.items():
        centred = own - np.median(own, axis=0)
        units[name] = centred / np.quantile(abs(centred), 0.99)

    @paced
    def draw() -> None:
        (sin_a, sin_e), (cos_a, cos_e) = np.sin(turn), np.cos(turn)  # of azimuth and elevation
        right, up = (-sin_a, cos_a, 0), (-sin_e * cos_a, -sin_e * sin_a, cos_e)
        view = np.array([right, up, np.cross(right, up)])
        with hold_canvas():
            for name, canvas in spaces.items():
                order = np.argsort(units[name] @ view[2])  # what is near covers what is far
                x, y, near = view @ units[name][order].T
                size = SIZE / 3 * (1 + near / 5)
                canvas.clear()
                points(canvas, SIZE / 2 + size * x, SIZE / 2 - size * y, labels[order], 3)
                for axis, (x, y) in enumerate(1.15 * view[:2].T, 1):
                    write(canvas, f"latent {axis}", SIZE / 2 + SIZE / 3 * x, SIZE / 2 - SIZE / 3 * y)
                write(canvas, name, 8, 18)

    def follow(before: np.ndarray, now: np.ndarray) -> None:
        turn[:] += (before - now) * (1, -1) / 100
        draw()

    for canvas in spaces.values():
        canvas.on_client_ready(draw)
        dragged(canvas, follow)
    return page([*spaces.values()])
