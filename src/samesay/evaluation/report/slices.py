"""Parts of the data on which a model may fail though the whole looks well.

Slices come from the texts (length, shared words, negation, numbers) and from columns of the data. The words for
negation and numbers are English; in other languages those two groups say little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ColumnNotFound, near

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
        group: What they are told apart by, such as ``length``, or a column's name.
        name: Which of the group's parts this is.
        rows: Shape ``(n_pairs,)``, true for the pairs in it.
        from_column: Whether the group is a column of the data.
    """

    group: str
    name: str
    rows: NDArray[np.bool_]
    from_column: bool = False


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


def _by_value(group: str, values: Sequence[str], *, from_column: bool = False) -> list[Slice]:
    """One slice a value, the most frequent first; rare values beyond the twentieth are one slice."""
    counts = Counter(values)
    kept = [value for value, _ in counts.most_common(_MOST_VALUES)]
    if len(counts) == _MOST_VALUES + 1:
        kept = list(counts)
    array = np.array(values, dtype=object)
    slices = [Slice(group, value, array == value, from_column) for value in kept]
    if len(counts) > len(kept):
        rest = ~np.logical_or.reduce([one.rows for one in slices])
        slices.append(Slice(group, f"{len(counts) - len(kept):,} other values", rest, from_column))
    return slices


def _of_column(column: str, values: Sequence[str]) -> list[Slice]:
    if len(set(values)) > _MOST_VALUES:
        try:
            numbers = np.array([float(value) for value in values])
        except ValueError:
            pass
        else:
            if np.isfinite(numbers).all():
                return _quarters(column, numbers, _span, from_column=True)
    return _by_value(column, [value.strip() or "(empty)" for value in values], from_column=True)


def _quarters(
    group: str,
    values: NDArray[Any],
    name: Callable[[float, float], str],
    *,
    from_column: bool = False,
) -> list[Slice]:
    """Four slices of about as many pairs each, fewer where many values are equal."""
    edges = np.unique(np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf"))
    places = np.searchsorted(edges, values, side="left")
    slices = []
    for place in np.unique(places).tolist():
        rows = places == place
        low, high = values[rows].min().item(), values[rows].max().item()
        slices.append(Slice(group, name(low, high), rows, from_column))
    return slices


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
