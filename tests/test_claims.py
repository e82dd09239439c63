"""Verdicts follow from numbers; the JSON has the promised form and is never half written."""

import json

import pytest

from vaepaper import claims, paths
from vaepaper.claims import Part

YES, NO, NAN = Part("a", 0.9, ">=", 0.9), Part("b", 0.9, ">", 0.9), Part("c", float("nan"), "<", 1)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([YES], "reproduced"),
        ([YES, NO], "partly"),
        ([NO], "not reproduced"),
        ([YES, NAN], "partly"),
        ([NAN], "not reproduced"),
    ],
)
def test_verdicts(parts, verdict):
    assert claims.judge(parts) == verdict


def test_the_reports_ten_and_ours_are_complete():
    ours = {"D": ("05", 8), "E": ("06", 3), "S": ("07", 5), "G": ("10", 4)}  # letter: chapter, how many
    assert list(claims.CLAIMS)[:10] == [f"C{i}" for i in range(1, 11)]
    for name, claim in claims.CLAIMS.items():
        assert set(claim) == {"section", "figures", "statement", "statement_ja", "test", "notebook"}
        if name[0] != "C":
            chapter, most = ours[name[0]]
            assert claim["notebook"].startswith(chapter) and claim["section"] == "ours" and int(name[1:]) <= most
    notebooks = [claim["notebook"] for claim in claims.CLAIMS.values() if claim["section"] == "ours"]
    assert notebooks == sorted(notebooks), "chapter by chapter, as the tables group them"


def test_records_have_the_promised_form_and_order(build):
    claims.record("C4", [YES])
    claims.record("C2", [YES, NO])
    claims.record("C4", [NO], verdict="partly")
    entries = json.loads((build / "claims.json").read_text())
    assert [(entry["id"], entry["verdict"]) for entry in entries] == [("C2", "partly"), ("C4", "partly")]
    promised = {"id", *claims.CLAIMS["C1"], "measured", "verdict"}
    assert all(set(entry) == promised for entry in entries)
    assert entries[0]["measured"][0] == {
        "name": "a", "value": 0.9, "relation": ">=", "boundary": 0.9, "error": 0, "holds": True
    }  # fmt: skip
    assert not list(build.glob(".*.part*"))


@pytest.fixture
def spread(build, monkeypatch):
    """Lets a test say what `make robustness` found: {claim: (mean, deviation)} of its part "a"."""

    def write(known):
        found = {what: {c: {"a": v[i]} for c, v in known.items()} for i, what in enumerate(("mean", "deviation"))}
        (build / "results").mkdir(parents=True, exist_ok=True)
        (build / "results" / "spread.json").write_text(json.dumps(found))

    monkeypatch.setattr(paths, "RESULTS", build / "results")
    return write


@pytest.mark.parametrize(("mean", "deviation", "steady"), [(0.93, 0.01, True), (0.93, 0.02, False), (0.5, 0.1, True)])
def test_a_verdict_is_steady_if_the_mean_run_lies_two_deviations_off(spread, mean, deviation, steady):
    spread({"C1": (mean, deviation)})
    for value in (0.2, 0.9, 0.95):  # whatever this machine measured
        entry = {"id": "C1", "measured": [{"name": "a", "value": value, "boundary": 0.9}]}
        assert claims.steady(entry) is steady


def test_verdicts_are_printed_where_they_are_steady(spread, capsys):
    spread({"C4": (1.0, 0.01), "C3": (1.0, 0.2)})
    for name in ("C4", "C3"):
        claims.record(name, [Part("a", 1.0, ">=", 0.9)])
    claims.verdicts("C3", "C4", "C5")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("C3  near a boundary") and second == "C4  ✔ reproduced"
