"""The run-to-run spread: run every notebook with several seeds and keep the standard deviation of each number."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict

from tqdm import tqdm

from vaepaper import claims, paths


def main() -> int:
    """Leave results/spread.json; the notebooks of each further seed stay under build/seeds."""
    parser = argparse.ArgumentParser(prog="make seeds", description=__doc__)
    parser.add_argument("-n", type=int, default=4, help="how many seeds, from 0; at least 2 (default 4)")
    seeds = range(parser.parse_args().n)
    values: dict = defaultdict(lambda: defaultdict(list))
    errors: dict = defaultdict(lambda: defaultdict(list))
    verdicts: dict = defaultdict(list)
    for seed in tqdm(seeds, "seeds"):
        build = paths.BUILD / "seeds" / str(seed) if seed else paths.BUILD  # seed 0 is the run of `make reproduce`
        command = [sys.executable, "-m", "vaepaper.workshop.reproduce", *(["-p", "seed", str(seed)] if seed else [])]
        done = subprocess.run(command, env={**os.environ, "VAEPAPER_BUILD": str(build)})
        if done.returncode:
            return done.returncode
        for entry in claims.load(build / "claims.json"):
            verdicts[entry["id"]].append(entry["verdict"])
            for part in entry["measured"]:
                values[entry["id"]][part["name"]].append(part["value"])
                errors[entry["id"]][part["name"]].append(part["error"])
    found = {
        "seeds": list(seeds),
        "verdicts": verdicts,
        "mean": {claim: {name: statistics.mean(v) for name, v in parts.items()} for claim, parts in values.items()},
        # A few seeds can agree by luck: a number whose own error is known is never called steadier than that.
        "deviation": {
            claim: {name: max(statistics.stdev(v), statistics.mean(errors[claim][name])) for name, v in parts.items()}
            for claim, parts in values.items()
        },
    }
    with paths.whole(paths.RESULTS / "spread.json") as part:
        part.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
