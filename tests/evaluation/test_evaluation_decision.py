"""From logits to labels and scores: numbers worked out by hand, and policies that are none refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.decision import (
    Decision,
    Predictions,
    answers_under,
    decide,
    decisions_of,
    predictions_of,
    sigmoid,
    softmax,
    values_of,
)
from samesay.errors import UsageError
from samesay.pairs import LabelSet, Scale, Sides

LABELS = LabelSet(("different", "same"))
SCALE = Scale(1, 5)


def test_a_policy_that_changes_nothing_is_the_softmax_of_the_logits():
    said = values_of(np.log([[1.0, 3.0]]), LABELS, Decision())
    assert said.dtype == np.float32
    assert said.tolist() == [pytest.approx([0.25, 0.75])]


def test_the_temperature_divides_first_and_biases_are_added_by_name():
    logits = np.array([[0.0, 4.0]])
    policy = Decision(temperature=2.0, biases={"same": -0.5, "different": 0.5})
    # (0 / 2 + 0.5, 4 / 2 - 0.5): one nat apart.
    expected = [1 / (1 + math.e), math.e / (1 + math.e)]
    assert values_of(logits, LABELS, policy).tolist() == [pytest.approx(expected)]
    assert policy.biases_of(LABELS) == [0.5, -0.5]
    assert Decision().biases_of(LABELS) is None


def test_huge_logits_and_no_rows_have_probabilities():
    assert softmax(np.array([[1e4, 0.0], [-1e4, -1e4]])).tolist() == [[1, 0], [0.5, 0.5]]
    assert softmax(np.empty((0, 3))).shape == (0, 3)
    assert softmax(np.array([[7.0]])).tolist() == [[1]]
    assert softmax(np.log([[1.0, 3.0]])).tolist() == [pytest.approx([0.25, 0.75])]


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=6), st.floats(0.1, 10))
def test_the_softmax_is_that_of_the_definition(row, temperature):
    powers = [math.exp(value / temperature) for value in row]
    expected = [power / sum(powers) for power in powers]
    given_logits = np.array([row])
    assert softmax(given_logits, temperature).tolist() == [pytest.approx(expected, abs=1e-6)]
    assert given_logits.tolist() == [row]  # what was given stays as it was


def test_a_sigmoid_by_hand():
    said = sigmoid(np.array([0.0, math.log(3), -math.log(3), 1e5, -1e5]))
    assert said.dtype == np.float32
    assert said.tolist() == pytest.approx([0.5, 0.75, 0.25, 1, 0])


def test_a_score_is_the_sigmoid_put_on_the_scale():
    logits = np.array([[2 * math.log(3)], [0.0]], np.float32)
    assert values_of(logits, SCALE, Decision(temperature=2.0)).tolist() == pytest.approx([4.0, 3.0])
    biased = Decision(temperature=2.0, biases={"score": -math.log(3)})
    assert values_of(logits, SCALE, biased).tolist() == pytest.approx([3.0, 2.0])
    unbounded = values_of(logits, Scale(1, 5, "identity"), biased)
    assert unbounded.dtype == np.float32
    assert unbounded.tolist() == pytest.approx([0.0, -math.log(3)], abs=1e-6)


def test_the_label_is_the_largest_multiple_of_its_threshold():
    rows = np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    assert answers_under(rows, np.array([0.5, 0.25, 0.25])).tolist() == [1, 0, 2]
    three = LabelSet(("a", "b", "c"))
    policy = Decision(thresholds={"c": 0.25, "a": 0.5, "b": 0.25})
    assert decide(rows, three, policy).label_ids.tolist() == [1, 0, 2]
    assert decide(rows, three, Decision()).label_ids.tolist() == [0, 0, 2]


def test_a_model_abstains_below_the_threshold_and_not_at_it():
    rows = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0.375, 0.625]])
    decided = decide(rows, LABELS, Decision(abstain_below=0.75))
    assert decided.label_ids.tolist() == [0, 0, 1, 1]
    assert decided.abstained.tolist() == [False, True, False, True]
    always = decide(rows, LABELS, Decision())
    assert always.abstained.dtype == np.bool_
    assert always.abstained.tolist() == [False] * 4


def test_a_predictor_decides_by_its_own_policy_where_it_has_one():
    rows = np.array([[0.75, 0.25], [0.5, 0.5]])

    class Deciding:
        answers, decision = LABELS, Decision(abstain_below=0.6)

    class Plain:
        answers = LABELS

    assert decisions_of(Deciding(), rows).abstained.tolist() == [False, True]
    plain = decisions_of(Plain(), rows[:, ::-1])
    assert plain.label_ids.tolist() == [1, 0]
    assert plain.abstained.dtype == np.bool_
    assert plain.abstained.tolist() == [False, False]


def test_predictions_of_labels_hold_all_that_is_known_of_a_pair():
    values = np.array([[0.25, 0.75], [0.625, 0.375]], np.float32)
    lost = np.array([[3, 0], [0, 0]], np.int32)
    sides = Sides("question1", "question2")
    found = predictions_of(
        Predictions(values, lost), ["a", ""], ["b", "c"], LABELS, sides, Decision(abstain_below=0.7)
    )
    assert [one.label for one in found] == ["same", "different"]
    assert [one.probabilities for one in found] == [
        {"different": 0.25, "same": 0.75},
        {"different": 0.625, "same": 0.375},
    ]
    assert [one.tokens_lost for one in found] == [(3, 0), (0, 0)]
    assert [one.abstained for one in found] == [False, True]
    assert [one.empty_sides for one in found] == [(), ("question1",)]
    assert [one.score for one in found] == [None, None]


def test_predictions_follow_the_thresholds_of_the_labels():
    read = Predictions(np.array([[0.375, 0.625]], np.float32), np.zeros((1, 2), np.int32))
    policy = Decision(thresholds={"same": 0.75, "different": 0.25}, abstain_below=0.5)
    (found,) = predictions_of(read, ["a"], ["b"], LABELS, Sides("one", "other"), policy)
    assert (found.label, found.abstained) == ("different", True)


def test_predictions_of_scores_hold_their_scale():
    lost = np.array([[0, 0], [0, 2]], np.int32)
    read = Predictions(np.array([4.5, 1.0], np.float32), lost)
    found = predictions_of(read, ["a", "b"], ["c", " "], SCALE, Sides("one", "other"), Decision())
    assert [(one.label, one.probabilities) for one in found] == [(None, {}), (None, {})]
    assert [one.score for one in found] == [4.5, 1.0]
    assert [one.scale for one in found] == [SCALE, SCALE]
    assert [one.tokens_lost for one in found] == [(0, 0), (0, 2)]
    assert [one.empty_sides for one in found] == [(), ("other",)]


@pytest.mark.parametrize("one_side_short", [0, 1])
def test_a_text_for_each_answer(one_side_short):
    texts = [["a", "b"], ["c", "d"]]
    texts[one_side_short].pop()
    lost = np.zeros((2, 2), np.int32)
    for values, answers in ((np.full((2, 2), 0.5), LABELS), (np.ones(2), SCALE)):
        with pytest.raises(ValueError, match="argument 2 is"):
            predictions_of(Predictions(values, lost), *texts, answers, Sides("a", "b"), Decision())


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 1e-6},
        {"temperature": 1e6},
        {"biases": {"score": 1e6}},
        {"biases": {"score": 0.5}},
        {"biases": {"a": 1e6, "b": -1e6}},
        {"biases": {"a": 0.5, "b": -0.5 + 1e-7}},
        {"thresholds": {"a": 0.25, "b": 0.75 + 1e-7}},
        {"abstain_below": 0},
        {"abstain_below": 1},
    ],
)
def test_the_ends_of_what_is_allowed_are_allowed(settings):
    policy = Decision(**settings)
    assert all(getattr(policy, name) == value for name, value in settings.items())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.0}, "temperature must be a number from 1e-06 to 1e"),
        ({"temperature": 1.1e6}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
        ({"biases": {"a": 0.5, "b": 0.5}}, "biases must be numbers that sum to 0"),
        ({"biases": {"a": 0.5, "b": -0.5 + 1e-5}}, "sum to 0"),
        ({"biases": {"a": 2e6, "b": -2e6}}, "sum to 0"),
        ({"biases": {"a": math.nan, "b": 0.0}}, "sum to 0"),
        ({"biases": {"score": 1.1e6}}, "The bias must be a number"),
        ({"biases": {"score": math.inf}}, "The bias must be a number"),
        ({"thresholds": {"a": 0.5, "b": 0.4}}, "above 0 that sum to 1"),
        ({"thresholds": {"a": 0.5, "b": 0.5 + 1e-5}}, "above 0 that sum to 1"),
        ({"thresholds": {"a": 0.0, "b": 1.0}}, "above 0 that sum to 1"),
        ({"thresholds": {"a": 1.5, "b": -0.5}}, "above 0 that sum to 1"),
        ({"abstain_below": -0.1}, "abstains below a probability"),
        ({"abstain_below": 1.1}, "abstains below a probability"),
    ],
)
def test_what_is_no_policy_is_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        Decision(**settings)


def test_a_policy_fits_the_labels_it_was_made_for():
    thresholds, biases = {"same": 0.4, "different": 0.6}, {"same": 0.1, "different": -0.1}
    Decision(thresholds=thresholds, biases=biases, abstain_below=0.5).require_fit(LABELS)
    Decision(biases={"score": 0.5}).require_fit(SCALE)
    Decision().require_fit(SCALE)
    others = LabelSet(("no", "yes"))
    with pytest.raises(UsageError, match=r"^The biases are for 'same', 'different'"):
        Decision(biases=biases).require_fit(others)
    with pytest.raises(UsageError, match=r"^The thresholds are for 'same', 'different'") as caught:
        Decision(thresholds=thresholds).require_fit(others)
    assert caught.value.expected == "one for each of 'no', 'yes', or none"
    for policy in (Decision(abstain_below=0.5), Decision(thresholds={"score": 1.0})):
        with pytest.raises(UsageError, match="no choice between labels"):
            policy.require_fit(SCALE)


def test_a_policy_is_written_without_what_it_does_not_have():
    assert Decision().to_dict() == {"temperature": 1.0, "thresholds": {}, "abstain_below": None}
    whole = {
        "temperature": 2.0,
        "biases": {"same": 0.5, "different": -0.5},
        "thresholds": {"same": 0.4, "different": 0.6},
        "abstain_below": 0.5,
        "calibration": {"n": 3},
    }
    assert Decision(**whole).to_dict() == whole
