"""A monitor: scores against brute force, a stream against the whole, promises in days, what it says to bad
input.
"""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sensorwatch import Monitor
from sensorwatch.calibration import FLOORS, _anomaly_scores
from sensorwatch.channel import SCORES


def signal(n, seed=0, period=24, zone=None):
    """A period, its harmonic and noise, an hour a point."""
    random, t = np.random.default_rng(seed), np.arange(n)
    values = np.sin(2 * np.pi * t / period) + 0.3 * np.sin(4 * np.pi * t / period) + random.normal(0, 0.1, n)
    times = pd.date_range("2026-01-01", periods=n, freq="h", tz=zone)
    return pd.Series(20 + 5 * values, times, name="temperature")


def in_pieces(watch, part, size, per_day):
    """The alarms of a stream that comes in pieces of so many points."""
    watch = pickle.loads(pickle.dumps(watch))
    watch._live = None
    found = [watch.update(part[at : at + size], per_day=per_day) for at in range(0, len(part), size)]
    return pd.concat([*[one for one in found if len(one)], watch.pending], ignore_index=True)


def meets(found, index, first, last):
    """The alarms that overlap with the points from one to another."""
    return found[(found.start <= index[last]) & (found.end >= index[first])]


@pytest.fixture(scope="module")
def monitor():
    return Monitor(24, steps=200).fit(signal(1000)).calibrate(signal(4000, 1))


@pytest.fixture(scope="module")
def follower():
    return Monitor(24, steps=200, follow=True).fit(signal(1000)).calibrate(signal(4000, 1))


@pytest.fixture
def faulty():
    """A spike, a stuck sensor, an offset, a missing stretch, and rows that are not there."""
    found = signal(2000, 2, zone="Europe/Berlin")
    found.iloc[300] += 25
    found.iloc[500:560] = found.iloc[500]
    found.iloc[800:860] += 8
    found.iloc[1100:1110] = np.nan
    found.iloc[1300] = np.nan
    return found.drop(found.index[1500:1560])


def test_scores_are_what_a_loop_over_windows_finds(monitor):
    [channel] = monitor.channels.values()
    x = channel.scaling(signal(200, 3).to_numpy())
    x[60:62] = np.nan
    sums = np.zeros((200, 6))
    for start in range(200 - 23):
        window = x[start : start + 24]
        if np.isnan(window).any():
            continue
        out = channel.network.reconstruct(torch.from_numpy(window[None])).detach().numpy()[0]
        gain, step = window.std(), np.abs(np.diff(window)).mean()
        features = np.abs(window - out).sum(), window.mean(), np.log(gain + 1e-3), np.log(step + 1e-3)
        features -= channel.usual
        sums[start : start + 24, [0, 1, 3, 4, 5]] += [1, *features]
        sums[start : start + 24, 2] += window - out
    np.testing.assert_allclose(channel.cover(x), sums, atol=2e-5)


def test_stuck_counts_what_stands_still(monitor):
    values = np.array([1.0, 1, 1, 2, np.nan, 2, 2, np.nan, np.nan, 3])
    found, run = monitor.channels["temperature"].points(values, 2, 1.0)
    np.testing.assert_allclose(2 ** found[:, 1], [3, 4, 5, 1, np.nan, 1, 2, np.nan, np.nan, 1])
    assert run == 1


def test_windows_across_a_gap_are_not_scored(monitor, faulty):
    jumps = np.cumsum(np.diff(faulty.index, prepend=faulty.index[:1]) > pd.Timedelta("1h"))
    starts = range(len(faulty) - 23)
    complete = [faulty[k : k + 24].notna().all() and jumps[k] == jumps[k + 23] for k in starts]
    covered = np.convolve(complete, np.ones(24)) > 0
    np.testing.assert_array_equal(monitor.scores(faulty)["level"].notna(), covered & faulty.notna())


