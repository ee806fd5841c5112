"""From logits to what a model says: probabilities or a score, the label, and whether the model is confident of it.

Three steps, for every model alike. Probabilities are the softmax of the logits over the temperature, plus the biases; a
score is the sigmoid of the one output so changed, put on the scale. The label is the one whose probability is the
largest multiple of its threshold; thresholds sum to 1, so with equal ones it is the most probable label, and of two
labels each one's threshold is the probability above which it is given. The model is not confident of a label that is
less probable than ``abstain_below``. Where the numbers come from is the affair of ``evaluation.fitting``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from samesay.errors import UsageError
from samesay.pairs import Answers, LabelSet, Prediction, Predictor, Scale, Sides, Task, empty_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Numbers within which a decision computes: a calibration finds temperatures from 0.05 to 20, biases up to 10.
_TEMPERATURES = (1e-6, 1e6)
_MOST_BIAS = 1e6


@dataclass(frozen=True, slots=True)
class Decision:
    """How a label, or a score, comes out of logits: the model's decision policy.

    Attributes:
        temperature: The logits are divided by it first; above 0.
        biases: What is added to an output's logit after that, in nats, for all outputs or none; those of several labels
            sum to 0, since softmax sees differences alone. A similarity model's one output is called ``score``.
        thresholds: A label's least probability, for all labels or none; above 0, they sum to 1. The answer is the label
            whose probability is the largest multiple of its threshold.
        abstain_below: The model is not confident of an answer of lower probability; None: it always is.
        calibration: Where these come from: data, counts, metrics before and after; empty for a model that was not
            calibrated.
        symmetric: Both orders of the texts are read, and their logits averaged: the same answer in either order, for
            twice the work.
    """

    temperature: float = 1.0
    thresholds: dict[str, float] = field(default_factory=dict)
    abstain_below: float | None = None
    calibration: dict[str, Any] = field(default_factory=dict)
    biases: dict[str, float] = field(default_factory=dict)
    symmetric: bool = False

    @property
    def may_abstain(self) -> bool:
        """Whether some labels are given without confidence."""
        return self.abstain_below is not None

    def __post_init__(self) -> None:
        coldest, warmest = _TEMPERATURES
        if not coldest <= self.temperature <= warmest:
            raise UsageError(
                f"The temperature must be a number from {coldest:g} to {warmest:g}.",
                expected=f"received: {self.temperature!r}",
            )
        added = self.biases.values()
        of_softmax = len(added) > 1
        if not all(abs(bias) <= _MOST_BIAS for bias in added) or (
            of_softmax and not math.isclose(sum(added), 0, abs_tol=1e-6)
        ):
            raise UsageError(
                "The biases must be numbers that sum to 0." if of_softmax else "The bias must be a number.",
                expected=f"received: {', '.join(f'{label} {bias!r}' for label, bias in self.biases.items())}",
            )
        shares = self.thresholds.values()
        if shares and not (all(share > 0 for share in shares) and math.isclose(sum(shares), 1, abs_tol=1e-6)):
            raise UsageError(
                "The thresholds must be numbers above 0 that sum to 1.",
                expected=f"received: {', '.join(f'{label} {share!r}' for label, share in self.thresholds.items())}",
            )
        if self.abstain_below is not None and not 0 <= self.abstain_below <= 1:
            raise UsageError(
                "A model abstains below a probability.", expected=f"0 to 1; received: {self.abstain_below!r}"
            )

    def biases_of(self, answers: Answers) -> list[float] | None:
        """The biases in the order of the outputs; None where there are none."""
        return [self.biases[name] for name in answers.outputs] if self.biases else None

    def renamed(self, names: Mapping[str, str]) -> Decision:
        """The same policy for labels of other names; those that are not in ``names`` stay."""
        biases, thresholds = (
            {names.get(name, name): number for name, number in of_labels.items()}
            for of_labels in (self.biases, self.thresholds)
        )
        return replace(self, biases=biases, thresholds=thresholds)

    def require_fit(self, answers: Answers) -> None:
        """Refuse a policy that is not one for such answers.

        Raises:
            UsageError: If there are biases or thresholds, and not one for each output; or, of a similarity model, what
                only labels have.
        """
        known = answers.outputs
        for what, numbers in (("biases", self.biases), ("thresholds", self.thresholds)):
            if numbers and set(numbers) != set(known):
                raise UsageError(
                    f"The {what} are for {', '.join(map(repr, numbers))}.",
                    expected=f"one for each of {', '.join(map(repr, known))}, or none",
                )
        if not answers.names and (self.thresholds or self.abstain_below is not None):
            raise UsageError(
                "A similarity model has no thresholds and does not abstain: a score is no choice between labels."
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "temperature": self.temperature,
            **({"biases": dict(self.biases)} if self.biases else {}),
            "thresholds": dict(self.thresholds),
            "abstain_below": self.abstain_below,
            **({"calibration": self.calibration} if self.calibration else {}),
            **({"symmetric": True} if self.symmetric else {}),
        }


class Predictions(NamedTuple):
    """What a model says of some pairs, rows in their order.

    Attributes:
        values: Probabilities ``(n_pairs, n_labels)``, rows sum to 1, or scores ``(n_pairs,)``; float32.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    values: NDArray[np.float32]
    tokens_lost: NDArray[np.int32]


