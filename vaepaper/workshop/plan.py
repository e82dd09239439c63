"""What the table of chapter 6 still lacks, and which trainings that takes: those that readings share are made once."""

import json

import pandas as pd

from vaepaper import readings
from vaepaper.readings import READINGS
from vaepaper.workshop import reread

Job = tuple[list[str], int]  # readings that are trained in one go, and a seed


def missing(table: pd.DataFrame) -> list[Job]:
    """What the table lacks, in the order in which to train it: a seed of each reading, then three, then the others.

    Of each by stage, and in a stage the longest first.
    """
    there = set(zip(table.reading, table.seed, strict=True))
    jobs: dict = {}
    for name, reading in READINGS.items():
        for seed in readings.seeds(name):
            if (name, seed) not in there:
                turn = (seed > 0) + (seed > 2)
                jobs.setdefault((turn, reading["stage"], reading.get("together", name), seed), []).append(name)
    order = sorted(jobs, key=lambda key: (key[:2], -work((jobs[key], key[-1]))))
    return [(jobs[key], key[-1]) for key in order]


def trainings(job: Job) -> dict[str, tuple[dict, str, set[int]]]:
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
        for network, name, kept in trainings(job).values()
    )
