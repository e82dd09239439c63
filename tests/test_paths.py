"""Files written completely whatever the file system, and locks that hold where it has none."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys

import pytest
from conftest import python

from vaepaper import paths


@pytest.mark.parametrize(("mask", "rights"), [(0o027, 0o640), (0o002, 0o664)])
def test_a_file_takes_the_rights_that_the_umask_leaves(tmp_path, mask, rights):
    before = os.umask(mask)
    with paths.atomic_write(tmp_path / "claims.json") as part:
        part.write_text("[]")
    os.umask(before)
    assert stat.S_IMODE((tmp_path / "claims.json").stat().st_mode) == rights


def test_a_file_system_that_refuses_chmod_is_written_to(tmp_path, monkeypatch):
    """As exFAT and SMB do."""

    def refused(*arguments, **options):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    for name in ("chmod", "fchmod"):
        monkeypatch.setattr(os, name, refused)
    with paths.atomic_write(tmp_path / "claims.json") as part:
        part.write_text("[]")
    assert (tmp_path / "claims.json").read_text() == "[]" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)])
def test_a_file_that_cannot_be_written_says_why(tmp_path, number, full):
    with (
        pytest.raises(OSError, match="nothing was left half-written") as failed,
        paths.atomic_write(tmp_path / "x") as part,
    ):
        part.write_text("half")
        raise OSError(number, os.strerror(number))
    assert ("is full" in str(failed.value)) == full and os.strerror(number) in str(failed.value)
    assert not list(tmp_path.iterdir())


HELD = """
import errno, fcntl, os, signal, sys
from pathlib import Path
from vaepaper import paths
def missing(handle, operation):
    raise OSError(errno.ENOSYS, "none")
fcntl.flock = missing
with paths.locked(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_lock_without_flock_is_said_once_leaves_nothing_and_survives_its_killed_owner(
    tmp_path, monkeypatch, capsys
):
    """As on a file system without locks."""

    def missing(handle, operation):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", missing)
    lock = tmp_path / ".lock"
    assert python(HELD, lock).returncode == -signal.SIGKILL and lock.exists()
    with paths.locked(lock):
        assert lock.exists()
    assert not lock.exists()
    assert capsys.readouterr().err == f"{tmp_path} is on a file system without locks; .lock serves as one\n"


def test_who_waits_says_so(tmp_path):
    code = "import sys, pathlib; from vaepaper import paths\n"
    code += "with paths.locked(pathlib.Path(sys.argv[1]), 'busy'): pass"
    with paths.locked(tmp_path / ".lock"):
        command = [sys.executable, "-c", code, str(tmp_path / ".lock")]
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert waiting.stdout.readline() == b"busy\n" and waiting.poll() is None
    assert waiting.wait(timeout=60) == 0
    waiting.stdout.close()
