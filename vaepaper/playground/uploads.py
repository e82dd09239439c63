"""A picture that a visitor brings, brought into MNIST's form."""

import io

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from vaepaper.images import SIDE


def read_picture(file: bytes) -> Tensor:
    """A picture of one digit, PNG or JPEG of any size, in MNIST's form: float32 [784], ink 1, paper 0.

    Fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28; a picture of 28 × 28 is left as it is.

    Raises:
        ValueError: not such a picture, or a blank one; a sentence for whoever chose the file.
    """
    try:
        opened = Image.open(io.BytesIO(file), formats=("PNG", "JPEG"))
        if opened.mode.startswith("I"):  # 16 bits, which `convert` would clip
            opened = Image.fromarray(np.uint8(np.asarray(opened) // 256))
        picture = np.asarray(ImageOps.exif_transpose(opened).convert("LA"), np.float32) / 255
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("That file is not a PNG or JPEG picture, or a damaged one. Please choose another.") from error
    grey, alpha = picture[..., 0], picture[..., 1]
    # What is transparent is paper: black behind light ink, white behind dark.
    grey = grey * alpha + (1 - alpha) * (np.average(grey, weights=alpha + 1e-6) < 0.5)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - np.median(edge))  # the paper is what most of the edge shows
    if ink.max() < 0.1:
        raise ValueError("That picture is blank. Please choose one with a digit on plain paper.")
    ink /= ink.max()
    return torch.from_numpy(ink if ink.shape == (SIDE, SIDE) else _centred(ink)).flatten()


def _centred(ink: np.ndarray) -> np.ndarray:
    """Ink float32 [rows, columns] cropped, fitted into 20 × 20, and laid into [28, 28] by its centre of mass."""
    ink = np.where(ink < 0.2, np.float32(0), ink)  # a photographed page is never quite white
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = [max(round(20 * n / max(ink.shape)), 1) for n in ink.shape]
    ink = np.asarray(Image.fromarray(ink).resize(size[::-1], Image.Resampling.BILINEAR)).clip(0, 1)
    middle = [np.average(places, weights=ink) for places in np.indices(size)]
    top, left = (int(np.clip(round(14 - m), 0, SIDE - n)) for m, n in zip(middle, size, strict=True))
    page = np.zeros((SIDE, SIDE), np.float32)
    page[top : top + size[0], left : left + size[1]] = ink
    return page
