"""The report's plots as inline SVG, each with its words for those who do not see it.

From the dictionary of a report to markup. Colours are classes that the page's style sheet sets for light and dark; a
plot is 360 units wide, so that its text stays readable on a telephone. Everything from data is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from markupsafe import Markup

from samesay.evaluation.report.examination import percent


class Drawing(NamedTuple):
    """A plot and what it says.

    Attributes:
        svg: The plot, labelled with its title.
        title: What it shows.
        words: What there is to see in it.
    """

    svg: Markup
    title: str
    words: str


class _Axis(NamedTuple):
    """From values ``low`` to ``high`` to places ``start`` to ``end``."""

    start: float
    end: float
    low: float
    high: float

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)


def draw_reliability(report: Mapping[str, Any]) -> Drawing:
    """Accuracy over confidence, with where a perfectly calibrated model would lie, and the number of predictions."""
    calibration = report["calibration"]
    bins = [one for one in calibration["reliability"] if one["n"]]
    x_axis, y_axis = _Axis(44, 350, 0, 1), _Axis(262, 24, 0, 1)
    parts = [
        *_grid(x_axis, y_axis, x_name="confidence", y_name="share right"),
        _line("guide", (x_axis(0), y_axis(0)), (x_axis(1), y_axis(1))),
    ]
    most = max(one["n"] for one in bins)
    for one in bins:
        x, width = x_axis(one["confidence"]), 8.0
        low, high = y_axis(one["expected_low"]), y_axis(one["expected_high"])
        height = max(low - high, 1.5)
        parts.append(_stroke("rect", "expected", x=x - width / 2, y=high, width=width, height=height))
        parts.append(_dot("dot", (x, y_axis(one["accuracy"])), 2.5 + 4 * math.sqrt(one["n"] / most)))
    outside = [one for one in bins if not one["expected_low"] <= one["accuracy"] <= one["expected_high"]]
    words = (
        f"{len(bins)} of {calibration['bins']} spans of confidence hold predictions; in {len(outside)} of them the "
        "share right lies outside of where a perfectly calibrated model's lies in 95 % of samples. "
        f"Mean confidence {percent(calibration['mean_confidence'])}, accuracy {percent(calibration['accuracy'])}."
    )
    title = "Reliability: share of right predictions over confidence; on the dashed line the two are equal"
    return _drawing(title, words, parts, 300)


def draw_coverage(report: Mapping[str, Any]) -> Drawing:
    """Accuracy of the predictions made over the share of pairs for which one is made."""
    points = report["coverage"]["points"]
    floor = math.floor(min(point["accuracy"] for point in points) * 10) / 10
    x_axis, y_axis = _Axis(44, 350, 0, 1), _Axis(212, 24, min(floor, 0.9), 1)
    places = [(x_axis(point["coverage"]), y_axis(point["accuracy"])) for point in points]
    parts = _grid(x_axis, y_axis, x_name="share of pairs predicted", y_name="share right")
    parts.append(_stroke("polyline", "curve", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places)))
    parts.append(_dot("dot", places[-1], 4))
    chosen = [
        next((point for point in points if point["coverage"] >= wanted), points[-1])
        for wanted in (0.25, 0.5, 0.75, 1)
    ]
    words = " ".join(
        f"Predicting {percent(point['coverage'])} of the pairs: {percent(point['accuracy'])} right."
        for point, _ in groupby(chosen)
    )
    return _drawing("Accuracy against coverage: what abstaining from doubtful pairs gains", words, parts, 250)


def draw_answers(report: Mapping[str, Any]) -> Drawing:
    """Predictions over given scores: pairs as faint dots, and of every span of scores the middle half and the mean."""
    low, high = report["scale"]
    predicted = [answer for _, answer in report["points"]]
    x_axis = _Axis(44, 350, low, high)
    # An output that the scale does not bound may lie beyond it.
    y_axis = _Axis(330, 24, min(low, *predicted), max(high, *predicted))
    parts = _grid(x_axis, y_axis, x_name="given score", y_name="predicted score")
    parts.append(_line("guide", (x_axis(low), y_axis(low)), (x_axis(high), y_axis(high))))
    parts += [_dot("dot one", (x_axis(score), y_axis(answer)), 1.6) for score, answer in report["points"]]
    bins = [one for one in report["bins"] if one["n"]]
    for one in bins:
        x = x_axis(one["score"])
        parts.append(_line("whisker", (x, y_axis(one["quarter"])), (x, y_axis(one["three_quarters"]))))
        parts.append(_dot("dot", (x, y_axis(one["answer"])), 4.5))
    chosen = bins if len(bins) < 3 else [bins[0], bins[len(bins) // 2], bins[-1]]
    words = (
        " ".join(
            f"Pairs with a given score of {one['low']:g} to {one['high']:g} (mean {one['score']:.2f}) are predicted "
            f"{one['answer']:.2f} on average."
            for one in chosen
        )
        + f" Large dots are the means of {len(bins)} spans of given scores, their lines hold the middle half of the "
        f"predictions; small dots are {len(report['points']):,} of {report['n_pairs']:,} pairs, drawn by chance."
    )
    title = "Predicted over given scores; on the dashed line the two are equal"
    return _drawing(title, words, parts, 368)


def _drawing(title: str, words: str, parts: Sequence[Markup], height: float) -> Drawing:
    plot = Markup('<svg viewBox="0 0 360 {}" role="img" aria-label="{}. {}">{}</svg>')
    return Drawing(plot.format(height, title, words, Markup("").join(parts)), title, words)


def _grid(x_axis: _Axis, y_axis: _Axis, *, x_name: str, y_name: str) -> list[Markup]:
    """Lines and numbers at every fifth of both axes, and their names."""
    parts = []
    decimals = 2 if y_axis.high - y_axis.low <= 10 else 0
    left, right, bottom, top = *x_axis[:2], *y_axis[:2]
    for step in range(6):
        x = x_axis.low + step / 5 * (x_axis.high - x_axis.low)
        y = y_axis.low + step / 5 * (y_axis.high - y_axis.low)
        parts += [
            _line("grid", (x_axis(x), bottom), (x_axis(x), top)),
            _line("grid", (left, y_axis(y)), (right, y_axis(y))),
            _text("muted", x_axis(x), bottom + 16, f"{x:.1f}", "middle"),
            _text("muted", left - 6, y_axis(y) + 4, f"{y:.{decimals}f}", "end"),
        ]
    parts.append(_text("", (left + right) / 2, bottom + 32, x_name, "middle"))
    parts.append(_text("", 4, top - 11, y_name, "start"))
    return parts


def _stroke(tag: str, look: str, words: str = "", **attributes: float | str) -> Markup:
    """One element of the class ``look``; numbers to a tenth."""
    given = Markup(" ").join(
        Markup('{}="{}"').format(
            name.replace("_", "-"), value if isinstance(value, str) else format(value, ".1f")
        )
        for name, value in attributes.items()
    )
    return Markup('<{0} {1} class="{2}">{3}</{0}>').format(tag, given, look, words)


def _text(look: str, x: float, y: float, words: str, anchor: str) -> Markup:
    return _stroke("text", look, words, x=x, y=y, text_anchor=anchor)


def _line(look: str, start: tuple[float, float], end: tuple[float, float]) -> Markup:
    return _stroke("line", look, x1=start[0], y1=start[1], x2=end[0], y2=end[1])


def _dot(look: str, place: tuple[float, float], radius: float) -> Markup:
    return _stroke("circle", look, cx=place[0], cy=place[1], r=radius)
