"""What a report says of an evaluation of either task: a verdict, findings with stable codes, slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from samesay.errors import ExtraMissing
from samesay.evaluation.finding import Finding
from samesay.evaluation.report.slices import FEW, SliceResult

# Pairs shown of each list; the counts are of all.
MOST_PAIRS_SHOWN = 20

# A longer text is cut where it is shown: what a mistake is about stands at its beginning, or nowhere.
_MOST_CHARACTERS_SHOWN = 600


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What there is to say of one evaluation; its ``to_dict`` is what ``report.json`` and the page are made from.

    Attributes:
        verdict: Sentences for somebody who reads nothing else.
        findings: What to know before using the metrics, faults first.
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


# Below this many pairs the interval of an accuracy is some 20 points wide.
FEW_PAIRS = 100

# Smaller differences (of shares, or as shares of a scale) may be real, and change nothing that a user would do.
NOTABLE = 0.05

MOST_NAMED = 5


def faults_first(findings: Sequence[Finding | None]) -> list[Finding]:
    """Those that there are, faults before cautions."""
    return sorted((one for one in findings if one), key=lambda one: not one.is_fault)


def percent(share: float) -> str:
    """``0.8371`` as ``83.7 %``."""
    return f"{100 * share:.1f} %"


def trained_on_pairs(n_pairs: int, n: int | None) -> Finding | None:
    """What is to be said where the model was trained on ``n`` of the pairs."""
    if not n:
        return None
    return Finding(
        "trained-on",
        "fault",
        f"{n:,} of the {n_pairs:,} pairs ({percent(n / n_pairs)}) were trained on. On those the "
        "model repeats what it was told; measure on pairs it has not seen.",
    )


def few_pairs(n_pairs: int, uncertainty: str) -> Finding | None:
    """What is to be said where fewer than ``FEW_PAIRS`` were measured; ``uncertainty`` is what that leaves open."""
    if n_pairs >= FEW_PAIRS:
        return None
    pairs = "one pair" if n_pairs == 1 else f"{n_pairs} pairs"
    weight = "fault" if n_pairs < FEW else "caution"
    return Finding("few-pairs", weight, f"Only {pairs}: {uncertainty}. Measure on a few hundred.")


def weak_slices(slices: Sequence[SliceResult], *, least: float = NOTABLE) -> list[SliceResult]:
    """Those that fall short of the rest by more than chance and by at least ``least``, the worst first."""
    weak = [
        one for one in slices if one.p_value is not None and one.p_value < 0.05 and one.shortfall >= least
    ]
    return sorted(weak, key=lambda one: one.value if one.metric.higher_is_better else -one.value)


def slice_findings(
    slices: Sequence[SliceResult], described: Callable[[SliceResult], str], *, least: float = NOTABLE
) -> list[Finding]:
    """Weak slices, each as ``described``, and that some hold few pairs."""
    found = []
    for one in weak_slices(slices, least=least)[:MOST_NAMED]:
        assert one.p_value is not None
        chance = "p < 0.001" if one.p_value < 0.001 else f"p = {one.p_value:.3f}"
        text = f"{one.group}, {one.name}: {described(one)} ({chance}, corrected for {len(slices)} slices)."
        found.append(Finding("weak-slice", "caution", text))
    few = [one.n for one in slices if one.few]
    if few:
        text = (
            f"Of {len(slices)} slices, {len(few)} hold fewer than {FEW} pairs (the smallest {min(few)}): such slices "
            "are marked, and their metrics are no findings."
        )
        found.append(Finding("few-in-slice", "caution", text))
    return found


def in_summary(findings: Sequence[Finding], metrics: str) -> list[str]:
    """One sentence of a verdict on the faults, where there are any; ``metrics`` is what they speak against."""
    faults = [one.code.replace("-", " ") for one in findings if one.is_fault]
    if not faults:
        return []
    how_many = "One thing speaks" if len(faults) == 1 else f"{len(faults)} things speak"
    return [f"{how_many} against taking {metrics} at face value: {', '.join(faults)}. See below."]
