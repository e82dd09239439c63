"""The claims: criteria as data (claims.toml), what was measured of each, verdicts, and tables."""

import json
import operator
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from IPython.display import Markdown

from vaepaper import paths

CLAIMS = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
MARKS = {
    "reproduced": "✔ reproduced",
    "partly": "◐ partly",
    "not reproduced": "✘ not reproduced",
    "undecided": "? undecided",
}
OURS = {**MARKS, "reproduced": "✔ holds", "partly": "◐ in part", "not reproduced": "✘ does not hold"}


def test(claim: str) -> str:
    """How a claim is tested, in a sentence with its boundaries."""
    boundaries = [criterion["boundary"] for criterion in CLAIMS[claim]["criteria"]]
    sentence = CLAIMS[claim]["test"].format(*boundaries)
    return re.sub(r"(?<=\d)%", " %", sentence)


def outcome(criterion: Mapping, value: float, error: float = 0.0) -> str:
    """Whether a measured number meets its criterion: "yes", "no", or "undecided".

    Undecided is a mean over draws (seeds, records, splits) whose 95 % interval, 1.96 standard errors
    (`error`) to both sides, holds the boundary; or a p-value up to `undecided_below`. One exact run has no
    interval. A NaN meets nothing.
    """
    boundary = criterion["boundary"]
    if abs(value - boundary) < 1.96 * error or boundary <= value < criterion.get("undecided_below", boundary):
        return "undecided"
    return "yes" if COMPARE[criterion["relation"]](value, criterion["boundary"]) else "no"


def judge(claim: str, measured: Mapping[str, float], errors: Mapping[str, float] | None = None) -> dict:
    """A claim with its numbers, the outcome of each criterion, and the verdict by claims.toml as it is now.

    Args:
        measured: the number of each criterion, by name. errors: of those that are means over draws.

    Raises:
        KeyError: a criterion without a number. ValueError: a number without a criterion.
    """
    criteria, errors = CLAIMS[claim]["criteria"], errors or {}
    if unknown := measured.keys() - {criterion["name"] for criterion in criteria}:
        raise ValueError(f"{claim} has no criterion {min(unknown)!r}; claims.toml names them")
    rows = []
    for criterion in criteria:
        # Ten digits: the last bits of a sum may depend on the version of the C library.
        name = criterion["name"]
        value, error = (float(f"{number:.10g}") for number in (measured[name], errors.get(name, 0)))
        judged = {"value": value, "error": error, "outcome": outcome(criterion, value, error)}
        rows.append({**criterion, **judged})
    found = [row["outcome"] for row in rows]
    if any(row["outcome"] == "no" for row in rows if row.get("necessary")):
        verdict = "not reproduced"
    elif any(row["outcome"] == "yes" for row in rows if row.get("sufficient")):
        verdict = "reproduced"
    elif "yes" in found and "no" in found:
        verdict = "partly"
    elif "undecided" in found:
        verdict = "undecided"
    else:
        verdict = "reproduced" if "yes" in found else "not reproduced"
    return {"id": claim, **CLAIMS[claim], "criteria": rows, "verdict": verdict}


def record(claim: str, measured: Mapping[str, float], errors: Mapping[str, float] | None = None) -> Markdown:
    """Judge a claim, write its numbers into build/claims.json, and return them as a table.

    Takes and raises what `judge` does. A copy of the claim's notebook, or another one, writes nothing.
    """
    entry = judge(claim, measured, errors)
    # The notebook that runs, as Jupyter tells its kernel.
    here = Path(os.environ.get("JPY_SESSION_NAME", "")).stem
    if here not in ("", entry["notebook"]):
        why = f"{claim} belongs to {entry['notebook']}, this is {here}"
        return Markdown(f"{numbers(entry)}\n(Not recorded: {why}.)")
    path = paths.BUILD / "claims.json"
    with paths.locked(paths.writable(paths.BUILD) / ".claims.lock"):  # notebooks may run side by side
        merged = ordered([*load(path), entry])
        with paths.atomic_write(path) as part:
            part.write_text(text(merged), encoding="utf-8")
    return Markdown(numbers(entry))


