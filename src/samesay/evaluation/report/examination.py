"""What a report says of one evaluation of any task: a verdict, findings, slices."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from samesay.errors import ExtraMissing
from samesay.evaluation.finding import Finding
from samesay.evaluation.report.slice_results import SliceResult

# Pairs shown of each list; the counts are of all.
MOST_PAIRS_SHOWN = 20

# A longer text is cut where it is shown: what a mistake is about stands at its beginning, or nowhere.
_MOST_CHARACTERS_SHOWN = 600


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What there is to say of one evaluation; its ``to_dict`` is what ``report.json`` and the page are made from.

    Attributes:
        verdict: Sentences for somebody who reads nothing else.
        findings: What to know before using the figures, faults first.
        slices: Every slice that holds a pair.
    """

    verdict: tuple[str, ...]
    findings: tuple[Finding, ...]
    slices: tuple[SliceResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        return {
            "verdict": list(self.verdict),
            "findings": [one.to_dict() for one in self.findings],
            "slices": [one.to_dict() for one in self.slices],
        }


def require_report_packages() -> None:
    """Refuse early, before minutes of scoring, if a report cannot be made.

    Raises:
        ExtraMissing: If a package of the extra ``evaluation`` is not installed.
    """
    for package in ("scipy", "cleanlab", "jinja2"):
        if find_spec(package) is None:
            raise ExtraMissing.of("evaluation", package, "A report")


def shown_text(text: str) -> str:
    """A text as a report shows it, cut where it is very long."""
    return text if len(text) <= _MOST_CHARACTERS_SHOWN else text[:_MOST_CHARACTERS_SHOWN] + " […]"
