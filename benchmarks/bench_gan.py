"""The GAN's part of `make bench`: its epoch beside a plain loop's; medians into results/ and docs/."""

from pathlib import Path

from bench import in_rounds, publish, rounds_asked_for

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
        f"Chapter 10's GAN, one epoch of generator and critic and one of the encoder: {ours:.3g} s; as a"
        f" plain PyTorch loop {plain:.3g} s ({plain / ours:.2f} times). {found['machine']}; median of"
        f" {found['rounds']} rounds.\n"
    )


if __name__ == "__main__":
    found = in_rounds(FILE, [("gan_ours",), ("gan_plain",)], rounds_asked_for(5))
    publish("benchmark_gan", "benchmark of the GAN", found, table)
