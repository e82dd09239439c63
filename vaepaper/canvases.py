"""What the playground draws on: digits, points and a chart on a canvas in the browser, and the pointer dragged there.

A canvas forgets what it was told to draw: draw it anew when a browser says that it is ready. ipycanvas says which
canvas it draws on only when that changes, and a reloaded page has missed it: draw on two in turn, never on one alone.
"""

from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from ipycanvas import Canvas
from ipywidgets import Layout
from torch import Tensor

from vaepaper.images import SIDE
from vaepaper.plots import DIGITS, TRAINING, UNSEEN

COLORS = (255 * mpl.colors.to_rgba_array(DIGITS)[:, :3]).astype(np.uint8)
PITCH = SIDE + 2  # of digits in a row
# A row has one pixel for each of a digit's; shown larger, these stay squares.
STYLE = "<style>.digits {image-rendering: pixelated}</style>"


def dragged(canvas: Canvas, follow: Callable[[np.ndarray, np.ndarray], None]) -> None:
    """Call `follow(before, now)`, two places (x, y) on the canvas, while a button or a finger presses."""
    last: list[np.ndarray] = []

    def move(x: float, y: float, pressed: bool = False) -> None:
        if last or pressed:
            last[:] = [*last, np.array([x, y])][-2:]
            follow(last[0], last[-1])

    canvas.on_mouse_down(lambda x, y: move(x, y, True))
    canvas.on_mouse_move(move)
    canvas.on_touch_start(lambda touches: move(*touches[0], True))
    canvas.on_touch_move(lambda touches: move(*touches[0]))
    for ended in (canvas.on_mouse_up, canvas.on_mouse_out, canvas.on_touch_end, canvas.on_touch_cancel):
        ended(lambda *_: last.clear())


def shown(width: int, height: int | None = None) -> Layout:
    """A size on the screen, in pixels, that nothing stretches."""
    return Layout(width=f"{width}px", height=f"{height or width}px", flex="0 0 auto")


def row(count: int, width: int) -> Canvas:
    """A canvas for `count` digits in a row, shown `width` pixels wide."""
    pixels = count * PITCH - (PITCH - SIDE)
    canvas = Canvas(width=pixels, height=SIDE, layout=shown(width, round(width * SIDE / pixels)))
    canvas.add_class("digits")
    return canvas


def show(canvas: Canvas, images: Tensor, first: int = 0, colors: str = "gray_r") -> None:
    """Images [n, 784] in [0, 1] in a row, from place `first` on."""
    for i, picture in enumerate(mpl.colormaps[colors](images.numpy().reshape(-1, SIDE, SIDE), bytes=True), first):
        canvas.put_image_data(picture, i * PITCH, 0)


def points(canvas: Canvas, x: np.ndarray, y: np.ndarray, labels: Tensor, size: int) -> None:
    """Squares of `size` at x and y, [n] each, in the colours of their labels [n]; the last on top."""
    canvas.fill_styled_rects(x, y, size, size, COLORS[labels])


def write(canvas: Canvas, text: str, x: float, y: float, color: str = "#333") -> None:
    """A word that stays readable on any ground."""
    canvas.font, canvas.fill_style, canvas.stroke_style, canvas.line_width = "13px sans-serif", color, "white", 4
    canvas.stroke_text(text, x, y)
    canvas.fill_text(text, x, y)


def chart(canvas: Canvas, normal: np.ndarray, threshold: float, score: float) -> None:
    """Where a score lies among `normal` ones [n], and where the threshold."""
    width, height = canvas.width, canvas.height - 18
    limit = 1.15 * normal.max()
    heights, _ = np.histogram(normal, 90, (0, limit))
    bars = 0.95 * height * heights / heights.max()
    canvas.clear()
    canvas.fill_style = TRAINING
    canvas.fill_rects(np.arange(90) * width / 90, height - bars, width / 90 - 1, bars)
    for at, color, text in ((threshold, "#333333", "threshold"), (score, UNSEEN, "this digit")):
        x = width * min(at / limit, 1) - 3
        canvas.fill_style = color
        canvas.fill_rect(x, 0, 3, height)
        canvas.text_align = "right" if x > width / 2 else "left"
        write(canvas, f" {text} {at:.3g} ", x, 13 if at == score else 31, color)
    canvas.text_align = "left"
    write(canvas, f"scores of {len(normal):,} normal digits: 0 to {limit:.3g}", 0, canvas.height - 4)
