"""`make test` fails where either half fails, shows what the units said, notes only a complete run's time."""

from types import SimpleNamespace

import pytest

from tools import suite


def Ended(code):
    return SimpleNamespace(wait=lambda: code, terminate=lambda: None)


@pytest.mark.parametrize("failing", [None, suite.UNITS, suite.NOTEBOOKS.format(mode="--nbval")])
def test_either_half_can_fail_it(build, monkeypatch, capsys, failing):
    def run(command, stdout=None, **options):
        if stdout:
            stdout.write("3 passed")
        return Ended(int(command == failing))

    monkeypatch.setattr(suite, "run", run)
    monkeypatch.setattr(suite.exact, "why_not", lambda: "")
    monkeypatch.setattr(suite.reproduce, "train_first", lambda *_: None)
    assert suite.main() == int(failing is not None)
    assert "3 passed" in capsys.readouterr().out
    assert (build / "times.json").exists() == (failing is None)


def test_ruff_ends_it_before_anything_is_trained(build, monkeypatch):
    monkeypatch.setattr(suite, "run", lambda command, **_: Ended(int(command.startswith("ruff format"))))
    assert suite.main() == 1 and not build.exists()
