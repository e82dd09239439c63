"""`make refresh`: write what a run left back into notebooks/, results/, the READMEs and RESULTS.md."""

import contextlib
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

from tools import chapters, execute, reproduce, tables
from vaepaper import claims, paths

READMES = (paths.ROOT / "README.md", paths.ROOT / "README.ja.md")
# With parts between marks that a run writes.
DOCUMENTS = (*READMES, paths.ROOT / "RESULTS.md", paths.ROOT / "docs" / "detection.md")
BENCHMARKS = (paths.ROOT / "docs" / "benchmarks.md", paths.ROOT / "docs" / "benchmarks.ja.md")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}  # where a notebook names none
WIDGET = "application/vnd.jupyter.widget-view+json"
HINT = "(alive in JupyterLab: make lab, then run this notebook)"


def digest(notebook: NotebookNode) -> str:
    """Ties outputs to their sources: changes when a cell changes, moves, or loses an output."""
    seen = []
    for cell in notebook.cells:
        kinds = [out.output_type + " ".join(sorted(out.get("data", ()))) for out in cell.get("outputs", [])]
        seen.append([cell.source, kinds])
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def clean(notebook: NotebookNode) -> NotebookNode:
    """Drop what differs between two equal runs (times, paths, bars), and widgets: they need a kernel."""
    kernel = notebook.metadata.get("kernelspec", KERNEL)
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
            CoalesceStreamsPreprocessor().preprocess_cell(cell, {}, 0)  # a slow kernel sends lines in pieces
            for out in cell.outputs:
                if out.output_type != "execute_result":
                    out.pop("execution_count", None)
                if WIDGET in out.get("data", {}):
                    out.data = {"text/plain": HINT}
    notebook.metadata["vaepaper"] = {"digest": digest(notebook)}
    return notebook


def between(what: str, text: str, document: str) -> str:
    """A document with `text` between its two marks for `what`."""
    head, rest = document.split(f"<!-- begin {what} -->")
    return f"{head}<!-- begin {what} -->\n{text}<!-- end {what} -->{rest.split(f'<!-- end {what} -->')[1]}"


def write_between(what: str, english: str, japanese: str) -> None:
    """Put a table between the two marks for `what` in docs/benchmarks.md, and its Japanese in the twin."""
    for document, text in zip(BENCHMARKS, (english, japanese), strict=True):
        with paths.atomic_write(document) as part:
            part.write_text(between(what, text, document.read_text(encoding="utf-8")), encoding="utf-8")


def python(document: str) -> str:
    """The Python blocks of a document, as one program."""
    return "\n".join(re.findall(r"```python\n(.*?)```", document, re.S))


def filled(document: str, parts: Mapping[str, Callable[[bool], str]], japanese: bool) -> str:
    """A document with each of its parts between marks; "printed" is what its Python prints."""
    for what in re.findall(r"<!-- begin (.+?) -->", document):
        if what == "printed" and what not in parts:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                exec(python(document), {})
            text = f"```text\n{said.getvalue()}```\n"
        else:
            text = parts[what](japanese)
        document = between(what, text, document)
    return document


def trainings(build: Path) -> dict[str, dict]:
    """How each model that the notebooks saved was trained, by name: its settings."""
    records = sorted((build / "models").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8"))["settings"] for path in records}


def brought_back(notebooks: Sequence[Path]) -> dict[Path, bytes]:
    """Every file of the repository that a run of these renews, and what it is to hold.

    Raises:
        ValueError: a chapter's claims are missing from the run, or the committed claims are damaged.
    """
    found, stems, committed = {}, {source.stem for source in notebooks}, paths.RESULTS / "claims.json"
    for source in notebooks:
        notebook = clean(nbformat.read(paths.BUILD / "notebooks" / source.name, as_version=4))
        found[source] = (nbformat.writes(notebook) + "\n").encode()
        done = execute.last_run(source)
        for name in done["left"]:
            if name.startswith("figures/") or name == "detection.json":  # what it left, and nothing older
                found[paths.RESULTS / name] = (paths.BUILD / name).read_bytes()
        if execute.recorded(source) != done["claims"]:
            lost = f"build/claims.json lacks what {source.stem} judged"
            raise ValueError(f"{lost}; `make reproduce` judges it again")
    before = claims.load(committed)
    if committed.exists() and not before:  # the other chapters' claims would be lost
        raise ValueError(f"{committed} is damaged; bring it back with `git checkout {committed}`")
    others = [entry for entry in before if entry["notebook"] not in stems]
    entries = claims.ordered(others + [entry for entry in claims.load() if entry["notebook"] in stems])
    found[committed] = claims.text(entries).encode()
    shot = paths.BUILD / "browser" / "playground_bench.png"  # `make test-browser` leaves it
    if shot.exists():
        found[paths.RESULTS / "figures" / shot.name] = shot.read_bytes()
    if list(notebooks) == chapters.select([]):
        kept = json.dumps(trainings(paths.BUILD), indent=1, ensure_ascii=False) + "\n"
        found[paths.RESULTS / "trainings.json"] = kept.encode()
    took = {}  # by the last complete run of each
    for path in (paths.RESULTS / "times.json", paths.BUILD / "times.json"):
        took |= json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found[paths.RESULTS / "times.json"] = (json.dumps(took, indent=1) + "\n").encode()
    detection = paths.RESULTS / "detection.json"
    parts = tables.parts(entries, took, json.loads(found.get(detection) or detection.read_bytes()))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        found[document] = filled(text, parts, japanese=document.suffixes[0] == ".ja").encode()
    return found


def main(names: list[str] | None = None) -> int:
    """Run chapters (default: all) with their own parameters and bring them back, all or nothing.

    What other chapters left in the repository stays as it is.
    """
    names = sys.argv[1:] if names is None else names
    failed = reproduce.main(names)
    if failed:
        return failed
    for path, content in brought_back(chapters.select(names)).items():
        with paths.atomic_write(path) as part:
            part.write_bytes(content)
    print("notebooks/, results/, READMEs and RESULTS.md are refreshed; look at `git diff --stat`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
