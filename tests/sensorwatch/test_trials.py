"""What signals are judged by, and what is judged: each against a loop, or against what was injected."""

import json

import numpy as np
import pandas as pd
import pytest

from sensorwatch import Monitor, baselines, trials
from sensorwatch.calibration import threshold_of
from sensorwatch.synthetic import A_DAY, KINDS, PERIOD, SIZES, machine, record, with_faults
from sensorwatch.windows import window_length
from vaepaper import paths

RANDOM = np.random.default_rng(0)


def test_events_and_faults_met_by_hand():
    flagged = np.zeros(100, bool)
    flagged[[3, 8, 20, 60]] = True
    assert [trials.events(*given) for given in ((flagged, 5), (flagged, 12), (~flagged[:0], 5))] == [3, 2, 0]
    faults = pd.DataFrame({"first": [4, 10, 21, 57, 90], "last": [6, 14, 30, 60, 95]})
    found = trials.met(flagged, faults, 5)
    assert found.met.tolist() == [True, False, False, True, False]  # 20 comes a window and a point after 14
    assert found.delay.dropna().tolist() == [4, 3]
    later = trials.met(flagged, faults, 5, lag=4)  # as if known at 7, 12, 24, 64
    assert later.met.tolist() == [True, True, True, True, False]
    assert later.delay.dropna().tolist() == [3, 2, 3, 7]


@pytest.mark.parametrize(("at", "hit"), [(499, False), (500, True), (611, True), (711, True), (712, False)])
def test_the_ucr_rule(at, hit):
    score = np.zeros(1000)
    score[at] = 1
    assert trials.hits(score, 600, 611) is hit


def test_scores_of_windows_become_scores_of_points_as_in_a_loop():
    values, total = RANDOM.normal(size=50), [[] for _ in range(50)]
    for start in range(50 - 7):
        for at in range(start, start + 8):
            total[at].append(values[start : start + 8].max())
    expected = [np.mean(x) for x in total]
    np.testing.assert_allclose(baselines.by_windows(lambda x: x.max(1), values, 8), expected, rtol=1e-6)


def test_the_nearest_window_is_what_a_loop_finds():
    normal, values = RANDOM.normal(size=60), RANDOM.normal(size=30)
    for normalised in (False, True):

        def prepared(x, normalised=normalised):
            return (x - x.mean()) / x.std() if normalised else x

        known = [prepared(normal[s : s + 8]) for s in range(53)]
        own = [min(np.linalg.norm(prepared(values[s : s + 8]) - k) for k in known) for s in range(23)]
        expected = [np.mean(own[max(0, at - 7) : at + 1]) for at in range(30)]
        found = baselines.nearest_window(normal, 8, normalised)(values)
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_plain_scores_by_hand():
    values = np.array([0.0, 2, 0, 2, 0, 9])
    np.testing.assert_allclose(baselines.largest_jump(values), [0, 2, 2, 2, 2, 9])
    deviation = baselines.local_deviation(values, 4)
    np.testing.assert_allclose(deviation[[3, 5]], [0, 8 / np.std([2, 0, 2, 0], ddof=1)])
    plane = baselines.principal_components(np.tile([0.0, 1, 2, 3], 20), 4, components=3)
    assert plane(np.tile([0.0, 1, 2, 3], 5)).max() < 1e-3 < plane(np.array([0.0, 1, 0, 1, 0, 1])).min()


def test_a_threshold_of_one_score_is_the_conformal_one_of_its_blocks():
    score = RANDOM.normal(size=8000)
    largest = np.sort(score.reshape(100, 80).max(1))  # blocks of eight windows of ten points
    share = 1 - np.exp(-0.1 * 0.8)  # 80 points of a hundredth of a day
    assert threshold_of(score, 10, 864, 0.1) == largest[int(np.ceil(101 * (1 - share))) - 1]


def test_the_machine_has_its_period_and_does_not_change():
    signal = machine(200, 1)
    assert window_length(signal.to_numpy())[0] == PERIOD
    assert signal.index[A_DAY] - signal.index[0] == pd.Timedelta("1D")
    first, second = np.split(signal.to_numpy(), 2)
    assert abs(first.mean() - second.mean()) < 0.1 and first.std() == pytest.approx(second.std(), rel=0.02)
    assert not machine(1, 2).equals(machine(1, 3)) and machine(1, 2).equals(machine(1, 2))


def test_each_fault_is_where_it_is_said_to_be():
    signal, faults = with_faults(1, 5)
    changed = np.flatnonzero(signal.to_numpy() != machine(len(signal) / A_DAY, 5).to_numpy())
    each = sorted(zip(faults["kind"], faults["size"], strict=True))
    assert each == sorted((kind, size) for kind in KINDS for size in SIZES)
    inside = np.concatenate([np.arange(row.first, row.last + 1) for row in faults.itertuples()])
    assert set(changed) <= set(inside) and {*faults["first"], *faults["last"]} <= set(changed)
    assert (faults["first"].to_numpy()[1:] - faults["last"].to_numpy()[:-1]).min() > A_DAY


def test_a_long_run_counts_what_the_monitor_would_say():
    monitor = Monitor(PERIOD, steps=100).fit(machine(10, 1))
    record = machine(60, 2)
    rows = pd.DataFrame(trials.long_run(monitor, record, 40 * A_DAY, 0.1, 40.0, pieces=2))
    calm, drifting = (rows[rows.case == case].set_index("piece") for case in ("as calibrated", "slow drift"))
    alarms = monitor.calibrate(record[: 40 * A_DAY]).alarms(record[40 * A_DAY :], 0.1)
    assert calm.rate[0] == len(alarms) / 20 and calm.rate_by_windows[0] <= calm.rate[0]
    # Once all of it lies above the line it is one long event.
    assert drifting.rate[2] == 0.1 and calm.day.tolist() == pytest.approx([20, 10, 20], abs=0.01)
    assert drifting.detected[0], "ten days are too few blocks, twenty are not"


def test_kinds_of_normal_signal():
    """A level that wanders forgets in ten days; a load by day is nothing by night and at weekends."""
    plain = machine(700, 1)
    assert record(700, 1).equals(plain)
    level = (record(700, 1, "wandering") - plain).to_numpy()
    later = np.corrcoef(level[:-2880], level[2880:])[0, 1]
    assert 0.7 < level.std() < 1.3 and later == pytest.approx(np.exp(-1), abs=0.25)
    load = (record(700, 1, "day and week") - plain).to_numpy().reshape(100, 7, 24, 12)
    assert load[:, :5, 12].min() > 3.8 and not load[:, :5, :6].any() and not load[:, 5:].any()
    with pytest.raises(ValueError, match="kind of signal is 'weak'; there are machine"):
        record(1, 0, "weak")


def test_the_document_holds_the_tables_of_all_seeds(monkeypatch):
    monkeypatch.syspath_prepend(paths.ROOT / "benchmarks")
    import signal_seeds

    runs = json.loads(signal_seeds.FOUND.read_text())["runs"]
    assert len(runs) == 12 and signal_seeds.tables(runs) in signal_seeds.DOCUMENT.read_text(encoding="utf-8")
