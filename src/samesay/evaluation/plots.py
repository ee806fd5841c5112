"""Plots for people, saved as PNG or SVG: answers over right answers, learning curves, quality over cost.

matplotlib is imported when a plot is made, and used without pyplot, so that no window system is touched,
no global state is left behind and threads may draw side by side. The same input gives the same bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ExtraMissing, TargetExists, UsageError
from samesay.evaluation.evaluation import Evaluation
from samesay.storage import destination, new_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_FORMATS = (".png", ".svg")
_DOTS_PER_INCH = 144

# Two colours that also differ in lightness, for those who see no hue (Okabe & Ito 2008).
_TRAINING_COLOUR = "#0072b2"
_VALIDATION_COLOUR = "#d55e00"
_COLOURS = (_TRAINING_COLOUR, _VALIDATION_COLOUR, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


@dataclass(frozen=True, slots=True)
class CostPoint:
    """A model in the plot of quality over cost.

    Attributes:
        name: Beside its point.
        quality: The higher the better.
        interval: Of ``quality``, drawn as a bar; None where there is none.
        pairs_per_second: How fast it is.
        n_bytes: Its size on disk, drawn as the point's area; None where it has none.
        peak_memory: The most memory that it held, in bytes; None where that is not known.
    """

    name: str
    quality: float
    interval: tuple[float, float] | None
    pairs_per_second: float
    n_bytes: int | None
    peak_memory: int | None


def require_plot(path: str | Path, *, overwrite: bool) -> None:
    """Refuse, before minutes of scoring, a place at which no plot can be written.

    Raises:
        UsageError: If the name does not end as a plot's does.
        ExtraMissing: If matplotlib is not installed.
        TargetExists: If something is there that may not be replaced.
    """
    target = destination(_target(path))
    _figure(1, 1)
    if not overwrite and (target.exists() or target.is_symlink()):
        raise TargetExists(
            f"{target} exists already.",
            where=str(target),
            expected="a new file",
            hint="name another one, or replace it with --overwrite",
        )


def save_answers_plot(evaluation: Evaluation, path: str | Path, *, title: str | None = None) -> Path:
    """Draw answers over right answers: a confusion matrix with each row's shares as shade, or dots over the diagonal.

    Args:
        evaluation: What was measured.
        path: A ``.png`` or ``.svg`` file; replaced if it exists.
        title: Above the plot; the source and its metrics where absent.

    Raises:
        UsageError: If the name ends otherwise.
        ExtraMissing: If matplotlib is not installed.
        OutputUnwritable, DiskFull: If the file cannot be written.
    """
    target = _target(path)
    figure = _figure(5, 5)
    words = evaluation.draw(figure)
    metrics = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in evaluation.metrics.items())
    title = title or f"{evaluation.n_pairs:,} pairs of {evaluation.source}: {metrics}"
    figure.suptitle(title, fontsize=10, wrap=True)
    return _save(figure, target, title=title, description=words)


def save_cost_plot(
    points: Sequence[CostPoint], path: str | Path, *, quality: str, title: str = "Quality over cost"
) -> Path:
    """Draw models by quality over pairs per second; the area of a point is the model's size on disk.

    Args:
        points: The models.
        path: A ``.png`` or ``.svg`` file; replaced if it exists.
        quality: What the upper axis counts, such as ``accuracy``.
        title: Above the plot.

    Raises:
        UsageError: If there is no model to draw, or the name ends otherwise.
        ExtraMissing, OutputUnwritable, DiskFull: As ``save_answers_plot``.
    """
    target = _target(path)
    if not points:
        raise UsageError("There is no model to draw.", expected="models whose quality and cost are known")
    figure = _figure(9.0, 4.6)
    figure.suptitle(title, fontsize=10, wrap=True)
    axes = figure.subplots()
    largest = max(point.n_bytes or 0 for point in points)
    for number, point in enumerate(points, start=1):
        place = (point.pairs_per_second, point.quality)
        colour = _COLOURS[(number - 1) % len(_COLOURS)]
        if point.interval is not None:
            low, high = point.interval
            reach = [[point.quality - low], [high - point.quality]]
            axes.errorbar(*place, yerr=reach, color=colour, alpha=0.6, capsize=3, zorder=1)
        area = 400 * point.n_bytes / largest if point.n_bytes else 0
        axes.scatter(
            *place,
            s=40 + area,
            marker="o" if area else "D",
            color=colour,
            alpha=0.7,
            zorder=2,
            label=_point_in_words(number, point, quality),
        )
        # The names stand beside the plot: those of models that are equally good would cover one another.
        # At the side, at the point's own height: models of one speed stand over one another.
        aside = -17 if number % 2 else 17
        axes.annotate(
            str(number),
            place,
            (aside, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            weight="bold",
            fontsize=9,
        )
    legend = figure.legend(loc="outside right upper", fontsize=8, frameon=False, labelspacing=1.2)
    for handle in legend.legend_handles:
        handle.set_sizes([50])  # type: ignore[union-attr]
    axes.set_xscale("log")
    speeds = [point.pairs_per_second for point in points]
    _plain_numbers(axes, wide=max(speeds) > 100 * min(speeds))
    axes.margins(x=0.15, y=0.1)
    axes.set_xlabel("pairs per second (log scale)")
    axes.set_ylabel(f"{quality}, 95 % interval" if points[0].interval else quality)
    axes.grid(alpha=0.3)
    words = "; ".join(
        _point_in_words(number, point, quality).replace("\n", ", ") for number, point in enumerate(points, 1)
    )
    return _save(figure, target, title=title, description=f"Models by {quality} and speed. {words}.")


def save_learning_curves(
    history: Sequence[Mapping[str, Any]],
    path: str | Path,
    *,
    best_epoch: float | None = None,
    title: str = "Learning curves",
) -> Path:
    """Draw loss and accuracy over the epochs, for training pairs and, where known, validation pairs.

    Of scores Spearman's correlation is drawn instead of accuracy.

    Args:
        history: One entry an epoch, as ``training`` writes them: ``epoch`` (from 1), ``loss``, ``accuracy``,
            ``validation_loss``, ``validation_accuracy``; absent and None values leave a gap. What was measured within
            an epoch has a fraction for its epoch; with ``step``, training metrics of few steps are left out.
        path: A ``.png`` or ``.svg`` file; replaced if it exists.
        best_epoch: The epoch to mark, from 1.
        title: Above the plot.

    Raises:
        UsageError: If the history is empty or the name ends otherwise.
        ExtraMissing: If matplotlib is not installed.
        OutputUnwritable, DiskFull: If the file cannot be written.
    """
    target = _target(path)
    if not history:
        raise UsageError("There is no epoch to draw.", expected="a history with one entry for each epoch")
    figure = _figure(9.0, 3.8)
    figure.suptitle(title, fontsize=10)
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    similarity = "validation_spearman" in history[-1]
    second = ("spearman", "rank correlation") if similarity else ("accuracy", "share right")
    # The loss of scores is nats or squared shares, by the recipe.
    loss_unit = "of shares of the scale" if similarity else "nats"
    epochs = [float(entry.get("epoch", place + 1)) for place, entry in enumerate(history)]
    within = any(epoch % 1 for epoch in epochs)
    for axes, name, unit in ((loss_axes, "loss", loss_unit), (accuracy_axes, *second)):
        _curve(axes, _of_many_steps(history), name, label="training", colour=_TRAINING_COLOUR, marker="o")
        _curve(axes, history, f"validation_{name}", label="validation", colour=_VALIDATION_COLOUR, marker="s")
        if best_epoch is not None:
            axes.axvline(best_epoch, color="0.6", linestyle=":", label="best epoch")
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"{name} ({unit})")
        axes.set_xlim((0, 1.03 * max(epochs)) if within else (0.5, max(epochs) + 0.5))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8)
    return _save(figure, target, title=title, description=_curves_in_words(history, best_epoch))


def _curve(
    axes: Axes, history: Sequence[Mapping[str, Any]], name: str, *, label: str, colour: str, marker: str
) -> None:
    values = [float("nan") if entry.get(name) is None else float(entry[name]) for entry in history]
    if not np.isfinite(values).any():
        return
    epochs = [entry.get("epoch", place + 1) for place, entry in enumerate(history)]
    axes.plot(epochs, values, color=colour, marker=marker, markersize=4, label=label)


def _of_many_steps(history: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries without those that follow another one closely: what a few batches say is luck."""
    steps = [int(entry.get("step", 0)) for entry in history]
    spans = np.diff([0, *steps])
    return [entry for entry, span in zip(history, spans, strict=True) if 4 * span >= spans.max()]


