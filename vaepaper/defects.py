"""Synthetic defects of six kinds and eight more, at five severities, with the exact mask of what changed.

A defect is a function of images, float32 [n, 784] in [0, 1], a seed and a size in pixels or as a share. It
returns the damaged images, and the mask of the pixels that changed, bool [n, 784]. Wrong arguments raise
TypeError or ValueError.
"""

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps

import torch
from scipy.ndimage import rotate
from torch import Tensor

from vaepaper import checks
from vaepaper.data import SIDE
from vaepaper.exact import root
from vaepaper.scores import blurred

PLACES = torch.arange(SIDE, dtype=torch.float32, device="cpu")
BATCH = 2048  # strokes drawn at once: what a step needs stays in the processor's cache

CONSTRAINTS = {
    "seed": partial(checks.integer, least=0),
    "length": partial(checks.number, least=0),
    "width": partial(checks.number, least=0, above=True),
    "diameter": partial(checks.number, least=0, above=True),
    "share": partial(checks.number, least=0, most=1),
    "sigma": partial(checks.number, least=0.01, most=1e6),
    "distance": partial(checks.integer, least=0, most=SIDE),
    "rows": partial(checks.integer, least=1, most=SIDE),
    "side": partial(checks.number, least=0, above=True),
    "degrees": partial(checks.number, least=0, most=180),
    "level": partial(checks.number, least=0, most=1),
}


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


def defect(draw: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    """A defect of a function that damages images: arguments are checked, and the mask is returned, too."""
    signature = inspect.signature(draw)

    @wraps(draw)
    def checked(*arguments, **named) -> tuple[Tensor, Tensor]:
        given = signature.bind(*arguments, **named)
        given.apply_defaults()
        images = checks.images(given.arguments.pop("images"))
        with ordinary():
            damaged = draw(images, **checks.validate(CONSTRAINTS, **given.arguments))
        return damaged, damaged != images

    checked.__signature__ = signature.replace(return_annotation=tuple[Tensor, Tensor])
    return checked


def _random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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
def strokes(centres: Tensor, angles: Tensor, length: float, width: float) -> Tensor:
    """Straight pen strokes with soft ends: centres [n, 2], angles [n] in radians → images [n, 784] in [0, 1].

    Raises:
        TypeError, ValueError: centres or angles of another shape, a length below 0 or a width not above 0.
    """
    length, width = checks.validate(CONSTRAINTS, length=length, width=width).values()
    centres = checks.rows("centres", centres, 2)
    angles = checks.rows("angles", checks.held("angles", angles)[..., None], 1)[:, 0]
    if len(angles) != len(centres):
        raise ValueError(f"there are {len(angles)} angles for {len(centres)} centres; expected as many")
    drawn = []
    for centre, angle in zip(centres.split(BATCH), angles.split(BATCH), strict=True):
        sin, cos = angle.sin()[:, None, None], angle.cos()[:, None, None]
        rows = PLACES[:, None] - centre[:, :1, None]  # [n, 28, 1]
        columns = PLACES[None, :] - centre[:, 1:, None]  # [n, 1, 28]
        along, across = rows * sin + columns * cos, rows * cos - columns * sin
        beyond = (along.abs_() - length / 2).clamp_(min=0)  # past the ends
        distance = root(beyond.square_() + across.square_())
        drawn.append((width / 2 + 0.5 - distance).clamp_(0, 1).flatten(1))
    return torch.cat(drawn)


@ordinary()
def paint(
    image: Tensor, start: tuple[float, float], end: tuple[float, float], width: float, erase: bool = False
) -> Tensor:
    """An image [784] after one straight stroke from `start` to `end`, (x, y) in pixels from the corner."""
    [image], erase = checks.images(checks.held("images", image)[None]), checks.flag("erase", erase)
    x0, y0, x1, y1 = (checks.number("a place", place) for place in (*start, *end))
    # `strokes` counts from the first pixel's middle.
    centre = torch.tensor([[(y0 + y1) / 2, (x0 + x1) / 2]]) - 0.5
    angle = torch.atan2(torch.tensor([y1 - y0]), torch.tensor([x1 - x0]))
    [stroke] = strokes(centre, angle, math.hypot(x1 - x0, y1 - y0), width)
    return image * (1 - stroke) if erase else torch.maximum(image, stroke)


@defect
def extra_stroke(images: Tensor, seed: int = 0, length: float = 9, width: float = 2) -> Tensor:
    """A stroke that does not belong there."""
    random = _random(seed)
    centres = _anywhere(len(images), random)
    angles = torch.pi * torch.rand(len(images), generator=random)
    return torch.maximum(images, strokes(centres, angles, length, width))


@defect
def missing_stroke(images: Tensor, seed: int = 0, length: float = 7, width: float = 4) -> Tensor:
    """A piece of the digit's own stroke wiped out, as if the pen had lifted."""
    random = _random(seed)
    centres = _on_ink(images, random)
    angles = torch.pi * torch.rand(len(images), generator=random)
    return images * (1 - strokes(centres, angles, length, width))


@defect
def blot(images: Tensor, seed: int = 0, diameter: float = 5) -> Tensor:
    """A round blot of ink."""
    return extra_stroke(images, seed, length=0, width=diameter)[0]


@defect
def speckle(images: Tensor, seed: int = 0, share: float = 0.03) -> Tensor:
    """Noise other than the digit (§3.3): a share of all pixels takes any grey level."""
    drawn = torch.rand(images.shape, generator=_random(seed))
    return torch.where(drawn < share, drawn / share, images)  # what fell below it: any grey level


@defect
def fading(images: Tensor, seed: int = 0, share: float = 0.3) -> Tensor:
    """A small analogue change (§4): all ink loses a share of its grey level. Nothing is drawn at random."""
    return images * (1 - share)


@defect
def blur(images: Tensor, seed: int = 0, sigma: float = 0.7) -> Tensor:
    """A small analogue change (§4): out of focus, sigma in pixels. Nothing is drawn at random."""
    return blurred(images, sigma)


@defect
def displaced(images: Tensor, seed: int = 0, distance: int = 3) -> Tensor:
    """The whole digit moved by `distance` pixels, up, down, left or right; what leaves the page is lost."""
    n = len(images)
    page = torch.zeros(n, 3 * SIDE, 3 * SIDE)  # the image amid blank paper, of which a window is seen
    page[:, SIDE : 2 * SIDE, SIDE : 2 * SIDE] = images.reshape(-1, SIDE, SIDE)
    ways = torch.tensor([[distance, 0], [-distance, 0], [0, distance], [0, -distance]])
    way = ways[torch.randint(4, (n,), generator=_random(seed))]
    rows, columns = way.T[:, :, None] + torch.arange(SIDE) + SIDE
    return page[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]].flatten(1)


