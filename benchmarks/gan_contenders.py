"""As contenders.py, for the GAN: seconds for one epoch of generator and critic and one of the encoder.

Both train the same network (16 latents, critic 784-256-128-1) on 60,000 digits in batches of 64, with two
steps of the critic for one of the generator.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import time

import numpy as np
import torch
from contenders import CORES, report, side_by_side
from torch.utils.data import DataLoader, TensorDataset

from vaepaper import gan
from vaepaper.data import mnist


def fit_ours(epochs: int, images: np.ndarray) -> None:
    """What one worker does; 0 epochs only bring it up."""
    if epochs:
        model = gan.GenerativeAdversarialNetwork(16)
        gan.fit(model, torch.from_numpy(images), epochs=epochs, encoder_epochs=epochs)


def gan_ours() -> float:
    """A single-threaded training a core."""
    return side_by_side(fit_ours, CORES, 1, mnist()[0].numpy()) / CORES


def gan_plain() -> float:
    """The loop of most public WGAN-GPs: a DataLoader, a penalty by double backward, every gradient."""
    model = gan.GenerativeAdversarialNetwork(16)
    loader = DataLoader(TensorDataset(mnist()[0]), 64, shuffle=True)
    parts = (model.generator, model.critic, model.encoder)
    generate, criticise, encode = (torch.optim.Adam(part.parameters(), lr=1e-3) for part in parts)
    start = time.perf_counter()
    for step, (x,) in enumerate(loader):
        drawn, share = model.sample(len(x)), torch.rand(len(x), 1)
        y = (share * x + (1 - share) * drawn.detach()).requires_grad_()
        [slope] = torch.autograd.grad(model.critic(y).sum(), y, create_graph=True)
        loss = model.critic(drawn.detach()).mean() - model.critic(x).mean()
        criticise.zero_grad()
        (loss + 10 * (slope.norm(dim=1) - 1).square().mean()).backward()
        criticise.step()
        if step % 2:
            generate.zero_grad()
            model.generator_loss(len(x)).backward()
            generate.step()
    for (x,) in loader:
        encode.zero_grad()
        model.encoder_loss(x).backward()
        encode.step()
    return time.perf_counter() - start


if __name__ == "__main__":
    report(globals())
