"""Measuring a similarity model: a predictor and a table of pairs with scores in, one ``SimilarityEvaluation`` out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from samesay.evaluation.evaluation import Constant, Evaluation, Table, ask, common_fields, require_pairs
from samesay.evaluation.intervals import Statistic, score_statistic
from samesay.evaluation.metrics import similarity_metrics
from samesay.pairs import Predictor, ProgressListener, Scale, Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from samesay.data import PairTable


@dataclass(frozen=True, kw_only=True)
class SimilarityEvaluation(Evaluation):
    """How well a similarity model answers on a table of pairs.

    Attributes:
        metrics: ``spearman`` and ``pearson`` in [-1, 1], absent where every score is the same; ``mse`` and ``mae`` in
            (squared) units of the scale.
        truth: The right scores, shape ``(n_pairs,)``, in the order of the table.
        scores: The answers, likewise.
    """

    task: ClassVar[Task] = "similarity"
    headline: ClassVar[str] = "spearman"

    answers: Scale
    truth: NDArray[np.float32] = field(repr=False, compare=False)
    scores: NDArray[np.float32] = field(repr=False, compare=False)

    @property
    def scale(self) -> Scale:
        """The lowest and the highest score there is."""
        return self.answers

    @property
    def gold(self) -> NDArray[np.float32]:
        """The right scores."""
        return self.truth

    @property
    def mean_score(self) -> float:
        """The mean of the right scores."""
        return float(self.truth.mean(dtype=np.float64))

    @property
    def mean_metrics(self) -> dict[str, float]:
        """What always answering ``mean_score`` would have scored here."""
        return similarity_metrics(self.truth, np.full(self.n_pairs, self.mean_score))

    @property
    def constant(self) -> Constant:
        """The mean of the right scores."""
        return Constant("mean score", f"{self.mean_score:.2f}", self.mean_metrics)

    def statistic(self) -> Statistic:
        """See ``intervals.score_statistic``."""
        return score_statistic(self.truth, self.scores)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON types."""
        return {
            **super().to_dict(),
            "scale": list(self.scale),
            "mean": {"score": self.mean_score, **self.mean_metrics},
        }

    def tables(self) -> list[Table | str]:
        """The scale."""
        return [f"{self.scale.in_words.capitalize()}."]

    def draw(self, figure: Figure) -> str:
        """Answers over right scores, as dots beside the diagonal."""
        figure.set_size_inches(5.4, 5.4)
        axes = figure.subplots()
        low, high = self.scale
        # An output that the scale does not bound may lie beyond it.
        least, most = min(low, float(self.scores.min())), max(high, float(self.scores.max()))
        margin = 0.03 * (most - least)
        axes.plot([low, high], [low, high], color="0.6", linestyle=":")
        axes.scatter(self.truth, self.scores, s=10, alpha=0.35, color="#0072b2", linewidths=0)
        limits = (least - margin, most + margin)
        axes.set(xlabel="right score", ylabel="answer", xlim=limits, ylim=limits, aspect="equal")
        axes.grid(alpha=0.3)
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in self.metrics.items())
        return f"Answers over right {self.scale.in_words}: {metrics}."


def evaluate_similarity(
    predictor: Predictor, table: PairTable, *, progress: ProgressListener | None = None
) -> SimilarityEvaluation:
    """Measure ``predictor`` on ``table``; see ``samesay.evaluation.evaluate``."""
    scale: Any = predictor.answers
    table = table.with_answers(scale).with_sides(predictor.sides)
    truth = table.require_gold()
    require_pairs(table)
    asked = ask(predictor, table.chunks(), len(table), progress=progress)
    scores = asked.values.astype(np.float32)
    notes = []
    if len(scores) > 1 and np.ptp(scores) < 1e-6:
        notes.append(f"every score is {scores[0]:.2f}: the model does not tell these pairs apart")
    return SimilarityEvaluation(
        **common_fields(table, asked, notes),
        answers=scale,
        metrics=similarity_metrics(truth, scores),
        truth=truth,
        scores=scores,
    )
