"""Measuring a similarity model: a ``Grader`` and a table of graded pairs in, one ``SimilarityEvaluation`` out.

With it what such a model has to beat: the mean grade, and the share of words that the two texts have in common.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data.python.inputs import texts_from
from samesay.evaluation.answering import ask
from samesay.evaluation.evaluation import Constant, Evaluation, common_fields, require_pairs
from samesay.evaluation.intervals import RESAMPLES, Interval, grade_intervals
from samesay.evaluation.metrics import grade_metrics, require_grades
from samesay.pairs import Grader, GradeScale, ProgressListener, Sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable


@dataclass(frozen=True, kw_only=True)
class SimilarityEvaluation(Evaluation):
    """How well a grader answers on a table of pairs.

    Attributes:
        metrics: ``spearman`` and ``pearson`` in [-1, 1], absent where every grade is the same; ``mse`` and ``mae`` in
            (squared) units of the scale.
        scale: The lowest and the highest grade there is.
        mean_grade: The mean of the right grades.
        mean_metrics: What always answering ``mean_grade`` would have scored here.
        truth: The right grades, shape ``(n_pairs,)``, in the order of the table.
        grades: The answers, likewise.
    """

    scale: GradeScale
    mean_grade: float
    mean_metrics: dict[str, float]
    truth: NDArray[np.float32] = field(repr=False, compare=False)
    grades: NDArray[np.float32] = field(repr=False, compare=False)

    @property
    def constant(self) -> Constant:
        """The mean of the right grades."""
        return Constant("mean grade", f"{self.mean_grade:.2f}", self.mean_metrics)

    def intervals(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval | None]:
        """95 % intervals of ``metrics`` and of ``bias``, see ``intervals.grade_intervals``."""
        return grade_intervals(self.truth, self.grades, resamples=resamples, seed=seed)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            **super().to_dict(),
            "scale": list(self.scale),
            "mean": {"grade": self.mean_grade, **self.mean_metrics},
        }


def evaluate_grader(
    grader: Grader, table: PairTable, *, progress: ProgressListener | None = None
) -> SimilarityEvaluation:
    """Measure ``grader`` on ``table``; see ``samesay.evaluation.evaluate``."""
    table = table.with_scale(grader.scale).with_sides(grader.sides)
    truth = table.gold_grades()
    require_pairs(table)
    answers = ask(
        grader,
        table,
        method="grade",
        check=lambda grades, n: require_grades(grades, n_pairs=n),
        progress=progress,
    )
    grades = answers.rows.astype(np.float32)
    notes = []
    if len(grades) > 1 and np.ptp(grades) < 1e-6:
        notes.append(f"every grade is {grades[0]:.2f}: the model does not tell these pairs apart")
    mean = float(truth.mean(dtype=np.float64))
    return SimilarityEvaluation(
        **common_fields(table, answers, notes),
        metrics=grade_metrics(truth, grades),
        scale=grader.scale,
        mean_grade=mean,
        mean_metrics=grade_metrics(truth, np.full(len(grades), mean)),
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
