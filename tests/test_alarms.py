"""The joint alarm against brute force, and its rate on scores of which the truth is known."""

import numpy as np
import pytest

from vaepaper import thresholds
from vaepaper.thresholds import JointAlarm, Threshold


def named(table):
    return {f"score {k}": column for k, column in enumerate(np.transpose(table))}


def by_definition(normal, new):
    """Joint p-value of one row, the long way: all n + 1 rows ranked together, ranks compared as lists."""
    rows = np.vstack([normal, new])
    ranks = [sorted(int((rows[:, k] >= row[k]).sum()) for k in range(rows.shape[1])) for row in rows]
    return sum(each <= ranks[-1] for each in ranks) / len(rows)


def correlated(random, m, scores):
    return random.standard_normal((m, scores)) + random.standard_normal((m, 1))


@pytest.mark.parametrize("n, scores", [(1, 1), (1, 3), (7, 2), (40, 5), (300, 3)])
def test_it_is_the_definition_in_batches_of_any_size(monkeypatch, n, scores):
    monkeypatch.setattr(thresholds, "BATCH", 7)
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
def test_the_rate_is_exact_where_every_row_can_be_the_new_one(scores):
    """Each of n + 1 rows in turn against the others: p ≤ rate for no more than rate (n + 1) of them."""
    rows = correlated(np.random.default_rng(1), 100, scores)
    alarms = [JointAlarm().fit(named(np.delete(rows, i, 0))) for i in range(100)]
    p = np.array([alarm.p_value(named(rows[[i]]))[0] for i, alarm in enumerate(alarms)])
    np.testing.assert_allclose(np.sort(p), np.arange(1, 101) / 100, atol=0.0101)
    assert all((p <= rate + 1e-9).mean() <= rate + 1e-9 for rate in np.arange(1, 101) / 100)


@pytest.mark.parametrize("n, rate", [(99, 0.1), (250, 0.01), (999, 0.001)])
def test_independent_scores_keep_the_target_rate(n, rate):
    random, repeats, m = np.random.default_rng(2), 200, 1_000
    shares = []
    for _ in range(repeats):
        alarm = JointAlarm().fit(named(random.random((n, 6))))
        shares.append(alarm.flagged(named(random.random((m, 6))), rate).mean())
    error = np.std(shares) / repeats**0.5
    assert abs(np.mean(shares) - np.floor(rate * (n + 1) + 1e-9) / (n + 1)) < 4 * error


def test_scores_that_say_the_same_cost_nothing_and_a_constant_one_is_silent_until_it_moves():
    random = np.random.default_rng(3)
    normal, new = random.standard_normal(500), random.standard_normal(1_000) + 1
    alone, constant = Threshold().fit(normal).p_value(new), np.full(1_000, 2.0)
    joint = JointAlarm().fit({"one": normal, "same": np.exp(normal), "constant": constant[:500]})
    expected = joint.p_value({"one": new, "same": np.exp(new), "constant": constant})
    np.testing.assert_allclose(expected, alone)
    moved = joint.p_value({"one": new, "same": np.exp(new), "constant": constant + 0.1})
    assert (moved <= 2 / 501).all()


def test_each_row_is_triggered_by_its_most_anomalous_score():
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
    assert alarm.flagged(named(np.full((5, 2), 9.0)), 0.1).all()


def test_arrays_bring_it_back(tmp_path):
    random = np.random.default_rng(11)
    alarm = JointAlarm().fit({"AE: Σ |difference|": random.random(50), "ink / area": random.random(50)})
    np.savez(tmp_path / "alarm.npz", **alarm.normal)
    with np.load(tmp_path / "alarm.npz") as arrays:
        back = JointAlarm().fit(arrays)
    new = {name: random.random(20) for name in alarm.names[::-1]}
    np.testing.assert_array_equal(alarm.p_value(new), back.p_value(new))


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({}, "missing: 'a', missing: 'b'; expected 'a', 'b'"),
        ({"a": [1.0], "b": [1.0], "c": [1.0]}, "unknown: 'c'; expected 'a', 'b'"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "unequal lengths: 2 of 'a', 1 of 'b'"),
        ({"a": [1.0, np.nan], "b": [1.0, 2.0]}, r"scores of 'a'\[1\] is nan"),
        ({"a": [1.0], "b": [[1.0]]}, "scores of 'b' have shape"),
    ],
)
def test_bad_scores_are_named(scores, message):
    alarm = JointAlarm().fit({"a": [0.0, 1.0], "b": [0.0, 1.0]})
    for use in (alarm.p_value, alarm.triggered_by, lambda scores: alarm.flagged(scores, 0.5)):
        with pytest.raises(ValueError, match=message):
            use(scores)


def test_what_it_cannot_learn_from_is_named():
    with pytest.raises(ValueError, match="no scores"):
        JointAlarm().fit({})
    alarm, row = JointAlarm(), {"a": [1.0], "b": [1.0]}
    with pytest.raises(ValueError, match=r"scores of 'b'\[1\] is inf"):
        alarm.fit({"a": [1.0, 2.0], "b": [1.0, np.inf]})
    for use in (alarm.p_value, alarm.triggered_by):
        with pytest.raises(ValueError, match="learned nothing yet"):
            use(row)
    for use in (lambda: alarm.flagged(row, 0.1), lambda: alarm.at(0.1)):
        with pytest.raises(ValueError, match="learned nothing yet"):
            use()
