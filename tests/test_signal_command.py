"""`make signal` from a CSV to its folder, a second file against the saved monitor, and mistakes."""

import re

import numpy as np
import pandas as pd
import pytest

from tools import signal

FILES = ["alarms.csv", "figures/signal_alarms.png", "figures/signal_close_ups.png", "monitor.json",
         "monitor.safetensors", "pump {1}.html", "pump {1}.ipynb"]  # fmt: skip


@pytest.fixture
def csv(tmp_path, build, monkeypatch):
    """Sixteen days of quarters of an hour, with a step in the thirteenth."""
    monkeypatch.setenv("VAEPAPER_BUILD", str(build))
    k = np.arange(1600)
    values = 20 + 3 * np.sin(2 * np.pi * k / 96) + np.random.default_rng(0).normal(0, 0.2, 1600)
    values[1200:1260] += 8
    times = pd.date_range("2026-03-01", periods=1600, freq="15min")
    path = tmp_path / "pump {1}.csv"  # papermill fills in braces
    table = pd.DataFrame({"time": times, "temp [°C]": values.round(2)})
    table.to_csv(path, sep=";", index=False)
    return path


@pytest.mark.slow
def test_from_a_csv_to_alarms_and_a_second_file(csv, build, capsys):
    assert signal.main([str(csv), "-p", "normal_until", "2026-03-12", "-p", "window", "48"]) == 0
    said = capsys.readouterr().out
    target = build / "signals" / "pump {1}"
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()) == FILES
    alarms = pd.read_csv(target / "alarms.csv", parse_dates=["start", "end", "peak"])
    assert {"start", "end", "peak", "severity", "p_value", "triggered_by"} <= set(alarms)
    begin = pd.Timestamp("2026-03-13 12:00")
    assert ((alarms.start <= begin + pd.Timedelta("15h")) & (alarms.end >= begin)).any()
    for word in ("first row", "Taken as normal", "false alarm in", "Window: 48 points", "p_value"):
        assert word in said
    assert re.match(r"\n\d alarms?, where [\d.]+ were to be expected", said)
    page = (target / "pump {1}.html").read_text()
    assert page.index("to be expected") < page.index("<table") < page.index("<img") < page.index("<h2")
    assert "Question" not in page and "water main" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert not (build / "claims.json").exists() and not list((build / "signals").glob(".*"))
    weights = (target / "monitor.safetensors").read_bytes()
    second = csv.rename(csv.with_name("second.csv"))
    assert signal.main([str(second), "-p", "monitor", str(target)]) == 0
    assert "Nothing is trained" in capsys.readouterr().out
    again = build / "signals" / "second"
    assert (again / "monitor.safetensors").read_bytes() == weights
    pd.testing.assert_frame_equal(pd.read_csv(again / "alarms.csv"), pd.read_csv(target / "alarms.csv"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing.csv"], 1, "nothing.csv is not there"),
        (["{csv}", "-p", "value", "tmp"], 1, "Did you mean 'temp"),  # said in the kernel
        (["{csv}", "-p", "windw", "48"], 2, "no parameter 'windw'. Did you mean 'window'? It has"),
        (["{csv}", "-p", "window", "two"], 2, "window is 'two'; expected something like 24"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(csv, build, capsys, arguments, code, said):
    assert signal.main([text.format(csv=csv) for text in arguments]) == code
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert not list(build.glob("[!.]*/*"))


@pytest.mark.slow
def test_channels_of_one_file_do_not_overwrite_each_other(csv, build, capsys):
    """Which one, if there are several, is asked; each has its folder; one's monitor watches no other."""
    table = pd.DataFrame({"time": pd.date_range("2026-03-01", periods=1200, freq="h")})
    table.assign(a=np.sin(table.index / 4), b=np.sin(table.index / 4)).to_csv(csv, index=False)
    assert signal.main([str(csv)]) == 1
    assert "-p value" in capsys.readouterr().err
    assert signal.main([str(csv), "-p", "value", "a"]) == 0
    trained = build / "signals" / "pump {1} a"
    assert signal.main([str(csv), "-p", "value", "b", "-p", "monitor", str(trained)]) == 1
    assert "the channels are b; this monitor has learnt a" in capsys.readouterr().err
    assert [folder.name for folder in trained.parent.iterdir()] == ["pump {1} a"]


def test_the_chapters_own_parameters_are_the_water_mains():
    own = signal.read_parameters([], "")
    assert own["csv"] == "" and own["normal_until"] > own["normal_from"] > "2022"
    other = signal.read_parameters([["window", "48"]], "pump.csv")
    assert other["normal_until"] == "" and other["window"] == 48 and other["csv"].endswith("pump.csv")