@defect
def dead_rows(images: Tensor, seed: int = 0, rows: int = 3) -> Tensor:
    """Neighbouring rows that pass through the digit read 0, as from a dead line of a camera."""
    past = PLACES - _on_ink(images, _random(seed))[:, :1] + rows // 2  # rows past the first dead one, [n, 28]
    alive = ((past < 0) | (past >= rows)).float()
    return (images.reshape(-1, SIDE, SIDE) * alive[:, :, None]).flatten(1)


@defect
def wrong_piece(images: Tensor, seed: int = 0, side: float = 9) -> Tensor:
    """A square, `side` pixels wide, of another picture pasted in: of the digit stood on its head."""
    off = (PLACES - _anywhere(len(images), _random(seed))[:, :, None]).abs() <= side / 2  # [n, 2, 28]
    square = (off[:, 0, :, None] & off[:, 1, None, :]).flatten(1)
    return torch.where(square, images.flip(1), images)


@defect
def rotated(images: Tensor, seed: int = 0, degrees: float = 15) -> Tensor:
    """The page turned about its middle, to the left or to the right, between pixels by bilinear weights."""
    page = images.reshape(-1, SIDE, SIDE).numpy()
    ways = [rotate(page, turn, axes=(2, 1), reshape=False, order=1) for turn in (degrees, -degrees)]
    left = torch.rand(len(images), 1, generator=_random(seed)) < 0.5
    return torch.where(left, *(torch.from_numpy(way).flatten(1) for way in ways)).clamp_(0, 1)