def mean_of_orders(
    answers: NDArray[np.float32], tokens_lost: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Of pairs, and then the same pairs in the other order: the mean of both.

    Args:
        answers: Logits, probabilities or scores, ``(2 * n_pairs, …)``.
        tokens_lost: ``(2 * n_pairs, 2)``. Of a text those count that were not read in one of the orders.
    """
    n = len(answers) // 2
    mean = ((answers[:n] + answers[n:]) / 2).astype(np.float32)
    return mean, np.maximum(tokens_lost[:n], tokens_lost[n:, ::-1])


class Decisions(NamedTuple):
    """Which label is given to each pair, in the order of the probabilities.

    Attributes:
        label_ids: ``(n_pairs,)`` int64, indices into the labels; of equal ones the first.
        abstained: ``(n_pairs,)`` bool, where the model is not confident of that label.
    """

    label_ids: NDArray[np.int64]
    abstained: NDArray[np.bool_]


def values_of(logits: NDArray[np.floating], answers: Answers, decision: Decision) -> NDArray[np.float32]:
    """What a model makes of its logits, shape ``(n_pairs, n_outputs)``.

    Returns:
        Probabilities ``(n_pairs, n_labels)``, or scores ``(n_pairs,)``.
    """
    return _BY_TASK[answers.task].values(logits, answers, decision)


def predictions_of(
    read: Predictions,
    first: Sequence[str],
    second: Sequence[str],
    answers: Answers,
    sides: Sides,
    decision: Decision,
) -> list[Prediction]:
    """One prediction a pair, in the order of ``read`` and of the pairs' texts."""
    empty = [empty_sides(one, other, sides) for one, other in zip(first, second, strict=True)]
    said = _BY_TASK[answers.task].said(read.values, answers, decision)
    return [
        Prediction(**facts, tokens_lost=(lost, other_lost), empty_sides=blank)
        for facts, (lost, other_lost), blank in zip(said, read.tokens_lost.tolist(), empty, strict=True)
    ]


def _probabilities(logits: NDArray[np.floating], labels: LabelSet, decision: Decision) -> NDArray[np.float32]:
    return softmax(logits, decision.temperature, decision.biases_of(labels))


def _scores(logits: NDArray[np.floating], scale: Scale, decision: Decision) -> NDArray[np.float32]:
    biases = decision.biases_of(scale)
    outputs = logits[:, 0].astype(np.float64) / decision.temperature + (biases[0] if biases else 0.0)
    if scale.activation == "identity":
        return outputs.astype(np.float32)
    return scale.from_targets(sigmoid(outputs))


def _said_of_labels(
    values: NDArray[np.float32], labels: LabelSet, decision: Decision
) -> Iterator[dict[str, Any]]:
    label_ids, abstained = decide(values, labels, decision)
    for best, unsure, row in zip(label_ids.tolist(), abstained.tolist(), values.tolist(), strict=True):
        probabilities = dict(zip(labels, row, strict=True))
        yield {"label": labels.names[best], "probabilities": probabilities, "abstained": unsure}


def _said_of_scores(
    values: NDArray[np.float32], scale: Scale, decision: Decision
) -> Iterator[dict[str, Any]]:
    for score in values.tolist():
        yield {"label": None, "probabilities": {}, "score": score, "scale": scale}


class _Spoken(NamedTuple):
    """How a model of one task speaks.

    Attributes:
        values: From logits to probabilities or scores.
        said: From these to the fields of ``Prediction`` that tell them.
    """

    values: Callable[[NDArray[np.floating], Any, Decision], NDArray[np.float32]]
    said: Callable[[NDArray[np.float32], Any, Decision], Iterator[dict[str, Any]]]


_BY_TASK: dict[Task, _Spoken] = {
    "classification": _Spoken(_probabilities, _said_of_labels),
    "similarity": _Spoken(_scores, _said_of_scores),
}


def softmax(
    logits: NDArray[np.floating], temperature: float = 1.0, biases: Sequence[float] | None = None
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


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """The share of the scale that each logit stands for, in [0, 1], computed in float64 so that none overflows."""
    half = logits.astype(np.float64) / 2
    return (0.5 * (1.0 + np.tanh(half))).astype(np.float32)


def decisions_of(predictor: Predictor, probabilities: NDArray[np.floating]) -> Decisions:
    """What ``predictor``'s probabilities mean to it: by its attribute ``decision``, or the most probable label."""
    return decide(probabilities, predictor.answers, getattr(predictor, "decision", None) or Decision())


def decide(probabilities: NDArray[np.floating], answers: Answers, decision: Decision) -> Decisions:
    """Apply ``decision`` to probabilities of shape ``(n_pairs, n_labels)``, columns in the order of ``answers``."""
    if decision.thresholds:
        label_ids = answers_under(
            probabilities, np.array([decision.thresholds[name] for name in answers.names])
        )
    else:
        label_ids = probabilities.argmax(axis=1)
    if decision.abstain_below is None:
        return Decisions(label_ids, np.zeros(len(label_ids), np.bool_))
    return Decisions(label_ids, of_answers(probabilities, label_ids) < decision.abstain_below)


def answers_under(probabilities: NDArray[np.floating], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The label of every row whose probability is the largest multiple of its threshold, shape ``(n_pairs,)``."""
    return (probabilities / thresholds).argmax(axis=1)


def of_answers(probabilities: NDArray[np.floating], label_ids: NDArray[np.int64]) -> NDArray[np.floating]:
    """The probability of each row's answer, shape ``(n_pairs,)``."""
    return probabilities[np.arange(len(label_ids)), label_ids]
