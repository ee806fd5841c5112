"""Which label says yes, which side asks, and one label's probability for many pairs."""

from __future__ import annotations

import numpy as np
import pytest

from asked import Asked
from samesay.errors import LabelUnknown, UsageError
from samesay.pairs import LabelSet, Pair, Scale, Sides
from samesay.scoring.matching import Agreement, asking_side, positive_label


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        (("entailment", "neutral", "contradiction"), "entailment"),
        (("different", "same"), "same"),
        (("0", "1"), "1"),
        (("No", "Yes"), "Yes"),
    ],
)
def test_the_label_that_says_yes(labels, positive):
    assert positive_label(LabelSet(labels)) == positive
    assert positive_label(LabelSet(labels), labels[0]) == labels[0]


def test_a_label_that_no_name_tells_has_to_be_named():
    with pytest.raises(UsageError) as caught:
        positive_label(LabelSet(("red", "blue")))
    assert caught.value.hint == "--label blue"
    with pytest.raises(LabelUnknown):
        positive_label(LabelSet(("red", "blue")), "green")


@pytest.mark.parametrize(
    ("sides", "asking"),
    [
        (("premise", "hypothesis"), "hypothesis"),
        (("hypothesis", "premise"), "hypothesis"),
        (("query", "passage"), "query"),
        (("question1", "question2"), None),
        (("claim", "query"), None),
    ],
)
def test_the_side_that_asks(sides, asking):
    assert asking_side(Sides(*sides)) == asking


def test_a_side_by_name_or_by_place():
    sides = Sides("premise", "hypothesis")
    assert sides.named("second", where="x") == "hypothesis"
    assert sides.named("premise", where="x") == "premise"
    assert sides.pair("hypothesis", "claim", "page") == Pair("page", "claim")
    with pytest.raises(UsageError) as caught:
        sides.named("hypotesis", where="--query-side")
    assert "hypothesis" in caught.value.hint


def test_many_pairs_are_read_in_pieces_and_in_order():
    model = Asked(
        lambda one, _: {"same": int(one) / 9000, "different": 1 - int(one) / 9000}, ("different", "same")
    )
    seen = []
    pairs = [Pair(str(number), "x") for number in range(9000)]
    values, cut = Agreement(model, "same").read(pairs, progress=seen.append)
    assert values.tolist() == pytest.approx([number / 9000 for number in range(9000)])
    assert not cut.any()
    assert seen[-1].done == seen[-1].total == 9000
    assert len(seen) > 1


def test_a_similarity_model_agrees_by_its_score():
    class Similarity:
        answers = Scale(0, 5)
        sides = Sides("sentence1", "sentence2")

        def predict(self, pairs):
            return self.read(pairs)[0]

        def read(self, pairs):
            return np.array([float(pair.first) for pair in pairs], np.float32), np.zeros(
                (len(pairs), 2), np.int32
            )

    agreement = Agreement(Similarity())
    assert (agreement.label, agreement.high, agreement.usual) == (None, 5, 4)
    assert agreement.read([Pair("4.5", "x"), Pair("1", "x")])[0].tolist() == [4.5, 1.0]
    with pytest.raises(UsageError):
        Agreement(Similarity(), "same")
