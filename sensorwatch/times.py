"""Texts and numbers of a logger's time columns as times: one way of reading must fit, or a ValueError says
which option settles it.
"""

import re
import unicodedata

import numpy as np
import pandas as pd

UNITS = {  # seconds in one unit of a numeric time, and the words that headers use for it
    "ns": (1e-9, "ns nsec nanosecond nanoseconds"),
    "us": (1e-6, "us µs μs usec microsecond microseconds"),
    "ms": (1e-3, "ms msec millis millisecond milliseconds millisekunden ミリ秒"),
    "s": (1.0, "s sec secs second seconds sek sekunde sekunden secondes 秒"),
    "min": (60.0, "min mins minute minutes minuten 分"),
    "h": (3600.0, "h hr hrs hour hours stunden heures 時間"),
    "d": (86400.0, "d day days tage jours 日"),
}
UNIT_OF = {word: unit for unit, (_, words) in UNITS.items() for word in words.split()}
ORIGINS = {  # serial numbers from another day: (unit, that day in seconds since 1970, plausible values)
    "excel": ("d", -25_569 * 86400, (20_000, 80_000)),
    "matlab": ("d", -719_529 * 86400, (700_000, 780_000)),
    "labview": ("s", -2_082_844_800, (2.6e9, 4.5e9)),
    "gps": ("s", 315_964_800, (3e8, 3e9)),
}
EPOCH = (946_684_800, 1_900_000_000)  # seconds since 1970: 2000 to 2030, never a date written as digits
ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}
ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([+-]\d\d:?\d\d|Z)?)?")
MONTHS = [  # how months begin in the usual European languages
    "jan|gen|ene|янв", "f[eé]b|fev|фев", "m[aä]r(?!t[eé])|mrt|mrz|мар", "a[pbv]r|avr|апр", "ma[iyj]|мая|май",
    "jun|juin|giu|июн", "jul|juil|lug|июл", "aug|ao[uû]|ago|авг", "se[pt]|сен", "o[ckt]t|out|окт", "nov|ноя",
    "de[czk]|d[éi]c|дек",
]  # fmt: skip
DAYS = re.compile(  # of the week, and small words between a date and a clock
    "(mon|tues?|wed(nes)?|thu(rs?)?|fri|satu?r?|sun)(day)?|mo|di|mi|do|fr|sa|so"
    "|(mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend"
    "|lun(di|es|edì)?|mar(di|tes|tedì)|mer(credi|coledì)?|jeu(di)?|ven(dredi|erdì)?|sam(edi)?|dim"
    "(anche)?|mi[eé](rcoles)?|jue(ves)?|vie(rnes)?|s[aá]b(ado|ato)?|dom(ingo|enica)?|giovedì|[月火水木金土日](曜日?)?"
    "|at|um|à|le|del?|of|klo?|uhr"
)
ZONES = {  # hours; others have two meanings
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2, "eet": 2,
    "eest": 3, "msk": 3, "jst": 9, "kst": 9,
}  # fmt: skip
STAMP = re.compile(
    r"(?:(?P<a>m?\d{1,4})(?P<sep>[-/., ]+)(?P<b>m?\d{1,2})[-/., ]+(?P<c>\d{1,4})(?!\d)"
    r"|(?P<y>(?:19|20)\d\d)(?P<mo>\d\d)(?P<d>\d\d))?"
    r"(?:[t\s,_;-]*(?:(?P<h>\d{1,4}):(?P<mi>\d\d?)(?::(?P<s>\d\d?)(?:[.,:](?P<f>\d{1,9}))?)?"
    r"|(?P<hh>\d\d)(?:(?P<mm>\d\d)(?:(?P<ss>\d\d)(?:[.,]?(?P<ff>\d{1,6}))?)?)?))?"
    r"\s*(?:(?P<p>[ap])m?)?\s*(?P<zone>[a-z]{1,4})?\s*(?P<offset>[+-]\d\d?(?::?\d\d)?)?"
)


