"""A picture that a visitor brings, read whatever its kind, and brought into MNIST's form."""

import io
import warnings
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import torch
from PIL import Image, ImageChops, ImageFile, ImageOps
from torch import Tensor

from vaepaper.data import SIDE
from vaepaper.playground.pens import centred, ink_of

KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
NO_PICTURE = "That file is not a PNG or JPEG picture (nor WEBP, BMP or GIF), or a damaged one."


def read_picture(file: bytes) -> Tensor:
    """A picture of one digit, of any size, in MNIST's form: float32 [784], ink 1, paper 0.

    Fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28; one of 28 × 28 is left as it is.
    Of an animation, the first picture.

    Raises:
        ValueError: not such a picture, or a blank one; a sentence for whoever chose the file.
    """
    if file[4:8] == b"ftyp":
        raise ValueError("That picture is HEIC or AVIF. Please save it as JPEG and choose that.")
    for grey in _shades(_opened(file)):
        if grey.shape == (SIDE, SIDE):
            edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
            ink = np.abs(grey - np.median(edge))  # the paper is what most of the edge shows
            found = ink / ink.max() if ink.max() > 0.1 else None
        else:
            ink = ink_of(grey)
            found = None if ink is None else centred(ink)
        if found is not None:
            return torch.from_numpy(np.ascontiguousarray(found, np.float32)).flatten()
    raise ValueError("That picture is blank. Please choose one with a digit on plain paper.")


def _opened(file: bytes) -> Image.Image:
    """The picture, decoded and upright; damage to what is not needed to draw it does not matter."""
    for lenient in (False, True):
        with suppress(Exception), warnings.catch_warnings(action="ignore"):  # whatever stands in that file
            ImageFile.LOAD_TRUNCATED_IMAGES = lenient  # while opening: of a PNG, texts need no right checksum
            try:
                picture = Image.open(io.BytesIO(file), formats=KINDS)
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
            deep = "16" in str(picture.tile)  # bits a colour, of which Pillow keeps the upper 8, unless grey
            picture.load()
            with suppress(Exception):
                picture = ImageOps.exif_transpose(picture)
            picture.info["deep"] = deep
            return picture
    raise ValueError(f"{NO_PICTURE} Please choose another.")


def _shades(picture: Image.Image) -> Iterator[np.ndarray]:
    """Grey levels [rows, columns] in [0, 1] of what the picture may mean to show, the likeliest first."""
    if max(picture.size) > 1000 and not picture.mode.startswith("I"):
        picture.thumbnail((1000, 1000), Image.Resampling.BOX)
    if picture.mode.startswith(("I", "F")):
        levels = np.asarray(picture, np.float32)
        yield levels / _full(levels.max())
        return
    if picture.mode == "CMYK":  # some programs write what is left of the ink instead of the ink
        for each in (picture, ImageChops.invert(picture)):
            yield np.asarray(each.convert("L"), np.float32) / 255
        return
    pair = np.asarray(picture.convert("LA"), np.float32)
    full = _full(pair[..., 0].max()) if picture.info["deep"] else 255
    grey, alpha = pair[..., 0] / full, pair[..., 1] / 255
    if alpha.min() < 1 and alpha.max() > 0.02:
        seen = grey[alpha > alpha.max() / 2]
        if np.ptp(seen) < 0.3:  # one colour: the digit is in what is opaque
            yield alpha
        yield grey * alpha + (1 - alpha) * (seen.mean() < 0.5)  # transparent is paper: white behind dark ink
    yield grey


def _full(most: float) -> int:
    """The greatest level, where the greatest seen is `most`: 1023 for 10 bits, 4095 for 12, and so on."""
    return 2 ** max(int(most).bit_length(), 1) - 1
