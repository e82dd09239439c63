"""One measurement in its own process: `python contenders.py NAME [SIZE]` prints {"value", "peak_mb"} as JSON.

All train the same network (784-256-128-64 VAE, batches of 128, Adam) on all 60,000 digits; the value is
seconds an epoch, or images a second for the two that score.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read  # isort: skip

import json
import os
import resource
import sys
import tempfile
import time
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path

import joblib
import numpy as np
import torch
from torch.utils.data import DataLoader

from vaepaper import models, paths, scores, train
from vaepaper.data import mnist

CORES, STEPS, BATCH = joblib.cpu_count(), 469, 128
DOWN, UP = [784, 256, 128, 128], [64, 128, 256, 784]


def side_by_side(function, jobs: int, epochs: float, *arguments) -> float:
    """Seconds for `jobs` calls of `epochs` epochs, a process a core; calls of none bring them up first."""
    parallel = joblib.Parallel(min(jobs, CORES), mmap_mode="c")
    with parallel:
        for _ in range(2):
            parallel(joblib.delayed(function)(0, *arguments) for _ in range(jobs))
        start = time.perf_counter()
        parallel(joblib.delayed(function)(epochs, *arguments) for _ in range(jobs))
        return time.perf_counter() - start


def matrix_products(epochs: float, threads: int) -> None:
    """The products of `epochs` epochs alone: forward, weight gradients, input gradients but the first."""
    torch.set_num_threads(threads)
    layers = [*pairwise(DOWN), *pairwise(UP)]
    tensors = [(torch.randn(BATCH, a), torch.randn(b, a), torch.randn(BATCH, b)) for a, b in layers]
    for _ in range(int(STEPS * epochs)):
        for number, (x, weight, gradient) in enumerate(tensors):
            torch.mm(x, weight.t())
            torch.mm(gradient.t(), x)
            if number:
                torch.mm(gradient, weight)


def floor(epochs: int = 3) -> float:
    """The faster of two ways to use all cores: a process a core, or one process with all threads."""
    apart = side_by_side(matrix_products, CORES, epochs, 1) / CORES / epochs
    matrix_products(0.2, CORES)
    start = time.perf_counter()
    matrix_products(epochs, CORES)
    return min(apart, (time.perf_counter() - start) / epochs)


def fit_ours(epochs: int, latent: int, images: np.ndarray) -> None:
    """What one worker does; 0 epochs only bring it up."""
    if epochs:
        train.fit(models.VariationalAutoEncoder(latent), torch.from_numpy(images), epochs=epochs)


def ours(latent: int = 64, epochs: int = 3) -> float:
    """A single-threaded training a core."""
    return side_by_side(fit_ours, CORES, epochs, latent, mnist()[0].numpy()) / CORES / epochs


def ours_images(n: int) -> float:
    """Seconds for one epoch of n images, one training."""
    images = mnist()[0].numpy()
    return side_by_side(fit_ours, 1, 1, 64, np.resize(images, (n, 784)))


def ours_trainings(jobs: int) -> float:
    """Seconds for one epoch of each of several trainings."""
    return side_by_side(fit_ours, jobs, 1, 64, mnist()[0].numpy())


def pyod_vae(epochs: int):
    """PyOD's VAE of the same layers."""
    from pyod.models.vae import VAE

    shape = {
        "encoder_neuron_list": [256, 128],
        "decoder_neuron_list": [128, 256],
        "latent_dim": 64,
        "dropout_rate": 0,
    }
    plain = {"preprocessing": False, "output_activation_name": "sigmoid", "device": "cpu", "verbose": 0}
    return VAE(epoch_num=epochs, batch_size=BATCH, lr=1e-3, optimizer_params={}, **shape, **plain)


def timed(owner, method: str) -> list[float]:
    """Seconds of every call of a method, from now on."""
    seconds, original = [], getattr(owner, method)

    def run(*arguments, **options):
        start = time.perf_counter()
        result = original(*arguments, **options)
        seconds.append(time.perf_counter() - start)
        return result

    setattr(owner, method, run)
    return seconds


def pyod(epochs: int = 2) -> float:
    """Its training loop alone, without the scoring that its fit adds."""
    detector = pyod_vae(epochs)
    seconds = timed(detector, "train")
    detector.fit(mnist()[0].numpy())
    return seconds[0] / epochs


def pythae(epochs: int = 2) -> float:
    """Its default MLP widened to the same layers; its training steps alone."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from torch import nn

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU())
            self.mean, self.log_var = nn.Linear(128, 64), nn.Linear(128, 64)

        def forward(self, x):
            h = self.layers(x)
            return ModelOutput(embedding=self.mean(h), log_covariance=self.log_var(h))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.layers = models.dense(UP, "ReLU")

        def forward(self, z):
            return ModelOutput(reconstruction=self.layers(z).sigmoid())

    images = mnist()[0]
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(folder, BATCH, num_epochs=epochs, learning_rate=1e-3, no_cuda=True)
        model = VAE(VAEConfig((784,), 64), Encoder(), Decoder())
        trainer = BaseTrainer(model, BaseDataset(images, torch.zeros(len(images))), training_config=config)
        seconds = timed(trainer, "train_step")
        trainer.train()
    return sum(seconds) / epochs


def dataloader(epochs: int = 1) -> float:
    """The loop of most tutorials: a DataLoader over torchvision's MNIST with ToTensor."""
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    loader = DataLoader(MNIST(paths.DATA, transform=ToTensor()), BATCH, shuffle=True)
    model = models.VariationalAutoEncoder(64)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    start = time.perf_counter()
    for _ in range(epochs):
        for images, _labels in loader:
            optimiser.zero_grad()
            model.loss(images.flatten(1)).backward()
            optimiser.step()
    return (time.perf_counter() - start) / epochs


def score_ours(n: int = 60_000) -> float:
    """Images a second; beyond memory's share they lie in a file, as they would."""
    path = paths.writable(paths.BUILD / "bench") / f"{n}.npy"
    digits, model = mnist()[0].numpy(), models.VariationalAutoEncoder(64).eval()
    if not path.exists():
        # Not through a map: its pages would count as ours.
        with paths.atomic_write(path) as part, part.open("wb") as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": (n, 784)}
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, n, len(digits)):
                file.write(digits[: n - start].tobytes())
    del digits
    images = np.load(path, mmap_mode="r")
    scores.difference(model, images[:8192])
    start = time.perf_counter()
    scores.difference(model, images)
    return n / (time.perf_counter() - start)


def score_pyod() -> float:
    """Images a second of its decision_function."""
    images = mnist()[0].numpy()
    detector = pyod_vae(1).fit(images[:2000])
    start = time.perf_counter()
    detector.decision_function(images)
    return len(images) / (time.perf_counter() - start)


def peak_mb() -> int:
    """The largest memory that this process, or a worker of it, has held."""
    # Linux: this process's own peak; what getrusage says of it would include the parent's at the start.
    said = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    [own] = [int(line.split()[1]) for line in said if line.startswith("VmHWM")]
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(max(own, workers) / 1024)


def report(functions: dict) -> None:
    """Call the one that the command names, in silence, and print its value and the peak memory."""
    with Path(os.devnull).open("w", encoding="utf-8") as nothing, redirect_stdout(nothing):
        value = functions[sys.argv[1]](*map(int, sys.argv[2:]))
    print(json.dumps({"value": value, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    report(globals())