def _point_in_words(number: int, point: CostPoint, quality: str) -> str:
    lines = [
        f"{number}: {point.name}",
        f"{quality} {point.quality:.3f}",
        f"{point.pairs_per_second:,.0f} pairs a second",
    ]
    sizes = ((point.n_bytes, "on disk"), (point.peak_memory, "in memory"))
    lines += [f"{amount / 1e6:,.0f} MB {where}" for amount, where in sizes if amount]
    return "\n".join(lines)


def _plain_numbers(axes: Axes, *, wide: bool) -> None:
    """Label a logarithmic axis 10, 20, 50, 100 and not 10¹, 10²; a wide one with powers of ten alone."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _curves_in_words(history: Sequence[Mapping[str, Any]], best_epoch: float | None) -> str:
    last = history[-1]
    metrics = [
        f"{name.replace('_', ' ')} {last[name]:.4f}"
        for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "validation_spearman")
        if last.get(name) is not None
    ]
    best = f" The best epoch is {best_epoch}." if best_epoch is not None else ""
    return f"After epoch {last.get('epoch', len(history))}: {', '.join(metrics)}.{best}"


def _target(path: str | Path) -> Path:
    target = Path(path)
    if target.suffix.lower() not in _FORMATS:
        raise UsageError(
            f"Cannot tell from the name {target.name!r} what kind of plot to write.",
            where=str(target),
            expected=f"a name that ends in {' or '.join(_FORMATS)}",
        )
    return target


def _figure(width: float, height: float) -> Figure:
    """An empty figure, sizes in inches."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExtraMissing.of("train", "matplotlib", "Drawing a plot") from error
    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, target: Path, *, title: str, description: str) -> Path:
    """Write ``figure`` to ``target``, whole or not at all."""
    import matplotlib

    drawn = io.BytesIO()
    svg = target.suffix.lower() == ".svg"
    metadata = {"Title": title, "Description": description, "Date" if svg else "Software": None}
    with (
        warnings.catch_warnings(),
        matplotlib.rc_context({"svg.hashsalt": "samesay", "svg.fonttype": "none"}),
    ):
        # Label names come in every script; a font without them draws boxes, which is no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(drawn, format=target.suffix[1:].lower(), dpi=_DOTS_PER_INCH, metadata=metadata)
    with new_file(destination(target), replace=True) as stream:
        stream.write(drawn.getvalue())
    return target