@defect
def offset(images: Tensor, seed: int = 0, level: float = 0.06) -> Tensor:
    """All pixels brighter by one grey level. Nothing is drawn at random."""
    return (images + level).clamp_(max=1)


@defect
def noise(images: Tensor, seed: int = 0, sigma: float = 0.1) -> Tensor:
    """Gaussian noise added to each pixel, `sigma` in grey levels, cut off at 0 and 1."""
    return (images + sigma * torch.randn(images.shape, generator=_random(seed))).clamp_(0, 1)


@defect
def half_gain(images: Tensor, seed: int = 0, share: float = 0.3) -> Tensor:
    """The lower half of the page loses a share of its grey level. Nothing is drawn at random."""
    return images * (1 - share * (PLACES >= SIDE / 2).repeat_interleave(SIDE))


@defect
def mirrored(images: Tensor, seed: int = 0, rows: int = 16) -> Tensor:
    """The lowest `rows` rows read from right to left, all 28 at most. Nothing is drawn at random."""
    kept, turned = images.reshape(-1, SIDE, SIDE).split([SIDE - rows, rows], dim=1)
    return torch.cat([kept, turned.flip(2)], dim=1).flatten(1)


KINDS = {  # how each kind is injected, and its size at severities 1 to 5; 3 is the function's default
    "extra stroke": (extra_stroke, [{"length": length} for length in (3, 6, 9, 12, 15)]),
    "missing stroke": (missing_stroke, [{"length": 2 * w - 1, "width": w} for w in (2, 3, 4, 5, 6)]),
    "blot": (blot, [{"diameter": diameter} for diameter in (2, 3.5, 5, 6.5, 8)]),
    "speckle": (speckle, [{"share": share} for share in (0.003, 0.01, 0.03, 0.06, 0.12)]),
    "fading": (fading, [{"share": share} for share in (0.1, 0.2, 0.3, 0.45, 0.6)]),
    "blur": (blur, [{"sigma": sigma} for sigma in (0.4, 0.55, 0.7, 0.9, 1.2)]),
}
FURTHER = {  # what no score was chosen on: these tell what an alarm is worth where nobody foresaw the defect
    "displaced": (displaced, [{"distance": distance} for distance in (1, 2, 3, 4, 6)]),
    "dead rows": (dead_rows, [{"rows": rows} for rows in (1, 2, 3, 4, 6)]),
    "wrong piece": (wrong_piece, [{"side": side} for side in (5, 7, 9, 12, 15)]),
    "rotation": (rotated, [{"degrees": degrees} for degrees in (5, 10, 15, 20, 25)]),
    "offset": (offset, [{"level": level} for level in (0.02, 0.04, 0.06, 0.08, 0.1)]),
    "noise": (noise, [{"sigma": sigma} for sigma in (0.02, 0.05, 0.1, 0.15, 0.25)]),
    "half gain": (half_gain, [{"share": share} for share in (0.1, 0.2, 0.3, 0.45, 0.6)]),
    "mirrored": (mirrored, [{"rows": rows} for rows in (8, 12, 16, 20, 28)]),
}
SEVERITIES = (1, 2, 3, 4, 5)


def inject(kind: str, images: Tensor, severity: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A defect of one of `KINDS` or `FURTHER` in every image, severity 1 (slight) to 5.

    Raises:
        TypeError, ValueError: no such kind or severity, or bad images.
    """
    kinds = KINDS | FURTHER
    function, sizes = kinds[checks.one_of("kind", kind, kinds)]
    return function(images, seed, **sizes[checks.integer("severity", severity, 1, len(SEVERITIES)) - 1])


def fraction_removed(clean: Tensor, damaged: Tensor, output: Tensor, mask: Tensor) -> Tensor:
    """How much of a defect the output removes inside the mask, [n]: 1 all, 0 nothing, below 0 made worse.

    An image whose mask is empty has no defect to remove: NaN.
    """
    clean, damaged = checks.pair("clean", clean, "damaged", damaged)
    _, output = checks.pair("clean", clean, "output", output)
    mask = checks.masks(mask, clean)
    injected = ((damaged - clean).abs() * mask).sum(1)
    left = ((output - clean).abs() * mask).sum(1)
    return 1 - left / injected  # 0 / 0 is NaN; a defect is never 0 where the mask is not empty
