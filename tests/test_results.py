"""What a run just measured, against the committed results; runs after the notebooks.

Tolerance of a number: four times its run-to-run spread (results/spread.json), and at least 1 % of its value. A verdict
must repeat where each of its numbers, in the mean over seeds, lies two such spreads or more from its boundary.
"""

import json
import re
import runpy
import statistics

import conftest
import pytest

from vaepaper import claims, paths
from vaepaper.workshop import refresh

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
    assert [entry["id"] for entry in COMMITTED] == list(claims.CLAIMS) == list(measured)
    assert {entry["verdict"] for entry in COMMITTED} <= set(claims.MARKS)


@pytest.mark.parametrize("committed", COMMITTED, ids=lambda entry: entry["id"])
def test_numbers_agree(committed, measured):
    spread = claims.spread()[committed["id"]]
    found = {part["name"]: part["value"] for part in measured[committed["id"]]["measured"]}
    assert list(found) == [part["name"] for part in committed["measured"]]
    for part in committed["measured"]:
        tolerance = max(4 * spread[part["name"]], 0.01 * abs(part["value"]))
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
    assert table.strip() == claims.readme_table(COMMITTED).strip(), "make refresh writes the README's table"


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
    arrays = [found.split() for found in re.findall(r"\[(.+?)\]", capsys.readouterr().out, re.S)]
    assert [len(array) for array in arrays] == [5, 5, 5, 1] and arrays[3] == ["True"]


@pytest.mark.parametrize("readme", refresh.READMES, ids=lambda path: path.name)
def test_the_readme_shows_the_committed_benchmark(readme):
    bench = runpy.run_path(str(paths.ROOT / "benchmarks" / "bench.py"))
    found = json.loads((paths.RESULTS / "benchmark.json").read_text())
    text = readme.read_text(encoding="utf-8")
    table = text.split("<!-- begin benchmark -->")[1].split("<!-- end benchmark -->")[0]
    assert table.strip() == bench["table"](found).strip(), "make bench writes the README's table"
    for name, rounds in found["all"].items():
        assert len(rounds) == found["rounds"] >= 5, name
    assert found["epoch_seconds"]["ours"] == statistics.median(found["all"]["ours"])
