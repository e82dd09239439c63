"""The monitor on series that others published: `python benchmarks/public_series.py NAB=folder UCR=folder …`.

The folders are clones that you have: NAB, SKAB, UCR (the archive's text files), SMAP (telemanom's data, MSL
too). What is not given is left out. Results go into results/public_series.json and
docs/public-series.md. No label trains or calibrates; each function says what else its protocol takes.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import json
import platform
import sys
from collections import defaultdict
from copy import copy
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, f1_score
from tqdm import tqdm

from sensorwatch import Monitor
from sensorwatch.trials import hits
from tools.refresh import between
from tools.times import machine
from vaepaper import claims, paths

DOCUMENT = paths.ROOT / "docs" / "public-series.md"
KINDS = {"as calibrated": False, "following": True}  # of monitors: `Monitor(follow=…)`
PROFILES = {"standard": (1, 0.11), "low-FP": (1, 0.22), "low-FN": (2, 0.11)}  # a miss, a false alarm


def learnt(normal, calibrated: int | None = None) -> dict[str, Monitor | None]:
    """Of each kind, a monitor of normal rows, of which the last calibrate, by default half; None if
    refused.
    """
    begin = len(normal) // 2 if calibrated is None else len(normal) - calibrated
    found = {}
    try:
        learner = Monitor().fit(normal[:begin])
        for kind, follow in KINDS.items():
            found[kind] = copy(learner)
            found[kind].follow = follow
            found[kind].calibrate(normal[begin:])
    except ValueError as error:
        tqdm.write(f"refused: {error}")
        return dict.fromkeys(KINDS)
    return found


def alarms(score: np.ndarray, threshold: float, window: int) -> np.ndarray:
    """First and last row of each event [n, 2]: rows above the threshold, at most a window apart."""
    at = np.flatnonzero(score > threshold)
    begins = np.diff(at, prepend=-window - 1) > window
    return np.stack([at[begins], at[np.roll(begins, -1)]], axis=1)


def calibrated(monitor: Monitor) -> float:
    """The highest threshold that the normal rows support: one false event in as many blocks as they have."""
    calibration = monitor.calibration
    a_block = -np.log1p(-1 / (calibration.blocks + 1)) * 1.0001
    return calibration.threshold(rate=a_block * calibration.window / calibration.block)


def nab(folder: Path) -> dict[str, dict]:
    """58 files; the first 15 %, at most 750 rows, are normal. One threshold over all files, the best of them.

    A point's score is known once the last window that covers it has been seen. An event is one alarm, at its
    first row; rows in alarm at most a window apart are one event. What an alarm gains, numenta's code says.
    """
    sys.path.insert(0, str(folder))
    from nab.sweeper import Sweeper  # numenta's own

    sweeper = Sweeper(0.15, {"tpWeight": 1, "fnWeight": 1, "fpWeight": 1})
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    files = defaultdict(list)
    for name, limits in tqdm(labels.items(), "NAB"):
        table = pd.read_csv(folder / "data" / name, parse_dates=["timestamp"])
        values, times = table["value"].to_numpy(np.float64), list(table["timestamp"])
        normal = min(int(0.15 * len(values)), 750)
        points = sweeper.calcSweepScore(times, values, [[*map(pd.Timestamp, pair)] for pair in limits], name)
        gain = np.array([point.sweepScore for point in points])[normal:]
        place = np.array([str(point.windowName) for point in points])[normal:]
        for kind, monitor in learnt(values[:normal]).items():
            score, late = np.full(len(gain), -np.inf), monitor.window - 1 if monitor else 0
            if monitor:
                known = np.nan_to_num(monitor.score(values[normal:]).to_numpy(), nan=-np.inf)
                score[late:] = known[: len(known) - late]
            files[kind].append((score, late + 1, gain, place))
    return {kind: corpus_score(each, sum(map(len, labels.values()))) for kind, each in files.items()}


def corpus_score(files: list[tuple], windows: int) -> dict[str, float]:
    """NAB's score of each profile: 0 for a detector that says nothing, 100 for a perfect one."""
    scores = np.concatenate([score for score, *_ in files])
    thresholds = np.quantile(scores[np.isfinite(scores)], 1 - np.geomspace(2e-4, 0.4, 250))
    found = np.array([np.sum([gained(*file, threshold) for file in files], 0) for threshold in thresholds])
    measures = {}
    for profile, (miss, false) in PROFILES.items():
        measures[profile] = 100 * (found @ [1, miss, false]).max() / (windows * (1 + miss))
    threshold = thresholds[(found @ [1, *PROFILES["standard"]]).argmax()]
    normal = [(score > threshold)[place == "None"].mean() for score, _, _, place in files]
    return measures | {"% of unlabelled rows in alarm": 100 * np.mean(normal), "threshold": threshold}


def gained(score: np.ndarray, window: int, gain: np.ndarray, place: np.ndarray, threshold: float) -> tuple:
    """What the windows hit gain, how many they are, what alarms outside all windows lose."""
    at = alarms(score, threshold, window)[:, 0]
    at, outside = at[place[at] != "None"], at[place[at] == "None"]
    best = pd.Series(gain[at]).groupby(place[at]).max()
    return best.sum(), len(best), gain[outside].sum()


