"""The run-to-run spread of each claim's numbers, results/spread.json: what a verdict's steadiness is judged by."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pandas as pd
from tqdm import tqdm

from vaepaper import claims, paths, readings


def from_table(table: pd.DataFrame) -> None:
    """Of C1 to C9, from the table's seeds of the default reading, once all of them are there."""
    own = table[table.reading == "default"]
    if set(own.seed) != set(readings.seeds("default")):
        return
    found = {}
    for claim, rows in own.groupby("claim", sort=False):
        verdicts = rows.drop_duplicates("seed").set_index("seed").verdict.sort_index()
        parts = rows.groupby("part", sort=False).value
        found[claim] = {"verdicts": list(verdicts), "mean": dict(parts.mean()), "deviation": dict(parts.std())}
    keep(found)


def from_chapters(names: Sequence[str], seeds: int) -> int:
    """Of the claims of the named chapters, which are run with each seed; what they leave stays under build/seeds."""
    entries: dict[str, list[dict]] = {}
    for seed in tqdm(range(seeds), "seeds"):
        build = paths.BUILD / "seeds" / str(seed) if seed else paths.BUILD  # seed 0 is the run of `make reproduce`
        asked = [*names, *(["-p", "seed", str(seed)] if seed else [])]
        command = [sys.executable, "-m", "vaepaper.workshop.reproduce", *asked]
        done = subprocess.run(command, env={**os.environ, "VAEPAPER_BUILD": str(build)})
        if done.returncode:
            return done.returncode
        for entry in claims.load(build / "claims.json"):
            if entry["notebook"].startswith(tuple(names)):
                entries.setdefault(entry["id"], []).append(entry)
    keep({claim: of_runs(runs) for claim, runs in entries.items() if claim not in readings.CLAIMS})
    print('results/spread.json has it: now make robustness ARGS="--spread", which tells the chapters')
    return 0


def of_runs(entries: Sequence[Mapping]) -> dict:
    """One claim's verdicts, means and deviations over runs, as `claims.record` left them."""
    parts = pd.DataFrame([part for entry in entries for part in entry["measured"]]).groupby("name", sort=False)
    values, errors = parts.value, parts.error.mean()
    return {
        "verdicts": [entry["verdict"] for entry in entries],
        "mean": dict(values.mean()),
        # A few seeds can agree by luck: a number whose own error is known is never called steadier than that.
        "deviation": dict(values.std().clip(lower=errors)),
    }


def keep(found: Mapping[str, Mapping]) -> None:
    """Put these claims' spread in place of what was known of them; the others' stays."""
    path = paths.RESULTS / "spread.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    spread = {what: dict(known.get(what, {})) for what in ("verdicts", "mean", "deviation")}
    for claim, own in found.items():
        for what in spread:
            spread[what][claim] = own[what]
    order = [claim for claim in claims.CLAIMS if claim in spread["verdicts"]]
    text = json.dumps({what: {claim: of[claim] for claim in order} for what, of in spread.items()}, indent=1) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with paths.whole(path) as part:
            part.write_text(text, encoding="utf-8")
