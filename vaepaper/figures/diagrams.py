"""The report's two diagrams, drawn from a model's own layer sizes: Fig. 1 (AE) and Fig. 2 (VAE)."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

ENCODER, LATENT, DECODER = "#0173b2", "#d55e00", "#029e73"
WIDTH = 10.5


def layer_sizes(module: nn.Sequential) -> list[int]:
    """Nodes of each layer of an encoder or a decoder, input first."""
    linear = [layer for layer in module if isinstance(layer, nn.Linear)]
    return [linear[0].in_features, *(layer.out_features for layer in linear)]


def _height(nodes: int) -> float:
    return 0.9 + 0.62 * nodes**0.26  # 784 nodes and 2 nodes must both fit


def _bar(
    axes: Axes, x: float, nodes: int, color: str, text: str = "", y: float = 0, height: float | None = None
) -> None:
    height = height or _height(nodes)
    axes.add_patch(plt.Rectangle((x - 0.17, y - height / 2), 0.34, height, facecolor=color, alpha=0.85, zorder=3))
    axes.text(
        x, y, str(nodes), ha="center", va="center", color="white", weight="bold", rotation=90, fontsize=10, zorder=4
    )
    axes.text(x, y - height / 2 - 0.14, text, ha="center", va="top", fontsize=9.5)


def _fan(axes: Axes, xs: Sequence[float], sizes: Sequence[int], color: str) -> None:
    """Trapezia between neighbouring layers: everything is connected to everything."""
    for left, right, a, b in zip(xs, xs[1:], map(_height, sizes), map(_height, sizes[1:]), strict=False):
        corners = [(left, -a / 2), (left, a / 2), (right, b / 2), (right, -b / 2)]
        axes.add_patch(plt.Polygon(corners, facecolor=color, alpha=0.14, zorder=1))


def _canvas(title: str) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(11, 5.4))
    axes.set(xlim=(-0.8, WIDTH + 0.8), ylim=(-2.9, 2.7), aspect="equal")
    axes.axis("off")
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=13)
    return figure, axes


def autoencoder(model: nn.Module) -> Figure:
    """Fig. 1: the auto-encoder, from input to output."""
    down, up = layer_sizes(model.encoder), layer_sizes(model.decoder)
    sizes = down + up[1:]
    xs = [WIDTH * i / (len(sizes) - 1) for i in range(len(sizes))]
    figure, axes = _canvas(
        "Fig. 1: the auto-encoder learns to give back its input through a narrow middle (heights not to scale)"
    )
    middle = len(down) - 1
    _fan(axes, xs[: middle + 1], down, ENCODER)
    _fan(axes, xs[middle:], up, DECODER)
    names = {0: "input x", middle: "latent z", len(sizes) - 1: "output x̂"}
    for i, (x, nodes) in enumerate(zip(xs, sizes, strict=True)):
        color = ENCODER if i < middle else LATENT if i == middle else DECODER
        _bar(axes, x, nodes, color, names.get(i, ""))
    axes.text(xs[middle] / 2, 2.55, "encoder", ha="center", color=ENCODER, weight="bold", fontsize=12)
    axes.text((xs[middle] + xs[-1]) / 2, 2.55, "decoder", ha="center", color=DECODER, weight="bold", fontsize=12)
    axes.text(xs[middle], -2.75, "trained to make the difference of x and x̂ small", ha="center", fontsize=11)
    return figure


def variational_autoencoder(model: nn.Module) -> Figure:
    """Fig. 2: the variational auto-encoder, with its mean, its standard deviation and the sampled latent."""
    down, up = layer_sizes(model.encoder)[:-1], layer_sizes(model.decoder)
    columns = len(down) + 1 + len(up)
    xs = [WIDTH * i / (columns - 1) for i in range(columns)]
    figure, axes = _canvas("Fig. 2: the variational auto-encoder samples its latent")
    split, middle = len(down), len(down) + 1
    _fan(axes, xs[:split], down, ENCODER)
    _fan(axes, xs[middle:], up, DECODER)
    for i, nodes in enumerate(down):
        _bar(axes, xs[i], nodes, ENCODER, "input x" if i == 0 else "")
    for y, name in ((0.95, "mean μ"), (-0.95, "std. dev. σ\n(softplus)")):
        _bar(axes, xs[split], model.latent, ENCODER, name, y, 0.95)
        axes.annotate(
            "", (xs[split] - 0.2, y), (xs[split - 1] + 0.2, 0), arrowprops={"arrowstyle": "->", "color": "0.4"}
        )
        axes.annotate("", (xs[middle] - 0.2, 0), (xs[split] + 0.2, y), arrowprops={"arrowstyle": "->", "color": "0.4"})
    _bar(axes, xs[middle], model.latent, LATENT, "z = μ + ε·σ")
    arrow = {"arrowstyle": "->", "color": "0.4"}
    top = (xs[middle], _height(model.latent) / 2 + 0.03)
    axes.annotate("noise ε ~ N(0, 1)", top, (xs[middle], 1.75), ha="center", fontsize=10, arrowprops=arrow)
    for i, nodes in enumerate(up[1:], start=middle + 1):
        _bar(axes, xs[i], nodes, DECODER, "output x̂" if i == len(xs) - 1 else "")
    axes.text(xs[split] / 2, 2.55, "encoder", ha="center", color=ENCODER, weight="bold", fontsize=12)
    axes.text((xs[middle] + xs[-1]) / 2, 2.55, "decoder", ha="center", color=DECODER, weight="bold", fontsize=12)
    aim = "trained to make small: the difference of x and x̂, plus the KL divergence of N(μ, σ) from N(0, 1)"
    axes.text(xs[-1] / 2, -2.75, aim, ha="center", fontsize=11)
    return figure
