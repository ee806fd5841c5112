"""What a careful reader would say of a classifier's figures: faults of the model, the data or the measurement.

Needs scipy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from samesay.evaluation import metrics
from samesay.evaluation.calibration import Calibration
from samesay.evaluation.finding import Finding
from samesay.evaluation.intervals import Interval, share_interval
from samesay.evaluation.report.findings import (
    MOST_NAMED,
    NOTABLE,
    faults_first,
    few_pairs,
    percent,
    slice_findings,
    trained_on_pairs,
)
from samesay.evaluation.report.slice_results import FEW, SliceResult

if TYPE_CHECKING:
    from samesay.evaluation.classification import ClassificationEvaluation

# A permutation of the labels that lifts the accuracy by less is a poor model, not a mistaken order.
_LIFT_OF_A_PERMUTATION = 0.10


def label_findings(
    evaluation: ClassificationEvaluation,
    intervals: Mapping[str, Interval | None],
    calibration: Calibration,
    slices: Sequence[SliceResult],
    *,
    trained_on: int | None = None,
) -> list[Finding]:
    """Everything that is to be said, faults first.

    Args:
        evaluation: The figures.
        intervals: Of its metrics; see ``metric_intervals``.
        calibration: Of its answers.
        slices: Of its pairs.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    accuracy = intervals["accuracy"]
    assert accuracy is not None  # there are pairs
    unsure = f"the accuracy may be anything from {percent(accuracy.low)} to {percent(accuracy.high)}"

    def described(one: SliceResult) -> str:
        rest = "" if one.rest is None else f", against {percent(one.rest)} of the others"
        return f"right on {percent(one.value)} of {one.n:,} pairs{rest}"

    return faults_first(
        [
            trained_on_pairs(evaluation.n_pairs, trained_on),
            *_of_answers(evaluation, accuracy),
            few_pairs(evaluation.n_pairs, unsure),
            _confidence(calibration),
            *_classes(evaluation),
            *slice_findings(slices, described),
        ]
    )


def best_permutation(evaluation: ClassificationEvaluation) -> tuple[dict[str, str], float] | None:
    """The renaming of the answers that fits the labels better than their own names, if one clearly does.

    It is chosen on one half of the pairs and measured on the other, since of many classes some renaming always fits
    the pairs it was chosen on (Kuhn's assignment, by scipy).

    Returns:
        From the name answered to the name meant, for those that differ, and the accuracy so reached; or None.
    """
    from scipy.optimize import linear_sum_assignment

    answers, truth = evaluation.predicted_ids, evaluation.label_ids
    n_pairs, n_labels = len(truth), len(evaluation.labels)
    if n_pairs < FEW or len(np.unique(answers)) < 2:
        return None
    chosen = np.random.default_rng(0).permutation(n_pairs) < n_pairs // 2
    confusion = metrics.confusion_matrix(truth[chosen], answers[chosen], n_labels)
    meant, answered = linear_sum_assignment(confusion, maximize=True)
    renamed = np.empty(n_labels, np.int64)
    renamed[answered] = meant
    held_out = ~chosen
    hits, n_held_out = int((renamed[answers] == truth)[held_out].sum()), int(held_out.sum())
    interval = share_interval(hits, n_held_out)
    own = share_interval(int((answers == truth).sum()), n_pairs)
    assert interval is not None
    assert own is not None
    floor = max(own.high + _LIFT_OF_A_PERMUTATION, evaluation.majority_accuracy)
    if interval.low <= floor:
        return None
    occurs = np.union1d(answers, truth).tolist()
    names = evaluation.labels
    return {names[one]: names[renamed[one]] for one in occurs if renamed[one] != one}, hits / n_held_out


def _of_answers(evaluation: ClassificationEvaluation, accuracy: Interval) -> list[Finding]:
    """What the answers as a whole show: constant, permuted, no better than the majority, all equally sure."""
    found = []
    answered = [name for name, count in evaluation.predicted_counts.items() if count]
    permutation = best_permutation(evaluation)
    if evaluation.n_pairs > 1 and len(answered) == 1:
        found.append(
            Finding(
                "constant-answers",
                "fault",
                f"Every answer is {answered[0]}: the model does not tell these pairs apart.",
            )
        )
    elif permutation is not None:
        renaming, reached = permutation
        pairs = [f"{answer} as {meant}" for answer, meant in renaming.items()]
        more = f" and {len(pairs) - MOST_NAMED} more" if len(pairs) > MOST_NAMED else ""
        found.append(
            Finding(
                "labels-permuted",
                "fault",
                f"The labels look permuted: reading {', '.join(pairs[:MOST_NAMED])}{more} lifts accuracy from "
                f"{percent(evaluation.metrics['accuracy'])} to {percent(reached)} on pairs "
                "that had no part in choosing it. Check the order of the names: --labels, --rename-labels.",
            )
        )
    elif accuracy.low <= evaluation.majority_accuracy:
        found.append(
            Finding(
                "no-better-than-majority",
                "fault",
                f"The interval of the accuracy reaches down to {percent(accuracy.low)}; always answering "
                f"{evaluation.majority_label} scores {percent(evaluation.majority_accuracy)}. These pairs do not show "
                "that the model is better than that.",
            )
        )
    confidences = evaluation.probabilities.max(axis=1)
    if evaluation.n_pairs > 1 and np.ptp(confidences) < 1e-6:
        found.append(
            Finding(
                "same-confidence",
                "fault",
                f"Every answer has the confidence {confidences[0]:.3f}, so that no answer is surer than another: "
                "there is nothing to abstain by, and nothing to rank mistakes by.",
            )
        )
    return found


def _confidence(calibration: Calibration) -> Finding | None:
    if not calibration.distinguishable:
        return None
    gap = calibration.mean_confidence - calibration.accuracy
    claimed = f"claims {percent(calibration.mean_confidence)} on average and is right {percent(calibration.accuracy)}"
    error = (
        f"calibration error {calibration.expected_calibration_error:.3f}; of a calibrated model at this size 95 % "
        f"of samples stay below {calibration.simulated_bound:.3f}"
    )
    weight = "fault" if abs(gap) >= 2 * NOTABLE else "caution"
    if abs(gap) < 0.5 * calibration.expected_calibration_error:
        text = f"Confidence and accuracy differ, in both directions ({error})."
        return Finding("miscalibrated", weight, text)
    if gap > 0:
        return Finding("overconfident", weight, f"The model is overconfident: it {claimed} ({error}).")
    return Finding("underconfident", weight, f"The model is too modest: it {claimed} ({error}).")


def _classes(evaluation: ClassificationEvaluation) -> list[Finding]:
    found = []
    absent = [name for name, count in evaluation.label_counts.items() if not count]
    if absent:
        text = (
            f"{_named(absent)} never the right answer here, so nothing is known of how well the model finds "
        )
        found.append(Finding("class-absent", "caution", text + ("it." if len(absent) == 1 else "them.")))
    answered = sum(count > 0 for count in evaluation.predicted_counts.values())
    unanswered = [
        name
        for name, count in evaluation.label_counts.items()
        if count and not evaluation.predicted_counts[name]
    ]
    if unanswered and answered > 1:
        found.append(
            Finding(
                "class-never-answered",
                "caution",
                f"{_named(unanswered)} never answered, though right for some.",
            )
        )
    return found


def _named(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED:,} more labels are"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
