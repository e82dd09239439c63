"""Files as loggers write them: each is read right, or refused with the option that then makes it right."""

import inspect
import warnings

import numpy as np
import pandas as pd
import pytest

from sensorwatch import read_csv

N = 40
TIMES = pd.date_range("2026-03-28 22:00", periods=N, freq="10min")
VALUES = np.round(20 + 5 * np.sin(np.arange(N) / 4), 2)
UTC, TOKYO = TIMES.tz_localize("UTC"), TIMES.tz_localize("+09:00")
SINCE = pd.Timestamp(0) + (TIMES - TIMES[0])  # seconds from the start
HOURS = pd.date_range("2026-03-28 22:00", periods=N, freq="h")
SINCE0 = pd.date_range(0, periods=N, freq="s")
SECONDS = pd.date_range(0, periods=N, freq="100s")
EARLY = TIMES - pd.Timedelta("23D 22h")  # 2026-03-05: may be the third of May
SECOND = pd.date_range("2026-03-28 22:00Z", periods=N, freq="s")
DAILY = pd.date_range("2026-03-28", periods=N, freq="D")
NOON = DAILY + pd.Timedelta("12h")
X, S, DMY = {"value": "x"}, {"unit": "s"}, {"date_order": "dmy"}
TENTHS = pd.date_range("2026-06-01 17:01:39", periods=N, freq="100ms")


