"""All that a report says of one evaluation of grades: intervals, bias, where it errs, the largest errors, a verdict.

From a ``GradeEvaluation`` and its table to one ``GradeExamination``, whose ``to_dict`` is what ``report.json`` and the
page are both made from. Needs the extra ``evaluation``. It knows nothing of models, pages or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.evaluation.examination import shown_text
from samesay.evaluation.finding import Finding
from samesay.evaluation.grade_findings import grade_findings_of, signed, weak_grade_slices
from samesay.evaluation.grade_slices import GradeSliceFigures, measure_grade_slices
from samesay.evaluation.grading import GradeEvaluation
from samesay.evaluation.intervals import Interval
from samesay.evaluation.slices import Slice

if TYPE_CHECKING:
    from samesay.data import PairTable

_BINS = 10
_MOST_PAIRS_SHOWN = 20
# More dots than these are a stain, and make report.json long.
_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class GradeBin:
    """The answers to pairs whose right grades lie in one span of the scale.

    Attributes:
        low: The lowest grade of the span.
        high: Its end, which belongs to the next span but for the last.
        n: Pairs in it.
        grade: Mean of their right grades; None where there are none.
        answer: Mean answer; likewise.
        quarter: A quarter of the answers is lower; likewise.
        three_quarters: A quarter of the answers is higher; likewise.
    """

    low: float
    high: float
    n: int
    grade: float | None
    answer: float | None
    quarter: float | None
    three_quarters: float | None


@dataclass(frozen=True, slots=True)
class GradedPair:
    """One pair of the data, as it is shown.

    Attributes:
        row: Its row in the source, from 1; its place in the table where it has no source with rows.
        first: The text read first, cut where it is very long.
        second: The other one.
        grade: The right grade.
        answer: The model's.
        error: ``answer`` minus ``grade``.
    """

    row: int
    first: str
    second: str
    grade: float
    answer: float
    error: float


@dataclass(frozen=True)
class GradeExamination:
    """What there is to say of one evaluation of grades.

    Attributes:
        verdict: Sentences for somebody who reads nothing else.
        findings: What to know before using the figures, faults first.
        bias: Mean of answer minus grade, in units of the scale.
        bins: Answers by right grade, in ten spans of equal width.
        points: Grade and answer of at most 400 pairs, drawn by chance, for the picture.
        slices: Every slice that holds a pair.
        errors: The pairs with the largest errors, largest first.
    """

    verdict: tuple[str, ...]
    findings: tuple[Finding, ...]
    bias: float
    bins: tuple[GradeBin, ...]
    points: tuple[tuple[float, float], ...]
    slices: tuple[GradeSliceFigures, ...]
    errors: tuple[GradedPair, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        return {
            "verdict": list(self.verdict),
            "findings": [one.to_dict() for one in self.findings],
            "bias": self.bias,
            "bins": [asdict(one) for one in self.bins],
            "points": [list(point) for point in self.points],
            "slices": [one.to_dict() for one in self.slices],
            "largest_errors": [asdict(one) for one in self.errors],
        }


def examine_grades(
    evaluation: GradeEvaluation,
    table: PairTable,
    *,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[Slice],
    word_overlap: GradeEvaluation,
    trained_on: int | None = None,
) -> GradeExamination:
    """Examine an evaluation of grades.

    Args:
        evaluation: The figures, with the answers.
        table: The pairs they were measured on, in the same order and reading order.
        intervals: Of the metrics and of ``bias``; see ``grade_intervals``.
        slices: Of ``table``; see ``slices_of``.
        word_overlap: What the share of common words scores on the same pairs.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    truth, answers = (array.astype(np.float64) for array in (evaluation.truth, evaluation.grades))
    errors = answers - truth
    measured = measure_grade_slices(slices, errors)
    findings = grade_findings_of(evaluation, intervals, measured, word_overlap, trained_on=trained_on)
    chosen = np.sort(np.random.default_rng(0).permutation(len(truth))[:_MOST_POINTS])
    largest = np.argsort(-np.abs(errors), kind="stable")[:_MOST_PAIRS_SHOWN]
    return GradeExamination(
        verdict=_verdict(evaluation, intervals, measured, findings, word_overlap),
        findings=tuple(findings),
        bias=float(errors.mean()),
        bins=_bins(evaluation),
        points=tuple((float(truth[place]), float(answers[place])) for place in chosen),
        slices=tuple(measured),
        errors=tuple(
            GradedPair(
                row=table.row_number(place),
                first=shown_text(table.first[place]),
                second=shown_text(table.second[place]),
                grade=float(truth[place]),
                answer=float(answers[place]),
                error=float(errors[place]),
            )
            for place in map(int, largest)
        ),
    )


def _bins(evaluation: GradeEvaluation) -> tuple[GradeBin, ...]:
    scale = evaluation.scale
    edges = np.linspace(scale.low, scale.high, _BINS + 1)
    places = np.clip(np.searchsorted(edges, evaluation.truth, side="right") - 1, 0, _BINS - 1)
    bins = []
    for place in range(_BINS):
        inside = places == place
        ends = (float(edges[place]), float(edges[place + 1]))
        if not inside.any():
            bins.append(GradeBin(*ends, 0, None, None, None, None))
            continue
        truth, answers = (array[inside].astype(np.float64) for array in (evaluation.truth, evaluation.grades))
        quarter, three_quarters = np.quantile(answers, (0.25, 0.75)).tolist()
        n, grade, answer = int(inside.sum()), float(truth.mean()), float(answers.mean())
        bins.append(GradeBin(*ends, n, grade, answer, quarter, three_quarters))
    return tuple(bins)


def _verdict(
    evaluation: GradeEvaluation,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[GradeSliceFigures],
    findings: Sequence[Finding],
    word_overlap: GradeEvaluation,
) -> tuple[str, ...]:
    n = f"{evaluation.n_pairs:,} {'pair' if evaluation.n_pairs == 1 else 'pairs'}"
    spearman, interval = evaluation.metrics.get("spearman"), intervals.get("spearman")
    if spearman is None:
        said = [
            f"How well it orders pairs cannot be said of these {n}: the grades, or the answers, are all alike."
        ]
    else:
        span = (
            f"; for other pairs of this kind expect {interval.low:.3f} to {interval.high:.3f} (95 % interval)"
            if interval
            else ""
        )
        said = [
            f"Its order agrees with the given grades at a rank correlation (Spearman) of {spearman:.3f} on {n}{span}. "
            "1 is the same order, 0 is none."
        ]
        words = word_overlap.metrics.get("spearman")
        if words is not None:
            said.append(f"Counting the words that both texts have in common reaches {words:.3f}.")
    mae, always = evaluation.metrics["mae"], evaluation.mean_metrics["mae"]
    said.append(
        f"On the scale from {evaluation.scale} it is {mae:.2f} off on average; always answering the mean, "
        f"{evaluation.mean_grade:.2f}, would be {always:.2f} off."
    )
    faults = [one for one in findings if one.is_fault]
    if faults:
        said.append(
            f"{'One thing speaks' if len(faults) == 1 else f'{len(faults)} things speak'} against taking these figures "
            f"as they stand: {', '.join(one.code.replace('-', ' ') for one in faults)}. See below."
        )
    weak = weak_grade_slices(slices, evaluation.scale)
    if weak:
        worst = weak[0]
        said.append(
            f"It is weakest on {worst.group}, {worst.name}: {worst.mae:.2f} off ({signed(worst.bias)} on balance) on "
            f"{worst.n:,} pairs."
        )
    return tuple(said)
