"""Which part of a signal is taken as normal, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from sensorwatch.parts import excluded, normal_part

INDEX = pd.date_range("2026-01-01", periods=240, freq="h")
SIGNAL = pd.Series(np.sin(np.arange(240.0)), INDEX, name="pump")
PLAIN = SIGNAL.reset_index(drop=True)
LOCAL = SIGNAL.copy()
LOCAL.attrs["date_order"] = "dmy"


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
    normal, words = normal_part(signal, **options)
    assert (normal.index[0], normal.index[-1]) == (first, last) and f"{len(normal):,} points" in words
    assert ("first half" in words) == ("normal_until" not in options)


def test_times_are_read_in_the_signals_own_time_zone():
    tokyo = SIGNAL.tz_localize("Asia/Tokyo")
    for text in ("2026-01-02", "2026-01-01T15:00Z"):
        assert normal_part(tokyo, normal_until=text)[0].index[-1] == pd.Timestamp(
            "2026-01-01 23:00", tz="Asia/Tokyo"
        )


@pytest.mark.parametrize("form", [str.split, str])
def test_stretches_are_excluded_with_their_last_day(form):
    exclude = form("2026-01-02..2026-01-03, 2026-01-05T00:00..2026-01-05T02:00")
    normal, words = normal_part(
        SIGNAL, "", "90 %", [s.strip(",") for s in exclude] if form is str.split else exclude
    )
    assert len(normal) == 216 - 48 - 3 and "51 points are excluded" in words
    assert normal.index[24] == INDEX[72]


def test_maintenance_after_the_normal_part_is_excluded_from_what_is_watched():
    out = excluded(SIGNAL, "2026-01-02..2026-01-02,2026-01-09..2026-01-09")
    assert list(INDEX[out].day.unique()) == [2, 9] and out.sum() == 48
    normal, words = normal_part(SIGNAL, "", "2026-01-04", "2026-01-02..2026-01-02,2026-01-09..2026-01-09")
    assert len(normal) == 48 and "24 points are excluded" in words


@pytest.mark.parametrize(
    ("signal", "options", "said"),
    [
        (
            SIGNAL,
            {"normal_until": "soon"},
            "normal_until is 'soon', which is no time; write a time such as 2026-01-01",
        ),
        (SIGNAL, {"normal_until": "12:00"}, "a clock without its day; write a time such as"),
        (SIGNAL, {"normal_until": "2026"}, "'2026': a year, a row or a number of days"),
        (SIGNAL, {"normal_until": "100"}, "a year, a row or a number of days"),
        (SIGNAL, {"normal_until": "03/01/2026"}, "dmy .*mdy .*or write a time such as 2026-01-01"),
        (
            SIGNAL,
            {"normal_until": "2027-01-01"},
            "after the signal's end .2026-01-10 23:00:00.; write an earlier one",
        ),
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
        normal_part(signal, **options)


def test_a_stuck_sensor_in_the_normal_part_is_told():
    stuck = SIGNAL.copy()
    stuck.iloc[30:60] = stuck.iloc[30]
    words = normal_part(stuck)[1]
    assert "stuck sensor" in words and "for 30 points from 2026-01-02 06:00" in words
    assert "stuck" not in normal_part(SIGNAL)[1]


def test_a_value_far_from_all_others_is_named_with_its_time():
    lone = SIGNAL.copy()
    lone.iloc[20] = 65_000
    lone.attrs["form"] = "%d.%m.%Y %H:%M"
    assert "65000 of 'pump' (01.01.2026 20:00; 1 in all) lies far from all others" in normal_part(lone)[1]
    assert "far from" not in normal_part(SIGNAL)[1]
