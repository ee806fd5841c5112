"""What a report says of a classifier: calibration, abstention, slices, mistakes, doubtful labels, findings, a verdict.

Needs the extra ``evaluation``. It knows nothing of models, pages or files.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.evaluation import metrics
from samesay.evaluation.calibration import (
    Calibration,
    Coverage,
    accuracy_by_coverage,
    confidence_and_rightness,
    measure_calibration,
)
from samesay.evaluation.classification import ClassificationEvaluation
from samesay.evaluation.evaluation import Evaluation
from samesay.evaluation.finding import Finding
from samesay.evaluation.intervals import Interval, share_interval
from samesay.evaluation.report.examination import (
    MOST_NAMED,
    MOST_PAIRS_SHOWN,
    NOTABLE,
    Examination,
    faults_first,
    few_pairs,
    in_summary,
    percent,
    shown_text,
    slice_findings,
    trained_on_pairs,
    weak_slices,
)
from samesay.evaluation.report.slices import FEW, Slice, SliceResult, accuracy_of_slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable
    from samesay.evaluation.classification import ClassificationEvaluation

_MOST_CONFUSIONS_SHOWN = 15

# The share of pairs for which the gain of keeping silent is said in words.
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
    baselines: Mapping[str, Evaluation],
    trained_on: int | None = None,
) -> LabelExamination:
    """Examine an evaluation.

    Args:
        evaluation: The metrics, with the answers.
        table: The pairs they were measured on, in the same order and reading order.
        intervals: Of the metrics; see ``metric_intervals``.
        slices: Of ``table``; see ``slices_of``.
        baselines: Not needed: what a classifier has to beat is in ``evaluation``.
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
    said += in_summary(findings, "that metric")
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
        evaluation: The metrics.
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


@dataclass(frozen=True)
class LabelIssues:
    """What was found.

    Attributes:
        rows: The pairs whose label looks wrong, the most doubtful first, as indices into the table.
        not_looked: Why it was not looked for, or None.
    """

    rows: tuple[int, ...] = ()
    not_looked: str | None = None


def find_label_issues(probabilities: NDArray[np.float64], label_ids: NDArray[np.int32]) -> LabelIssues:
    """The pairs whose label looks wrong, ranked by how little the model believes the label.

    Args:
        probabilities: The answers, shape ``(n_pairs, n_labels)``.
        label_ids: The labels as class indices, shape ``(n_pairs,)``.
    """
    if len(np.unique(label_ids)) < 2:
        return LabelIssues(not_looked="all pairs carry one label, so there is none to mistake it for")
    with warnings.catch_warnings():
        # cleanlab says of each rare class that it may overlook something there; so may it with every class.
        warnings.filterwarnings("ignore", message="May not flag all label issues")
        from cleanlab.filter import find_label_issues as ranked_by_cleanlab

        rows = ranked_by_cleanlab(
            label_ids.astype(np.int64), probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return LabelIssues(tuple(np.asarray(rows).tolist()))
