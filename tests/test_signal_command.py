"""`make signal` from a CSV to its folder, a second file against the saved monitor, and mistakes that leave nothing."""

import numpy as np
import pandas as pd
import pytest

from sensorwatch import series
from tools import signal
from vaepaper import paths

N = 1600


@pytest.fixture
def csv(tmp_path):
    """Ten days of quarters of an hour, with a step in the seventh."""
    random, k = np.random.default_rng(0), np.arange(N)
    values = 20 + 3 * np.sin(2 * np.pi * k / 96) + random.normal(0, 0.2, N)
    values[1200:1260] += 8
    times = pd.date_range("2026-03-01", periods=N, freq="15min")
    path = tmp_path / "pump one.csv"
    path.write_text(
        "time;temp [°C]\n" + "".join(f"{t};{v:.2f}\n" for t, v in zip(times, values, strict=True))
    )
    return path


@pytest.mark.slow
def test_from_a_csv_to_alarms_and_a_second_file(csv, build, capsys, monkeypatch):
    monkeypatch.setenv("VAEPAPER_BUILD", str(build))
    assert signal.main([str(csv), "-p", "normal_until", "2026-03-12", "-p", "window", "48"]) == 0
    said = capsys.readouterr().out
    target = build / "signals" / "pump one"
    left = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert left == {
        "pump one.ipynb", "pump one.html", "alarms.csv", "monitor.json", "monitor.safetensors",
        "figures/signal_alarms.png", "figures/signal_close_ups.png",
    }  # fmt: skip
    alarms = pd.read_csv(target / "alarms.csv", parse_dates=["start", "end", "peak"])
    assert list(alarms) == ["start", "end", "peak", "p_value", "triggered_by"]
    begin = pd.Timestamp("2026-03-13 12:00")
    assert ((alarms.start <= begin + pd.Timedelta("15h")) & (alarms.end >= begin)).any()
    for word in (
        "first row",
        "Taken as normal",
        "false alarm in",
        "Window: 48 points",
        "alarms.csv",
        "p_value",
    ):
        assert word in said
    page = (target / "pump one.html").read_text()
    assert "<img" in page and "http" not in page.replace("http://www.w3.org", "") and "water main" not in page
    assert not (build / "claims.json").exists() and not list((build / "signals").glob(".*"))
    weights = (target / "monitor.safetensors").read_bytes()
    second = csv.with_name("second.csv")
    second.write_bytes(csv.read_bytes())
    assert signal.main([str(second), "-p", "monitor", str(target)]) == 0
    assert "Nothing is trained" in capsys.readouterr().out
    again = build / "signals" / "second"
    assert (again / "monitor.safetensors").read_bytes() == weights
    pd.testing.assert_frame_equal(pd.read_csv(again / "alarms.csv"), pd.read_csv(target / "alarms.csv"))
    csv.write_text("time;x\n" + "".join(f"2026-03-01 00:{n:02d};3.3\n" for n in range(60)))
    other = csv.rename(csv.with_name("constant.csv"))
    assert signal.main([str(other)]) == 1
    assert "constant (3.3 throughout)" in capsys.readouterr().err
    assert sorted(path.name for path in (build / "signals").iterdir()) == ["pump one", "second"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing.csv"], 1, "nothing.csv is not there"),
        (["{csv}", "-p", "value", "tmp"], 1, "Did you mean 'temp"),
        (["{csv}", "-p", "normal_until", "soon"], 1, "normal_until is 'soon'"),
        (["{csv}", "-p", "normal_from", "2030-01-01"], 1, "after the signal's end"),
        (["{csv}", "-p", "windw", "48"], 2, "did you mean 'window'"),
        (["{csv}", "-p", "window", "two"], 2, "window is 'two'; expected a whole number"),
        (["{csv}", "-p", "window", "2"], 2, "window is 2; expected an integer of 4 or more"),
        (["{csv}", "-p", "per_day", "0"], 2, "per_day is 0"),
        (["{csv}", "-p", "model", "VAE"], 2, "VariationalAutoEncoder"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(csv, build, capsys, arguments, code, said):
    assert signal.main([text.format(csv=csv) for text in arguments]) == code
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert not list(build.rglob("*.*"))


def test_several_channels_are_listed_with_what_to_type(tmp_path, build, capsys):
    path = tmp_path / "rig.csv"
    path.write_text("datetime;a;b\n" + "".join(f"2026-03-01 00:{n:02d}:00;{n};{n * n}\n" for n in range(30)))
    assert signal.main([str(path)]) == 1
    assert "-p value" in capsys.readouterr().err


def test_the_chapters_own_parameters_are_the_water_mains():
    own = signal.defaults()
    assert own["csv"] == "" and own["normal_until"] > own["normal_from"] > "2022"
    assert (
        set(signal.OWN) < set(own)
        and series.SOURCES["water main"]
        and paths.NOTEBOOKS in signal.CHAPTER.parents
    )
