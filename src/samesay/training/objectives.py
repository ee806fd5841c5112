"""What a run optimises and by which figure it chooses: classes by cross-entropy, or grades on a scale."""

from __future__ import annotations

from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.evaluation.grade_metrics import pearson, spearman
from samesay.evaluation.metrics import accuracy, confusion_matrix, log_loss
from samesay.model.classifier import PairClassifier, grade_loss, pair_loss
from samesay.scoring import sigmoid, softmax
from samesay.training.recipe import GradeLoss, Recipe

CHOSEN_BY = ("validation_spearman", "validation_accuracy")
"""The figure of an epoch that decides which one is best: the first of these that it has."""


class Objective(Protocol):
    """Loss, metrics of training steps, and figures of the validation pairs."""

    metrics: list[str]

    def loss(self) -> keras.losses.Loss:
        """The Keras loss of logits against targets."""
        ...

    def figures(self, logits: NDArray[np.float32], targets: NDArray[Any]) -> dict[str, float]:
        """``validation_loss`` and what the best epoch is chosen by."""
        ...


class Classification:
    """Names of classes: softmax cross-entropy, chosen by accuracy."""

    metrics = ["accuracy"]  # noqa: RUF012 - never changed

    def loss(self) -> keras.losses.Loss:
        """Cross-entropy of logits ``(batch, n_labels)`` against label indices."""
        return pair_loss()

    def figures(self, logits: NDArray[np.float32], targets: NDArray[Any]) -> dict[str, float]:
        """Log loss and accuracy."""
        rows = softmax(logits)
        counts = confusion_matrix(targets, rows.argmax(axis=1), rows.shape[1])
        return {
            "validation_loss": log_loss(targets, rows) or 0.0,
            "validation_accuracy": accuracy(counts) or 0.0,
        }


class Similarity:
    """Grades: cross-entropy or squared error of the share of the scale, chosen by Spearman's correlation.

    Args:
        loss: Which of the two.
    """

    metrics: list[str] = []  # noqa: RUF012 - never changed

    def __init__(self, loss: GradeLoss) -> None:
        self._loss: GradeLoss = loss

    def loss(self) -> keras.losses.Loss:
        """The loss of logits ``(batch, 1)`` against shares of the scale."""
        return grade_loss(self._loss)

    def figures(self, logits: NDArray[np.float32], targets: NDArray[Any]) -> dict[str, float]:
        """The loss, Spearman's and Pearson's correlation; one answer for all pairs ranks nothing and counts as 0."""
        logit = logits[:, 0].astype(np.float64)
        shares = sigmoid(logits[:, 0])
        losses = (
            (shares - targets) ** 2 if self._loss == "mse" else np.logaddexp(0.0, logit) - targets * logit
        )
        return {
            "validation_loss": float(np.mean(losses)),
            "validation_spearman": spearman(targets, shares) or 0.0,
            "validation_pearson": pearson(targets, shares) or 0.0,
        }


def objective_of(classifier: PairClassifier, recipe: Recipe) -> Objective:
    """What ``classifier`` is trained for by ``recipe``."""
    return Classification() if classifier.scale is None else Similarity(recipe.loss or "bce")
