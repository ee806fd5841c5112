"""The baselines keep what every Predictor keeps, and know just what they are said to know."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from predictor_contract import check_predictor
from samesay.data import Origin, PairTable, load_pairs
from samesay.errors import EmptySide, ExtraMissing, NoRows, OneClassOnly, UsageError
from samesay.evaluation import MajorityBaseline, OneSideBaseline, evaluate
from samesay.pairs import LabelSet, Pair, Sides

LABELS = LabelSet(("different", "same", "unsure"))
SIDES = Sides("question1", "question2")


def make_table(triples):
    first, second, names = zip(*triples, strict=True)
    ids = np.array([LABELS.index(name) for name in names], dtype=np.int32)
    return PairTable(list(first), list(second), SIDES, Origin(source="made"), LABELS, ids)


@pytest.fixture(scope="module")
def leaking():
    """Pairs whose second side gives the label away while the first side says nothing."""
    rows = []
    for place in range(60):
        same = place % 2 == 0
        rows.append(
            (
                f"what is thing {place // 2}",
                "yes indeed" if same else "no way",
                "same" if same else "different",
            )
        )
    return make_table(rows)


@pytest.mark.parametrize("kind", ["majority", "one side"])
def test_they_are_predictors(leaking, kind):
    baseline = (
        MajorityBaseline.train(leaking) if kind == "majority" else OneSideBaseline.train(leaking, "second")
    )
    check_predictor(baseline, leaking.pairs())
    assert baseline.answers == LABELS
    assert baseline.sides == SIDES


def test_the_majority_baseline_answers_the_most_frequent_label():
    table = make_table([("a", "b", "same")] * 3 + [("c", "d", "different")])
    result = evaluate(MajorityBaseline.train(table), table)
    assert result.metrics["accuracy"] == result.majority_accuracy == 0.75
    # Answering with the frequencies costs exactly the entropy of the labels.
    assert result.metrics["loss"] == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)), abs=1e-6)
    with pytest.raises(NoRows):
        MajorityBaseline.train(table.select([]))


def test_one_side_reads_its_side_and_no_other(leaking):
    second = OneSideBaseline.train(leaking, "question2")
    assert second.side == "question2"
    assert evaluate(second, leaking).metrics["accuracy"] == 1.0
    first = OneSideBaseline.train(leaking, "first")
    assert first.side == "question1"
    assert evaluate(first, leaking).metrics["accuracy"] <= 0.5
    whole, changed = Pair("what is thing 1", "no way"), Pair("entirely other words", "no way")
    assert np.array_equal(second.predict([whole]), second.predict([changed]))
    assert second.predict([whole])[0, LABELS.index("unsure")] == 0  # never seen in training


def test_one_side_refuses_what_it_cannot_learn_from(leaking):
    with pytest.raises(UsageError, match="no side called 'hypothesis'"):
        OneSideBaseline.train(leaking, "hypothesis")
    with pytest.raises(OneClassOnly):
        OneSideBaseline.train(make_table([("a", "b", "same")] * 3), "first")
    with pytest.raises(EmptySide, match="holds a word"):
        OneSideBaseline.train(make_table([("!", "b", "same"), ("?", "c", "different")]), "first")


def test_without_scikit_learn_the_install_command_is_given(leaking, monkeypatch):
    for name in ("sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.pipeline"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ExtraMissing) as caught:
        OneSideBaseline.train(leaking, "second")
    assert caught.value.hint == "pip install 'samesay[train]'"


def test_on_real_pairs_one_side_gives_part_of_the_label_away(shared_data):
    source = str(shared_data / "snli")
    train = load_pairs(f"{source}:validation[:70%]")
    held_out = load_pairs(f"{source}:validation[70%:]")
    baseline = OneSideBaseline.train(train, "hypothesis")
    result = evaluate(baseline, held_out)
    # Published for SNLI with all training pairs: 0.67 (Gururangan et al. 2018); a few pairs give less.
    assert 0.5 < result.metrics["accuracy"] < 0.67
    assert result.metrics["accuracy"] > result.majority_accuracy + 0.1
