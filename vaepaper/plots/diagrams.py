"""Diagrams drawn from a model's own layer sizes: Fig. 1 (AE), Fig. 2 (VAE), and a GAN like them."""

from collections.abc import Sequence
from textwrap import fill

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from vaepaper.plots.style import WIDTH, titled

ENCODER, LATENT, DECODER, CRITIC = "#0173b2", "#d55e00", "#029e73", "#8f3f97"
ARROW = {"arrowstyle": "->", "color": "0.4"}
LENGTH = 10.5  # from the first layer to the last, in units of the drawing


def layer_sizes(module: nn.Sequential) -> list[int]:
    """Nodes of each layer of an encoder or a decoder, input first."""
    linear = [layer for layer in module if isinstance(layer, nn.Linear)]
    return [linear[0].in_features, *(layer.out_features for layer in linear)]


def _height(nodes: int) -> float:
    return 0.9 + 0.62 * nodes**0.26  # 784 nodes and 2 nodes must both fit


def _spread(count: int) -> list[float]:
    """Where `count` layers stand, from left to right."""
    return [LENGTH * number / (count - 1) for number in range(count)]


def _canvas(title: str, aim: str = "", bottom: float = -2.9) -> tuple[Figure, Axes]:
    """Axes without a frame, under a title and over what the network is trained for."""
    figure, axes = plt.subplots(figsize=(WIDTH, 5.2))
    axes.set(xlim=(-0.8, LENGTH + 0.8), ylim=(bottom, 2.8), aspect="equal")
    axes.axis("off")
    axes.text(LENGTH / 2, -2.75, aim, ha="center", fontsize=11)
    return titled(figure, title), axes


def _bar(axes: Axes, x: float, y: float, nodes: int, height: float, color: str, text: str = "") -> None:
    """A layer: a bar with its number of nodes in it and words below."""
    corner = (x - 0.17, y - height / 2)
    axes.add_patch(plt.Rectangle(corner, 0.34, height, facecolor=color, alpha=0.85, zorder=3))
    style = {"color": "white", "weight": "bold", "rotation": 90, "fontsize": 10, "zorder": 4}
    axes.text(x, y, str(nodes), ha="center", va="center", **style)
    axes.text(x, y - height / 2 - 0.14, text, ha="center", va="top", fontsize=9.5)


def _layers(axes: Axes, xs: list, sizes: list, color: str, texts: dict, latent=0, y=0.0, scale=1.0) -> None:
    """Layers of these sizes, all connected; `texts` below some; the one of `latent` nodes in orange."""
    heights = [scale * _height(nodes) for nodes in sizes]
    for left, right, a, b in zip(xs, xs[1:], heights, heights[1:], strict=False):
        corners = [(left, y - a / 2), (left, y + a / 2), (right, y + b / 2), (right, y - b / 2)]
        axes.add_patch(plt.Polygon(corners, facecolor=color, alpha=0.14, zorder=1))
    for number, (x, nodes, height) in enumerate(zip(xs, sizes, heights, strict=True)):
        _bar(axes, x, y, nodes, height, LATENT if nodes == latent else color, texts.get(number, ""))


def _name(axes: Axes, xs: Sequence[float], y: float, name: str, color: str) -> None:
    """A network's name over the middle of its layers."""
    axes.text((xs[0] + xs[-1]) / 2, y, name, ha="center", color=color, weight="bold", fontsize=12)


def autoencoder(model: nn.Module) -> Figure:
    """Fig. 1: the auto-encoder, from input to output."""
    down, up = layer_sizes(model.encoder), layer_sizes(model.decoder)
    title = "Fig. 1: the auto-encoder learns to reproduce its input through a narrow middle"
    figure, axes = _canvas(title, "trained to make the difference of x and x̂ small (heights not to scale)")
    xs = _spread(len(down) + len(up) - 1)
    left, right = xs[: len(down)], xs[len(down) - 1 :]
    _layers(axes, left, down, ENCODER, {0: "input x"}, model.latent)
    _layers(axes, right, up, DECODER, {0: "latent z", len(up) - 1: "output x̂"}, model.latent)
    _name(axes, left, 2.55, "encoder", ENCODER)
    _name(axes, right, 2.55, "decoder", DECODER)
    return figure


