"""A logger's file as a table of texts: its encoding, delimiter, header and names are found."""

import csv
import difflib
import io
import re
from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from sensorwatch.cells import CERTAIN, NUMBER, SPACE, kind_of
from sensorwatch.times import TIME_WORD, listed, plain, refuse

DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "spaces"}
SAMPLE = 400  # lines by which a file's form is judged
REPEATED = 0.01  # share of unusual rows above which a file is refused


class Table(NamedTuple):
    """A file's cells as texts, what its columns hold, the header above; each row's line; how it was read."""

    cells: pd.DataFrame
    kinds: dict[str, str]  # of most filled cells, see `kind_of`; "" for an empty column
    header: dict[str, list[str]]
    lines: np.ndarray
    delimiter: str
    decimal: str | None  # as the caller says
    hint: str  # the decimal sign that columns show without doubt
    told: list[tuple[str, str]]


def decoded(raw: bytes, encoding: str | None) -> tuple[str, str]:
    """A file's text, and its encoding."""
    if not raw.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise ValueError("the file is empty")
    if encoding:
        try:
            return raw.decode(encoding).removeprefix("\ufeff"), encoding
        except LookupError:
            raise ValueError(f"the encoding {encoding!r} is unknown; utf-8 and cp1252 are examples") from None
    head = raw[:4000]
    packed = head.startswith((b"PK", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8"))
    wide = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        wide = wide or name * (zeros.count(0) > 0.45 * len(head))
    marks = re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", head)
    if packed or (not wide and len(marks) > 0.02 * len(head)):
        raise ValueError("this is no text but a workbook, a picture or another binary file; export as CSV")
    if wide:
        return raw.decode(wide), wide.upper()
    if b"\x1b$" in raw:
        return raw.decode("iso2022_jp"), "ISO-2022-JP"
    try:
        return raw.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return _local(raw)


def _local(raw: bytes) -> tuple[str, str]:
    """Text in the older encoding in which its letters are usual ones. Numbers are the same in all."""
    for name, first_level in (("euc_jp", 0xD0), ("cp932", 0x98)):
        text = raw.decode(name, "replace")
        foreign = re.findall(r"[^\x00-\x7f]", text)
        ja = re.findall("[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e]|(?<=[\uff61-\uff9f])[\uff61-\uff9f]", text)
        usual = sum(letter > "\uff60" or letter.encode(name)[0] < first_level for letter in ja)
        if "\ufffd" not in text and usual > 0.6 * len(foreign):
            return text, f"{name} (guessed)"
    name = "cp1251" if re.search(rb"[\xc0-\xff]{3}", raw) else "cp1252"
    return raw.decode(name, "replace"), f"{name} (guessed)"


def read_table(text: str, encoding: str, decimal: str | None) -> Table:
    """The table in a file's text; `decimal` as the caller says. Raises ValueError: there is none."""
    lines = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    two = r'(^|[,;\t])("[^"\n]*)\n([^"\n]*")(?=[,;\t\n])'  # a name in two lines
    head, count = re.subn(two, r"\1\2 \3", "\n".join(lines[:50]), flags=re.M)
    lines[:50] = [""] * count + head.split("\n")
    if '"' in text:  # a lone quote would swallow the lines up to the next
        lines = [line.replace('"', "") if line.count('"') % 2 else line for line in lines]
    quoted = [line[1:-1] for line in lines[-SAMPLE:] if re.fullmatch(r'"[^"]*"', line.strip())]
    if len(quoted) > 0.9 * sum(map(bool, lines[-SAMPLE:])) and not all(map(NUMBER.fullmatch, quoted[1:])):
        lines = [line.strip().removeprefix('"').removesuffix('"') for line in lines]
    filled = [n for n, line in enumerate(lines) if line.strip(" ,;\t|")]
    lines = [lines[n] for n in filled]
    if not lines:
        raise ValueError("no line holds readings")
    delimiter = _delimiter(lines[-SAMPLE:], lines[0])
    begin, names, header = _header(_split(lines[:SAMPLE], delimiter), _split(lines[-SAMPLE:], delimiter))
    if begin < 0:
        raise ValueError(f"no line holds readings (is it a logger's CSV?); it begins {lines[0][:60]!r}")
    told = [("encoding", encoding), ("delimiter", DELIMITERS[delimiter])]
    told.append(("readings", f"from line {filled[begin] + 1}"))
    data = "#" if lines[begin][0] == "#" else "#N"
    # A comment in words or as many words as there are names: what stands below has another meaning.
    wordy = [k for k in range(begin, len(lines)) if not re.search(r"\d", lines[k])]
    for k in wordy if len(wordy) < REPEATED * len(lines) + 3 else []:
        row = _split([lines[k]], delimiter)[0]
        table = len(row) == len(names) and row[0] != names[0] and {*map(kind_of, row)} == {"word"}
        after = any(line[0] != "#" and re.search(r"\d", line) for line in lines[k:])
        if after and (table or row[0][:1] == "#" != data):
            raise ValueError(f"line {filled[k] + 1}: {lines[k][:60]!r} begins another table; split the file")
    kept = [k for k in range(begin, len(lines)) if lines[k][0] != "#" or lines[k].startswith(data)]
    if len(kept) < len(lines) - begin:
        told.append(("comments", f"{len(lines) - begin - len(kept)} lines between the readings left out"))
    lines, numbered = [lines[k] for k in kept], np.array(filled)[kept] + 1
    widest = max(len(names), max(line.count(delimiter) for line in lines) + 1)
    body = "\n".join(lines)
    del lines, filled, kept  # long files need the memory
    cells = pd.read_csv(
        io.BytesIO(body.encode()), sep=delimiter, header=None, names=range(widest), dtype=str,
        na_filter=False, index_col=False, skipinitialspace=True, skip_blank_lines=False,
    )  # fmt: skip
    if re.search(r'[ \u3000\u00a0]"?([,;|\t]|$)|"[ \u3000]', body, re.M):
        cells = cells.apply(lambda column: column.str.strip())
    if len(cells) != len(numbered):
        raise ValueError("its quotes are not closed; remove them")
    return _named(cells, names, header, numbered, delimiter, told, decimal)


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    rows = csv.reader([line.strip(" ") for line in lines], delimiter=delimiter, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in rows]


def _delimiter(lines: list[str], first: str) -> str:
    """By what most lines fall into cells; one that the first line has, too, unless another is far better."""
    best, most = ",", 0.0
    joined = [re.sub(SPACE, "", line) for line in lines[1:]]  # 1 234 is one number
    numbers = all(NUMBER.fullmatch(line) and " " not in line for line in joined)
    for delimiter in sorted(DELIMITERS, key=lambda delimiter: delimiter not in first or delimiter == " "):
        if delimiter == " " and (most > 0 or numbers):
            continue
        widths = Counter(len(row) for row in _split(lines, delimiter))
        width, votes = widths.most_common(1)[0]
        shared = votes if delimiter == " " else len(lines) - widths[1]
        if width > 1 and shared / len(lines) > max(most + 0.1, 0.5):
            best, most = delimiter, shared / len(lines)
    return best


def _kind(cells) -> str:
    """What most filled cells of a column hold."""
    kinds = Counter(kind for kind in map(kind_of, cells) if kind)
    return kinds.most_common(1)[0][0] if kinds else ""


def _header(head: list[list[str]], tail: list[list[str]]) -> tuple[int, list[str], list[list[str]]]:
    """The first row of readings (-1: none), the columns' names, and the header's rows from the names on."""
    tail = tail[len(tail) // 2 :]
    width = Counter(map(len, tail)).most_common(1)[0][0]
    kinds = [_kind(row[k] for row in tail if len(row) > k) for k in range(width)]
    timed = [k for k, kind in enumerate(kinds) if kind in ("stamp", "date", "clock")]
    numeric = [k for k, kind in enumerate(kinds) if kind == "number"]

    def fits(row: list[str], columns: list[int]) -> bool:
        cells = [k for k in columns if k < len(row) and row[k]]
        alike = all(kind_of(row[k]) in (kinds[k], "") for k in cells)
        return bool(cells) and alike and (len(row) > 1 or width == 1)

    judged = timed or numeric
    fitting = (n for n, row in enumerate(head) if fits(row, judged) and (fits(row, numeric) or not numeric))
    begin = next(fitting, -1)
    while begin > 0 and fits(head[begin - 1], judged):  # first readings of which some are no numbers
        begin -= 1
    alone = width == 1 or kinds == ["number"] * 2  # one name over 20,5
    above = [row for row in head[: max(begin, 0)] if re.search(r"\w", "".join(row)) and row[0] != "sep="]
    above = [row for row in above if len(row) > 1 or alone]
    above = [row for row in above if not row[0].startswith("#")] or above
    if not above:
        return begin, [], []
    above = [[cell.lstrip("#").strip() for cell in row] for row in above]
    same = width if width in map(len, above) else len(above[-1])
    stack = [row for row in above if len(row) == same]
    looked = [k for k in (timed or range(same)) if k < same]
    timely = [n for n, row in enumerate(stack) if any(TIME_WORD.search(plain(row[k])) for k in looked)]
    pick = timely[0] if timely else max(range(len(stack)), key=lambda n: (sum(map(bool, stack[n])), n))
    names, over = stack[pick], stack[pick - 1] if pick else []
    if "" in over and not any(over[k] for k in looked) and {*map(kind_of, over)} <= {"", "word"}:  # two lines
        names = [f"{upper} {name}".strip() for upper, name in zip(over, names, strict=True)]
    return begin, names, [names, *stack[pick + 1 :], *stack[:pick]]


def _named(cells, names, header, lines, delimiter, told, decimal) -> Table:
    """The table with a name for each column, after rows of another width and repeated headers are seen to."""
    again = np.flatnonzero(cells[0] == names[0]) if names and names[0] else []
    for row in again:  # a logger that starts anew writes its header again
        found = [cell for cell in cells.iloc[row] if cell]
        if found[: len(names)] != [name for name in names if name][: len(found)]:
            raise ValueError(f"line {lines[row]}: a new header with other columns; split the file there")
        header, names = ([found], found) if len(found) > len(names) else (header, names)
    if len(again):
        cells, lines = cells.drop(index=again).reset_index(drop=True), np.delete(lines, again)
        told.append(("header again", f"in {len(again)} lines between the readings, left out"))
    filled = cells.ne("").sum(axis=1)
    narrow = filled.lt(filled.mode().max()).to_numpy() & (delimiter == " ")
    narrow[narrow] = cells[0][narrow].str.contains(r"\d")
    if narrow[:-1].any():
        first = f"line {lines[narrow.argmax()]} has fewer cells than others"
        if narrow.mean() > REPEATED:
            raise ValueError(f"{first}: which one is blank cannot be told; write - where a value is missing")
        told.append(("too few cells", f"{narrow.sum()} lines left out; {first}"))
        cells, lines, filled = cells[~narrow].reset_index(drop=True), lines[~narrow], filled[~narrow]
    if len(cells) > 2 and filled.iloc[-1] < filled[:-1].min() and cells.iloc[-1, 0]:
        told.append(("last line", "it is cut off, and left out"))
        cells, lines = cells.iloc[:-1], lines[:-1]
    if names or decimal == delimiter:
        cells, lines, names = _of_one_width(cells, lines, names, delimiter, decimal, told)
        header = header if names else []
    cells = cells.drop(columns=[k for k in cells if k >= len(names) and not cells[k].ne("").any()])
    names = [names[k] if k < len(names) and names[k] else f"column {k + 1}" for k in range(cells.shape[1])]
    names = [f"{n} ({names[:k].count(n) + 1})" if names.count(n) > 1 else n for k, n in enumerate(names)]
    cells.columns = names
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    told.append(("columns", listed(names[:8]) + more))
    header = {name: [row[k] for row in header if k < len(row)] for k, name in enumerate(names)}
    sample = sampled(cells)
    kinds = {name: _kind(column) for name, column in sample.items()}
    numeric = [column for name, column in sample.items() if kinds[name] == "number"]
    signs = [s for s in CERTAIN if any(column.str.fullmatch(CERTAIN[s]).any() for column in numeric)]
    hint = signs[0] if len(signs) == 1 else ""
    return Table(cells, kinds, header, lines, delimiter, decimal, hint, told)


def _of_one_width(cells, lines, names, delimiter, decimal, told):
    """Rows with more cells than the header: decimal commas, an added column, or a damaged line."""
    width = len(names)
    wide = cells.iloc[:, width:].ne("").any(axis=1).to_numpy(copy=True)
    if not wide.any():
        return cells.iloc[:, :width], lines, names
    count = int(cells[wide].ne("").sum(axis=1).mode().max())
    first = f"line {lines[wide.argmax()]} has {count} cells, the header {width}"
    if wide.mean() <= REPEATED:
        told.append(("too many cells", f"{wide.sum()} lines left out; {first}"))
        return cells.iloc[~wide, :width].reset_index(drop=True), lines[~wide], names
    rows = cells[wide]
    pairs = [rows[k].str.fullmatch(r"[+-]?\d+") & rows[k + 1].str.fullmatch(r"\d+") for k in range(count - 1)]
    shown = "".join("2" if pair.mean() > 1 - REPEATED else "1" for pair in pairs)
    runs = [run.span() for run in re.finditer("2+", shown)] if delimiter == "," else []
    if runs and decimal == ",":
        joined = [k for start, end in runs for k in range(start, end, 2)]
        even = any((end - start) % 2 == 0 for start, end in runs)  # 1,2,3 is 1.2 and 3, or 1 and 2.3
        if even or not wide.all() or (names and len(joined) != count - width):
            raise ValueError(f"{first}, and decimal commas cannot be told from delimiters; export it with ;")
        for k in joined:
            cells[k] = cells[k] + "," + cells[k + 1]
        cells = cells.drop(columns=[k + 1 for k in joined])
        cells.columns = range(cells.shape[1])
        told.append(("decimal commas", "joined with the digits before them, as the header has fewer columns"))
    elif runs and not decimal:
        refuse(f"{first}; are commas its decimal signs, too, or not", {"decimal": ","}, {"decimal": "."})
    elif wide.all():
        told.append(("header", f"it names {width} columns of {count}; so columns are called by number"))
        names = []
    elif not wide[wide.argmax() :].all() and decimal != ".":
        refuse(f"{first}, others after it do not; if cells are in place", {"decimal": "."})
    else:
        told.append(("more columns", f"from {first}"))
    return cells, lines, names


def sampled(cells):
    """Some rows of all parts of a file."""
    return cells.iloc[:: max(1, len(cells) // SAMPLE)]


def rows_where(table: Table, where: str) -> Table:
    """The rows in which a column holds a given text."""
    name, sign, text = map(str.strip, str(where).partition("="))
    if not sign:
        raise ValueError(f"where is {where!r}; expected a column and its text, such as sensor=S1")
    column = table.cells[find_column(table, name)]
    fits = (column == text).to_numpy()
    if not fits.any():
        raise ValueError(f"no row has {text!r} in {name!r}; it holds {listed(column.unique()[:8])}")
    told = [*table.told, ("rows", f"only those where {where}")]
    cells = table.cells[fits].reset_index(drop=True)
    return table._replace(cells=cells, lines=table.lines[fits], told=told)


def find_column(table: Table, asked: str) -> str:
    """The column of a name: as any line of the header has it, or but for case, width and a unit."""
    if asked in table.cells.columns:
        return asked
    header = {name: [name, *cells, " ".join(cells)] for name, cells in table.header.items()}
    alike = [name for name, cells in header.items() if asked in cells]
    alike = alike or [name for name, cells in header.items() if plain(asked) in map(plain, cells)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise ValueError(f"{asked!r} is the name of several columns; it has {listed(alike)}")
    names = {plain(name): name for name in table.cells}
    near = difflib.get_close_matches(plain(asked), names, 1)
    meant = f" Did you mean {names[near[0]]!r}?" if near else ""
    raise ValueError(f"there is no column {asked!r}.{meant} It has {listed(table.cells)}")
