"""Planted defects change what their masks say, and nothing else."""

import pytest
import torch

from vaepaper import defects


@pytest.mark.parametrize("plant", [defects.extra_stroke, defects.missing_stroke])
def test_mask_is_exactly_what_changed(digits, plant):
    clean = digits[0].clone()
    damaged, mask = plant(clean, seed=3)
    assert torch.equal(clean, digits[0])  # the input is left alone
    assert torch.equal(mask, damaged != clean) and mask.dtype == torch.bool
    assert damaged.min() >= 0 and damaged.max() <= 1
    change = (damaged - clean)[mask]
    assert (change > 0).all() if plant is defects.extra_stroke else (change < 0).all()
    assert (mask.sum(1) >= 5).float().mean() > 0.95
    again, other = plant(clean, seed=3)[0], plant(clean, seed=4)[0]
    assert torch.equal(damaged, again) and not torch.equal(damaged, other)


def test_a_stroke_made_by_hand():
    [image] = defects.strokes(torch.tensor([[10.0, 14.0]]), torch.tensor([0.0]), length=5, width=1).view(1, 28, 28)
    by_hand = torch.zeros(28, 28)
    by_hand[10, 12:17] = 1  # a level stroke: row 10, 2.5 pixels to each side of column 14
    by_hand[10, [11, 17]] = 0.5
    torch.testing.assert_close(image, by_hand)


def test_missing_stroke_hits_ink(digits):
    damaged, _ = defects.missing_stroke(digits[0])
    assert ((digits[0] - damaged).amax(1) > 0.5).all()


def test_share_undone_by_hand():
    clean, damaged = torch.zeros(4, 784), torch.zeros(4, 784)
    damaged[:, :10] = 1
    mask = damaged != clean
    mask[3] = False
    output = torch.stack([clean[0], damaged[1], torch.full((784,), 0.25), clean[3]])
    share = defects.share_undone(clean, damaged, output, mask)
    torch.testing.assert_close(share, torch.tensor([1.0, 0.0, 0.75, torch.nan]), equal_nan=True)
