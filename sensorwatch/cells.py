"""What a cell of a logger's file may hold: a number, however it is written, a time, a word, nothing."""

import re
import unicodedata
from collections import Counter

import numpy as np
import pandas as pd

from sensorwatch.times import listed, refuse

MISSING = {
    "", "-", "--", "---", "?", "*", "///", "nan", "null", "none", "nil", "na", "n/a", "#n/a", "err", "error",
}  # fmt: skip
NUMBER = re.compile(
    r"[(]?[-+−]?\s*(\d[\d.,'’ \u00a0\u202f]*|[.,]\d+)([ed][+-]?\d+)?"
    r"([-)*]|\s?[%‰°]?[^\W\d_]{0,4}(/[^\W\d_]{1,4})?)",
    re.I,
)
DATE = re.compile(
    r"\d{1,4}\s*[-/.年년]\s*\d{1,2}\s*[-/.月월]\s*\d{1,4}(?!\d)"
    r"|(\w{2,9}\.?,? )?\d{1,2}[-. /]{1,2}(de )?[^\W\d_]{3,10}[-./ ,]{1,2}(de )?\d{2,4}"
    r"|\d{1,2}[^\W\d_]{3}\d{2,4}|[^\W\d_]{3,10}\.? \d{1,2},? \d{4}|\d{8}[T ]\d\d",
    re.I,
)
CLOCK = re.compile(r"\d[:時时시]\d|\d ?h ?\d\d|\d[T ]\d\d?\.\d\d|\d{8}[T ]\d\d|T\d\d$", re.I)
HALVES = {"am", "pm", "a.m.", "p.m.", "午前", "午後", "上午", "下午", "오전", "오후", "a. m.", "p. m."}
SWITCH = {"true": 1, "false": 0, "on": 1, "off": 0, "yes": 1, "no": 0}
PREFIXES = {"n": 1e-9, "u": 1e-6, "μ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
SPACE = r"(?<=\d)[\s'’\u00a0\u202f](?=\d{3}(\D|$))"
CERTAIN = {  # 1.5 shows its decimal sign; 1.234 may be a thousand or a little more than one
    sign: rf"[+-]?(?![1-9]\d{{0,2}}[{sign}]\d{{3}}$)\d*[{sign}]\d*([eEdD].*)?" for sign in ".,"
}
GROUPED = {  # 1,234.5 and 1,234,567 show it, too
    sign: rf"\d+([{other}]\d{{2,3}})+([{sign}]\d*|[{other}]\d{{3}})" for sign, other in (".,", ",.")
}


def kind_of(cell: str) -> str:
    """What a cell holds: stamp (date and clock), date, clock, half (am, pm), number, word, "" for nothing."""
    cell = cell if cell.isascii() else unicodedata.normalize("NFKC", cell)
    if cell.casefold() in MISSING:
        return ""
    dated, clock = DATE.match(cell), CLOCK.search(cell)
    if dated or (clock and DATE.search(cell)):
        return "stamp" if clock else "date"
    if cell.casefold() in HALVES:
        return "half"
    if clock and not re.search(r"[^\W\d_]{3}", cell.replace("午前", "").replace("午後", "")):
        return "clock"
    return "number" if NUMBER.fullmatch(cell) else "word"


def numbers(table, name: str) -> tuple[np.ndarray, str]:
    """A column of a `Table` as float64 [n], NaN where there is no number, and how it was read.

    Raises ValueError: 1,234 may be thousands or decimals; the message names `decimal`.
    """
    cells = table.cells[name]
    for sign in ".,":
        texts = cells if sign == "." else cells.str.replace(",", ".", regex=False)
        values = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, copy=True)
        unread = np.isnan(values)
        unread[unread] = ~cells[unread].str.casefold().isin(MISSING)
        if unread.any() or (sign == "," and cells.str.contains(".", regex=False).any()):
            continue
        if sign != (table.decimal or table.hint or "." * (table.delimiter == ",")):
            signed = cells[cells.str.contains(sign, regex=False)]
            few = signed.iloc[:: max(1, len(signed) // 200)]
            if len(few) and (table.decimal or not few.str.fullmatch(CERTAIN[sign]).any()):
                continue
        return values, "the comma is the decimal sign" if sign == "," else ""
    filled = cells[~cells.str.casefold().isin(MISSING)]
    words = filled.str.casefold()
    values = np.full(len(cells), np.nan)
    if words.isin(SWITCH).all():
        values[filled.index] = words.map(SWITCH)
        return values, " and ".join(f"{word} as {SWITCH[word]}" for word in sorted(words.unique()))
    texts = filled.map(lambda text: unicodedata.normalize("NFKC", text).replace("−", "-"))
    texts = texts.str.replace(SPACE, "", regex=True)
    turned = texts.str.replace(r"^\(([\d.,]+)\)$|^([\d.,]+)-$", r"-\1\2", regex=True)
    parts = turned.str.extract(r"^([+-]?)\s*([\d.,]+)([eEdD][+-]?\d+)?\s*([^\d\s.,+-][^\d.,+]{0,7})?$")
    parts = parts.dropna(subset=1).fillna("")
    factor, said = _suffixes(parts[3])
    parts = parts.loc[factor.index]
    decimal = table.decimal or _decimal(table, name, parts[1] + parts[2])
    thousands = {".": ",", ",": "."}[decimal]
    group = r"\d{1,3}(T\d{3})+|\d{1,3}(T\d\d)+T\d{3}|\d*".replace("T", f"[{thousands}]")
    parts = parts[parts[1].str.fullmatch(rf"({group})([{decimal}]\d*)?") & parts[1].str.contains(r"\d")]
    body = parts[1].str.replace(thousands, "", regex=False).str.replace(decimal, ".")
    plain = parts[0] + body + parts[2].str.upper().str.replace("D", "E")
    values[plain.index] = pd.to_numeric(plain, errors="coerce") * factor[plain.index]
    if decimal == "," and parts[1].str.contains(",").any():
        said.append("the comma is the decimal sign")
    if parts[1].str.contains(thousands, regex=False).any():
        said.append(f"thousands are separated by {thousands!r}")
    if not turned.equals(texts):
        said.append("(1.5) and 1.5- are negative")
    left = filled[np.isnan(values[filled.index])]
    odd = left[left.str.contains(r"^[-+(]?\d", regex=True)]
    if len(odd) > 0.05 * max(1, len(plain)):
        told = f"{len(odd):,} cells of {name!r} such as {odd.iloc[0]!r} are no numbers"
        refuse(f"{told}; write one unit in all, or name the decimal sign", {"decimal": thousands})
    return values, ", ".join(said)


def _suffixes(suffix: pd.Series) -> tuple[pd.Series, list[str]]:
    """What to multiply each number by, for its unit's prefix (20 kW, 950 W); other rows are left out."""
    counts = Counter(suffix)
    base = min(counts, key=len, default="")
    prefixes = PREFIXES if base else ("", "k", "K", "M")
    known = [unit for unit in counts if unit.endswith(base) and unit.removesuffix(base) in prefixes]
    if len(known) > 1 and sum(counts[unit] for unit in known) >= 0.95 * len(suffix):
        factor = suffix[suffix.isin(known)].map(lambda unit: PREFIXES[unit.removesuffix(base)])
        return factor, [f"{listed(known)} brought to {base!r}"]
    usual = max(counts, key=counts.get, default="")
    return suffix[suffix == usual].map(lambda _: 1.0), [f"each with {usual!r}"] if usual else []


def _decimal(table, name: str, bodies: pd.Series) -> str:
    """The decimal sign of digits with commas and points."""
    shown = {s: int(bodies.str.fullmatch(f"{CERTAIN[s]}|{GROUPED[s]}").sum()) for s in ".,"}
    sign, other = sorted(shown, key=shown.get, reverse=True)
    if shown[other] > 0.01 * shown[sign]:
        refuse(f"{name!r} has points and commas as decimal signs; name one", {"decimal": sign})
    signed = bodies[bodies.str.contains("[.,]")]
    if shown[sign]:
        return sign
    if table.hint:
        return table.hint
    if signed.empty or (table.delimiter == "," and not signed.str.contains(",").any()):
        return "."
    first = signed.iloc[0]
    ways = ({"decimal": sign} for sign in (",." if "," in first else ".,"))
    refuse(f"{first!r} and all like it may be decimals or thousands", *ways)
