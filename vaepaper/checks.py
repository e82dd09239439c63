"""Settings looked at before use: what cannot be is refused in a sentence that names it, and says what is expected."""

import difflib
import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch


def plain(value):
    """A number of NumPy's or torch's as Python's own; anything else as it is."""
    single = isinstance(value, np.generic) or (isinstance(value, np.ndarray | torch.Tensor) and value.ndim == 0)
    return value.item() if single else value


def number(name: str, value, least: float = -math.inf, most: float = math.inf, *, above: bool = False) -> float:
    """A finite number from `least` (or `above` it) to `most`. Raises ValueError."""
    value = plain(value)
    real = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not (real and least <= value <= most and not (above and value == least)):
        low = "" if least == -math.inf else f" above {least:g}" if above else f" of {least:g} or more"
        high = "" if most == math.inf else f"{' and' * bool(low)} up to {most:g}"
        raise ValueError(f"{name} is {value!r}; expected a number{low}{high}")
    return value


def whole(name: str, value, least: int = 1, most: int = 2**63 - 1) -> int:
    """A whole number from `least` to `most`. Raises ValueError."""
    value = plain(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        limit = " below 2^63" if most == 2**63 - 1 else f" up to {most}"
        raise ValueError(f"{name} is {value!r}; expected a whole number of {least} or more,{limit}")
    return value


def flag(name: str, value) -> bool:
    """True or False. Raises ValueError."""
    value = plain(value)
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}; expected True or False")
    return value


def word(name: str, value, known: Iterable[str]) -> str:
    """One of the `known` words. Raises ValueError, with the nearest one."""
    known = list(known)
    if not isinstance(value, str) or value not in known:
        folded = {one.casefold(): one for one in known}
        near = difflib.get_close_matches(str(value).casefold(), folded, 1)
        meant = f"did you mean {folded[near[0]]!r}? There are" if near else "there are"
        raise ValueError(f"{name} is {value!r}; {meant} {', '.join(known)}")
    return value


def sizes(name: str, value) -> list[int]:
    """Sizes of layers, perhaps none: whole numbers of 1 or more. Raises ValueError."""
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str) or np.ndim(value) != 1:
        raise ValueError(f"{name} is {value!r}; expected the sizes of layers, such as (256, 128), or () for none")
    return [whole(f"{name}[{n}]", size) for n, size in enumerate(value)]
