"""Metrics from arrays: class indices and probabilities in, or scores, and numbers out.

Everything that counts decisions starts from one confusion matrix, so that no two metrics can disagree about
what was counted. A metric that is not defined (the precision of a class that was never predicted) is None,
never NaN and never a silent 0; ``ClassScore.note`` says why. Definitions are those of scikit-learn, which
the tests compare to 1e-9; it is not used here, because measuring a model must not need more than using it.

This module knows nothing of models, tables or label names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ModelError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from samesay.pairs import Answers

# Probabilities are clipped into [CLIP, 1 - CLIP] before the logarithm: the resolution of float32, in which
# models answer. A certain and wrong answer then costs 15.9 instead of infinity. scikit-learn clips float32
# input in the same way.
CLIP = float(np.finfo(np.float32).eps)

# How far a row of float32 probabilities may be from a sum of 1 before it is not a distribution at all.
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class is distinguished from the others.

    Attributes:
        index: The class.
        precision: Share of right answers among the pairs predicted as this class; None if it was never
            predicted.
        recall: Share of this class's pairs that were predicted as such; None if the class never occurs.
        f1: Harmonic mean, 2·TP / (2·TP + FP + FN); None if the class neither occurs nor is predicted.
        support: Pairs whose label this is.
        predicted: Pairs for which this is the answer.
        note: Why a metric is None, or None.
    """

    index: int
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    predicted: int
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The metrics as JSON types, without the index: callers key them by the label's name."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.support,
            "predicted": self.predicted,
            "note": self.note,
        }


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, n_labels: int) -> NDArray[np.int64]:
    """Count the pairs of each class under each answer.

    Args:
        truth: Class indices, shape ``(n_pairs,)``.
        predicted: Class indices of the answers, shape ``(n_pairs,)``.
        n_labels: How many classes there are.

    Returns:
        Shape ``(n_labels, n_labels)``: row = true class, column = answer.

    Raises:
        UsageError: If the shapes differ or an index is outside ``[0, n_labels)``.
    """
    true_ids = _class_ids(truth, n_labels, "truth")
    answer_ids = _class_ids(predicted, n_labels, "predicted")
    if true_ids.shape != answer_ids.shape:
        raise UsageError(
            f"truth and predicted have different lengths: {true_ids.shape[0]} and {answer_ids.shape[0]}.",
            expected="one answer for each pair",
        )
    cells = np.bincount(true_ids * n_labels + answer_ids, minlength=n_labels * n_labels)
    return cells.reshape(n_labels, n_labels)


def accuracy(confusion: NDArray[np.int64]) -> float | None:
    """Share of pairs whose answer is right, in [0, 1]; None for no pairs."""
    total = int(confusion.sum())
    return int(np.trace(confusion)) / total if total else None


def class_scores(confusion: NDArray[np.int64]) -> list[ClassScore]:
    """Precision, recall, F1 and counts of every class, in the order of the classes."""
    supports = confusion.sum(axis=1)
    answered = confusion.sum(axis=0)
    return [
        _class_score(index, int(confusion[index, index]), int(supports[index]), int(answered[index]))
        for index in range(confusion.shape[0])
    ]


def macro_f1(confusion: NDArray[np.int64]) -> float | None:
    """Mean F1 over the classes that occur or are predicted, in [0, 1]; None for no pairs.

    A class that does neither has no F1 and is left out (counting it as 0 would punish a model for a class
    that the data lacks; this is scikit-learn's default too). A class that is predicted but never occurs
    counts as 0.
    """
    defined = [score.f1 for score in class_scores(confusion) if score.f1 is not None]
    return sum(defined) / len(defined) if defined else None


