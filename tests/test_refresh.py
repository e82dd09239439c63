"""What a full run brings back into the repository: all of it, or nothing."""

import json

import nbformat
import pytest
from conftest import write_notebook
from nbformat.v4 import new_code_cell, new_output

from tools import refresh, times
from vaepaper import claims, paths

RESULTS = "<!-- begin every number -->\n<!-- end every number -->\n"
README = "# x\n<!-- begin claims -->\n<!-- end claims -->\n"
README += "<!-- begin times -->\nold\n<!-- end times -->\nbelow\n"


@pytest.fixture
def ran(tmp_path, build, monkeypatch):
    """A repository with one chapter that has just run: its files before, as {path: bytes}."""
    for name in ("NOTEBOOKS", "RESULTS"):
        monkeypatch.setattr(paths, name, paths.writable(tmp_path / name.lower()))
    documents = tuple(tmp_path / name for name in ("README.md", "README.ja.md", "R.md"))
    monkeypatch.setattr(refresh, "DOCUMENTS", documents)
    for document in refresh.DOCUMENTS:
        document.write_text(RESULTS if document.name == "R.md" else README, encoding="utf-8")
    write_notebook(paths.NOTEBOOKS / "03_vae_clusters.ipynb", new_code_cell("1"))
    outputs = [new_output("stream", text=part) for part in ("o", "ne")]
    ended = new_code_cell("1", execution_count=1, outputs=outputs)
    write_notebook(build / "notebooks" / "03_vae_clusters.ipynb", ended)
    left = {"fingerprint": "", "parameters": {}, "seconds": 1, "claims": ["C4"]}
    left["left"] = {"figures/one.png": 3, "detection.json": 2}
    (build / "notebooks" / "03_vae_clusters.done.json").write_text(json.dumps(left))
    (paths.writable(build / "figures") / "one.png").write_bytes(b"png")
    (build / "detection.json").write_text("{}")
    claims.record("C4", {"extent AE ÷ VAE, 2-D": 5.0, "extent AE ÷ VAE, 3-D": 6.0})
    times.note("test", 600)
    known = json.loads((build / "times.json").read_text())["test"]
    (build / "times.json").write_text(json.dumps(dict.fromkeys(("reproduce", "test", "environment"), known)))
    monkeypatch.setattr(refresh.reproduce, "main", lambda _: 0)
    inside = lambda path: path.is_file() and build not in path.parents  # noqa: E731
    return lambda: {path: path.read_bytes() for path in filter(inside, tmp_path.rglob("*"))}


def test_everything_is_brought_back(ran):
    assert refresh.main([]) == 0
    [cell] = nbformat.read(paths.NOTEBOOKS / "03_vae_clusters.ipynb", 4).cells
    assert [out.text for out in cell.outputs] == ["one"]
    assert (paths.RESULTS / "figures" / "one.png").read_bytes() == b"png"
    english, japanese, results = (document.read_text(encoding="utf-8") for document in refresh.DOCUMENTS)
    assert "| C4 | The VAE strongly shrinks" in english
    assert "make reproduce    # 1 notebooks, 1 claims: 10 minutes" in english
    assert "| C4 | VAE では、クラスタの広がりが大きく縮む" in japanese
    assert "広がり、AE ÷ VAE, 2-D: **5** (≥\u00a02)" in japanese
    assert english.endswith("below\n") and "old" not in english
    assert "### C4: " in results and "| extent AE ÷ VAE, 3-D | 6 | ≥ 2 | yes |" in results


def test_a_document_holds_what_its_python_prints():
    text = "```python\nprint(2 * 3)\n```\n<!-- begin printed -->\nold\n<!-- end printed -->\n"
    assert refresh.filled(text, {}, japanese=False) == text.replace("old", "```text\n6\n```")


LEFT = ["notebooks/03_vae_clusters.ipynb", "figures/one.png", "claims.json", "detection.json"]


@pytest.mark.parametrize("lost", LEFT)
def test_what_is_amiss_leaves_the_repository_as_it_was(ran, build, lost):
    before = ran()
    (build / lost).unlink()
    with pytest.raises((FileNotFoundError, IndexError, ValueError)):
        refresh.main([])
    assert ran() == before


def test_a_failed_run_and_damaged_claims_leave_the_repository_as_it_was(ran, monkeypatch):
    before = ran()
    with monkeypatch.context() as failing:
        failing.setattr(refresh.reproduce, "main", lambda _: 1)
        assert refresh.main([]) == 1
    (paths.RESULTS / "claims.json").write_text('[{"id": "C1", ')
    with pytest.raises(ValueError, match=r"claims\.json is damaged"):  # the others' claims would be lost
        refresh.main(["03"])
    (paths.RESULTS / "claims.json").unlink()
    assert ran() == before


def test_one_chapter_leaves_the_claims_of_the_others_and_drops_what_is_no_longer_claimed(ran):
    others = [claims.judge(name, dict.fromkeys(claims._names(name), 1.0)) for name in ("C1", "C6")]
    gone = json.loads(claims.text(others))[0] | {"id": "C0"}
    (paths.RESULTS / "claims.json").write_text(json.dumps([gone, *json.loads(claims.text(others))]))
    assert refresh.main(["03"]) == 0
    entries = {entry["id"]: entry for entry in json.loads((paths.RESULTS / "claims.json").read_text())}
    assert list(entries) == ["C1", "C4", "C6"], "in their order"
    assert {*entries["C1"]["measured"].values(), *entries["C6"]["measured"].values()} == {1.0}
    assert entries["C4"]["measured"]["extent AE ÷ VAE, 2-D"] == 5


def test_a_chapter_that_does_not_exist_is_named(capsys):
    assert refresh.main(["7x"]) == 2
    assert "7x" in capsys.readouterr().err
