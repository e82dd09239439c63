"""How much an output differs from its input, and when that is too much (§3.3)."""

from array import array
from collections.abc import Callable

import numpy as np
import torch
from scipy.stats import betabinom
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from vaepaper import checks
from vaepaper.images import SIDE, Images, batches, blurred, check_shape
from vaepaper.labels import check_pair
from vaepaper.models import VariationalAutoEncoder
from vaepaper.thresholds import Threshold, check_scores  # noqa: F401 (offered here: scores and thresholds go together)


@torch.no_grad()
def reconstruct(model: nn.Module, images: Images) -> Tensor:
    """The model's outputs, float32 [n, inputs] in [0, 1], on the CPU.

    Args:
        images: float32 [n, inputs] in [0, 1]: a tensor, an array, a data frame, a `numpy.memmap`, or an iterable of
            any of them.

    Raises:
        TypeError: no model, or no images. ValueError: images of another shape, dtype or range, none at all, or with a
            NaN; names the row.
    """
    like = next(checks.network(model, "reconstruct").parameters())
    return torch.cat([model.reconstruct(x.to(like)).float().cpu() for x in batches(images, model.inputs)])


@torch.no_grad()
def _scores(score: Callable[[Tensor], Tensor], model: nn.Module, images: Images, *abilities: str) -> np.ndarray:
    """One number an image, float32 [n], in memory that does not grow with the images."""
    like = next(checks.network(model, "reconstruct", *abilities).parameters())
    scores = array("f")  # one growing block: thousands of small arrays would keep the freed batches' memory in pieces
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
    """The squared difference, blurred and for each unit of ink, float32 [n]: kinder to thick or displaced strokes.

    Σ (G * (input - output))² / Σ input², with G a Gaussian of one pixel; a blank image counts as one full pixel of ink.
    `shape` is rows and columns of a picture, of a signal's window of 256 points (1, 256). As `difference`.
    """

    def score(x: Tensor) -> Tensor:
        apart = blurred(x, 1, shape) - blurred(model.reconstruct(x), 1, shape)
        return apart.square().sum(1) / x.square().sum(1).clamp(min=1)

    check_shape(shape, checks.network(model, "reconstruct").inputs)
    return _scores(score, model, images)


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
    images, outputs = check_pair("images", images, "outputs", outputs)
    rows, columns = check_shape(shape, images.shape[1])
    if checks.whole("width", width, 1, min(rows, columns)) % 2 == 0:
        raise ValueError(f"width is {width}; expected an odd number, so that there is a middle")
    maps = (images - outputs).abs().reshape(-1, 1, rows, columns)
    means = F.avg_pool2d(maps, width, stride=1, padding=width // 2, count_include_pad=True).flatten(1)
    size, at = means.max(1)
    return size.cpu().numpy(), torch.stack([at // columns, at % columns], dim=1).cpu().numpy()


def flagged(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Which scores lie above the threshold (perhaps infinite), bool [n]. Raises ValueError."""
    threshold = checks.plain(threshold)
    if not (isinstance(threshold, float) and np.isinf(threshold)):  # the conformal rule's, where scores are too few
        checks.number("threshold", threshold)
    return check_scores(scores) > threshold


def expected_above_maximum(n: int, m: int) -> float:
    """How many of m new scores exceed the largest of n old ones if all are exchangeable: m / (n + 1)."""
    return checks.whole("m", m, 0) / (checks.whole("n", n) + 1)


def quantile_above_maximum(n: int, m: int, level: float = 0.95) -> int:
    """The `level` quantile of that number: among exchangeable scores it is beta-binomial(m, 1, n)."""
    level = checks.number("level", level, 0, 1, above=True, below=True)
    return int(betabinom(checks.whole("m", m, 0), 1, checks.whole("n", n)).ppf(level))
