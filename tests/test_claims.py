"""Verdicts follow from numbers and criteria; the JSON has its form and is never half written."""

import json
import re

import pytest

from vaepaper import claims

NAN = float("nan")


def measured(claim, *values):
    """Values in the order of the claim's criteria."""
    return dict(zip(claims._names(claim), values, strict=True))


@pytest.mark.parametrize(
    ("claim", "values", "errors", "verdict"),
    [
        ("C4", (2, 2.1), (), "reproduced"),  # on the boundary of ">="
        ("C7", (0.05, 0.1), (), "partly"),  # on the boundary of "<"
        ("C4", (1, 1.9), (), "not reproduced"),
        ("C4", (2, NAN), (), "partly"),
        ("C8", (0.5, 0.2), (), "not reproduced"),  # necessary: what may be chance is no difference
        ("C9", (1, 0), (), "reproduced"),  # sufficient: more than chance explains
        ("C9", (0, 3), (), "partly"),
        ("G5", (0.04,), (), "reproduced"),
        ("G5", (0.05,), (), "undecided"),
        ("G5", (0.5,), (), "not reproduced"),
        ("G5", (NAN,), (), "not reproduced"),
        ("S1", (0.05, 0.5), (0.05, 0.1), "reproduced"),
        ("S1", (0.05, 0.5), (0.08, 0.1), "undecided"),  # 0.05 + 1.96 × 0.08 lies above 0.2
        ("S1", (0.05, 0.1), (0.08, 0.01), "undecided"),
        ("S1", (0.05, 0.1), (0.01, 0.01), "partly"),
    ],
)
def test_verdicts(claim, values, errors, verdict):
    given = measured(claim, *errors) if errors else None
    assert claims.judge(claim, measured(claim, *values), given)["verdict"] == verdict


def test_a_number_without_a_criterion_and_a_criterion_without_a_number_are_errors():
    with pytest.raises(ValueError, match="C4 has no criterion 'extent, 4-D'"):
        claims.judge("C4", measured("C4", 3, 3) | {"extent, 4-D": 1})
    with pytest.raises(KeyError, match="extent AE ÷ VAE, 3-D"):
        claims.judge("C4", {"extent AE ÷ VAE, 2-D": 3})


def test_a_changed_boundary_changes_the_verdict_and_the_sentence(build, monkeypatch):
    claims.record("C1", measured("C1", 0.89, 0.96, 0.97, 0.98))
    assert claims.load()[0]["verdict"] == "partly" and "≥ 0.90" in claims.test("C1")
    for criterion in claims.CLAIMS["C1"]["criteria"]:
        monkeypatch.setitem(criterion, "boundary", 0.88)
    assert claims.load()[0]["verdict"] == "reproduced" and "≥ 0.88" in claims.test("C1")


def test_every_claim_is_complete_and_its_sentence_holds_every_boundary():
    """So that it says what is tested: C9's chance and the zeros of "more than" are in words."""
    needed = {"section", "figures", "statement", "statement_ja", "test", "notebook", "criteria"}
    known = re.compile(r"MNIST|V?AE|NN|AUROC|PCA|KL|Welch|Cohen|VUS|PR|UCR|(Ano)?GAN|[a-zA-Z]")
    for name, claim in claims.CLAIMS.items():
        assert set(claim) - {"note"} == needed and (claim["section"] == "ours") == (name[0] != "C")
        found = re.findall(r"(?<![\w.])\d+(?:\.\d+)?", claims.test(name).replace(",", ""))
        numbers = [float(number) / part for number in found for part in (1, 100)]
        for criterion in claim["criteria"]:
            assert criterion["relation"] in claims.COMPARE
            boundary = criterion["boundary"]
            assert not boundary or any(abs(number - boundary) < 1e-12 for number in numbers), criterion
            latin = re.findall(r"[A-Za-z_]+", criterion["name_ja"])  # symbols and proper names
            assert criterion["name_ja"] and all(known.fullmatch(word) for word in latin), criterion


def test_records_have_their_form_and_order(build):
    claims.record("C4", measured("C4", 3, 3))
    claims.record("C2", measured("C2", 0.1, 0.2, 0.3, 1 / 3))
    claims.record("C4", measured("C4", 1, 3))
    kept = json.loads((build / "claims.json").read_text())
    assert [(entry["id"], entry["verdict"]) for entry in kept] == [("C2", "reproduced"), ("C4", "partly")]
    assert all(set(entry) == {"id", "statement", "verdict", "measured", "standard_errors"} for entry in kept)
    assert kept[0]["measured"]["explained variance, 32 − 16"] == 0.3333333333, "ten significant digits"
    assert claims.text(claims.load()) == (build / "claims.json").read_text()
    assert not list(build.glob(".*.part*"))


def test_verdicts_are_printed(build, capsys):
    claims.record("C4", measured("C4", 3, 3))
    claims.record("C3", measured("C3", 0, 0, 0))
    claims.verdicts("C3", "C4", "C5")
    assert capsys.readouterr().out.splitlines() == ["C3  ✘ not reproduced", "C4  ✔ reproduced"]
