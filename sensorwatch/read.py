"""A logger's file as a signal: one way of reading must fit, or a ValueError names the option that settles it.

A signal is a float64 Series (several channels: a DataFrame) over rising times, or over row numbers where
there are no times. NaN is a missing value.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from sensorwatch import times
from sensorwatch.cells import SWITCH, kind_of, numbers
from sensorwatch.quality import Report, examine
from sensorwatch.table import REPEATED, Table, decoded, find_column, read_table, rows_where, sampled
from sensorwatch.times import listed, option, plain, refuse
from sensorwatch.windows import steps, usual_step
from vaepaper import checks

SENSOR = (  # what a column of several sensors' names is called
    "sensor|tag|channel|ch|name|id|device|gerät|node|station|variable|parameter|metric|measurement|field|type"
    "|unit|signal|einheit|item|point|probe|kanal|messstelle|location|site|room|machine|asset|varname"
    "|センサ|機器|項目|場所"
)
INDEX = r"|n[or]?\.?|#|index|idx|(entry_)?id|rec(ord)?|rn|num(ber|mer)?|row|sample|table|連番|番号|column 1"
ROLES = {  # names of columns that hold a part of the time; `UNIT_OF` has more
    "year": r"year|yr|yyyy|yy|jahr|année|año|anno|ano|年|西暦",
    "month": r"month|mon|mo|mm|monat|mois|mes|mese|mês|月",
    "day": r"day|dy|dd|tag|jour|día|dia|giorno|日",
    "doy": r"doy|jday|julian ?day|yday|day ?of ?year",
    "hhmm": r"hhmm|hr_?min|time_?hhmm|hour_?minute",
    "h": r"hh|heure|hora|ora|時",
}
DAY_WORD = (
    r"dat[eao]|datum|day|tag|jour|fecha|pvm|日付|年月日|日時|日期|时间|_?(date)?time(stamp)?|zeit|column \d+"
)
DATE_NAME = r"(.*[\W_])?(dat[eao]|datum|fecha|pvm|日付|年月日|日時|日期|(yy)?yymmdd|week)"
START = {"start": "2026-03-01 00:00", "step": "10min"}


def read_csv(
    path, value=None, *, time=None, where=None, date_order=None, unit=None, start=None, step=None,
    decimal=None, encoding=None, missing=None, every=None, bridge=None,
) -> tuple[pd.Series | pd.DataFrame, Report]:  # fmt: skip
    """A channel of a logger's file, and a report that begins with how the file was understood.

    Args ("" is None throughout):
        value: the column; several (a list, or by commas) give a DataFrame. None: the only one of numbers.
        time: the column or columns of the times; None finds them, but does not put years, months and
            hours together.
        where: the rows to read, as "sensor=S1".
        date_order: "dmy", "mdy" or "ymd".
        unit: of numeric times: s, ms, us, ns, min, h, d, excel, matlab, labview, gps; "h" or "min" for what
            stands before the colon in 12:30; or a strptime form for texts.
        start, step: of a file without (usable) times: "2026-03-01 00:00", "10min".
        decimal: the decimal sign, "," or ".".
        missing: sentinel values that mean missing, such as -200 (a list, or by commas).
        every: a step to average to ("10min"), or "10min,last", "10min,sum".
        bridge: points; missing rows and values of at most so many are filled in a straight line.

    Returns:
        A float64 Series (or DataFrame), and its `Report`.

    Raises:
        ValueError: no table, no such column, or several ways of reading fit; the message names the option.
        OSError: the file is not there or cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there (looked in {path.absolute().parent})")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a CSV file in it")
    guessed = ""
    try:
        checks.integer("bridge", bridge or 0, 0)
        checks.one_of("date_order", date_order or "dmy", times.ORDERS)
        if decimal not in (None, "", ",", "."):
            raise ValueError(f'decimal is {decimal!r}; expected "," or "."')
        if "%" not in (unit or "%"):
            checks.one_of("unit", unit, [*times.UNITS, *times.ORIGINS])
        text, encoding = decoded(path.read_bytes(), encoding)
        guessed = f" (the encoding was guessed; {option(encoding='cp932')})" if "guessed" in encoding else ""
        table = read_table(text, encoding, decimal)
        table = rows_where(table, where) if where else table
        timing, form = [], None
        if not (start or step):
            timing = _time_columns(table, [find_column(table, name) for name in _several(time)])
        asked = [value] if value in list(table.cells) else _several(value)
        names = [find_column(table, name) for name in asked]
        if not (time or start or step):
            _refuse_parts_left_out(table, names, timing)
        names = names or [_only_numbers(table, timing)]
        for name in set(names) & set(timing):
            raise ValueError(f"{name!r} holds the times; name another column as value")
        if start or step:
            index, words = _counted(start, step, len(table.cells)), f"from {start} in steps of {step}"
        else:
            index, words, form = _index(table, timing, date_order, unit)
            if not timing:
                _refuse_unnamed_time(table, names)
            _refuse_woven(table, names, timing, index, every)
        signal, report = _signal(table, names, timing, index, words, missing, every, bridge)
    except (ValueError, csv.Error, UnicodeError) as error:
        raise ValueError(f"{path.name}: {error}{guessed}") from None
    # By these, `parts` reads and writes times as the file does.
    signal.attrs["date_order"] = next((o for o in ("dmy", "mdy") if words.startswith(times.ORDERS[o])), None)
    signal.attrs["form"] = form
    return signal, report


