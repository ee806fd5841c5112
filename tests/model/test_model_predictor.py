"""The Keras model as a predictor, and its tokens as KerasHub's own preprocessor makes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from predictor_contract import check_predictor
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
    spread = KerasPredictor(opened.classifier, temperature=4.0).predict(PAIRS)
    assert (plain.argmax(axis=1) == spread.argmax(axis=1)).all()
    assert (spread.max(axis=1) < plain.max(axis=1)).all()


def test_what_is_not_read_is_counted(tiny_preset: Path) -> None:
    opened = open_model(tiny_preset, LabelSet(("different", "same")), max_length=8)
    lost = KerasPredictor(opened.classifier).read([Pair("a dog", "a cat"), Pair("a " * 20, "b")]).tokens_lost
    assert lost.tolist() == [[0, 0], [16, 0]]