def ordered(entries: Sequence[dict]) -> list[dict]:
    """Entries in the order of the claims, of each claim the last; those no longer claimed are left out."""
    known = {entry["id"]: entry for entry in entries}
    return [known[name] for name in CLAIMS if name in known]


def text(entries: Sequence[dict]) -> str:
    """Entries as the file holds them: verdicts for who reads it, numbers for `load`."""
    kept = [
        {
            "id": entry["id"],
            "statement": entry["statement"],
            "verdict": entry["verdict"],
            "measured": {row["name"]: row["value"] for row in entry["criteria"]},
            "standard_errors": {row["name"]: row["error"] for row in entry["criteria"] if row["error"]},
        }
        for entry in entries
    ]
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"


def load(path: Path | None = None) -> list[dict]:
    """The claims recorded so far, judged by today's criteria, in order.

    [] if there are none, or (said) if the file is damaged. Claims with criteria of other names are left out.
    """
    path = path or paths.BUILD / "claims.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(kept, list):
            raise ValueError("no list of claims")
        known = [e for e in kept if e["id"] in CLAIMS and e["measured"].keys() == {*_names(e["id"])}]
        return [judge(entry["id"], entry["measured"], entry["standard_errors"]) for entry in known]
    except FileNotFoundError:
        return []
    except (ValueError, LookupError, TypeError, AttributeError):
        print(f"{path} is damaged and counts for nothing; `make reproduce` makes it again", file=sys.stderr)
        return []


def _names(claim: str) -> list[str]:
    return [criterion["name"] for criterion in CLAIMS[claim]["criteria"]]


def table(rows: Sequence[dict]) -> str:
    """Rows of text as a Markdown table; "" if there are none."""
    if not rows:
        return ""
    cells = [[text.replace("|", "\\|") for text in row] for row in (rows[0], *(row.values() for row in rows))]
    heads, *lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([heads, "|---" * len(rows[0]) + "|", *lines]) + "\n"


def mark(entry: dict) -> str:
    """A verdict in words: the report's claims are reproduced or not, ours hold or do not."""
    return (OURS if entry["section"] == "ours" else MARKS)[entry["verdict"]]


def shown(row: Mapping) -> str:
    """A measured number in three digits, in four where three would make it equal to its boundary."""
    text = f"{row['value']:.3g}"
    equal = float(text) == row["boundary"] != row["value"]
    return f"{row['value']:.4g}" if equal else text


def needed(criterion: Mapping) -> str:
    """A boundary in words, such as "≥ 0.9"."""
    return f"{criterion['relation'].replace('>=', '≥').replace('<=', '≤')} {criterion['boundary']:.3g}"


def numbers(entry: dict) -> str:
    """A claim's verdict and its numbers as Markdown."""
    rows = [
        {
            entry["id"]: row["name"],
            "measured": shown(row) + (f" ± {row['error']:.1g}" if row["error"] else ""),
            "needed": needed(row),
            "holds": row["outcome"] if row["outcome"] == "yes" else f"**{row['outcome']}**",
        }
        for row in entry["criteria"]
    ]
    return f"**{entry['id']}: {mark(entry)}**\n\n{table(rows)}"


def tests(*names: str) -> Markdown:
    """What the report (§) or we claim, and how it is tested: the table at the head of a notebook."""
    rows = []
    for name in names:
        section = CLAIMS[name]["section"]
        source = "ours" if section == "ours" else f"§{section}"
        claim = f"{CLAIMS[name]['statement']} ({source})"
        rows.append({"": name, "Claim": claim, "How it is tested": test(name)})
    return Markdown(table(rows))


def verdicts(*names: str) -> None:
    """Print the recorded verdicts, one a line."""
    for entry in load():
        if entry["id"] in names:
            print(f"{entry['id']:<4}{mark(entry)}")
