"""Which part of a signal is normal, which target rate it supports, and what the alarms after it say."""

import math
import re

import numpy as np
import pandas as pd

from sensorwatch import times
from sensorwatch.quality import constant_stretches, sentinel_values
from sensorwatch.windows import gap_limit, steps, window_length
from vaepaper import checks


def normal_part(signal, normal_from="", normal_until="", exclude=()) -> tuple:
    """A signal from `normal_from` until before `normal_until` without `exclude`, and in words what it is.

    Args:
        normal_from, normal_until: times as the file writes them (a day, or a day and a clock), a share of
            the signal ("70%"), or row numbers where there are no times. "" is the begin, and the first half
            of what follows it.
        exclude: as in `excluded` (both days included).

    Raises ValueError: no such time, a time after the signal's end, or nothing between the two.
    """
    begin, end = place(signal, "normal_from", normal_from), place(signal, "normal_until", normal_until)
    begin = signal.index[0] if begin is None else begin
    rest = signal[signal.index >= begin]
    end = rest.index[len(rest) // 2] if end is None else end  # `begin` is never after the signal's end
    normal = rest[rest.index < end]
    out = normal.index.isin(signal.index[excluded(signal, exclude)])
    normal, left = normal[~out], int(out.sum())
    if not normal.notna().to_numpy().any():
        reach = f"the signal reaches from {signal.index[0]} to {signal.index[-1]}"
        raise ValueError(f"no value lies between normal_from ({begin}) and normal_until ({end}); {reach}")
    first, last = (moment(normal.index[k], signal) for k in (0, -1))
    told = [f"Taken as normal: {first} to {last}, {len(normal):,} points."]
    if left:
        told.append(f"Of that stretch, {left:,} points are excluded.")
    if not normal_until:
        why = "That is the first half, as no normal_until was named"
        told.append(f"{why}: a fault in there is learnt as normal.")
    for name, channel in pd.DataFrame(normal).items():
        for flat in constant_stretches(channel.to_numpy())[:1]:
            value, points = f"{channel.iloc[flat.start]:g}", f"{flat.stop - flat.start:,} points"
            since = f"{value} for {points} from {moment(channel.index[flat.start], signal)}"
            stuck = "a stuck sensor would be learnt as normal, too"
            told.append(f"In it, {name!r} is constant ({since}): {stuck}.")
        for value, count in sentinel_values(channel.dropna().to_numpy()):
            at = moment(channel.index[channel.to_numpy() == value][0], signal)
            far = f"{value:g} of {name!r} ({at}; {count:,} in all) lies far from all others"
            told.append(f"In it, {far}: if it means missing, missing={value:g}; if not, exclude it.")
    return normal, "\n".join(told)


def excluded(signal, stretches=()) -> np.ndarray:
    """Which points lie in stretches to leave out, bool [n]; each as "2026-02-03..2026-02-05", a list or by
    commas.
    """
    out = np.zeros(len(signal), bool)
    stretches = stretches.split(",") if isinstance(stretches, str) else stretches
    for stretch in filter(None, map(str.strip, stretches)):
        first, dots, last = stretch.partition("..")
        if not dots:
            raise ValueError(f"exclude is {stretch!r}; expected a stretch such as 2026-02-03..2026-02-05")
        low, high = place(signal, "exclude", first), place(signal, "exclude", last, end=True)
        out |= (signal.index >= low) & (signal.index < high)
    return out


def place(signal, name: str, text, end: bool = False):
    """A time, a share or a row number as a place in the index; None for "". With `end`, a day means its end.

    Raises ValueError: it is none of them, or lies after the signal's end.
    """
    text, index, beyond = str(text).strip(), signal.index, False
    if not text:
        return None
    if share := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", text):
        if not 0 < float(share[1]) < 100:
            raise ValueError(f"{name} is {text!r}; expected a share between 0% and 100%")
        return index[int(len(index) * float(share[1]) / 100)]
    if isinstance(index, pd.DatetimeIndex):
        found = _moment(signal, name, text)
        beyond = found > index[-1] and not end
        if end:
            day = found == found.normalize() and ":" not in text
            found += pd.Timedelta("1D" if day else "1ns")
    elif text.isdecimal():
        found, beyond = int(text) + end, int(text) > index[-1]
    else:
        expected = "expected a row number (the signal has no times), or a share: 70%"
        raise ValueError(f"{name} is {text!r}; {expected}")
    if beyond:
        late = f"after the signal's end ({index[-1]}); write an earlier one, or 70%"
        raise ValueError(f"{name} is {text!r}, {late}")
    return found


def _moment(signal, name: str, text: str) -> pd.Timestamp:
    first = signal.index[0]
    example = f"write a time such as {first:%Y-%m-%d} or {first:%Y-%m-%d %H:%M}, or a share: 70%"
    wrong = ""
    if text.isdecimal() and len(text) != 8:
        wrong = ": a year, a row or a number of days?"
    else:
        try:
            found, words = times.read_texts(pd.Series([text]), signal.attrs.get("date_order"))
            if found.isna().all():
                wrong = ", which is no time;"
            elif not words:
                wrong = ", a clock without its day;"
        except ValueError as error:
            wrong = f": {error}; or"
    if wrong:
        raise ValueError(f"{name} is {text!r}{wrong} {example}")
    time, zone = found.iloc[0], signal.index.tz
    if zone is not None:
        return time.tz_localize(zone) if time.tz is None else time.tz_convert(zone)
    if time.tz is not None:
        raise ValueError(f"{name} is {text!r}, with a time zone; the signal's times have none")
    return time


def split(normal, window: int = 0):
    """The first two fifths, to learn from, and the remainder, to calibrate on; no window lies in both.

    Calibration gets more: the lowest rate that it can support depends on its length.
    """
    middle = 2 * len(normal) // 5
    return normal.iloc[:middle], normal.iloc[middle + window :]


def window_of(normal) -> tuple[int, str]:
    """The window of a normal part in points, so short that sixteen fit into it, and the reason."""
    columns = [channel for _, channel in pd.DataFrame(normal).items()]
    found = [window_length(channel.to_numpy(), channel.count() // 16) for channel in columns]
    return max(found, key=lambda each: each[0])


def least_sizes(text) -> float | dict[str, float]:
    """What `Monitor` takes as `at_least`: "0.5" for all channels, or "flow: 0.5, heat: 2"."""
    pairs = [part.rpartition(":") for part in filter(None, map(str.strip, str(text).split(",")))]
    try:
        sizes = {name.strip(): float(size) for name, _, size in pairs}
        if "" in sizes and len(pairs) > 1:
            raise ValueError
    except ValueError:
        expected = "expected a size, or of several channels flow: 0.5, heat: 2"
        raise ValueError(f"at_least is {text!r}; {expected}") from None
    return sizes.get("", 0.0) if set(sizes) <= {""} else sizes


def numbered(alarms: pd.DataFrame) -> pd.DataFrame:
    """The same alarms, counted from 1."""
    return alarms.set_axis(range(1, len(alarms) + 1))


def confirm(watch, signal, alarms: pd.DataFrame, numbers: str, per_day: float, after=None) -> tuple:
    """Take alarms of these numbers as normal (`Monitor.confirm`) and look again.

    Returns:
        The alarms without these, numbered anew; the target rate, as `supported_rate`; both in words.

    Raises:
        ValueError: no such alarm.
    """
    raised = alarms.index[alarms.triggered_by != "gap"]
    false = [number.strip() for number in str(numbers).split(",") if number.strip()]
    if unknown := [number for number in false if number not in map(str, raised)]:
        there = ", ".join(map(str, raised)) or "none"
        raise ValueError(f"false_alarms: there is no alarm {unknown[0]!r}; there are {there}")
    before, taken = watch.calibration.blocks, alarms.loc[map(int, false)]
    watch.confirm(signal, alarms.drop(taken.index), after)
    target, words = supported_rate(watch.calibration, per_day)
    found = watch.alarms(signal, **target)
    again = [((taken.start <= peak) & (peak <= taken.end)).any() for peak in found.peak]
    more = watch.calibration.blocks - before
    done = f"Alarms {', '.join(false)} are taken as normal; {more} blocks more calibrate. {words}"
    return numbered(found[~np.array(again, bool)]), target, f"{done} The alarms are numbered anew."


def supported_rate(calibration, per_day: float) -> tuple[dict, str]:
    """The target rate that a `Calibration` supports, as arguments of `Monitor.alarms`, and in words.

    What is asked for, or the nearest rate that can be supported; without times, per window's length.
    """
    checks.number("per_day", per_day, 0, above=True)
    least, most = (events / calibration.days for events in calibration.supported)
    if math.isnan(calibration.step):
        rate = max(0.01, calibration.supported[0] * calibration.window / calibration.block)
        return {"rate": rate}, f"No times: the target is one false alarm in {1 / rate:,.0f} windows' length."
    used, days = min(max(per_day, least), most), calibration.blocks * calibration.days
    certain = calibration.certain(calibration.threshold(used)) / calibration.days
    target = f"on average one false alarm in {1 / used:.3g} days, calibrated on {days:.3g} days"
    needed = f"one in {1 / used:.3g} would need {2.303 / used:.3g} days to calibrate on"
    said = [f"Target on normal data: {target}."]
    said.append(f"With 90% certainty: at most one in {1 / certain:.2g} days ({needed}).")
    if calibration.follow:
        said.append("The monitor follows: both hold while neighbouring windows differ as they did there.")
    if used != per_day:
        why = "the normal part is too short for that" if used > per_day else "nothing beyond that can be told"
        said.insert(0, f"One in {1 / per_day:,.4g} days was asked for; {why}.")
    return {"per_day": used}, " ".join(said)


def result(alarms: pd.DataFrame, watch, target: dict, signal, normal) -> str:
    """In words, how many alarms there are where how many were to be expected, and what many have in common.

    Args:
        alarms: of `Monitor.alarms`, with the numbers to call them by. watch: the monitor. target: of
            `supported_rate`.
    """
    raised = alarms[alarms.triggered_by != "gap"]
    outside = ~signal.index.isin(normal.index)
    inside = raised[raised.peak.isin(normal.index)]
    if "rate" in target:
        expected = target["rate"] * outside.sum() / watch.window
    else:
        expected = target["per_day"] * watched_days(signal.index, outside)
    number = len(raised) - len(inside)
    found = f"{number or 'No'} alarm{'s' if number > 1 else ''}"
    strongest = "; the strongest first" if number > 1 else ""
    told = [f"{found}, where {expected:.2g} were to be expected by chance{strongest}."]
    if len(inside):
        have, them = ("has its", "it") if len(inside) == 1 else ("have their", "them")
        these = f"{len(inside)}{' more' if number else ''} {have} peak in what was called normal"
        told.append(f"{these} ({', '.join(map(str, inside.index))}): look there, or exclude {them}.")
    for name, channel in watch.channels.items():
        own = raised[raised.channel == name] if "channel" in raised else raised
        own = own[own.triggered_by.isin(["beyond range", "level"])]
        least, most = channel.scaling.least, channel.scaling.most
        above, below = own.high > most, own.low < least
        risen, fallen = own[above & ~below], own[below & ~above]
        for beyond, way, limit, furthest in (
            (risen, "risen above", most, risen.high.max()),
            (fallen, "fallen below", least, fallen.low.min()),
        ):
            if len(beyond) > 2:
                since = f"since {moment(beyond.start.iloc[0], signal)} the level of {name!r} has {way}"
                cause = f"{since} what was learnt ({limit:.4g}; up to now {furthest:.4g})"
                anew = "learn anew from a part that holds it (normal_from, normal_until)"
                told.append(f"{len(beyond)} alarms may have one cause: {cause}.")
                told.append(f"If that is normal from now on, {anew}.")
    return " ".join(told)


def dated(alarms: pd.DataFrame, signal) -> pd.DataFrame:
    """The same alarms with times as texts, as the file writes them; what to look at comes first."""
    texts = {name: [moment(time, signal) for time in alarms[name]] for name in ("start", "end", "peak")}
    first = [name for name in ("peak", "severity", "channel", "triggered_by") if name in alarms]
    return alarms.assign(**texts)[first + [name for name in alarms if name not in first]]


def moment(time, signal) -> str:
    """A time of the signal, as its file writes times."""
    form = signal.attrs.get("form")
    return time.strftime(form) if form else str(time)


def watched_days(index: pd.Index, chosen) -> float:
    """Days by the clock of the chosen points, bool [n]; the time in gaps does not count."""
    between = steps(index)
    return float(between[chosen[1:] & (between <= gap_limit(index))].sum() / 86_400)


def drift(monitor, signal, after=None) -> str:
    """In words, whether what came later than `after` is still like the normal part (`Monitor.drift`)."""
    try:
        found = monitor.drift(signal, after)
    except ValueError as error:
        return f"Drift cannot be tested: {error}"
    drifted = found[found.drifted]
    told = ", ".join(f"`{name}` (p = {p:.2g})" for name, p in drifted.p_value.items())
    if not len(drifted):
        return "No drift."
    return f"Drift detected in {told}. The target rate no longer holds; recalibrate."
