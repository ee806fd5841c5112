"""The strokes from which the report's plots are made, as inline SVG.

Colours are classes that the page's style sheet sets for light and dark; a plot is 360 units wide, so that its text
stays readable on a telephone. Everything from data is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 360

_CHARACTER = 6.4  # the mean width of a letter at 12 units


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot and what it says.

    Attributes:
        svg: The plot, labelled with its title.
        title: What it shows.
        words: What there is to see in it.
    """

    svg: Markup
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Axis:
    """From values ``low`` to ``high`` to places ``start`` to ``end``."""

    start: float
    end: float
    low: float
    high: float

    def __call__(self, value: float) -> float:
        """The place of a value."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)


def drawing(title: str, words: str, parts: Sequence[Markup], height: float) -> Drawing:
    """A plot of ``parts`` with its title, and its words for those who do not see it."""
    plot = Markup(
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}. {words}">{parts}</svg>'
    ).format(width=WIDTH, height=place(height), title=title, words=words, parts=Markup("").join(parts))
    return Drawing(plot, title, words)


def grid(x_axis: Axis, y_axis: Axis, *, x_name: str, y_name: str) -> list[Markup]:
    """Lines and numbers at every fifth of both axes, and their names."""
    parts = []
    decimals = 2 if y_axis.high - y_axis.low <= 10 else 0
    for step in range(6):
        x = x_axis.low + step / 5 * (x_axis.high - x_axis.low)
        y = y_axis.low + step / 5 * (y_axis.high - y_axis.low)
        parts.append(line(x_axis(x), y_axis.start, x_axis(x), y_axis.end, "grid"))
        parts.append(line(x_axis.start, y_axis(y), x_axis.end, y_axis(y), "grid"))
        parts.append(text(x_axis(x), y_axis.start + 16, f"{x:.1f}", "middle", "muted"))
        parts.append(text(x_axis.start - 6, y_axis(y) + 4, f"{y:.{decimals}f}", "end", "muted"))
    parts.append(text((x_axis.start + x_axis.end) / 2, y_axis.start + 32, x_name, "middle"))
    parts.append(text(4, y_axis.end - 11, y_name, "start"))
    return parts


def text(x: float, y: float, words: str, anchor: str, look: str = "") -> Markup:
    """Words that begin, end or have their middle at a place."""
    return Markup('<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>').format(
        place(x), place(y), anchor, look, words
    )


def upright(x: float, y: float, words: str) -> Markup:
    """Words that run upwards."""
    return Markup('<text transform="translate({} {}) rotate(-90)">{}</text>').format(
        place(x), place(y), words
    )


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    """A straight line."""
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>').format(
        *map(place, (x1, y1, x2, y2)), look
    )


def rectangle(x: float, y: float, width: float, height: float, look: str) -> Markup:
    """A rectangle."""
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>').format(
        *map(place, (x, y, width, height)), look
    )


def cell(x: float, y: float, width: float, height: float, share: float) -> Markup:
    """A rectangle as dark as a share in [0, 1] is large."""
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="cell" fill-opacity="{}"/>').format(
        *map(place, (x + 1, y + 1, width - 2, height - 2)), f"{0.06 + 0.6 * share:.2f}"
    )


def dot(x: float, y: float, radius: float, look: str = "") -> Markup:
    """A dot."""
    return Markup('<circle cx="{}" cy="{}" r="{}" class="dot {}"/>').format(
        place(x), place(y), place(radius), look
    )


def path(places: Sequence[tuple[float, float]]) -> Markup:
    """A line through places."""
    points = " ".join(f"{place(x)},{place(y)}" for x, y in places)
    return Markup('<polyline points="{}" class="curve"/>').format(points)


def place(value: float) -> str:
    """A coordinate as it is written."""
    return f"{value:.1f}"


def cut(name: str, width: float) -> str:
    """A name shortened to a width."""
    most = max(3, int(width / _CHARACTER))
    return name if len(name) <= most else name[: most - 1] + "…"
