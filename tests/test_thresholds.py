"""Thresholds keep their promise on exchangeable scores, and say what they cannot promise."""

import warnings

import numpy as np
import pytest
from scipy.stats import genpareto

from vaepaper.thresholds import RULES, Threshold

rule_by_rule = pytest.mark.parametrize("rule", RULES)


def achieved(rule, n, rate, draw, repeats=2000):
    """Mean share of one new score flagged, over fresh samples of n."""
    random = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shares = [
            (draw(random, 200) > Threshold(rule).fit(draw(random, n)).at(rate)).mean() for _ in range(repeats)
        ]
    return np.mean(shares), np.std(shares) / repeats**0.5


def normal(random, n):
    return random.standard_normal(n)


def heavy(random, n):
    return random.pareto(1.5, n)


@pytest.mark.parametrize("draw", [normal, heavy])
@pytest.mark.parametrize(("n", "rate"), [(19, 0.05), (99, 0.1), (57, 0.1), (9, 0.3)])
def test_conformal_flags_at_most_what_it_promises(draw, n, rate):
    """Exchangeability: exactly floor(rate (n + 1)) / (n + 1) of new scores lie above."""
    mean, error = achieved("conformal", n, rate, draw)
    assert abs(mean - np.floor(rate * (n + 1) + 1e-9) / (n + 1)) < 4 * error


@pytest.mark.parametrize(("n", "rate"), [(99, 0.01), (500, 0.1)])
def test_the_reports_rule_promises_one_in_n_plus_one(n, rate):
    mean, error = achieved("maximum", n, rate, normal)
    assert abs(mean - rate) < 4 * error


@pytest.mark.slow
def test_tail_reaches_beyond_the_sample():
    """From 2,000 exponential scores to a rate of 1 in 20,000, whose true threshold is known."""
    random = np.random.default_rng(1)
    with pytest.warns(UserWarning, match="needs 19,999 normal scores or more; there are 2,000"):
        found = [Threshold("tail").fit(random.exponential(size=2000)).at(1 / 20_000) for _ in range(100)]
    assert np.median(found) == pytest.approx(np.log(20_000), rel=0.05)


def test_tail_is_scipys_generalised_pareto():
    scores = np.random.default_rng(2).gamma(3, size=3000)
    rule, peak = Threshold("tail").fit(scores), np.quantile(scores, 0.9)
    shape, _, scale = genpareto.fit(scores[scores > peak] - peak, floc=0)
    assert (rule.at(0.01) - peak) == pytest.approx(genpareto.isf(0.1, shape, scale=scale), rel=1e-6)
    beyond = np.linspace(peak, peak + 20, 50)
    np.testing.assert_allclose(
        rule.p_value(beyond)[1:], 0.1 * genpareto.sf(beyond - peak, shape, 0, scale)[1:]
    )


@rule_by_rule
def test_a_score_is_flagged_where_its_p_value_says(rule):
    random = np.random.default_rng(3)
    fitted, scores = Threshold(rule).fit(random.standard_normal(1999)), random.standard_normal(5000) * 1.5
    p = fitted.p_value(scores)
    assert p.min() >= 0 and p.max() <= 1
    for rate in (0.2, 0.1, 0.02, 0.01, 0.001):
        np.testing.assert_array_equal(scores > fitted.at(rate), p <= rate + (1e-9 if rule != "tail" else 0))
    order = np.argsort(scores)
    assert (np.diff(p[order]) <= 0).all()


def test_conformal_p_value_by_counting():
    fitted = Threshold().fit([1.0, 2.0, 2.0, 5.0])
    np.testing.assert_allclose(fitted.p_value([0, 2, 3, 5, 6]), [1, 4 / 5, 2 / 5, 2 / 5, 1 / 5])


@rule_by_rule
def test_too_few_scores_for_a_rate_say_how_many_are_needed(rule):
    fitted = Threshold(rule).fit(np.random.default_rng(4).standard_normal(500))
    with pytest.warns(UserWarning, match=r"0\.001 needs 999 normal scores or more; there are 500"):
        fitted.at(0.001)
    assert np.isfinite(fitted.at(0.1))


@pytest.mark.parametrize("rule", ["maximum", "quantile", "conformal"])
def test_equal_scores_flag_only_what_is_larger(rule):
    fitted = Threshold(rule).fit(np.full(200, 3.0))
    assert fitted.at(0.1) == 3 and fitted.p_value([3.0])[0] == 1 and fitted.p_value([3.1])[0] <= 1 / 200


def test_tail_of_equal_or_few_scores_is_refused():
    for scores in (np.full(200, 3.0), np.arange(20.0)):
        with pytest.raises(ValueError, match="tail rule needs 10"):
            Threshold("tail").fit(scores)


@pytest.mark.parametrize("rate", [1e-3, 0.02, 0.3, 0.5, 0.9, 0.99, 1 - 1e-12])
def test_the_conformal_threshold_is_the_least_that_keeps_the_rate(rate):
    scores = np.random.default_rng(0).normal(size=50)
    rule = Threshold("conformal").fit(scores)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = rule.at(rate)
    ranks = [rank for rank in range(1, 51) if 51 - rank <= rate * 51 + 1e-9]  # share of 51 places above it
    assert found == (np.sort(scores)[ranks[0] - 1] if ranks else np.inf)