def _several(names) -> list[str]:
    """Names given as a list, or in one text with commas between."""
    names = names.split(",") if isinstance(names, str) else [] if names is None else names
    return [name for name in (str(name).strip() for name in names) if name]


def _counted(start: str, step: str, rows: int) -> pd.DatetimeIndex:
    try:
        if not step or not re.match(r"\d{4}-\d\d-\d\d", str(start)):
            raise ValueError
        return pd.DatetimeIndex(pd.Timestamp(start) + pd.Timedelta(step) * np.arange(rows)).as_unit("ns")
    except ValueError:
        raise ValueError(f"start {start!r} or step {step!r} is unknown; write {option(**START)}") from None


def _roles(names: Iterable[str]) -> dict[str, str | None]:
    """The parts of a time that columns hold, by their names: keys of `ROLES` or of `times.UNITS`."""
    roles = {}
    for name in names:
        found = (role for role, words in ROLES.items() if re.fullmatch(words, plain(name)))
        roles[name] = next(found, times.UNIT_OF.get(plain(name)))
    minutes = [name for name in roles if plain(name) == "mm"][1:]  # of MM and mm, the second
    return roles | dict.fromkeys(minutes, "min")


def _time_columns(table: Table, asked: list[str]) -> list[str]:
    """The columns that make up the times, the date before the clock; none if nothing looks like a time."""
    cells, kinds, roles = table.cells, table.kinds, _roles(asked or table.cells)
    if asked:
        order = ["year", "month", "day", "doy", None, "hhmm", *reversed(times.UNITS)]
        roles |= {name: "hhmm" for name in asked if kinds[name] in ("clock", "half")}
        return sorted(asked, key=lambda name: order.index(roles[name]))

    def of(kind: str) -> list[str]:  # a date that stays the same is one of other things, unless named so
        found = [name for name in cells if kinds[name] == kind]
        varying = [name for name in found if (cells[name] != cells[name].iloc[0]).any()]
        return varying or [name for name in found if re.fullmatch(DAY_WORD, plain(name))]

    numeric = [name for name in cells if kinds[name] == "number"]
    timely = [n for n in numeric if any(times.TIME_WORD.search(plain(c)) for c in [n, *table.header[n][:1]])]
    clocks = [name for name in cells if kinds[name] == "clock"]
    finer = [name for name in cells if kinds[name] == "half"][:1]
    finer += [name for name in numeric if roles[name] in ("ms", "us") and _is_fraction(table, name)]
    if stamps := of("stamp"):
        return _one_of(table, stamps) + finer
    if dates := of("date"):
        dotted = [name for name in timely if cells[name].str.fullmatch(r"\d{1,2}\.[0-5]\d").all()]
        return _one_of(table, dates) + (_one_of(table, clocks) or dotted[:1]) + finer
    if digits := [name for name in timely if _is_digits(cells[name])][:1]:
        others = [n for n in timely if n not in digits and cells[n].str.fullmatch(r"\d{1,6}").mean() > 0.98]
        complete = cells[digits[0]].str.len().max() > 8
        return digits + ([] if complete else clocks[:1] or others[:1]) + finer
    if clocks:
        return _one_of(table, clocks) + finer
    rising = [n for n in numeric if roles[n] in times.UNITS and (np.diff(numbers(table, n)[0]) >= 0).all()]
    return _one_of(table, timely) or (rising if len(rising) == 1 else [])


