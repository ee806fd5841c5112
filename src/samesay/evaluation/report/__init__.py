"""The report of an evaluation: what a careful reader would say of it, as JSON and as one HTML page.

The room knows nothing of models. Classification and similarity part in the table of ``examine`` alone: what is shown
on the page follows from what is in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from samesay.evaluation.evaluation import Evaluation
from samesay.evaluation.report.classification import LabelExaminer
from samesay.evaluation.report.examination import Examination, Examiner, require_report_packages
from samesay.evaluation.report.similarity import ScoreExaminer
from samesay.evaluation.report.slices import Slice, slices_of
from samesay.pairs import Task

if TYPE_CHECKING:
    from samesay.data import PairTable
    from samesay.evaluation.intervals import Interval

__all__ = ["Examination", "examine", "require_report_packages", "slices_of"]

_BY_TASK: dict[Task, type[Examiner]] = {"classification": LabelExaminer, "similarity": ScoreExaminer}


def examine(
    evaluation: Evaluation,
    table: PairTable,
    *,
    slices: Sequence[Slice],
    intervals: Mapping[str, Interval | None] | None = None,
    baselines: Mapping[str, Evaluation] | None = None,
    trained_on: int | None = None,
) -> Examination:
    """Examine an evaluation.

    Args:
        evaluation: The metrics, with the answers.
        table: The pairs they were measured on, in the same order and reading order.
        slices: Of ``table``; see ``slices_of``.
        intervals: Its ``intervals()``, where they are there already.
        baselines: Name to evaluation on the same pairs; of scores ``word overlap`` is looked for.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    return _BY_TASK[evaluation.task](
        evaluation,
        table,
        slices=slices,
        intervals=evaluation.intervals() if intervals is None else intervals,
        baselines=baselines or {},
        trained_on=trained_on,
    ).examine()
