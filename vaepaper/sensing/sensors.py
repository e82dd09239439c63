"""What is normal of a signal's channels: one auto-encoder a channel, and how a signal is to be read."""

import warnings
from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd

from vaepaper import checks
from vaepaper.sensing import stream
from vaepaper.sensing.channel import Channel
from vaepaper.sensing.events import longest
from vaepaper.sensing.windows import gap_limit, usual_step, window_length


class Sensors:
    """The channels of a `Monitor`, which has its settings explained.

    After `fit`: `names` of the channels, `timed` (whether the signal has times), `step` (seconds, None if unknown),
    `limit` (of a step, above which something is missing), `usual_gap`, `window` and the `reason` for its length.
    """

    def __init__(self, window: int | None, step: float | None, network: dict):
        self.window = None if window is None else checks.integer("window", window, 4)
        self.step = None if step is None else checks.number("step", step, 0, above=True)
        checks.one_of("model", network["network"], ("AutoEncoder", "VariationalAutoEncoder"))
        checks.integer("latent", network["latent"])
        checks.number("kl_weight", network["kl_weight"], 0)
        checks.integer("steps", network["steps"])
        checks.integer("seed", network["seed"], 0)
        self.network = network | {"hidden": checks.sizes("hidden", network["hidden"])}
        self.channels: list[Channel] = []

    def fit(self, normal) -> Self:
        """Learn from a normal signal. Raises ValueError as `Monitor.fit`."""
        times, values, self.names, _ = stream.rows(normal)
        self.timed, self.limit = times.dtype.kind == "M", 1.5  # samples
        if self.timed:
            self.step, self.limit = usual_step(pd.DatetimeIndex(times)), gap_limit(pd.DatetimeIndex(times))
        if self.window is None:
            self.window, self.reason = max(map(window_length, values.T), key=lambda found: found[0])
            self.window = max(4, self.window)
        else:
            self.reason = f"{self.window} points, as asked for"
        times, values, _ = stream.with_gaps(times, values, self.unit, self.limit)
        self.channels = []
        for name, column in zip(self.names, values.T, strict=True):
            self.channels.append(self._learnt(name, column))
            run, last = longest_run(column)
            if run >= self.window:
                warnings.warn(
                    f"{name} stays at {column[last]:g} for {run:,} points up to {times[last]} in its normal part:"
                    " if the sensor was stuck there, fit again without it, or standing still counts as normal",
                    stacklevel=3,
                )
        # A gap is told if it is longer than any in normal data, or than a window.
        self.usual_gap = min(longest(np.isnan(values), times), self.window * self.unit)
        return self

    def _learnt(self, name: str, values: np.ndarray) -> Channel:
        try:
            return Channel(self.window, **self.network).fit(values)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    @property
    def unit(self) -> float:
        """The usual step in seconds, or 1 sample."""
        return self.step if self.timed else 1

    def read(self, signal, last=None) -> tuple[np.ndarray, np.ndarray, np.ndarray, object]:
        """Times and values, NaN put in for gaps; which rows are real; the zone. Raises ValueError as `stream.rows`."""
        if not self.channels:
            raise ValueError("the monitor has learnt nothing yet: call fit(normal), then calibrate(later_normal)")
        times, values, _, zone = stream.rows(signal, self.names, last)
        if (times.dtype.kind == "M") != self.timed:
            has, learnt = ("no times", "times") if self.timed else ("times", "none")
            raise ValueError(f"this signal has {has}; the one that was learnt has {learnt}")
        if self.timed and len(times) > 2 and not 0.5 <= (found := usual_step(pd.DatetimeIndex(times))) / self.step <= 2:
            raise ValueError(
                f"this signal has a value every {found:g} s; the one that was learnt, every {self.step:g} s"
            )
        return *stream.with_gaps(times, values, self.unit, self.limit, last), zone

    def deviations(self, signal) -> tuple[np.ndarray, np.ndarray, pd.Index]:
        """Of all rows, float64 [n, C, len(SCORES)] (see `channel`); which of them are real; and those rows' index."""
        times, values, real, _ = self.read(signal)
        through = stream.Stream(self.channels)
        found = [through.push(*piece)[2] for piece in stream.pieces(times, values)]
        return np.concatenate([*found, through.rest()[2]]), real, index_of(signal, times[real])

    def expected(self, signal) -> pd.DataFrame:
        """What the networks make of each channel, in its unit: the mean output of all windows that cover a point."""
        times, values, real, _ = self.read(signal)
        outputs = [channel.output(column)[real] for channel, column in zip(self.channels, values.T, strict=True)]
        return pd.DataFrame(dict(zip(self.names, outputs, strict=True)), index_of(signal, times[real]))

    def each(self, scores: Sequence[str]) -> list[str]:
        """The scores' names, of several channels each with its channel's."""
        return [score if len(self.names) == 1 else f"{name}: {score}" for name in self.names for score in scores]


def longest_run(values: np.ndarray) -> tuple[int, int]:
    """How many points a signal stands still at most, NaN left out, and the number of the last of them."""
    ends = np.append(np.flatnonzero(~(values[1:] == values[:-1])), len(values) - 1)
    lengths = np.diff(ends, prepend=-1)
    return int(lengths.max()), int(ends[lengths.argmax()])


def index_of(signal, times: np.ndarray) -> pd.Index:
    """A signal's own index, or its times."""
    own = getattr(signal, "index", None)
    return own if isinstance(own, pd.Index) else pd.Index(times)
