"""One channel's normal behaviour, learnt by an auto-encoder, and how each point of a signal deviates."""

from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.nn import functional as F

from sensorwatch.windows import Scaling
from vaepaper import models, train
from vaepaper.train import one_thread


class Score(NamedTuple):
    """One of the deviations that each point is scored by."""

    name: str
    one_sided: bool  # anomalous when large; else when far from 0 either way
    floor: float  # the least standard deviation of its block maxima: where all are alike, no trifle counts
    drifts: bool  # whether its mean over a block of time tells of drift


TABLE = (
    Score("difference", one_sided=True, floor=0.01, drifts=True),  # the report's Σ |input - output| (§3.3)
    Score("spike", one_sided=False, floor=0.005, drifts=False),  # what the outputs miss at this very point
    Score("level", one_sided=False, floor=0.002, drifts=True),  # mean of a window
    Score("log_std", one_sided=False, floor=0.02, drifts=True),  # log standard deviation of a window
    Score("log_step", one_sided=False, floor=0.02, drifts=True),  # log mean step of a window
    Score("beyond range", one_sided=True, floor=0.02, drifts=False),  # see `Scaling.from_middle`
    Score("stuck", one_sided=True, floor=0.5, drifts=False),  # log₂ of how many points the value stood still
)
SCORES = tuple(score.name for score in TABLE)
WINDOWS = 5  # the first are means over all windows that cover the point; all but "spike" less what is usual
MOST = 20_000  # training windows: a longer signal lends as many at random, so that training time has a bound
PART = 512  # windows at once: what a step needs stays in the processor's cache


