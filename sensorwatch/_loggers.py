"""What a logger wrote, as a table of texts: encoding, delimiter, header lines and names are found, not asked for."""

import csv
import io
import re
import unicodedata
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sensorwatch._cells import UNIT, is_reading, is_word

DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}
BINARY = {b"PK": "a workbook or a zip", b"\x1f\x8b": "packed (gzip)", b"\x89PNG": "a picture", b"\xff\xd8": "a picture"}
SAMPLE = 400  # lines by which a file is judged


class Table(NamedTuple):
    """A file's cells as stripped texts, one column a channel; the line in which they begin; the decimal sign to expect;
    and how the file was read."""

    cells: pd.DataFrame
    first_line: int
    decimal: str
    notes: list[str]


def decoded(path: Path) -> tuple[str, str]:
    """A file's text and its encoding.

    Raises:
        ValueError: nothing in it, or no text: a picture, a workbook. OSError: it is not there, or is a folder.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there (looked in {path.absolute().parent})")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a CSV file in it")
    raw = path.read_bytes()
    if not raw.strip():
        raise ValueError(f"{path.name} is empty")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace"), "UTF-16"
    kind = next((kind for begin, kind in BINARY.items() if raw.startswith(begin)), "")
    if kind or b"\0" in raw[:4096]:
        raise ValueError(f"{path.name} is no text: it is {kind or 'a binary file'}; export the readings as CSV")
    try:
        return raw.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        western = raw.decode("cp1252", "replace")
    try:  # Japanese shows itself by kana or by characters in a row; what does not is western, with a °, an é or a µ
        text = raw.decode("cp932")
        if re.search(r"[\u3040-\u30ff]|[\u4e00-\u9fff\uff61-\uff9f]{2}", text) or "\ufffd" in western:
            return text, "Shift-JIS (cp932)"
    except UnicodeDecodeError:
        pass
    return western, "Windows (cp1252)"


def table(path: Path) -> Table:
    """Read a logger's file.

    Raises:
        ValueError, OSError: as `decoded`; or no line in it holds a reading.
    """
    text, encoding = decoded(path)
    lines = text.splitlines()
    if '"' in text:  # a lone one would swallow the lines up to the next
        lines = [line.replace('"', "") if line.count('"') % 2 else line for line in lines]
    filled = [n for n, line in enumerate(lines[:5000]) if line.strip(" ,;\t|")]
    delimiter = _delimiter([lines[n] for n in filled[-SAMPLE:]], lines[filled[0]] if filled else "")
    rows = [[_clean(c) for c in row] for row in csv.reader((lines[n] for n in filled), delimiter=delimiter)]
    start, names = _header(rows)
    if start < 0:
        begin = lines[filled[0]][:60] if filled else text[:60]
        raise ValueError(f"{path.name} holds no column of numbers (is it a logger's CSV?); it begins {begin!r}")
    skipped = filled[start]
    with warnings.catch_warnings(record=True) as odd:
        warnings.simplefilter("always")
        options = {"keep_default_na": False, "na_filter": False, "index_col": False, "on_bad_lines": "warn"}
        body = io.StringIO("\n".join(lines[skipped:]))
        cells = pd.read_csv(body, sep=delimiter, header=None, names=names, dtype=str, **options)
    notes = [f"{encoding}, {DELIMITERS[delimiter]}, {skipped} header line{'s' * (skipped != 1)}"]
    bad = [int(n) for warning in odd for n in re.findall(r"Skipping line (\d+)", str(warning.message))]
    if bad:
        notes.append(f"lines with too many cells, left out: {len(bad):,}, the first is line {bad[0] + skipped:,}")
    cells = cells.fillna("").apply(lambda column: column.str.strip())
    return Table(cells, skipped + 1, "." if delimiter == "," else ",", notes)


def _clean(cell: str) -> str:
    return cell.strip().lstrip("#").strip()


def _delimiter(lines: list[str], head: str) -> str:
    """By what most lines fall into the same number of cells (one tenth more of them, for a later one in the list)."""
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        [(width, votes)] = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter)).most_common(1) or [
            (1, 0)
        ]
        if width > 1 and votes / len(lines) > max(most + 0.1, 0.5):
            best, most = delimiter, votes / len(lines)
    alone = best == "," and "," not in head and all(re.fullmatch(r"\s*[-+]?\d+,\d+\s*", line) for line in lines[1:])
    return "\t" if alone else best  # one column of decimal commas, under a name of one cell


def _header(rows: list[list[str]]) -> tuple[int, list[str]]:
    """Which row is the first with readings (-1: none), and the columns' names from the rows above it."""
    counts = Counter(len(row) for row in rows[-SAMPLE:])
    width = counts.most_common(1)[0][0] if counts else 0
    body = [row for row in rows[-SAMPLE:] if len(row) == width]
    judged = [k for k in range(width) if _mostly_read([row[k] for row in body])]

    def holds_readings(row: list[str]) -> bool:
        cells = [row[k] for k in judged] if len(row) == width else []
        return any(map(is_reading, cells)) and not any(map(is_word, cells))

    start = next((n for n, row in enumerate(rows) if holds_readings(row)), -1)
    return start, _names([row for row in rows[: max(0, start)] if len(row) == width], width)


def _mostly_read(cells: list[str]) -> bool:
    readings = sum(map(is_reading, cells))
    return readings > 0 and readings >= sum(map(is_word, cells))


def _names(header: list[list[str]], width: int) -> list[str]:
    """A name a column: the last header line that is no line of units; a number where there is none."""
    titles = [row for row in header if not all(UNIT.fullmatch(cell) for cell in row)] or header or [[""] * width]
    names = titles[-1]
    for above in titles[-2::-1]:  # equal names (inlet, inlet) are told apart by the line above
        pairs = zip(above, names, strict=True)
        names = [f"{upper} {name}".strip() if names.count(name) > 1 else name for upper, name in pairs]
    names = [unicodedata.normalize("NFC", name) or f"column {n}" for n, name in enumerate(names, 1)]
    return [f"{name} ({names[:n].count(name) + 1})" if names.count(name) > 1 else name for n, name in enumerate(names)]
