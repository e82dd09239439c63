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


def test_what_a_chapter_depends_on_makes_it_stale_and_nothing_else(copy, monkeypatch):
    before = prints()

    def stale():
        """Which chapters have another fingerprint than before."""
        nonlocal before
        known, before = before, prints()
        return {name for name, now in before.items() if now != known[name]}

    for name in ("tools/site.py", "tools/reproduce.py", "tools/templates/front.html"):
        copy(name, "\n# another letter\n")
    assert stale() == set()
    for name in ("vaepaper/train.py", "vaepaper/plots/cards.py"):
        copy(name, "\n# another letter\n")
        assert stale() == {*before}
    copy("sensorwatch/monitor.py", "\n# another letter\n")
    assert stale() == {"07", "09"}
    copy("results/robustness.csv", "\n")
    assert stale() == {"06"}
    monkeypatch.setitem(claims.CLAIMS, "C1", claims.CLAIMS["C1"] | {"statement": "otherwise"})
    assert stale() == {"01"}


def test_a_chapter_that_does_not_exist(capsys):
    assert reproduce.main(["77"]) == 2
    assert "no notebook begins with '77'; there are 01, 02" in capsys.readouterr().err
