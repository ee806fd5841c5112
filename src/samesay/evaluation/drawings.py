"""The report's pictures as inline SVG, each with its words for those who do not see it.

From the dictionary of a report to markup. Colours are classes that the page's style sheet sets for light and dark; a
picture is 360 units wide, so that its text stays readable on a telephone. Everything from data is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from samesay.evaluation.findings import percent

_WIDTH = 360

# More rows and columns than these cannot be read at that width.
_MOST_LABELS_DRAWN = 12

_CHARACTER = 6.4  # the mean width of a letter at 12 units


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture and what it says.

    Attributes:
        svg: The picture, labelled with its title.
        title: What it shows.
        words: What there is to see in it.
    """

    svg: Markup
    title: str
    words: str


def draw_confusion(report: Mapping[str, Any]) -> Drawing:
    """Each row's shares as shade, of the labels that occur most often."""
    labels, counts = report["labels"], report["confusion"]["counts"]
    totals = [sum(row) for row in counts]
    kept = sorted(range(len(labels)), key=lambda place: (-totals[place], place))[:_MOST_LABELS_DRAWN]
    kept.sort()
    left = 96.0
    cell = (_WIDTH - left) / len(kept)
    across = cell >= 60  # the names of the columns; otherwise they stand upright
    top = 44.0 if across else 84.0
    height = min(cell, 64.0)
    parts = [
        _text(left + (_WIDTH - left) / 2, 14, "answer", "middle", "muted"),
        _text(left - 8, top - 10, "true label", "end", "muted"),
    ]
    for row, true in enumerate(kept):
        y = top + row * height
        parts.append(_text(left - 8, y + height / 2 + 4, _cut(labels[true], left - 10), "end"))
        x = left + (row + 0.5) * cell
        if across:
            parts.append(_text(x, top - 10, _cut(labels[true], cell), "middle"))
        else:
            parts.append(_upright(x + 4, top - 8, _cut(labels[true], 54)))
        for column, answer in enumerate(kept):
            share = counts[true][answer] / totals[true] if totals[true] else 0.0
            parts.append(_cell(left + column * cell, y, cell, height, share))
            if cell >= 30:
                middle = left + (column + 0.5) * cell
                parts.append(_text(middle, y + height / 2 + 4, f"{100 * share:.0f} %", "middle"))
    some = f", of the {len(kept)} most frequent of {len(labels):,} labels" if len(kept) < len(labels) else ""
    words = " ".join(
        f"Of {totals[place]:,} pairs labelled {labels[place]}, {counts[place][place]:,} are answered so."
        for place in kept
    )
    title = f"Confusion matrix: share of each true label's pairs by answer{some}"
    return _drawing(title, words, parts, top + len(kept) * height + 4)


def draw_reliability(report: Mapping[str, Any]) -> Drawing:
    """Accuracy over confidence, with where a perfectly calibrated model would lie, and the number of answers."""
    calibration = report["calibration"]
    bins = [one for one in calibration["reliability"] if one["n"]]
    x_axis, y_axis = _Axis(44, 350, 0, 1), _Axis(262, 24, 0, 1)
    parts = [
        *_grid(x_axis, y_axis, x_name="confidence", y_name="share right"),
        _line(x_axis(0), y_axis(0), x_axis(1), y_axis(1), "guide"),
    ]
    most = max(one["n"] for one in bins)
    for one in bins:
        x, width = x_axis(one["confidence"]), 8.0
        low, high = y_axis(one["expected_low"]), y_axis(one["expected_high"])
        parts.append(_rectangle(x - width / 2, high, width, max(low - high, 1.5), "expected"))
        parts.append(_dot(x, y_axis(one["accuracy"]), 2.5 + 4 * math.sqrt(one["n"] / most)))
    outside = [one for one in bins if not one["expected_low"] <= one["accuracy"] <= one["expected_high"]]
    words = (
        f"{len(bins)} of {calibration['bins']} spans of confidence hold answers; in {len(outside)} of them the share "
        "right lies outside of where a perfectly calibrated model's lies in 95 % of samples. "
        f"Mean confidence {percent(calibration['mean_confidence'])}, accuracy {percent(calibration['accuracy'])}."
    )
    title = "Reliability: share of right answers over confidence; on the dashed line the two are equal"
    return _drawing(title, words, parts, 300)


def draw_coverage(report: Mapping[str, Any]) -> Drawing:
    """Accuracy of the answers given over the share of pairs that are answered."""
    points = report["coverage"]["points"]
    floor = math.floor(min(point["accuracy"] for point in points) * 10) / 10
    x_axis, y_axis = _Axis(44, 350, 0, 1), _Axis(212, 24, min(floor, 0.9), 1)
    places = [(x_axis(point["coverage"]), y_axis(point["accuracy"])) for point in points]
    parts = _grid(x_axis, y_axis, x_name="share of pairs answered", y_name="share right")
    parts.append(_path(places))
    parts.append(_dot(*places[-1], 4))
    told = [
        next((point for point in points if point["coverage"] >= wanted), points[-1])
        for wanted in (0.25, 0.5, 0.75, 1)
    ]
    words = " ".join(
        f"Answering {percent(point['coverage'])} of the pairs: {percent(point['accuracy'])} right."
        for point, _ in groupby(told)
    )
    return _drawing(
        "Accuracy against coverage: what keeping silent on doubtful pairs gains", words, parts, 250
    )


