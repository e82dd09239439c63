"""The joint alarm against brute force, and its promise on scores of which the truth is known."""

import warnings

import numpy as np
import pytest

from vaepaper.thresholds import JointAlarm, Threshold


def named(table):
    return {f"score {k}": column for k, column in enumerate(np.transpose(table))}


def by_definition(normal, new):
    """Joint p-value of one row, the long way: all n + 1 rows ranked together, sorted ranks compared as
    Python lists.
    """
    rows = np.vstack([normal, new])
    strangeness = [sorted(int((rows[:, k] >= row[k]).sum()) for k in range(rows.shape[1])) for row in rows]
    return sum(each <= strangeness[-1] for each in strangeness) / len(rows)


def correlated(random, m, scores):
    return random.standard_normal((m, scores)) + random.standard_normal((m, 1))


@pytest.mark.parametrize("n, scores", [(1, 1), (1, 3), (7, 2), (40, 5), (300, 3)])
def test_it_is_the_definition(n, scores):
    random = np.random.default_rng(n)
    normal, new = correlated(random, n, scores), 1.5 * correlated(random, 60, scores)
    found = JointAlarm().fit(named(normal)).p_value(named(new))
    np.testing.assert_allclose(found, [by_definition(normal, row) for row in new])


def test_equal_scores_err_on_the_quiet_side_and_by_little():
    random, larger = np.random.default_rng(0), []
    for levels in (2, 5, 20, 100):
        normal, new = random.integers(0, levels, (60, 3)), random.integers(0, levels + 1, (100, 3))
        found = JointAlarm().fit(named(normal)).p_value(named(new))
        larger += [(found - [by_definition(normal, row) for row in new])]
    assert min(map(min, larger)) > -1e-12 and np.mean(larger[-1]) < 0.01


@pytest.mark.parametrize("scores", [1, 4, 10])
def test_the_promise_is_exact_where_every_row_can_be_the_new_one(scores):
    """Each of n + 1 rows in turn against the others: p ≤ rate for no more than rate (n + 1) of them, or as
    many.
    """
    rows = correlated(np.random.default_rng(1), 100, scores)
    p = [
        JointAlarm().fit(named(np.delete(rows, i, 0))).p_value(named(rows[[i]]))[0] for i in range(len(rows))
    ]
    np.testing.assert_allclose(np.sort(p), np.arange(1, 101) / 100, atol=0.0101)
    assert all((np.array(p) <= rate + 1e-9).mean() <= rate + 1e-9 for rate in np.arange(1, 101) / 100)


@pytest.mark.parametrize("n, rate", [(99, 0.1), (250, 0.01), (999, 0.001)])
def test_independent_scores_keep_the_promised_rate(n, rate):
    random, repeats, m = np.random.default_rng(2), 200, 1_000
    shares = []
    for _ in range(repeats):
        alarm = JointAlarm().fit(named(random.random((n, 6))))
        shares.append(alarm.flagged(named(random.random((m, 6))), rate).mean())
    error = np.std(shares) / repeats**0.5
    assert abs(np.mean(shares) - np.floor(rate * (n + 1) + 1e-9) / (n + 1)) < 4 * error


def test_scores_that_say_the_same_cost_nothing():
    random = np.random.default_rng(3)
    normal, new = random.standard_normal(500), random.standard_normal(1_000) + 1
    joint = JointAlarm().fit(named(np.stack([normal, 3 * normal, np.exp(normal)], 1)))
    found = joint.p_value(named(np.stack([new, 3 * new, np.exp(new)], 1)))
    np.testing.assert_allclose(found, Threshold().fit(normal).p_value(new))


def test_one_informative_among_useless_ones_costs_bonferronis_factor_at_most():
    random = np.random.default_rng(4)
    normal, new = random.standard_normal((5_000, 11)), random.standard_normal((2_000, 11))
    new[:, 0] += 5
    joint = JointAlarm().fit(named(normal))
    alone = Threshold().fit(normal[:, 0])
    smallest = np.min([Threshold().fit(normal[:, k]).p_value(new[:, k]) for k in range(11)], axis=0)
    p = joint.p_value(named(new))
    assert (p >= smallest - 1e-12).all() and (p <= 11 * smallest + 1e-12).all()
    power, bonferroni = (p <= 0.01).mean(), (new[:, 0] > alone.at(0.01 / 11)).mean()
    assert bonferroni - 0.01 < power < (new[:, 0] > alone.at(0.01)).mean()


def test_order_of_rows_and_company_do_not_matter():
    random = np.random.default_rng(5)
    normal, new = correlated(random, 200, 4), correlated(random, 70_000, 4)  # more than one part
    p, order = JointAlarm().fit(named(normal)).p_value(named(new)), random.permutation(200)
    np.testing.assert_array_equal(p, JointAlarm().fit(named(normal[order])).p_value(named(new)))
    alone = [JointAlarm().fit(named(normal)).p_value(named(new[[i]]))[0] for i in (0, 65_535, 65_536, 69_999)]
    np.testing.assert_array_equal(p[[0, 65_535, 65_536, 69_999]], alone)
    backwards = dict(reversed(named(normal).items()))
    np.testing.assert_array_equal(p, JointAlarm().fit(backwards).p_value(named(new)))


def test_a_larger_score_is_never_less_strange():
    random = np.random.default_rng(6)
    for levels in (4, 10_000):
        alarm, row = (
            JointAlarm().fit(named(random.integers(0, levels, (50, 3)))),
            random.integers(0, levels, 3),
        )
        rows = np.tile(row, (levels + 1, 1))
        rows[:, 1] = np.arange(levels + 1)
        assert (np.diff(alarm.p_value(named(rows))) <= 1e-12).all()


