"""Curves: measures by latent size, by severity and by epoch."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vaepaper.plots.style import MARKERS, METHODS, TRAINING, UNSEEN, WIDTH, legend_below, titled


def lines(
    table: pd.DataFrame,
    x: str,
    title: str,
    *,
    boundaries: Mapping[str, float] | None = None,
    bold: str = "",
    shared: bool = True,
    lowest: float = -1,
) -> Figure:
    """A measure against `x` (numbers far apart: on a logarithmic axis): one panel per measure, one line per method.

    Args:
        table: columns panel, line, value and `x`. boundaries: of some panels, drawn. bold: a line that stands out.
        shared: whether the panels share their y axis, which ends at 1, and at `lowest` if a line falls below.
    """
    panels, names, places = table.panel.unique(), list(table.line.unique()), np.sort(table[x].unique())
    rows, columns = -(-len(panels) // 3), min(3, len(panels))
    size = (WIDTH, 1.3 + 2.5 * rows)
    figure, grid = plt.subplots(rows, columns, figsize=size, sharey=shared, squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        for name, own in table[table.panel == panel].groupby("line", sort=False):
            number = names.index(name)
            style = {"color": METHODS[number % 10], "marker": MARKERS[number % 10], "markersize": 6}
            if name == bold:
                style |= {"color": "0.1", "linewidth": 3}
            axes.plot(own[x], own.value, label=name, **style)
        if places[-1] > 10 * places[0]:
            axes.set_xscale("log", base=2)
        axes.set_xticks(places, [f"{place:g}" for place in places], rotation=90 if len(places) > 7 else 0)
        axes.set(title=panel, xlabel=x if axes in grid[-1] else "")
        if boundaries and panel in boundaries:
            axes.axhline(boundaries[panel], color="0.35", linewidth=1, linestyle=":")
            axes.text(places[-1], boundaries[panel], f"{boundaries[panel]:g}", ha="right", va="bottom", color="0.35")
    if shared:
        grid[0, 0].set_ylim(max(lowest, table.value.min() - 0.05), 1.02)
    legend_below(figure)
    return titled(figure, title)


def losses(panels: Mapping[str, Mapping[str, np.ndarray]], title: str) -> Figure:
    """Losses [trainings, epochs] by epoch: a panel per loss, a thin line per training, a colour per group."""
    figure, grid = plt.subplots(1, len(panels), figsize=(WIDTH, 3.6), squeeze=False)
    for axes, (name, groups) in zip(grid[0], panels.items(), strict=True):
        for color, (group, found) in zip((TRAINING, UNSEEN), groups.items(), strict=False):
            epochs = np.arange(1, found.shape[1] + 1)
            width = 2 if len(found) == 1 else 0.8
            axes.plot(epochs, found.T, "o-", color=color, linewidth=width, markersize=3 * width)[0].set_label(group)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
    legend_below(figure)
    return titled(figure, title)