def lines(head, row, times=TIMES):
    """A file: `row` is a format of t (the time) and n (the row), v, c and k (the value, with a decimal comma,
    with three decimals after a comma), s, l, e, m, g (the time since 1970, 1904, 1899, year 0; in
    thousands).
    """
    made = []
    for n, (t, v) in enumerate(zip(times, VALUES, strict=False)):
        s, c, k = int(t.timestamp()), f"{v:.2f}", f"{v:.3f}"
        more = {"s": s, "l": s + 2_082_844_800, "e": s / 86400 + 25569, "m": s / 86400 + 719529}
        more |= {"g": f"{1000 * s:,}".replace(",", "."), "ms": t.microsecond // 1000}
        more |= {"s1": 1_774_735_200 + n, "n1": 46_109 + n, "l2": t + pd.Timedelta("5min")}
        more |= {"c": c.replace(".", ","), "k": k.replace(".", ",")}
        made.append(row.format(t=t, v=v, n=n, **more))
    return [*head, *made]


def half(head, row, words):
    """Rows with clocks of twelve hours: {w} is one of the two words for the half of the day."""
    made = zip(TIMES, VALUES, strict=True)
    return [head, *(row.replace("{w}", words[t.hour > 11]).format(t=t, v=v) for t, v in made)]


def read(tmp_path, rows, encoding="utf-8", end="\n", **options):
    path = tmp_path / "pump.csv"
    path.write_bytes((end.join(rows) + end).encode(encoding))
    return read_csv(path, **options)


def check(signal, times, values=VALUES):
    assert signal.dtype == np.float64
    np.testing.assert_allclose(signal, values, rtol=1e-9)
    expected = pd.RangeIndex(len(signal)) if times is None else pd.DatetimeIndex(times).as_unit("ns")
    assert list(signal.index) == list(expected)
    assert times is None or str(signal.index.tz) == str(expected.tz)


ISO = "{t:%Y-%m-%d %H:%M:%S},{v}"
READ = {  # rows, what `read` takes, the times that must come out
    "ISO": (lines(["time,x"], ISO), {}, TIMES),
    "CR LF": (lines(["time,x"], ISO), {"end": "\r\n"}, TIMES),
    "old Mac": (lines(["time,x"], ISO), {"end": "\r"}, TIMES),
    "bars": (lines(["time|x"], "{t:%Y-%m-%d %H:%M}|{v}"), {}, TIMES),
    "spaces": (lines(["time x"], "{t:%Y-%m-%dT%H:%M}  {v}"), {}, TIMES),
    "fixed width": (lines(["date       time     x"], "{t:%Y-%m-%d %H:%M:%S}   {v}"), {}, TIMES),
    "decimal comma": (lines(["Zeit;x"], "{t:%d.%m.%Y %H:%M};{c}"), {}, TIMES),
    "UTF-16": (lines(["Zeit\tx"], "{t:%d.%m.%Y %H:%M}\t{c}"), {"encoding": "utf-16"}, TIMES),
    "UTF-16 without a mark":
        (lines(["Zeit\tx"], "{t:%d.%m.%Y %H:%M}\t{c}"), {"encoding": "utf-16-le"}, TIMES),
    "byte order mark": (lines(["time,x"], ISO), {"encoding": "utf-8-sig"}, TIMES),
    "EUC-JP": (lines(["日時,温度"], "{t:%Y年%m月%d日 %H時%M分},{v}"), {"encoding": "euc_jp", "value": "温度"}, TIMES),
    "ISO-2022-JP": (lines(["日時,温度"], ISO), {"encoding": "iso2022_jp", "value": "温度"}, TIMES),
    "Shift-JIS": (lines(["日時,ﾎﾟﾝﾌﾟ"], "{t:%Y/%m/%d}(土) {t:%H:%M},{v}"), {"encoding": "cp932"}, TIMES),
    "Cyrillic":
        (lines(["Время;Темп"], "{t:%d.%m.%Y %H:%M};{c}"), {"encoding": "cp1251", "value": "Темп"}, TIMES),
    "western":
        (lines(["Zeit;Temp °C"], "{t:%d.%m.%Y %H:%M};{c}"),
         {"encoding": "cp1252", "value": "temp °c"}, TIMES),
    "UTC": (lines(["time,x"], "{t:%Y-%m-%d %H:%M} UTC,{v}"), {}, UTC),
    "Z": (lines(["time,x"], "{t:%Y-%m-%dT%H:%M:%S.000Z},{v}"), {}, UTC),
    "+09": (lines(["time,x"], "{t:%Y-%m-%d %H:%M:%S}+09,{v}"), {}, TOKYO),
    "GMT+09:00": (lines(["time,x"], "{t:%Y-%m-%d %H:%M:%S} GMT+09:00,{v}"), {}, TOKYO),
    "a zone's name": (lines(["time,x"], "{t:%Y-%m-%dT%H:%M:%S}+09:00[Asia/Tokyo],{v}"), {}, TOKYO),
    "JST": (lines(["time,x"], "{t:%Y/%m/%d %H:%M} JST,{v}"), {}, TOKYO),
    "clock first": (lines(["time,x"], "{t:%H:%M:%S %d/%b/%Y},{v}"), {}, TIMES),
    "month's name": (lines(["time;x"], "{t:%b %d, %Y %H:%M};{v}"), {}, TIMES),
    "German month": (lines(["Zeit;x"], "{t:%d}. März {t:%Y %H:%M};{c}"), {}, TIMES),
    "day's name": (lines(["time,x"], "{t:%a %d %b %Y %H:%M},{v}"), {}, TIMES),
    "French h": (lines(["heure;x"], "{t:%d/%m/%Y %Hh%M};{c}"), {}, TIMES),
    "clock with points": (lines(["time,x"], "{t:%Y-%m-%d %H.%M.%S},{v}"), {}, TIMES),
    "clock with points apart": (lines(["pvm;klo;x"], "{t:%d.%m.%Y;%H.%M};{c}"), {}, TIMES),
    "ms after a colon": (lines(["time,x"], "{t:%Y/%m/%d %H:%M:%S:%f},{v}", TENTHS), {}, TENTHS),
    "AM, PM": (half("time;x", "{t:%m/%d/%Y %I:%M} {w};{v}", ("AM", "PM")), {}, TIMES),
    "a. m.": (half("time;x", "{t:%d/%m/%Y %I:%M:%S} {w};{v}", ("a. m.", "p. m.")), {}, TIMES),
    "a, p": (half("time;x", "{t:%d/%m/%y %I:%M}{w};{v}", "ap"), {}, TIMES),
    "午前": (half("time;x", "{t:%Y/%m/%d} {w}{t:%I}時{t:%M}分;{v}", ("午前", "午後")), {}, TIMES),
    "AM in a column": (half("date;clock;ap;x", "{t:%Y-%m-%d};{t:%I:%M};{w};{v}", ("AM", "PM")), {}, TIMES),
    "short year": (lines(["time;x"], "{t:%y/%m/%d %H:%M};{v}"), {}, TIMES),
    "24:00":
        ([r.replace("29 00:00", "28 24:00") for r in lines(["t,x"], "{t:%Y-%m-%d %H:%M},{v}")], {}, TIMES),
    "epoch each second": (lines(["time,x"], "{s1},{v}"), {}, SECOND),
    "another delimiter in words": (lines(["time,x,note"], ISO + ",a;b;c"), X, TIMES),
    "a setting beside": (lines(["time,set_point,voltage,x"], "{t},20,23{n},{v}"), X, TIMES),
    "Spanish": (lines(["fecha;x"], "{t:%d} de marzo de {t:%Y %H:%M};{c}"), {}, TIMES),
    "Russian": (lines(["Время;x"], "{t:%d} марта {t:%Y %H:%M};{c}"), {}, TIMES),
    "digits": (lines(["stamp,x"], "{t:%Y%m%d%H%M%S},{v}"), {}, TIMES),
    "digits to the hour": (lines(["time,x"], "{t:%Y%m%d%H},{v}", HOURS), {}, HOURS),
    "digits in two columns": (lines(["DATE,TIME,x"], "{t:%Y%m%d},{t:%H%M},{v}"), {}, TIMES),
    "milliseconds apart": (lines(["Datum;Zeit;ms;x"], "{t:%d.%m.%Y;%H:%M:%S};{ms};{v}", TENTHS), {}, TENTHS),
    "epoch": (lines(["time,x"], "{t.value},{v}"), {}, UTC),
    "epoch, ms": (lines(["ts,x"], "{s}000,{v}"), {}, UTC),
    "epoch, decimal comma": (lines(["time;x"], "{s},0;{c}"), {}, UTC),
    "epoch in thousands": (lines(["time;x"], "{g};{c}"), {}, UTC),
    "seconds in the name": (lines(["elapsed [s],x"], "{n}00,{v}"), {}, SECONDS),
    "minutes in Japanese": (lines(["経過時間(分),x"], "{n}0,{v}"), {}, SINCE),
    "seconds in the units": (lines(["time,x", "s,bar"], "{n}00.0,{v}"), {}, SECONDS),
    "datenum": (lines(["datenum,x"], "{m:.8f},{v}"), {}, TIMES),
    "elapsed":
        (lines(["elapsed,x"], "{n}:00:00,{v}"), {},
         pd.Timestamp(0) + pd.to_timedelta(np.arange(N), unit="h")),
    "rows": (lines(["x"], "{v}"), {}, None),
    "rows counted": (lines(["time,x"], "{n},{v}"), {}, None),
    "rows counted, no header": (lines([], "{n},{v}"), {}, None),
    "no header": (lines([], ISO), {}, TIMES),
    "newest first": (["time,x", *lines([], ISO)[::-1]], {}, TIMES),
    "whole lines quoted": ([f'"{row}"' for row in lines(["time,x"], ISO)], {}, TIMES),
    "lines above":
        (lines(["Logger;;", "Start;2026-03-28;", "", "time;x;y"], "{t:%Y-%m-%d %H:%M};{v};5"), X, TIMES),
    "start and stop above":
        (lines(["Start,2026-03-28 22:00:00", "Stop,2026-03-29", "time,x"], ISO), X, TIMES),
    "units": (lines(["time,x", "s,mg/L"], ISO), X, TIMES),
    "names in two lines":
        (lines(["\t\t Temp\tHi", " Date\tTime\t Out\tTemp"], "{t:%d/%m/%y\t%H:%M}\t{v}\t99.5"),
                           {"value": "Temp Out"}, TIMES),
    "numbers as names": (lines(["Date,1,2"], ISO + ",5"), {"value": "1"}, TIMES),
    "comments": (lines(["#datatype,dateTime,double", "time,x"], ISO), X, TIMES),
    "header again":
        (lines(["time,x"], ISO)[:20] + ["time,x,y"] + [r + ",50" for r in lines([], ISO)[19:]], X, TIMES),
    "column added": (lines(["time,x"], ISO)[:20] + [r + ",50" for r in lines([], ISO)[19:]], X, TIMES),
    "comma at the end": (lines(["time,x"], ISO + ","), X, TIMES),
    "footer": ([*lines(["time,x"], ISO), "", "Average:,20.0", "End of data,"], X, TIMES),
    "zero bytes": ([*lines(["time,x"], ISO)[:20], "\0" * 99, *lines([], ISO)[19:]], X, TIMES),
    "a lone quote": (lines(["time,x,note"], ISO + ',5" pipe'), X, TIMES),
    "an event's line":
        (["time,x", *lines([], ISO)[:10], f"{TIMES[9]},Host connected", *lines([], ISO)[10:]], X, TIMES),
    "a constant date beside": (lines(["install_date,time,x"], "2020-01-01,{t},{v}"), X, TIMES),
    "MEZ": (lines(["Zeit;x"], "{t:%d.%m.%Y %H:%M} MEZ;{c}"), {}, TIMES.tz_localize("+01:00")),
    "a name in two lines": (lines(['"Zeit', '(lokal)";"x', '[bar]"'], "{t};{c}"), {"value": "x"}, TIMES),
    "labels above":
        (lines(["Tag No.,,TI-1", "Unit,,C", "Date,Time,x"], "{t:%Y/%m/%d,%H:%M:%S},{v}"), X, TIMES),
    "epoch, spaces": (lines(["ts x"], "{s}.000 {v}"), {}, UTC),
    "space after the sign": (lines(["time,x,y"], ISO.replace("{v}", "+   {v}") + ",+   2.5"), X, TIMES),
    "hours and weekdays beside":
        (lines(["time,hour,wday,x"], "{t},{t.hour},{t.day_of_week},{v}", HOURS), X, HOURS),
    "epoch in ms, not as its header says": (lines(["time [s],x"], "{s}000,{v}"), {}, UTC),
    "spaces around": (lines(["time , x"], "{t:%Y-%m-%d %H:%M} , {v} "), X, TIMES),
    "epoch beside": (lines(["epoch,iso,x"], "{s},{t},{v}"), X, TIMES),
}  # fmt: skip


@pytest.mark.parametrize("form", READ)
def test_what_loggers_write_is_read(tmp_path, form):
    rows, options, times = READ[form]
    signal, report = read(tmp_path, rows, **options)
    check(signal, times)
    assert report.rows >= report.points == N and not (report.gaps or report.backward or report.missing)
    words = [word for word, _ in report.lines()]
    told = {"delimiter", "columns", "value", "time", "first row", "last row"}
    assert words[0] == "encoding" and told <= set(words)


NUMBERS = {  # delimiter, cells, values
    "thousands": (";", ["1,234.5", "999.5"], [1234.5, 999.5]),
    "thousands, German": (";", ["1.234,5", "999,5"], [1234.5, 999.5]),
    "thousands twice": (";", ["1.000.050", "995.000"], [1000050, 995000]),
    "thousands, Swiss": (";", ["1'234.5", "999.5"], [1234.5, 999.5]),
    "thousands, French": (";", ["1\u202f234,5", "999,5"], [1234.5, 999.5]),
    "thousands, Indian": (";", ["1,00,234.5", "99.5"], [100234.5, 99.5]),
    "three decimals": (";", ["1.028", "0.995"], [1.028, 0.995]),
    "three decimals, quoted commas": (",", ['"1,028"', '"0,995"'], [1.028, 0.995]),
    "three decimals in a file of commas": (",", ["1.028", "1.995"], [1.028, 1.995]),
    "exponents": (";", ["2,056E-05", "1,0E-05"], [2.056e-5, 1e-5]),
    "Fortran": (",", ["2.056D-05", "1.0D-05"], [2.056e-5, 1e-5]),
    "minus after": (";", ["0.11-", "0.65"], [-0.11, 0.65]),
    "brackets": (";", ["(0.11)", "0.65"], [-0.11, 0.65]),
    "minus sign": (";", ["−0.11", "+0.65"], [-0.11, 0.65]),
    "full width": (";", ["１２．５", "１３．５"], [12.5, 13.5]),
    "per cent": (",", ["20.5%", "21.5%"], [20.5, 21.5]),
    "kW beside W": (",", ["18.5 kW", "950 W"], [18500, 950]),
    "degrees": (";", ["20,5 °C", "21,5 °C"], [20.5, 21.5]),
    "switches": (",", ["True", "False"], [1, 0]),
}


@pytest.mark.parametrize("form", NUMBERS)
def test_numbers_are_read(tmp_path, form):
    delimiter, cells, values = NUMBERS[form]
    rows = [f"time{delimiter}x", *(f"{t}{delimiter}{cells[n % 2]}" for n, t in enumerate(TIMES))]
    check(read(tmp_path, rows)[0], TIMES, np.resize(values, N))


TWICE = [row for row in lines([], ISO) for _ in range(2)]
WOVEN = ["time,tag,x", *(row.replace(",", f",{s},") for row in lines([], ISO) for s in ("S1", "S2"))]
SIX = lines(["Nr,Date,Time,x,Alarm"], "{n},{t:%Y/%m/%d,%H:%M:%S},+{c},LL")
REFUSED = {  # rows, what the message names, the options that make it right, the times
    "day or month":
        (lines(["t;x"], "{t:%d/%m/%Y %H:%M};{v}", EARLY), "dmy .* or mdy .*date_order=", DMY, EARLY),
    "month or day":
        (lines(["t,x"], "{t:%m/%d/%Y %H:%M},{v}", EARLY), "date_order=", {"date_order": "mdy"}, EARLY),
    "unit": (lines(["time,x"], "{n}00.0,{v}"), "line 2|unit=", {"unit": "s"}, SECONDS),
    "Excel": (lines(["Date,x"], "{e:.6f},{v}"), 'unit="excel"', {"unit": "excel"}, TIMES),
    "LabVIEW": (lines(["time,x"], "{l}.000,{v}"), 'unit="labview"', {"unit": "labview"}, UTC),
    "mm:ss": (lines(["time,x"], "00:{n:02d},{v}"), "'00:00'.*unit=", {"unit": "min"}, SINCE0),
    "midnight": (lines(["time,x"], "{t:%H:%M:%S},{v}"), "line 14: .*back at '00:00:00'.*start=",
                 {"start": "2026-03-28 22:00", "step": "10min"}, TIMES),
    "no time's name":
        (lines(["X_Value,y"], "{n}00.0,{v}"), "'X_Value'.*value=", {"time": "X_Value"} | S, SECONDS),
    "own form": (lines(["t,x"], "{t:%Y-%j %H:%M},{v}"), "line 2.*unit=", {"unit": "%Y-%j %H:%M"}, TIMES),
    "unknown zone":
        (lines(["t,x"], "{t} EST,{v}"), "line 2.*EST.*unit=", {"unit": "%Y-%m-%d %H:%M:%S EST"}, TIMES),
    "UTC beside local": (lines(["local,utc,x"], "{t},{t:%Y-%m-%dT%H:%M:%SZ},{v}"), "time=.local.*time=.utc",
                         {"time": "utc"} | X, UTC),
    "two times": (lines(["start,end,x"], "{t},{l2},{v}"), "'start', 'end'.*time=", {"time": "start"}, TIMES),
    "lost seconds": (["time,x", *TWICE], "line 3.*50%.*step=", {"every": "10min"}, TIMES),
    "lost seconds, known step": (lines(["time,x"], "2026-03-28 22:00,{v}"), "line 3.*start=",
                                 {"start": "2026-03-28 22:00", "step": "10min"}, TIMES),
    "Excel's days": (lines(["Date,Time,x"], "{e:.0f},0.5,{v}", DAILY), "time=.Date,Time",
                     {"value": "x", "time": "Date,Time", "unit": "excel"}, NOON),
    "sensors": (WOVEN, "'S1', 'S2'.*where=", {"value": "x", "where": "tag=S2"}, TIMES),
    "thousands or decimals": (lines(["time;x"], "{t};{k}"), "'2[0-9],.*decimal=", {"decimal": ","}, TIMES),
    "delimiter or decimal":
        (lines(["time,x"], "{t},{c}"), "line 2 has 3 cells.*decimal=", {"decimal": ","}, TIMES),
    "delimiter or decimal, six": (SIX, "line 2 has 6 cells.*decimal=", {"decimal": ",", "value": "x"}, TIMES),
    "one column": (lines(["x"], "{c}"), "decimal=", {"decimal": ",", "value": "x"}, None),
    "channels": (lines(["time,x,y"], ISO + ",1"), "'x', 'y'.*value=", {"value": "x"}, TIMES),
    "seconds of one clock": (lines(["a,x"], "{s1},{v}"), "'a', 'x'|time=", {"time": "a"} | S | X, SECOND),
    "days of Excel": (lines(["Date,x"], "{n1},{v}"), 'unit="excel"', {"unit": "excel"}, DAILY),
    "date and hour": (lines(["date,hour,x"], "{t:%Y-%m-%d},{t.hour},{v}", HOURS), 'time="date,hour"',
                      {"time": "hour,date"} | X, HOURS),
    "年月日時": (lines(["年,月,日,時,x"], "{t.year},{t.month},{t.day},{t.hour},{v}", HOURS), "time=.年,月,日,時",
             {"time": "年,月,日,時"} | X, HOURS),
    "day of the year": (lines(["year,doy,hhmm,x"], "{t.year},{t.day_of_year},{t.hour}{t:%M},{v}"),
                        "time=.year,doy,hhmm", {"time": "year,doy,hhmm"} | X, TIMES),
    "days of one month": (lines(["t;x"], "{t:%d/%m/%Y};{v}", DAILY[4:16]), "date_order=", DMY, DAILY[4:16]),
    "Chinese": (lines(["时间,x"], "{t:%Y年%m月%d日 %H:%M},{v}"), "encoding=", {"encoding": "gbk"}, TIMES),
}  # fmt: skip


@pytest.mark.parametrize("form", REFUSED)
def test_what_fits_in_two_ways_is_refused_and_the_option_settles_it(tmp_path, form):
    rows, said, options, times = REFUSED[form]
    written = options.pop("encoding", "utf-8")
    with pytest.raises(ValueError, match=rf"^pump\.csv: .*({said})") as caught:
        read(tmp_path, rows, written)
    assert "\n" not in str(caught.value)
    if written != "utf-8":
        options["encoding"] = written
    check(read_csv(tmp_path / "pump.csv", **options)[0], times, VALUES[: len(rows) - 1])


HALVED = "t,x\n" + "".join(f"2026-03-01 {n % 12 + 1:02d}:{n % 60:02d}:{n},{n}.5\n" for n in range(10, 48))
LEFT = b"2026-01-01,\n" * 100
HOPELESS = {  # content, options, what must be said
    "empty": (b"", {}, "is empty"),
    "zeros": (bytes(500), {}, "is empty"),
    "commas": (b",,,\n,,,\n", {}, "no line holds readings"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0", {}, "no text but a workbook, a picture"),
    "a workbook": (b"PK\x03\x04xl/", {}, "no text but a workbook"),
    "binary": (bytes(range(256)) * 4, {}, "another binary file"),
    "prose": (b"Dear all,\nthe pump is down.\n", {}, "no line holds readings .*begins 'Dear all,'"),
    "a header alone": (b"time,x\n", {}, "no line holds readings"),
    "times alone": (b"time\n2026-01-01 00:00\n2026-01-01 00:10\n", {}, "no column of numbers"),
    "no such value": (b"time,Pressure [bar]\n2026-01-01,1\n", {"value": "presure"}, "Did you mean 'Pressure"),
    "the time as value": (b"time,x\n2026-01-01,1\n", {"value": "time"}, "'time' holds the times"),
    "NaN": (b"time,x\n2026-01-01,NaN\n2026-01-02,NaN\n", {"value": "x"}, "values of 'x' are missing"),
    "text": (b"time,x,s\n2026-01-01,1,a\n2026-01-02,2,b\n", {"value": "s"}, "text, such as .*'a'"),
    "no such rows": (b"time,x,s\n2026-01-01,1,a\n", {"where": "s=b"}, "no row has 'b'.*'a'"),
    "zones mixed": (b"time,x\n2026-01-01 00:00Z,1\n2026-01-01 01:00,2\n", {}, "some have none"),
    "two formats": (b"t,x\n28/03/2026,1\n29/03/2026,1\n2026-03-30,2\n", {}, "line 4: '2026-03-30'"),
    "a local start": (b"x\n1\n2\n", {"start": "01/02/2026", "step": "1h"}, "write start=.2026-03-01 00:00"),
    "an unknown order": (b"x\n1\n", {"date_order": "ddmm"}, "there are dmy, mdy, ymd"),
    "an unknown unit": (b"x\n1\n", {"unit": "parsec"}, "there are ns, us"),
    "an unknown decimal sign": (b"x\n1\n", {"decimal": ";"}, 'expected "," or "."'),
    "a start without a step": (b"x\n1\n", {"start": "2026-01-01"}, "step=.10min"),
    "points and commas": (b"t;x\n2026-01-01;1.5\n2026-01-02;1,5\n", {}, "points and commas .*decimal="),
    "endless times": (b"time,x\n1e999,1\n1e999,2\n", {}, "no cell of 'time'"),
    "clocks that go back": (b"t,x\n10:00:05,1\n10:00:09,2\n09:00:00,3\n", {}, "line 4: .*'09:00:00'.*start="),
    "lost halves of the day": (HALVED.encode(), {}, "AM and PM are lost.*start="),
    "values without times": (b"t,x\n" + LEFT + b",1\n" + 2 * LEFT, {"value": "x"}, "both a time and"),
    "rows to average": (b"x\n1\n2\n", {"every": "1h"}, "every is '1h'.*and times"),
    "an unknown encoding": (b"x\n1\n", {"encoding": "morse"}, "encoding 'morse' is unknown"),
    "another header": (b"t,x,y\n2026-01-01,1,2\nt,y,x\n" + b"2026-01-02,2,1\n" * 9, {}, "line 3: a new"),
    "rows of no text": (b"x,s\n1,a\n", {"where": "s"}, "such as sensor=S1"),
    "a row that is longer":
        (b"t,x,y\n" + b"2026-01-01,1.5,b\n2026-01-02,1.5,b,c\n" * 20, X, "line 3 has 4 cells, .*decimal="),
    "a shifted row": (b"t,x,y\n" + b"2026-01-01,1,2\n2026-01-02,1,2,3\n" * 20, X, "line 3 has 4 cells"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOPELESS)
def test_other_files_get_one_sentence(tmp_path, name):
    content, options, said = HOPELESS[name]
    (tmp_path / "bad{}.csv").write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        read_csv(tmp_path / "bad{}.csv", **options)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("bad{}.csv: ")


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not there"):
        read_csv(tmp_path / "pump.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_csv(tmp_path)


def test_the_report_counts_what_is_wrong(tmp_path):
    index = pd.date_range("2026-03-28 22:00", periods=100, freq="10min")
    cells = [f"{20 + n % 7}.5" for n in range(100)]
    cells[3:9] = ["Err", "", "-", "inf", "NaN", "20.5*"]
    cells[50:62] = ["7.5"] * 12
    rows = [f"{t},{cell}" for t, cell in zip(index, cells, strict=True)]
    rows[30], rows[31] = rows[31], rows[30]
    rows.insert(41, rows[40])
    del rows[80:83]
    signal, report = read(tmp_path, ["time,x", *rows, "End of data,"])
    assert (report.rows, report.points, report.missing) == (99, 97, 6)
    assert (report.untimed, report.duplicates, report.step) == (1, 1, 600)
    channel = report.channels["x"]
    assert channel.unreadable == {"Err": 1, "-": 1, "20.5*": 1} and channel.infinite == 1
    assert channel.constant == [(index[50], index[61], 7.5, 12)]
    assert (channel.low, channel.high) == (7.5, 26.5)
    assert report.gaps == [(index[78], index[82])] and report.backward == [(index[30], 600.0)]
    for word in ("gaps", "steps back in time", "repeated times", "without a time", "missing values"):
        assert f"  {word}" in str(report)
    assert "  constant stretches" in str(report)
    assert signal.index.is_monotonic_increasing and signal.index.is_unique


def test_sentinel_values_are_told_and_taken_out_on_request(tmp_path):
    rows = lines(["time,x"], ISO)
    rows[1::9] = [f"{row.split(',')[0]},-200.0" for row in rows[1::9]]
    signal, report = read(tmp_path, rows)
    assert report.channels["x"].sentinels == [(-200, 5)] and "missing=-200" in str(report)
    assert signal.min() == -200
    for missing in (-200, "-200", [-200, 999]):
        signal, report = read(tmp_path, rows, missing=missing)
        assert report.missing == 5 and signal.min() > 0
    rows[5], rows[1::9] = f"{TIMES[4]},65535", [f"{row.split(',')[0]},-9999" for row in rows[1::9]]
    assert read(tmp_path, rows)[1].channels["x"].sentinels == [(65_535, 1), (-9_999, 5)]


EMPTY = dict.fromkeys(list(inspect.signature(read_csv).parameters)[1:], "")


@pytest.mark.parametrize("form", ["ISO", "decimal comma", "epoch", "seconds in the name", "rows"])
def test_an_empty_option_is_none(tmp_path, form):
    signal, report = read(tmp_path, READ[form][0])
    again, told = read_csv(tmp_path / "pump.csv", **EMPTY)
    pd.testing.assert_series_equal(signal, again)
    assert str(report) == str(told)


def test_times_are_written_back_as_the_file_writes_them(tmp_path):
    for form in ("%d.%m.%Y %H:%M", "%d/%m/%y %I:%M %p", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        rows = ["time;x", *(f"{t:{form}};{v}" for t, v in zip(TIMES, VALUES, strict=True))]
        attrs = read(tmp_path, rows)[0].attrs
        assert TIMES[9].strftime(attrs["form"]) == rows[10].split(";")[0]
        assert attrs["date_order"] == ("dmy" if form.startswith("%d") else None)


def test_several_channels_and_every(tmp_path):
    rows = lines(["time,x,y"], ISO + ",{n}")
    table, report = read(tmp_path, rows, value="x,y")
    assert list(table) == ["x", "y"] and list(report.channels) == ["x", "y"]
    hourly, _ = read(tmp_path, rows, value="y", every="1h,sum")
    mean, _ = read(
        tmp_path,
        ["time,x", *(f"{t},{v + k}" for t, v in zip(TIMES, VALUES, strict=True) for k in (0, 2))],
        every="10min",
    )
    check(mean, TIMES, VALUES + 1)
    assert list(hourly[:2]) == [15, 51] and hourly.index[1] == pd.Timestamp("2026-03-28 23:00")
    with pytest.raises(ValueError, match="every is '1 moon'"):
        read(tmp_path, rows, value="y", every="1 moon")


def test_short_gaps_are_bridged_on_request(tmp_path):
    """Rows 5, 10 to 12 are missing, 20 and 30 to 33 have no value; the values lie on a line."""
    rows = ["time,x", *(f"{t},{'' if n in (20, 30, 31, 32, 33) else n}" for n, t in enumerate(TIMES))]
    lost = [row for n, row in enumerate(rows, -1) if n not in (5, 10, 11, 12)]
    signal, report = read(tmp_path, lost, bridge=2)
    known = sorted({*range(N)} - {10, 11, 12})
    values = np.where(np.isin(known, (30, 31, 32, 33)), np.nan, known)
    check(signal, TIMES[known], values)
    assert "2 missing values, in a straight line" in str(report) and len(report.gaps) == 1
    check(read(tmp_path, lost, bridge=4)[0], TIMES, np.arange(N))
    assert read(tmp_path, ["x", "1", "", "3"], value="x")[0].isna().sum() == 0  # an empty line is no row
    check(read(tmp_path, ["x,y", "1,", "2,", ",3", "4,"], value="x", bridge=1)[0], None, [1, 2, 3, 4])
    with pytest.raises(ValueError, match="bridge is -1"):
        read(tmp_path, lost, bridge=-1)


def test_a_change_to_summer_time(tmp_path):
    zoned = pd.date_range("2026-03-28", periods=72, freq="h", tz="Europe/Berlin")
    signal, report = read(tmp_path, ["time,x", *(f"{t.isoformat()},{n}.5" for n, t in enumerate(zoned))])
    assert not report.gaps and list(signal.index) == list(zoned) and "summer time" in str(report)
    back = pd.date_range("2026-10-25", periods=36, freq="10min", tz="Europe/Berlin").tz_localize(None)
    rows = ["time,x", *(f"{t},{n}.5" for n, t in enumerate(back))]
    year = pd.date_range("2026-01-01", "2026-12-31", freq="30min", tz="Europe/Berlin").tz_localize(None)
    for written in (rows, ["time,x", *(f"{t},{n}.5" for n, t in enumerate(year))]):
        with pytest.raises(ValueError, match=r"back by an hour to 2026-10-25 02:00:00.*every=.*start="):
            read(tmp_path, written)


def test_sensors_that_take_turns_under_numbers_are_refused(tmp_path):
    rows = ["time,addr,x"]
    for t, v in zip(TIMES, VALUES, strict=True):
        rows += [f"{t},17,{v}", f"{t + pd.Timedelta('1s')},18,{v + 50:.2f}"]
    with pytest.raises(ValueError, match=r"'17', '18'.*where="):
        read(tmp_path, rows, value="x")
    check(read(tmp_path, rows, value="x", where="addr=17")[0], TIMES)


def test_a_minimum_is_no_minute(tmp_path):
    rows = lines(["date,min,max"], "{t:%Y-%m-%d},{n},{v}", DAILY)
    check(read(tmp_path, rows, value="max")[0], DAILY)
    falling = ["min,max", *(f"{40 - n},{v}" for n, v in enumerate(VALUES))]
    check(read(tmp_path, falling, value="max")[0], None)


@pytest.mark.parametrize("form", ["date and hour", "day of the year", "digits in two columns"])
def test_a_damaged_clock_changes_no_other_row(tmp_path, form):
    rows, *_, options, times = (REFUSED | READ)[form]
    first, *body = rows * 5  # one damaged cell in two hundred
    body = [row for row in body if row != first]
    body[7] = ",".join([*body[7].split(",")[:-2], "1x345678", body[7].split(",")[-1]])
    signal, report = read(tmp_path, [first, *body], every="1min", **options)
    assert report.untimed == 1 and set(signal.index) == set(times)


def test_many_decimal_commas_are_joined_where_one_way_fits(tmp_path):
    names = ",".join(f"c{k}" for k in range(30))
    cells = [",".join(f"{n + k},{k}5" for k in range(30)) for n in range(N)]
    rows = [f"time,{names}", *(f"{t},{row}" for t, row in zip(TIMES, cells, strict=True))]
    check(read(tmp_path, rows, value="c7", decimal=",")[0], TIMES, np.arange(N) + 7.75)
    with pytest.raises(ValueError, match="cannot be told from delimiters"):
        read(tmp_path, [f"time,n,{names}", *(row.replace(",", ",3,", 1) for row in rows[1:])], decimal=",")


@pytest.mark.parametrize("told", ["line 52 has 6 cells, the header 3", "line 52 has fewer cells"])
def test_one_damaged_line_of_two_hundred_is_left_out(tmp_path, told):
    times = pd.date_range("2026-03-28", periods=200, freq="10min")
    rows = [f"{t:%Y-%m-%dT%H:%M} {n}.5 1" for n, t in enumerate(times)]
    damaged = [rows[50][:16] + "      1"]
    if "6" in told:
        rows = [row.replace(" ", ",") for row in rows]
        damaged, times = [rows[50] + "," + rows[51]], times.delete(51)
        del rows[51]
    head = "time x y" if " " in rows[0] else "time,x,y"
    signal, report = read(tmp_path, [head, *rows[:50], *damaged, *rows[51:]], value="x")
    assert list(signal.index) == list(times.delete(50))
    assert f"1 lines left out; {told}" in str(report)


def test_days_and_months_that_excel_exchanged_in_some_rows_are_refused(tmp_path):
    """What Excel takes for a date of its own order it writes anew; the 13th to the 31st stay as they were."""
    days = pd.date_range("2026-03-10", periods=200, freq="h")
    forms = ("%d/%m" if t.day > 12 else "%m/%d" for t in days)
    rows = [
        "time,x",
        *(f"{t:{form}/%Y %H:%M},{n}.5" for n, (t, form) in enumerate(zip(days, forms, strict=True))),
    ]
    with pytest.raises(ValueError, match=r"jump by \d+ days .*2026-03-13.*date_order="):
        read(tmp_path, rows)


LATE = {"2026-03-28 22:00": 1.5, "2026-03-28 23:00": 2.5}
UNSURE = {  # text, options, the refusal or the signal that must come out; x is read
    "no year":
        ("Date,Time,x\n03/28,22:00:00,1.5\n03/28,23:00:00,2.5", {}, "'03/28' in 'Date' .*time=.Date,Time"),
    "Excel's day": ("Date,Time,x\n46109,22:00:00,1.5\n46109,23:00:00,2.5", {}, "'46109' in 'Date'.*start="),
    "a day's number": ("Tag;Uhrzeit;x\n28;22:00;1,5\n28;23:00;2,5", {}, "time=.Tag,Uhrzeit"),
    "a month's name":
        ("Year,Month,Day,Hour,x\n2026,Mar,28,22,1.5\n2026,Mar,28,23,2.5", {}, "time=.Year,Month,Day,Hour"),
    "a month's name, told":
        ("Year,Month,Day,Hour,x\n2026,Mar,28,22,1.5\n2026,Mar,28,23,2.5", {"time": "Year,Month,Day,Hour"},
         LATE),
    "YYYYMMDD": ("# STN,YYYYMMDD,HH,x\n260,20260328,23,3.5\n260,20260328,24,3.0", {}, "time=.YYYYMMDD,HH"),
    "YYYYMMDD, told":
        ("# STN,YYYYMMDD,HH,x\n260,20260328,23,3.5\n260,20260328,24,3.0", {"time": "YYYYMMDD,HH"},
         {"2026-03-28 23:00": 3.5, "2026-03-29 00:00": 3.0}),
    "a minimum beside hours":
        ("date,hour,min,max,x\n2026-03-28,22,17,23,1.5\n2026-03-28,23,18,24,2.5", {}, 'time="date,hour"'),
    "a minimum beside hours, told":
        ("date,hour,min,x\n2026-03-28,22,17,1.5\n2026-03-28,23,18,2.5", {"time": "date,hour"}, LATE),
    "digits of hours": ("DATE,TIME,x\n20260328,22,1.5\n20260328,23,2.5", {}, "'22' in 'TIME'.*unit=.h"),
    "digits of hours, told": ("DATE,TIME,x\n20260328,22,1.5\n20260328,23,2.5", {"unit": "h"}, LATE),
    "hours, named as time":
        ("Datum;Uhrzeit;x\n28.03.2026;22;1,5\n28.03.2026;23;2,5", {"time": "Datum,Uhrzeit"}, "unit=.h"),
    "decimal hours": ("Date,Time,x\n2026-03-28,22.00,1.5\n2026-03-28,22.50,2.5", {}, "'22.00' in 'Time'"),
    "decimal hours, told": ("Date,Time,x\n2026-03-28,22.00,1.5\n2026-03-28,22.50,2.5", {"unit": "h"},
                            {"2026-03-28 22:00": 1.5, "2026-03-28 22:30": 2.5}),
    "a dotted clock on the hour": ("Date,Time,x\n2026-03-28,22.00,1.5\n2026-03-28,23.00,2.5", {}, LATE),
    "MM and mm": ("YYYY MM DD hh mm x\n2026 03 28 22 50 1.5\n2026 03 28 23 50 2.5", {},
                  'time="YYYY,MM,DD,hh,mm"'),
    "mn": ("#yr mo dy hr mn x\n2026 03 28 22 50 1.5\n2026 03 28 23 50 2.5", {"time": "yr,mo,dy,hr,mn"},
           {"2026-03-28 22:50": 1.5, "2026-03-28 23:50": 2.5}),
    "days before hours": ("Elapsed,x\n0:22:00:00,1.5\n0:22:10:00,2.5", {}, "'0:22:00:00' in 'Elapsed'"),
    "two runs of one clock": ("time_ms,x\n12,1\n1015,2\n2018,3\n507,9", {}, "line 5.*back at '507'.*start="),
    "hours, minutes, seconds":
        ("hour,minute,second,x\n0,59,40,1\n1,0,20,2", {"time": "hour,minute,second"},
         {"1970-01-01 00:59:40": 1, "1970-01-01 01:00:20": 2}),
    "a blank cell between spaces":
        ("time a x\n2026-03-28T22:00 1 2\n2026-03-28T22:10   3\n2026-03-28T22:20 1 4", {},
         "line 3 has fewer"),
    "German numbers in a file of commas":
        ('time,a,x\n2026-03-28 22:00,"20,5","1.100"\n2026-03-28 23:00,"20,6","1.200"', {},
         {"2026-03-28 22:00": 1100, "2026-03-28 23:00": 1200}),
    "numbers after #": ("No;time;x\n#1;2026-03-28 22:00;1.5\n#2;2026-03-28 23:00;2.5", {}, LATE),
    "milliseconds of a latency":
        ("time,ms,x\n2026-03-28 22:00,41.5,1.5\n2026-03-28 23:00,42.5,2.5", {}, LATE),
    "millisiemens": ("time,mS,x\n2026-03-28 22:00,41,1.5\n2026-03-28 23:00,42,2.5", {}, LATE),
    "milliseconds beside a fraction":
        ("time,ms,x\n2026-03-28 22:00:00.5,41,1.5\n2026-03-28 22:00:01.7,42,2.5", {},
         {"2026-03-28 22:00:00.5": 1.5, "2026-03-28 22:00:01.7": 2.5}),
    "a second table":
        ("# temp\ntime,x\n2026-03-28 22:00,1.5\n# hum\n2026-03-28 23:00,2.5", {}, "line 4: '# hum' begins"),
    "a column that rises": ("k,x\n0,1\n0.5,2\n1.0,3\n1.5,4", {}, "'0' in 'k' may be the time.*time=.k"),
    "minutes called min":
        ("date,hour,min,x\n2026-03-28,22,30,1.5\n2026-03-28,23,37,2.5", {}, 'time="date,hour,min"'),
    "clocks that go back at each row":
        ("Time,x\n22:00:00,1.5\n21:00:00,2.5\n20:00:00,3.5", {}, "line 3.*go back at '21:00:00'.*start="),
    "hours without dates":
        ("hour,minute,second,x\n0,59,40,1\n1,0,20,2", {}, 'time="hour,minute,second"'),
    "clocks in a form": ("t,x\n22-00-05,1\n22-00-09,2", {"time": "t", "unit": "%H-%M-%S"},
                         {"1970-01-01 22:00:05": 1, "1970-01-01 22:00:09": 2}),
    "a second header":
        ("time,x,y\n2026-03-28 22:00,1,2\n2026-03-28 23:00,1,2\nstamp,y,x\n2026-03-29 00:00,2,1", {},
         "line 4: 'stamp,y,x' begins"),
}  # fmt: skip


def test_only_a_column_named_so_is_taken_for_a_count_of_the_rows(tmp_path):
    """Not one that is half empty, nor a counter of energy that happens to rise by one."""
    for head, others in (("temp,flow", ("1", "")), ("kWh,kW", ("4711", "4712")), ("No.,t2", ("7", "9"))):
        rows = [f"2026-03-28 {22 + n}:00,{other},{n}.5" for n, other in enumerate(others)]
        with pytest.raises(ValueError, match="are numbers; name one"):
            read(tmp_path, [f"time,{head}", *rows])
    signal, _ = read(tmp_path, ["time,No.,temp", "2026-03-28 22:00,7,1.5", "2026-03-28 23:00,8,2.5"])
    assert signal.name == "temp"


@pytest.mark.parametrize("name", UNSURE)
def test_what_is_not_understood_is_not_left_out(tmp_path, name):
    text, options, expected = UNSURE[name]
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected):
            read(tmp_path, text.split("\n"), value="x", **options)
    else:
        signal, _ = read(tmp_path, text.split("\n"), value="x", **options)
        check(signal, [*expected], [*expected.values()])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_give_a_signal_or_one_sentence(tmp_path, seed):
    """Bytes changed, lost, doubled, turned round: no other error than a ValueError, and no warning."""
    random, outcomes = np.random.default_rng(seed), set()
    for rows, options, _ in READ.values():
        raw = bytearray("\n".join(rows).encode(options.get("encoding", "utf-8")))
        for _ in range(random.integers(1, 6)):
            at, length = int(random.integers(len(raw))), int(random.integers(1, 40))
            part = raw[at : at + length]
            noise = bytes(random.integers(0, 256, len(part), dtype=np.uint8))
            marks = [b"\n", b";", b'"', b",,", "°".encode(), b"1e400", b"\0" * 50]
            kinds = [noise, b"", part + part, part[::-1], *marks]
            raw[at : at + length] = kinds[random.integers(len(kinds))]
        (tmp_path / "x.csv").write_bytes(raw)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                signal, report = read_csv(tmp_path / "x.csv")
                assert signal.index.is_monotonic_increasing and signal.index.is_unique
                assert signal.notna().any()
                assert not np.isinf(signal).any() and str(report)
                outcomes.add("read")
            except ValueError as error:
                assert str(error).startswith("x.csv: ") and "\n" not in str(error)
                outcomes.add("refused")
    assert outcomes == {"read", "refused"}