def test_a_constant_score_is_silent_until_it_moves():
    random = np.random.default_rng(7)
    normal, new = random.standard_normal(300), random.standard_normal(100)
    alarm = JointAlarm().fit({"of use": normal, "constant": np.full(300, 2.0)})
    same = alarm.p_value({"of use": new, "constant": np.full(100, 2.0)})
    np.testing.assert_allclose(same, Threshold().fit(normal).p_value(new))
    assert (alarm.p_value({"of use": new, "constant": np.full(100, 2.1)}) <= 2 / 301).all()
    assert alarm.p_value({"of use": [normal.min() - 1], "constant": [1.0]}) == 1
    both = JointAlarm().fit({"a": np.zeros(50), "b": np.ones(50)})
    assert both.p_value({"a": [0.0], "b": [1.0]}) == 1 and both.p_value({"a": [0.1], "b": [1.0]}) == 1 / 51


def test_who_spoke_and_how_loud():
    random = np.random.default_rng(8)
    normal, new = random.standard_normal((400, 3)), random.standard_normal((300, 3)) + 1
    names, own = JointAlarm().fit(named(normal)).triggered_by(named(new))
    each = {name: Threshold().fit(normal[:, k]).p_value(new[:, k]) for k, name in enumerate(named(normal))}
    np.testing.assert_allclose(own, np.min([*each.values()], axis=0))
    np.testing.assert_allclose(own, [each[name][i] for i, name in enumerate(names)])


@pytest.mark.parametrize("levels", [30, 10**9])
@pytest.mark.parametrize("rate", [0.3, 0.1, 0.01])
def test_above_any_threshold_is_flagged_and_far_below_all_is_not(levels, rate):
    random = np.random.default_rng(12)
    normal, new = random.integers(0, levels, (500, 4)), random.integers(0, levels, (5_000, 4)) * 1.02
    alarm = JointAlarm().fit(named(normal))
    above = np.any([new[:, k] > at for k, at in enumerate(alarm.at(rate).values())], axis=0)
    flagged, loudest = alarm.flagged(named(new), rate), alarm.triggered_by(named(new))[1]
    assert flagged[above].all()
    assert (flagged & ~above).sum() <= np.sum(loudest == min(loudest[~above]))  # only those of the next rank
    if levels > 10**6:
        assert loudest[above].max() < min(loudest[~above])


def test_too_few_rows_for_a_rate_are_said_and_flag_nothing():
    alarm = JointAlarm().fit(named(np.random.default_rng(9).random((50, 2))))
    with pytest.warns(UserWarning, match=r"0\.01 needs 99 normal scores or more; there are 50"):
        assert not alarm.flagged(named(np.full((5, 2), 9.0)), 0.01).any()
    with pytest.warns(UserWarning, match="needs 99"):
        assert set(alarm.at(0.01).values()) == {np.inf}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert alarm.flagged(named(np.full((5, 2), 9.0)), 0.1).all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        alarm.flagged(named(np.zeros((5, 2))), 1)


def test_the_extreme_is_resolved_finer_than_by_the_number_of_scores():
    """999 rows, ten scores: the rate of one in a thousand can still be flagged, by what is strange to two
    scores.
    """
    alarm = JointAlarm().fit(named(np.random.default_rng(10).random((999, 10))))
    assert alarm.flagged(named([[9.0, 9.0] + [0.5] * 8]), 0.001).all()


def test_arrays_bring_it_back(tmp_path):
    random = np.random.default_rng(11)
    alarm = JointAlarm().fit({"AE: Σ |difference|": random.random(50), "ink / area": random.random(50)})
    np.savez(tmp_path / "alarm.npz", **alarm.normal)
    with np.load(tmp_path / "alarm.npz") as arrays:
        back = JointAlarm().fit(arrays)
    new = {name: random.random(20) for name in alarm.names}
    np.testing.assert_array_equal(alarm.p_value(new), back.p_value(new))
    assert list(back.names) == list(alarm.names)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({}, "missing: 'a', missing: 'b'; expected 'a', 'b'"),
        ({"a": [1.0]}, "missing: 'b'; expected 'a', 'b'"),
        ({"a": [1.0], "b": [1.0], "c": [1.0]}, "unknown: 'c'; expected 'a', 'b'"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "unequal lengths: 2 of 'a', 1 of 'b'"),
        ({"a": [1.0, np.nan], "b": [1.0, 2.0]}, r"scores of 'a'\[1\] is nan"),
        ({"a": [], "b": []}, "scores of 'a' have shape"),
        ({"a": [1.0], "b": [[1.0]]}, "scores of 'b' have shape"),
    ],
)
def test_bad_scores_are_named(scores, message):
    alarm = JointAlarm().fit({"a": [0.0, 1.0], "b": [0.0, 1.0]})
    for use in (alarm.p_value, alarm.triggered_by):
        with pytest.raises(ValueError, match=message):
            use(scores)


def test_what_it_cannot_learn_from_is_named():
    with pytest.raises(ValueError, match="no scores"):
        JointAlarm().fit({})
    with pytest.raises(ValueError, match="unequal lengths: 3 of 'a', 2 of 'b'"):
        JointAlarm().fit({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0]})
    alarm = JointAlarm()
    with pytest.raises(ValueError, match=r"scores of 'b'\[1\] is inf"):
        alarm.fit({"a": [1.0, 2.0], "b": [1.0, np.inf]})
    row = {"a": [1.0], "b": [1.0]}
    for use in (
        alarm.p_value,
        alarm.triggered_by,
        lambda row: alarm.flagged(row, 0.1),
        lambda _: alarm.at(0.1),
    ):
        with pytest.raises(ValueError, match="learned nothing yet"):
            use(row)
