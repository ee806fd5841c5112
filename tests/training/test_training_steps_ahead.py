"""Steps are begun before the figures of those before are read, and nobody notices but the clock."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from samesay.model.opening import open_model
from samesay.pairs import LabelSet
from samesay.training import Recipe
from samesay.training.custom_objects import CustomObjects
from samesay.training.fit import FitResult, fit
from samesay.training.jax_step.steps_ahead import MOST_AHEAD, StepsAhead
from samesay.training.training_pairs import TrainingPairs


class Figure:
    """A loss that knows whether it was waited for."""

    def __init__(self, waited_for: list[int], at: int) -> None:
        self.waited_for, self.at = waited_for, at

    def __float__(self) -> float:
        self.waited_for.append(self.at)
        return 0.5


class Course(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.heard.append(logs)


def model() -> keras.Model:
    return keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])


def test_no_figure_is_waited_for_until_so_many_steps_are_begun() -> None:
    waited_for: list[int] = []
    course = Course()
    quiet = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    callbacks = StepsAhead(course, [quiet], model=model(), epochs=1, steps=9)
    for step in range(9):
        callbacks.on_train_batch_end(step, {"loss": Figure(waited_for, step)})
        assert waited_for == list(range(step + 1 - MOST_AHEAD)), "the oldest, when there are too many"
    assert len(course.heard) == 9


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_batch_end"])
def test_a_callback_that_looks_at_batches_is_served_as_keras_does(hook: str) -> None:
    waited_for: list[int] = []
    heard: list[dict] = []

    class Looking(keras.callbacks.Callback):
        pass

    setattr(Looking, hook, lambda self, batch, logs=None: heard.append(logs))
    callbacks = StepsAhead(Course(), [Looking()], model=model(), epochs=1, steps=2)
    for step in range(2):
        callbacks.on_train_batch_end(step, {"loss": Figure(waited_for, step)})
    assert heard == [{"loss": 0.5}, {"loss": 0.5}]
    assert waited_for == [0, 1]


def test_a_run_that_reads_every_figure_ends_with_the_same_bits(tiny_preset: Path) -> None:
    def run(*callbacks: keras.callbacks.Callback) -> tuple[FitResult, list[np.ndarray]]:
        classifier = open_model(tiny_preset, LabelSet(("different", "same"))).classifier
        encoded = classifier.encoder.encode(["a dog runs", "the cat runs"] * 40, ["a dog sleeps"] * 80)
        targets = np.tile(np.arange(2, dtype=np.int32), 40)
        recipe = Recipe(epochs=2, batch_size=8, learning_rate=1e-3)
        own = CustomObjects.of(callbacks=list(callbacks))
        result = fit(classifier, TrainingPairs(encoded, targets), recipe, custom=own)
        return result, [np.asarray(one) for one in classifier.trainable_variables]

    losses: list[float] = []
    looking = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
    )
    (unread, ours), (read, theirs) = run(), run(looking)
    assert len(losses) == read.steps == 20
    assert all(isinstance(one, float) for one in losses)
    assert [entry["loss"] for entry in unread.history] == [entry["loss"] for entry in read.history]
    assert losses[-1] == read.history[-1]["loss"], "Keras' loss is the mean of the epoch so far"
    assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))
