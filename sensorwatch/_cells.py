"""What a cell of a logger's file may hold: a number (however it is written), a date, a clock, a unit, nothing."""

import re
import unicodedata

import numpy as np
import pandas as pd

NUMBER = re.compile(r"[-+−]?(\d[\d.,' \u00a0\u202f’]*|[.,]\d+)(e[+-]?\d+)?", re.I)
MISSING = {"", "-", "--", "---", "?", "*", "nan", "null", "none", "nil", "na", "n/a", "#n/a", "err", "error"}
MISSING |= {sign + word for sign in ("", "-", "+") for word in ("inf", "infinity")}
DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}[-/. ]([a-z]{3,9}|\d{1,2})[-/. ](\d{4}|\d\d)(?!\d)"
    r"|[a-z]{3,9} \d{1,2},? \d{4}|\d{8}[T ]\d{4,6}",
    re.I,
)
CLOCK = re.compile(r"(午[前後])?\d{1,2}[:時]\d{1,2}[:分]?(\d{1,2}([.,]\d+)?秒?)?( ?[ap]\.?m\.?)?$", re.I)
UNIT = re.compile(  # also Campbell's TS, RN, Avg, Smp …, and forms such as yyyy-mm-dd
    r"|-|[\[(（].*[\])）]|TS|RN|Avg|Smp|Max|Min|Tot|Std|[yYdDhHmMsS:/. -]{8,}|[°%‰]?[CFK]|[℃℉%‰Ω°]|%?RH|rpm|psi|pH|ppm"
    r"|min|sec|h|d|Volts?|[Dd]eg ?[CFK]?|[nµμmkM]?(Pa|bar|VA|V|A|Wh|W|Hz|m|g|s|l|L|N|J|Ohm|Ω|S|t)[23²³]?"
    r"([/·*](s|h|min|d|m|kg)[23²³]?)?"
)


def is_number(cell: str) -> bool:
    """Whether a cell holds one number."""
    return bool(NUMBER.fullmatch(cell))


def is_reading(cell: str) -> bool:
    """Whether a cell holds a number, a date or a clock."""
    return bool(NUMBER.fullmatch(cell) or DATE.match(cell) or CLOCK.match(cell))


def is_word(cell: str) -> bool:
    """Whether a cell holds something else, and not one of the words for nothing."""
    return not is_reading(cell) and cell.casefold() not in MISSING


def numbers(cells: pd.Series, hint: str = ".") -> tuple[np.ndarray, str]:
    """Texts as float64 [n], NaN where there is no number, and what was made of commas and points, in words.

    A comma (or a point) is the decimal sign or parts thousands: all cells together tell which, and where they cannot,
    `hint` does, the decimal sign to expect.
    """
    cells = cells.reset_index(drop=True)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, copy=True)
    odd = cells[np.isnan(values) & cells.str.contains(r"\d", regex=True).to_numpy(bool)]
    odd = odd.map(lambda cell: re.sub(r"[\s'’]", "", unicodedata.normalize("NFKC", cell).replace("−", "-")))
    odd = odd[odd.str.fullmatch(r"[+-]?[\d.,]+([eE][+-]?\d+)?").astype(bool)]
    if odd.empty:
        return values, ""
    texts = pd.concat([cells[~np.isnan(values)], odd])
    decimal = _decimal(texts[texts.str.contains("[.,]", regex=True)], hint)
    thousands = {".": ",", ",": "."}[decimal]
    if decimal == ",":
        values[:] = np.nan  # 1.234 was taken for a little more than one
    else:
        texts = odd
    form = rf"[+-]?(\d*|\d{{1,3}}(\{thousands}\d{{3}})+)(\{decimal}\d*)?([eE][+-]?\d+)?"
    texts = texts[texts.str.fullmatch(form).astype(bool)]
    plain = texts.str.replace(thousands, "", regex=False).str.replace(",", ".", regex=False)
    values[plain.index] = pd.to_numeric(plain, errors="coerce")
    said = ["decimal commas"] * bool(decimal == "," and texts.str.contains(",", regex=False).any())
    grouped = texts.str.contains(thousands, regex=False).any()
    return values, " and ".join(said + [f"thousands parted by {thousands!r}"] * bool(grouped))


def _decimal(texts: pd.Series, hint: str) -> str:
    """The decimal sign of numbers, all of which hold a comma or a point."""
    points, commas = texts.str.count(r"\."), texts.str.count(",")
    both = texts[(points > 0) & (commas > 0)]
    if len(both):
        return "," if (both.str.rfind(",") > both.str.rfind(".")).mean() > 0.5 else "."
    grouped = texts.str.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}").astype(bool)  # in threes, and never begin with 0
    if ((points == 1) & ~grouped).any() or (commas > 1).any():
        return "."
    if ((commas == 1) & ~grouped).any() or (points > 1).any():
        return ","
    return hint if (commas > 0).any() else "."
