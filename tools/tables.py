"""What READMEs, RESULTS.md and the site show of the results, in two languages."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import fmean

from tools import chapters, compare, reproduce, times
from vaepaper import claims, paths, robustness
from vaepaper.defects import KINDS

WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

BY_BLOCKS = "achieved ÷ target rate by blocks, off by"
HOLD = "\u00a0"  # a space at which no line breaks


def parts(entries: Sequence[dict], took: Mapping, detection: Mapping) -> dict[str, Callable[[bool], str]]:
    """Each generated part by the name in its marks; called with whether it is to be Japanese."""
    notebooks = chapters.select([])
    return {
        "tally": lambda japanese: tally(entries, japanese),
        "times": lambda japanese: times.commands(took, len(notebooks), len(entries), japanese),
        "run": lambda _: run(entries, took),
        "findings": lambda japanese: findings(facts(entries, detection), japanese),
        "claims": lambda japanese: one_line_each(the_reports(entries), japanese),
        "all claims": lambda japanese: one_line_each(entries, japanese),
        "every number": lambda _: every_number(entries),
        "caught": lambda _: by_severity(detection["by_severity"]),
        "places": lambda _: places(detection["places"]),
        "notebooks": lambda japanese: questions(notebooks, took["reproduce"].get("notebooks", {}), japanese),
    }


def the_reports(entries: Sequence[dict]) -> list[dict]:
    """The claims that are the report's, not ours."""
    return [entry for entry in entries if entry["section"] != "ours"]


def tally(entries: Sequence[dict], japanese: bool = False) -> str:
    """How many of the report's claims have which verdict, by this seed and by most, and how many vary."""
    found = {entry["id"]: entry["verdict"] for entry in the_reports(entries)}
    table = robustness.read()
    table = table[table.claim.isin(found)]
    agree, usual = agreeing(entries), {**found, **robustness.majority(table)}
    turned = sum(same < of for _, _, same, of in agree.values())
    # A verdict that most seeds do not give must not stand there without a word.
    rare = [(name, *agree[name][:2]) for name in found if usual[name] != found[name]]
    head, most = (_counted(verdicts.values(), japanese) for verdicts in (found, usual))
    if japanese:
        few = "".join(
            f"{name} がこの判定になる乱数シードは {of} 個中 {same} 個です。" for name, same, of in rare
        )
        few += f"過半数の乱数シードの判定では、{most}です。" if rare else ""
        varying = f"{turned} 件の判定は、書かれていない設定の解釈によって変わります。"
        return f"**報告の主張 {len(found)} 件：{head}。** {few}{varying}\n"
    few = "".join(f"Only {same} of {of} random seeds gives {name}'s verdict. " for name, same, of in rare)
    few += f"By most seeds: {most}. " if rare else ""
    varying = f"{NUMBERS[turned].capitalize()} verdicts depend on settings that the report leaves unsaid."
    return f"**The report's {NUMBERS[len(found)]} claims: {head}.** {few}{varying}\n"


def _counted(verdicts: Iterable[str], japanese: bool) -> str:
    """How many have which verdict, in words."""
    found = Counter(verdicts)
    said = [word for word in claims.MARKS if found[word]]
    if japanese:
        return "、".join(f"{WORDS['marks'][word].split()[-1]} {found[word]} 件" for word in said)
    return ", ".join(f"{NUMBERS[found[word]]} {word}" for word in said)


def agreeing(entries: Sequence[dict]) -> dict[str, tuple[int, int, int, int]]:
    """For each claim of the report, seeds and interpretations that give its verdict, each of how many."""
    table, verdicts = robustness.read(), {entry["id"]: entry["verdict"] for entry in the_reports(entries)}
    return robustness.agreeing(table[table.claim.isin(verdicts)], verdicts) if len(table) and verdicts else {}


def run(entries: Sequence[dict], took: Mapping) -> str:
    """What `make reproduce` prints, in short."""
    ran = f"{len(chapters.select([]))} notebooks in {took['reproduce']['seconds'] / 60:.1f} min."
    return "\n".join(["```text", *map(reproduce.line, entries[:4]), "…", ran, compare.EQUAL, "```", ""])


def facts(entries: Sequence[dict], detection: Mapping) -> dict[str, float]:
    """The numbers that the findings name."""
    found = {entry["id"]: {row["name"]: row["value"] for row in entry["criteria"]} for entry in entries}
    [by_blocks] = [row for e in entries for row in e["criteria"] if row["name"] == BY_BLOCKS]
    table = robustness.read()
    default = table[table.interpretation == "default"]
    published = json.loads((paths.RESULTS / "public_series.json").read_text(encoding="utf-8"))
    standard = published["NAB"]["measures"]["standard"]

    def caught(method: str, known: bool) -> float:
        rows = [row for row in detection["caught"] if row["method"] == method and row["rate"] == 0.01]
        return fmean(row["caught"] for row in rows if (row["kind"] in KINDS) == known)

    return {
        "extra": found["C6"]["median fraction removed, extra stroke"],
        "missing": found["C6"]["median fraction removed, missing stroke"],
        "flagged": default[default.criterion == robustness.FLAGGED].value.max(),
        "alone": caught("VAE: Σ |difference| (the report)", True),
        "joint": caught("joint alarm", True),
        "further": caught("joint alarm", False),
        "seeds": default.seed.nunique(),
        "following": standard["following"],
        "calibrated": standard["as calibrated"],
        "blocks": by_blocks["value"],
        "error": by_blocks["error"],
        "windows": found["S1"]["achieved ÷ target rate by windows, off by"],
    }


