"""Whether one model is better than another, or was luckier: paired tests on answers to the same pairs.

What is uncertain is the sample of pairs. Both models answered the same ones, so their metrics rise and fall together
and two intervals that overlap say little; only the pairs on which the models differ tell them apart. It knows nothing
of models, only of their evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from samesay.errors import ExtraMissing, UsageError
from samesay.evaluation.evaluation import Evaluation
from samesay.evaluation.intervals import RESAMPLES, bootstrapped, ends_of
from samesay.pairs import are_alike

SIGNIFICANT = 0.05
"""Below it a (corrected) p-value is called a difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher a metric of a model is than that of the reference.

    Attributes:
        value: The model's metric minus the reference's.
        low: Lower end of its 95 % interval; None where it has none: a single pair, or a metric that is not defined.
        high: Upper end.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Changes:
    """How two classifiers' decisions on the same pairs go together.

    Attributes:
        changed: Pairs on which they differ.
        both_right: Pairs that both answer rightly.
        only_model: Pairs that the model alone answers rightly.
        only_reference: Pairs that the reference alone answers rightly.
        both_wrong: Pairs that neither answers rightly, be it alike or not.
        p_value: Of McNemar's exact test: how probable so uneven a split of the pairs that one of them alone answers
            rightly is, were both equally accurate. 1 where there is no such pair.
        p_adjusted: The same by Holm's correction for all models that were tested against the reference.
    """

    changed: int
    both_right: int
    only_model: int
    only_reference: int
    both_wrong: int
    p_value: float
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """One model against the reference, on the same pairs.

    Attributes:
        differences: By metric: ``accuracy``, ``macro_f1`` and ``loss``, or of scores ``spearman``, ``pearson``,
            ``mse`` and ``mae``.
        decisions: Of classifiers; None of similarity models.
    """

    differences: dict[str, Difference]
    decisions: Changes | None = None

    def to_dict(self) -> dict[str, Any]:
        """The contrast as JSON types."""
        return asdict(self)


def contrast(
    reference: Evaluation, others: Sequence[Evaluation], *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Contrast]:
    """Test models against one of them.

    Intervals of the differences of all metrics are percentiles of the paired bootstrap (Efron & Tibshirani 1993; for
    language tasks Koehn 2004, Berg-Kirkpatrick et al. 2012). Accuracies of classifiers are also compared by McNemar's
    test in its exact form (McNemar 1947, "Note on the sampling error of the difference between correlated proportions
    or percentages"; recommended by Dietterich 1998, "Approximate Statistical Tests for Comparing Supervised
    Classification Learning Algorithms"), corrected by Holm (1979, "A Simple Sequentially Rejective Multiple Test
    Procedure").

    Args:
        reference: What the others are tested against.
        others: Evaluations on the same pairs in the same order, with the same label names in any order, or on the same
            scale.
        resamples: How often pairs are drawn for the intervals.
        seed: Of the drawing.

    Raises:
        ExtraMissing: If scipy is not installed.
        UsageError: If the evaluations are not of the same pairs, labels or scale.
    """
    require_scipy()
    if resamples < 1:
        raise UsageError(f"resamples is {resamples}.", where="resamples", expected="at least 1")
    for other in others:
        _require_same(reference, other)
    drawn = bootstrapped(reference.statistic(), resamples=resamples, seed=seed)
    found = []
    for other in others:
        statistic = other.statistic()
        gains = bootstrapped(statistic, resamples=resamples, seed=seed) - drawn
        differences = {}
        for name, gain in zip(statistic.names, gains, strict=True):
            if name in other.metrics and name in reference.metrics:
                ends = ends_of(gain) if reference.n_pairs > 1 else None
                differences[name] = Difference(
                    other.metrics[name] - reference.metrics[name], *(ends or (None, None))
                )
        counts = other.changes_from(reference)
        if counts is None:
            found.append(Contrast(differences))
        else:
            p_value = mcnemar(counts["only_model"], counts["only_reference"])
            found.append(Contrast(differences, Changes(**counts, p_value=p_value, p_adjusted=p_value)))
    adjusted = iter(holm([one.decisions.p_value for one in found if one.decisions is not None]))
    return [
        replace(one, decisions=replace(one.decisions, p_adjusted=next(adjusted))) if one.decisions else one
        for one in found
    ]


def mcnemar(only_one: int, only_other: int) -> float:
    """The two-sided p-value of McNemar's exact test from the counts of pairs that one of two alone answers rightly."""
    require_scipy()
    from scipy.stats import binomtest

    discordant = only_one + only_other
    return float(binomtest(only_one, discordant).pvalue) if discordant else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values as Holm's (1979) step-down correction raises them, in the order of ``p_values``."""
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1)
    adjusted = np.empty_like(values)
    adjusted[order] = raised
    return adjusted.tolist()


def require_scipy() -> None:
    """Refuse to go on without scipy.

    Raises:
        ExtraMissing: If it is not installed.
    """
    try:
        import scipy.stats  # noqa: F401 - whether it is there is the question
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scipy", "Comparing models") from error


def _require_same(reference: Evaluation, other: Evaluation) -> None:
    if not are_alike(reference.answers, other.answers):
        raise UsageError(
            "The models answer with different labels, or on different scales.",
            expected=f"{reference.answers.in_words}; received: {other.answers.in_words}",
        )
    gold = reference.answers.adopt(other.gold, other.answers, where=other.source)
    if not np.array_equal(gold, reference.gold):
        raise UsageError(
            "The models were not measured on the same pairs, so nothing can be said of their difference.",
            where=f"{reference.source}; {other.source}",
            expected="evaluations of one table, in one order",
        )
