"""A bar that moves while trainings run, whichever process they run in."""

import time

import joblib
import pytest
import torch

from vaepaper import cache, models, train


def go(share):
    for _ in cache.reporting(share)(range(4)):
        pass


@pytest.mark.slow
def test_what_workers_have_done_is_seen_here():
    with cache.progress_bar("two", [3, 1]) as shares:
        assert shares.tolist() == [0, 0]
        joblib.Parallel(2, mmap_mode="c")(joblib.delayed(go)(shares[n : n + 1]) for n in range(2))
        assert shares.tolist() == [1, 1]


@pytest.mark.slow
def test_the_bar_moves_within_a_training_and_counts_its_work(capsys):
    with cache.progress_bar("2 trainings", [3, 1]) as shares:
        for _ in cache.reporting(shares[:1])(range(2)):
            time.sleep(0.7)
        shares[1] = 0.5
        time.sleep(0.7)
    said = capsys.readouterr().err
    assert [percent for percent in ("  0%", " 38%", " 88%") if percent in said] == ["  0%", " 38%", " 88%"]


def test_epochs_go_by_and_change_nothing(digits):
    shares, trained = torch.zeros(1).numpy(), []
    for watched in (cache.reporting(shares), iter):
        torch.manual_seed(0)
        model = models.AutoEncoder(2, (16,))
        losses = train.fit(model, digits[0], epochs=2, progress=watched)
        trained.append([*losses, *torch.nn.utils.parameters_to_vector(model.parameters()).tolist()])
    assert shares[0] == 1 and trained[0] == trained[1]
