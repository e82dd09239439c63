"""Synthetic defects change what their masks say, and nothing else."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from vaepaper import defects


@pytest.fixture(scope="module")
def digits(digits):
    """Fewer of them: every kind is injected at every severity."""
    return tuple(part[:500] for part in digits)


DRAWN = {"extra stroke", "missing stroke", "blot", "speckle", "displaced", "dead rows", "wrong piece"}
DRAWN |= {"rotation", "noise"}
SIGNS = {"extra stroke": 1, "blot": 1, "offset": 1, "missing stroke": -1, "fading": -1, "dead rows": -1}


@pytest.mark.parametrize("kind", defects.KINDS | defects.FURTHER)
def test_a_mask_is_exactly_what_changed_and_a_larger_severity_changes_more(digits, kind):
    clean, change = digits[0].clone(), []
    for severity in defects.SEVERITIES:
        damaged, mask = defects.inject(kind, clean, severity, seed=3)
        assert torch.equal(mask, damaged != clean) and mask.dtype == torch.bool
        assert damaged.shape == clean.shape and damaged.dtype == torch.float32
        assert damaged.min() >= 0 and damaged.max() <= 1
        assert mask.any(1).float().mean() > 0.7  # a small blot may fall on ink
        assert ((damaged - clean)[mask] * SIGNS.get(kind, 0) >= 0).all()
        change.append((damaged - clean).abs().sum().item())
    assert torch.equal(clean, digits[0])  # the input is left alone
    assert change == sorted(change) and change[0] > 0
    again, other = (defects.inject(kind, clean, seed=seed)[0] for seed in (3, 4))
    assert torch.equal(again, defects.inject(kind, clean, 3, seed=3)[0])
    assert torch.equal(again, other) == (kind not in DRAWN)
    for page in (torch.zeros(3, 784), torch.ones(3, 784)):
        damaged, mask = defects.inject(kind, page)
        assert torch.isfinite(damaged).all() and torch.equal(mask, damaged != page)


def test_a_stroke_made_by_hand():
    centre, angle = torch.tensor([[10.0, 14.0]]), torch.tensor([0.0])
    image = defects.strokes(centre, angle, length=5, width=1).view(28, 28)
    by_hand = torch.zeros(28, 28)
    by_hand[10, 12:17] = 1  # a level stroke: row 10, 2.5 pixels to each side of column 14
    by_hand[10, [11, 17]] = 0.5
    torch.testing.assert_close(image, by_hand)


def test_strokes_are_the_same_however_many_at_once():
    random = torch.Generator().manual_seed(0)
    centres, angles = 28 * torch.rand(5000, 2, generator=random), 3 * torch.rand(5000, generator=random)
    together, some = defects.strokes(centres, angles, 9, 2), [0, 2048, 4999]
    torch.testing.assert_close(together[some], defects.strokes(centres[some], angles[some], 9, 2))
    row, column, angle = *centres[4999].tolist(), angles[4999].item()
    for place in (0, 300, 500, 783):  # distance to a segment, the long way
        at = np.array(divmod(place, 28), float) - (row, column)
        along = np.array([np.sin(angle), np.cos(angle)])
        distance = np.linalg.norm(at - np.clip(at @ along, -4.5, 4.5) * along)
        assert together[4999, place].item() == pytest.approx(np.clip(1.5 - distance, 0, 1), abs=1e-4)


def test_blot_is_round():
    empty = torch.zeros(1, 784)
    damaged, _ = defects.blot(empty, seed=1, diameter=6)
    rows, columns = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    ink = damaged.view(28, 28)
    middle = (ink * rows).sum() / ink.sum(), (ink * columns).sum() / ink.sum()
    distance = torch.hypot(rows - middle[0], columns - middle[1])
    assert (ink[distance < 2] == 1).all() and (ink[distance > 4] == 0).all()
    assert ink.sum() == pytest.approx(torch.pi * 3**2, rel=0.1)


def test_missing_strokes_speckle_fading_and_blur_are_what_they_say(digits):
    assert ((digits[0] - defects.missing_stroke(digits[0])[0]).amax(1) > 0.5).all()  # on ink
    assert defects.speckle(digits[0], share=0.05)[1].float().mean() == pytest.approx(0.05, abs=0.001)
    torch.testing.assert_close(defects.fading(digits[0], share=0.25)[0], 0.75 * digits[0])
    ours = defects.blur(digits[0][:5], sigma=0.7)[0].view(5, 28, 28).numpy()
    scipys = [gaussian_filter(image, 0.7, radius=2) for image in digits[0][:5].view(5, 28, 28).numpy()]
    np.testing.assert_allclose(ours[:, 3:-3, 3:-3], np.array(scipys)[:, 3:-3, 3:-3], atol=1e-4)


def test_a_displaced_digit_is_rolled_and_loses_what_leaves_the_page(digits):
    x = digits[0][:40].view(-1, 28, 28)
    damaged = defects.displaced(digits[0][:40], seed=1, distance=2)[0].view(-1, 28, 28)
    ways = [(0, 2), (0, -2), (1, 2), (1, -2)]  # axis, by how much
    moved = [torch.roll(x, by, 1 + axis) for axis, by in ways]
    for (axis, by), each in zip(ways, moved, strict=True):
        each.movedim(1 + axis, 1)[:, slice(0, by) if by > 0 else slice(by, None)] = 0
    found = [[torch.equal(own, each[i]) for each in moved].index(True) for i, own in enumerate(damaged)]
    assert set(found) == {0, 1, 2, 3}


def test_dead_rows_are_dead_and_the_others_alive(digits):
    damaged, mask = (part.view(-1, 28, 28) for part in defects.dead_rows(digits[0], seed=2, rows=3))
    rows = mask.any(2)
    assert ((damaged == 0) | ~mask).all() and (damaged[~rows] == digits[0].view(-1, 28, 28)[~rows]).all()
    assert rows.sum(1).max() == 3 and rows.any(1).all()
    dead = rows.float().topk(3, 1).indices
    assert (damaged[torch.arange(len(damaged))[:, None], dead] == 0)[rows.sum(1) == 3].all()


def test_a_wrong_piece_is_a_square_of_the_digit_on_its_head():
    page = torch.arange(784.0)[None] / 784
    damaged, mask = defects.wrong_piece(page, seed=3, side=9)
    low, high = mask.view(28, 28).nonzero().T.aminmax(dim=1)
    assert mask.sum() == 81 and (high - low == 8).all()  # 9 x 9: nothing equals its opposite on this page
    torch.testing.assert_close(damaged[mask], (783 / 784 - page)[mask])


def bilinear(page, row, column):
    """The page [28, 28] between its pixels; blank outside."""
    padded = np.pad(page, 30)
    (i, down), (j, right) = ((int(x // 1), x % 1) for x in (row + 30, column + 30))
    upper, lower = (padded[k, j] * (1 - right) + padded[k, j + 1] * right for k in (i, i + 1))
    return upper * (1 - down) + lower * down


def test_a_rotated_page_by_hand(digits):
    pages = digits[0][:40].view(-1, 28, 28)
    damaged = defects.rotated(digits[0][:40], seed=1, degrees=20)[0].view(-1, 28, 28)
    places, cos = ((-3.5, 2.5), (0.5, 0.5), (5.5, -1.5), (-7.5, -4.5)), np.cos(np.deg2rad(20))
    turned = []
    for sin in (np.sin(np.deg2rad(20)), -np.sin(np.deg2rad(20))):
        at = [(13.5 + cos * y - sin * x, 13.5 + sin * y + cos * x) for y, x in places]
        by_hand = np.array([[bilinear(page, *place) for place in at] for page in pages.numpy()])
        turned.append(np.isclose(damaged[:, [10, 14, 19, 6], [16, 14, 12, 9]], by_hand, atol=1e-5).all(1))
    assert (turned[0] | turned[1]).all() and turned[0].any() and turned[1].any()
    quarter = defects.rotated(digits[0][:20], degrees=90)[0].view(-1, 28, 28)
    ways = [torch.rot90(pages[:20], k, (1, 2)) for k in (1, -1)]
    assert all(any(torch.allclose(own, way[i]) for way in ways) for i, own in enumerate(quarter))


def test_offset_noise_half_gain_and_mirror_are_what_they_say(digits):
    x = digits[0]
    torch.testing.assert_close(defects.offset(x, level=0.1)[0], (x + 0.1).clamp(max=1))
    grey = torch.full((200, 784), 0.5)
    added = defects.noise(grey, sigma=0.1)[0] - grey
    assert abs(added.mean()) < 0.002 and added.std() == pytest.approx(0.1, rel=0.02)
    lower, mask = defects.half_gain(grey, share=0.2)
    assert (lower[:, :392] == 0.5).all() and (lower[:, 392:] == 0.4).all() and mask.sum() == 200 * 392
    page = torch.arange(784.0)[None] / 784
    [flipped] = defects.mirrored(page, rows=5)[0].view(1, 28, 28).numpy()
    by_hand = page.view(28, 28).numpy().copy()
    by_hand[23:] = by_hand[23:, ::-1]
    np.testing.assert_array_equal(flipped, by_hand)


def test_fraction_removed_by_hand():
    clean, damaged = torch.zeros(4, 784), torch.zeros(4, 784)
    damaged[:, :10] = 1
    mask = damaged != clean
    mask[3] = False
    output = torch.stack([clean[0], damaged[1], torch.full((784,), 0.25), clean[3]])
    share = defects.fraction_removed(clean, damaged, output, mask)
    torch.testing.assert_close(share, torch.tensor([1.0, 0.0, 0.75, torch.nan]), equal_nan=True)
