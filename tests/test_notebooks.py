"""The committed notebooks: outputs there, in order, made by these cells; short cells, one set of literals."""

import ast
import re
import statistics

import nbformat
import pytest

from tools import refresh
from vaepaper import paths

NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_outputs_are_those_of_these_cells_run_once_and_in_order(notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    known = notebook.metadata["vaepaper"]["digest"]
    assert known == refresh.digest(notebook), "edited since it ran: make refresh"


def test_outputs_hold_no_error_no_progress_bar_and_no_long_winded_number(notebook):
    """Three significant figures; and no semicolon hides an output, which nbval would show and count."""
    for cell in code(notebook):
        assert not cell.source.rstrip().endswith(";"), cell.source
        for out in cell.outputs:
            assert out.output_type != "error" and out.get("name") != "stderr", cell.source
            text = out.get("text", "") + out.get("data", {}).get("text/markdown", "")
            assert not re.search(r"\d\.0*[1-9]\d{5,}", text), cell.source


def test_a_lost_or_moved_output_would_be_seen():
    notebook = nbformat.read(NOTEBOOKS[0], as_version=4)
    for harm in ("strip", "move", "edit"):
        copy = nbformat.reads(nbformat.writes(notebook), as_version=4)
        cells = [cell for cell in code(copy) if cell.outputs]
        if harm == "strip":
            cells[-1].outputs = []
        elif harm == "move":
            copy.cells.insert(3, copy.cells.pop(-2))
        else:
            cells[0].source += " "
        assert copy.metadata["vaepaper"]["digest"] != refresh.digest(copy)


def test_cells_are_short_and_parameters_are_literals_with_a_reason(notebook):
    tagged = ["parameters" in cell.metadata.get("tags", []) for cell in code(notebook)]
    shown = [cell.source for cell, given in zip(code(notebook), tagged, strict=True) if not given]
    lengths = [len(source.splitlines()) for source in shown]
    assert max(lengths) <= 20 and statistics.median(lengths) <= 6
    assert sum(len(re.findall(r"^\s*def ", source, re.M)) for source in shown) <= 2
    source = code(notebook)[tagged.index(True)].source
    for line, statement in zip(source.splitlines(), ast.parse(source).body, strict=True):
        ast.literal_eval(statement.value)
        assert "  # " in line, f"no reason given: {line}"
