"""A head for new labels that starts where the saved head ends: what that answers, read as the new labels.

Fine-tuning from a random head first undoes what the encoder knows (Kumar et al. 2022, "Fine-Tuning can Distort
Pretrained Features and Underperform Out-of-Distribution"). The saved head's logits are few numbers, so that some dozens
of pairs tell how they go with the new labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.data import PairTable
from samesay.model.classifier import PairClassifier
from samesay.pairs import Answers, Scale

_NEVER = -4.0
"""The logit of a label that no pair carries."""

Reading = tuple[NDArray[np.float32], NDArray[np.float32]]
"""How old logits ``(n_pairs, n_old)`` become new ones: a matrix ``(n_old, n_new)`` and a bias ``(n_new,)``."""


def can_carry(old: Answers, new: Answers) -> bool:
    """Whether a head that answers with ``old`` can be read as one that answers with ``new``."""
    return isinstance(old, Scale) or not isinstance(new, Scale)


def read_as(logits: NDArray[np.float32], table: PairTable) -> Reading:
    """How the saved head's answers go with the gold answers: a logistic regression, for scores a rising line.

    Args:
        logits: The saved head's, shape ``(n_pairs, n_old)``.
        table: The same pairs with their labels or scores.
    """
    answers = table.answers
    assert answers is not None
    if isinstance(answers, Scale):
        from samesay.evaluation.fitting import fit_line

        temperature, bias = fit_line(logits, table.require_gold(), answers)
        return np.array([[1 / temperature]], np.float32), np.array([bias], np.float32)
    from sklearn.linear_model import LogisticRegression

    ids = table.require_gold()
    matrix = np.zeros((logits.shape[1], len(answers)), np.float32)
    biases = np.full(len(answers), _NEVER, np.float32)
    spread = float(logits.std()) or 1.0
    fitted = LogisticRegression(max_iter=1000).fit(logits / spread, ids)
    weights, offsets, known = fitted.coef_ / spread, fitted.intercept_, fitted.classes_
    if len(known) == 2:  # one row, for the second of them
        weights, offsets = np.concatenate([-weights, weights]) / 2, np.concatenate([-offsets, offsets]) / 2
    matrix[:, known], biases[known] = weights.T, offsets
    return matrix, biases


def carry(old: PairClassifier, new: PairClassifier, reading: Reading) -> None:
    """Give ``new`` all weights of ``old``, and a last layer that answers as ``reading`` makes of ``old``'s answers."""
    last: Any = old.task.output_dense
    for mine, theirs in zip(old.task.layers, new.task.layers, strict=True):
        if mine is not last:
            theirs.set_weights(mine.get_weights())
    put(new, np.asarray(last.kernel), np.asarray(last.bias), reading)


def put(
    classifier: PairClassifier, kernel: NDArray[np.float32], bias: NDArray[np.float32], reading: Reading
) -> None:
    """Set the last layer to the old one, of ``kernel`` and ``bias``, followed by ``reading``."""
    matrix, offsets = reading
    head: Any = classifier.task.output_dense
    head.set_weights([kernel @ matrix, bias @ matrix + offsets])
