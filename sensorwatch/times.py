"""Texts and numbers of a logger's time columns as times, where one way of reading fits."""

import re
import unicodedata
from datetime import timezone
from typing import NoReturn

import pandas as pd

UNITS = {  # seconds in one unit of a numeric time, and the words that headers use for it
    "ns": (1e-9, "ns nsec nanosecond nanoseconds"),
    "us": (1e-6, "us µs μs usec micros microsecond microseconds mikrosekunden"),
    "ms": (1e-3, "ms msec millis millisecond milliseconds millisekunden millisecondes ミリ秒"),
    "s": (1.0, "sec secs second seconds sek sekunde sekunden seconde secondes segundo 秒"),
    "min": (60.0, "min mins mn minute minutes minuten minuto 分"),
    "h": (3600.0, "hr hrs hour hours stunde stunden heures 時間"),
    "d": (86400.0, "day days tage jours 日"),
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
PLAIN = re.compile(  # digits in one form, which pandas reads fast
    r"(\d{1,4}([-/.])\d\d?\2\d{1,4}([T ]+\d\d?(:\d\d){1,2}([.,]\d{1,9}|:\d{3,6})?( ?[AP]M)?)?)"
    r"([+-]\d\d:?\d\d|Z)?",
    re.I,
)
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
    r"(?:(?P<a>m?\d{1,4})(?P<sep>[-/., ]+)(?P<b>m?\d{1,2})[-/., ]+(?P<c>\d{1,4})(?!\d))?[t\s,_;-]*"
    r"(?:(?P<h>\d{1,4}(?=:)|\d\d)"
    r"(?:(?P<colon>:)?(?P<mi>\d\d)(?:(?(colon):)(?P<s>\d\d)(?:(?:[.,]|:(?=\d{3}))(?P<f>\d{1,9}))?)?)?)?"
    r"\s*(?:(?P<p>[ap])m?)?\s*(?P<zone>[+-]\d\d(?::?\d\d)?)?"
)
TIME_WORD = re.compile(
    r"time|date|epoch|unix|stamp|^ts$|^t$|zeit|datum|heure|horodat|fecha|hora|^ora$|pvm|klo|tid$|tijd|czas"
    r"|время|дата|時|日付|年月日|날짜|시간|时间|日期|created|^when$|elapsed|経過|uptime"
)


def option(**given: str) -> str:
    """How options are given, in Python and on the command line."""
    return " and ".join(f'{name}="{text}" (make signal: -p {name} "{text}")' for name, text in given.items())


def refuse(said: str, *ways: dict[str, str]) -> NoReturn:
    """Raises a ValueError that ends with the options that settle it, one way or another."""
    raise ValueError(f"{said}: {' or '.join(option(**way) for way in ways)}")


def listed(names) -> str:
    return ", ".join(repr(str(name)) for name in names)


def plain(name: str) -> str:
    """A column's name without case, width, accents of writing, and anything in brackets."""
    return re.sub(r"\s*[\[(（].*?[\])）]\s*", "", unicodedata.normalize("NFKC", str(name)).casefold()).strip()


def _word(match: re.Match) -> str:
    word = match[0]
    if DAYS.fullmatch(word):
        return " "
    if word in ZONES:
        return f"{ZONES[word]:+03d}"
    return next((f" m{number} " for number, begins in enumerate(MONTHS, 1) if re.match(begins, word)), word)


NORMAL = {  # local writing as digits and ASCII: months become m1 … m12, 年月日時分秒 separators, 午後 pm
    r"\([^\d()]*\)": " ",  # (土)
    r"(?<=\d)\s*[年년月월]\s*": "/",
    r"(?<=\d)\s*[日일]\s*": " ",
    r"(?<=\d)\s*[時时시点分분]\s*": ":",
    r"(?<=\d)\s*[秒초]\s*": "",
    r"午前|上午|오전": "am",
    r"午後|下午|오후": "pm",
    r"\b([ap])\.?\s?m\b\.?": r"\1m",
    r"([ap]m)\s*(\d[\d:.]*\d):?": r"\2 \1",
    r"(?<=\d)\s*(?:h|uhr)\s*(?=\d)": ":",
    r"(\d\d?)(?<![:.]\d\d)\s*h\s*$": r"\1:00",
    r"(?<=\d)(?:st|nd|rd|th)\b": "",
    r"(?<=\d|z)\[[\w/+-]+\]$": "",  # Asia/Tokyo after +09:00
    r"(?:utc|gmt)\s*(?=[+-]\d)": "",
    r"(?<!\w)[^\W\d_]+|(?<=\d)(?:z|[^\W\d_]{3,})": _word,
    r"^[ .,:]+|[ .,:]+$": "",
    r"^(\d\d?:\d\d(?::\d\d)?(?:\.\d+)?)[\s,]+(\w[\w/. -]+)$": r"\2 \1",  # the clock first
    r"^([^:]*\d)[ t](\d\d?)\.(\d\d)(?:\.(\d\d))?$": r"\1 \2:\3:\4",  # with points
    r"^((?:19|20)\d\d)(\d\d)(\d\d)": r"\1/\2/\3 ",
    r"(?<=:)(\d)(?!\d)": r"0\1",
    r":$": "",
    r"([+-])(\d)(?=$|:\d\d$)": r"\g<1>0\2",  # a zone's hours
}


