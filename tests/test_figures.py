"""Figures can be read where they are shown: 900 pixels wide at most, type of 9 points or more."""

import functools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.text import Text

from vaepaper import robustness
from vaepaper.experiment import INTERPRETATIONS
from vaepaper.gan import GenerativeAdversarialNetwork
from vaepaper.models import AutoEncoder, VariationalAutoEncoder
from vaepaper.plots import curves, diagrams, distributions, interpretations, latent_spaces, pictures, tables
from vaepaper.plots.cards import cards

random = np.random.default_rng(0)
IMAGES, LABELS = random.random((400, 784), np.float32), np.arange(400) % 10
KINDS = ["extra stroke", "missing stroke", "speckle", "blot", "fading", "blur"]
METHODS = [f"VAE: Σ |difference| (the {n}th)" for n in range(17)]
SPACES = {f"space {n}": random.normal(size=(400, 3)) for n in (1, 2)}
PLANES = {name: codes[:, :2] for name, codes in SPACES.items()}
SCORES = random.gamma(20, 2, (2, 400))
TENSORS = torch.from_numpy(IMAGES[:30]).view(3, 10, 784)
SPLITS = [list("abcd"), [0.1, 0.01, 0.001], range(9)]
SPLITS = pd.MultiIndex.from_product(SPLITS, names=["rule", "target", "split"])
SPLITS = pd.DataFrame({"achieved": random.random(len(SPLITS)), "caught": 0.5}, SPLITS).reset_index()
CAUGHT = pd.MultiIndex.from_product([KINDS, range(1, 6), METHODS], names=["kind", "severity", "method"])
CAUGHT = pd.DataFrame({"caught": random.random(len(CAUGHT))}, CAUGHT).reset_index()
BY_SIZE = pd.DataFrame(random.random((8, 9)), 2 ** np.arange(1, 9), ["VAE", "PCA", *KINDS, "mean"])
TABLE = robustness.read().query("seed < 2")  # quicker, and of each interpretation some
TURNED = functools.cache(lambda: robustness.turned(TABLE))
PERCENTILES = {"training": range(101), "unseen": range(101), "flagged": 2}
NAMES, NINES, SEEDS = [*INTERPRETATIONS], np.full(10, 99.0), TABLE.groupby("interpretation").seed.nunique()
SEEN = dict.fromkeys(NAMES[-4:], PERCENTILES)
LETTERS, BLUR = "abcdefghijklmnop", {"blur": -0.5}
BOX = np.array([[-1, -1], [1, 1]])
LOSSES = {"critic": {"one digit": SCORES, "all": SCORES[:1]}, "encoder": {"one digit": SCORES}}
CARDS = (METHODS[:10], *TENSORS[:2], np.full(10, 0.01), ["AE: standardised difference"] * 10)
CARDS = (*CARDS, TENSORS.transpose(0, 1), np.ones((10, 3), int))

FIGURES = {
    "Fig. 1": lambda: diagrams.autoencoder(AutoEncoder(16)),
    "Fig. 2": lambda: diagrams.variational_autoencoder(VariationalAutoEncoder(2)),
    "GAN": lambda: diagrams.adversarial_network(GenerativeAdversarialNetwork(16)),
    "rows": lambda: pictures.image_rows({"the first 1,000, as many steps: 30 flagged": IMAGES[:8]}, "rows"),
    "many columns": lambda: pictures.image_rows({"drawn by the GAN": IMAGES[:16]}, "rows", [*LETTERS]),
    "grid": lambda: pictures.decoded_grid({"AE": IMAGES.reshape(20, 20, 784)}, {"AE": BOX}, "grid"),
    "sheet": lambda: pictures.digit_sheet(IMAGES[:100], "Fig. 7", circles=[(99, 14, 14)], squares=[0, 99]),
    "Fig. 10": lambda: pictures.flagged_digits(IMAGES[:10], IMAGES[10:20], NINES, {100: 9, 60_000: 100}),
    "planes": lambda: latent_spaces.in_2d(PLANES, LABELS, "planes", closer=0.8),
    "spaces": lambda: latent_spaces.in_3d(SPACES, LABELS, "spaces"),
    "lines": lambda: curves.lines(dict.fromkeys(KINDS, BY_SIZE), "x", "t", boundaries=BLUR, bold="mean"),
    "losses": lambda: curves.losses(LOSSES, "losses"),
    "bars": lambda: distributions.difference_bars(*SCORES[:, :100], 99.0),
    "differences": lambda: distributions.difference_distributions(*SCORES, 99.0),
    "removed": lambda: distributions.fractions_removed(dict(enumerate(SCORES)), 0.5, "removed"),
    "rates": lambda: distributions.false_alarm_rates(SPLITS, "rates"),
    "confusions": lambda: tables.confusions({"2-D": np.eye(10) + 1, "3-D": np.eye(10) + 1}, "confusions"),
    "winners": lambda: tables.winners(CAUGHT, "winners", "caught"),
    "cards": lambda: cards(*CARDS),
    "map": lambda: interpretations.verdict_map(
        robustness.shares(TABLE), robustness.differs(TABLE), SEEDS, "map"),
    "strips": lambda: interpretations.strips(TABLE, TURNED(), "strips"),
    "Figs 9 and 10": lambda: interpretations.figs_9_and_10(robustness.differences(TABLE), NAMES[:9], "2"),
    "Fig. 9 again": lambda: interpretations.distributions(SEEN, "Fig. 9"),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_can_be_read_where_it_is_shown(name):
    figure = FIGURES[name]()
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    assert width * figure.dpi <= 900
    assert name == "cards" or sum(axes.axison for axes in figure.axes) <= 8
    assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 9
    if name not in ("planes", "spaces"):  # whose dots may lie outside of the axes
        box = figure.get_tightbbox()
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) > -0.03, box
    plt.close(figure)


def test_winners_are_means_over_severities_and_strips_show_what_some_run_turns():
    means = CAUGHT.groupby("method", sort=False).caught.mean()
    written = [text.get_text() for text in FIGURES["winners"]().axes[0].texts]
    assert len(written) == len(METHODS) * (len(KINDS) + 1)
    assert written[6::7] == [f"{100 * mean:.0f}" for mean in means]
    turned, drawn = TURNED(), FIGURES["strips"]().axes
    titles = [axes.get_title(loc="left") for axes in drawn if axes.axison]
    assert titles == sorted(f"{claim}: {name}" for claim, name in turned.index[:8])
    verdicts = robustness.judged(TABLE).groupby("claim").verdict.nunique()
    assert {claim for claim, _ in turned.index} >= set(verdicts[verdicts > 1].index)
    plt.close("all")
