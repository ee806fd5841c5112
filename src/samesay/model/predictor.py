"""The Keras model as a ``Predictor``: what the rest of the house judges it by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import EncodedPairs
from samesay.pairs import LabelSet, Pair, Sides
from samesay.scoring import Scores, softmax

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
        return self._classifier.logits(self._encoded(pairs))

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``."""
        return self.read(pairs).probabilities

    def read(self, pairs: Sequence[Pair]) -> Scores:
        """Probabilities, and how many tokens of each side were not read, rows in the order of ``pairs``."""
        encoded = self._encoded(pairs)
        return Scores(softmax(self._classifier.logits(encoded), self._temperature), encoded.tokens_lost)

    def _encoded(self, pairs: Sequence[Pair]) -> EncodedPairs:
        return self._classifier.encoder.encode(
            [pair.first for pair in pairs], [pair.second for pair in pairs]
        )
