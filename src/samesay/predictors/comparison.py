"""Several models on the same pairs: what came of it, as data, in words and as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samesay.data import PairTable
from samesay.data.formats.writers import rounded
from samesay.evaluation import ClassificationEvaluation, CostPoint, Evaluation
from samesay.evaluation.comparison import LEVEL, RESAMPLES, SIGNIFICANT, Contrast, Difference, decided
from samesay.pairs import Answers, Task
from samesay.predictors.cost import Cost

METRICS = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "loss": "log loss",
    "spearman": "Spearman",
    "pearson": "Pearson",
    "mse": "squared error",
    "mae": "absolute error",
}
"""Every metric that is compared, as people call it."""


@dataclass(frozen=True)
class ComparedModel:
    """One of the models.

    Attributes:
        name: What tables call it.
        model: What the user wrote.
        kind: By what it answers: ``onnx``, ``keras``, ``transformers``, ``sentence-transformers`` or ``baseline``.
        evaluation: Its metrics.
        accuracy_interval: Of a classifier: the 95 % interval of its accuracy by itself (Wilson).
        contrast: Against the first model; None of the first.
        cost: None where it was not measured.
        notes: What a reader should know of it.
    """

    name: str
    model: str
    kind: str
    evaluation: Evaluation
    accuracy_interval: tuple[float, float] | None
    contrast: Contrast | None
    cost: Cost | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "name": self.name,
            "model": self.model,
            "kind": self.kind,
            "metrics": dict(self.evaluation.metrics),
            "accuracy_interval": None if self.accuracy_interval is None else list(self.accuracy_interval),
            "truncated": self.evaluation.truncated,
            "against_reference": None if self.contrast is None else self.contrast.to_dict(),
            "cost": None if self.cost is None else self.cost.to_dict(),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Comparison:
    """What came of several models on the same pairs.

    Attributes:
        models: In the order in which they were named; the first is the reference.
        table: The pairs.
        resamples: How often pairs were drawn for the intervals of differences.
        cost_pairs: Pairs of a round in which speed was measured; None where it was not.
        notes: What a reader should know of all of it.
    """

    models: tuple[ComparedModel, ...]
    table: PairTable = field(repr=False)
    resamples: int = RESAMPLES
    cost_pairs: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def reference(self) -> ComparedModel:
        """The model that the others are compared with."""
        return self.models[0]

    @property
    def answers(self) -> Answers:
        """The labels, or the scale of the scores, of the data."""
        assert self.table.answers is not None  # it was loaded with gold answers
        return self.table.answers

    @property
    def task(self) -> Task:
        """Whether labels or scores were compared."""
        return self.answers.task

    def cost_points(self) -> tuple[str, list[CostPoint]]:
        """The metric of quality, and every model whose cost was measured as a point of the plot."""
        quality = {"classification": "accuracy", "similarity": "spearman"}[self.task]
        points = [
            CostPoint(
                one.name,
                one.evaluation.metrics[quality],
                one.accuracy_interval,
                one.cost.pairs_per_second,
                one.cost.n_bytes,
                one.cost.peak_memory,
            )
            for one in self.models
            if one.cost is not None and quality in one.evaluation.metrics
        ]
        return quality, points

    def changed_rows(self) -> Iterator[dict[str, Any]]:
        """The pairs to which some model gives another label than the reference, in the order of the data.

        Each with its place in the source (``row``, from 1), its texts, its label, and of every model ``answer NAME``
        and ``probability NAME``.
        """
        labels = self.table.labels
        if labels is None:
            return
        evaluations = [
            one.evaluation for one in self.models if isinstance(one.evaluation, ClassificationEvaluation)
        ]
        answers = np.stack([decided(one, labels.names) for one in evaluations])
        sure = np.stack([one.probabilities.max(axis=1) for one in evaluations])
        for place in np.flatnonzero((answers != answers[0]).any(axis=0)).tolist():
            rows = self.table.row_numbers
            row = {
                "row": place + 1 if rows is None else int(rows[place]),
                self.table.sides.first: self.table.first[place],
                self.table.sides.second: self.table.second[place],
                "label": labels.names[self.table.require_gold("classification")[place]],
            }
            for model, answer, probability in zip(
                self.models, answers[:, place], sure[:, place], strict=True
            ):
                row[f"answer {model.name}"] = labels.names[answer]
                row[f"probability {model.name}"] = rounded(float(probability))
            yield row

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pairs, as JSON types."""
        return {
            "task": self.task,
            "reference": self.reference.name,
            "models": [one.to_dict() for one in self.models],
            "n_pairs": len(self.table),
            "source": str(self.table.origin),
            **self.answers.to_dict(),
            "sides": list(self.table.sides),
            "rows_dropped": dict(self.table.origin.rows_dropped),
            "interval": {"method": "paired bootstrap", "level": LEVEL, "resamples": self.resamples},
            "correction": "holm",
            "cost_pairs": self.cost_pairs,
            "notes": list(self.notes),
        }


