"""Several models on the same pairs: what came of it, as data, in words and as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samesay.data import PairTable
from samesay.data.formats.writers import rounded
from samesay.evaluation import Evaluation
from samesay.evaluation.comparison import SIGNIFICANT, Contrast, Difference
from samesay.evaluation.evaluation import Table
from samesay.evaluation.intervals import LEVEL, RESAMPLES
from samesay.evaluation.plots import CostPoint
from samesay.pairs import Answers
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
        contrast: Against the first model; None of the first.
        cost: None where it was not measured.
        notes: What a reader should know of it.
    """

    name: str
    model: str
    kind: str
    evaluation: Evaluation
    contrast: Contrast | None
    cost: Cost | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        interval = self.evaluation.headline_interval()
        return {
            "name": self.name,
            "model": self.model,
            "kind": self.kind,
            "metrics": dict(self.evaluation.metrics),
            "accuracy_interval": None if interval is None else list(interval),
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
    def headline(self) -> str:
        """The metric that stands for all of them."""
        return self.reference.evaluation.headline

    @property
    def metrics(self) -> dict[str, str]:
        """Those that are defined for some model, in a fixed order, and what people call them."""
        defined = {name for one in self.models for name in one.evaluation.metrics}
        return {name: title for name, title in METRICS.items() if name in defined}

    def changed_rows(self) -> Iterator[dict[str, Any]]:
        """The pairs to which some model gives another label than the reference, in the order of the data.

        Each with its place in the source (``row``, from 1), its texts, its label, and of every model ``answer NAME``
        and ``probability NAME``.
        """
        labels = self.answers.labels
        if labels is None:
            return
        evaluations: list[Any] = [one.evaluation for one in self.models]
        answers = np.stack([one.decided(labels.names) for one in evaluations])
        sure = np.stack([one.probabilities.max(axis=1) for one in evaluations])
        gold = labels.in_texts(self.table.require_gold())
        for place in np.flatnonzero((answers != answers[0]).any(axis=0)).tolist():
            row = {
                "row": self.table.row_number(place),
                self.table.sides.first: self.table.first[place],
                self.table.sides.second: self.table.second[place],
                "label": gold[place],
            }
            for model, answer, probability in zip(
                self.models, answers[:, place], sure[:, place], strict=True
            ):
                row[f"answer {model.name}"] = labels.names[answer]
                row[f"probability {model.name}"] = rounded(float(probability))
            yield row

    def tables(self) -> list[Table]:
        """The metrics, their differences and, where there are labels, how the decisions differ."""
        named, others = self.metrics, self.models[1:]
        contrasts = [(one.name, one.contrast) for one in others if one.contrast is not None]
        found = [
            Table(
                ["", *named.values()],
                [(one.name, *(one.evaluation.metrics.get(name) for name in named)) for one in self.models],
                title=f"{len(self.table):,} pairs of {self.table.origin}",
            ),
            Table(
                [f"against {self.reference.name}", *named.values()],
                [
                    (name, *(signed(one.differences.get(metric)) for metric in named))
                    for name, one in contrasts
                ],
            ),
        ]
        decisions = [(name, one.decisions) for name, one in contrasts if one.decisions is not None]
        if decisions:
            against = f"decisions against {self.reference.name}"
            found.append(
                Table(
                    [against, "changed", "right alone", "wrong alone", "p", "p (Holm)"],
                    [
                        (
                            name,
                            one.changed,
                            one.only_model,
                            one.only_reference,
                            p_value(one.p_value),
                            p_value(one.p_adjusted),
                        )
                        for name, one in decisions
                    ],
                )
            )
        return found

    def cost_points(self) -> list[CostPoint]:
        """Every model whose cost was measured as a point of the plot."""
        return [
            CostPoint(
                one.name,
                one.evaluation.metrics[self.headline],
                one.evaluation.headline_interval(),
                one.cost.pairs_per_second,
                one.cost.n_bytes,
                one.cost.peak_memory,
            )
            for one in self.models
            if one.cost is not None and self.headline in one.evaluation.metrics
        ]

    def cost_table(self) -> Table:
        """What each model costs."""
        return Table(
            ["", "pairs/s", "MB on disk", "MB in memory"],
            [(one.name, *_cost_cells(one.cost)) for one in self.models if one.cost is not None],
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pairs, as JSON types."""
        return {
            "task": self.answers.task,
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


def verdict(model: ComparedModel, reference: ComparedModel) -> str:
    """What the tests allow to say of a model beside the reference, in one sentence."""
    contrast = model.contrast
    if contrast is None:
        return f"{model.name} is what the others are compared with."
    if contrast.decisions is None:
        difference = contrast.differences.get("spearman")
        if difference is None or not difference.is_clear:
            return f"{model.name} cannot be distinguished from {reference.name} by its rank correlation on these pairs."
        return (
            f"{model.name} ranks {'better' if difference.value > 0 else 'worse'} than {reference.name}: "
            f"Spearman {signed(difference)}."
        )
    decisions = contrast.decisions
    if not decisions.changed:
        return f"{model.name} decides every pair as {reference.name} does."
    if decisions.p_adjusted >= SIGNIFICANT:
        return (
            f"{model.name} cannot be distinguished from {reference.name} by its accuracy on these pairs: "
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


def _cost_cells(cost: Cost | None) -> list[str]:
    if cost is None:
        return []
    sizes = (cost.n_bytes, cost.peak_memory)
    return [
        f"{cost.pairs_per_second:,.0f}",
        *("–" if n_bytes is None else f"{n_bytes / 1e6:.1f}" for n_bytes in sizes),
    ]


def markdown(comparison: Comparison) -> str:
    """The comparison as Markdown: a table, a row a model, the verdicts, and how it was measured."""
    named, headline, reference = comparison.metrics, comparison.headline, comparison.reference
    head = ["model", *named.values(), f"{METRICS[headline]} against {reference.name}"]
    decisions = any(one.contrast and one.contrast.decisions for one in comparison.models)
    head += ["p (Holm)", "changed"] if decisions else []
    head += comparison.cost_table().head[1:] if comparison.cost_pairs is not None else []
    rows = []
    for model in comparison.models:
        metrics = (model.evaluation.metrics.get(name) for name in named)
        row = [model.name, *("–" if value is None else f"{value:.4f}" for value in metrics)]
        contrast = model.contrast
        row.append("" if contrast is None else signed(contrast.differences.get(headline)))
        if decisions:
            found = None if contrast is None else contrast.decisions
            row += ["", ""] if found is None else [p_value(found.p_adjusted), f"{found.changed:,}"]
        rows.append([*row, *_cost_cells(model.cost)])
    lines = [_row(head), "|---" + "|---:" * (len(head) - 1) + "|", *map(_row, rows), ""]
    lines += [f"- {_escaped(verdict(model, reference))}" for model in comparison.models[1:]]
    lines += ["", _method(comparison, tested=decisions), ""]
    return "\n".join(lines)


def _method(comparison: Comparison, *, tested: bool) -> str:
    parts = [f"{len(comparison.table):,} pairs of {_escaped(str(comparison.table.origin))}."]
    if tested:
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
