"""What users pass in: a wrong value is refused in a sentence that names it and says what is expected.

`SETTINGS` declares what the settings of networks and trainings may be; `rows` and its kin check rows of
numbers.
"""

import difflib
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

LARGEST = 2**63 - 1
FINITE = float(np.finfo(np.float32).max)
ROUNDING = 1e-5  # how far outside [0, 1] rounding may leave what belongs inside (a scaler: 1.0000001)


def plain(value):
    """A number or a word of NumPy or torch as Python's own; anything else as it is."""
    single = isinstance(value, np.generic) or (isinstance(value, np.ndarray | Tensor) and value.ndim == 0)
    return value.item() if single else value


def shown(value) -> str:
    """A value in one short line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def kind(value) -> str:
    """The type of a value with its article, such as "an AutoEncoder"; or "None"."""
    name = type(value).__name__
    article = "an" if name.lower().startswith(("a", "e", "i", "o", "u", "nd")) else "a"
    return "None" if value is None else f"{article} {name}"


# Settings: one function a kind. Each returns the value as Python's own, or raises ValueError.


def number(
    name: str,
    value,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    above: bool = False,
    below: bool = False,
) -> float:
    """A finite number from `least` (or `above` it) to `most` (or `below` it)."""
    value = plain(value)
    real = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e308
    if not real or not least <= value <= most or (above and value == least) or (below and value == most):
        low = "" if least == -math.inf else f" above {least:g}" if above else f" of {least:g} or more"
        high = "" if most == math.inf else f"{' and' if low else ''} {'below' if below else 'up to'} {most:g}"
        raise ValueError(f"{name} is {shown(value)}; expected a number{low}{high}")
    return value


def integer(name: str, value, least: int = 1, most: int = LARGEST) -> int:
    """An integer from `least` to `most`."""
    value = plain(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        limit = " below 2^63" if most == LARGEST else f" up to {most}"
        raise ValueError(f"{name} is {shown(value)}; expected an integer of {least} or more,{limit}")
    return value


def flag(name: str, value) -> bool:
    """True or False."""
    value = plain(value)
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {shown(value)}; expected True or False")
    return value


def one_of(name: str, value, known: Iterable[str]) -> str:
    """One of the `known` words; the error suggests the nearest one."""
    value, known = plain(value), list(known)
    if not isinstance(value, str) or value not in known:
        folded = {one.casefold(): one for one in known}
        near = difflib.get_close_matches(str(value).casefold(), folded, 1)
        meant = f"did you mean {folded[near[0]]!r}? There are" if near else "there are"
        raise ValueError(f"{name} is {shown(value)}; {meant} {', '.join(known)}")
    return value


def sizes(name: str, value) -> list[int]:
    """Sizes of layers, perhaps none: integers of 1 or more."""
    one_row = value.ndim == 1 if isinstance(value, np.ndarray) else isinstance(value, Sequence)
    if not one_row or isinstance(value, str | bytes):
        expected = "expected the sizes of layers, such as (256, 128), or () for none"
        raise ValueError(f"{name} is {shown(value)}; {expected}")
    return [integer(f"{name}[{n}]", size) for n, size in enumerate(value)]


SETTINGS = {  # of networks and of their training: what each may be
    "latent": partial(integer),
    "hidden": partial(sizes),
    "inputs": partial(integer),
    "activation": partial(
        one_of, known=("ReLU", "Tanh", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Sigmoid", "Softplus")
    ),
    "reconstruction": partial(one_of, known=("squared", "bernoulli")),
    "latent_sigmoid": partial(flag),
    "output_sigmoid": partial(flag),
    "kl_weight": partial(number, least=0),
    "feature_weight": partial(number, least=0),
    "epochs": partial(integer),
    "encoder_epochs": partial(integer),
    "batch_size": partial(integer),
    "critic_steps": partial(integer),
    "learning_rate": partial(number, least=0, above=True),
    "seed": partial(integer, least=0),
}


def validate(constraints: Mapping, **values) -> dict:
    """Values as Python's own, each checked against the constraint of its name. Raises ValueError."""
    return {name: constraints[name](name, value) for name, value in values.items()}


def settings(**values) -> Iterable:
    """Settings of networks and trainings as Python's own, in the order given. Raises ValueError."""
    return validate(SETTINGS, **values).values()


def file_name(value) -> str:
    """A name for a file: some letters, no folder. Raises ValueError."""
    value = plain(value)
    plain_name = isinstance(value, str) and value.strip() and not set(value) & set('/\\:\0\n"<>|?*')
    if not plain_name or value.startswith("."):
        expected = "expected a plain name such as 'vae_2d': no folder, no dot first"
        raise ValueError(f"name is {shown(value)}; {expected}")
    return value