def _is_fraction(table: Table, name: str) -> bool:
    """Whether a column goes on where the times beside it end: digits that rise while the times repeat."""
    stamps = [n for n in table.cells if table.kinds[n] in ("stamp", "clock")]
    clocks, cells = table.cells[stamps], table.cells[name]
    if re.search("[muµμ]S", name) or any(clocks[n].str.contains(r":\d\d[.,]0*[1-9]").any() for n in clocks):
        return False  # millisiemens, or nothing is left to add
    again = (clocks == clocks.shift()).all(axis=1) & bool(stamps)
    steps = pd.to_numeric(cells, errors="coerce").diff()[again]
    digits = cells.str.fullmatch(r"\d{1,3}" if times.UNIT_OF[plain(name)] == "ms" else r"\d{1,6}")
    return digits.mean() > 0.98 and not ((steps < 0).any() and (steps > 0).any())


def _is_digits(texts: pd.Series) -> bool:
    """Whether texts are dates as 20260328, perhaps with the digits of a clock behind."""
    texts = sampled(texts)
    days = pd.to_datetime(texts.str[:8], format="%Y%m%d", errors="coerce")
    return (days.notna() & texts.str.fullmatch(r"(19|20)\d{6}(\d\d){0,3}")).mean() > 0.98


def _one_of(table: Table, names: list[str]) -> list[str]:
    """The only one of several columns of times, or the first if they are all alike."""
    columns = table.cells[names]
    if any((columns[name] != columns[names[0]]).any() for name in names):
        told = f"{listed(names)} may all be the times; name one, or those that belong together"
        refuse(told, *({"time": name} for name in [*names[:2], ",".join(names[:2])]))
    return names[:1]


