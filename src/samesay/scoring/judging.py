"""Logits to probabilities and grades, as arrays and as one answer a pair. Knows no graph and no tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from samesay.bundle import Decision
from samesay.evaluation.policy import decide
from samesay.pairs import Grade, GradeScale, Judgement, LabelSet, Sides, empty_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scores(NamedTuple):
    """What came of a list of pairs, rows in its order.

    Attributes:
        probabilities: ``(n_pairs, n_labels)`` float32, rows sum to 1.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    probabilities: NDArray[np.float32]
    tokens_lost: NDArray[np.int32]


class Grades(NamedTuple):
    """What a grader says of a list of pairs, rows in its order.

    Attributes:
        grades: ``(n_pairs,)`` float32, on the model's scale.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    grades: NDArray[np.float32]
    tokens_lost: NDArray[np.int32]


def judgements(
    scores: Scores,
    first: Sequence[str],
    second: Sequence[str],
    labels: LabelSet,
    sides: Sides,
    decision: Decision,
) -> list[Judgement]:
    """Every pair's answer under a decision policy, in the order of ``scores`` and of the pairs' texts."""
    decided = decide(scores.probabilities, labels, decision)
    return [
        Judgement(
            labels.names[best],
            dict(zip(labels, row, strict=True)),
            (lost[0], lost[1]),
            abstained=unsure,
            empty_sides=empty_sides(one, other, sides),
        )
        for best, unsure, row, lost, one, other in zip(
            decided.label_ids.tolist(),
            decided.abstained.tolist(),
            scores.probabilities.tolist(),
            scores.tokens_lost.tolist(),
            first,
            second,
            strict=True,
        )
    ]


def graded(
    grades: Grades, first: Sequence[str], second: Sequence[str], scale: GradeScale, sides: Sides
) -> list[Grade]:
    """Every pair's grade with what belongs to it, in the order of ``grades`` and of the pairs' texts."""
    return [
        Grade(grade, scale, (lost[0], lost[1]), empty_sides=empty_sides(one, other, sides))
        for grade, lost, one, other in zip(
            grades.grades.tolist(), grades.tokens_lost.tolist(), first, second, strict=True
        )
    ]


def grades_of(scale: GradeScale, logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a grader makes of its logits ``(n_pairs, 1)``: grades, shape ``(n_pairs,)``."""
    outputs = logits[:, 0]
    return outputs if scale.activation == "identity" else scale.from_unit(sigmoid(outputs))


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The share of the scale that each logit stands for, in [0, 1], computed in float64 so that none overflows."""
    half = logits.astype(np.float64) / 2
    return (0.5 * (1.0 + np.tanh(half))).astype(np.float32)


def probabilities_under(
    decision: Decision, logits: NDArray[np.float32], labels: LabelSet
) -> NDArray[np.float32]:
    """What a model makes of logits, shape ``(n_pairs, n_labels)``: softmax over its temperature, with its biases."""
    return softmax(logits, decision.temperature, decision.biases_of(labels))


def softmax(
    logits: NDArray[np.float32], temperature: float = 1.0, biases: Sequence[float] | None = None
) -> NDArray[np.float32]:
    """Probabilities of every row, computed in float64, so that float32 rows sum to 1 within 1e-6.

    Args:
        logits: Shape ``(n_pairs, n_labels)``.
        temperature: Divides the logits; above 0.
        biases: Added after that, shape ``(n_labels,)``; nothing where absent.
    """
    scaled = logits.astype(np.float64) / temperature
    if biases is not None:
        scaled += np.asarray(biases, np.float64)
    scaled -= scaled.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(scaled, out=scaled)
    return (scaled / scaled.sum(axis=1, keepdims=True)).astype(np.float32)