def network(value, *abilities: str) -> nn.Module:
    """A model that has what will be asked of it, such as "reconstruct". Raises TypeError."""
    missing = [name for name in ("inputs", *abilities) if not hasattr(value, name)]
    if not isinstance(value, nn.Module) or missing:
        expected = f"expected a network of vaepaper.models with {', '.join(missing)}"
        raise TypeError(f"model is {kind(value)}; {expected}")
    return value


# Rows of numbers.


def held(name: str, values) -> Tensor | np.ndarray:
    """What `values` hold, as a tensor or an array, nothing copied: of a data frame its numbers, no gradient.

    Raises:
        TypeError: anything else, or a masked array or a sparse tensor; says what to do.
    """
    values = values.to_numpy() if hasattr(values, "to_numpy") else values
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} are a masked array; fill what is masked, or leave it out: {name}.filled(0)")
    if isinstance(values, Tensor) and values.layout != torch.strided:
        raise TypeError(f"{name} are a sparse tensor; make it dense: {name}.to_dense()")
    if isinstance(values, Tensor | np.ndarray):
        return values.detach() if isinstance(values, Tensor) else values
    hint = ""
    if isinstance(values, str | os.PathLike):
        hint = "; load the file first, as numpy.load(path, mmap_mode='r') does"
    elif isinstance(values, Sequence) and any(isinstance(part, Tensor | np.ndarray) for part in values):
        hint = "; of pairs pass the first halves alone: (x for x, _ in loader)"
    elif isinstance(values, Sequence):
        hint = f"; numpy.array({name}, 'float32') makes one"
    elif hasattr(values, "toarray"):
        hint = f"; make it dense: {name}.toarray()"
    elif hasattr(values, "__iter__") or hasattr(values, "__getitem__"):
        hint = "; gather it first: torch.cat([x for x, _ in loader])"
    raise TypeError(f"{name} are {kind(values)}; expected a tensor, a NumPy array or a data frame{hint}")


def dtype_of(values: Tensor | np.ndarray) -> str:
    """The dtype's name, such as "float32"."""
    return str(values.dtype).removeprefix("torch.")


def rows(
    name: str, values, width: int | None = None, low: float = -FINITE, high: float = FINITE, first: int = 0
) -> Tensor:
    """Rows of numbers as float32 [n, width]; what float64 and float16 hold is rounded to it.

    Args:
        width: of a row; None: any. low, high: the range; what rounding left outside is put inside.
        first: the number of the first row, where they are a batch of more.

    Raises:
        TypeError: as `held`. ValueError: shape, dtype, range or NaN; names the row and the value.
    """
    values = held(name, values)
    if values.ndim != 2 or 0 in values.shape or (width and values.shape[1] != width):
        flatten = values.ndim not in (0, 2) and width
        hint = f"; flatten them: {name}.reshape(-1, {width})" if flatten else ""
        wanted = f"[n, {width or 'width'}] with n of 1 or more"
        raise ValueError(f"{name} have shape {tuple(values.shape)}; expected {wanted}{hint}")
    an_array = isinstance(values, np.ndarray)
    if not (values.dtype.kind == "f" if an_array else values.dtype.is_floating_point):
        change = f"{name}.astype('float32')" if an_array else f"{name}.float()"
        if dtype_of(values) == "uint8" and high == 1:
            change = f"bytes: {change} / 255"
        within = "[0, 1]" if (low, high) == (0, 1) else "any range"
        raise ValueError(f"{name} are {dtype_of(values)}; expected float32 in {within}; {change}")
    if an_array:
        with np.errstate(over="ignore"):  # too large for float32: infinite, which is refused below
            # torch wants writable memory.
            values = torch.from_numpy(np.require(values, np.float32, ["C", "W"]))
    values = values.float().contiguous()
    least, most = torch.aminmax(values)  # a NaN anywhere makes both NaN
    slack = ROUNDING if high < FINITE else 0
    if not (least >= low - slack and most <= high + slack):
        row, column = (~((values >= low - slack) & (values <= high + slack))).nonzero()[0].tolist()
        expected = f"numbers in [{low:g}, {high:g}]" if high < FINITE else "finite numbers"
        if high == FINITE and low == 0:
            expected = "finite numbers of 0 or more"
        value = values[row, column].cpu().numpy()[()]  # in as many digits as tell it from its neighbours
        raise ValueError(f"{name}[{first + row}, {column}] is {value!s}; expected {expected}, none missing")
    return values if least >= low and most <= high else values.clamp(low, high)


