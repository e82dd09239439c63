"""`make robustness`: every interpretation with every seed, measured into results/robustness.csv."""

import argparse
import hashlib
import json
import os
import platform
import sys
from importlib.metadata import version

import pandas as pd
from tqdm import tqdm

from tools import times
from vaepaper import cache, checks, exact, paths, robustness, train
from vaepaper.cache import TRAINING_VERSION
from vaepaper.data import mnist
from vaepaper.experiment import INTERPRETATIONS, READER, claims_of, digits, networks, settings_of

TABLE, ABOUT = "robustness.csv", "robustness.json"


def load() -> tuple[pd.DataFrame, dict]:
    """The table, and what stands beside it: its SHA-256, the machines, what the differences look like.

    Raises:
        ValueError: as `robustness.read`; or altered since it was written.
    """
    path, beside = paths.RESULTS / TABLE, paths.RESULTS / ABOUT
    table = robustness.read(path)
    if table.empty:
        return table, {"sha256": [], "machines": [], "differences": {}}
    try:
        known = json.loads(beside.read_text(encoding="utf-8"))
        written, _, _ = known["sha256"], known["machines"], known["differences"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"does not tell where the table comes from ({error})"
        raise ValueError(f"{beside} {why}; {robustness.RESTORE}") from error
    if digest(path.read_text(encoding="utf-8")) not in written:
        raise ValueError(f"{path} was altered after it was written; {robustness.RESTORE}")
    return table, known


def digest(text: str) -> str:
    """SHA-256 of a table as it stands in its file."""
    return hashlib.sha256(text.encode()).hexdigest()


def missing(table: pd.DataFrame) -> list[tuple[str, int]]:
    """What the table lacks or holds of an earlier training version, seed by seed."""
    there = table[table.training_version == TRAINING_VERSION]
    done = set(zip(there.interpretation, there.seed, strict=True))
    wanted = [(name, seed) for name, found in INTERPRETATIONS.items() for seed in range(found["seeds"])]
    return sorted((job for job in wanted if job not in done), key=lambda job: job[1])


def run(name: str, seed: int) -> tuple[pd.DataFrame, dict | None]:
    """Train an interpretation's networks (what was trained before is read from disk) and measure its claims.

    Raises:
        FloatingPointError: a training whose loss is not finite.
    """
    data = (*mnist("train"), *mnist("test"))
    settings, asked = settings_of(name, seed), claims_of(name)
    images, labels, _ = digits(settings, *data[:3])
    wanted = networks(settings, asked)
    trained = cache.train_all(list(wanted.values()), images, labels, device="cpu")
    models = dict(zip(wanted, trained, strict=True))
    [reader] = cache.train_all([READER], *data[:2], device="cpu")
    with train.standard():
        found, seen = robustness.measure(settings, asked, models, reader, data)
    return robustness.rows(name, seed, found, seen and seen["flagged"], TRAINING_VERSION), seen


def write(table: pd.DataFrame, known: dict) -> None:
    """Both files, each complete; if it ends between the two, the one still knows the other as it was."""
    order = pd.Categorical(table.interpretation, list(INTERPRETATIONS))
    table = table.assign(order=order).sort_values(["order", "seed"], kind="stable").drop(columns="order")
    text = table.to_csv(index=False)
    known["sha256"] = [digest(text), *known["sha256"][:1]]
    for name, content in ((ABOUT, json.dumps(known, ensure_ascii=False) + "\n"), (TABLE, text)):
        with paths.atomic_write(paths.RESULTS / name) as part:
            part.write_text(content, encoding="utf-8")


def fill() -> None:
    """Measure what the table lacks; each run's rows are in the file as soon as it ends."""
    table, known = load()
    libraries = {name: version(name) for name in ("torch", "numpy", "scipy", "scikit-learn")}
    machine = f"{os.cpu_count()} × {times.processor()}"
    here = {"processor": machine, "python": platform.python_version(), **libraries}
    for name, seed in tqdm(missing(table), "runs"):
        try:
            rows, seen = run(name, seed)
        except FloatingPointError as error:
            print(f"{name}, seed {seed}: {error}", file=sys.stderr)
            continue
        old = (table.interpretation == name) & (table.seed == seed)
        table = pd.concat([table[~old], rows]) if len(table) else rows
        if seen and seed == 0:
            known["differences"][name] = seen
        known["machines"] = [*(one for one in known["machines"] if one != here), here]
        write(table, known)
    print(robustness.state(table))
    if not missing(table):
        print("complete: now make refresh NB=06")


def again(name: str, seed: int) -> int:
    """Measure one interpretation with one seed once more: 0 if the table holds the same digits, 1 if not.

    Where this machine cannot compute the same digits, verdicts are compared.
    """
    table, _ = load()
    fresh, _ = run(name, seed)
    known = table[(table.interpretation == name) & (table.seed == seed)]
    at = ["claim", "criterion"]
    both = fresh.merge(known[[*at, "value"]], "left", at, suffixes=("", " in the table"))
    print(both[[*at, "value", "value in the table"]].to_string(index=False, float_format="{:.6g}".format))
    if known.empty:
        print(f"the table holds no {name} with seed {seed}")
        return 1
    old, why = (known.training_version != TRAINING_VERSION).any(), exact.why_not()
    if old or why:
        same = robustness.judged(fresh).equals(robustness.judged(known))
        print(f"Verdicts are compared: {why or 'the row is of an earlier training version'}.")
    else:
        same = fresh.set_index(at).value.equals(known.set_index(at).value)
    print(f"{name}, seed {seed}: {'agrees' if same else 'does not agree'}")
    return int(not same)


def main(arguments: list[str] | None = None) -> int:
    """Fill the table, or make one run again; 0 if it went well, 1 if not, 2 for an unknown argument."""
    parser = argparse.ArgumentParser(prog="make robustness", description=__doc__)
    parser.add_argument("--interpretation", "--reading", help="measure one again; does the table agree?")
    parser.add_argument("--seed", type=int, default=0, help="of that interpretation (default 0)")
    asked = parser.parse_args(arguments)
    try:
        checks.one_of("--interpretation", asked.interpretation or "default", INTERPRETATIONS)
        checks.integer("--seed", asked.seed, 0, robustness.MOST)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        if asked.interpretation:
            return again(asked.interpretation, asked.seed)
        fill()
    except (ValueError, OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What had ended is in the table; run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
