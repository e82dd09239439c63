"""What a full run brings back into the repository: all of it, or nothing."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from vaepaper import claims, paths
from vaepaper.workshop import refresh, times

README = "# x\n<!-- begin claims -->\n<!-- end claims -->\n<!-- begin times -->\nold\n<!-- end times -->\nbelow\n"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}


@pytest.fixture
def ran(tmp_path, build, monkeypatch):
    """A repository with one chapter that has just run: its files before, as {path: bytes}."""
    for name in ("NOTEBOOKS", "RESULTS"):
        monkeypatch.setattr(paths, name, paths.writable(tmp_path / name.lower()))
    monkeypatch.setattr(refresh, "READMES", (tmp_path / "README.md", tmp_path / "README.ja.md"))
    for readme in refresh.READMES:
        readme.write_text(README, encoding="utf-8")
    notebook = new_notebook(cells=[new_code_cell("1")], metadata=KERNEL)
    nbformat.write(notebook, paths.NOTEBOOKS / "03_vae_clusters.ipynb")
    notebook.cells[0].update(
        execution_count=1, outputs=[nbformat.v4.new_output("stream", text=part) for part in ("o", "ne")]
    )
    nbformat.write(notebook, paths.writable(build / "notebooks") / "03_vae_clusters.ipynb")
    left = {"fingerprint": "", "parameters": {}, "seconds": 1, "claims": ["C4"]}
    left["left"] = {"figures/one.png": 3, "detection.json": 2}
    (build / "notebooks" / "03_vae_clusters.done.json").write_text(json.dumps(left))
    (paths.writable(build / "figures") / "one.png").write_bytes(b"png")
    (build / "detection.json").write_text("{}")
    claims.record("C4", [claims.Part("extent AE ÷ VAE, 2-D", 5.0, ">=", 2)])
    for what in ("reproduce", "test", "environment"):
        times.note(what, 600)
    known = json.loads((build / "times.json").read_text())
    (build / "times.json").write_text(json.dumps(dict.fromkeys(("reproduce", "test", "environment"), known["test"])))
    monkeypatch.setattr(refresh.reproduce, "main", lambda _: 0)
    return lambda: {
        path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and build not in path.parents
    }


def test_everything_is_brought_back(ran):
    assert refresh.main([]) == 0
    [cell] = nbformat.read(paths.NOTEBOOKS / "03_vae_clusters.ipynb", 4).cells
    assert [out.text for out in cell.outputs] == ["one"]
    assert (paths.RESULTS / "figures" / "one.png").read_bytes() == b"png"
    english, japanese = (readme.read_text(encoding="utf-8") for readme in refresh.READMES)
    assert (
        "| C4 | The VAE strongly shrinks" in english
        and "make reproduce    # 1 notebooks, 1 claims: 10 minutes" in english
    )
    assert (
        "| C4 | VAE では、クラスタの広がりが大きく縮む" in japanese
        and "広がり、AE ÷ VAE, 2-D: **5** (≥\u00a02)" in japanese
    )
    assert english.endswith("below\n") and "old" not in english


@pytest.mark.parametrize(
    "lost", ["notebooks/03_vae_clusters.ipynb", "figures/one.png", "claims.json", "detection.json"]
)
def test_what_is_amiss_leaves_the_repository_as_it_was(ran, build, lost):
    before = ran()
    (build / lost).unlink()
    with pytest.raises((FileNotFoundError, IndexError, ValueError)):
        refresh.main([])
    assert ran() == before


def test_a_failed_run_leaves_the_repository_as_it_was(ran, monkeypatch):
    before = ran()
    monkeypatch.setattr(refresh.reproduce, "main", lambda _: 1)
    assert refresh.main([]) == 1 and ran() == before


def test_one_chapter_leaves_the_claims_of_the_others(ran):
    [known] = claims.load()
    C1, C5 = ({**known, "id": name, "notebook": "01_other"} for name in ("C1", "C5"))
    (paths.RESULTS / "claims.json").write_text(json.dumps([C1, C5]))
    assert refresh.main(["03"]) == 0
    entries = {entry["id"]: entry for entry in json.loads((paths.RESULTS / "claims.json").read_text())}
    assert list(entries) == ["C1", "C4", "C5"], "in their order"
    assert (entries["C1"], entries["C5"]) == (C1, C5)
    assert entries["C4"]["measured"][0]["value"] == 5


def test_a_damaged_file_of_claims_does_not_cost_the_others_theirs(ran):
    (paths.RESULTS / "claims.json").write_text('[{"id": "C1", ')
    before = ran()
    with pytest.raises(ValueError, match=r"claims\.json is damaged"):
        refresh.main(["03"])
    assert ran() == before


def test_a_claim_that_is_no_longer_made_is_dropped(ran):
    [known] = claims.load()
    (paths.RESULTS / "claims.json").write_text(json.dumps([{**known, "id": "C0", "notebook": "00_gone"}]))
    assert refresh.main(["03"]) == 0
    assert [entry["id"] for entry in claims.load(paths.RESULTS / "claims.json")] == ["C4"]


def test_a_chapter_that_does_not_exist_is_named(capsys):
    assert refresh.main(["7x"]) == 2
    assert "7x" in capsys.readouterr().err


def test_another_spread_is_told_without_a_run(ran):
    """In the committed chapters, copied, when the spread of every number becomes a million."""
    originals = {path.name: nbformat.read(path, 4) for path in (paths.ROOT / "notebooks").glob("0[34]_*.ipynb")}
    for name, notebook in originals.items():
        nbformat.write(notebook, paths.NOTEBOOKS / name)
    entries = claims.load(paths.ROOT / "results" / "claims.json")
    (paths.RESULTS / "claims.json").write_text(claims.text(entries), encoding="utf-8")
    every = {e["id"]: {part["name"]: 1e6 for part in e["measured"]} for e in entries}
    (paths.RESULTS / "spread.json").write_text(json.dumps({"verdicts": {}, "mean": every, "deviation": every}))
    refresh.restate()
    for name, notebook in originals.items():
        said = [out for cell in nbformat.read(paths.NOTEBOOKS / name, 4).cells for out in cell.get("outputs", [])]
        before = [out for cell in notebook.cells for out in cell.get("outputs", [])]
        changed = [(old, new) for old, new in zip(before, said, strict=True) if old != new]
        own = [entry for entry in entries if f"{entry['notebook']}.ipynb" == name]
        assert len(changed) == len(own) + 1, "a table a claim, and the verdicts at the end"
        assert all("1e+06 ± 1e+06" in new.data["text/markdown"] for _, new in changed[:-1])
        assert changed[-1][1].text.count("near a boundary over seeds") == len(own)
    assert "✔\u00a0reproduced\u00a0≈" in refresh.READMES[0].read_text(encoding="utf-8")
