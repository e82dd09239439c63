"""The seven scores of chapter 5's joint alarm, each for what the others overlook; chosen on training digits."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaepaper import checks
from vaepaper.exact import root
from vaepaper.images import SIDE, Images, batches, check_shape, softened


@torch.no_grad()
def joint_scores(ae: nn.Module, vae: nn.Module, images: Images) -> dict[str, np.ndarray]:
    """What `alarms.JointAlarm` listens to in a digit: float32 [n] for each name, larger where stranger.

    Chosen one after the other by `benchmarks/choose_joint_alarm.py`. Takes and raises what `anomaly.reconstruct` does.
    """
    for model in (ae, vae):
        check_shape((SIDE, SIDE), checks.network(model, "reconstruct").inputs)
    device, parts = next(ae.parameters()).device, []
    for x in batches(images, SIDE**2):
        x = x.to(device)
        by_ae, by_vae = ae.reconstruct(x), vae.reconstruct(x)
        ink = x.square().sum(1).clamp(min=1)
        found = {
            "soft edges": softness(x),  # for blur and fading
            "AE: standardised difference": standardised(x, by_ae).square().sum(1),  # for extra strokes and noise
            "lonely pixel": lonely(x).amax(1),  # for speckle
            "VAE: largest difference": (x - by_vae).abs().amax(1),  # for short strokes and small blots
            "pale ink": 1 - x.amax(1),  # for fading, be it slight
            "VAE: coarse shape": softened(x - by_vae, 2).square().sum(1) / ink,  # for what is missing or displaced
            "AE: surplus ink": softened(x - by_ae, 2).clamp(min=0).square().sum(1),  # for blots
        }
        parts.append({name: score.cpu().numpy() for name, score in found.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def standardised(x: Tensor, output: Tensor) -> Tensor:
    """input - output in units of its usual size at that grey level, [n, 784]: Pearson's residual, kept finite."""
    return (x - output) / root(output * (1 - output) + 0.02)


def steps(x: Tensor) -> tuple[Tensor, Tensor]:
    """What changes from each pixel to the one below, and to the one on its right, [n, 756] each."""
    page = x.view(-1, SIDE, SIDE)
    return page.diff(dim=1).flatten(1), page.diff(dim=2).flatten(1)


def softness(x: Tensor) -> Tensor:
    """Half-tones for each unit of edge, [n]: high where strokes are blurred, or nowhere quite black."""
    down, right = steps(x)
    return (x * (1 - x)).sum(1) / (down.abs().sum(1) + right.abs().sum(1)).clamp(min=1)


def lonely(x: Tensor) -> Tensor:
    """How far each pixel stands out from all of its eight neighbours, up or down, [n, 784]; 0 where it does not."""
    page = x.view(-1, SIDE, SIDE)
    around = F.pad(page, (1, 1, 1, 1))
    ring = [around[:, i : i + SIDE, j : j + SIDE] for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    highest, lowest = ring[0].clone(), ring[0].clone()
    for neighbour in ring[1:]:
        torch.maximum(highest, neighbour, out=highest)
        torch.minimum(lowest, neighbour, out=lowest)
    return torch.maximum(page - highest, lowest - page).clamp_(min=0).flatten(1)
