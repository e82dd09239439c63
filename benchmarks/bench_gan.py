"""The GAN's part of `make bench`: its epoch beside a plain loop's; medians into results/ and docs/."""

import argparse
import json
import statistics
from pathlib import Path

from bench import measured
from tqdm import tqdm

from tools.refresh import write_between
from tools.times import machine
from vaepaper import paths

FILE = Path(__file__).with_name("gan_contenders.py")


def table(found: dict, japanese: bool = False) -> str:
    """The medians as a sentence."""
    ours, plain = (found["seconds"][name] for name in ("gan_ours", "gan_plain"))
    if japanese:
        return (
            f"第 10 章の GAN（生成器と批評器、エンコーダを各 1 エポック）は {ours:.3g} 秒、素の PyTorch のループでは"
            f" {plain:.3g} 秒（{plain / ours:.2f} 倍）。{found['machine']}。{found['rounds']} 回の中央値。\n"
        )
    return (
        f"Chapter 10's GAN, one epoch of generator and critic and one of the encoder: {ours:.3g} s; as a plain PyTorch"
        f" loop {plain:.3g} s ({plain / ours:.2f} times). {found['machine']}; median of {found['rounds']} rounds.\n"
    )


def main() -> None:
    """Measure, write, show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    results: dict = {}
    for name in tqdm(["gan_ours", "gan_plain"] * rounds, desc="GAN"):  # in turn
        results.setdefault(name, []).append(measured(FILE, name)["value"])
    seconds = {name: statistics.median(values) for name, values in results.items()}
    found = {"machine": machine(), "rounds": rounds, "seconds": seconds, "all": results}
    with paths.atomic_write(paths.RESULTS / "benchmark_gan.json") as part:
        part.write_text(json.dumps(found, indent=1) + "\n")
    write_between("benchmark of the GAN", table(found), table(found, japanese=True))
    print(table(found))


if __name__ == "__main__":
    main()
