"""`make robustness`: every reading of the report with every seed, measured into results/robustness.csv."""

import argparse
import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import torch
from torch import nn

from vaepaper import checks, data, paths, readings, train
from vaepaper.readings import READINGS
from vaepaper.trainings import progress, runs
from vaepaper.trainings.descriptions import code_and_torch
from vaepaper.workshop import reread

Job = tuple[list[str], int]  # readings that are trained in one go, and a seed
TABLE, ABOUT = "robustness.csv", "robustness.json"


def missing(table: pd.DataFrame) -> list[Job]:
    """What the table lacks, in the order in which to train it: by stage, and in a stage the longest first."""
    there = set(zip(table.reading, table.seed, strict=True))
    jobs: dict = {}
    for name, reading in READINGS.items():
        for seed in readings.seeds(name):
            if (name, seed) not in there:
                late = reading["stage"] == 3 and seed > 2  # first three seeds of each, then five
                jobs.setdefault((reading["stage"], late, reading.get("together", name), seed), []).append(name)
    order = sorted(jobs, key=lambda key: (key[:2], -work((jobs[key], key[-1]))))
    return [(jobs[key], key[-1]) for key in order]


def plan(job: Job) -> dict[str, tuple[dict, str, set[int]]]:
    """A job's trainings: each as it is described, a reading whose digits it takes, after which epochs it is kept."""
    names, seed = job
    found: dict = {}
    for name in names:
        for network in reread.networks(name, seed).values():
            _, _, kept = found.setdefault(key(name, network), (network, name, set()))
            kept.add(network["epochs"])
    return found


def key(name: str, network: dict) -> str:
    """What tells a training of a reading from others, whatever its epochs."""
    digits = {what: READINGS[name].get(what) for what in ("first", "binary")}
    return json.dumps({**network, **digits, "epochs": None})


def work(job: Job) -> float:
    """About how long a job takes."""
    return sum(
        reread.work({**network, "epochs": max(kept)}, READINGS[name].get("first", 60_000))
        for network, name, kept in plan(job).values()
    )


def measure(job: Job, code: dict, share: np.ndarray, caller: int, reader: nn.Module, *arrays: np.ndarray) -> tuple:
    """Train what a job's readings need and measure them: the unit that runs in a worker, or on a cluster.

    Returns:
        The job, its rows, {reading: what its differences look like}, and what went wrong ("": nothing).
    """
    runs.end_with(caller)
    if code_and_torch() != code:
        raise RuntimeError(f"{platform.node()} has other code or another torch; bring it to the same commit")
    digits = tuple(torch.from_numpy(np.require(part, requirements="W")) for part in arrays)
    trainings, (names, seed) = plan(job), job
    epochs = sum(max(kept) for *_, kept in trainings.values())

    def ended() -> None:
        share[:] = min(share[0] + 1 / epochs, 0.99)

    try:
        models = {
            which: reread.trained(network, kept, reread.pixels(name, digits)[0], ended)
            for which, (network, name, kept) in trainings.items()
        }
    except FloatingPointError as error:
        return job, None, {}, f"{', '.join(names)}, seed {seed}: {error}"
    rows, seen = [], {}
    with train.standard():
        for name in names:
            asked = reread.networks(name, seed)
            own = {which: models[key(name, network)][network["epochs"]] for which, network in asked.items()}
            found, seen[name] = reread.measured(name, seed, own, reader, reread.pixels(name, digits))
            rows.append(readings.rows(name, seed, found))
    return job, pd.concat(rows), seen, ""


def machine() -> dict[str, str]:
    """Where this process runs, and with which libraries."""
    libraries = ("torch", "numpy", "scipy", "scikit-learn")
    versions = {"python": platform.python_version(), **{name: version(name) for name in libraries}}
    return {"processor": f"{os.cpu_count()} × {processor()}", **versions}


