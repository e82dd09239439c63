"""A logger's file as a signal: one way of reading it must fit all rows, or a ValueError names the option that settles it.

A signal is a float64 Series (several channels: a DataFrame) over rising times, or over row numbers where there are no
times. NaN is a missing value.
"""

import csv
import difflib
import io
import itertools
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sensorwatch import times
from sensorwatch.cells import HALVES, NUMBER, SWITCH, kind_of, numbers
from sensorwatch.quality import Report, examine
from sensorwatch.times import option, plain

BINARY = {
    b"PK": "a workbook or a zip",
    b"\x1f\x8b": "packed (gzip)",
    b"\x89PNG": "a picture",
    b"\xff\xd8": "a picture",
}
DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "spaces"}
SAMPLE = 400  # lines by which a file's form is judged
REPEATED = 0.01  # share of repeated or unreadable times above which a file is refused
INDEX = re.compile(
    r"|no\.?|nr\.?|n|#|index|idx|id|rec(ord)?|rn|number|num|nummer|entry_id|row|sample|連番|番号|column 1"
)
SENSOR = re.compile(
    r"sensor|tag|channel|^ch$|name|^id$|_id$|device|gerät|node|station|variable|parameter|metric|measurement|field|type"
    r"|^unit|einheit|signal|item|point|probe|kanal|messstelle|location|site|room|machine|asset|センサ|機器|項目|場所"
)
ROLES = {  # columns that hold a part of the time, by name
    "year": r"year|yr|yyyy|jahr|année|año|anno|ano|年|西暦",
    "month": r"month|mon|mo|mm|monat|mois|mes|mese|mês|月",
    "day": r"day|dy|dd|tag|jour|día|dia|giorno|日",
    "doy": r"doy|jday|julian ?day|yday|day ?of ?year",
    "hhmm": r"hhmm|hr_?min|time_?hhmm|hour_?minute",
    "hour": r"hour|hours|hr|hh|stunde|heure|hora|ora|時",
    "minute": r"minute|minutes|min|minuto|分",
    "second": r"second|seconds|sec|sekunde|seconde|segundo|秒",
    "ms": r"ms|msec|milli(second)?s?|millisekunden?|millisecondes?|ミリ秒",
    "us": r"us|µs|μs|usec|micro(second)?s?|mikrosekunden?",
}
DAY_WORD = re.compile(
    r"date|datum|day|tag|jour|fecha|data|pvm|dato|日付|年月日|日時|日期|时间|time|timestamp|zeit|column \d+"
)
PARTS = {"hour": 3600e6, "minute": 60e6, "second": 1e6, "ms": 1e3, "us": 1.0}  # microseconds


class Table(NamedTuple):
    """A file's cells as texts; the header's cells above each column; the line of each row; how it was read."""

    cells: pd.DataFrame
    header: dict[str, list[str]]
    lines: np.ndarray
    delimiter: str
    told: list[tuple[str, str]]


