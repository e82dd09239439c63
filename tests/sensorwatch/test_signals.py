"""Files as loggers write them, and files that are none: the same readings must come out, or one clear sentence."""

import numpy as np
import pandas as pd
import pytest

from sensorwatch import _signals as signals

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


def read(tmp_path, *rows, **named):
    return signals.read_csv(write(tmp_path / "pump.csv", rows), **named)


def test_without_times_samples_are_counted(tmp_path):
    signal, quality = read(tmp_path, "pump", *map(str, VALUES))
    assert isinstance(signal.index, pd.RangeIndex) and quality.step == 1 and list(signal) == list(VALUES)
    assert "counted by the row" in str(quality)
    signal, quality = read(tmp_path, "timestamp,pump", *(f"{n},{v}" for n, v in enumerate(VALUES)))
    assert isinstance(signal.index, pd.RangeIndex) and "only counts the rows" in str(quality)


def test_seconds_since_the_start(tmp_path):
    signal, quality = read(tmp_path, "Time [ms],pump", *(f"{20 * n},{v}" for n, v in enumerate(VALUES)))
    assert quality.step == pytest.approx(0.02) and "counts ms from the start" in str(quality)
    signal, quality = read(tmp_path, "t,pump", *(f"{n / 8},{v}" for n, v in enumerate(VALUES)))
    assert quality.step == pytest.approx(0.125) and signal.index[0] == pd.Timestamp(0)


def test_clocks_without_dates(tmp_path):
    times = pd.date_range("2026-03-01 21:00", periods=N, freq="10min")  # over midnight
    signal, quality = read(tmp_path, "time,pump", *(f"{t:%H:%M},{v}" for t, v in zip(times, VALUES, strict=True)))
    assert list(signal.index - signal.index[0]) == list(times - times[0]) and not quality.backward
    assert "clocks without dates" in str(quality)


def test_dates_that_can_be_read_in_two_ways_are_told(tmp_path):
    _, quality = read(tmp_path, "time,pump", *(f"03/04/2026 {n:02d}:00,{n}.5" for n in range(24)))
    assert "dates read as day/month/year (month/day/year fits as well)" in str(quality)
    _, quality = read(tmp_path, "time,pump", *(f"{n}/04/2026 00:00,{n}.5" for n in range(1, 12)))
    assert "dates read as day/month/year" in str(quality) and "fits as well" not in str(quality)
    _, quality = read(tmp_path, "time,pump", *(f"04/{n}/2026 00:00,{n}.5" for n in range(1, 12)))
    assert "dates read as month/day/year" in str(quality) and "fits as well" not in str(quality)


def test_a_loggers_word_for_missing_is_told(tmp_path):
    rows = [f"{t},{-9999 if n in (5, 9) else v}" for n, (t, v) in enumerate(BOTH)]
    signal, quality = read(tmp_path, "time,pump", *rows)
    assert quality.outlandish == [(-9999, 2)] and signal.iloc[5] == -9999
    assert "-9999 stands 2 times, far from all else: if it means missing" in str(quality)


def test_one_column_of_decimal_commas(tmp_path):
    signal, quality = read(tmp_path, "Druck", *(comma(f"{v:.1f}") for v in VALUES))
    assert list(signal) == list(VALUES) and "decimal commas" in str(quality)


@pytest.mark.parametrize("cells", [("1,234", "0,567"), ("1,234", "5"), ("12,345", "1,2")])
def test_commas_beside_semicolons_are_decimal(tmp_path, cells):
    times = [f"{t};{cells[n % 2]}" for n, t in enumerate(TIMES)]
    signal, _ = read(tmp_path, "t;pump", *times)
    assert list(signal[:2]) == [float(cell.replace(",", ".")) for cell in cells]


def test_a_point_or_a_comma_in_one_file_is_never_dropped(tmp_path):
    """12.5 shows that the point is decimal; 12,5 beside it is no number then, and not 125."""
    signal, quality = read(tmp_path, "t;pump", *(f"{t};{'12,5' if n == 9 else '12.5'}" for n, t in enumerate(TIMES)))
    assert (
        np.isnan(signal.iloc[9]) and (signal.drop(signal.index[9]) == 12.5).all() and quality.unreadable == {"12,5": 1}
    )


def test_summer_time_with_zones_is_no_gap(tmp_path):
    index = pd.date_range("2026-03-28", periods=72, freq="h", tz="Europe/Berlin")
    rows = [f"{t.isoformat()},{n}.5" for n, t in enumerate(index)]
    signal, quality = read(tmp_path, "time,pump", *rows)
    assert not quality.gaps and quality.step == 3600 and list(signal.index) == list(index)
    assert "summer time" in str(quality) and str(signal.index.tz) == "UTC"


def test_summer_time_without_zones_is_a_step_back_or_a_gap(tmp_path):
    spring = pd.date_range("2026-03-28", periods=72, freq="h", tz="Europe/Berlin").tz_localize(None)
    signal, quality = read(tmp_path, "time,pump", *(f"{t},{n}.5" for n, t in enumerate(spring)))
    assert len(signal) == 72 and quality.gaps == [(pd.Timestamp("2026-03-29 01:00"), pd.Timestamp("2026-03-29 03:00"))]
    autumn = pd.date_range("2026-10-24", periods=288, freq="10min", tz="Europe/Berlin").tz_localize(None)
    signal, quality = read(tmp_path, "time,pump", *(f"{t},{n}.5" for n, t in enumerate(autumn)))
    assert quality.backward == [(pd.Timestamp("2026-10-25 02:00"), 3000.0)] and quality.duplicates == 6
    assert signal.index.is_monotonic_increasing and signal.index.is_unique and len(signal) == 282
    assert "by 50 min at 2026-10-25 02:00:00" in str(quality)