def test_faults_are_found_and_named(monitor, faulty):
    found, at = monitor.alarms(faulty, per_day=0.05), faulty.index
    assert found.start.dt.tz == at.tz
    assert (found.start <= found.peak).all() and (found.peak <= found.end).all()
    faults = {"spike": (300, 300), "stuck": (500, 559), "offset": (800, 859)}
    named = {kind: set(meets(found, at, *ends).triggered_by) for kind, ends in faults.items()}
    assert named["spike"] & {"spike", "beyond range"} and "stuck" in named["stuck"] and named["offset"]
    gaps, hour = found[found.triggered_by == "gap"], pd.Timedelta("1h")
    assert gaps.start.tolist() == [at[1100], at[1300], at[1499] + hour]
    assert gaps.end.tolist() == [at[1109], at[1300], at[1500] - hour]
    assert len(found) <= 9, "few false ones in 83 days"
    [offset] = meets(found, at, 830, 830).itertuples()
    inside = faulty[offset.start : offset.end]
    assert (offset.low, offset.high) == (inside.min(), inside.max())


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 24, 997])
def test_a_stream_in_pieces_gives_the_alarms_of_the_whole(monitor, faulty, size):
    part = faulty[: 900 if size == 1 else None]
    whole = monitor.alarms(part, per_day=0.3)
    assert len(whole) > 5
    pd.testing.assert_frame_equal(in_pieces(monitor, part, size, 0.3), whole, rtol=1e-5)


def test_the_stream_ends_alarms_as_soon_as_nothing_can_join_them(monitor, faulty):
    monitor._live = None
    part = faulty[:450]
    told = [len(monitor.update(part[at : at + 1], per_day=0.05)) for at in range(len(part))]
    [alarm] = monitor.alarms(part, per_day=0.05).end
    covered = faulty.index.get_loc(alarm) + 23
    assert np.flatnonzero(told).tolist() == [covered + 24]  # a window further


def test_a_late_piece_is_refused_and_changes_nothing(monitor, faulty):
    monitor._live = None
    monitor.update(faulty[:310], per_day=0.3)
    before = monitor.pending
    with pytest.raises(
        ValueError, match=r"must ascend: point 0 \(2026-01-13 .* is not later than 2026-01-13"
    ):
        monitor.update(faulty[300:320], per_day=0.3)
    with pytest.raises(ValueError, match=r"temperature is infinite at 2026-01-14"):
        monitor.update(faulty[310:340].replace(faulty.iloc[320], np.inf), per_day=0.3)
    pd.testing.assert_frame_equal(monitor.pending, before)


def test_the_unit_does_not_matter(monitor, faulty):
    other = Monitor(24, steps=200).fit(signal(1000) * 1e4 - 7).calibrate(signal(4000, 1) * 1e4 - 7)
    a, b = monitor.alarms(faulty), other.alarms(faulty * 1e4 - 7)
    pd.testing.assert_frame_equal(a.drop(columns=["low", "high"]), b.drop(columns=["low", "high"]))


def test_saved_and_loaded_it_says_the_same(monitor, follower, faulty, tmp_path):
    for watch in (monitor, follower):
        again = Monitor.load(watch.save(tmp_path))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor.json", "monitor.safetensors"]
        pd.testing.assert_frame_equal(again.alarms(faulty), watch.alarms(faulty))
        pd.testing.assert_frame_equal(again.drift(signal(2000, 4)), watch.drift(signal(2000, 4)))
        assert again.window == 24 and again.reason == "24 points, as asked for"


def test_another_versions_monitor_and_a_damaged_one_are_named(monitor, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no monitor.json"):
        Monitor.load(tmp_path)
    folder = monitor.save(tmp_path / "m")
    text = (folder / "monitor.json").read_text()
    (folder / "monitor.json").write_text(text.replace("sensorwatch monitor 4", "sensorwatch monitor 3"))
    with pytest.raises(
        ValueError, match=r"is of another version .*'sensorwatch monitor 3'.*: train it again"
    ):
        Monitor.load(folder)
    for harm in (text.replace('"window": 24', '"window": 25'), text[:-40], json.dumps({"a": 1}), "\x00"):
        (folder / "monitor.json").write_text(harm)
        with pytest.raises(ValueError, match=r"altered|not a complete monitor"):
            Monitor.load(folder)
    (folder / "monitor.json").write_text(text)
    weights = Path(folder / "monitor.safetensors")
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"altered"):
        Monitor.load(folder)


