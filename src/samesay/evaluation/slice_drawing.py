"""The picture of slices, one dot a slice with its interval, for labels and for grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from samesay.evaluation import svg

LEFT = 168.0
"""Where the names end."""


def draw_figures_of_slices(
    slices: Sequence[Mapping[str, Any]],
    *,
    figure: str,
    named: str,
    overall: float,
    axis: svg.Axis,
    shown: Callable[[float], str],
    tick: Callable[[float], str],
    low_first: bool = True,
) -> svg.Drawing:
    """Each slice's figure on a line of its own, grouped, and the figure of all pairs as a dashed line.

    Args:
        slices: Of a report: ``group``, ``name``, ``few``, the figure, and its interval's ``low`` and ``high``, which
            may be None.
        figure: The figure's key.
        named: What it is called, at the beginning of a sentence.
        overall: The same of all pairs.
        axis: Figures to places; what lies beyond its end is drawn at its end.
        shown: A figure in words.
        tick: A figure below the axis.
        low_first: Whether the words name the lowest slice before the highest one.
    """
    parts: list[Markup] = []
    y = 14.0
    for group, members in groupby(slices, key=lambda one: one["group"]):
        parts.append(svg.text(4, y, svg.cut(group, LEFT), "start", "strong"))
        y += 20
        for one in members:
            look, muted = ("few", "muted") if one["few"] else ("", "")
            parts.append(svg.text(14, y, svg.cut(one["name"], LEFT - 16), "start", muted))
            if one["low"] is not None:
                end = axis(min(one["high"], axis.high))
                parts.append(svg.line(axis(one["low"]), y - 4, end, y - 4, f"whisker {look}"))
            parts.append(svg.dot(axis(one[figure]), y - 4, 4, look))
            y += 20
        y += 6
    for place in (axis.low, (axis.low + axis.high) / 2, axis.high):
        parts.insert(0, svg.line(axis(place), 4, axis(place), y, "grid"))
        parts.append(svg.text(axis(place), y + 14, tick(place), "middle", "muted"))
    parts.insert(0, svg.line(axis(overall), 4, axis(overall), y, "guide"))
    words = f"The dashed line is the {named[0].lower()}{named[1:]} of all pairs, {shown(overall)}. "
    known = sorted((one for one in slices if not one["few"]), key=lambda one: one[figure])
    if known:
        ends = [("Lowest", known[0]), ("Highest", known[-1])]
        for which, one in ends if low_first else reversed(ends):
            words += f"{which}: {one['group']}, {one['name']}, {shown(one[figure])}. "
    words += "Hollow dots are slices of too few pairs to say."
    return svg.drawing(f"{named} on slices of the data, with 95 % intervals", words, parts, y + 20)
