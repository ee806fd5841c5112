"""Parts of the data on which a model may fail though the whole looks well, and how it does there beside all others.

Slices come from the texts (length, shared words, negation, numbers) and from columns of the data. The words for
negation and numbers are English; in other languages those two groups say little.

Of labels the accuracy, by Fisher's exact test and Wilson's interval; of scores the mean absolute error, by the rank
sum test (Mann & Whitney 1947) and Student's interval: a correlation within a slice would say little, as a slice of like
texts has like scores and so less to order. P-values are corrected for having looked at many slices (Benjamini &
Hochberg 1995). A slice of few pairs is measured, marked, and never called a finding. Measuring needs scipy.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ColumnNotFound, near
from samesay.evaluation.intervals import LEVEL, share_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable

# Values of a column shown on their own; the rest is one slice.
_MOST_VALUES = 20

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_NEGATION = re.compile(r"no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|.*n't")
_NUMBER = re.compile(
    r"\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|hundred"
    r"|thousand|million|half"
)


@dataclass(frozen=True)
class Slice:
    """Some of a table's pairs.

    Attributes:
        group: What they are distinguished by, such as ``length``, or a column's name.
        name: Which of the group's parts this is.
        rows: Shape ``(n_pairs,)``, true for the pairs in it.
    """

    group: str
    name: str
    rows: NDArray[np.bool_]


def slices_of(table: PairTable, columns: Sequence[str] = ()) -> list[Slice]:
    """The slices by length, shared words, negation and numbers, and by the values of ``columns``.

    Raises:
        ColumnNotFound: If the table has no such column.
    """
    for column in columns:
        if column not in table.columns:
            close = near(column, list(table.columns))
            raise ColumnNotFound(
                f"There is no column {column!r} to slice by.",
                where=str(table.origin),
                expected=f"one of the columns: {', '.join(table.columns) or 'none beside texts and label'}",
                hint=f"did you mean {close[0]!r}?" if close else None,
                details={"columns": list(table.columns), "near": close},
            )
    if not len(table):
        return []
    words = [(_words(first), _words(second)) for first, second in zip(table.first, table.second, strict=True)]
    lengths = np.array([len(first) + len(second) for first, second in words])
    shared = np.array([_shared(set(first), set(second)) for first, second in words])
    found = _quarters("length", lengths, lambda low, high: f"{_span(low, high)} words")
    found += _quarters(
        "shared words", shared, lambda low, high: f"{_span(round(100 * low), round(100 * high))} % shared"
    )
    found += _by_value("negation", [_negation(first, second, table) for first, second in words])
    found += _by_value("numbers", [_numbers(first, second) for first, second in words])
    for column in columns:
        found += _of_column(column, table.columns[column])
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("’", "'"))


def _shared(first: set[str], second: set[str]) -> float:
    """Words in both texts as a share of those in either (Jaccard); two texts without a word share all."""
    return len(first & second) / len(first | second) if first | second else 1.0


def _negation(first: list[str], second: list[str], table: PairTable) -> str:
    negated = [any(map(_NEGATION.fullmatch, words)) for words in (first, second)]
    if all(negated):
        return "in both texts"
    if not any(negated):
        return "in neither text"
    side = table.sides.first if negated[0] else table.sides.second
    # "the premise", but "sentence1".
    return f"in {'' if side[-1].isdigit() else 'the '}{side} only"


def _numbers(first: list[str], second: list[str]) -> str:
    mine, theirs = ({word for word in words if _NUMBER.fullmatch(word)} for words in (first, second))
    if not mine and not theirs:
        return "none"
    return "the same in both texts" if mine == theirs else "not the same"


def _by_value(group: str, values: Sequence[str]) -> list[Slice]:
    """One slice a value, the most frequent first; rare values beyond the twentieth are one slice."""
    counts = Counter(values)
    kept = [value for value, _ in counts.most_common(_MOST_VALUES)]
    if len(counts) == _MOST_VALUES + 1:
        kept = list(counts)
    array = np.array(values, dtype=object)
    slices = [Slice(group, value, array == value) for value in kept]
    if len(counts) > len(kept):
        rest = ~np.logical_or.reduce([one.rows for one in slices])
        slices.append(Slice(group, f"{len(counts) - len(kept):,} other values", rest))
    return slices


def _of_column(column: str, values: Sequence[str]) -> list[Slice]:
    if len(set(values)) > _MOST_VALUES:
        try:
            numbers = np.array([float(value) for value in values])
        except ValueError:
            pass
        else:
            if np.isfinite(numbers).all():
                return _quarters(column, numbers, _span)
    return _by_value(column, [value.strip() or "(empty)" for value in values])


def _quarters(
    group: str,
    values: NDArray[Any],
    name: Callable[[float, float], str],
) -> list[Slice]:
    """Four slices of about as many pairs each, fewer where many values are equal."""
    edges = np.unique(np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf"))
    places = np.searchsorted(edges, values, side="left")
    slices = []
    for place in np.unique(places).tolist():
        rows = places == place
        low, high = values[rows].min().item(), values[rows].max().item()
        slices.append(Slice(group, name(low, high), rows))
    return slices


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


FEW = 30
"""Below this many pairs an accuracy may be 17 points off on either side: too little to act upon."""


@dataclass(frozen=True, slots=True)
class SliceMetric:
    """What is measured on slices.

    Attributes:
        name: Its key in a report.
        higher_is_better: Whether a weak slice is one with a low value.
        interval: From the values inside to the ends of their mean's 95 % interval, or None.
        p_value: From the values inside and outside to the probability that their difference is chance.
    """

    name: str
    higher_is_better: bool
    interval: Callable[[NDArray[Any]], tuple[float, float] | None]
    p_value: Callable[[NDArray[Any], NDArray[Any]], float]


@dataclass(frozen=True, slots=True)
class SliceResult:
    """How well the pairs of one slice are answered.

    Attributes:
        metric: What ``value`` is.
        group: As in ``Slice``.
        name: As in ``Slice``.
        n: Pairs in it.
        value: The mean over its pairs: accuracy in [0, 1], or absolute error in units of the scale.
        low: Lower end of the 95 % interval; None where there is none.
        high: Upper end; likewise.
        rest: The same of all other pairs; None where there are none.
        p_value: That a difference to the rest as large as this one is chance, corrected for the number of slices; None
            for few pairs, or no others.
        few: Whether there are fewer than ``FEW`` pairs, so that the value is no finding.
        bias: Of scores, mean of answer minus score: above 0 where the model scores too high. None of labels.
    """

    metric: SliceMetric
    group: str
    name: str
    n: int
    value: float
    low: float | None
    high: float | None
    rest: float | None
    p_value: float | None
    few: bool
    bias: float | None = None

    @property
    def shortfall(self) -> float:
        """How much worse than the rest it is; below 0 where it is better, 0 where there is no rest."""
        if self.rest is None:
            return 0.0
        return self.rest - self.value if self.metric.higher_is_better else self.value - self.rest

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types, the value under the metric's name."""
        fields = {"group": self.group, "name": self.name, "n": self.n, self.metric.name: self.value}
        fields |= {
            "low": self.low,
            "high": self.high,
            "rest": self.rest,
            "p_value": self.p_value,
            "few": self.few,
        }
        return fields if self.bias is None else {**fields, "bias": self.bias}


