"""Intervals equal scipy's to 1e-9, and a handful of pairs never looks certain."""

from __future__ import annotations

import numpy as np
import pytest

from samesay.evaluation import metrics
from samesay.evaluation.intervals import metric_intervals, share_interval

stats = pytest.importorskip("scipy.stats")


def answers_of(seed, n_pairs, n_labels):
    random = np.random.default_rng(seed)
    rows = random.dirichlet(np.ones(n_labels) / 2, n_pairs)
    truth = np.where(random.random(n_pairs) < 0.6, rows.argmax(axis=1), random.integers(0, n_labels, n_pairs))
    return rows, truth.astype(np.int32)


@pytest.mark.parametrize(
    ("right", "n"), [(0, 1), (1, 1), (0, 3), (3, 3), (7, 12), (4120, 4921), (1, 100_000)]
)
def test_the_interval_of_a_share_is_scipy_s(right, n):
    theirs = stats.binomtest(right, n).proportion_ci(method="wilson")
    ours = share_interval(right, n)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("n_pairs", "n_labels"), [(40, 2), (300, 3), (90, 12)])
def test_the_bootstrap_is_scipy_s_with_the_same_random_numbers(n_pairs, n_labels):
    rows, truth = answers_of(n_pairs, n_pairs, n_labels)

    def macro_f1(places):
        confusion = metrics.confusion_matrix(truth[places], rows[places].argmax(axis=1), n_labels)
        return metrics.macro_f1(confusion)

    statistics = {
        "accuracy": lambda places: np.mean(rows[places].argmax(axis=1) == truth[places]),
        "macro_f1": macro_f1,
        "loss": lambda places: metrics.log_loss(truth[places], rows[places]),
    }
    ours = metric_intervals(rows, truth, resamples=200, seed=3)
    for name, statistic in statistics.items():
        theirs = stats.bootstrap(
            (np.arange(n_pairs),),
            statistic,
            vectorized=False,
            method="percentile",
            n_resamples=200,
            rng=np.random.default_rng(3),
        ).confidence_interval
        assert (ours[name].low, ours[name].high) == pytest.approx((theirs.low, theirs.high), abs=1e-9), name


def test_three_right_answers_are_not_certainty():
    rows, truth = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]]), np.zeros(3, np.int32)
    found = metric_intervals(rows, truth)
    assert found["accuracy"].method == "wilson"
    assert found["accuracy"].low < 0.5
    assert found["macro_f1"] is None
    assert found["loss"].low < found["loss"].high


@pytest.mark.parametrize("n_labels", [2, 1000])
def test_one_pair_and_constant_answers_have_honest_intervals(n_labels):
    one = metric_intervals(np.full((1, n_labels), 1 / n_labels), np.array([1], np.int32), resamples=20)
    assert one["accuracy"].low == 0
    assert one["accuracy"].high > 0.5
    assert one["loss"] is None
    truth = np.arange(50, dtype=np.int32) % n_labels
    constant = metric_intervals(np.full((50, n_labels), 1 / n_labels), truth, resamples=20)
    assert constant["loss"] is None
    assert all(np.isfinite([one.low, one.high]).all() for one in constant.values() if one)


def test_no_pairs_have_no_share():
    assert share_interval(0, 0) is None
