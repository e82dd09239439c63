"""The runner: what is done stays done, what failed does not, in any folder and whatever its user has set."""

import signal

import nbformat
import pytest
from conftest import THEIRS, write_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools import chapters, execute, reproduce, site
from vaepaper import paths

SOURCE = """
from vaepaper import paths
(paths.BUILD / "figures").mkdir(parents=True, exist_ok=True)
(paths.BUILD / "figures" / "one.png").write_text("x")
(paths.BUILD / "claims.json").write_text("[]")
"""


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """Writes a small notebook with a last cell: in a folder of any name, for a user with startup files."""
    folder = tmp_path / "my {project}" / "#1 100% [x] {{y}} 日本語 & 'co'"
    monkeypatch.setattr(paths, "NOTEBOOKS", paths.writable(folder / "notebooks"))
    monkeypatch.setattr(paths, "BUILD", folder / "build")
    startup = paths.writable(tmp_path / "ipython" / "profile_default" / "startup") / "00.py"
    for file in (startup, tmp_path / "startup.py"):
        file.write_text("epochs = 'from the startup file'\nleaked = True\n")
    theirs = {"IPYTHONDIR": startup.parents[2], "PYTHONSTARTUP": tmp_path / "startup.py"}
    theirs |= {"JPY_SESSION_NAME": "/their/notebook.ipynb", "VAEPAPER_BUILD": paths.BUILD}
    for name, value in theirs.items():
        monkeypatch.setenv(name, str(value))
    given = new_code_cell("epochs = 3\nname = 'a'\nsizes = [1, 2]\nrate = 1e-3")
    given.metadata["tags"] = ["parameters"]

    def write(last="import os\nprint(epochs, 'leaked' in globals(), os.environ.get('JPY_SESSION_NAME'))"):
        write_notebook(paths.NOTEBOOKS / "07_small.ipynb", given, new_code_cell(SOURCE), new_code_cell(last))

    write()
    return write


pytestmark = THEIRS
slow = pytest.mark.slow


@slow
def test_runs_once_and_then_only_what_changed(chapter, capsys):
    def shown():
        [out] = nbformat.read(paths.BUILD / "notebooks" / "07_small.ipynb", 4).cells[-1].outputs
        return out.text

    assert reproduce.main([]) == reproduce.main([]) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert reproduce.main(["07", "-p", "epochs", "5"]) == 0 and shown() == "5 False None\n"
    assert (
        reproduce.main([]) == 0 and shown() == "3 False None\n"
    )  # other parameters than last time: run again
    (paths.BUILD / "figures" / "one.png").unlink()
    chapter("(paths.BUILD / 'figures' / '.other.part.png').write_text('x')")
    assert reproduce.main([]) == 0 and (paths.BUILD / "figures" / "one.png").exists()
    assert "1 notebooks in" in capsys.readouterr().out
    (
        paths.BUILD / "figures" / ".other.part.png"
    ).unlink()  # what another notebook still writes is not counted
    assert execute.is_done(*chapters.select([]), {})


@slow
def test_a_failed_notebook_is_kept_named_and_not_taken_for_done(chapter, capsys):
    chapter("raise KeyError('sensor 9')")
    for _ in range(2):
        assert reproduce.main([]) == 1
        message = capsys.readouterr().err
        assert "07_small failed in cell [3]: KeyError: 'sensor 9'" in message and "failed.ipynb" in message
    assert (paths.BUILD / "notebooks" / "07_small.failed.ipynb").exists()
    assert not (paths.BUILD / "notebooks" / "07_small.ipynb").exists()
    chapter()
    assert reproduce.main([]) == 0 and not (paths.BUILD / "notebooks" / "07_small.failed.ipynb").exists()


@slow
def test_a_killed_kernel_is_said_plainly(chapter, capsys):
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


@slow
def test_the_others_go_on_where_one_cannot_be_read(chapter, capsys):
    merge = '<<<<<<< HEAD\n{"cells": []}\n=======\n>>>>>>> theirs\n'
    for name, text in {"02_merged": merge, "03_empty": "", "04_other": '{"cells": 5}'}.items():
        (paths.NOTEBOOKS / f"{name}.ipynb").write_text(text)
    assert reproduce.main([]) == 1
    said = capsys.readouterr().err
    for name in ("02_merged", "03_empty", "04_other"):
        assert f"{name}.ipynb cannot be read as a notebook" in said
    assert said.count("cannot be read") == 3 and "Traceback" not in said
    assert (paths.BUILD / "notebooks" / "07_small.ipynb").exists()
    assert site.main() == 0 and not (paths.BUILD / "report" / "02_merged.html").exists()


def test_a_kernel_that_does_not_start_is_one_line(chapter, monkeypatch):
    import papermill

    def late(*_, **__):
        raise RuntimeError("Kernel didn't respond in 300 seconds")

    monkeypatch.setattr(papermill, "execute_notebook", late)
    said = execute.run(*chapters.select([]), {}, 0)
    assert said == "07_small could not be run: Kernel didn't respond in 300 seconds"


def test_a_report_of_notebooks_without_titles_and_of_damaged_files(chapter, capsys):
    write_notebook(paths.NOTEBOOKS / "07_untitled.ipynb", new_code_cell("1 + 1"))
    write_notebook(paths.NOTEBOOKS / "08_empty.ipynb")
    late = new_markdown_cell("some words"), new_markdown_cell("## Late #\nmore")
    write_notebook(paths.NOTEBOOKS / "09_late.ipynb", *late)
    ran = paths.writable(paths.BUILD / "notebooks")
    for file in (ran / "07_untitled.ipynb", ran / "07_untitled.done.json", paths.BUILD / "claims.json"):
        file.write_text("")
    paths.writable(paths.BUILD / "models")
    for name in ("ae_3d", "vae_3d"):
        (paths.BUILD / "models" / f"{name}.safetensors").write_bytes(b"rubbish")
    old = paths.writable(paths.BUILD / "report") / "12_deleted.html"
    old.write_text("")
    assert site.main() == 0
    said = capsys.readouterr().err
    for name in ("notebooks/07_untitled.ipynb", "claims.json", "ae_3d.safetensors"):
        assert name in said
    front = (paths.BUILD / "report" / "index.html").read_text("utf-8")
    for heading in ("07 untitled", "08 empty", "Late"):
        assert f">{heading}</a>" in front
    assert not old.exists() and "12_deleted" not in front


def test_a_stamp_with_half_of_its_words_counts_for_nothing(build, tmp_path):
    stamp = execute.stamp(tmp_path / "07_small.ipynb")
    paths.writable(stamp.parent)
    for text in ("", "[]", "3", '{"left": {}}', '{"fingerprint": "", "parameters": {}, "seconds": 1}'):
        stamp.write_text(text)
        assert execute.last_run(tmp_path / "07_small.ipynb") == {}
