"""Where people run it: folders, locales, line ends and settings of their own break nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from conftest import THEIRS, python, write_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools import chapters, execute, reproduce, site
from vaepaper import claims, paths

pytestmark = THEIRS
# Python then reads and prints ASCII alone.
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def test_a_relative_place_is_meant_from_where_the_person_stands(tmp_path):
    show = "from vaepaper import paths; print(paths.DATA, paths.BUILD, flush=True)"
    kernel = f"import os, subprocess, sys; os.chdir('/'); subprocess.run([sys.executable, '-c', {show!r}])"
    seen = python(f"{show}\n{kernel}", cwd=tmp_path, VAEPAPER_DATA="mine", VAEPAPER_BUILD="../b")
    here, in_kernel = seen.stdout.splitlines()
    assert here == in_kernel
    assert [Path(place).resolve() for place in here.split()] == [tmp_path / "mine", tmp_path.parent / "b"]


def test_clean_removes_the_build_folder_in_use_and_keeps_a_checkout_and_a_home(tmp_path):
    checkout, home = tmp_path / "checkout", paths.writable(tmp_path / "home" / "me")
    shutil.copy(paths.ROOT / "Makefile", paths.writable(checkout))

    def clean(place):
        command, world = ["make", "-C", checkout, "clean"], {"VAEPAPER_BUILD": str(place), "HOME": str(home)}
        return subprocess.run(command, env=os.environ | world, capture_output=True).returncode

    for place in (tmp_path / "some where" / "{b}", checkout / "build"):
        assert clean(paths.writable(place)) == 0 and not place.exists()
        assert clean(place) == 0  # nothing there
    for place in (checkout, tmp_path, home, home.parent):
        assert clean(place) != 0 and place.exists()


def test_a_terminal_of_ascii_alone_gets_the_table_and_the_json_is_the_same(tmp_path):
    code = "from vaepaper import claims; claims.record('C4', dict.fromkeys(claims._names('C4'), 3.0));"
    code += "from tools import reproduce; reproduce.report([], 0)"
    written = {}
    for name, environment in {"ascii": ASCII, "utf-8": {"PYTHONUTF8": "1"}}.items():
        said = python(code, VAEPAPER_BUILD=str(tmp_path / name), **environment).stdout
        assert "reproduced" in said and ("✔" in said) == (name == "utf-8")
        written[name] = (tmp_path / name / "claims.json").read_bytes()
    assert written["ascii"] == written["utf-8"] and "✔" not in written["ascii"].decode("utf-8")


@pytest.mark.slow
def test_a_matplotlibrc_of_the_users_own_changes_no_figure(tmp_path):
    draw = "import numpy as np, hashlib; from vaepaper.plots import distributions, style;"
    draw += "style.save(distributions.difference_bars(np.ones(3), np.ones(3), 2.0), 'one');"
    draw += "print(hashlib.sha256((style.paths.BUILD / 'figures' / 'one.png').read_bytes()).hexdigest())"
    settings = "text.usetex: True\nfont.size: 30\naxes.grid: True\nsavefig.bbox: tight\n"
    (tmp_path / "matplotlibrc").write_text(settings)
    ours = python(draw, VAEPAPER_BUILD=str(tmp_path)).stdout
    theirs = python(draw, VAEPAPER_BUILD=str(tmp_path), MATPLOTLIBRC=str(tmp_path / "matplotlibrc")).stdout
    assert ours == theirs and len(ours) == 65


@pytest.mark.parametrize("damaged", ["", "[", "{}", "null", "[1]", '[{"id": "C4"}]', "é"])
def test_damaged_claims_are_named_and_made_again(build, capsys, damaged):
    claims.record("C4", dict.fromkeys(claims._names("C4"), 3.0))
    sound = (build / "claims.json").read_bytes()
    (build / "claims.json").write_bytes(damaged.encode("latin-1"))
    assert claims.load() == [] and f"{build / 'claims.json'} is damaged" in capsys.readouterr().err
    claims.record("C4", dict.fromkeys(claims._names("C4"), 3.0))
    assert (build / "claims.json").read_bytes() == sound


def test_a_copy_of_a_chapter_is_no_chapter_and_records_nothing(build, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    names = ("02_x", "02_x-Copy1", "02_x (1)", "02_x - コピー", "02_x copy", "notes", "12_観察")
    for name in names:
        (tmp_path / f"{name}.ipynb").write_text('{"cells": []}')
    assert [path.stem for path in chapters.select([])] == ["02_x", "12_観察"]
    own = claims.CLAIMS["C3"]["notebook"]
    for name, recorded in {f"{own}-Copy1": False, "mine": False, own: True}.items():
        monkeypatch.setenv("JPY_SESSION_NAME", f"/somewhere/{name}.ipynb")  # as JupyterLab tells its kernels
        shown = claims.record("C3", dict.fromkeys(claims._names("C3"), 3.0))
        assert bool(claims.load()) == recorded and ("Not recorded" in shown.data) != recorded


@pytest.fixture
def chapter_folder(tmp_path, build, monkeypatch):
    """Notebooks' and build folders under a name with all that names can hold."""
    folder = tmp_path / "my {project}" / "#1 100% [x] {{y}} 日本語 & 'co'"
    monkeypatch.setattr(paths, "NOTEBOOKS", folder / "notebooks")
    monkeypatch.setattr(paths, "BUILD", folder / "build")
    monkeypatch.setenv("VAEPAPER_BUILD", str(folder / "build"))
    return folder / "notebooks"


