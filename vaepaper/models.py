"""The report's two networks, each loss written beside its equation.

Images are float32 [n, 784] in [0, 1]. "4 layers" counts layers of nodes, as the report does (§3.2):
784, 256, 128, latent is `hidden=(256, 128)`; "2 layers" is `hidden=()`.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from vaepaper import checks
from vaepaper.exact import Linear


def _squared_error(output: Tensor, x: Tensor) -> Tensor:
    """[n, pixels] twice → the sum over pixels of (output - x)², [n]."""
    return F.mse_loss(output, x, reduction="none").sum(1)


def _cross_entropy(output: Tensor, x: Tensor) -> Tensor:
    """[n, pixels] twice → the Bernoulli negative log-likelihood, summed over pixels, [n]."""
    return F.binary_cross_entropy(output, x, reduction="none").sum(1)


RECONSTRUCTION = {"squared": _squared_error, "bernoulli": _cross_entropy}


def dense(sizes: Sequence[int], activation: str) -> nn.Sequential:
    """Fully connected layers, `activation` (a class of torch.nn) between them, none after the last."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [Linear(before, after), getattr(nn, activation)()]
    return nn.Sequential(*layers[:-1])


class AutoEncoder(nn.Module):
    """Auto-encoder of §2.2 and §3.2: encode to `latent` nodes, decode back, compare.

    `latent_sigmoid=True, hidden=()` is the sweep's network; the defaults are the clustering one.
    `reconstruction` is "squared" or "bernoulli".
    """

    def __init__(
        self,
        latent: int,
        hidden: Sequence[int] = (256, 128),
        *,
        latent_sigmoid: bool = False,
        activation: str = "ReLU",
        reconstruction: str = "squared",
        inputs: int = 784,
    ):
        super().__init__()
        self.inputs, self.latent, hidden = checks.settings(inputs=inputs, latent=latent, hidden=hidden)
        activation, reconstruction = checks.settings(activation=activation, reconstruction=reconstruction)
        [self.latent_sigmoid] = checks.settings(latent_sigmoid=latent_sigmoid)
        self.compare = RECONSTRUCTION[reconstruction]
        self.encoder = dense([inputs, *hidden, latent], activation)
        self.decoder = dense([latent, *reversed(hidden), inputs], activation)

    def encode(self, x: Tensor) -> Tensor:
        """Images [n, inputs] → codes [n, latent]."""
        z = self.encoder(x)
        return z.sigmoid() if self.latent_sigmoid else z

    def decode(self, z: Tensor) -> Tensor:
        """Codes [n, latent] → images [n, inputs] in [0, 1]: the sigmoid of §3.2."""
        return self.decoder(z).sigmoid()

    def reconstruct(self, x: Tensor) -> Tensor:
        """The output for an input, [n, inputs] → [n, inputs]; nothing is sampled."""
        return self.decode(self.encode(x))

    def loss(self, x: Tensor) -> Tensor:
        """Mean over pixels and images of the input-output difference (§2.2)."""
        return self.compare(self.reconstruct(x), x).mean() / self.inputs


class VariationalAutoEncoder(nn.Module):
    """Variational auto-encoder of §2.3 and §3.2.1 (Kingma and Welling 2014).

    The encoder gives a mean and a standard deviation for each latent; a digit's code is the mean.
    `output_sigmoid=False` leaves outputs unbounded, one of the interpretations in chapter 6.
    """

    def __init__(
        self,
        latent: int,
        hidden: Sequence[int] = (256, 128),
        *,
        activation: str = "ReLU",
        reconstruction: str = "squared",
        kl_weight: float = 1.0,
        output_sigmoid: bool = True,
        inputs: int = 784,
    ):
        super().__init__()
        self.inputs, self.latent, hidden = checks.settings(inputs=inputs, latent=latent, hidden=hidden)
        activation, reconstruction = checks.settings(activation=activation, reconstruction=reconstruction)
        self.kl_weight, self.output_sigmoid = checks.settings(
            kl_weight=kl_weight, output_sigmoid=output_sigmoid
        )
        self.compare = RECONSTRUCTION[reconstruction]
        if reconstruction == "bernoulli" and not output_sigmoid:
            raise ValueError("reconstruction 'bernoulli' needs outputs in [0, 1], so output_sigmoid=True")
        self.encoder = dense([inputs, *hidden, 2 * latent], activation)
        self.decoder = dense([latent, *reversed(hidden), inputs], activation)
        self.register_buffer("zero", torch.zeros(()), persistent=False)

    def posterior(self, x: Tensor) -> Normal:
        """Images [n, inputs] → N(mean, standard deviation), each [n, latent] (Eq. 3; softplus: §3.2.1)."""
        mean, raw = self.encoder(x).chunk(2, dim=1)
        # The floor only keeps the logarithm in the KL finite where softplus rounds to zero.
        return Normal(mean.contiguous(), F.softplus(raw.contiguous()) + 1e-6, validate_args=False)

    def encode(self, x: Tensor) -> Tensor:
        """Images [n, inputs] → codes [n, latent]: the mean, so that scores repeat bit for bit."""
        return self.encoder(x).chunk(2, dim=1)[0].contiguous()

    def decode(self, z: Tensor) -> Tensor:
        """Codes [n, latent] → images [n, inputs] in [0, 1]."""
        x = self.decoder(z)
        return x.sigmoid() if self.output_sigmoid else x

    def reconstruct(self, x: Tensor) -> Tensor:
        """The output for an input, [n, inputs] → [n, inputs]; nothing is sampled."""
        return self.decode(self.encode(x))

    def loss(self, x: Tensor) -> Tensor:
        """Mean over images of the summed difference plus the KL divergence (§3.2.1; Eq. 4: the KL alone)."""
        posterior = self.posterior(x)
        z = posterior.rsample()  # Eq. (1): z = mean + noise * standard deviation
        prior = Normal(self.zero, self.zero + 1, validate_args=False)
        kl = kl_divergence(posterior, prior).sum(1)  # Eq. (5), with its signs put right
        return (self.compare(self.decode(z), x) + self.kl_weight * kl).mean()


class DigitReader(nn.Module):
    """The fixed reader behind *legibility*: 784-256-128-10, trained on raw digits and their labels."""

    def __init__(self, hidden: Sequence[int] = (256, 128), *, inputs: int = 784):
        super().__init__()
        self.inputs, hidden = checks.settings(inputs=inputs, hidden=hidden)
        self.layers = dense([inputs, *hidden, 10], "ReLU")

    def forward(self, x: Tensor) -> Tensor:
        """Images [n, inputs] → logits [n, 10]."""
        return self.layers(x)

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        """Cross entropy."""
        return F.cross_entropy(self(x), labels)
