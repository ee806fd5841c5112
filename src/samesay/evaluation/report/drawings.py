"""The report's plots as inline SVG, each with its words for those who do not see it.

From the dictionary of a report to markup.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from samesay.evaluation.report import svg
from samesay.evaluation.report.examination import percent

# More rows and columns than these cannot be read at that width.
_MOST_LABELS_DRAWN = 12

# Where the names of slices end.
_LEFT = 168.0


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
    chosen = [
        next((point for point in points if point["coverage"] >= wanted), points[-1])
        for wanted in (0.25, 0.5, 0.75, 1)
    ]
    words = " ".join(
        f"Answering {percent(point['coverage'])} of the pairs: {percent(point['accuracy'])} right."
        for point, _ in groupby(chosen)
    )
    return svg.drawing(
        "Accuracy against coverage: what keeping silent on doubtful pairs gains", words, parts, 250
    )


def draw_accuracy_of_slices(report: Mapping[str, Any]) -> svg.Drawing:
    """Each slice's accuracy with its interval, beside the accuracy of all pairs."""
    slices = report["slices"]
    floor = math.floor(min(one["low"] for one in slices) * 10) / 10
    return _draw_slices(
        slices,
        metric="accuracy",
        named="Accuracy",
        overall=report["metrics"]["accuracy"],
        axis=svg.Axis(_LEFT + 8, 340, min(floor, 0.9), 1),
        shown=percent,
        tick=lambda share: f"{100 * share:.0f} %",
    )


def draw_answers(report: Mapping[str, Any]) -> svg.Drawing:
    """Answers over given scores: pairs as faint dots, and of every span of scores the middle half and the mean."""
    low, high = report["scale"]
    x_axis, y_axis = svg.Axis(44, 350, low, high), svg.Axis(330, 24, low, high)
    parts = svg.grid(x_axis, y_axis, x_name="given score", y_name="answer")
    parts.append(svg.line(x_axis(low), y_axis(low), x_axis(high), y_axis(high), "guide"))
    parts += [svg.dot(x_axis(score), y_axis(answer), 1.6, "one") for score, answer in report["points"]]
    bins = [one for one in report["bins"] if one["n"]]
    for one in bins:
        x = x_axis(one["score"])
        parts.append(svg.line(x, y_axis(one["quarter"]), x, y_axis(one["three_quarters"]), "whisker"))
        parts.append(svg.dot(x, y_axis(one["answer"]), 4.5))
    chosen = bins if len(bins) < 3 else [bins[0], bins[len(bins) // 2], bins[-1]]
    words = (
        " ".join(
            f"Pairs with a given score of {one['low']:g} to {one['high']:g} (mean {one['score']:.2f}) are answered "
            f"with {one['answer']:.2f} on average."
            for one in chosen
        )
        + f" Large dots are the means of {len(bins)} spans of given scores, their lines hold the middle half of the "
        f"answers; small dots are {len(report['points']):,} of {report['n_pairs']:,} pairs, drawn by chance."
    )
    return svg.drawing("Answers over given scores; on the dashed line the two are equal", words, parts, 368)


def draw_error_of_slices(report: Mapping[str, Any]) -> svg.Drawing:
    """Each slice's mean absolute error with its interval, beside that of all pairs."""
    slices, overall = report["slices"], report["metrics"]["mae"]
    most = max(
        [overall, *(one["mae"] if one["high"] is None or one["few"] else one["high"] for one in slices)]
    )
    return _draw_slices(
        slices,
        metric="mae",
        named="Mean absolute error",
        overall=overall,
        axis=svg.Axis(_LEFT + 8, 340, 0, most * 1.05 or 1),
        shown="{:.2f}".format,
        tick="{:.2f}".format,
        low_first=False,
    )


def _draw_slices(
    slices: Sequence[Mapping[str, Any]],
    *,
    metric: str,
    named: str,
    overall: float,
    axis: svg.Axis,
    shown: Callable[[float], str],
    tick: Callable[[float], str],
    low_first: bool = True,
) -> svg.Drawing:
    """Each slice's metric on a line of its own, grouped, and the metric of all pairs as a dashed line.

    Args:
        slices: Of a report: ``group``, ``name``, ``few``, the metric, and its interval's ``low`` and ``high``, which
            may be None.
        metric: The metric's key.
        named: What it is called, at the beginning of a sentence.
        overall: The same of all pairs.
        axis: Values to places; what lies beyond its end is drawn at its end.
        shown: A value in words.
        tick: A value below the axis.
        low_first: Whether the words name the lowest slice before the highest one.
    """
    parts: list[Markup] = []
    y = 14.0
    for group, members in groupby(slices, key=lambda one: one["group"]):
        parts.append(svg.text(4, y, svg.cut(group, _LEFT), "start", "strong"))
        y += 20
        for one in members:
            look, muted = ("few", "muted") if one["few"] else ("", "")
            parts.append(svg.text(14, y, svg.cut(one["name"], _LEFT - 16), "start", muted))
            if one["low"] is not None:
                end = axis(min(one["high"], axis.high))
                parts.append(svg.line(axis(one["low"]), y - 4, end, y - 4, f"whisker {look}"))
            parts.append(svg.dot(axis(one[metric]), y - 4, 4, look))
            y += 20
        y += 6
    for place in (axis.low, (axis.low + axis.high) / 2, axis.high):
        parts.insert(0, svg.line(axis(place), 4, axis(place), y, "grid"))
        parts.append(svg.text(axis(place), y + 14, tick(place), "middle", "muted"))
    parts.insert(0, svg.line(axis(overall), 4, axis(overall), y, "guide"))
    words = f"The dashed line is the {named[0].lower()}{named[1:]} of all pairs, {shown(overall)}. "
    known = sorted((one for one in slices if not one["few"]), key=lambda one: one[metric])
    if known:
        ends = [("Lowest", known[0]), ("Highest", known[-1])]
        for which, one in ends if low_first else reversed(ends):
            words += f"{which}: {one['group']}, {one['name']}, {shown(one[metric])}. "
    words += "Hollow dots are slices of too few pairs to say."
    return svg.drawing(f"{named} on slices of the data, with 95 % intervals", words, parts, y + 20)
