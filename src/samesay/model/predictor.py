"""The Keras model as a ``Predictor``: what the rest of the house measures it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.data.python.inputs import texts_from
from samesay.decision import Decision, Predictions, mean_of_orders, values_of
from samesay.pairs import Answers, Sides

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier


class KerasPredictor:
    """Answers of a ``PairClassifier``; pairs are taken in any form of ``data.python.inputs.table_from``.

    Args:
        classifier: The model.
        decision: How a label or a score comes out of logits; the most probable label where absent.
    """

    def __init__(self, classifier: PairClassifier, *, decision: Decision | None = None) -> None:
        self._classifier = classifier
        self.decision = decision or Decision()
        self.decision.require_fit(classifier.answers)

    @property
    def answers(self) -> Answers:
        """The names of the columns of ``predict``, or the scale of its scores."""
        return self._classifier.answers

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        return self._classifier.sides

    def logits(self, pairs: Any) -> NDArray[np.float32]:
        """Raw outputs, shape ``(n_pairs, n_outputs)``, rows in the order of ``pairs``.

        Of a symmetric model their mean over both orders.
        """
        return self._read(pairs)[0]

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Probabilities ``(n_pairs, n_labels)`` or scores ``(n_pairs,)``, in the order of ``pairs``."""
        return self.read(pairs).values

    def read(self, pairs: Any) -> Predictions:
        """Probabilities or scores, and how many tokens of each side were not read, in the order of ``pairs``."""
        logits, tokens_lost = self._read(pairs)
        return Predictions(values_of(logits, self.answers, self.decision), tokens_lost)

    def _read(self, pairs: Any) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        first, second = texts_from(pairs, sides=self.sides)
        if self.decision.symmetric:
            first, second = first + second, second + first
        encoded = self._classifier.encoder.encode(first, second)
        read = self._classifier.logits(encoded), encoded.tokens_lost
        return mean_of_orders(*read) if self.decision.symmetric else read
