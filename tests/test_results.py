"""What a run just measured, against the committed results; runs after the notebooks.

Tolerance of a number: four times its run-to-run spread (results/spread.json), and at least 1 % of its value. A verdict
must repeat where each of its numbers, in the mean over seeds, lies two such spreads or more from its boundary.
"""

import json
import re
import runpy
import statistics

import conftest
import nbformat
import numpy as np
import pytest

from vaepaper import agreement, claims, paths, readings, robustness
from vaepaper.workshop import chapters, refresh, tables, times

COMMITTED = claims.load(paths.RESULTS / "claims.json")
DEFAULT_BUILD = paths.BUILD
OWN_RULES = ("C8", "C9")  # for "partly"; see claims.toml


def parts_of(entry):
    """A recorded claim's numbers as `Part`s."""
    return [
        claims.Part(*(part[key] for key in ("name", "value", "relation", "boundary", "error")))
        for part in entry["measured"]
    ]


@pytest.fixture(scope="module")
def measured():
    """This run's claims, by id."""
    path = DEFAULT_BUILD / "claims.json"
    assert path.exists(), "no results yet: `make test` runs the notebooks first, and so does `make reproduce`"
    if conftest.SESSION["notebooks"]:
        assert path.stat().st_mtime >= conftest.SESSION["start"], "the notebooks of this session recorded no claims"
    return {entry["id"]: entry for entry in claims.load(path)}


def test_all_claims_are_judged(measured):
    """But for chapter 6's, which are open until its table holds every run that they ask for."""
    open_yet = {name for name in claims.CLAIMS if name[0] == "E"}
    whole = not agreement.lacking(robustness.read(), list(readings.READINGS))
    assert [entry["id"] for entry in COMMITTED] == list(measured)
    assert set(claims.CLAIMS) - set(measured) <= (set() if whole else open_yet)
    assert {entry["verdict"] for entry in COMMITTED} <= set(claims.MARKS)


@pytest.mark.parametrize("committed", COMMITTED, ids=lambda entry: entry["id"])
def test_numbers_agree(committed, measured):
    spread = claims.spread().get(committed["id"], {})
    found = {part["name"]: part["value"] for part in measured[committed["id"]]["measured"]}
    assert list(found) == [part["name"] for part in committed["measured"]]
    for part in committed["measured"]:
        known = spread.get(part["name"])
        tolerance = max(4 * part["error"], 0.1 * abs(part["value"]))  # until several seeds have been run
        if known is not None:
            tolerance = max(4 * known, 0.01 * abs(part["value"]))
        assert found[part["name"]] == pytest.approx(part["value"], abs=tolerance), part["name"]


@pytest.mark.parametrize("committed", COMMITTED, ids=lambda entry: entry["id"])
def test_steady_verdicts_agree(committed, measured):
    found = measured[committed["id"]]
    if claims.steady(committed):
        assert found["verdict"] == committed["verdict"]
    elif (
        committed["id"] not in OWN_RULES
    ):  # near a boundary: it may differ here, but must follow from this run's numbers
        assert found["verdict"] == claims.judge(parts_of(found))


@pytest.mark.parametrize("readme", refresh.READMES, ids=lambda path: path.name)
def test_the_readme_shows_the_committed_results(readme):
    text = readme.read_text(encoding="utf-8")
    table = text.split("<!-- begin claims -->")[1].split("<!-- end claims -->")[0]
    expected = tables.one_line_each(COMMITTED, japanese=readme.name == "README.ja.md")
    assert table.strip() == expected.strip(), "make refresh writes the README's table"


@pytest.mark.parametrize("entry", COMMITTED, ids=lambda entry: entry["id"])
def test_its_chapter_says_what_is_known_of_a_claim(entry):
    """Its numbers with their spread over seeds, and its verdict where that is steady: from results/ as they are."""
    notebook = nbformat.read(paths.NOTEBOOKS / f"{entry['notebook']}.ipynb", as_version=4)
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert claims.measured(entry) in [out.get("data", {}).get("text/markdown") for out in outputs], "--spread writes it"
    assert any(claims.line(entry) in out.get("text", "") for out in outputs)


