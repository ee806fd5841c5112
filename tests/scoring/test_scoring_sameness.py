"""The first pass, the two orders, groups and recall."""

from __future__ import annotations

import numpy as np
import pytest

from asked import Asked, nli
from samesay.errors import UsageError
from samesay.scoring.matching import Sameness, groups_of, nearest_texts

TEXTS = [
    "A man plays a flute on the beach.",
    "The bank is closed today.",
    "There is a man playing a flute on a beach.",
    "!!!",
    "Is the bank closed today?",
    "你好，世界",
]
PAIRS = np.array([[0, 1], [0, 2], [1, 2]])


def test_the_nearest_in_writing_come_first():
    found, similarities = nearest_texts(TEXTS, k=1)
    pairs = dict(zip(map(tuple, found.tolist()), similarities.tolist(), strict=True))
    assert {(0, 2), (1, 4)} <= set(pairs)
    assert all(one < other for one, other in pairs)
    assert all(0 < similarity <= 1 for similarity in pairs.values())
    assert len(nearest_texts(TEXTS, k=99)[0]) <= 15


def test_the_nearest_of_two_lists():
    others = ["Closed is the bank, today", "Dogs bark.", "Man with flute, beach"]
    found, _ = nearest_texts(TEXTS, others, k=1)
    assert {(0, 2), (1, 0)} <= set(map(tuple, found.tolist()))
    assert found[:, 1].max() < len(others)


def test_few_texts_and_no_neighbours():
    assert len(nearest_texts(["one text"], k=5)[0]) == 0
    assert len(nearest_texts(["abc", "xyz"], k=5)[0]) == 0
    with pytest.raises(UsageError):
        nearest_texts(TEXTS, k=0)


def in_order(answers):
    """Probability by the two texts in their order, 0.1 for others."""
    return lambda one, other: nli(answers.get(one + other, 0.1), 0.0)


def test_entailment_is_the_same_only_in_both_directions():
    model = Asked(
        in_order({"ab": 0.9, "ba": 0.2, "ac": 0.8, "ca": 0.7}), ("entailment", "neutral", "contradiction")
    )
    decider = Sameness(model)
    answers = decider.ask("abc", "abc", PAIRS)
    assert decider.orders == "mutual"
    assert answers.scores.tolist() == pytest.approx([0.2, 0.7, 0.1])
    # The other direction of b and c could change nothing.
    assert model.asked == [("a", "b"), ("a", "c"), ("b", "c"), ("b", "a"), ("c", "a")]
    assert answers.n_asked == 5


def test_other_labels_are_a_mean_of_both_orders():
    def answer(one, other):
        same = {"ab": 0.9, "ba": 0.6, "ac": 0.3, "ca": 0.9}.get(one + other, 0.0)
        return {"same": same, "different": 1 - same}

    model = Asked(answer, ("different", "same"))
    answers = Sameness(model).ask("abc", "abc", PAIRS)
    assert answers.scores.tolist() == pytest.approx([0.75, 0.6, 0.0])
    strict = Asked(answer, ("different", "same"))
    assert Sameness(strict, threshold=0.7).ask("abc", "abc", PAIRS).scores[0] == pytest.approx(0.75)
    assert strict.asked[3:] == [("b", "a")], "0.3 and at most 1 cannot reach 0.7"
    one_way = Sameness(Asked(answer, ("different", "same")), symmetric=False)
    assert one_way.ask("abc", "abc", PAIRS).scores.tolist() == pytest.approx([0.9, 0.3, 0.0])


def test_a_pair_that_was_cut_in_either_order_is_marked():
    model = Asked(lambda *_: nli(0.9, 0.0), ("entailment", "neutral", "contradiction"), most_words=2)
    answers = Sameness(model).ask(["a b c", "d", "e"], ["a b c", "d", "e"], PAIRS)
    assert answers.truncated.tolist() == [True, True, False]


@pytest.mark.parametrize("threshold", [0.0, 1.1, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises(UsageError):
        Sameness(Asked(lambda *_: {}, ("different", "same")), threshold=threshold)


def test_recall_counts_what_the_first_pass_missed():
    same = {frozenset("ab"), frozenset("cd"), frozenset("ad")}

    def answer(one, other):
        value = float({one, other} in same)
        return {"same": value, "different": 1 - value}

    decider = Sameness(Asked(answer, ("different", "same")))
    candidates = np.array([[0, 1], [1, 2]])
    whole = decider.recall("abcd", None, candidates, sample=[3, 1, 0, 2])
    assert (whole.n_texts, whole.n_pairs, whole.n_same, whole.n_candidates) == (4, 6, 3, 1)
    assert whole.value == pytest.approx(1 / 3)
    assert decider.recall("abcd", None, candidates, sample=[0, 2]).value is None
    between = decider.recall("ac", "bd", np.array([[0, 0], [1, 0]]), sample=[0, 1], other_sample=[0, 1])
    assert (between.n_pairs, between.n_same, between.n_candidates) == (4, 3, 1)


def test_groups_are_what_pairs_connect():
    assert groups_of(6, [(4, 1), (1, 3), (0, 5)]) == [[0, 5], [1, 3, 4]]
    assert groups_of(3, []) == []
