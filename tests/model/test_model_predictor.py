"""The Keras model as a predictor, and its tokens as KerasHub's own preprocessor makes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from predictor_contract import check_predictor
from samesay.data import PairTable
from samesay.decision import Decision
from samesay.evaluation import evaluate
from samesay.model.classifier import pair_loss
from samesay.model.opening import open_model
from samesay.model.predictor import KerasPredictor
from samesay.pairs import LabelSet, Pair

PAIRS = [
    Pair("a dog", "the dog runs in the park"),
    Pair("two cats [SEP] sleep", "no"),
    Pair("a man eats in the red house, a man eats.", "is the house blue?"),
    Pair("x", "y"),
]


def test_it_keeps_what_every_predictor_keeps(tiny_preset: Path) -> None:
    opened = open_model(tiny_preset, LabelSet(("different", "same")))
    check_predictor(KerasPredictor(opened.classifier), PAIRS)


def test_its_logits_are_those_of_the_task_on_raw_text(tiny_preset: Path) -> None:
    opened = open_model(tiny_preset, LabelSet(("different", "same")))
    ours = KerasPredictor(opened.classifier).logits(PAIRS)
    texts = (np.array([pair.first for pair in PAIRS]), np.array([pair.second for pair in PAIRS]))
    theirs = opened.classifier.task.predict(texts, verbose=0)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_temperature_spreads_the_probabilities_and_keeps_the_decision(tiny_preset: Path) -> None:
    opened = open_model(tiny_preset, LabelSet(("different", "same")))
    plain = KerasPredictor(opened.classifier).predict(PAIRS)
    spread = KerasPredictor(opened.classifier, decision=Decision(temperature=4.0)).predict(PAIRS)
    assert (plain.argmax(axis=1) == spread.argmax(axis=1)).all()
    assert (spread.max(axis=1) < plain.max(axis=1)).all()


def test_what_is_not_read_is_counted(tiny_preset: Path) -> None:
    opened = open_model(tiny_preset, LabelSet(("different", "same")), max_length=8)
    lost = KerasPredictor(opened.classifier).read([Pair("a dog", "a cat"), Pair("a " * 20, "b")]).tokens_lost
    assert lost.tolist() == [[0, 0], [16, 0]]


def test_keras_own_evaluation_has_the_loss_and_accuracy_of_ours(tiny_preset: Path) -> None:
    opened = open_model(tiny_preset, LabelSet(("different", "same")))
    # 35 pairs: the second batch of 32 rows would be filled up with rows that must not count.
    first = [f"a {animal} runs" for animal in ("dog", "cat", "man", "woman", "child")] * 7
    second = [f"the {animal} runs" for animal in ("cat", "dog", "woman", "man", "house", "park", "dog")] * 5
    labels = ["same" if index % 3 else "different" for index in range(35)]
    opened.classifier.compile(loss=pair_loss(), weighted_metrics=["accuracy"])
    theirs = opened.classifier.evaluate((first, second), labels, verbose=0, return_dict=True)
    table = PairTable.from_inputs((first, second), labels, labels=opened.classifier.labels)
    ours = evaluate(KerasPredictor(opened.classifier), table).metrics
    assert theirs["loss"] == pytest.approx(ours["loss"], abs=1e-6)
    assert theirs["accuracy"] == pytest.approx(ours["accuracy"], abs=1e-6)


@pytest.mark.parametrize(
    ("family", "positions", "said", "read"),
    [
        ("bert", 512, 10**30, 512),
        ("bert", 512, 128, 128),
        ("roberta", 514, 10**30, 512),
        ("roberta", 514, 514, 512),
        ("t5", None, 10**30, 1_000_000),
    ],
)
def test_a_foreign_model_reads_as_many_tokens_as_its_positions_reach(family, positions, said, read) -> None:
    from types import SimpleNamespace

    from samesay.model.foreign import tokens_read

    config = SimpleNamespace(model_type=family, max_position_embeddings=positions)
    assert tokens_read(SimpleNamespace(model_max_length=said), config) == read
