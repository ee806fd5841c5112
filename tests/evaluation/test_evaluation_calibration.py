"""Calibration error and Brier score equal scikit-learn's to 1e-9, and are read against what chance alone would show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesay.errors import ModelError, UsageError
from samesay.evaluation.calibration import (
    brier_score,
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
