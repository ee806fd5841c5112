"""A report as one self-contained HTML page: no script, nothing fetched, light and dark, for print and screen reader.

The page is made from the dictionary that ``report.json`` holds, and from nothing else: a section is shown where the
report has its part. Every number on it carries the JSON pointer (RFC 6901) of its value, so that a test, or a reader's
own program, can hold the two against one another. Needs jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import jinja2
from markupsafe import Markup

from samesay.evaluation.report import drawings
from samesay.evaluation.report.drawings import Drawing
from samesay.evaluation.report.examination import percent

Kind = Literal["percent", "number", "score", "decimal", "count"]

# More rows of a table than these are in report.json alone.
_MOST_LABELS_LISTED = 50
_MOST_LABELS_CROSSED = 12

# Control characters and lone surrogates, which no page can hold, and marks that turn the direction of the text around
# them, by which one text could pass for another.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)

_DASH = "–"

# Rows of the table of metrics: key, title, format, and which part of the report has a constant answer's.
_METRICS: tuple[tuple[str, str, Kind, str], ...] = (
    ("accuracy", "accuracy", "percent", "majority"),
    ("macro_f1", "macro F1", "number", "majority"),
    ("loss", "loss", "number", "majority"),
    ("spearman", "Spearman", "number", "mean"),
    ("pearson", "Pearson", "number", "mean"),
    ("mae", "mean absolute error", "number", "mean"),
    ("mse", "mean squared error", "number", "mean"),
)
# By the part of the report that each draws.
_PLOTS: Mapping[str, Callable[[Mapping[str, Any]], Drawing]] = {
    "calibration": drawings.draw_reliability,
    "coverage": drawings.draw_coverage,
    "bins": drawings.draw_answers,
}


def render_page(report: Mapping[str, Any]) -> str:
    """The page of one report, which is what ``report.json`` holds; see ``docs/report.md``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    page = environment.get_template("page.html.jinja").render(
        report=report,
        model=Path(report["model"]).name,
        source=Path(report["source"]).name,
        number=partial(_number, report),
        plots={part: draw(report) for part, draw in _PLOTS.items() if part in report},
        metrics=[one for one in _METRICS if one[0] in report["intervals"]],
        crossed=_crossed(report),
        bar=_bar_of(report),
        most_labels_listed=_MOST_LABELS_LISTED,
    )
    return _UNPRINTABLE.sub("\ufffd", page)


def format_number(value: float | None, kind: Kind) -> str:
    """A number as the page shows it: a share in per cent, a number of four, two or one digits, or a count."""
    if value is None:
        return _DASH
    if kind == "percent":
        return percent(value)
    return format(value, {"number": ".4f", "score": ".2f", "decimal": ",.1f", "count": ",d"}[kind])


def pointer(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) of a value: ``/per_class/neutral/recall``."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def resolve(report: Any, pointer: str) -> Any:
    """The value at a JSON pointer."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        report = report[int(name)] if isinstance(report, list) else report[name]
    return report


def _number(report: Mapping[str, Any], kind: Kind, *steps: str | int) -> Markup:
    """Markup of the number at ``steps``, which carries its own place in the JSON."""
    where = pointer(*steps)
    value = resolve(report, where)
    if value is None:
        return Markup('<span data-json="{}" data-kind="{}">{}</span>').format(where, kind, _DASH)
    return Markup('<data value="{}" data-json="{}" data-kind="{}">{}</data>').format(
        value, where, kind, format_number(value, kind)
    )


def _crossed(report: Mapping[str, Any]) -> list[int]:
    """The labels of the confusion matrix, by place: the most frequent ones, since more cannot be read."""
    if "confusion" not in report:
        return []
    totals = [sum(row) for row in report["confusion"]["counts"]]
    return sorted(sorted(range(len(totals)), key=lambda place: -totals[place])[:_MOST_LABELS_CROSSED])


def _bar_of(report: Mapping[str, Any]) -> Callable[[Mapping[str, Any], str], str]:
    """From a slice and its metric to where a bar's ends are, in per cent of its length; all bars have one scale."""
    values = [
        one[name]
        for one in report["slices"]
        for name in ("low", "high", "accuracy", "mae")
        if one.get(name) is not None and not (one["few"] and name == "high")
    ]
    low, high = (min(values), max(values)) if values else (0, 1)

    def bar(one: Mapping[str, Any], metric: str) -> str:
        value, overall = one[metric], report["metrics"][metric]
        ends = [value if one[name] is None else one[name] for name in ("low", "high")]
        # A dot at either end of the bar needs some room.
        shares = [
            3 + 94 * min(1.0, max(0.0, (x - low) / ((high - low) or 1))) for x in (*ends, value, overall)
        ]
        names = ("low", "high", "value", "all")
        return ";".join(f"--{name}:{share:.1f}%" for name, share in zip(names, shares, strict=True))

    return bar