def _index(table: Table, timing: list[str], order, unit) -> tuple[pd.Index, str, str | None]:
    """The times of all rows (NaT: none) or row numbers; how they were read; their strptime form."""
    rows = pd.RangeIndex(len(table.cells))
    if not timing:
        return rows, "none: rows are counted", None
    form = unit if unit and "%" in unit else None
    cells, name, texts = table.cells, timing[0], table.cells[timing[0]]
    roles = {} if form else _roles(timing)
    roles |= {n: unit for n in timing[1:] if not form and not roles[n]}  # hours in a column "time"
    seconds = {word: one for word, (one, _) in times.UNITS.items()} | {"doy": 86400}
    added = [n for n in timing[1:] if roles.get(n) in seconds and table.kinds[n] == "number"]
    fields, doy = [n for n in timing[1:] if roles.get(n) in ("month", "day")], "doy" in roles.values()
    if table.kinds[name] == "number" and not (form or fields or doy or _is_digits(texts)):
        values = pd.Series(numbers(table, name)[0]).replace([np.inf, -np.inf], np.nan)
        for other in timing[1:] if unit in ("excel", "matlab") else []:  # a day's fraction
            values += numbers(table, other)[0]
        if values.isna().all():
            raise ValueError(f"no cell of {name!r} can be read as a time")
        counts = values.notna().all() and (values.diff().dropna() == 1).all() and values[0] in (0, 1)
        if counts and not unit and times.named_unit(table.header[name]) is None:
            return rows, f"{name!r} only counts the rows; if it is seconds: {option(unit='s')}", None
        found, words = times.read_numbers(values, [name, *table.header[name]], unit)
    else:
        texts = texts + "-1-1" if doy else texts
        for other in (n for n in timing[1:] if n not in added):
            more = cells[other]
            if other not in fields and table.kinds[other] == "number":  # 930 is half past nine
                digits = more.str.fullmatch(r"\d+")
                hours = more.str.fullmatch(r"\d\d?(\.[05]0)?").mean() > 0.98
                if hours and not form and not more.str.fullmatch(r"\d+\.00").all():
                    told = f"{more.iloc[0]!r} in {other!r} may be hours or a clock; say so, or when row 1 is"
                    refuse(told, {"unit": "h"}, START)
                more = more.where(~digits, more.str.zfill(4 if more[digits].str.len().median() <= 4 else 6))
            texts = texts + ("-" if other in fields else " ") + more
        found, words = times.read_texts(texts, "ymd" if fields or doy else order, form)
        if not words:
            short = not form and texts.str.fullmatch(r"\d+:\d\d").mean() > 0.5
            if short and unit not in ("h", "min"):
                told = f"{texts.iloc[0]!r} in {name!r} may be hours and minutes or minutes and seconds"
                refuse(f"{told}; say which, or when row 1 is", {"unit": "h"}, {"unit": "min"}, START)
            found = pd.Timestamp(0) + (found / 60 if short and unit == "min" else found)
            words = "clocks from the start, shown as from 1970-01-01"
    if added:
        more = sum(pd.to_numeric(cells[n], errors="coerce") * seconds[roles[n]] for n in added) - 86400 * doy
        found = found + pd.to_timedelta((more * 1e6).round(), unit="us")
    if "from the start" in words:
        between = found.dropna().diff() / pd.Timedelta("1s")
        if between.min() < 0:
            row = (between < 0).idxmax()
            told = f"line {table.lines[row]}: times without dates go back at {texts[row]!r}"
            refuse(f"{told}; say when the first row is", START)
    form = None if added else found.attrs.get("form")
    return _readable(table, timing, found, words), words, form


def _readable(table: Table, timing: list[str], found: pd.Series, words: str) -> pd.DatetimeIndex:
    """Times as an index, if all but one in a hundred are readable; words at a file's end do not count."""
    found = found.where(found.dt.year.between(1700, 2199))
    bad, first = found.isna(), table.cells[timing[0]]
    footer = bad[::-1].cumprod()[::-1][-20:].astype(bool) & first[-20:].map(kind_of).isin(["word", ""])
    rows = np.flatnonzero(bad & ~footer.reindex(bad.index, fill_value=False))
    if len(rows) > REPEATED * len(found):
        told = f"line {table.lines[rows[0]]}: {first[rows[0]]!r} in {' and '.join(timing)!r} is no time"
        others = f"{len(rows):,} rows; others are read as {words}"
        refuse(f"{told} ({others}); name another column as time, or the form", {"unit": "%d.%m.%Y %H:%M"})
    return pd.DatetimeIndex(found).as_unit("ns")


