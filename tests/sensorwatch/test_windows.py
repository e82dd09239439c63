"""Gaps, scaling, the length that a signal suggests; injected faults."""

import numpy as np
import pandas as pd
import pytest

from sensorwatch import windows
from sensorwatch.synthetic import KINDS, SIZES, inject
from sensorwatch.windows import Scaling, autocorrelation, gaps, window_length

TIME = np.arange(6000)


def test_gaps_agree_with_brute_force():
    random = np.random.default_rng(1)
    index = pd.date_range("2026-01-01", periods=320, freq="min")[random.random(320) > 0.01]
    steps = np.diff(index.as_unit("s").asi8)
    assert (steps > 60).any() and list(np.flatnonzero(gaps(index))) == list(np.flatnonzero(steps > 60) + 1)


def test_an_irregular_signal_is_not_all_gaps():
    """Exponential waits, as of cars over a road sensor: one in a thousand is a gap at most, a day is one."""
    waits = np.random.default_rng(2).exponential(300, 5000)
    waits[2500] = 86400
    index = pd.Timestamp("2026-01-01") + pd.to_timedelta(waits.cumsum(), unit="s")
    found = gaps(pd.DatetimeIndex(index))
    assert found[2500] and found.sum() <= 6
    assert not gaps(pd.RangeIndex(100)).any()


def test_scaling_learns_from_training_alone():
    training = np.array([3.0, np.nan, 1.0, 5.0])
    scaling = Scaling(training)
    assert (scaling.low, scaling.high) == (0, 6)
    new = np.array([-1.0, 0.0, 3.0, 6.0, 6.1, np.nan])
    assert np.array_equal(scaling(new), np.float32([0, 0, 0.5, 1, 1, np.nan]), equal_nan=True)
    np.testing.assert_allclose(scaling.from_middle(new), [2, 1.5, 0, 1.5, 1.55, np.nan])
    np.testing.assert_allclose(scaling.back(scaling(training)), training, rtol=1e-6)
    with pytest.raises(ValueError, match="no value at all"):
        Scaling(np.full(9, np.nan))


def test_of_a_constant_the_smallest_change_lies_beyond_the_range():
    scaling = Scaling(np.full(9, 2.5))
    assert np.allclose(scaling(np.array([2.5, 2.4, 2.6])), [0.5, 0, 1])
    assert scaling.from_middle(np.array([2.5, 2.5001])).tolist() == pytest.approx([0, 40], rel=1e-6)


@pytest.mark.parametrize(("away", "far"), [(65_000, True), (-9_999, True), (140, True), (110, False)])
def test_a_value_far_from_all_others_is_found(away, far):
    values = np.append(np.random.default_rng(0).uniform(0, 20, 999), np.nan)
    values[[7, 500]] = 0, 20
    values[300] = away  # beyond 20 + 5 × 20, or not
    assert np.flatnonzero(windows.far_values(values)).tolist() == ([300] if far else [])
    pump = np.arange(1000) % 50 == 0  # that runs at times
    assert not windows.far_values(pump.astype(float)).any()


def test_a_window_is_no_longer_than_gaps_leave_room_for():
    values = np.ones(1000)
    values[::50] = np.nan  # 20 runs of 49 points: of 48 points there are 40 windows, of 47 there are 60
    assert windows.longest_window(values, 100) == 47 and windows.longest_window(values, 24) == 24
    assert windows.longest_window(np.full(9, np.nan), 20) == 4


def test_autocorrelation_agrees_with_brute_force():
    values = np.random.default_rng(3).normal(size=200).cumsum()
    values[[5, 77, 78]] = np.nan
    found, centred = autocorrelation(values, 30), values - np.nanmean(values)
    expected = []
    for k in range(31):
        x, y = centred[: 200 - k], centred[k:]
        both = np.isfinite(x * y)
        expected.append((x[both] * y[both]).sum() / np.sqrt((x[both] ** 2).sum() * (y[both] ** 2).sum()))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


