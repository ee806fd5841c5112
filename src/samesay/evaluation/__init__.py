"""How good an answer is: metrics, the evaluation of a ``Predictor`` on a table, baselines, pictures.

The room knows nothing of how a ``Predictor`` works inside; a Keras model, its ONNX part and a constant are
measured by the same lines.
"""

from __future__ import annotations

from samesay.evaluation.baselines import MajorityBaseline, OneSideBaseline
from samesay.evaluation.evaluation import Evaluation, TruncatingPredictor, evaluate
from samesay.evaluation.grading import GradeEvaluation, WordOverlap, evaluate_grades
from samesay.evaluation.pictures import (
    CostPoint,
    save_confusion_picture,
    save_cost_picture,
    save_grade_picture,
    save_learning_curves,
)

__all__ = [
    "CostPoint",
    "Evaluation",
    "GradeEvaluation",
    "MajorityBaseline",
    "OneSideBaseline",
    "TruncatingPredictor",
    "WordOverlap",
    "evaluate",
    "evaluate_grades",
    "save_confusion_picture",
    "save_cost_picture",
    "save_grade_picture",
    "save_learning_curves",
]
