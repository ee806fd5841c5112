"""Calibration error and Brier score equal scikit-learn's to 1e-9, and are read against what chance alone would show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesay.errors import ModelError, UsageError
from samesay.evaluation.calibration import (
    accuracy_by_coverage,
    brier_score,
    brier_scores,
    confidence_and_rightness,
    expected_calibration_error,
    measure_calibration,
    simulate_calibration,
)


def answers_of(random, n_pairs, n_labels, *, sharpness=2.0):
    """Rows of a model, and labels drawn from those rows: a perfectly calibrated model."""
    logits = random.normal(size=(n_pairs, n_labels)) * sharpness
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return rows, (rows.cumsum(axis=1) < random.random((n_pairs, 1))).sum(axis=1).clip(max=n_labels - 1)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n_pairs=st.integers(1, 200),
    n_labels=st.integers(2, 6),
    bins=st.integers(1, 20),
)
def test_figures_equal_scikit_learn_s(seed, n_pairs, n_labels, bins):
    sklearn_calibration = pytest.importorskip("sklearn.calibration")
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    rows, truth = answers_of(np.random.default_rng(seed), n_pairs, n_labels)
    theirs = sklearn_metrics.brier_score_loss(truth, rows, labels=list(range(n_labels)), scale_by_half=False)
    assert brier_score(rows, truth) == pytest.approx(theirs, abs=1e-9)
    right, confidence = rows.argmax(axis=1) == truth, rows.max(axis=1)
    accuracies, confidences = sklearn_calibration.calibration_curve(right, confidence, n_bins=bins)
    found = measure_calibration(rows, truth, bins=bins, simulations=2)
    occupied = [one for one in found.reliability if one.n]
    assert [one.accuracy for one in occupied] == pytest.approx(accuracies, abs=1e-9)
    assert [one.confidence for one in occupied] == pytest.approx(confidences, abs=1e-9)
    error = (
        sum(one.n * abs(a - c) for one, a, c in zip(occupied, accuracies, confidences, strict=True)) / n_pairs
    )
    assert expected_calibration_error(rows, truth, bins) == pytest.approx(error, abs=1e-9)


def test_figures_are_those_of_a_count_by_hand():
    rows = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    truth = np.array([0, 1, 1, 0])
    # Two answers at 0.9 and two at 0.6, one of each right.
    assert expected_calibration_error(rows, truth, 10) == pytest.approx((0.4 + 0.1) / 2)
    assert brier_score(rows, truth) == pytest.approx((0.02 + 1.62 + 0.32 + 0.72) / 4)


def test_a_calibrated_model_is_not_told_from_one_and_an_overconfident_one_is():
    random = np.random.default_rng(1)
    rows, truth = answers_of(random, 4000, 3)
    calibrated = measure_calibration(rows, truth, simulations=300)
    assert not calibrated.distinguishable
    assert calibrated.simulated_error < calibrated.simulated_bound < 0.05
    sharper = rows**3 / (rows**3).sum(axis=1, keepdims=True)
    overconfident = measure_calibration(sharper, truth, simulations=300)
    assert overconfident.distinguishable
    assert overconfident.mean_confidence > overconfident.accuracy + 0.1


def test_a_small_sample_shows_a_large_error_without_any_fault():
    confidences = np.linspace(0.4, 0.99, 30)
    few, _ = simulate_calibration(confidences, simulations=300)
    many, _ = simulate_calibration(np.repeat(confidences, 100), simulations=300)
    assert few.mean() > 5 * many.mean()
    assert many.mean() > 0


def test_the_simulation_is_that_of_the_definition():
    random = np.random.default_rng(2)
    rows, _ = answers_of(random, 500, 3)
    confidences = rows.max(axis=1)
    ours, _ = simulate_calibration(confidences, simulations=400)
    by_hand = []
    for _ in range(400):
        right = random.random(500) < confidences
        places = np.minimum(np.ceil(confidences * 15).astype(int) - 1, 14)
        by_hand.append(np.abs(np.bincount(places, right - confidences, minlength=15)).sum() / 500)
    assert ours.mean() == pytest.approx(np.mean(by_hand), rel=0.05)


@pytest.mark.parametrize("n_labels", [2, 3, 1000])
def test_degenerate_answers_have_finite_figures(n_labels):
    certain = np.eye(n_labels)[np.zeros(5, int)]
    for truth, error in ((np.zeros(5, int), 0.0), (np.ones(5, int), 1.0)):
        found = measure_calibration(certain, truth, simulations=10)
        assert found.expected_calibration_error == error
        assert found.brier_score == 2 * error
        assert found.simulated_error == 0
    even = np.full((1, n_labels), 1 / n_labels)
    found = measure_calibration(even, np.array([0]), simulations=10)
    assert np.isfinite([found.expected_calibration_error, found.brier_score, found.simulated_bound]).all()
    assert sum(one.n for one in found.reliability) == 1


def test_no_pairs_have_no_figures_and_wrong_input_is_refused():
    empty, none = np.empty((0, 3)), np.empty(0, int)
    assert expected_calibration_error(empty, none) is None
    assert brier_score(empty, none) is None
    assert measure_calibration(empty, none) is None
    with pytest.raises(ModelError, match="not probabilities"):
        brier_score([[0.5, 0.6]], [0])
    with pytest.raises(UsageError, match="one label for each row"):
        expected_calibration_error([[0.5, 0.5]], [0, 1])
    with pytest.raises(UsageError, match="labels run from"):
        expected_calibration_error([[0.5, 0.5]], [2])
    with pytest.raises(UsageError, match="bins"):
        expected_calibration_error([[0.5, 0.5]], [0], 0)


def test_an_edge_belongs_to_the_bin_below_it_and_1_to_the_last():
    rows = [[0.5, 0.5], [0.75, 0.25], [0.76, 0.24], [1.0, 0.0], [0.0, 1.0]]
    found = measure_calibration(rows, [0, 0, 0, 0, 0], bins=4, simulations=2)
    assert [(one.low, one.high, one.n) for one in found.reliability] == [
        (0, 0.25, 0),
        (0.25, 0.5, 1),
        (0.5, 0.75, 1),
        (0.75, 1, 3),
    ]
    assert (found.reliability[0].confidence, found.reliability[0].expected_low) == (None, None)
    assert found.reliability[3].confidence == pytest.approx((0.76 + 1 + 1) / 3)
    assert found.reliability[3].accuracy == pytest.approx(2 / 3)


def test_answers_other_than_the_most_probable_are_those_measured():
    rows = [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.2, 0.0, 0.8]]
    truth, given_ids = [1, 0, 2], np.array([1, 1, 2])
    confidences, right = confidence_and_rightness(rows, truth, given_ids)
    assert confidences.tolist() == [0.3, 0.3, 0.8]
    assert right.tolist() == [True, False, True]
    # One of the two at 0.3 is right, and that at 0.8; in a single bin, two of three at a mean of 1.4 / 3.
    by_tenths, whole = (0.4 + 0.2) / 3, 0.6 / 3
    assert expected_calibration_error(rows, truth, 10, predicted_ids=given_ids) == pytest.approx(by_tenths)
    assert expected_calibration_error(rows, truth, 10) != pytest.approx(by_tenths)
    for bins, error in ((10, by_tenths), (1, whole)):
        found = measure_calibration(rows, truth, given_ids, bins=bins, simulations=2)
        assert found.expected_calibration_error == pytest.approx(error)
        assert (found.accuracy, found.mean_confidence) == pytest.approx((2 / 3, 1.4 / 3))
    plain = measure_calibration(rows, truth, bins=10, simulations=2)
    assert plain.expected_calibration_error == expected_calibration_error(rows, truth, 10)


def test_bins_above_the_most_confident_answer_are_empty():
    found = measure_calibration([[0.45, 0.3, 0.25]] * 2, [0, 1], bins=10, simulations=2)
    assert [one.n for one in found.reliability] == [0, 0, 0, 0, 2, 0, 0, 0, 0, 0]
    assert found.expected_calibration_error == pytest.approx(0.05)
    assert expected_calibration_error([[0.45, 0.3, 0.25]], [0], 10) == pytest.approx(0.55)
    _, shares = simulate_calibration(np.array([1.0]), bins=2, simulations=3)
    assert shares.tolist() == [[0, 1]] * 3


def test_a_row_of_float32_that_sums_to_more_than_1_is_no_more_than_certain():
    confidences, _ = confidence_and_rightness([[1.0005, 0.0]], [0])
    assert confidences.tolist() == [1.0]


def test_every_pair_has_its_share_of_the_brier_score():
    rows = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert brier_scores(rows, np.array([0, 1, 2])).tolist() == pytest.approx([0.375, 0, 2])


def test_the_simulated_samples_are_draws_of_each_answers_confidence():
    # All in one bin: what is drawn can be drawn again here; 3000 pairs are drawn in parts.
    confidences = np.full(3000, 0.75)
    errors, shares = simulate_calibration(confidences, bins=4, simulations=700, seed=3)
    rights = (np.random.default_rng(3).random((700, 3000), dtype=np.float32) < 0.75).sum(axis=1)
    assert errors.tolist() == pytest.approx((np.abs(rights - 2250) / 3000).tolist())
    assert shares.shape == (700, 4)
    assert shares[:, 2].tolist() == pytest.approx((rights / 3000).tolist())
    assert not shares[:, [0, 1, 3]].any()


def test_the_simulation_keeps_bins_apart():
    # Certain answers are always right, those at 0.5 half the time, and the pairs stand in no order.
    errors, shares = simulate_calibration(np.array([1.0, 0.5, 1.0, 0.5, 0.5, 0.5]), bins=2, simulations=4000)
    assert set(shares[:, 1]) == {1.0}
    assert set(shares[:, 0]) == {0, 0.25, 0.5, 0.75, 1}
    assert shares[:, 0].mean() == pytest.approx(0.5, abs=0.02)
    # E|X - 2| / 6 of X ~ B(4, 1/2): (2·2/16 + 1·8/16) / 6.
    assert errors.mean() == pytest.approx(0.75 / 6, abs=0.005)
    assert simulate_calibration(np.array([0.5]))[1].shape == (1000, 15)
    again, _ = simulate_calibration(np.array([0.5] * 9), seed=0)
    assert again.tolist() == simulate_calibration(np.array([0.5] * 9))[0].tolist()


def test_what_chance_allows_is_read_off_the_simulated_samples():
    stats = pytest.importorskip("scipy.stats")
    rows, truth = np.tile([0.8, 0.2], (400, 1)), np.array([0, 1] * 200)
    found = measure_calibration(rows, truth, bins=5, simulations=3000, seed=1)
    errors, _ = simulate_calibration(np.full(400, 0.8), bins=5, simulations=3000, seed=1)
    assert found.simulated_error == pytest.approx(errors.mean())
    assert found.simulated_bound == pytest.approx(np.quantile(errors, 0.95))
    assert found.distinguishable
    one = next(one for one in found.reliability if one.n)
    low, high = stats.binom.ppf([0.025, 0.975], 400, 0.8) / 400
    assert (one.expected_low, one.expected_high) == pytest.approx((low, high), abs=0.0051)


def test_a_thousand_samples_in_fifteen_bins_from_seed_0_unless_told_otherwise():
    rows, truth = answers_of(np.random.default_rng(3), 60, 3)
    found = measure_calibration(rows, truth)
    assert found == measure_calibration(rows, truth, bins=15, simulations=1000, seed=0)
    assert (found.bins, found.simulations, len(found.reliability)) == (15, 1000, 15)
    assert found.simulated_error != measure_calibration(rows, truth, seed=1).simulated_error
    assert expected_calibration_error(rows, truth) == found.expected_calibration_error


def test_what_is_found_is_written_whole():
    rows, truth = answers_of(np.random.default_rng(3), 30, 2)
    found = measure_calibration(rows, truth, bins=3, simulations=5)
    written = found.to_dict()
    assert written["distinguishable"] == found.distinguishable
    assert written.keys() == {*vars(found), "distinguishable"}
    assert [one["n"] for one in written["reliability"]] == [one.n for one in found.reliability]
    assert written["brier_score"] == found.brier_score


@pytest.mark.parametrize("ids", [[-1, 0], [0, 2], [[0, 1]]])
def test_labels_that_no_column_stands_for_are_refused(ids):
    with pytest.raises(UsageError) as caught:
        brier_score([[0.5, 0.5], [0.5, 0.5]], ids)
    assert caught.value.where == "label_ids"


def test_the_first_and_the_last_label_and_one_bin_are_allowed():
    assert brier_score([[0.5, 0.5], [0.5, 0.5]], [0, 1]) == 0.5
    assert expected_calibration_error([[0.75, 0.25], [0.75, 0.25]], [0, 1], 1) == pytest.approx(0.25)


def test_accuracy_by_coverage_is_counted_by_hand():
    confidences = np.array([0.6, 0.9, 0.9, 0.7, 0.5])
    right = np.array([False, True, True, False, True])
    found = accuracy_by_coverage(confidences, right)
    assert [(one.n, one.coverage, one.threshold, one.accuracy) for one in found.points] == [
        (2, 0.4, 0.9, 1.0),
        (3, 0.6, 0.7, pytest.approx(2 / 3)),
        (4, 0.8, 0.6, 0.5),
        (5, 1.0, 0.5, 0.6),
    ]
    assert found.area == pytest.approx((0 * 2 + 1 / 3 + 1 / 2 + 2 / 5) / 5)
    assert [found.at(share).n for share in (0.1, 0.4, 0.41, 0.8, 1.0, 1.1)] == [2, 2, 3, 4, 5, 5]
    written = found.to_dict()
    assert written["area"] == found.area
    assert written["points"][0] == {"coverage": 0.4, "threshold": 0.9, "accuracy": 1.0, "n": 2}
    assert type(found.points[0].n) is int


def test_the_curve_of_many_pairs_has_a_point_for_every_hundredth():
    found = accuracy_by_coverage(np.linspace(0.5, 1, 1000), np.ones(1000, bool))
    assert [one.n for one in found.points] == list(range(10, 1001, 10))
    assert found.area == 0
    one = accuracy_by_coverage(np.array([0.5]), np.array([False]))
    assert ([point.n for point in one.points], one.area) == ([1], 1.0)
