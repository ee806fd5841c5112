"""What a careful reader would say of a similarity model's figures: faults of the model, the data or the measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from samesay.evaluation.finding import Finding
from samesay.evaluation.intervals import Interval
from samesay.evaluation.report.findings import (
    NOTABLE,
    faults_first,
    few_pairs,
    slice_findings,
    trained_on_pairs,
)
from samesay.evaluation.report.slice_results import SliceResult

if TYPE_CHECKING:
    from samesay.evaluation.similarity import SimilarityEvaluation


def similarity_findings(
    evaluation: SimilarityEvaluation,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[SliceResult],
    overlap: float | None,
    *,
    trained_on: int | None = None,
) -> list[Finding]:
    """Everything that is to be said, faults first.

    Args:
        evaluation: The figures.
        intervals: Of its metrics and of ``bias``; see ``similarity_intervals``.
        slices: Of its pairs.
        overlap: The rank correlation that the share of common words reaches on the same pairs, if it has one.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    interval = intervals.get("spearman")
    unsure = (
        f"the rank correlation may be anything from {interval.low:.2f} to {interval.high:.2f}"
        if interval
        else "too few for a rank correlation"
    )
    return faults_first(
        [
            trained_on_pairs(evaluation.n_pairs, trained_on),
            *_of_order(evaluation, intervals, overlap),
            _of_distance(evaluation),
            _bias(evaluation, intervals.get("bias")),
            few_pairs(evaluation.n_pairs, unsure),
            *slice_findings(slices, _described, least=least_notable(evaluation)),
        ]
    )


def least_notable(evaluation: SimilarityEvaluation) -> float:
    """The smallest difference of errors that is worth telling: a twentieth of the scale."""
    return NOTABLE * (evaluation.scale.high - evaluation.scale.low)


def signed(value: float) -> str:
    """``0.314`` as ``0.31 too high``."""
    return f"{abs(value):.2f} too {'high' if value >= 0 else 'low'}"


def _of_order(
    evaluation: SimilarityEvaluation, intervals: Mapping[str, Interval | None], overlap: float | None
) -> list[Finding]:
    """Answers, or scores, that are all alike; turned round; without order; or no better than counting words."""
    if evaluation.n_pairs < 2:
        return []
    span = evaluation.scale.high - evaluation.scale.low
    found = []
    if np.ptp(evaluation.truth) < 1e-6 * span:
        text = f"Every given score is {evaluation.truth[0]:g}: these pairs cannot show whether the model orders any."
        found.append(Finding("scores-all-alike", "fault", text))
    if np.ptp(evaluation.scores) < 1e-6 * span:
        text = f"Every answer is {evaluation.scores[0]:.2f}: the model does not tell these pairs apart."
        found.append(Finding("constant-answers", "fault", text))
    spearman, interval = evaluation.metrics.get("spearman"), intervals.get("spearman")
    if spearman is None or interval is None:
        return found
    told = f"rank correlation {spearman:.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}"
    if interval.high < 0:
        found.append(
            Finding(
                "scale-reversed",
                "fault",
                f"The scores look turned round: what is given as alike the model scores as different ({told}). Check "
                "whether high means alike in the data as in training.",
            )
        )
    elif interval.low <= 0:
        text = f"These pairs do not show that the model orders them at all ({told})."
        found.append(Finding("no-order", "fault", text))
    elif overlap is not None and interval.low <= overlap:
        found.append(
            Finding(
                "no-better-than-word-overlap",
                "caution",
                f"Counting common words orders these pairs at {overlap:.3f}, which lies within or above the "
                f"model's interval ({told}).",
            )
        )
    return found


def _of_distance(evaluation: SimilarityEvaluation) -> Finding | None:
    mine, mean = evaluation.metrics["mse"], evaluation.mean_metrics["mse"]
    if evaluation.n_pairs < 2 or mine < mean:
        return None
    return Finding(
        "no-better-than-mean",
        "caution",
        f"Its squared error, {mine:.3f}, is no smaller than that of always answering the mean, {mean:.3f}: whatever "
        "the order is worth, the scores themselves cannot be taken at their word.",
    )


def _bias(evaluation: SimilarityEvaluation, interval: Interval | None) -> Finding | None:
    bias = float(np.mean(evaluation.scores.astype(np.float64) - evaluation.truth))
    span = evaluation.scale.high - evaluation.scale.low
    if interval is None or abs(bias) < NOTABLE * span or interval.low <= 0 <= interval.high:
        return None
    ends = sorted((abs(interval.low), abs(interval.high)))
    return Finding(
        "biased",
        "caution",
        f"On average the model scores {signed(bias)} (95 % interval {ends[0]:.2f} to {ends[1]:.2f}) on the scale from "
        f"{evaluation.scale}.",
    )


def _described(one: SliceResult) -> str:
    bias = "" if one.bias is None else f", {signed(one.bias)} on balance"
    rest = "" if one.rest is None else f", against {one.rest:.2f} on the others"
    return f"{one.value:.2f} off on {one.n:,} pairs{bias}{rest}"
