"""What the behaviour suite expects of every kind of model, and what it says of models whose worth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samesay.data.sources.builtin import generate
from samesay.errors import LabelMismatch, LabelUnknown, UsageError
from samesay.evaluation import MajorityBaseline, OneSideBaseline, WordOverlap
from samesay.evaluation.behaviour.expectations import (
    HANDWRITTEN,
    INVARIANCES,
    TEMPLATES,
    chosen,
    questions_for,
    roles_of,
    suite_tests,
    users_test,
)
from samesay.evaluation.behaviour.results import measure_behaviour
from samesay.evaluation.behaviour.suite_file import SuiteRow
from samesay.pairs import LabelSet, Pair, Scale, Sides
from samesay.synthetic.behaviour.suite import CAPABILITIES

NLI = LabelSet(("entailment", "neutral", "contradiction"))
SAMENESS = LabelSet(("different", "same"))
ENTAILS_OR_NOT = LabelSet(("entailment", "not_entailment"))
SCALE = Scale(0, 5)
SIDES = Sides("premise", "hypothesis")
BLOCKS = 22


def suite(answers, *, names=None, n_blocks=BLOCKS):
    questions = questions_for(answers)
    return questions, suite_tests(questions, names or questions.names, seed=0, n_blocks=n_blocks)


class Knowing:
    """Answers every template rightly, and everything else alike."""

    def __init__(self, labels, tests, questions, sides=SIDES):
        self.answers = labels
        self.sides = sides
        self._right = {
            (test.pair.first, test.pair.second): questions.accepted(test.expected)[-1]
            for test in tests
            if test.section == TEMPLATES or test.capability == "identity"
        }

    def predict(self, pairs):
        rows = np.full((len(pairs), len(self.answers)), 0.1, np.float32)
        for row, pair in zip(rows, pairs, strict=True):
            texts = (pair.first, pair.second) if self.sides.first == "premise" else (pair.second, pair.first)
            row[self.answers.index(self._right.get(texts, self.answers.names[0]))] += 1
        return rows / rows.sum(axis=1, keepdims=True)


class OneLabel:
    answers = NLI
    sides = SIDES

    def predict(self, pairs):
        return np.tile(np.float32([0.2, 0.7, 0.1]), (len(pairs), 1))


class Lengths:
    """Scores by how alike two texts are in length: nothing to do with what they say."""

    sides = Sides("text1", "text2")
    answers = SCALE

    def predict(self, pairs):
        return np.float32([5 / (1 + abs(len(pair.first) - len(pair.second))) for pair in pairs])


@pytest.mark.parametrize("answers", [NLI, SAMENESS, ENTAILS_OR_NOT], ids=lambda labels: labels.names[-1])
def test_answering_one_label_never_passes(answers):
    questions, tests = suite(answers, names=tuple(CAPABILITIES))
    for name in CAPABILITIES:
        expected = [test.expected for test in tests if test.capability == name]
        asked = dict.fromkeys(expected)
        assert {role: expected.count(role) for role in asked} == dict.fromkeys(asked, BLOCKS)
        assert max(sum(label in questions.accepted(role) for role in asked) for label in answers) == 1
        assert len(asked) == (2 if name == "unrelated" else len(answers)), (
            "every label but of unrelated texts"
        )


@pytest.mark.parametrize("answers", [NLI, SAMENESS, SCALE], ids=["nli", "sameness", "scores"])
def test_every_capability_has_200_pairs(answers):
    _, tests = suite(answers, n_blocks=100)
    for name in {test.capability for test in tests}:
        pairs = {
            pair for test in tests if test.capability == name for pair in (test.pair, test.other) if pair
        }
        assert len(pairs) >= 200, name


@pytest.mark.parametrize("sides", [SIDES, Sides("hypothesis", "premise")], ids=str)
def test_who_knows_everything_fails_nothing_in_either_reading_order(sides):
    names = (*CAPABILITIES, "identity")
    questions, tests = suite(NLI, names=names)
    behaviour = measure_behaviour(Knowing(NLI, tests, questions, sides), tests, questions)
    assert [result.capability for result in behaviour.results] == list(names)
    assert all(result.n_failed == 0 and result.interval[0] == 0 for result in behaviour.results)
    assert behaviour.below(1.0) == ()
    assert behaviour.notes == ()


def test_labels_by_other_names_mean_the_same():
    labels = LabelSet(("CONTRADICTORY", "Neutral", "entails"))
    roles = roles_of(labels)
    assert roles == {"contradiction": "CONTRADICTORY", "neutral": "Neutral", "entailment": "entails"}
    questions = questions_for(labels)
    tests = suite_tests(questions, ("voice",), seed=0, n_blocks=5)
    assert not measure_behaviour(Knowing(labels, tests, questions), tests, questions).below(1.0)


def test_labels_that_do_not_tell_are_refused_with_the_way_out():
    with pytest.raises(LabelMismatch) as caught:
        roles_of(LabelSet(("LABEL_0", "LABEL_1")))
    assert "--rename-labels LABEL_0=different,LABEL_1=same" in (caught.value.hint or "")
    roles = roles_of(LabelSet(("LABEL_0", "LABEL_1")), {"LABEL_0": "same", "LABEL_1": "different"})
    assert roles == {"same": "LABEL_0", "different": "LABEL_1"}
    with pytest.raises(LabelMismatch):
        roles_of(LabelSet(("entailment", "same")))
    with pytest.raises(LabelMismatch):
        roles_of(LabelSet(("entailment", "entails", "neutral")))
    with pytest.raises(LabelUnknown):
        roles_of(NLI, {"entailed": "entailment"})


def test_a_capability_that_is_not_there_is_refused_with_the_near_one():
    assert chosen(questions_for(NLI).names, ["voice", "negation"]) == ("negation", "voice")
    with pytest.raises(UsageError) as caught:
        chosen(questions_for(NLI).names, ["negations"])
    assert caught.value.hint == "did you mean 'negation'?"
    assert "order" not in questions_for(NLI).names, "entailment is not symmetric"
    assert "order" in questions_for(SAMENESS).names
    assert HANDWRITTEN not in questions_for(SAMENESS).names


def test_one_answer_to_everything_is_said_and_passes_a_third():
    questions, tests = suite(NLI)
    behaviour = measure_behaviour(OneLabel(), tests, questions)
    rates = {result.capability: result.failure_rate for result in behaviour.results}
    assert {rates[name] for name in CAPABILITIES if name != "unrelated"} == {2 / 3}
    assert rates["unrelated"] == 1 / 2
    assert all(
        result.n_failed == 0
        for result in behaviour.results
        if result.section == INVARIANCES and result.capability != "identity"
    )
    assert behaviour.notes == ("every answer is neutral: the model does not tell these pairs apart",)
    assert {result.capability for result in behaviour.below(0.8)} == {*CAPABILITIES, "identity"}


@pytest.mark.parametrize("side", ["premise", "hypothesis"])
def test_a_model_of_one_side_is_caught(side):
    questions, tests = suite(NLI, n_blocks=60)
    model = OneSideBaseline.train(generate(3000), side)
    behaviour = measure_behaviour(model, tests, questions)
    unread = "premise" if side == "hypothesis" else "hypothesis"
    (note,) = behaviour.notes
    assert f"the model hardly reads the {unread}" in note
    assert note.startswith("100%")
    templates = [result for result in behaviour.results if result.section == TEMPLATES]
    if side == "hypothesis":
        # Every hypothesis stands once beside each label: not one more can be right, whatever was learned.
        rates = {result.capability: result.failure_rate for result in templates}
        assert rates.pop("unrelated") == 1 / 2
        assert set(rates.values()) == {2 / 3}
    else:
        assert np.mean([result.failure_rate for result in templates]) > 0.6


@pytest.mark.parametrize("answer", ["neutral", "contradiction"])
def test_unrelated_texts_may_be_called_either_and_never_entailment(answer):
    questions, tests = suite(NLI, names=("unrelated",))
    other = [test for test in tests if test.expected == "not entailment"]

    class Says(OneLabel):
        def predict(self, pairs):
            return np.tile(np.float32([0.8 * (name == answer) + 0.1 for name in NLI]) / 1.1, (len(pairs), 1))

    (result,) = measure_behaviour(Says(), other, questions).results
    assert (len(other), result.n_failed) == (BLOCKS, 0)
    behaviour = measure_behaviour(Says(), tests, questions)
    assert behaviour.outcomes[1].expected == "neutral or contradiction"
    answer = "entailment"
    assert measure_behaviour(Says(), other, questions).results[0].n_failed == BLOCKS


def test_a_user_s_test_may_leave_open_which_of_both_it_is():
    questions, pair = questions_for(NLI), Pair("The shop opens at nine.", "The bank is shut.")
    row = SuiteRow("shop", pair, "not_entailment", None, "own:2")
    test = users_test("own", row, questions)
    assert measure_behaviour(OneLabel(), [test], questions).results[0].n_failed == 0, "it says neutral"
    with pytest.raises(LabelUnknown):
        users_test("own", replace(row, expected="same"), questions)
    with pytest.raises(LabelUnknown):
        users_test("own", row, questions_for(SAMENESS))


def test_scores_are_asked_for_their_order():
    questions, tests = suite(SCALE)
    behaviour = measure_behaviour(Lengths(), tests, questions)
    results = {result.capability: result for result in behaviour.results}
    assert results["order"].n_failed == results["identity"].n_failed == results["case"].n_failed == 0
    assert results["whitespace"].n_failed > 0
    overlap = measure_behaviour(WordOverlap(SCALE, Lengths.sides), tests, questions)
    results = {result.capability: result for result in overlap.results}
    assert results["unrelated"].n_failed == 0, "an unrelated text shares no words"
    assert results["roles"].failure_rate > 0.5, "swapped roles share them all"
    failed = results["roles"].examples[0]
    assert failed.answer <= failed.other_answer
    assert failed.expected.startswith("above ")


def test_a_majority_baseline_of_sameness_passes_half():
    questions, tests = suite(SAMENESS, names=("roles", "numbers"))
    model = MajorityBaseline(SAMENESS, Sides("question1", "question2"), np.float32([0.6, 0.4]))
    assert {result.failure_rate for result in measure_behaviour(model, tests, questions).results} == {0.5}
