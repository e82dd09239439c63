"""The claims, what was measured of each, as JSON and as tables."""

import json
import os
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from IPython.display import Markdown

from vaepaper import paths
from vaepaper.verdicts import MARKS, OURS, Part, judge

CLAIMS = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))


def record(claim: str, parts: Sequence[Part], verdict: str | None = None) -> Markdown:
    """Judge a claim, write it into build/claims.json, and return what was measured as a table.

    Args:
        claim: such as "C1". verdict: where the chapter has a rule of its own; else `judge(parts, claim)`.
            A copy of the claim's notebook, or another one, is shown its table, but writes nothing.
    """
    verdict = verdict or judge(parts, claim)
    numbers = [
        {name: x if isinstance(x, str) else float(x) for name, x in asdict(part).items()} | {"holds": part.holds}
        for part in parts
    ]
    entry = {"id": claim, **CLAIMS[claim], "measured": numbers, "verdict": verdict}
    here = Path(os.environ.get("JPY_SESSION_NAME", "")).stem  # the notebook that runs, as Jupyter tells its kernel
    if here not in ("", entry["notebook"]):
        return Markdown(f"{measured(entry)}\n(Not recorded: {claim} belongs to {entry['notebook']}, this is {here}.)")
    path = paths.BUILD / "claims.json"
    with paths.locked(paths.writable(paths.BUILD) / ".claims.lock"):  # notebooks may run side by side
        merged = ordered([*load(path), entry])
        with paths.whole(path) as part:
            part.write_text(text(merged), encoding="utf-8")
    return Markdown(measured(entry))


def ordered(entries: Sequence[dict]) -> list[dict]:
    """Entries in the order of the claims, of each claim the last; one that is no longer claimed is left out."""
    known = {entry["id"]: entry for entry in entries}
    return [known[name] for name in CLAIMS if name in known]


def text(entries: Sequence[dict]) -> str:
    """Entries as the file holds them."""
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def load(path: Path | None = None) -> list[dict]:
    """The claims recorded so far, in order; [] if none, or (said) if the file is damaged: all to be judged again."""
    path = path or paths.BUILD / "claims.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        for entry in entries[:]:  # looks at all of it
            _source(entry), entry["statement"], entry["notebook"], measured(entry)
        return entries
    except FileNotFoundError:
        return []
    except (ValueError, LookupError, TypeError, AttributeError):
        print(f"{path} is damaged and counts for nothing; `make reproduce` makes it again", file=sys.stderr)
        return []


def spread(what: str = "deviation") -> dict[str, dict[str, float]]:
    """Over runs, the standard "deviation" or "mean" of each number, {claim: {part: …}}, from results/spread.json."""
    path = paths.RESULTS / "spread.json"
    return json.loads(path.read_text(encoding="utf-8"))[what] if path.exists() else {}


def table(rows: Sequence[dict]) -> str:
    """Rows of text as a Markdown table; "" if there are none."""
    if not rows:
        return ""
    lines = ["| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
    cells = [[text.replace("|", "\\|") for text in row.values()] for row in rows]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in cells]) + "\n"


def _source(entry: dict) -> str:
    return "ours" if entry["section"] == "ours" else f"§{entry['section']}"


def mark(entry: dict) -> str:
    """A verdict in words: the report's claims are reproduced or not, ours hold or do not."""
    return (OURS if entry["section"] == "ours" else MARKS)[entry["verdict"]]


def needed(part: dict) -> str:
    """A boundary in words, such as "≥ 0.9"."""
    return f"{part['relation'].replace('>=', '≥').replace('<=', '≤')} {part['boundary']:.3g}"


def measured(entry: dict) -> str:
    """A claim's verdict and its numbers: with boundary, distance from that, and mean and spread over seeds."""
    mean, deviation = (spread(what).get(entry["id"], {}) for what in ("mean", "deviation"))
    unknown = "of them all" if of_seeds(entry) else "not run"
    rows = [
        {
            entry["id"]: part["name"],
            "measured": f"{part['value']:.3g}",
            "needed": needed(part),
            "distance": f"{abs(part['value'] - part['boundary']):.2g}",
            "over seeds": f"{mean[name]:.3g} ± {deviation[name]:.1g}" if (name := part["name"]) in mean else unknown,
            "holds": "yes" if part["holds"] else "**no**",
        }
        for part in entry["measured"]
    ]
    return f"**{entry['id']}: {mark(entry)}**\n\n{table(rows)}"


def of_seeds(entry: dict) -> bool:
    """Whether a claim speaks of all seeds itself (chapter 6)."""
    return entry["notebook"] == "06_robustness"


def steady(entry: dict) -> bool:
    """Whether every number lies further from its boundary than runs differ: then the verdict must repeat anywhere.

    Judged by the mean over seeds, so that all machines agree on it, and by two deviations: a single one is exceeded by
    one run in six, and another processor is one more run.
    """
    mean, deviation = (spread(what).get(entry["id"], {}) for what in ("mean", "deviation"))
    return all(
        abs(mean.get(part["name"], part["value"]) - part["boundary"]) > 2 * deviation.get(part["name"], 0.0)
        for part in entry["measured"]
    )


def tests(*names: str) -> Markdown:
    """What is claimed, by the report (§) or by us, and how it is tested: the table at the head of a notebook."""
    rows = [
        {"": name, "Claim": f"{CLAIMS[name]['statement']} ({_source(CLAIMS[name])})"}
        | {"How it is tested, fixed beforehand": CLAIMS[name]["test"]}
        for name in names
    ]
    return Markdown(table(rows))


def line(entry: dict) -> str:
    """A verdict in a line, where it must be the same on every machine (`steady`)."""
    near = "near a boundary over seeds, see its table: another machine may decide otherwise"
    return f"{entry['id']:<4}{mark(entry) if steady(entry) else near}\n"


def verdicts(*names: str) -> None:
    """Print the recorded verdicts, one a line."""
    print("".join(line(entry) for entry in load() if entry["id"] in names), end="")
