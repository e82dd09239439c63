"""False events per day: the target rate on blocks, what is missing for it; flagged points become events."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from sensorwatch.calibration import Calibration, compare
from sensorwatch.channel import TABLE, columns_of
from sensorwatch.stream import Events
from sensorwatch.windows import longest_gap

DAY = 86_400


def calibration(points, seed=0, step=DAY / 100, window=10):
    """Normal noise for the first score, nothing in the others; a block is 80 points, 0.8 days."""
    deviations = np.zeros((points, 1, 7))
    deviations[:, 0, 0] = np.random.default_rng(seed).normal(size=points)
    return Calibration.of(deviations, window, step)


def test_blocks_hold_all_points():
    found = calibration(1000)
    assert len(found.largest) == 12 and found.points == pytest.approx(1000 / 12)
    assert found.days == pytest.approx(10 / 12)


def test_each_block_is_compared_with_the_others():
    found = calibration(1000)
    x = found.largest[:, 0]
    others = [np.delete(x, i) for i in range(len(x))]
    own = [(x[i] - other.mean()) / other.std(ddof=1) for i, other in enumerate(others)]
    np.testing.assert_allclose(found.rule.normal, np.maximum(own, 0))  # the other scores are all 0


@pytest.mark.parametrize("per_day", [0.1, 0.3])
def test_independent_blocks_keep_the_target_rate(per_day):
    """Of a new block's largest score: how often it lies above the threshold, over fresh calibrations."""
    random, alarmed, repeats = np.random.default_rng(0), 0, 400
    for seed in range(repeats):
        found = calibration(8000, seed)
        new = np.zeros((1, 1, 7))
        new[0, 0, 0] = random.normal(size=80).max()
        alarmed += found.standard(new).max() > found.threshold(per_day)
    target = -math.expm1(-per_day * 0.8)
    exact = math.floor(target * 101) / 101
    assert abs(alarmed / repeats - exact) < 4 * math.sqrt(exact / repeats)


def test_higher_rates_come_from_blocks_of_one_window():
    """Ten blocks tell 2.4 events each; of 4.8, windows decide: how often a new one is flagged."""
    per_day, target, flagged, repeats = 6, -math.expm1(-0.6), 0, 400
    random = np.random.default_rng(0)
    for _ in range(repeats):
        found = Calibration.of(random.normal(size=(800, 1, 7)), 10, DAY / 100)
        threshold = found.threshold(per_day)
        assert found.certain(threshold) > per_day * 0.8
        flagged += found.standard(random.normal(size=(10, 1, 7))).max() > threshold
    assert abs(flagged / repeats - target) < 4 * math.sqrt(target * (1 - target) / repeats)
    with pytest.raises(ValueError, match="more than blocks of one window can tell: ask for 44 or less"):
        found.threshold(45)
    assert found.threshold(0.999 * found.supported[1] / found.days) <= threshold


def test_what_is_missing_is_said_and_is_enough():
    needs = r"0.05 false events per day need 20 days .* there are 8. Bring 12 more"
    with pytest.raises(ValueError, match=needs) as error:
        calibration(800).threshold(per_day=0.05)
    least = float(str(error.value).split("ask for ")[1].split()[0])
    assert math.isfinite(calibration(800).threshold(per_day=least)) and least < 0.15
    assert math.isfinite(calibration(2000).threshold(per_day=0.05))
    with pytest.raises(ValueError, match=r"0.001 false events per window need 1,000 windows"):
        calibration(800).threshold(rate=0.001)
    with pytest.raises(
        ValueError, match=r"needs 40 scored points or more .4 windows.; there are 39: bring 1"
    ):
        calibration(39)
    for wrong in (0, -1, math.nan, "often"):
        with pytest.raises(ValueError, match=r"per_day is"):
            calibration(800).threshold(per_day=wrong)


def test_a_lower_rate_is_a_higher_threshold():
    found = calibration(8000)
    assert found.threshold(0.05) > found.threshold(0.1) > found.threshold(1)
    assert found.threshold(rate=0.01) == found.threshold(per_day=0.1)  # a window is a tenth of a day


def joined(flagged, join):
    """Events by looking at every point."""
    found, last = [], None
    for at in np.flatnonzero(flagged):
        if last is None or at - last > join:
            found.append([at, at])
        found[-1][1] = last = at
    return found


