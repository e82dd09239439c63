"""How much an output differs from its input (§3.3): the anomaly scores, and the joint alarm's seven."""

import mmap
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F
from tqdm import tqdm

from vaepaper import checks
from vaepaper.data import SIDE
from vaepaper.exact import product, root
from vaepaper.models import VariationalAutoEncoder

Images = Tensor | np.ndarray | Iterable[Tensor | np.ndarray]  # or a data frame
BATCH = 1024  # large enough for fast matrix products, small enough that their results stay in the cache


def batches(images: Images, inputs: int) -> Iterator[Tensor]:
    """Checked batches of an array (a memory map stays on disk) or of an iterable; a bar if it takes long.

    Raises:
        TypeError, ValueError: images that are none, or none at all; names the row.
    """
    iterable = isinstance(images, Iterable) and not isinstance(images, Tensor | np.ndarray | str | Mapping)
    if hasattr(images, "to_numpy") or not iterable:
        images, iterable = checks.held("images", images), False
        if images.ndim != 2 or not len(images):
            checks.images(images, inputs)  # says what is wrong
    first = 0
    total = None if iterable else len(images)
    with tqdm(total=total, desc="scoring", unit="image", delay=5, leave=False) as bar:
        for part in images if iterable else [images]:
            rows = checks.held("images", part)
            if rows.ndim == 0:
                checks.images(rows, inputs)  # says what is wrong
            for start in range(0, len(rows) or 1, BATCH):
                batch = checks.images(rows[start : start + BATCH], inputs, first)
                yield batch
                first += len(batch)
                # Pages that were read must not pile up.
                if getattr(images, "_mmap", None) and images.mode != "c":
                    images._mmap.madvise(mmap.MADV_DONTNEED)
                bar.update(len(batch))
    if not first:
        raise ValueError("no images: the iterable was empty")


@torch.no_grad()
def reconstruct(model: nn.Module, images: Images) -> Tensor:
    """The model's outputs, float32 [n, inputs] in [0, 1], on the CPU.

    Args:
        images: float32 [n, inputs] in [0, 1]: a tensor, an array, a data frame, a `numpy.memmap`, or an
            iterable of any of them.

    Raises:
        TypeError: no model, or no images. ValueError: images of another shape, dtype or range, none at all,
            or with a NaN; names the row.
    """
    like = next(checks.network(model, "reconstruct").parameters())
    return torch.cat([model.reconstruct(x.to(like)).float().cpu() for x in batches(images, model.inputs)])


@torch.no_grad()
def _scores(
    score: Callable[[Tensor], Tensor], model: nn.Module, images: Images, *abilities: str
) -> np.ndarray:
    """One number an image, float32 [n], in memory that does not grow with the images."""
    like = next(checks.network(model, "reconstruct", *abilities).parameters())
    # One growing block: thousands of small arrays would keep the freed batches' memory in pieces.
    scores = array("f")
    for batch in batches(images, model.inputs):
        scores.frombytes(score(batch.to(like)).float().cpu().numpy().tobytes())
    return np.frombuffer(scores, np.float32)


def difference(model: nn.Module, images: Images) -> np.ndarray:
    """The sum over pixels of |input - output| (§3.3, Fig. 9), float32 [n], in grey levels.

    Takes and raises what `reconstruct` does, in memory that does not grow with the images.
    """
    return _scores(lambda x: model.reconstruct(x).sub_(x).abs_().sum(1), model, images)


def squared_difference(model: nn.Module, images: Images) -> np.ndarray:
    """The sum over pixels of (input - output)², float32 [n]; as `difference`."""
    return _scores(lambda x: model.reconstruct(x).sub_(x).square_().sum(1), model, images)


