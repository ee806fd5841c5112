"""The Keras model that SameSay trains and saves to ``.keras``: a KerasHub task that keeps its optimizer and labels.

A KerasHub task loaded from ``.keras`` comes back with a fresh default optimizer, since it overrides ``compile``.
``PairClassifier`` is the functional model around the same layers: Keras restores its optimizer, step count and
schedule. It takes raw text pairs wherever Keras takes arrays, and knows its labels by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.data import PairTable
from samesay.data.python.inputs import texts_from
from samesay.encoding import (
    PREDICTION_HEIGHT,
    Batch,
    EncodedPairs,
    PairEncoder,
    plan_prediction,
    plan_training,
)
from samesay.errors import UsageError
from samesay.model.backbones.families import register_own_classes
from samesay.model.batches import PairBatches
from samesay.model.encoders import PreprocessorEncoder, encoder_of
from samesay.pairs import Answers, LabelSet, Pair, Scale, Sides


@keras.saving.register_keras_serializable(package="samesay")
class PairClassifier(keras.Model):
    """A pair classifier over token ids, that also takes pairs of raw texts.

    ``model.evaluate((first_texts, second_texts), labels)``, ``predict`` and ``fit`` take pairs in every form of
    ``PairTable.from_inputs`` but generators and datasets, which Keras takes for batches, and tokenize by the
    one path that training and scoring use; ``labels`` are names or indices. With a scale instead of names it has one
    output, the logit of a score's share of the scale, and ``labels`` are scores.

    Args:
        task: A KerasHub text classifier whose output is logits; its layers are shared, not copied.
        labels: The names of the classes, in the order of the outputs; none for scores.
        sides: What the first and second text are called.
        name: The Keras name.
        scale: The lowest and the highest score, for a similarity model; then its activation, if that is no sigmoid.
    """

    def __init__(
        self,
        task: Any,
        labels: Sequence[str],
        sides: Sequence[str] = ("first", "second"),
        name: str | None = None,
        scale: Sequence[Any] | None = None,
    ) -> None:
        super().__init__(inputs=task.input, outputs=task.output, name=name or "pair_classifier")
        # Past Keras' attribute tracking: the task's layers are this model's own already.
        object.__setattr__(self, "task", task)
        self.label_names = list(labels)
        self.side_names = list(sides)
        self.scale_ends = None if scale is None else list(scale)

    def __setattr__(self, name: str, value: Any) -> None:
        # Keras sets this after every step of `fit`, and would look through all its arrays for layers: 1 ms a step.
        if name == "_jax_state":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def labels(self) -> LabelSet:
        """The names of the classes, in the order of the outputs."""
        return LabelSet(tuple(self.label_names))

    @property
    def scale(self) -> Scale | None:
        """The lowest and the highest score; None for a model of classes."""
        return None if self.scale_ends is None else Scale(*self.scale_ends)

    @property
    def answers(self) -> Answers:
        """What it answers with: the names of its classes, or the scale of its scores."""
        return self.scale or self.labels

    @property
    def sides(self) -> Sides:
        """What the first and the second text are called."""
        return Sides(*self.side_names)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the encoder reads of a batch: ``segment_ids`` is not among it for every family."""
        return tuple(self.input)

    @property
    def encoder(self) -> PairEncoder | PreprocessorEncoder:
        """The twin of the task's preprocessor, or that itself where it is the user's own."""
        kept = self.__dict__.get("_encoder")
        if kept is None or kept.max_length != self.task.preprocessor.sequence_length:
            kept = encoder_of(self.task)
            object.__setattr__(self, "_encoder", kept)
        return kept

    def logits(self, encoded: EncodedPairs) -> NDArray[np.float32]:
        """Raw outputs, shape ``(n_pairs, n_labels)``, ``(n_pairs, 1)`` for scores, rows in the order of ``encoded``."""
        n_labels = len(self.answers.outputs)
        if len(encoded) == 0:
            return np.zeros((0, n_labels), np.float32)
        batches = plan_prediction(encoded.lengths, self.encoder.max_length)
        data = PairBatches(
            encoded,
            batches,
            height=PREDICTION_HEIGHT,
            pad_id=self.encoder.pad_id,
            inputs=self.input_names,
        )
        padded = np.asarray(super().predict(data, verbose=0), np.float32)
        padded = padded.reshape(
            len(data.batches), PREDICTION_HEIGHT, n_labels
        )  # (n_batches, height, n_labels)
        outputs = np.empty((len(encoded), n_labels), np.float32)
        for batch, rows in zip(data.batches, padded, strict=True):
            outputs[batch.rows] = rows[: len(batch.rows)]
        return outputs

    def predict(self, x: Any = None, **settings: Any) -> Any:
        """Logits, shape ``(n_pairs, n_labels)``; ``x`` is pairs, or what Keras takes."""
        if _is_tensors(x, self.input_names):
            return super().predict(x, **settings)
        return self.logits(self.encoder.encode(*texts_from(x, sides=self.sides)))

    def evaluate(self, x: Any = None, y: Any = None, **settings: Any) -> Any:
        """Loss and metrics; ``x`` is pairs with ``y`` names or indices, or what Keras takes."""
        if _is_tensors(x, self.input_names):
            return super().evaluate(x, y, **settings)
        return super().evaluate(self._batches(x, y, settings.pop("batch_size", None)), **settings)

    def fit(self, x: Any = None, y: Any = None, **settings: Any) -> Any:
        """Keras' ``fit``; ``x`` and ``validation_data`` are pairs with names or indices, or what Keras takes.

        Pairs are in another order each epoch, and with ``shuffle=False`` in one order by their lengths.
        """
        if _is_tensors(x, self.input_names):
            return super().fit(x, y, **settings)
        height = settings.pop("batch_size", None) or PREDICTION_HEIGHT
        if settings.pop("shuffle", True):
            encoded, targets = self._examples(x, y)

            def plan(epoch: int) -> list[Batch]:
                limit = self.encoder.max_length
                return plan_training(encoded.lengths, height, seed=0, epoch=epoch, max_length=limit)

            def next_plan(epoch: int, logs: Any = None) -> None:
                data.batches = plan(epoch)

            data = PairBatches(
                encoded,
                plan(settings.get("initial_epoch", 0)),
                height=height,
                pad_id=self.encoder.pad_id,
                targets=targets,
                inputs=self.input_names,
            )
            others = settings.pop("callbacks", None) or ()
            settings["callbacks"] = [keras.callbacks.LambdaCallback(on_epoch_begin=next_plan), *others]
        else:
            data = self._batches(x, y, height)
        held_out = settings.get("validation_data")
        if isinstance(held_out, (tuple, list)) and not _is_tensors(held_out[0], self.input_names):
            held_height = settings.get("validation_batch_size")
            settings["validation_data"] = self._batches(held_out[0], held_out[1], held_height)
        return super().fit(data, shuffle=False, **settings)

    def _batches(self, x: Any, y: Any, height: int | None) -> PairBatches:
        """Batches of pairs by their lengths, ``height`` rows each at most."""
        encoded, targets = self._examples(x, y)
        return PairBatches(
            encoded,
            plan_prediction(encoded.lengths, self.encoder.max_length, height=height or PREDICTION_HEIGHT),
            # Keras weighs a batch's loss by its rows, also those that only fill it up: here none may.
            height=None,
            pad_id=self.encoder.pad_id,
            targets=targets,
            inputs=self.input_names,
        )

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the model: the task, the label names, the sides."""
        task = keras.saving.serialize_keras_object(self.task)
        # The task's own compilation is not this model's, and Keras would warn that it cannot restore it.
        task.pop("compile_config", None)
        return {
            "task": task,
            "labels": self.label_names,
            "sides": self.side_names,
            "name": self.name,
            "scale": self.scale_ends,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> PairClassifier:
        """Rebuild from ``get_config``; weights and vocabulary come from the archive."""
        register_own_classes()
        task = keras.saving.deserialize_keras_object(config["task"], custom_objects=custom_objects)
        return cls(task, config["labels"], config["sides"], name=config["name"], scale=config.get("scale"))

    def _examples(self, x: Any, y: Any) -> tuple[EncodedPairs, NDArray[Any]]:
        """Pairs with their labels as indices, or their scores as shares of the scale; every pair has one."""
        scale = self.scale
        table = PairTable.from_inputs(
            x,
            y,
            labels=None if scale else self.labels,
            scale=scale,
            sides=self.sides,
            need_labels=True,
            allow_empty_sides=True,
        ).with_answers(self.answers)
        dropped = table.origin.rows_dropped
        if dropped:
            raise UsageError(
                f"Of {table.origin.rows_read:,} pairs {sum(dropped.values()):,} have no gold answer: "
                f"{', '.join(dropped)}.",
                where="y",
                expected={"classification": "one label a pair", "similarity": "one score a pair"}[
                    self.answers.task
                ],
                hint="drop rows without a gold answer first",
            )
        return self.encoder.encode(table.first, table.second), self.answers.to_targets(table.require_gold())


def pair_loss() -> keras.losses.Loss:
    """Cross-entropy of logits against label indices, the mean over the rows that weigh something.

    Keras' usual mean divides by all rows of a batch, also those that only fill it up.
    """
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")


@keras.saving.register_keras_serializable(package="samesay")
class WeightedCrossEntropy(keras.losses.Loss):
    """Cross-entropy of logits against label indices, with smoothed labels and a weight a class.

    A weight multiplies its pairs' losses and is not divided out again, as Keras' ``class_weight`` has it; it is in the
    loss and not in the batches, so that the accuracy stays the share of right answers.

    Args:
        label_smoothing: The share of each gold label that is spread over all.
        class_weights: One for each label; all 1 where absent.
        name: The Keras name.
        reduction: As Keras has it.
        **settings: As Keras has them.
    """

    def __init__(
        self,
        label_smoothing: float = 0.0,
        class_weights: Sequence[float] | None = None,
        name: str = "weighted_cross_entropy",
        reduction: str = "mean_with_sample_weight",
        **settings: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **settings)
        self.label_smoothing = label_smoothing
        self.class_weights = None if class_weights is None else list(class_weights)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses, shape ``(batch,)``, of logits ``(batch, n_labels)`` against indices ``(batch,)``."""
        gold: Any = keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32")
        losses = keras.losses.categorical_crossentropy(
            keras.ops.one_hot(gold, y_pred.shape[-1]),
            y_pred,
            from_logits=True,
            label_smoothing=self.label_smoothing,
        )
        if self.class_weights is None:
            return losses
        return keras.ops.multiply(
            losses, keras.ops.take(keras.ops.array(self.class_weights, "float32"), gold)
        )

    def get_config(self) -> dict[str, Any]:
        """The settings."""
        own = {"label_smoothing": self.label_smoothing, "class_weights": self.class_weights}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="samesay")
