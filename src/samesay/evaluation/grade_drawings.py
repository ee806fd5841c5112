"""The pictures of a report of grades as inline SVG, each with its words for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from markupsafe import Markup

from samesay.evaluation import svg


def draw_answers(report: Mapping[str, Any]) -> svg.Drawing:
    """Answers over given grades: pairs as faint dots, and of every span of grades the middle half and the mean."""
    low, high = report["scale"]
    x_axis, y_axis = svg.Axis(44, 350, low, high), svg.Axis(330, 24, low, high)
    parts = svg.grid(x_axis, y_axis, x_name="given grade", y_name="answer")
    parts.append(svg.line(x_axis(low), y_axis(low), x_axis(high), y_axis(high), "guide"))
    parts += [svg.dot(x_axis(grade), y_axis(answer), 1.6, "one") for grade, answer in report["points"]]
    bins = [one for one in report["bins"] if one["n"]]
    for one in bins:
        x = x_axis(one["grade"])
        parts.append(svg.line(x, y_axis(one["quarter"]), x, y_axis(one["three_quarters"]), "whisker"))
        parts.append(svg.dot(x, y_axis(one["answer"]), 4.5))
    told = bins if len(bins) < 3 else [bins[0], bins[len(bins) // 2], bins[-1]]
    words = (
        " ".join(
            f"Pairs graded {one['low']:g} to {one['high']:g} (mean {one['grade']:.2f}) are answered with "
            f"{one['answer']:.2f} on average."
            for one in told
        )
        + f" Large dots are the means of {len(bins)} spans of given grades, their lines hold the middle half of the "
        f"answers; small dots are {len(report['points']):,} of {report['n_pairs']:,} pairs, drawn by chance."
    )
    return svg.drawing("Answers over given grades; on the dashed line the two are equal", words, parts, 368)


def draw_grade_slices(report: Mapping[str, Any]) -> svg.Drawing:
    """Each slice's mean absolute error with its interval, beside that of all pairs."""
    slices, overall = report["slices"], report["metrics"]["mae"]
    left = 168.0
    most = max(
        [overall, *(one["mae"] if one["high"] is None or one["few"] else one["high"] for one in slices)]
    )
    axis = svg.Axis(left + 8, 340, 0, most * 1.05 or 1)
    parts: list[Markup] = []
    y = 14.0
    for group, members in groupby(slices, key=lambda one: one["group"]):
        parts.append(svg.text(4, y, svg.cut(group, left), "start", "strong"))
        y += 20
        for one in members:
            look = "few" if one["few"] else ""
            parts.append(
                svg.text(14, y, svg.cut(one["name"], left - 16), "start", "muted" if one["few"] else "")
            )
            if one["low"] is not None:
                end = axis(min(one["high"], axis.high))
                parts.append(svg.line(axis(one["low"]), y - 4, end, y - 4, f"whisker {look}"))
            parts.append(svg.dot(axis(one["mae"]), y - 4, 4, look))
            y += 20
        y += 6
    for place in (0.0, axis.high / 2, axis.high):
        parts.insert(0, svg.line(axis(place), 4, axis(place), y, "grid"))
        parts.append(svg.text(axis(place), y + 14, f"{place:.2f}", "middle", "muted"))
    parts.insert(0, svg.line(axis(overall), 4, axis(overall), y, "guide"))
    known = [one for one in slices if not one["few"]]
    words = f"The dashed line is the mean absolute error of all pairs, {overall:.2f}. "
    if known:
        least, largest = (choose(known, key=lambda one: one["mae"]) for choose in (min, max))
        words += (
            f"Largest: {largest['group']}, {largest['name']}, {largest['mae']:.2f}. "
            f"Smallest: {least['group']}, {least['name']}, {least['mae']:.2f}. "
        )
    words += "Hollow dots are slices of too few pairs to say."
    return svg.drawing("Mean absolute error on slices of the data, with 95 % intervals", words, parts, y + 20)
