"""Learning from another model's answers beside, or instead of, gold labels.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network" (arXiv 1503.02531). Knows no teacher, only what it
said: the logits of every pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from samesay.model.classifier import PairClassifier, WeightedCrossEntropy
from samesay.training.objectives import Classification
from samesay.training.recipe import Recipe


@dataclass(frozen=True)
class Taught:
    """What a teacher says of training pairs.

    Attributes:
        logits: Shape ``(n_pairs, n_labels)``, float32, columns in the order of the student's labels.
        labelled: Shape ``(n_pairs,)``, bool: which pairs have a gold label, too.
    """

    logits: NDArray[np.float32]
    labelled: NDArray[np.bool_]

    def beside(self, labels: NDArray[np.int32]) -> NDArray[np.float32]:
        """Targets of :class:`TaughtCrossEntropy`, shape ``(n_pairs, 2 + n_labels)``: label, whether gold, logits."""
        return np.column_stack([labels, self.labelled, self.logits]).astype(np.float32)


class TaughtCrossEntropy(keras.losses.Loss):
    """Cross-entropy with the gold label, and with the teacher's distribution where both are softened.

    The second is multiplied by the temperature's square, so that its gradients stay as large as at 1 (Hinton et al.
    2015, section 2.1). Of a pair without gold label the second part counts alone, and wholly.

    Args:
        gold: The loss of gold labels.
        weight: The share of the teacher's part in the loss of a labelled pair, in [0, 1].
        temperature: What the logits of both are divided by in the teacher's part.
    """

    def __init__(self, gold: WeightedCrossEntropy, weight: float, temperature: float) -> None:
        super().__init__(name="taught_cross_entropy", reduction="mean_with_sample_weight")
        self._gold = gold
        self._weight = weight
        self._temperature = temperature

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses, shape ``(batch,)``, of logits ``(batch, n_labels)`` against targets of :class:`Taught`."""
        shares = ops.softmax(y_true[:, 2:] / self._temperature)
        softened: Any = keras.losses.categorical_crossentropy(
            shares, y_pred / self._temperature, from_logits=True
        )
        taught = self._temperature**2 * softened
        weight = 1 - (1 - self._weight) * y_true[:, 1]
        return (1 - weight) * self._gold.call(y_true[:, 0], y_pred) + weight * taught


class TaughtClassification(Classification):
    """Names of classes, learned from a teacher, too; measured on gold labels of validation as ever."""

    def __init__(
        self, classifier: PairClassifier, recipe: Recipe, labels: NDArray[np.int32], taught: Taught
    ) -> None:
        super().__init__(classifier.labels, recipe, labels[taught.labelled])
        self._recipe = recipe

    def loss(self) -> keras.losses.Loss:
        """The mixture that the recipe names."""
        return TaughtCrossEntropy(
            WeightedCrossEntropy(self._smoothing, self._weights),
            self._recipe.teacher_weight,
            self._recipe.teacher_temperature,
        )

    def keras_metrics(self) -> list[Any]:
        """The share of pairs that get their gold label or, without one, the teacher's."""
        return [keras.metrics.MeanMetricWrapper(_right, name="accuracy")]


def _right(y_true: Any, y_pred: Any) -> Any:
    right = ops.equal(ops.cast(y_true[:, 0], "int32"), ops.cast(ops.argmax(y_pred, axis=-1), "int32"))
    return ops.cast(right, "float32")
