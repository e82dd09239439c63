"""What claims C1 to C9 measure, against numbers worked out by hand."""

import numpy as np
import pytest
import torch
from scipy import stats

from vaepaper import claims, experiment, metrics, robustness
from vaepaper.cache import complete
from vaepaper.experiment import INTERPRETATIONS, Settings
from vaepaper.models import DigitReader, VariationalAutoEncoder
from vaepaper.thresholds import largest_as_threshold


def values(measured):
    return list(measured.values())


def verdict_of(claim, measured):
    return claims.judge(claim, measured)["verdict"]


def test_c1_to_c6_on_numbers_made_up():
    legible = {4: 0.1, 16: 0.5, 24: 0.8, 32: 0.89, 64: 0.95}
    assert values(experiment.c1(legible)) == [0.89, 0.95]
    assert values(experiment.c2(legible, {16: 0.25, 32: 0.75})) == [0.1, 0.5, 0.5]
    assert values(experiment.c3({2: 0.71, 3: 0.79}, np.array([2.0, 1.0, 7.0]))) == [0.71, 0.79, 7.0]
    assert values(experiment.c4({("AE", 2): 6, ("VAE", 2): 2, ("AE", 3): 1, ("VAE", 3): 1})) == [3, 1]
    unvisited = {("AE", 2): 0.5, ("AE", 3): 0.4, ("VAE", 2): 0.25, ("VAE", 3): 0.4}
    change = {("AE", 2): 10.0, ("AE", 3): 8.0, ("VAE", 2): 8.0, ("VAE", 3): 2.0}
    assert values(experiment.c5(unvisited, change)) == [0.5, 1.0, 0.8, 0.25]
    removed = {"a": np.array([0.1, np.nan, 0.7, 0.4])}  # NaN: a defect that changed nothing
    assert values(experiment.c6(removed)) == pytest.approx([0.4])


def test_a_digit_is_not_restored_if_it_was_read_right_and_is_no_longer():
    reader = DigitReader(hidden=(), inputs=10)  # reads the place of the brightest pixel
    reader.load_state_dict({"layers.0.weight": torch.eye(10), "layers.0.bias": torch.zeros(10)})
    images, outputs = torch.eye(10)[[0, 0, 1, 2]], torch.eye(10)[[0, 1, 1, 0]]
    lost = metrics.not_restored(reader, images, outputs, torch.tensor([0, 0, 2, 2]))
    assert lost.tolist() == [False, True, False, True]  # the third was read wrong before
    assert values(experiment.c7(lost)) == [0.5, 0.5]


def test_welch_and_cohen_by_their_formulas():
    training, unseen = np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 8])
    a, b = training.var(ddof=1) / 4, unseen.var(ddof=1) / 3
    freedom = (a + b) ** 2 / (a**2 / 3 + b**2 / 2)
    p = stats.t.sf((5 - 2.5) / np.sqrt(a + b), freedom)
    d = 2.5 / np.sqrt((training.var(ddof=1) + unseen.var(ddof=1)) / 2)
    assert values(experiment.c8(training, unseen)) == pytest.approx([p, d])


def test_a_difference_that_may_be_chance_is_none():
    grid = stats.norm.ppf((np.arange(40_000) + 0.5) / 40_000)  # evenly drawn: no luck in it
    for shift, verdict in {0: "not reproduced", 0.05: "partly", 0.3: "reproduced"}.items():
        assert verdict_of("C8", experiment.c8(grid, grid + shift)) == verdict


def test_the_largest_of_the_first_n_by_brute_force():
    random = np.random.default_rng(3)
    training, unseen = random.normal(size=5_000), random.normal(size=700)
    rule = largest_as_threshold(training, unseen)
    assert list(rule.index) == [100, 1_000, 5_000]
    for n, row in rule.iterrows():
        assert row.flagged == sum(score > max(training[:n]) for score in unseen)
        assert row["expected by chance"] == pytest.approx(700 / (n + 1))
    chance = rule["95 % of chance is up to"].iloc[-1]
    assert values(experiment.c9(rule)) == [rule.flagged.iloc[-1] - chance, rule.flagged.max()]


def test_more_than_chance_explains_is_needed_with_all_of_them():
    """Of 500 exchangeable scores, in 91 % of cases none exceeds the largest of 5,000 others, in 99 % one."""
    for flagged, verdict in enumerate(("not reproduced", "partly", "reproduced")):
        unseen = np.r_[np.full(flagged, 2.0), np.full(500 - flagged, 0.5)]
        rule = largest_as_threshold(np.linspace(0.9, 1.0, 5_000), unseen)
        assert verdict_of("C9", experiment.c9(rule)) == verdict


def test_every_interpretation_changes_what_it_says_and_can_be_trained():
    for name in INTERPRETATIONS:
        asked = experiment.claims_of(name)
        found = experiment.networks(experiment.settings_of(name, 3), asked)
        wanted = {"sweep": "C1", "AE": "C4", "VAE": "C9"}
        assert {key[0] for key in found} == {network for network, claim in wanted.items() if claim in asked}
        for (_, latent), network in found.items():
            trained = complete(network)
            assert trained["sizes"]["latent"] == latent and trained["fit"]["seed"] == 3
    every = [(experiment.settings_of(name), experiment.claims_of(name)) for name in INTERPRETATIONS]
    networks = {str(experiment.networks(*one)) for one in every}
    # The default's networks with other digits or another score: first-…, binary, sampled code, squared.
    assert len(networks) >= len(INTERPRETATIONS) - 6


def test_the_default_trains_what_the_chapters_train():
    """Chapter by chapter: the very settings that it hands to `train_all`."""
    from tools import chapters

    report = chapters.select(["01", "02", "03", "04"])
    asked = [complete(training) for chapter in report for training in chapters.trainings(chapter, {})]
    for network in experiment.networks(Settings(), experiment.claims_of("default")).values():
        assert complete(network) in asked


def test_sampled_codes_scatter_around_the_mean_by_the_networks_own_deviation(digits):
    torch.manual_seed(0)
    vae = robustness.SampledCode(2)
    posterior = VariationalAutoEncoder.posterior(vae, digits[0][:1])
    codes = vae.encode(digits[0][:1].expand(20_000, -1))
    assert torch.allclose(codes.mean(0), posterior.mean[0], atol=0.05)
    assert torch.allclose(codes.std(0), posterior.stddev[0], rtol=0.05)
