"""The Keras model as a ``Predictor``: what the rest of the house judges it by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samesay.pairs import LabelSet, Pair, Sides
from samesay.scoring import softmax

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
        encoded = self._classifier.encoder.encode(
            [pair.first for pair in pairs], [pair.second for pair in pairs]
        )
        return self._classifier.logits(encoded)

    def tokens_lost(self, pairs: Sequence[Pair]) -> NDArray[np.int32]:
        """Tokens of the first and of the second side that are not read, shape ``(n_pairs, 2)``."""
        encoded = self._classifier.encoder.encode(
            [pair.first for pair in pairs], [pair.second for pair in pairs]
        )
        return encoded.tokens_lost

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``."""
        return softmax(self.logits(pairs), self._temperature)
