"""The report of an evaluation: what a careful reader would say of it, as JSON and as one HTML page.

The room knows nothing of models or files. Classification and similarity part in the table of ``examine``, in that of
``page``, and in the modules that are named for one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from samesay.errors import ExtraMissing
from samesay.evaluation.evaluation import Evaluation
from samesay.evaluation.report.classification import LabelExamination, examine_labels
from samesay.evaluation.report.examination import Examination, require_report_packages
from samesay.evaluation.report.similarity import SimilarityExamination, examine_similarity
from samesay.evaluation.report.slices import Slice, slices_of
from samesay.pairs import Task

if TYPE_CHECKING:
    from samesay.data import PairTable
    from samesay.evaluation.intervals import Interval

__all__ = [
    "Examination",
    "LabelExamination",
    "SimilarityExamination",
    "examine",
    "render_page",
    "require_report_packages",
    "slices_of",
]


def examine(
    evaluation: Evaluation,
    table: PairTable,
    *,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[Slice],
    baselines: Mapping[str, Evaluation] | None = None,
    trained_on: int | None = None,
) -> Examination:
    """Examine an evaluation.

    Args:
        evaluation: The metrics, with the answers.
        table: The pairs they were measured on, in the same order and reading order.
        intervals: Its ``intervals()``.
        slices: Of ``table``; see ``slices_of``.
        baselines: Name to evaluation on the same pairs.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    return _BY_TASK[evaluation.task](
        evaluation,
        table,
        intervals=intervals,
        slices=slices,
        baselines=baselines or {},
        trained_on=trained_on,
    )


_BY_TASK: dict[Task, Callable[..., Examination]] = {
    "classification": examine_labels,
    "similarity": examine_similarity,
}


def render_page(report: Mapping[str, Any]) -> str:
    """One self-contained HTML page, see ``report.page``.

    Args:
        report: What ``report.json`` holds; see ``docs/report.md``.

    Raises:
        ExtraMissing: If jinja2 is not installed.
    """
    try:
        from samesay.evaluation.report.page import page_of
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "jinja2", "A report") from error
    return page_of(report)
