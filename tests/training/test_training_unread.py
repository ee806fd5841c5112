"""Figures of single steps: callbacks of the user's own get numbers, and nobody else waits for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from samesay.model.opening import open_model
from samesay.pairs import LabelSet
from samesay.training import Recipe
from samesay.training.course import Course
from samesay.training.fit import TrainingPairs, fit
from samesay.training.own_parts import OwnParts
from tiny_bert import save_tiny_preset


def test_a_callback_of_the_users_own_gets_a_number_for_every_step_and_changes_no_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = save_tiny_preset(tmp_path / "preset")
    heard: list[Any] = []
    kinds: list[type] = []
    original = Course.on_train_batch_end

    def spied(self: Course, batch: int, logs: Any = None) -> None:
        kinds.append(type(logs["loss"]))
        original(self, batch, logs)

    monkeypatch.setattr(Course, "on_train_batch_end", spied)

    def weights(*callbacks: keras.callbacks.Callback) -> list[Any]:
        classifier = open_model(preset, LabelSet(("different", "same"))).classifier
        encoded = classifier.encoder.encode(["a dog runs", "the cat sleeps"] * 20, ["a man walks"] * 40)
        pairs = TrainingPairs(encoded, np.array([0, 1] * 20, np.int32))
        fit(classifier, pairs, Recipe(epochs=2, batch_size=4), own_parts=OwnParts.of(callbacks=callbacks))
        return [np.array(value) for value in classifier.trainable_variables]

    alone = weights()
    assert float not in kinds, "nobody asked, so nobody waited"
    listened = weights(
        keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: heard.append(logs["loss"]))
    )
    assert len(heard) == 20
    assert all(type(loss) is float for loss in heard)
    for one, other in zip(alone, listened, strict=True):
        np.testing.assert_array_equal(one, other)
