"""The pictures of a report of grades as inline SVG, each with its words for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samesay.evaluation import svg
from samesay.evaluation.slice_drawing import LEFT, draw_figures_of_slices


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
    most = max(
        [overall, *(one["mae"] if one["high"] is None or one["few"] else one["high"] for one in slices)]
    )
    return draw_figures_of_slices(
        slices,
        figure="mae",
        named="Mean absolute error",
        overall=overall,
        axis=svg.Axis(LEFT + 8, 340, 0, most * 1.05 or 1),
        shown="{:.2f}".format,
        tick="{:.2f}".format,
        low_first=False,
    )
