"""Latent spaces that turn under the mouse, for pages without a network."""

import sys
from pathlib import Path

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from vaepaper import cache, paths
from vaepaper.data import mnist
from vaepaper.metrics import codes_of
from vaepaper.plots import style


def turnable(target: Path) -> str:
    """Fig. 4 and Fig. 6 as scenes that turn under the mouse; "" before the networks are trained.

    Leaves the script that draws them, from Plotly's own package, beside the pages.
    """
    weights_of = {name: paths.BUILD / "models" / f"{name}.safetensors" for name in ("ae_3d", "vae_3d")}
    if not all(path.exists() for path in weights_of.values()):
        return ""
    images, labels = (part[:3000] for part in mnist("test"))
    scenes = []
    for name, path in weights_of.items():
        try:
            codes, figure = codes_of(cache.load(path), images), go.Figure()
        except ValueError as error:
            print(f"without scenes to turn: {error}", file=sys.stderr)
            return ""
        for digit in range(10):
            x, y, z = codes[labels.numpy() == digit].T.round(3)
            dots = {"size": 2.2, "color": style.DIGITS[digit]}
            look = {"mode": "markers", "name": str(digit), "marker": dots, "hoverinfo": "name"}
            figure.add_scatter3d(x=x, y=y, z=z, **look)
        heading = "Fig. 4: auto-encoder" if name == "ae_3d" else "Fig. 6: variational auto-encoder"
        axes = {f"{axis}axis": {"title": {"text": f"latent {n}"}} for n, axis in enumerate("xyz", 1)}
        axes["camera"] = {"eye": {"x": 1.6, "y": 1.6, "z": 1.0}}  # all of the box within the page
        margin = {"l": 0, "r": 0, "b": 0, "t": 40}
        figure.update_layout(title=heading, scene=axes, margin=margin, legend_itemsizing="constant")
        options = {"displaylogo": False, "responsive": True}
        alone = {"full_html": False, "include_plotlyjs": False}
        scenes.append(figure.to_html(**alone, config=options, default_height="30rem"))
    with paths.atomic_write(target / "plotly.js") as part:
        part.write_text(get_plotlyjs(), encoding="utf-8")
    turning = [f'<div class="turn">{scene}</div>' for scene in scenes]
    return "".join(['<script src="plotly.js"></script>', *turning])
