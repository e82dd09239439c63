"""Pictures of signals: thinned lines keep their extremes; any span, any number of alarms, without a warning."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sensorwatch import plots as drawn

pytestmark = pytest.mark.slow


def test_a_thinned_line_keeps_its_extremes():
    values = np.random.default_rng(0).normal(size=100_003)
    values[[5, 77_777]], values[200:300] = (40, -40), np.nan
    thin = drawn.thinned(pd.Series(values), 1000)
    assert len(thin) <= 1000 and thin.max() == 40 and thin.min() == -40 and thin.index.is_monotonic_increasing
    assert drawn.thinned(thin, 1000) is thin


@pytest.mark.parametrize("step", ["2ms", "7min", "3D"])
@pytest.mark.parametrize("count", [0, 4, 12])
def test_any_span_and_any_number_of_alarms(step, count):
    index = pd.date_range("2026-03-01", periods=1500, freq=step, tz="Asia/Tokyo").delete(range(700, 800))
    signal = pd.Series(np.sin(np.arange(len(index)) / 9), index, name="pump")
    at = np.linspace(10, 1300, count).astype(int)
    alarms = pd.DataFrame({"start": index[at], "end": index[at + 60], "peak": index[at + 9], "p_value": 0.01})
    alarms["triggered_by"] = ["spike", "gap", "level"][:count] + ["stuck"] * max(0, count - 3)
    figure = drawn.watched(signal, signal.abs() * 100, 2.0, alarms, signal[:300])
    spoken = int((alarms.triggered_by != "gap").sum())
    assert (figure.get_suptitle().split()[0] == "No") == (spoken == 0)
    words = [text.get_text() for text in figure.axes[0].texts if text.get_text() != "taken as normal"]
    assert len(words) == spoken and figure.canvas.draw() is None
    close = drawn.close_ups(signal, signal * 0.9, alarms, around=64)
    assert sum(axes.axison for axes in close.axes) == min(9, spoken) and close.canvas.draw() is None
    plt.close("all")
