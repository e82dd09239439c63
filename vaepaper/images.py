"""Rows of numbers to train on and to score, looked at before use; pictures out of focus."""

import mmap
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from vaepaper import checks
from vaepaper.exact import product

Images = Tensor | np.ndarray | Iterable[Tensor | np.ndarray]  # or a data frame
SIDE = 28
BATCH = 1024  # large enough for fast matrix products, small enough that their results stay in the cache
ROUNDING = 1e-5  # how far outside [0, 1] rounding may leave what belongs inside (a scaler in float32: 1.0000001)
FINITE = float(np.finfo(np.float32).max)


def batches(images: Images, inputs: int) -> Iterator[Tensor]:
    """Checked batches of an array (a memory map stays on disk) or of an iterable of arrays; a bar if it takes long.

    Raises:
        TypeError, ValueError: as `check_images`, or no images at all.
    """
    whole = not isinstance(images, Iterable) or isinstance(images, Tensor | np.ndarray | str | Mapping)
    if whole or hasattr(images, "to_numpy"):
        images, whole = held("images", images), True
        if not (images.ndim == 2 and len(images)):
            check_images(images, inputs)  # says what is wrong
    first = 0
    with tqdm(total=len(images) if whole else None, desc="scoring", unit="image", delay=5, leave=False) as bar:
        for part in [images] if whole else images:
            rows = held("images", part)
            for start in range(0, max(len(rows), 1) if rows.ndim else 1, BATCH):
                batch = check_images(rows[start : start + BATCH] if rows.ndim else rows, inputs, first)
                yield batch
                first += len(batch)
                if getattr(images, "_mmap", None) and images.mode != "c":  # pages that were read must not pile up
                    images._mmap.madvise(mmap.MADV_DONTNEED)
                bar.update(len(batch))
    if not first:
        raise ValueError("no images: the iterable was empty")


def held(name: str, rows) -> Tensor | np.ndarray:
    """What `rows` hold, as a tensor or an array, nothing copied: of a data frame its numbers, no gradient.

    Raises:
        TypeError: anything else, or a masked array or a sparse tensor; says what to do.
    """
    rows = rows.to_numpy() if hasattr(rows, "to_numpy") else rows
    if isinstance(rows, np.ma.MaskedArray):
        raise TypeError(f"{name} are a masked array; fill what is masked, or leave it out: {name}.filled(0)")
    if isinstance(rows, Tensor) and rows.layout != torch.strided:
        raise TypeError(f"{name} are a sparse tensor; make it dense: {name}.to_dense()")
    if isinstance(rows, Tensor | np.ndarray):
        return rows.detach() if isinstance(rows, Tensor) else rows
    hint = ""
    if isinstance(rows, str | os.PathLike):
        hint = "; load the file first, as numpy.load(path, mmap_mode='r') does"
    elif isinstance(rows, Sequence) and any(isinstance(part, Tensor | np.ndarray) for part in rows):
        hint = "; of pairs pass the first halves alone: (x for x, _ in loader)"
    elif isinstance(rows, Sequence):
        hint = f"; numpy.array({name}, 'float32') makes one"
    elif hasattr(rows, "toarray"):
        hint = f"; make it dense: {name}.toarray()"
    elif hasattr(rows, "__iter__") or hasattr(rows, "__getitem__"):
        hint = "; gather it first: torch.cat([x for x, _ in loader])"
    what = "None" if rows is None else f"a {type(rows).__name__}"
    raise TypeError(f"{name} are {what}; expected a tensor, a NumPy array or a data frame{hint}")


