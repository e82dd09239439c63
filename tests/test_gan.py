"""The GAN against second derivatives by autograd, NumPy by hand, and its own promises: frozen parts, equal
bits.
"""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from vaepaper import cache, gan, scores, train
from vaepaper.metrics import digit_shares

SMALL = {
    "model": "GenerativeAdversarialNetwork",
    "latent": 3,
    "hidden": (16, 8),
    "epochs": 2,
    "encoder_epochs": 1,
}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return gan.GenerativeAdversarialNetwork(3, (16, 8), feature_weight=0.5)


def state(part):
    return torch.cat([p.detach().flatten().clone() for p in part.parameters()])


@pytest.mark.parametrize("hidden", [(16,), (16, 8), (20, 10, 5)])
def test_the_slope_is_the_gradient_and_its_penalty_has_the_gradient_of_a_double_backward(digits, hidden):
    torch.manual_seed(1)
    model, x = gan.GenerativeAdversarialNetwork(2, hidden), digits[0][:50].clone().requires_grad_()
    [by_autograd] = torch.autograd.grad(model.critic(x).sum(), x, create_graph=True)
    sums = model.critic[0](x).detach()
    torch.testing.assert_close(model.slope(sums), by_autograd)
    named = [p for name, p in model.critic.named_parameters() if "weight" in name]
    ours, theirs = (
        torch.autograd.grad((slope.norm(dim=1) - 1).square().mean(), named)
        for slope in (model.slope(sums), by_autograd)
    )
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


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


def test_scores_are_the_papers(model, digits):
    def layer(module, values):
        return values @ module.weight.detach().numpy().T + module.bias.detach().numpy()

    def features(images):
        first = layer(model.critic[0], images)
        second = layer(model.critic[2], np.where(first > 0, first, 0.01 * first))
        return np.where(second > 0, second, 0.01 * second)

    x = digits[0][:30].numpy()
    code = layer(
        model.encoder[4], np.maximum(layer(model.encoder[2], np.maximum(layer(model.encoder[0], x), 0)), 0)
    )
    deep = np.maximum(layer(model.generator[2], np.maximum(layer(model.generator[0], code), 0)), 0)
    output = 1 / (1 + np.exp(-layer(model.generator[4], deep)))
    pixels, deviation = ((x - output) ** 2).mean(1), ((features(x) - features(output)) ** 2).mean(1)
    found = gan.scores(model, torch.from_numpy(x))
    np.testing.assert_allclose(found["residual"], pixels, rtol=1e-4)
    np.testing.assert_allclose(found["feature residual"], deviation, rtol=1e-3)
    np.testing.assert_allclose(found["f-AnoGAN"], pixels + 0.5 * deviation, rtol=1e-3)
    np.testing.assert_allclose(
        found["critic alone"], -layer(model.critic[4], features(x))[:, 0], rtol=1e-3, atol=1e-5
    )
    assert model.encoder_loss(torch.from_numpy(x)).item() == pytest.approx(
        (pixels + 0.5 * deviation).mean(), rel=1e-4
    )
    np.testing.assert_allclose(scores.squared_difference(model, x), 784 * pixels, rtol=1e-4)


@pytest.mark.slow
def test_a_step_is_that_of_torchs_adam_and_moves_no_other_part(model):
    """Three steps of the critic, against `torch.optim.Adam` on a copy."""
    other, x = copy.deepcopy(model), torch.rand(20, 784)
    before = state(model.generator)
    ours = train.Adam(model.critic.parameters(), 1e-2, (0.0, 0.9))
    theirs = torch.optim.Adam(other.critic.parameters(), 1e-2, (0.0, 0.9))
    for seed in range(3):
        torch.manual_seed(seed)
        ours.step(model.critic_loss(x))
        torch.manual_seed(seed)
        theirs.zero_grad()
        other.critic_loss(x).backward()
        theirs.step()
    torch.testing.assert_close(state(model.critic), state(other.critic))
    assert torch.equal(state(model.generator), before)


def test_each_part_learns_in_its_turn(model, digits):
    parts, seen = (model.generator, model.critic, model.encoder), []

    def watched(epochs):
        for epoch in epochs:
            seen.append([state(part) for part in parts])
            yield epoch

    history = gan.fit(model, digits[0][:300], epochs=2, encoder_epochs=2, progress=watched)
    seen.append([state(part) for part in parts])
    moved = [[not torch.equal(a, b) for a, b in zip(*pair, strict=True)] for pair in pairwise(seen)]
    assert moved == [[True, True, False]] * 2 + [[False, False, True]] * 2
    assert {name: len(losses) for name, losses in history.items()} == {"critic": 2, "encoder": 2}
    assert history["encoder"][1] < history["encoder"][0]


