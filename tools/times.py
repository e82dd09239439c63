"""How long a complete run took, and on what: written by the run itself, for the READMEs."""

import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from vaepaper import paths

READY = paths.ROOT / ".venv" / ".ready"  # the Makefile leaves in it how many seconds the environment took


def processor() -> str:
    """The processor's name, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return (models or [platform.processor()])[0] or platform.machine()


def machine() -> str:
    """The processor's name and what of it we may use."""
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()}"


def cold() -> bool:
    """Whether nothing has been trained yet in this build folder."""
    return not any((paths.BUILD / "remembered").glob("*.safetensors"))


def note(what: str, seconds: float, **more) -> None:
    """Leave in build/times.json how long a complete run of `what` took, and `more` of it."""
    path = paths.BUILD / "times.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        known = {}
    day = time.strftime("%Y-%m-%d")
    entry = {"seconds": round(seconds), "machine": machine(), "torch": version("torch"), "day": day}
    if READY.is_file() and READY.read_text(encoding="utf-8").strip().isdigit():
        known["environment"] = entry | {"seconds": int(READY.read_text(encoding="utf-8"))}
    with paths.atomic_write(path) as part:
        part.write_text(json.dumps({**known, what: entry | more}, indent=1) + "\n", encoding="utf-8")


def minutes(seconds: float) -> str:
    """Seconds as minutes, to the half below ten."""
    found = seconds / 60
    return f"{round(found)}" if found >= 9.75 else f"{round(2 * found) / 2:g}"


def commands(found: dict, notebooks: int, claims: int, japanese: bool = False) -> str:
    """The READMEs' commands with what they took, and the line below them."""
    took = {what: minutes(entry["seconds"]) for what, entry in found.items()}
    said = {
        "git clone ADDRESS vaepaper && cd vaepaper": "ADDRESS: under this page's Code button",
        "make reproduce": f"{notebooks} notebooks, {claims} claims: {took['reproduce']} minutes",
        "make test": f"ruff, unit tests, and the notebooks run again and compared: {took['test']} minutes",
        "make lab": "the notebooks in JupyterLab",
        "make signal": "alarms in a sensor's CSV (CSV=pump.csv), or in an example",
    }
    machine, once = found["reproduce"]["machine"], took["environment"]
    below = f"Timed on {machine}, without a GPU. The first run adds {once} minutes for the environment."
    if japanese:
        words = [
            "ADDRESS：このページの Code ボタンに表示される URL",
            f"ノートブック {notebooks} 冊、検証項目 {claims} 件：{took['reproduce']} 分",
            f"ruff、単体テスト、ノートブックを再実行して比較：{took['test']} 分",
            "JupyterLab でノートブックを開く",
            "センサーの CSV（CSV=pump.csv）または例題で警報を出す",
        ]
        said = dict(zip(said, words, strict=True))
        below = f"{machine}、GPU なしで測定。初回のみ、環境構築に約 {once} 分かかります。"
    lines = [f"{command:<17} # {what}" for command, what in said.items()]
    return "\n".join(["```sh", *lines, "```", "", below, ""])
