"""What a cell of a logger's file may hold: a number, however it is written, a time, a word, nothing."""

import re
import unicodedata
from collections import Counter

import numpy as np
import pandas as pd

from sensorwatch.times import listed, option

MISSING = {
    "",
    "-",
    "--",
    "---",
    "?",
    "*",
    "nan",
    "null",
    "none",
    "nil",
    "na",
    "n/a",
    "#n/a",
    "err",
    "error",
    "///",
}
NUMBER = re.compile(
    r"[(]?[-+−]?\s*(\d[\d.,'’ \u00a0\u202f]*|[.,]\d+)([ed][+-]?\d+)?"
    r"([-)*]|\s?[%‰°]?[^\W\d_]{0,4}(/[^\W\d_]{1,4})?)",
    re.I,
)
DATE = re.compile(
    r"\d{1,4}\s*[-/.年년]\s*\d{1,2}\s*[-/.月월]\s*\d{1,4}(?!\d)"
    r"|(\w{2,9}\.?,? )?\d{1,2}[-. /]{1,2}[^\W\d_]{3,10}[-./ ,]{1,2}\d{2,4}"
    r"|\d{1,2}[^\W\d_]{3}\d{2,4}|[^\W\d_]{3,10}\.? \d{1,2},? \d{4}|\d{8}[T ]\d{2,6}",
    re.I,
)
CLOCK = re.compile(
    r"\d{1,3}[:時时시]\d{1,2}|\d{1,2} ?h ?\d\d|\d[T ]\d{1,2}\.\d\d|\d{8}[T ]\d{2,6}|T\d\d$", re.I
)
HALVES = {"am", "pm", "a.m.", "p.m.", "午前", "午後", "上午", "下午", "오전", "오후", "a. m.", "p. m."}
SWITCH = {"true": 1, "false": 0, "on": 1, "off": 0, "yes": 1, "no": 0}
PREFIXES = {
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
}
GROUPED = r"[1-9]\d{0,2}[.,]\d{3}"  # 1,234 is a thousand or a little more than one
SPACE = r"(?<=\d)[\s'’\u00a0\u202f](?=\d{3}(\D|$))"


def kind_of(cell: str) -> str:
    """What a cell holds: stamp (a date and a clock), date, clock, half (am, pm), number, word, or "" for
    nothing.
    """
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


def numbers(cells: pd.Series, decimal: str | None, delimiter: str, hint: str = "") -> tuple[np.ndarray, str]:
    """Texts as float64 [n], NaN where there is no number, and how they were read.

    Args:
        decimal: the decimal sign; None finds it, and what cannot be both is refused.
        delimiter: of the file: unquoted commas make the point the decimal sign.
        hint: the decimal sign that other columns of the file have.

    Raises:
        ValueError: 1,234 may be thousands or decimals; the message names `decimal`.
    """
    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, copy=True)
    unread = np.isnan(values)
    unread[unread] = ~cells[unread].str.casefold().isin(MISSING)
    if not unread.any() and (decimal == "." or delimiter == ","):
        return values, ""
    signed = cells[~unread & ~np.isnan(values)]
    pointed = signed[signed.str.contains(".", regex=False)]
    if not unread.any() and (pointed.empty or (not decimal and _certain(pointed))):
        return values, ""
    shows = decimal == "," or hint == "," or (not decimal and pointed.empty and _certain(cells[unread]))
    if shows and pointed.empty and not cells.str.contains(".", regex=False).any():
        fast = pd.to_numeric(cells.str.replace(",", ".", regex=False), errors="coerce").to_numpy(
            np.float64, copy=True
        )
        if not (unread & np.isnan(fast)).any():
            return fast, "the comma is the decimal sign"
    texts = cells[unread]
    words = texts.str.casefold()
    if len(texts) == np.sum(cells.str.casefold().isin(MISSING) == 0) and words.isin(SWITCH).all():
        values[unread] = words.map(SWITCH)
        return values, " and ".join(f"{word} as {SWITCH[word]}" for word in sorted(words.unique()))
    texts = cells[unread | ~np.isnan(values)]
    texts = texts.map(lambda text: unicodedata.normalize("NFKC", text).replace("−", "-"))
    texts = texts.str.replace(SPACE, "", regex=True)
    negative = texts.str.fullmatch(r"\([\d.,]+\)|[\d.,]+-").any()
    texts = texts.str.replace(r"^\(([\d.,]+)\)$|^([\d.,]+)-$", lambda m: f"-{m[1] or m[2]}", regex=True)
    parts = texts.str.extract(r"^([+-]?)\s*([\d.,]+)([eEdD][+-]?\d+)?\s*([^\d\s.,+-][^\d.,+]{0,7})?$")
    factor, said = _suffixes(parts[3][parts[1].notna()].fillna(""))
    parts = parts[parts[1].notna()].loc[factor.index]
    decimal = _decimal(cells.name, parts[1], decimal, delimiter, hint, parts[2].notna())
    thousands = {".": ",", ",": "."}[decimal]
    group = r"\d{1,3}(\T\d{3})+|\d{1,3}(\T\d\d)+\T\d{3}|\d*".replace("T", thousands)
    parts = parts[parts[1].str.fullmatch(rf"({group})(\{decimal}\d*)?") & parts[1].str.contains(r"\d")]
    grouped = parts[1].str.contains(thousands, regex=False).any()
    plain = (
        parts[0]
        + parts[1].str.replace(thousands, "", regex=False).str.replace(decimal, ".")
        + parts[2].fillna("").str.upper().str.replace("D", "E")
    )
    values[:] = np.nan
    values[plain.index] = pd.to_numeric(plain, errors="coerce") * factor[plain.index]
    if decimal == "," and parts[1].str.contains(",").any():
        said.append("the comma is the decimal sign")
    if grouped:
        said.append(f"thousands are separated by {thousands!r}")
    if negative:
        said.append("(1.5) and 1.5- are negative")
    left = cells[unread & np.isnan(values)]
    odd = left[left.str.contains(r"^[-+(]?\d", regex=True)]
    if len(odd) > 0.05 * max(1, len(plain)):
        raise ValueError(
            f"{len(odd):,} cells of {cells.name!r} such as {odd.iloc[0]!r} begin with a number and are none;"
            " write one unit in all, or, if the decimal sign is the reason, name it:"
            f" {option('decimal', thousands)}"
        )
    return values, ", ".join(said)


