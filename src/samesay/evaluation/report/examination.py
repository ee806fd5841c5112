"""What a report says of an evaluation of either task: a verdict, findings with stable codes, slices, and its parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from samesay.errors import ExtraMissing
from samesay.evaluation.evaluation import Evaluation, Finding
from samesay.evaluation.report.slices import FEW, Slice, SliceResult

if TYPE_CHECKING:
    from samesay.data import PairTable
    from samesay.evaluation.intervals import Interval

# Pairs shown of each list; the counts are of all.
MOST_PAIRS_SHOWN = 20

# A longer text is cut where it is shown: what a mistake is about stands at its beginning, or nowhere.
_MOST_CHARACTERS_SHOWN = 600

# Below this many pairs the interval of an accuracy is some 20 points wide.
_FEW_PAIRS = 100

# Smaller differences (of shares, or as shares of a scale) may be real, and change nothing that a user would do.
NOTABLE = 0.05

MOST_NAMED = 5


@dataclass(frozen=True)
class Examination:
    """What there is to say of one evaluation; its ``to_dict`` is what ``report.json`` and the page are made from.

    Attributes:
        verdict: Sentences for somebody who reads nothing else.
        findings: What to know before using the metrics, faults first.
        slices: Every slice that holds a pair.
        parts: The rest, by its key in ``report.json``, as JSON types; see ``docs/report.md``.
    """

    verdict: tuple[str, ...]
    findings: tuple[Finding, ...]
    slices: tuple[SliceResult, ...]
    parts: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        return {
            "verdict": list(self.verdict),
            "findings": [one.to_dict() for one in self.findings],
            "slices": [one.to_dict() for one in self.slices],
            **self.parts,
        }


class Examiner(ABC):
    """Looks at one evaluation; what differs by task is in the classes below it.

    Args:
        evaluation: The metrics, with the answers.
        table: The pairs they were measured on, in the same order and reading order.
        slices: Of ``table``.
        intervals: Of the metrics.
        baselines: Name to evaluation on the same pairs.
        trained_on: How many of the pairs the model was trained on, where that is known.
    """

    # What the findings speak against, in the verdict.
    metrics: ClassVar[str]

    def __init__(
        self,
        evaluation: Any,
        table: PairTable,
        *,
        slices: Sequence[Slice],
        intervals: Mapping[str, Interval | None],
        baselines: Mapping[str, Evaluation],
        trained_on: int | None,
    ) -> None:
        self.evaluation = evaluation
        self.table = table
        self.intervals = intervals
        self.baselines = baselines
        self.trained_on = trained_on
        self.slices = self.measure(slices)

    @abstractmethod
    def measure(self, slices: Sequence[Slice]) -> list[SliceResult]:
        """Every slice that holds a pair."""

    @abstractmethod
    def findings(self) -> Iterable[Finding | None]:
        """Everything that is to be said."""

    @abstractmethod
    def verdict(self, findings: Sequence[Finding], parts: Mapping[str, Any]) -> list[str]:
        """The same for somebody who reads nothing else."""

    @abstractmethod
    def parts(self, findings: Sequence[Finding]) -> dict[str, Any]:
        """What ``report.json`` has besides, as JSON types."""

    @abstractmethod
    def described(self, one: SliceResult) -> str:
        """A weak slice in words."""

    @property
    def least_notable(self) -> float:
        """The smallest shortfall of a slice that is a finding."""
        return NOTABLE

    def examine(self) -> Examination:
        """All of it, faults before cautions."""
        findings = sorted((one for one in self.findings() if one), key=lambda one: not one.is_fault)
        parts = self.parts(findings)
        return Examination(tuple(self.verdict(findings, parts)), tuple(findings), tuple(self.slices), parts)

    @property
    def pairs(self) -> str:
        """``1 pair``, ``2,000 pairs``."""
        n = self.evaluation.n_pairs
        return f"{n:,} {'pair' if n == 1 else 'pairs'}"

    def shown(self, place: int, **said: Any) -> dict[str, Any]:
        """One pair with what is said of it; its row in the source counts from 1."""
        texts = (self.table.first[place], self.table.second[place])
        first, second = (
            text if len(text) <= _MOST_CHARACTERS_SHOWN else text[:_MOST_CHARACTERS_SHOWN] + " […]"
            for text in texts
        )
        return {"row": self.table.row_number(place), "first": first, "second": second, **said}

    def trained_on_pairs(self) -> Finding | None:
        """Whether the model was trained on some of the pairs."""
        n, n_pairs = self.trained_on, self.evaluation.n_pairs
        if not n:
            return None
        return fault(
            "trained-on",
            f"{n:,} of the {n_pairs:,} pairs ({percent(n / n_pairs)}) were trained on. On those the "
            "model repeats what it was told; measure on pairs it has not seen.",
        )

    def few_pairs(self, uncertainty: str) -> Finding | None:
        """Whether there are so few that ``uncertainty``."""
        n = self.evaluation.n_pairs
        if n >= _FEW_PAIRS:
            return None
        pairs = "one pair" if n == 1 else f"{n} pairs"
        weigh = fault if n < FEW else caution
        return weigh("few-pairs", f"Only {pairs}: {uncertainty}. Measure on a few hundred.")

    def weak_slices(self) -> list[SliceResult]:
        """Those that fall short of the rest by more than chance and by a notable amount, the worst first."""
        weak = [
            one
            for one in self.slices
            if one.p_value is not None and one.p_value < 0.05 and one.shortfall >= self.least_notable
        ]
        return sorted(weak, key=lambda one: one.value if one.metric.higher_is_better else -one.value)

    def slice_findings(self) -> list[Finding]:
        """Weak slices, and that some hold few pairs."""
        found = []
        for one in self.weak_slices()[:MOST_NAMED]:
            assert one.p_value is not None
            chance = "p < 0.001" if one.p_value < 0.001 else f"p = {one.p_value:.3f}"
            corrected = f"{chance}, corrected for {len(self.slices)} slices"
            found.append(
                caution("weak-slice", f"{one.group}, {one.name}: {self.described(one)} ({corrected}).")
            )
        few = [one.n for one in self.slices if one.few]
        if few:
            text = (
                f"Of {len(self.slices)} slices, {len(few)} hold fewer than {FEW} pairs (the smallest {min(few)}): such "
                "slices are marked, and their metrics are no findings."
            )
            found.append(caution("few-in-slice", text))
        return found

    def in_summary(self, findings: Sequence[Finding]) -> list[str]:
        """One sentence of a verdict on the faults, where there are any."""
        faults = [one.code.replace("-", " ") for one in findings if one.is_fault]
        if not faults:
            return []
        how_many = "One thing speaks" if len(faults) == 1 else f"{len(faults)} things speak"
        return [f"{how_many} against taking {self.metrics} at face value: {', '.join(faults)}. See below."]


def require_report_packages() -> None:
    """Refuse early, before minutes of scoring, if a report cannot be made.

    Raises:
        ExtraMissing: If a package of the extra ``evaluation`` is not installed.
    """
    for package in ("scipy", "cleanlab", "jinja2"):
        if find_spec(package) is None:
            raise ExtraMissing.of("evaluation", package, "A report")


def fault(code: str, text: str) -> Finding:
    """A finding by which metrics do not mean what they seem to."""
    return Finding(code, "fault", text)


def caution(code: str, text: str) -> Finding:
    """A finding by which metrics need care."""
    return Finding(code, "caution", text)


def percent(share: float) -> str:
    """``0.8371`` as ``83.7 %``."""
    return f"{100 * share:.1f} %"
