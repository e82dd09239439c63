"""Latent spaces as pictures: labelled codes in 2-D and in 3-D."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d import proj3d

from vaepaper.figures.plots import DIGITS


def _name_clusters(axes: Axes, places: np.ndarray) -> None:
    """Write each digit at its cluster's middle [10, 2], or, where those crowd, beside it with a line to it."""
    axes.figure.draw_without_rendering()  # fixes the scale in which names may not touch
    middle = axes.transData.transform(places)
    moved, apart = middle.copy(), 0.30 * axes.figure.dpi  # inches between neighbouring names
    for _ in range(200):
        gaps = moved[:, None] - moved[None] + np.eye(10)[..., None]
        lengths = np.linalg.norm(gaps, axis=-1, keepdims=True)
        moved += 0.5 * (gaps / lengths * np.clip(apart - lengths, 0, None) * (1 - np.eye(10)[..., None])).sum(1)
    for digit, (place, at) in enumerate(zip(places, axes.transData.inverted().transform(moved), strict=True)):
        box = {"boxstyle": "circle,pad=0.16", "facecolor": "white", "edgecolor": DIGITS[digit], "linewidth": 1.8}
        line = {"arrowstyle": "-", "color": "0.25", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(
            str(digit),
            place,
            at,
            ha="center",
            va="center",
            weight="bold",
            fontsize=10,
            bbox=box,
            arrowprops=line,
            zorder=9,
        )


def in_2d(spaces: Mapping[str, np.ndarray], labels: np.ndarray, title: str, closer: float | None = None) -> Figure:
    """Codes [n, 2] of labelled digits: one colour a digit, its 2 σ ellipse and its name.

    A panel a space, all on the same axes. With `closer`, the last panel shows only that central share of the codes,
    larger and without the ellipses.
    """
    figure, grid = plt.subplots(1, len(spaces), figsize=(5.9 * len(spaces), 5.9), squeeze=False)
    everything = np.concatenate(list(spaces.values()))
    for axes, (name, codes) in zip(grid[0], spaces.items(), strict=True):
        near = closer and axes is grid[0, -1]
        share = closer if near else 0.998
        low, high = np.quantile(everything, [(1 - share) / 2, (1 + share) / 2], axis=0)
        middle, radius = (low + high) / 2, (high - low).max() / 2 * 1.04
        axes.set(
            xlim=middle[0] + radius * np.array([-1, 1]), ylim=middle[1] + radius * np.array([-1, 1]), aspect="equal"
        )
        dots = {"s": 9 if near else 4, "alpha": 0.7 if near else 0.5}
        axes.scatter(*codes.T, c=np.array(DIGITS)[labels], linewidths=0, rasterized=True, **dots)
        for digit, color in enumerate(() if near else DIGITS):
            own = codes[labels == digit]
            sizes, directions = np.linalg.eigh(np.cov(own.T))
            angle = np.degrees(np.arctan2(*directions[::-1, 1]))
            width, height = 4 * np.sqrt(sizes[::-1])
            axes.add_patch(Ellipse(own.mean(0), width, height, angle=angle, fill=False, edgecolor=color, linewidth=1.6))
        axes.set(xlabel="latent 1", ylabel="latent 2", title=name)
        _name_clusters(axes, np.stack([np.median(codes[labels == digit], axis=0) for digit in range(10)]))
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=13)
    return figure


def in_3d(spaces: Mapping[str, np.ndarray], labels: np.ndarray, title: str) -> Figure:
    """Codes [n, 3] of labelled digits, one colour a digit and its name; a panel a space, all on the same axes."""
    figure, grid = plt.subplots(
        1, len(spaces), figsize=(6.4 * len(spaces), 5.9), squeeze=False, subplot_kw={"projection": "3d"}, layout="none"
    )
    figure.subplots_adjust(left=0.0, right=0.94, bottom=0.04, top=0.9, wspace=0.12)
    low, high = np.quantile(np.concatenate(list(spaces.values())), [0.005, 0.995], axis=0)
    for axes, (name, codes) in zip(grid[0], spaces.items(), strict=True):
        inside = ((codes >= low) & (codes <= high)).all(1)  # mplot3d does not clip
        colors = np.array(DIGITS)[labels[inside]]
        axes.scatter(*codes[inside].T, s=5, c=colors, alpha=0.6, linewidths=0, depthshade=False, rasterized=True)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
        axes.set(xlabel="latent 1", ylabel="latent 2", zlabel="latent 3", title=name)
        axes.set_box_aspect(None, zoom=0.92)
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.set_major_locator(MaxNLocator(5, integer=True))  # more labels than that touch each other
        middles = np.stack([np.median(codes[labels == digit], axis=0) for digit in range(10)])
        figure.draw_without_rendering()
        flat = np.stack(proj3d.proj_transform(*middles.T, axes.get_proj())[:2], axis=1)
        _name_clusters(axes, flat)
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=13)
    return figure