class Channel:
    """An auto-encoder of the windows of one signal, and what is usual in its training part.

    Args:
        window: points. model: the name of one of `models`' two. latent, hidden, kl_weight: as there.
        steps: of the optimiser, whatever the length of the signal.
    """

    def __init__(
        self, window: int, model: str, latent: int, hidden: list, kl_weight: float, steps: int, seed: int
    ):
        self.window, self.steps, self.seed = window, steps, seed
        settings = {"kl_weight": kl_weight} if model == "VariationalAutoEncoder" else {}
        with train.standard():
            torch.manual_seed(seed)
            self.network = getattr(models, model)(latent, hidden, inputs=window, **settings).eval()

    def fit(self, values: np.ndarray) -> Self:
        """Learn from a normal signal, float64 [n], NaN where missing or where a gap lies."""
        self.scaling = Scaling(values)
        starts = np.flatnonzero(_complete(values, self.window))
        if len(starts) < self.window:  # as many windows as one has points: two windows side by side
            raise ValueError(
                f"the normal part holds {len(starts):,} windows of {self.window:,} points without a gap;"
                f" bring {self.window:,} or more (a longer part, or a shorter window)"
            )
        if len(starts) > MOST:
            starts = np.sort(np.random.default_rng(self.seed).choice(starts, MOST, replace=False))
        images = torch.from_numpy(sliding_window_view(self.scaling(values), self.window)[starts])
        epochs = max(1, round(self.steps / -(-len(images) // 128)))
        train.fit(self.network, images, epochs=epochs, learning_rate=2e-3, seed=self.seed)
        with one_thread():
            features = [self._features(part)[0] for part in images.split(PART)]
        self.usual = torch.cat(features).double().mean(0).numpy()
        return self

    def state(self) -> dict[str, np.ndarray]:
        """All that was learnt, by name."""
        weights = {name: tensor.numpy() for name, tensor in self.network.state_dict().items()}
        return weights | {"usual": self.usual, "range": np.array([self.scaling.least, self.scaling.most])}

    def restore(self, state: dict[str, np.ndarray]) -> Self:
        """Bring back what `state` gave."""
        weights = dict(state)
        self.usual = weights.pop("usual")
        self.scaling = Scaling(weights.pop("range"))
        self.network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        return self

    def _features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Windows [n, window] → difference, level, log_std, log_step [n, 4]; input - output [n, window]."""
        residual = x - self.network.reconstruct(x)
        deviation, mean = torch.std_mean(x, 1, correction=0)
        step = x.diff(dim=1).abs_().mean(1)
        # The floor, a thousandth of the scale, keeps the logarithms of a dead line finite.
        features = [residual.abs().sum(1), mean, (deviation + 1e-3).log_(), (step + 1e-3).log_()]
        return torch.stack(features, dim=1), residual

    def points(self, values: np.ndarray, run: int, last: float) -> tuple[np.ndarray, int]:
        """What needs no window: beyond range and stuck [n, 2], NaN if missing, and the run of equal values.

        Args:
            run, last: how many times the value before these stood there, and which it was.
        """
        fresh = np.concatenate([[last], values[:-1]]) != values  # a NaN differs from everything
        began = np.maximum.accumulate(np.where(fresh, np.arange(len(values)), -run))
        runs = np.arange(len(values)) - began + 1
        if self.scaling.constant:  # to stand still is normal
            runs = np.ones(len(values))
        stuck = np.where(np.isnan(values), np.nan, np.log2(runs))
        return np.stack([self.scaling.from_middle(values), stuck], axis=1), int(runs[-1])

    @one_thread()
    def cover(self, scaled: np.ndarray) -> np.ndarray:
        """Sums over the windows that cover each point of a scaled signal [n]: their number, their deviations.

        Returns:
            float64 [n, 1 + WINDOWS]; windows with a missing value add nothing.
        """
        complete = _complete(scaled, self.window)
        windows = torch.from_numpy(scaled).unfold(0, self.window, 1)
        each = np.zeros((len(complete), WINDOWS))  # of each window: 1, and its features less the usual ones
        missed = np.zeros(len(scaled))  # of each point: what all outputs together miss there
        for start in range(0, len(complete), PART):
            part, good = windows[start : start + PART], complete[start : start + PART]
            if good.all():
                features, residual = self._features(part.contiguous())
            elif good.any():
                at = torch.from_numpy(good)
                features, known = self._features(part[at])
                residual = torch.zeros(part.shape).index_put_((at,), known)
            else:
                continue
            rows = start + np.flatnonzero(good)
            each[rows, 0] = 1
            each[rows, 1:] = features.numpy() - self.usual
            # Overlap and add: each window's residual at the points where it lies.
            points = len(part) + self.window - 1
            added = F.fold(residual.T[None], (1, points), (1, self.window))
            missed[start : start + points] += added.numpy().ravel()
        sums = sums_over_points(each, self.window)
        return np.concatenate([sums[:, :2], missed[:, None], sums[:, 2:]], axis=1)

    def output(self, values: np.ndarray) -> np.ndarray:
        """The mean output of all windows that cover each point, in the signal's unit; NaN if none does."""
        scaled = self.scaling(values)
        if len(scaled) < self.window:
            return np.full(len(scaled), np.nan)
        number, missed = self.cover(scaled)[:, [0, 2]].T
        mean = np.divide(missed, number, out=np.full(len(scaled), np.nan), where=number > 0)
        return self.scaling.back(scaled - mean)


def _complete(values: np.ndarray, window: int) -> np.ndarray:
    """Which windows hold no missing value, bool [n - window + 1]."""
    missing = np.concatenate([[0], np.cumsum(np.isnan(values))])
    return missing[window:] == missing[:-window]


def sums_over_points(each: np.ndarray, window: int) -> np.ndarray:
    """Values of windows [m] or [m, K] → sums over all windows that cover each point, float64 [points, …]."""
    total = np.concatenate([np.zeros_like(each[:1], np.float64), np.cumsum(each, axis=0, dtype=np.float64)])
    after = np.arange(len(each) + window - 1) + 1
    return total[np.minimum(after, len(each))] - total[np.maximum(after - window, 0)]
