"""How good an answer is: metrics, evaluations, calibration, comparison, audits, the behaviour suite, the report.

Measured through ``Predictor``: a Keras model, its ONNX part, a baseline and a constant by the same lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samesay.evaluation.baselines import MajorityBaseline, OneSideBaseline, WordOverlap
from samesay.evaluation.classification import ClassificationEvaluation, evaluate_classifier
from samesay.evaluation.evaluation import Evaluation
from samesay.evaluation.plots import save_answers_plot, save_cost_plot, save_learning_curves
from samesay.evaluation.similarity import SimilarityEvaluation, evaluate_similarity
from samesay.pairs import Predictor, ProgressListener

if TYPE_CHECKING:
    from samesay.data import PairTable

__all__ = [
    "ClassificationEvaluation",
    "Evaluation",
    "MajorityBaseline",
    "OneSideBaseline",
    "SimilarityEvaluation",
    "WordOverlap",
    "evaluate",
    "save_answers_plot",
    "save_cost_plot",
    "save_learning_curves",
]


_BY_TASK = {"classification": evaluate_classifier, "similarity": evaluate_similarity}


def evaluate(
    predictor: Predictor, table: PairTable, *, progress: ProgressListener | None = None
) -> Evaluation:
    """Measure ``predictor`` on ``table``, whose texts are put into the predictor's reading order.

    Labels are matched by name, in whatever order either side has them; the pairs may use a part of the predictor's
    labels. Scores must be on its scale.

    Args:
        predictor: What is measured.
        table: Pairs with labels or scores.
        progress: Hears the stage ``evaluate``, in pairs, with ``pairs_per_second`` and, of labels, ``accuracy`` so far.

    Returns:
        A ``ClassificationEvaluation`` or a ``SimilarityEvaluation``.

    Raises:
        LabelMissing: If the pairs carry no labels or scores.
        LabelMismatch: If they carry a label that the predictor does not know; names the renaming if one fits.
        ScoreInvalid: If a score is outside the predictor's scale.
        NoRows: If there are no pairs.
        ModelError: If an answer is not a distribution over the labels, or no number.
    """
    return _BY_TASK[predictor.answers.task](predictor, table, progress=progress)
