"""What a pen left on paper, from a photograph or a drawing, in the form of MNIST's digits."""

import numpy as np
from PIL import Image
from scipy import ndimage

from vaepaper.data import SIDE

STROKE = 0.11  # MNIST's strokes are some 2.2 of a digit's 20 pixels wide: a thinner pen is broadened to that


def ink_of(grey: np.ndarray) -> np.ndarray | None:
    """The digit cut out of grey levels [rows, columns] in [0, 1]: ink in [0, 1]; None if the paper is blank.

    The light may change slowly over the paper; noise, specks, frames and faint lines are no ink.
    """
    smooth = ndimage.gaussian_filter(grey, max(grey.shape) / 600) if max(grey.shape) > 100 else grey
    rest = smooth - _paper(smooth)
    noise = _spread(rest)
    ink = np.maximum(rest * np.sign((rest**3).sum()), 0)  # what is rarer, dark or light, is the ink
    seen = _parts(ink > max(6 * noise, 0.04))
    if not seen.any() and np.ptp(rest) > 0.5:  # a 1 cut out along its edges: hardly any paper, and lighter
        ink = (rest.max() - rest) / np.ptp(rest)
        seen = ink > 0.5
    if not seen.any():
        return None
    peak = np.quantile(ink[seen], 0.98)  # of the pen: ruled lines can be more, but are fainter
    strokes = _parts((ink > 0.35 * peak) & seen)
    if not strokes.any():
        return None
    near = ndimage.binary_dilation(strokes)  # the soft edge of a stroke belongs to it
    ink = np.where(near, (ink / peak).clip(0, 1), 0)
    rows, columns = (np.flatnonzero(strokes.any(axis)) for axis in (1, 0))
    return _broadened(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _paper(grey: np.ndarray) -> np.ndarray:
    """Brightness of the paper: a quadratic over the picture, fitted to what is not far from it."""
    small = grey[:: max(grey.shape[0] // 100, 1), :: max(grey.shape[1] // 100, 1)]

    def powers(shape: tuple) -> np.ndarray:
        y, x = (np.linspace(-1, 1, n) for n in shape)
        y, x = np.meshgrid(y, x, indexing="ij")
        return np.stack([np.ones(shape), x, y, x * x, x * y, y * y], axis=-1)

    ring = [max(n // 30, min(n // 8, 3)) for n in small.shape]  # past a frame, before the digit
    inner = small[ring[0] : small.shape[0] - ring[0], ring[1] : small.shape[1] - ring[1]]
    around = np.median(np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]]))
    terms, fitted = powers(small.shape), np.full(small.shape, around)
    for _ in range(5):
        kept = np.abs(small - fitted) <= 2.5 * _spread(small - fitted) + 0.01
        weights, *_ = np.linalg.lstsq(terms[kept], small[kept], rcond=None)
        fitted = terms @ weights
    return powers(grey.shape) @ weights


def _spread(rest: np.ndarray) -> float:
    """Standard deviation of what is left of the paper, even where more than half of the picture is ink."""
    return float(np.quantile(np.abs(rest), 0.3)) / 0.385


def _parts(mask: np.ndarray) -> np.ndarray:
    """The connected parts of a mask that may be a digit's: no specks, nothing that runs along the edge."""
    labels, n = ndimage.label(mask, np.ones((3, 3)))
    if not n:
        return mask
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inside = np.setdiff1d(np.arange(n + 1), edge)
    if len(inside) and areas[inside].max() >= 0.1 * areas.max():
        areas[np.setdiff1d(np.arange(n + 1), inside)] = 0
    return (areas >= max(0.05 * areas.max(), 1))[labels]


def _broadened(ink: np.ndarray) -> np.ndarray:
    """Ink whose strokes are as broad, beside the digit's size, as MNIST's, if they were thinner."""
    solid = ink > 0.5
    width = 4 * ndimage.distance_transform_edt(solid)[solid].mean() - 1 if solid.any() else 1
    missing = (STROKE * max(ink.shape) - width) / 2
    if missing < 0.5:
        return ink
    edge = int(np.ceil(missing)) + 1
    away = ndimage.distance_transform_edt(~np.pad(solid, edge))
    return (missing + 1 - away).clip(0, 1)


def centred(ink: np.ndarray) -> np.ndarray:
    """Ink [rows, columns] fitted into 20 × 20, and laid into float32 [28, 28] by its centre of mass."""
    size = [max(round(20 * n / max(ink.shape)), 1) for n in ink.shape]
    fitted = Image.fromarray(np.float32(ink)).resize(size[::-1], Image.Resampling.BILINEAR)
    ink = np.asarray(fitted).clip(0, 1)
    ink = ink / ink.max()
    middle = [np.average(places, weights=ink) for places in np.indices(size)]
    top, left = (int(np.clip(round(14 - m), 0, SIDE - n)) for m, n in zip(middle, size, strict=True))
    page = np.zeros((SIDE, SIDE), np.float32)
    page[top : top + size[0], left : left + size[1]] = ink
    return page