def _certain(pointed: pd.Series) -> bool:
    few = pointed.iloc[:: max(1, len(pointed) // 200)].str.lstrip("+-")
    return bool((few.str.fullmatch(r"\d*[.,]\d+") & ~few.str.fullmatch(GROUPED)).any())


def _suffixes(suffix: pd.Series) -> tuple[pd.Series, list[str]]:
    """What to multiply each number by, for its unit's prefix (20 kW, 950 W); other rows are left out."""
    counts = Counter(suffix)
    usual = counts.most_common(1)[0][0] if counts else ""
    base = min(counts, key=len, default="")
    known = [unit for unit in counts if unit.endswith(base) and unit.removesuffix(base) in PREFIXES]
    if not base:
        known = [unit for unit in known if unit in ("", "k", "K", "M")]
    if len(known) > 1 and sum(counts[unit] for unit in known) >= 0.95 * len(suffix):
        factor = suffix[suffix.isin(known)].map(lambda unit: PREFIXES[unit.removesuffix(base)])
        return factor, [f"{listed(known)} brought to {base!r}"]
    return suffix[suffix == usual].map(lambda _: 1.0), [f"each with {usual!r}"] if usual else []


def _decimal(name: str, bodies: pd.Series, decimal: str | None, delimiter: str, hint: str, exponent) -> str:
    """The decimal sign of digits with commas and points."""
    signed = bodies[bodies.str.contains("[.,]", regex=True)]
    points, commas = signed.str.count(r"\."), signed.str.count(",")
    last = np.where(signed.str.rfind(",") > signed.str.rfind("."), ",", ".")
    other = np.where(last == ",", ".", ",")
    repeated = ((points > 1) & (commas == 0)) | ((commas > 1) & (points == 0))
    alone = (points + commas == 1) & (~signed.str.fullmatch(GROUPED) | exponent.reindex(signed.index))
    shown = np.where(repeated, other, np.where(((points > 0) & (commas > 0)) | alone, last, ""))
    found = Counter(shown[shown != ""])
    if decimal or not len(signed):
        return decimal or "."
    if found:
        (sign, most), *less = found.most_common()
        if less and less[0][1] > 0.01 * most:
            raise ValueError(
                f"points and commas stand as decimal signs in {name!r}; name the right one:"
                f" {option('decimal', sign)}"
            )
        return sign
    if delimiter == "," and not commas.any():
        return "."
    if hint:
        return hint
    raise ValueError(
        f"{signed.iloc[0]!r} and all like it may be thousands or decimals; name the decimal sign:"
        f" {option('decimal', last[0])} for {signed.iloc[0].replace(last[0], '.')}, or"
        f" {option('decimal', other[0])}"
    )
