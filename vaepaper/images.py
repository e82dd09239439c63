"""Images to train on and to score: float32 [n, inputs] in [0, 1], looked at before use."""

import mmap
from collections.abc import Iterable, Iterator

import numpy as np
import torch
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
