"""Tables of numbers: confusions, methods against kinds of defect, AUROC digit by digit."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vaepaper.plots.style import WIDTH, titled


def confusions(counts: Mapping[str, np.ndarray], title: str) -> Figure:
    """Confusion matrices [10, 10] of counts, drawn as percent of each row."""
    size = WIDTH / max(len(counts), 2)
    figure, grid = plt.subplots(1, len(counts), figsize=(size * len(counts), size + 0.2), squeeze=False)
    for axes, (name, table) in zip(grid[0], counts.items(), strict=True):
        percent = 100 * table / table.sum(1, keepdims=True)
        words = np.where(percent >= 1, np.char.mod("%.0f", percent), "")
        style = {"cmap": "Blues", "vmin": 0, "vmax": 100, "square": True, "cbar": False}
        sns.heatmap(percent, ax=axes, annot=words, fmt="", **style)
        axes.set(xlabel="digit of the 15 nearest training codes", ylabel="true digit", title=name)
        axes.tick_params(length=0, rotation=0)
    return titled(figure, f"{title} (percent of the true digit; below 1 left blank)")


def winners(table: pd.DataFrame, title: str, values: str = "auroc") -> Figure:
    """A share in percent by method and kind of defect, mean over severities; the best of each kind is framed.

    Args:
        table: columns kind, severity, method, and `values`; of "auroc", one half (chance) is drawn white.
    """
    kinds, methods = table.kind.unique(), table.method.unique()
    means = table.pivot_table(index="method", columns="kind", values=values).loc[methods, kinds]
    means["mean"] = means.mean(axis=1)
    figure, axes = plt.subplots(figsize=(min(WIDTH, 3.6 + 1.05 * means.shape[1]), 0.9 + 0.36 * len(methods)))
    colors = {"cmap": "RdBu", "center": 0.5} if values == "auroc" else {"cmap": "Blues"}
    words = {"annot": np.char.mod("%.0f", 100 * means.to_numpy()), "fmt": "", "annot_kws": {"fontsize": 10.5}}
    sns.heatmap(means, ax=axes, vmin=0, vmax=1, cbar=False, linewidths=0.5, **colors, **words)
    for column, best in enumerate(means.to_numpy().argmax(0)):
        frame = {"fill": False, "edgecolor": "black", "linewidth": 2.2, "clip_on": False, "zorder": 5}
        axes.add_patch(Rectangle((column, best), 1, 1, **frame))
    axes.axvline(len(kinds), color="white", linewidth=6)
    axes.tick_params(length=0, rotation=0, top=False, labeltop=True, labelbottom=False)
    axes.set(xlabel="", ylabel="")
    return titled(figure, title)


def per_digit(found: Mapping[str, Mapping], published: Mapping[str, float]) -> Markdown:
    """AUROC in percent by digit and their mean: ours (found[method]["per_digit"]), then published means.

    The best of our methods in each column is set in bold.
    """
    ours = pd.DataFrame([[*row["per_digit"], row["mean"]] for row in found.values()], index=list(found))
    heads = ["", *map(str, range(10)), "mean"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for method, row in ours.iterrows():
        cells = [f"{100 * value:.1f}" for value in row]
        for column in np.flatnonzero(row == ours.max()):
            cells[column] = f"**{cells[column]}**"
        name = method.replace("|", r"\|")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for method, mean in published.items():
        lines.append(f"| *published: {method}* |{' |' * 10} *{100 * mean:.1f}* |")
    return Markdown("\n".join(lines))
