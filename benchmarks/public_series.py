"""The monitor on series that others published: `python benchmarks/public_series.py NAB=folder SKAB=folder …`.

The folders are clones that you have: NAB, SKAB, UCR (the archive's text files), SMAP (telemanom's data, MSL
too). What is not given is left out. It prints a table and writes results/public_series.json. The protocols
stand at each function; no label trains, calibrates or chooses anything else.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import ast
import json
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, f1_score
from tqdm import tqdm

from sensorwatch import Monitor
from sensorwatch.parts import supported_rate
from sensorwatch.trials import hits
from tools.times import machine
from vaepaper import claims, paths

Measures = dict[str, float]
# What a miss costs and what a false alarm costs.
PROFILES = {"standard": (1, 0.11), "low-FP": (1, 0.22), "low-FN": (2, 0.11)}


def learnt(normal, calibrated: int | None = None) -> Monitor | None:
    """A monitor that learns from normal rows and is calibrated on the last of them, by default half.

    None if it refuses them.
    """
    begin = len(normal) // 2 if calibrated is None else len(normal) - calibrated
    try:
        return Monitor().fit(normal[:begin]).calibrate(normal[begin:])
    except ValueError as error:
        tqdm.write(f"refused: {error}")
        return None


def calibrated_rate(monitor: Monitor) -> dict:
    """The lowest target rate that the normal rows support."""
    return supported_rate(monitor.calibration, 0)[0]


def nab(folder: Path) -> Measures:
    """58 files; the first 15 %, at most 750 rows, are normal. One threshold over all files, the best of them.

    A point's score is known once the last window that covers it has been seen. An event is one alarm, at its
    first row; rows in alarm at most a window apart are one event. What an alarm gains, numenta's code says.
    """
    sys.path.insert(0, str(folder))
    from nab.sweeper import Sweeper

    sweeper = Sweeper(0.15, {"tpWeight": 1, "fnWeight": 1, "fpWeight": 1})
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    files = []
    for name, limits in tqdm(labels.items(), "NAB"):
        table = pd.read_csv(folder / "data" / name, parse_dates=["timestamp"])
        values, times = table["value"].to_numpy(np.float64), list(table["timestamp"])
        normal = min(int(0.15 * len(values)), 750)
        points = sweeper.calcSweepScore(times, values, [[*map(pd.Timestamp, pair)] for pair in limits], name)
        gain = np.array([point.sweepScore for point in points])[normal:]
        place = np.array([str(point.windowName) for point in points])[normal:]
        monitor = learnt(values[:normal])
        score, window = np.full(len(gain), -np.inf), monitor.window if monitor else 1
        if monitor:
            known = np.nan_to_num(monitor.score(values[normal:]).to_numpy(), nan=-np.inf)
            score[window - 1 :] = known[: len(known) - window + 1]
        files.append((score, window, gain, place))
    return corpus_score(files, windows=sum(map(len, labels.values())))


def corpus_score(files: list[tuple], windows: int) -> Measures:
    """NAB's score of each profile: 0 for a detector that says nothing, 100 for a perfect one."""
    scores = np.concatenate([score for score, *_ in files])
    thresholds = np.quantile(scores[np.isfinite(scores)], 1 - np.geomspace(2e-4, 0.4, 250))
    found = np.array([np.sum([gained(*file, threshold) for file in files], 0) for threshold in thresholds])
    measures = {}
    for profile, (miss, false) in PROFILES.items():
        above_none = found[:, 0] + miss * found[:, 1] + false * found[:, 2]
        measures[profile] = 100 * above_none.max() / (windows * (1 + miss))
    threshold = thresholds[(found @ [1, 1, PROFILES["standard"][1]]).argmax()]
    normal = [(score > threshold)[place == "None"].mean() for score, _, _, place in files]
    return measures | {"% of unlabelled rows in alarm": 100 * np.mean(normal), "threshold": threshold}


def gained(score: np.ndarray, window: int, gain: np.ndarray, place: np.ndarray, threshold: float) -> tuple:
    """What the windows hit gain, how many they are, what alarms outside all windows lose."""
    at = np.flatnonzero(score > threshold)
    at = at[np.diff(at, prepend=-window - 1) > window]
    at, outside = at[place[at] != "None"], at[place[at] == "None"]
    best = pd.Series(gain[at]).groupby(place[at]).max()
    return best.sum(), len(best), gain[outside].sum()


