"""Flagged points joined into events, as they arrive."""

import numpy as np

TIE = 1e-6  # sizes that differ by less are equal: their last bits hang on how many windows were scored together


class Events:
    """Joins flagged points no more than `join` points apart; an event is over when none can join it any more."""

    def __init__(self, join: int):
        self.join, self.seen, self.open = join, 0, None

    def push(
        self, flagged: np.ndarray, size: np.ndarray, kind: np.ndarray, times: np.ndarray, values: np.ndarray
    ) -> list[dict]:
        """Take points [n], with values [n, C]; give back events that are over, each with its first peak by `size`."""
        over, at = [], np.flatnonzero(flagged)
        if not len(at) and self.open is None:  # the usual case
            self.seen += len(flagged)
            return over
        after = 0  # from where on values lie between the open event and what may come
        for run in np.split(at, np.flatnonzero(np.diff(at) > self.join) + 1) if len(at) else ():
            first, last = int(run[0]), int(run[-1])
            sizes = np.where(flagged, size, -np.inf)[first : last + 1]
            peak = first + int(np.argmax(np.isclose(sizes, sizes.max(), rtol=TIE, atol=0)))
            event = {"first": self.seen + first, "last": self.seen + last, "start": times[first], "end": times[last]}
            event |= {"peak": times[peak], "size": sizes.max(), "kind": int(kind[peak])}
            event["range"] = _range(values[first : last + 1])
            if self.open and event["first"] - self.open["last"] <= self.join:
                between = [self.open["range"], self.open["since"], values[after:first], event["range"]]
                event["range"] = _range(np.concatenate(between))
                if event["size"] <= self.open["size"] * (1 + TIE):
                    event |= {name: self.open[name] for name in ("peak", "kind")}
                event["size"] = max(event["size"], self.open["size"])
                event |= {name: self.open[name] for name in ("first", "start")}
            elif self.open:
                over.append(self.open)
            self.open, after = event | {"since": np.empty((0, values.shape[1]))}, last + 1
        self.open["since"] = _range(np.concatenate([self.open["since"], values[after:]]))
        self.seen += len(flagged)
        if self.seen - 1 - self.open["last"] >= self.join:
            over.append(self.open)
            self.open = None
        return over


def _range(values: np.ndarray) -> np.ndarray:
    """The least and the largest value of each channel, [2, C]; NaN where there is none."""
    return np.stack([np.fmin.reduce(values, initial=np.nan), np.fmax.reduce(values, initial=np.nan)])


def seconds(difference) -> float:
    """A difference of times in seconds, of numbers of samples as it is."""
    return difference / np.timedelta64(1, "s") if isinstance(difference, np.timedelta64) else difference


def longest(missing: np.ndarray, times: np.ndarray) -> float:
    """The longest run of missing values, bool [n, C], from the first to the last of it in seconds or samples; or -1."""
    found = [-1.0]
    for column in missing.T:
        runs = Events(1)
        over = runs.push(column, np.zeros(len(times)), np.zeros(len(times)), times, np.empty((len(times), 0)))
        found += [seconds(event["end"] - event["start"]) for event in [*over, *filter(None, [runs.open])]]
    return max(found)
