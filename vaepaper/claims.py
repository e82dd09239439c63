"""A claim, its verdict, the table, the JSON."""

import json
import operator
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock
from IPython.display import Markdown

from vaepaper import paths

CLAIMS = tomllib.loads(Path(__file__).with_name("claims.toml").read_text())
COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
MARKS = {"reproduced": "✔ reproduced", "partly": "◐ partly", "not reproduced": "✘ not reproduced"}


@dataclass(frozen=True)
class Part:
    """One measured number of a claim's test, and the boundary that it is held against."""

    name: str
    value: float
    relation: str  # ">=", "<=", ">" or "<"
    boundary: float
    error: float = 0.0  # the value's standard error, where it is a mean over draws of this very run

    @property
    def holds(self) -> bool:
        """Whether the number is on the claim's side; a NaN never is."""
        return bool(COMPARE[self.relation](self.value, self.boundary))


def judge(parts: Sequence[Part], claim: str = "") -> str:
    """`reproduced` if all parts hold, `partly` if some do, else `not reproduced`; C8 and C9 have rules of their own."""
    held = [part.holds for part in parts]
    if claim == "C8" and not held[0]:  # a difference that may be chance is none, however large
        return "not reproduced"
    if claim == "C9" and held[0]:  # more than chance explains is enough
        return "reproduced"
    return "reproduced" if all(held) else "partly" if any(held) else "not reproduced"


def record(claim: str, parts: Sequence[Part], verdict: str | None = None) -> Markdown:
    """Judge a claim, write it into build/claims.json, and return what was measured as a table.

    Args:
        claim: such as "C1". verdict: where the chapter has a rule of its own; else `judge(parts, claim)`.
    """
    verdict = verdict or judge(parts, claim)
    numbers = [
        {name: x if isinstance(x, str) else float(x) for name, x in asdict(part).items()} | {"holds": part.holds}
        for part in parts
    ]
    path = paths.BUILD / "claims.json"
    with FileLock(paths.writable(paths.BUILD) / ".claims.lock"):  # notebooks may run side by side
        known = {entry["id"]: entry for entry in load(path)}
        known[claim] = {"id": claim, **CLAIMS[claim], "measured": numbers, "verdict": verdict}
        ordered = [known[name] for name in CLAIMS if name in known]
        with paths.whole(path) as part:
            part.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Markdown(measured(known[claim]))


def load(path: Path | None = None) -> list[dict]:
    """The claims recorded so far, in order; [] if none."""
    path = path or paths.BUILD / "claims.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def spread(what: str = "deviation") -> dict[str, dict[str, float]]:
    """Over runs, the standard "deviation" or "mean" of each number, {claim: {part: …}}, from results/spread.json."""
    path = paths.RESULTS / "spread.json"
    return json.loads(path.read_text(encoding="utf-8"))[what] if path.exists() else {}


def table(rows: Sequence[dict]) -> str:
    """Rows of text as a Markdown table."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
    cells = [[text.replace("|", "\\|") for text in row.values()] for row in rows]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in cells]) + "\n"


def _source(entry: dict) -> str:
    return "ours" if entry["section"] == "ours" else f"§{entry['section']}"


def needed(part: dict) -> str:
    """A boundary in words, such as "≥ 0.9"."""
    return f"{part['relation'].replace('>=', '≥').replace('<=', '≤')} {part['boundary']:.3g}"


def measured(entry: dict) -> str:
    """A claim's verdict and its numbers: with boundary, distance from that, and mean and spread over seeds."""
    mean, deviation = (spread(what).get(entry["id"], {}) for what in ("mean", "deviation"))
    rows = [
        {
            entry["id"]: part["name"],
            "measured": f"{part['value']:.3g}",
            "needed": needed(part),
            "distance": f"{abs(part['value'] - part['boundary']):.2g}",
            "over seeds": f"{mean[name]:.3g} ± {deviation[name]:.1g}" if (name := part["name"]) in mean else "not run",
            "holds": "yes" if part["holds"] else "**no**",
        }
        for part in entry["measured"]
    ]
    return f"**{entry['id']}: {MARKS[entry['verdict']]}**\n\n{table(rows)}"


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


def verdicts(*names: str) -> None:
    """Print the recorded verdicts, one a line, where they must be the same on every machine (`steady`)."""
    for entry in load():
        if entry["id"] in names:
            near = "near a boundary over seeds, see its table: another machine may decide otherwise"
            print(f"{entry['id']:<4}{MARKS[entry['verdict']] if steady(entry) else near}")
