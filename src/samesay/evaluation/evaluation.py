"""What an evaluation of any task holds: a table of pairs answered by a predictor, and how good the answers are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from samesay.errors import NoRows
from samesay.evaluation.answering import Asked
from samesay.evaluation.intervals import RESAMPLES, Interval
from samesay.pairs import Sides, Task, per_second

if TYPE_CHECKING:
    from samesay.data import PairTable


class Constant(NamedTuple):
    """What always giving one answer scores, which any model has to beat.

    Attributes:
        name: ``majority`` or ``mean score``.
        answer: The one answer, in words.
        metrics: Those that are defined for it.
    """

    name: str
    answer: str
    metrics: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Evaluation(ABC):
    """How well a predictor answers on a table of pairs.

    Attributes:
        n_pairs: Pairs measured.
        metrics: Name to value; which ones there are depends on the task.
        sides: The names of the two texts, in the order in which they were read.
        source: Where the pairs came from.
        rows_dropped: Rows of the source that were left out, by reason.
        truncated: Pairs of which a part was not read; None if the predictor cannot tell.
        seconds: Time spent answering.
        pairs_per_second: ``n_pairs`` over ``seconds``.
        notes: What a reader should know before trusting the metrics.
    """

    task: ClassVar[Task]

    n_pairs: int
    metrics: dict[str, float]
    sides: Sides
    source: str
    rows_dropped: dict[str, int]
    truncated: int | None
    seconds: float
    pairs_per_second: float
    notes: tuple[str, ...] = field(default=())

    @property
    @abstractmethod
    def constant(self) -> Constant:
        """The best constant answer on these pairs."""

    @abstractmethod
    def intervals(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval | None]:
        """95 % intervals of ``metrics``; None where there is none."""

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            "metrics": dict(self.metrics),
            "n_pairs": self.n_pairs,
            "sides": list(self.sides),
            "source": self.source,
            "rows_dropped": dict(self.rows_dropped),
            "truncated": self.truncated,
            "seconds": self.seconds,
            "pairs_per_second": self.pairs_per_second,
            "notes": list(self.notes),
        }


def require_pairs(table: PairTable) -> None:
    """Refuse a table without pairs.

    Raises:
        NoRows: If there are none.
    """
    if not len(table):
        raise NoRows(f"There are no pairs in {table.origin} to measure on.", where=str(table.origin))


def common_fields(table: PairTable, answers: Asked, notes: Sequence[str]) -> dict[str, Any]:
    """The fields of an ``Evaluation`` that do not depend on the task; ``notes`` stand between the table's and ours."""
    n_pairs = len(answers.values)
    truncated = None if answers.truncated is None else int(answers.truncated.sum())
    cut = (
        [f"{truncated:,} of {n_pairs:,} pairs were longer than the model reads, and were cut"]
        if truncated
        else []
    )
    return {
        "n_pairs": n_pairs,
        "sides": table.sides,
        "source": str(table.origin),
        "rows_dropped": dict(table.origin.rows_dropped),
        "truncated": truncated,
        "seconds": answers.seconds,
        "pairs_per_second": per_second(n_pairs, answers.seconds),
        "notes": (*table.origin.notes, *notes, *cut),
    }
