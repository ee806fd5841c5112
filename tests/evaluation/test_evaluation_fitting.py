"""A decision policy on data whose truth is known: temperature, thresholds only where they hold, and when to abstain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.decision import Decision, answers_under, decide, decisions_of, softmax, values_of
from samesay.evaluation.calibration import measure_calibration
from samesay.evaluation.fitting import (
    LARGEST_BIAS,
    TEMPERATURES,
    fit_abstention,
    fit_biases,
    fit_line,
    fit_temperature,
    fit_thresholds,
    gain_of_biases,
    gain_of_line,
)
from samesay.evaluation.metrics import confusion_matrix, log_loss, macro_f1
from samesay.pairs import LabelSet, Scale

LABELS = LabelSet(("entailment", "neutral", "contradiction"))


def honest(n: int, *, seed: int, spread: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and right answers drawn from the very probabilities that they stand for."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, 3)) * spread
    return logits, (softmax(logits).cumsum(axis=1) > random.random((n, 1))).argmax(axis=1)


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5])
def test_the_temperature_of_an_over_or_underconfident_model_is_found(factor: float) -> None:
    logits, truth = honest(20_000, seed=1)
    temperature, note = fit_temperature(logits * factor, truth)
    assert temperature == pytest.approx(factor, rel=0.05)
    assert note is None
    fresh, fresh_truth = honest(5_000, seed=2)
    after = softmax(fresh * factor, temperature)
    assert log_loss(fresh_truth, after) <= log_loss(fresh_truth, softmax(fresh * factor)) + 1e-3
    assert not measure_calibration(after, fresh_truth).distinguishable
    if factor > 1:
        assert measure_calibration(softmax(fresh * factor), fresh_truth).distinguishable


def test_no_other_temperature_has_a_lower_log_loss() -> None:
    logits, truth = honest(500, seed=3)
    temperature, _ = fit_temperature(logits * 1.7, truth)
    best = log_loss(truth, softmax(logits * 1.7, temperature))
    others = [log_loss(truth, softmax(logits * 1.7, other)) for other in np.geomspace(0.1, 10, 200)]
    assert best <= min(others) + 1e-7


def test_perfect_separation_leaves_the_temperature_at_1_and_says_so() -> None:
    truth = np.arange(300) % 3
    temperature, note = fit_temperature(np.eye(3)[truth] * 4, truth)
    assert temperature == 1.0
    assert note is not None
    assert "every answer is right" in note


def test_answers_worse_than_chance_stop_at_the_upper_limit() -> None:
    truth = np.arange(300) % 3
    temperature, note = fit_temperature(np.eye(3)[(truth + 1) % 3] * 4, truth)
    assert temperature == pytest.approx(TEMPERATURES[1], rel=0.01)
    assert note is not None
    assert "chance" in note


def test_planted_biases_and_their_temperature_are_found_and_mend_fresh_pairs() -> None:
    logits, truth = honest(20_000, seed=11)
    planted = np.array([0.8, -0.6, -0.2])
    temperature, biases = fit_biases((logits - planted) * 1.5, truth)
    assert temperature == pytest.approx(1.5, rel=0.05)
    np.testing.assert_allclose(biases, planted, atol=0.06)
    assert biases.sum() == pytest.approx(0, abs=1e-9)
    fresh, fresh_truth = honest(5_000, seed=12)
    off = (fresh - planted) * 1.5
    alone, _ = fit_temperature((logits - planted) * 1.5, truth)
    mended = softmax(off, temperature, biases.tolist())
    assert log_loss(fresh_truth, mended) < log_loss(fresh_truth, softmax(off, alone)) - 0.02
    assert not measure_calibration(mended, fresh_truth).distinguishable
    gain, error = gain_of_biases(off, fresh_truth)
    assert gain > 5 * error


def test_of_an_unbiased_model_biases_gain_nothing_on_pairs_left_out() -> None:
    taken = 0
    for seed in range(20):
        gain, error = gain_of_biases(*honest(300, seed=seed))
        taken += gain > error
    assert taken <= 2


def test_no_other_biases_have_a_lower_log_loss() -> None:
    logits, truth = honest(400, seed=13)
    temperature, biases = fit_biases(logits * 1.7 + [1, 0, -1], truth)
    best = log_loss(truth, softmax(logits * 1.7 + [1, 0, -1], temperature, biases.tolist()))
    random = np.random.default_rng(14)
    for _ in range(200):
        moved = (biases + random.normal(size=3) * 0.1).tolist()
        other = log_loss(
            truth, softmax(logits * 1.7 + [1, 0, -1], temperature * random.uniform(0.8, 1.2), moved)
        )
        assert best <= other + 1e-7


def test_thresholds_mend_a_model_that_learned_from_other_shares_of_the_labels() -> None:
    logits, truth = honest(6_000, seed=4)
    biased = softmax(logits + np.log([4.0, 1.0, 0.5]))
    thresholds, told = fit_thresholds(biased, truth)
    assert thresholds is not None, told
    assert thresholds.sum() == pytest.approx(1)
    assert thresholds[0] > thresholds[1] > thresholds[2]
    fresh, fresh_truth = honest(6_000, seed=5)
    fresh_biased = softmax(fresh + np.log([4.0, 1.0, 0.5]))

    def score(answers: np.ndarray) -> float:
        return macro_f1(confusion_matrix(fresh_truth, answers, 3)) or 0.0

    assert score(answers_under(fresh_biased, thresholds)) > score(fresh_biased.argmax(axis=1)) + 0.02


def test_thresholds_that_only_fit_the_noise_are_left_out() -> None:
    logits, truth = honest(400, seed=6)
    thresholds, told = fit_thresholds(softmax(logits), truth)
    assert thresholds is None
    assert "do not help" in told


def test_a_thousand_labels_get_no_thresholds_and_are_told_so() -> None:
    thresholds, told = fit_thresholds(np.full((5, 1000), 1e-3), np.arange(5))
    assert thresholds is None
    assert "1000 labels" in told


def test_the_wanted_precision_holds_on_pairs_of_the_same_kind() -> None:
    logits, truth = honest(6_000, seed=7)
    probabilities = softmax(logits)
    answers = probabilities.argmax(axis=1)
    found, _ = fit_abstention(probabilities, truth, answers, precision=0.9)
    assert found is not None
    assert 0.2 < found.coverage < 0.9
    assert found.precision > found.precision_bound >= 0.9
    fresh, fresh_truth = honest(60_000, seed=8)
    rows = softmax(fresh)
    kept = rows.max(axis=1) >= found.abstain_below
    assert (rows.argmax(axis=1) == fresh_truth)[kept].mean() > 0.9
    assert kept.mean() == pytest.approx(found.coverage, abs=0.03)


def test_the_bound_is_clopper_and_pearsons() -> None:
    from scipy.stats import beta

    probabilities = np.tile([0.8, 0.1, 0.1], (200, 1))
    truth = np.array([0] * 180 + [1] * 20)
    found, best = fit_abstention(probabilities, truth, probabilities.argmax(axis=1), precision=0.8)
    assert found is not None
    assert found.precision_bound == pytest.approx(beta.ppf(0.05, 180, 21), abs=1e-9)
    assert best == found.precision_bound
    assert (found.coverage, found.precision) == (1.0, 0.9)
    unreached, best = fit_abstention(probabilities, truth, probabilities.argmax(axis=1), precision=0.95)
    assert unreached is None
    assert best == found.precision_bound


shares = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(lambda row: np.array(row) / sum(row))


@given(rows=st.lists(shares, min_size=1, max_size=8), thresholds=shares)
def test_an_answer_reaches_its_threshold_and_equal_ones_change_nothing(
    rows: list[np.ndarray], thresholds: np.ndarray
) -> None:
    probabilities = np.stack(rows)
    rule = Decision(thresholds=dict(zip(LABELS, thresholds.tolist(), strict=True)))
    decided = decide(probabilities, LABELS, rule).label_ids
    taken = probabilities[np.arange(len(rows)), decided]
    assert (taken >= thresholds[decided] - 1e-9).all()
    equal = Decision(thresholds=dict.fromkeys(LABELS, 1 / 3))
    best = probabilities[np.arange(len(rows)), decide(probabilities, LABELS, equal).label_ids]
    np.testing.assert_allclose(best, probabilities.max(axis=1))


def test_of_two_labels_a_threshold_is_the_probability_above_which_it_is_given() -> None:
    two = LabelSet(("different", "same"))
    rows = np.array([[0.35, 0.65], [0.25, 0.75], [0.9, 0.1]])
    decided = decide(rows, two, Decision(thresholds={"same": 0.7, "different": 0.3}, abstain_below=0.5))
    assert [two.names[index] for index in decided.label_ids] == ["different", "same", "different"]
    assert decided.abstained.tolist() == [True, False, False]


def test_a_predictor_without_a_policy_gives_its_most_probable_label() -> None:
    class Plain:
        answers = LabelSet(("a", "b"))

    decided = decisions_of(Plain(), np.array([[0.2, 0.8], [0.5, 0.5]]))  # pyright: ignore[reportArgumentType]
    assert decided.label_ids.tolist() == [1, 0]
    assert not decided.abstained.any()


@pytest.mark.parametrize("activation", ["sigmoid", "identity"])
def test_a_line_is_found_again(activation):
    scale = Scale(0, 5, activation)
    logits = np.random.default_rng(0).normal(size=(400, 1)).astype(np.float32)
    planted = Decision(2.0, biases={"score": 0.5})
    temperature, bias = fit_line(logits, values_of(logits, scale, planted), scale)
    assert (temperature, bias) == (pytest.approx(2.0, rel=1e-3), pytest.approx(0.5, abs=1e-3))
    gain, error = gain_of_line(logits, values_of(logits, scale, planted), scale)
    assert gain > 3 * error
    assert gain_of_line(logits, values_of(logits, scale, Decision()), scale)[0] == pytest.approx(0, abs=1e-6)
    assert fit_line(logits, values_of(logits, scale, planted), scale, biased=False)[1] == 0


def test_a_temperature_worked_out_by_hand() -> None:
    # Three of four answers two nats apart are right: the best probability is 3/4, the logarithm of 3 apart.
    logits, truth = np.array([[2.0, 0.0]] * 4), np.array([0, 0, 0, 1])
    temperature, note = fit_temperature(logits, truth)
    assert temperature == pytest.approx(2 / np.log(3), rel=1e-4)
    assert note is None


def test_a_temperature_at_its_lower_limit_says_so() -> None:
    logits, truth = np.array([[1e-4, 0.0]] * 4), np.array([0, 0, 0, 1])
    temperature, note = fit_temperature(logits, truth)
    assert temperature == pytest.approx(TEMPERATURES[0], rel=1e-3)
    assert note == "the logits are very small: the temperature is at its lower limit"


def test_biases_worked_out_by_hand() -> None:
    # Equal logits: the biases are the logarithms of the labels' shares, less their mean.
    logits = np.array([[0.0, 0.0]] * 4)
    _, biases = fit_biases(logits, np.array([0, 0, 0, 1]))
    assert biases.tolist() == pytest.approx([np.log(3) / 2, -np.log(3) / 2], abs=1e-5)


def test_a_temperature_and_biases_worked_out_by_hand() -> None:
    # At a difference of 2 three of four are of the first label, at -2 one of two: log 3 = 2 c + d, 0 = -2 c + d.
    logits = np.array([[2.0, 0.0]] * 4 + [[0.0, 2.0]] * 4)
    temperature, biases = fit_biases(logits, np.array([0, 0, 0, 1, 0, 0, 1, 1]))
    assert temperature == pytest.approx(4 / np.log(3), rel=1e-3)
    assert (biases[0] - biases[1]) == pytest.approx(np.log(3) / 2, abs=1e-3)
    assert biases.sum() == pytest.approx(0, abs=1e-9)


def test_biases_stay_within_their_limit() -> None:
    _, biases = fit_biases(np.array([[0.0, 0.0]] * 3), np.array([0, 0, 0]))
    assert np.abs(biases).max() <= LARGEST_BIAS
    assert biases[0] > 5


def test_an_abstention_worked_out_by_hand() -> None:
    from scipy.stats import beta

    confidence = np.array([0.9] * 60 + [0.6] * 40)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    truth = np.array([0] * 59 + [1] + [0] * 20 + [1] * 20)
    turned = np.random.default_rng(0).permutation(100)
    found, best = fit_abstention(probabilities[turned], truth[turned], np.zeros(100, np.int64), precision=0.9)
    assert found is not None
    assert (found.abstain_below, found.coverage) == (0.9, 0.6)
    assert found.precision == pytest.approx(59 / 60)
    assert found.precision_bound == pytest.approx(beta.ppf(0.05, 59, 2))
    assert best == found.precision_bound
    # At exactly what is reached it is taken, above it not; all answers are taken where they are good enough.
    same = fit_abstention(probabilities, truth, np.zeros(100, np.int64), precision=best)
    assert same[0] == found
    assert fit_abstention(probabilities, truth, np.zeros(100, np.int64), precision=best + 1e-9)[0] is None
    everything, _ = fit_abstention(probabilities, truth, np.zeros(100, np.int64), precision=0.7)
    assert everything is not None
    assert (everything.abstain_below, everything.coverage, everything.precision) == (0.6, 1.0, 0.79)


def test_where_no_answer_is_right_nothing_is_answered() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert fit_abstention(probabilities, np.ones(2, int), np.zeros(2, np.int64), precision=0.5) == (None, 0.0)


def test_the_gain_of_biases_is_the_log_loss_saved_on_folds_left_out() -> None:
    logits, truth = honest(200, seed=3)
    off = logits + np.array([1.0, 0.0, -1.0])
    folds = np.random.default_rng(4).permutation(200) % 5
    gains = np.zeros(200)
    for fold in range(5):
        out = folds == fold
        alone, _ = fit_temperature(off[~out], truth[~out])
        temperature, biases = fit_biases(off[~out], truth[~out])
        places = np.arange(out.sum()), truth[out]
        with_biases = softmax(off[out], temperature, biases.tolist())[places].astype(np.float64)
        gains[out] = np.log(with_biases) - np.log(softmax(off[out], alone)[places].astype(np.float64))
    gain, error = gain_of_biases(off, truth, seed=4)
    assert gain == pytest.approx(gains.mean(), abs=1e-5)
    assert error == pytest.approx(gains.std(ddof=1) / np.sqrt(200), abs=1e-5)
    assert gain_of_biases(off, truth) == gain_of_biases(off, truth, seed=0) != (gain, error)


@pytest.mark.parametrize("activation", ["sigmoid", "identity"])
def test_the_gain_of_a_line_is_the_squared_error_saved_on_folds_left_out(activation) -> None:
    scale = Scale(1, 5, activation)
    random = np.random.default_rng(1)
    logits = random.normal(size=(90, 1)).astype(np.float32)
    gold = np.clip(
        values_of(logits, scale, Decision(0.5, biases={"score": 1})) + random.normal(size=90), 1, 5
    )
    folds = np.random.default_rng(2).permutation(90) % 5
    gains = np.zeros(90)
    for fold in range(5):
        out = folds == fold
        temperature, bias = fit_line(logits[~out], gold[~out], scale)
        mended = values_of(logits[out], scale, Decision(temperature, biases={"score": bias}))
        gains[out] = (values_of(logits[out], scale, Decision()) - gold[out]) ** 2 - (mended - gold[out]) ** 2
    gain, error = gain_of_line(logits, gold, scale, seed=2)
    assert gain == pytest.approx(gains.mean(), abs=1e-5)
    assert error == pytest.approx(gains.std(ddof=1) / np.sqrt(90), abs=1e-5)
    assert gain_of_line(logits, gold, scale) == gain_of_line(logits, gold, scale, seed=0) != (gain, error)


def test_a_line_of_scores_is_the_least_squares_line() -> None:
    random = np.random.default_rng(1)
    outputs = random.normal(size=50)
    gold = 3 * outputs + 20 + random.normal(size=50)  # its bias is beyond what the biases of labels may be
    slope, height = np.polyfit(outputs, gold, 1)
    temperature, bias = fit_line(outputs[:, None], gold, Scale(0, 40, "identity"))
    assert (1 / temperature, bias) == pytest.approx((slope, height), rel=1e-4)
    through = (outputs @ gold) / (outputs @ outputs)
    temperature, bias = fit_line(outputs[:, None], gold, Scale(0, 40, "identity"), biased=False)
    assert (1 / temperature, bias) == (pytest.approx(max(through, 1 / 20), rel=1e-4), 0)


def test_a_line_of_shares_worked_out_by_hand() -> None:
    # Mean shares of 3/4 at an output of 2 and of 1/2 at -2, as in the biases above.
    outputs = np.array([[2.0], [2.0], [-2.0], [-2.0]])
    temperature, bias = fit_line(outputs, np.array([5.0, 3.0, 2.0, 4.0]), Scale(1, 5))
    assert (temperature, bias) == pytest.approx((4 / np.log(3), np.log(3) / 2), rel=1e-3)
    _, high = fit_line(np.array([[0.0], [0.0]]), np.array([5.0, 5.0]), Scale(1, 5))
    assert 5 < high <= LARGEST_BIAS


def test_thresholds_are_chosen_again_from_the_same_seed_and_sum_to_1() -> None:
    logits, truth = honest(900, seed=11)
    biased = softmax(logits + np.log([4.0, 1.0, 0.5]))
    thresholds, why = fit_thresholds(biased, truth)
    again, _ = fit_thresholds(biased, truth, seed=0)
    assert thresholds is not None
    assert thresholds.tolist() == again.tolist()
    assert thresholds.sum() == pytest.approx(1)
    # What was given too often needs more.
    assert thresholds[0] > 0.4 > thresholds[1] > thresholds[2] > 0
    assert why.startswith("thresholds are taken: macro F1 +")
    assert why.endswith("on pairs left out of the fit")
    exact = np.eye(2)[[0, 1] * 10]  # probabilities of 0 are small ones
    assert fit_thresholds(exact, np.array([0, 1] * 10))[0] is None
