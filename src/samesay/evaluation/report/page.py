"""A report as one self-contained HTML page: no script, nothing fetched, light and dark, for print and screen reader.

The page is made from the dictionary that ``report.json`` holds, and from nothing else. Every number on it carries the
JSON pointer (RFC 6901) of its value, so that a test, or a reader's own program, can hold the two against one another.
Needs jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jinja2
from markupsafe import Markup

from samesay.evaluation.report import drawings
from samesay.evaluation.report.examination import percent
from samesay.evaluation.report.svg import Drawing

Kind = Literal["percent", "number", "score", "decimal", "count"]

# More rows of a table than these are in report.json alone.
MOST_LABELS_LISTED = 50
_MOST_LABELS_CROSSED = 12

# Control characters and lone surrogates, which no page can hold, and marks that turn the direction of the text around
# them, by which one text could pass for another.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)

_DASH = "–"


class PageKind(NamedTuple):
    """What pages of one task show.

    Attributes:
        template: Extends ``page.html.jinja``.
        metrics: Rows of the table of metrics: key, title, format, and where the report keeps a constant answer's.
        plots: By the name that the template gives them.
    """

    template: str
    metrics: tuple[tuple[str, str, Kind, str], ...]
    plots: Mapping[str, Callable[[Mapping[str, Any]], Drawing]]


LABELS = PageKind(
    "classification.html.jinja",
    (
        ("accuracy", "accuracy", "percent", "majority"),
        ("macro_f1", "macro F1", "number", "majority"),
        ("loss", "loss", "number", "majority"),
    ),
    {
        "confusion": drawings.draw_confusion,
        "reliability": drawings.draw_reliability,
        "coverage": drawings.draw_coverage,
        "slices": drawings.draw_accuracy_of_slices,
    },
)
SIMILARITY = PageKind(
    "similarity.html.jinja",
    (
        ("spearman", "Spearman", "number", "mean"),
        ("pearson", "Pearson", "number", "mean"),
        ("mae", "mean absolute error", "number", "mean"),
        ("mse", "mean squared error", "number", "mean"),
    ),
    {"answers": drawings.draw_answers, "slices": drawings.draw_error_of_slices},
)


def page_of(report: Mapping[str, Any]) -> str:
    """The page of one report.

    Args:
        report: What ``report.json`` holds; see ``docs/report.md``.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    kind = SIMILARITY if "scale" in report else LABELS
    template = environment.get_template(kind.template)
    page = template.render(
        report=report,
        model=Path(report["model"]).name,
        source=Path(report["source"]).name,
        number=partial(_number, report),
        plots={name: draw(report) for name, draw in kind.plots.items()},
        metrics=kind.metrics,
        most_labels_listed=MOST_LABELS_LISTED,
        most_labels_crossed=_MOST_LABELS_CROSSED,
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


def _number(report: Mapping[str, Any], kind: Kind, *steps: str | int) -> Any:
    """Markup of the number at ``steps``, which carries its own place in the JSON."""
    where = pointer(*steps)
    value = resolve(report, where)
    if value is None:
        return Markup('<span data-json="{}" data-kind="{}">{}</span>').format(where, kind, _DASH)
    return Markup('<data value="{}" data-json="{}" data-kind="{}">{}</data>').format(
        value, where, kind, format_number(value, kind)
    )
