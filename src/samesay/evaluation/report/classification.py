"""What a report says of a classifier: calibration, abstention, slices, mistakes, doubtful labels, findings, a verdict.

Needs the extra ``evaluation``. It knows nothing of models, pages or files.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.evaluation import metrics
from samesay.evaluation.calibration import (
    accuracy_by_coverage,
    confidence_and_rightness,
    measure_calibration,
)
from samesay.evaluation.classification import ClassificationEvaluation
from samesay.evaluation.evaluation import Finding
from samesay.evaluation.intervals import Interval, share_interval
from samesay.evaluation.report.examination import (
    MOST_NAMED,
    MOST_PAIRS_SHOWN,
    NOTABLE,
    Examiner,
    caution,
    fault,
    percent,
)
from samesay.evaluation.report.slices import FEW, Slice, SliceResult, accuracy_of_slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_CONFUSIONS_SHOWN = 15

# The share of pairs for which the gain of abstaining is said in words.
_COVERAGE_SAID = 0.8

# A permutation of the labels that lifts the accuracy by less is a poor model, not a mistaken order.
_LIFT_OF_A_PERMUTATION = 0.10

# Only a model that reads the pairs well can doubt their labels; another one doubts half of them.
_UNFIT_TO_DOUBT = {"labels-permuted", "constant-answers", "no-better-than-majority", "same-confidence"}


class LabelExaminer(Examiner):
    """Of labels."""

    metrics = "that metric"
    evaluation: ClassificationEvaluation

    def measure(self, slices: Sequence[Slice]) -> list[SliceResult]:
        """By accuracy."""
        found = self.evaluation
        answers = (found.probabilities, found.label_ids, found.predicted_ids)
        self.confidences, self.right = confidence_and_rightness(*answers)
        calibration = measure_calibration(*answers)
        assert calibration is not None  # an evaluation has pairs
        self.calibration = calibration
        self.coverage = accuracy_by_coverage(self.confidences, self.right)
        return accuracy_of_slices(slices, self.right)

    @property
    def accuracy(self) -> Interval:
        """Its interval."""
        interval = self.intervals["accuracy"]
        assert interval is not None  # there are pairs
        return interval

    def described(self, one: SliceResult) -> str:
        """As in ``Examiner``."""
        rest = "" if one.rest is None else f", against {percent(one.rest)} of the others"
        return f"right on {percent(one.value)} of {one.n:,} pairs{rest}"

    def parts(self, findings: Sequence[Finding]) -> dict[str, Any]:
        """Everything of labels."""
        found = self.evaluation
        hits = [found.confusion[place][place] for place in range(len(found.labels))]
        wrong = np.flatnonzero(~self.right)
        surest = wrong[np.argsort(-self.confidences[wrong], kind="stable")][:MOST_PAIRS_SHOWN]
        doubtful, not_looked = self._doubtful(findings)
        return {
            "per_class_intervals": {
                name: [
                    share_interval(right, n).to_dict() if n else None
                    for right, n in zip(hits, counts.values(), strict=True)
                ]
                for name, counts in (("recall", found.label_counts), ("precision", found.predicted_counts))
            },
            "confusions": self._confusions(),
            "calibration": self.calibration.to_dict(),
            "coverage": self.coverage.to_dict(),
            "mistakes": {"n": len(wrong), "shown": self._shown(surest.tolist())},
            "doubtful_labels": {
                "n": None if not_looked else len(doubtful),
                "not_looked": not_looked,
                "shown": self._shown(doubtful[:MOST_PAIRS_SHOWN]),
            },
        }

    def verdict(self, findings: Sequence[Finding], parts: Mapping[str, Any]) -> list[str]:
        """As in ``Examiner``."""
        found, calibration, pairs = self.evaluation, self.calibration, self.pairs
        said = [
            f"Right on {percent(found.metrics['accuracy'])} of {pairs}; for other pairs of this kind expect "
            f"{percent(self.accuracy.low)} to {percent(self.accuracy.high)} (95 % interval). Always answering "
            f"{found.majority_label} would be right on {percent(found.majority_accuracy)}.",
            *self.in_summary(findings),
        ]
        error = f"{calibration.expected_calibration_error:.3f}"
        chance = f"{calibration.simulated_bound:.3f}"
        if calibration.distinguishable:
            said.append(
                f"Its confidence does not fit: on average it claims {percent(calibration.mean_confidence)} and is "
                f"right {percent(calibration.accuracy)} (calibration error {error}, chance alone explains {chance})."
            )
        else:
            said.append(
                f"Its confidence can be taken at its word, as far as {pairs} can tell: the calibration error of "
                f"{error} is no larger than chance alone explains ({chance})."
            )
        point = self.coverage.at(_COVERAGE_SAID)
        if point.coverage < 1:
            said.append(
                f"Asked to answer only where its confidence is at least {point.threshold:.2f}, it answers "
                f"{percent(point.coverage)} of the pairs and is right on {percent(point.accuracy)} of those."
            )
        if weak := self.weak_slices():
            worst = weak[0]
            said.append(
                f"It is weakest on {worst.group}, {worst.name}: {percent(worst.value)} of {worst.n:,} pairs."
            )
        if doubtful := parts["doubtful_labels"]["n"]:
            share = percent(doubtful / found.n_pairs)
            said.append(
                f"{doubtful:,} labels of the data look wrong ({share}); some of what counts as a mistake "
                "may be none."
            )
        return said

    def findings(self) -> Iterator[Finding | None]:
        """As in ``Examiner``."""
        low, high = percent(self.accuracy.low), percent(self.accuracy.high)
        yield self.trained_on_pairs()
        yield from self._of_answers()
        yield self.few_pairs(f"the accuracy may be anything from {low} to {high}")
        yield self._of_confidence()
        yield from self._of_classes()
        yield from self.slice_findings()

    def _of_answers(self) -> Iterator[Finding]:
        """What the answers as a whole show: constant, permuted, no better than the majority, all equally sure."""
        found = self.evaluation
        answered = [name for name, count in found.predicted_counts.items() if count]
        permutation = best_permutation(found)
        if found.n_pairs > 1 and len(answered) == 1:
            yield fault(
                "constant-answers",
                f"Every answer is {answered[0]}: the model does not tell these pairs apart.",
            )
        elif permutation is not None:
            renaming, reached = permutation
            pairs = [f"{answer} as {meant}" for answer, meant in renaming.items()]
            more = f" and {len(pairs) - MOST_NAMED} more" if len(pairs) > MOST_NAMED else ""
            yield fault(
                "labels-permuted",
                f"The labels look permuted: reading {', '.join(pairs[:MOST_NAMED])}{more} lifts accuracy from "
                f"{percent(found.metrics['accuracy'])} to {percent(reached)} on pairs that had no part in choosing it. "
                "Check the order of the names: --labels, --rename-labels.",
            )
        elif self.accuracy.low <= found.majority_accuracy:
            yield fault(
                "no-better-than-majority",
                f"The interval of the accuracy reaches down to {percent(self.accuracy.low)}; always answering "
                f"{found.majority_label} scores {percent(found.majority_accuracy)}. These pairs do not show that the "
                "model is better than that.",
            )
        confidences = found.probabilities.max(axis=1)
        if found.n_pairs > 1 and np.ptp(confidences) < 1e-6:
            yield fault(
                "same-confidence",
                f"Every answer has the confidence {confidences[0]:.3f}, so that no answer is surer than another: "
                "there is nothing to abstain by, and nothing to rank mistakes by.",
            )

    def _of_confidence(self) -> Finding | None:
        found = self.calibration
        if not found.distinguishable:
            return None
        gap = found.mean_confidence - found.accuracy
        claimed = f"claims {percent(found.mean_confidence)} on average and is right {percent(found.accuracy)}"
        error = (
            f"calibration error {found.expected_calibration_error:.3f}; of a calibrated model at this size 95 % "
            f"of samples stay below {found.simulated_bound:.3f}"
        )
        weigh = fault if abs(gap) >= 2 * NOTABLE else caution
        if abs(gap) < 0.5 * found.expected_calibration_error:
            return weigh("miscalibrated", f"Confidence and accuracy differ, in both directions ({error}).")
        if gap > 0:
            return weigh("overconfident", f"The model is overconfident: it {claimed} ({error}).")
        return weigh("underconfident", f"The model is too modest: it {claimed} ({error}).")

    def _of_classes(self) -> Iterator[Finding]:
        right, answered = self.evaluation.label_counts, self.evaluation.predicted_counts
        absent = [name for name, count in right.items() if not count]
        if absent:
            them = "it" if len(absent) == 1 else "them"
            yield caution(
                "class-absent",
                f"{_named(absent)} never the right answer here, so nothing is known of how well the model finds "
                f"{them}.",
            )
        unanswered = [name for name, count in right.items() if count and not answered[name]]
        if unanswered and sum(count > 0 for count in answered.values()) > 1:
            yield caution(
                "class-never-answered", f"{_named(unanswered)} never answered, though right for some."
            )

    def _confusions(self) -> list[dict[str, Any]]:
        """The most frequent mistakes, and how large a share of the label's pairs each is."""
        labels, counts = self.evaluation.labels, np.array(self.evaluation.confusion)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        np.fill_diagonal(counts, 0)
        order = np.argsort(-counts.ravel(), kind="stable")[:_MOST_CONFUSIONS_SHOWN]
        return [
            {
                "label": labels[row],
                "answer": labels[column],
                "n": int(counts[row, column]),
                "share": float(shares[row, column]),
            }
            for row, column in (divmod(place, len(labels)) for place in order.tolist())
            if counts[row, column]
        ]

    def _shown(self, places: Sequence[int]) -> list[dict[str, Any]]:
        found = self.evaluation
        return [
            self.shown(
                place,
                label=found.labels[right],
                answer=found.labels[answer],
                confidence=float(found.probabilities[place, answer]),
                label_probability=float(found.probabilities[place, right]),
            )
            for place in places
            for right, answer in [(int(found.label_ids[place]), int(found.predicted_ids[place]))]
        ]

    def _doubtful(self, findings: Sequence[Finding]) -> tuple[list[int], str | None]:
        """The pairs whose label looks wrong, or why they were not looked for."""
        unfit = next((one.code for one in findings if one.code in _UNFIT_TO_DOUBT), None)
        if unfit:
            return [], f"a model with the finding {unfit} cannot doubt labels"
        if self.evaluation.metrics["accuracy"] < 0.5:
            return [], "a model that is wrong on half of the pairs cannot doubt their labels"
        if len(np.unique(self.evaluation.label_ids)) < 2:
            return [], "all pairs carry one label, so there is none to mistake it for"
        return find_label_issues(self.evaluation.probabilities, self.evaluation.label_ids), None


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
    own = share_interval(int((answers == truth).sum()), n_pairs)
    floor = max(own.high + _LIFT_OF_A_PERMUTATION, evaluation.majority_accuracy)
    if share_interval(hits, n_held_out).low <= floor:
        return None
    occurs = np.union1d(answers, truth).tolist()
    names = evaluation.labels
    return {names[one]: names[renamed[one]] for one in occurs if renamed[one] != one}, hits / n_held_out


def find_label_issues(probabilities: NDArray[np.float64], label_ids: NDArray[np.int32]) -> list[int]:
    """The pairs whose label looks wrong, ranked by how little the model believes the label.

    Args:
        probabilities: The answers, shape ``(n_pairs, n_labels)``.
        label_ids: The labels as class indices, shape ``(n_pairs,)``; two of them or more.
    """
    with warnings.catch_warnings():
        # cleanlab says of each rare class that it may overlook something there; so may it with every class.
        warnings.filterwarnings("ignore", message="May not flag all label issues")
        from cleanlab.filter import find_label_issues as ranked_by_cleanlab

        rows = ranked_by_cleanlab(
            label_ids.astype(np.int64), probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return np.asarray(rows).tolist()


def _named(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED:,} more labels are"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
