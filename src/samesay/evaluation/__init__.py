"""How good an answer is: metrics, the evaluation of a ``Predictor`` on a table, baselines, a report.

The room knows nothing of how a ``Predictor`` works inside; a Keras model, its ONNX part and a constant are
measured by the same lines.
"""

from __future__ import annotations

from samesay.evaluation.baselines import MajorityBaseline, OneSideBaseline
from samesay.evaluation.evaluation import Evaluation, TruncatingPredictor, evaluate
from samesay.evaluation.examination import Examination, examine, require_report_packages
from samesay.evaluation.grade_examination import GradeExamination, examine_grades
from samesay.evaluation.grading import GradeEvaluation, WordOverlap, evaluate_grades
from samesay.evaluation.intervals import Interval, grade_intervals, metric_intervals, share_interval
from samesay.evaluation.page import render_page
from samesay.evaluation.pictures import (
    CostPoint,
    save_confusion_picture,
    save_cost_picture,
    save_grade_picture,
    save_learning_curves,
)
from samesay.evaluation.slices import slices_of

__all__ = [
    "CostPoint",
    "Evaluation",
    "Examination",
    "GradeEvaluation",
    "GradeExamination",
    "Interval",
    "MajorityBaseline",
    "OneSideBaseline",
    "TruncatingPredictor",
    "WordOverlap",
    "evaluate",
    "evaluate_grades",
    "examine",
    "examine_grades",
    "grade_intervals",
    "metric_intervals",
    "render_page",
    "require_report_packages",
    "save_confusion_picture",
    "save_cost_picture",
    "save_grade_picture",
    "save_learning_curves",
    "share_interval",
    "slices_of",
]
