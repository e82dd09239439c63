"""What a run just measured, against the committed results: equal, byte for byte; runs after the notebooks.

Where the same digits cannot be computed (`exact.why_not`), verdicts are compared; what differs is printed.
"""

import ast
import json
import re
import runpy
import statistics

import conftest
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from tools import compare, refresh, tables
from vaepaper import claims, exact, experiment, paths, robustness

COMMITTED = claims.load(paths.RESULTS / "claims.json")
DEFAULT_BUILD = paths.BUILD
FIGURES = sorted(path.name for path in (paths.RESULTS / "figures").glob("*.png"))
API = (paths.ROOT / "docs" / "api.md", paths.ROOT / "docs" / "api.ja.md")
BY_HAND = {"playground_bench.png", "benchmark.png"}  # of `make test-browser` and of `make bench`


@pytest.fixture(scope="module")
def measured():
    """This run's claims, by id."""
    path = DEFAULT_BUILD / "claims.json"
    assert path.exists(), "no results yet: `make test` runs the notebooks first, and so does `make reproduce`"
    stale = conftest.SESSION["notebooks"] and path.stat().st_mtime < conftest.SESSION["start"]
    assert not stale, "the notebooks of this session recorded no claims"
    return {entry["id"]: entry for entry in claims.load(path)}


def test_claims_and_detection_are_equal(measured):
    """All claims but those of chapter 6, open until its table holds every run that they ask for."""
    open_yet = {name for name in claims.CLAIMS if name[0] == "E"}
    complete = not robustness.lacking(robustness.read(), list(experiment.INTERPRETATIONS))
    assert [entry["id"] for entry in COMMITTED] == list(measured)
    assert set(claims.CLAIMS) - set(measured) <= (set() if complete else open_yet)
    same, said = compare.with_committed()
    assert same, said
    files = (DEFAULT_BUILD / "detection.json", paths.RESULTS / "detection.json")
    found, known = (path.read_text("utf-8") for path in files)
    assert found == known or exact.why_not()


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in BY_HAND])
def test_figures_are_equal_pixel_by_pixel(measured, name):
    if exact.why_not():
        return
    found, known = (plt.imread(folder / "figures" / name) for folder in (DEFAULT_BUILD, paths.RESULTS))
    assert np.array_equal(found, known), f"{DEFAULT_BUILD / 'figures' / name} differs from the committed one"


def test_trainings_were_run_with_the_committed_settings(measured):
    known = json.loads((paths.RESULTS / "trainings.json").read_text("utf-8"))
    assert refresh.trainings(DEFAULT_BUILD) == known


SHOWN = {
    "README.md": ["tally", "times", "run", "findings", "claims", "notebooks", "printed"],
    "RESULTS.md": ["all claims", "every number"],
    "detection.md": ["caught", "places"],
}


def printed(document):
    """What a document says that its Python prints."""
    return document.split("<!-- begin printed -->\n")[-1].split("<!-- end printed -->")[0]


@pytest.mark.parametrize("document", refresh.DOCUMENTS, ids=lambda path: path.name)
def test_readmes_and_results_show_what_is_committed(document):
    files = (paths.RESULTS / "times.json", paths.RESULTS / "detection.json")
    took, detection = (json.loads(path.read_text("utf-8")) for path in files)
    text = document.read_text(encoding="utf-8")
    parts = tables.parts(COMMITTED, took, detection) | {"printed": lambda _: printed(text)}
    expected = SHOWN[document.name.replace(".ja", "")]
    assert re.findall("<!-- begin (.+?) -->", text) == expected
    now = refresh.filled(text, parts, japanese=document.name == "README.ja.md")
    assert now == text, "make refresh writes it"


@pytest.mark.slow
def test_readmes_show_what_their_python_prints():
    english, japanese = (path.read_text(encoding="utf-8") for path in refresh.READMES)
    programs = [ast.unparse(ast.parse(refresh.python(text))) for text in (english, japanese)]
    assert programs[0] == programs[1] and printed(english) == printed(japanese)
    head, tail = "<!-- begin printed -->\n", "<!-- end printed -->"
    found = refresh.filled(f"```python\n{programs[0]}\n```\n{head}{tail}", {}, japanese=False)
    assert printed(found) == printed(english) or exact.why_not()


def test_the_tally_counts():
    said = tables.tally(COMMITTED)
    for word in ("reproduced", "partly", "not reproduced"):
        n = [entry["verdict"] for entry in COMMITTED if entry["id"][0] == "C"].count(word)
        assert re.search(rf"\b{tables.NUMBERS[n]} {word}", said)


