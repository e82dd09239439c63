"""The detector keeps scikit-learn's conventions and its own target false-alarm rate."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
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


def test_an_invalid_setting_is_named():
    for settings, message in (
        ({"model": "GAN"}, "model is 'GAN'; there are AutoEncoder, VariationalAutoEncoder"),
        ({"rate": 1.0}, "rate is 1.0; expected a number above 0 and below 1"),
        ({"latent": 0}, "latent is 0"),
        ({"steps": 0}, "steps is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            Detector(**settings).fit(rows(50))


def test_it_depends_on_its_seed_alone_and_flags_nothing_where_rows_are_too_few_for_the_rate():
    a, b = (Detector(steps=30, rate=0.01).fit(rows(100)) for _ in range(2))
    np.testing.assert_array_equal(a.score_samples(rows(20, 6)), b.score_samples(rows(20, 6)))
    assert (a.predict(rows(50, 5) + 1000) == 1).all()
