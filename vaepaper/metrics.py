"""What the claims are measured by: legibility, explained variance, separation, extent, unvisited share, detection."""

import warnings

import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor, nn

from vaepaper.models import DigitReader
from vaepaper.thresholds import check_scores


@torch.no_grad()
def read_digits(reader: DigitReader, images: Tensor) -> np.ndarray:
    """The digit that `reader` sees in each image, int64 [n]."""
    return reader(images.to(next(reader.parameters()).device)).argmax(1).cpu().numpy()


def legibility(reader: DigitReader, images: Tensor, labels: Tensor) -> float:
    """Share of images that the fixed reader reads as their label, in [0, 1]."""
    return float((read_digits(reader, images) == labels.cpu().numpy()).mean())


def not_restored(reader: DigitReader, images: Tensor, outputs: Tensor, labels: Tensor) -> np.ndarray:
    """Which images `reader` reads as their label in the input and as another in the output, bool [n]."""
    right = [read_digits(reader, x) == labels.cpu().numpy() for x in (images, outputs)]
    return right[0] & ~right[1]


def explained_variance(images: Tensor, outputs: Tensor) -> float:
    """1 - squared error / squared distance from the mean image: 1 is perfect, 0 as good as the mean image."""
    x, y = (np.asarray(part.cpu(), np.float64) for part in (images, outputs))  # the same sums on any number of threads
    return 1 - float(np.square(x - y).sum() / np.square(x - x.mean(0)).sum())


@torch.no_grad()
def codes_of(model: nn.Module, images: Tensor) -> np.ndarray:
    """Codes float32 [n, latent]; of a VAE, the means."""
    return model.encode(images.to(next(model.parameters()).device)).cpu().numpy()


def nearest_neighbour_labels(known: np.ndarray, labels: Tensor, codes: np.ndarray, k: int = 15) -> np.ndarray:
    """For each code, the label most common among its k nearest `known` codes (§3.2: are the digits clustered?)."""
    return KNeighborsClassifier(k).fit(known, labels.numpy()).predict(codes)


def overlaps(confusion: np.ndarray) -> list[tuple[int, int, float]]:
    """Pairs of digits by the share of both that is taken for the other, largest first: (digit, digit, share)."""
    size = confusion.sum(1)
    pairs = [(a, b) for a in range(len(size)) for b in range(a)]
    shares = [(b, a, float((confusion[a, b] + confusion[b, a]) / (size[a] + size[b]))) for a, b in pairs]
    return sorted(shares, key=lambda pair: -pair[2])


def extent(codes: np.ndarray) -> float:
    """How far codes spread: the square root of the trace of their covariance, in latent units."""
    return float(np.sqrt(codes.var(axis=0, ddof=1, dtype=np.float64).sum()))


def ellipse_sizes(codes: np.ndarray, labels: Tensor) -> np.ndarray:
    """Area (2-D) or volume (3-D) of each digit's covariance ellipse, up to a common factor: [10]."""
    return np.array([np.sqrt(np.linalg.det(np.cov(codes[labels.numpy() == digit].T))) for digit in range(10)])


def central_box(codes: np.ndarray, share: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner of the box that holds the central `share` of the codes, axis by axis."""
    low, high = np.quantile(codes, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return low, high


def unvisited_share(codes: np.ndarray, cells: int) -> float:
    """Share of the cells of a grid over the central box that hold no code, in [0, 1]; `cells` along each axis."""
    box = np.stack(central_box(codes), axis=1)
    visits, _ = np.histogramdd(codes, bins=cells, range=box)
    return float((visits == 0).mean())


@torch.no_grad()
def step_change(model: nn.Module, codes: np.ndarray, step: float, seed: int = 0) -> float:
    """Mean summed |change| of the output when a code moves by `step` in a random direction (§2.3), in grey levels."""
    random = torch.Generator().manual_seed(seed)
    device = next(model.parameters()).device
    z = torch.from_numpy(codes)
    direction = torch.nn.functional.normalize(torch.randn(z.shape, generator=random), dim=1)
    change = model.decode((z + step * direction).to(device)) - model.decode(z.to(device))
    return float(change.abs().sum(1).mean())


def distance_to_nearest(images: Tensor, known: Tensor) -> np.ndarray:
    """Euclidean distance of each image to the nearest `known` one, float32 [n]: how typical is it?"""
    norms = known.square().sum(1)
    # |x - k|² = |x|² + (|k|² - 2 x·k): what does not depend on k can wait until the nearest is found
    nearest = torch.cat([torch.addmm(norms, batch, known.T, alpha=-2).amin(1) for batch in images.split(500)])
    return (nearest + images.square().sum(1)).clamp_(min=0).sqrt_().cpu().numpy()


def detection(normal: np.ndarray, anomalous: np.ndarray) -> tuple[float, float]:
    """How well scores part anomalous from normal: (AUROC, average precision), each in [0, 1]; AUROC 0.5 is chance.

    Args:
        normal, anomalous: scores, [n] and [m], larger where stranger.

    Raises:
        ValueError: none of one kind, or a score that is not finite.
    """
    scores = np.concatenate([check_scores(normal), check_scores(anomalous)])
    truth = np.repeat([False, True], [len(normal), len(anomalous)])
    return float(roc_auc_score(truth, scores)), float(average_precision_score(truth, scores))


def localisation(maps: Tensor, masks: Tensor) -> tuple[float, float]:
    """How well anomaly maps part changed pixels from unchanged: (AUROC, average precision) over all pixels together.

    Args:
        maps: float32 [n, pixels], larger where stranger. masks: bool [n, pixels], the pixels that changed.

    Raises:
        ValueError: no pixel changed, or every pixel did, or a map that is not finite.
    """
    if masks.all() or not masks.any():
        raise ValueError(f"the masks hold {int(masks.sum())} changed of {masks.numel()} pixels; both kinds are needed")
    return detection(maps[~masks].numpy(), maps[masks].numpy())


def digit_shares(reader: DigitReader, samples: Tensor, seed: int) -> np.ndarray:
    """The share of each digit, as `reader` reads it, among what a generator draws, [10].

    Warns of a collapse: names the digits that have less than a tenth of their due, and the `seed` of the training.
    """
    shares = np.bincount(read_digits(reader, samples), minlength=10) / len(samples)
    if missing := ", ".join(map(str, np.flatnonzero(shares < 0.01))):
        warnings.warn(f"the generator of seed {seed} has collapsed: it draws (almost) no {missing}", stacklevel=2)
    return shares
