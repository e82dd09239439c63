"""Curves: measures by latent size, by severity and by epoch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vaepaper.plots.style import MARKERS, METHODS, TRAINING, UNSEEN, legend_below, panels, titled


def lines(
    table: pd.DataFrame,
    x: str,
    title: str,
    *,
    boundaries: Mapping[str, float] | None = None,
    bold: str = "",
    shared: bool = True,
) -> Figure:
    """A measure against `x` (logarithmic, if far apart): one panel per measure, one line per method.

    Args:
        table: columns panel, line, value and `x`. boundaries: of some panels. bold: a line that stands out.
        shared: whether the panels share their y axis, from −1 (or a little below the lowest value) to 1.
    """
    measures, names, places = table.panel.unique(), list(table.line.unique()), np.sort(table[x].unique())
    figure, grid = panels(len(measures), columns=3, height=3.1, sharey=shared)
    for axes, panel in zip(grid, measures, strict=True):
        for name, own in table[table.panel == panel].groupby("line", sort=False):
            number = names.index(name)
            style = {"color": METHODS[number % 10], "marker": MARKERS[number % 10], "markersize": 6}
            if name == bold:
                style |= {"color": "0.1", "linewidth": 3}
            axes.plot(own[x], own.value, label=name, **style)
        if places[-1] > 10 * places[0]:
            axes.set_xscale("log", base=2)
        axes.set_xticks(places, [f"{place:g}" for place in places], rotation=90 if len(places) > 7 else 0)
        axes.set(title=panel, xlabel=x)
        if boundaries and panel in boundaries:
            at = boundaries[panel]
            axes.axhline(at, color="0.35", linewidth=1, linestyle=":")
            axes.text(places[-1], at, f"{at:g}", ha="right", va="bottom", color="0.35")
    if shared:
        grid[0].set_ylim(max(-1, table.value.min() - 0.05), 1.02)
    legend_below(figure, columns=5)
    return titled(figure, title)


def losses(groups_of: Mapping[str, Mapping[str, np.ndarray]], title: str) -> Figure:
    """Losses [trainings, epochs] by epoch: a panel per loss, a thin line per training, a colour per group."""
    figure, grid = panels(len(groups_of), columns=2, height=2.8)
    for axes, (name, groups) in zip(grid, groups_of.items(), strict=True):
        for color, (group, found) in zip((TRAINING, UNSEEN), groups.items(), strict=False):
            epochs = np.arange(1, found.shape[1] + 1)
            width = 2 if len(found) == 1 else 0.8
            drawn = axes.plot(epochs, found.T, "o-", color=color, linewidth=width, markersize=3 * width)
            drawn[0].set_label(group)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
    legend_below(figure)
    return titled(figure, title)
