"""A comparison in words: a verdict on every model, and a Markdown table to paste where results are discussed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samesay.evaluation.comparison import Difference
    from samesay.jobs.compare import ComparedModel, Comparison

SIGNIFICANT = 0.05
"""Below it a corrected p-value is called a difference."""

FIGURES = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "loss": "log loss",
    "spearman": "Spearman",
    "pearson": "Pearson",
    "mse": "squared error",
    "mae": "absolute error",
}
"""Every figure that is compared, as people call it."""


def figures_of(comparison: Comparison) -> list[str]:
    """The names of the figures of this comparison's task that are defined for some model, in a fixed order."""
    return [name for name in FIGURES if any(name in one.evaluation.metrics for one in comparison.models)]


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
    figures = figures_of(comparison)
    first, *_ = figures
    head = [
        "model",
        *(FIGURES[name] for name in figures),
        f"{FIGURES[first]} against {comparison.reference.name}",
    ]
    similarity = comparison.task == "similarity"
    if not similarity:
        head += ["p (Holm)", "changed"]
    if comparison.cost_pairs is not None:
        head += ["pairs/s", "MB on disk", "MB in memory"]
    rows = []
    for model in comparison.models:
        row = [model.name, *(_number(model.evaluation.metrics.get(name)) for name in figures)]
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
