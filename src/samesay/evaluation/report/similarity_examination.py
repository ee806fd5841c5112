"""What a report says of a similarity model: bias, answers by score, slices, the largest errors, a verdict.

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
from samesay.evaluation.report.examination import MOST_PAIRS_SHOWN, Examination, shown_text
from samesay.evaluation.report.findings import in_summary, weak_slices
from samesay.evaluation.report.similarity_findings import least_notable, signed, similarity_findings
from samesay.evaluation.report.slice_results import SliceResult, error_of_slices
from samesay.evaluation.report.slices import Slice
from samesay.evaluation.similarity import SimilarityEvaluation

if TYPE_CHECKING:
    from samesay.data import PairTable

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
        points: Score and answer of at most 400 pairs, drawn by chance, for the picture.
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
        evaluation: The figures, with the answers.
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
    said += in_summary(findings, "these figures")
    weak = weak_slices(slices, least=least_notable(evaluation))
    if weak:
        worst = weak[0]
        said.append(
            f"It is weakest on {worst.group}, {worst.name}: {worst.value:.2f} off ({signed(worst.bias or 0.0)} on "
            f"balance) on {worst.n:,} pairs."
        )
    return tuple(said)
