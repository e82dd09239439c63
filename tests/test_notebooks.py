"""The committed notebooks: outputs there, in order, made by these cells; short cells, one set of literals."""

import ast
import re
import statistics

import nbformat

from tools import refresh
from vaepaper import paths

NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))


def pytest_generate_tests(metafunc):
    if "notebook" in metafunc.fixturenames:
        read = [nbformat.read(path, as_version=4) for path in NOTEBOOKS]
        metafunc.parametrize("notebook", read, ids=[path.stem for path in NOTEBOOKS])


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_cells_ran_once_and_in_order(notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))


def test_outputs_belong_to_these_cells(notebook):
    known = notebook.metadata["vaepaper"]["digest"]
    assert known == refresh.digest(notebook), "edited since it ran: make refresh"


def test_outputs_hold_no_error_and_no_progress_bar(notebook):
    for cell in code(notebook):
        for out in cell.outputs:
            assert out.output_type != "error" and out.get("name") != "stderr", cell.source


def test_no_cell_hides_its_output_behind_a_semicolon(notebook):
    """nbval would show it, and count it as another output."""
    for cell in code(notebook):
        assert not cell.source.rstrip().endswith(";"), cell.source


def test_a_lost_or_moved_output_would_be_seen(notebook):
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


def test_parameters_are_literals_with_a_reason(notebook):
    [cell] = [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    for line, statement in zip(cell.source.splitlines(), ast.parse(cell.source).body, strict=True):
        ast.literal_eval(statement.value)
        assert "  # " in line, f"no reason given: {line}"


def test_cells_are_short(notebook):
    shown = [cell for cell in code(notebook) if "parameters" not in cell.metadata.get("tags", [])]
    lengths = [len(cell.source.splitlines()) for cell in shown]  # parameters have a line each
    assert max(lengths) <= 20 and statistics.median(lengths) <= 6
    assert sum(len(re.findall(r"^\s*def ", cell.source, re.M)) for cell in code(notebook)) <= 2


def test_numbers_are_not_long_winded(notebook):
    """Three significant figures, in what a reader sees."""
    for cell in code(notebook):
        for out in cell.outputs:
            text = out.get("text", "") + out.get("data", {}).get("text/markdown", "")
            assert not re.search(r"\d\.0*[1-9]\d{5,}", text), cell.source
