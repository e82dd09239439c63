"""One measurement on a signal in a process of its own: `python signal_contenders.py NAME POINTS` prints JSON.

Windows of 256 points; the same auto-encoder (256-128-64-8), the same 20,000 training windows, the same 3,000
steps of 128. The value is seconds; `peak_mb` is this process's own peak.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import time

import numpy as np
import pandas as pd
from contenders import report
from numpy.lib.stride_tricks import sliding_window_view

WINDOW, TRAINED = 256, 20_000


def signal(points: int) -> pd.Series:
    """A cycle of 256 points and noise."""
    t = np.arange(points)
    values = np.sin(2 * np.pi * t / WINDOW) + 0.1 * np.random.default_rng(0).normal(size=points)
    return pd.Series(values, pd.date_range("2026-01-01", periods=points, freq="1s"))


def seconds(function, *arguments) -> float:
    """What one call takes."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def monitor(points: int = TRAINED + WINDOW, **settings):
    """One that has learnt."""
    from sensorwatch import Monitor

    return Monitor(WINDOW, **settings).fit(signal(points))


def fit_ours(points: int) -> float:
    """Learn from a signal of so many points."""
    monitor(1_000, steps=1)
    return seconds(monitor, points)


def score_ours(points: int) -> float:
    """Seven scores of every point, from all windows that cover it."""
    ready, x = monitor(steps=1).calibrate(signal(10_000)), signal(points)
    ready.score(x[:5_000])
    return seconds(ready.score, x)


def update_ours(points: int) -> float:
    """So many points one by one; the value is seconds a point."""
    ready, x = monitor(steps=1).calibrate(signal(100_000)), signal(points)
    one_by_one = [x.iloc[at : at + 1] for at in range(points)]
    return seconds(lambda: [ready.update(point, rate=0.01) for point in one_by_one]) / points


def windows(points: int) -> np.ndarray:
    """The windows of a signal, in memory as PyOD takes them."""
    return np.array(sliding_window_view(signal(points).to_numpy(np.float32), WINDOW))


def pyod():
    """PyOD's auto-encoder of the same layers and as many steps."""
    from pyod.models.auto_encoder import AutoEncoder

    steps = {"epoch_num": round(3_000 / (TRAINED / 128)), "batch_size": 128, "lr": 2e-3}
    plain = {"dropout_rate": 0, "batch_norm": False, "preprocessing": False, "device": "cpu", "verbose": 0}
    return AutoEncoder(hidden_neuron_list=[128, 64, 8], optimizer_params={}, **steps, **plain)


def fit_pyod(points: int) -> float:
    """On as many windows as ours takes from a signal of that length."""
    chosen = windows(min(points, TRAINED + WINDOW - 1))
    return seconds(pyod().fit, chosen)


def score_pyod(points: int) -> float:
    """One number a window."""
    ready, x = pyod().fit(windows(3_000)), windows(points)
    return seconds(ready.decision_function, x)


def score_stumpy(points: int) -> float:
    """The matrix profile between the signal and 20,000 points of training, after its compilation."""
    import stumpy

    known, x = signal(TRAINED).to_numpy(), signal(points).to_numpy()
    stumpy.stump(x[:1_000], WINDOW, known[:1_000], ignore_trivial=False)
    return seconds(lambda: stumpy.stump(x, WINDOW, known, ignore_trivial=False))


if __name__ == "__main__":
    report(globals())
