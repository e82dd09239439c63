"""Which part of a signal is taken as normal, how it is parted, and what may be promised with that much of it."""

import math

import pandas as pd

from sensorwatch._quality import constant_stretches


def normal_part(signal: pd.Series, since: str = "", until: str = "") -> tuple[pd.Series, str]:
    """The part of a signal from `since` until before `until`, and in words what was taken and what speaks against it.

    Times as text (a day, or a day and a clock, in the signal's own zone), or numbers of samples where there are none;
    "" is the signal's begin. Without `until`, it is the first half of what follows `since`.

    Raises:
        ValueError: no such time, or nothing between the two.
    """
    begin, end = (_place(signal, name, text) for name, text in (("normal_from", since), ("normal_until", until)))
    begin = signal.index[0] if begin is None else begin
    rest = signal[signal.index >= begin]
    if end is None and len(rest):
        end = rest.index[len(rest) // 2]
    normal = rest[rest.index < end] if len(rest) else rest
    if not normal.notna().any():
        raise ValueError(
            f"no value lies between normal_from ({begin}) and normal_until ({end}); the signal reaches from"
            f" {signal.index[0]} to {signal.index[-1]}"
        )
    words = [f"Taken as normal: {normal.index[0]} to {normal.index[-1]}, {len(normal):,} points."]
    if not until:
        words.append(
            "That is the first half, as no normal_until was named: a fault in there would be learnt as normal."
        )
    stuck = constant_stretches(normal.to_numpy())
    if stuck:
        first = stuck[0]
        words.append(
            f"There, the value stands still ({len(stuck):,} stretches, the first at {normal.iloc[first.start]:g} for"
            f" {first.stop - first.start:,} points from {normal.index[first.start]}): if that is a stuck sensor, it is"
            " learnt as normal, too."
        )
    return normal, "\n".join(words)


def _place(signal: pd.Series, name: str, text: str):
    """A time or a sample's number in the index, or None for ""."""
    text = str(text).strip()
    if not text:
        return None
    timed = isinstance(signal.index, pd.DatetimeIndex)
    try:
        place = pd.Timestamp(text) if timed else int(text)
    except ValueError:
        such = "a time such as 2026-03-01 or 2026-03-01 12:30" if timed else "a row number (the signal has no times)"
        raise ValueError(f"{name} is {text!r}; expected {such}") from None
    if timed and signal.index.tz is not None:
        place = place.tz_localize(signal.index.tz) if place.tz is None else place.tz_convert(signal.index.tz)
    elif timed and place.tz is not None:
        raise ValueError(f"{name} is {text!r}, with a zone; the signal's times have none")
    return place


def parted(normal: pd.Series, window: int = 0) -> tuple[pd.Series, pd.Series]:
    """The first two fifths, to learn from, and the rest, to calibrate on, a window apart: no window lies in both.

    Calibration gets more, for of its length hangs what can be promised.
    """
    middle = 2 * len(normal) // 5
    return normal.iloc[:middle], normal.iloc[middle + window :]


def promise(calibration, per_day: float) -> tuple[dict, str]:
    """What a `Calibration` can keep of `per_day` false events, as arguments of `Monitor.alarms`, and in words.

    With too little normal data it is the least that can be promised; without times, it is per window's length.
    """
    blocks = len(calibration.largest)
    least = -math.log1p(-1 / (blocks + 1)) * 1.0001  # a block, so that a conformal threshold is finite
    if math.isnan(calibration.step):
        rate = max(0.01, least / (calibration.points / calibration.window))
        return {"rate": rate}, f"No times: one false alarm is promised in {1 / rate:,.0f} windows' length."
    least /= calibration.days
    days = f"{blocks * calibration.days:.3g} days"
    if per_day >= least:
        return {
            "per_day": per_day
        }, f"Promised on normal data: one false alarm in {1 / per_day:.3g} days (calibrated on {days})."
    return {"per_day": least}, (
        f"One false alarm in {1 / per_day:.3g} days was asked for. {days} of normal data to calibrate on are too few"
        f" for that; what they allow, and what is used, is one in {1 / least:.3g} days."
    )


def within(alarms: pd.DataFrame, normal: pd.Series) -> str:
    """In words, which alarms of `Monitor.alarms` have their peak in the part that was called normal."""
    if not len(normal):
        return "Nothing of this file was called normal: the monitor brought its own."
    loud = alarms[alarms.triggered_by != "gap"]
    inside = loud[loud.peak.isin(normal.index)]
    if not len(inside):
        return "No alarm lies in what was called normal."
    numbers = ", ".join(map(str, inside.index))
    lies, them = ("alarm lies", "it") if len(inside) == 1 else ("alarms lie", "them")
    return f"{len(inside)} {lies} in what was called normal ({numbers}): look there, or take {them} out of it."


def drift(monitor, after: pd.Series) -> str:
    """In words, whether what came after the normal part is still like it (`Monitor.drift`)."""
    try:
        found = monitor.drift(after)
    except ValueError as error:
        return f"Drift cannot be told: {error}"
    moved = found[found.drifted]
    told = ", ".join(f"{name} (p = {p:.2g})" for name, p in moved.p_value.items())
    return (
        f"Drift: {told} is not what it was. The promise no longer holds; calibrate anew." if len(moved) else "No drift."
    )
