"""The second half of `make bench`: signals of 10⁵ and 10⁶ points; medians into results/ and docs/."""

from pathlib import Path

from bench import in_rounds, publish, rounds_asked_for

from vaepaper import claims

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
        below = f"窓は 256 点。`update` は 1 点あたり {each:.2g} ms。{found['machine']}。"
        below += f"{found['rounds']} 回の中央値。"
    rows = []
    for who, name in NAMES.items():
        cells = []
        for what in ("fit", "score"):
            known = [found["seconds"].get(f"{what}_{who} {n}") for n in POINTS]
            nothing = "学習なし" if japanese else "nothing to learn"
            cells.append(" / ".join(f"{x:.3g}" for x in known) if None not in known else nothing)
        peaks = []
        for n in POINTS:
            peaks.append(max(found["peak_mb"].get(f"{what}_{who} {n}", 0) for what in ("fit", "score")))
        rows.append(dict(zip(heads, [name, *cells, " / ".join(map(str, peaks))], strict=True)))
    return f"{claims.table(rows)}\n{below}\n"


if __name__ == "__main__":
    found = in_rounds(FILE, PLAN, rounds_asked_for(3))
    publish("benchmark_signals", "benchmark of signals", found, table)
