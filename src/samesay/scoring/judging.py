"""Logits to probabilities and scores, as arrays and as one answer a pair. Knows no graph and no tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from samesay.bundle import Decision
from samesay.evaluation.policy import decide
from samesay.pairs import LabelSet, Prediction, Scale, Sides, SimilarityPrediction, empty_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LabelPredictions(NamedTuple):
    """What came of a list of pairs, rows in its order.

    Attributes:
        probabilities: ``(n_pairs, n_labels)`` float32, rows sum to 1.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    probabilities: NDArray[np.float32]
    tokens_lost: NDArray[np.int32]


class SimilarityPredictions(NamedTuple):
    """What a similarity model says of a list of pairs, rows in its order.

    Attributes:
        scores: ``(n_pairs,)`` float32, on the model's scale.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    scores: NDArray[np.float32]
    tokens_lost: NDArray[np.int32]


def predictions(
    scores: LabelPredictions,
    first: Sequence[str],
    second: Sequence[str],
    labels: LabelSet,
    sides: Sides,
    decision: Decision,
) -> list[Prediction]:
    """Every pair's answer under a decision policy, in the order of ``scores`` and of the pairs' texts."""
    decided = decide(scores.probabilities, labels, decision)
    return [
        Prediction(
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


def similarity_predictions(
    scores: SimilarityPredictions, first: Sequence[str], second: Sequence[str], scale: Scale, sides: Sides
) -> list[SimilarityPrediction]:
    """Every pair's score with what belongs to it, in the order of ``scores`` and of the pairs' texts."""
    return [
        SimilarityPrediction(score, scale, (lost[0], lost[1]), empty_sides=empty_sides(one, other, sides))
        for score, lost, one, other in zip(
            scores.scores.tolist(), scores.tokens_lost.tolist(), first, second, strict=True
        )
    ]


def scores_of(scale: Scale, logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a similarity model makes of its logits ``(n_pairs, 1)``: scores, shape ``(n_pairs,)``."""
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
