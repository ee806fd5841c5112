"""Learning from another model's answers beside, or instead of, gold labels.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network" (arXiv 1503.02531). Knows no teacher, only what it
said: the logits of every pair.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from samesay.model.classifier import WeightedCrossEntropy


@dataclass(frozen=True)
class Taught:
    """What a teacher says of training pairs.

    Attributes:
        logits: Shape ``(n_pairs, n_labels)``, float32, columns in the order of the student's labels; one for scores.
        labelled: Shape ``(n_pairs,)``, bool: which pairs have a gold answer, too.
    """

    logits: NDArray[np.float32]
    labelled: NDArray[np.bool_]

    def beside(self, targets: NDArray[Any]) -> NDArray[np.float32]:
        """Targets of the losses below, shape ``(n_pairs, 2 + n_labels)``: label or share, whether gold, logits."""
        return np.column_stack([targets, self.labelled, self.logits]).astype(np.float32)

    def fingerprint(self) -> str:
        """SHA-256 over all of it, in order."""
        return hashlib.sha256(self.logits.tobytes() + self.labelled.tobytes()).hexdigest()


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
        return _mixed(self._gold.call(y_true[:, 0], y_pred), taught, y_true[:, 1], self._weight)


class TaughtShareLoss(keras.losses.Loss):
    """A loss of scores against the gold share of the scale, and against the share that the teacher gave.

    A share is between the ends of the scale already: there is nothing to soften, and no temperature.

    Args:
        gold: The loss of shares, ``(batch, 1)`` each.
        weight: The share of the teacher's part in the loss of a pair with a score, in [0, 1].
    """

    def __init__(self, gold: keras.losses.Loss, weight: float) -> None:
        super().__init__(name="taught_share_loss", reduction="mean_with_sample_weight")
        self._gold = gold
        self._weight = weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses, shape ``(batch,)``, of logits ``(batch, 1)`` against targets of :class:`Taught`."""
        gold = self._gold.call(y_true[:, :1], y_pred)
        taught = self._gold.call(ops.sigmoid(y_true[:, 2:]), y_pred)
        return _mixed(gold, taught, y_true[:, 1], self._weight)


def _mixed(gold: Any, taught: Any, labelled: Any, weight: float) -> Any:
    """Both parts of the loss; of a pair without gold answer the teacher's alone, and wholly."""
    share = 1 - (1 - weight) * labelled
    return (1 - share) * gold + share * taught


def right_answers(y_true: Any, y_pred: Any) -> Any:
    """1 for each pair that gets its gold label or, without one, the teacher's; shape ``(batch,)``."""
    right = ops.equal(ops.cast(y_true[:, 0], "int32"), ops.cast(ops.argmax(y_pred, axis=-1), "int32"))
    return ops.cast(right, "float32")
