"""A few seconds of every network, score, baseline, defect, alarm and monitor on made-up data: their hashes.

`python tests/golden.py` prints them as JSON, `--write` puts them into tests/golden.json. They are the same on
every x86-64 processor with AVX2. Where arithmetic was changed on purpose, raise `TRAINING_VERSION` and write
them anew.
"""

import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # tests/sensorwatch is not the package

import vaepaper  # noqa: F401  before NumPy and torch

import numpy as np  # isort: skip
import pandas as pd
import torch

import sensorwatch
from vaepaper import baselines, defects, detector, gan, metrics, models, scores, thresholds, train

FILE = Path(__file__).with_suffix(".json")


def hashed(value) -> str:
    """SHA-256 of an array's bytes, of a table's cells, of text; of several things, in their order."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, pd.DataFrame):
        value = value.to_csv(float_format="%.17g")
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, list | tuple):
        value = "".join(map(hashed, value))
    body = value.encode() if isinstance(value, str) else np.ascontiguousarray(value).tobytes()
    return hashlib.sha256(body).hexdigest()[:16]


def made_up(n: int, seed: int) -> torch.Tensor:
    """Images [n, 784] of two soft strokes each."""
    random = torch.Generator().manual_seed(seed)

    def draw() -> torch.Tensor:
        centres = 6 + 16 * torch.rand(n, 2, generator=random)
        return defects.strokes(centres, 3 * torch.rand(n, generator=random), 12, 3)

    return torch.maximum(draw(), draw())


def fitted(model: torch.nn.Module, *data: torch.Tensor, **settings) -> torch.nn.Module:
    """A model after two epochs."""
    (gan if isinstance(model, gan.GenerativeAdversarialNetwork) else train).fit(model, *data, **settings)
    return model.eval()


def networks(images: torch.Tensor) -> dict[str, torch.nn.Module]:
    """One of each kind."""
    torch.manual_seed(0)
    labels = torch.arange(len(images)) % 10
    ae, vae = models.AutoEncoder, models.VariationalAutoEncoder
    return {
        "AE": fitted(ae(8), images, epochs=2),
        "AE of the sweep": fitted(ae(16, (), latent_sigmoid=True), images, epochs=2),
        "AE, tanh, Bernoulli": fitted(
            ae(3, (64,), activation="Tanh", reconstruction="bernoulli"), images, epochs=2
        ),
        "VAE": fitted(vae(64), images, epochs=2),
        "VAE, leaky ReLU, linear output": fitted(
            vae(3, activation="LeakyReLU", output_sigmoid=False), images, epochs=2
        ),
        "VAE, Bernoulli": fitted(vae(2, reconstruction="bernoulli"), images, epochs=2),
        "GAN": fitted(gan.GenerativeAdversarialNetwork(16), images, epochs=2, encoder_epochs=1),
        "reader": fitted(models.DigitReader(), images, labels, epochs=2),
    }


def results() -> dict[str, str]:
    """The hash of everything."""
    images, clean = made_up(1000, 0), made_up(300, 1)
    trained = networks(images)
    found = {f"network: {name}": list(model.state_dict().values()) for name, model in trained.items()}
    found |= {f"output: {name}": scores.reconstruct(trained[name], clean) for name in ("AE", "VAE", "GAN")}
    ae, vae = trained["AE"], trained["VAE"]
    for name in (
        "difference",
        "squared_difference",
        "shape_difference",
        "negative_elbo",
        "pathway_difference",
    ):
        found[f"score: {name}"] = getattr(scores, name)(vae, clean)
    found["score: largest_correction"] = scores.largest_correction(clean, scores.reconstruct(vae, clean))
    found["score: joint"] = scores.joint_scores(ae, vae, clean)
    found["score: GAN"] = gan.scores(trained["GAN"], clean)

    for kind in defects.KINDS | defects.FURTHER:
        found[f"defect: {kind}"] = defects.inject(kind, clean, 3, 0)
    damaged = defects.inject("extra stroke", clean, 3, 0)[0]

    pca, ica = baselines.PrincipalComponents(8).fit(images), baselines.IndependentComponents(4).fit(images)
    found["baseline: PCA"], found["baseline: ICA"] = pca.score(clean), ica.score(clean)
    found["baseline: isolation forest"] = baselines.Forest().fit(images).score(clean)
    found["baseline: nearest image"] = metrics.distance_to_nearest(clean, images)

    codes = {name: metrics.codes_of(trained[name], images) for name in ("AE", "VAE")}
    labels, own = torch.arange(1000) % 10, metrics.codes_of(ae, clean)
    measures = [metrics.nearest_neighbour_labels(codes["AE"], labels, own), metrics.extent(codes["VAE"])]
    measures += [metrics.step_change(vae, codes["VAE"], 0.1), *metrics.central_box(codes["AE"])]
    found["measures"] = [np.array(x) for x in [*measures, metrics.read_digits(trained["reader"], clean)]]

    normal, new = scores.difference(ae, images), scores.difference(ae, damaged)
    for rule in thresholds.RULES:
        found[f"threshold: {rule}"] = thresholds.Threshold(rule).fit(normal).p_value(new).round(9)
    joint = thresholds.JointAlarm().fit(scores.joint_scores(ae, vae, images))
    new = scores.joint_scores(ae, vae, damaged)
    found["joint alarm"] = [joint.p_value(new), "".join(joint.triggered_by(new)[0])]

    t = np.arange(3000)
    random = np.random.default_rng(0)
    signal = pd.Series(np.sin(t * (2 * np.pi / 50)) + 0.1 * random.standard_normal(3000))
    monitor = sensorwatch.Monitor(50, steps=100).fit(signal[:1500]).calibrate(signal[1500:2500])
    signal[2700:2720] += 2
    found["monitor"] = [monitor.scores(signal).to_numpy().round(9), monitor.alarms(signal, rate=0.1).round(9)]
    rows = random.standard_normal((400, 6))
    found["detector"] = detector.Detector(steps=50).fit(rows).score_samples(3 * rows).round(9)
    two = np.stack([signal, np.roll(signal, 3) + random.normal(0, 0.1, len(signal))], axis=1)
    two = pd.DataFrame(two, columns=["first", "second"])
    monitor = sensorwatch.Monitor(50, steps=100).fit(two[:1500]).calibrate(two[1500:2500])
    found["channels"] = monitor.scores(two).to_numpy().round(9)
    return {name: hashed(value) for name, value in found.items()}


if __name__ == "__main__":
    text = json.dumps(results(), indent=1) + "\n"
    print(text, end="")
    if "--write" in sys.argv[1:]:
        FILE.write_text(text, encoding="utf-8")
