"""A user's own optimizer, schedule, loss, metrics and callbacks take the place of what a recipe names."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import samesay
from samesay.errors import UsageError
from samesay.jobs.inspect import inspect_model
from samesay.model.opening import open_model
from samesay.pairs import LabelSet
from samesay.training import Recipe
from samesay.training.custom_objects import CustomObjects
from samesay.training.fit import fit
from samesay.training.training_pairs import TrainingPairs

ANIMALS = ("dog", "cat", "man", "woman")
FIRST = [f"the {ANIMALS[index % 4]} runs" for index in range(48)]
SECOND = [f"a {ANIMALS[index // 4 % 4]} runs" for index in range(48)]
GOLD = ["same" if index % 4 == index // 4 % 4 else "different" for index in range(48)]
QUICK = {"epochs": 2, "batch_size": 16}


@pytest.fixture
def model(tiny_preset: Path) -> samesay.PairModel:
    return samesay.PairModel.from_preset(tiny_preset, ["different", "same"])


def test_they_are_used_and_recorded_in_the_saved_model(model: samesay.PairModel, tmp_path: Path) -> None:
    schedule = keras.optimizers.schedules.CosineDecay(0.05, 6)
    focal = keras.losses.CategoricalFocalCrossentropy(from_logits=True)

    def focal_of_indices(gold: Any, logits: Any) -> Any:
        return focal(keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(gold, (-1,)), "int32"), 2), logits)

    heard: list[dict[str, float]] = []
    run = model.fit(
        (FIRST, SECOND),
        GOLD,
        validation=((FIRST[:8], SECOND[:8]), GOLD[:8]),
        optimizer=keras.optimizers.SGD(schedule, momentum=0.9),
        loss=lambda gold, logits: focal(
            keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(gold, (-1,)), "int32"), 2), logits
        ),
        metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2, name="both")],
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: heard.append(dict(logs)))],
        **QUICK,
    )
    assert isinstance(model.classifier.optimizer, keras.optimizers.SGD)
    assert int(model.classifier.optimizer.iterations) == 6
    assert [entry["both"] for entry in run.history] == [1.0, 1.0], (
        "of two labels one is always among the best two"
    )
    assert [one["val_accuracy"] for one in heard] == [one["validation_accuracy"] for one in run.history]
    # At these odds the focal loss is about a quarter of (1 - p)^2 of the cross-entropy, 0.69 in the beginning.
    assert run.history[0]["loss"] < 0.3
    recipe = inspect_model(model.save(tmp_path / "model"))["recipe"]
    assert recipe["optimizer"].endswith(".SGD")
    assert recipe["learning_rate"] is None
    assert "SparseTopKCategoricalAccuracy" in recipe["metrics"]


class StopAtOnce(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.model.stop_training = (logs or {})["val_loss"] > 0


def test_a_callback_can_stop_the_run(model: samesay.PairModel) -> None:
    some = ((FIRST[:8], SECOND[:8]), GOLD[:8])
    run = model.fit((FIRST, SECOND), GOLD, validation=some, callbacks=[StopAtOnce()], epochs=5)
    assert len(run.history) == 1
    assert not run.interrupted
    again = model.fit((FIRST, SECOND), GOLD, epochs=2)
    assert len(again.history) == 2, "an earlier stop does not stop the next run"


def test_a_checkpoint_belongs_to_its_optimizer_and_callbacks_begin_anew(
    model: samesay.PairModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def run(rate: float) -> list[np.ndarray]:
        model.fit(
            (FIRST, SECOND),
            GOLD,
            optimizer=keras.optimizers.Lion(rate),
            callbacks=[keras.callbacks.Callback()],
            checkpoints=tmp_path,
            checkpoint_every=0,
            **QUICK,
        )
        return [np.array(value) for value in model.classifier.trainable_variables]

    finished = run(1e-3)
    with caplog.at_level(logging.WARNING, logger="samesay"):
        again = run(1e-3)
    assert all(np.array_equal(one, two) for one, two in zip(finished, again, strict=True))
    assert "callbacks start over" in caplog.text
    with pytest.raises(UsageError, match=r"another run: custom_objects\.optimizer differ") as caught:
        run(2e-3)
    assert "Lion" in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"optimizer": keras.losses.Hinge()}, "optimizer"),
        ({"optimizer": "lion"}, "optimizer"),
        ({"loss": "sparse_categorical_crossentropy"}, "loss"),
        ({"callbacks": [print]}, "callbacks"),
    ],
)
def test_what_keras_would_misread_is_refused_before_training(
    model: samesay.PairModel, wrong: dict[str, object], where: str
) -> None:
    before = json.dumps([float(np.sum(np.array(value))) for value in model.classifier.trainable_variables])
    with pytest.raises(UsageError) as caught:
        model.fit((FIRST, SECOND), GOLD, **wrong, **QUICK)
    assert caught.value.where == where
    assert caught.value.expected
    after = json.dumps([float(np.sum(np.array(value))) for value in model.classifier.trainable_variables])
    assert after == before


IDLE = {
    "optimizer": {
        "optimizer": "adam",
        "learning_rate": 1e-2,
        "schedule": "constant",
        "warmup": 0.5,
        "weight_decay": 0.5,
        "clip_norm": 1e-3,
        "accumulate": 2,
        "layer_decay": 0.5,
    },
    "loss": {"label_smoothing": 0.5, "class_weights": {"same": 9.0}},
}


def own(part: str) -> Any:
    if part == "optimizer":
        return keras.optimizers.SGD(0.05)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize("part", IDLE)
def test_what_a_part_of_ones_own_makes_void_has_no_effect_and_is_refused(
    tiny_preset: Path, model: samesay.PairModel, part: str
) -> None:
    weights = []
    for settings in ({}, IDLE[part]):
        classifier = open_model(tiny_preset, LabelSet(("different", "same"))).classifier
        encoded = classifier.encoder.encode(FIRST, SECOND)
        gold = np.array([("different", "same").index(name) for name in GOLD], np.int32)
        recipe = Recipe(**{"learning_rate": 1e-4, **QUICK, **settings})
        fit(classifier, TrainingPairs(encoded, gold), recipe, custom=CustomObjects.of(**{part: own(part)}))
        weights.append([np.array(value) for value in classifier.trainable_variables])
    assert all(np.array_equal(one, two) for one, two in zip(*weights, strict=True))
    assert set(IDLE[part]) == set(CustomObjects.of(**{part: own(part)}).replaced())
    for name, value in IDLE[part].items():
        with pytest.raises(UsageError, match="has no effect beside keras") as caught:
            model.fit((FIRST, SECOND), GOLD, recipe={name: value}, **{part: own(part)}, **QUICK)
        assert caught.value.where == name
        assert caught.value.expected == f"{name} left out, or the recipe's own {part}"


@pytest.mark.parametrize("setting", [{"teacher_weight": 0.9}, {"teacher_temperature": 4.0}])
def test_settings_of_a_teacher_are_refused_without_one(
    model: samesay.PairModel, setting: dict[str, float]
) -> None:
    for loss in (None, own("loss")):
        with pytest.raises(UsageError, match="has no effect without a teacher") as caught:
            model.fit((FIRST, SECOND), GOLD, loss=loss, **setting, **QUICK)
        assert caught.value.where == next(iter(setting))
