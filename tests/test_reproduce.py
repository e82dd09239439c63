"""The runner: what is done stays done, what failed does not, and a misspelt parameter is an error."""

import signal

import nbformat
import pytest
from conftest import THEIRS, write_notebook
from nbformat.v4 import new_code_cell

from tools import chapters, execute, reproduce
from vaepaper import paths

SOURCE = """
from vaepaper import paths
(paths.BUILD / "figures").mkdir(parents=True, exist_ok=True)
(paths.BUILD / "figures" / "one.png").write_text("x")
(paths.BUILD / "claims.json").write_text("[]")
"""


@pytest.fixture
def chapter(tmp_path, build, monkeypatch):
    """A folder with one small notebook; returns a function that rewrites its last cell."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    monkeypatch.setenv("VAEPAPER_BUILD", str(build))  # for the kernel
    given = new_code_cell("epochs = 3\nname = 'a'\nsizes = [1, 2]\nrate = 1e-3")
    given.metadata["tags"] = ["parameters"]

    def write(last="print(epochs)"):
        write_notebook(tmp_path / "07_small.ipynb", given, new_code_cell(SOURCE), new_code_cell(last))

    write()
    return write


pytestmark = [pytest.mark.slow, THEIRS]


def test_runs_once_and_then_only_what_changed(chapter, build, capsys):
    def shown():
        [out] = nbformat.read(build / "notebooks" / "07_small.ipynb", 4).cells[-1].outputs
        return out.text

    assert reproduce.main([]) == reproduce.main([]) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert reproduce.main(["07", "-p", "epochs", "5"]) == 0 and shown() == "5\n"
    assert reproduce.main([]) == 0 and shown() == "3\n"  # other parameters than last time: run again
    (build / "figures" / "one.png").unlink()
    chapter("(paths.BUILD / 'figures' / '.other.part.png').write_text('x')")
    assert reproduce.main([]) == 0 and (build / "figures" / "one.png").exists()
    assert "1 notebooks in" in capsys.readouterr().out
    (build / "figures" / ".other.part.png").unlink()  # what another notebook still writes is not counted
    assert execute.is_done(*chapters.select([]), {})


def test_a_failed_notebook_is_kept_named_and_not_taken_for_done(chapter, build, capsys):
    chapter("raise KeyError('sensor 9')")
    for _ in range(2):
        assert reproduce.main([]) == 1
        message = capsys.readouterr().err
        assert "07_small failed in cell [3]: KeyError: 'sensor 9'" in message and "failed.ipynb" in message
    assert (build / "notebooks" / "07_small.failed.ipynb").exists()
    assert not (build / "notebooks" / "07_small.ipynb").exists()
    chapter()
    assert reproduce.main([]) == 0 and not (build / "notebooks" / "07_small.failed.ipynb").exists()


def test_a_killed_kernel_is_said_plainly(chapter, build, capsys):
    chapter(f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    assert reproduce.main([]) == 1
    assert "its kernel died" in capsys.readouterr().err
    chapter()
    assert reproduce.main([]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["-p", "epoch", "5"],
            "no parameter 'epoch'. Did you mean 'epochs'? It has epochs, name, sizes, rate",
        ),
        (["-p", "epochs", "many"], "07_small: epochs is 'many'; expected something like 3"),
        (["-p", "sizes", "4"], "sizes is '4'; expected something like [1, 2]"),
        (["12"], "no notebook begins with '12'; there are 07"),
    ],
)
def test_a_misspelt_word_is_an_error(chapter, capsys, arguments, message):
    assert reproduce.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_parameters_are_read_as_python(chapter):
    pairs = [["epochs", "7"], ["name", "b"], ["sizes", "[4, 8]"], ["rate", "1e-2"]]
    read = chapters.read_parameters(pairs, chapters.select([]))
    assert read == {"epochs": 7, "name": "b", "sizes": [4, 8], "rate": 0.01}
