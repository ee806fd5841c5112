"""Measuring a classifier: a ``Predictor`` and a table of labelled pairs in, one ``ClassificationEvaluation`` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from samesay.decision import Decisions, decisions_of
from samesay.errors import LabelMissing
from samesay.evaluation import metrics
from samesay.evaluation.evaluation import Constant, Evaluation, Table, ask, common_fields, require_pairs
from samesay.evaluation.intervals import (
    RESAMPLES,
    Interval,
    Statistic,
    label_statistic,
    metric_intervals,
    share_interval,
)
from samesay.evaluation.metrics import ClassScore
from samesay.pairs import Predictor, ProgressListener, Task, labels_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from samesay.data import PairTable

# Above this many labels the matrix is wider than a screen; --json has it whole, and so has --plot.
_MOST_LABELS_IN_A_TABLE = 8
# Above this many the numbers in the cells of a plot would be smaller than can be read.
_MOST_LABELS_IN_NUMBERS = 12


@dataclass(frozen=True, kw_only=True)
class ClassificationEvaluation(Evaluation):
    """How well a predictor labels a table of pairs.

    Attributes:
        metrics: ``accuracy`` and ``macro_f1`` in [0, 1] and ``loss`` (log loss in nats, see ``metrics.log_loss``).
        confusion: Pairs of the row's true label that were answered with the column's.
        probabilities: The answers themselves, shape ``(n_pairs, n_labels)``, in the order of the table.
        label_ids: The right answers as indices into ``labels``, shape ``(n_pairs,)``.
        decisions: The labels given and where the predictor abstains, by its own decision policy.
    """

    task: ClassVar[Task] = "classification"
    headline: ClassVar[str] = "accuracy"

    confusion: tuple[tuple[int, ...], ...]
    probabilities: NDArray[np.float64] = field(repr=False, compare=False)
    label_ids: NDArray[np.int32] = field(repr=False, compare=False)
    decisions: Decisions = field(repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The predictor's label names, in its order; rows and columns of ``confusion``."""
        return self.answers.names

    @property
    def gold(self) -> NDArray[np.int32]:
        """The right answers as indices into ``labels``."""
        return self.label_ids

    @property
    def predicted_ids(self) -> NDArray[np.int64]:
        """The answers as indices into ``labels``, shape ``(n_pairs,)``."""
        return self.decisions.label_ids

    @cached_property
    def per_class(self) -> tuple[ClassScore, ...]:
        """One score for each label, in the order of ``labels``."""
        return tuple(metrics.class_scores(np.array(self.confusion)))

    @property
    def label_counts(self) -> dict[str, int]:
        """How often each label is the right one."""
        return {name: one.support for name, one in zip(self.labels, self.per_class, strict=True)}

    @property
    def predicted_counts(self) -> dict[str, int]:
        """How often each label is the answer."""
        return {name: one.predicted for name, one in zip(self.labels, self.per_class, strict=True)}

    @property
    def majority_label(self) -> str:
        """The most frequent label of these pairs, the first one where two are equal."""
        return max(self.label_counts, key=lambda name: self.label_counts[name])

    @property
    def majority_accuracy(self) -> float:
        """What always answering ``majority_label`` would have scored here, in [0, 1]."""
        return self.label_counts[self.majority_label] / self.n_pairs

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

    def statistic(self) -> Statistic:
        """See ``intervals.label_statistic``."""
        return label_statistic(self.probabilities, self.label_ids, self.predicted_ids)

    def intervals(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval | None]:
        """See ``intervals.metric_intervals``."""
        return metric_intervals(
            self.probabilities, self.label_ids, self.predicted_ids, resamples=resamples, seed=seed
        )

    def headline_interval(self) -> tuple[float, float]:
        """Wilson's, of the accuracy."""
        right = sum(self.confusion[place][place] for place in range(len(self.labels)))
        interval = share_interval(right, self.n_pairs)
        return interval.low, interval.high

    def decided(self, labels: Sequence[str]) -> NDArray[np.int64]:
        """The answers as indices into ``labels``, which are the evaluation's own in any order; shape ``(n_pairs,)``."""
        return self._places_in(labels)[self.predicted_ids]

    def _places_in(self, labels: Sequence[str]) -> NDArray[np.int64]:
        return np.array([list(labels).index(name) for name in self.labels])

    def changes_from(self, reference: Any) -> dict[str, int]:
        """``changed``, and how often both are right, only this one (``only_model``), only the reference, neither."""
        ours, theirs = self.decided(reference.labels), reference.predicted_ids
        right, theirs_right = ours == reference.label_ids, theirs == reference.label_ids
        counted = {
            "changed": ours != theirs,
            "both_right": right & theirs_right,
            "only_model": right & ~theirs_right,
            "only_reference": theirs_right & ~right,
            "both_wrong": ~right & ~theirs_right,
        }
        return {name: int(where.sum()) for name, where in counted.items()}

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
            "label_counts": self.label_counts,
            "predicted_counts": self.predicted_counts,
            "abstention": self.abstention,
            "majority": {"label": self.majority_label, "accuracy": self.majority_accuracy},
        }

    def tables(self) -> list[Table | str]:
        """Scores of each label, the confusion matrix, and how often the model abstains."""
        found: list[Table | str] = [
            Table(
                ["label", "precision", "recall", "F1", "pairs", "answers"],
                [
                    (name, score.precision, score.recall, score.f1, score.support, score.predicted)
                    for name, score in zip(self.labels, self.per_class, strict=True)
                ],
            )
        ]
        if len(self.labels) > _MOST_LABELS_IN_A_TABLE:
            found.append(f"The confusion matrix of {len(self.labels)} labels is in --json and --plot.")
        else:
            rows = [(name, *row) for name, row in zip(self.labels, self.confusion, strict=True)]
            found.append(Table(["true \\ answer", *self.labels], rows))
        if (abstention := self.abstention) is not None:
            right = abstention["accuracy_of_answered"]
            found.append(
                f"The model abstains from {abstention['abstained']:,} answers and stands by "
                f"{100 * abstention['coverage']:.1f} %"
                + ("" if right is None else f", of which {100 * right:.1f} % are right")
            )
        return found

    def draw(self, figure: Figure) -> str:
        """The confusion matrix, each row's shares as shade."""
        counts = np.array(self.confusion, dtype=np.int64)
        totals = counts.sum(axis=1, keepdims=True)
        shares = counts / np.maximum(totals, 1)  # (n_labels, n_labels); a row without pairs stays 0
        n_labels = len(self.labels)
        side = min(2.2 + 1.1 * n_labels, 14.0)
        figure.set_size_inches(side + 0.8, side)
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(n_labels), self.labels, rotation=30, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(n_labels), self.labels)
        axes.set(xlabel="answer", ylabel="true label")
        for row, column in np.ndindex(shares.shape) if n_labels <= _MOST_LABELS_IN_NUMBERS else ():
            share = f"\n{shares[row, column]:.0%}" if totals[row, 0] else ""
            colour = "white" if shares[row, column] > 0.55 else "black"
            text = f"{counts[row, column]:,}{share}"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
        words = []
        for name, row in zip(self.labels, self.confusion, strict=True):
            answers = ", ".join(f"{count} {answer}" for answer, count in zip(self.labels, row, strict=True))
            words.append(f"Of {sum(row)} pairs labelled {name}: {answers}.")
        return " ".join(words)


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

    asked = ask(predictor, table.chunks(), len(table), facts=accuracy_so_far, progress=progress)
    decisions = decisions_of(predictor, asked.values)
    confusion = metrics.confusion_matrix(truth, decisions.label_ids, len(labels))
    values = {
        "accuracy": metrics.accuracy(confusion),
        "macro_f1": metrics.macro_f1(confusion),
        "loss": metrics.log_loss(truth, asked.values),
    }
    return ClassificationEvaluation(
        **common_fields(table, asked, _notes(labels.names, metrics.class_scores(confusion), len(table))),
        answers=labels,
        metrics={name: value for name, value in values.items() if value is not None},
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        probabilities=asked.values,
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