def _only_numbers(table: Table, timing: list[str]) -> str:
    """The one column that holds numbers and no times; one that counts the rows, and is named so, is none."""
    cells = table.cells
    found = [name for name in cells if name not in timing and table.kinds[name] == "number"]
    found = found or [name for name in cells if cells[name].str.casefold().isin([*SWITCH, ""]).all()]
    indices = [name for name in found if re.fullmatch(INDEX, plain(name)) and _counts(cells[name])]
    found = [name for name in found if name not in indices] or found
    if not found:
        raise ValueError(f"there is no column of numbers beside the time; it has {listed(cells)}")
    if len(found) > 1:
        likely = max(found, key=lambda name: cells[name].nunique())
        comma = f"; if the comma is the decimal sign: {option(decimal=',')}" if table.delimiter == "," else ""
        raise ValueError(f"{listed(found)} are numbers; name one: {option(value=likely)}{comma}")
    return found[0]


def _counts(texts: pd.Series) -> bool:
    """Whether numbers count the rows; from 20,000 on they may be days since a day."""
    values = pd.to_numeric(texts, errors="coerce")
    return bool((values.diff()[1:] == 1).all() and values[0] < 20_000)


def _refuse_parts_left_out(table: Table, names: list[str], timing: list[str]) -> None:
    """Refuse a date, a clock or numbers alone where a column's name tells of another part of the times."""
    cells, kinds = table.cells, table.kinds
    kind = kinds[timing[0]] if timing else "clock"
    length = cells[timing[0]].str.len().median() if kind == "number" else 0
    day = len(timing) == 1 and (kind == "date" or length == 8)
    if not day and (kind not in ("clock", "half", "number") or length > 5):  # complete, or since some day
        return

    kept = timing if day or kind != "number" else []
    others = [n for n in cells if kinds[n] and n not in [*names, *kept]]
    roles = _roles(n for n in others if not cells[n].str.contains("[.,]").any())
    roles |= {n: None for n in others if n not in roles or (kinds[n], plain(n)) == ("word", "tag")}
    days = ("year", "month", "day", "doy")
    dates = [n for n in others if roles[n] in days or re.fullmatch(DATE_NAME, plain(n))]
    hours = [n for n in others if roles[n] in ("h", "hhmm")]
    minutes = [n for n in others if roles[n] == "min" and (hours or plain(n) != "min")]  # alone, a minimum
    seconds = [n for n in others if roles[n] == "s"]
    clock = hours + (minutes + (seconds if minutes else []) if hours else [])
    if left := [n for n in (clock if day or not (kept or dates) else dates) if n not in timing]:
        complete = [*kept, *clock] if day else [*dates, *(kept or clock or timing)]
        # "min" beside hours: minutes, or the least value.
        either = [complete, [n for n in complete if plain(n) != "min"], timing[:1]]
        named = dict.fromkeys(",".join(dict.fromkeys(some)) for some in either if some)
        ways = [*({"time": some} for some in named), START]
        told = f"{cells[left[0]].iloc[0]!r} in {left[0]!r} may be a part of the times"
        refuse(f"{told}; name the columns of the times (unit: their form)", *ways)


def _refuse_unnamed_time(table: Table, names: list[str]) -> None:
    """Without times, a column that rises all the time may be them, or one of texts that never repeat."""
    for name in table.cells.columns.difference(names, sort=False):
        texts = table.cells[name]
        values = pd.to_numeric(texts.str.replace(",", "."), errors="coerce")
        rising = len(values) > 3 and (values.diff().iloc[1:] > 0).all() and not _counts(texts)
        words = texts.str.contains(r"\d", regex=True).all() and kind_of(texts[0]) != "number"
        if rising or (texts.is_unique and words):
            form = "s" if rising else "%d.%m.%Y %H:%M"
            told = f"{texts[0]!r} in {name!r} may be the time; name it, and its unit or form, or a first row"
            refuse(told, {"time": name, "unit": form}, START)