def metrics_of(comparison: Comparison) -> list[str]:
    """The names of the metrics of this comparison's task that are defined for some model, in a fixed order."""
    return [name for name in METRICS if any(name in one.evaluation.metrics for one in comparison.models)]


def verdict(model: ComparedModel, reference: ComparedModel) -> str:
    """What the tests allow to say of a model beside the reference, in one sentence."""
    contrast = model.contrast
    if contrast is None:
        return f"{model.name} is what the others are compared with."
    if contrast.decisions is None:
        difference = contrast.differences.get("spearman")
        if difference is None or not difference.is_clear:
            return (
                f"{model.name} cannot be told from {reference.name} by its rank correlation on these pairs."
            )
        return (
            f"{model.name} ranks {'better' if difference.value > 0 else 'worse'} than {reference.name}: "
            f"Spearman {signed(difference)}."
        )
    decisions = contrast.decisions
    if not decisions.changed:
        return f"{model.name} decides every pair as {reference.name} does."
    if decisions.p_adjusted >= SIGNIFICANT:
        return (
            f"{model.name} cannot be told from {reference.name} by its accuracy on these pairs: "
            f"p = {p_value(decisions.p_adjusted)}."
        )
    more = decisions.only_model > decisions.only_reference
    return (
        f"{model.name} is {'more' if more else 'less'} accurate than {reference.name}: "
        f"{signed(contrast.differences['accuracy'])}, p = {p_value(decisions.p_adjusted)}."
    )


def signed(difference: Difference | None) -> str:
    """``+0.0120 [+0.0040, +0.0200]``."""
    if difference is None:
        return "–"
    if difference.low is None or difference.high is None:
        return f"{difference.value:+.4f}"
    return f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"


def p_value(value: float) -> str:
    """``0.031``, ``4e-12``."""
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def megabytes(n_bytes: int | None) -> str:
    """Millions of bytes, or a dash."""
    return "–" if n_bytes is None else f"{n_bytes / 1e6:.1f}"


def markdown(comparison: Comparison) -> str:
    """The comparison as Markdown: a table, a row a model, the verdicts, and how it was measured."""
    metrics = metrics_of(comparison)
    first, *_ = metrics
    head = [
        "model",
        *(METRICS[name] for name in metrics),
        f"{METRICS[first]} against {comparison.reference.name}",
    ]
    similarity = comparison.task == "similarity"
    if not similarity:
        head += ["p (Holm)", "changed"]
    if comparison.cost_pairs is not None:
        head += ["pairs/s", "MB on disk", "MB in memory"]
    rows = []
    for model in comparison.models:
        row = [model.name, *(_number(model.evaluation.metrics.get(name)) for name in metrics)]
        contrast = model.contrast
        row.append("" if contrast is None else signed(contrast.differences.get(first)))
        if not similarity:
            decisions = None if contrast is None else contrast.decisions
            row += (
                ["", ""] if decisions is None else [p_value(decisions.p_adjusted), f"{decisions.changed:,}"]
            )
        if model.cost is not None:
            cost = model.cost
            row += [f"{cost.pairs_per_second:,.0f}", megabytes(cost.n_bytes), megabytes(cost.peak_memory)]
        rows.append(row)
    lines = [_row(head), "|---" + "|---:" * (len(head) - 1) + "|", *map(_row, rows), ""]
    lines += [f"- {_escaped(verdict(model, comparison.reference))}" for model in comparison.models[1:]]
    lines += ["", _method(comparison), ""]
    return "\n".join(lines)


def _method(comparison: Comparison) -> str:
    parts = [f"{len(comparison.table):,} pairs of {_escaped(str(comparison.table.origin))}."]
    if comparison.task == "classification":
        parts.append("p-values: McNemar's exact test on accuracy, corrected by Holm.")
    parts.append(f"Intervals: 95 %, paired bootstrap, {comparison.resamples:,} draws.")
    if comparison.cost_pairs is not None:
        rounds = len(comparison.reference.cost.rounds) if comparison.reference.cost else 0
        parts.append(
            f"Speed: median of {rounds} rounds of {comparison.cost_pairs:,} pairs, models in turn. "
            "Memory: peak of a process of its own."
        )
    return " ".join(parts)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