def test_the_japanese_table_is_in_japanese():
    """Names of numbers too: what is left in Latin letters are symbols and proper names."""
    known = re.compile(r"MNIST|V?AE|NN|AUROC|PCA|KL|Welch|Cohen|VUS|PR|UCR|(Ano)?GAN|kl_divergence|[a-zA-Z]")
    for entry in COMMITTED:
        name = tables._japanese(tables.deciding(entry)["name"])
        assert all(known.fullmatch(word) for word in re.findall(r"[A-Za-z_]+", name)), name
        assert claims.CLAIMS[entry["id"]]["statement_ja"]


@pytest.mark.parametrize("entry", COMMITTED, ids=lambda entry: entry["id"])
def test_the_deciding_number_decides(entry):
    """It fails where any number fails, and none of its kind lies relatively nearer to its boundary."""
    part = tables.deciding(entry)
    assert part["holds"] == all(one["holds"] for one in entry["measured"])
    for other in entry["measured"]:
        if other["holds"] == part["holds"] and other["boundary"] and part["boundary"]:
            ratios = [sorted(abs(x) for x in (one["value"], one["boundary"])) for one in (part, other)]
            signs = [np.sign(one["value"]) == np.sign(one["boundary"]) for one in (part, other)]
            if all(signs):
                assert ratios[0][0] / ratios[0][1] >= ratios[1][0] / ratios[1][1] - 1e-12


@pytest.mark.parametrize("readme", refresh.READMES, ids=lambda path: path.name)
def test_the_readme_shows_the_times_that_runs_took(readme):
    took = json.loads((paths.RESULTS / "times.json").read_text(encoding="utf-8"))
    expected = times.commands(took, len(chapters.select([])), len(COMMITTED), readme.name == "README.ja.md")
    assert f"<!-- begin times -->\n{expected}<!-- end times -->" in readme.read_text(encoding="utf-8")


def test_committed_json_is_what_record_writes():
    text = (paths.RESULTS / "claims.json").read_text(encoding="utf-8")
    assert text == json.dumps(COMMITTED, indent=1, ensure_ascii=False) + "\n"
    for entry in COMMITTED:
        parts = parts_of(entry)
        assert [part.holds for part in parts] == [part["holds"] for part in entry["measured"]]
        if entry["id"] not in OWN_RULES:
            assert entry["verdict"] == claims.judge(parts)


def test_every_figure_of_the_report_is_here():
    names = [path.name for path in (paths.RESULTS / "figures").glob("fig*.png")]
    assert {int(re.match(r"fig(\d\d)_", name)[1]) for name in names} == set(range(1, 11))


@pytest.mark.parametrize("readme", refresh.READMES, ids=lambda path: path.name)
def test_the_readmes_python_runs(measured, readme, capsys):
    """Its blocks one after the other: score, set a threshold, and the same for a signal with a planted fault."""
    blocks = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.S)
    exec("\n".join(blocks), {})
    said = capsys.readouterr().out
    arrays = [found.split() for found in re.findall(r"\[([^\]/]+)\]", said)]  # and not "Water flow [l/s]"
    assert [len(array) for array in arrays[:5]] == [5] * 5
    assert "rows" in said and "p_value" in said and "2022-04-26" in said  # the disturbance that is known to be there


BENCHMARKS = {"benchmark": "bench", "benchmark of the GAN": "bench_gan", "benchmark of signals": "bench_signals"}


@pytest.mark.parametrize("readme", refresh.READMES, ids=lambda path: path.name)
@pytest.mark.parametrize("what", BENCHMARKS)
def test_the_readme_shows_the_committed_benchmarks(readme, what, monkeypatch):
    monkeypatch.syspath_prepend(paths.ROOT / "benchmarks")
    script = BENCHMARKS[what]
    table = runpy.run_path(str(paths.ROOT / "benchmarks" / f"{script}.py"))["table"]
    found = json.loads((paths.RESULTS / f"{script.replace('bench', 'benchmark')}.json").read_text())
    shown = readme.read_text(encoding="utf-8").split(f"<!-- begin {what} -->")[1].split(f"<!-- end {what} -->")[0]
    assert shown.strip() == table(found).strip(), "make bench writes the README's tables"
    medians = found.get("seconds") or found["epoch_seconds"]
    for name, rounds in found["all"].items():
        assert len(rounds) == found["rounds"] >= (3 if what == "benchmark of signals" else 5), name
        assert medians.get(name, statistics.median(rounds)) == statistics.median(rounds), name
