"""A sensor's signal: one channel of a CSV with its times, and what is wrong with it.

A signal is a pandas Series of float64 that is named after its column. Its index are times that rise (with or without a
zone), or the numbers of the samples where there are no times. NaN is missing.
"""

import difflib
import re
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from sensorwatch import _cells as cells
from sensorwatch import _loggers as loggers
from sensorwatch import _times as times
from sensorwatch._quality import Quality, examine


def read_csv(path: str | Path, time: str | None = None, value: str | None = None) -> tuple[pd.Series, Quality]:
    """One channel of a logger's CSV, and a report on its quality.

    Encoding, delimiter, decimal sign, header lines and the form of the times are found, not asked for; the report says
    what was found. Times that run backwards are put in order; of rows with the same time the first counts; rows without
    a readable time are left out; what is no finite number is missing. Nothing is filled in.

    Args:
        time: the column of the times; None finds it (a column of dates and one of clocks belong together).
        value: the column to watch; None takes the only one with numbers.

    Raises:
        ValueError: no CSV, no such column, several columns of numbers to choose from, or none; no value at all.
        OSError: the file is not there or cannot be read.
    """
    path = Path(path)
    table, first_line, decimal, notes = loggers.table(path)
    timing = times.columns(table, _column(table, time, "time", path) if time else None)
    name = _column(table, value, "value", path) if value else _only_numbers(table, timing, path)
    values, words = cells.numbers(table[name], decimal)
    notes += [words] * bool(words)
    if not np.isfinite(values).any():
        raise ValueError(
            f"{path.name}: every value of {name!r} is missing; the first cells are {list(table[name][:3])}"
        )
    unreadable = Counter(table[name][np.isnan(values)])
    unreadable = {text: n for text, n in unreadable.most_common() if text and text.casefold() != "nan"}
    found = {"rows": len(table), "unreadable": unreadable, "infinite": int(np.isinf(values).sum()), "notes": notes}
    signal = pd.Series(np.where(np.isinf(values), np.nan, values), name=name)
    if timing:
        index, words = times.read(table, timing)
        notes += [f"{' and '.join(map(repr, timing))}: {words}"] * bool(words)
        if index is not None:
            signal.index = index
            signal, more = in_order(signal)
            found |= more
            if 2 * len(signal) < len(table) - more["duplicates"] or not signal.notna().any():
                at = int(np.argmax(index.isna()))
                raise ValueError(
                    f"{path.name}, line {first_line + at:,}: {table[timing[0]].iloc[at]!r} in {timing[0]!r} cannot"
                    " be read as a time; name another column as time, or write times as 2026-03-01 12:30:00"
                )
    return signal, examine(signal, **found)


def in_order(signal: pd.Series) -> tuple[pd.Series, dict]:
    """A signal with rising times, and what had to be done: `backward`, `duplicates` and `untimed` of `Quality`.

    Sorted by time, rows of one time in their old order, of which the first is kept; rows without a time are left out.
    """
    timed = signal[signal.index.notna()]
    back = np.diff(timed.index.asi8) / 1e9
    backward = [(timed.index[k + 1], -float(back[k])) for k in np.flatnonzero(back < 0)]
    ordered = timed.sort_index(kind="stable") if backward else timed
    again = ordered.index.duplicated()
    return ordered[~again], {
        "backward": backward,
        "duplicates": int(again.sum()),
        "untimed": len(signal) - len(timed),
    }


def _column(table: pd.DataFrame, asked: str, role: str, path: Path) -> str:
    """The column that is meant by a name: as it stands, or but for case, width and a unit in brackets."""

    def plain(name: str) -> str:
        return re.sub(r"\s*[\[(（].*?[\])）]\s*", "", unicodedata.normalize("NFKC", str(name)).casefold()).strip()

    if asked in table.columns:
        return asked
    alike = [name for name in table if plain(name) == plain(asked)]
    if len(alike) == 1:
        return alike[0]
    near = difflib.get_close_matches(plain(asked), [plain(name) for name in table], 1)
    meant = next((f" Did you mean {name!r}?" for name in table if near and plain(name) == near[0]), "")
    raise ValueError(f"{path.name} has no column {asked!r} ({role}).{meant} It has {_listed(table)}")


def _only_numbers(table: pd.DataFrame, timing: list[str], path: Path) -> str:
    """The one column that holds numbers and no times, no count of the rows."""
    sample = table.iloc[:: max(1, len(table) // 1000)]
    found = []
    for name in [name for name in table if name not in timing]:
        filled = [cell for cell in sample[name] if cell.casefold() not in cells.MISSING]
        if filled and sum(map(cells.is_number, filled)) > 0.5 * len(filled):
            found.append(name)
    nameless = {name for name in found if re.fullmatch(r"column \d+|unnamed: \d+", name, re.I)}
    if len(found) > 1 and len(nameless) < len(found):  # a row number under no name, as pandas writes it
        found = [name for name in found if name not in nameless or not _counts(table[name])]
    if not found:
        raise ValueError(f"{path.name} has no column of numbers beside the time; it has {_listed(table)}")
    if len(found) > 1:
        raise ValueError(
            f"{path.name} has {len(found)} columns of numbers: {_listed(found)}. Name the one to watch as value"
        )
    return found[0]


def _counts(texts: pd.Series) -> bool:
    values = pd.to_numeric(texts, errors="coerce")
    return bool((values.diff().dropna() == 1).all())


def _listed(names) -> str:
    return ", ".join(repr(name) for name in names)
