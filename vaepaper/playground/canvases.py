"""Canvases in the browser: digits, points and a chart drawn on them, and the pointer dragged there.

A canvas forgets what it was told to draw: draw it anew when a browser says that it is ready. ipycanvas says
which canvas it draws on only when that changes, and a reloaded page has missed it: draw on two in turn.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
from ipycanvas import Canvas, MultiCanvas
from ipywidgets import HTML, HBox, Layout, VBox, Widget
from torch import Tensor

from vaepaper.data import SIDE
from vaepaper.plots.style import DIGITS, TRAINING, UNSEEN

COLORS = (255 * mpl.colors.to_rgba_array(DIGITS)[:, :3]).astype(np.uint8)
GAP = 2  # pixels between the digits in a row
PAUSE = 0.025  # seconds
BARS = 90  # of a chart
# A row has one pixel for each of a digit's; shown larger, these stay squares.
STYLE = """<style>
.digits {image-rendering: pixelated}
.paper {background: white; outline: 1px solid #bbb}
</style>"""


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


def paced(work: Callable[[], None]) -> Callable[..., None]:
    """`work`, at once, then a pause in which all calls become one: browsers draw slower than hands."""
    waiting, rested = [], 0.0

    def now() -> None:
        nonlocal rested
        waiting.clear()
        work()
        rested = time.monotonic() + PAUSE

    def ask(*_) -> None:
        try:
            if not waiting:
                waiting.append(asyncio.get_running_loop().call_later(rested - time.monotonic(), now))
        except RuntimeError:  # no kernel that could do it later
            work()

    return ask


def paper(width: int, height: int, size: int | None = None, layers: int = 1) -> Canvas | MultiCanvas:
    """A white canvas, shown `size` (else `width`) pixels of the screen wide, or as wide as there is room."""
    pixels = {"width": width, "height": height}
    made = MultiCanvas(layers, **pixels) if layers > 1 else Canvas(**pixels)
    fits = {"width": f"{size or width}px", "max_width": "100%", "height": "auto"}
    made.layout = Layout(**fits, margin="4px 8px 4px 2px", flex="0 1 auto")
    made.add_class("paper")
    return made


def row(count: int, size: int) -> Canvas:
    """A canvas for `count` digits in a row, shown `size` pixels wide."""
    canvas = paper(count * (SIDE + GAP) - GAP, SIDE, size)
    canvas.add_class("digits")
    return canvas


def framed(digits: Canvas, names: Mapping[str, int], *above: Widget) -> VBox:
    """A row of digits with names over it, each over so many digits, under what else stands `above`."""
    columns = f"display: grid; grid-template-columns: repeat({sum(names.values())}, 1fr)"
    cells = "".join(f'<span style="grid-column: span {n}">{name}</span>' for name, n in names.items())
    fits = Layout(width=digits.layout.width, max_width="98%")
    words = HTML(f'<div style="{columns}">{cells}</div>', layout=fits)
    return VBox([*above, words, digits], layout=Layout(max_width="100%"))


def page(*rows: Sequence[Widget]) -> VBox:
    """Rows of widgets; on a narrow screen, what stands side by side goes below."""
    return VBox([HTML(STYLE), *(HBox(list(row), layout=Layout(flex_flow="row wrap")) for row in rows)])


def show(canvas: Canvas, images: Tensor, difference: Tensor | None = None) -> None:
    """Images [n, 784] in [0, 1] in a row, then a difference [784] in [-1, 1], red where it is positive."""
    tiles = [*mpl.colormaps["gray_r"](images.numpy().reshape(-1, SIDE, SIDE), bytes=True)]
    if difference is not None:
        tiles.append(mpl.colormaps["RdBu_r"](difference.numpy().reshape(SIDE, SIDE) / 2 + 0.5, bytes=True))
    # One picture, for a browser decodes each by itself; a gap after each tile but the last.
    padded = np.pad(np.stack(tiles), ((0, 0), (0, 0), (0, GAP), (0, 0)), constant_values=255)
    canvas.put_image_data(np.hstack(padded)[:, :-GAP])


def points(canvas: Canvas, x: np.ndarray, y: np.ndarray, labels: Tensor, size: int) -> None:
    """Squares of `size` at x and y, [n] each, in the colours of their labels [n]; the last on top."""
    canvas.fill_styled_rects(x, y, size, size, COLORS[labels])
    for digit in labels.unique().tolist():
        own = (labels == digit).numpy()
        write(canvas, str(digit), float(np.median(x[own])) - 4, float(np.median(y[own])) + 5)


def write(canvas: Canvas, text: str, x: float, y: float, color: str = "#333") -> None:
    """A word that stays readable on any ground."""
    canvas.font, canvas.fill_style = "13px sans-serif", color
    canvas.stroke_style, canvas.line_width = "white", 4
    canvas.stroke_text(text, x, y)
    canvas.fill_text(text, x, y)


def chart(canvas: Canvas, normal: np.ndarray, threshold: float, score: float) -> None:
    """Where a score lies among `normal` ones [n], and the threshold if there is one."""
    width, height = canvas.width, canvas.height - 18
    limit = 1.15 * float(normal.max()) or 1.0
    counts, _ = np.histogram(normal, BARS, (0, limit))
    bars = 0.95 * height * counts / counts.max()
    canvas.clear()
    canvas.fill_style = TRAINING
    canvas.fill_rects(np.arange(BARS) * width / BARS, height - bars, width / BARS - 1, bars)
    marks = [(threshold, "#333333", "threshold", 31), (score, UNSEEN, "this digit", 13)]
    if not np.isfinite(threshold):
        del marks[0]
    for at, color, text, line in marks:
        x = width * min(at / limit, 1) - 3
        canvas.fill_style = color
        canvas.fill_rect(x, 0, 3, height)
        canvas.text_align = "right" if x > width / 2 else "left"
        write(canvas, f" {text} {at:.3g} ", x, line, color)
    canvas.text_align = "left"
    write(canvas, f"scores of {len(normal):,} normal digits: 0 to {limit:.3g}", 0, canvas.height - 4)