def _refuse_woven(table: Table, names: list[str], timing: list[str], index: pd.Index, every) -> None:
    """Refuse rows of several sensors in one column, and times that are repeated for no known reason."""
    timed = index.notna()
    if index[timed].has_duplicates:  # lines of events between the readings do not count
        timed &= table.cells[names].apply(lambda column: column.str.contains(r"\d")).any(axis=1).to_numpy()
    known = index[timed]
    again = known.duplicated()
    too_often = again.sum() > max(REPEATED * len(known), len(known) > 20)
    _refuse_sensors(table, names, timing, index if too_often else None)
    if len(known) < 2 or not isinstance(index, pd.DatetimeIndex):
        return
    between = np.diff(known.asi8) / 1e9
    if between.min() < 0 < between.max() and known.hour.isin(range(1, 13)).all() and 12 in known.hour:
        refuse("no hour is 0 or above 12, and times go back: AM and PM are lost; say when rows are", START)
    step = np.median(between)
    hour = known[1:][(between < 0) & (between == step - 3600)]
    if every or not (too_often or (len(hour) and known.tz is None and again.sum() > 1)):
        return
    row, share = np.flatnonzero(timed)[again][0], again.mean()
    why = f"line {table.lines[row]}: the time {index[row]} was there before, as in {share:.0%} of all rows"
    if len(hour):
        why = f"the clock goes back by an hour to {hour[0]} (summer time ends?)"
    ways = {"every": f"{step or 600:g}s"}, {"start": known[0], "step": f"{step or 1:g}s"}
    refuse(f"{why}; name the columns that complete it (time), average, or count rows equally spaced", *ways)


def _refuse_sensors(table: Table, names: list[str], timing: list[str], repeated: pd.Index | None) -> None:
    """Refuse rows of several sensors: a column is named so, takes turns, or explains repeated times."""
    for name in table.cells.columns.difference([*names, *timing], sort=False):
        column, kind = table.cells[name], table.kinds[name]
        if kind not in ("word", "number") or sampled(column).nunique() > 50:
            continue
        counts = column[column != ""].value_counts()
        cycle, words = len(counts), re.split(r"[\W_]+", plain(name))
        rare = not 2 <= cycle <= 50 or counts.iloc[1] < 0.05 * len(column)
        if rare or (kind == "number" and "." in counts.index[0]):
            continue
        same, changes = column == column.shift(cycle), column != column.shift()
        turns = same[cycle:].mean() > 0.95 and changes[1:].mean() > 0.95
        if kind == "word":
            named = any(re.fullmatch(SENSOR, word) for word in words)
            turns = turns and not all(times.DAYS.fullmatch(word.casefold()) for word in counts.index)
        else:  # and values resemble those a cycle before more than their neighbours
            named = words[-1] in ("id", "sensor", "channel", "device")
            values = pd.to_numeric(table.cells[names[0]].str.replace(",", "."), errors="coerce")
            turns = turns and values.diff(cycle).abs().median() < 0.3 * values.diff().abs().median()
        if repeated is not None:
            pairs = pd.DataFrame({"time": repeated, "word": column})[repeated.notna()]
            turns = turns or pairs.duplicated().mean() <= REPEATED
        if turns or named:
            told = f"{name!r} holds {listed(counts.index[:5])}: rows of several sensors, it seems; read one"
            refuse(told, {"where": f"{name}={counts.index[0]}"})


