"""The Keras model as a ``Predictor``, or a ``SimilarityPredictor``: what the rest of the house measures it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import Decision
from samesay.data.python.inputs import texts_from
from samesay.encoding import EncodedPairs
from samesay.evaluation.policy import Decisions, decide
from samesay.pairs import LabelSet, Scale, Sides
from samesay.scoring import LabelPredictions, SimilarityPredictions, probabilities_under, scores_of

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier


class KerasPredictor:
    """Probabilities from a ``PairClassifier``; pairs are taken in any form of ``PairTable.from_inputs``.

    Args:
        classifier: The model.
        decision: How a label comes out of logits; the most probable one where absent.
    """

    def __init__(self, classifier: PairClassifier, *, decision: Decision | None = None) -> None:
        self._classifier = classifier
        self._decision = decision or Decision()
        self._decision.require_labels(classifier.labels)

    @property
    def labels(self) -> LabelSet:
        """The names of the columns of ``predict``."""
        return self._classifier.labels

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        return self._classifier.sides

    def logits(self, pairs: Any) -> NDArray[np.float32]:
        """Raw outputs, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``."""
        return self._classifier.logits(self._encoded(pairs))

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``."""
        return self.read(pairs).probabilities

    def read(self, pairs: Any) -> LabelPredictions:
        """Probabilities, and how many tokens of each side were not read, rows in the order of ``pairs``."""
        encoded = self._encoded(pairs)
        rows = probabilities_under(self._decision, self._classifier.logits(encoded), self.labels)
        return LabelPredictions(rows, encoded.tokens_lost)

    def decide(self, probabilities: NDArray[np.floating]) -> Decisions:
        """The labels that these probabilities mean to this model, and where it abstains."""
        return decide(probabilities, self.labels, self._decision)

    def _encoded(self, pairs: Any) -> EncodedPairs:
        return self._classifier.encoder.encode(*texts_from(pairs, sides=self.sides))


class KerasSimilarityPredictor:
    """Scores from a ``PairClassifier`` with a scale; pairs are taken in any form of ``PairTable.from_inputs``.

    Args:
        classifier: The model.
    """

    def __init__(self, classifier: PairClassifier) -> None:
        assert classifier.scale is not None, "a classifier of labels is a KerasPredictor's"
        self._classifier = classifier
        self.scale: Scale = classifier.scale

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        return self._classifier.sides

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """SimilarityPredictions, shape ``(n_pairs,)``, in the order of ``pairs``."""
        return self.read(pairs).scores

    def read(self, pairs: Any) -> SimilarityPredictions:
        """SimilarityPredictions, and how many tokens of each side were not read, in the order of ``pairs``."""
        encoded = self._classifier.encoder.encode(*texts_from(pairs, sides=self.sides))
        return SimilarityPredictions(
            scores_of(self.scale, self._classifier.logits(encoded)), encoded.tokens_lost
        )
