"""How the normal part is split, and which target rate it supports."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sensorwatch import parts
from sensorwatch.calibration import Calibration

INDEX = pd.date_range("2026-01-01", periods=240, freq="h")
SIGNAL = pd.Series(np.sin(np.arange(240.0)), INDEX, name="pump")
PLAIN = SIGNAL.reset_index(drop=True)


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
    words = parts.result(alarms, WATCH, DAY, SIGNAL, SIGNAL[24:48])
    assert words.startswith(
        "2 alarms, where 4.5 were to be expected by chance; the strongest first."
    )  # 9 days of 10
    assert "1 more has its peak in what was called normal (3)" in words
    assert "2 more have their peak in what was called normal (1, 3)" in parts.result(
        alarms, WATCH, DAY, SIGNAL, SIGNAL[:48]
    )
    assert parts.result(alarms[:0], WATCH, DAY, SIGNAL, SIGNAL[:0]) == (
        "No alarm, where 5 were to be expected by chance."
    )
    alone = parts.result(alarms[2:3], WATCH, DAY, SIGNAL, SIGNAL[24:48])
    assert alone.startswith("No alarm,") and "1 has its peak in what was called normal (3)" in alone
    assert "where 0.9 were" in parts.result(alarms[:0], WATCH, {"rate": 0.1}, PLAIN, PLAIN[:24])


def test_days_are_counted_by_the_clock_without_gaps():
    """A third of the points come every minute, the others every hour; a day is missing."""
    index = INDEX[:48].union(pd.date_range("2026-01-02 00:01", periods=30, freq="min")).union(INDEX[72:96])
    chosen = np.ones(len(index), bool)
    assert parts.watched_days(index, chosen) == pytest.approx((47 + 23) / 24)
    assert parts.watched_days(index, index >= INDEX[72]) == pytest.approx(23 / 24)


def test_many_alarms_of_one_cause_get_one_sentence():
    local = SIGNAL.copy()
    local.attrs["form"] = "%d.%m.%Y %H:%M"
    alarms = raised(INDEX[130:230:5], "beyond range", high=1.5)
    words = parts.result(alarms, WATCH, DAY, local, local[:120])
    assert "20 alarms may have one cause: since 06.01.2026 10:00 the level of 'pump' has risen" in words
    assert "risen above what was learnt (1; up to now 1.5)" in words
    assert words.count("cause") == 1 and "normal_until" in words
    assert "fallen below what was learnt (-1; up to now -3)" in parts.result(
        alarms.assign(high=0, low=-3), WATCH, DAY, local, local[:120]
    )
    for few in (
        alarms[:2],
        alarms.assign(high=0.9),
        alarms.assign(low=-3),
        alarms.assign(triggered_by="spike"),
    ):
        assert "cause" not in parts.result(few, WATCH, DAY, local, local[:120])


def test_alarms_are_dated_as_the_file_writes_times():
    table = raised(INDEX[:2], "level").assign(end=INDEX[2:4], severity=2.0)
    local = SIGNAL.copy()
    local.attrs["form"] = "%d/%m/%Y %H:%M"
    assert list(parts.dated(table, local).end) == ["01/01/2026 02:00", "01/01/2026 03:00"]
    assert list(parts.dated(table, SIGNAL).start) == ["2026-01-01 00:00:00", "2026-01-01 01:00:00"]
    assert list(parts.dated(raised([3], "level").assign(end=4), PLAIN).peak) == ["3"]


def test_drift_is_told_in_words():
    table = pd.DataFrame({"drifted": [True, False], "p_value": [0.001, 0.5]}, index=["level", "gain"])
    assert "Drift detected in `level` (p = 0.001)" in parts.drift(
        SimpleNamespace(drift=lambda *_: table), SIGNAL
    )
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