def test_several_channels_share_one_alarm(faulty):
    both = Monitor(24, steps=100).fit({"in": signal(1000), "out": signal(1000, 5)})
    both.calibrate({"in": signal(4000, 1), "out": signal(4000, 6)})
    clean = signal(2000, 7, zone="Europe/Berlin").reindex(faulty.index)
    found = both.alarms(pd.DataFrame({"out": faulty, "in": clean}), per_day=0.05)  # by name, not by place
    assert (found[found.triggered_by.isin(["stuck", "spike"])].channel == "out").all() and len(found) >= 4
    assert both.scores({"in": clean, "out": faulty}).columns[8] == f"out: {SCORES[0]}"
    with pytest.raises(ValueError, match=r"the channels are in; this monitor has learnt in, out"):
        both.alarms({"in": clean})
    with pytest.raises(ValueError, match=r"expected a name for each of them"):
        Monitor().fit(pd.concat([clean, clean], axis=1))


def test_samples_without_times():
    values = signal(6000).to_numpy()
    plain = Monitor(24, steps=100).fit(values[:1000]).calibrate(values[1000:5000])
    with pytest.raises(ValueError, match=r"no times.*Monitor.step=seconds"):
        plain.alarms(values[5000:])
    damaged = values[5000:].copy()
    damaged[400] += 30
    found = plain.alarms(damaged, rate=0.02)
    assert ((found.start <= 400) & (found.end >= 400)).any()
    halves = [plain.update(half, rate=0.02) for half in np.split(damaged, 2)]
    pd.testing.assert_frame_equal(pd.concat([*halves, plain.pending], ignore_index=True), found)
    timed = Monitor(24, steps=100, step=3600).fit(values[:1000]).calibrate(values[1000:5000])
    assert timed.calibration.days == pytest.approx(200 / 24) and len(timed.alarms(damaged, per_day=0.1))


def test_an_empty_signal_has_no_alarms_and_no_scores(monitor):
    monitor._live = None
    none = signal(0)
    assert monitor.alarms(none).empty and monitor.score(none).empty and monitor.pending.empty
    assert monitor.update(none).empty and list(monitor.update(none).columns)[:3] == ["start", "end", "peak"]


S, DAYS = signal(400), signal(400).index
BAD = {  # what `fit` must say of a signal
    "the training part holds no value": S * np.nan,
    "temperature is infinite at 2026-01-01 07:00:00": S.replace(S.iloc[7], np.inf),
    r"point 200 \(2026-01-05 04:00:00\) is not later than 2026-01-09T07":
        S.set_axis(DAYS[[*range(200), 100, *range(201, 400)]]),
    "times must ascend: point 200": S.set_axis(DAYS[[*range(200), 199, *range(201, 400)]]),
    "holds 0 windows of 24 points without a gap; bring 24 or more": S[:20],
    "the index is float64; expected times": S.set_axis(np.linspace(0, 1, 400)),
}  # fmt: skip


@pytest.mark.parametrize("said", BAD)
def test_bad_input_is_named(said):
    with pytest.raises(ValueError, match=said):
        Monitor(24, steps=10).fit(BAD[said])


def test_a_stuck_sensor_in_the_normal_part_is_told():
    stuck = signal(400)
    stuck.iloc[100:130] = stuck.iloc[100]
    with pytest.warns(UserWarning, match=r"temperature stays at .* for 30 points up to 2026-01-06T09"):
        Monitor(24, steps=5).fit(stuck)


