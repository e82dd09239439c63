"""Scores of signals judged as a plant would: by events, delays and false events per day, never by points."""

import numpy as np
import pandas as pd

from sensorwatch import drift
from sensorwatch.monitor import Monitor
from sensorwatch.watch import joint, odd, signed
from vaepaper.thresholds import Threshold

DAY = 86_400


def events(flagged: np.ndarray, window: int) -> int:
    """How many events: flagged points no more than a window apart are one."""
    at = np.flatnonzero(np.asarray(flagged))
    return len(at) and 1 + int((np.diff(at) > window).sum())


def met(flagged: np.ndarray, faults: pd.DataFrame, window: int, lag: int = 0) -> pd.DataFrame:
    """Which faults are found: an alarm goes off at a fault's `first` point or later, a window after its `last` at most.

    Args:
        faults: `first` and `last`, numbers of points. lag: how many points later a flagged one is known; a window less
            one, where a point is judged by all windows that cover it (so it may lie before the fault).

    Returns:
        `met`, bool, and `delay` of the alarm after the fault's first point, in points, NaN where there is none.
    """
    known = np.append(np.flatnonzero(np.asarray(flagged)) + lag, 2**62)
    alarm = known[np.searchsorted(known, faults["first"])]
    found = alarm <= faults["last"] + lag + window
    return pd.DataFrame({"met": found, "delay": (alarm - faults["first"]).where(found)})


def hits(score: np.ndarray, first: int, last: int) -> bool:
    """The UCR archive's rule for the one labelled anomaly of a series (Wu and Keogh 2021).

    Whether the largest score lies within 100 points of it, or within its own length.
    """
    at, near = int(np.nanargmax(score)), max(100, last - first + 1)
    return first - near <= at <= last + near


def long_run(
    monitor: Monitor, record: pd.Series, calibrated: int, per_day: float, ramp: float, pieces: int
) -> list[dict]:
    """False events of one long normal record, watched by a monitor that is calibrated on its beginning.

    Args:
        record: normal throughout. calibrated: points to calibrate on; the rest is watched.
        ramp: what is added to the rest, from nothing at its beginning to this at its end, in the case "slow drift".
        pieces: of equal length, of which each gets a row; and piece 0 is the whole of the rest.

    Returns:
        Rows with case, piece, the day of its end, rate and rate_by_windows (false events per day under either
        calibration), lasting (the share of time in alarm), and said, whether the drift check speaks up.
    """
    first, rest = record.iloc[:calibrated], record.iloc[calibrated:]
    own, window = monitor.calibrate(first).calibration, monitor.window
    per_point = per_day * own.step / DAY
    by_windows = Threshold("conformal").fit(monitor.score(first)).at(per_point)  # as if points were independent
    rows = []
    for case, signal in {"as calibrated": rest, "slow drift": rest + np.linspace(0, ramp, len(rest))}.items():
        deviations = monitor.sensors.deviations(signal)[0]
        score = joint(own.standard(odd(deviations)))[0]
        for piece in range(pieces + 1):
            at = np.arange(len(rest)) if not piece else np.array_split(np.arange(len(rest)), pieces)[piece - 1]
            days = len(at) * own.step / DAY
            said = drift.compare(own.means, own.block_means(signed(deviations[at])), drift.SCORES).drifted.any()
            rates = [events(score[at] > line, window) / days for line in (own.threshold(per_day), by_windows)]
            row = {"case": case, "piece": piece, "day": at[-1] * own.step / DAY, "said": bool(said)}
            lasting = float((score[at] > own.threshold(per_day)).mean())
            rows.append(row | {"rate": rates[0], "rate_by_windows": rates[1], "lasting": lasting})
    return rows
