"""Scores of signals judged as a plant would: by events, delays and false events per day, never by points."""

import numpy as np
import pandas as pd

from sensorwatch.calibration import joint
from sensorwatch.channel import columns_of
from sensorwatch.monitor import Monitor
from vaepaper.thresholds import Threshold

DAY = 86_400


def events(flagged: np.ndarray, window: int) -> int:
    """How many events: flagged points no more than a window apart are one."""
    at = np.flatnonzero(np.asarray(flagged))
    return len(at) and 1 + int((np.diff(at) > window).sum())


def met(flagged: np.ndarray, faults: pd.DataFrame, window: int, lag: int = 0) -> pd.DataFrame:
    """Which faults are found: by an alarm from a fault's `first` point to a window after its `last`.

    Args:
        faults: `first` and `last`, numbers of points. lag: how many points later a flagged one is known;
            window - 1 where a point is judged by all windows that cover it (so it may lie before the fault).

    Returns `met`, bool, and `delay` of the alarm after the fault's first point, in points, NaN if none.
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
        record: normal throughout. calibrated: points to calibrate on; the remaining ones are watched.
        ramp: what is added to these, from nothing at first to this at their end, in the case "slow drift".
        pieces: of equal length, of which each gets a row; and piece 0 is all that is watched.

    Returns:
        Rows with case, piece, the day of its end, detected (whether the drift check reports drift), rate and
        rate_by_windows (false events per day under either calibration), lasting (the share of time in alarm).
    """
    first, watched = record.iloc[:calibrated], record.iloc[calibrated:]
    calibration = monitor.calibrate(first).calibration
    by_blocks, step = calibration.threshold(per_day), calibration.step
    # As if points were independent.
    by_windows = Threshold("conformal").fit(monitor.score(first)).at(per_day * step / DAY)
    everything = np.arange(len(watched))
    rows = []
    for case, end in {"as calibrated": 0.0, "slow drift": ramp}.items():
        deviations, _, _ = monitor.deviations(watched + np.linspace(0, end, len(watched)))
        score = joint(calibration.standard(deviations))
        for piece, at in enumerate([everything, *np.array_split(everything, pieces)]):
            days, names = len(at) * step / DAY, columns_of(["the record"], drifts=True)
            row = {"case": case, "piece": piece, "day": at[-1] * step / DAY}
            row["detected"] = bool(calibration.drift(deviations[at], names).drifted.any())
            row["rate"] = events(score[at] > by_blocks, monitor.window) / days
            row["rate_by_windows"] = events(score[at] > by_windows, monitor.window) / days
            row["lasting"] = float((score[at] > by_blocks).mean())
            rows.append(row)
    return rows
