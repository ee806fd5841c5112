"""The report's pictures as inline SVG, each with its words for those who do not see it.

From the dictionary of a report to markup.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from samesay.evaluation import svg
from samesay.evaluation.findings import percent
from samesay.evaluation.slice_drawing import LEFT, draw_figures_of_slices

# More rows and columns than these cannot be read at that width.
_MOST_LABELS_DRAWN = 12


def draw_confusion(report: Mapping[str, Any]) -> svg.Drawing:
    """Each row's shares as shade, of the labels that occur most often."""
    labels, counts = report["labels"], report["confusion"]["counts"]
    totals = [sum(row) for row in counts]
    kept = sorted(range(len(labels)), key=lambda place: (-totals[place], place))[:_MOST_LABELS_DRAWN]
    kept.sort()
    left = 96.0
    cell = (svg.WIDTH - left) / len(kept)
    across = cell >= 60  # the names of the columns; otherwise they stand upright
    top = 44.0 if across else 84.0
    height = min(cell, 64.0)
    parts = [
        svg.text(left + (svg.WIDTH - left) / 2, 14, "answer", "middle", "muted"),
        svg.text(left - 8, top - 10, "true label", "end", "muted"),
    ]
    for row, true in enumerate(kept):
        y = top + row * height
        parts.append(svg.text(left - 8, y + height / 2 + 4, svg.cut(labels[true], left - 10), "end"))
        x = left + (row + 0.5) * cell
        if across:
            parts.append(svg.text(x, top - 10, svg.cut(labels[true], cell), "middle"))
        else:
            parts.append(svg.upright(x + 4, top - 8, svg.cut(labels[true], 54)))
        for column, answer in enumerate(kept):
            share = counts[true][answer] / totals[true] if totals[true] else 0.0
            parts.append(svg.cell(left + column * cell, y, cell, height, share))
            if cell >= 30:
                middle = left + (column + 0.5) * cell
                parts.append(svg.text(middle, y + height / 2 + 4, f"{100 * share:.0f} %", "middle"))
    some = f", of the {len(kept)} most frequent of {len(labels):,} labels" if len(kept) < len(labels) else ""
    words = " ".join(
        f"Of {totals[place]:,} pairs labelled {labels[place]}, {counts[place][place]:,} are answered so."
        for place in kept
    )
    title = f"Confusion matrix: share of each true label's pairs by answer{some}"
    return svg.drawing(title, words, parts, top + len(kept) * height + 4)


def draw_reliability(report: Mapping[str, Any]) -> svg.Drawing:
    """Accuracy over confidence, with where a perfectly calibrated model would lie, and the number of answers."""
    calibration = report["calibration"]
    bins = [one for one in calibration["reliability"] if one["n"]]
    x_axis, y_axis = svg.Axis(44, 350, 0, 1), svg.Axis(262, 24, 0, 1)
    parts = [
        *svg.grid(x_axis, y_axis, x_name="confidence", y_name="share right"),
        svg.line(x_axis(0), y_axis(0), x_axis(1), y_axis(1), "guide"),
    ]
    most = max(one["n"] for one in bins)
    for one in bins:
        x, width = x_axis(one["confidence"]), 8.0
        low, high = y_axis(one["expected_low"]), y_axis(one["expected_high"])
        parts.append(svg.rectangle(x - width / 2, high, width, max(low - high, 1.5), "expected"))
        parts.append(svg.dot(x, y_axis(one["accuracy"]), 2.5 + 4 * math.sqrt(one["n"] / most)))
    outside = [one for one in bins if not one["expected_low"] <= one["accuracy"] <= one["expected_high"]]
    words = (
        f"{len(bins)} of {calibration['bins']} spans of confidence hold answers; in {len(outside)} of them the share "
        "right lies outside of where a perfectly calibrated model's lies in 95 % of samples. "
        f"Mean confidence {percent(calibration['mean_confidence'])}, accuracy {percent(calibration['accuracy'])}."
    )
    title = "Reliability: share of right answers over confidence; on the dashed line the two are equal"
    return svg.drawing(title, words, parts, 300)


def draw_coverage(report: Mapping[str, Any]) -> svg.Drawing:
    """Accuracy of the answers given over the share of pairs that are answered."""
    points = report["coverage"]["points"]
    floor = math.floor(min(point["accuracy"] for point in points) * 10) / 10
    x_axis, y_axis = svg.Axis(44, 350, 0, 1), svg.Axis(212, 24, min(floor, 0.9), 1)
    places = [(x_axis(point["coverage"]), y_axis(point["accuracy"])) for point in points]
    parts = svg.grid(x_axis, y_axis, x_name="share of pairs answered", y_name="share right")
    parts.append(svg.path(places))
    parts.append(svg.dot(*places[-1], 4))
    told = [
        next((point for point in points if point["coverage"] >= wanted), points[-1])
        for wanted in (0.25, 0.5, 0.75, 1)
    ]
    words = " ".join(
        f"Answering {percent(point['coverage'])} of the pairs: {percent(point['accuracy'])} right."
        for point, _ in groupby(told)
    )
    return svg.drawing(
        "Accuracy against coverage: what keeping silent on doubtful pairs gains", words, parts, 250
    )


def draw_slices(report: Mapping[str, Any]) -> svg.Drawing:
    """Each slice's accuracy with its interval, beside the accuracy of all pairs."""
    slices = report["slices"]
    floor = math.floor(min(one["low"] for one in slices) * 10) / 10
    return draw_figures_of_slices(
        slices,
        figure="accuracy",
        named="Accuracy",
        overall=report["metrics"]["accuracy"],
        axis=svg.Axis(LEFT + 8, 340, min(floor, 0.9), 1),
        shown=percent,
        tick=lambda share: f"{100 * share:.0f} %",
    )