def images(values, inputs: int = 784, first: int = 0) -> Tensor:
    """Images as float32 [n, inputs] in [0, 1]. Takes and raises what `rows` does."""
    return rows("images", values, inputs, 0, 1, first)


def shape(value: tuple[int, int], pixels: int) -> tuple[int, int]:
    """Rows and columns of a picture of so many pixels. Raises ValueError."""
    sides = sizes("shape", value)
    if len(sides) != 2 or sides[0] * sides[1] != pixels:
        named = " x ".join(map(str, sides))
        hint = f"name rows and columns, of a signal's window (1, {pixels})"
        raise ValueError(f"{pixels} pixels are not {named}; {hint}")
    return sides[0], sides[1]


def labels(values, n: int, most: int | None = None) -> Tensor:
    """The labels of n images as int64 [n], on the CPU.

    Raises:
        TypeError: as `held`. ValueError: more or fewer than n, no integers, below 0 or above `most`;
            names one.
    """
    if isinstance(values, list | tuple):
        values = np.array([integer(f"labels[{at}]", label, 0) for at, label in enumerate(values)])
    values = held("labels", values)
    if tuple(values.shape) != (n,):
        hint = ""
        if values.ndim == 2:
            hint = "; labels.reshape(-1)" if values.shape[1] == 1 else "; labels.argmax(1)"
        raise ValueError(f"labels have shape {tuple(values.shape)}; expected [{n}], one an image{hint}")
    if not dtype_of(values).startswith(("int", "uint")):
        raise ValueError(f"labels are {dtype_of(values)}; expected integers, such as int64")
    values = values.cpu() if isinstance(values, Tensor) else values
    values = torch.from_numpy(np.require(values, np.int64, ["C", "W"]))
    wrong = ((values < 0) | (values > (LARGEST if most is None else most))).nonzero()
    if len(wrong):
        at = int(wrong[0])
        expected = "of 0 or more" if most is None else f"from 0 to {most}"
        raise ValueError(f"labels[{at}] is {int(values[at])}; expected integers {expected}")
    return values


def pair(name: str, values, other_name: str, others) -> tuple[Tensor, Tensor]:
    """Rows that belong to each other: finite numbers, both [n, width]. Raises TypeError, ValueError."""
    values, others = rows(name, values), rows(other_name, others)
    if values.shape != others.shape:
        expected = f"expected that of {name}, {tuple(values.shape)}"
        raise ValueError(f"{other_name} have shape {tuple(others.shape)}; {expected}")
    return values, others


def masks(values, of: Tensor) -> Tensor:
    """Masks as bool, of the shape of the rows `of`. Raises TypeError, ValueError."""
    values = held("masks", values)
    if isinstance(values, np.ndarray) and values.dtype == bool:
        values = torch.from_numpy(values.copy())
    if values.dtype != torch.bool or values.shape != of.shape:
        found = f"{dtype_of(values)} {tuple(values.shape)}"
        raise ValueError(f"masks are {found}; expected bool {tuple(of.shape)}, True where a pixel changed")
    return values


def codes(values, width: int | None = None, name: str = "codes", least: int = 1) -> np.ndarray:
    """Codes as float32 [n, width], `least` of them or more. Raises TypeError, ValueError."""
    values = rows(name, values, width).cpu().numpy()
    if len(values) < least:
        raise ValueError(f"{name} have shape {values.shape}; expected {least} rows or more")
    return values


def scores(values, name: str = "scores") -> np.ndarray:
    """Scores as float64 [n]. Raises TypeError, ValueError: not one row of finite numbers; names one."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} are a masked array; expected numbers, none missing")
    values = values.detach().cpu() if isinstance(values, Tensor) else values
    try:
        found = np.asarray(values)
    except ValueError:  # rows of different lengths
        found = np.empty(0, object)
    if found.dtype.kind not in "biuf":
        raise TypeError(f"{name} are {shown(values)}; expected numbers, none missing")
    found = found.astype(np.float64)
    if found.ndim != 1 or not len(found):
        hint = "" if found.ndim else f"; one alone: [{found:g}]"
        raise ValueError(f"{name} have shape {found.shape}; expected [n] with n of 1 or more{hint}")
    if not np.isfinite(found).all():
        at = int(np.flatnonzero(~np.isfinite(found))[0])
        raise ValueError(f"{name}[{at}] is {found[at]}; expected finite numbers")
    return found
