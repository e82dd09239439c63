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
    ("claim", "values", "verdict"),
    [
        ("C4", (2, 2.1), "reproduced"),  # on the boundary of ">="
        ("C7", (0.05, 0.1), "partly"),  # on the boundary of "<"
        ("C4", (1, 1.9), "not reproduced"),
        ("C4", (2, NAN), "partly"),
        ("C4", (NAN, NAN), "not reproduced"),
        ("C8", (0.5, 0.2), "not reproduced"),  # necessary: what may be chance is no difference
        ("C9", (1, 0), "reproduced"),  # sufficient: more than chance explains
        ("C9", (0, 3), "partly"),
    ],
)
def test_verdicts(claim, values, verdict):
    assert claims.judge(claim, measured(claim, *values))["verdict"] == verdict


@pytest.mark.parametrize(
    ("values", "errors", "verdict"),
    [
        ((0.05, 0.5), (0.05, 0.1), "reproduced"),
        ((0.05, 0.5), (0.08, 0.1), "undecided"),  # 0.05 + 1.96 × 0.08 lies above 0.2
        ((0.05, 0.1), (0.08, 0.01), "undecided"),
        ((0.05, 0.1), (0.01, 0.01), "partly"),
    ],
)
def test_a_mean_whose_interval_holds_the_boundary_decides_nothing(values, errors, verdict):
    entry = claims.judge("S1", measured("S1", *values), measured("S1", *errors))
    assert entry["verdict"] == verdict


def test_a_single_criterion_that_is_undecided_leaves_its_claim_undecided():
    [criterion] = claims.CLAIMS["D5"]["criteria"]
    entry = claims.judge("D5", measured("D5", criterion["boundary"]), measured("D5", 0.1))
    assert entry["verdict"] == "undecided"


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


def test_the_reports_nine_and_ours_are_complete():
    ours = {"D": ("05", 9), "E": ("06", 3), "S": ("07", 5), "G": ("10", 4)}  # letter: chapter, how many
    assert list(claims.CLAIMS)[:9] == [f"C{i}" for i in range(1, 10)]
    for name, claim in claims.CLAIMS.items():
        needed = {"section", "figures", "statement", "statement_ja", "test", "notebook", "criteria"}
        assert set(claim) - {"note"} == needed
        if name[0] != "C":
            chapter, most = ours[name[0]]
            assert (
                claim["notebook"].startswith(chapter) and claim["section"] == "ours" and int(name[1:]) <= most
            )
    notebooks = [claim["notebook"] for claim in claims.CLAIMS.values() if claim["section"] == "ours"]
    assert notebooks == sorted(notebooks), "chapter by chapter, as the tables group them"


@pytest.mark.parametrize("name", claims.CLAIMS)
def test_the_sentence_of_a_test_holds_every_boundary(name):
    """So that it says what is tested: C9's chance and the zeros of "more than" are in words."""
    numbers = [float(n) for n in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", claims.test(name).replace(",", ""))]
    numbers += [number / 100 for number in numbers]
    for criterion in claims.CLAIMS[name]["criteria"]:
        assert criterion["relation"] in claims.COMPARE and criterion["name_ja"]
        if criterion["boundary"]:
            assert any(abs(number - criterion["boundary"]) < 1e-12 for number in numbers), criterion


def test_the_japanese_names_are_in_japanese():
    """What is left in Latin letters are symbols and proper names."""
    known = re.compile(r"MNIST|V?AE|NN|AUROC|PCA|KL|Welch|Cohen|VUS|PR|UCR|(Ano)?GAN|[a-zA-Z]")
    for claim in claims.CLAIMS.values():
        for criterion in claim["criteria"]:
            found = re.findall(r"[A-Za-z_]+", criterion["name_ja"])
            assert all(known.fullmatch(word) for word in found), criterion["name_ja"]


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
