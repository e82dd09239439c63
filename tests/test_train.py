"""The training loop: the same bits every time, and no training on nonsense."""

import pytest
import torch
from conftest import bits

from vaepaper.models import AutoEncoder, DigitReader, VariationalAutoEncoder
from vaepaper.train import fit


def trained(images, threads, **settings):
    torch.manual_seed(7)
    model = VariationalAutoEncoder(4, hidden=(32,))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        state = torch.get_rng_state()
        losses = fit(model, images, **settings)
        assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    return losses, bits(model)


def test_same_seed_same_bits_whatever_the_threads(digits):
    first, again, other = (trained(digits[0], n, epochs=2, seed=s) for n, s in ((1, 0), (2, 0), (1, 1)))
    assert first[0] == again[0] and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])


def test_it_is_adam(digits):
    """One epoch over one batch equals one step of torch's plain Adam."""
    torch.manual_seed(0)
    model, twin = AutoEncoder(4, hidden=()), AutoEncoder(4, hidden=())
    twin.load_state_dict(model.state_dict())
    x = digits[0][:64]
    fit(model, x, epochs=3, batch_size=64, learning_rate=0.01)
    adam = torch.optim.Adam(twin.parameters(), lr=0.01, foreach=False, fused=False)
    for _ in range(3):
        adam.zero_grad()
        twin.loss(x).backward()
        adam.step()
    torch.testing.assert_close(bits(model), bits(twin), rtol=1e-4, atol=1e-5)


def test_every_image_is_seen_once_an_epoch_and_the_loss_is_the_mean_over_images(digits):
    seen, sums = [], []

    class Watcher(AutoEncoder):
        def loss(self, x):
            seen.append(x.clone())
            sums.append(len(x) * (loss := super().loss(x)).item())
            return loss

    [mean] = fit(Watcher(2, hidden=()), digits[0][:1000], epochs=1, batch_size=128)
    assert mean == pytest.approx(sum(sums) / 1000)
    assert [len(batch) for batch in seen] == [128] * 7 + [104]
    order = torch.cat(seen)
    assert torch.equal(order.sum(1).sort().values, digits[0][:1000].sum(1).sort().values)
    assert not torch.equal(order, digits[0][:1000])


def test_losses_fall_and_the_reader_learns_labels(digits):
    images, labels = digits
    reader = DigitReader(hidden=(32,))
    losses = fit(reader, images, labels, epochs=20)
    assert len(losses) == 20 and losses[-1] < losses[0] / 3
    assert (reader(images).argmax(1) == labels).float().mean() > 0.9


def test_a_loss_that_is_not_finite_is_named(digits):
    class Breaks(AutoEncoder):
        steps = 0

        def loss(self, x):
            self.steps += 1
            return super().loss(x) * (float("nan") if self.steps == 12 else 1)

    with pytest.raises(FloatingPointError, match=r"loss is nan in epoch 2, step 4"):
        fit(Breaks(2, hidden=()), digits[0][:1000], epochs=5)  # 8 steps an epoch
