"""`make signal` from a CSV to its folder, a second file against the saved monitor, and mistakes that leave
nothing.
"""

import re

import numpy as np
import pandas as pd
import pytest

from tools import signal

N = 1600


@pytest.fixture
def csv(tmp_path):
    """Ten days of quarters of an hour, with a step in the seventh."""
    random, k = np.random.default_rng(0), np.arange(N)
    values = 20 + 3 * np.sin(2 * np.pi * k / 96) + random.normal(0, 0.2, N)
    values[1200:1260] += 8
    times = pd.date_range("2026-03-01", periods=N, freq="15min")
    path = tmp_path / "pump {1}.csv"  # papermill fills in braces
    path.write_text(
        "time;temp [°C]\n" + "".join(f"{t};{v:.2f}\n" for t, v in zip(times, values, strict=True))
    )
    return path


@pytest.mark.slow
def test_from_a_csv_to_alarms_and_a_second_file(csv, build, capsys, monkeypatch):
    monkeypatch.setenv("VAEPAPER_BUILD", str(build))
    assert signal.main([str(csv), "-p", "normal_until", "2026-03-12", "-p", "window", "48"]) == 0
    said = capsys.readouterr().out
    target = build / "signals" / "pump {1}"
    left = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert left == {
        "pump {1}.ipynb", "pump {1}.html", "alarms.csv", "monitor.json", "monitor.safetensors",
        "figures/signal_alarms.png", "figures/signal_close_ups.png",
    }  # fmt: skip
    alarms = pd.read_csv(target / "alarms.csv", parse_dates=["start", "end", "peak"])
    assert {"start", "end", "peak", "severity", "p_value", "triggered_by"} <= set(alarms)
    begin = pd.Timestamp("2026-03-13 12:00")
    assert ((alarms.start <= begin + pd.Timedelta("15h")) & (alarms.end >= begin)).any()
    for word in (
        "first row",
        "Taken as normal",
        "false alarm in",
        "Window: 48 points",
        "p_value",
    ):
        assert word in said
    assert re.match(r"\n\d alarms?, where [\d.]+ were to be expected", said)
    page = (target / "pump {1}.html").read_text()
    assert page.index("to be expected") < page.index("<table") < page.index("<img") < page.index("<h2")
    assert "Question" not in page
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
    other = csv.rename(csv.with_name("short.csv"))
    assert signal.main([str(other)]) == 1
    assert "calibration needs 16 scored points or more" in capsys.readouterr().err
    assert sorted(path.name for path in (build / "signals").iterdir()) == ["pump {1}", "second"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing.csv"], 1, "nothing.csv is not there"),
        (["{csv}", "-p", "value", "tmp"], 1, "Did you mean 'temp"),
        (["{csv}", "-p", "normal_until", "soon"], 1, "normal_until is 'soon'"),
        (["{csv}", "-p", "normal_from", "2030-01-01"], 1, "after the signal's end"),
        (["{csv}", "-p", "windw", "48"], 2, "no parameter 'windw'. Did you mean 'window'? It has"),
        (["{csv}", "-p", "window", "two"], 2, "window is 'two'; expected something like 24"),
        (["{csv}", "-p", "window", "2"], 1, "window is 2; expected"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(csv, build, capsys, arguments, code, said):
    assert signal.main([text.format(csv=csv) for text in arguments]) == code
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert not list(build.glob("[!.]*/*"))


@pytest.mark.slow
def test_channels_of_one_file_do_not_overwrite_each_other(tmp_path, build, capsys, monkeypatch):
    """Which one, if there are several, is asked; each has its folder; one's monitor does not watch the
    other.
    """
    monkeypatch.setenv("VAEPAPER_BUILD", str(build))
    path, k = tmp_path / "rig.csv", np.arange(1200)
    table = pd.DataFrame({"time": pd.date_range("2026-03-01", periods=1200, freq="h"), "a": np.sin(k / 4)})
    table.assign(b=10 * table.a).to_csv(path, index=False)
    assert signal.main([str(path)]) == 1
    assert "-p value" in capsys.readouterr().err
    for value in "ab":
        assert signal.main([str(path), "-p", "value", value]) == 0
    made = build / "signals"
    assert sorted(folder.name for folder in made.iterdir()) == ["rig a", "rig b"]
    assert (made / "rig a" / "alarms.csv").exists() and (made / "rig b" / "alarms.csv").exists()
    capsys.readouterr()
    assert signal.main([str(path), "-p", "value", "b", "-p", "monitor", str(made / "rig a")]) == 1
    assert "the channels are b; this monitor has learnt a" in capsys.readouterr().err


def test_the_chapters_own_parameters_are_the_water_mains():
    own = signal.read_parameters([], "")
    assert own["csv"] == "" and own["normal_until"] > own["normal_from"] > "2022"
    other = signal.read_parameters([["window", "48"]], "pump.csv")
    assert other["normal_until"] == "" and other["window"] == 48 and other["csv"].endswith("pump.csv")
