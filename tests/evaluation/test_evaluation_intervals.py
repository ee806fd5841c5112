"""Intervals equal scipy's to 1e-9, and a handful of pairs never looks certain."""

from __future__ import annotations

import numpy as np
import pytest

from samesay.evaluation import metrics
from samesay.evaluation.intervals import metric_intervals, share_interval, similarity_intervals

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


@pytest.mark.parametrize(("n_pairs", "n_labels"), [(40, 2), (300, 3), (90, 12), (12, 9)])
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


def test_an_interval_of_another_level_is_scipy_s():
    theirs = stats.binomtest(7, 12).proportion_ci(method="wilson", confidence_level=0.8)
    ours = share_interval(7, 12, level=0.8)
    assert (ours.level, share_interval(7, 12).level) == (0.8, 0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_ends_of_a_share_are_exact():
    assert {share_interval(0, n).low for n in range(1, 200)} == {0}
    assert {share_interval(n, n).high for n in range(1, 200)} == {1}
    assert 0 < share_interval(1, 7).low < share_interval(6, 7).high < 1
    assert share_interval(1, 7).to_dict().keys() == {"low", "high", "method", "level"}
    assert share_interval(1, 7).method == "wilson"


def test_answers_other_than_the_most_probable_are_those_measured():
    rows, truth = answers_of(1, 60, 3)
    given = np.roll(truth, 7).astype(np.int64)
    drawn = np.random.default_rng(5).integers(0, 60, (80, 60))
    accuracies = (given == truth)[drawn].mean(axis=1)
    found = metric_intervals(rows, truth, given, resamples=80, seed=5)["accuracy"]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(accuracies, [0.025, 0.975])), abs=1e-9)
    assert found.method == "bootstrap"


def test_many_pairs_are_drawn_in_parts_that_are_those_of_one_drawing():
    rows, truth = answers_of(2, 3000, 2)
    drawn = np.random.default_rng(0).integers(0, 3000, (700, 3000))
    accuracies = (rows.argmax(axis=1) == truth)[drawn].mean(axis=1)
    found = metric_intervals(rows, truth, resamples=700)["accuracy"]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(accuracies, [0.025, 0.975])), abs=1e-9)


def test_intervals_of_scores_are_percentiles_of_the_drawn_metrics():
    random = np.random.default_rng(4)
    truth = np.round(random.uniform(0, 5, 40))
    answers = np.round(truth + random.normal(0.3, 1, 40), 1)
    drawn = np.random.default_rng(9).integers(0, 40, (60, 40))
    metric = {
        "spearman": lambda a, b: stats.spearmanr(a, b)[0],
        "pearson": lambda a, b: stats.pearsonr(a, b)[0],
        "mse": lambda a, b: np.mean((a - b) ** 2),
        "mae": lambda a, b: np.mean(np.abs(a - b)),
        "bias": lambda a, b: np.mean(b - a),
    }
    found = similarity_intervals(truth, answers, resamples=60, seed=9)
    assert list(found) == list(metric)
    for name, one in metric.items():
        values = [one(truth[places], answers[places]) for places in drawn]
        expected = tuple(np.quantile(values, [0.025, 0.975]))
        assert (found[name].low, found[name].high) == pytest.approx(expected, abs=1e-9), name
        assert (found[name].method, found[name].level) == ("bootstrap", 0.95)


def test_scores_are_drawn_a_thousand_times_from_seed_0_unless_told_otherwise():
    truth, answers = np.random.default_rng(8).normal(size=(2, 30))
    assert similarity_intervals(truth, answers) == similarity_intervals(
        truth, answers, resamples=1000, seed=0
    )
    rows, labels = answers_of(6, 30, 2)
    assert metric_intervals(rows, labels) == metric_intervals(rows, labels, resamples=1000, seed=0)


def test_a_correlation_that_some_drawing_lacks_has_no_interval_and_equal_errors_none():
    found = similarity_intervals([0, 1, 2], [1, 2, 3], resamples=200)
    assert found["pearson"] is None  # some drawing is one pair three times
    assert found["spearman"] is None
    assert found["mse"] is None
    assert found["bias"] is None


def test_large_values_that_differ_by_rounding_alone_have_no_interval():
    rows = np.full((6, 3), 1 / 3)
    assert metric_intervals(rows, np.array([0, 1, 2, 0, 1, 2], np.int32), resamples=50)["loss"] is None
    scores = similarity_intervals(np.zeros(7), np.full(7, 1e6 / 3), resamples=50)
    assert scores["mse"] is None
    assert scores["mae"] is None