def processor() -> str:
    """The processor's name, where the system tells."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "processor unknown"


def digest(text: str) -> str:
    """SHA-256 of a table as it stands in its file."""
    return hashlib.sha256(text.encode()).hexdigest()


def load() -> tuple[pd.DataFrame, dict]:
    """The table, and what stands beside it.

    Raises:
        ValueError: as `readings.read`; altered since it was written; of other training code or another torch.
    """
    path, beside = paths.RESULTS / TABLE, paths.RESULTS / ABOUT
    table = readings.read(path)
    if table.empty:
        return table, {"sha256": [], "machines": [], "differences": {}, **code_and_torch()}
    try:
        known = json.loads(beside.read_text(encoding="utf-8"))
        written, origin = known["sha256"], {what: known[what] for what in code_and_torch()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{beside} does not tell where the table comes from ({error}); {readings.RESTORE}") from error
    if digest(path.read_text(encoding="utf-8")) not in written:
        raise ValueError(f"{path} was altered after it was written; {readings.RESTORE}")
    for what, wanted in code_and_torch().items():
        if origin[what] != wanted:
            raise ValueError(
                f"{path}: its {len(table):,} rows were measured by another {what} ({origin[what][:12]}; here"
                f" {wanted[:12]}) and are not mixed with new ones; move {TABLE} and {ABOUT} away to begin anew"
            )
    return table, known


def write(table: pd.DataFrame, known: dict) -> None:
    """Both files, each whole; if it ends between the two, the one still knows the other as it was."""
    places = {name: number for number, name in enumerate(READINGS)}
    table = table.sort_values(
        ["reading", "seed"], key=lambda of: of.map(places) if of.name == "reading" else of, kind="stable"
    )
    text = table.to_csv(index=False)
    known["sha256"] = [digest(text), *known["sha256"][:1]]
    for name, content in ((ABOUT, json.dumps(known, ensure_ascii=False) + "\n"), (TABLE, text)):
        with paths.whole(paths.RESULTS / name) as part:
            part.write_text(content, encoding="utf-8")


def run(jobs: list[Job]) -> Iterator[tuple]:
    """Measure jobs side by side, on all cores or on the Dask cluster, and yield each as it ends."""
    if not jobs:
        return
    training, unseen = data.mnist("train"), data.mnist("test")
    [reader] = runs.train_all([{"model": "DigitReader"}], *training, device="cpu")
    arrays, address = [np.asarray(part) for part in (*training, *unseen)], os.environ.get("VAEPAPER_SCHEDULER")
    title = f"{len(jobs)} job{'s' * (len(jobs) > 1)}"
    with runs.cluster(address, arrays), progress.shown(title, [work(job) for job in jobs]) as shares:
        parallel = joblib.Parallel(None if address else -1, return_as="generator_unordered", mmap_mode="c")
        for done in parallel(
            joblib.delayed(measure)(job, code_and_torch(), shares[n : n + 1], os.getpid(), reader, *arrays)
            for n, job in enumerate(jobs)
        ):
            shares[jobs.index(done[0])] = 1  # a cluster's workers cannot write there
            yield done


def fill() -> None:
    """Measure what the table lacks; each job's rows are in the file as soon as it ends."""
    table, known = load()
    known["machines"] = [*(m for m in known["machines"] if m != machine()), machine()]
    for _, rows, seen, failed in run(missing(table)):
        if failed:
            print(failed, file=sys.stderr)
            continue
        table = pd.concat([table, rows]) if len(table) else rows
        for name, differences in seen.items():
            if differences and differences["seed"] <= known["differences"].get(name, differences)["seed"]:
                known["differences"][name] = differences
        write(table, known)
    print(state(table))


def state(table: pd.DataFrame) -> str:
    """How much the table holds."""
    there = table.drop_duplicates(["reading", "seed"])
    wanted = sum(len(readings.seeds(name)) for name in READINGS)
    found = f"{len(there)} of {wanted} runs ({there.reading.nunique()} readings), {len(table):,} rows"
    return f"{found}: {paths.RESULTS / TABLE}"


def again(name: str, seed: int) -> int:
    """Measure one reading with one seed once more, and say whether the table agrees: 0 if it does, 1 if not."""
    table, _ = load()
    [(_, fresh, _, failed)] = run([([name], seed)])
    if failed:
        raise ValueError(failed)
    there = table[(table.reading == name) & (table.seed == seed)]
    if there.empty:
        print(f"the table holds no reading {name} with seed {seed}; measured now:")
        print(fresh[["claim", "part", "value", "verdict"]].to_string(index=False))
        return 1
    compared = readings.compared(fresh, table)
    print(compared.to_string(index=False, float_format="{:.4g}".format))
    if compared.agrees.all():
        same = (
            " to the last bit"
            if (compared.value == compared["in the table"]).all()
            else " within the spread of its seeds"
        )
        print(f"{name}, seed {seed}: agrees{same}")
    return int(not compared.agrees.all())


def main(arguments: list[str] | None = None) -> int:
    """Fill the table, or make one reading with one seed again; 0 if it went well, 1 if not, 2 for an unknown word."""
    parser = argparse.ArgumentParser(prog="make robustness", description=__doc__)
    parser.add_argument("--reading", help="measure one again, and say whether the table agrees")
    parser.add_argument("--seed", type=int, default=0, help="of that reading (default 0)")
    asked = parser.parse_args(arguments)
    try:
        if asked.reading is not None:
            readings.touched(asked.reading)
            return again(asked.reading, checks.whole("seed", asked.seed, 0, 999))
        fill()
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What had ended is in the table; run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
