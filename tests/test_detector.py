"""The detector keeps scikit-learn's conventions and its own target false-alarm rate."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from vaepaper.detector import Detector


def rows(n, seed=0, scale=1.0):
    """Six columns that two hidden numbers move, and a little noise."""
    random = np.random.default_rng(seed)
    return scale * (random.normal(size=(n, 2)) @ np.arange(12.0).reshape(2, 6) + random.normal(size=(n, 6)))


@pytest.fixture(scope="module")
def detector():
    return Detector(steps=300, rate=0.05).fit(rows(3000))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # scikit-learn's own tests warn, for few rows
@pytest.mark.parametrize("model", ["AutoEncoder", "VariationalAutoEncoder"])
def test_scikit_learn_accepts_it(model):
    found = check_estimator(Detector(model, steps=5), on_skip=None)
    assert {check["status"] for check in found} <= {"passed", "skipped"} and len(found) > 40
    skipped = {check["check_name"] for check in found if check["status"] == "skipped"}
    assert skipped <= {"check_array_api_input"}


def test_new_normal_rows_are_flagged_at_the_rate(detector):
    assert (detector.predict(rows(20_000, 1)) == -1).mean() == pytest.approx(0.05, abs=0.015)


def test_what_is_anomalous_ranks_below_what_is_normal(detector):
    anomalous, normal = rows(500, 2), rows(500, 3)
    anomalous[:, 2] += 12  # within its column's range, but not with its neighbours
    score = detector.score_samples(np.concatenate([normal, anomalous]))
    assert roc_auc_score(np.repeat([1, 0], 500), score) > 0.95
    far = detector.score_samples(normal[:1] + np.array([[0, 0, 10.0**k, 0, 0, 0] for k in range(3, 6)]))
    assert (np.diff(far) < 0).all(), "beyond all that was seen, farther is more anomalous still"
    assert detector.triggered_by(normal[:1] + 1000).tolist() == ["beyond range"]


def test_any_unit_will_do(detector):
    other = Detector(steps=300, rate=0.05).fit(rows(3000, scale=1e6) - 4e6)
    agree = detector.predict(rows(2000, 4)) == other.predict(rows(2000, 4, 1e6) - 4e6)
    assert agree.mean() > 0.99


def test_in_a_pipeline_and_a_grid():
    X, y = np.concatenate([rows(400), rows(40) + np.array([0, 0, 9, 0, 0, 0])]), np.repeat([1, -1], [400, 40])
    pipeline = make_pipeline(StandardScaler(), Detector(steps=50, rate=0.1))
    grid = {"detector__latent": [1, 2]}
    search = GridSearchCV(pipeline, grid, scoring="roc_auc", cv=StratifiedKFold(2, shuffle=True)).fit(X, y)
    assert search.best_params_["detector__latent"] in (1, 2)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_too_few_rows_for_the_rate_flag_nothing():
    few = Detector(steps=10, rate=0.01).fit(rows(100))
    assert (few.predict(rows(50, 5) + 1000) == 1).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "GAN"}, "model is 'GAN'; there are AutoEncoder, VariationalAutoEncoder"),
        ({"rate": 1.0}, "rate is 1.0; expected a number above 0 and below 1"),
        ({"latent": 0}, "latent is 0"),
        ({"steps": 0}, "steps is 0"),
    ],
)
def test_an_invalid_setting_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Detector(**settings).fit(rows(50))


def test_nothing_is_drawn_twice():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a, b = (Detector(steps=30).fit(rows(200)).score_samples(rows(20, 6)) for _ in range(2))
    np.testing.assert_array_equal(a, b)
