"""Dates and clocks as people and loggers write them, ISO or local, western or Japanese, as times."""

import re

import numpy as np
import pandas as pd

ZONE = re.compile(r"\d:?\d\d\S* ?(Z|UTC|[+-](?:0\d|1[0-4]):?[0-5]\d)$")
ORDERS = {  # of what stands between the separators; "%b" is Jan
    "day/month/year": ("%d/%m/%Y", "%d/%m/%y", "%d/%b/%Y", "%d/%b/%y", "%d/%B/%Y"),
    "month/day/year": ("%m/%d/%Y", "%m/%d/%y", "%b/%d/%Y", "%B/%d/%Y"),
    "year/month/day": ("%Y/%m/%d", "%y/%m/%d", "%Y/%b/%d"),
}
CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S%z")
YEARS = pd.Timestamp("1700-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC")


def index(times: pd.Series) -> pd.DatetimeIndex:
    """Times in UTC as an index in nanoseconds; NaT for years that are slips of the pen."""
    return pd.DatetimeIndex(times.where(times.between(*YEARS))).as_unit("ns")


def read(texts: pd.Series) -> tuple[pd.DatetimeIndex, str]:
    """Texts as times, NaT where there is none, and how they were read.

    Times with a zone keep it if it is one for all, and are given in UTC if it changes (summer time). Of two orders that
    both fit (01/02/2026), the one is taken in which the times jump about least.
    """
    few = texts.iloc[:: max(1, len(texts) // 500)]
    if few.str.contains("[年月時分]|[AaPp][.]?[Mm]|午", regex=True).any():
        texts = _western(texts)
    if few.str.contains(r"\d,\d+$", regex=True).any():
        texts = texts.str.replace(r"(?<=:\d\d),(?=\d+)", ".", regex=True)
    late = texts.str.contains(r"[ T]24:00", regex=True).to_numpy()
    if late.any():  # the end of a day, written as its 24th hour
        texts = texts.str.replace(r"(?<=[ T])24:00", "00:00", regex=True)
    found, words = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True), ""
    if found.isna().mean() > 0.5:
        found, words = _ordered(texts)
    times = index(found)
    times = times + pd.to_timedelta(late.astype(int), unit="D") if late.any() else times
    sample = texts.iloc[:: max(1, len(texts) // 20_000)]
    zones = {match[1] for cell in sample if (match := ZONE.search(cell))}
    if not zones:
        return times.tz_localize(None), words
    if len(zones) > 1:
        return times, "zones that change (summer time), shown in UTC"
    [zone] = zones
    return times.tz_convert("UTC" if zone in ("Z", "UTC") else pd.Timestamp(f"2000-01-01T00:00{zone}").tz), words


def _western(texts: pd.Series) -> pd.Series:
    """2026年1月2日 午後3時4分 as 2026/1/2 3:04 PM."""
    for old, new in {"年": "/", "月": "/", "日": " ", "時": ":", "分": ":", "秒": ""}.items():
        texts = texts.str.replace(old, new, regex=False)
    texts = texts.str.replace(
        r"午([前後])\s*([\d:.]+)", lambda m: f"{m[2].strip(':')} {'PA'[m[1] == '前']}M", regex=True
    )
    texts = texts.str.replace(r"\s*([AaPp])\.?([Mm])\.?$", r" \1\2", regex=True)
    return texts.str.replace(r"\s+", " ", regex=True).str.rstrip(":/ ")


def _ordered(texts: pd.Series) -> tuple[pd.Series, str]:
    """Local dates: tries the orders of day, month and year, with every way to write the clock."""
    parts = texts.str.extract(r"^(\w+)[-./ ,]+(\w+)[-./ ,]+(\d+)[T ,]*(.*)$").fillna("")
    texts = (parts[0] + "/" + parts[1] + "/" + parts[2] + " " + parts[3]).str.strip()
    nothing = pd.Series(pd.NaT, texts.index).dt.tz_localize("UTC").dt.as_unit("us")
    best, order, travel, alike = nothing, "", np.inf, ""
    few = texts.iloc[:: max(1, len(texts) // 500)]
    for name, formats in ORDERS.items():
        found = nothing
        for form in (f"{date} {clock}".strip() for date in formats for clock in CLOCKS):
            if pd.to_datetime(few, format=form, errors="coerce", utc=True).notna().any():
                more = pd.to_datetime(texts, format=form, errors="coerce", utc=True).dt.as_unit("us")
                found = found.where(found.notna(), more)
        steps = found.dropna().diff().abs().sum()
        better = found.notna().sum() - best.notna().sum()
        if better > 0 or (better == 0 and found.notna().any() and steps < travel):
            best, order, travel, alike = found, name, steps, ""
        elif better == 0 and found.notna().any() and steps == travel:
            alike = f" ({name} fits as well)"
    return best, f"dates read as {order}{alike}" if order else ""
