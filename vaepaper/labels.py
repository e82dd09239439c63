"""What belongs to rows: labels, outputs, codes, masks of pixels, looked at before use."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vaepaper import checks
from vaepaper.images import check_rows, held


def check_labels(labels: Tensor | np.ndarray | Sequence[int], n: int, most: int | None = None) -> Tensor:
    """The labels of n images as int64 [n], on the CPU.

    Raises:
        TypeError: as `held`. ValueError: more or fewer than n, no whole numbers, below 0 or above `most`; names one.
    """
    if isinstance(labels, list | tuple):
        labels = np.array([checks.whole(f"labels[{at}]", label, 0) for at, label in enumerate(labels)])
    labels = held("labels", labels)
    if tuple(labels.shape) != (n,):
        hint = "" if labels.ndim != 2 else "; labels.reshape(-1)" if labels.shape[1] == 1 else "; labels.argmax(1)"
        raise ValueError(f"labels have shape {tuple(labels.shape)}; expected [{n}], one an image{hint}")
    dtype = str(labels.dtype).removeprefix("torch.")
    if not dtype.startswith(("int", "uint")):
        raise ValueError(f"labels are {dtype}; expected whole numbers, such as int64")
    labels = torch.from_numpy(np.require(labels.cpu() if isinstance(labels, Tensor) else labels, np.int64, ["C", "W"]))
    wrong = ((labels < 0) | (labels > (torch.iinfo(torch.int64).max if most is None else most))).nonzero()
    if len(wrong):
        at = int(wrong[0])
        expected = "of 0 or more" if most is None else f"from 0 to {most}"
        raise ValueError(f"labels[{at}] is {int(labels[at])}; expected whole numbers {expected}")
    return labels


def check_pair(name: str, rows, other_name: str, others) -> tuple[Tensor, Tensor]:
    """Rows that belong to each other: finite numbers, both [n, width]. Raises TypeError, ValueError."""
    rows, others = check_rows(name, rows), check_rows(other_name, others)
    if rows.shape != others.shape:
        raise ValueError(f"{other_name} have shape {tuple(others.shape)}; expected that of {name}, {tuple(rows.shape)}")
    return rows, others


def check_masks(masks: Tensor | np.ndarray, rows: Tensor) -> Tensor:
    """The masks of `rows` as bool, of their shape. Raises TypeError, ValueError."""
    masks = held("masks", masks)
    masks = torch.from_numpy(masks.copy()) if isinstance(masks, np.ndarray) and masks.dtype == bool else masks
    if masks.dtype != torch.bool or masks.shape != rows.shape:
        found = f"{str(masks.dtype).removeprefix('torch.')} {tuple(masks.shape)}"
        raise ValueError(f"masks are {found}; expected bool {tuple(rows.shape)}, True where a pixel changed")
    return masks


def check_codes(codes: np.ndarray, width: int | None = None, name: str = "codes", least: int = 1) -> np.ndarray:
    """Codes as float32 [n, width], `least` of them or more. Raises TypeError, ValueError."""
    codes = check_rows(name, codes, width).cpu().numpy()
    if len(codes) < least:
        raise ValueError(f"{name} have shape {codes.shape}; expected {least} rows or more")
    return codes
