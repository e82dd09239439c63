"""Pictures of signals draw what they are given; thinned lines keep their extremes; any span, no warning."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from sensorwatch import plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_recalls_are_written_in_percent():
    table = pd.DataFrame({"spike": [0.5, 1.0], "mean": [0.25, 0.754]}, index=["a", "b"])
    axes = plots.recalls(table, "found").axes[0]
    assert [text.get_text() for text in axes.texts] == ["50", "25", "100", "75"]


def test_a_dot_a_record_and_the_mean_in_words():
    rates = {"by blocks": np.array([0.1, 0.3]), "by windows": np.array([0.0, 0.02])}
    axes = plots.false_events(rates, 0.1, "kept?").axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["by blocks\nmean 0.2", "by windows\nmean 0.01"]
    dots = [line.get_xdata() for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(dots, list(rates.values()))


def test_drift_has_three_panels_of_two_lines():
    table = pd.DataFrame(
        {"case": ["a", "a", "b", "b"], "day": [1, 2, 1, 2], "rate": 0.1, "detected": [0, 0, 1, 1]}
    )
    figure = plots.drifting(table.assign(lasting=0.5), 0.1, "drift")
    assert [len(axes.lines) >= 2 for axes in figure.axes] == [True] * 3
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {"a", "b", "target"}


def test_injected_faults_lie_where_they_were_injected():
    signal = pd.Series(np.sin(np.arange(300)), pd.date_range("2026-01-01", periods=300, freq="h"), name="x")
    none = pd.DataFrame({"start": [], "end": [], "triggered_by": [], "p_value": []})
    figure = plots.mark(plots.watched(signal, signal, 2.0, none), [(signal.index[10], signal.index[20])])
    [bar] = [line for line in figure.axes[0].lines if line.get_label() == "injected fault"]
    assert list(bar.get_xdata()) == [signal.index[10], signal.index[20]]


@pytest.mark.slow
def test_a_thinned_line_keeps_its_extremes():
    values = np.random.default_rng(0).normal(size=100_003)
    values[[5, 77_777]], values[200:300] = (40, -40), np.nan
    thin = plots.thinned(pd.Series(values), 1000)
    assert len(thin) <= 1000 and thin.max() == 40 and thin.min() == -40 and thin.index.is_monotonic_increasing
    assert plots.thinned(thin, 1000) is thin


@pytest.mark.slow
@pytest.mark.parametrize("step", ["2ms", "7min", "3D"])
@pytest.mark.parametrize("count", [0, 4, 12])
def test_any_span_and_any_number_of_alarms(step, count):
    index = pd.date_range("2026-03-01", periods=1500, freq=step, tz="Asia/Tokyo").delete(range(700, 800))
    signal = pd.Series(np.sin(np.arange(len(index)) / 9), index, name="pump")
    at = np.linspace(10, 1300, count).astype(int)
    alarms = pd.DataFrame({"start": index[at], "end": index[at + 60], "peak": index[at + 9], "severity": 2.0})
    alarms["triggered_by"] = ["spike", "gap", "level"][:count] + ["stuck"] * max(0, count - 3)
    figure = plots.watched(signal, signal.abs() * 100, 2.0, alarms, signal[:300])
    real = int((alarms.triggered_by != "gap").sum())
    assert (figure.get_suptitle().split()[0] == "No") == (real == 0)
    words = [text.get_text() for text in figure.axes[0].texts if text.get_text() != "taken as normal"]
    assert len(words) == real and figure.canvas.draw() is None
    close = plots.close_ups(signal, signal * 0.9, alarms, around=64)
    assert sum(axes.axison for axes in close.axes) == min(6, real) and close.canvas.draw() is None


def test_the_most_severe_are_shown_close_up():
    signal = pd.Series(np.sin(np.arange(500)), name="x")
    at = np.arange(50, 450, 100)
    alarms = pd.DataFrame(
        {"start": at, "end": at + 9, "peak": at, "severity": [2.0, 9.0, 1.5, 4.0]}, range(1, 5)
    )
    close = plots.close_ups(signal, signal, alarms.assign(triggered_by="level"), around=9, most=2)
    assert [axes.get_title(loc="left") for axes in close.axes if axes.axison] == ["2 level", "4 level"]


def test_each_channel_has_its_panel_and_its_alarms():
    channels = pd.DataFrame({"flow": np.sin(np.arange(300)), "heat": np.cos(np.arange(300))})
    alarms = pd.DataFrame(
        {"start": [10, 50], "end": [20, 60], "peak": [15, 55], "severity": 2.0}, range(1, 3)
    )
    alarms = alarms.assign(triggered_by=["spike", "relation"], channel=["heat", "flow"])
    figure = plots.watched(channels, channels.flow, 2.0, alarms, channels[:5])
    words = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert words == [["2 relation", "taken as normal"], ["1 spike"], []]
    close = plots.close_ups(channels, channels + 1, alarms, around=9)
    drawn = [axes.lines[0].get_ydata() for axes in close.axes if axes.axison]
    np.testing.assert_array_equal(drawn[0], channels.heat[1:30])
    np.testing.assert_array_equal(drawn[1], channels.flow[41:70])
