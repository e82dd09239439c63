"""Verdicts follow from numbers; the JSON has the promised form and is never half written."""

import json

import pytest

from vaepaper import claims
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
    assert list(claims.CLAIMS) == [f"C{i}" for i in range(1, 11)] + [f"D{i}" for i in range(1, 8)]
    for claim in claims.CLAIMS.values():
        assert set(claim) == {"section", "figures", "statement", "test", "notebook"}


def test_records_have_the_promised_form_and_order(build):
    claims.record("C4", [YES])
    claims.record("C2", [YES, NO])
    claims.record("C4", [NO], verdict="partly")
    entries = json.loads((build / "claims.json").read_text())
    assert [(entry["id"], entry["verdict"]) for entry in entries] == [("C2", "partly"), ("C4", "partly")]
    promised = {"id", "section", "figures", "statement", "test", "measured", "verdict", "notebook"}
    assert all(set(entry) == promised for entry in entries)
    assert entries[0]["measured"][0] == {"name": "a", "value": 0.9, "relation": ">=", "boundary": 0.9, "holds": True}
    assert not list(build.glob(".*.part*"))


def test_a_verdict_is_steady_if_it_lies_further_off_than_runs_differ(monkeypatch):
    entry = {"id": "C1", "measured": [{"name": "a", "value": 0.93, "boundary": 0.9}]}
    for deviation, expected in ((0.01, True), (0.05, False)):
        monkeypatch.setattr(claims, "spread", lambda deviation=deviation: {"C1": {"a": deviation}})
        assert claims.steady(entry) is expected


def test_verdicts_are_printed_where_they_are_steady(build, capsys, monkeypatch):
    monkeypatch.setattr(claims, "spread", lambda: {"C4": {"a": 0.01}, "C3": {"a": 0.2}})
    for name in ("C4", "C3"):
        claims.record(name, [Part("a", 1.0, ">=", 0.9)])
    claims.verdicts("C3", "C4", "C5")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("C3  near a boundary") and second == "C4  ✔ reproduced"