def shape_difference(model: nn.Module, images: Images, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """The squared difference, blurred, by unit of ink, float32 [n]: kinder to thick or displaced strokes.

    Σ (G * (input - output))² / Σ input², with G a Gaussian of one pixel; a blank image counts as one full
    pixel of ink. `shape` is rows and columns of a picture, of a signal's window of 256 points (1, 256). As
    `difference`.
    """

    def score(x: Tensor) -> Tensor:
        before, after = (_smooth(rows, 1, shape).clamp_(0, 1) for rows in (x, model.reconstruct(x)))
        return (before - after).square().sum(1) / x.square().sum(1).clamp(min=1)

    shape = checks.shape(shape, checks.network(model, "reconstruct").inputs)
    return _scores(score, model, images)


def pathway_difference(model: nn.Module, images: Images) -> np.ndarray:
    """Squared differences, summed over pixels and the encoder's hidden layers, float32 [n].

    RaPP's SAP (Kim et al. 2020, openreview.net/forum?id=HkgeGeBYDB). As `difference`.
    """

    def score(x: Tensor) -> Tensor:
        pair = (x, model.reconstruct(x))
        total = (pair[0] - pair[1]).square().sum(1)
        for i in range(0, len(model.encoder) - 1, 2):  # a layer, then its activation
            pair = [model.encoder[i : i + 2](side) for side in pair]
            total += (pair[0] - pair[1]).square().sum(1)
        return total

    return _scores(score, model, images, "encode")


def negative_elbo(model: VariationalAutoEncoder, images: Images) -> np.ndarray:
    """What a VAE minimises, with its mean code in place of a sampled one, float32 [n]; as `difference`."""

    def score(x: Tensor) -> Tensor:
        posterior = model.posterior(x)
        prior = Normal(x.new_zeros(()), x.new_ones(()), validate_args=False)
        kl = kl_divergence(posterior, prior).sum(1)
        return model.compare(model.decode(posterior.mean), x) + model.kl_weight * kl

    return _scores(score, model, images, "posterior")


def largest_correction(
    images: Tensor, outputs: Tensor, width: int = 5, shape: tuple[int, int] = (SIDE, SIDE)
) -> tuple[np.ndarray, np.ndarray]:
    """Where an output departs most from its input: the neighbourhood with the largest mean |input - output|.

    Args:
        width: of that neighbourhood, in pixels, odd. shape: rows and columns of a picture.

    Returns:
        Its mean difference, float32 [n] in [0, 1], and its middle (row, column), int64 [n, 2].

    Raises:
        TypeError, ValueError: images and outputs that are not of one shape, or that are none; an even width.
    """
    images, outputs = checks.pair("images", images, "outputs", outputs)
    rows, columns = checks.shape(shape, images.shape[1])
    if checks.integer("width", width, 1, min(rows, columns)) % 2 == 0:
        raise ValueError(f"width is {width}; expected an odd number, so that there is a middle")
    maps = (images - outputs).abs().reshape(-1, 1, rows, columns)
    means = F.avg_pool2d(maps, width, stride=1, padding=width // 2, count_include_pad=True).flatten(1)
    size, at = means.max(1)
    return size.cpu().numpy(), torch.stack([at // columns, at % columns], dim=1).cpu().numpy()


def softened(maps: Tensor, sigma: float, shape: tuple[int, int] = (SIDE, SIDE)) -> Tensor:
    """Maps of any numbers under a Gaussian of `sigma` pixels, float32 [n, pixels]; edges use what is inside.

    Args:
        sigma: 0.01 or more. shape: rows and columns of a picture; of a window of 256 points of a signal (1,
            256).

    Raises:
        TypeError, ValueError: maps that are not of that shape, or sigma out of range.
    """
    sigma, maps = checks.number("sigma", sigma, 0.01, 1e6), checks.rows("images", maps)
    return _smooth(maps, sigma, checks.shape(shape, maps.shape[1]))


def blurred(images: Tensor, sigma: float, shape: tuple[int, int] = (SIDE, SIDE)) -> Tensor:
    """Images out of focus: as `softened`, in [0, 1]."""
    return softened(images, sigma, shape).clamp_(0, 1)


def _smooth(maps: Tensor, sigma: float, shape: tuple[int, int] = (SIDE, SIDE)) -> Tensor:
    """`softened`, of what is checked already."""
    down, along = (_bells(length, sigma, maps.device) for length in shape)
    return product(product(down, maps.reshape(-1, *shape)), along.T).reshape(len(maps), -1)


def _bells(length: int, sigma: float, device: torch.device) -> Tensor:
    """A blur along one axis is a product with these: [length, length], a Gaussian at each place, sum 1."""
    places = torch.arange(length, dtype=torch.float32, device=device)
    distance = places[:, None] - places
    bell = -distance.square() / (2 * sigma**2)
    bell[distance.abs() > 4 * sigma] = -torch.inf
    return bell.softmax(1)


@torch.no_grad()
def joint_scores(ae: nn.Module, vae: nn.Module, images: Images) -> dict[str, np.ndarray]:
    """The scores that `thresholds.JointAlarm` joins: float32 [n] for each name, larger where more anomalous.

    Chosen one after the other by `benchmarks/choose_joint_alarm.py`. Takes and raises what `reconstruct`
    does.
    """
    for model in (ae, vae):
        checks.shape((SIDE, SIDE), checks.network(model, "reconstruct").inputs)
    device, parts = next(ae.parameters()).device, []
    for x in batches(images, SIDE**2):
        x = x.to(device)
        by_ae, by_vae = ae.reconstruct(x), vae.reconstruct(x)
        ink = x.square().sum(1).clamp(min=1)
        found = {
            "soft edges": softness(x),  # for blur and fading
            "AE: standardised difference": standardised(x, by_ae)
            .square()
            .sum(1),  # for extra strokes and noise
            "lonely pixel": lonely(x).amax(1),  # for speckle
            "VAE: largest difference": (x - by_vae).abs().amax(1),  # for short strokes and small blots
            "pale ink": 1 - x.amax(1),  # for fading, be it slight
            "VAE: coarse shape": _smooth(x - by_vae, 2).square().sum(1)
            / ink,  # for what is missing or displaced
            "AE: surplus ink": _smooth(x - by_ae, 2).clamp(min=0).square().sum(1),  # for blots
        }
        parts.append({name: score.cpu().numpy() for name, score in found.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def standardised(x: Tensor, output: Tensor) -> Tensor:
    """(input - output) / its usual size at that grey level, [n, 784]: Pearson's residual, kept finite."""
    return (x - output) / root(output * (1 - output) + 0.02)


def steps(x: Tensor) -> tuple[Tensor, Tensor]:
    """What changes from each pixel to the one below, and to the one on its right, [n, 756] each."""
    page = x.view(-1, SIDE, SIDE)
    return page.diff(dim=1).flatten(1), page.diff(dim=2).flatten(1)


def softness(x: Tensor) -> Tensor:
    """Half-tones for each unit of edge, [n]: high where strokes are blurred, or nowhere quite black."""
    down, right = steps(x)
    return (x * (1 - x)).sum(1) / (down.abs().sum(1) + right.abs().sum(1)).clamp(min=1)


def lonely(x: Tensor) -> Tensor:
    """How far each pixel lies above, or below, all of its eight neighbours, [n, 784]; 0 where it does not."""
    page = x.view(-1, SIDE, SIDE)
    around = F.pad(page, (1, 1, 1, 1))
    ring = [around[:, i : i + SIDE, j : j + SIDE] for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    highest, lowest = ring[0].clone(), ring[0].clone()
    for neighbour in ring[1:]:
        torch.maximum(highest, neighbour, out=highest)
        torch.minimum(lowest, neighbour, out=lowest)
    return torch.maximum(page - highest, lowest - page).clamp_(min=0).flatten(1)