def test_the_report_counts_what_was_planted(tmp_path):
    rows = lines()
    rows[3] = f"{TIMES[3]},Err"
    rows[4] = f"{TIMES[4]},"
    rows[5] = f"{TIMES[5]},-"
    rows[6] = f"{TIMES[6]},inf"
    rows[7] = f"{TIMES[7]},NaN"
    rows[20:32] = [f"{t},7.5" for t in TIMES[20:32]]  # stuck
    rows[50] = "no time,5.0"
    rows.insert(41, rows[40])  # twice
    rows[45], rows[46] = rows[46], rows[45]  # swapped
    del rows[35:38]  # a gap
    signal, quality = read(tmp_path, "time,pump", *rows, "-- end of file --")
    assert (quality.rows, quality.untimed, quality.duplicates) == (len(rows) + 1, 2, 1)
    assert quality.points == len(signal) == len(rows) - 2
    assert (quality.missing, quality.infinite) == (5, 1)
    assert quality.unreadable == {"Err": 1, "-": 1}
    assert quality.gaps == [(TIMES[34], TIMES[38]), (TIMES[49], TIMES[51])]
    assert quality.backward == [(TIMES[44], 600.0)]
    assert quality.constant == [(TIMES[20], TIMES[31], 7.5, 12)]
    assert (quality.first, quality.last, quality.low) == (TIMES[0], TIMES[-1], 7.5)
    for word in ("gaps", "steps back in time", "duplicates", "without a time", "missing values", "constant stretches"):
        assert f"  {word}" in str(quality)
    assert list(signal[[TIMES[0], TIMES[44], TIMES[45]]]) == list(VALUES[[0, 44, 45]])


def test_lines_with_too_many_cells_are_left_out_and_counted(tmp_path):
    rows = lines()
    rows[30] += ",9,9"
    signal, quality = read(tmp_path, "time,pump", *rows)
    assert len(signal) == N - 1 and "left out: 1, the first is line 32" in str(quality)


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
EIGHT = ";".join(f"Sensor{n}RMS" for n in range(8))
BAD = {  # content, arguments, what must be said
    "empty": (b"", {}, "bad.csv is empty"),
    "white": (b" \n\n ", {}, "bad.csv is empty"),
    "commas alone": (b",,,\n,,,\n", {}, "no column of numbers"),
    "a picture": (PNG, {}, "is no text: it is a picture"),
    "a workbook": (b"PK\x03\x04xl/", {}, "is no text: it is a workbook"),
    "binary": (bytes(range(256)), {}, "is no text: it is a binary file"),
    "prose": (b"Dear all,\nthe pump is down.\n", {}, "no column of numbers .*begins 'Dear all,'"),
    "a header alone": (b"time,pump\n", {}, "no column of numbers"),
    "times alone": (b"time\n2026-01-01 00:00\n2026-01-01 00:10\n", {}, "no column of numbers beside the time"),
    "no such value": (b"time,Pressure [bar]\n2026-01-01,1\n", {"value": "presure"}, "Did you mean 'Pressure"),
    "no such time": (b"time,x\n2026-01-01,1\n", {"time": "when"}, "no column 'when' .time.* has 'time', 'x'"),
    "eight channels": (f"time;{EIGHT}\n2026-01-01{';1' * 8}\n".encode(), {}, "8 columns of numbers: 'Sensor0RMS', .*"),
    "NaN everywhere": (b"time,x\n2026-01-01,NaN\n2026-01-02,NaN\n", {"value": "x"}, "every value of 'x' is missing"),
    "text for value": (b"time,x,s\n2026-01-01,1,on\n2026-01-02,2,off\n", {"value": "s"}, "every value of 's' .*'on'"),
    "text for time": (b"a,x\non,1\noff,2\n", {"time": "a"}, "line 2: 'on' in 'a' cannot be read as a time"),
    "unreadable times": (b"time,x\n99/99/2026,1\n98/99/2026,2\n", {}, "line 2: '99/99/2026' in 'time' cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_sentence(tmp_path, name):
    content, named, said = BAD[name]
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        signals.read_csv(tmp_path / "bad.csv", **named)
    assert "\n" not in str(caught.value) and "bad.csv" in str(caught.value)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"pump\.csv is not there"):
        signals.read_csv(tmp_path / "pump.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        signals.read_csv(tmp_path)


@pytest.mark.slow
def test_mangled_files_give_a_signal_or_a_sentence(tmp_path):
    """Good files with bytes changed, lines cut, joined, doubled, swapped: whatever comes, no other kind of error."""
    random, outcomes = np.random.default_rng(0), []
    for kind in KINDS:
        rows, head, how = KINDS[kind]
        path = write(tmp_path / "x.csv", rows[:25], head, **how)
        raw = bytearray(path.read_bytes())
        for _ in range(random.integers(1, 6)):
            at, length = int(random.integers(len(raw))), int(random.integers(1, 40))
            part = raw[at : at + length]
            raw[at : at + length] = [
                bytes(random.integers(1, 256, len(part), dtype=np.uint8)), b"", part + part, part[::-1],
                b"\n", b";", b'"', b",,", "°".encode(), b"1e400",
            ][random.integers(10)]  # fmt: skip
        path.write_bytes(raw)
        try:
            signal, quality = signals.read_csv(path)
            assert signal.index.is_monotonic_increasing and signal.index.is_unique and np.isfinite(signal).any()
            assert not np.isinf(signal).any() and str(quality)
            outcomes.append("read")
        except ValueError as error:
            assert "x.csv" in str(error), kind
            outcomes.append("refused")
    assert outcomes.count("read") > 20 and outcomes.count("refused") > 2
