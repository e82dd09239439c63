"""`make report`: the notebooks and their results as one site in build/report; it needs no network."""

import base64
import platform
import re
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from tools import chapters, execute, refresh, scenes, tables, times
from vaepaper import claims, paths

TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=False)
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?=\S)([^$\n]+?)(?<=[^\s\\])\$(?!\d)", re.S)
PICTURE = re.compile(r"!\[([^\]]*)\]\((\.\./[^)]+\.png)\)")
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.S)


def _embedded(found: re.Match) -> str:
    """A picture that markdown names, as part of the page."""
    png = base64.b64encode((paths.NOTEBOOKS / found[2]).read_bytes()).decode()
    return f"![{found[1]}](data:image/png;base64,{png})"


def with_mathml(markdown: str) -> str:
    """Markdown whose formulas are MathML, which browsers draw themselves; code is left alone."""

    def formula(found: re.Match) -> str:
        block, inline = found.groups()
        if inline:
            return convert(inline.strip())
        formula, *number = re.split(r"\\tag\{(.+?)\}", block.strip())
        number = f"<span>({number[0]})</span>" if number else ""
        return f'<div class="wide formula" tabindex="0">{convert(formula, display="block")}{number}</div>'

    parts = CODE.split(markdown)
    return "".join(part if n % 2 else FORMULA.sub(formula, part) for n, part in enumerate(parts))


def executed(source: Path) -> nbformat.NotebookNode | None:
    """The notebook as the last `make reproduce` left it, or else as committed; a damaged one is named."""
    for path in (paths.BUILD / "notebooks" / source.name, source):
        try:
            notebook = nbformat.read(path, as_version=4)
            return notebook if notebook.cells is not None else None
        except FileNotFoundError:  # not run yet
            pass
        except Exception as error:  # whatever stands in that file
            print(f"{path} cannot be read as a notebook: {str(error).splitlines()[0][:80]}", file=sys.stderr)
    return None


def body(notebook: nbformat.NotebookNode, code: bool = True) -> str:
    """A notebook's cells, or without `code` its outputs alone, as HTML that needs no network."""
    for cell in refresh.clean(notebook).cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(PICTURE.sub(_embedded, cell.source))
    text, _ = HTMLExporter(template_name="basic", exclude_input=not code).from_notebook_node(notebook)
    for source in chapters.select([]):  # links between chapters
        text = text.replace(f'href="{source.name}"', f'href="{source.stem}.html"')
    # Wide tables and long lines scroll by themselves; what scrolls must be reachable with the keyboard.
    text = re.sub(r"(<table.*?</table>)", r'<div class="wide" tabindex="0">\1</div>', text, flags=re.S)
    return text.replace("<pre", '<pre tabindex="0"')


def what_was_run() -> list[tuple[str, str]]:
    """When, with which parameters, on what, with which versions."""
    runs = {source: done for source in chapters.select([]) if (done := execute.last_run(source))}
    if not runs:
        return [("Run", "as committed; `make reproduce` makes it yours")]
    when = max(execute.stamp(source).stat().st_mtime for source in runs)
    changed = [f"{at.name[:2]} with {k} = {v!r}" for at in runs for k, v in runs[at]["parameters"].items()]
    seconds = ", ".join(f"{source.name[:2]}: {run['seconds']:.0f}" for source, run in runs.items())
    packages = ("torch", "numpy", "scikit-learn", "matplotlib")
    return [
        ("Run", time.strftime("%Y-%m-%d %H:%M", time.localtime(when))),
        ("Parameters", ", ".join(changed) or "the notebooks' own"),
        ("Seconds by notebook, trainings apart", seconds),
        ("Machine", f"{times.machine()}, Python {platform.python_version()}"),
        ("Versions", ", ".join(f"{name} {version(name)}" for name in packages)),
    ]


def pictures(notebook: nbformat.NotebookNode) -> dict[str, tuple[str, bytes]]:
    """A notebook's figures by name: what each says in words, and its PNG."""
    found = {}
    for cell in notebook.cells:
        name = re.search(r'style\.save\(.*"(\w+)"\s*\)', cell.source, re.S)
        for out in cell.get("outputs", []):
            if name and "image/png" in out.get("data", {}):
                words = out.metadata.get("image/png", {}).get("alt", name[1])
                found[name[1]] = words, base64.b64decode(out.data["image/png"])
    return found


def _linked(markdown: str) -> str:
    """Markdown as HTML whose links to notebooks lead to their pages."""
    return markdown2html(markdown).replace(".ipynb", ".html").replace("notebooks/", "")


def short(stem: str) -> str:
    """A chapter's number and two words: "01_latent_size_sweep" → "1 latent size"."""
    number, *words = stem.split("_")
    return " ".join([number.lstrip("0"), *words[:2]]).replace("vae", "VAE").replace("gan", "GAN")


def main() -> int:
    """Write build/report/index.html and a page a notebook."""
    target = paths.writable(paths.BUILD / "report")
    sources = chapters.select([])
    read = {source.stem: notebook for source in sources if (notebook := executed(source))}
    menu = [(source.stem, chapters.title(source), short(source.stem)) for source in sources]
    menu = [entry for entry in menu if entry[0] in read]
    colours = HtmlFormatter(style="bw").get_style_defs(".highlight")
    page = TEMPLATES.get_template("page.html")

    def write(stem: str, heading: str, content: str) -> None:
        with paths.atomic_write(target / f"{stem}.html") as part:
            words = {"stem": stem, "heading": heading, "content": content, "menu": menu, "colours": colours}
            part.write_text(page.render(words), encoding="utf-8")

    for stem, heading, _ in tqdm(menu, "pages", leave=False):
        write(stem, heading, body(read[stem]))
    for old in target.glob("[0-9][0-9]_*.html"):
        if old.stem not in read:  # its notebook is gone
            old.unlink()
    shutil.rmtree(target / "figures", ignore_errors=True)
    figures = []
    for stem, notebook in read.items():
        for name, (words, png) in pictures(notebook).items():
            if name.startswith("fig") or name == "synthetic_defects":
                with paths.atomic_write(target / "figures" / f"{name}.png") as part:
                    part.write_bytes(png)
                figures.append({"name": name, "words": words, "chapter": stem})
    entries = claims.load() or claims.load(paths.RESULTS / "claims.json")
    reports = tables.the_reports(entries)
    shown = {
        "tally": tables.tally(entries),
        "table": tables.one_line_each(reports),
        "ours": tables.one_line_each([entry for entry in entries if entry not in reports]),
        "japanese": tables.one_line_each(entries, japanese=True),
        "numbers": tables.every_number(entries),
    }
    front = TEMPLATES.get_template("front.html").render(
        **{name: _linked(text) for name, text in shown.items()},
        figures=sorted(figures, key=lambda figure: figure["name"]),
        spaces=scenes.turnable(target),
        facts=what_was_run(),
        menu=menu,
    )
    write("index", "vaepaper", front)
    print(f"The report: {target / 'index.html'} (open it in a browser; it needs no network)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
