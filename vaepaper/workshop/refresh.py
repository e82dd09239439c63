"""Bring what a full run left back into the repository: notebooks with outputs, results/, the README's table."""

import hashlib
import json
import shutil
import sys

import nbformat
from nbformat import NotebookNode

from vaepaper import claims, paths
from vaepaper.workshop import chapters, execute, reproduce

READMES = (paths.ROOT / "README.md", paths.ROOT / "README.ja.md")


def digest(notebook: NotebookNode) -> str:
    """Ties outputs to their sources: changes when a cell changes, moves, or loses an output."""
    seen = [
        [cell.source, [out.output_type + " ".join(sorted(out.get("data", ()))) for out in cell.get("outputs", [])]]
        for cell in notebook.cells
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


WIDGET, HINT = "application/vnd.jupyter.widget-view+json", "(alive in JupyterLab: make lab, then run this notebook)"


def clean(notebook: NotebookNode) -> NotebookNode:
    """Drop what differs between two equal runs (times, paths, progress bars), and widgets, which live with a kernel."""
    notebook.metadata = {"kernelspec": notebook.metadata.kernelspec, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
            for out in cell.outputs:
                out.pop("execution_count", None) if out.output_type != "execute_result" else None
                if WIDGET in out.get("data", {}):
                    out.data = {"text/plain": HINT}
    notebook.metadata["vaepaper"] = {"digest": digest(notebook)}
    return notebook


def write_between(what: str, text: str) -> None:
    """Put `text` between the two marks for `what` in both READMEs."""
    for readme in READMES:
        head, rest = readme.read_text(encoding="utf-8").split(f"<!-- begin {what} -->")
        _, tail = rest.split(f"<!-- end {what} -->")
        with paths.whole(readme) as part:
            part.write_text(f"{head}<!-- begin {what} -->\n{text}<!-- end {what} -->{tail}", encoding="utf-8")


def main() -> int:
    """Run everything with its default parameters, then bring it back."""
    failed = reproduce.main([])
    if failed:
        return failed
    for source in chapters.select([]):
        notebook = clean(nbformat.read(paths.BUILD / "notebooks" / source.name, as_version=4))
        with paths.whole(source) as part:
            nbformat.write(notebook, part)
    figures = paths.writable(paths.RESULTS / "figures")
    for source in chapters.select([]):  # what the notebooks left, and nothing older
        for name in json.loads(execute.stamp(source).read_text())["left"]:
            if name.startswith("figures/"):
                shutil.copyfile(paths.BUILD / name, figures / name.removeprefix("figures/"))
    for name in ("claims.json", "detection.json"):
        shutil.copyfile(paths.BUILD / name, paths.RESULTS / name)
    write_between("claims", claims.readme_table(claims.load()))
    print("notebooks/, results/ and the README's table are refreshed; look at `git diff --stat`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
