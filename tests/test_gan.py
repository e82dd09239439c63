"""The GAN against second derivatives by autograd, NumPy by hand, and torch's Adam."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import bits

from vaepaper import cache, gan, train
from vaepaper.metrics import digit_shares

SMALL = {"model": "GenerativeAdversarialNetwork", "latent": 3, "hidden": (16, 8)}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return gan.GenerativeAdversarialNetwork(3, (16, 8), feature_weight=0.5)


@pytest.mark.parametrize("hidden", [(16,), (16, 8), (20, 10, 5)])
def test_the_slope_is_the_gradient_and_its_penalty_has_the_gradient_of_a_double_backward(digits, hidden):
    torch.manual_seed(1)
    model, x = gan.GenerativeAdversarialNetwork(2, hidden), digits[0][:50].clone().requires_grad_()
    [by_autograd] = torch.autograd.grad(model.critic(x).sum(), x, create_graph=True)
    sums = model.critic[0](x).detach()
    torch.testing.assert_close(model.slope(sums), by_autograd)
    named = [p for name, p in model.critic.named_parameters() if "weight" in name]
    penalties = [(slope.norm(dim=1) - 1).square().mean() for slope in (model.slope(sums), by_autograd)]
    ours, theirs = (torch.autograd.grad(penalty, named) for penalty in penalties)
    torch.testing.assert_close(ours, theirs)


def test_losses_are_the_papers(model, digits):
    x = digits[0][:20]
    torch.manual_seed(5)
    found = model.critic_loss(x)
    torch.manual_seed(5)
    drawn = model.decode(torch.randn(20, 3)).detach()
    share = torch.rand(20, 1)
    y = ((1 - share) * x + share * drawn).requires_grad_()
    [slope] = torch.autograd.grad(model.critic(y).sum(), y)
    norms = np.sqrt((slope.numpy() ** 2).sum(1))
    wanted = model.critic(drawn).mean() - model.critic(x).mean() + 10 * ((norms - 1) ** 2).mean()
    assert found.item() == pytest.approx(wanted.item(), rel=1e-4)
    torch.manual_seed(5)
    assert model.generator_loss(20).item() == pytest.approx(-model.critic(drawn).mean().item(), rel=1e-5)


def layers(values, linears, slope):
    """A network by hand: affine layers, between them leaky ReLUs."""
    for number, linear in enumerate(linears):
        values = np.where(values > 0, values, slope * values) if number else values
        values = values @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()
    return values


def test_scores_are_the_papers(model, digits):
    x = digits[0][:30].numpy()
    output = 1 / (1 + np.exp(-layers(layers(x, model.encoder[::2], 0), model.generator[0:5:2], 0)))
    features = [layers(images, model.critic[0:3:2], 0.01) for images in (x, output)]
    features = [np.where(sums > 0, sums, 0.01 * sums) for sums in features]
    pixels, deviation = ((x - output) ** 2).mean(1), ((features[0] - features[1]) ** 2).mean(1)
    found = gan.scores(model, torch.from_numpy(x))
    both, critic = pixels + 0.5 * deviation, layers(x, model.critic[::2], 0.01)[:, 0]
    expected = {"residual": pixels, "feature residual": deviation, "f-AnoGAN": both, "critic alone": -critic}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-5, err_msg=name)
    assert model.encoder_loss(torch.from_numpy(x)).item() == pytest.approx(both.mean(), rel=1e-4)


@pytest.mark.slow
def test_a_step_is_that_of_torchs_adam_and_moves_no_other_part(model):
    """Three steps of the critic, against `torch.optim.Adam` on a copy."""
    other, x = copy.deepcopy(model), torch.rand(20, 784)
    before = bits(model.generator)
    ours = train.Adam(model.critic.parameters(), 1e-2, (0.0, 0.9))
    theirs = torch.optim.Adam(other.critic.parameters(), 1e-2, (0.0, 0.9))
    for seed in range(3):
        torch.manual_seed(seed)
        ours.step(model.critic_loss(x))
        torch.manual_seed(seed)
        theirs.zero_grad()
        other.critic_loss(x).backward()
        theirs.step()
    torch.testing.assert_close(bits(model.critic), bits(other.critic))
    assert torch.equal(bits(model.generator), before)


def test_each_part_learns_in_its_turn_and_the_generator_every_so_many_steps(model, digits, monkeypatch):
    parts, seen, calls = (model.generator, model.critic, model.encoder), [], []
    for name in ("critic_loss", "generator_loss", "encoder_loss"):
        loss = getattr(model, name)
        monkeypatch.setattr(model, name, lambda x, name=name, loss=loss: calls.append(name[0]) or loss(x))

    def watched(epochs):
        for epoch in epochs:
            seen.append([bits(part) for part in parts])
            yield epoch

    sizes = {"batch_size": 10, "critic_steps": 3}
    history = gan.fit(model, digits[0][:70], epochs=2, encoder_epochs=2, progress=watched, **sizes)
    seen.append([bits(part) for part in parts])
    moved = [[not torch.equal(a, b) for a, b in zip(*pair, strict=True)] for pair in pairwise(seen)]
    assert moved == [[True, True, False]] * 2 + [[False, False, True]] * 2
    assert "".join(calls) == 2 * "cccgcccgc" + 14 * "e"
    assert {name: len(losses) for name, losses in history.items()} == {"critic": 2, "encoder": 2}
    assert history["encoder"][1] < history["encoder"][0]


def test_a_loss_that_is_not_finite_is_named_and_nothing_is_cached(build, model, digits, monkeypatch):
    with pytest.raises(FloatingPointError, match=r"the critic's loss is (nan|inf) in epoch 1, step \d+"):
        cache.train_all([{**SMALL, "learning_rate": 1e30}], digits[0])
    assert list(build.glob("remembered/*.safetensors")) == []
    monkeypatch.setattr(model, "encoder_loss", lambda x, loss=model.encoder_loss: loss(x) * float("nan"))
    with pytest.raises(FloatingPointError, match="the encoder's loss is nan in epoch 2, step 1"):
        gan.fit(model, digits[0][:100], epochs=1, encoder_epochs=1)


def test_a_collapse_is_said_with_the_missing_digits_and_the_seed():
    class Reader(torch.nn.Linear):
        """Reads an image as the number of its brightest pixel."""

        inputs, layers = 10, ()

        def forward(self, x):
            return x[:, :10]

    reader, samples = Reader(1, 1), torch.eye(10).repeat(30, 1)
    assert digit_shares(reader, samples, 0) == pytest.approx([0.1] * 10)
    samples = samples[samples[:, [4, 9]].sum(1) == 0]
    with pytest.warns(UserWarning, match=r"generator of seed 7 has collapsed: it draws \(almost\) no 4, 9$"):
        shares = digit_shares(reader, samples, 7)
    assert shares[[4, 9]].sum() == 0 and shares.sum() == pytest.approx(1)