def check_rows(
    name: str, rows: Tensor | np.ndarray, width: int | None = None, least=-FINITE, most=FINITE, first: int = 0
) -> Tensor:
    """Rows of numbers as float32 [n, width]; what float64 and float16 hold is rounded to it.

    Args:
        width: of a row; None: any. least, most: what the numbers may be; what rounding left outside is put inside.
        first: the number of the first row, where they are a part of more.

    Raises:
        TypeError: as `held`. ValueError: shape, dtype, range or NaN; names the row and the value.
    """
    rows, wanted = held(name, rows), "n" if width is None else width
    if rows.ndim != 2 or rows.shape[1] != (width or rows.shape[1]) or not rows.shape[0] or not rows.shape[1]:
        hint = f"; flatten them: {name}.reshape(-1, {width})" if rows.ndim != 2 and width and len(rows.shape) else ""
        wanted = f"[n, {width}] with n of 1 or more" if width else "[n, width] with n of 1 or more"
        raise ValueError(f"{name} have shape {tuple(rows.shape)}; expected {wanted}{hint}")
    within = "[0, 1]" if (least, most) == (0, 1) else "any range"
    dtype = str(rows.dtype).removeprefix("torch.")
    if not (rows.dtype.kind == "f" if isinstance(rows, np.ndarray) else rows.dtype.is_floating_point):
        change = f"{name}.astype('float32')" if isinstance(rows, np.ndarray) else f"{name}.float()"
        change = f"bytes: {change} / 255" if dtype == "uint8" and most == 1 else change
        raise ValueError(f"{name} are {dtype}; expected float32 in {within}; {change}")
    if isinstance(rows, np.ndarray):
        with np.errstate(over="ignore"):  # too large for float32: infinite, which is refused below
            rows = torch.from_numpy(np.require(rows, np.float32, ["C", "W"]))  # torch wants memory it may write to
    rows = rows.float().contiguous()
    low, high = torch.aminmax(rows)  # a NaN anywhere makes both NaN
    slack = ROUNDING if most < FINITE else 0
    if not (low >= least - slack and high <= most + slack):
        row, column = (~((rows >= least - slack) & (rows <= most + slack))).nonzero()[0].tolist()
        finite = "finite numbers of 0 or more" if least == 0 else "finite numbers"
        expected = f"numbers in [{least:g}, {most:g}]" if most < FINITE else finite
        value = rows[row, column].cpu().numpy()[()]  # in as many digits as tell it from its neighbours
        raise ValueError(f"{name}[{first + row}, {column}] is {value!s}; expected {expected}, none missing")
    return rows if low >= least and high <= most else rows.clamp(least, most)


def check_images(images: Tensor | np.ndarray, inputs: int = 784, first: int = 0) -> Tensor:
    """Images as float32 [n, inputs] in [0, 1]; `first` is the number of the first one. Raises as `check_rows`."""
    return check_rows("images", images, inputs, 0, 1, first)


def check_shape(shape: tuple[int, int], pixels: int) -> tuple[int, int]:
    """Rows and columns of a picture of so many pixels. Raises ValueError."""
    sides = checks.sizes("shape", shape)
    if len(sides) != 2 or sides[0] * sides[1] != pixels:
        named = " x ".join(map(str, sides))
        raise ValueError(f"{pixels} pixels are not {named}; name rows and columns, of a signal's window (1, {pixels})")
    return sides[0], sides[1]


def softened(maps: Tensor, sigma: float, shape: tuple[int, int] = (SIDE, SIDE)) -> Tensor:
    """Maps of any numbers under a Gaussian of `sigma` pixels, float32 [n, pixels]; at the edges, of what lies inside.

    Args:
        sigma: 0.01 or more. shape: rows and columns of a picture; of a window of 256 points of a signal (1, 256).

    Raises:
        ValueError: maps that are not of that shape, or sigma out of range.
    """
    sigma, maps = checks.number("sigma", sigma, 0.01, 1e6), check_rows("images", maps)
    rows, columns = check_shape(shape, maps.shape[1])
    down, along = (_bells(length, sigma, maps.device) for length in (rows, columns))
    return product(product(down, maps.reshape(-1, rows, columns)), along.T).reshape(len(maps), -1)


def blurred(images: Tensor, sigma: float, shape: tuple[int, int] = (SIDE, SIDE)) -> Tensor:
    """Images out of focus: as `softened`, in [0, 1]."""
    return softened(images, sigma, shape).clamp_(0, 1)


def _bells(length: int, sigma: float, device: torch.device) -> Tensor:
    """A blur along one axis is a product with these: [length, length], a Gaussian about each place, of sum 1."""
    places = torch.arange(length, dtype=torch.float32, device=device)
    distance = places[:, None] - places
    bell = -distance.square() / (2 * sigma**2)
    bell[distance.abs() > 4 * sigma] = -torch.inf
    return bell.softmax(1)