def test_the_order_of_things_is_told(monitor):
    part = signal(100)
    with pytest.raises(ValueError, match=r"call fit\(normal\), then calibrate"):
        Monitor().calibrate(part)
    with pytest.raises(ValueError, match=r"not calibrated"):
        Monitor(24, steps=10).fit(signal(400)).alarms(part)
    quick = part.set_axis(pd.date_range("2026-01-01", periods=100, freq="60s"))
    for wrong, said in (
        (part.to_numpy(), "this signal has no times"),
        (quick, "a value every 60 s; the one that was learnt, every 3600 s"),
        (part.astype(str) + "x", "temperature: expected numbers, NaN .* .could not convert"),
    ):
        with pytest.raises(ValueError, match=said):
            monitor.alarms(wrong)
    for wrong in ({"window": 2}, {"model": "PCA"}, {"step": 0}, {"hidden": 3}, {"latent": 0}, {"steps": 0.5}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Monitor(**wrong)


def test_drift_is_said_where_there_is_some(monitor):
    assert not monitor.drift(signal(3000, 8)).drifted.any()
    slow = signal(3000, 9) + np.linspace(0, 2, 3000)
    found = monitor.drift(slow)
    assert found.drifted["level"] and found.now["level"] > found.before["level"]
    with pytest.raises(ValueError, match=r"needs 800 scored points or more .* there are 100"):
        monitor.drift(signal(100))


@pytest.mark.slow
def test_a_service_needs_no_more_memory_with_time(monitor):
    """A point at a time, with faults that open and close alarms; what Linux says this process holds."""
    import gc

    def resident():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    monitor._live = None
    long = signal(12_000, 10)
    long.iloc[::500] += 20
    long.iloc[5_000:] = np.where(np.arange(7_000) % 40 < 3, np.nan, long.iloc[5_000:])
    long.iloc[8_000:] = 7.0  # stuck for ever: one alarm that never ends
    held = []
    for at in range(len(long)):
        monitor.update(long.iloc[at : at + 1], per_day=0.1)
        if at % 2000 == 1999:
            held.append(resident())
    assert held[-1] - held[1] < 5, held


@pytest.mark.filterwarnings("ignore:temperature stays at")
@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("value", [3, 0, -2e-12, 4e15])
def test_of_a_constant_signal_any_change_is_an_alarm_and_nothing_else(follow, value):
    constant = signal(1200) * 0 + value
    watch = Monitor(24, steps=20, follow=follow).fit(constant[:400]).calibrate(constant[400:])
    assert watch.alarms(constant, per_day=0.3).empty
    constant.iloc[700] += abs(value) * 1e-3 or 1e-3
    [alarm] = watch.alarms(constant, per_day=0.3).itertuples()
    assert alarm.start <= constant.index[700] <= alarm.end and alarm.severity > 1


def test_one_far_value_in_the_normal_part_is_named_and_blinds_nobody(faulty):
    fitted, later = signal(1000), signal(4000, 1)
    watch = Monitor(24, steps=200).fit(fitted).calibrate(later)
    fitted.iloc[700] = later.iloc[900] = 65_000
    with pytest.warns(UserWarning, match="temperature holds 1 values far from all others .* 65000 at 2026"):
        other = Monitor(24, steps=200).fit(fitted).calibrate(later)
    assert list(watch.alarms(faulty).triggered_by) == list(other.alarms(faulty).triggered_by)


def test_severity_is_the_score_over_the_threshold_and_the_tail_goes_on(monitor, faulty):
    found, score = monitor.alarms(faulty), monitor.score(faulty)
    found = found[found.triggered_by != "gap"]
    threshold = monitor.calibration.threshold(0.1)
    np.testing.assert_allclose(found.severity, score[found.peak] / threshold, rtol=1e-6)
    assert (found.severity > 1).all()
    order = found.sort_values("severity")
    assert order.tail_p.is_monotonic_decreasing and (found.tail_p < found.p_value.min()).any()
    sizes = monitor.calibration.rule.normal
    assert monitor.calibration.tail_p(np.median(sizes)) == 0.5


@pytest.mark.parametrize("size", [1, 7, 24, 997])
def test_a_follower_in_pieces_gives_the_alarms_of_the_whole(follower, faulty, size):
    part = faulty[:700]
    found = in_pieces(follower, part, size, 0.3)
    pd.testing.assert_frame_equal(found, follower.alarms(part, per_day=0.3))


def test_a_follower_compares_each_score_with_the_last_96_windows(follower):
    part = signal(600, 5)
    part[300:] += 30
    deviations, _, _ = follower.deviations(part)
    anomaly = _anomaly_scores(deviations)
    past = list(follower.calibration.recent[-96:])
    for row, found in enumerate(follower.scores(part).to_numpy()):
        least = 10 * FLOORS[:7]  # one channel has no relation to others
        np.testing.assert_allclose(found, anomaly[row] / np.maximum(np.max(past[-96:], axis=0), least))
        if row % 24 == 23:
            past.append(anomaly[row - 23 : row + 1].max(0))


def test_what_lasts_becomes_normal_to_a_follower(monitor, follower):
    part = signal(1500, 5)
    part[500:] += 12  # and another fault much later
    part.iloc[1300] += 60
    found = follower.alarms(part, per_day=0.3)
    [lasting] = found[found.severity > 10].end
    assert part.index[500] < lasting < part.index[700]
    [other] = found[(found.severity > 2) & (found.start > part.index[700])].peak
    assert other == part.index[1300]
    assert monitor.alarms(part, per_day=0.3).lasting.any() and not found.lasting.any()


def test_one_point_at_a_time_may_be_a_number():
    values = signal(400).to_numpy()
    watch = Monitor(24, steps=5).fit(values[:200]).calibrate(values[200:])
    two = pickle.loads(pickle.dumps(watch))
    watch.update([20.0, 20.0], rate=0.3)
    assert watch.update(20.0, rate=0.3).empty and watch._live.last == 2
    two.update({"value": 20.0}, rate=0.3)
    assert two.update({"value": 20.0}, rate=0.3).empty and two._live.last == 1


def test_a_row_lost_each_night_leaves_windows_between(monitor):
    hours = signal(4000)
    lost = hours[hours.index.hour != 3]
    watch = Monitor(steps=5).fit(lost[:2000]).calibrate(lost[2000:])
    assert watch.window <= 23 and "gaps leave" in watch.reason


def plant(n, seed=0):
    """Three channels: two are the first, a little later and with noise of their own."""
    first = signal(n + 2, seed)
    second = first.shift(2) * 0.8 + np.random.default_rng(seed + 50).normal(0, 0.3, n + 2)
    third = first.shift(1) * 1.2 + np.random.default_rng(seed + 60).normal(0, 0.3, n + 2)
    return pd.DataFrame({"flow": first, "pressure": second, "heat": third})[2:]


@pytest.fixture(scope="module")
def related():
    return Monitor(24, steps=400).fit(plant(1500)).calibrate(plant(4000, 1))


def test_the_relation_is_what_a_loop_over_windows_finds(related):
    part = plant(80, 2)
    x = np.stack([c.scaling(part[name].to_numpy()) for name, c in related.channels.items()], 1)
    x[40, 1] = np.nan
    sums = np.zeros((80, 3))
    for start in range(80 - 23):
        window = x[start : start + 24].T
        if not np.isnan(window).any():
            out = related.relation.network.reconstruct(torch.from_numpy(window.reshape(1, -1).copy()))
            missed = np.abs(window - out.detach().numpy().reshape(3, 24)).sum(1)
            sums[start : start + 24] += missed - related.relation.usual
    np.testing.assert_allclose(related.relation.cover(x), sums, atol=2e-5)


def test_a_channel_that_leaves_the_others_is_found_and_named(related):
    later = plant(1200, 3)
    later.iloc[600:672, 1] = later.iloc[606:678, 1].to_numpy()  # usual by itself, but six hours too early
    found = related.alarms(later, per_day=0.1)
    hit = meets(found, later.index, 600, 672)
    assert set(hit.triggered_by) == {"relation"} and set(hit.channel) == {"pressure"}
    alone = related.scores(later).iloc[624:648].filter(regex="^(?!.*relation)")
    assert alone.max(axis=None) < related.calibration.threshold(0.1), "no other score sees it but at its ends"


@pytest.mark.parametrize("size", [1, 24, 997])
def test_channels_in_pieces_give_the_alarms_of_the_whole_and_are_saved(related, size, tmp_path):
    part = plant(600, 4)
    part.iloc[300:330, 0] = np.nan
    part.iloc[450:, 1] += 9
    found = in_pieces(Monitor.load(related.save(tmp_path)), part, size, 0.3)
    pd.testing.assert_frame_equal(found, related.alarms(part, per_day=0.3), rtol=1e-5)


def test_channels_that_share_no_window_are_watched_one_by_one():
    holes = plant(800)
    holes.iloc[::40, 0] = holes.iloc[20::40, 1] = np.nan
    with pytest.warns(UserWarning, match="of all channels, .* 0 windows of 24 points .*: how they relate"):
        watch = Monitor(24, steps=5).fit(holes)
    assert watch.relation is None and not np.nansum(watch.deviations(holes)[0][..., -1])


def test_a_signal_passes_the_network_once(related, monkeypatch):
    later, passed = plant(3000, 5), []
    cover = related.relation.cover
    monkeypatch.setattr(related.relation, "cover", lambda scaled: passed.append(len(scaled)) or cover(scaled))
    for look in (related.alarms, related.score, related.expected, related.drift):
        look(later)
    assert sum(passed) == len(later)


def test_direction_and_size_leave_alone_what_does_not_matter(faulty):
    found = {}
    for given in ({}, {"direction": "up"}, {"direction": "down"}, {"at_least": 12}):
        watch = Monitor(24, steps=200, **given).fit(signal(1000)).calibrate(signal(4000, 1))
        part = signal(2000, 2)
        part.iloc[300] += 25
        part.iloc[700] -= 25
        part.iloc[1000:1060] += 8
        table = watch.alarms(part, per_day=0.05)
        found[tuple(given.values())] = [len(meets(table, part.index, k, k)) > 0 for k in (300, 700, 1030)]
    assert found == {
        (): [True, True, True],
        ("up",): [True, False, True],
        ("down",): [False, True, False],
        (12,): [True, True, False],
    }


def test_direction_and_size_are_checked_saved_and_given_by_channel(tmp_path):
    for wrong in ({"direction": "left"}, {"at_least": -1}, {"at_least": {"flow": "much"}}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Monitor(**wrong)
    with pytest.raises(ValueError, match="a channel of at_least is 'glow'; did you mean 'flow'"):
        Monitor(24, steps=5, at_least={"glow": 1}).fit(plant(400))
    watch = Monitor(24, steps=5, at_least={"flow": 1000}, direction="up")
    watch.fit(plant(400)).calibrate(plant(900, 1))
    again, part = Monitor.load(watch.save(tmp_path)), plant(400, 2)
    part.iloc[200] += 40
    assert again.direction == "up" and "flow" not in set(again.alarms(part, per_day=0.2).channel)


def test_a_change_that_lasts_ends_its_alarm_and_swallows_no_later_fault(monitor):
    part = signal(1500, 5)
    part[500:] += 12
    part.iloc[1000:1060] = part.iloc[1000]  # stuck, long after
    part.iloc[1300] += 100
    found = monitor.alarms(part, per_day=0.1)
    lasting = found[found.lasting]
    assert len(lasting) == 1 and lasting.start.iloc[0] <= part.index[500]
    assert part.index[500 + 8 * 24] <= lasting.end.iloc[0] < part.index[500 + 11 * 24]
    later = found[found.start > lasting.end.iloc[0]]
    assert "stuck" in set(later.triggered_by) and part.index[1300] in set(later.peak)
    pd.testing.assert_frame_equal(in_pieces(monitor, part, 50, 0.1), found, rtol=1e-5)


def test_what_goes_on_rising_is_told_again(monitor):
    part = signal(3000, 5)
    part[500:] += np.linspace(0, 400, 2500)
    found = monitor.alarms(part, per_day=0.1)
    assert found.lasting.sum() > 1 and found.end.iloc[-1] > part.index[-600]


def test_what_a_person_confirms_as_normal_joins_the_calibration():
    watch = Monitor(24, steps=200).fit(signal(1000)).calibrate(signal(2000, 1))
    part = signal(4000, 2)[2000:]
    part.iloc[700:760] += 4  # a false alarm, says the person
    part.iloc[1500] += 60
    before = watch.alarms(part, per_day=0.1)
    real = before[before.peak == part.index[1500]]
    blocks = watch.calibration.blocks
    after = watch.confirm(part, real).alarms(part, per_day=0.1)
    assert len(before) > len(after) and part.index[1500] in set(after.peak)
    assert blocks + 8 <= watch.calibration.blocks <= blocks + 10, "ten blocks, but for what the fault touches"


def test_it_learns_anew_from_what_was_no_alarm():
    watch = Monitor(24, steps=200).fit(signal(1000)).calibrate(signal(2000, 1))
    risen = signal(4000, 2) + 6
    risen.iloc[900] += 60
    alarms = watch.alarms(risen, per_day=0.05)
    real = alarms[(alarms.peak == risen.index[900])].assign(start=risen.index[880], end=risen.index[930])
    again = watch.refit(risen, real).alarms(risen, per_day=0.05)
    assert len(again) < 8 and risen.index[900] in set(again.peak)


def test_what_matters_is_judged_channel_by_channel_and_side_by_side():
    """Alarms that join keep what matters in them: another channel, another side a little later."""
    part = plant(900, 3)
    part.iloc[400:415, 1] += 9
    part.iloc[430:445, 0] += 6
    watch = Monitor(24, steps=200, at_least={"flow": 30.0}).fit(plant(1500)).calibrate(plant(4000, 1))
    found = watch.alarms(part, per_day=0.1)
    hit = meets(found, part.index, 400, 445)
    assert len(hit) and "flow" not in set(hit.channel)
    one = signal(900, 2)
    one.iloc[400:410] += 12
    one.iloc[425:435] -= 14
    watch = Monitor(24, steps=200).fit(signal(1000)).calibrate(signal(4000, 1))
    for direction in ("up", "down"):
        watch.direction = direction
        found = watch.alarms(one, per_day=0.05)
        assert len(meets(found, one.index, 405, 405)), direction


def test_what_was_confirmed_counts_once_and_times_may_be_words():
    watch = Monitor(24, steps=50).fit(signal(1000)).calibrate(signal(2000, 1))
    part = signal(4000, 2, zone="Europe/Berlin")
    alarms = watch.alarms(part, per_day=0.1)
    blocks = watch.confirm(part[2500:], alarms[:0]).calibration.blocks
    assert blocks > 10 and watch.confirm(part[2500:], alarms[:0]).calibration.blocks == blocks
    texts = alarms.assign(start=alarms.start.astype(str), end=alarms.end.astype(str))
    times, zone = watch._read(part)[0], part.index.tz
    np.testing.assert_array_equal(watch._within(times, texts, zone), watch._within(times, alarms, zone))
    assert watch.drift(part, after="2026-02-01 00:00").equals(watch.drift(part, after=part.index[744]))
    for wrong in (None, [1], pd.DataFrame()):
        with pytest.raises(ValueError, match=r"expected a table that Monitor.alarms gave"):
            watch.confirm(part, wrong)
    with pytest.raises(ValueError, match="'soon' is no time"):
        watch.drift(part, after="soon")


def test_pieces_with_rows_missing_are_taken_and_zones_are_not_mixed(monitor):
    monitor._live = None
    part = signal(200, 3).drop(signal(200).index[[101, 102, 104, 105]])
    monitor.update(part[:100], per_day=0.1)
    assert monitor.update(part[100:103], per_day=0.1) is not None
    with pytest.raises(ValueError, match="some times have a zone and some have none"):
        monitor.update(part[103:110].tz_localize("UTC"), per_day=0.1)


@pytest.mark.parametrize("nothing", [None, "abc", {1, 2}, {}, signal(9).to_frame()[[]]])
def test_what_is_no_signal_is_refused(nothing):
    with pytest.raises(ValueError, match=r"expected a Series|no channel"):
        Monitor(24).fit(nothing)


def test_a_signal_that_was_changed_is_looked_at_anew(monitor):
    """The last signal is remembered; neither it nor what was given of it may change that."""
    part = signal(300, 6)
    before, deviations = monitor.score(part), monitor.deviations(part)[0]
    with pytest.raises(ValueError, match="read-only"):
        deviations[:] = 0
    part.iloc[200] += 80
    assert monitor.score(part).max() > 10 * before.max()
    values = signal(300, 6).to_numpy().copy()
    plain = Monitor(24, steps=5).fit(values).calibrate(values)
    before = plain.score(values)
    values[200] += 80
    assert plain.score(values).max() > 10 * before.max()
