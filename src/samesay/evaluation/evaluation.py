"""Measuring anything that answers: a ``Predictor`` and a table of pairs in, one ``Evaluation`` out.

It knows nothing of how a ``Predictor`` works inside, of files, or of how results are shown.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from samesay.errors import LabelMissing, NoRows
from samesay.evaluation import metrics
from samesay.evaluation.metrics import ClassScore
from samesay.evaluation.policy import Decisions, decisions_of
from samesay.pairs import Pair, Predictor, Progress, ProgressListener, Sides, per_second

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable

# Pairs handed over at a time: enough for a predictor to sort them by length, few enough that progress moves
# and that the tokens of a million pairs are never in memory at once. It is fixed, so that a figure does not
# depend on who is watching.
CHUNK = 1024


class Reading(Protocol):
    """Answers together with what of each pair was not read."""

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Shape ``(n_pairs, n_labels)``."""
        ...

    @property
    def tokens_lost(self) -> NDArray[np.int32]:
        """Tokens cut from the first and from the second side, shape ``(n_pairs, 2)``."""
        ...


@runtime_checkable
class TruncatingPredictor(Protocol):
    """A predictor that also says what it cut; ``read`` answers as ``predict`` does."""

    def read(self, pairs: Sequence[Pair]) -> Reading:
        """The answers and what was cut, rows in the order of ``pairs``."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """How well a predictor answers on a table of pairs.

    Attributes:
        n_pairs: Pairs measured.
        metrics: ``accuracy`` and ``macro_f1`` in [0, 1] and ``loss`` (log loss in nats, see
            ``metrics.log_loss``).
        labels: The predictor's label names, in its order; rows and columns of ``confusion``.
        per_class: One score for each label, in the order of ``labels``.
        confusion: Pairs of the row's true label that were answered with the column's.
        label_counts: How often each label is the right one.
        predicted_counts: How often each label is the answer.
        majority_label: The most frequent label of these pairs, the first one where two are equal.
        majority_accuracy: What always answering ``majority_label`` would have scored here, in [0, 1].
        sides: The names of the two texts, in the order in which they were read.
        source: Where the pairs came from.
        rows_dropped: Rows of the source that were left out, by reason.
        truncated: Pairs of which a part was not read; None if the predictor cannot tell.
        seconds: Time spent answering.
        pairs_per_second: ``n_pairs`` over ``seconds``.
        notes: What a reader should know before trusting the figures.
        probabilities: The answers themselves, shape ``(n_pairs, n_labels)``, in the order of the table.
        label_ids: The right answers as indices into ``labels``, shape ``(n_pairs,)``.
        decisions: The labels given and where the predictor abstains, by its own decision policy.
    """

    n_pairs: int
    metrics: dict[str, float]
    labels: tuple[str, ...]
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    label_counts: dict[str, int]
    predicted_counts: dict[str, int]
    majority_label: str
    majority_accuracy: float
    sides: Sides
    source: str
    rows_dropped: dict[str, int]
    truncated: int | None
    seconds: float
    pairs_per_second: float
    notes: tuple[str, ...] = ()
    probabilities: NDArray[np.float64] = field(repr=False, compare=False, kw_only=True)
    label_ids: NDArray[np.int32] = field(repr=False, compare=False, kw_only=True)
    decisions: Decisions = field(repr=False, compare=False, kw_only=True)

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

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            "metrics": dict(self.metrics),
            "n_pairs": self.n_pairs,
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
            "sides": list(self.sides),
            "source": self.source,
            "rows_dropped": dict(self.rows_dropped),
            "truncated": self.truncated,
            "seconds": self.seconds,
            "pairs_per_second": self.pairs_per_second,
            "notes": list(self.notes),
        }


def evaluate(
    predictor: Predictor, table: PairTable, *, progress: ProgressListener | None = None
) -> Evaluation:
    """Measure ``predictor`` on ``table``.

    Labels are matched by name, in whatever order either side has them; the pairs may use a part of the
    predictor's labels. Texts are put into the predictor's reading order.

    Args:
        predictor: What is measured.
        table: Labelled pairs.
        progress: Hears the stage ``evaluate``, in pairs, with ``accuracy`` so far and ``pairs_per_second``.

    Raises:
        LabelMissing: If the pairs carry no labels.
        LabelMismatch: If they carry a label that the predictor does not know; names the renaming if one fits.
        NoRows: If there are no pairs.
        ModelError: If an answer is not a distribution over the labels.
    """
    if table.label_ids is None:
        raise LabelMissing(
            f"The pairs of {table.origin} carry no labels, so no answer can be called right or wrong.",
            where=str(table.origin),
            expected="a label for every pair, in a column that goes by its name or is named: --columns label=NAME",
        )
    if not len(table):
        raise NoRows(f"There are no pairs in {table.origin} to measure on.", where=str(table.origin))
    labels = predictor.labels
    table = table.with_labels(labels).with_sides(predictor.sides)
    assert table.label_ids is not None
    n_pairs = len(table)
    probabilities, truncated, seconds = _answers(predictor, table, table.label_ids, progress)
    decisions = decisions_of(predictor, probabilities)
    confusion = metrics.confusion_matrix(table.label_ids, decisions.label_ids, len(labels))
    supports = confusion.sum(axis=1)
    answered = confusion.sum(axis=0)
    scores = metrics.class_scores(confusion)
    majority = metrics.majority(supports)
    figures = {
        "accuracy": metrics.accuracy(confusion),
        "macro_f1": metrics.macro_f1(confusion),
        "loss": metrics.log_loss(table.label_ids, probabilities),
    }
    assert majority is not None  # there are pairs, so all four are defined
    return Evaluation(
        n_pairs=n_pairs,
        metrics={name: value for name, value in figures.items() if value is not None},
        labels=labels.names,
        per_class=tuple(scores),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        label_counts=dict(zip(labels, supports.tolist(), strict=True)),
        predicted_counts=dict(zip(labels, answered.tolist(), strict=True)),
        majority_label=labels.names[majority[0]],
        majority_accuracy=majority[1],
        sides=table.sides,
        source=str(table.origin),
        rows_dropped=dict(table.origin.rows_dropped),
        truncated=truncated,
        seconds=seconds,
        pairs_per_second=per_second(n_pairs, seconds),
        notes=_notes(labels.names, scores, truncated, n_pairs, table.origin.notes),
        probabilities=probabilities,
        label_ids=table.label_ids,
        decisions=decisions,
    )


def _answers(
    predictor: Predictor,
    table: PairTable,
    label_ids: NDArray[np.int32],
    progress: ProgressListener | None,
) -> tuple[NDArray[np.float64], int | None, float]:
    """Every pair's probabilities, how many pairs were cut, and the time that answering took."""
    n_labels = len(predictor.labels)
    n_pairs, done = len(table), 0
    rows = np.empty((n_pairs, n_labels))
    truncated = 0 if isinstance(predictor, TruncatingPredictor) else None
    seconds = 0.0
    right = 0
    if progress is not None:
        progress(Progress("evaluate", 0, n_pairs))
    for chunk in table.chunks(CHUNK):
        start, done = done, done + len(chunk)
        began = time.perf_counter()
        if isinstance(predictor, TruncatingPredictor):
            reading = predictor.read(chunk)
            answers, lost = reading.probabilities, reading.tokens_lost
        else:
            answers, lost = predictor.predict(chunk), None
        seconds += time.perf_counter() - began
        rows[start:done] = metrics.require_probabilities(answers, n_pairs=len(chunk), n_labels=n_labels)
        if lost is not None and truncated is not None:
            truncated += int((np.asarray(lost) > 0).any(axis=1).sum())
        right += int((decisions_of(predictor, rows[start:done]).label_ids == label_ids[start:done]).sum())
        if progress is not None:
            facts = {
                "accuracy": round(right / done, 4),
                "pairs_per_second": round(per_second(done, seconds), 1),
            }
            progress(Progress("evaluate", done, n_pairs, facts))
    return rows, truncated, seconds


def _notes(
    labels: Sequence[str],
    scores: Sequence[ClassScore],
    truncated: int | None,
    n_pairs: int,
    inherited: Sequence[str],
) -> tuple[str, ...]:
    notes = list(inherited)
    notes += [f"{labels[score.index]}: {score.note}" for score in scores if score.note]
    counted = sum(score.f1 is not None for score in scores)
    if counted < len(scores):
        notes.append(f"macro F1 is the mean over {counted} of {len(scores)} labels")
    if sum(score.predicted > 0 for score in scores) == 1 < n_pairs:
        only = next(labels[score.index] for score in scores if score.predicted)
        notes.append(f"every answer is {only}: the model does not tell these pairs apart")
    if truncated:
        notes.append(f"{truncated:,} of {n_pairs:,} pairs were longer than the model reads, and were cut")
    return tuple(notes)
