"""One channel's normal behaviour, learnt by an auto-encoder, and how each point of a signal deviates."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor, nn
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
    Score("relation", one_sided=True, floor=0.01, drifts=True),  # of several channels: see `Relation`
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
        self.network = _network(window, model, latent, hidden, kl_weight, seed)

    def fit(self, values: np.ndarray) -> Self:
        """Learn from a normal signal, float64 [n], NaN where missing or where a gap lies."""
        self.scaling = Scaling(values)
        images = _train(self.network, self.scaling(values), self.window, self.steps, self.seed)
        with one_thread():
            features = [self._features(part)[0] for part in images.split(PART)]
        self.usual = torch.cat(features).double().mean(0).numpy()
        return self

    def state(self) -> dict[str, np.ndarray]:
        """All that was learnt, by name."""
        learnt = {"usual": self.usual, "range": np.array([self.scaling.least, self.scaling.most])}
        return _weights(self.network) | learnt

    def restore(self, state: dict[str, np.ndarray]) -> Self:
        """Bring back what `state` gave."""
        self.usual, self.scaling = state["usual"], Scaling(state["range"])
        _set_weights(self.network, state)
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
        complete = _complete(np.isnan(scaled), self.window)
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


class Relation:
    """An auto-encoder of the windows of all channels together, and how well it rebuilds each of them.

    A channel that does not fit the others is rebuilt badly, however usual it is by itself. (Residuals of a
    linear model of the channels, or of their principal components, met fewer injected faults.)

    Args: as of `Channel`, and the number of channels.
    """

    def __init__(self, channels: int, window: int, steps: int, seed: int, **settings):
        self.channels, self.window, self.steps, self.seed = channels, window, steps, seed
        self.network = _network(channels * window, seed=seed, **settings)

    def fit(self, scaled: np.ndarray) -> Self:
        """Learn from normal signals, float32 [n, C] in [0, 1]. Raises ValueError as `Channel.fit`."""
        images = _train(self.network, scaled, self.window, self.steps, self.seed)
        with one_thread():
            self.usual = torch.cat([*map(self._differences, images.split(PART))]).double().mean(0).numpy()
        return self

    def state(self) -> dict[str, np.ndarray]:
        """All that was learnt, by name."""
        return _weights(self.network) | {"usual": self.usual}

    def restore(self, state: dict[str, np.ndarray]) -> Self:
        """Bring back what `state` gave."""
        self.usual = state["usual"]
        _set_weights(self.network, state)
        return self

    def _differences(self, x: Tensor) -> Tensor:
        """Windows [n, C × window] → Σ |input - output| of each channel [n, C]."""
        return (x - self.network.reconstruct(x)).abs().view(len(x), self.channels, -1).sum(2)

    @one_thread()
    def cover(self, scaled: np.ndarray) -> np.ndarray:
        """Sums over the windows that cover each point of scaled signals [n, C]: differences less the usual.

        Returns:
            float64 [n, C]; windows with a missing value add nothing.
        """
        starts = np.flatnonzero(_complete(np.isnan(scaled), self.window))
        view = sliding_window_view(scaled, self.window, axis=0)
        each = np.zeros((len(view), self.channels))
        for begin in range(0, len(starts), PART):
            part = starts[begin : begin + PART]
            x = torch.from_numpy(view[part].reshape(len(part), -1))
            each[part] = self._differences(x).numpy() - self.usual
        return sums_over_points(each, self.window)


def columns_of(channels: Sequence[str], drifts: bool = False) -> list[str]:
    """The names of all scores, or of those that tell of drift; of several channels, with theirs."""
    names = [score.name for score in TABLE if score.drifts or not drifts]
    if len(channels) == 1:
        return names[:-1]  # one alone has no relation to others
    return [f"{channel}: {name}" for channel in channels for name in names]


def _network(inputs: int, model: str, latent: int, hidden: list, kl_weight: float, seed: int) -> nn.Module:
    settings = {"kl_weight": kl_weight} if model == "VariationalAutoEncoder" else {}
    with train.standard():
        torch.manual_seed(seed)
        return getattr(models, model)(latent, hidden, inputs=inputs, **settings).eval()


def _weights(network: nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


def _set_weights(network: nn.Module, state: dict[str, np.ndarray]) -> None:
    network.load_state_dict({name: torch.from_numpy(state[name]) for name in network.state_dict()})


def _train(network: nn.Module, scaled: np.ndarray, window: int, steps: int, seed: int) -> Tensor:
    """Train a network on the complete windows of scaled signals [n] or [n, C], at most MOST; returns these.

    Raises ValueError: fewer of them than a window has points (two windows side by side).
    """
    starts = np.flatnonzero(_complete(np.isnan(scaled), window))
    if len(starts) < window:
        found = f"{len(starts):,} windows of {window:,} points without a gap"
        more = f"bring {window:,} or more (a longer part, or a shorter window)"
        raise ValueError(f"the normal part holds {found}; {more}")
    if len(starts) > MOST:
        starts = np.sort(np.random.default_rng(seed).choice(starts, MOST, replace=False))
    view = sliding_window_view(scaled, window, axis=0)
    images = torch.from_numpy(view[starts].reshape(len(starts), -1))
    epochs = max(1, round(steps / -(-len(images) // 128)))
    train.fit(network, images, epochs=epochs, learning_rate=2e-3, seed=seed)
    return images


def _complete(missing: np.ndarray, window: int) -> np.ndarray:
    """Which windows hold no missing value, bool [n] or [n, C], in any channel: bool [n - window + 1]."""
    missing = np.concatenate([[0], np.cumsum(missing.reshape(len(missing), -1).any(1))])
    return missing[window:] == missing[:-window]


def sums_over_points(each: np.ndarray, window: int) -> np.ndarray:
    """Values of windows [m] or [m, K] → sums over all windows that cover each point, float64 [points, …]."""
    total = np.concatenate([np.zeros_like(each[:1], np.float64), np.cumsum(each, axis=0, dtype=np.float64)])
    after = np.arange(len(each) + window - 1) + 1
    return total[np.minimum(after, len(each))] - total[np.maximum(after - window, 0)]
