"""`make robustness`: every reading of the report with every seed, measured into results/robustness.csv."""

import argparse
import platform
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from torch import nn

from vaepaper import agreement, checks, data, robustness, train
from vaepaper.readings import READINGS
from vaepaper.robustness import MOST
from vaepaper.trainings import runs, side_by_side
from vaepaper.trainings.descriptions import arithmetic
from vaepaper.workshop import chapters, ledger, plan, refresh, reread, spread


def measure(job: plan.Job, code: dict, reader: nn.Module, share: np.ndarray, caller: int, *arrays: np.ndarray) -> tuple:
    """Train what a job's readings need and measure them: the unit that runs in a worker, or on a cluster.

    Returns:
        The job, its rows, {reading: what its differences look like}, and what went wrong ("": nothing).
    """
    runs.end_with(caller)
    if arithmetic() != code:
        raise RuntimeError(f"{platform.node()} computes other digits ({arithmetic()}); bring it to the same commit")
    digits = tuple(torch.from_numpy(np.require(part, requirements="W")) for part in arrays)
    trainings, (names, seed) = plan.trainings(job), job
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
            own = {which: models[plan.key(name, network)][network["epochs"]] for which, network in asked.items()}
            found, seen[name] = reread.measured(name, seed, own, reader, reread.pixels(name, digits))
            rows.append(robustness.rows(name, seed, found))
    return job, pd.concat(rows), seen, ""


def run(jobs: list[plan.Job]) -> Iterator[tuple]:
    """Measure jobs side by side, on all cores or on the Dask cluster, and yield each as it ends."""
    if not jobs:
        return
    training, unseen = data.mnist("train"), data.mnist("test")
    [reader] = runs.train_all([{"model": "DigitReader"}], *training, device="cpu")
    arrays = [np.asarray(part) for part in (*training, *unseen)]
    calls, title = [(job, arithmetic(), reader) for job in jobs], f"{len(jobs)} job{'s' * (len(jobs) > 1)}"
    yield from side_by_side.each(measure, calls, arrays, [plan.work(job) for job in jobs], title)


def fill() -> None:
    """Measure what the table lacks; each job's rows are in the file as soon as it ends."""
    table, known = ledger.load()
    for _, rows, seen, failed in run(plan.missing(table)):
        if failed:
            print(failed, file=sys.stderr)
            continue
        table, known = ledger.add(table, known, rows, seen)
        spread.from_table(table)
    print(agreement.state(table))
    if not plan.missing(table):
        print('whole: now make refresh NB=06, and make robustness ARGS="--spread", which tells the other chapters')


def again(name: str, seed: int) -> int:
    """Measure one reading with one seed once more, and say whether the table agrees: 0 if it does, 1 if not."""
    table, _ = ledger.load()
    [(_, fresh, _, failed)] = run([([name], seed)])
    if failed:
        raise ValueError(failed)
    compared = robustness.compared(fresh, table)
    if compared["in the table"].isna().all():
        print(fresh[["claim", "part", "value", "verdict"]].to_string(index=False, float_format="{:.4g}".format))
        print(f"the table holds no {name} with seed {seed}")
        return 1
    print(compared.to_string(index=False, float_format="{:.4g}".format))
    if compared.agrees.all():
        same = (compared.value == compared["in the table"]).all()
        print(f"{name}, seed {seed}: agrees {'to the last bit' if same else 'within the spread of its seeds'}")
    else:
        print(f"{name}, seed {seed}: {(~compared.agrees).sum()} of {len(compared)} numbers do not agree")
    return int(not compared.agrees.all())


def main(arguments: list[str] | None = None) -> int:
    """Fill the table, or make one reading with one seed again; 0 if it went well, 1 if not, 2 for an unknown word."""
    parser = argparse.ArgumentParser(prog="make robustness", description=__doc__)
    parser.add_argument("--reading", help="measure one again, and say whether the table agrees")
    parser.add_argument("--seed", type=int, default=0, help="of that reading (default 0)")
    parser.add_argument("--chapters", nargs="+", help="the spread of other chapters' claims, by running them: 05 07 10")
    parser.add_argument("-n", type=int, default=4, help="with so many seeds (default 4)")
    parser.add_argument(
        "--spread", action="store_true", help="the spread over seeds, in results/ and chapters, from the table as it is"
    )
    asked = parser.parse_args(arguments)
    try:
        checks.word("--reading", asked.reading or "default", READINGS)
        checks.whole("--seed", asked.seed, 0, MOST)
        checks.whole("-n", asked.n, 2)
        chapters.select(asked.chapters or [])
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        if asked.reading:
            return again(asked.reading, asked.seed)
        if asked.chapters:
            return spread.from_chapters(asked.chapters, asked.n)
        if asked.spread:
            spread.from_table(ledger.load()[0])
            refresh.restate()
        else:
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