NOISE = np.random.default_rng(4).normal(size=len(TIME))
WEEK = (TIME // 24) % 7 < 5
LENGTHS = {
    "a day of 5 minutes": (np.sin(2 * np.pi * TIME / 288) + 0.3 * NOISE, range(285, 292)),
    "days in a week": (np.sin(2 * np.pi * TIME / 24) * (1 + 0.5 * WEEK) + 0.1 * NOISE, [48]),
    "pulses": ((TIME % 183 < 30) + 0.05 * NOISE, [183]),
    "short": (np.sin(2 * np.pi * TIME / 7), [35]),
    "on a trend": (TIME / 100 + np.sin(2 * np.pi * TIME / 100), [100]),
    "missing values": (np.where(NOISE > 1, np.nan, np.sin(2 * np.pi * TIME / 50)), [50]),
    "noise": (NOISE, [64]),
    "a random walk": (NOISE.cumsum(), [64]),
    "constant": (np.full(6000, 3.3), [64]),
    "nothing": (np.full(6000, np.nan), [64]),
    "few points": (NOISE[:30], [4]),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_the_signal_suggests_a_length(name):
    values, expected = LENGTHS[name]
    length, reason = window_length(values)
    assert length in expected, reason
    assert reason.startswith(f"{length} points: ")


def test_a_length_has_its_limit():
    values = np.sin(2 * np.pi * TIME / 288)
    assert window_length(values, 300)[0] == 288
    assert window_length(values, 200) == (64, window_length(values, 200)[1])
    assert window_length(values, 20)[0] == 20


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_injected_fault_is_where_its_mask_says(kind, size):
    clean = np.sin(2 * np.pi * TIME / 60) + 0.1 * NOISE
    clean[100:200] = np.nan
    damaged, mask = inject(kind, clean, size, seed=5, period=60)
    again, _ = inject(kind, clean, size, seed=5, period=60)
    assert np.array_equal(damaged, again, equal_nan=True) and np.isnan(damaged).sum() == 100
    assert np.array_equal(damaged != clean, mask | np.isnan(clean)) and 0 < mask.sum() <= 6 * 60
    where = np.flatnonzero(mask)
    assert where[-1] - where[0] < 6 * 60
    placed, there = inject(kind, clean, size, seed=5, period=60, at=1000)
    assert not there[:1000].any() and there[1000:1360].any() and placed is not clean


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"stuck value"}))
def test_larger_faults_change_more(kind):
    clean = np.sin(2 * np.pi * TIME / 60) + 0.1 * NOISE
    changes = []
    for size in SIZES:
        damaged, mask = inject(kind, clean, size, seed=6, period=60, at=600)
        changes.append(np.abs(damaged - clean)[mask].sum())
    assert changes == sorted(changes)


def test_faults_have_the_form_of_their_names():
    clean = np.sin(2 * np.pi * TIME / 60) + 0.1 * NOISE

    def injected(kind, size=3):
        damaged, mask = inject(kind, clean, size, seed=7, period=60, at=600)
        return damaged[mask], clean[mask]

    assert len(injected("spike")[0]) == 1 and len(set(injected("stuck value")[0])) == 1
    after, before = injected("offset")
    assert np.ptp(after - before) < 1e-9 and abs((after - before)[0]) == pytest.approx(clean.std())
    after, before = injected("lost gain")
    assert after.std() == pytest.approx(0.55 * before.std()) and after.mean() == pytest.approx(before.mean())
    after, before = injected("drift")
    assert np.ptp(np.diff(after - before)) < 1e-9
    assert abs(after - before)[-1] == pytest.approx(1.5 * clean.std())
    after, before = injected("noise", 5)
    assert (after - before).std() == pytest.approx(0.8 * clean.std(), rel=0.2)
    assert np.ptp(np.diff(injected("missing cycle", 5)[0], 2)) < 1e-9
    doubled = inject("doubled cycle", np.sin(2 * np.pi * TIME / 60), 5, period=60, at=600)[0][600:660]
    assert np.abs(doubled[:30] - doubled[30:]).max() < 1e-9


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "spikes"}, "did you mean 'spike'"),
        ({"size": 6}, "size is 6"),
        ({"period": 1}, "period is 1"),
        ({"at": 6000}, "at is 6000"),
        ({"at": 90}, "values are missing in the 60 points from 90"),
        ({"period": 6000}, "no such place"),
    ],
)
def test_a_fault_that_cannot_be_injected_is_refused(wrong, said):
    clean = np.sin(2 * np.pi * TIME / 60)
    clean[100:200] = np.nan
    with pytest.raises(ValueError, match=said):
        inject(**{"kind": "stuck value", "values": clean, "period": 60} | wrong)
