"""The Keras model as a ``Predictor``: what the rest of the house judges it by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samesay.pairs import LabelSet, Pair, Sides

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier


class KerasPredictor:
    """Probabilities from a ``PairClassifier``.

    Args:
        classifier: The model.
        temperature: Divides the logits (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    """

    def __init__(self, classifier: PairClassifier, *, temperature: float = 1.0) -> None:
        self._classifier = classifier
        self._temperature = temperature

    @property
    def labels(self) -> LabelSet:
        """The names of the columns of ``predict``."""
        return self._classifier.labels

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        return self._classifier.sides

    def logits(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Raw outputs, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``."""
        encoded = self._classifier.encoder.encode([pair.first for pair in pairs], [pair.second for pair in pairs])
        return self._classifier.logits(encoded)

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``."""
        return probabilities(self.logits(pairs), temperature=self._temperature)


def probabilities(logits: NDArray[np.float32], *, temperature: float = 1.0) -> NDArray[np.float32]:
    """Softmax over the labels of each pair.

    Args:
        logits: Shape ``(n_pairs, n_labels)``.
        temperature: Divides the logits.

    Returns:
        Shape ``(n_pairs, n_labels)``; every row sums to 1.
    """
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True, initial=-np.inf)
    exponentials = np.exp(scaled)
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)