def test_the_generator_steps_once_for_so_many_steps_of_the_critic(model, digits, monkeypatch):
    calls = []
    for name in ("critic_loss", "generator_loss"):
        loss = getattr(model, name)
        monkeypatch.setattr(model, name, lambda x, name=name, loss=loss: calls.append(name[0]) or loss(x))
    gan.fit(model, digits[0][:70], epochs=1, encoder_epochs=1, batch_size=10, critic_steps=3)
    assert "".join(calls) == "cccgcccgc"


@pytest.mark.slow
def test_the_generator_comes_closer_to_the_digits(digits):
    """Its draws' mean image nears that of the zeros that it learns."""
    torch.manual_seed(0)
    model, zeros = gan.GenerativeAdversarialNetwork(4, (64,)), digits[0][digits[1] == 0]
    before = F.mse_loss(model.sample(500).mean(0), zeros.mean(0)).item()
    gan.fit(model, zeros, epochs=40, encoder_epochs=1, batch_size=32)
    assert F.mse_loss(model.sample(500).mean(0), zeros.mean(0)).item() < before / 10


def test_a_loss_that_is_not_finite_is_named_and_nothing_is_remembered(build, digits):
    with pytest.raises(FloatingPointError, match=r"the critic's loss is (nan|inf) in epoch 1, step \d+"):
        cache.train_all([{**SMALL, "learning_rate": 1e30}], digits[0])
    assert list(build.glob("remembered/*.safetensors")) == []


def test_an_encoder_that_diverges_is_named(model, digits, monkeypatch):
    monkeypatch.setattr(model, "encoder_loss", lambda x, loss=model.encoder_loss: loss(x) * float("nan"))
    with pytest.raises(FloatingPointError, match="the encoder's loss is nan in epoch 2, step 1"):
        gan.fit(model, digits[0][:100], epochs=1, encoder_epochs=1)


@pytest.mark.slow
def test_same_bits_alone_and_side_by_side_and_read_back(build, digits, tmp_path, monkeypatch):
    asked = [{**SMALL, "seed": seed} for seed in (0, 1)]
    together = cache.train_all(asked, digits[0])
    again = cache.train_all(asked, digits[0])
    saved = [cache.load(cache.save(model, f"gan{n}")) for n, model in enumerate(together)]
    monkeypatch.setattr(cache.paths, "BUILD", tmp_path / "other")
    alone = [cache.train_all([one], digits[0])[0] for one in asked]
    for others in (again, saved, alone):
        assert all(torch.equal(state(a), state(b)) for a, b in zip(together, others, strict=True))
    assert not torch.equal(state(together[0]), state(together[1]))
    assert set(together[0].trained["losses"]) == {"critic", "encoder"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"critic_step": 5}, "did you mean 'critic_steps'"),
        ({"critic_steps": 0}, "critic_steps is 0; expected an integer of 1 or more"),
        ({"encoder_epochs": 1.5}, r"encoder_epochs is 1\.5"),
        ({"feature_weight": -1}, "feature_weight is -1"),
        ({"kl_weight": 1}, "kl_weight"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(build, digits, change, message):
    with pytest.raises(ValueError, match=message):
        cache.train_all([SMALL | change], digits[0])


def test_a_collapse_is_said_with_the_missing_digits_and_the_seed():
    class Reader(torch.nn.Linear):
        """Reads an image as the number of its brightest pixel."""

        inputs, layers = 10, ()

        def forward(self, x):
            return x[:, :10]

    reader, samples = Reader(1, 1), torch.eye(10).repeat(30, 1)
    assert digit_shares(reader, samples, 0) == pytest.approx([0.1] * 10)
    samples = samples[samples[:, [4, 9]].sum(1) == 0]
    with pytest.warns(
        UserWarning, match=r"the generator of seed 7 has collapsed: it draws \(almost\) no 4, 9$"
    ):
        shares = digit_shares(reader, samples, 7)
    assert shares[[4, 9]].sum() == 0 and shares.sum() == pytest.approx(1)
