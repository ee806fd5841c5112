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
from samesay.pairs import LabelSet, Scale

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


def test_errors_say_which_of_the_two_arrays_is_wrong():
    with pytest.raises(UsageError, match=r"^truth holds the class index -1"):
        metrics.confusion_matrix([0, -1], [0, 0], 2)
    with pytest.raises(UsageError, match=r"^predicted holds the class index 2"):
        metrics.confusion_matrix([0, 1], [0, 2], 2)
    with pytest.raises(UsageError, match=r"^truth holds the class index 2"):
        metrics.log_loss([2], [[0.5, 0.5]])
    with pytest.raises(UsageError, match=r"^truth has shape \(1, 1\)"):
        metrics.log_loss([[0]], [[0.5, 0.5]])
    with pytest.raises(UsageError, match="different lengths: 1 and 2"):
        metrics.log_loss([0], [[0.5, 0.5], [0.5, 0.5]])


def test_the_shape_that_was_expected_is_named():
    rows = np.full((3, 2), 0.5)
    for wanted, named in (
        ({}, "(n_pairs, n_labels)"),
        ({"n_labels": 3}, "(n_pairs, 3)"),
        ({"n_pairs": 2}, "(2, n_labels)"),
    ):
        with pytest.raises(ModelError) as caught:
            metrics.require_probabilities(rows if wanted else rows[0], **wanted)
        assert named in caught.value.expected
    assert metrics.require_probabilities(rows, n_pairs=3, n_labels=2).tolist() == rows.tolist()


def test_every_answer_that_is_no_distribution_is_counted_and_the_first_shown():
    good, negative, long = [0.5, 0.5, 0.0], [0.7, 0.6, -0.3], [0.6, 0.6, 0.0]
    with pytest.raises(ModelError) as caught:
        metrics.require_probabilities([good, negative, long, good])
    assert caught.value.message.startswith("2 of 4 answers")
    assert caught.value.where == "pair 1 (counted from 0): [0.7, 0.6, -0.3]"
    assert caught.value.hint is None
    with pytest.raises(ModelError) as caught:
        metrics.require_probabilities([good, [math.nan, 1.0, 0.0]])
    assert "--learning-rate" in caught.value.hint


def test_rows_may_miss_a_sum_of_1_by_rounding_alone():
    for off in (0.0009, -0.0009):
        assert metrics.require_probabilities([[0.5, 0.5 + off]]).tolist() == [[0.5, 0.5 + off]]
    for off in (0.0011, -0.0011):
        with pytest.raises(ModelError, match="1 of 1"):
            metrics.require_probabilities([[0.5, 0.5 + off]])


def test_a_class_score_holds_both_counts_and_is_written_by_name():
    score = metrics.class_scores(np.array([[3, 1], [2, 0]]))[0]
    assert score.to_dict() == {
        "precision": 3 / 5,
        "recall": 3 / 4,
        "f1": 6 / 9,
        "support": 4,
        "predicted": 5,
        "note": None,
    }


numbers = st.floats(-5, 5).map(lambda value: round(value, 1))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=30))
def test_correlations_and_errors_are_those_of_scipy_and_scikit_learn(pairs):
    stats = pytest.importorskip("scipy.stats")
    truth, answers = (np.array(side) for side in zip(*pairs, strict=True))
    found = metrics.similarity_metrics(truth, answers)
    assert found["mse"] == pytest.approx(sklearn_metrics.mean_squared_error(truth, answers), abs=1e-9)
    assert found["mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(truth, answers), abs=1e-9)
    if np.ptp(truth) == 0 or np.ptp(answers) == 0:
        assert set(found) == {"mse", "mae"}
    else:
        assert list(found) == ["spearman", "pearson", "mse", "mae"]
        assert found["pearson"] == pytest.approx(stats.pearsonr(truth, answers)[0], abs=1e-9)
        assert found["spearman"] == pytest.approx(stats.spearmanr(truth, answers)[0], abs=1e-9)


def test_similarity_metrics_by_hand():
    # Ranks of the answers: 1.5, 1.5, 3, 4.
    found = metrics.similarity_metrics([0, 1, 2, 3], [1.0, 1.0, 2.5, 5.0])
    assert found["mse"] == pytest.approx((1 + 0 + 0.25 + 4) / 4)
    assert found["mae"] == pytest.approx((1 + 0 + 0.5 + 2) / 4)
    assert found["spearman"] == pytest.approx(4.5 / math.sqrt(5 * 4.5))
    assert metrics.pearson([1, 2, 3], [6, 4, 2]) == pytest.approx(-1)
    assert metrics.pearson(["1", "2"], ["5", "7"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("truth", "answers"),
    [([], []), ([1], [2]), ([1, 2], [3, 3]), ([3, 3], [1, 2]), ([1, 2], [0.3, 0.3 + 1e-13])],
)
def test_a_correlation_without_differences_is_none(truth, answers):
    assert metrics.pearson(truth, answers) is None


def test_small_differences_are_differences():
    assert metrics.pearson([0, 1e-5], [0, 1e-5]) == pytest.approx(1)


def test_scores_are_one_finite_number_a_pair():
    assert metrics.require_scores([1, 2], n_pairs=2).dtype == np.float64
    for wrong in ([1.0], [1.0, math.nan], [[1.0], [2.0]], [1.0, math.inf]):
        with pytest.raises(ModelError, match="one finite number"):
            metrics.require_scores(wrong, n_pairs=2)


def test_values_are_checked_as_what_the_model_answers_with():
    labels, scale = LabelSet(("a", "b")), Scale(0, 5)
    rows = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert metrics.require_values(rows, labels, n_pairs=2).tolist() == rows.tolist()
    assert metrics.require_values([3, 4], scale, n_pairs=2).tolist() == [3, 4]
    for values, answers, n_pairs in (
        (rows, scale, 2),
        ([3, 4], labels, 2),
        (rows, labels, 3),
        ([3], scale, 2),
    ):
        with pytest.raises(ModelError):
            metrics.require_values(values, answers, n_pairs=n_pairs)
    with pytest.raises(ModelError, match="shape"):
        metrics.require_values(np.full((2, 3), 1 / 3), labels, n_pairs=2)


def test_no_correlation_is_beyond_1_by_rounding():
    random = np.random.default_rng(0)
    found = [
        metrics.pearson(values, factor * values)
        for values in random.normal(size=(200, 7))
        for factor in (3, -3)
    ]
    assert min(found) == -1
    assert max(found) == 1
