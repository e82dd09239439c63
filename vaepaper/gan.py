"""The other family that the report names (§2.1): a generative adversarial network, and an encoder to score.

f-AnoGAN (Schlegl et al. 2019), dense: generator against critic (WGAN-GP, Gulrajani et al. 2017), then the
encoder.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaepaper import checks, train
from vaepaper.exact import product
from vaepaper.models import dense
from vaepaper.train import Adam


class GenerativeAdversarialNetwork(nn.Module):
    """Generator G: latent → image; critic D: image → how real it looks; encoder E: image → latent.

    `hidden` counts from the image, as in `models`; G mirrors it, D ends in one node. Latents are drawn from
    N(0, 1).
    """

    def __init__(
        self,
        latent: int,
        hidden: Sequence[int] = (256, 128),
        *,
        feature_weight: float = 1.0,
        inputs: int = 784,
    ):
        super().__init__()
        sizes = {"inputs": inputs, "latent": latent, "hidden": hidden, "feature_weight": feature_weight}
        self.inputs, self.latent, hidden, self.feature_weight = checks.validate(
            checks.SETTINGS, **sizes
        ).values()
        self.generator = dense([latent, *reversed(hidden), inputs], "ReLU")
        self.critic = dense([inputs, *hidden, 1], "LeakyReLU")
        self.encoder = dense([inputs, *hidden, latent], "ReLU")

    def encode(self, x: Tensor) -> Tensor:
        """Images [n, inputs] → codes [n, latent]: E, unbounded, for a tanh misses a third of the prior."""
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """Codes [n, latent] → images [n, inputs] in [0, 1]: G."""
        return self.generator(z).sigmoid()

    def reconstruct(self, x: Tensor) -> Tensor:
        """G(E(x)), [n, inputs] → [n, inputs]; nothing is sampled."""
        return self.decode(self.encode(x))

    def sample(self, n: int) -> Tensor:
        """n images that G draws, [n, inputs] in [0, 1]."""
        return self.decode(torch.randn(n, self.latent, device=self.critic[0].weight.device))

    def slope(self, sums: Tensor) -> Tensor:
        """The gradient ∇D at each image, [n, inputs], from D's first sums there, [n, hidden[0]].

        D is linear in pieces: ∇D is the product of its weights and its activations' slopes, without a graph
            of a graph.
        """
        slopes = []
        with torch.no_grad():
            for activation, layer in zip(self.critic[1::2], self.critic[2::2], strict=True):
                slopes.append(torch.where(sums > 0, 1.0, activation.negative_slope))
                sums = layer(sums * slopes[-1])
        gradient = self.critic[-1].weight.expand(len(sums), -1)
        for layer, slope in zip(self.critic[-3::-2], reversed(slopes), strict=True):
            gradient = product(gradient * slope, layer.weight)
        return gradient

    def critic_loss(self, x: Tensor) -> Tensor:
        """Mean of D(G(z)) - D(x) + 10 (|∇D(y)| - 1)², y between x and G(z) (Gulrajani et al., Eq. 3)."""
        drawn = self.sample(len(x)).detach()
        sums = self.critic[0](torch.cat([x, drawn]))  # affine, so that y's lie between those of x and of G(z)
        at_y = torch.lerp(*sums.detach().chunk(2), torch.rand(len(x), 1, device=x.device))
        real, false = self.critic[1:](sums).view(2, -1).mean(1)
        return false - real + 10 * (self.slope(at_y).norm(dim=1) - 1).square().mean()

    def generator_loss(self, n: int) -> Tensor:
        """Mean of -D(G(z)) over n draws."""
        return -self.critic(self.sample(n)).mean()

    def residuals(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squares of x - G(E(x)) and of f(x) - f(G(E(x))), f the last hidden layer of D: each [n]."""
        output, features = self.reconstruct(x), self.critic[:-1]
        return (x - output).square().mean(1), (features(x) - features(output)).square().mean(1)

    def encoder_loss(self, x: Tensor) -> Tensor:
        """Mean of |x - G(E(x))|² + κ |f(x) - f(G(E(x)))|², each per node: "izi_f" (Schlegl et al. 2019)."""
        pixels, features = self.residuals(x)
        return (pixels + self.feature_weight * features).mean()


def fit(
    model: GenerativeAdversarialNetwork,
    images: Tensor,
    *,
    epochs: int = 10,
    encoder_epochs: int = 4,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    critic_steps: int = 2,
    seed: int = 0,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> dict[str, list[float]]:
    """Train the critic, the generator every `critic_steps`, then the encoder, in place; else as `train.fit`.

    Returns the mean loss of each epoch: "critic" [epochs], "encoder" [encoder_epochs]. Raises what
        `train.fit` does.
    """
    sizes = {"epochs": epochs, "encoder_epochs": encoder_epochs, "batch_size": batch_size}
    epochs, encoder_epochs, batch_size = checks.validate(checks.SETTINGS, **sizes).values()
    steps = {"learning_rate": learning_rate, "critic_steps": critic_steps, "seed": seed}
    learning_rate, critic_steps, seed = checks.validate(checks.SETTINGS, **steps).values()
    data = checks.images(images, model.inputs).to(model.critic[0].weight.device)
    history: dict[str, list[float]] = {"critic": [], "encoder": []}
    with train.standard():
        critic, generator = (
            Adam(part.parameters(), learning_rate, betas=(0.0, 0.9))
            for part in (model.critic, model.generator)
        )
        encoder = Adam(model.encoder.parameters(), learning_rate)
        order = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        for epoch in progress(range(1, epochs + encoder_epochs + 1)):
            learner, losses = "critic" if epoch <= epochs else "encoder", []
            batches = torch.randperm(len(data), generator=order).to(data.device).split(batch_size)
            for n, batch in enumerate(batches, 1):
                x = data.index_select(0, batch)
                if learner == "encoder":
                    losses.append(encoder.step(model.encoder_loss(x)))
                    continue
                losses.append(critic.step(model.critic_loss(x)))
                if n % critic_steps == 0:
                    generator.step(model.generator_loss(len(x)))
            losses = torch.stack(losses)
            train.refuse_infinite(f"{learner}'s loss", losses, epoch)
            history[learner].append(float(losses.mean()))
    return history


@torch.no_grad()
def scores(model: GenerativeAdversarialNetwork, images: Tensor) -> dict[str, np.ndarray]:
    """f-AnoGAN's score, its two parts, the critic alone: each float32 [n], larger where more anomalous."""
    x = checks.images(images, model.inputs).to(model.critic[0].weight.device)
    pixels, features = model.residuals(x)
    found = {
        "residual": pixels,
        "feature residual": features,
        "f-AnoGAN": pixels + model.feature_weight * features,
    }
    return {
        name: score.cpu().numpy()
        for name, score in (found | {"critic alone": -model.critic(x)[:, 0]}).items()
    }