def log_loss(truth: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Mean negative natural logarithm of the probability of the true class, in nats; None for no pairs.

    Args:
        truth: Class indices, shape ``(n_pairs,)``.
        probabilities: Shape ``(n_pairs, n_labels)``; clipped into ``[CLIP, 1 - CLIP]`` first.

    Raises:
        ModelError: If ``probabilities`` are not distributions (see ``require_probabilities``).
    """
    losses = log_losses(truth, probabilities)
    return float(losses.mean()) if len(losses) else None


def log_losses(truth: ArrayLike, probabilities: ArrayLike) -> NDArray[np.float64]:
    """Every pair's share of ``log_loss``, in nats, shape ``(n_pairs,)``.

    Raises:
        ModelError: As ``log_loss``.
    """
    checked = require_probabilities(probabilities)
    ids = _class_ids(truth, checked.shape[1], "truth")
    if ids.shape[0] != checked.shape[0]:
        raise UsageError(
            f"truth and probabilities have different lengths: {ids.shape[0]} and {checked.shape[0]}.",
            expected="one row of probabilities for each pair",
        )
    of_truth = checked[np.arange(len(ids)), ids]
    return -np.log(np.clip(of_truth, CLIP, 1 - CLIP))


def majority(counts: ArrayLike) -> tuple[int, float] | None:
    """The most frequent class, the first where two are equal, and its share in [0, 1]; None for no pairs.

    Args:
        counts: Pairs of each class, shape ``(n_labels,)``.
    """
    of_class = np.asarray(counts, dtype=np.int64)
    total = int(of_class.sum())
    if not total:
        return None
    index = int(of_class.argmax())
    return index, int(of_class[index]) / total


def require_probabilities(
    probabilities: ArrayLike, *, n_pairs: int | None = None, n_labels: int | None = None
) -> NDArray[np.float64]:
    """Check that every row is a distribution, and return them as float64, shape ``(n_pairs, n_labels)``.

    Raises:
        ModelError: With the first row that has another shape, is not finite, is outside [0, 1] or does not
            sum to 1.
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    wanted = (n_pairs if n_pairs is not None else "n_pairs", n_labels if n_labels is not None else "n_labels")
    if (
        rows.ndim != 2
        or (n_pairs is not None and rows.shape[0] != n_pairs)
        or (n_labels is not None and rows.shape[1] != n_labels)
    ):
        raise ModelError(
            f"The answer has shape {rows.shape}.",
            expected=f"one row a pair and one column a label: ({wanted[0]}, {wanted[1]})",
        )
    finite = np.isfinite(rows).all(axis=1)
    in_range = finite & (rows >= 0).all(axis=1) & (rows <= 1 + _SUM_TOLERANCE).all(axis=1)
    good = in_range & (np.abs(np.where(finite, rows.sum(axis=1), 0.0) - 1) <= _SUM_TOLERANCE)
    if not good.all():
        worst = int(np.flatnonzero(~good)[0])
        raise ModelError(
            f"{int((~good).sum())} of {len(rows)} answers are not probabilities.",
            where=f"pair {worst} (counted from 0): {rows[worst].tolist()}",
            expected="finite numbers in [0, 1] that sum to 1",
            hint=None
            if finite.all()
            else "the model's weights may hold NaN: train again with a lower --learning-rate",
        )
    return rows


def pearson(truth: ArrayLike, answers: ArrayLike) -> float | None:
    """Pearson's correlation, in [-1, 1]; None where either array is constant or shorter than 2."""
    first, second = _centred(truth), _centred(answers)
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    if len(first) < 2 or norm < 1e-12:
        return None
    return float(np.clip(first @ second / norm, -1.0, 1.0))


def spearman(truth: ArrayLike, answers: ArrayLike) -> float | None:
    """Spearman's rank correlation, Pearson's of the ranks, in which equals share the mean of theirs."""
    return pearson(_ranks(truth), _ranks(answers))


def similarity_metrics(truth: ArrayLike, answers: ArrayLike) -> dict[str, float]:
    """``spearman`` and ``pearson`` where they are defined, ``mse`` and ``mae`` in (squared) units of the scale."""
    differences = np.asarray(answers, np.float64) - np.asarray(truth, np.float64)
    found = {
        "spearman": spearman(truth, answers),
        "pearson": pearson(truth, answers),
        "mse": float(np.mean(differences**2)),
        "mae": float(np.mean(np.abs(differences))),
    }
    return {name: value for name, value in found.items() if value is not None}


def require_scores(scores: ArrayLike, *, n_pairs: int) -> NDArray[np.float64]:
    """A similarity model's answers, shape ``(n_pairs,)``.

    Raises:
        ModelError: If they are not one finite number for each pair.
    """
    rows = np.asarray(scores, np.float64)
    if rows.shape != (n_pairs,) or not np.isfinite(rows).all():
        raise ModelError("The model's scores are not one finite number for each pair.")
    return rows


def require_values(values: ArrayLike, answers: Answers, *, n_pairs: int) -> NDArray[np.float64]:
    """What a predictor with such ``answers`` gave for ``n_pairs`` pairs: probabilities, or scores.

    Raises:
        ModelError: As ``require_probabilities`` or ``require_scores``.
    """
    shape = answers.shape(n_pairs)
    if len(shape) == 1:
        return require_scores(values, n_pairs=n_pairs)
    return require_probabilities(values, n_pairs=n_pairs, n_labels=shape[1])


def _class_score(index: int, right: int, support: int, predicted: int) -> ClassScore:
    if not support and not predicted:
        note = "never occurs and is never predicted"
    elif not support:
        note = "never occurs: no recall"
    elif not predicted:
        note = "never predicted: no precision"
    else:
        note = None
    return ClassScore(
        index=index,
        precision=right / predicted if predicted else None,
        recall=right / support if support else None,
        f1=2 * right / (support + predicted) if support + predicted else None,
        support=support,
        predicted=predicted,
        note=note,
    )


def _class_ids(ids: ArrayLike, n_labels: int, name: str) -> NDArray[np.int64]:
    array = np.asarray(ids)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise UsageError(
            f"{name} has shape {array.shape} and type {array.dtype}.",
            expected="class indices, shape (n_pairs,)",
        )
    array = array.astype(np.int64)
    if array.size and (array.min() < 0 or array.max() >= n_labels):
        outside = array[(array < 0) | (array >= n_labels)]
        raise UsageError(
            f"{name} holds the class index {int(outside[0])}.",
            expected=f"indices from 0 to {n_labels - 1}; rows without a label are dropped before measuring",
        )
    return array


def _centred(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    return array - array.mean() if len(array) else array


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    _, places, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places.reshape(-1)]
