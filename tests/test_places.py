"""Where people run it: folders, locales and settings of their own, and copies of files, break nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import THEIRS, python

from tools import chapters
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
