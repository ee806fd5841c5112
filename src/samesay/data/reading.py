"""How a source is read, where it does not tell: the arguments that every verb hands on to ``load_pairs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from samesay.pairs import LabelSet, Sides


class Reading(TypedDict, total=False):
    """Keyword arguments of ``samesay.data.load_pairs``, as a verb takes them; each may be left out.

    Attributes:
        split: The split, where the source does not name it.
        sides: The names of the data's sides in the order of its columns, where they cannot be told.
        columns: Columns by role.
        labels: The label names, where the data has numbers.
        rename_labels: From a label name of the data to the name wanted, such as a model's.
        where: A condition on a column that rows must meet, or several.
        format: Of the data, where its name does not tell.
        allow_empty_sides: Keep pairs with an empty side.
    """

    split: str | None
    sides: Sides | None
    columns: Mapping[str, str] | None
    labels: LabelSet | Sequence[str] | None
    rename_labels: Mapping[str, str] | None
    where: str | Sequence[str] | None
    format: str | None
    allow_empty_sides: bool


def of_another_source(reading: Reading) -> Reading:
    """What of it also holds for another source of the same columns and labels."""
    other = reading.copy()
    for name in ("split", "sides", "where", "format"):
        other.pop(name, None)
    return other
