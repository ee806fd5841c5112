"""What a report says of a classifier: calibration, abstention, slices, mistakes, doubtful labels, a verdict.

Needs the extra ``evaluation``. It knows nothing of models, pages or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.evaluation.calibration import Calibration, confidence_and_rightness, measure_calibration
from samesay.evaluation.classification import ClassificationEvaluation
from samesay.evaluation.coverage import Coverage, accuracy_by_coverage
from samesay.evaluation.finding import Finding
from samesay.evaluation.intervals import Interval, share_interval
from samesay.evaluation.report.examination import MOST_PAIRS_SHOWN, Examination, shown_text
from samesay.evaluation.report.findings import in_summary, percent, weak_slices
from samesay.evaluation.report.label_findings import label_findings
from samesay.evaluation.report.label_issues import LabelIssues, find_label_issues
from samesay.evaluation.report.slice_results import SliceResult, accuracy_of_slices
from samesay.evaluation.report.slices import Slice

if TYPE_CHECKING:
    from samesay.data import PairTable

_MOST_CONFUSIONS_SHOWN = 15

# The share of pairs for which the gain of keeping silent is told in words.
_COVERAGE_TOLD = 0.8


@dataclass(frozen=True, slots=True)
class ShownPair:
    """One pair of the data, as it is shown.

    Attributes:
        row: Its row in the source, from 1; its place in the table where it has no source with rows.
        first: The text read first, cut where it is very long.
        second: The other one.
        label: The label it carries.
        answer: What the model says.
        confidence: The probability of the answer.
        label_probability: The probability that the model gives the label it carries.
    """

    row: int
    first: str
    second: str
    label: str
    answer: str
    confidence: float
    label_probability: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Pairs of one label that were answered with one other.

    Attributes:
        label: The right label.
        answer: What was answered.
        n: How often.
        share: Of the label's pairs.
    """

    label: str
    answer: str
    n: int
    share: float


@dataclass(frozen=True, kw_only=True)
class LabelExamination(Examination):
    """What there is to say of one evaluation of labels.

    Attributes:
        recall_intervals: Of each label, in the order of the labels; None for one that never occurs.
        precision_intervals: Likewise; None for one that is never answered.
        confusions: The most frequent mistakes by label and answer.
        calibration: How far the probabilities can be taken at their word.
        coverage: Accuracy against coverage.
        n_mistakes: Wrong answers.
        mistakes: The most confident of them.
        n_doubtful: Pairs whose label looks wrong; None where it was not looked for.
        doubtful: The most doubtful of them.
        not_looked: Why doubtful labels were not looked for, or None.
    """

    recall_intervals: tuple[Interval | None, ...]
    precision_intervals: tuple[Interval | None, ...]
    confusions: tuple[Confusion, ...]
    calibration: Calibration
    coverage: Coverage
    n_mistakes: int
    mistakes: tuple[ShownPair, ...]
    n_doubtful: int | None
    doubtful: tuple[ShownPair, ...]
    not_looked: str | None

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        return {
            **super().to_dict(),
            "per_class_intervals": {
                "recall": [_interval(one) for one in self.recall_intervals],
                "precision": [_interval(one) for one in self.precision_intervals],
            },
            "confusions": [asdict(one) for one in self.confusions],
            "calibration": self.calibration.to_dict(),
            "coverage": self.coverage.to_dict(),
            "mistakes": {"n": self.n_mistakes, "shown": [asdict(one) for one in self.mistakes]},
            "doubtful_labels": {
                "n": self.n_doubtful,
                "not_looked": self.not_looked,
                "shown": [asdict(one) for one in self.doubtful],
            },
        }


