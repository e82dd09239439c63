"""The house: nothing imports what stands above it, rooms are small, and each says what lives there."""

import ast
import re

import pytest

from tools import chapters
from vaepaper import paths

HOUSE, TOOLS = paths.ROOT / "vaepaper", paths.ROOT / "tools"
FILES = sorted(HOUSE.rglob("*.py"))
FLOORS = {"": 1, "figures": 2, "trainings": 2, "playground": 3, "sensorwatch": 3, "tools": 4}
SCIENCE = [file for file in FILES if file.parent == HOUSE]
SENSORS = sorted((paths.ROOT / "sensorwatch").glob("*.py"))


def wing(file):
    """The folder that a file stands in; "" for the science on the ground floor."""
    return "" if file.parent == HOUSE else file.parent.name


def imported(file):
    """Our files that `file` imports, from its source."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{file.name} imports relative to itself; name the whole path")
        names = [name.name for name in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        found |= {chapters.file_of(name) for name in names if name.split(".")[0] in (*chapters.OURS, "tools")}
    return found - {None}


def floor(file):
    return FLOORS[wing(file)]


def breaks(file, other):
    """Whether importing `other` breaks the order of floors: lower ones and one's own wing may be used, no sibling."""
    same = file.parent == other.parent
    return not same and floor(other) >= floor(file)


def test_every_wing_has_a_floor():
    assert {wing(file) for file in FILES} | {"sensorwatch", "tools"} == {*FLOORS}


@pytest.mark.parametrize("file", [*FILES, *SENSORS], ids=lambda file: str(file.relative_to(paths.ROOT)))
def test_no_arrow_points_up(file):
    above = [str(other.relative_to(paths.ROOT)) for other in imported(file) if breaks(file, other)]
    assert not above, f"{file.relative_to(paths.ROOT)} imports {', '.join(above)}, which stands above or beside it"


def test_an_arrow_that_points_up_would_be_seen():
    science, figures, trainings = HOUSE / "data.py", HOUSE / "figures" / "plots.py", HOUSE / "trainings" / "runs.py"
    [monitor] = [file for file in SENSORS if file.name == "monitor.py"]
    assert breaks(science, monitor) and breaks(figures, monitor) and breaks(HOUSE / "playground" / "pens.py", monitor)
    assert not breaks(monitor, science) and not breaks(monitor, figures) and breaks(monitor, TOOLS / "site.py")
    assert not breaks(TOOLS / "signal.py", monitor)
    assert breaks(science, figures) and breaks(figures, trainings) and breaks(trainings, figures)
    assert not breaks(figures, science) and not breaks(trainings, trainings.with_name("weights.py"))
    assert breaks(HOUSE / "playground" / "explore.py", TOOLS / "site.py")
    assert HOUSE / "trainings" / "runs.py" in imported(TOOLS / "reproduce.py")


def test_the_science_goes_in_no_circle():
    rooms = {file for file in (*SCIENCE, *SENSORS) if file.name != "__init__.py"}  # which hand on what they import
    waiting = {file: imported(file) & rooms - {file} for file in rooms}
    while free := [file for file, needs in waiting.items() if not needs & waiting.keys()]:
        for file in free:
            del waiting[file]
    assert not waiting, f"a circle among {', '.join(file.name for file in waiting)}"


@pytest.mark.parametrize("file", [file for file in FILES if wing(file)], ids=lambda file: file.name)
def test_no_other_wing_knows_of_make(file):
    assert not re.search(r"`make |\bMakefile\b|VAEPAPER_SCHEDULER=", file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_rooms_are_small_and_say_what_lives_there(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith('"""') and text.count("\n") <= 160
    if file.name == "__init__.py":
        assert len(ast.parse(text).body) == 1, "a wing's door says what lives there, and hands on nothing"
