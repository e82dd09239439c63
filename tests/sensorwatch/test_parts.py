"""Which part of a signal is normal, how it is split, which rate it supports; what the alarms say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sensorwatch import parts
from sensorwatch.calibration import Calibration

INDEX = pd.date_range("2026-01-01", periods=240, freq="h")
SIGNAL = pd.Series(np.sin(np.arange(240.0)), INDEX, name="pump")
PLAIN = SIGNAL.reset_index(drop=True)
LOCAL = SIGNAL.copy()
LOCAL.attrs |= {"date_order": "dmy", "form": "%d/%m/%Y %H:%M"}


@pytest.mark.parametrize(
    ("signal", "options", "first", "last"),
    [
        (SIGNAL, {"normal_from": "2026-01-02", "normal_until": "2026-01-03 12:00"}, INDEX[24], INDEX[59]),
        (SIGNAL, {}, INDEX[0], INDEX[119]),
        (SIGNAL, {"normal_from": "2026-01-06"}, INDEX[120], INDEX[179]),
        (SIGNAL, {"normal_until": "70%"}, INDEX[0], INDEX[167]),
        (SIGNAL, {"normal_until": "20260103"}, INDEX[0], INDEX[47]),
        (SIGNAL, {"normal_until": "3 Jan 2026"}, INDEX[0], INDEX[47]),
        (LOCAL, {"normal_until": "03/01/2026 06:00"}, INDEX[0], INDEX[53]),
        (PLAIN, {"normal_from": "10", "normal_until": "20"}, 10, 19),
        (PLAIN, {"normal_until": "50%"}, 0, 119),
    ],
)
def test_the_normal_part_lies_between_its_two_times(signal, options, first, last):
    normal, words = parts.normal_part(signal, **options)
    assert (normal.index[0], normal.index[-1]) == (first, last) and f"{len(normal):,} points" in words
    assert ("first half" in words) == ("normal_until" not in options)


def test_times_are_read_in_the_signals_own_time_zone():
    tokyo = SIGNAL.tz_localize("Asia/Tokyo")
    for text in ("2026-01-02", "2026-01-01T15:00Z"):
        assert parts.normal_part(tokyo, normal_until=text)[0].index[-1] == tokyo.index[23]


@pytest.mark.parametrize("given", [list, ",".join])
def test_stretches_are_excluded_with_their_last_day(given):
    exclude = given(["2026-01-02..2026-01-03", "2026-01-05T00:00..2026-01-05T02:00"])
    normal, words = parts.normal_part(SIGNAL, "", "90 %", exclude)
    assert len(normal) == 216 - 48 - 3 and "51 points are excluded" in words
    assert normal.index[24] == INDEX[72]


def test_maintenance_after_the_normal_part_is_excluded_from_what_is_watched():
    out = parts.excluded(SIGNAL, "2026-01-02..2026-01-02,2026-01-09..2026-01-09")
    assert list(INDEX[out].day.unique()) == [2, 9] and out.sum() == 48
    normal, words = parts.normal_part(
        SIGNAL, "", "2026-01-04", "2026-01-02..2026-01-02,2026-01-09..2026-01-09"
    )
    assert len(normal) == 48 and "24 points are excluded" in words


@pytest.mark.parametrize(
    ("signal", "options", "said"),
    [
        (SIGNAL, {"normal_until": "soon"}, "'soon', which is no time; write a time such as 2026-01-01"),
        (SIGNAL, {"normal_until": "12:00"}, "a clock without its day; write a time such as"),
        (SIGNAL, {"normal_until": "2026"}, "'2026': a year, a row or a number of days"),
        (SIGNAL, {"normal_until": "100"}, "a year, a row or a number of days"),
        (SIGNAL, {"normal_until": "03/01/2026"}, "dmy .*mdy .*or write a time such as 2026-01-01"),
        (SIGNAL, {"normal_until": "2027-01-01"}, "after the signal's end .2026-01-10 23:00:00.; write an"),
        (SIGNAL, {"normal_from": "2027-01-01"}, "normal_from is .* after the signal's end"),
        (SIGNAL, {"normal_until": "2025-01-01"}, "no value lies between"),
        (SIGNAL, {"normal_until": "120%"}, "a share between"),
        (SIGNAL, {"normal_until": "2026-01-02T00:00Z"}, "with a time zone; the signal's times have none"),
        (SIGNAL, {"exclude": "2026-01-02"}, "exclude is '2026-01-02'; expected a stretch"),
        (PLAIN, {"normal_until": "2026-01-02"}, r"expected a row number \(the signal has no times\)"),
        (PLAIN, {"normal_until": "500"}, "after the signal's end"),
        (SIGNAL * np.nan, {}, "no value lies between"),
    ],
)
def test_what_is_no_time_of_the_signal_is_refused(signal, options, said):
    with pytest.raises(ValueError, match=said):
        parts.normal_part(signal, **options)


def test_a_stuck_sensor_in_the_normal_part_is_told():
    stuck = SIGNAL.copy()
    stuck.iloc[30:60] = stuck.iloc[30]
    words = parts.normal_part(stuck)[1]
    assert "stuck sensor" in words and "for 30 points from 2026-01-02 06:00" in words
    assert "stuck" not in parts.normal_part(SIGNAL)[1]


def test_a_value_far_from_all_others_is_named_with_its_time():
    lone = LOCAL.copy()
    lone.iloc[20] = 65_000
    assert (
        "65000 of 'pump' (01/01/2026 20:00; 1 in all) lies far from all others" in parts.normal_part(lone)[1]
    )
    assert "far from" not in parts.normal_part(SIGNAL)[1]


def test_no_window_lies_in_both_parts():
    learn, later = parts.split(SIGNAL, 12)
    assert len(learn) == 96 and list(later.index) == list(INDEX[108:])


def test_the_target_rate_is_one_that_can_be_kept():
    """The lowest rate is the one at which a conformal threshold over so many blocks is just finite."""
    largest = np.random.default_rng(0).normal(size=(19, 7))
    calibration = Calibration(largest, largest[:, :3], largest[:9], 48, 24, 900.0)  # a block is half a day
    asked, words = parts.supported_rate(calibration, 1.0)
    assert asked == {"per_day": 1.0} and "on average one false alarm in 1 days" in words
    assert "With 90% certainty: at most one in" in words and "would need 2.3 days" in words
    assert "follows" not in words
    follower = Calibration(largest, largest[:, :3], largest, 48, 24, 900.0, follow=True)
    assert "The monitor follows: both hold while neighbouring" in parts.supported_rate(follower, 1.0)[1]
    asked, words = parts.supported_rate(calibration, 0.001)
    share = -np.expm1(-asked["per_day"] * 0.5)
    assert np.ceil(1 / share - 1e-9) - 1 <= 19 and share == pytest.approx(1 / 20, rel=1e-3)
    assert "too short" in words and "one false alarm in 9.75 days" in words
    asked, words = parts.supported_rate(calibration, 1000)
    assert asked["per_day"] == pytest.approx(np.log(10) / 0.25, rel=1e-3), "of nine blocks of one window"
    assert "nothing beyond that can be told" in words
    calibration.step = np.nan
    asked, words = parts.supported_rate(calibration, 0.1)
    assert list(asked) == ["rate"] and "No times" in words


def raised(peaks, causes, low=-1.0, high=1.0):
    table = pd.DataFrame({"start": peaks, "peak": peaks, "triggered_by": causes, "low": low, "high": high})
    return table.set_axis(range(1, len(table) + 1))


WATCH = SimpleNamespace(
    window=24, channels={"pump": SimpleNamespace(scaling=SimpleNamespace(least=-1.0, most=1.0))}
)
DAY = {"per_day": 0.5}


def test_the_result_counts_alarms_where_so_many_were_to_be_expected():
    alarms = raised(INDEX[[5, 30, 40, 200]], ["level", "gap", "spike", "level"])

    def words(alarms, normal, target=DAY, signal=SIGNAL):
        return parts.result(alarms, WATCH, target, signal, normal)

    found = words(alarms, SIGNAL[24:48])  # 9 days of 10 are watched
    assert found.startswith("2 alarms, where 4.5 were to be expected by chance; the strongest first.")
    assert "1 more has its peak in what was called normal (3)" in found
    assert "2 more have their peak in what was called normal (1, 3)" in words(alarms, SIGNAL[:48])
    assert words(alarms[:0], SIGNAL[:0]) == "No alarm, where 5 were to be expected by chance."
    alone = words(alarms[2:3], SIGNAL[24:48])
    assert alone.startswith("No alarm,") and "1 has its peak in what was called normal (3)" in alone
    assert "where 0.9 were" in words(alarms[:0], PLAIN[:24], {"rate": 0.1}, PLAIN)


def test_days_are_counted_by_the_clock_without_gaps():
    """A third of the points come every minute, the others every hour; a day is missing."""
    index = INDEX[:48].union(pd.date_range("2026-01-02 00:01", periods=30, freq="min")).union(INDEX[72:96])
    chosen = np.ones(len(index), bool)
    assert parts.watched_days(index, chosen) == pytest.approx((47 + 23) / 24)
    assert parts.watched_days(index, index >= INDEX[72]) == pytest.approx(23 / 24)


def test_many_alarms_of_one_cause_get_one_sentence():
    def words(alarms):
        return parts.result(alarms, WATCH, DAY, LOCAL, LOCAL[:120])

    alarms = raised(INDEX[130:230:5], "beyond range", high=1.5)
    risen = "since 06/01/2026 10:00 the level of 'pump' has risen above what was learnt (1; up to now 1.5)"
    assert f"20 alarms may have one cause: {risen}" in words(alarms)
    assert words(alarms).count("cause") == 1 and "normal_until" in words(alarms)
    assert "fallen below what was learnt (-1; up to now -3)" in words(alarms.assign(high=0, low=-3))
    others = {"high": 0.9}, {"low": -3}, {"triggered_by": "spike"}
    for few in (alarms[:2], *(alarms.assign(**other) for other in others)):
        assert "cause" not in words(few)


def test_alarms_are_dated_as_the_file_writes_times():
    table = raised(INDEX[:2], "level").assign(end=INDEX[2:4], severity=2.0)
    assert list(parts.dated(table, LOCAL).end) == ["01/01/2026 02:00", "01/01/2026 03:00"]
    assert list(parts.dated(table, SIGNAL).start) == ["2026-01-01 00:00:00", "2026-01-01 01:00:00"]
    assert list(parts.dated(raised([3], "level").assign(end=4), PLAIN).peak) == ["3"]


def test_drift_is_told_in_words():
    table = pd.DataFrame({"drifted": [True, False], "p_value": [0.001, 0.5]}, index=["level", "gain"])
    found = parts.drift(SimpleNamespace(drift=lambda *_: table), SIGNAL)
    assert "Drift detected in `level` (p = 0.001)" in found
    assert parts.drift(SimpleNamespace(drift=lambda *_: table[1:]), SIGNAL) == "No drift."

    def refuse(*_):
        raise ValueError("too short")

    assert parts.drift(SimpleNamespace(drift=refuse), SIGNAL) == "Drift cannot be tested: too short"


def test_sizes_that_matter_are_read_from_words():
    assert parts.least_sizes("") == 0 and parts.least_sizes("0.5") == 0.5
    assert parts.least_sizes("flow: 0.5, CH1: heat: 2") == {"flow": 0.5, "CH1: heat": 2}
    for wrong in ("much", "flow: ", "1, 2", "flow: 1, 2"):
        with pytest.raises(ValueError, match="at_least"):
            parts.least_sizes(wrong)


def test_alarms_that_a_person_takes_as_normal_are_gone_and_calibrate(monkeypatch):
    alarms = parts.numbered(raised([30, 60, 90], ["level", "gap", "spike"]).assign(end=[40, 65, 95]))
    seen = {}

    def confirm(signal, left, after):
        seen.update(left=list(left.peak), after=after)
        watch.calibration = SimpleNamespace(blocks=12)

    watch = SimpleNamespace(
        calibration=SimpleNamespace(blocks=8), confirm=confirm, alarms=lambda _, **__: alarms
    )
    monkeypatch.setattr(parts, "supported_rate", lambda *_: ({"per_day": 0.2}, "At most one."))
    left, target, words = parts.confirm(watch, PLAIN, alarms, " 3,", 0.1, after=20)
    assert list(left.peak) == [30, 60] and list(left.index) == [1, 2] and target == {"per_day": 0.2}
    assert seen == {"left": [30, 60], "after": 20}
    assert words.startswith("Alarms 3 are taken as normal; 4 blocks more calibrate. At most one.")
    for wrong, there in (("2", "there is no alarm '2'; there are 1, 3"), ("x", "no alarm 'x'")):
        with pytest.raises(ValueError, match=there):
            parts.confirm(watch, PLAIN, alarms, wrong, 0.1)
