"""A report as one self-contained HTML page: no script, nothing fetched, light and dark, for print and screen reader.

The page is made from the dictionary that ``report.json`` holds, and from nothing else. Every figure on it carries the
JSON pointer (RFC 6901) of its value, so that a test, or a reader's own program, can hold the two against one another.
Needs jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from samesay.errors import ExtraMissing
from samesay.evaluation.findings import percent

Kind = Literal["percent", "number", "grade", "decimal", "count"]

# More rows of a table than these are in report.json alone.
MOST_LABELS_LISTED = 50
_MOST_LABELS_CROSSED = 12

# Control characters and lone surrogates, which no page can hold, and marks that turn the direction of the text around
# them, by which one text could pass for another.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)

_DASH = "–"


def render_page(report: Mapping[str, Any]) -> str:
    """The page of one report.

    Args:
        report: What ``report.json`` holds; see ``docs/report.md``.

    Raises:
        ExtraMissing: If jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "jinja2", "A report") from error
    from samesay.evaluation import drawings, grade_drawings

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    if "scale" in report:
        template = environment.get_template("grade_page.html.jinja")
        pictures = {
            "answers": grade_drawings.draw_answers(report),
            "slices": grade_drawings.draw_grade_slices(report),
        }
    else:
        template = environment.get_template("page.html.jinja")
        pictures = {
            "confusion": drawings.draw_confusion(report),
            "reliability": drawings.draw_reliability(report),
            "coverage": drawings.draw_coverage(report),
            "slices": drawings.draw_slices(report),
        }
    page = template.render(
        report=report,
        model=Path(report["model"]).name,
        source=Path(report["source"]).name,
        figure=partial(_figure, report),
        pictures=pictures,
        most_labels_listed=MOST_LABELS_LISTED,
        most_labels_crossed=_MOST_LABELS_CROSSED,
    )
    return _UNPRINTABLE.sub("\ufffd", page)


def format_figure(value: float | None, kind: Kind) -> str:
    """A figure as the page shows it: a share in per cent, a number of four, two or one digits, or a count."""
    if value is None:
        return _DASH
    if kind == "percent":
        return percent(value)
    return format(value, {"number": ".4f", "grade": ".2f", "decimal": ",.1f", "count": ",d"}[kind])


def pointer(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) of a value: ``/per_class/neutral/recall``."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def resolve(report: Any, pointer: str) -> Any:
    """The value at a JSON pointer."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        report = report[int(name)] if isinstance(report, list) else report[name]
    return report


def _figure(report: Mapping[str, Any], kind: Kind, *steps: str | int) -> Any:
    """Markup of the figure at ``steps``, which carries its own place in the JSON."""
    from markupsafe import Markup

    where = pointer(*steps)
    value = resolve(report, where)
    if value is None:
        return Markup('<span data-json="{}" data-kind="{}">{}</span>').format(where, kind, _DASH)
    return Markup('<data value="{}" data-json="{}" data-kind="{}">{}</data>').format(
        value, where, kind, format_figure(value, kind)
    )
