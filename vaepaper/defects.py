"""Planted defects of six kinds and five severities, each with the exact mask of the pixels that changed."""

import math

import torch
from torch import Tensor

from vaepaper.images import SIDE, blurred, check_images

PLACES = torch.arange(SIDE).float()
PART = 2048  # images at once: what a step needs stays in the processor's cache


def _random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def strokes(centres: Tensor, angles: Tensor, length: float, width: float) -> Tensor:
    """Straight pen strokes with soft ends: centres [n, 2], angles [n] in radians → images [n, 784] in [0, 1]."""
    drawn = []
    for centre, angle in zip(centres.split(PART), angles.split(PART), strict=True):
        sin, cos = angle.sin()[:, None, None], angle.cos()[:, None, None]
        rows = PLACES[:, None] - centre[:, :1, None]  # [n, 28, 1]
        columns = PLACES[None, :] - centre[:, 1:, None]  # [n, 1, 28]
        beyond = ((rows * sin + columns * cos).abs_() - length / 2).clamp_(min=0)  # past the ends, along the stroke
        across = rows * cos - columns * sin
        distance = (beyond.square_() + across.square_()).sqrt_()
        drawn.append((width / 2 + 0.5 - distance).clamp_(0, 1).flatten(1))
    return torch.cat(drawn)


def paint(
    image: Tensor, start: tuple[float, float], end: tuple[float, float], width: float, erase: bool = False
) -> Tensor:
    """An image [784] after one straight stroke from `start` to `end`, places (x, y) in pixels from its corner."""
    (x0, y0), (x1, y1) = start, end
    centre = torch.tensor([[(y0 + y1) / 2, (x0 + x1) / 2]]) - 0.5  # `strokes` counts from the first pixel's middle
    angle, length = torch.atan2(torch.tensor([y1 - y0]), torch.tensor([x1 - x0])), math.hypot(x1 - x0, y1 - y0)
    [stroke] = strokes(centre, angle, length, width)
    return image * (1 - stroke) if erase else torch.maximum(image, stroke)


def _anywhere(n: int, random: torch.Generator) -> Tensor:
    """Places in the middle 20 × 20, where digits are: [n, 2]."""
    return 4 + 20 * torch.rand(n, 2, generator=random)


def _on_ink(images: Tensor, random: torch.Generator) -> Tensor:
    """The place of one inked pixel (above one half) of each image, drawn at random: [n, 2]."""
    ink = (images > 0.5).float().cumsum(1)
    at = torch.searchsorted(ink, torch.rand(len(images), 1, generator=random) * ink[:, -1:], right=True)
    at = at.clamp_(max=SIDE**2 - 1)[:, 0]  # on a blank page: the last pixel
    return torch.stack([at // SIDE, at % SIDE], dim=1).float()


def extra_stroke(images: Tensor, seed: int = 0, length: float = 9, width: float = 2) -> tuple[Tensor, Tensor]:
    """A stroke that does not belong there.

    Args:
        images: float32 [n, 784] in [0, 1]. length, width: in pixels.

    Returns:
        The damaged images, and the mask of the pixels that changed, bool [n, 784]; so do all the others.

    Raises:
        ValueError: images of another shape, dtype or range; so do all the others.
    """
    images, random = check_images(images), _random(seed)
    centres = _anywhere(len(images), random)
    angles = torch.pi * torch.rand(len(images), generator=random)
    damaged = torch.maximum(images, strokes(centres, angles, length, width))
    return damaged, damaged != images


def missing_stroke(images: Tensor, seed: int = 0, length: float = 7, width: float = 4) -> tuple[Tensor, Tensor]:
    """A piece of the digit's own stroke wiped out, as if the pen had lifted."""
    images, random = check_images(images), _random(seed)
    centres = _on_ink(images, random)
    angles = torch.pi * torch.rand(len(images), generator=random)
    damaged = images * (1 - strokes(centres, angles, length, width))
    return damaged, damaged != images


def blot(images: Tensor, seed: int = 0, diameter: float = 5) -> tuple[Tensor, Tensor]:
    """A round blot of ink."""
    return extra_stroke(images, seed, length=0, width=diameter)


def speckle(images: Tensor, seed: int = 0, share: float = 0.03) -> tuple[Tensor, Tensor]:
    """Noise other than the digit (§3.3): a share of all pixels takes any grey level."""
    images, random = check_images(images), _random(seed)
    drawn = torch.rand(images.shape, generator=random)
    damaged = torch.where(drawn < share, drawn / share, images)  # what fell below it: any grey level
    return damaged, damaged != images


def fading(images: Tensor, seed: int = 0, share: float = 0.3) -> tuple[Tensor, Tensor]:
    """A small analogue change (§4): all ink loses a share of its grey level. Nothing is drawn at random."""
    damaged = check_images(images) * (1 - share)
    return damaged, damaged != images


def blur(images: Tensor, seed: int = 0, sigma: float = 0.7) -> tuple[Tensor, Tensor]:
    """A small analogue change (§4): out of focus, sigma in pixels. Nothing is drawn at random."""
    damaged = blurred(check_images(images), sigma)
    return damaged, damaged != images


KINDS = {  # how each kind is planted, and its size at severities 1 to 5; 3 is the function's default
    "extra stroke": (extra_stroke, [{"length": length} for length in (3, 6, 9, 12, 15)]),
    "missing stroke": (missing_stroke, [{"length": 2 * width - 1, "width": width} for width in (2, 3, 4, 5, 6)]),
    "blot": (blot, [{"diameter": diameter} for diameter in (2, 3.5, 5, 6.5, 8)]),
    "speckle": (speckle, [{"share": share} for share in (0.003, 0.01, 0.03, 0.06, 0.12)]),
    "fading": (fading, [{"share": share} for share in (0.1, 0.2, 0.3, 0.45, 0.6)]),
    "blur": (blur, [{"sigma": sigma} for sigma in (0.4, 0.55, 0.7, 0.9, 1.2)]),
}
SEVERITIES = (1, 2, 3, 4, 5)


def plant(kind: str, images: Tensor, severity: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A defect of one of `KINDS` in every image, at a severity of 1 (slight) to 5; result as `extra_stroke`.

    Raises:
        ValueError: no such kind or severity, or bad images.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind of defect {kind!r}; there are {', '.join(KINDS)}")
    if severity not in SEVERITIES:
        raise ValueError(f"severity is {severity!r}; expected 1, 2, 3, 4 or 5")
    function, sizes = KINDS[kind]
    return function(images, seed, **sizes[severity - 1])


def share_undone(clean: Tensor, damaged: Tensor, output: Tensor, mask: Tensor) -> Tensor:
    """How much of a defect the output takes back inside the mask, [n]: 1 all, 0 nothing, below 0 made worse.

    An image whose mask is empty has no defect to undo: NaN.
    """
    planted = ((damaged - clean).abs() * mask).sum(1)
    left = ((output - clean).abs() * mask).sum(1)
    return 1 - left / planted  # 0 / 0 is NaN; a planted change is never 0 where the mask is not empty
