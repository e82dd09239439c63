"""Chapter 7 with four seeds on three kinds of normal signal: `python benchmarks/signal_seeds.py`.

Leaves results/signal_seeds.json and docs/sensor-signals.md; goes on where it stopped. Half an hour on two cores.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import itertools
import json
import os
import tempfile
from pathlib import Path

import joblib
import pandas as pd
from tqdm import tqdm

from sensorwatch.synthetic import NORMAL
from tools import execute
from tools.refresh import between
from tools.times import machine
from vaepaper import claims, paths

CHAPTER, FOUND = paths.NOTEBOOKS / "07_sensor_signals.ipynb", paths.RESULTS / "signal_seeds.json"
DOCUMENT = paths.ROOT / "docs" / "sensor-signals.md"
SEEDS = (0, 1000, 2000, 3000)  # so far apart that no record is in two runs


def run(kind: str, seed: int) -> dict:
    """What chapter 7 measures for each of its claims, and what that decides."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAEPAPER_BUILD"] = folder  # the kernel's
        execute.papermilled(
            CHAPTER, Path(folder) / CHAPTER.name, {"kind": kind, "seed": seed}, progress_bar=False
        )
        return {"kind": kind, "seed": seed, "claims": json.loads((Path(folder) / "claims.json").read_text())}


def table(found: list[dict]) -> str:
    """A row a number of a claim, a column a kind of signal: the least and the largest of all seeds."""
    rows = [
        {"claim": one["id"], "number": name, "kind": each["kind"], "value": value}
        for each in found
        for one in each["claims"]
        if one["id"] != "S4"  # of real series
        for name, value in one["measured"].items()
    ]
    at = ["claim", "number"]
    spread = pd.DataFrame(rows).pivot_table("value", at, "kind", lambda x: f"{x.min():.3g} to {x.max():.3g}")
    return claims.table(spread[list(NORMAL)].reset_index().to_dict("records"))


def main() -> None:
    """Run what is missing, write, show."""
    found = json.loads(FOUND.read_text())["runs"] if FOUND.exists() else []
    done = {(each["kind"], each["seed"]) for each in found}
    jobs = [job for job in itertools.product(NORMAL, SEEDS) if job not in done]
    parallel = joblib.Parallel(-1, return_as="generator_unordered")
    for each in tqdm(parallel(joblib.delayed(run)(*job) for job in jobs), "runs", total=len(jobs)):
        found.append(each)
        with paths.atomic_write(FOUND) as part:
            part.write_text(
                json.dumps({"machine": machine(), "runs": found}, indent=1, ensure_ascii=False) + "\n"
            )
    text = between("signal seeds", table(found), DOCUMENT.read_text(encoding="utf-8"))
    DOCUMENT.write_text(text, encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
