"""A model is called better only where the pairs show it, and what to use instead is said."""

from __future__ import annotations

import numpy as np
import pytest

from samesay.data import PairTable
from samesay.evaluation import Evaluation, evaluate
from samesay.evaluation.usefulness import GivenAnswers, alternatives
from samesay.pairs import LabelSet, Scale, Sides

LABELS = LabelSet(("different", "same"))
N = 120


def labelled(rare: int) -> PairTable:
    texts = [f"text {place}" for place in range(N)]
    gold = ["same" if place < rare else "different" for place in range(N)]
    return PairTable.from_inputs((texts, texts[::-1]), gold, labels=LABELS)


def answered(table: PairTable, right: float, seed: int = 0) -> Evaluation:
    """An evaluation of answers of which each is right with the probability ``right``."""
    draw = np.random.default_rng(seed)
    assert table.gold is not None
    said = np.where(draw.random(N) < right, table.gold, 1 - table.gold)
    values = np.where(said[:, None] == [0, 1], 0.9, 0.1)
    return evaluate(GivenAnswers(LABELS, Sides(), values), table)


def test_answers_that_are_right_are_better_than_one_answer_however_rare_a_label_is() -> None:
    for rare in (60, 12):
        (found,) = alternatives(answered(labelled(rare), 0.9), {})
        assert found.verdict == "better"
        assert found.warning is None


def test_one_answer_for_all_is_told_loudly() -> None:
    table = labelled(30)
    always = np.tile([0.8, 0.2], (N, 1))
    (found,) = alternatives(evaluate(GivenAnswers(LABELS, Sides(), always), table), {})
    assert found.verdict == "not better"
    assert found.warning is not None
    assert "always answering different" in found.warning
    (by_chance,) = alternatives(answered(labelled(60), 0.5), {})
    assert by_chance.warning is not None


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict", "says"),
    [
        (0.95, 0.6, "better", None),
        (0.6, 0.95, "worse", "Use that instead: samesay score builtin:same 'a' 'b'"),
        (0.80, 0.81, "not better", "samesay score"),
    ],
)
def test_a_model_that_needs_no_training_is_recommended_where_it_does_as_well(
    mine, theirs, verdict, says
) -> None:
    table = labelled(60)
    other = {"builtin:same as it is": (answered(table, theirs, seed=1), "samesay score builtin:same 'a' 'b'")}
    found = alternatives(answered(table, mine), other)[1]
    assert found.verdict == verdict
    assert (found.warning is None) == (says is None)
    if says is not None and found.preferred:
        assert says in str(found.warning)
    assert found.to_dict()["trained_model_is"] == verdict


def test_scores_are_tested_by_their_ranks() -> None:
    draw = np.random.default_rng(0)
    gold = draw.random(N).astype(np.float32)
    texts = [f"text {place}" for place in range(N)]
    table = PairTable.from_inputs((texts, texts), list(map(float, gold)), scale=Scale(0, 1))

    def scored(noise: float) -> Evaluation:
        values = np.clip(gold + noise * draw.standard_normal(N), 0, 1)
        return evaluate(GivenAnswers(Scale(0, 1), Sides(), values), table)

    one, other = alternatives(scored(0.1), {"cosine": (scored(0.6), "samesay embed")})
    assert (one.verdict, other.verdict) == ("better", "better")
    nothing, worse = alternatives(scored(50.0), {"cosine": (scored(0.1), "samesay embed")})
    assert nothing.warning is not None
    assert worse.verdict == "worse"
