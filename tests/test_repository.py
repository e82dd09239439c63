"""What the repository says of itself: one set of versions, a helpful make, no dead link."""

import re
import subprocess
import tomllib
from importlib.metadata import version

import pytest

from vaepaper import paths

CONSTRAINTS = dict(re.findall(r"^([\w.-]+)==(\S+)$", (paths.ROOT / "constraints.txt").read_text(), re.M))
CONDA_NAMES = {"pytorch-cpu": "torch"}


def test_conda_pip_and_the_environment_agree():
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    needed = sum(project["optional-dependencies"].values(), project["dependencies"])
    lines = re.findall(r"^  - ([\w-]+)=([\d.]+)$", (paths.ROOT / "environment.yml").read_text(), re.M)
    conda = {CONDA_NAMES.get(name, name): number for name, number in lines if name != "python"}
    assert {name: CONSTRAINTS[name] for name in needed} == conda
    assert {name: version(name).split("+")[0] for name in needed} == conda


def test_make_without_words_explains_itself():
    said = subprocess.run(["make", "-C", paths.ROOT], capture_output=True, text=True, check=True).stdout
    for target in ("setup", "data", "reproduce", "test", "lab", "refresh", "robustness", "clean"):
        assert f"make {target}" in said


DOCUMENTS = [*paths.ROOT.glob("*.md"), *(paths.ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_link_is_dead(document):
    text = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if not target.startswith("https://"):
            path, _, heading = target.partition("#")
            assert (document.parent / path).exists(), target
            assert not heading, f"{target}: headings are not checked here"


def test_one_version_everywhere_and_a_readme_is_read_in_minutes():
    number = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {number}\n" in (paths.ROOT / "CITATION.cff").read_text("utf-8")
    assert f"## [{number}]" in (paths.ROOT / "CHANGELOG.md").read_text("utf-8")
    for name in ("README.md", "README.ja.md"):
        text = (paths.ROOT / name).read_text("utf-8")
        assert f"badge/version-{number}-" in text
        words = [word for word in re.sub(r"<!--.*?-->", "", text).split() if re.search(r"\w", word)]
        assert len(text.splitlines()) <= 150 and len(words) <= 1300


def test_no_line_of_python_is_too_long():
    """110 characters, strings too, which the formatter cannot wrap."""
    packages = ("benchmarks", "sensorwatch", "tests", "tools", "vaepaper")
    files = [path for package in packages for path in (paths.ROOT / package).rglob("*.py")]
    lines = [(path.name, line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(files) > 100 and not [(name, line) for name, line in lines if len(line) > 110]
