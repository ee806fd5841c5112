"""What finding and checking ask of a model: how far two texts agree, the label that says so, the side that asks.

Knows the names of labels and sides, nothing of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from samesay.errors import UsageError, near
from samesay.evaluation.evaluation import ask
from samesay.pairs import (
    LabelSet,
    Pair,
    Predictor,
    ProgressListener,
    Scale,
    Sides,
    in_chunks,
)
from samesay.printable import command

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENTAILMENT = "entailment"
# Labels by which corpora say yes; the first that a model has is what "the same" means to it.
_POSITIVE = (ENTAILMENT, "same", "duplicate", "paraphrase", "equivalent", "similar", "yes", "true", "1")
# Sides that make a claim or ask; the other side of such a pair is what they are held against.
_ASKING = ("hypothesis", "claim", "query", "question")


class PairReader(Predictor, Protocol):
    """A `Predictor` that also says what it did not read, as the `Scorer` and the Keras predictor do."""

    def read(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Probabilities or scores, and lost tokens ``(n_pairs, 2)``, in the order of ``pairs``."""
        ...


def positive_label(labels: LabelSet, asked: str | None = None) -> str:
    """The label by which a model says that two texts agree.

    Args:
        labels: The model's.
        asked: The one that was named; where absent, ``entailment``, ``same``, ``duplicate``, ``paraphrase`` or
            another usual word for yes.

    Raises:
        LabelUnknown: If ``asked`` is not one of the labels.
        UsageError: If none was named and none of the labels is such a word.
    """
    if asked is not None:
        return labels.names[labels.index(asked)]
    by_spelling = {name.casefold(): name for name in labels}
    for name in _POSITIVE:
        if name in by_spelling:
            return by_spelling[name]
    raise UsageError(
        f"Cannot tell which of the labels {', '.join(labels)} means that two texts agree.",
        where="--label",
        expected="the name of that label",
        hint=command("--label", labels.names[-1]),
    )


def asking_side(sides: Sides) -> str | None:
    """The side that claims or asks something of the other; ``None`` where the names do not tell."""
    asking = [name for name in sides if name.casefold() in _ASKING]
    return asking[0] if len(asking) == 1 else None


def other_side(sides: Sides, side: str) -> str:
    """The side that is not ``side``."""
    return sides.second if side == sides.first else sides.first


def named_side(sides: Sides, name: str, *, where: str) -> str:
    """The side called ``name``, which may also be ``first`` or ``second``.

    Raises:
        UsageError: If there is none.
    """
    if name in tuple(sides):
        return name
    if name in ("first", "second"):
        return sides.first if name == "first" else sides.second
    close = near(name, sides)
    raise UsageError(
        f"The model has no side {name!r}.",
        where=where,
        expected=f"{sides.first} or {sides.second}",
        hint=f"did you mean {close[0]!r}?" if close else None,
    )


def placed(sides: Sides, side: str, text: str, other: str) -> Pair:
    """The pair in which ``text`` is ``side``."""
    return Pair(text, other) if side == sides.first else Pair(other, text)


class Agreement:
    """How far a model says that two texts agree: by the probability of a label, or by its similarity score.

    Args:
        model: A model of either task.
        label: Of a model with labels, the one that says so; see ``positive_label``.

    Attributes:
        label: That label; None for a similarity model.
        low, high: The lowest and the highest value that it gives.

    Raises:
        LabelUnknown, UsageError: If the label is not the model's, or none of its labels says so by its name.
    """

    def __init__(self, model: PairReader, label: str | None = None) -> None:
        self._model = model
        self.label: str | None = None
        self._column: tuple[int, ...] = ()
        answers = model.answers
        if isinstance(answers, Scale):
            if label is not None:
                raise UsageError(
                    "A similarity model has no labels.", where="--label", hint="leave --label out"
                )
            self.low, self.high = answers
            if answers.activation == "identity":  # its scores may lie beyond the scale
                self.high = float("inf")
            self.usual = answers.at(0.8)
        else:
            self.label = positive_label(answers, label)
            self._column = (answers.index(self.label),)
            self.low, self.high, self.usual = 0.0, 1.0, 0.5

    def read(
        self, pairs: Sequence[Pair], *, progress: ProgressListener | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """How far the texts of many pairs agree, in bounded memory.

        Args:
            pairs: Any number of pairs.
            progress: Hears the stage ``"score"``, with the rate, after every few thousand pairs.

        Returns:
            The value of every pair, shape ``(n_pairs,)``, and whether part of the pair was not read, the same.
        """
        asked = ask(self._model, in_chunks(pairs), len(pairs), stage="score", progress=progress)
        assert asked.truncated is not None  # it has `read`
        return asked.values[(slice(None), *self._column)].astype(np.float32), asked.truncated