@pytest.mark.parametrize("join", [1, 5])
@pytest.mark.parametrize("pieces", [1, 3, 40, 300])
def test_events_are_joined_as_a_loop_would(join, pieces):
    random = np.random.default_rng(pieces)
    sizes, values, times = random.normal(size=(300, 2)), random.normal(size=(300, 2)), np.arange(300) * 10
    flagged, scores = sizes.max(1) > 1.4, np.stack([np.arange(300) % 7, np.arange(300) % 5], axis=1)
    events, over = Events(join), []
    for part in np.array_split(np.arange(300), pieces):
        over += events.push(flagged[part], sizes[part], scores[part], times[part], values[part])
    over += [events.open] if events.open else []
    expected = joined(flagged, join)
    assert [[event.first, event.last] for event in over] == expected and len(expected) > 8
    for event, (first, last) in zip(over, expected, strict=True):
        # What lies between flagged points is no peak, however large in one channel.
        own = first + np.flatnonzero(flagged[first : last + 1])
        peaks = own[sizes[own].argmax(0)]
        assert (event.start, event.end, *event.peaks) == (10 * first, 10 * last, *(10 * peaks))
        assert [*event.sizes] == [*sizes[peaks, [0, 1]]] and [*event.scores] == [*scores[peaks, [0, 1]]]
        part = values[first : last + 1]
        np.testing.assert_array_equal(event.extremes, [part.min(0), part.max(0)])


def test_the_longest_gap():
    missing = np.array([[0, 1, 1, 0, 0], [0, 0, 0, 0, 1]], bool).T
    assert longest_gap(missing, np.arange(5) * 100) == 100 and longest_gap(missing[:1], np.arange(1)) == -1


def test_the_drift_check_is_the_bets_of_a_loop():
    random = np.random.default_rng(0)
    before, now = random.normal(size=(40, 4)), random.normal([0, 2, 0, 0], size=(12, 4))
    found = compare(before, now, columns_of(["x"], drifts=True))
    assert found.index[0] == "level" and found.drifted.tolist() == [True, False, False, False]
    wealth, most, seen = [0.2] * 5, 1.0, list(before[:, 0])
    for block in now[:, 0]:
        seen.append(block)
        rank = (sum(other > block for other in seen[:-1]) + 0.5) / len(seen)
        wealth = [0.99 * own + 0.002 * sum(wealth) for own in wealth]
        wealth = [own * (1 + bet * (rank - 0.5)) for own, bet in zip(wealth, (-2, -1, 0, 1, 2), strict=True)]
        most = max(most, sum(wealth))
    assert found.p_value["difference"] == pytest.approx(min(1, 4 / most))


def test_a_later_look_at_drift_goes_on_with_the_same_bets():
    """A p-value never rises as points are added, and is that of blocks cut from the start by hand."""
    found = calibration(1000)  # blocks of 83.3 points
    recent = np.zeros((2000, 1, 7))
    recent[:, 0] = np.random.default_rng(1).normal(size=(2000, 7))
    looks = [found.drift(recent[:n], columns_of(["x"], drifts=True)) for n in range(340, 2001, 20)]
    assert (pd.concat([look.p_value for look in looks], axis=1).diff(axis=1).iloc[:, 1:] <= 0).all(axis=None)
    drifts = [score.drifts for score in TABLE[:7]]
    edges = [i * 1000 // 12 for i in range(25)]
    cut = [recent[a:b, 0, drifts].mean(0) for a, b in itertools.pairwise(edges)]
    by_hand = compare(found.means, np.array(cut), columns_of(["x"], drifts=True))
    pd.testing.assert_frame_equal(looks[-1], by_hand)


@pytest.mark.slow
def test_looked_at_every_block_drift_is_rarely_said_where_there_is_none():
    random = np.random.default_rng(0)
    quiet = [compare(*np.split(random.normal(size=(123, 4)), [48]), list("abcd")) for _ in range(400)]
    assert np.mean([one.drifted.any() for one in quiet]) < 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize("asked", [0.05, 0.2, 1.0])
def test_the_certain_rate_holds_in_nine_of_ten_calibrations(asked):
    """Block maxima of one score, independent: above t in a share exp(-t) of blocks."""
    random, kept = np.random.default_rng(0), []
    for _ in range(400):
        found = calibration(1000)
        found.rule.fit(random.exponential(size=40))
        threshold = found.rule.at(-math.expm1(-asked))
        kept.append(-math.log1p(-math.exp(-threshold)) <= found.certain(threshold))
    assert abs(np.mean(kept) - 0.9) < 0.045  # three standard errors
