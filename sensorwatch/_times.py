"""The times of a table: which columns hold them; dates, epochs, or seconds since the start."""

import re
from collections.abc import Callable

import pandas as pd

from sensorwatch import _dates as dates
from sensorwatch._cells import CLOCK, DATE, MISSING, is_number

COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
EPOCHS = {"s": 1e8, "ms": 1e11, "us": 1e14, "ns": 1e17}  # from these numbers on: the years 1973 to 5138
HINT = re.compile(r"time|date|epoch|unix|stamp|^ts$|^t$|zeit|datum|heure|fecha|hora|時|日付|年月日", re.I)
SECONDS = {"ms": 1e-3, "msec": 1e-3, "s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0, "h": 3600.0, "hours": 3600.0}


def columns(cells: pd.DataFrame, time: str | None = None) -> list[str]:
    """Which columns hold the times: one (`time`, if it is named), or one of dates and one of clocks, or none."""
    sample = cells.iloc[:: max(1, len(cells) // 500)]

    def share(name: str, holds: Callable[[str], object]) -> float:
        filled = [cell for cell in sample[name] if cell.casefold() not in MISSING]
        return sum(bool(holds(cell)) for cell in filled) / len(filled) if filled else 0.0

    dated = [name for name in ([time] if time else cells) if share(name, DATE.match) > 0.5]
    clocks = [name for name in cells if share(name, CLOCK.match) > 0.5]
    if dated:
        full = [name for name in dated if any(":" in cell or "時" in cell for cell in sample[name])]
        return full[:1] or dated[:1] + clocks[:1]
    numeric = [name for name in ([time] if time else cells) if share(name, is_number) > 0.5]
    compact = [name for name in numeric if (time or HINT.search(name)) and _compact(sample[name])]
    if compact:
        return compact[:1] + (clocks[:1] if _compact(sample[compact[0]]) == "%Y%m%d" else [])
    hinted = [name for name in numeric if HINT.search(name)]
    epochs = [name for name in numeric if _is_epoch(pd.to_numeric(sample[name], errors="coerce").dropna())]
    return [time] if time else ([name for name in hinted if name in epochs] or hinted or epochs or clocks)[:1]


def _compact(cells: pd.Series) -> str:
    """The format of dates written without separators (20260102030405), or ""."""
    form = COMPACT.get(len(cells.iloc[0]), "") if len(cells) else ""
    return form if form and pd.to_datetime(cells, format=form, errors="coerce").notna().mean() > 0.9 else ""


def _is_epoch(values: pd.Series) -> bool:
    """Whether numbers are seconds, or thousandths and less of them, between 2001 and 2096, and mostly rise."""
    if len(values) < 3 or (values % 1 != 0).all():
        return False
    seconds = values / {unit: 10 ** (3 * n) for n, unit in enumerate(EPOCHS)}[_unit(values)]
    return bool(
        seconds.between(1e9, 4e9).all()
        and (values.diff().dropna() >= 0).mean() > 0.9
        and values.iloc[0] != values.iloc[-1]
    )


def _unit(values: pd.Series) -> str:
    return [unit for unit, least in EPOCHS.items() if values.abs().median() >= least or unit == "s"][-1]


def read(cells: pd.DataFrame, names: list[str]) -> tuple[pd.DatetimeIndex | None, str]:
    """The times in columns `names`, NaT where a cell holds none, and how they were read.

    None in place of times where they only count the rows.
    """
    texts = cells[names[0]].str.cat([cells[name] for name in names[1:]], sep=" ")
    if all(map(is_number, texts[texts != ""].iloc[:100])):
        form = _compact(texts[texts != ""])
        if form:
            found = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
            return dates.index(found).tz_localize(None), "dates without separators"
        values = pd.to_numeric(texts, errors="coerce")
        if values.notna().mean() > 0.5:
            return _counted(values, names[0])
    if all(map(CLOCK.match, texts[texts != ""].iloc[:100])):
        return _clocks(texts)
    return dates.read(texts)


def _clocks(texts: pd.Series) -> tuple[pd.DatetimeIndex, str]:
    """Clocks without dates: what goes back by more than half a day is a new day."""
    whole = texts.where(texts.str.count(":") == 2, texts + ":00")
    since = pd.to_timedelta(whole, errors="coerce")
    days = pd.to_timedelta((since.dropna().diff() < pd.Timedelta("-12h")).cumsum(), unit="D").reindex(since.index)
    words = "clocks without dates, shown as from 1970-01-01; back by more than 12 h is a new day"
    return dates.index(pd.Timestamp(0, tz="UTC") + days + since).tz_localize(None), words


def _counted(values: pd.Series, name: str) -> tuple[pd.DatetimeIndex | None, str]:
    """Numbers as times: an epoch, or seconds since the start; None if they only count the rows."""
    known = values.dropna()
    if _is_epoch(known.iloc[:: max(1, len(known) // 500)]):
        unit = _unit(known)
        words = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}[unit]
        return _since_1970(values / EPOCHS[unit] * EPOCHS["s"]), f"epoch in {words}, UTC"
    unit = next((unit for unit in re.findall(r"[a-z]+", name.casefold())[::-1] if unit in SECONDS), "")
    if not unit and (known % 1 == 0).all() and known.diff().median() == 1:
        return None, "no times: it only counts the rows"
    words = f"counts {unit or 'seconds (so we take it)'} from the start, shown as from 1970-01-01"
    return _since_1970(values * SECONDS.get(unit, 1.0)).tz_localize(None), words


def _since_1970(seconds: pd.Series) -> pd.DatetimeIndex:
    fits = seconds.abs() < 7e9
    return dates.index(pd.to_datetime(seconds.where(fits).mul(1e6).round().astype("Int64"), unit="us", utc=True))
