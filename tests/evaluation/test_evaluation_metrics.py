"""Metrics equal scikit-learn's to 1e-9, also where classes are missing; the undefined is None, never NaN."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesay.errors import ModelError, UsageError
from samesay.evaluation import metrics

sklearn_metrics = pytest.importorskip("sklearn.metrics")


def sklearn_scores(truth, predicted, n_labels, undefined):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sklearn_metrics.precision_recall_fscore_support(
            truth, predicted, labels=list(range(n_labels)), zero_division=undefined
        )


def assert_equals_sklearn(truth, predicted, n_labels):
    confusion = metrics.confusion_matrix(truth, predicted, n_labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sklearn_metrics.confusion_matrix(truth, predicted, labels=list(range(n_labels)))
    assert np.array_equal(confusion, theirs)
    assert metrics.accuracy(confusion) == pytest.approx(
        sklearn_metrics.accuracy_score(truth, predicted), abs=1e-9
    )
    precision, recall, f1, support = sklearn_scores(truth, predicted, n_labels, math.nan)
    for score in metrics.class_scores(confusion):
        for ours, theirs in ((score.precision, precision), (score.recall, recall), (score.f1, f1)):
            expected = theirs[score.index]
            assert ours is None if math.isnan(expected) else ours == pytest.approx(expected, abs=1e-9)
        assert score.support == support[score.index]
        assert (score.note is None) == (score.precision is not None and score.recall is not None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = sklearn_metrics.f1_score(truth, predicted, average="macro")
    assert metrics.macro_f1(confusion) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), n_labels=st.integers(1, 7))
def test_decisions_are_counted_as_scikit_learn_counts_them(data, n_labels):
    ids = st.integers(0, n_labels - 1)
    pairs = data.draw(st.lists(st.tuples(ids, ids), min_size=1, max_size=40))
    truth, predicted = zip(*pairs, strict=True)
    assert_equals_sklearn(list(truth), list(predicted), n_labels)


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [
        pytest.param([0, 0, 2, 2], [0, 2, 2, 2], id="a class that neither occurs nor is predicted"),
        pytest.param([0, 0, 2, 2], [0, 1, 2, 1], id="a class that never occurs"),
        pytest.param([0, 1, 2, 1], [0, 0, 2, 2], id="a class never predicted"),
        pytest.param([1], [1], id="one pair, right"),
        pytest.param([1], [0], id="one pair, wrong"),
        pytest.param([0, 1, 2], [1, 1, 1], id="a constant predictor"),
    ],
)
def test_degenerate_decisions(truth, predicted):
    assert_equals_sklearn(truth, predicted, 3)


def test_a_thousand_classes():
    random = np.random.default_rng(5)
    assert_equals_sklearn(random.integers(0, 1000, 5000), random.integers(0, 1000, 5000), 1000)


def test_no_pairs_give_none_not_nan():
    confusion = metrics.confusion_matrix([], [], 3)
    assert confusion.shape == (3, 3)
    assert metrics.accuracy(confusion) is None
    assert metrics.macro_f1(confusion) is None
    assert metrics.log_loss(np.zeros(0, np.int32), np.zeros((0, 3))) is None
    assert metrics.majority([0, 0, 0]) is None


def test_what_is_undefined_says_why():
    never_predicted, never_occurs, neither = metrics.class_scores(np.array([[0, 2, 0], [0, 0, 0], [0, 0, 0]]))
    assert (never_predicted.precision, never_predicted.recall, never_predicted.f1) == (None, 0, 0)
    assert never_predicted.note == "never predicted: no precision"
    assert (never_occurs.precision, never_occurs.recall, never_occurs.f1) == (0, None, 0)
    assert never_occurs.note == "never occurs: no recall"
    assert (neither.precision, neither.recall, neither.f1) == (None, None, None)
    assert neither.note == "never occurs and is never predicted"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_loss_equals_scikit_learns(dtype):
    random = np.random.default_rng(11)
    for n_labels in (2, 3, 9):
        rows = random.dirichlet(np.full(n_labels, 0.05), size=500).astype(dtype)  # sharp: many near 0 and 1
        truth = random.integers(0, n_labels, 500)
        # scikit-learn clips at the resolution of its input's type; we clip at float32's and add up in
        # float64.
        clipped = np.clip(rows.astype(np.float64), metrics.CLIP, 1 - metrics.CLIP)
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "The y_prob values do not sum to one"
            )  # the clipping moved them
            expected = sklearn_metrics.log_loss(truth, clipped, labels=list(range(n_labels)))
        assert metrics.log_loss(truth, rows) == pytest.approx(expected, abs=1e-9)


def test_log_loss_of_a_certain_mistake_is_finite_and_stated():
    assert metrics.log_loss([0], [[0.0, 1.0]]) == pytest.approx(-math.log(metrics.CLIP))
    assert metrics.log_loss([1], [[0.0, 1.0]]) == pytest.approx(0, abs=2e-7)


def test_log_loss_with_a_class_that_never_occurs():
    assert metrics.log_loss([0, 0], [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0.5, 0.5], [math.nan, 0.5]], "1 of 2 answers"),
        ([[math.inf, 0.0]], "1 of 1 answers"),
        ([[1.5, -0.5]], "1 of 1 answers"),
        ([[0.6, 0.6]], "1 of 1 answers"),
        ([0.5, 0.5], "shape (2,)"),
    ],
)
def test_what_is_no_distribution_is_refused(rows, message):
    with pytest.raises(ModelError) as caught:
        metrics.require_probabilities(rows)
    assert message in caught.value.message


def test_a_wrong_number_of_rows_or_columns_is_refused():
    with pytest.raises(ModelError, match=r"\(3, 2\)"):
        metrics.require_probabilities([[0.5, 0.5]], n_pairs=3, n_labels=2)
    with pytest.raises(ModelError, match=r"\(1, 3\)"):
        metrics.require_probabilities([[0.5, 0.5]], n_pairs=1, n_labels=3)


def test_majority_takes_the_first_of_equals():
    assert metrics.majority([2, 5, 5]) == (1, 5 / 12)


def test_bad_indices_are_refused():
    with pytest.raises(UsageError, match="class index -1"):
        metrics.confusion_matrix([0, -1], [0, 0], 2)
    with pytest.raises(UsageError, match="class index 2"):
        metrics.confusion_matrix([0, 1], [0, 2], 2)
    with pytest.raises(UsageError, match="different lengths"):
        metrics.confusion_matrix([0, 1], [0], 2)
    with pytest.raises(UsageError, match="float64"):
        metrics.confusion_matrix([0.5], [0], 2)
