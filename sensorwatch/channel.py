"""One sensor's normal behaviour, learnt by an auto-encoder; how a signal deviates from it, point by point."""

from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sensorwatch.windows import Scaling, windows
from vaepaper import models, train
from vaepaper.train import one_thread

# What a point is asked, each with a sign; those of SIDED are odd when large, the others when far from 0 either way.
#   difference    the report's Σ |input - output| of a window (§3.3), less what is usual
#   spike         what the outputs miss at this very point
#   level, log_std, log_step    mean, log standard deviation and log mean step of a window, less what is usual
#   beyond range  how far the value lies from the middle of the training range; 1 at its ends
#   stuck         log₂ of how many points the value has stood still
SCORES = ("difference", "spike", "level", "log_std", "log_step", "beyond range", "stuck")
SIDED = np.array([True, False, False, False, False, True, True])
WINDOWS = 5  # the first five are means over all windows that cover the point
MOST = 20_000  # training windows: a longer signal lends as many at random, so that training time has a bound
PART = 512  # windows at once: what a step needs stays in the processor's cache


class Channel:
    """An auto-encoder of the windows of one signal, and what is usual in its training part.

    Args:
        window: points. network: one of `models`' two. latent, hidden, kl_weight: its layers (and the VAE's KL weight).
        steps: of the optimiser, whatever the length of the signal.
    """

    def __init__(self, window: int, network: str, latent: int, hidden: tuple, kl_weight: float, steps: int, seed: int):
        self.window, self.steps, self.seed = window, steps, seed
        self.scaling, self.middle, self.half = None, 0.0, 1.0
        settings = {"kl_weight": kl_weight} if network == "VariationalAutoEncoder" else {}
        with train.standard():
            torch.manual_seed(seed)
            self.model = getattr(models, network)(latent, hidden, inputs=window, **settings).eval()
        self.usual = np.zeros(4)

    def fit(self, values: np.ndarray) -> Self:
        """Learn from a normal signal, float64 [n], NaN where missing or where a gap lies.

        Raises:
            ValueError: constant, missing throughout, or fewer than two windows without a gap.
        """
        self.scaling = Scaling.fit(values)
        low, high = np.nanmin(values), np.nanmax(values)
        self.middle, self.half = float((low + high) / 2), float((high - low) / 2)
        missing = np.concatenate([[0], np.cumsum(np.isnan(values))])
        starts = np.flatnonzero(missing[self.window :] == missing[: -self.window])
        if len(starts) < self.window:  # as many windows as one has points: two windows side by side
            raise ValueError(
                f"the normal part holds {len(starts):,} windows of {self.window:,} points without a gap; bring"
                f" {self.window:,} or more (a longer part, or a shorter window)"
            )
        random = np.random.default_rng(self.seed)
        chosen = starts if len(starts) <= MOST else np.sort(random.choice(starts, MOST, replace=False))
        images = torch.from_numpy(windows(self.scaling(values), self.window)[chosen])
        epochs = max(1, round(self.steps / -(-len(images) // 128)))
        train.fit(self.model, images, epochs=epochs, learning_rate=2e-3, seed=self.seed)
        with one_thread():
            features = [self._features(part)[0] for part in images.split(PART)]
        self.usual = torch.cat(features).double().mean(0).numpy()
        return self

    def _features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Windows [n, window] → difference, level, log_std and log_step [n, 4], and input - output [n, window]."""
        residual = x - self.model.reconstruct(x)
        deviation, mean = torch.std_mean(x, 1, correction=0)
        step = x.diff(dim=1).abs_().mean(1)
        # The floor, a thousandth of the scale, keeps the logarithms of a dead line finite.
        features = [residual.abs().sum(1), mean, (deviation + 1e-3).log_(), (step + 1e-3).log_()]
        return torch.stack(features, dim=1), residual

    def points(self, values: np.ndarray, run: int, last: float) -> tuple[np.ndarray, int]:
        """What needs no window: beyond range and stuck [n, 2], NaN where missing, and the run of equal values so far.

        Args:
            run, last: how many times the value before these stood there, and which it was.
        """
        beyond = np.abs(values - self.middle) / self.half
        fresh = np.concatenate([[last], values[:-1]]) != values  # a NaN differs from everything
        began = np.maximum.accumulate(np.where(fresh, np.arange(len(values)), -run))
        runs = np.arange(len(values)) - began + 1
        stuck = np.where(np.isnan(values), np.nan, np.log2(runs))
        return np.stack([beyond, stuck], axis=1), int(runs[-1])

    @one_thread()
    def cover(self, scaled: np.ndarray) -> np.ndarray:
        """Sums over the windows that cover each point of a scaled signal [n]: their number and WINDOWS deviations.

        Returns:
            float64 [n, 1 + WINDOWS]; windows with a missing value add nothing.
        """
        sums, number = np.zeros((len(scaled), 1 + WINDOWS)), len(scaled) - self.window + 1
        missing = np.concatenate([[0], np.cumsum(np.isnan(scaled))])
        whole = missing[self.window :] == missing[: -self.window]
        view = torch.from_numpy(scaled).unfold(0, self.window, 1)
        each = np.zeros((number, 1 + WINDOWS))
        for start in range(0, number, PART):
            good = whole[start : start + PART]
            if not good.any():
                continue
            part = view[start : start + PART]
            x = part.contiguous() if good.all() else part[torch.from_numpy(good)]
            features, residual = self._features(x)
            rows = start + np.flatnonzero(good)
            each[rows, 0] = 1
            each[rows[:, None], [1, 3, 4, 5]] = features.numpy() - self.usual
            if not good.all():
                residual = torch.zeros(len(good), self.window).index_put_((torch.from_numpy(good),), residual)
            # Overlap and add: each window's residual at the points where it lies.
            points = F.fold(residual.T[None], (1, len(good) + self.window - 1), (1, self.window)).numpy().ravel()
            sums[start : start + len(points), 2] += points
        total = np.concatenate([np.zeros((1, 1 + WINDOWS)), each.cumsum(0)])
        at = np.arange(len(scaled))
        covered = total[np.minimum(at + 1, number)] - total[np.maximum(at + 1 - self.window, 0)]
        covered[:, 2] = sums[:, 2]
        return covered

    def output(self, values: np.ndarray) -> np.ndarray:
        """The mean output of all windows that cover each point, in the signal's unit, [n]; NaN where there is none."""
        scaled = self.scaling(values)
        if len(scaled) < self.window:
            return np.full(len(scaled), np.nan)
        sums = self.cover(scaled)
        covered = sums[:, 0] > 0
        mean = np.divide(sums[:, 2], sums[:, 0], out=np.full(len(scaled), np.nan), where=covered)
        return self.scaling.back(scaled - mean)
