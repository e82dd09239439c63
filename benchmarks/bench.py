"""`make bench`: all contenders in turn, several rounds; medians into results/, docs/ and a figure."""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from tqdm import tqdm

from tools.refresh import write_between
from tools.times import machine
from vaepaper import claims, paths
from vaepaper.plots import style

CONTENDERS = Path(__file__).with_name("contenders.py")
TRAIN = ["floor", "ours", "pyod", "pythae", "dataloader"]
SCORE = ["score_ours", "score_pyod"]
SIZES = {
    "scoring seconds by images": ("score_ours", [10_000, 100_000, 1_000_000]),
    "epoch seconds by images": ("ours_images", [10_000, 60_000, 240_000]),
    "epoch seconds by latents": ("ours", [2, 16, 64, 256]),
    "seconds by trainings": ("ours_trainings", [1, 2, 4, 8, 16]),
}
NAMES = {
    "floor": "matrix products alone",
    "ours": "vaepaper",
    "pyod": "PyOD 3.6.7",
    "pythae": "pythae 0.1.2",
    "dataloader": "DataLoader loop",
}


def measured(file: Path, name: str, *size: int) -> dict:
    """One measurement in a fresh process."""
    peers = os.pathsep.join([str(paths.BUILD / "peers"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "ignore", str(file), name, *map(str, size)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": peers})
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def picture(found: dict) -> None:
    """Seconds an epoch, as bars, and how time grows."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6), width_ratios=(3, 2, 2))
    seconds = found["epoch_seconds"]
    colors = ["0.6", style.TRAINING, *[style.UNSEEN] * 3]
    bars = axes[0].barh([NAMES[name] for name in TRAIN], [seconds[name] for name in TRAIN], color=colors)
    axes[0].bar_label(bars, [f"{seconds[name]:.2g} s" for name in TRAIN], padding=3)
    axes[0].invert_yaxis()
    axes[0].set(xlabel="seconds an epoch and model, all cores busy", title="One epoch of 60,000 digits")
    for panel, label in ((axes[1], "images"), (axes[2], "trainings")):
        key = f"scoring seconds by {label}" if label == "images" else f"seconds by {label}"
        sizes, seconds = [int(size) for size in found["scaling"][key]], list(found["scaling"][key].values())
        panel.loglog(sizes, seconds, "o-", color=style.TRAINING)
        panel.loglog(
            sizes, [seconds[-1] * size / sizes[-1] for size in sizes], ":", color="0.5", label="linear"
        )
        panel.set(xlabel=label, ylabel="seconds", title=key)
        panel.legend()
    style.save(figure, "benchmark")
    (paths.writable(paths.RESULTS / "figures") / "benchmark.png").write_bytes(
        (paths.BUILD / "figures" / "benchmark.png").read_bytes()
    )


JAPANESE = {"floor": "行列積だけ（下限）", "dataloader": "DataLoader のループ"}


def table(found: dict, japanese: bool = False) -> str:
    """The medians as a table, and the machine."""
    seconds, speed, peak = found["epoch_seconds"], found["images_per_second"], found["peak_mb"]
    heads = ["", "seconds an epoch", "÷ vaepaper", "images scored a second", "peak MB"]
    alone = found["scaling"]["epoch seconds by images"]["60000"]
    below = f"A single training uses one core and takes {alone:.3g} s an epoch"
    by, median = "; ", f"median of {found['rounds']} rounds"
    if japanese:
        heads = ["", "秒／エポック", "÷ vaepaper", "枚／秒（スコア計算）", "最大メモリ（MB）"]
        below = f"一つだけ学習すると 1 コアで {alone:.3g} 秒／エポック"
        by, median = "。", f"{found['rounds']} 回の中央値"
    rows = []
    for name in TRAIN:
        cells = [(JAPANESE if japanese else NAMES).get(name, NAMES[name]), f"{seconds[name]:.3g}"]
        cells += [f"{seconds[name] / seconds['ours']:.2f}", f"{speed[name]:,.0f}" if name in speed else ""]
        rows.append(dict(zip(heads, [*cells, str(peak[name])], strict=True)))
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        claims.table(rows)
        + f"\n{by.join([below, found['machine'], versions, median])}{by[0] if japanese else '.'}\n"
    )


def rounds_asked_for(usual: int) -> int:
    """`--rounds` of the command."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=usual)
    return parser.parse_args().rounds


def in_rounds(file: Path, plan: list[tuple], rounds: int) -> dict:
    """What each of `plan` takes, in turn, so that the machine's moods hit all alike; medians and all."""
    results: dict = {}
    for name, *size in tqdm(plan * rounds, desc=file.stem):
        results.setdefault(" ".join([name, *map(str, size)]), []).append(measured(file, name, *size))
    values = {key: [one["value"] for one in found] for key, found in results.items()}
    return {
        "machine": machine(),
        "rounds": rounds,
        "seconds": {key: statistics.median(found) for key, found in values.items()},
        "peak_mb": {key: max(one["peak_mb"] for one in found) for key, found in results.items()},
        "all": values,
    }


def publish(name: str, place: str, found: dict, table: Callable) -> None:
    """Into results/`name`.json, between the marks of docs/, and onto the screen."""
    with paths.atomic_write(paths.RESULTS / f"{name}.json") as part:
        part.write_text(json.dumps(found, indent=1) + "\n")
    write_between(place, table(found), table(found, japanese=True))
    print(table(found))


def main() -> None:
    """Measure, write, show."""
    found = in_rounds(CONTENDERS, [(name,) for name in TRAIN + SCORE], rounds_asked_for(5))
    median, scaling = found.pop("seconds"), {}
    sizes = [(what, name, size) for what, (name, all_sizes) in SIZES.items() for size in all_sizes]
    for what, name, size in tqdm(sizes, "sizes"):
        one = measured(CONTENDERS, name, size)
        value = size / one["value"] if name == "score_ours" else one["value"]
        scaling.setdefault(what, {})[str(size)] = value
        found["peak_mb"][f"{name} {size}"] = one["peak_mb"]
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    found |= {
        "versions": versions | {"pyod": "3.6.7", "pythae": "0.1.2"},
        "epoch_seconds": {name: median[name] for name in TRAIN},
        "images_per_second": {"ours": median["score_ours"], "pyod": median["score_pyod"]},
        "scaling": scaling,
    }
    picture(found)
    publish("benchmark", "benchmark", found, table)


if __name__ == "__main__":
    main()
