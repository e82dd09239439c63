"""Files as loggers write them, and files that are none: the same readings must come out, or one clear sentence."""

import numpy as np
import pandas as pd
import pytest

from vaepaper import signals

N = 60
TIMES = pd.date_range("2026-02-27 22:00", periods=N, freq="10min")  # over an end of month
VALUES = np.round(1234.5 + 100 * np.sin(np.arange(N) / 5), 1)
BOTH = list(zip(TIMES, VALUES, strict=True))
EPOCH = TIMES.as_unit("ns").asi8 // 10**9

WIDE = {48 + digit: 0xFF10 + digit for digit in range(10)}


def write(path, rows, head=(), encoding="utf-8", end="\n"):
    path.write_bytes((end.join([*head, *rows]) + end).encode(encoding))
    return path


def lines(clock="%Y-%m-%d %H:%M:%S", delimiter=",", number="{:.1f}", times=TIMES):
    return [f"{time.strftime(clock)}{delimiter}{number.format(v)}" for time, v in zip(times, VALUES, strict=True)]


def comma(number):
    return number.replace(".", ",")


def german(v):
    return f"{v:,.1f}".translate(str.maketrans(",.", ".,"))


KINDS = {  # rows, lines above them, other arguments of `write`
    "commas": (lines(), ["time,pump"], {}),
    "semicolons": (lines(delimiter=";"), ["time;pump"], {}),
    "tabs": (lines(delimiter="\t"), ["time\tpump"], {}),
    "decimal comma, semicolons": ([comma(row) for row in lines(delimiter=";")], ["time;pump"], {}),
    "decimal comma, tabs": ([comma(row) for row in lines(delimiter="\t")], ["time\tpump"], {}),
    "decimal comma, quoted": ([f'{t},"{v:.1f}"'.replace(".", ",") for t, v in BOTH], ["time,pump"], {}),
    "byte order mark": (lines(), ["time,pump"], {"encoding": "utf-8-sig"}),
    "UTF-16": (lines(delimiter="\t"), ["time\tpump"], {"encoding": "utf-16"}),
    "Shift-JIS": (lines("%Y/%m/%d %H:%M"), ["日時,温度(℃)"], {"encoding": "cp932", "end": "\r\n"}),
    "Japanese dates": (lines("%Y年%m月%d日 %H時%M分%S秒"), ["日時,温度(℃)"], {"encoding": "cp932", "end": "\r\n"}),
    "Japanese clock": (
        [f"{t:%Y/%m/%d} 午{'前後'[t.hour > 11]}{t.hour % 12 or 12}:{t:%M},{v}" for t, v in BOTH],
        ["日時,流量"],
        {"encoding": "cp932"},
    ),
    "western": ([comma(row) for row in lines(delimiter=";")], ["Zeit;Temperatur °C"], {"encoding": "cp1252"}),
    "CRLF": (lines(), ["time,pump"], {"end": "\r\n"}),
    "old Mac": (lines(), ["time,pump"], {"end": "\r"}),
    "ISO, T": (lines("%Y-%m-%dT%H:%M:%S"), ["time,pump"], {}),
    "ISO, Z": (lines("%Y-%m-%dT%H:%M:%SZ"), ["time,pump"], {}),
    "ISO, zone": (lines("%Y-%m-%dT%H:%M:%S+09:00"), ["time,pump"], {}),
    "thousandths": (lines("%Y-%m-%d %H:%M:%S.000"), ["time,pump"], {}),
    "slashes": (lines("%Y/%m/%d %H:%M"), ["time,pump"], {}),
    "day first": (lines("%d/%m/%Y %H:%M"), ["time,pump"], {}),
    "month first": (lines("%m/%d/%Y %I:%M:%S %p"), ["time,pump"], {}),
    "short year": (lines("%d.%m.%y %H:%M", ";"), ["time;pump"], {}),
    "Japanese short year": (lines("%y/%m/%d %H:%M:%S"), ["time,pump"], {}),
    "names of months": (lines("%d-%b-%Y %H:%M:%S"), ["time,pump"], {}),
    "compact": (lines("%Y%m%d%H%M%S"), ["timestamp,pump"], {}),
    "compact, T": (lines("%Y%m%dT%H%M%S"), ["timestamp,pump"], {}),
    "date and clock": (lines("%Y-%m-%d,%H:%M:%S"), ["date,time,pump"], {}),
    "day.month and clock": ([f"{t:%d.%m.%Y;%H:%M:%S};{german(v)}" for t, v in BOTH], ["Datum;Uhrzeit;Druck"], {}),
    "epoch": ([f"{t},{v}" for t, v in zip(EPOCH, VALUES, strict=True)], ["timestamp,pump"], {}),
    "epoch, ms": ([f"{1000 * t},{v}" for t, v in zip(EPOCH, VALUES, strict=True)], ["ts,pump"], {}),
    "epoch, under another name": ([f"{v},{t}" for t, v in zip(EPOCH, VALUES, strict=True)], ["pump,x"], {}),
    "epoch, floating": ([f"{t}.0,{v}" for t, v in zip(EPOCH, VALUES, strict=True)], ["time,pump"], {}),
    "thousands": ([f'{t},"{v:,.1f}"' for t, v in BOTH], ["time,pump"], {}),
    "thousands, German": ([f"{t};{german(v)}" for t, v in BOTH], ["time;pump"], {}),
    "thousands, Swiss": ([f"{t};{v:,.1f}".replace(",", "'") for t, v in BOTH], ["time;pump"], {}),
    "thousands, French": ([comma(f"{t};{v:_.1f}").replace("_", "\u202f") for t, v in BOTH], ["t;pump"], {}),
    "units": (lines(), ["time,pump", "s,°C"], {}),
    "units in brackets": (lines(), ["time,pump", "[],[kPa]"], {}),
    "several lines above": (lines(), ["LX-100", "rev. 2, site A, 7", "", "time,pump", "yyyy-mm-dd hh:mm:ss,m3/h"], {}),
    "comments": (lines(), ["# made by hand", "# time,pump"], {}),
    "two lines of names": (lines(), [",inlet", "time,temperature"], {}),
    "no header": (lines(), [], {}),
    "spaces": ([f" {row} ".replace(",", " , ") for row in lines()], ["time , pump"], {}),
    "quotes": ([f'"{t}","{v}"' for t, v in BOTH], ['"time","pump"'], {}),
    "row numbers": ([f"{n},{row}" for n, row in enumerate(lines())], [",time,pump"], {}),
    "trailing commas": ([f"{row}," for row in lines()], ["time,pump,"], {}),
    "a column of text": ([f"{row},OK" for row in lines()], ["time,pump,status"], {}),
    "an empty column": ([row.replace(",", ",,") for row in lines()], ["time,spare,pump"], {}),
    "minus signs": ([f"{t},−{v}" for t, v in BOTH], ["time,pump"], {}),
    "full width": ([f"{t},{str(v).translate(WIDE)}" for t, v in BOTH], ["time,pump"], {}),
    "exponents": ([f"{t},{v:.4e}" for t, v in BOTH], ["time,pump"], {}),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_loggers_write(tmp_path, kind):
    rows, head, how = KINDS[kind]
    signal, quality = signals.read_csv(write(tmp_path / "x.csv", rows, head, **how))
    np.testing.assert_allclose(signal, -VALUES if kind == "minus signs" else VALUES, rtol=1e-12)
    index = signal.index
    shift = pd.Timedelta(hours=9 if kind == "ISO, zone" else 0)
    if index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    assert list(index + shift) == list(TIMES), kind
    assert signal.dtype == np.float64 and quality.rows == N == quality.points and quality.step == 600
    assert not (quality.gaps or quality.backward or quality.duplicates or quality.untimed or quality.missing)
    if head and kind not in ("epoch, under another name",):
        assert str(signal.name) in "".join(head).replace("[", "").replace("]", "") + "inlet temperature"
