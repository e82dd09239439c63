"""What a chapter's results depend on is read from the sources: what it cannot reach leaves it done."""

import shutil

import pytest

from tools import chapters, reproduce
from vaepaper import claims, paths


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the repository's sources to change; returns a function that appends to one of its files."""
    left_out = shutil.ignore_patterns("*.png", "__pycache__")
    for name in ("vaepaper", "sensorwatch", "tools", "notebooks", "results"):
        shutil.copytree(paths.ROOT / name, tmp_path / name, ignore=left_out)
    for name, folder in {"ROOT": "", "NOTEBOOKS": "notebooks", "RESULTS": "results"}.items():
        monkeypatch.setattr(paths, name, tmp_path / folder)

    def append(name, text):
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return append


def prints():
    """Each chapter's fingerprint, by the two digits of its name."""
    return {notebook.name[:2]: chapters.fingerprint(notebook, {}) for notebook in chapters.select([])}


def changed(before):
    return {name for name, now in prints().items() if now != before[name]}


EVERY = {path.name[:2] for path in paths.NOTEBOOKS.glob("*.ipynb")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["site.py", "reproduce.py", "templates/front.html"])
def test_the_tools_make_no_chapter_stale(copy, name):
    before = prints()
    copy(f"tools/{name}", "\n# another letter\n")
    assert changed(before) == set()


@pytest.mark.parametrize("name", ["vaepaper/train.py", "vaepaper/plots/cards.py"])
def test_what_vaepaper_says_makes_all_stale(copy, name):
    before = prints()
    copy(name, "\n# another letter\n")
    assert changed(before) == EVERY


def test_sensorwatch_makes_those_stale_that_use_it(copy):
    before = prints()
    copy("sensorwatch/monitor.py", "\n# another letter\n")
    assert changed(before) == {"07", "09"}


def test_results_count_where_they_are_read(copy):
    before = prints()
    copy("results/robustness.csv", "\n")
    assert changed(before) == {"06"}


def test_a_claim_makes_its_own_chapter_stale(copy, monkeypatch):
    before = prints()
    monkeypatch.setitem(claims.CLAIMS, "C1", claims.CLAIMS["C1"] | {"statement": "otherwise"})
    assert changed(before) == {"01"}


def test_a_chapter_that_does_not_exist(capsys):
    assert reproduce.main(["77"]) == 2
    assert "no notebook begins with '77'; there are 01, 02" in capsys.readouterr().err
