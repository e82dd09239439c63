"""Planted defects with their masks: a stroke too many, a stroke too few."""

import torch
from torch import Tensor

SIDE = 28
ROWS, COLUMNS = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing="ij")
PIXELS = torch.stack([ROWS, COLUMNS], dim=-1).reshape(-1, 2)  # [784, 2]: row, column


def strokes(centres: Tensor, angles: Tensor, length: float, width: float) -> Tensor:
    """Straight pen strokes with soft ends: centres [n, 2], angles [n] in radians → images [n, 784] in [0, 1]."""
    along = torch.stack([angles.sin(), angles.cos()], dim=1)
    offset = PIXELS - centres[:, None]  # [n, 784, 2]
    run = (offset * along[:, None]).sum(2).clamp(-length / 2, length / 2)
    distance = (offset - run[:, :, None] * along[:, None]).norm(dim=2)
    return (width / 2 + 0.5 - distance).clamp(0, 1)


def on_ink(images: Tensor, generator: torch.Generator) -> Tensor:
    """The place of one inked pixel (above one half) of each image, drawn at random: [n, 2]."""
    ink = (images > 0.5).float()
    return PIXELS[torch.multinomial(ink + 1e-9, 1, generator=generator)[:, 0]]


def extra_stroke(images: Tensor, seed: int = 0, length: float = 9, width: float = 2) -> tuple[Tensor, Tensor]:
    """A stroke that does not belong there, somewhere in the middle 20 × 20 where digits are.

    Args:
        images: float32 [n, 784] in [0, 1]. length, width: in pixels.

    Returns:
        The damaged images, and the mask of the pixels that changed, bool [n, 784].
    """
    random = torch.Generator().manual_seed(seed)
    centres = 4 + 20 * torch.rand(len(images), 2, generator=random)
    angles = torch.pi * torch.rand(len(images), generator=random)
    damaged = torch.maximum(images, strokes(centres, angles, length, width))
    return damaged, damaged != images


def missing_stroke(images: Tensor, seed: int = 0, length: float = 7, width: float = 4) -> tuple[Tensor, Tensor]:
    """A piece of the digit's own stroke wiped out, as if the pen had lifted; arguments and result as `extra_stroke`."""
    random = torch.Generator().manual_seed(seed)
    centres = on_ink(images, random)
    angles = torch.pi * torch.rand(len(images), generator=random)
    damaged = images * (1 - strokes(centres, angles, length, width))
    return damaged, damaged != images


def share_undone(clean: Tensor, damaged: Tensor, output: Tensor, mask: Tensor) -> Tensor:
    """How much of a defect the output takes back inside the mask, [n]: 1 all, 0 nothing, below 0 made worse.

    An image whose mask is empty has no defect to undo: NaN.
    """
    planted = ((damaged - clean).abs() * mask).sum(1)
    left = ((output - clean).abs() * mask).sum(1)
    return 1 - left / planted  # 0 / 0 is NaN; a planted change is never 0 where the mask is not empty
