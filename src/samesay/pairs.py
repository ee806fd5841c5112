"""The words of the domain: a pair of texts, its label or its grade, a judgement, and what can judge or grade.

This module knows nothing of files, tensors or Keras; arrays appear in type annotations alone.
"""

from __future__ import annotations

import csv
import io
import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from samesay.errors import LabelMismatch, LabelUnknown, UsageError, near

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The ordered names of the classes; a name's place is its index in every array of probabilities.

    >>> labels = LabelSet(("entailment", "neutral", "contradiction"))
    >>> labels.index("neutral")
    1
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names) or any(not name.strip() for name in self.names):
            raise UsageError(
                f"Label names must be different and not empty. Received: {', '.join(map(repr, self.names))}."
            )

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
            close = near(name, self.names)
            raise LabelUnknown(
                f"{name!r} is not one of the labels.",
                expected=f"one of {', '.join(self.names)}",
                hint=f"did you mean {close[0]!r}?" if close else None,
            ) from None

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


@dataclass(frozen=True, slots=True)
class GradeScale:
    """The lowest and the highest grade of similarity that there is; every grade outside a model is on this scale.

    >>> str(GradeScale(0, 5))
    '0 to 5'
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UsageError(
                f"A scale cannot run from {self.low:g} to {self.high:g}.",
                where="scale",
                expected="two numbers, the lower one first, such as 0,5",
            )

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def __iter__(self) -> Iterator[float]:
        return iter((self.low, self.high))

    def __contains__(self, grade: float) -> bool:
        return self.low <= grade <= self.high

    @classmethod
    def parse(cls, text: str) -> GradeScale:
        """Read ``"0,5"``.

        Raises:
            UsageError: If it is not two numbers, the lower one first.
        """
        try:
            low, high = (float(part) for part in text.split(","))
        except ValueError:
            raise UsageError(
                f"Cannot read a scale from {text!r}.",
                where="scale",
                expected="two numbers, the lower one first, such as 0,5",
            ) from None
        return cls(low, high)

    def to_unit(self, grades: NDArray[np.float32]) -> NDArray[np.float32]:
        """Grades as shares of the scale, in [0, 1]."""
        return (grades - self.low) / (self.high - self.low)

    def from_unit(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shares of the scale, in [0, 1], as grades."""
        return self.low + (self.high - self.low) * shares


Answers = LabelSet | GradeScale
"""What a model answers with: one of some names (classification), or a grade on a scale (similarity)."""

Task = Literal["classification", "similarity"]
TASKS: tuple[Task, ...] = ("classification", "similarity")


def task_of(answers: Answers) -> Task:
    """Which task a model has that answers so."""
    return "similarity" if isinstance(answers, GradeScale) else "classification"


def answers_in_words(answers: Answers) -> str:
    """``entailment, neutral`` or ``grades from 0 to 5``, for messages."""
    return f"grades from {answers}" if isinstance(answers, GradeScale) else ", ".join(answers)


@dataclass(frozen=True, slots=True)
class Grade:
    """How similar a model finds the two texts of one pair.

    Attributes:
        grade: On ``scale``.
        scale: The lowest and the highest grade there is.
        tokens_lost: How many tokens of the first and of the second side did not fit.
    """

    grade: float
    scale: GradeScale
    tokens_lost: tuple[int, int] = (0, 0)

    @property
    def truncated(self) -> bool:
        """Whether any part of the pair was not read."""
        return self.tokens_lost != (0, 0)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model says of one pair.

    Attributes:
        label: The name with the highest probability (the first one, where two are equal), or by the thresholds of a
            calibrated model.
        probabilities: Every label's name with its probability; they sum to 1.
        tokens_lost: How many tokens of the first and of the second side did not fit.
        abstained: Whether a calibrated model is not confident enough of ``label`` to stand by it.
    """

    label: str
    probabilities: dict[str, float]
    tokens_lost: tuple[int, int] = (0, 0)
    abstained: bool = field(default=False, kw_only=True)

    @property
    def truncated(self) -> bool:
        """Whether any part of the pair was not read."""
        return self.tokens_lost != (0, 0)


@runtime_checkable
class Predictor(Protocol):
    """Anything that answers: a Keras model, its ONNX part, a baseline, a server, a cascade.

    ``check_predictor`` in the tests states what every one of them keeps: rows in the order of the pairs, sums of 1,
    and a pair's row independent of the pairs beside it.
    """

    @property
    def labels(self) -> LabelSet:
        """The names of the columns of ``predict``."""
        ...

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        ...

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``; ``(0, n_labels)`` for none."""
        ...


@runtime_checkable
class Grader(Protocol):
    """Anything that grades the similarity of pairs; what ``Predictor`` is to labels.

    Rows are in the order of the pairs, every grade is on the scale, and a pair's grade is independent of the pairs
    beside it.
    """

    @property
    def scale(self) -> GradeScale:
        """The lowest and the highest grade there is."""
        ...

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        ...

    def grade(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Grades, shape ``(n_pairs,)``, in the order of ``pairs``."""
        ...


def label_counts(labels: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, most frequent first, ties by name."""
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task has come; what a listener does with it (draw, log, nothing) is its own affair.

    Attributes:
        stage: What is being done, such as ``"train"``, ``"validate"`` or ``"score"``.
        done: Units finished (pairs, rows), from 0.
        total: Units in all, where that is known.
        facts: Figures of the moment, such as ``{"loss": 0.41, "accuracy": 0.83}``.
    """

    stage: str
    done: int
    total: int | None = None
    facts: Mapping[str, float | int | str] = field(default_factory=dict)


ProgressListener = Callable[[Progress], None]
