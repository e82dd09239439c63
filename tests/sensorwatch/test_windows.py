"""Windows against brute force, gaps by hand, scaling, the length that a signal suggests, planted faults."""

import numpy as np
import pandas as pd
import pytest

from sensorwatch import _signals as signals
from sensorwatch.faults import KINDS, SIZES

TIME = np.arange(6000)


def test_windows_are_views_and_agree_with_brute_force():
    values = np.random.default_rng(0).normal(size=500)
    for length, stride in ((1, 1), (7, 1), (64, 5), (500, 3)):
        cut = signals.windows(values, length, stride)
        assert np.array_equal(cut, [values[k : k + length] for k in range(0, 500 - length + 1, stride)])
        assert np.shares_memory(cut, values) and not cut.flags.writeable


def test_a_signal_shorter_than_a_window_is_refused():
    with pytest.raises(ValueError, match=r"a window needs 64 points; the signal has shape \(63,\)"):
        signals.windows(np.zeros(63), 64)
    assert not len(signals.whole_windows(pd.Series(np.zeros(63)), 64))


@pytest.mark.parametrize("stride", [1, 3])
def test_whole_windows_agree_with_brute_force(stride):
    random = np.random.default_rng(1)
    index = pd.date_range("2026-01-01", periods=320, freq="min")[random.random(320) > 0.01]
    values = random.normal(size=len(index))
    values[random.random(len(index)) < 0.02] = np.nan
    signal, gaps = pd.Series(values, index), np.diff(index.as_unit("s").asi8) > 60
    for length in (1, 2, 9, 40):
        starts = range(0, len(index) - length + 1, stride)
        expected = [not np.isnan(values[k : k + length]).any() and not gaps[k : k + length - 1].any() for k in starts]
        assert list(signals.whole_windows(signal, length, stride)) == expected
    assert gaps.any() and list(np.flatnonzero(signals.gaps(index))) == list(np.flatnonzero(gaps) + 1)


def test_an_irregular_signal_is_not_all_gaps():
    """Exponential waits, as of cars over a road sensor: one in a thousand at most counts as a gap, a day does."""
    waits = np.random.default_rng(2).exponential(300, 5000)
    waits[2500] = 86400
    index = pd.Timestamp("2026-01-01") + pd.to_timedelta(waits.cumsum(), unit="s")
    found = signals.gaps(pd.DatetimeIndex(index))
    assert found[2500] and found.sum() <= 6
    assert not signals.gaps(pd.RangeIndex(100)).any()


def test_scaling_learns_from_training_alone_and_says_what_lies_beyond():
    training = np.array([3.0, np.nan, 1.0, 5.0])
    scaling = signals.Scaling.fit(training, headroom=0.25)
    assert (scaling.low, scaling.high) == (0, 6)
    new = np.array([-1.0, 0.0, 3.0, 6.0, 6.1, np.nan])
    assert np.array_equal(scaling(new), np.float32([0, 0, 0.5, 1, 1, np.nan]), equal_nan=True)
    assert list(scaling.beyond(new)) == [-1, 0, 0, 0, 1, 0]
    np.testing.assert_allclose(scaling.back(scaling(training)), training, rtol=1e-6)


@pytest.mark.parametrize(("training", "said"), [([2.5] * 9, "constant .2.5"), ([np.nan] * 9, "no value at all")])
def test_nothing_is_learnt_from_nothing(training, said):
    with pytest.raises(ValueError, match=said):
        signals.Scaling.fit(np.array(training))


def test_autocorrelation_agrees_with_brute_force():
    values = np.random.default_rng(3).normal(size=200).cumsum()
    values[[5, 77, 78]] = np.nan
    found, centred = signals.autocorrelation(values, 30), values - np.nanmean(values)
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
    length, reason = signals.window_length(values)
    assert length in expected, reason
    assert reason.startswith(f"{length} points: ")


def test_a_length_has_its_limit():
    values = np.sin(2 * np.pi * TIME / 288)
    assert signals.window_length(values, 300)[0] == 288
    assert signals.window_length(values, 200) == (64, signals.window_length(values, 200)[1])
    assert signals.window_length(values, 20)[0] == 20


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_fault_is_where_its_mask_says(kind, size):
    clean = np.sin(2 * np.pi * TIME / 60) + 0.1 * NOISE
    clean[100:200] = np.nan
    damaged, mask = signals.plant(kind, clean, size, seed=5, period=60)
    again, _ = signals.plant(kind, clean, size, seed=5, period=60)
    assert np.array_equal(damaged, again, equal_nan=True) and np.isnan(damaged).sum() == 100
    assert np.array_equal(damaged != clean, mask | np.isnan(clean)) and 0 < mask.sum() <= 6 * 60
    where = np.flatnonzero(mask)
    assert where[-1] - where[0] < 6 * 60
    placed, there = signals.plant(kind, clean, size, seed=5, period=60, at=1000)
    assert not there[:1000].any() and there[1000:1360].any() and placed is not clean


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"stuck value"}))
def test_larger_faults_change_more(kind):
    clean = np.sin(2 * np.pi * TIME / 60) + 0.1 * NOISE
    changes = []
    for size in SIZES:
        damaged, mask = signals.plant(kind, clean, size, seed=6, period=60, at=600)
        changes.append(np.abs(damaged - clean)[mask].sum())
    assert changes == sorted(changes)


def test_faults_have_the_form_of_their_names():
    clean = np.sin(2 * np.pi * TIME / 60) + 0.1 * NOISE

    def planted(kind, size=3):
        damaged, mask = signals.plant(kind, clean, size, seed=7, period=60, at=600)
        return damaged[mask], clean[mask]

    assert len(planted("spike")[0]) == 1 and len(set(planted("stuck value")[0])) == 1
    after, before = planted("offset")
    assert np.ptp(after - before) < 1e-9 and abs((after - before)[0]) == pytest.approx(clean.std())
    after, before = planted("lost gain")
    assert after.std() == pytest.approx(0.55 * before.std()) and after.mean() == pytest.approx(before.mean())
    after, before = planted("drift")
    assert np.ptp(np.diff(after - before)) < 1e-9 and abs(after - before)[-1] == pytest.approx(1.5 * clean.std())
    after, before = planted("noise", 5)
    assert (after - before).std() == pytest.approx(0.8 * clean.std(), rel=0.2)
    assert np.ptp(np.diff(planted("missing cycle", 5)[0], 2)) < 1e-9
    doubled = signals.plant("doubled cycle", np.sin(2 * np.pi * TIME / 60), 5, period=60, at=600)[0][600:660]
    assert np.abs(doubled[:30] - doubled[30:]).max() < 1e-9


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "spikes"}, "did you mean 'spike'"),
        ({"size": 6}, "size is 6"),
        ({"period": 1}, "period is 1"),
        ({"at": 6000}, "at is 6000"),
        ({"at": 90}, "values are missing within the 60 points from 90"),
        ({"period": 6000}, "no such place"),
    ],
)
def test_a_fault_that_cannot_be_planted_is_refused(wrong, said):
    clean = np.sin(2 * np.pi * TIME / 60)
    clean[100:200] = np.nan
    with pytest.raises(ValueError, match=said):
        signals.plant(**{"kind": "stuck value", "values": clean, "period": 60} | wrong)
