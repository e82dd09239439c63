"""Chapter 7 with four seeds on three kinds of normal signal: `python benchmarks/signal_seeds.py`.

Leaves results/signal_seeds.json and docs/sensor-signals.md, and goes on where it stopped. It takes half
an hour on two cores.
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


def tables(found: list[dict]) -> str:
    """Of each kind of signal, how many seeds give which verdict, and each number's least and largest."""
    verdicts, numbers = [], []
    for run in found:
        for claim in (claim for claim in run["claims"] if claim["id"] != "S4"):  # S4 is about real series
            row = {"kind": run["kind"], "claim": claim["id"]}
            verdicts.append(row | {"word": claims.OURS[claim["verdict"]]})
            numbers += [row | {"number": name, "value": value} for name, value in claim["measured"].items()]
    counts = pd.DataFrame(verdicts).pivot_table("word", "claim", "kind", counted)
    spread = pd.DataFrame(numbers).pivot_table("value", ["claim", "number"], "kind", span)
    shown = (part[list(NORMAL)].reset_index() for part in (counts, spread))
    return "\n\n".join(claims.table(part.to_dict("records")) for part in shown)


def span(values: pd.Series) -> str:
    """The least and the largest."""
    return f"{values.min():.3g} to {values.max():.3g}"


def counted(words: pd.Series) -> str:
    """Words and how often they come, the most frequent first."""
    return ", ".join(f"{n} {word}" for word, n in words.value_counts().items())


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
    text = between("signal seeds", tables(found), DOCUMENT.read_text(encoding="utf-8"))
    DOCUMENT.write_text(text, encoding="utf-8")
    print(tables(found))


if __name__ == "__main__":
    main()
