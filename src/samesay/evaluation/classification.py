"""Measuring a classifier: a ``Predictor`` and a table of labelled pairs in, one ``ClassificationEvaluation`` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from samesay.decision import Decisions, decisions_of
from samesay.errors import LabelMissing
from samesay.evaluation import metrics
from samesay.evaluation.answering import ask
from samesay.evaluation.evaluation import Constant, Evaluation, common_fields, require_pairs
from samesay.evaluation.intervals import RESAMPLES, Interval, metric_intervals
from samesay.evaluation.metrics import ClassScore
from samesay.pairs import Predictor, ProgressListener, Task, labels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable


@dataclass(frozen=True, kw_only=True)
class ClassificationEvaluation(Evaluation):
    """How well a predictor labels a table of pairs.

    Attributes:
        metrics: ``accuracy`` and ``macro_f1`` in [0, 1] and ``loss`` (log loss in nats, see ``metrics.log_loss``).
        labels: The predictor's label names, in its order; rows and columns of ``confusion``.
        per_class: One score for each label, in the order of ``labels``.
        confusion: Pairs of the row's true label that were answered with the column's.
        label_counts: How often each label is the right one.
        predicted_counts: How often each label is the answer.
        majority_label: The most frequent label of these pairs, the first one where two are equal.
        majority_accuracy: What always answering ``majority_label`` would have scored here, in [0, 1].
        probabilities: The answers themselves, shape ``(n_pairs, n_labels)``, in the order of the table.
        label_ids: The right answers as indices into ``labels``, shape ``(n_pairs,)``.
        decisions: The labels given and where the predictor abstains, by its own decision policy.
    """

    task: ClassVar[Task] = "classification"

    labels: tuple[str, ...]
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    label_counts: dict[str, int]
    predicted_counts: dict[str, int]
    majority_label: str
    majority_accuracy: float
    probabilities: NDArray[np.float64] = field(repr=False, compare=False)
    label_ids: NDArray[np.int32] = field(repr=False, compare=False)
    decisions: Decisions = field(repr=False, compare=False)

    @property
    def predicted_ids(self) -> NDArray[np.int64]:
        """The answers as indices into ``labels``, shape ``(n_pairs,)``."""
        return self.decisions.label_ids

    @property
    def abstention(self) -> dict[str, Any] | None:
        """How many answers the predictor does not stand by, and the accuracy of the others; None where it always does.

        ``metrics`` count every answer, these too.
        """
        abstained = self.decisions.abstained
        if not abstained.any():
            return None
        answered = ~abstained
        right = self.predicted_ids[answered] == self.label_ids[answered]
        return {
            "abstained": int(abstained.sum()),
            "coverage": float(answered.mean()),
            "accuracy_of_answered": float(right.mean()) if len(right) else None,
        }

    @property
    def constant(self) -> Constant:
        """The most frequent label of these pairs."""
        return Constant("majority", self.majority_label, {"accuracy": self.majority_accuracy})

    def intervals(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval | None]:
        """95 % intervals of ``metrics``, see ``intervals.metric_intervals``."""
        return metric_intervals(
            self.probabilities, self.label_ids, self.predicted_ids, resamples=resamples, seed=seed
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            **super().to_dict(),
            "labels": list(self.labels),
            "per_class": {
                name: score.to_dict() for name, score in zip(self.labels, self.per_class, strict=True)
            },
            "confusion": {
                "rows": "true label",
                "columns": "answer",
                "counts": [list(row) for row in self.confusion],
            },
            "label_counts": dict(self.label_counts),
            "predicted_counts": dict(self.predicted_counts),
            "abstention": self.abstention,
            "majority": {"label": self.majority_label, "accuracy": self.majority_accuracy},
        }


def evaluate_classifier(
    predictor: Predictor, table: PairTable, *, progress: ProgressListener | None = None
) -> ClassificationEvaluation:
    """Measure ``predictor`` on ``table``; see ``samesay.evaluation.evaluate``."""
    if table.labels is None:
        raise LabelMissing(
            f"The pairs of {table.origin} carry no labels, so no answer can be called right or wrong.",
            where=str(table.origin),
            expected="a label for every pair, in a column that goes by its name or is named: --columns label=NAME",
        )
    require_pairs(table)
    labels = labels_of(predictor.answers)
    table = table.with_answers(labels).with_sides(predictor.sides)
    truth, right = table.require_gold(), 0

    def accuracy_so_far(start: int, rows: NDArray[np.float64]) -> dict[str, float]:
        nonlocal right
        done = start + len(rows)
        right += int((decisions_of(predictor, rows).label_ids == truth[start:done]).sum())
        return {"accuracy": round(right / done, 4)}

    answers = ask(predictor, table.chunks(), len(table), facts=accuracy_so_far, progress=progress)
    decisions = decisions_of(predictor, answers.values)
    confusion = metrics.confusion_matrix(truth, decisions.label_ids, len(labels))
    supports = confusion.sum(axis=1)
    scores = metrics.class_scores(confusion)
    majority = metrics.majority(supports)
    values = {
        "accuracy": metrics.accuracy(confusion),
        "macro_f1": metrics.macro_f1(confusion),
        "loss": metrics.log_loss(truth, answers.values),
    }
    assert majority is not None  # there are pairs, so all four are defined
    return ClassificationEvaluation(
        **common_fields(table, answers, _notes(labels.names, scores, len(table))),
        metrics={name: value for name, value in values.items() if value is not None},
        labels=labels.names,
        per_class=tuple(scores),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        label_counts=dict(zip(labels, supports.tolist(), strict=True)),
        predicted_counts=dict(zip(labels, confusion.sum(axis=0).tolist(), strict=True)),
        majority_label=labels.names[majority[0]],
        majority_accuracy=majority[1],
        probabilities=answers.values,
        label_ids=truth,
        decisions=decisions,
    )


def _notes(labels: Sequence[str], scores: Sequence[ClassScore], n_pairs: int) -> list[str]:
    notes = [f"{labels[score.index]}: {score.note}" for score in scores if score.note]
    counted = sum(score.f1 is not None for score in scores)
    if counted < len(scores):
        notes.append(f"macro F1 is the mean over {counted} of {len(scores)} labels")
    answered = [labels[score.index] for score in scores if score.predicted]
    if len(answered) == 1 < n_pairs:
        notes.append(f"every answer is {answered[0]}: the model does not tell these pairs apart")
    return notes