def accuracy_of_slices(slices: Sequence[Slice], right: NDArray[np.bool_]) -> list[SliceResult]:
    """The accuracy of every slice that holds a pair.

    Args:
        slices: Of one table.
        right: Which answers are right, shape ``(n_pairs,)``.
    """
    return _measured(slices, _ACCURACY, right)


def error_of_slices(slices: Sequence[Slice], errors: NDArray[np.float64]) -> list[SliceResult]:
    """The mean absolute error, and the bias, of every slice that holds a pair.

    Args:
        slices: Of one table.
        errors: Answer minus score, shape ``(n_pairs,)``.
    """
    return _measured(slices, _ERROR, abs(errors), signed=errors)


def _measured(
    slices: Sequence[Slice],
    metric: SliceMetric,
    values: NDArray[Any],
    *,
    signed: NDArray[np.float64] | None = None,
) -> list[SliceResult]:
    from scipy.stats import false_discovery_control

    occupied = [one for one in slices if one.rows.any()]
    sizes = [int(one.rows.sum()) for one in occupied]
    raw = [
        metric.p_value(values[one.rows], values[~one.rows]) if FEW <= n < len(values) else None
        for one, n in zip(occupied, sizes, strict=True)
    ]
    tested = [value for value in raw if value is not None]
    corrected = iter(false_discovery_control(tested).tolist() if tested else [])
    results = []
    for one, n, p_value in zip(occupied, sizes, raw, strict=True):
        inside = values[one.rows]
        low, high = metric.interval(inside) or (None, None)
        results.append(
            SliceResult(
                metric=metric,
                group=one.group,
                name=one.name,
                n=n,
                value=float(inside.mean()),
                low=low,
                high=high,
                rest=float(values[~one.rows].mean()) if n < len(values) else None,
                p_value=None if p_value is None else next(corrected),
                few=n < FEW,
                bias=None if signed is None else float(signed[one.rows].mean()),
            )
        )
    return results


def _wilson(right: NDArray[np.bool_]) -> tuple[float, float]:
    interval = share_interval(int(right.sum()), len(right))
    return interval.low, interval.high


def _student(errors: NDArray[np.float64]) -> tuple[float, float] | None:
    from scipy.stats import t

    n, mean = len(errors), float(errors.mean())
    if n < 2:
        return None
    half = float(t.ppf((1 + LEVEL) / 2, n - 1) * errors.std(ddof=1) / math.sqrt(n))
    return max(0.0, mean - half), mean + half


def _fisher(inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> float:
    from scipy.stats import fisher_exact

    test: Any = fisher_exact([[int(part.sum()), int((~part).sum())] for part in (inside, outside)])
    return float(test.pvalue)


def _rank_sum(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    from scipy.stats import mannwhitneyu

    # By the normal approximation: exact tables are for small samples, and these have 30 pairs or more.
    test: Any = mannwhitneyu(inside, outside, method="asymptotic")
    # NaN where all errors are equal: then nothing speaks for a difference.
    return 1.0 if math.isnan(test.pvalue) else float(test.pvalue)


_ACCURACY = SliceMetric("accuracy", True, _wilson, _fisher)
_ERROR = SliceMetric("mae", False, _student, _rank_sum)