def _parts(texts: pd.Series) -> pd.DataFrame:
    """The groups of `STAMP`, all of them texts or NaN."""
    texts = texts.map(lambda text: unicodedata.normalize("NFKC", text)).str.lower().str.replace("−", "-")
    for old, new in NORMAL.items():
        texts = texts.str.replace(old, new, regex=True)
    return texts.str.extract(f"^{STAMP.pattern}$")


def read_texts(texts: pd.Series, order=None, form=None) -> tuple[pd.Series, str]:
    """Texts as times: datetime64 in UTC or without a zone (NaT: unreadable), and how they were read.

    Clocks without dates come as timedelta, and "".

    Args:
        order: dmy, mdy or ymd; None finds the only one that fits.
        form: a strptime form such as "%d.%m.%y %H:%M"; it settles everything.

    Raises ValueError: two ways of reading fit, or some times have a zone and some have none.
    """
    if form:
        times = pd.to_datetime(texts, format=form, errors="coerce")
        if re.search("%[djyYGsc]", form):
            return times, f"in the form {form}"
        return times - pd.Timestamp("1900-01-01"), ""
    filled = texts[texts != ""]
    orders = [order] if order else _orders(_parts(filled.iloc[:: max(1, len(filled) // 200)]))
    found = {name: times for name in orders if (times := _in_one_form(texts, name)) is not None}
    if found:
        name = _chosen(found, len(orders))
        return found[name], ORDERS[name]
    parts = _parts(texts)
    clock, known = _clock(parts)
    if parts.a.isna().all():
        return clock.where(known & parts.mi.notna()), ""
    known &= parts.a.notna()
    zoned = parts.zone.notna() & known
    found = {name: (_days(parts, name) + clock).where(known) for name in orders}
    name = _chosen(found, len(orders))
    times = found[name]
    if not zoned.any():
        return times, ORDERS[name]
    if not zoned[known].all():
        raise ValueError("some times have a time zone and some have none; write them all alike")
    midnight = pd.to_datetime("2000-01-01T00" + parts.zone, format="ISO8601", utc=True)
    shift = pd.Timestamp("2000-01-01", tz="UTC") - midnight
    times, zones = (times - shift).dt.tz_localize("UTC"), shift[times.notna()].unique()
    if len(zones) > 1:
        return times, f"{ORDERS[name]}; their time zones change (summer time), so they are given in UTC"
    return times.dt.tz_convert(timezone(zones[0]) if zones[0] else "UTC"), ORDERS[name]


def _in_one_form(texts: pd.Series, order: str) -> pd.Series | None:
    """The fast way; None if a row has another form than the first."""
    first = PLAIN.fullmatch(texts.iloc[0])
    if not first:
        return None
    codes = order.replace("y", "Y") if re.search(r"\d{4}", first[1]) else order
    codes = iter([*codes, "I" if first[6] else "H", "M", "S", "f"])
    form = re.sub("[AP]M$", "%p", re.sub(r"\d+", lambda _: "%" + next(codes), first[1]), flags=re.I)
    form += "%z" if first[7] else ""
    try:
        times = pd.to_datetime(texts, format=form, errors="coerce")
    except ValueError:  # several time zones
        return None
    times.attrs["form"] = form
    return times if times.notna().all() else None


def _days(parts: pd.DataFrame, order: str) -> pd.Series:
    years = parts["abc"[order.index("y")]].str.len().median()
    form = " ".join("%" + letter for letter in (order if years < 3 else order.replace("y", "Y")))
    texts = (parts.a + " " + parts.b + " " + parts.c).str.replace("m", "")
    return pd.to_datetime(texts, format=form, errors="coerce")


def _clock(parts: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The time of day as a timedelta (0 where there is none), and where it is valid."""
    digits = parts[["h", "mi", "s"]].fillna("0").astype(float)
    hour, minute, second = digits.h, digits.mi, digits.s
    fraction = ("0." + parts.f).fillna("0").astype(float)
    half = parts.p.notna()
    valid = (minute < 60) & (second < 61) & ~(half & (hour > 12))
    valid &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0)) | parts.a.isna()
    hour = hour.where(~half, hour % 12 + 12 * (parts.p == "p"))
    micro = ((hour * 3600 + minute * 60 + second) * 1e6 + (fraction * 1e6).round()).astype("int64")
    return pd.to_timedelta(micro, unit="us"), valid


def _orders(parts: pd.DataFrame) -> list[str]:
    """The orders of day, month and year that the writing of a column's first date allows."""
    dated = parts.dropna(subset="a")
    if dated.empty or len(dated.a.iloc[0].removeprefix("m")) == 4:
        return ["ymd"]
    first = dated.iloc[0]
    if "m" in first.a + first.b:
        return ["mdy" if "m" in first.a else "dmy"]
    others = [] if "." in first.sep else ["mdy"]  # with points, no country writes the month first
    return ["dmy", *others, *([] if len(first.c) == 4 else ["ymd"])]


def _chosen(found: dict[str, pd.Series], tried: int) -> str:
    """The one order that reads most rows; of several, the one in which times go on without a jump."""
    unread = {name: times.isna().sum() for name, times in found.items()}
    fits = [name for name in found if unread[name] == min(unread.values())]
    if any(not found[name].equals(found[fits[0]]) for name in fits):
        steps = {name: found[name].dropna().diff().abs() for name in fits}
        steps = {name: each[each > pd.Timedelta(0)] for name, each in steps.items()}
        usual = {name: max(pd.Timedelta("2D"), 1.5 * each.median()) for name, each in steps.items()}
        steady = [name for name in fits if not (steps[name] > usual[name]).any()]
        if len(steady) != 1:
            told = " or ".join(f"{name} ({found[name].dropna().iloc[0]})" for name in fits)
            refuse(f"the dates fit {told}", {"date_order": fits[0]})
        return steady[0]
    name = fits[0]
    steps = found[name].dropna().diff()
    steps = steps if steps.median() >= pd.Timedelta(0) else -steps
    if tried > 1 and steps.min() < pd.Timedelta("-20D"):
        jump = f"times jump by {-steps.min().days} days against their order at {found[name][steps.idxmin()]}"
        why = "has Excel exchanged days and months? If not"
        refuse(f"as {ORDERS[name]}, {jump}: {why}", {"date_order": name})
    return name


def read_numbers(values: pd.Series, header: list[str], unit: str | None = None) -> tuple[pd.Series, str]:
    """Numbers as times, and how they were read. Where they are no epoch, times count from 1970-01-01
    without a zone.

    Args:
        header: what it says of that column: its name, and its unit below.
        unit: a key of `UNITS` or `ORIGINS`; None takes what the header says.

    Raises ValueError: nothing says which unit it is; the message names `unit`.
    """
    low, high = values.quantile([0.01, 0.99])
    if not unit:
        unit = named_unit(header)
        if unit in UNITS and high * UNITS[unit][0] > 9e9:  # beyond the year 2255
            unit = None
    if not unit and any(TIME_WORD.search(plain(cell)) for cell in header):
        ones = {name: UNITS[name][0] for name in ("s", "ms", "us", "ns")}
        fits = (name for name, one in ones.items() if EPOCH[0] <= low * one and high * one <= EPOCH[1])
        unit = next(fits, None)
    if not unit:
        likely = [name for name, (_, _, (first, last)) in ORIGINS.items() if first <= low and high <= last]
        example = "s" if EPOCH[0] <= low <= EPOCH[1] or not likely else likely[0]
        told = f"the unit of the times in {header[0]!r} ({values.dropna().iloc[0]:.12g}, …) is not known"
        refuse(f"{told}; name one of {', '.join([*UNITS, *ORIGINS])}", {"unit": example})
    base, origin, _ = ORIGINS.get(unit, (unit, 0, None))
    seconds = values * UNITS[base][0] + origin
    epoch = EPOCH[0] <= low * UNITS[base][0] <= 4e9
    since = "since 1970-01-01 (epoch), UTC" if epoch else "from the start, shown as from 1970-01-01"
    words = f"{unit} {since}"
    if unit in ORIGINS:
        complete = seconds.round()
        seconds = complete if (seconds - complete).abs().max() < 0.06 else seconds.round(3)
        words, epoch = f"{unit} time, in {base}", base == "s"
    times = pd.to_datetime((seconds.where(seconds.abs() < 9e9) * 1e6).round().astype("Int64"), unit="us")
    return (times.dt.tz_localize("UTC") if epoch else times), words


def named_unit(header: list[str]) -> str | None:
    """The unit that a header gives: `Time (ms)`, `elapsed_s`, `経過時間(分)`, or a line of units."""
    for cell in header:
        text = unicodedata.normalize("NFKC", str(cell)).casefold().strip()
        if serial := re.search("matlab|datenum|excel|serial|gps", text):
            return {"datenum": "matlab", "serial": "excel"}.get(serial[0], serial[0])
        last = re.search(r"(?:^|[\s_\[(/])([^\W\d_]+)\.?\s*[\])]?$", text)
        if last and last[1] in UNIT_OF | dict.fromkeys("shd"):
            return UNIT_OF.get(last[1], last[1])
    return None
