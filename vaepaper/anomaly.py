"""How much an output differs from its input, and when that is too much (§3.3)."""

from array import array
from collections.abc import Callable

import numpy as np
import torch
from scipy.stats import betabinom
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from vaepaper.images import Images, batches, blurred
from vaepaper.models import VariationalAutoEncoder
from vaepaper.thresholds import Threshold  # noqa: F401 (offered here: scores and thresholds go together)


@torch.no_grad()
def reconstruct(model: nn.Module, images: Images) -> Tensor:
    """The model's outputs, float32 [n, inputs] in [0, 1], on the CPU.

    Args:
        images: float32 [n, inputs] in [0, 1]: a tensor, an array, a `numpy.memmap`, or an iterable of any of them.

    Raises:
        ValueError: images of another shape, dtype or range, none at all, or with a NaN; names the row.
    """
    device = next(model.parameters()).device
    return torch.cat([model.reconstruct(x.to(device)).cpu() for x in batches(images, model.inputs)])


@torch.no_grad()
def _scores(score: Callable[[Tensor], Tensor], model: nn.Module, images: Images) -> np.ndarray:
    """One number an image, float32 [n], in memory that does not grow with the images."""
    device = next(model.parameters()).device
    scores = array("f")  # one growing block: thousands of small arrays would keep the freed batches' memory in pieces
    for batch in batches(images, model.inputs):
        scores.frombytes(score(batch.to(device)).cpu().numpy().tobytes())
    return np.frombuffer(scores, np.float32)


def difference(model: nn.Module, images: Images) -> np.ndarray:
    """The sum over pixels of |input - output| (§3.3, Fig. 9), float32 [n], in grey levels.

    Takes and raises what `reconstruct` does, in memory that does not grow with the images.
    """
    return _scores(lambda x: model.reconstruct(x).sub_(x).abs_().sum(1), model, images)


def squared_difference(model: nn.Module, images: Images) -> np.ndarray:
    """The sum over pixels of (input - output)², float32 [n]; as `difference`."""
    return _scores(lambda x: model.reconstruct(x).sub_(x).square_().sum(1), model, images)


def shape_difference(model: nn.Module, images: Images) -> np.ndarray:
    """The squared difference, blurred and for each unit of ink, float32 [n]: kinder to thick or displaced strokes.

    Σ (G * (input - output))² / Σ input², with G a Gaussian of one pixel; a blank image counts as one full pixel of ink.
    """

    def score(x: Tensor) -> Tensor:
        return (blurred(x, 1) - blurred(model.reconstruct(x), 1)).square().sum(1) / x.square().sum(1).clamp(min=1)

    return _scores(score, model, images)


def negative_elbo(model: VariationalAutoEncoder, images: Images) -> np.ndarray:
    """What a VAE minimises, with its mean code in place of a sampled one, float32 [n]; as `difference`."""

    def score(x: Tensor) -> Tensor:
        posterior = model.posterior(x)
        kl = kl_divergence(posterior, Normal(0.0, 1.0, validate_args=False)).sum(1)
        return model.compare(model.decode(posterior.mean), x) + model.kl_weight * kl

    return _scores(score, model, images)


def largest_correction(
    images: Tensor, outputs: Tensor, width: int = 5, side: int = 28
) -> tuple[np.ndarray, np.ndarray]:
    """Where an output departs most from its input: the neighbourhood with the largest mean |input - output|.

    Returns:
        Its mean difference, float32 [n] in [0, 1], and its middle (row, column), int64 [n, 2].
    """
    maps = (images - outputs).abs().reshape(-1, 1, side, side)
    means = F.avg_pool2d(maps, width, stride=1, padding=width // 2, count_include_pad=True).flatten(1)
    size, at = means.max(1)
    return size.numpy(), torch.stack([at // side, at % side], dim=1).numpy()


def flagged(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Which scores lie above the threshold, bool [n]."""
    return np.asarray(scores) > threshold


def expected_above_maximum(n: int, m: int) -> float:
    """How many of m new scores exceed the largest of n old ones if all are exchangeable: m / (n + 1)."""
    return m / (n + 1)


def quantile_above_maximum(n: int, m: int, level: float = 0.95) -> int:
    """The `level` quantile of that number: among exchangeable scores it is beta-binomial(m, 1, n)."""
    return int(betabinom(m, 1, n).ppf(level))
