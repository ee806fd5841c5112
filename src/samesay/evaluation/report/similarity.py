"""What a report says of a similarity model: bias, answers by score, slices, the largest errors, findings, a verdict.

Needs the extra ``evaluation``. It knows nothing of models, pages or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.evaluation.evaluation import Evaluation
from samesay.evaluation.finding import Finding
from samesay.evaluation.intervals import Interval
from samesay.evaluation.report.examination import (
    MOST_PAIRS_SHOWN,
    NOTABLE,
    Examination,
    faults_first,
    few_pairs,
    in_summary,
    shown_text,
    slice_findings,
    trained_on_pairs,
    weak_slices,
)
from samesay.evaluation.report.slices import Slice, SliceResult, error_of_slices
from samesay.evaluation.similarity import SimilarityEvaluation

if TYPE_CHECKING:
    from samesay.data import PairTable
    from samesay.evaluation.similarity import SimilarityEvaluation

_BINS = 10
# More dots than these are a stain, and make report.json long.
_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """The answers to pairs whose right scores lie in one span of the scale.

    Attributes:
        low: The lowest score of the span.
        high: Its end, which belongs to the next span but for the last.
        n: Pairs in it.
        score: Mean of their right scores; None where there are none.
        answer: Mean answer; likewise.
        quarter: A quarter of the answers is lower; likewise.
        three_quarters: A quarter of the answers is higher; likewise.
    """

    low: float
    high: float
    n: int
    score: float | None
    answer: float | None
    quarter: float | None
    three_quarters: float | None


@dataclass(frozen=True, slots=True)
class LargestError:
    """One pair of the data, as it is shown.

    Attributes:
        row: Its row in the source, from 1; its place in the table where it has no source with rows.
        first: The text read first, cut where it is very long.
        second: The other one.
        score: The right score.
        answer: The model's.
        error: ``answer`` minus ``score``.
    """

    row: int
    first: str
    second: str
    score: float
    answer: float
    error: float


@dataclass(frozen=True, kw_only=True)
class SimilarityExamination(Examination):
    """What there is to say of one evaluation of scores.

    Attributes:
        bias: Mean of answer minus score, in units of the scale.
        bins: Answers by right score, in ten spans of equal width.
        points: Score and answer of at most 400 pairs, drawn by chance, for the plot.
        errors: The pairs with the largest errors, largest first.
    """

    bias: float
    bins: tuple[ScoreBin, ...]
    points: tuple[tuple[float, float], ...]
    errors: tuple[LargestError, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        return {
            **super().to_dict(),
            "bias": self.bias,
            "bins": [asdict(one) for one in self.bins],
            "points": [list(point) for point in self.points],
            "largest_errors": [asdict(one) for one in self.errors],
        }


def examine_similarity(
    evaluation: SimilarityEvaluation,
    table: PairTable,
    *,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[Slice],
    baselines: Mapping[str, Evaluation],
    trained_on: int | None = None,
) -> SimilarityExamination:
    """Examine an evaluation of scores.

    Args:
        evaluation: The metrics, with the answers.
        table: The pairs they were measured on, in the same order and reading order.
        intervals: Of the metrics and of ``bias``; see ``similarity_intervals``.
        slices: Of ``table``; see ``slices_of``.
        baselines: Name to evaluation on the same pairs; ``word overlap`` is looked for.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """
    truth, answers = (array.astype(np.float64) for array in (evaluation.truth, evaluation.scores))
    errors = answers - truth
    by_words = baselines.get("word overlap")
    overlap = None if by_words is None else by_words.metrics.get("spearman")
    measured = error_of_slices(slices, errors)
    findings = similarity_findings(evaluation, intervals, measured, overlap, trained_on=trained_on)
    chosen = np.sort(np.random.default_rng(0).permutation(len(truth))[:_MOST_POINTS])
    largest = np.argsort(-np.abs(errors), kind="stable")[:MOST_PAIRS_SHOWN]
    return SimilarityExamination(
        verdict=_verdict(evaluation, intervals, measured, findings, overlap),
        findings=tuple(findings),
        bias=float(errors.mean()),
        bins=_bins(evaluation),
        points=tuple((float(truth[place]), float(answers[place])) for place in chosen),
        slices=tuple(measured),
        errors=tuple(
            LargestError(
                row=table.row_number(place),
                first=shown_text(table.first[place]),
                second=shown_text(table.second[place]),
                score=float(truth[place]),
                answer=float(answers[place]),
                error=float(errors[place]),
            )
            for place in map(int, largest)
        ),
    )


def _bins(evaluation: SimilarityEvaluation) -> tuple[ScoreBin, ...]:
    scale = evaluation.scale
    edges = np.linspace(scale.low, scale.high, _BINS + 1)
    places = np.clip(np.searchsorted(edges, evaluation.truth, side="right") - 1, 0, _BINS - 1)
    bins = []
    for place in range(_BINS):
        inside = places == place
        ends = (float(edges[place]), float(edges[place + 1]))
        if not inside.any():
            bins.append(ScoreBin(*ends, 0, None, None, None, None))
            continue
        truth, answers = (array[inside].astype(np.float64) for array in (evaluation.truth, evaluation.scores))
        quarter, three_quarters = np.quantile(answers, (0.25, 0.75)).tolist()
        n, score, answer = int(inside.sum()), float(truth.mean()), float(answers.mean())
        bins.append(ScoreBin(*ends, n, score, answer, quarter, three_quarters))
    return tuple(bins)


def _verdict(
    evaluation: SimilarityEvaluation,
    intervals: Mapping[str, Interval | None],
    slices: Sequence[SliceResult],
    findings: Sequence[Finding],
    overlap: float | None,
) -> tuple[str, ...]:
    n = f"{evaluation.n_pairs:,} {'pair' if evaluation.n_pairs == 1 else 'pairs'}"
    spearman, interval = evaluation.metrics.get("spearman"), intervals.get("spearman")
    if spearman is None:
        said = [
            f"How well it orders pairs cannot be said of these {n}: the scores, or the answers, are all alike."
        ]
    else:
        span = (
            f"; for other pairs of this kind expect {interval.low:.3f} to {interval.high:.3f} (95 % interval)"
            if interval
            else ""
        )
        said = [
            f"Its order agrees with the given scores at a rank correlation (Spearman) of {spearman:.3f} on {n}{span}. "
            "1 is the same order, 0 is none."
        ]
        if overlap is not None:
            said.append(f"Counting the words that both texts have in common reaches {overlap:.3f}.")
    mae, always = evaluation.metrics["mae"], evaluation.mean_metrics["mae"]
    said.append(
        f"On the scale from {evaluation.scale} it is {mae:.2f} off on average; always answering the mean, "
        f"{evaluation.mean_score:.2f}, would be {always:.2f} off."
    )
    said += in_summary(findings, "these metrics")
    weak = weak_slices(slices, least=least_notable(evaluation))
    if weak:
        worst = weak[0]
        said.append(
            f"It is weakest on {worst.group}, {worst.name}: {worst.value:.2f} off ({signed(worst.bias or 0.0)} on "
            f"balance) on {worst.n:,} pairs."
        )
    return tuple(said)


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
        evaluation: The metrics.
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
    measured = f"rank correlation {spearman:.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}"
    if interval.high < 0:
        found.append(
            Finding(
                "scale-reversed",
                "fault",
                f"The scores look turned round: what is given as alike the model scores as different ({measured}). "
                "Check whether high means alike in the data as in training.",
            )
        )
    elif interval.low <= 0:
        text = f"These pairs do not show that the model orders them at all ({measured})."
        found.append(Finding("no-order", "fault", text))
    elif overlap is not None and interval.low <= overlap:
        found.append(
            Finding(
                "no-better-than-word-overlap",
                "caution",
                f"Counting common words orders these pairs at {overlap:.3f}, which lies within or above the "
                f"model's interval ({measured}).",
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
