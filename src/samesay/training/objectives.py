"""What a run optimises, and by which metric its best weights are chosen: for labels, and for similarity scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.decision import sigmoid, softmax
from samesay.errors import UsageError
from samesay.evaluation.metrics import (
    accuracy,
    class_scores,
    confusion_matrix,
    log_loss,
    macro_f1,
    pearson,
    spearman,
)
from samesay.model.classifier import PairClassifier, WeightedCrossEntropy, pair_loss, similarity_loss
from samesay.pairs import LabelSet
from samesay.training.distillation import Taught, TaughtCrossEntropy, TaughtShareLoss, right_answers
from samesay.training.recipe import Recipe, SimilarityLoss


class Objective(Protocol):
    """Loss, metrics of training steps, and metrics of the validation pairs.

    Attributes:
        metrics: What Keras measures of training steps.
        monitor: The validation metric that chooses the best weights, ``loss`` the lowest, others the highest.
    """

    metrics: list[str]
    monitor: str

    def loss(self) -> keras.losses.Loss:
        """The Keras loss of logits against targets."""
        ...

    def keras_metrics(self) -> list[Any]:
        """``metrics``, as Keras takes them."""
        ...

    def measured(self, logits: NDArray[np.float32], targets: NDArray[Any]) -> dict[str, float]:
        """``validation_loss`` and the other validation metrics."""
        ...


class Classification:
    """Labels: softmax cross-entropy, the best weights by accuracy unless the recipe monitors another metric.

    Args:
        labels: Their names.
        recipe: How to train.
        gold: Gold label indices of the training pairs, shape ``(n_pairs,)``, for balanced weights.
        taught: Whether a teacher's answers are learned as well.

    Raises:
        UsageError: If the recipe monitors what is not measured, or weighs what is no label.
    """

    metrics = ["accuracy"]  # noqa: RUF012 - never changed

    def __init__(
        self, labels: LabelSet, recipe: Recipe, gold: NDArray[np.int32], *, taught: bool = False
    ) -> None:
        self._labels = labels
        self._recipe = recipe
        self._weights = _class_weights(recipe, labels, gold)
        self._taught = taught
        self.monitor = _monitored(recipe, ("accuracy", "macro_f1", "loss"), labels)

    def loss(self) -> keras.losses.Loss:
        """Cross-entropy of logits ``(batch, n_labels)`` against label indices, with a teacher the mixture."""
        recipe = self._recipe
        if not (recipe.label_smoothing or self._weights or self._taught):
            return pair_loss()
        gold = WeightedCrossEntropy(recipe.label_smoothing, self._weights)
        if not self._taught:
            return gold
        return TaughtCrossEntropy(gold, recipe.teacher_weight, recipe.teacher_temperature)

    def keras_metrics(self) -> list[Any]:
        """The accuracy."""
        if self._taught:
            return [keras.metrics.MeanMetricWrapper(right_answers, name="accuracy")]
        return list(self.metrics)

    def measured(self, logits: NDArray[np.float32], targets: NDArray[Any]) -> dict[str, float]:
        """Log loss, accuracy and macro F1, and the one label's metric that is monitored."""
        rows = softmax(logits)
        counts = confusion_matrix(targets, rows.argmax(axis=1), rows.shape[1])
        found = {
            "validation_loss": log_loss(targets, rows) or 0.0,
            "validation_accuracy": accuracy(counts) or 0.0,
            "validation_macro_f1": macro_f1(counts) or 0.0,
        }
        kind, colon, label = self.monitor.partition(":")
        if colon:
            score = class_scores(counts)[self._labels.index(label)]
            found[f"validation_{self.monitor}"] = getattr(score, kind) or 0.0
        return found


class Similarity:
    """Scores: cross-entropy or squared error of the share of the scale, the best weights by Spearman's correlation.

    Args:
        recipe: How to train.
        taught: Whether a teacher's answers are learned as well.

    Raises:
        UsageError: If the recipe monitors what is not measured.
    """

    metrics: list[str] = []  # noqa: RUF012 - never changed

    def __init__(self, recipe: Recipe, *, taught: bool = False) -> None:
        self._loss: SimilarityLoss = recipe.loss or "bce"
        self._teacher_weight = recipe.teacher_weight if taught else None
        self.monitor = _monitored(recipe, ("spearman", "pearson", "loss"))

    def loss(self) -> keras.losses.Loss:
        """The loss of logits ``(batch, 1)`` against shares of the scale, with a teacher the mixture."""
        gold = similarity_loss(self._loss)
        return gold if self._teacher_weight is None else TaughtShareLoss(gold, self._teacher_weight)

    def keras_metrics(self) -> list[Any]:
        """None."""
        return []

    def measured(self, logits: NDArray[np.float32], targets: NDArray[Any]) -> dict[str, float]:
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


def objective_of(
    classifier: PairClassifier, recipe: Recipe, targets: NDArray[Any], taught: Taught | None = None
) -> Objective:
    """What ``classifier`` is trained for by ``recipe`` on pairs with ``targets``, and with a teacher's answers.

    Raises:
        UsageError: If the recipe asks for what such a model has not, or weighs labels that count for nothing.
    """
    for name in ("class_weights", "label_smoothing"):
        if taught is not None and recipe.teacher_weight == 1 and getattr(recipe, name):
            raise UsageError(
                f"{name} is of gold labels, and the teacher's answers are all that is learned.",
                where=name,
                expected="teacher_weight below 1 and pairs with labels, or none of this",
            )
    if classifier.scale is not None:
        return Similarity(recipe, taught=taught is not None)
    gold = targets if taught is None else targets[taught.labelled]
    return Classification(classifier.labels, recipe, gold, taught=taught is not None)


def best_of(history: Sequence[Mapping[str, Any]], monitor: str) -> int:
    """The index of the entry with the best validation metric, of equals the lower loss; without any the last."""
    name = f"validation_{monitor}"
    if name not in history[-1]:
        return len(history) - 1
    sign = -1 if monitor == "loss" else 1
    return max(
        range(len(history)), key=lambda at: (sign * history[at][name], -history[at]["validation_loss"])
    )


def _monitored(recipe: Recipe, metrics: tuple[str, ...], labels: LabelSet | None = None) -> str:
    """The metric that the recipe monitors, the first of ``metrics`` if it names none."""
    name = recipe.monitor or metrics[0]
    kind, colon, label = name.partition(":")
    of_label = labels is not None and kind in ("precision", "recall", "f1") and label in labels.names
    if name not in metrics and not (colon and of_label):
        also = f", or recall:LABEL, precision:LABEL, f1:LABEL of {', '.join(labels)}" if labels else ""
        raise UsageError(
            f"monitor cannot be {name!r}.", where="monitor", expected=f"{', '.join(metrics)}{also}"
        )
    return name


def _class_weights(recipe: Recipe, labels: LabelSet, targets: NDArray[np.int32]) -> list[float] | None:
    """One weight for each label, or nothing where all weigh the same."""
    given = recipe.class_weights
    if given is None:
        return None
    if isinstance(given, dict):
        strange = [name for name in given if name not in labels.names]
        if strange:
            raise UsageError(
                f"class_weights names {', '.join(strange)}, which is no label.",
                where="class_weights",
                expected=f"weights for {', '.join(labels)}",
            )
        return [float(given.get(name, 1.0)) for name in labels]
    counts = np.bincount(targets, minlength=len(labels))
    # A label without pairs has no loss to weigh. King & Zeng 2001, "Logistic Regression in Rare Events Data".
    return [len(targets) / (np.count_nonzero(counts) * count) if count else 1.0 for count in counts.tolist()]
