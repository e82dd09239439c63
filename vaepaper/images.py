"""Images to train on and to score: float32 [n, inputs] in [0, 1], looked at before use."""

import io
import mmap
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

Images = Tensor | np.ndarray | Iterable[Tensor | np.ndarray]
SIDE = 28
BATCH = 1024  # large enough for fast matrix products, small enough that their results stay in the cache


def batches(images: Images, inputs: int) -> Iterator[Tensor]:
    """Checked batches of an array (a memory map stays on disk) or of an iterable of arrays; a bar if it takes long.

    Raises:
        ValueError: as `check_images`, or no images at all.
    """
    whole = isinstance(images, Tensor | np.ndarray)
    if whole and not (images.ndim == 2 and len(images)):
        check_images(images, inputs)  # says what is wrong
    first = 0
    with tqdm(total=len(images) if whole else None, desc="scoring", unit="image", delay=5, leave=False) as shown:
        for part in [images] if whole else images:
            for start in range(0, max(len(part), 1), BATCH):
                batch = check_images(part[start : start + BATCH], inputs, first)
                yield batch
                first += len(batch)
                if getattr(images, "_mmap", None) and images.mode != "c":  # pages that were read must not pile up
                    images._mmap.madvise(mmap.MADV_DONTNEED)
                shown.update(len(batch))
    if not first:
        raise ValueError("no images: the iterable was empty")


def check_images(images: Tensor | np.ndarray, inputs: int = 784, first: int = 0) -> Tensor:
    """Images as a tensor, after a look at them.

    Args:
        images: float32 [n, inputs] in [0, 1], n ≥ 1, no NaN.
        first: the number of the first one, where they are a part of more.

    Raises:
        TypeError: neither a tensor nor an array. ValueError: shape, dtype, range or NaN; names the row and the value.
    """
    if not isinstance(images, Tensor | np.ndarray):
        raise TypeError(f"images are a {type(images).__name__}; expected a tensor or a NumPy array")
    if images.ndim != 2 or images.shape[1] != inputs or not len(images):
        hint = f"; flatten them: images.reshape(-1, {inputs})" if images.ndim != 2 and images.size else ""
        raise ValueError(f"images have shape {tuple(images.shape)}; expected [n, {inputs}] with n of 1 or more{hint}")
    if str(images.dtype).removeprefix("torch.") != "float32":
        raise ValueError(
            f"images are {images.dtype}; expected float32 in [0, 1] (bytes: images.astype('float32') / 255)"
        )
    if isinstance(images, np.ndarray):  # torch wants memory that it may write to
        images = torch.from_numpy(np.require(images, requirements=["C", "W"]))
    low, high = torch.aminmax(images)  # a NaN anywhere makes both NaN
    if not (low >= 0 and high <= 1):
        row, column = (~((images >= 0) & (images <= 1))).nonzero()[0].tolist()
        value = images[row, column].item()
        raise ValueError(f"images[{first + row}, {column}] is {value:.4g}; expected numbers in [0, 1], none missing")
    return images


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Images out of focus by a Gaussian of `sigma` pixels, float32 [n, 784]; at the edges, of what lies inside."""
    distance = torch.arange(float(SIDE), device=images.device)[:, None] - torch.arange(
        float(SIDE), device=images.device
    )
    bell = -distance.square() / (2 * sigma**2)
    bell[distance.abs() > 4 * sigma] = -torch.inf
    rows = bell.softmax(1)  # [28, 28]: a blur along one axis is a product with it
    return (rows @ images.reshape(-1, SIDE, SIDE) @ rows.T).reshape(len(images), -1).clamp_(0, 1)


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
