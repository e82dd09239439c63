"""Planted defects of six kinds and three more, each at five severities and with the exact mask of what changed."""

import torch
from torch import Tensor

from vaepaper import checks
from vaepaper.images import SIDE, blurred, check_images
from vaepaper.labels import check_masks, check_pair
from vaepaper.strokes import PLACES, ordinary, paint, strokes  # noqa: F401 (`paint` is offered here too: a defect by hand)


def _random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(checks.whole("seed", seed, 0))


def _anywhere(n: int, random: torch.Generator) -> Tensor:
    """Places in the middle 20 × 20, where digits are: [n, 2]."""
    return 4 + 20 * torch.rand(n, 2, generator=random)


def _on_ink(images: Tensor, random: torch.Generator) -> Tensor:
    """The place of one inked pixel (above one half) of each image, drawn at random: [n, 2]."""
    ink = (images > 0.5).float().cumsum(1)
    at = torch.searchsorted(ink, torch.rand(len(images), 1, generator=random) * ink[:, -1:], right=True)
    at = at.clamp_(max=SIDE**2 - 1)[:, 0]  # on a blank page: the last pixel
    return torch.stack([at // SIDE, at % SIDE], dim=1).float()


@ordinary()
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


@ordinary()
def missing_stroke(images: Tensor, seed: int = 0, length: float = 7, width: float = 4) -> tuple[Tensor, Tensor]:
    """A piece of the digit's own stroke wiped out, as if the pen had lifted."""
    images, random = check_images(images), _random(seed)
    centres = _on_ink(images, random)
    angles = torch.pi * torch.rand(len(images), generator=random)
    damaged = images * (1 - strokes(centres, angles, length, width))
    return damaged, damaged != images


def blot(images: Tensor, seed: int = 0, diameter: float = 5) -> tuple[Tensor, Tensor]:
    """A round blot of ink."""
    return extra_stroke(images, seed, length=0, width=checks.number("diameter", diameter, 0, above=True))


@ordinary()
def speckle(images: Tensor, seed: int = 0, share: float = 0.03) -> tuple[Tensor, Tensor]:
    """Noise other than the digit (§3.3): a share of all pixels takes any grey level."""
    images, random, share = check_images(images), _random(seed), checks.number("share", share, 0, 1)
    drawn = torch.rand(images.shape, generator=random)
    damaged = torch.where(drawn < share, drawn / share, images)  # what fell below it: any grey level
    return damaged, damaged != images


def fading(images: Tensor, seed: int = 0, share: float = 0.3) -> tuple[Tensor, Tensor]:
    """A small analogue change (§4): all ink loses a share of its grey level. Nothing is drawn at random."""
    images = check_images(images)
    damaged = images * (1 - checks.number("share", share, 0, 1))
    return damaged, damaged != images


def blur(images: Tensor, seed: int = 0, sigma: float = 0.7) -> tuple[Tensor, Tensor]:
    """A small analogue change (§4): out of focus, sigma in pixels. Nothing is drawn at random."""
    images = check_images(images)
    damaged = blurred(images, sigma)
    return damaged, damaged != images


@ordinary()
def displaced(images: Tensor, seed: int = 0, distance: int = 3) -> tuple[Tensor, Tensor]:
    """The whole digit moved by `distance` pixels, up, down, left or right; what leaves the page is lost."""
    images, n = check_images(images), len(images)
    distance = checks.whole("distance", distance, 0, SIDE)
    page = torch.zeros(n, 3 * SIDE, 3 * SIDE)  # the image amid blank paper, of which a window is seen
    page[:, SIDE : 2 * SIDE, SIDE : 2 * SIDE] = images.reshape(-1, SIDE, SIDE)
    ways = torch.tensor([[distance, 0], [-distance, 0], [0, distance], [0, -distance]])
    rows, columns = ways[torch.randint(4, (n,), generator=_random(seed))].T[:, :, None] + torch.arange(SIDE) + SIDE
    damaged = page[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]].flatten(1)
    return damaged, damaged != images


@ordinary()
def dead_rows(images: Tensor, seed: int = 0, rows: int = 3) -> tuple[Tensor, Tensor]:
    """Neighbouring rows that pass through the digit read 0, as from a dead line of a camera."""
    images, rows = check_images(images), checks.whole("rows", rows, 1, SIDE)
    past = PLACES - _on_ink(images, _random(seed))[:, :1] + rows // 2  # rows past the first dead one, [n, 28]
    alive = ((past < 0) | (past >= rows)).float()
    damaged = (images.reshape(-1, SIDE, SIDE) * alive[:, :, None]).flatten(1)
    return damaged, damaged != images


@ordinary()
def wrong_piece(images: Tensor, seed: int = 0, side: int = 9) -> tuple[Tensor, Tensor]:
    """A square, `side` pixels wide, of another picture pasted in: of the digit stood on its head."""
    images, side = check_images(images), checks.number("side", side, 0, above=True)
    off = (PLACES - _anywhere(len(images), _random(seed))[:, :, None]).abs() <= side / 2  # [n, 2, 28]
    square = (off[:, 0, :, None] & off[:, 1, None, :]).flatten(1)
    damaged = torch.where(square, images.flip(1), images)
    return damaged, damaged != images


KINDS = {  # how each kind is planted, and its size at severities 1 to 5; 3 is the function's default
    "extra stroke": (extra_stroke, [{"length": length} for length in (3, 6, 9, 12, 15)]),
    "missing stroke": (missing_stroke, [{"length": 2 * width - 1, "width": width} for width in (2, 3, 4, 5, 6)]),
    "blot": (blot, [{"diameter": diameter} for diameter in (2, 3.5, 5, 6.5, 8)]),
    "speckle": (speckle, [{"share": share} for share in (0.003, 0.01, 0.03, 0.06, 0.12)]),
    "fading": (fading, [{"share": share} for share in (0.1, 0.2, 0.3, 0.45, 0.6)]),
    "blur": (blur, [{"sigma": sigma} for sigma in (0.4, 0.55, 0.7, 0.9, 1.2)]),
}
FURTHER = {  # what no score was chosen on: these tell what an alarm is worth where nobody foresaw the defect
    "displaced": (displaced, [{"distance": distance} for distance in (1, 2, 3, 4, 6)]),
    "dead rows": (dead_rows, [{"rows": rows} for rows in (1, 2, 3, 4, 6)]),
    "wrong piece": (wrong_piece, [{"side": side} for side in (5, 7, 9, 12, 15)]),
}
SEVERITIES = (1, 2, 3, 4, 5)


def plant(kind: str, images: Tensor, severity: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A defect of one of `KINDS` or `FURTHER` in every image, severity 1 (slight) to 5; result as `extra_stroke`.

    Raises:
        ValueError: no such kind or severity, or bad images.
    """
    kinds = KINDS | FURTHER
    function, sizes = kinds[checks.word("kind", kind, kinds)]
    return function(images, seed, **sizes[checks.whole("severity", severity, 1, len(SEVERITIES)) - 1])


def share_undone(clean: Tensor, damaged: Tensor, output: Tensor, mask: Tensor) -> Tensor:
    """How much of a defect the output takes back inside the mask, [n]: 1 all, 0 nothing, below 0 made worse.

    An image whose mask is empty has no defect to undo: NaN.
    """
    clean, damaged = check_pair("clean", clean, "damaged", damaged)
    _, output = check_pair("clean", clean, "output", output)
    mask = check_masks(mask, clean)
    planted = ((damaged - clean).abs() * mask).sum(1)
    left = ((output - clean).abs() * mask).sum(1)
    return 1 - left / planted  # 0 / 0 is NaN; a planted change is never 0 where the mask is not empty
