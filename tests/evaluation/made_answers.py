"""Answers of stated faults, and pairs with texts of every kind that slices tell apart, for the tests of the report."""

from __future__ import annotations

import numpy as np

from samesay.data import Origin, PairTable
from samesay.decision import Decision
from samesay.evaluation import evaluate
from samesay.evaluation.report import examine, slices_of
from samesay.pairs import LabelSet, Sides

NLI = LabelSet(("entailment", "neutral", "contradiction"))
SIDES = Sides("hypothesis", "premise")

FIRST = ("A dog sleeps", "No dog sleeps", "Two dogs sleep in the warm sun", "The shop never opens on Sunday")
SECOND = (
    "A dog sleeps",
    "A cat is not here",
    "Three dogs sleep in the shade of a tree",
    "The shop opens at nine",
)


class Fixed:
    """Answers with given rows, in the order of the pairs it is asked."""

    def __init__(self, rows, labels=NLI, sides=SIDES):
        self.rows, self.answers, self.sides, self.asked = np.asarray(rows), labels, sides, 0

    def predict(self, pairs):
        self.asked += len(pairs)
        return self.rows[self.asked - len(pairs) : self.asked]


class FixedWithThresholds(Fixed):
    """Answers whose policy prefers a label that is not the most probable one."""

    def __init__(self, rows, thresholds):
        super().__init__(rows)
        self.decision = Decision(thresholds=dict(zip(self.answers, thresholds, strict=True)))


def make_table(label_ids, *, labels=NLI, first=None, second=None, columns=None):
    n_pairs = len(label_ids)
    return PairTable(
        first=first or [FIRST[place % 4] for place in range(n_pairs)],
        second=second or [SECOND[place // 4 % 4] for place in range(n_pairs)],
        answers=labels,
        gold=np.asarray(label_ids, np.int32),
        sides=SIDES,
        origin=Origin(source="made.csv", rows_read=n_pairs),
        columns=columns or {},
        row_numbers=np.arange(1, n_pairs + 1),
    )


def calibrated(n_pairs, n_labels=3, *, seed=0, sharpness=2.5):
    """Rows, and labels drawn from them: nothing is wrong with this model."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n_pairs, n_labels)) * sharpness
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (rows.cumsum(axis=1) < random.random((n_pairs, 1))).sum(axis=1)
    return rows, drawn.clip(max=n_labels - 1)


def examined(rows, label_ids, *, labels=NLI, slice_columns=(), trained_on=None, **texts):
    """The evaluation, its intervals and its examination."""
    table = make_table(label_ids, labels=labels, **texts)
    evaluation = evaluate(Fixed(rows, labels), table)
    intervals = evaluation.intervals(resamples=100)
    slices = slices_of(table, slice_columns)
    return (
        evaluation,
        intervals,
        examine(evaluation, table, intervals=intervals, slices=slices, trained_on=trained_on),
    )


def report_of(rows, label_ids, **settings):
    """What ``report.json`` would hold."""
    evaluation, intervals, examination = examined(rows, label_ids, **settings)
    return {
        **evaluation.to_dict(),
        "model": "made",
        "backend": "onnx",
        "baselines": {},
        "intervals": {name: one and one.to_dict() for name, one in intervals.items()},
        **examination.to_dict(),
        "samesay": "0",
    }
