"""What finding and checking ask of a model: an answer with its truncation, the label that is meant, the side that asks.

Knows the names of labels and sides, nothing of texts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from samesay.errors import UsageError, near
from samesay.pairs import LabelSet, Pair, Predictor, Progress, ProgressListener, Sides, labels_of, per_second
from samesay.printable import command

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENTAILMENT = "entailment"
# Labels by which corpora say yes; the first that a model has is what "the same" means to it.
_POSITIVE = (ENTAILMENT, "same", "duplicate", "paraphrase", "equivalent", "similar", "yes", "true", "1")
# Sides that make a claim or ask; the other side of such a pair is what they are held against.
_ASKING = ("hypothesis", "claim", "query", "question")
# Pairs that are encoded, sorted by length and held in memory together.
_CHUNK_PAIRS = 4096


class PairReader(Predictor, Protocol):
    """A `Predictor` that also says what it did not read, as the `Scorer` and the Keras predictor do."""

    def read(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Probabilities ``(n_pairs, n_labels)`` and lost tokens ``(n_pairs, 2)``, in the order of ``pairs``."""
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
        f"None of the labels {', '.join(labels)} tells by its name that two texts agree.",
        where="--label",
        expected="the name of the label that is meant",
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


def read_label(
    reader: PairReader, pairs: Sequence[Pair], label: str, *, progress: ProgressListener | None = None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The probability of one label for many pairs, in bounded memory.

    Args:
        reader: What answers.
        pairs: Any number of pairs.
        label: One of the reader's labels.
        progress: Told of the stage ``"score"``, with the rate, after every few thousand pairs.

    Returns:
        The probability of ``label``, shape ``(n_pairs,)``, and whether part of the pair was not read, the same.
    """
    column = labels_of(reader.answers).index(label)
    probabilities = np.empty(len(pairs), np.float32)
    cut = np.zeros(len(pairs), np.bool_)
    begin = time.perf_counter()
    for start in range(0, len(pairs), _CHUNK_PAIRS):
        chunk = slice(start, start + _CHUNK_PAIRS)
        rows, lost = reader.read(pairs[chunk])
        probabilities[chunk] = rows[:, column]
        cut[chunk] = lost.any(axis=1)
        if progress is not None:
            done = min(chunk.stop, len(pairs))
            rate = per_second(done, time.perf_counter() - begin)
            progress(Progress("score", done, len(pairs), {"pairs_per_second": round(rate, 1)}))
    return probabilities, cut
