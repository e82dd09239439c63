"""How the normal part is split, and which target rate it supports."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sensorwatch import parts

INDEX = pd.date_range("2026-01-01", periods=240, freq="h")
SIGNAL = pd.Series(np.sin(np.arange(240.0)), INDEX, name="pump")
PLAIN = SIGNAL.reset_index(drop=True)


def test_a_stuck_sensor_in_the_normal_part_is_told():
    stuck = SIGNAL.copy()
    stuck.iloc[30:60] = stuck.iloc[30]
    assert (
        "stuck sensor" in parts.normal_part(stuck)[1]
        and "for 30 points from 2026-01-02 06:00" in parts.normal_part(stuck)[1]
    )
    assert "stuck" not in parts.normal_part(SIGNAL)[1]


def test_no_window_lies_in_both_parts():
    learn, later = parts.split(SIGNAL, 12)
    assert len(learn) == 96 and list(later.index) == list(INDEX[108:])


def test_the_target_rate_is_one_that_can_be_kept():
    """The lowest rate is the one at which a conformal threshold over so many blocks is just finite."""
    calibration = SimpleNamespace(largest=np.zeros((19, 3)), days=0.5, points=48, window=24, step=900.0)
    asked, words = parts.supported_rate(calibration, 1.0)
    assert asked == {"per_day": 1.0} and "one false alarm in 1 days" in words
    asked, words = parts.supported_rate(calibration, 0.001)
    share = -np.expm1(-asked["per_day"] * 0.5)
    assert np.ceil(1 / share - 1e-9) - 1 <= 19 and share == pytest.approx(1 / 20, rel=1e-3)
    assert "too few" in words and "one in 9.75 days" in words
    calibration.step = np.nan
    asked, words = parts.supported_rate(calibration, 0.1)
    assert list(asked) == ["rate"] and "No times" in words


def test_alarms_in_what_was_called_normal_are_told_by_their_numbers():
    peaks = INDEX[[5, 30, 40, 200]]
    alarms = pd.DataFrame(
        {"triggered_by": ["level", "gap", "spike", "level"], "peak": peaks}, index=range(1, 5)
    )
    assert "1 alarm lies in what was called normal (3): look there" in parts.alarms_inside(
        alarms, SIGNAL[24:48]
    )
    assert "2 alarms lie in what was called normal (1, 3)" in parts.alarms_inside(alarms, SIGNAL[:48])
    assert parts.alarms_inside(alarms, SIGNAL[50:100]) == "No alarm lies in what was called normal."
    assert "the monitor brought its own" in parts.alarms_inside(alarms, SIGNAL[:0])


def test_drift_is_told_in_words():
    table = pd.DataFrame({"drifted": [True, False], "p_value": [0.001, 0.5]}, index=["level", "gain"])
    assert "Drift detected in `level` (p = 0.001)" in parts.drift(
        SimpleNamespace(drift=lambda _: table), SIGNAL
    )
    assert parts.drift(SimpleNamespace(drift=lambda _: table[1:]), SIGNAL) == "No drift."

    def refuse(_):
        raise ValueError("too short")

    assert parts.drift(SimpleNamespace(drift=refuse), SIGNAL) == "Drift cannot be tested: too short"
