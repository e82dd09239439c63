"""The networks and their losses, against torch and against Monte Carlo."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from vaepaper.models import AutoEncoder, DigitReader, VariationalAutoEncoder
from vaepaper.plots.diagrams import layer_sizes


def test_layers_are_the_reports():
    sweep, clusters, vae = AutoEncoder(16, hidden=()), AutoEncoder(2), VariationalAutoEncoder(64)
    found = [(layer_sizes(model.encoder), layer_sizes(model.decoder)) for model in (sweep, clusters, vae)]
    four = [784, 256, 128, 2], [2, 128, 256, 784]
    assert found == [([784, 16], [16, 784]), four, ([784, 256, 128, 128], [64, 128, 256, 784])]


@pytest.mark.parametrize("reconstruction", ["squared", "bernoulli"])
def test_losses_are_torchs(digits, reconstruction):
    model, x = AutoEncoder(8, reconstruction=reconstruction), digits[0][:50]
    torch_says = {"squared": F.mse_loss, "bernoulli": F.binary_cross_entropy}[reconstruction]
    torch.testing.assert_close(model.loss(x), torch_says(model.reconstruct(x), x))
    reader, labels = DigitReader(), digits[1][:50]
    torch.testing.assert_close(reader.loss(x, labels), F.cross_entropy(reader.layers(x), labels))


@pytest.mark.parametrize("weight", [0.1, 4.0])
def test_vae_loss_is_difference_plus_weighted_kl(digits, weight):
    model, x = VariationalAutoEncoder(8, kl_weight=weight), digits[0][:50]
    torch.manual_seed(3)
    loss = model.loss(x)
    torch.manual_seed(3)
    posterior = model.posterior(x)
    output = model.decode(posterior.rsample())
    kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum()
    torch.testing.assert_close(loss, ((output - x).square().sum() + weight * kl) / 50)


def test_kl_closed_form_agrees_with_torch_and_monte_carlo_and_the_printed_one_does_not():
    random = torch.Generator().manual_seed(0)
    mean, std = torch.randn(5, generator=random).double(), torch.rand(5, generator=random).double() + 0.3
    p, q = Normal(mean, std), Normal(torch.zeros(5).double(), torch.ones(5).double())
    closed = -0.5 * (1 + (std**2).log() - mean**2 - std**2)
    printed = -0.5 * (1 - (std**2).log() - mean**2 - std**2)
    torch.testing.assert_close(closed, kl_divergence(p, q), rtol=0, atol=1e-12)
    draws = mean + std * torch.randn(400_000, 5, generator=random).double()
    logs = p.log_prob(draws) - q.log_prob(draws)
    error = logs.std(0) / len(draws) ** 0.5
    assert ((closed - logs.mean(0)).abs() < 4 * error).all()
    assert ((printed - logs.mean(0)).abs() > 4 * error).any()


def test_outputs_lie_in_0_to_1_and_codes_too_with_the_latent_sigmoid(digits):
    model = AutoEncoder(4, hidden=(), latent_sigmoid=True)
    for values in (model.encode(digits[0][:20]), model.reconstruct(digits[0][:20])):
        assert values.min() >= 0 and values.max() <= 1
    assert AutoEncoder(4).encode(digits[0]).min() < 0


def test_vae_scores_repeat_and_its_loss_survives_a_vanishing_deviation(digits):
    model, x = VariationalAutoEncoder(4), digits[0][:20]
    assert torch.equal(model.reconstruct(x), model.reconstruct(x))
    assert torch.equal(model.encode(x), model.posterior(x).mean)
    with torch.no_grad():
        model.encoder[-1].bias.fill_(-200)
    assert model.loss(x).isfinite()
