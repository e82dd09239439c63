"""The house: nothing imports what stands above it, and each room says what lives there."""

import ast
import re

import pytest

from tools import chapters
from vaepaper import paths

HOUSE = paths.ROOT / "vaepaper"
FILES = sorted(HOUSE.rglob("*.py"))
FLOORS = {"": 1, "sensing": 2, "figures": 4, "playground": 5}
DOORS = {"signals.py", "series.py"}  # these stand on the rooms of sensing/, which stand on the rest
SCIENCE = [file for file in FILES if file.parent == HOUSE]


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
        found |= {chapters.file_of(name) for name in names if name.split(".")[0] == "vaepaper"}
    return found - {None}


def floor(file):
    return 3 if file in SCIENCE and file.name in DOORS else FLOORS[wing(file)]


def breaks(file, other):
    """Whether importing `other` breaks the order of floors: lower ones and one's own wing may be used, no sibling."""
    same = wing(file) == wing(other) and floor(file) == floor(other)
    return not same and floor(other) >= floor(file)


def test_every_wing_has_a_floor():
    assert {wing(file) for file in FILES} == {*FLOORS}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_no_arrow_points_up(file):
    above = [str(other.relative_to(HOUSE)) for other in imported(file) if breaks(file, other)]
    assert not above, f"{file.relative_to(HOUSE)} imports {', '.join(above)}, which stands above or beside it"


def test_an_arrow_that_points_up_would_be_seen():
    science, figures = HOUSE / "data.py", HOUSE / "figures" / "plots.py"
    assert breaks(science, HOUSE / "signals.py") and breaks(HOUSE / "sensing" / "windows.py", HOUSE / "signals.py")
    assert not breaks(HOUSE / "signals.py", HOUSE / "sensing" / "windows.py")
    assert breaks(science, figures) and not breaks(figures, science)
    assert HOUSE / "cache.py" in imported(paths.ROOT / "tools" / "reproduce.py")


def test_the_science_goes_in_no_circle():
    rooms = {file for file in FILES if floor(file) <= 3}
    waiting = {file: imported(file) & rooms - {file} for file in rooms}
    while free := [file for file, needs in waiting.items() if not needs & waiting.keys()]:
        for file in free:
            del waiting[file]
    assert not waiting, f"a circle among {', '.join(file.name for file in waiting)}"


@pytest.mark.parametrize(
    "file", [file for file in FILES if wing(file) not in ("", "workshop")], ids=lambda file: file.name
)
def test_no_other_wing_knows_of_make(file):
    assert not re.search(r"`make |\bMakefile\b|VAEPAPER_SCHEDULER=", file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_rooms_say_what_lives_there(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith('"""')
    if file.name == "__init__.py":
        assert len(ast.parse(text).body) == 1, "a wing's door says what lives there, and hands on nothing"
