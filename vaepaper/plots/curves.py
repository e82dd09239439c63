"""Curves: measures by latent size, by severity and by epoch."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vaepaper.plots.style import MARKERS, METHODS, TRAINING, UNSEEN, legend_below, panels, titled


def lines(
    tables: Mapping[str, pd.DataFrame],
    x: str,
    title: str,
    *,
    boundaries: Mapping[str, float] = MappingProxyType({}),
    bold: str = "",
    shared: bool = True,
) -> Figure:
    """Measures against `x` (logarithmic, if far apart): a panel per table, indexed by `x`, a line per column.

    Args:
        boundaries: of some panels. bold: a line that stands out.
        shared: whether the panels share their y axis, from −1 (or a little below the lowest value) to 1.
    """
    figure, grid = panels(len(tables), columns=3, height=3.1, sharey=shared)
    names = list(dict.fromkeys(name for table in tables.values() for name in table))
    for axes, (panel, table) in zip(grid, tables.items(), strict=True):
        for name in table:
            number = names.index(name)
            style = {"color": METHODS[number % 10], "marker": MARKERS[number % 10], "markersize": 6}
            if name == bold:
                style |= {"color": "0.1", "linewidth": 3}
            axes.plot(table[name], label=name, **style)
        places = table.index
        if places.max() > 10 * places.min():
            axes.set_xscale("log", base=2)
        axes.set_xticks(places, [f"{place:g}" for place in places], rotation=90 if len(places) > 7 else 0)
        axes.set(title=panel, xlabel=x)
        if panel in boundaries:
            at = boundaries[panel]
            axes.axhline(at, color="0.35", linewidth=1, linestyle=":")
            axes.text(places.max(), at, f"{at:g}", ha="right", va="bottom", color="0.35")
    if shared:
        lowest = min([*(table.min(axis=None) for table in tables.values()), *boundaries.values()])
        grid[0].set_ylim(max(-1, lowest - 0.05), 1.02)
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