@pytest.mark.parametrize("entry", COMMITTED, ids=lambda entry: entry["id"])
def test_the_deciding_number_decides(entry):
    """It fails where any number fails, and none of its kind lies relatively nearer to its boundary."""
    part = tables.deciding(entry)
    assert (part["outcome"] == "yes") == all(row["outcome"] == "yes" for row in entry["criteria"])
    for other in entry["criteria"]:
        alike = (other["outcome"] == "yes") == (part["outcome"] == "yes")
        if alike and all(one["value"] * one["boundary"] > 0 for one in (part, other)):
            pairs = [sorted(abs(x) for x in (one["value"], one["boundary"])) for one in (part, other)]
            assert pairs[0][0] / pairs[0][1] >= pairs[1][0] / pairs[1][1] - 1e-12


def test_the_file_and_each_chapter_show_the_claims_as_committed():
    assert (paths.RESULTS / "claims.json").read_text(encoding="utf-8") == claims.text(COMMITTED)
    for entry in COMMITTED:
        notebook = nbformat.read(paths.NOTEBOOKS / f"{entry['notebook']}.ipynb", as_version=4)
        outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
        shown = [out.get("data", {}).get("text/markdown") for out in outputs]
        assert claims.numbers(entry) in shown, f"{entry['id']}: make refresh"


def test_each_severity_has_the_means_that_chapter_5_shows():
    found = json.loads((paths.RESULTS / "detection.json").read_text("utf-8"))
    means = {(row["kind"], row["method"]): row["caught"] for row in found["caught"] if row["rate"] == 0.01}
    for (kind, method), mean in means.items():
        np.testing.assert_allclose(np.mean(found["by_severity"][kind][method]), mean, rtol=1e-12)
    rows = tables.by_severity(found["by_severity"]).splitlines()
    assert len(rows) == 2 + 14 * 5 and {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {11}


def test_places_that_cards_name_are_right():
    """As chapter 5 says: by the masks, on strokes and blots; elsewhere hardly any is named."""
    placed = json.loads((paths.RESULTS / "detection.json").read_text("utf-8"))["places"]

    def share(of, among, *kinds):
        return sum(placed[kind][of] for kind in kinds) / sum(placed[kind][among] for kind in kinds)

    right = share("right", "named", "extra stroke", "missing stroke", "blot")
    assert right > 0.9 and share("named", "alarms", "speckle", "fading", "blur") < 0.02
    text = (paths.NOTEBOOKS / "05_measured_detection.ipynb").read_text("utf-8")
    missing = share("right", "named", "missing stroke")
    assert f"{100 * right:.0f} % touch the defect (of missing strokes {100 * missing:.0f} %)" in text


def test_the_python_of_the_interface_runs(measured, capsys):
    """Its blocks one after the other: score, set a threshold, combine scores, watch a signal."""
    program, twin = (ast.parse(refresh.python(path.read_text(encoding="utf-8"))) for path in API)
    assert ast.unparse(program) == ast.unparse(twin)
    exec(compile(program, "docs/api.md", "exec"), {})
    said = capsys.readouterr().out
    arrays = [found.split() for found in re.findall(r"\[([^\]/]+)\]", said)]  # and not "Water flow [l/s]"
    assert [len(array) for array in arrays[:5]] == [5] * 5
    # With the disturbance that is known to be there.
    assert "rows" in said and "p_value" in said and "2022-04-26" in said


BENCHMARKS = {"": "bench", " of the GAN": "bench_gan", " of signals": "bench_signals"}


@pytest.mark.parametrize("document", refresh.BENCHMARKS, ids=lambda path: path.name)
@pytest.mark.parametrize("what", BENCHMARKS)
def test_the_committed_benchmarks_are_shown(document, what, monkeypatch):
    monkeypatch.syspath_prepend(paths.ROOT / "benchmarks")
    script, what = BENCHMARKS[what], f"benchmark{what}"
    table = runpy.run_path(str(paths.ROOT / "benchmarks" / f"{script}.py"))["table"]
    found = json.loads((paths.RESULTS / f"{script.replace('bench', 'benchmark')}.json").read_text())
    text = document.read_text(encoding="utf-8")
    shown = text.split(f"<!-- begin {what} -->")[1].split(f"<!-- end {what} -->")[0].strip()
    expected = table(found, japanese=".ja" in document.suffixes).strip()
    assert shown == expected, "make bench writes these tables"
    medians = found.get("seconds") or found["epoch_seconds"]
    for name, rounds in found["all"].items():
        assert len(rounds) == found["rounds"] >= (3 if what == "benchmark of signals" else 5), name
        assert medians.get(name, statistics.median(rounds)) == statistics.median(rounds), name
