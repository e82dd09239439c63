"""The claims as tables of the READMEs and of the site: one line each in two languages, or with every number."""

import tomllib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from tools import chapters
from vaepaper import claims, paths, robustness

WORDS = tomllib.loads(Path(__file__).with_name("japanese.toml").read_text(encoding="utf-8"))

HOLD = "\u00a0"  # a space at which no line breaks


def deciding(entry: dict) -> dict:
    """The number that decides a claim: of those that fail, or else of all, the one nearest to its boundary."""

    def distance(part: dict) -> float:
        return abs(part["value"] - part["boundary"]) / (max(abs(part["value"]), abs(part["boundary"])) or 1)

    return min([part for part in entry["criteria"] if part["outcome"] != "yes"] or entry["criteria"], key=distance)


def _line(entry: dict, japanese: bool, agreeing: dict[str, tuple[int, int]]) -> dict[str, str]:
    part, claim = deciding(entry), claims.CLAIMS[entry["id"]]
    where = "" if claim["section"] == "ours" else f" (§{claim['section']})"
    ours, name = claim["section"] == "ours", part["name"]
    cells = {"": entry["id"], "Claim": claim["statement"] + where, "We find": claims.mark(entry)}
    if japanese:
        found = WORDS["ours" if ours else "marks"][entry["verdict"]]
        cells |= {"Claim": claim["statement_ja"] + where, "We find": found}
        name = part["name_ja"]
    agree, of = agreeing.get(entry["id"], ("", ""))
    others = (f"{of} 中 {agree}" if japanese else f"{agree} of {of}").replace(" ", HOLD) if of else ""
    number = f"{name}: **{part['value']:.3g}** ({claims.needed(part).replace(' ', HOLD)})"
    cells["We find"] = cells["We find"].replace(" ", HOLD)
    return cells | {"Deciding number (needed)": number, "Interpretations that agree": others, "In": _chapter(claim)}


def _chapter(claim: dict) -> str:
    return f"[{claim['notebook'][:2]}](notebooks/{claim['notebook']}.ipynb)"


def one_line_each(entries: Sequence[dict], japanese: bool = False) -> str:
    """The README's table: the report's claims, then ours, chapter by chapter."""
    heads, table = WORDS["heads"] if japanese else {}, robustness.read()
    agreeing, rows = {} if table.empty else robustness.agreeing(table), []
    for notebook, group in groupby(entries, key=lambda entry: (entry["section"] == "ours") and entry["notebook"]):
        if notebook:
            title = WORDS["chapters"][notebook] if japanese else _title(notebook)
            rows.append(dict.fromkeys(rows[0], "") | {list(rows[0])[1]: f"**{title}**"})
        lines = [_line(entry, japanese, agreeing) for entry in group]
        rows += [{heads.get(head, head): text for head, text in line.items()} for line in lines]
    return claims.table(rows)


def _title(notebook: str) -> str:
    """A chapter's title without its number."""
    title = chapters.title(paths.NOTEBOOKS / f"{notebook}.ipynb")
    return f"Ours: {title.partition('·')[2].strip() or title}"


def every_number(entries: Sequence[dict]) -> str:
    """All that was measured, a number a line, with its boundary."""
    return claims.table(
        [
            {"": entry["id"], "Measured": part["name"], "Value": f"{part['value']:.3g}"}
            | {"Needed": claims.needed(part), "Holds": part["outcome"], "In": _chapter(entry)}
            for entry in entries
            for part in entry["criteria"]
        ]
    )
