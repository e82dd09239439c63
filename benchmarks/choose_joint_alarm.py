"""How chapter 5 chose the scores of its joint alarm: on training digits alone, no unseen digit is looked at.

10,000 training digits, drawn at random, are held out. An AE and a VAE with 64 latents learn from the rest.
5,000 of the held-out digits calibrate. Into 1,000 others the six kinds of defect are injected at five
severities; the further kinds take no part. From the candidates, one after the other joins the alarm: the
one with which it catches most at 1 % false alarms, until that gains less than half a point.
`.venv/bin/python benchmarks/choose_joint_alarm.py` (3 minutes on two cores) prints the way.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import joblib
import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from vaepaper import models, scores, train
from vaepaper.data import mnist
from vaepaper.defects import KINDS, SEVERITIES, inject
from vaepaper.scores import softened
from vaepaper.thresholds import JointAlarm

RATE, LEAST_GAIN = 0.01, 0.005


def of_maps(x: Tensor, output: Tensor) -> dict[str, Tensor]:
    """Candidates that compare input and output: how it is taken × blurred × signed × summed up."""
    found = {
        "Σ |r|": (x - output).abs().sum(1),
        "-slope": -(x * output).sum(1) / output.square().sum(1).clamp(min=1),
    }
    for name, map_ in {"r": x - output, "z": scores.standardised(x, output)}.items():
        for sigma in (0, 1, 2):
            soft = softened(map_, sigma) if sigma else map_
            for sign, part in {"±": soft.abs(), "+": soft.clamp(min=0), "-": (-soft).clamp(min=0)}.items():
                label = f"{name}{sign}, blur {sigma}"
                found |= {f"Σ² {label}": part.square().sum(1), f"max {label}": part.amax(1)}
                if name == "r":
                    found[f"Σ² {label} / ink²"] = part.square().sum(1) / x.square().sum(1).clamp(min=1)
    return found


def of_inputs(x: Tensor) -> dict[str, Tensor]:
    """Candidates that look at the input alone: its ink, how black it gets, its edges, its lonely pixels."""
    down, right = scores.steps(x)
    length, energy = down.abs().sum(1) + right.abs().sum(1), down.square().sum(1) + right.square().sum(1)
    steepest = torch.cat([down, right], dim=1).abs().topk(20, dim=1).values.mean(1)
    lonely = scores.lonely(x)
    sharp = energy / length.clamp(min=1)
    found = {"ink": x.sum(1), "soft": scores.softness(x), "sharp": sharp, "steepest 20": steepest}
    found |= {"blackest": x.amax(1), "blackest 10": x.topk(10, dim=1).values.mean(1)}
    both = {sign + name: each * int(sign + "1") for name, each in found.items() for sign in "+-"}
    return both | {"Σ² lonely": lonely.square().sum(1), "max lonely": lonely.amax(1)}


@torch.no_grad()
def candidates(networks: dict[str, nn.Module], images: Tensor) -> dict[str, np.ndarray]:
    """All of them, [n] each."""
    parts = []
    for x in images.split(1000):
        of_networks = {
            f"{name}: {each}": score
            for name, network in networks.items()
            for each, score in of_maps(x, network.reconstruct(x)).items()
        }
        parts.append(of_networks | {f"input: {name}": score for name, score in of_inputs(x).items()})
    return {name: torch.cat([part[name] for part in parts]).numpy() for name in parts[0]}


def learn(network: str, images: Tensor) -> nn.Module:
    """A network as chapter 5's."""
    torch.manual_seed(0)
    model = getattr(models, network)(64)
    train.fit(model, images, epochs=20, seed=0)
    return model.eval()


def main() -> None:
    """Choose, and print every step."""
    images, _ = mnist("train")
    held, rest = torch.from_numpy(np.random.default_rng(0).permutation(len(images))).split([10_000, 50_000])
    names = {"AE": "AutoEncoder", "VAE": "VariationalAutoEncoder"}
    learnt = joblib.Parallel(2)(
        joblib.delayed(learn)(each, images[rest.sort().values]) for each in names.values()
    )
    networks = dict(zip(names, learnt, strict=True))
    normal, whole = candidates(networks, images[held[:5000]]), images[held[5000:6000]]
    injected = [
        candidates(networks, inject(kind, whole, severity)[0])
        for kind in tqdm(KINDS, "injecting")
        for severity in SEVERITIES
    ]
    damaged = {name: np.concatenate([each[name] for each in injected]) for name in normal}

    def caught(some: list[str]) -> float:
        alarm = JointAlarm().fit({name: normal[name] for name in some})
        return alarm.flagged({name: damaged[name] for name in some}, RATE).mean()

    chosen, before = [], 0.0
    print(f"{len(normal)} candidates; caught at {RATE:.0%}, mean of six kinds and five severities:")
    while True:
        found = {
            name: caught([*chosen, name])
            for name in tqdm(normal, "candidates", leave=False)
            if name not in chosen
        }
        best = max(found, key=found.get)
        print(f"{found[best]:.3f}  {' ' if found[best] - before >= LEAST_GAIN else 'no: '}{best}")
        if found[best] - before < LEAST_GAIN:
            break
        chosen, before = [*chosen, best], found[best]


if __name__ == "__main__":
    main()
