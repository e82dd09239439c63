"""Rows in, scores out: the report's detector with scikit-learn's conventions, for columns of any range."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from vaepaper import checks, models, train
from vaepaper.thresholds import JointAlarm
from vaepaper.train import one_thread

BATCH = 1024  # rows at once
HEADROOM = 0.25  # of a column's range, at either end: a little beyond it, the network still sees how far
HELD_OUT = 0.3  # the share of rows that trains nothing and calibrates the alarm


class Detector(OutlierMixin, BaseEstimator):
    """An auto-encoder, or a VAE, of normal rows; three scores of what it leaves, under one alarm.

    * difference: the sum over columns of |input - output| (§3.3);
    * largest: of the columns' differences, each held against the usual one of its column;
    * beyond range: how far the farthest column lies from the middle of its range, 1 at its ends.

    `predict` says -1 where their joint conformal p-value (`thresholds.JointAlarm`) is `rate` or less, so that
    of new normal rows about that share is flagged. `score_samples` is the logarithm of that p-value, higher
    where more normal; what has equal p-values is ordered by the difference.

    Args:
        model: "AutoEncoder" or "VariationalAutoEncoder". latent: nodes; None takes half as many as columns,
            at most 8.
        hidden, kl_weight: as in `models`. steps: of the optimiser. rate: of false alarms, in (0, 1); it needs
        1 / rate - 1 rows held out, or nothing is flagged (a warning says so). random_state: of weights,
        batches, split.
    """

    def __init__(
        self,
        model="AutoEncoder",
        *,
        latent=None,
        hidden=(128, 64),
        kl_weight=0.05,
        steps=2000,
        rate=0.05,
        random_state=0,
    ):
        self.model = model
        self.latent = latent
        self.hidden = hidden
        self.kl_weight = kl_weight
        self.steps = steps
        self.rate = rate
        self.random_state = random_state

    def fit(self, X: ArrayLike, y=None):
        """Learn from normal rows, numbers [n, columns] with n of 2 or more; y is ignored.

        Raises:
            ValueError: an invalid setting, or rows that are not finite.
        """
        checks.one_of("model", self.model, ("AutoEncoder", "VariationalAutoEncoder"))
        checks.number("rate", self.rate, 0, 1, above=True, below=True)
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        random = check_random_state(self.random_state)
        seed, order = int(random.randint(2**31)), random.permutation(len(X))
        held = max(1, round(HELD_OUT * len(X)))
        rows = X[order[held:]]
        self.low_, extent = rows.min(0), np.ptp(rows, axis=0)
        self.extent_ = np.where(extent > 0, extent, 1.0)
        latent = min(8, max(1, X.shape[1] // 2)) if self.latent is None else self.latent
        settings = {"kl_weight": self.kl_weight} if self.model == "VariationalAutoEncoder" else {}
        with train.standard():
            torch.manual_seed(seed)
            network = getattr(models, self.model)(latent, self.hidden, inputs=X.shape[1], **settings)
        images = torch.from_numpy(self._scaled(rows).clip(0, 1).astype(np.float32))
        epochs = max(1, round(checks.integer("steps", self.steps) / -(-len(rows) // 128)))
        train.fit(network, images, epochs=epochs, learning_rate=2e-3, seed=seed)
        # In double precision, so that a row's score does not depend on the rows beside it.
        self.network_ = network.double().eval()
        self.network_.compare = None  # of the loss, which is over; it cannot be pickled
        self.usual_ = np.maximum(np.abs(self._residual(rows)).mean(0), 1e-6)
        self.alarm_ = JointAlarm().fit(self._scores(X[order[:held]]))
        flagged = int(self.rate * (held + 1) + 1e-9)  # of held + 1 exchangeable rows
        # A p-value is k / (held + 1), less up to one rank for the difference.
        self.offset_ = float(np.log(flagged / (held + 1))) if flagged else float(np.log(np.finfo(float).tiny))
        return self

    def score_samples(self, X: ArrayLike) -> np.ndarray:
        """The logarithm of each row's p-value, float64 [n], higher where more normal. Raises ValueError."""
        scores = self.scores(X)
        difference = scores["difference"] / (scores["difference"] + self.usual_.sum())  # in [0, 1)
        return np.log(self.alarm_.p_value(scores) - difference / (len(self.alarm_.rows) + 1))

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """`score_samples` − the threshold, float64 [n]: 0 or less is flagged."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> np.ndarray:
        """1 for a normal row, -1 for one that is flagged, int64 [n]."""
        return np.where(self.decision_function(X) <= 0, -1, 1)

    def scores(self, X: ArrayLike) -> dict[str, np.ndarray]:
        """The three scores, each float64 [n], larger where more anomalous. Raises ValueError."""
        check_is_fitted(self)
        return self._scores(validate_data(self, X, dtype=np.float64, reset=False))

    def triggered_by(self, X: ArrayLike) -> np.ndarray:
        """The most anomalous score of each row (of equals: beyond range, then largest), names [n]."""
        return self.alarm_.triggered_by(self.scores(X))[0]

    def _scaled(self, rows: np.ndarray) -> np.ndarray:
        """Each column by its range in training, which comes to lie in the middle of 0 … 1."""
        return (HEADROOM + (rows - self.low_) / self.extent_) / (1 + 2 * HEADROOM)

    @one_thread()
    def _residual(self, rows: np.ndarray) -> np.ndarray:
        """Input - output [n, columns]; the network alone sees what lies beyond 0 … 1 as 0 or 1."""
        x = torch.from_numpy(self._scaled(rows))
        residuals = [part - self.network_.reconstruct(part.clamp(0, 1)) for part in x.split(BATCH)]
        return torch.cat(residuals).numpy()

    def _scores(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        residual = np.abs(self._residual(rows))
        beyond = np.abs(2 * (rows - self.low_) / self.extent_ - 1).max(1)
        largest = (residual / self.usual_).max(1)
        found = {"beyond range": beyond, "largest": largest, "difference": residual.sum(1)}
        return {name: score.round(9) for name, score in found.items()}  # the last bits mean nothing in a rank
