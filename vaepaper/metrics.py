"""What the claims are measured by: legibility, explained variance, extent, unvisited share, detection, …."""

import warnings

import numpy as np
import torch
from sklearn.metrics import auc, roc_curve
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from torch import Tensor, nn

from vaepaper import checks
from vaepaper.exact import product
from vaepaper.models import DigitReader


@torch.no_grad()
def read_digits(reader: DigitReader, images: Tensor) -> np.ndarray:
    """The digit that `reader` sees in each image, int64 [n]."""
    inputs = checks.network(reader, "layers").inputs
    images = checks.rows("images", images, inputs)  # outputs need not lie in [0, 1]
    return reader(images.to(next(reader.parameters()))).argmax(1).cpu().numpy()


def legibility(reader: DigitReader, images: Tensor, labels: Tensor) -> float:
    """Share of images that the fixed reader reads as their label, in [0, 1]."""
    digits = read_digits(reader, images)
    return float((digits == checks.labels(labels, len(digits), 9).numpy()).mean())


def not_restored(reader: DigitReader, images: Tensor, outputs: Tensor, labels: Tensor) -> np.ndarray:
    """Which images `reader` reads as their label in the input and as another in the output, bool [n]."""
    pair = checks.pair("images", images, "outputs", outputs)
    right = [read_digits(reader, x) == checks.labels(labels, len(x), 9).numpy() for x in pair]
    return right[0] & ~right[1]


def explained_variance(images: Tensor, outputs: Tensor) -> float:
    """1 - squared error / squared distance from the mean image: 1 is perfect, 0 as good as the mean image."""
    pair = checks.pair("images", images, "outputs", outputs)
    x, y = (np.asarray(part.cpu(), np.float64) for part in pair)  # the same sums on any number of threads
    variance = np.square(x - x.mean(0)).sum()
    if not variance:
        raise ValueError("the images are all alike; expected some that differ, with variance to explain")
    return 1 - float(np.square(x - y).sum() / variance)


@torch.no_grad()
def codes_of(model: nn.Module, images: Tensor) -> np.ndarray:
    """Codes float32 [n, latent]; of a VAE, the means."""
    images = checks.images(images, checks.network(model, "encode").inputs)
    return model.encode(images.to(next(model.parameters()))).float().cpu().numpy()


def nearest_neighbour_labels(known: np.ndarray, labels: Tensor, codes: np.ndarray, k: int = 15) -> np.ndarray:
    """For each code, the most common label of its k nearest `known` codes (§3.2: are digits clustered?)."""
    known, labels = checks.codes(known, name="known"), checks.labels(labels, len(known)).numpy()
    codes = checks.codes(codes, known.shape[1])
    return KNeighborsClassifier(checks.integer("k", k, 1, len(known))).fit(known, labels).predict(codes)


def overlaps(confusion: np.ndarray) -> list[tuple[int, int, float]]:
    """Pairs of digits by the share that is taken for the other, largest first: (digit, digit, share)."""
    confusion = np.asarray(checks.held("confusion", confusion), np.float64)
    checks.rows("confusion", confusion, len(confusion), low=0)  # as many rows as columns
    size = confusion.sum(1)
    pairs = [(a, b) for a in range(len(size)) for b in range(a) if size[a] + size[b]]
    shares = [(b, a, float((confusion[a, b] + confusion[b, a]) / (size[a] + size[b]))) for a, b in pairs]
    return sorted(shares, key=lambda pair: -pair[2])


def extent(codes: np.ndarray) -> float:
    """How far codes spread: the square root of the trace of their covariance, in latent units."""
    return float(np.sqrt(checks.codes(codes, least=2).var(axis=0, ddof=1, dtype=np.float64).sum()))


def ellipse_sizes(codes: np.ndarray, labels: Tensor) -> np.ndarray:
    """Area (2-D) or volume (3-D) of each digit's covariance ellipse, up to a common factor: [10]."""
    codes, labels = checks.codes(codes), checks.labels(labels, len(codes), 9).numpy()
    few = np.flatnonzero(np.bincount(labels, minlength=10) < 2)
    if len(few):
        raise ValueError(f"digit {few[0]} has fewer than two codes; expected some of each digit, 0 to 9")
    spreads = [np.atleast_2d(np.cov(codes[labels == digit].T)) for digit in range(10)]
    return np.array([np.sqrt(max(np.linalg.det(spread), 0)) for spread in spreads])


