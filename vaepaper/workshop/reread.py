"""One reading of the report with one seed: its networks trained, its claims measured, as chapters 1 to 4 do."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

import numpy as np
import torch
from sklearn.metrics import accuracy_score
from torch import Tensor, nn

from vaepaper import measures, metrics, train
from vaepaper.anomaly import difference, reconstruct, squared_difference
from vaepaper.defects import extra_stroke, missing_stroke, share_undone
from vaepaper.models import DigitReader, VariationalAutoEncoder
from vaepaper.readings import READINGS, touched
from vaepaper.trainings import weights
from vaepaper.trainings.descriptions import FIT, settings
from vaepaper.verdicts import Part

SWEEP = {"model": "AutoEncoder", "hidden": [], "latent_sigmoid": True}
Data = tuple[Tensor, Tensor, Tensor, Tensor]  # training images and labels, unseen ones


def networks(name: str, seed: int) -> dict[tuple, dict]:
    """Descriptions of the networks that a reading needs, by (chapter's name, latent size)."""
    reading, asked = READINGS[name], touched(name)
    fit = {**FIT, "seed": seed, **reading.get("fit", {})}
    found = {}
    if "C1" in asked:
        found |= {
            ("sweep", z): {**SWEEP, "latent": z, **reading.get("sweep", {})} for z in (4, 8, 16, 32, 64, 128, 256)
        }
    if "C4" in asked:
        found |= {("AE", z): {"model": "AutoEncoder", "latent": z, **reading.get("ae", {})} for z in (2, 3)}
    for z in (2, 3) if "C4" in asked else ():
        found["VAE", z] = {"model": "VariationalAutoEncoder", "latent": z, **reading.get("vae", {})}
    if "C9" in asked:
        found["VAE", 64] = {"model": "VariationalAutoEncoder", "latent": 64, **reading.get("vae", {})}
    if reading.get("kl_mean"):  # the loss sums over latents
        found = {k: v | ({"kl_weight": 1 / k[1]} if k[0] == "VAE" else {}) for k, v in found.items()}
    return {key: {**network, **fit} for key, network in found.items()}


def pixels(name: str, data: Data) -> Data:
    """The digits as a reading takes them."""
    reading, (images, labels, unseen, unseen_labels) = READINGS[name], data
    first = reading.get("first", len(images))
    images, labels = images[:first], labels[:first]
    if reading.get("binary"):
        images, unseen = ((x > 0.5).float() for x in (images, unseen))
    return images, labels, unseen, unseen_labels


def trained(description: Mapping, epochs: Iterable[int], images: Tensor, ended: Callable = lambda: None) -> dict:
    """One training as `runs.train_all` does it, kept after each of `epochs` on its way: {epochs: model}.

    Neither the batches' order nor the noise depends on how many epochs are still to come: the bits are those of a
    training that ends there.
    """
    epochs, kept = set(epochs), {}
    asked = settings({**description, "epochs": max(epochs)})

    def through(every: Sequence[int]) -> Iterator[int]:
        for epoch in every:
            yield epoch
            if epoch in epochs:
                kept[epoch] = copy.deepcopy(model).eval()
            ended()

    with train.standard():
        torch.manual_seed(asked["fit"]["seed"])
        model = weights.build({"settings": asked}).train()
        train.fit(model, images, **asked["fit"], progress=through)
    return kept


class SampledCode(VariationalAutoEncoder):
    """The reading in which a digit's code is drawn (Eq. 1), when scoring too."""

    def encode(self, x: Tensor) -> Tensor:
        """Images [n, inputs] → codes [n, latent]: another one at each call."""
        return self.posterior(x).rsample()


def sampling(vae: VariationalAutoEncoder) -> SampledCode:
    """The same network, which draws its codes."""
    drawn = SampledCode(vae.latent)
    drawn.load_state_dict(vae.state_dict())
    return drawn


@torch.no_grad()
def measured(
    name: str, seed: int, models: Mapping[tuple, nn.Module], reader: DigitReader, data: Data
) -> tuple[dict[str, list[Part]], dict | None]:
    """A reading's claims with one seed, {claim: parts}, and what its differences look like (None: not asked)."""
    reading, asked, (images, labels, unseen, unseen_labels) = READINGS[name], touched(name), data
    found, seen = {}, None
    if "C1" in asked:
        outputs = {z: model.reconstruct(unseen) for (which, z), model in models.items() if which == "sweep"}
        legible = {z: metrics.legibility(reader, output, unseen_labels) for z, output in outputs.items()}
        explained = {z: metrics.explained_variance(unseen, output) for z, output in outputs.items()}
        found |= {"C1": measures.c1(legible), "C2": measures.c2(legible, explained)}
    if "C4" in asked:
        flat = {key: model for key, model in models.items() if key[1] in (2, 3) and key[0] != "sweep"}
        known = {key: metrics.codes_of(model, images) for key, model in flat.items()}
        codes = {key: metrics.codes_of(model, unseen) for key, model in flat.items()}
        extents = {key: metrics.extent(code) for key, code in codes.items()}
        unvisited = {key: metrics.unvisited_share(known[key], measures.CELLS[key[1]]) for key in flat}
        change = {k: metrics.step_change(flat[k], codes[k], measures.STEP * extents[k], seed) for k in flat}
        ae, vae = ({z: codes[which, z] for z in (2, 3)} for which in ("AE", "VAE"))
        found |= {"C4": measures.c4(ae, vae), "C5": measures.c5(unvisited, change)}
    if "C3" in asked:
        guesses = {z: metrics.nearest_neighbour_labels(known["AE", z], labels, ae[z]) for z in (2, 3)}
        accuracy = {z: accuracy_score(unseen_labels, guess) for z, guess in guesses.items()}
        found["C3"] = measures.c3(accuracy, metrics.ellipse_sizes(ae[2], unseen_labels))
    if "C9" in asked:
        vae, score = models["VAE", 64], squared_difference if reading.get("squared") else difference
        if reading.get("sampled"):
            torch.manual_seed(seed)
            vae = sampling(vae)
        scores, new = score(vae, images), score(vae, unseen)
        found |= {"C8": measures.c8(scores, new), "C9": measures.c9(measures.largest_as_threshold(scores, new))}
        seen = {"seed": seed, **differences(scores, new)}
    if "C6" in asked:
        kinds = {"extra stroke": extra_stroke(unseen, seed), "missing stroke": missing_stroke(unseen, seed)}
        undone = {k: share_undone(unseen, x, reconstruct(vae, x), mask).numpy() for k, (x, mask) in kinds.items()}
        lost = metrics.not_restored(reader, unseen, reconstruct(vae, unseen), unseen_labels)
        found |= {"C6": measures.c6(undone), "C7": measures.c7(lost)}
    return {claim: found[claim] for claim in asked}, seen


def differences(training: np.ndarray, unseen: np.ndarray) -> dict:
    """Fig. 9 in few numbers, and Fig. 10: percentiles of both differences, and the ten most different digits."""
    shown = {name: np.percentile(x, range(101)).tolist() for name, x in (("training", training), ("unseen", unseen))}
    worst = np.argsort(-unseen, kind="stable")[:10]
    return {**shown, "largest": worst.tolist(), "flagged": int((unseen > training.max()).sum())}


@cache
def parameters(sizes: str) -> int:
    """How many numbers a network learns; `sizes` as JSON of its settings."""
    return sum(p.numel() for p in weights.build({"settings": json.loads(sizes)}).parameters())


def work(description: Mapping, rows: int) -> float:
    """About how long a training takes: matrix products, and what a step costs besides."""
    asked = settings(description)
    size = parameters(json.dumps({what: asked[what] for what in ("model", "sizes")}))
    return asked["fit"]["epochs"] * rows * (size + 80_000 * 128 / asked["fit"]["batch_size"])
