"""Pictures of how well signals are watched: what they draw is what they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from sensorwatch import plots as signals
from sensorwatch import watching


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_recalls_are_written_in_percent():
    table = pd.DataFrame({"spike": [0.5, 1.0], "mean": [0.25, 0.754]}, index=["a", "b"])
    axes = watching.recalls(table, "found").axes[0]
    assert [text.get_text() for text in axes.texts] == ["50", "25", "100", "75"]


def test_a_dot_a_record_and_the_mean_in_words():
    rates = {"by blocks": np.array([0.1, 0.3]), "by windows": np.array([0.0, 0.02])}
    axes = watching.promises(rates, 0.1, "kept?").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["by blocks\nmean 0.2", "by windows\nmean 0.01"]
    dots = [line.get_xdata() for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(dots, list(rates.values()))


def test_drift_has_three_panels_of_two_lines():
    table = pd.DataFrame({"case": ["a", "a", "b", "b"], "day": [1, 2, 1, 2], "rate": 0.1, "said": [0, 0, 1, 1]})
    figure = watching.drifting(table.assign(lasting=0.5), 0.1, "drift")
    assert [len(axes.lines) >= 2 for axes in figure.axes] == [True] * 3
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {"a", "b", "promised"}


def test_planted_faults_lie_where_they_were_planted():
    signal = pd.Series(np.sin(np.arange(300)), pd.date_range("2026-01-01", periods=300, freq="h"), name="x")
    none = pd.DataFrame({"start": [], "end": [], "triggered_by": [], "p_value": []})
    figure = watching.mark(signals.watched(signal, signal, 2.0, none), [(signal.index[10], signal.index[20])])
    [bar] = [line for line in figure.axes[0].lines if line.get_label() == "planted fault"]
    assert list(bar.get_xdata()) == [signal.index[10], signal.index[20]]