def findings(numbers: Mapping[str, float], japanese: bool = False) -> str:
    """The findings as a list, with their numbers."""
    said = [f"* {words['ja' if japanese else 'en'].format(**numbers)}\n" for words in WORDS["findings"]]
    return re.sub(r"(?<=\d)%", f"{HOLD}%", "".join(said))


def deciding(entry: dict) -> dict:
    """The number that decides a claim: the nearest to its boundary, of those that fail if any does."""

    def distance(row: dict) -> float:
        return abs(row["value"] - row["boundary"]) / (max(abs(row["value"]), abs(row["boundary"])) or 1)

    failing = [row for row in entry["criteria"] if row["outcome"] != "yes"]
    return min(failing or entry["criteria"], key=distance)


NUMBER, AGREE = "Deciding number (needed)", "Seeds, interpretations that agree"
COLUMNS = ("", "Claim", "We find", NUMBER, AGREE, "In")


def one_line_each(entries: Sequence[dict], japanese: bool = False) -> str:
    """Claims in a table: the report's, then ours, chapter by chapter."""
    agree, rows = agreeing(entries), []
    chapters_of_ours = groupby(entries, key=lambda entry: entry["section"] == "ours" and entry["notebook"])
    for notebook, group in chapters_of_ours:
        if notebook:
            title = WORDS["chapters"][notebook] if japanese else f"Ours: {_title(notebook)}"
            rows.append(dict.fromkeys(COLUMNS, "") | {"Claim": f"**{title}**"})
        rows += [_line(entry, japanese, agree.get(entry["id"])) for entry in group]
    return _table(rows, japanese)


def _line(entry: dict, japanese: bool, agree: tuple[int, ...] | None) -> dict[str, str]:
    row, ours = deciding(entry), entry["section"] == "ours"
    found = WORDS["ours" if ours else "marks"][entry["verdict"]] if japanese else claims.mark(entry)
    where = "" if ours else f" (§{entry['section']})"
    off = f"{HOLD}±{HOLD}{row['error']:.1g}" if row["error"] else ""
    needed = claims.needed(row).replace(" ", HOLD)
    number = f"{row['name_ja' if japanese else 'name']}: **{claims.shown(row)}**{off} ({needed})"
    agreed = "{}/{},\u00a0{}/{}".format(*agree) if agree else ""
    claim = entry["statement_ja" if japanese else "statement"] + where
    cells = (entry["id"], claim, found.replace(" ", HOLD), number, agreed, _link(entry["notebook"]))
    return dict(zip(COLUMNS, cells, strict=True))


def _table(rows: Sequence[dict], japanese: bool) -> str:
    heads = WORDS["heads"] if japanese else {}
    return claims.table([{heads.get(head, head): text for head, text in row.items()} for row in rows])


def _link(notebook: str) -> str:
    return f"[{notebook[:2]}](notebooks/{notebook}.ipynb)"


def _title(notebook: str) -> str:
    """A chapter's title without its number."""
    title = chapters.title(paths.NOTEBOOKS / f"{notebook}.ipynb")
    return title.partition("·")[2].strip() or title


def every_number(entries: Sequence[dict]) -> str:
    """Each claim with its test, its note, and every number with its boundary and outcome."""
    said = []
    for entry in entries:
        note = f"{entry['note'][0].upper()}{entry['note'][1:]}.\n\n" if "note" in entry else ""
        tested = f"Tested in {_link(entry['notebook'])}: {claims.test(entry['id'])}.\n\n"
        title = f"### {entry['id']}: {entry['statement']}\n\n"
        said.append(title + tested + note + claims.numbers(entry))
    return "\n".join(said)


def by_severity(caught: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Each kind of defect at each severity in a row: what each score catches, in percent."""
    rows = []
    for kind, methods in caught.items():
        for severity, shares in enumerate(zip(*methods.values(), strict=True), 1):
            cells, best = [f"{100 * share:.0f}" for share in shares], f"{100 * max(shares):.0f}"
            cells = [f"**{cell}**" if cell == best else cell for cell in cells]
            rows.append({"": f"{kind} {severity}", **dict(zip(methods, cells, strict=True))})
    return claims.table(rows)


def places(counted: Mapping[str, Mapping[str, int]]) -> str:
    """Alarms of each kind of defect, places that their cards name, and how many of these are right."""
    rows = [{"": kind, **{name: f"{n:,}" for name, n in row.items()}} for kind, row in counted.items()]
    return claims.table(rows)


def questions(notebooks: Sequence[Path], seconds: Mapping[str, float], japanese: bool = False) -> str:
    """The notebooks in a table: what each asks, its minutes where they are known, what it teaches."""
    rows, suffix = [], "_ja" if japanese else ""
    for name in (notebook.stem for notebook in notebooks):
        words = WORDS["notebooks"][name]
        row = {"": _link(name), "Question": words[f"asks{suffix}"]}
        if seconds:
            row["Minutes"] = f"{seconds[name] / 60:.1f}" if name in seconds else ""
        rows.append({**row, "What you learn": words[f"teaches{suffix}"]})
    after = "Minutes: without the trainings, which take most of the total."
    if japanese:
        after = "分：上記の計算機で、学習を済ませた後の時間。学習は共有され、全体の大半を占めます。"
    return _table(rows, japanese) + (f"\n{after}\n" if seconds else "")
