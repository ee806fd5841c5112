"""What a careful reader would say of figures of grades: faults of the model, the data or the measurement, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from samesay.evaluation.finding import Finding
from samesay.evaluation.findings import (
    FEW_PAIRS,
    MOST_NAMED,
    NOTABLE,
    chance_in_words,
    few_in_slices,
    trained_on_pairs,
)
from samesay.evaluation.intervals import Interval
from samesay.evaluation.slices import FEW

if TYPE_CHECKING:
    from samesay.evaluation.grade_slices import GradeSliceFigures
    from samesay.evaluation.grading import GradeEvaluation
    from samesay.pairs import GradeScale


def grade_findings_of(
    evaluation: GradeEvaluation,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[GradeSliceFigures],
    word_overlap: GradeEvaluation,
    *,
    trained_on: int | None = None,
) -> list[Finding]:
    """Everything that is to be said, faults first.

    Args:
        evaluation: The figures.
        intervals: Of its metrics and of ``bias``; see ``grade_intervals``.
        slices: Of its pairs.
        word_overlap: What the share of common words scores on the same pairs.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    found = [
        trained_on_pairs(evaluation.n_pairs, trained_on),
        *_of_order(evaluation, intervals, word_overlap),
        _of_distance(evaluation),
        _bias(evaluation, intervals.get("bias")),
        _few_pairs(evaluation, intervals.get("spearman")),
        *_slices(slices, evaluation.scale),
    ]
    return sorted((one for one in found if one), key=lambda one: not one.is_fault)


def weak_grade_slices(slices: Sequence[GradeSliceFigures], scale: GradeScale) -> list[GradeSliceFigures]:
    """Those farther off than the rest by more than chance and by a twentieth of the scale, the worst first."""
    least = NOTABLE * (scale.high - scale.low)
    weak = [
        one
        for one in slices
        if one.p_value is not None
        and one.p_value < 0.05
        and one.rest is not None
        and one.mae - one.rest >= least
    ]
    return sorted(weak, key=lambda one: -one.mae)


def signed(value: float) -> str:
    """``0.314`` as ``0.31 too high``."""
    return f"{abs(value):.2f} too {'high' if value >= 0 else 'low'}"


def _of_order(
    evaluation: GradeEvaluation, intervals: Mapping[str, Interval | None], word_overlap: GradeEvaluation
) -> list[Finding]:
    """Answers, or grades, that are all alike; turned round; without order; or no better than counting words."""
    if evaluation.n_pairs < 2:
        return []
    span = evaluation.scale.high - evaluation.scale.low
    found = []
    if np.ptp(evaluation.truth) < 1e-6 * span:
        text = f"Every given grade is {evaluation.truth[0]:g}: these pairs cannot show whether the model orders any."
        found.append(Finding("grades-all-alike", "fault", text))
    if np.ptp(evaluation.grades) < 1e-6 * span:
        text = f"Every answer is {evaluation.grades[0]:.2f}: the model does not tell these pairs apart."
        found.append(Finding("constant-answers", "fault", text))
    spearman, interval = evaluation.metrics.get("spearman"), intervals.get("spearman")
    if spearman is None or interval is None:
        return found
    told = f"rank correlation {spearman:.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}"
    words = word_overlap.metrics.get("spearman")
    if interval.high < 0:
        found.append(
            Finding(
                "scale-reversed",
                "fault",
                f"The grades look turned round: what is given as alike the model grades as different ({told}). Check "
                "whether high means alike in the data as in training.",
            )
        )
    elif interval.low <= 0:
        text = f"These pairs do not show that the model orders them at all ({told})."
        found.append(Finding("no-order", "fault", text))
    elif words is not None and interval.low <= words:
        found.append(
            Finding(
                "no-better-than-word-overlap",
                "caution",
                f"Counting common words orders these pairs at {words:.3f}, which the model's interval reaches down to "
                f"({told}).",
            )
        )
    return found


def _of_distance(evaluation: GradeEvaluation) -> Finding | None:
    mine, mean = evaluation.metrics["mse"], evaluation.mean_metrics["mse"]
    if evaluation.n_pairs < 2 or mine < mean:
        return None
    return Finding(
        "no-better-than-mean",
        "caution",
        f"Its squared error, {mine:.3f}, is no smaller than that of always answering the mean, {mean:.3f}: whatever "
        "the order is worth, the grades themselves cannot be taken at their word.",
    )


def _bias(evaluation: GradeEvaluation, interval: Interval | None) -> Finding | None:
    bias = float(np.mean(evaluation.grades.astype(np.float64) - evaluation.truth))
    span = evaluation.scale.high - evaluation.scale.low
    if interval is None or abs(bias) < NOTABLE * span or interval.low <= 0 <= interval.high:
        return None
    ends = sorted((abs(interval.low), abs(interval.high)))
    return Finding(
        "biased",
        "caution",
        f"On average the model grades {signed(bias)} (95 % interval {ends[0]:.2f} to {ends[1]:.2f}) on the scale from "
        f"{evaluation.scale}.",
    )


def _few_pairs(evaluation: GradeEvaluation, interval: Interval | None) -> Finding | None:
    if evaluation.n_pairs >= FEW_PAIRS:
        return None
    pairs = "one pair" if evaluation.n_pairs == 1 else f"{evaluation.n_pairs} pairs"
    span = (
        f"the rank correlation may be anything from {interval.low:.2f} to {interval.high:.2f}"
        if interval
        else "too few for a rank correlation"
    )
    weight = "fault" if evaluation.n_pairs < FEW else "caution"
    return Finding("few-pairs", weight, f"Only {pairs}: {span}. Measure on a few hundred.")


def _slices(slices: Sequence[GradeSliceFigures], scale: GradeScale) -> list[Finding]:
    found = []
    for one in weak_grade_slices(slices, scale)[:MOST_NAMED]:
        assert one.p_value is not None
        found.append(
            Finding(
                "weak-slice",
                "caution",
                f"{one.group}, {one.name}: {one.mae:.2f} off on {one.n:,} pairs, {signed(one.bias)} on balance, "
                f"against {one.rest:.2f} on the others ({chance_in_words(one.p_value)}, corrected for "
                f"{len(slices)} slices).",
            )
        )
    return [*found, *few_in_slices(slices)]