def central_box(codes: np.ndarray, share: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner of the box that holds the central `share` of the codes, axis by axis."""
    share = checks.number("share", share, 0, 1, above=True)
    low, high = np.quantile(checks.codes(codes), [(1 - share) / 2, (1 + share) / 2], axis=0)
    return low, high


def unvisited_share(codes: np.ndarray, cells: int) -> float:
    """Share of cells of a grid over the central box without a code, in [0, 1]; `cells` along each axis."""
    codes = checks.codes(codes)
    checks.integer("cells", cells, 1, int(1e8 ** (1 / codes.shape[1])))  # in all no more than memory holds
    box = np.stack(central_box(codes), axis=1)
    visits, _ = np.histogramdd(codes, bins=cells, range=box)
    return float((visits == 0).mean())


@torch.no_grad()
def step_change(model: nn.Module, codes: np.ndarray, step: float, seed: int = 0) -> float:
    """Mean summed |change| of the output for a random step of length `step` (§2.3), in grey levels."""
    random = torch.Generator().manual_seed(checks.integer("seed", seed, 0))
    z, step = checks.rows("codes", codes, checks.network(model, "decode").latent), checks.number("step", step)
    direction = torch.randn(z.shape, generator=random, dtype=torch.float32, device="cpu")
    moved, like = z + step * torch.nn.functional.normalize(direction, dim=1), next(model.parameters())
    change = model.decode(moved.to(like)) - model.decode(z.to(like))
    return float(change.abs().sum(1).mean())


def distance_to_nearest(images: Tensor, known: Tensor) -> np.ndarray:
    """Euclidean distance of each image to the nearest `known` one, float32 [n]: how typical is it?"""
    known = checks.rows("known", known)
    images = checks.rows("images", images, known.shape[1])
    # |x - k|² - |x|² = |k|² - 2 x·k, in tiles of a cache's size.
    tiles = [(k, k.square().sum(1)) for k in known.split(2000)]
    nearest = [
        torch.stack([product(x, k.T).mul_(-2).add_(n).amin(1) for k, n in tiles]) for x in images.split(1000)
    ]
    return np.sqrt((torch.cat(nearest, 1).amin(0) + images.square().sum(1)).clamp_(min=0).cpu().numpy())


def detection(normal: np.ndarray, anomalous: np.ndarray) -> tuple[float, float]:
    """How well scores separate anomalous from normal: (AUROC, average precision), each in [0, 1].

    Scores [n] and [m] are larger where more anomalous. Raises ValueError: none of one kind, or one that is
    not finite.
    """
    normal, anomalous = checks.scores(normal), checks.scores(anomalous)
    scores, truth = (
        np.concatenate([normal, anomalous]),
        np.repeat([False, True], [len(normal), len(anomalous)]),
    )
    # Of each kind the share above, sorted once.
    false, caught, _ = roc_curve(truth, scores, drop_intermediate=False)
    hits, wrong = caught[1:] * len(anomalous), false[1:] * len(normal)
    return float(auc(false, caught)), float(np.diff(caught) @ (hits / (hits + wrong)))


def localisation(maps: Tensor, masks: Tensor) -> tuple[float, float]:
    """How well maps separate changed from unchanged pixels: (AUROC, average precision) over all pixels.

    Args:
        maps: float32 [n, pixels], larger where more anomalous. masks: bool [n, pixels], the pixels that
            changed.

    Raises:
        ValueError: no pixel changed, or every pixel did, or a map that is not finite.
    """
    masks = checks.masks(masks, maps := checks.rows("maps", maps))
    if masks.all() or not masks.any():
        raise ValueError(
            f"the masks hold {int(masks.sum())} changed of {masks.numel()} pixels; both kinds are needed"
        )
    return detection(maps[~masks].cpu().numpy(), maps[masks].cpu().numpy())


def digit_shares(reader: DigitReader, samples: Tensor, seed: int) -> np.ndarray:
    """The share of each digit, as `reader` reads it, among what a generator draws, [10].

    Warns of a collapse: names the digits that have less than a tenth of their due, and the `seed` of the
        training.
    """
    shares = np.bincount(read_digits(reader, samples), minlength=10) / len(samples)
    if missing := ", ".join(map(str, np.flatnonzero(shares < 0.01))):
        warnings.warn(
            f"the generator of seed {seed} has collapsed: it draws (almost) no {missing}", stacklevel=2
        )
    return shares


def most_alike(images: Tensor, known: Tensor, k: int = 3) -> np.ndarray:
    """The k `known` images nearest to each image by Euclidean distance, nearest first: int64 [n, k]."""
    known = checks.rows("known", known)
    images, k = checks.rows("images", images, known.shape[1]), checks.integer("k", k, 1, len(known))
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(known.numpy())
    return search.kneighbors(images.numpy(), return_distance=False)


def diversity(images: Tensor) -> float:
    """Mean Euclidean distance between two of the images, [n, pixels] with n of 2 or more."""
    images = checks.codes(images, name="images", least=2)
    distances = euclidean_distances(images.astype(np.float64))
    return float(distances.sum() / (len(images) * (len(images) - 1)))
