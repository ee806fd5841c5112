"""Measuring a similarity model: a predictor and a table of pairs with scores in, one ``SimilarityEvaluation`` out.

With it what such a model has to beat: the mean score, and the share of words that the two texts have in common.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from samesay.data.python.inputs import texts_from
from samesay.evaluation.answering import ask
from samesay.evaluation.evaluation import Constant, Evaluation, common_fields, require_pairs
from samesay.evaluation.intervals import RESAMPLES, Interval, similarity_intervals
from samesay.evaluation.metrics import similarity_metrics
from samesay.pairs import Answers, Predictor, ProgressListener, Scale, Sides, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable


@dataclass(frozen=True, kw_only=True)
class SimilarityEvaluation(Evaluation):
    """How well a similarity model answers on a table of pairs.

    Attributes:
        metrics: ``spearman`` and ``pearson`` in [-1, 1], absent where every score is the same; ``mse`` and ``mae`` in
            (squared) units of the scale.
        scale: The lowest and the highest score there is.
        mean_score: The mean of the right scores.
        mean_metrics: What always answering ``mean_score`` would have scored here.
        truth: The right scores, shape ``(n_pairs,)``, in the order of the table.
        scores: The answers, likewise.
    """

    task: ClassVar[Task] = "similarity"

    scale: Scale
    mean_score: float
    mean_metrics: dict[str, float]
    truth: NDArray[np.float32] = field(repr=False, compare=False)
    scores: NDArray[np.float32] = field(repr=False, compare=False)

    @property
    def constant(self) -> Constant:
        """The mean of the right scores."""
        return Constant("mean score", f"{self.mean_score:.2f}", self.mean_metrics)

    def intervals(self, *, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Interval | None]:
        """95 % intervals of ``metrics`` and of ``bias``, see ``intervals.similarity_intervals``."""
        return similarity_intervals(self.truth, self.scores, resamples=resamples, seed=seed)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            **super().to_dict(),
            "scale": list(self.scale),
            "mean": {"score": self.mean_score, **self.mean_metrics},
        }


def evaluate_similarity(
    predictor: Predictor, table: PairTable, *, progress: ProgressListener | None = None
) -> SimilarityEvaluation:
    """Measure ``predictor`` on ``table``; see ``samesay.evaluation.evaluate``."""
    scale = predictor.answers
    assert isinstance(scale, Scale)
    table = table.with_answers(scale).with_sides(predictor.sides)
    truth = table.require_gold()
    require_pairs(table)
    answers = ask(predictor, table.chunks(), len(table), progress=progress)
    scores = answers.values.astype(np.float32)
    notes = []
    if len(scores) > 1 and np.ptp(scores) < 1e-6:
        notes.append(f"every score is {scores[0]:.2f}: the model does not tell these pairs apart")
    mean = float(truth.mean(dtype=np.float64))
    return SimilarityEvaluation(
        **common_fields(table, answers, notes),
        metrics=similarity_metrics(truth, scores),
        scale=scale,
        mean_score=mean,
        mean_metrics=similarity_metrics(truth, np.full(len(scores), mean)),
        truth=truth,
        scores=scores,
    )


@dataclass(frozen=True)
class WordOverlap:
    """Scores by the words that occur in both texts, as a share of those in either (Jaccard), put on the scale."""

    scale: Scale
    sides: Sides

    @property
    def answers(self) -> Answers:
        """The scale of ``predict``."""
        return self.scale

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Scores, shape ``(n_pairs,)``; two texts without a word are the same."""
        texts = list(zip(*texts_from(pairs, sides=self.sides), strict=True))
        shares = np.ones(len(texts), np.float32)
        for place, pair in enumerate(texts):
            first, second = ({word[0] for word in re.finditer(r"\w+", text.casefold())} for text in pair)
            if first | second:
                shares[place] = len(first & second) / len(first | second)
        return self.scale.from_targets(shares)
