"""Enough steps, folds that hold texts together, what the time allows, and a head that starts from another one."""

from __future__ import annotations

import numpy as np
import pytest

from samesay.data import PairTable
from samesay.decision import softmax
from samesay.pairs import LabelSet, Scale
from samesay.training.carried_head import can_carry, read_as
from samesay.training.few_pairs import candidates, folds_of, worth_finishing
from samesay.training.recipe import Recipe


@pytest.mark.parametrize(
    ("n_pairs", "settings", "epochs"),
    [
        (140, {}, 40),
        (50, {"batch_size": 16}, 50),
        (140, {"accumulate": 2}, 80),
        (140, {"epochs": 3}, 3),
        (5_000, {}, 3),
        (1, {}, 200),
    ],
)
def test_few_pairs_are_passed_so_often_that_200_steps_are_made(n_pairs, settings, epochs) -> None:
    assert Recipe(**settings).for_pairs(n_pairs).epochs == epochs


def test_folds_share_no_text_and_have_all_labels() -> None:
    labels = ["entailment", "neutral", "contradiction"]
    texts = [f"premise {place // 3}" for place in range(90)], [f"claim {place}" for place in range(90)]
    table = PairTable.from_inputs(texts, labels * 30, labels=labels)
    fold_of, groups = folds_of(table)
    assert len(groups) == 30
    assert np.bincount(fold_of).tolist() == [30, 30, 30]
    for fold in range(3):
        out = table.select(fold_of == fold)
        assert not {*out.first} & {*table.select(fold_of != fold).first}
        assert min(out.label_counts().values()) >= 8
    scores = PairTable.from_inputs(texts, np.linspace(0, 5, 90), scale=Scale(0, 5))
    assert np.bincount(folds_of(scores)[0]).tolist() == [30, 30, 30]


def test_pairs_of_one_text_have_one_fold() -> None:
    table = PairTable.from_inputs((["one"] * 9, ["other"] * 9), ["a", "b", "a"] * 3, labels=["a", "b"])
    assert folds_of(table)[0].tolist() == [0] * 9


def test_what_does_worst_goes_first_where_time_is_short() -> None:
    merits, seconds = [-0.5, -0.9, -0.4], [10.0, 1.0, 40.0]
    assert worth_finishing(merits, seconds, 1000.0, 2) == [0, 1, 2]
    assert worth_finishing(merits, seconds, 141.0, 2) == [0, 2]
    assert worth_finishing(merits, seconds, 20.0, 2) == [2]


def test_a_model_that_answers_already_has_its_head_tried_first() -> None:
    assert [one.settings.get("freeze") for one in candidates("m", answers_already=True)] == ["encoder", None]
    assert len(candidates("m", answers_already=False)) == 1


def test_what_a_head_answers_is_read_as_other_labels() -> None:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 3, 60)  # entailment, neutral, contradiction
    logits = (3 * np.eye(3)[truth] + draw.standard_normal((60, 3))).astype(np.float32)
    texts = [f"text {place}" for place in range(60)]
    gold = np.where(truth == 0, "supported", "refuted").tolist()
    table = PairTable.from_inputs((texts, texts), gold, labels=["supported", "refuted"])
    matrix, biases = read_as(logits, table)
    assert (matrix.shape, biases.shape) == ((3, 2), (2,))
    assert (softmax(logits @ matrix + biases).argmax(axis=1) == table.gold).mean() > 0.9


def test_a_label_that_no_pair_carries_is_improbable() -> None:
    texts = [f"text {place}" for place in range(20)]
    table = PairTable.from_inputs((texts, texts), ["a", "b"] * 10, labels=["a", "b", "c"])
    logits = np.linspace(-1, 1, 20, dtype=np.float32)[:, None]
    matrix, biases = read_as(logits, table)
    assert softmax(logits @ matrix + biases)[:, 2].max() < 0.1


def test_scores_of_one_scale_are_read_as_those_of_another() -> None:
    shares = np.linspace(0.05, 0.95, 40)
    logits = np.log(shares / (1 - shares)).astype(np.float32)[:, None]
    texts = [f"text {place}" for place in range(40)]
    table = PairTable.from_inputs((texts, texts), (5 * shares).tolist(), scale=Scale(0, 5))
    matrix, biases = read_as(logits, table)
    np.testing.assert_allclose([matrix.item(), biases.item()], [1, 0], atol=0.02)
    assert can_carry(Scale(0, 1), LabelSet(("a", "b")))
    assert not can_carry(LabelSet(("a", "b")), Scale(0, 1))
