"""The words of the domain: a pair of texts, what a model answers with (labels or a scale), a prediction, a predictor.

This module knows nothing of files, tensors or Keras; arrays appear in type annotations alone.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, get_args, runtime_checkable

from samesay.errors import LabelMismatch, LabelUnknown, ScoreInvalid, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What nobody sees: blanks, controls, what Unicode calls ignorable by default (joiners, marks of direction, fillers),
# and the blank of Braille.
_INVISIBLE = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
_VISIBLE = re.compile(f"[^{_INVISIBLE}]")

# Above this many labels a search through all orders would take longer than its answer is worth.
_MAX_LABELS_TO_PERMUTE = 6


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts in the order in which a model reads them, and the gold label where there is one.

    >>> Pair("A dog runs.", "An animal moves.", "entailment").label
    'entailment'
    """

    first: str
    second: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """The names of a pair's two sides, in the order in which a model reads them.

    >>> str(Sides("hypothesis", "premise"))
    'hypothesis,premise'
    """

    first: str = "first"
    second: str = "second"

    def __post_init__(self) -> None:
        if not self.first or not self.second or self.first == self.second:
            raise UsageError(
                f"The sides {self.first!r} and {self.second!r} are not two different names.",
                expected="two names, in reading order, such as 'hypothesis,premise'",
            )

    def __str__(self) -> str:
        return f"{self.first},{self.second}"

    def __iter__(self) -> Iterator[str]:
        return iter((self.first, self.second))

    @classmethod
    def of(cls, sides: Sides | Sequence[str] | str) -> Sides:
        """Two names as Python users give them, or as ``parse`` reads them.

        Raises:
            UsageError: If they are not two names.
        """
        if isinstance(sides, Sides):
            return sides
        if isinstance(sides, str):
            return cls.parse(sides)
        return cls(*_texts_of(sides, "sides", "two names, such as ('hypothesis', 'premise')", n=2))

    def other(self, side: str) -> str:
        """The side that is not ``side``."""
        return self.second if side == self.first else self.first

    def pair(self, side: str, text: str, other: str) -> Pair:
        """The pair in which ``text`` is ``side``."""
        return Pair(text, other) if side == self.first else Pair(other, text)

    def named(self, name: str, *, where: str) -> str:
        """The side called ``name``, which may also be ``first`` or ``second``.

        Raises:
            UsageError: If there is none.
        """
        if name in tuple(self):
            return name
        if name in ("first", "second"):
            return self.first if name == "first" else self.second
        raise UsageError.of_choice(f"The model has no side {name!r}.", name, tuple(self), where=where)

    @classmethod
    def parse(cls, text: str) -> Sides:
        """Read ``"hypothesis,premise"``.

        Raises:
            UsageError: If it is not two names.
        """
        names = [name.strip() for name in text.split(",")]
        if len(names) != 2:
            raise UsageError(
                f"Cannot read the sides from {text!r}.",
                expected="two names, in reading order, such as 'hypothesis,premise'",
            )
        return cls(*names)


def is_empty(text: str) -> bool:
    """Whether there is nothing to read in ``text``: no character, blanks alone, or characters that nobody sees.

    >>> is_empty("  "), is_empty("?")
    (True, False)
    """
    return _VISIBLE.search(text) is None


def empty_sides(first: str, second: str, sides: Sides) -> tuple[str, ...]:
    """Which sides of a pair are empty, by name; none of most."""
    return tuple(name for name, text in zip(sides, (first, second), strict=True) if is_empty(text))