def read_csv(
    path, value=None, *, time=None, where=None, date_order=None, unit=None, start=None, step=None, decimal=None,
    encoding=None, missing=None, every=None,
) -> tuple[pd.Series | pd.DataFrame, Report]:  # fmt: skip
    """A channel of a logger's file, and a report that begins with how the file was understood.

    Args:
        value: the column to read; several (a list, or by commas) give a DataFrame. None takes the only one of numbers.
        time: the column or columns of the times; None finds them.
        where: the rows to read, as "sensor=S1".
        date_order: "dmy", "mdy" or "ymd".
        unit: of numeric times: s, ms, us, ns, min, h, d, excel, matlab, labview, gps; or a strptime form for texts;
            "h" or "min" for what stands before the colon in 12:30.
        start, step: the first time and the step ("2026-03-01 00:00", "10min") of a file whose times are missing or lost.
        decimal: the decimal sign, "," or ".".
        missing: sentinel values that mean missing, such as -200 (a list, or by commas).
        every: a step to average to ("10min"), or "10min,last", "10min,sum".

    Returns:
        A float64 Series (or DataFrame), and its `Report`.

    Raises:
        ValueError: the file is no table, no such column, or several ways of reading fit; the message names the option.
        OSError: the file is not there or cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there (looked in {path.absolute().parent})")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a CSV file in it")
    guessed = ""
    try:
        _check_options(date_order, unit, decimal, start, step)
        text, encoding = _decoded(path.read_bytes(), encoding)
        guessed = f" (the encoding was guessed; {option('encoding', 'cp932')})" if "guessed" in encoding else ""
        table = _table(text, encoding, decimal)
        if where:
            table = _only(table, where)
        if start:
            timing, index, words = (
                [],
                _counted(start, step, len(table.cells)),
                f"from {start} in steps of {step}",
            )
        else:
            timing = _time_columns(table, [_column(table, name) for name in _several(time)])
            index, words = _index(table, timing, date_order, unit, decimal, every)
        names = [_column(table, name) for name in _several(value)] or [_only_numbers(table, timing)]
        for name in set(names) & set(timing):
            raise ValueError(f"{name!r} holds the times; name another column as value")
        if isinstance(index, pd.RangeIndex) and not time:
            _refuse_unnamed_time(table, names)
        if not start:
            _refuse_woven(table, names, timing, index, every)
        return _signal(table, names, timing, index, words, decimal, missing, every)
    except (ValueError, csv.Error, UnicodeError) as error:
        raise ValueError(f"{path.name}: {error}{guessed}") from None


def _check_options(date_order, unit, decimal, start, step) -> None:
    if date_order not in (None, *times.ORDERS):
        raise ValueError(f"date_order is {date_order!r}; expected dmy, mdy or ymd")
    if unit not in (None, *times.UNITS, *times.ORIGINS) and "%" not in unit:
        known = ", ".join([*times.UNITS, *times.ORIGINS])
        raise ValueError(f"unit is {unit!r}; expected one of {known}, or a form such as %d.%m.%y %H:%M")
    if decimal not in (None, ",", "."):
        raise ValueError(f'decimal is {decimal!r}; expected "," or "."')
    if bool(start) != bool(step):
        raise ValueError(f"start and step belong together: {option('start', '2026-03-01 00:00')}, step 10min")


def _several(names) -> list[str]:
    """Names given as a list, or in one text with commas between."""
    if names is None or names == "":
        return []
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else [str(name) for name in names]


def _counted(start: str, step: str, rows: int) -> pd.DatetimeIndex:
    try:
        if not re.match(r"\d{4}-\d\d-\d\d", str(start)):
            raise ValueError
        return pd.DatetimeIndex(pd.Timestamp(start) + pd.Timedelta(step) * np.arange(rows)).as_unit("ns")
    except ValueError:
        raise ValueError(f"start {start!r} or step {step!r} is unknown; write 2026-03-01 00:00 and 10min") from None


def _decoded(raw: bytes, encoding: str | None) -> tuple[str, str]:
    """A file's text, and its encoding."""
    if not raw.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise ValueError("the file is empty")
    if encoding:
        try:
            return raw.decode(encoding).removeprefix("\ufeff"), encoding
        except LookupError:
            raise ValueError(f"the encoding {encoding!r} is unknown; utf-8 and cp1252 are examples") from None
    kind = next((kind for begin, kind in BINARY.items() if raw.startswith(begin)), None)
    if kind:
        raise ValueError(f"this is no text but {kind}; export the readings as CSV")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16"), "UTF-16"
    head = raw[:4000]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > 0.9 * len(zeros) > 0:
            return raw.decode(name), name.upper()
    if sum(byte < 9 or (14 <= byte < 32 and byte != 27) for byte in head.replace(b"\0", b"")) > 0.02 * len(head):
        raise ValueError("this is no text but a binary file; export the readings as CSV")
    if b"\x1b$" in raw:
        return raw.decode("iso2022_jp"), "ISO-2022-JP"
    try:
        return raw.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return _local(raw)


def _local(raw: bytes) -> tuple[str, str]:
    """Text in one of the older encodings: the one in which its letters are usual ones. Numbers are the same in all."""
    for name, first_level in (("euc_jp", 0xD0), ("cp932", 0x98)):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        foreign = re.findall(r"[^\x00-\x7f]", text)
        usual = re.findall(r"[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e]|(?<=[\uff61-\uff9f])[\uff61-\uff9f]", text)
        if sum(c > "\uff60" or c.encode(name)[0] < first_level for c in usual) > 0.6 * len(foreign):
            return text, f"{name} (guessed)"
    name = "cp1251" if re.search(rb"[\xc0-\xff]{3}", raw) else "cp1252"
    return raw.decode(name, "replace"), f"{name} (guessed)"


def _table(text: str, encoding: str, decimal: str | None) -> Table:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "\0" in text:  # a power cut leaves zero bytes
        lines = [line.replace("\0", "") for line in lines]
    if '"' in text:  # a lone quote would swallow the lines up to the next
        lines = [line.replace('"', "") if line.count('"') % 2 else line for line in lines]
    filled = [n for n, line in enumerate(lines) if line.strip(" ,;\t|")]
    lines = [lines[n] for n in filled]
    if not lines:
        raise ValueError("no line holds readings")
    quoted = [line[1:-1] for line in lines[-SAMPLE:] if re.fullmatch(r'"[^"]*"', line.strip())]
    if len(quoted) > 0.9 * len(lines[-SAMPLE:]) and not all(map(NUMBER.fullmatch, quoted[1:])):
        lines = [line.strip().removeprefix('"').removesuffix('"') for line in lines]
    delimiter = _delimiter(lines[-SAMPLE:], lines[0])
    head, tail = (_split(part, delimiter) for part in (lines[:SAMPLE], lines[-SAMPLE:]))
    begin, names, header = _header(head, tail)
    if begin < 0:
        raise ValueError(f"no line holds readings (is it a logger's CSV?); it begins {lines[0][:60]!r}")
    told = [("encoding", encoding), ("delimiter", DELIMITERS[delimiter])]
    told.append(("header", f"{filled[begin]} lines, readings from line {filled[begin] + 1}"))
    comments = [n for n in range(begin, len(lines)) if lines[n].startswith("#") and not lines[n].startswith("#N")]
    rows = [n for n in range(begin, len(lines)) if n not in set(comments)] if comments else range(begin, len(lines))
    if comments:
        told.append(("comments", f"{len(comments)} lines between the readings left out"))
    numbered = np.array(filled)[rows] + 1
    widths = np.array([len(lines[n].split()) if delimiter == " " else lines[n].count(delimiter) + 1 for n in rows])
    limit = max(len(names), int(np.quantile(widths, 1 - REPEATED / 2)))
    body = "\n".join(lines[n] for n in rows)
    cells = pd.read_csv(
        io.StringIO(body), sep=r"\s+" if delimiter == " " else delimiter, header=None,
        names=range(max(limit, widths.max())), dtype=str, na_filter=False, index_col=False, skipinitialspace=True,
        skip_blank_lines=False,
    )  # fmt: skip
    if re.search(r'[ \u3000\u00a0]"?([,;|\t]|$)|"[ \u3000]', body, re.M):
        cells = cells.apply(lambda column: column.str.strip())
    if len(cells) != len(rows):
        raise ValueError("its quotes are not closed; remove them")
    return _named(cells, names, header, numbered, delimiter, told, decimal)


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    if delimiter == " ":
        return [line.split() for line in lines]
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]


