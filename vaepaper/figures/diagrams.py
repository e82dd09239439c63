"""The report's diagrams, drawn from a model's own layer sizes: Fig. 1 (AE), Fig. 2 (VAE), and a GAN like them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

ENCODER, LATENT, DECODER, CRITIC = "#0173b2", "#d55e00", "#029e73", "#8f3f97"
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


def _fan(axes: Axes, xs: Sequence[float], sizes: Sequence[int], color: str, y: float = 0, scale: float = 1) -> None:
    """Trapezia between neighbouring layers: everything is connected to everything."""
    heights = [scale * _height(nodes) / 2 for nodes in sizes]
    for left, right, a, b in zip(xs, xs[1:], heights, heights[1:], strict=False):
        corners = [(left, y - a), (left, y + a), (right, y + b), (right, y - b)]
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


def adversarial_network(model: nn.Module) -> Figure:
    """A GAN with its encoder, in the manner of Figs 1 and 2: above, what is trained first; below, what comes after."""
    make, judge, find = (layer_sizes(part) for part in (model.generator, model.critic, model.encoder))
    figure, axes = _canvas("A GAN: first a generator against a critic, then an encoder (heights not to scale)")
    axes.set(ylim=(-3.4, 2.8))

    def row(x: float, y: float, sizes: Sequence[int], color: str, first: str, last: str) -> list[float]:
        xs = [x + 1.25 * i for i in range(len(sizes))]
        _fan(axes, xs, sizes, color, y, 0.42)
        for number, nodes in enumerate(sizes):
            text = first if number == 0 else last if number == len(sizes) - 1 else ""
            own = LATENT if nodes == model.latent else color
            _bar(axes, xs[number], nodes, own, text, y, 0.42 * _height(nodes))
        return xs

    drawn = row(0, 1.4, make, DECODER, "z ~ N(0, 1)", "drawn G(z)")
    judged = row(6.75, 1.4, judge, CRITIC, "G(z) or x", "D: how real?")
    arrow = {"arrowstyle": "->", "color": "0.4"}
    axes.annotate("", (judged[0] - 0.22, 1.4), (drawn[-1] + 0.22, 1.4), arrowprops=arrow)
    begin = ((drawn[-1] + judged[0]) / 2 - 0.3, 2.45)
    axes.annotate("a training digit x", begin, begin, ha="center", fontsize=10)
    axes.annotate("", (judged[0] - 0.22, 1.75), (begin[0], begin[1] - 0.06), arrowprops=arrow)
    aim = "the critic is trained to part digits from drawings, the generator to mislead it"
    axes.text((drawn[0] + judged[-1]) / 2, -0.12, aim, ha="center", fontsize=11)
    found = row(0, -1.95, find, ENCODER, "input x", "E(x)")
    back = row(found[-1], -1.95, make, DECODER, "", "output x̂ = G(E(x))")
    parts = [(drawn, 2.62, "generator", DECODER), (judged, 2.62, "critic", CRITIC), (found, -0.75, "encoder", ENCODER)]
    for xs, y, name, color in [*parts, (back, -0.75, "generator, now fixed", DECODER)]:
        axes.text((xs[0] + xs[-1]) / 2, y, name, ha="center", color=color, weight="bold", fontsize=12)
    compared = (
        "encoder trained to\nmake small: the\ndifference of x and x̂,\nand of the critic's last\nhidden layer at both"
    )
    axes.text(back[-1] + 0.55, -1.95, compared, va="center", fontsize=11)
    return figure