Task = Literal["classification", "similarity"]
TASKS: tuple[Task, ...] = ("classification", "similarity")


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The ordered names of the classes; a name's place is its index in every array of probabilities.

    With ``Scale`` one of the two things that a model answers with: what rooms do by task, they look up by ``task``.

    >>> labels = LabelSet(("entailment", "neutral", "contradiction"))
    >>> labels.index("neutral")
    1
    """

    task: ClassVar[Task] = "classification"
    activation: ClassVar[Literal["softmax"]] = "softmax"
    gold_dtype: ClassVar[str] = "int32"  # of gold answers: indices into the names
    scale: ClassVar[None] = None

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names) or any(not name.strip() for name in self.names):
            raise UsageError(
                f"Label names must be different and not empty. Received: {', '.join(map(repr, self.names))}."
            )

    @classmethod
    def of(cls, names: LabelSet | Sequence[str]) -> LabelSet:
        """Names as Python users give them.

        Raises:
            UsageError: If they are not names, or one text, whose letters would be taken for them.
        """
        if isinstance(names, LabelSet):
            return names
        return cls(_texts_of(names, "labels", "a list of names, such as ['different', 'same']"))

    @property
    def labels(self) -> LabelSet:
        """These names; ``None`` where answers are scores."""
        return self

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each output of a model's head stands for."""
        return self.names

    @property
    def in_words(self) -> str:
        """For messages: ``entailment, neutral``."""
        return ", ".join(self.names)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, with the other task's key empty."""
        return {"labels": list(self.names), "scale": None}

    def shape(self, n_pairs: int) -> tuple[int, ...]:
        """Of the probabilities of ``n_pairs``."""
        return (n_pairs, len(self.names))

    def put_on(self, data: Answers) -> LabelSet:
        """What a model that answers so answers beside ``data``: the same labels."""
        return self

    def in_texts(self, gold: NDArray[Any]) -> list[str]:
        """Gold answers as texts: the names."""
        return [self.names[index] for index in gold.tolist()]

    def adopt(self, gold: NDArray[Any], mine: Answers, *, where: str) -> NDArray[Any]:
        """Gold answers that index into the names ``mine``, as indices into these, by name.

        Raises:
            LabelMismatch: If a pair of the data at ``where`` carries a name that these lack.
        """
        if mine.names == self.names:
            return gold
        used = set(gold.tolist())
        of_data = LabelSet(tuple(name for index, name in enumerate(mine.names) if index in used))
        self.require_same_names(of_data, where=where)
        places = {index: self.names.index(mine.names[index]) for index in used}
        again = gold.copy()
        for index, place in places.items():
            again[gold == index] = place
        return again

    def to_targets(self, gold: NDArray[np.int32]) -> NDArray[np.int32]:
        """What a model learns from gold answers: the indices as they are."""
        return gold

    def from_targets(self, targets: NDArray[np.int32]) -> NDArray[np.int32]:
        """The gold answers of ``to_targets``."""
        return targets

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def index(self, name: str) -> int:
        """The place of ``name``.

        Raises:
            LabelUnknown: If it is not one of the names.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise LabelUnknown.of_choice(f"{name!r} is not one of the labels.", name, self.names) from None

    def require_same_names(self, other: LabelSet, *, where: str) -> None:
        """Refuse ``other`` unless it uses a subset of these names; the order does not matter.

        Args:
            other: The names that the data at ``where`` uses.
            where: The data, for the message.

        Raises:
            LabelMismatch: With both lists and the renaming, if one fits by spelling.
        """
        strange = [name for name in other if name not in self.names]
        if not strange:
            return
        renaming = self.renaming_of(other)
        raise LabelMismatch(
            f"The data's labels are not the model's: {', '.join(map(repr, strange))} unknown to the model.",
            where=where,
            expected=f"model: {', '.join(self.names)}; data: {', '.join(other.names)}",
            hint=renaming_option(renaming) if renaming else None,
            details={"model": list(self.names), "data": list(other.names), "renaming": renaming},
        )

    def renaming_of(self, other: LabelSet) -> dict[str, str]:
        """From the names of ``other`` to these, where one assignment alone fits by spelling; else nothing."""
        return _renaming(self.names, other.names)


def renaming_option(renaming: Mapping[str, str]) -> str:
    """``--rename-labels a=b,c=d``, quoted for a shell."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([f"{one}={other}" for one, other in renaming.items()])
    return f"--rename-labels {shlex.quote(line.getvalue())}"


def _renaming(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, str]:
    """The one assignment of ``theirs`` to ``ours`` in which every name resembles its partner, or nothing."""
    if len(theirs) > len(ours) or len(ours) > _MAX_LABELS_TO_PERMUTE:
        return {}

    def alike(mine: str, other: str) -> bool:
        mine, other = mine.casefold(), other.casefold()
        return mine == other or mine.startswith(other[:5]) or other.startswith(mine[:5])

    fits = [
        order
        for order in permutations(ours, len(theirs))
        if all(alike(mine, other) for mine, other in zip(order, theirs, strict=True))
    ]
    return dict(zip(theirs, fits[0], strict=True)) if len(fits) == 1 else {}


MOST_TOKENS = 1 << 20
"""The highest limit that a model's length can have, in tokens of a pair."""

