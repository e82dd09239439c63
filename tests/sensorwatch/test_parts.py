"""What is taken as normal, how it is parted, and what may be promised with it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sensorwatch import _parts as parts

INDEX = pd.date_range("2026-01-01", periods=240, freq="h")
SIGNAL = pd.Series(np.sin(np.arange(240.0)), INDEX, name="pump")
PLAIN = SIGNAL.reset_index(drop=True)


def test_the_normal_part_lies_between_its_two_times():
    normal, words = parts.normal_part(SIGNAL, "2026-01-02", "2026-01-03 12:00")
    assert (normal.index[0], normal.index[-1]) == (pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-03 11:00"))
    assert "36 points" in words and "first half" not in words
    normal, _ = parts.normal_part(PLAIN, "10", "20")
    assert list(normal.index) == list(range(10, 20))


def test_without_an_end_it_is_the_first_half_and_said_so():
    normal, words = parts.normal_part(SIGNAL)
    assert len(normal) == 120 and normal.index[0] == INDEX[0]
    assert "first half" in words and "would be learnt as normal" in words
    normal, _ = parts.normal_part(SIGNAL, "2026-01-06")
    assert len(normal) == 60 and normal.index[0] == pd.Timestamp("2026-01-06")


def test_times_are_read_in_the_signals_own_zone():
    tokyo = SIGNAL.tz_localize("Asia/Tokyo")
    for text in ("2026-01-02", "2026-01-01T15:00Z"):
        assert parts.normal_part(tokyo, until=text)[0].index[-1] == pd.Timestamp("2026-01-01 23:00", tz="Asia/Tokyo")


@pytest.mark.parametrize(
    ("signal", "named", "said"),
    [
        (SIGNAL, {"until": "soon"}, "normal_until is 'soon'; expected a time such as 2026-03-01"),
        (SIGNAL, {"since": "2027-01-01"}, "no value lies between normal_from .2027-01-01.*2026-01-10 23:00:00"),
        (SIGNAL, {"until": "2025-01-01"}, "no value lies between"),
        (SIGNAL, {"until": "2026-01-02T00:00Z"}, "with a zone; the signal's times have none"),
        (PLAIN, {"until": "2026-01-02"}, r"expected a row number \(the signal has no times\)"),
        (SIGNAL * np.nan, {}, "no value lies between"),
    ],
)
def test_what_cannot_be_is_refused(signal, named, said):
    with pytest.raises(ValueError, match=said):
        parts.normal_part(signal, **named)


def test_a_stuck_sensor_in_the_normal_part_is_told():
    stuck = SIGNAL.copy()
    stuck.iloc[30:60] = stuck.iloc[30]
    assert (
        "stuck sensor" in parts.normal_part(stuck)[1]
        and "for 30 points from 2026-01-02 06:00" in parts.normal_part(stuck)[1]
    )
    assert "stuck" not in parts.normal_part(SIGNAL)[1]


def test_no_window_lies_in_both_parts():
    learn, later = parts.parted(SIGNAL, 12)
    assert len(learn) == 96 and list(later.index) == list(INDEX[108:])


def test_what_is_promised_can_be_kept():
    """The least promise is the one at which a conformal threshold over so many blocks is just finite."""
    calibration = SimpleNamespace(largest=np.zeros((19, 3)), days=0.5, points=48, window=24, step=900.0)
    asked, words = parts.promise(calibration, 1.0)
    assert asked == {"per_day": 1.0} and "one false alarm in 1 days" in words
    asked, words = parts.promise(calibration, 0.001)
    share = -np.expm1(-asked["per_day"] * 0.5)
    assert np.ceil(1 / share - 1e-9) - 1 <= 19 and share == pytest.approx(1 / 20, rel=1e-3)
    assert "too few" in words and "one in 9.75 days" in words
    calibration.step = np.nan
    asked, words = parts.promise(calibration, 0.1)
    assert list(asked) == ["rate"] and "No times" in words


def test_alarms_in_what_was_called_normal_are_told_by_their_numbers():
    peaks = INDEX[[5, 30, 40, 200]]
    alarms = pd.DataFrame({"triggered_by": ["level", "gap", "spike", "level"], "peak": peaks}, index=range(1, 5))
    assert "1 alarm lies in what was called normal (3): look there" in parts.within(alarms, SIGNAL[24:48])
    assert "2 alarms lie in what was called normal (1, 3)" in parts.within(alarms, SIGNAL[:48])
    assert parts.within(alarms, SIGNAL[50:100]) == "No alarm lies in what was called normal."
    assert "the monitor brought its own" in parts.within(alarms, SIGNAL[:0])


def test_drift_is_told_in_words():
    table = pd.DataFrame({"drifted": [True, False], "p_value": [0.001, 0.5]}, index=["level", "gain"])
    assert "level (p = 0.001) is not what it was" in parts.drift(SimpleNamespace(drift=lambda _: table), SIGNAL)
    assert parts.drift(SimpleNamespace(drift=lambda _: table[1:]), SIGNAL) == "No drift."

    def refuse(_):
        raise ValueError("too short")

    assert parts.drift(SimpleNamespace(drift=refuse), SIGNAL) == "Drift cannot be told: too short"