def draw_slices(report: Mapping[str, Any]) -> Drawing:
    """Each slice's accuracy with its interval, beside the accuracy of all pairs."""
    slices, overall = report["slices"], report["metrics"]["accuracy"]
    left = 168.0
    floor = math.floor(min(one["low"] for one in slices) * 10) / 10
    axis = _Axis(left + 8, 340, min(floor, 0.9), 1)
    parts: list[Markup] = []
    y = 14.0
    for group, members in groupby(slices, key=lambda one: one["group"]):
        parts.append(_text(4, y, _cut(group, left), "start", "strong"))
        y += 20
        for one in members:
            parts.append(_text(14, y, _cut(one["name"], left - 16), "start", "muted" if one["few"] else ""))
            look = "few" if one["few"] else ""
            parts.append(_line(axis(one["low"]), y - 4, axis(one["high"]), y - 4, f"whisker {look}"))
            parts.append(_dot(axis(one["accuracy"]), y - 4, 4, look))
            y += 20
        y += 6
    for share in (axis.low, (axis.low + 1) / 2, 1):
        parts.insert(0, _line(axis(share), 4, axis(share), y, "grid"))
        parts.append(_text(axis(share), y + 14, f"{100 * share:.0f} %", "middle", "muted"))
    parts.insert(0, _line(axis(overall), 4, axis(overall), y, "guide"))
    known = [one for one in slices if not one["few"]]
    words = f"The dashed line is the accuracy of all pairs, {percent(overall)}. "
    if known:
        low, high = (choose(known, key=lambda one: one["accuracy"]) for choose in (min, max))
        words += (
            f"Lowest: {low['group']}, {low['name']}, {percent(low['accuracy'])}. "
            f"Highest: {high['group']}, {high['name']}, {percent(high['accuracy'])}. "
        )
    words += "Hollow dots are slices of too few pairs to say."
    return _drawing("Accuracy on slices of the data, with 95 % intervals", words, parts, y + 20)


@dataclass(frozen=True, slots=True)
class _Axis:
    """From values ``low`` to ``high`` to places ``start`` to ``end``."""

    start: float
    end: float
    low: float
    high: float

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)


def _drawing(title: str, words: str, parts: Sequence[Markup], height: float) -> Drawing:
    svg = Markup(
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}. {words}">{parts}</svg>'
    ).format(width=_WIDTH, height=_place(height), title=title, words=words, parts=Markup("").join(parts))
    return Drawing(svg, title, words)


def _grid(x_axis: _Axis, y_axis: _Axis, *, x_name: str, y_name: str) -> list[Markup]:
    parts = []
    for step in range(6):
        x = x_axis.low + step / 5 * (x_axis.high - x_axis.low)
        y = y_axis.low + step / 5 * (y_axis.high - y_axis.low)
        parts.append(_line(x_axis(x), y_axis.start, x_axis(x), y_axis.end, "grid"))
        parts.append(_line(x_axis.start, y_axis(y), x_axis.end, y_axis(y), "grid"))
        parts.append(_text(x_axis(x), y_axis.start + 16, f"{x:.1f}", "middle", "muted"))
        parts.append(_text(x_axis.start - 6, y_axis(y) + 4, f"{y:.2f}", "end", "muted"))
    parts.append(_text((x_axis.start + x_axis.end) / 2, y_axis.start + 32, x_name, "middle"))
    parts.append(_text(4, y_axis.end - 11, y_name, "start"))
    return parts


def _text(x: float, y: float, text: str, anchor: str, look: str = "") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>').format(
        _place(x), _place(y), anchor, look, text
    )


def _upright(x: float, y: float, text: str) -> Markup:
    return Markup('<text transform="translate({} {}) rotate(-90)">{}</text>').format(
        _place(x), _place(y), text
    )


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>').format(
        *map(_place, (x1, y1, x2, y2)), look
    )


def _rectangle(x: float, y: float, width: float, height: float, look: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>').format(
        *map(_place, (x, y, width, height)), look
    )


def _cell(x: float, y: float, width: float, height: float, share: float) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="cell" fill-opacity="{}"/>').format(
        *map(_place, (x + 1, y + 1, width - 2, height - 2)), f"{0.06 + 0.6 * share:.2f}"
    )


def _dot(x: float, y: float, radius: float, look: str = "") -> Markup:
    return Markup('<circle cx="{}" cy="{}" r="{}" class="dot {}"/>').format(
        _place(x), _place(y), _place(radius), look
    )


def _path(places: Sequence[tuple[float, float]]) -> Markup:
    points = " ".join(f"{_place(x)},{_place(y)}" for x, y in places)
    return Markup('<polyline points="{}" class="curve"/>').format(points)


def _place(value: float) -> str:
    return f"{value:.1f}"


def _cut(name: str, width: float) -> str:
    most = max(3, int(width / _CHARACTER))
    return name if len(name) <= most else name[: most - 1] + "…"