def _signal(table, names, timing, index, words, missing, every, bridge):
    sentinels = _several(str(missing) if isinstance(missing, (int, float)) else missing)
    channels, columns, told = {}, {}, list(table.told)
    for name in names:
        texts = table.cells[name]
        values, said = numbers(table, name)
        unread = texts[~np.isfinite(values)]
        infinite = np.isinf(values[unread.index]) | unread.str.fullmatch(r"[+-]?inf(inity)?", case=False)
        values[unread.index] = np.nan
        unread = unread[~infinite & ~unread.str.casefold().isin(["", "nan"])]
        for text in sentinels:
            values[(texts == text).to_numpy()] = np.nan
            values[values == pd.to_numeric(text, errors="coerce")] = np.nan
        if not np.isfinite(values).any() or len(unread) > np.isfinite(values).sum():
            raise ValueError(f"most values of {name!r} are missing or text, such as {list(texts[:3])}")
        columns[name] = values
        channels[name] = {"infinite": int(infinite.sum()), "unreadable": dict(Counter(unread).most_common())}
        told.append(("value", f"{name!r}" + (f", {said}" if said else "")))
    told.append(("time", f"{' and '.join(map(repr, timing))}: {words}" if timing else words))
    data, found = _in_order(pd.DataFrame(columns, index=index), bool(every))
    if not data.notna().any(axis=None):
        raise ValueError("no row has both a time and a value")
    if every:
        data, said = _every(data, every)
        told.append(("every", said))
    if bridge:
        data, said = _bridged(data, bridge)
        told.append(("bridged", said))
    for word, row in (("first row", 0), ("last row", -1)):
        told.append((word, f"{data.index[row]}, " + ", ".join(f"{value:.10g}" for value in data.iloc[row])))
    report = examine(data, told, channels, rows=len(table.cells), **found)
    return (data[names[0]] if len(names) == 1 else data), report


def _in_order(data: pd.DataFrame, repeated: bool) -> tuple[pd.DataFrame, dict]:
    """Channels with rising times, and what of `Report` had to be done for it; of rows with the same time the
    first that has a value counts, unless `repeated`.
    """
    if not isinstance(data.index, pd.DatetimeIndex):
        return data, {"backward": [], "duplicates": 0, "untimed": 0}
    timed = data[data.index.notna()]
    if len(timed) > 1 and timed.index.is_monotonic_decreasing:
        timed = timed[::-1]  # the newest reading comes first
    back = steps(timed.index)
    backward = [(timed.index[k + 1], -float(back[k])) for k in np.flatnonzero(back < 0)]
    kept = timed.sort_index(kind="stable") if backward else timed
    if not repeated and kept.index.has_duplicates:
        kept = kept.iloc[np.lexsort((kept.isna().all(axis=1), kept.index.asi8))]
        kept = kept[~kept.index.duplicated()]
    again, untimed = len(timed) - len(kept), len(data) - len(timed)
    return kept, {"backward": backward, "duplicates": again, "untimed": untimed}


def _every(data: pd.DataFrame, every: str) -> tuple[pd.DataFrame, str]:
    step, _, how = every.partition(",")
    how = how.strip() or "mean"
    try:
        if how not in ("mean", "last", "sum") or not isinstance(data.index, pd.DatetimeIndex):
            raise ValueError
        bins = data.resample(pd.Timedelta(step))
    except ValueError:
        raise ValueError(f"every is {every!r}; expected 10min or 10min,last (mean, sum), and times") from None
    found = bins.sum(min_count=1) if how == "sum" else getattr(bins, how)()
    return found[bins.size() > 0], f"{step}, {how} of the readings from its begin on"


def _bridged(data: pd.DataFrame, most: int) -> tuple[pd.DataFrame, str]:
    """Rows put in where at most so many are missing, and runs of at most so many missing values filled."""
    between, usual = steps(data.index), usual_step(data.index)
    short = np.flatnonzero((between > 1.5 * usual) & (between < (most + 1.5) * usual))
    ends = [(data.index[k], data.index[k + 1], round(between[k] / usual) + 1) for k in short]
    put_in = [pd.date_range(first, last, periods=n)[1:-1].as_unit("ns") for first, last, n in ends]
    data = data.reindex(data.index.append(put_in).sort_values()) if put_in else data
    lengths = data.apply(lambda column: column.isna().groupby(column.notna().cumsum()).transform("sum"))
    timed = isinstance(data.index, pd.DatetimeIndex)
    filled = data.interpolate("time" if timed else "linear", limit_area="inside")
    bridged = data.mask(data.isna() & (lengths <= most), filled)
    count = int(bridged.count().sum() - data.count().sum())
    return bridged, f"{count:,} missing values, in a straight line, where at most {most} are missing together"
