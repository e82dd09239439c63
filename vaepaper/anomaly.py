"""How much an output differs from its input, and when that is too much (§3.3)."""

from array import array

import numpy as np
import torch
from scipy.stats import betabinom
from torch import Tensor, nn
from torch.nn import functional as F

from vaepaper.images import Images, batches


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
def difference(model: nn.Module, images: Images) -> np.ndarray:
    """The sum over pixels of |input - output| (§3.3, Fig. 9), float32 [n], in grey levels.

    Takes and raises what `reconstruct` does, in memory that does not grow with the images.
    """
    device = next(model.parameters()).device
    scores = array("f")  # one growing block: thousands of small arrays would keep the freed batches' memory in pieces
    for batch in batches(images, model.inputs):
        x = batch.to(device)
        scores.frombytes(model.reconstruct(x).sub_(x).abs_().sum(1).cpu().numpy().tobytes())
    return np.frombuffer(scores, np.float32)


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