def examine_labels(
    evaluation: ClassificationEvaluation,
    table: PairTable,
    *,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[Slice],
    trained_on: int | None = None,
) -> LabelExamination:
    """Examine an evaluation.

    Args:
        evaluation: The figures, with the answers.
        table: The pairs they were measured on, in the same order and reading order.
        intervals: Of the metrics; see ``metric_intervals``.
        slices: Of ``table``; see ``slices_of``.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    probabilities, label_ids = evaluation.probabilities, evaluation.label_ids
    confidences, right = confidence_and_rightness(probabilities, label_ids, evaluation.predicted_ids)
    calibration = measure_calibration(probabilities, label_ids, evaluation.predicted_ids)
    assert calibration is not None  # an evaluation has pairs
    coverage = accuracy_by_coverage(confidences, right)
    measured = accuracy_of_slices(slices, right)
    findings = label_findings(evaluation, intervals, calibration, measured, trained_on=trained_on)
    issues = _label_issues(evaluation, findings)
    wrong = np.flatnonzero(~right)
    surest = wrong[np.argsort(-confidences[wrong], kind="stable")][:MOST_PAIRS_SHOWN]
    return LabelExamination(
        verdict=_verdict(evaluation, intervals, calibration, coverage, measured, findings, issues),
        findings=tuple(findings),
        recall_intervals=tuple(
            share_interval(evaluation.confusion[place][place], score.support)
            for place, score in enumerate(evaluation.per_class)
        ),
        precision_intervals=tuple(
            share_interval(evaluation.confusion[place][place], score.predicted)
            for place, score in enumerate(evaluation.per_class)
        ),
        confusions=_confusions(evaluation),
        calibration=calibration,
        coverage=coverage,
        slices=tuple(measured),
        n_mistakes=len(wrong),
        mistakes=_shown_pairs(evaluation, table, surest.tolist()),
        n_doubtful=None if issues.not_looked else len(issues.rows),
        doubtful=_shown_pairs(evaluation, table, issues.rows[:MOST_PAIRS_SHOWN]),
        not_looked=issues.not_looked,
    )


def _label_issues(evaluation: ClassificationEvaluation, findings: Sequence[Finding]) -> LabelIssues:
    """Only a model that reads the pairs well can doubt their labels; another one doubts half of them."""
    unfit = {"labels-permuted", "constant-answers", "no-better-than-majority", "same-confidence"}
    for finding in findings:
        if finding.code in unfit:
            return LabelIssues(not_looked=f"a model with the finding {finding.code} cannot doubt labels")
    if evaluation.metrics["accuracy"] < 0.5:
        return LabelIssues(not_looked="a model that is wrong on half of the pairs cannot doubt their labels")
    return find_label_issues(evaluation.probabilities, evaluation.label_ids)


def _verdict(
    evaluation: ClassificationEvaluation,
    intervals: Mapping[str, Interval | None],
    calibration: Calibration,
    coverage: Coverage,
    slices: Sequence[SliceResult],
    findings: Sequence[Finding],
    issues: LabelIssues,
) -> tuple[str, ...]:
    accuracy = intervals["accuracy"]
    assert accuracy is not None
    said = [
        f"Right on {percent(evaluation.metrics['accuracy'])} of {evaluation.n_pairs:,} "
        f"{'pair' if evaluation.n_pairs == 1 else 'pairs'}; for other pairs of this kind expect "
        f"{percent(accuracy.low)} to {percent(accuracy.high)} (95 % interval). Always answering "
        f"{evaluation.majority_label} would be right on {percent(evaluation.majority_accuracy)}."
    ]
    said += in_summary(findings, "that figure")
    if calibration.distinguishable:
        said.append(
            f"Its confidence does not fit: on average it claims {percent(calibration.mean_confidence)} and is right "
            f"{percent(calibration.accuracy)} (calibration error {calibration.expected_calibration_error:.3f}, chance "
            f"alone explains {calibration.simulated_bound:.3f})."
        )
    else:
        said.append(
            f"Its confidence can be taken at its word, as far as {evaluation.n_pairs:,} "
            f"{'pair' if evaluation.n_pairs == 1 else 'pairs'} can tell: the calibration error of "
            f"{calibration.expected_calibration_error:.3f} is no larger than chance alone explains "
            f"({calibration.simulated_bound:.3f})."
        )
    point = coverage.at(_COVERAGE_TOLD)
    if point.coverage < 1:
        said.append(
            f"Asked to answer only where its confidence is at least {point.threshold:.2f}, it answers "
            f"{percent(point.coverage)} of the pairs and is right on {percent(point.accuracy)} of those."
        )
    weak = weak_slices(slices)
    if weak:
        said.append(
            f"It is weakest on {weak[0].group}, {weak[0].name}: {percent(weak[0].value)} of {weak[0].n:,} pairs."
        )
    if issues.rows:
        said.append(
            f"{len(issues.rows):,} labels of the data look wrong ({percent(len(issues.rows) / evaluation.n_pairs)}); "
            "some of what counts as a mistake may be none."
        )
    return tuple(said)


def _confusions(evaluation: ClassificationEvaluation) -> tuple[Confusion, ...]:
    counts = np.array(evaluation.confusion)
    np.fill_diagonal(counts, 0)
    totals = np.array(list(evaluation.label_counts.values()))
    flat = counts.ravel()
    order = np.argsort(-flat, kind="stable")[:_MOST_CONFUSIONS_SHOWN]
    return tuple(
        Confusion(
            evaluation.labels[row],
            evaluation.labels[column],
            int(flat[place]),
            float(flat[place] / totals[row]),
        )
        for place in order.tolist()
        if flat[place]
        for row, column in [divmod(place, len(evaluation.labels))]
    )


def _shown_pairs(
    evaluation: ClassificationEvaluation, table: PairTable, places: Sequence[int]
) -> tuple[ShownPair, ...]:
    answers = evaluation.predicted_ids
    return tuple(
        ShownPair(
            row=table.row_number(place),
            first=shown_text(table.first[place]),
            second=shown_text(table.second[place]),
            label=evaluation.labels[evaluation.label_ids[place]],
            answer=evaluation.labels[answers[place]],
            confidence=float(evaluation.probabilities[place, answers[place]]),
            label_probability=float(evaluation.probabilities[place, evaluation.label_ids[place]]),
        )
        for place in places
    )


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    return None if interval is None else interval.to_dict()
