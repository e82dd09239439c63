"""The second half of `make bench`: signals of 10⁵ and 10⁶ points; medians into results/ and docs/."""

import argparse
import json
import statistics
from pathlib import Path

from bench import measured
from tqdm import tqdm

from tools.refresh import write_between
from tools.times import machine
from vaepaper import claims, paths

FILE = Path(__file__).with_name("signal_contenders.py")
POINTS = (100_000, 1_000_000)
NAMES = {
    "ours": "sensorwatch's Monitor",
    "pyod": "PyOD 3.6.7, AutoEncoder",
    "stumpy": "stumpy 1.14.1, matrix profile",
}
PLAN = [(f"{what}_{who}", n) for n in POINTS for what in ("fit", "score") for who in NAMES]
PLAN = [(name, n) for name, n in PLAN if name != "fit_stumpy"] + [("update_ours", 20_000)]


def table(found: dict, japanese: bool = False) -> str:
    """The medians as a table, and the machine."""
    heads = ["10⁵ points / 10⁶ points", "learns in (s)", "scores in (s)", "peak MB"]
    each = found["seconds"]["update_ours 20000"] * 1000
    below = f"Windows of 256 points. `update` takes {each:.2g} ms a point. {found['machine']}; "
    below += f"median of {found['rounds']} rounds."
    if japanese:
        heads = ["10⁵ 点 / 10⁶ 点", "学習（秒）", "スコア計算（秒）", "最大メモリ（MB）"]
        below = f"窓は 256 点。`update` は 1 点あたり {each:.2g} ms。{found['machine']}。{found['rounds']} 回の中央値。"
    rows = []
    for who, name in NAMES.items():
        cells = []
        for what in ("fit", "score"):
            known = [found["seconds"].get(f"{what}_{who} {n}") for n in POINTS]
            nothing = "学習なし" if japanese else "nothing to learn"
            cells.append(" / ".join(f"{x:.3g}" for x in known) if None not in known else nothing)
        peaks = [
            max(found["peak_mb"].get(f"{what}_{who} {n}", 0) for what in ("fit", "score")) for n in POINTS
        ]
        rows.append(dict(zip(heads, [name, *cells, " / ".join(map(str, peaks))], strict=True)))
    return f"{claims.table(rows)}\n{below}\n"


def main() -> None:
    """Measure, write, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    results: dict = {}
    for name, points in tqdm(PLAN * rounds, desc="signals"):
        results.setdefault(f"{name} {points}", []).append(measured(FILE, name, points))
    found = {
        "machine": machine(),
        "rounds": rounds,
        "seconds": {
            key: statistics.median(one["value"] for one in all_of) for key, all_of in results.items()
        },
        "peak_mb": {key: max(one["peak_mb"] for one in all_of) for key, all_of in results.items()},
        "all": {key: [one["value"] for one in all_of] for key, all_of in results.items()},
    }
    with paths.atomic_write(paths.RESULTS / "benchmark_signals.json") as part:
        part.write_text(json.dumps(found, indent=1) + "\n")
    write_between("benchmark of signals", table(found), table(found, japanese=True))
    print(table(found))


if __name__ == "__main__":
    main()
