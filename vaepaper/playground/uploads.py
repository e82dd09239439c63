"""A picture that a visitor brings, read whatever its kind, and brought into MNIST's form."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import torch
from PIL import Image, ImageChops, ImageOps
from torch import Tensor

from vaepaper.data import SIDE
from vaepaper.playground.pens import centred, ink_of

KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
NO_PICTURE = "That file is not a PNG or JPEG picture (nor WEBP, BMP or GIF), or a damaged one."


def read_picture(file: bytes) -> Tensor:
    """A picture of one digit (of an animation, the first), of any size, in MNIST's form: float32 [784], ink 1, paper 0.

    Fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28; a picture of 28 × 28 is left as it is.

    Raises:
        ValueError: not such a picture, or a blank one; a sentence for whoever chose the file.
    """
    if file[4:8] == b"ftyp":
        raise ValueError("That picture is HEIC or AVIF, as phones keep them. Please save it as JPEG, and choose that.")
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
    """The picture, decoded and upright; metadata that is damaged does not matter."""
    for content in (file, _without_metadata(file)):
        with suppress(Exception), warnings.catch_warnings(action="ignore"):  # whatever stands in that file
            picture = Image.open(io.BytesIO(content), formats=KINDS)
            deep = "16" in str(picture.tile)  # bits a colour, of which Pillow keeps the upper 8, unless grey
            picture.load()
            with suppress(Exception):
                picture = ImageOps.exif_transpose(picture)
            picture.info["deep"] = deep
            return picture
    raise ValueError(f"{NO_PICTURE} Please choose another.")


def _without_metadata(file: bytes) -> bytes:
    """A PNG or JPEG without what is not needed to draw it: words, dates, profiles."""
    kept, at = [file[:8] if file[:1] == b"\x89" else file[:2]], 8 if file[:1] == b"\x89" else 2
    with suppress(struct.error):
        while at < len(file):
            if file[:1] == b"\x89":  # PNG: length, name, content, checksum; what must be understood is in capitals
                length, name = struct.unpack_from(">I4s", file, at)
                end, needed = at + 12 + length, name[:1].isupper() or name == b"tRNS"
            else:  # JPEG: marker, length, content; after the start of scan, the picture
                marker, length = struct.unpack_from(">HH", file, at)
                end = len(file) if marker == 0xFFDA else at + 2 + length
                needed = marker != 0xFFFE and not (0xFFE1 <= marker <= 0xFFEF and marker != 0xFFEE)  # EE: inverted?
            kept += [file[at:end]] * needed
            at = end
    return b"".join(kept)


def _shades(picture: Image.Image) -> Iterator[np.ndarray]:
    """Grey levels in [0, 1], [rows, columns], of what the picture shows, or may mean to show, the likeliest first."""
    if max(picture.size) > 1000:
        picture.thumbnail((1000, 1000), Image.Resampling.BOX) if not picture.mode.startswith("I") else None
    if picture.mode.startswith(("I", "F")):
        levels = np.asarray(picture, np.float32)
        yield levels / _full(levels.max())
        return
    if picture.mode == "CMYK":  # some programs write what is left of the ink instead of the ink
        yield from (np.asarray(each.convert("L"), np.float32) / 255 for each in (picture, ImageChops.invert(picture)))
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
