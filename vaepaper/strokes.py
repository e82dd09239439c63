"""Straight strokes of a pen with soft ends: drawn alone, or into an image."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from vaepaper import checks
from vaepaper.exact import root
from vaepaper.images import SIDE, check_images, check_rows, held

PLACES = torch.arange(SIDE, dtype=torch.float32, device="cpu")
PART = 2048  # images at once: what a step needs stays in the processor's cache


@contextmanager
def ordinary() -> Iterator[None]:
    """torch's usual dtype and device for what is drawn here, whatever the caller's defaults."""
    dtype = torch.get_default_dtype()
    with torch.device("cpu"):
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


@ordinary()
def strokes(centres: Tensor, angles: Tensor, length: float, width: float) -> Tensor:
    """Straight pen strokes with soft ends: centres [n, 2], angles [n] in radians → images [n, 784] in [0, 1].

    Raises:
        TypeError, ValueError: centres or angles of another shape, a length below 0 or a width not above 0.
    """
    length, width = checks.number("length", length, 0), checks.number("width", width, 0, above=True)
    centres = check_rows("centres", centres, 2)
    angles = check_rows("angles", held("angles", angles)[..., None], 1)[:, 0]
    if len(angles) != len(centres):
        raise ValueError(f"there are {len(angles)} angles for {len(centres)} centres; expected as many")
    drawn = []
    for centre, angle in zip(centres.split(PART), angles.split(PART), strict=True):
        sin, cos = angle.sin()[:, None, None], angle.cos()[:, None, None]
        rows = PLACES[:, None] - centre[:, :1, None]  # [n, 28, 1]
        columns = PLACES[None, :] - centre[:, 1:, None]  # [n, 1, 28]
        beyond = ((rows * sin + columns * cos).abs_() - length / 2).clamp_(min=0)  # past the ends, along the stroke
        across = rows * cos - columns * sin
        distance = root(beyond.square_() + across.square_())
        drawn.append((width / 2 + 0.5 - distance).clamp_(0, 1).flatten(1))
    return torch.cat(drawn)


@ordinary()
def paint(
    image: Tensor, start: tuple[float, float], end: tuple[float, float], width: float, erase: bool = False
) -> Tensor:
    """An image [784] after one straight stroke from `start` to `end`, places (x, y) in pixels from its corner."""
    [image], erase = check_images(held("image", image)[None]), checks.flag("erase", erase)
    x0, y0, x1, y1 = (checks.number("a place", place) for place in (*start, *end))
    centre = torch.tensor([[(y0 + y1) / 2, (x0 + x1) / 2]]) - 0.5  # `strokes` counts from the first pixel's middle
    angle, length = torch.atan2(torch.tensor([y1 - y0]), torch.tensor([x1 - x0])), math.hypot(x1 - x0, y1 - y0)
    [stroke] = strokes(centre, angle, length, width)
    return image * (1 - stroke) if erase else torch.maximum(image, stroke)
