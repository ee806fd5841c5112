"""Measuring anything that grades: a ``Grader`` and a table of graded pairs in, one ``GradeEvaluation`` out.

With it what a grader has to beat: the mean grade, and the share of words that the two texts have in common.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data.inputs import texts_from
from samesay.errors import NoRows
from samesay.evaluation.grade_metrics import grade_metrics, require_grades
from samesay.pairs import Grader, GradeScale, Progress, ProgressListener, Sides, per_second

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable

# As in ``evaluation``: enough to sort by length, few enough that progress moves.
CHUNK = 1024


@dataclass(frozen=True)
class GradeEvaluation:
    """How well a grader answers on a table of pairs.

    Attributes:
        n_pairs: Pairs measured.
        metrics: ``spearman`` and ``pearson`` in [-1, 1], absent where every grade is the same; ``mse`` and ``mae`` in
            (squared) units of the scale.
        scale: The lowest and the highest grade there is.
        mean_grade: The mean of the right grades.
        mean_metrics: What always answering ``mean_grade`` would have scored here.
        sides: The names of the two texts, in the order in which they were read.
        source: Where the pairs came from.
        rows_dropped: Rows of the source that were left out, by reason.
        truncated: Pairs of which a part was not read; None if the grader cannot tell.
        seconds: Time spent answering.
        pairs_per_second: ``n_pairs`` over ``seconds``.
        notes: What a reader should know before trusting the figures.
        truth: The right grades, shape ``(n_pairs,)``, in the order of the table.
        grades: The answers, likewise.
    """

    n_pairs: int
    metrics: dict[str, float]
    scale: GradeScale
    mean_grade: float
    mean_metrics: dict[str, float]
    sides: Sides
    source: str
    rows_dropped: dict[str, int]
    truncated: int | None
    seconds: float
    pairs_per_second: float
    notes: tuple[str, ...] = ()
    truth: NDArray[np.float32] = field(repr=False, compare=False, kw_only=True)
    grades: NDArray[np.float32] = field(repr=False, compare=False, kw_only=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            "metrics": dict(self.metrics),
            "n_pairs": self.n_pairs,
            "scale": list(self.scale),
            "mean": {"grade": self.mean_grade, **self.mean_metrics},
            "sides": list(self.sides),
            "source": self.source,
            "rows_dropped": dict(self.rows_dropped),
            "truncated": self.truncated,
            "seconds": self.seconds,
            "pairs_per_second": self.pairs_per_second,
            "notes": list(self.notes),
        }


def evaluate_grades(
    grader: Grader, table: PairTable, *, progress: ProgressListener | None = None
) -> GradeEvaluation:
    """Measure ``grader`` on ``table``, whose texts are put into the grader's reading order.

    Args:
        grader: What is measured.
        table: Graded pairs.
        progress: Hears the stage ``evaluate``, in pairs.

    Raises:
        LabelMissing: If the pairs carry no grades.
        GradeInvalid: If a grade is outside the grader's scale.
        NoRows: If there are no pairs.
        ModelError: If an answer is no number.
    """
    table = table.with_scale(grader.scale).with_sides(grader.sides)
    truth = table.gold_grades()
    if not len(table):
        raise NoRows(f"There are no pairs in {table.origin} to measure on.", where=str(table.origin))
    n_pairs, done = len(table), 0
    tell = progress or (lambda _: None)
    grades = np.empty(n_pairs, np.float32)
    truncated, seconds = 0, 0.0
    can_tell = hasattr(grader, "read")
    tell(Progress("evaluate", 0, n_pairs))
    for chunk in table.chunks(CHUNK):
        start, done = done, done + len(chunk)
        began = time.perf_counter()
        if can_tell:
            answers, lost = grader.read(chunk)  # type: ignore[attr-defined]
            truncated += int((lost > 0).any(axis=1).sum())
        else:
            answers = grader.grade(chunk)
        seconds += time.perf_counter() - began
        grades[start:done] = require_grades(answers, n_pairs=len(chunk))
        tell(Progress("evaluate", done, n_pairs, {"pairs_per_second": round(per_second(done, seconds), 1)}))
    notes = list(table.origin.notes)
    if n_pairs > 1 and np.ptp(grades) < 1e-6:
        notes.append(f"every grade is {grades[0]:.2f}: the model does not tell these pairs apart")
    if truncated:
        notes.append(f"{truncated:,} of {n_pairs:,} pairs were longer than the model reads, and were cut")
    mean = float(truth.mean(dtype=np.float64))
    return GradeEvaluation(
        n_pairs=n_pairs,
        metrics=grade_metrics(truth, grades),
        scale=grader.scale,
        mean_grade=mean,
        mean_metrics=grade_metrics(truth, np.full(n_pairs, mean)),
        sides=table.sides,
        source=str(table.origin),
        rows_dropped=dict(table.origin.rows_dropped),
        truncated=truncated if can_tell else None,
        seconds=seconds,
        pairs_per_second=per_second(n_pairs, seconds),
        notes=tuple(notes),
        truth=truth,
        grades=grades,
    )


@dataclass(frozen=True)
class WordOverlap:
    """Grades by the words that occur in both texts, as a share of those in either (Jaccard), put on the scale."""

    scale: GradeScale
    sides: Sides

    def grade(self, pairs: Any) -> NDArray[np.float32]:
        """Grades, shape ``(n_pairs,)``; two texts without a word are the same."""
        texts = list(zip(*texts_from(pairs, sides=self.sides), strict=True))
        shares = np.ones(len(texts), np.float32)
        for place, pair in enumerate(texts):
            first, second = ({word[0] for word in re.finditer(r"\w+", text.casefold())} for text in pair)
            if first | second:
                shares[place] = len(first & second) / len(first | second)
        return self.scale.from_unit(shares)