@pytest.mark.slow
def test_a_chapter_runs_in_any_folder_and_without_its_users_settings(chapter_folder, tmp_path, monkeypatch):
    startup = paths.writable(tmp_path / "ipython" / "profile_default" / "startup") / "00.py"
    for file in (startup, tmp_path / "startup.py"):
        file.write_text("epochs = 'from the startup file'\nleaked = True\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    monkeypatch.setenv("JPY_SESSION_NAME", "/their/notebook.ipynb")
    given = new_code_cell("epochs = 3", metadata={"tags": ["parameters"]})
    code = "import os\nprint(epochs, 'leaked' in globals(), os.environ.get('JPY_SESSION_NAME'))"
    write_notebook(chapter_folder / "07_small.ipynb", given, new_code_cell(code))
    assert reproduce.main(["-p", "epochs", "5"]) == 0
    ran = nbformat.read(paths.BUILD / "notebooks" / "07_small.ipynb", 4)
    assert ran.cells[-1].outputs[0].text == "5 False None\n"
    assert site.main() == 0 and (paths.BUILD / "report" / "07_small.html").exists()


@pytest.mark.slow
def test_the_others_go_on_where_one_cannot_be_read(chapter_folder, capsys):
    merge = '<<<<<<< HEAD\n{"cells": []}\n=======\n>>>>>>> theirs\n'
    chapter_folder.mkdir(parents=True)
    for name, text in {"02_merged": merge, "03_empty": "", "04_other": '{"cells": 5}'}.items():
        (chapter_folder / f"{name}.ipynb").write_text(text)
    write_notebook(chapter_folder / "07_small.ipynb", new_code_cell("print(3)"))
    assert reproduce.main([]) == 1
    said = capsys.readouterr().err
    for name in ("02_merged", "03_empty", "04_other"):
        assert f"{name}.ipynb cannot be read as a notebook" in said
    assert said.count("cannot be read") == 3 and "Traceback" not in said
    assert (paths.BUILD / "notebooks" / "07_small.ipynb").exists()
    assert site.main() == 0 and not (paths.BUILD / "report" / "02_merged.html").exists()


def test_a_kernel_that_does_not_start_is_one_line(chapter_folder, monkeypatch):
    import papermill

    def slow(*_, **__):
        raise RuntimeError("Kernel didn't respond in 300 seconds")

    monkeypatch.setattr(papermill, "execute_notebook", slow)
    write_notebook(chapter_folder / "07_small.ipynb", new_code_cell("print(3)"))
    said = execute.run(*chapters.select([]), {}, 0)
    assert said == "07_small could not be run: Kernel didn't respond in 300 seconds"


def test_a_report_of_notebooks_without_titles_and_of_damaged_files(chapter_folder, capsys):
    write_notebook(chapter_folder / "07_untitled.ipynb", new_code_cell("1 + 1"))
    write_notebook(chapter_folder / "08_empty.ipynb")
    late = new_markdown_cell("some words"), new_markdown_cell("## Late #\nmore")
    write_notebook(chapter_folder / "09_late.ipynb", *late)
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
