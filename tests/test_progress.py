"""A bar that moves while trainings run, whichever process they run in."""

import time

import joblib
import pytest

from vaepaper import cache


def go(share):
    for _ in cache.reporting(share)(range(4)):
        pass


@pytest.mark.slow
def test_what_workers_have_done_is_seen_here_and_the_bar_moves_within_a_training(capsys):
    with cache.progress_bar("two", [3, 1]) as shares:
        joblib.Parallel(2, mmap_mode="c")(joblib.delayed(go)(shares[n : n + 1]) for n in range(2))
        assert shares.tolist() == [1, 1]
        for _ in cache.reporting(shares[:1])(range(2)):
            time.sleep(0.7)
        shares[1] = 0.5
        time.sleep(0.7)
    said = capsys.readouterr().err
    assert [percent for percent in (" 38%", " 88%") if percent in said] == [" 38%", " 88%"]