def option(name: str, example: str) -> str:
    """How an option is given, in Python and on the command line."""
    return f'{name}="{example}" (make signal: -p {name} "{example}")'


def listed(names) -> str:
    return ", ".join(repr(str(name)) for name in names)


def plain(name: str) -> str:
    """A column's name without case, width, accents of writing, and anything in brackets."""
    return re.sub(r"\s*[\[(（].*?[\])）]\s*", "", unicodedata.normalize("NFKC", str(name)).casefold()).strip()


def read_texts(
    texts: pd.Series, order: str | None = None, form: str | None = None
) -> tuple[pd.Series, str, bool]:
    """Texts as times: datetime64 in UTC or without a zone (NaT: unreadable), how they were read, and
    whether the clocks had no date.

    Args:
        order: dmy, mdy or ymd; None finds the only one that fits.
        form: a strptime form such as "%d.%m.%y %H:%M"; it settles everything.

    Raises:
        ValueError: two ways of reading fit, or some times have a zone and some have none.
    """
    if form:
        times = pd.to_datetime(texts, format=form, errors="coerce")
        clock = not re.search("%[djyYGsc]", form)
        return times - pd.Timestamp("1900-01-01") if clock else times, f"in the form {form}", clock
    filled = texts[texts != ""]
    few = filled.iloc[:: max(1, len(filled) // 200)]
    if len(few) and few.map(lambda text: bool(ISO.fullmatch(text))).all():
        try:
            times = pd.to_datetime(texts, format="ISO8601", errors="coerce")
            if times[texts != ""].notna().all():
                return times, "ISO 8601", False
        except ValueError:  # several zones, or some without one: looked at below
            pass
    found, tried = _in_one_form(texts, order) if len(few) else ({}, 0)
    if found:
        name, why = _chosen(found, tried)
        return found[name], f"{ORDERS[name]}{why}", False
    parts = _normal(texts, few).str.extract("^" + STAMP.pattern + "$")
    return _assembled(parts, order)


def _in_one_form(texts: pd.Series, order: str | None) -> tuple[dict[str, pd.Series], int]:
    """The fast way, for digits in one form without a zone: the orders of day, month and year that read all
    rows, and how many were tried.
    """
    match = STAMP.fullmatch(texts.iloc[0].lower())
    if not match or not match["a"] or "m" in match["a"] + match["b"] or match["zone"] or match["offset"]:
        return {}, 0
    found, orders = {}, [order] if order else _orders(pd.DataFrame([match.groupdict()]))
    for name in orders:
        codes = {"h": "%I" if match["p"] else "%H", "mi": "%M", "s": "%S", "f": "%f", "p": "%p"}
        codes |= {part: "%" + letter for part, letter in zip("abc", name, strict=True)}
        year = "abc"[name.index("y")]
        codes[year] = "%Y" if len(match[year]) == 4 else "%y"
        form, end = "", 0
        for part in sorted((part for part in codes if match[part]), key=match.start):
            form += match.string[end : match.start(part)] + codes[part]
            end = match.end(part) + (part == "p" and match.string[match.end(part) :] == "m")
        form = (form + match.string[end:]).replace("t%", "T%")
        times = pd.to_datetime(texts, format=form, errors="coerce")
        times.attrs["form"] = form
        if times.notna().all():
            found[name] = times
    return found, len(orders)


def _normal(texts: pd.Series, few: pd.Series) -> pd.Series:
    """Local writing as digits and ASCII: months become m1 … m12, 年月日時分秒 become separators, 午後 becomes pm."""
    if not few.str.fullmatch(r"[\d\s:/.,T+-]*").all():
        texts = texts.map(lambda text: unicodedata.normalize("NFKC", text)).str.lower().str.replace("−", "-")
        texts = texts.str.replace(r"\([^\d()]*\)", " ", regex=True)
        for old, new in {"[年년月월]": "/", "[日일]": " ", "[時时시点分분]": ":", "[秒초]": ""}.items():
            texts = texts.str.replace(rf"(?<=\d)\s*{old}\s*", new, regex=True)
        texts = texts.str.replace(r"(午前|上午|오전)", "am", regex=True).str.replace(
            r"(午後|下午|오후)", "pm", regex=True
        )
        texts = texts.str.replace(r"\b([ap])\.?\s?m\b\.?", r"\1m", regex=True)
        texts = texts.str.replace(r"([ap]m)\s*(\d[\d:.]*\d):?", r"\2 \1", regex=True)
        texts = texts.str.replace(r"(?<=\d)\s*(?:h|uhr)\s*(?=\d)", ":", regex=True)
        texts = texts.str.replace(r"(\d\d?)(?<![:.]\d\d)\s*h\s*$", r"\1:00", regex=True)
        texts = texts.str.replace(r"(?<=\d)(?:st|nd|rd|th)\b", "", regex=True)
        texts = texts.str.replace(r"(?<=\d|z)\[[\w/+-]+\]$", "", regex=True)  # Asia/Tokyo after +09:00
        texts = texts.str.replace(r"(?<!\w)[^\W\d_]+|(?<=\d)[^\W\d_]{3,}(?=[\W\d])", _word, regex=True)
        texts = texts.str.strip(" .,:")
    else:
        texts = texts.str.lower()
    texts = texts.str.replace(r"^(\d\d?:\d\d(?::\d\d)?(?:\.\d+)?)[\s,]+(\w[\w/. -]+)$", r"\2 \1", regex=True)
    if not few.str.contains(":", regex=False).any():
        dotted = r"(?<=\d)[ t](\d\d?)\.(\d\d)(?:\.(\d\d))?$"
        texts = texts.str.replace(
            dotted, lambda m: f" {m[1]}:{m[2]}" + (f":{m[3]}" if m[3] else ""), regex=True
        )
    return texts


def _word(match: re.Match) -> str:
    word = match[0]
    if DAYS.fullmatch(word):
        return " "
    return next((f" m{number} " for number, begins in enumerate(MONTHS, 1) if re.match(begins, word)), word)


def _assembled(parts: pd.DataFrame, order: str | None) -> tuple[pd.Series, str, bool]:
    """Times from the parts of `STAMP`, all of them texts or NaN."""
    clock, known = _clock(parts)
    dated = parts.a.notna() | parts.y.notna()
    zoned = parts.zone.notna() | parts.offset.notna()
    known &= parts.zone.isna() | parts.zone.isin(list(ZONES))
    known &= dated if dated.any() else parts.h.notna()
    zoned &= known
    if not dated.any():
        return clock.where(known), "", True
    if zoned.any() and not zoned[known].all():
        raise ValueError("some times have a time zone and some have none; write them all alike")
    found, orders = {}, []
    if parts.y.notna().sum() > parts.a.notna().sum():
        found["digits"] = pd.to_datetime(
            {"year": _number(parts.y), "month": _number(parts.mo), "day": _number(parts.d)}, errors="coerce"
        )
    else:
        orders = [order] if order else _orders(parts[dated])
        for name in orders:
            day, month, year = (_number(parts["abc"[name.index(letter)]]) for letter in "dmy")
            year = year.where(year >= 100, year + np.where(year < 70, 2000, 1900))
            fields = {"year": year.where(year > 1000), "month": month, "day": day}
            found[name] = pd.to_datetime(fields, errors="coerce")
    name, why = _chosen({name: (days + clock).where(known) for name, days in found.items()}, len(orders))
    times = (found[name] + clock).where(known)
    hours = parts.zone.map(ZONES).fillna(0).where(parts.offset.isna(), 0)
    offset = parts.offset.str.replace(":", "").str.extract(r"([+-])(\d\d?)(\d\d)?")
    shift = (_number(offset[1]).fillna(0) + _number(offset[2]).fillna(0) / 60) * np.where(
        offset[0] == "-", -1, 1
    )
    if zoned.any():
        shift = hours + shift
        zones = shift[times.notna()].unique()
        times = (times - pd.to_timedelta(shift, unit="h")).dt.tz_localize("UTC")
        if len(zones) == 1 and zones[0]:
            times = times.dt.tz_convert(pd.Timestamp(0, tz="UTC").tz_convert(_fixed(zones[0])).tz)
        elif len(zones) > 1:
            why += "; their time zones change (summer time), so they are given in UTC"
    return times, f"{ORDERS.get(name, 'year, month and day in a row')}{why}", False


def _fixed(hours: float):
    sign, minutes = "-" if hours < 0 else "+", round(abs(hours) * 60)
    return pd.Timestamp(f"2000-01-01T00:00{sign}{minutes // 60:02d}:{minutes % 60:02d}").tz


def _number(texts: pd.Series) -> pd.Series:
    return pd.to_numeric(texts.str.removeprefix("m"), errors="coerce")


def _clock(parts: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The time of day as a timedelta (0 where there is none), and where it is valid."""
    pairs = (("h", "hh"), ("mi", "mm"), ("s", "ss"))
    hour, minute, second = (_number(parts[one].fillna(parts[other])).fillna(0) for one, other in pairs)
    fraction = _number("0." + parts.f.fillna(parts.ff)).fillna(0)
    half = parts.p.notna()
    valid = (minute < 60) & (second < 61) & ~(half & (hour > 12))
    valid &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0)) | (parts.a.isna() & parts.y.isna())
    hour = hour.where(~half, hour % 12 + 12 * (parts.p == "p"))
    micro = ((hour * 3600 + minute * 60 + second) * 1e6 + (fraction * 1e6).round()).astype("int64")
    return pd.to_timedelta(micro, unit="us"), valid


def _orders(parts: pd.DataFrame) -> list[str]:
    """The orders of day, month and year that a column's writing allows."""
    first = parts.dropna(subset="a").iloc[0]
    if len(first.a.removeprefix("m")) == 4:
        return ["ymd"]
    if first.a.startswith("m") or first.b.startswith("m"):
        return ["mdy" if first.a.startswith("m") else "dmy"]
    if len(first.c) == 4:  # with points, no country writes the month first
        return ["dmy"] if "." in first.sep else ["dmy", "mdy"]
    return ["dmy", "ymd"] if "." in first.sep else ["dmy", "mdy", "ymd"]


def _chosen(found: dict[str, pd.Series], tried: int) -> tuple[str, str]:
    """The one order that reads most rows. Of several, the one in which times follow each other without a
    jump.

    Raises:
        ValueError: that fits several orders; the message names `date_order`.
    """
    least = min(times.isna().sum() for times in found.values())
    fits = [name for name, times in found.items() if times.isna().sum() == least]
    if all(found[fits[0]].equals(found[name]) for name in fits):
        steps = found[fits[0]].dropna().diff()
        steps = steps if steps.median() >= pd.Timedelta(0) else -steps
        if tried > 1 and steps.min() < pd.Timedelta("-20D"):
            raise ValueError(
                f"as {ORDERS[fits[0]]}, times jump by {-steps.min().days} days against their order at"
                f" {found[fits[0]][steps.idxmin()]}: has Excel exchanged days and months in some rows? If"
                " not:"
                f" {option('date_order', fits[0])}"
            )
        return fits[0], ""
    smooth = [name for name in fits if _without_jumps(found[name])]
    if len(smooth) == 1:
        return smooth[0], " (in any other order the times jump from month to month)"
    told = " or ".join(f"{name} ({found[name].dropna().iloc[0]})" for name in fits)
    raise ValueError(f"the dates fit {told}; say which: {option('date_order', fits[0])}")


def _without_jumps(times: pd.Series) -> bool:
    steps = times.dropna().diff().dropna().abs().dt.total_seconds()
    steps = steps[steps > 0]
    return not len(steps) or steps.max() <= max(2 * 86400, 1.5 * steps.median())


def read_numbers(values: pd.Series, cells: list[str], unit: str | None = None) -> tuple[pd.Series, str]:
    """Numbers as times, and how they were read. Where they are no epoch, times count from 1970-01-01
    without a zone.

    Args:
        cells: what the header says of that column: its name, and its unit below.
        unit: a key of `UNITS` or `ORIGINS`; None takes what the header says.

    Raises:
        ValueError: nothing says which unit it is; the message names `unit`.
    """
    known = values.dropna()
    low, high = known.quantile(0.01), known.quantile(0.99)
    unit = unit or named_unit(cells)
    if (
        unit in UNITS and high * UNITS[unit][0] > 9e9
    ):  # beyond the year 2255: the header's unit is another one
        unit = None
    if unit in ORIGINS:
        base, origin, _ = ORIGINS[unit]
        seconds = values * UNITS[base][0] + origin
        whole = seconds.round()
        seconds = whole if (seconds - whole).abs().max() < 0.06 else seconds.round(3)
        times = _since_1970(seconds)
        return (times.dt.tz_localize("UTC") if base == "s" else times), f"{unit} time, in {base}"
    if not unit and _timely(cells):
        for name in ("s", "ms", "us", "ns"):
            if EPOCH[0] <= low * UNITS[name][0] and high * UNITS[name][0] <= EPOCH[1]:
                unit = name
    if not unit:
        first = known.iloc[0]
        other = [name for name, (_, _, span) in ORIGINS.items() if span[0] <= low and high <= span[1]]
        example = "s" if EPOCH[0] <= low <= EPOCH[1] or not other else other[0]
        raise ValueError(
            f"the unit of the times in {cells[0]!r} is not known ({first:.12g}, …): seconds, days, a serial"
            " date?"
            f" Name it: {option('unit', example)}; known are {', '.join([*UNITS, *ORIGINS])}"
        )
    scale = UNITS[unit][0]
    times = _since_1970(values * scale)
    if EPOCH[0] <= low * scale <= 4e9:
        return times.dt.tz_localize("UTC"), f"{unit} since 1970-01-01 (epoch), UTC"
    return times, f"{unit} from the start, shown as from 1970-01-01"


def _since_1970(seconds: pd.Series) -> pd.Series:
    seconds = seconds.where(seconds.abs() < 9e9)
    return pd.to_datetime((seconds * 1e6).round().astype("Int64"), unit="us")


def named_unit(cells: list[str]) -> str | None:
    """The unit that a header gives: `Time (ms)`, `elapsed_s`, `経過時間(分)`, or a line of units."""
    for cell in cells:
        text = unicodedata.normalize("NFKC", str(cell)).casefold().strip()
        if "matlab" in text or "datenum" in text:
            return "matlab"
        if "excel" in text or "serial" in text:
            return "excel"
        if "gps" in text:
            return "gps"
        for word in [
            text,
            *re.findall(r"[\[(（/]\s*([^\W\d_]+)\.?\s*[\])）]?\s*$", text),
            text.split("_")[-1],
            text.split(" ")[-1],
        ]:
            if word.strip() in UNIT_OF:
                return UNIT_OF[word.strip()]
    return None


def _timely(cells: list[str]) -> bool:
    return any(TIME_WORD.search(plain(cell)) for cell in cells)


TIME_WORD = re.compile(
    r"time|date|epoch|unix|stamp|^ts$|^t$|zeit|datum|heure|horodat|fecha|hora|^ora$|pvm|klo|tid$|tijd|czas"
    r"|время|дата|時|日付|年月日|날짜|시간|时间|日期|created|^when$",
)
