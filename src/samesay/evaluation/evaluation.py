"""What an evaluation of any task holds, and how a predictor is asked about many pairs: one loop in chunks, timed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from samesay.errors import NoRows
from samesay.evaluation.intervals import RESAMPLES, Interval, Statistic, bootstrap_intervals
from samesay.evaluation.metrics import require_values
from samesay.pairs import Answers, Pair, Predictor, Progress, ProgressListener, Sides, Task, per_second

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from samesay.data import PairTable


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before metrics, or data, are relied on.

    Attributes:
        code: Stable, such as ``labels-permuted`` or ``shared-pairs``.
        weight: ``fault`` where metrics do not mean what they seem to, ``caution`` where they need care.
        text: A sentence or two, with counts.
        places: Where the first of the rows are that it is about.
    """

    code: str
    weight: Literal["fault", "caution"]
    text: str
    places: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether metrics do not mean what they seem to."""
        return self.weight == "fault"

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON types; ``places`` where there are any."""
        fields: dict[str, Any] = {"code": self.code, "weight": self.weight, "text": self.text}
        return {**fields, "places": list(self.places)} if self.places else fields


class Table(NamedTuple):
    """A part of a result that people read as a table.

    Attributes:
        head: The headings.
        rows: A value for each of them; None is shown as a dash.
        title: A line above it.
        numbers_from: The first column of numbers, to whose right all are numbers.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str | None = None
    numbers_from: int | None = 1


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
        headline: The metric that stands for all of them where there is room for one.
        answers: The predictor's labels, or the scale of its scores.
        n_pairs: Pairs measured.
        metrics: Name to value; which ones there are depends on the task.
        sides: The names of the two texts, in the order in which they were read.
        source: Where the pairs came from.
        rows_dropped: Rows of the source that were left out, by reason.
        truncated: Pairs of which a part was not read; None if the predictor cannot tell.
        seconds: Time spent answering.
        notes: What a reader should know before trusting the metrics.
    """

    task: ClassVar[Task]
    headline: ClassVar[str]

    answers: Answers
    n_pairs: int
    metrics: dict[str, float]
    sides: Sides
    source: str
    rows_dropped: dict[str, int]
    truncated: int | None
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def pairs_per_second(self) -> float:
        """``n_pairs`` over ``seconds``."""
        return per_second(self.n_pairs, self.seconds)

    @property
    @abstractmethod
    def gold(self) -> NDArray[Any]:
        """The right answers, shape ``(n_pairs,)``: indices into the labels, or scores."""

    @property
    @abstractmethod
    def constant(self) -> Constant:
        """The best constant answer on these pairs."""

    @abstractmethod
    def statistic(self) -> Statistic:
        """The metrics of any of these pairs."""

    @abstractmethod
    def tables(self) -> list[Table | str]:
        """What the metrics leave out, for people: tables and lines."""

    @abstractmethod
    def draw(self, figure: Figure) -> str:
        """Draw the answers beside the right ones, and say in words what there is to see."""

    def changes_from(self, reference: Evaluation) -> dict[str, int] | None:
        """How many answers are others than those of ``reference``, and which of both are right; None of scores."""
        return None

    def headline_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the headline that needs no drawing; None where there is no such."""
        return None

    def intervals(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval | None]:
        """95 % intervals of ``statistic``; None where there is none."""
        return bootstrap_intervals(self.statistic(), resamples=resamples, seed=seed)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            "task": self.task,
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


class Asked(NamedTuple):
    """A predictor's answers to some pairs.

    Attributes:
        values: Probabilities ``(n_pairs, n_labels)`` or scores ``(n_pairs,)``, float64, in the order of the pairs.
        truncated: ``(n_pairs,)`` bool, whether a part of the pair was not read; None if the predictor cannot tell.
        seconds: Time spent answering.
    """

    values: NDArray[np.float64]
    truncated: NDArray[np.bool_] | None
    seconds: float


def ask(
    predictor: Predictor,
    chunks: Iterable[Sequence[Pair]],
    total: int,
    *,
    stage: str = "evaluate",
    facts: Callable[[int, NDArray[np.float64]], Mapping[str, float]] = lambda _, __: {},
    progress: ProgressListener | None = None,
) -> Asked:
    """Ask ``predictor`` about pairs in its reading order.

    Args:
        predictor: Answers by ``predict``, or by ``read``, if it has that, which also says what it cut.
        chunks: The pairs.
        total: How many they are.
        stage: What ``progress`` hears, in pairs, with ``pairs_per_second``.
        facts: From a chunk's first place and its values to what is reported beside the speed.
        progress: The listener.

    Raises:
        ModelError: If an answer is not a distribution over the labels, or no number.
    """
    read: Any = getattr(predictor, "read", None)
    report = progress or (lambda _: None)
    values = [np.zeros(predictor.answers.shape(0))]
    cut = [np.zeros(0, np.bool_)]
    seconds, done = 0.0, 0
    report(Progress(stage, done, total))
    for chunk in chunks:
        began = time.perf_counter()
        found, lost = read(chunk) if read else (predictor.predict(chunk), None)
        seconds += time.perf_counter() - began
        if lost is not None:
            cut.append(np.asarray(lost).sum(axis=1) > 0)
        values.append(require_values(found, predictor.answers, n_pairs=len(chunk)))
        start, done = done, done + len(chunk)
        speed = {"pairs_per_second": round(per_second(done, seconds), 1)}
        report(Progress(stage, done, total, {**facts(start, values[-1]), **speed}))
    return Asked(np.concatenate(values), np.concatenate(cut) if read else None, seconds)


def require_pairs(table: PairTable) -> None:
    """Refuse a table without pairs.

    Raises:
        NoRows: If there are none.
    """
    if not len(table):
        raise NoRows(f"There are no pairs in {table.origin} to measure on.", where=str(table.origin))


def common_fields(table: PairTable, asked: Asked, notes: Sequence[str]) -> dict[str, Any]:
    """The fields of an ``Evaluation`` that do not depend on the task; ``notes`` stand between the table's and ours."""
    truncated = None if asked.truncated is None else int(asked.truncated.sum())
    cut = (
        [f"{truncated:,} of {len(table):,} pairs were longer than the model reads, and were cut"]
        if truncated
        else []
    )
    return {
        "n_pairs": len(table),
        "sides": table.sides,
        "source": str(table.origin),
        "rows_dropped": dict(table.origin.rows_dropped),
        "truncated": truncated,
        "seconds": asked.seconds,
        "notes": (*table.origin.notes, *notes, *cut),
    }
