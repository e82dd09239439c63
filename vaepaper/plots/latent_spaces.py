"""Latent spaces: labelled codes in 2-D and 3-D."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d import proj3d

from vaepaper.plots.style import DIGITS, WIDTH, titled


def _medians(codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Each digit's median code [10, d] of codes [n, d]."""
    return np.stack([np.median(codes[labels == digit], axis=0) for digit in range(10)])


def _name_clusters(axes: Axes, places: np.ndarray) -> None:
    """Write each digit at its cluster's median [10, 2], or, where those crowd, beside it with a line."""
    axes.figure.draw_without_rendering()  # fixes the scale in which names may not touch
    moved, spacing = axes.transData.transform(places), 0.30 * axes.figure.dpi
    others = 1 - np.eye(10)[..., None]
    for _ in range(200):  # names that are too close push each other away
        gaps = moved[:, None] - moved[None] + np.eye(10)[..., None]
        lengths = np.linalg.norm(gaps, axis=-1, keepdims=True)
        push = gaps / lengths * np.clip(spacing - lengths, 0, None)
        moved += 0.5 * (push * others).sum(1)
    line = {"arrowstyle": "-", "color": "0.25", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    words = {"ha": "center", "va": "center", "weight": "bold", "fontsize": 10, "arrowprops": line}
    for digit, (place, at) in enumerate(zip(places, axes.transData.inverted().transform(moved), strict=True)):
        box = {"boxstyle": "circle,pad=0.16", "fc": "white", "ec": DIGITS[digit], "linewidth": 1.8}
        axes.annotate(str(digit), place, at, bbox=box, zorder=9, **words)


def _ellipse(codes: np.ndarray, color: str) -> Ellipse:
    """The 2 σ ellipse of codes [n, 2]."""
    variances, directions = np.linalg.eigh(np.cov(codes.T))
    angle = np.degrees(np.arctan2(directions[1, 1], directions[0, 1]))
    width, height = 4 * np.sqrt(variances[::-1])
    return Ellipse(codes.mean(0), width, height, angle=angle, fill=False, edgecolor=color, linewidth=1.6)


def in_2d(spaces: Mapping[str, np.ndarray], labels: np.ndarray, title: str, closer: float = 0) -> Figure:
    """Codes [n, 2] of labelled digits: one colour per digit, its 2 σ ellipse and its name.

    One panel per space, all on the same axes. With `closer`, the last panel shows only that central share of
    the codes, larger and without the ellipses.
    """
    size = min(5.9, WIDTH / len(spaces))
    figure, grid = plt.subplots(1, len(spaces), figsize=(size * len(spaces), size + 0.2), squeeze=False)
    everything = np.concatenate(list(spaces.values()))
    for axes, (name, codes) in zip(grid[0], spaces.items(), strict=True):
        close = closer > 0 and axes is grid[0, -1]
        share = closer if close else 0.998
        low, high = np.quantile(everything, [(1 - share) / 2, (1 + share) / 2], axis=0)
        middle, radius = (low + high) / 2, 1.04 * (high - low).max() / 2
        (left, bottom), (right, top) = middle - radius, middle + radius
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        axes.set(xlabel="latent 1", ylabel="latent 2", title=name)
        dots = {"s": 9, "alpha": 0.7} if close else {"s": 4, "alpha": 0.5}
        axes.scatter(*codes.T, c=np.array(DIGITS)[labels], linewidths=0, rasterized=True, **dots)
        if not close:
            for digit, color in enumerate(DIGITS):
                axes.add_patch(_ellipse(codes[labels == digit], color))
        _name_clusters(axes, _medians(codes, labels))
    return titled(figure, title)


def in_3d(spaces: Mapping[str, np.ndarray], labels: np.ndarray, title: str) -> Figure:
    """Codes [n, 3] of labelled digits, one colour per digit and its name; one panel per space, same axes."""
    size = min(6.4, WIDTH / len(spaces))
    style = {"squeeze": False, "subplot_kw": {"projection": "3d"}, "layout": "none"}
    figure, grid = plt.subplots(1, len(spaces), figsize=(size * len(spaces), 0.94 * size), **style)
    figure.subplots_adjust(left=0.0, right=0.94, bottom=0.04, top=0.88, wspace=0.14)
    low, high = np.quantile(np.concatenate(list(spaces.values())), [0.005, 0.995], axis=0)
    for axes, (name, codes) in zip(grid[0], spaces.items(), strict=True):
        inside = ((codes >= low) & (codes <= high)).all(1)  # mplot3d does not clip
        colors = np.array(DIGITS)[labels[inside]]
        dots = {"s": 5, "alpha": 0.6, "linewidths": 0, "depthshade": False, "rasterized": True}
        axes.scatter(*codes[inside].T, c=colors, **dots)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
        axes.set(xlabel="latent 1", ylabel="latent 2", zlabel="latent 3", title=name)
        axes.set_box_aspect(None, zoom=0.92)
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.set_major_locator(MaxNLocator(5, integer=True))  # more labels than that touch each other
        figure.draw_without_rendering()
        x, y, _ = proj3d.proj_transform(*_medians(codes, labels).T, axes.get_proj())
        _name_clusters(axes, np.stack([x, y], axis=1))
    return titled(figure, title)