class ShareSquaredError(keras.losses.Loss):
    """Mean squared error between a gold share of the scale and the share that a logit stands for.

    It is taken of the sigmoid, as scores are: what is optimised is what is answered, and no answer leaves the scale.
    """

    def __init__(
        self, name: str = "share_squared_error", reduction: str = "mean_with_sample_weight", **settings: Any
    ) -> None:
        super().__init__(name=name, reduction=reduction, **settings)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Squared errors, shape ``(batch,)``, of logits ``(batch, 1)`` against shares ``(batch,)``."""
        shares = keras.ops.sigmoid(keras.ops.reshape(y_pred, (-1,)))
        return keras.ops.square(keras.ops.subtract(shares, keras.ops.reshape(y_true, (-1,))))


def similarity_loss(name: str) -> keras.losses.Loss:
    """``bce``, cross-entropy of the logit against the score's share of the scale, or ``mse`` of that share."""
    if name == "mse":
        return ShareSquaredError()
    return keras.losses.BinaryCrossentropy(from_logits=True, reduction="mean_with_sample_weight")


def _is_tensors(x: Any, input_names: Sequence[str]) -> bool:
    """Whether ``x`` is what Keras takes, arrays of tokens or what gives them, and not pairs of texts."""
    if isinstance(x, Mapping):
        return set(input_names) <= set(x)
    leaf = x
    while isinstance(leaf, (tuple, list)) and leaf:
        leaf = leaf[0]
    if hasattr(leaf, "__array__"):
        return np.asarray(leaf).dtype.kind not in "OSUV"
    gives_batches = isinstance(x, (keras.utils.PyDataset, Iterable)) and not isinstance(x, (tuple, list, Set))
    return gives_batches and not isinstance(x, (PairTable, Pair, str, bytes)) and not hasattr(x, "columns")