def skab(folder: Path) -> dict[str, dict]:
    """34 files of eight channels: learnt on 200 rows, calibrated on 180; rows from the 401st on judged."""
    truth, flagged = [], defaultdict(list)
    for path in tqdm(sorted(folder.glob("data/[vo][at]*/*.csv")), "SKAB"):
        table = pd.read_csv(path, sep=";").drop(columns=["datetime", "changepoint"])
        labels, values = table.pop("anomaly"), table.astype(np.float64)
        truth += [*(labels[400:] > 0)]
        for kind, monitor in learnt(values[:380], calibrated=180).items():
            alarm = np.zeros(len(values) - 380, bool)
            if monitor:
                alarm = monitor.score(values[380:]).to_numpy() > calibrated(monitor)
            flagged[kind] += [*alarm[20:]]
    measures = {}
    for kind, alarm in flagged.items():
        (right, false), (missed, met) = confusion_matrix(truth, alarm)
        shares = {"% false": 100 * false / (false + right), "% missed": 100 * missed / (missed + met)}
        measures[kind] = {"F1 by points": f1_score(truth, alarm)} | shares
    return measures


def ucr(folder: Path) -> dict[str, dict]:
    """The largest score lies within 100 points of the one anomaly, or within its own length."""
    found = defaultdict(list)
    for path in tqdm(sorted(folder.rglob("*_UCR_Anomaly_*.txt")), "UCR"):
        trained, first, last = (int(number) for number in path.stem.split("_")[-3:])
        values = np.array(path.read_text().split(), np.float64)
        for kind, monitor in learnt(values[:trained]).items():
            hit = monitor and hits(
                monitor.score(values[trained:]).to_numpy(), first - trained, last - trained
            )
            found[kind].append(bool(hit))
    return {kind: {"series": len(hit), "% hit": 100 * np.mean(hit)} for kind, hit in found.items()}


def smap(folder: Path) -> dict[str, dict]:
    """Channel 0 of SMAP's and MSL's files, learnt on `train`: F1 of segments that overlap, no label used."""
    rows, table = [], pd.read_csv(folder / "labeled_anomalies.csv").drop_duplicates("chan_id")
    for channel in tqdm(list(table.itertuples()), "SMAP, MSL"):
        [train], [test] = (list(folder.rglob(f"{part}/{channel.chan_id}.npy")) for part in ("train", "test"))
        labelled = np.array(json.loads(channel.anomaly_sequences))
        for kind, monitor in learnt(np.load(train)[:, 0]).items():
            found = np.empty((0, 2))
            if monitor:
                score = monitor.score(np.load(test)[:, 0]).to_numpy()
                found = alarms(score, calibrated(monitor), monitor.window)
            overlap = (found[:, None, 0] <= labelled[:, 1]) & (labelled[:, 0] <= found[:, None, 1])
            counts = [overlap.any(0).sum(), (~overlap.any(0)).sum(), (~overlap.any(1)).sum(), not monitor]
            rows.append((kind, channel.spacecraft, *counts))
    measures, names = defaultdict(dict), ["kind", "craft", "met", "missed", "false", "refused"]
    for (kind, craft), row in pd.DataFrame(rows, columns=names).groupby(names[:2]).sum().iterrows():
        measures[kind][f"{craft}: F1"] = 2 * row.met / (2 * row.met + row.missed + row.false)
        measures[kind] |= {f"{craft}: {name}": row[name] for name in ("false", "refused")}
    return measures


PROTOCOLS = {"NAB": nab, "SKAB": skab, "UCR": ucr, "SMAP": smap}


def main(arguments: list[str]) -> None:
    """Measure what is given, write, show."""
    given = dict(argument.split("=", 1) for argument in arguments)
    if not given or given.keys() - PROTOCOLS.keys():
        sys.exit(__doc__)
    path = paths.RESULTS / "public_series.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    versions = {name: version(name) for name in ("vaepaper", "numpy", "torch")}
    about = {"date": f"{pd.Timestamp.now():%Y-%m-%d}", "python": platform.python_version(), **versions}
    for name, folder in given.items():
        measures = pd.DataFrame(PROTOCOLS[name](Path(folder)), dtype=float).round(3).to_dict("index")
        found[name] = {"measures": measures, "machine": machine(), **about}
        with paths.atomic_write(path) as part:
            part.write_text(json.dumps(found, indent=1) + "\n")
    shown = between("public series", table(found), DOCUMENT.read_text(encoding="utf-8"))
    DOCUMENT.write_text(shown, encoding="utf-8")
    print(table(found))


def table(found: dict) -> str:
    """What results/public_series.json holds, as a table."""
    rows = []
    for name, one in found.items():
        for measure, values in one["measures"].items():
            row = {"series": name, "measure": measure, "measured on": one["date"]}
            rows.append(row | {kind: f"{values[kind]:.3g}" for kind in KINDS})
    return claims.table(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