def skab(folder: Path) -> Measures:
    """34 files of eight channels: learnt on 200 rows, calibrated on 180; rows from the 401st on judged."""
    truth, flagged = [], []
    for path in tqdm(sorted(folder.glob("data/[vo][at]*/*.csv")), "SKAB"):
        table = pd.read_csv(path, sep=";").drop(columns=["datetime", "changepoint"])
        labels, values = table.pop("anomaly"), table.astype(np.float64)
        monitor = learnt(values[:380], calibrated=180)
        truth.append(labels[400:] > 0)
        flagged.append(np.zeros(len(table) - 400, bool))
        if monitor:
            threshold = monitor.calibration.threshold(**calibrated_rate(monitor))
            flagged[-1] = (monitor.score(values[380:]) > threshold)[20:]
    truth, flagged = np.concatenate(truth), np.concatenate(flagged)
    (right, false), (missed, met) = confusion_matrix(truth, flagged)
    shares = {"% false": 100 * false / (false + right), "% missed": 100 * missed / (missed + met)}
    return {"F1 by points": f1_score(truth, flagged)} | shares


def ucr(folder: Path) -> Measures:
    """The largest score lies within 100 points of the one anomaly, or within its own length."""
    found = []
    for path in tqdm(sorted(folder.rglob("*_UCR_Anomaly_*.txt")), "UCR"):
        trained, first, last = map(int, path.stem.split("_")[-3:])
        values = np.array(path.read_text().split(), np.float64)
        monitor = learnt(values[:trained])
        score = monitor.score(values[trained:]) if monitor else [0]
        found.append(monitor is not None and hits(np.asarray(score), first - trained, last - trained))
    return {"series": len(found), "% hit": 100 * np.mean(found)}


def smap(folder: Path) -> Measures:
    """Channel 0 of SMAP's and MSL's files, learnt on `train`: F1 of segments that overlap, no label used."""
    rows = []
    table = pd.read_csv(folder / "labeled_anomalies.csv").drop_duplicates("chan_id")
    for channel in tqdm(list(table.itertuples()), "SMAP, MSL"):
        [train], [test] = (list(folder.rglob(f"{part}/{channel.chan_id}.npy")) for part in ("train", "test"))
        monitor, alarms = learnt(np.load(train)[:, 0]), np.empty((0, 2))
        if monitor:
            found = monitor.alarms(np.load(test)[:, 0], **calibrated_rate(monitor))
            alarms = found[["start", "end"]].to_numpy()
        labelled = np.array(ast.literal_eval(channel.anomaly_sequences))
        overlap = (alarms[:, None, 0] <= labelled[:, 1]) & (labelled[:, 0] <= alarms[:, None, 1])
        met, false = overlap.any(0).sum(), (~overlap.any(1)).sum()
        rows.append((channel.spacecraft, met, len(labelled) - met, false, monitor is None))
    counts = pd.DataFrame(rows, columns=["craft", "met", "missed", "false", "refused"]).groupby("craft").sum()
    measures = {}
    for craft, row in counts.iterrows():
        measures[f"{craft}: F1"] = 2 * row.met / (2 * row.met + row.missed + row.false)
        measures |= {f"{craft}: {name}": float(row[name]) for name in ("false", "refused")}
    return measures


PROTOCOLS = {"NAB": nab, "SKAB": skab, "UCR": ucr, "SMAP": smap}


def main(arguments: list[str]) -> None:
    """Measure what is given, write, show."""
    given = dict(argument.split("=", 1) for argument in arguments)
    if not given or given.keys() - PROTOCOLS.keys():
        sys.exit(f"expected {' '.join(f'{name}=folder' for name in PROTOCOLS)}, one of them or more")
    path = paths.RESULTS / "public_series.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    versions = {name: version(name) for name in ("vaepaper", "numpy", "torch")}
    about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "python": platform.python_version(), **versions}
    for name, folder in given.items():
        measures = {key: round(float(value), 3) for key, value in PROTOCOLS[name](Path(folder)).items()}
        found[name] = {"measures": measures, "machine": machine(), **about}
        with paths.atomic_write(path) as part:
            part.write_text(json.dumps(found, indent=1) + "\n")
    rows = [(name, *pair) for name in given for pair in found[name]["measures"].items()]
    print(claims.table([{"series": a, "measure": b, "value": f"{c:g}"} for a, b, c in rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