def variational_autoencoder(model: nn.Module) -> Figure:
    """Fig. 2: the variational auto-encoder, with its mean, its standard deviation and the sampled latent."""
    down, up = layer_sizes(model.encoder)[:-1], layer_sizes(model.decoder)
    aim = "trained to make small: the difference of x and x̂, plus the KL divergence of N(μ, σ) from N(0, 1)"
    figure, axes = _canvas("Fig. 2: the variational auto-encoder samples its latent", aim)
    xs = _spread(len(down) + 1 + len(up))
    left, split, right = xs[: len(down)], xs[len(down)], xs[len(down) + 1 :]
    _layers(axes, left, down, ENCODER, {0: "input x"})
    _layers(axes, right, up, DECODER, {0: "z = μ + ε·σ", len(up) - 1: "output x̂"}, model.latent)
    for y, name in ((0.95, "mean μ"), (-0.95, "std. dev. σ\n(softplus)")):
        _bar(axes, split, y, model.latent, 0.95, ENCODER, name)
        axes.annotate("", (split - 0.2, y), (left[-1] + 0.2, 0), arrowprops=ARROW)
        axes.annotate("", (right[0] - 0.2, 0), (split + 0.2, y), arrowprops=ARROW)
    top = (right[0], _height(model.latent) / 2 + 0.03)
    axes.annotate("noise ε ~ N(0, 1)", top, (right[0], 1.75), ha="center", fontsize=10, arrowprops=ARROW)
    _name(axes, [*left, split], 2.55, "encoder", ENCODER)
    _name(axes, right, 2.55, "decoder", DECODER)
    return figure


def adversarial_network(model: nn.Module) -> Figure:
    """A GAN: above, generator and critic, which are trained first; below, the encoder, which comes after."""
    make, judge, find = (layer_sizes(part) for part in (model.generator, model.critic, model.encoder))
    title = "A GAN: first a generator against a critic, then an encoder (heights not to scale)"
    figure, axes = _canvas(title, bottom=-3.4)

    def row(x: float, y: float, sizes: list, name: str, color: str, first: str, last: str) -> list[float]:
        """Draw a network with its name above; returns where its layers stand."""
        xs = [x + 1.25 * number for number in range(len(sizes))]
        _layers(axes, xs, sizes, color, {0: first, len(sizes) - 1: last}, model.latent, y, 0.42)
        _name(axes, xs, y + 1.2, name, color)
        return xs

    drawn = row(0, 1.4, make, "generator", DECODER, "z ~ N(0, 1)", "drawn G(z)")
    judged = row(6.75, 1.4, judge, "critic", CRITIC, "G(z) or x", "D: how real?")
    found = row(0, -1.95, find, "encoder", ENCODER, "input x", "E(x)")
    back = row(found[-1], -1.95, make, "generator, now fixed", DECODER, "", "output x̂ = G(E(x))")
    axes.annotate("", (judged[0] - 0.22, 1.4), (drawn[-1] + 0.22, 1.4), arrowprops=ARROW)
    start = ((drawn[-1] + judged[0]) / 2 - 0.3, 2.45)
    target = (judged[0] - 0.22, 1.75)
    axes.annotate("a training digit x", target, start, ha="center", fontsize=10, arrowprops=ARROW)
    aim = "the critic is trained to separate digits from drawings, the generator to mislead it"
    axes.text((drawn[0] + judged[-1]) / 2, -0.12, aim, ha="center", fontsize=11)
    compared = "the difference of x and x̂, and that of the critic's last hidden layer"
    aim = fill(f"encoder trained to make small: {compared}", 24)
    axes.text(back[-1] + 0.5, -1.95, aim, va="center", fontsize=11)
    return figure
