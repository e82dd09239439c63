"""The one style of all figures: colours, type, titles, and how a figure is saved and shown."""

from textwrap import fill

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vaepaper import checks, paths

# One colour per digit everywhere: Petroff's cycle, made for all kinds of colour vision (arXiv:2107.02270).
DIGITS = [
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
]  # fmt: skip
# The blue and orange that the report names (Fig. 9), in colour-blind safe shades.
TRAINING, UNSEEN = "#0173b2", "#de8f05"
METHODS = sns.color_palette("colorblind").as_hex()
MARKERS = "os^DvPX*<>"
WIDTH = 10  # inches, at most: 900 pixels in a notebook

mpl.rcdefaults()  # a matplotlibrc of the user's own is for their own figures
sns.set_theme(context="notebook", style="ticks", font_scale=0.9)
plt.rcParams |= {
    "axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "legend.frameon": False, "figure.constrained_layout.use": True,
    "figure.dpi": 90, "savefig.dpi": 150, "image.cmap": "gray_r", "image.interpolation": "nearest",
}  # fmt: skip


def titled(figure: Figure, title: str) -> Figure:
    """`figure` with a title over all of it, from the left edge, in as many lines as its width asks for."""
    lines = fill(title, int(9.3 * figure.get_figwidth()))
    figure.suptitle(lines, x=0.01, ha="left", weight="bold", fontsize=12)
    return figure


def panels(count: int, columns: int, height: float, **shared) -> tuple[Figure, list[Axes]]:
    """A figure of full width with `count` panels, `columns` side by side, each `height` inches high."""
    rows = max(1, -(-count // columns))
    size = (WIDTH, 0.7 + height * rows)
    figure, grid = plt.subplots(rows, min(columns, max(1, count)), figsize=size, squeeze=False, **shared)
    for axes in grid.flat[count:]:
        axes.set_axis_off()
    return figure, list(grid.flat[:count])


def legend_below(figure: Figure, columns: int = 4) -> None:
    """One legend below all panels, of each label once, in place of the panels' own."""
    handles = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
        if axes.get_legend():
            axes.get_legend().remove()
    columns = min(columns, len(handles))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=columns)


def percent(share: float, _: int | None = None) -> str:
    """A share as an axis shows it."""
    return f"{100 * share:.3g} %"


def save(figure: Figure, name: str) -> Image:
    """Write `figure` to build/figures/`name`.png and return that very image for the notebook to show."""
    path = paths.BUILD / "figures" / f"{checks.file_name(name)}.png"
    with paths.atomic_write(path) as part:
        figure.savefig(part)
    plt.close(figure)  # or the notebook would draw it once more
    panels = [axes.get_title(loc="left") for axes in figure.axes]
    words = figure.get_suptitle() or ", ".join(filter(None, panels)) or name.replace("_", " ")
    return Image(filename=path, width=figure.get_figwidth() * figure.dpi, alt=" ".join(words.split()))
