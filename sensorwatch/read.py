"""A logger's file as a signal: one way of reading must fit all rows, or a ValueError names the option that
settles it.

A signal is a float64 Series (several channels: a DataFrame) over rising times, or over row numbers where
there are no times. NaN is a missing value.
"""

import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from sensorwatch import times
from sensorwatch.cells import SWITCH, kind_of, numbers
from sensorwatch.quality import Report, examine, steps
from sensorwatch.table import REPEATED, Table, decoded, find_column, read_table, rows_where, sampled
from sensorwatch.times import listed, option, plain
from vaepaper import checks

INDEX = re.compile(
    r"|no\.?|nr\.?|n|#|index|idx|id|rec(ord)?|rn|number|num|nummer|entry_id|row|sample|table|連番|番号|column 1"
)
SENSOR = re.compile(  # what a column of several sensors' names is called
    "sensor|tag|channel|ch|name|id|device|gerät|node|station|variable|parameter|metric|measurement|field"
    "|type|unit|signal|einheit|item|point|probe|kanal|messstelle|location|site|room|machine|asset|varname"
    "|センサ|機器|項目|場所"
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


def read_csv(
    path, value=None, *, time=None, where=None, date_order=None, unit=None, start=None, step=None,
    decimal=None, encoding=None, missing=None, every=None, bridge=None,
) -> tuple[pd.Series | pd.DataFrame, Report]:  # fmt: skip
    """A channel of a logger's file, and a report that begins with how the file was understood.

    Args ("" is None throughout):
        value: the column to read; several (a list, or by commas) give a DataFrame. None takes the only one
            of numbers.
        time: the column or columns of the times; None finds them.
        where: the rows to read, as "sensor=S1".
        date_order: "dmy", "mdy" or "ymd".
        unit: of numeric times: s, ms, us, ns, min, h, d, excel, matlab, labview, gps; or a strptime form
            for texts; "h" or "min" for what stands before the colon in 12:30.
        start, step: the first time and the step ("2026-03-01 00:00", "10min") of a file without (usable)
            times.
        decimal: the decimal sign, "," or ".".
        missing: sentinel values that mean missing, such as -200 (a list, or by commas).
        every: a step to average to ("10min"), or "10min,last", "10min,sum".
        bridge: points; missing rows and values of at most so many are filled in a straight line.

    Returns:
        A float64 Series (or DataFrame), and its `Report`.

    Raises:
        ValueError: the file is no table, no such column, or several ways of reading fit; the message names
            the option.
        OSError: the file is not there or cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there (looked in {path.absolute().parent})")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a CSV file in it")
    guessed = ""
    try:
        _check_options(date_order, unit, decimal, start, step, bridge)
        text, encoding = decoded(path.read_bytes(), encoding)
        guessed = (
            f" (the encoding was guessed; {option('encoding', 'cp932')})" if "guessed" in encoding else ""
        )
        table = read_table(text, encoding, decimal)
        if where:
            table = rows_where(table, where)
        timing, form = [], None
        if start:
            index, words = _counted(start, step, len(table.cells)), f"from {start} in steps of {step}"
        else:
            timing = _time_columns(table, [find_column(table, name) for name in _several(time)])
            index, words, form = _index(table, timing, date_order, unit, decimal)
        asked = [value] if value in list(table.cells) else _several(value)
        names = [find_column(table, name) for name in asked] or [_only_numbers(table, timing)]
        for name in set(names) & set(timing):
            raise ValueError(f"{name!r} holds the times; name another column as value")
        if isinstance(index, pd.RangeIndex) and not time:
            _refuse_unnamed_time(table, names)
        if not start:
            _refuse_woven(table, names, timing, index, every)
        signal, report = _signal(table, names, timing, index, words, decimal, missing, every, bridge)
    except (ValueError, csv.Error, UnicodeError) as error:
        raise ValueError(f"{path.name}: {error}{guessed}") from None
    # By these, `parts` reads and writes times as the file does.
    signal.attrs["date_order"] = next((o for o, told in times.ORDERS.items() if words.startswith(told)), None)
    signal.attrs["form"] = form
    return signal, report


def _check_options(date_order, unit, decimal, start, step, bridge) -> None:
    checks.integer("bridge", bridge or 0, 0)
    if date_order and date_order not in times.ORDERS:
        raise ValueError(f"date_order is {date_order!r}; expected dmy, mdy or ymd")
    if unit and unit not in [*times.UNITS, *times.ORIGINS] and "%" not in unit:
        known = ", ".join([*times.UNITS, *times.ORIGINS])
        raise ValueError(f"unit is {unit!r}; expected one of {known}, or a form such as %d.%m.%y %H:%M")
    if decimal and decimal not in (",", "."):
        raise ValueError(f'decimal is {decimal!r}; expected "," or "."')
    if bool(start) != bool(step):
        raise ValueError(f"start and step belong together: {option('start', '2026-03-01 00:00')}, step 10min")


def _several(names) -> list[str]:
    """Names given as a list, or in one text with commas between."""
    names = names.split(",") if isinstance(names, str) else [] if names is None else names
    return [name for name in (str(name).strip() for name in names) if name]


def _counted(start: str, step: str, rows: int) -> pd.DatetimeIndex:
    try:
        if not re.match(r"\d{4}-\d\d-\d\d", str(start)):
            raise ValueError
        return pd.DatetimeIndex(pd.Timestamp(start) + pd.Timedelta(step) * np.arange(rows)).as_unit("ns")
    except ValueError:
        raise ValueError(
            f"start {start!r} or step {step!r} is unknown; write 2026-03-01 00:00 and 10min"
        ) from None


def _time_columns(table: Table, asked: list[str]) -> list[str]:
    """The columns that make up the times, the date before the clock; none if nothing looks like a time.

    Raises:
        ValueError: several columns may be the times.
    """
    kinds, among = dict(table.kinds), asked or list(table.cells)
    if not {"stamp", "date", "clock"} & {kinds[n] for n in among}:
        kinds |= {n: "stamp" for n in among if kinds[n] == "word" and _is_dates(table.cells[n])}

    def of(kind: str) -> list[str]:
        return [n for n in among if kinds[n] == kind]

    def timely(name: str) -> bool:
        return name in asked or any(times.TIME_WORD.search(plain(c)) for c in [name, *table.header[name][:1]])

    def fields(*roles: str) -> list[str]:
        return [small[role] for role in roles if role in small]

    clocks, numeric = of("clock"), of("number")
    small = {role: n for n in reversed(numeric) for role in ROLES if _role(n, role)}
    after = of("half")[:1] + fields("ms", "us")
    for kind in ("stamp", "date"):
        found = of(kind)
        if not asked:
            varying = [n for n in found if (table.cells[n] != table.cells[n].iloc[0]).any()]
            named = [n for n in found if DAY_WORD.fullmatch(plain(n))]
            found = varying or named or (found if kind == "stamp" else [])
        if found and kind == "stamp":
            return _one_of(table, found) + after
        if found:
            dotted = [
                n for n in numeric if timely(n) and table.cells[n].str.fullmatch(r"\d{1,2}\.[0-5]\d").all()
            ]
            finer = dotted or fields("hhmm", "hour", "minute", "second")
            return _one_of(table, found) + (_one_of(table, clocks) or finer) + after
    if "year" in small and ("doy" in small or {"month", "day"} <= small.keys()):
        return fields("year", "month", "day", "doy", "hhmm", "hour", "minute", "second") + clocks[:1] + after
    for digits in (n for n in numeric if timely(n) and _is_digits(table.cells[n])):
        clock = [n for n in among if n != digits and (n in clocks or n in asked or _hhmm(table, n))][:1]
        return [digits, *(clock if table.cells[digits].str.len().max() == 8 else []), *fields("ms", "us")]
    if clocks:
        return _one_of(table, clocks) + after
    if asked:
        return asked
    found = [n for n in numeric if timely(n)] or [n for n in numeric if _role(n, "ms|us|second|minute|hour")]
    found = found or [n for n in numeric if re.search(r"elapsed|経過|seconds|uptime", plain(n))]
    return _one_of(table, found) + [n for n in fields("ms", "us") if found and n != found[0]]


def _role(name: str, roles: str) -> bool:
    return any(re.fullmatch(ROLES[role], plain(name)) for role in roles.split("|"))


def _is_dates(texts: pd.Series) -> bool:
    found, _, clock = times.read_texts(texts[texts != ""].iloc[:400], "dmy")
    return not clock and found.notna().mean() > 0.98


def _is_digits(texts: pd.Series) -> bool:
    return texts.str.fullmatch(r"(19|20)\d{6}(\d\d){0,3}").mean() > 0.98 and _is_dates(texts)


def _hhmm(table: Table, name: str) -> bool:
    named = times.TIME_WORD.search(plain(name)) or _role(name, "hhmm|hour")
    return bool(named) and table.cells[name].str.fullmatch(r"\d{1,6}").all()


def _one_of(table: Table, names: list[str]) -> list[str]:
    """The only one of several columns of times; one with a time zone goes before those without."""
    columns = table.cells[names]
    if len(names) < 2 or all((columns[n] == columns[names[0]]).all() for n in names):
        return names[:1]
    zoned = [n for n in names if re.search(r"\d(Z|[+-]\d\d:?\d\d)$", columns[n].iloc[0])]
    exact = [n for n in names if re.fullmatch(r"time|date|datetime|timestamp|_time|日時", plain(n))]
    if len(zoned or exact) == 1:
        return zoned or exact
    raise ValueError(
        f"{listed(names)} may all be the times; name one, or those that belong together:"
        f" {option('time', names[0])} or {option('time', ','.join(names[:2]))}"
    )


def _index(table: Table, timing: list[str], order, unit, decimal) -> tuple[pd.Index, str, str | None]:
    """The times of all rows, NaT where there is none, or row numbers; how they were read; their strptime
    form.

    Raises:
        ValueError: more than one in a hundred is unreadable, or the way of reading is not certain.
    """
    rows = pd.RangeIndex(len(table.cells))
    if not timing:
        return rows, "none: rows are counted", None
    cells, name = table.cells[timing], timing[0]
    kind = table.kinds[name]
    finer = {n: role for n in timing[1:] for role in PARTS if _role(n, role)}
    finer = {n: role for n, role in finer.items() if cells[n].str.fullmatch(r"\d*\.?\d*").all()}
    texts = cells[name]
    form = unit if unit and "%" in unit else None
    if _role(name, "year") and len(timing) > 1 and not form:
        texts = _from_fields(table, timing)
    elif kind == "number" and not form and not _is_digits(texts):
        values, _ = numbers(table, name)
        values = pd.Series(np.where(np.isinf(values), np.nan, values))
        if unit in ("excel", "matlab"):  # a day, and in another column its fraction
            for other in timing[1:]:
                values += numbers(table, other)[0]
        if values.isna().all():
            raise ValueError(f"no cell of {name!r} can be read as a time")
        counts = (values.diff().dropna() == 1).all() and values.notna().all() and values[0] in (0, 1)
        if counts and not unit and times.named_unit(table.header[name]) is None:
            return rows, f"{name!r} only counts the rows; if it is seconds: {option('unit', 's')}", None
        found, words = times.read_numbers(values, [name, *table.header[name]], unit)
        return _readable(table, name, found + _below(cells, finer), words), words, None
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
    form = None if finer or clocks else found.attrs.get("form")
    return _readable(table, " and ".join(map(str, timing)), found + _below(cells, finer), words), words, form


def _below(cells: pd.DataFrame, finer: dict[str, str]) -> pd.Series:
    """What columns of hours, minutes, seconds, ms and µs add to the times."""
    micro = sum(
        (pd.to_numeric(cells[name], errors="coerce") * PARTS[role] for name, role in finer.items()), 0.0
    )
    return pd.to_timedelta(pd.Series(micro, cells.index).round(), unit="us")


def _from_fields(table: Table, timing: list[str]) -> pd.Series:
    """Year, month and day (or day of the year) in columns of their own, as 2026-3-28; with hhmm, as
    2026-3-28 22:00.
    """
    role = {next((r for r in ROLES if _role(n, r)), "clock"): table.cells[n] for n in timing}
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
    """Clocks without dates, or times since the start, as times from 1970-01-01; back by 12 h and more is a
    new day.
    """
    back = since.dropna().diff()
    new_day = back < pd.Timedelta("-12h")
    if texts.str.fullmatch(r"\d+:\d\d").mean() > 0.5 and not (
        new_day.any() and since.max() < pd.Timedelta("24h")
    ):
        said = " ".join(table.header[name]).casefold()
        unit = unit or ("h" if "hh:mm" in said else "min" if "mm:ss" in said else None)
        if unit not in ("h", "min"):
            raise ValueError(
                f"{texts.iloc[0]!r} in {name!r} may be hours and minutes or minutes and seconds; say what"
                " stands before"
                f" the colon: {option('unit', 'h')} or {option('unit', 'min')}"
            )
        since = since / (60 if unit == "min" else 1)
        back = since.dropna().diff()
        new_day = back < pd.Timedelta("-12h" if unit == "h" else "-30min")
    if ((back < pd.Timedelta(0)) & ~new_day).any():
        row = int(np.flatnonzero((back < pd.Timedelta(0)) & ~new_day)[0])
        raise ValueError(
            f"line {table.lines[back.index[row]]}: clocks without dates go back at"
            f" {texts[back.index[row]]!r}; say when"
            f" the first row is: {option('start', '2026-03-01 00:00')} and {option('step', '10min')}"
        )
    turn = pd.Timedelta("1h") if unit == "min" else pd.Timedelta("1D")
    turns = new_day.cumsum().reindex(since.index).ffill().fillna(0).astype(int)
    words = "clocks without dates, shown as from 1970-01-01"
    return pd.Timestamp(0) + since + turns * turn, words + (
        f"; {new_day.sum()} times over midnight" if new_day.any() else ""
    )


def _readable(table: Table, name: str, found: pd.Series, words: str) -> pd.DatetimeIndex:
    """Times as an index, if all but one in a hundred are readable; words at a file's end do not count."""
    first = table.cells[name.split(" and ")[0]] if name not in table.cells else table.cells[name]
    sane = found.dt.year.between(1700, 2199)
    found = found.where(sane)
    bad = np.flatnonzero(found.isna())
    end = len(found)
    while (
        end
        and pd.isna(found.iloc[end - 1])
        and len(found) - end < 20
        and kind_of(first.iloc[end - 1]) in ("word", "")
    ):
        end -= 1
    if np.sum(bad < end) > REPEATED * len(found):
        texts = [first.iloc[k] for k in bad[:3]]
        raise ValueError(
            f"line {table.lines[bad[0]]}: {texts[0]!r} in {name!r} cannot be read as a time ({len(bad):,}"
            " rows;"
            f" others are read as {words}); name another column as time, or their form:"
            f" {option('unit', '%d.%m.%Y %H:%M')}"
        )
    return pd.DatetimeIndex(found).as_unit("ns")


def _only_numbers(table: Table, timing: list[str]) -> str:
    """The one column that holds numbers and no times, no count of the rows."""
    kinds = table.kinds
    found = [name for name in table.cells if name not in timing and kinds[name] == "number"]
    found = found or [
        name for name in table.cells if table.cells[name].str.casefold().isin([*SWITCH, ""]).all()
    ]
    if len(found) > 1:
        counters = [
            n
            for n in found
            if INDEX.fullmatch(plain(n))
            and (_counts(table.cells[n]) or (table.cells[n] == table.cells[n][0]).all())
        ]
        found = [name for name in found if name not in counters] or found
    if not found:
        raise ValueError(f"there is no column of numbers beside the time; it has {listed(table.cells)}")
    if len(found) > 1:
        comma = (
            f"; if the comma is the decimal sign: {option('decimal', ',')}" if table.delimiter == "," else ""
        )
        raise ValueError(
            f"{len(found)} columns are numbers: {listed(found)}; name one: {option('value', found[0])}{comma}"
        )
    return found[0]


def _counts(texts: pd.Series) -> bool:
    values = pd.to_numeric(texts, errors="coerce")
    return bool(
        (values.diff().dropna() == 1).all() and values[0] < 20_000
    )  # from there on: days or seconds since a day


def _refuse_unnamed_time(table: Table, names: list[str]) -> None:
    """Without times, a column that rises all the time may be them, or one of texts that never repeat."""
    for name in table.cells.columns.difference(names, sort=False):
        texts = table.cells[name]
        words = texts.str.contains(r"\d", regex=True).all() and kind_of(texts[0]) != "number"
        if texts.is_unique and (words or _role(name, "year|doy")):
            raise ValueError(
                f"{texts[0]!r} in {name!r} may be the time, in an unknown form; name it:"
                f" {option('time', name)} and its"
                f" form, such as {option('unit', '%d.%m.%Y %H:%M')}; if not:"
                f" {option('start', '2026-03-01 00:00')}"
            )
        values = pd.to_numeric(table.cells[name].str.replace(",", "."), errors="coerce")
        if len(values) > 3 and (values.diff().iloc[1:] > 0).all() and not _counts(table.cells[name]):
            raise ValueError(
                f"no column is named as time, and {name!r} rises from row to row; if it is the time:"
                f" {option('time', name)} and {option('unit', 's')}; if not:"
                f" {option('start', '2026-03-01 00:00')} and"
                f" {option('step', '10min')}"
            )


def _refuse_woven(table: Table, names: list[str], timing: list[str], index: pd.Index, every) -> None:
    """Refuse rows of several sensors in one column, and times that are repeated for no known reason."""
    if not isinstance(index, pd.DatetimeIndex):
        return _refuse_sensors(table, names, timing, None)
    known = index[index.notna()]
    repeated = known.duplicated().mean()
    allowed = max(REPEATED, (len(known) > 20) / max(1, len(known)))
    if repeated > allowed:  # lines of events between the readings do not count
        read = table.cells[names].apply(lambda column: column.str.contains(r"\d")).any(axis=1).to_numpy()
        repeated = index[read & index.notna()].duplicated().mean()
    _refuse_sensors(table, names, timing, index if repeated > allowed else None)
    sorted_already = known.is_monotonic_increasing or known.is_monotonic_decreasing
    if not sorted_already and known.hour.isin(range(1, 13)).all() and 12 in known.hour:
        raise ValueError(
            "no hour is 0 or beyond 12 and times go back: AM and PM are lost;"
            f" {option('start', str(known[0]))}"
        )
    if every:
        return
    between = np.diff(known.asi8) / 1e9
    step = np.median(between) if len(between) else 0
    hour = np.flatnonzero((between < 0) & (between == step - 3600))
    counted = f"{option('start', str(known[0]))} and {option('step', f'{step or 1:g}s')}"
    if len(hour) and known.tz is None and known.duplicated().sum() > 1:
        raise ValueError(
            f"the clock goes back by an hour to {known[hour[0] + 1]} (summer time ends?), and times after it"
            " were there"
            f" before; {option('every', f'{step:g}s')} averages them, or, if readings are equally spaced,"
            f" {counted}"
        )
    if repeated > allowed:
        row = int(np.flatnonzero(index.duplicated() & index.notna())[0])
        raise ValueError(
            f"line {table.lines[row]}: the time {index[row]} was there before, as in {repeated:.0%} of all"
            " rows;"
            f" name the columns that complete it (time), or, if the readings are equally spaced, {counted},"
            " or"
            f" {option('every', '10min,mean')}"
        )


def _refuse_sensors(table: Table, names: list[str], timing: list[str], repeated: pd.Index | None) -> None:
    """Refuse rows of several sensors: a column of few texts is named so, takes turns, or explains repeated
    times.
    """
    for name in table.cells.columns.difference([*names, *timing], sort=False):
        column, kind = table.cells[name], table.kinds[name]
        if kind not in ("word", "number") or sampled(column).nunique() > 50:
            continue
        counts = column[column != ""].value_counts()
        cycle = len(counts)
        if not 2 <= cycle <= 50 or counts.iloc[1] < 0.05 * len(column):
            continue
        again, changes = (column == column.shift(cycle))[cycle:].mean(), (column != column.shift())[1:].mean()
        turns = again > 0.95 and changes > 0.95
        words = re.split(r"[\W_]+", plain(name))
        if kind == "word":
            named = any(map(SENSOR.fullmatch, words))
            turns = turns and not all(times.DAYS.fullmatch(word.casefold()) for word in counts.index)
        elif "." in counts.index[0]:
            continue
        else:
            named = words[-1] in ("id", "sensor", "channel", "device")
            turns = turns and _alternate(table.cells[names[0]], cycle)
        explains = False
        if repeated is not None:
            pairs = pd.DataFrame({"time": repeated, "word": column})[repeated.notna()]
            explains = pairs.duplicated().mean() <= REPEATED
        if explains or turns or named:
            raise ValueError(
                f"{name!r} holds {listed(counts.index[:5])}: rows of several sensors, it seems; read one:"
                f" {option('where', f'{name}={counts.index[0]}')}"
            )


def _alternate(texts: pd.Series, cycle: int) -> bool:
    """Whether values resemble those a cycle before more than their neighbours."""
    values = pd.to_numeric(texts.str.replace(",", "."), errors="coerce")
    return bool(values.diff(cycle).abs().median() < 0.3 * values.diff().abs().median())


def _signal(table, names, timing, index, words, decimal, missing, every, bridge):
    sentinels = _several(str(missing) if isinstance(missing, (int, float)) else missing)
    channels, columns, told = {}, {}, list(table.told)
    for name in names:
        texts = table.cells[name]
        values, said = numbers(table, name)
        unread = texts[~np.isfinite(values)]
        infinite = unread.index[
            unread.str.fullmatch(r"[+-]?inf(inity)?", case=False) | np.isinf(values[unread.index])
        ]
        values[infinite] = np.nan
        unread = unread.drop(infinite)[lambda texts: ~texts.str.casefold().isin(["", "nan"])]
        for text in sentinels:
            values[(texts == text).to_numpy()] = np.nan
            if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
                values[values == float(text)] = np.nan
        if not np.isfinite(values).any() or len(unread) > np.isfinite(values).sum():
            raise ValueError(
                f"most or all values of {name!r} are missing or text; its first cells are {list(texts[:3])}"
            )
        columns[name] = values
        channels[name] = {"infinite": len(infinite), "unreadable": dict(Counter(unread).most_common())}
        told.append(("value", f"{name!r}" + (f", {said}" if said else "")))
    data = pd.DataFrame(columns, index=index)
    told.append(("time", f"{' and '.join(map(repr, timing))}: {words}" if timing else words))
    data, found = in_order(data, repeated=bool(every))
    if not data.notna().any(axis=None):
        raise ValueError("no row has both a time and a value")
    if every:
        data, said = _every(data, every)
        told.append(("every", said))
    if bridge:
        data, said = _bridged(data, bridge)
        told.append(("bridged", said))
    told += [("first row", _row(data, 0)), ("last row", _row(data, -1))]
    report = examine(data, told, channels, rows=len(table.cells), **found)
    return (data[names[0]] if len(names) == 1 else data), report


def in_order(data: pd.DataFrame, repeated: bool = False) -> tuple[pd.DataFrame, dict]:
    """Channels with rising times, and what had to be done: `backward`, `duplicates` and `untimed` of
    `Report`.

    Rows without a time are left out; of rows with the same time the first that has a value counts, unless
    `repeated`.
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
    if again.any() and not repeated:
        empty = ordered.isna().all(axis=1).to_numpy() & again
        order = np.lexsort((np.arange(len(ordered)), empty, ordered.index.asi8))
        ordered = ordered.iloc[order]
    kept = ordered if repeated else ordered[~ordered.index.duplicated()]
    untimed = len(data) - len(timed)
    return kept, {"backward": backward, "duplicates": len(timed) - len(kept), "untimed": untimed}


def _every(data: pd.DataFrame, every: str) -> tuple[pd.DataFrame, str]:
    step, _, how = every.partition(",")
    how = how.strip() or "mean"
    if how not in ("mean", "last", "sum") or not isinstance(data.index, pd.DatetimeIndex):
        raise ValueError(
            f"every is {every!r}; expected a step, such as 10min or 10min,last (mean, sum), and a file with"
            " times"
        )
    try:
        bins = data.resample(pd.Timedelta(step))
    except ValueError:
        raise ValueError(f"every is {every!r}; write a step such as 10min, 1h or 1D") from None
    found = bins.sum(min_count=1) if how == "sum" else getattr(bins, how)()
    return found[bins.size() > 0], f"{step}, {how} of the readings from its begin on"


def _bridged(data: pd.DataFrame, most: int) -> tuple[pd.DataFrame, str]:
    """Rows put in where at most so many are missing, and runs of at most so many missing values filled."""
    between = steps(data.index)
    usual = np.median(between) if len(between) else 1.0
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


def _row(data: pd.DataFrame, k: int) -> str:
    return f"{data.index[k]}, " + ", ".join(f"{value:.10g}" for value in data.iloc[k])
