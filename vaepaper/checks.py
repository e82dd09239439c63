"""Settings looked at before use: what cannot be is refused in a sentence that names it, and says what is expected."""

import difflib
import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import nn


def plain(value):
    """A number or a word of NumPy's or torch's as Python's own; anything else as it is."""
    single = isinstance(value, np.generic) or (isinstance(value, np.ndarray | torch.Tensor) and value.ndim == 0)
    return value.item() if single else value


def shown(value) -> str:
    """A value in one short line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def number(
    name: str, value, least: float = -math.inf, most: float = math.inf, *, above: bool = False, below: bool = False
) -> float:
    """A finite number from `least` (or `above` it) to `most` (or `below` it). Raises ValueError."""
    value = plain(value)
    real = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e308
    if not (real and least <= value <= most and not (above and value == least) and not (below and value == most)):
        low = "" if least == -math.inf else f" above {least:g}" if above else f" of {least:g} or more"
        high = "" if most == math.inf else f"{' and' * bool(low)} {'below' if below else 'up to'} {most:g}"
        raise ValueError(f"{name} is {shown(value)}; expected a number{low}{high}")
    return value


def whole(name: str, value, least: int = 1, most: int = 2**63 - 1) -> int:
    """A whole number from `least` to `most`. Raises ValueError."""
    value = plain(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        limit = " below 2^63" if most == 2**63 - 1 else f" up to {most}"
        raise ValueError(f"{name} is {shown(value)}; expected a whole number of {least} or more,{limit}")
    return value


def flag(name: str, value) -> bool:
    """True or False. Raises ValueError."""
    value = plain(value)
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {shown(value)}; expected True or False")
    return value


def word(name: str, value, known: Iterable[str]) -> str:
    """One of the `known` words. Raises ValueError, with the nearest one."""
    value, known = plain(value), list(known)
    if not isinstance(value, str) or value not in known:
        folded = {one.casefold(): one for one in known}
        near = difflib.get_close_matches(str(value).casefold(), folded, 1)
        meant = f"did you mean {folded[near[0]]!r}? There are" if near else "there are"
        raise ValueError(f"{name} is {shown(value)}; {meant} {', '.join(known)}")
    return value


def sizes(name: str, value) -> list[int]:
    """Sizes of layers, perhaps none: whole numbers of 1 or more. Raises ValueError."""
    one_row = value.ndim == 1 if isinstance(value, np.ndarray) else isinstance(value, Sequence)
    if not one_row or isinstance(value, str | bytes):
        raise ValueError(f"{name} is {shown(value)}; expected the sizes of layers, such as (256, 128), or () for none")
    return [whole(f"{name}[{n}]", size) for n, size in enumerate(value)]


def file_name(value) -> str:
    """A name for a file: some letters, no folder. Raises ValueError."""
    value = plain(value)
    if not isinstance(value, str) or not value.strip() or value.startswith(".") or set(value) & set('/\\:\0\n"<>|?*'):
        raise ValueError(f"name is {shown(value)}; expected a plain name such as 'vae_2d': no folder, no dot first")
    return value


def network(value, *abilities: str) -> nn.Module:
    """A model that has what will be asked of it, such as "reconstruct". Raises TypeError."""
    missing = [name for name in ("inputs", *abilities) if not hasattr(value, name)]
    if not isinstance(value, nn.Module) or missing:
        what = f"a {type(value).__name__}" if value is not None else "None"
        raise TypeError(f"model is {what}; expected a network of vaepaper.models with {', '.join(missing)}")
    return value
