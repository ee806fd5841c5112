"""From probabilities to decisions: which label is given, and whether the model is confident of it.

Two steps, for every model alike. The answer is the label whose probability is the largest multiple of its threshold;
thresholds sum to 1, so with equal ones it is the most probable label, and of two labels each one's threshold is the
probability above which it is given. The model is not confident of an answer that is less probable than
``abstain_below``. Needs numpy alone; where the numbers come from is the affair of ``fitting``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.pairs import LabelSet, Predictor


class DecisionRule(Protocol):
    """What decides beside the probabilities; the ``Decision`` of a saved model is one."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """A label's threshold, for all labels or none."""
        ...

    @property
    def abstain_below(self) -> float | None:
        """The least probability of a confident answer."""
        ...


class Decisions(NamedTuple):
    """What is answered to each pair, in the order of the probabilities.

    Attributes:
        label_ids: ``(n_pairs,)`` int64, indices into the labels; of equal ones the first.
        abstained: ``(n_pairs,)`` bool, where the model is not confident of that label.
    """

    label_ids: NDArray[np.int64]
    abstained: NDArray[np.bool_]


@runtime_checkable
class DecidingPredictor(Protocol):
    """A predictor with a decision policy of its own."""

    def decide(self, probabilities: NDArray[np.floating]) -> Decisions:
        """What its probabilities, shape ``(n_pairs, n_labels)``, mean."""
        ...


def decisions_of(predictor: Predictor, probabilities: NDArray[np.floating]) -> Decisions:
    """What ``predictor``'s probabilities mean to it: its own policy, or the most probable label."""
    if isinstance(predictor, DecidingPredictor):
        return predictor.decide(probabilities)
    return Decisions(probabilities.argmax(axis=1), np.zeros(len(probabilities), np.bool_))


def decide(probabilities: NDArray[np.floating], labels: LabelSet, rule: DecisionRule) -> Decisions:
    """Apply ``rule`` to probabilities of shape ``(n_pairs, n_labels)``, columns in the order of ``labels``."""
    if rule.thresholds:
        label_ids = answers_under(probabilities, np.array([rule.thresholds[name] for name in labels]))
    else:
        label_ids = probabilities.argmax(axis=1)
    if rule.abstain_below is None:
        return Decisions(label_ids, np.zeros(len(label_ids), np.bool_))
    return Decisions(label_ids, of_answers(probabilities, label_ids) < rule.abstain_below)


def answers_under(probabilities: NDArray[np.floating], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The label of every row whose probability is the largest multiple of its threshold, shape ``(n_pairs,)``."""
    return (probabilities / thresholds).argmax(axis=1)


def of_answers(probabilities: NDArray[np.floating], label_ids: NDArray[np.int64]) -> NDArray[np.floating]:
    """The probability of each row's answer, shape ``(n_pairs,)``."""
    return probabilities[np.arange(len(label_ids)), label_ids]