Activation = Literal["sigmoid", "identity"]
"""What makes a score of a model's one output: its sigmoid is a share of the scale, or it is the score as it is."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The lowest and the highest score of similarity that there is; every score outside a model is on this scale.

    Attributes:
        low: The lowest score.
        high: The highest score.
        activation: What makes a score of a model's output. The models of SameSay have the sigmoid; an imported one may
            answer with its output as it is, which no scale bounds.

    >>> str(Scale(0, 5))
    '0 to 5'
    """

    task: ClassVar[Task] = "similarity"
    outputs: ClassVar[tuple[str, ...]] = ("score",)
    names: ClassVar[tuple[str, ...]] = ()  # of classes: there are none
    gold_dtype: ClassVar[str] = "float32"
    labels: ClassVar[None] = None

    low: float
    high: float
    activation: Activation = field(default="sigmoid", compare=False)

    def __post_init__(self) -> None:
        if self.activation not in get_args(Activation):
            raise UsageError(
                f"The activation {self.activation!r} is not known.", expected=", ".join(get_args(Activation))
            )
        # Beyond these bounds scores in float32, or shares of the scale, would be infinite.
        if not (-1e9 <= self.low < self.high <= 1e9 and self.high - self.low >= 1e-9):
            raise UsageError(
                f"A scale cannot run from {self.low:g} to {self.high:g}.",
                where="scale",
                expected="two numbers, the lower one first, such as 0,5",
            )

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def __iter__(self) -> Iterator[float]:
        return iter((self.low, self.high))

    def __contains__(self, score: float) -> bool:
        return self.low <= score <= self.high

    @classmethod
    def of(cls, scale: Scale | Sequence[float] | str) -> Scale:
        """Two numbers as Python users give them, or as ``parse`` reads them.

        Raises:
            UsageError: If they are not two numbers, the lower one first.
        """
        if isinstance(scale, Scale):
            return scale
        return cls.parse(
            scale if isinstance(scale, str) or not isinstance(scale, Iterable) else ",".join(map(str, scale))
        )

    @classmethod
    def parse(cls, text: str) -> Scale:
        """Read ``"0,5"``.

        Raises:
            UsageError: If it is not two numbers, the lower one first.
        """
        try:
            low, high = (float(part) for part in str(text).split(","))
        except ValueError:
            raise UsageError(
                f"Cannot read a scale from {text!r}.",
                where="scale",
                expected="two numbers, the lower one first, such as 0,5",
            ) from None
        return cls(low, high)

    @property
    def scale(self) -> Scale:
        """This scale; ``None`` where answers are labels."""
        return self

    @property
    def in_words(self) -> str:
        """For messages: ``scores from 0 to 5``."""
        return f"scores from {self}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, with the other task's key empty."""
        return {"labels": None, "scale": list(self)}

    def shape(self, n_pairs: int) -> tuple[int, ...]:
        """Of the scores of ``n_pairs``."""
        return (n_pairs,)

    def put_on(self, data: Answers) -> Scale:
        """What a model that answers so, and names no scale, answers beside ``data``: scores on theirs."""
        return Scale(*data, activation=self.activation)  # type: ignore[arg-type]

    def to_list(self) -> list[float | str]:
        """As JSON types: what makes it again, and its activation only where that is no sigmoid."""
        return [self.low, self.high, *([self.activation] if self.activation != "sigmoid" else [])]

    def in_texts(self, gold: NDArray[Any]) -> list[str]:
        """Gold answers as texts: the shortest decimals that are these numbers."""
        return [str(score) for score in gold]

    def adopt(self, gold: NDArray[Any], mine: Answers, *, where: str) -> NDArray[Any]:
        """The gold scores as they are, whatever scale they were read on, if this one has them.

        Raises:
            ScoreInvalid: If one of the data at ``where`` is outside it.
        """
        outside = [score for score in gold.tolist() if score not in self]
        if outside:
            raise ScoreInvalid(
                f"The score {outside[0]:g} is outside the scale of {self}.",
                where=where,
                expected=f"from {self}; or one scale for all of the data: --scale LOW,HIGH",
            )
        return gold

    def at(self, share: float) -> float:
        """The score at a share of the scale."""
        return self.low + share * (self.high - self.low)

    def to_targets(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores as shares of the scale, in [0, 1]."""
        return (scores - self.low) / (self.high - self.low)

    def from_targets(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shares of the scale, in [0, 1], as scores."""
        return self.low + (self.high - self.low) * shares


def _texts_of(names: Sequence[str], where: str, expected: str, *, n: int | None = None) -> tuple[str, ...]:
    found = tuple(names) if isinstance(names, Iterable) and not isinstance(names, (str, bytes)) else (None,)
    if not all(isinstance(name, str) for name in found) or (n is not None and len(found) != n):
        raise UsageError(f"{where} is {names!r}.", where=where, expected=expected)
    return tuple(map(str, found))


Answers = LabelSet | Scale
"""What a model answers with: one of some names (classification), or a score on a scale (similarity)."""


def are_alike(one: Answers, other: Answers) -> bool:
    """Whether both are of one task and have the same names, in any order, or the same scale.

    >>> are_alike(LabelSet(("a", "b")), LabelSet(("b", "a"))), are_alike(Scale(0, 1), Scale(0, 5))
    (True, False)
    """
    return one.task == other.task and set(one) == set(other)


def labels_of(answers: Answers) -> LabelSet:
    """The names of the classes.

    Raises:
        UsageError: If there are scores instead.
    """
    if isinstance(answers, LabelSet):
        return answers
    raise UsageError(
        f"A similarity model gives scores from {answers}, and has no labels.", expected="a model of labels"
    )


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one pair: a label, or a similarity score.

    Attributes:
        label: The name with the highest probability (the first one, where two are equal), or by the thresholds of a
            calibrated model; None for a similarity model.
        probabilities: Every label's name with its probability; they sum to 1. Empty for a similarity model.
        tokens_lost: How many tokens of the first and of the second side did not fit.
        abstained: Whether a calibrated model is not confident enough of ``label`` to stand by it.
        empty_sides: The sides with nothing to read, by name: what is said of such a pair says nothing.
        score: How similar the texts are, on ``scale``; None for a model of labels.
        scale: The lowest and the highest score there is.
    """

    label: str | None
    probabilities: dict[str, float]
    tokens_lost: tuple[int, int] = (0, 0)
    abstained: bool = field(default=False, kw_only=True)
    empty_sides: tuple[str, ...] = field(default=(), kw_only=True)
    score: float | None = field(default=None, kw_only=True)
    scale: Scale | None = field(default=None, kw_only=True)

    @property
    def truncated(self) -> bool:
        """Whether any part of the pair was not read."""
        return self.tokens_lost != (0, 0)

    def to_dict(self) -> dict[str, Any]:
        """What is said of the pair, as JSON types."""
        if self.scale is not None:
            said = {"score": self.score, "scale": list(self.scale)}
        else:
            said = {"label": self.label, "probabilities": self.probabilities, "abstained": self.abstained}
        return {**said, "truncated": self.truncated, "empty_sides": list(self.empty_sides)}


@runtime_checkable
class Predictor(Protocol):
    """Anything that answers: a Keras model, its ONNX part, a baseline, a server, a cascade.

    ``check_predictor`` in the tests states what every one of them keeps: rows in the order of the pairs, probabilities
    that sum to 1 or scores on the scale, and a pair's row independent of the pairs beside it.
    """

    @property
    def answers(self) -> Answers:
        """The names of the columns of ``predict``, or the scale of its scores."""
        ...

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        ...

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Rows in the order of ``pairs``: probabilities ``(n_pairs, n_labels)``, or scores ``(n_pairs,)``."""
        ...


def label_counts(labels: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, most frequent first, ties by name."""
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


CHUNK_PAIRS = 4096
"""How many pairs a model is given at a time: enough that rows of like length share its batches, few enough that memory
stays small and progress moves. One number for all, so that an answer does not depend on who asks."""


def in_chunks(pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    """The pairs, ``CHUNK_PAIRS`` at a time."""
    return (pairs[start : start + CHUNK_PAIRS] for start in range(0, len(pairs), CHUNK_PAIRS))


def per_second(count: int, seconds: float) -> float:
    """A rate; 0 where the clock stood still or went back, which says nothing of how fast it was."""
    return count / seconds if seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task has come; what a listener does with it (draw, log, nothing) is its own affair.

    Attributes:
        stage: What is being done, such as ``"train"``, ``"validate"`` or ``"score"``.
        done: Units finished (pairs, rows), from 0.
        total: Units in all, where that is known.
        facts: Metrics of the moment, such as ``{"loss": 0.41, "accuracy": 0.83}``.
    """

    stage: str
    done: int
    total: int | None = None
    facts: Mapping[str, float | int | str] = field(default_factory=dict)


ProgressListener = Callable[[Progress], None]
