"""Which part of a signal is taken as normal, how it is split, and which target rate it supports."""

import math
import re

import pandas as pd

from sensorwatch import times
from sensorwatch.quality import constant_stretches


def normal_part(signal, normal_from="", normal_until="", exclude=()) -> tuple[pd.Series, str]:
    """The part of a signal from `normal_from` until before `normal_until` without `exclude`, and in words what it is.

    Args:
        normal_from, normal_until: times as the file writes them (a day, or a day and a clock), a share of the signal
            ("70%"), or row numbers where there are no times. "" is the begin, and the first half of what follows it.
        exclude: stretches to leave out, each as "2026-02-03..2026-02-05" (both days included).

    Raises:
        ValueError: no such time, a time after the signal's end, or nothing between the two.
    """
    begin, end = place(signal, "normal_from", normal_from), place(signal, "normal_until", normal_until)
    begin = signal.index[0] if begin is None else begin
    rest = signal[signal.index >= begin]
    if end is None and len(rest):
        end = rest.index[len(rest) // 2]
    normal = rest[rest.index < end] if len(rest) else rest
    left = 0
    for stretch in [exclude] if isinstance(exclude, str) else exclude:
        first, dots, last = stretch.partition("..")
        if not dots:
            raise ValueError(f"exclude is {stretch!r}; expected a stretch such as 2026-02-03..2026-02-05")
        low, high = place(signal, "exclude", first), place(signal, "exclude", last, end=True)
        outside = (normal.index < low) | (normal.index >= high)
        left += int((~outside).sum())
        normal = normal[outside]
    if not normal.notna().to_numpy().any():
        raise ValueError(
            f"no value lies between normal_from ({begin}) and normal_until ({end}); the signal reaches from"
            f" {signal.index[0]} to {signal.index[-1]}"
        )
    told = [f"Taken as normal: {normal.index[0]} to {normal.index[-1]}, {len(normal):,} points."]
    if left:
        told.append(f"Of that stretch, {left:,} points are excluded.")
    if not normal_until:
        told.append(
            "That is the first half, as no normal_until was named: a fault in there is learnt as normal."
        )
    channels = normal.items() if isinstance(normal, pd.DataFrame) else [(normal.name, normal)]
    for name, channel in channels:
        stuck = constant_stretches(channel.to_numpy())
        if stuck:
            first = stuck[0]
            told.append(
                f"In it, {name!r} is constant ({len(stuck):,} stretches, the first at {channel.iloc[first.start]:g} for"
                f" {first.stop - first.start:,} points from {channel.index[first.start]}): a stuck sensor would be"
                " learnt as normal, too."
            )
    return normal, "\n".join(told)


def place(signal, name: str, text, end: bool = False):
    """A time, a share or a row number as a place in the index; None for "". With `end`, a day means its end.

    Raises:
        ValueError: it is none of them, or lies after the signal's end.
    """
    text = str(text).strip()
    if not text:
        return None
    index = signal.index
    if share := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", text):
        if not 0 < float(share[1]) < 100:
            raise ValueError(f"{name} is {text!r}; expected a share between 0% and 100%")
        return index[int(len(index) * float(share[1]) / 100)]
    if not isinstance(index, pd.DatetimeIndex):
        if not text.isdecimal():
            raise ValueError(
                f"{name} is {text!r}; expected a row number (the signal has no times), or a share: 70%"
            )
        found, beyond = int(text) + end, int(text) > index[-1]
    else:
        found = _moment(signal, name, text)
        if end and (found == found.normalize() and ":" not in text):
            found += pd.Timedelta("1D")
        elif end:
            found += pd.Timedelta("1ns")
        beyond = found > index[-1] and not end
    if beyond:
        raise ValueError(
            f"{name} is {text!r}, after the signal's end ({index[-1]}); write an earlier one, or 70%"
        )
    return found


def _moment(signal, name: str, text: str) -> pd.Timestamp:
    example = f"write a time such as {signal.index[0]:%Y-%m-%d} or {signal.index[0]:%Y-%m-%d %H:%M}, or a share: 70%"
    if text.isdecimal() and len(text) != 8:
        raise ValueError(f"{name} is {text!r}: a year, a row or a number of days? {example}")
    try:
        found, _, clock = times.read_texts(pd.Series([text]), signal.attrs.get("date_order"))
    except ValueError as error:
        raise ValueError(f"{name} is {text!r}: {error}; or {example}") from None
    if clock and found.notna().all():
        raise ValueError(f"{name} is {text!r}, a clock without its day; {example}")
    if found.isna().all():
        raise ValueError(f"{name} is {text!r}, which is no time; {example}")
    moment, zone = found.iloc[0], signal.index.tz
    if zone is not None:
        return moment.tz_localize(zone) if moment.tz is None else moment.tz_convert(zone)
    if moment.tz is not None:
        raise ValueError(f"{name} is {text!r}, with a time zone; the signal's times have none")
    return moment


def split(normal, window: int = 0):
    """The first two fifths, to learn from, and the remainder, to calibrate on; no window lies in both.

    Calibration gets more: the lowest rate that it can support depends on its length.
    """
    middle = 2 * len(normal) // 5
    return normal.iloc[:middle], normal.iloc[middle + window :]


def supported_rate(calibration, per_day: float) -> tuple[dict, str]:
    """The target rate that a `Calibration` supports, as arguments of `Monitor.alarms`, and in words.

    With too little normal data it is the lowest that can be supported; without times, it is per window's length.
    """
    blocks = len(calibration.largest)
    least = -math.log1p(-1 / (blocks + 1)) * 1.0001  # a block, so that a conformal threshold is finite
    if math.isnan(calibration.step):
        rate = max(0.01, least / (calibration.points / calibration.window))
        return {"rate": rate}, f"No times: the target is one false alarm in {1 / rate:,.0f} windows' length."
    least /= calibration.days
    days = f"{blocks * calibration.days:.3g} days"
    if per_day >= least:
        words = f"Target on normal data: one false alarm in {1 / per_day:.3g} days (calibrated on {days})."
        return {"per_day": per_day}, words
    return {"per_day": least}, (
        f"One false alarm in {1 / per_day:.3g} days was asked for. {days} of normal data to calibrate on are too"
        f" few for that. The lowest rate that they support, one in {1 / least:.3g} days, is used."
    )


def alarms_inside(alarms: pd.DataFrame, normal) -> str:
    """In words, which alarms of `Monitor.alarms` have their peak in the part that was called normal."""
    if not len(normal):
        return "Nothing of this file was called normal: the monitor brought its own."
    raised = alarms[alarms.triggered_by != "gap"]
    inside = raised[raised.peak.isin(normal.index)]
    if not len(inside):
        return "No alarm lies in what was called normal."
    numbers = ", ".join(map(str, inside.index))
    lies, them = ("alarm lies", "it") if len(inside) == 1 else ("alarms lie", "them")
    return f"{len(inside)} {lies} in what was called normal ({numbers}): look there, or exclude {them}."


def drift(monitor, after) -> str:
    """In words, whether what came after the normal part is still like it (`Monitor.drift`)."""
    try:
        found = monitor.drift(after)
    except ValueError as error:
        return f"Drift cannot be tested: {error}"
    drifted = found[found.drifted]
    told = ", ".join(f"`{name}` (p = {p:.2g})" for name, p in drifted.p_value.items())
    if not len(drifted):
        return "No drift."
    return f"Drift detected in {told}. The target rate no longer holds; recalibrate."