def _delimiter(lines: list[str], first: str) -> str:
    """By what most lines fall into the same number of cells; an earlier one of the list unless a later is far better."""
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        if delimiter == " " and (most > 0 or all(map(NUMBER.fullmatch, lines[1:]))):
            continue
        widths = Counter(len(row) for row in _split(lines, delimiter))
        width, votes = widths.most_common(1)[0]
        shared = sum(n for w, n in widths.items() if w > 1) if delimiter != " " else votes
        if width > 1 and shared / len(lines) > max(most + 0.1, 0.5):
            best, most = delimiter, shared / len(lines)
    return best


def _header(head: list[list[str]], tail: list[list[str]]) -> tuple[int, list[str], list[list[str]]]:
    """The first row of readings (-1: none), the columns' names, and the header's rows from the names on."""
    tail = tail[len(tail) // 2 :]
    width = Counter(len(row) for row in tail).most_common(1)[0][0]
    kinds = [
        Counter(kind for row in tail if len(row) > k and (kind := kind_of(row[k]))).most_common(1) for k in range(width)
    ]
    kinds = [kind[0][0] if kind else "" for kind in kinds]
    timed = [k for k, kind in enumerate(kinds) if kind in ("stamp", "date", "clock")]
    judged = timed or [k for k, kind in enumerate(kinds) if kind == "number"]

    numeric = [k for k, kind in enumerate(kinds) if kind == "number"]

    def fits(row: list[str], columns: list[int]) -> bool:
        cells = [(kind_of(row[k]), kinds[k]) for k in columns if k < len(row) and row[k]]
        return bool(cells) and (len(row) > 1 or width == 1) and all(found in (kind, "") for found, kind in cells)

    begin = next((n for n, row in enumerate(head) if fits(row, judged) and (fits(row, numeric) or not numeric)), -1)
    while begin > 0 and fits(head[begin - 1], judged):  # first readings of which some are no numbers
        begin -= 1
    above = [row for row in head[: max(begin, 0)] if re.search(r"\w", "".join(row)) and row[0] != "sep="]
    plain_rows = [row for row in above if not row[0].startswith("#")]
    above = plain_rows if any(len(row) > 1 or width == 1 for row in plain_rows) else above
    alone = width == 1 or (width == 2 and kinds == ["number"] * 2)  # one name over 20,5
    above = [[cell.lstrip("#").strip() for cell in row] for row in above if len(row) > 1 or alone]
    if not above:
        return begin, [], []
    same = width if any(len(row) == width for row in above) else len(above[-1])
    stack = [row for row in above if len(row) == same]
    looked = [k for k in (timed or range(same)) if k < same]
    timely = [n for n, row in enumerate(stack) if any(times.TIME_WORD.search(plain(row[k])) for k in looked)]
    full = max(sum(map(bool, row)) for row in stack)
    pick = timely[0] if timely else max(n for n, row in enumerate(stack) if sum(map(bool, row)) == full)
    names = stack[pick]
    if (
        pick
        and any(not cell for cell in stack[pick - 1])
        and not any(kind_of(cell) in ("number", "stamp", "date", "clock") for cell in stack[pick - 1])
    ):
        names = [f"{over} {name}".strip() for over, name in zip(stack[pick - 1], names, strict=True)]
    return begin, names, [names, *stack[pick + 1 :], *stack[:pick]]


def _named(cells, names, header, lines, delimiter, told, decimal) -> Table:
    """The table with a name for each column, after rows of another width and repeated headers are seen to."""
    if names:  # a logger that starts anew writes its header again
        again = np.flatnonzero((cells.iloc[:, 0] == names[0]) & (names[0] != ""))
        for row in again:
            found = [cell for cell in cells.iloc[row] if cell]
            if found[: len(names)] != [name for name in names if name][: len(found)]:
                raise ValueError(f"line {lines[row]}: a new header with other columns; split the file there")
            header, names = ([found], found) if len(found) > len(names) else (header, names)
        if len(again):
            keep = ~np.isin(np.arange(len(cells)), again)
            cells, lines = cells[keep].reset_index(drop=True), lines[keep]
            told.append(("header again", f"in {len(again)} lines between the readings, left out"))
    filled = cells.ne("").sum(axis=1).to_numpy()
    if len(cells) > 2 and filled[-1] < filled[:-1].min() and cells.iloc[-1, 0]:
        told.append(("last line", "it is cut off, and left out"))
        cells, lines = cells.iloc[:-1], lines[:-1]
    width = len(names) or int(cells.ne("").sum(axis=1).mode().max())
    wide = cells.iloc[:, width:].ne("").any(axis=1).to_numpy(copy=True)
    if not names and decimal == delimiter == ",":
        wide[:] = True
    if names and not wide.any():
        cells = cells.iloc[:, :width]
    elif names or decimal == ",":
        cells, lines, names = _wider(cells, lines, names, width, wide, delimiter, decimal, told)
        header = header if names else []
    empty = [k for k in cells if k >= len(names) and not cells[k].ne("").any()]
    cells = cells.drop(columns=empty)
    names = [names[k] if k < len(names) and names[k] else f"column {k + 1}" for k in range(cells.shape[1])]
    used = Counter(names)
    names = [f"{name} ({names[:k].count(name) + 1})" if used[name] > 1 else name for k, name in enumerate(names)]
    cells.columns = names
    header = {name: [row[k] for row in header if k < len(row)] for k, name in enumerate(names)}
    return Table(cells, header, lines, delimiter, told)


def _wider(cells, lines, names, width, wide, delimiter, decimal, told):
    """Rows with more cells than the header: decimal commas, a column that was added later, or a damaged line."""
    digits = cells.apply(lambda column: column.str.fullmatch(r"\d+"))
    whole = cells.apply(lambda column: column.str.fullmatch(r"[+-]?\d+"))
    count = int(cells[wide].ne("").sum(axis=1).mode().max()) if wide.any() else width
    told_width = f"line {lines[wide.argmax()]} has {count} cells, the header {width}"
    starts = [k for k in range(count - 1) if (whole[k] & digits[k + 1])[wide].mean() > 1 - REPEATED]
    if delimiter == "," and starts and wide.mean() > REPEATED and decimal != ".":
        if decimal is None:
            raise ValueError(
                f"{told_width}: is the comma its decimal sign, too? {option('decimal', ',')};"
                f' if not, and a column has no name, decimal is "."'
            )
        joins = count - width if names else count - count // 2 - count % 2
        ways = [w for w in itertools.combinations(starts, joins) if all(b - a > 1 for a, b in itertools.pairwise(w))]
        if len(ways) != 1 or (not wide.all() and names):
            raise ValueError(f"{told_width}, and decimal commas cannot be told from delimiters; export it with ;")
        for k in reversed(ways[0]):
            cells[k] = cells[k] + "," + cells[k + 1]
            cells = cells.drop(columns=k + 1)
        cells.columns = range(cells.shape[1])
        told.append(("decimal commas", "joined with the digits before them, as the header has fewer columns"))
        return cells, lines, names
    if wide.mean() <= REPEATED:
        told.append(("too many cells", f"{wide.sum()} lines left out, the first is line {lines[wide.argmax()]}"))
        return cells.iloc[~wide, :width].reset_index(drop=True), lines[~wide], names
    if wide.all():
        told.append(("header", f"it names {width} columns and the rows have {count}; so columns are called by number"))
        return cells, lines, []
    if not wide[wide.argmax() :].all() and decimal != ".":
        raise ValueError(
            f"{told_width}, and others after it do not: are its cells in place? {option('decimal', '.')} if so"
        )
    told.append(("more columns", f"from {told_width}"))
    return cells, lines, names


def _only(table: Table, where) -> Table:
    """The rows in which a column holds a given text."""
    cells, lines = table.cells, table.lines
    for condition in [where] if isinstance(where, str) else where:
        name, sign, text = condition.partition("=")
        if not sign:
            raise ValueError(f"where is {condition!r}; expected a column and its text, such as sensor=S1")
        column = cells[_column(table, name.strip())]
        fits = (column == text.strip()).to_numpy()
        if not fits.any():
            raise ValueError(f"no row has {text.strip()!r} in {name!r}; it holds {_listed(column.unique()[:8])}")
        cells, lines = cells[fits].reset_index(drop=True), lines[fits]
    return table._replace(cells=cells, lines=lines, told=[*table.told, ("rows", f"only those where {where}")])


def _column(table: Table, asked: str) -> str:
    """The column of a name: as it stands, as any line of the header has it, or but for case, width and a unit."""
    if asked in table.cells.columns:
        return asked
    for fits in (
        lambda name, cells: asked in cells or asked == " ".join(cells),
        lambda name, cells: plain(asked) in [plain(name), *map(plain, cells)],
    ):
        alike = [name for name, cells in table.header.items() if fits(name, cells)]
        if len(alike) == 1:
            return alike[0]
        if alike:
            raise ValueError(f"{asked!r} is the name of several columns; it has {_listed(alike)}")
    near = difflib.get_close_matches(plain(asked), [plain(name) for name in table.cells], 1)
    meant = next((f" Did you mean {name!r}?" for name in table.cells if near and plain(name) == near[0]), "")
    raise ValueError(f"there is no column {asked!r}.{meant} It has {_listed(table.cells)}")


def _listed(names) -> str:
    return ", ".join(repr(str(name)) for name in names)


def _kinds(table: Table) -> dict[str, str]:
    """What most filled cells of each column hold, see `kind_of`; "" for an empty one."""
    sample = table.cells.iloc[:: max(1, len(table.cells) // SAMPLE)]
    found = {}
    for name in sample:
        counts = Counter(kind for kind in map(kind_of, sample[name]) if kind)
        found[name] = counts.most_common(1)[0][0] if counts else ""
        if found[name] == "half" and not sample[name].str.casefold().isin([*HALVES, ""]).all():
            found[name] = "word"
        dotted = sample[name].str.fullmatch(r"\d{1,2}\.\d\d\.\d\d")
        if found[name] == "date" and dotted.all() and sample[name].str.contains(r"^00|\.00\.").any():
            found[name] = "clock"
    return found


def _time_columns(table: Table, asked: list[str]) -> list[str]:
    """The columns that make up the times, the date before the clock; none if nothing looks like a time.

    Raises:
        ValueError: several columns may be the times.
    """
    kinds = _kinds(table)
    among = asked or list(table.cells)
    of = {kind: [n for n in among if kinds[n] == kind] for kind in ("stamp", "date", "clock", "half", "number")}
    parts = {role: [n for n in among if _role(table, n, role)] for role in ROLES}
    small = {role: names[:1] for role, names in parts.items() if names and names[0] in of["number"]}
    halves = of["half"][:1]
    below = [small[role][0] for role in ("ms", "us") if role in small]
    for kind in ("stamp", "date"):
        varying = [n for n in of[kind] if table.cells[n].nunique() > 1]
        named = [n for n in of[kind] if DAY_WORD.fullmatch(plain(n))]
        of[kind] = of[kind] if asked else varying or named or (of[kind] if kind == "stamp" else [])
    if of["stamp"]:
        return _one_of(table, of["stamp"], asked) + halves + below
    if of["date"]:
        clocks = _one_of(table, of["clock"], asked) if of["clock"] else []
        dotted = [n for n in of["number"] if table.cells[n].str.fullmatch(r"\d{1,2}\.[0-5]\d").all()]
        dotted = [n for n in dotted if times.TIME_WORD.search(plain(n)) or n in asked]
        finer = [small[role][0] for role in ("hhmm", "hour", "minute", "second") if role in small]
        return _one_of(table, of["date"], asked) + (clocks or dotted or finer) + halves + below
    if "year" in small and ("doy" in small or ("month" in small and "day" in small)):
        finer = [
            small[role][0] for role in ("month", "day", "doy", "hhmm", "hour", "minute", "second") if role in small
        ]
        return small["year"] + finer + of["clock"][:1] + halves + below
    digits = [n for n in of["number"] if table.cells[n].str.fullmatch(r"(19|20)\d{6}(\d\d){0,3}").mean() > 0.98]
    digits = [n for n in digits if (times.TIME_WORD.search(plain(n)) or n in asked) and _is_dates(table.cells[n])]
    if digits:
        rest = [n for n in among if n != digits[0] and (n in of["clock"] or n in asked or _hhmm(table, n))]
        return digits[:1] + (rest[:1] if table.cells[digits[0]].str.len().max() == 8 else []) + below
    if of["clock"]:
        return _one_of(table, of["clock"], asked) + halves + below
    if asked:
        return asked
    numeric = [n for n in of["number"] if any(times.TIME_WORD.search(plain(c)) for c in [n, *table.header[n][:1]])]
    numeric = numeric or [n for n in of["number"] if _role(table, n, "ms|us|second|minute|hour")]
    numeric = numeric or [n for n in of["number"] if re.search(r"elapsed|経過|seconds|uptime", plain(n))]
    return (_one_of(table, numeric, asked) + [n for n in below if n != numeric[0]]) if numeric else []


def _role(table: Table, name: str, roles: str) -> bool:
    return any(re.fullmatch(ROLES[role], plain(name)) for role in roles.split("|"))


def _is_dates(texts: pd.Series) -> bool:
    return times.read_texts(texts[texts != ""].iloc[:SAMPLE])[0].notna().mean() > 0.98


def _hhmm(table: Table, name: str) -> bool:
    named = times.TIME_WORD.search(plain(name)) or _role(table, name, "hhmm|hour")
    return bool(named) and table.cells[name].str.fullmatch(r"\d{1,6}").all()


def _one_of(table: Table, names: list[str], asked: list[str]) -> list[str]:
    """The only one of several columns of times; one with a time zone goes before those without."""
    if len(names) > 1:
        columns = table.cells[names]
        zoned = [n for n in names if re.search(r"\d(Z|[+-]\d\d:?\d\d)$", columns[n].iloc[0])]
        same = all((columns[n] == columns[names[0]]).all() for n in names)
        exact = [n for n in names if re.fullmatch(r"time|date|datetime|timestamp|_time|日時", plain(n))]
        names = names[:1] if same else zoned if len(zoned) == 1 else exact if len(exact) == 1 and not zoned else names
    if len(names) > 1:
        raise ValueError(
            f"{_listed(names)} may all be the times; name one, or those that belong together: {option('time', names[0])}"
        )
    return names


def _index(table: Table, timing: list[str], order, unit, decimal, every) -> tuple[pd.Index, str]:
    """The times of all rows, NaT where there is none, or row numbers; and how they were read.

    Raises:
        ValueError: more than one in a hundred is unreadable, or the way of reading is not certain.
    """
    rows = pd.RangeIndex(len(table.cells))
    if not timing:
        return rows, "none: rows are counted"
    cells, name = table.cells[timing], timing[0]
    kind = _kinds(table)[name]
    finer = {n: next((r for r in PARTS if _role(table, n, r)), "") for n in timing[1:]}
    finer = {
        n: r for n, r in finer.items() if r and (cells[n] == "").all() <= cells[n].str.fullmatch(r"\d*\.?\d*").all()
    }
    texts = cells[name]
    form = unit if unit and "%" in unit else None
    if _role(table, name, "year") and len(timing) > 1 and not form:
        texts = _from_fields(table, timing)
    elif kind == "number" and not form and not _is_digits(texts):
        values, _ = numbers(texts, decimal, table.delimiter, _hint(table, name))
        values = pd.Series(values)
        counts = (values.diff().dropna() == 1).all() and values.notna().all()
        if counts and unit is None and times.named_unit(table.header[name]) is None:
            return rows, f"{name!r} only counts the rows; if it is seconds: {option('unit', 's')}"
        found, words = times.read_numbers(values, [name, *table.header[name]], unit)
        return _readable(table, name, found + _below(cells, finer), words)
    else:
        for other in timing[1:]:
            if other not in finer:
                more = cells[other].str.replace(".", ":", regex=False) if kind == "date" else cells[other]
                if kind == "number" and more.str.fullmatch(r"\d+").all():
                    more = more.str.zfill(4 if more.str.len().max() <= 4 else 6)
                texts = texts + " " + more
    found, words, clocks = times.read_texts(texts, order, form)
    if clocks:
        found, words = _clocks(table, name, texts, found, unit)
    return _readable(table, " and ".join(map(str, timing)), found + _below(cells, finer), words)


def _is_digits(texts: pd.Series) -> bool:
    return texts.str.fullmatch(r"(19|20)\d{6}(\d\d){0,3}").mean() > 0.98 and _is_dates(texts)


def _below(cells: pd.DataFrame, finer: dict[str, str]) -> pd.Series:
    """What columns of hours, minutes, seconds, ms and µs add to the times."""
    micro = sum((pd.to_numeric(cells[name], errors="coerce") * PARTS[role] for name, role in finer.items()), 0.0)
    return pd.to_timedelta(pd.Series(micro, cells.index).round(), unit="us")


def _from_fields(table: Table, timing: list[str]) -> pd.Series:
    """Year, month and day (or day of the year) in columns of their own, as 2026-3-28; with hhmm, as 2026-3-28 22:00."""
    role = {next((r for r in ROLES if _role(table, n, r)), "clock"): table.cells[n] for n in timing}
    if "doy" in role:
        days = pd.to_datetime(role["year"] + "-" + role["doy"].str.zfill(3), format="%Y-%j", errors="coerce")
        texts = days.dt.strftime("%Y-%m-%d").fillna("")
    else:
        texts = role["year"] + "-" + role["month"] + "-" + role["day"]
    if "hhmm" in role:
        clock = role["hhmm"].str.zfill(4)
        texts = texts + " " + clock.str[:2] + ":" + clock.str[2:]
    return texts + " " + role["clock"] if "clock" in role else texts


def _clocks(table: Table, name: str, texts: pd.Series, since: pd.Series, unit) -> tuple[pd.Series, str]:
    """Clocks without dates, or times since the start, as times from 1970-01-01; back by 12 h and more is a new day."""
    back = since.dropna().diff()
    new_day = back < pd.Timedelta("-12h")
    if texts.str.fullmatch(r"\d+:\d\d").mean() > 0.5 and not (new_day.any() and since.max() < pd.Timedelta("24h")):
        said = " ".join(table.header[name]).casefold()
        unit = unit or ("h" if "hh:mm" in said else "min" if "mm:ss" in said else None)
        if unit not in ("h", "min"):
            raise ValueError(
                f"{texts.iloc[0]!r} in {name!r} may be hours and minutes or minutes and seconds; say what stands before"
                f" the colon: {option('unit', 'h')} or {option('unit', 'min')}"
            )
        since = since / (60 if unit == "min" else 1)
        back = since.dropna().diff()
        new_day = back < pd.Timedelta("-12h" if unit == "h" else "-30min")
    if ((back < pd.Timedelta(0)) & ~new_day).any():
        row = int(np.flatnonzero((back < pd.Timedelta(0)) & ~new_day)[0])
        raise ValueError(
            f"line {table.lines[back.index[row]]}: clocks without dates go back at {texts[back.index[row]]!r}; say when"
            f" the first row is: {option('start', '2026-03-01 00:00')} and {option('step', '10min')}"
        )
    turn = pd.Timedelta("1h") if unit == "min" else pd.Timedelta("1D")
    turns = new_day.cumsum().reindex(since.index).ffill().fillna(0).astype(int)
    words = "clocks without dates, shown as from 1970-01-01"
    return pd.Timestamp(0) + since + turns * turn, words + (
        f"; {new_day.sum()} times over midnight" if new_day.any() else ""
    )


def _readable(table: Table, name: str, found: pd.Series, words: str) -> tuple[pd.DatetimeIndex, str]:
    """Times as an index, if all but one in a hundred are readable; words at the end of a file do not count."""
    first = table.cells[name.split(" and ")[0]] if name not in table.cells else table.cells[name]
    sane = found.dt.year.between(1700, 2199)
    found = found.where(sane)
    bad = np.flatnonzero(found.isna())
    end = len(found)
    while (
        end and pd.isna(found.iloc[end - 1]) and len(found) - end < 20 and kind_of(first.iloc[end - 1]) in ("word", "")
    ):
        end -= 1
    if np.sum(bad < end) > REPEATED * len(found):
        texts = [first.iloc[k] for k in bad[:3]]
        raise ValueError(
            f"line {table.lines[bad[0]]}: {texts[0]!r} in {name!r} cannot be read as a time ({len(bad):,} rows; others are"
            f" read as {words}); name another column as time, or the form of the times: {option('unit', '%d.%m.%Y %H:%M')}"
        )
    return pd.DatetimeIndex(found).as_unit("ns"), words


def _hint(table: Table, name: str) -> str:
    """The decimal sign that cells of the other columns show without doubt, "" if they do not agree."""
    sample = table.cells.drop(columns=name).iloc[:: max(1, len(table.cells) // SAMPLE)]
    shown = {
        match[2]
        for column in sample
        for cell in sample[column]
        if (match := re.fullmatch(r"[+-]?(\d+)([.,])(\d+)", cell))
        and (len(match[3]) != 3 or len(match[1]) > 3 or match[1].startswith("0"))
    }
    return shown.pop() if len(shown) == 1 else ""


def _only_numbers(table: Table, timing: list[str]) -> str:
    """The one column that holds numbers and no times, no count of the rows."""
    kinds = _kinds(table)
    found = [name for name in table.cells if name not in timing and kinds[name] == "number"]
    found = found or [name for name in table.cells if table.cells[name].str.casefold().isin([*SWITCH, ""]).all()]
    if len(found) > 1:
        counters = [name for name in found if INDEX.fullmatch(plain(name)) and _counts(table.cells[name])]
        found = [name for name in found if name not in counters] or found
    if not found:
        raise ValueError(f"there is no column of numbers beside the time; it has {_listed(table.cells)}")
    if len(found) > 1:
        comma = f"; if the comma is the decimal sign: {option('decimal', ',')}" if table.delimiter == "," else ""
        raise ValueError(
            f"{len(found)} columns are numbers: {_listed(found)}; name one: {option('value', found[0])}{comma}"
        )
    return found[0]


def _counts(texts: pd.Series) -> bool:
    return bool((pd.to_numeric(texts, errors="coerce").diff().dropna() == 1).all())


def _refuse_unnamed_time(table: Table, names: list[str]) -> None:
    """Without times, a column that rises all the time may be them, or one of texts that never repeat."""
    for name in table.cells.columns.difference(names, sort=False):
        texts = table.cells[name]
        words = texts.str.contains(r"\d", regex=True).all() and kind_of(texts[0]) != "number"
        if texts.is_unique and (words or _role(table, name, "year")):
            raise ValueError(
                f"{texts[0]!r} in {name!r} may be the time, in an unknown form; name it: {option('time', name)} and its"
                f" form, such as {option('unit', '%d.%m.%Y %H:%M')}; if it is none: {option('start', '2026-03-01 00:00')}"
            )
        values = pd.to_numeric(table.cells[name].str.replace(",", "."), errors="coerce")
        if len(values) > 3 and (values.diff().iloc[1:] > 0).all() and not _counts(table.cells[name]):
            raise ValueError(
                f"no column is named as time, and {name!r} rises from row to row; if it is the time:"
                f" {option('time', name)} and {option('unit', 's')}; if not: {option('start', '2026-03-01 00:00')} and"
                f" {option('step', '10min')}"
            )


def _refuse_woven(table: Table, names: list[str], timing: list[str], index: pd.Index, every) -> None:
    """Refuse rows of several sensors in one column, and times that are repeated for no known reason."""
    timed = isinstance(index, pd.DatetimeIndex)
    known = index[index.notna()] if timed else index
    repeated = known.duplicated().mean() if len(known) else 0.0
    allowed = max(REPEATED, (len(known) > 20) / max(1, len(known)))
    if timed and repeated > allowed:  # lines of events between the readings do not count
        read = table.cells[names].apply(lambda column: column.str.contains(r"\d")).any(axis=1).to_numpy()
        repeated = index[read & index.notna()].duplicated().mean()
    kinds = _kinds(table)
    for name in [n for n in table.cells if n not in names and n not in timing and kinds[n] in ("word", "number")]:
        column = table.cells[name]
        counts = column[column != ""].value_counts()
        if (
            not 2 <= len(counts) <= 50
            or counts.iloc[1] < 0.05 * len(column)
            or (kinds[name] == "number" and "." in counts.index[0])
        ):
            continue
        texts, cycle = column.to_numpy(), len(counts)
        turns = (
            kinds[name] == "word" and (texts[cycle:] == texts[:-cycle]).mean() > 0.95 < (texts[1:] != texts[:-1]).mean()
        )
        turns = turns and not all(times.is_weekday(word) for word in counts.index)
        explains = timed and repeated > allowed
        if explains:
            pairs = pd.DataFrame({"time": index, "word": column})[index.notna()]
            explains = pairs.duplicated().mean() <= REPEATED
        if explains or turns or SENSOR.search(plain(name)):
            raise ValueError(
                f"{name!r} holds {_listed(counts.index[:5])}: rows of several sensors, it seems; read one:"
                f" {option('where', f'{name}={counts.index[0]}')}"
            )
    if timed and len(known) > 1 and not known.is_monotonic_increasing and known.is_unique:
        if not known.is_monotonic_decreasing and known.hour.isin(range(1, 13)).all() and 12 in known.hour:
            raise ValueError(
                f"no hour is 0 or beyond 12 and times go back: AM and PM are lost; {option('start', str(known[0]))}"
            )
    if timed and repeated > allowed and not every:
        row = int(np.flatnonzero(index.duplicated() & index.notna())[0])
        raise ValueError(
            f"line {table.lines[row]}: the time {index[row]} was there before, as in {repeated:.0%} of all rows; name the"
            f" columns that complete it (time), or {option('start', str(known[0]))} and {option('step', '1s')} if its"
            f" readings are equally spaced, or {option('every', '10min,mean')}"
        )


def _signal(table, names, timing, index, words, decimal, missing, every):
    sentinels = [
        str(m)
        for m in (
            missing if isinstance(missing, (list, tuple)) else _several(missing if missing is None else str(missing))
        )
    ]
    channels, columns, told = {}, {}, list(table.told)
    for name in names:
        texts = table.cells[name]
        values, said = numbers(texts, decimal, table.delimiter, _hint(table, name))
        infinite = texts.str.fullmatch(r"[+-]?inf(inity)?", case=False).to_numpy() | np.isinf(values)
        values[infinite] = np.nan
        unread = texts[np.isnan(values) & ~infinite]
        unread = unread[(unread != "") & (unread.str.casefold() != "nan")]
        for text in sentinels:
            values[(texts == text).to_numpy()] = np.nan
            if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
                values[values == float(text)] = np.nan
        if not np.isfinite(values).any() or len(unread) > np.isfinite(values).sum():
            raise ValueError(
                f"most or all values of {name!r} are missing or text; its first cells are {list(texts[:3])}"
            )
        columns[name] = values
        channels[name] = {"infinite": int(infinite.sum()), "unreadable": dict(Counter(unread).most_common())}
        told.append(("value", f"{name!r}" + (f", {said}" if said else "")))
    data = pd.DataFrame(columns, index=index)
    if timing or isinstance(index, pd.DatetimeIndex):
        told.append(("time", f"{' and '.join(map(repr, timing))}: {words}" if timing else words))
    else:
        told.append(("time", words))
    data, found = in_order(data)
    if every:
        data, said = _every(data, every)
        told.append(("every", said))
    told += [("first row", _row(data, 0)), ("last row", _row(data, -1))]
    order = next((name for name, order in times.ORDERS.items() if words.startswith(order)), None)
    data.attrs["date_order"] = order
    report = examine(data, told, channels, rows=len(table.cells), **found)
    return (data[names[0]] if len(names) == 1 else data), report


def in_order(data: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """Channels with rising times, and what had to be done: `backward`, `duplicates` and `untimed` of `Report`.

    Rows without a time are left out; of rows with the same time the first that has a value counts.
    """
    if not isinstance(data.index, pd.DatetimeIndex):
        return data, {}
    timed = data[data.index.notna()]
    back = np.diff(timed.index.asi8) / 1e9
    if len(back) and (back <= 0).all():  # the newest reading comes first
        timed, back = timed[::-1], -back[::-1]
    backward = [(timed.index[k + 1], -float(back[k])) for k in np.flatnonzero(back < 0)]
    ordered = timed.sort_index(kind="stable") if backward else timed
    again = ordered.index.duplicated(keep=False)
    if again.any():
        empty = ordered.isna().all(axis=1).to_numpy() & again
        order = np.lexsort((np.arange(len(ordered)), empty, ordered.index.asi8))
        ordered = ordered.iloc[order]
    kept = ordered[~ordered.index.duplicated()]
    untimed = len(data) - len(timed)
    return kept, {"backward": backward, "duplicates": len(timed) - len(kept), "untimed": untimed}


def _every(data: pd.DataFrame, every: str) -> tuple[pd.DataFrame, str]:
    step, _, how = every.partition(",")
    how = how.strip() or "mean"
    if how not in ("mean", "last", "sum") or not isinstance(data.index, pd.DatetimeIndex):
        raise ValueError(
            f"every is {every!r}; expected a step, such as 10min or 10min,last (mean, sum), and a file with times"
        )
    try:
        bins = data.resample(pd.Timedelta(step))
    except ValueError:
        raise ValueError(f"every is {every!r}; write a step such as 10min, 1h or 1D") from None
    found = bins.sum(min_count=1) if how == "sum" else getattr(bins, how)()
    return found[bins.size() > 0], f"{step}, {how} of the readings from its begin on"


def _row(data: pd.DataFrame, k: int) -> str:
    return f"{data.index[k]}, " + ", ".join(f"{value:.10g}" for value in data.iloc[k])
