"""The benchmark on public series: its readers on made-up folders, NAB's score as its paper defines it."""

import json

import numpy as np
import pytest

from sensorwatch import Monitor
from vaepaper import paths


@pytest.fixture
def public_series(monkeypatch):
    monkeypatch.syspath_prepend(paths.ROOT / "benchmarks")
    import public_series

    monkeypatch.setattr(public_series, "Monitor", lambda **own: Monitor(steps=100, **own))
    return public_series


def cycle(n, noise=0.0, seed=0):
    return np.sin(2 * np.pi * np.arange(n) / 40) + noise * np.random.default_rng(seed).normal(size=n)


def test_ucr(public_series, tmp_path):
    """A fault in the middle of a cycle is hit; where the label says another place, it is not."""
    values = cycle(3000, 0.05)
    values[2400:2440] = 0
    for number, (first, last) in enumerate([(2400, 2440), (2800, 2840)]):
        name = f"{number:03d}_UCR_Anomaly_made_up_1200_{first}_{last}.txt"
        np.savetxt(tmp_path / name, values)
    assert public_series.ucr(tmp_path)["as calibrated"] == {"series": 2, "% hit": 50}


def test_smap(public_series, tmp_path):
    """Of two labelled segments one is met; a second fault is false; a channel named twice counts once."""
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
        np.save(tmp_path / part / "A-1.npy", np.stack([cycle(2000), np.zeros(2000)], axis=1))
    values = cycle(2000)
    values[500:540] = values[1500:1540] = 0
    np.save(tmp_path / "test" / "A-1.npy", np.stack([values, np.zeros(2000)], axis=1))
    row = 'A-1,SMAP,"[[490, 550], [1000, 1040]]","[point, contextual]",2000\n'
    head = "chan_id,spacecraft,anomaly_sequences,class,num_values\n"
    (tmp_path / "labeled_anomalies.csv").write_text(head + row + row)
    found = public_series.smap(tmp_path)["as calibrated"]
    assert found == {"SMAP: F1": 0.5, "SMAP: false": 1, "SMAP: refused": 0}


def test_skab(public_series, tmp_path):
    """A fault in two of eight channels lasts from row 700 to 900 of 1,000."""
    (tmp_path / "data" / "valve1").mkdir(parents=True)
    names = [f"channel {number}" for number in range(8)]
    values = np.stack([cycle(1000, 0.05, seed) for seed in range(8)], axis=1)
    values[700:900, 2:4] += 3
    lines = [";".join(["datetime", *names, "anomaly", "changepoint"])]
    for row, numbers in enumerate(values):
        label = str(float(700 <= row < 900))
        lines.append(";".join([f"2020-03-09 10:{row}", *map(str, numbers), label, "0.0"]))
    (tmp_path / "data" / "valve1" / "0.csv").write_text("\n".join(lines))
    found = public_series.skab(tmp_path)["as calibrated"]
    false = found["% false"] / 100 * 400
    assert found["% missed"] == 0 and false < 200
    assert found["F1 by points"] == pytest.approx(2 * 200 / (2 * 200 + false))


def test_the_score_of_nab(public_series):
    """0 says nothing, 100 is perfect; a false alarm costs .11 or .22; a miss weighs double in the last."""
    place = np.array(["None"] * 50 + ["a"] * 10 + ["None"] * 40 + ["b"] * 10 + ["None"] * 40)
    gain = np.where(place == "None", -1.0, 1.0)

    def measured(*alarms):
        score = np.zeros(len(place))
        score[list(alarms)] = 1
        return public_series.corpus_score([(score, 5, gain, place)], windows=2)

    assert [measured(52, 103)[name] for name in ("standard", "low-FP", "low-FN")] == [100, 100, 100]
    one = measured(10, 52)
    expected = [100 * (2 - 0.11) / 4, 100 * (2 - 0.22) / 4, 100 * (3 - 0.11) / 6]
    assert [one[name] for name in ("standard", "low-FP", "low-FN")] == pytest.approx(expected)
    assert measured(10, 12, 14, 52)["standard"] == pytest.approx(expected[0])  # one event, one alarm


def test_the_document_shows_the_committed_results(public_series):
    found = json.loads((paths.RESULTS / "public_series.json").read_text())
    shown = public_series.DOCUMENT.read_text(encoding="utf-8").split("public series -->\n")[1]
    assert shown.startswith(public_series.table(found))
