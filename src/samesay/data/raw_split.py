"""The rows of a split before their labels are read: cut, filtered, parted by a column of splits, their texts checked.

Knows columns and texts, no spellings of labels and no formats.
"""

from __future__ import annotations

import shlex
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from samesay.data.columns import ColumnMap
from samesay.data.conditions import Condition
from samesay.data.labels.column import LabelReading
from samesay.data.labels.spellings import LITERAL, unliteral
from samesay.data.odd_rows import (
    REPEATED_HEADER,
    literals_note,
    most_are_literals,
    split_column,
    split_of,
    splits_told,
)
from samesay.data.row_store import RowColumn, RowStore
from samesay.data.rows import Row, SkippedRows, side_text, text_of
from samesay.data.slices import Slice
from samesay.data.splits import SPLITS
from samesay.errors import EmptySide, NoRows
from samesay.pairs import LabelSet, is_empty

_MOST_PLACES_SHOWN = 5


@dataclass
class RawSplit:
    """The rows of a split before their labels are read."""

    split: str
    format: str | None
    files: tuple[str, ...]
    map: ColumnMap
    columns: list[str]
    class_names: list[str] | None
    store: RowStore
    file_starts: list[int]
    chosen: Sequence[int]
    rows_read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    headers: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: SkippedRows = field(default_factory=SkippedRows)
    # Sides whose texts are Python bytes literals.
    literals: set[str] = field(default_factory=set)
    # The condition that a column of splits amounts to.
    part: str | None = None

    def __len__(self) -> int:
        return len(self.chosen)

    def rows(self) -> Iterator[Row]:
        """The rows that are left."""
        return self.store.chosen(self.chosen)

    def keep(self, indices: Sequence[int]) -> None:
        """Keep the rows at ``indices`` of those that are left."""
        if isinstance(indices, range):
            self.chosen = self.chosen[indices.start : indices.stop]
        else:
            self.chosen = array("q", (self.chosen[index] for index in indices))

    def column(self, name: str) -> Sequence[str]:
        """The values of a column as texts, in memory where the rows are."""
        column = RowColumn(self.store, self.chosen, name, _decoded if name in self.literals else text_of)
        return list(column) if self.store.in_memory else column

    def place(self, index: int) -> str:
        """``file:line``, or the row where a format has no lines."""
        row = self.store[self.chosen[index]]
        file = self.file(index)
        return f"{file} row {row.number}" if row.line is None else f"{file}:{row.line}"

    def file(self, index: int) -> str:
        """The file that a row is from."""
        return self.files[bisect_right(self.file_starts, self.chosen[index]) - 1]

    def cut(self, slice: Slice) -> None:
        """Keep a slice of the rows, which is all that was read then."""
        start, stop = slice.bounds(len(self), where=self.files[0])
        self.keep(range(start, stop))
        self.rows_read = len(self)

    def leave_out_headers(self) -> None:
        """Leave out the rows that repeat the header, and count them."""
        headers, before = set(self.headers), len(self)
        if headers:
            self.keep([index for index, row in enumerate(self.chosen) if row not in headers])
            self.dropped[REPEATED_HEADER] = before - len(self)

    def leave_out_unmet(self, condition: Condition) -> None:
        """Leave out the rows that do not meet ``condition``, and count them.

        Raises:
            ColumnNotFound: If there is no such column.
            NoRows: If none meets it.
        """
        column = condition.column_among(self.columns, where=self.files[0])
        before = len(self)
        self.keep(
            [
                index
                for index, row in enumerate(self.rows())
                if condition.met_by(text_of(row.values.get(column)))
            ]
        )
        self.dropped[f"not {condition}"] = before - len(self)
        if not len(self):
            raise NoRows(f"None of the {before:,} rows meets the condition {condition}.", where=self.files[0])

    def refuse_empty(self, first: Sequence[str], second: Sequence[str]) -> None:
        """Refuse empty texts.

        Raises:
            EmptySide: With the first places.
        """
        texts = enumerate(zip(first, second, strict=True))
        empty = [place for place, (one, other) in texts if is_empty(one) or is_empty(other)]
        if not empty:
            return
        place = empty[0]
        column = self.map.first if is_empty(first[place]) else self.map.second
        others = [self.place(other) for other in empty[1:_MOST_PLACES_SHOWN]]
        more = f" {len(empty):,} rows have an empty side." if others else ""
        raise EmptySide(
            f"The text in {column!r} is empty.{more}",
            where=self.place(place),
            expected="two texts in every row; or --allow-empty-sides, which keeps such rows as they are",
            hint="--on-error skip",
            details={"rows": len(empty), "first_places": [self.place(place), *others]},
        )

    def by_split(self, wanted: Sequence[str], *, aside: Collection[str]) -> dict[str, RawSplit]:
        """The rows of each of ``wanted``, in its order, where a column tells splits; else all, by their own name.

        Args:
            wanted: Splits; where the column has none of them all rows stay together, and a note says so.
            aside: Columns that are not looked at, besides those of sides and gold answers.
        """
        used = {self.map.first, self.map.second, self.map.gold, *aside}
        others = [name for name in self.columns if name not in used]
        found = split_column(others, (row.values for row in self.rows()))
        if found is None:
            return {self.split: self}
        column, spellings = found
        told = splits_told(column, spellings)
        conditions = {
            split: f"{column}={max(rows, key=rows.__getitem__)}" for split, rows in spellings.items()
        }
        if not set(wanted) & set(spellings):
            example = shlex.quote(next(iter(conditions.values())))
            self.notes.append(f"{told}, and all of them were read as one: --where {example} reads one")
            return {self.split: self}
        parts: dict[str, RawSplit] = {}
        for split in wanted:
            if split not in spellings:
                continue
            rows = [
                index for index, row in enumerate(self.rows()) if split_of(row.values.get(column))[0] == split
            ]
            note = f"{told}: these are the rows of {split}, as by --where {shlex.quote(conditions[split])}"
            part = replace(
                self,
                split=split,
                part=conditions[split],
                dropped=dict(self.dropped),
                notes=[*self.notes, note],
            )
            part.keep(rows)
            part.rows_read = len(part) + sum(part.dropped.values())
            parts[split] = part
        return parts

    def checked_numbers(self) -> NDArray[np.int64]:
        """The numbers of the rows, whose sides are texts; where most of a side are bytes literals, it is decoded.

        Raises:
            RowMalformed: If a side is missing, or no text.
            EncodingInvalid: If it holds bytes that are no text.
        """
        numbers = np.empty(len(self), np.int64)
        literals = dict.fromkeys((self.map.first, self.map.second), 0)
        for index, row in enumerate(self.rows()):
            numbers[index] = row.number
            for column in literals:
                value = row.values.get(column)
                if not isinstance(value, str):
                    side_text(row.values, column, place=self.place(index))
                elif value.startswith(LITERAL) and unliteral(value) is not None:
                    literals[column] += 1
        for column, count in literals.items():
            if count:
                self.literals |= {column} if most_are_literals(count, len(self)) else set()
                self.notes.append(literals_note(column, count, len(self)))
        return numbers


def _decoded(value: object) -> str:
    text = text_of(value)
    decoded = unliteral(text)
    return text if decoded is None else decoded


def require_learned(raws: Sequence[RawSplit], reading: LabelReading) -> None:
    """Refuse labels of validation that no training pair has.

    Args:
        raws: The splits; nothing is refused where train is not the first of them.
        reading: Of all their labels, in this order.

    Raises:
        LabelMismatch: With the place of the first.
    """
    if raws[0].split != SPLITS[0]:
        return
    learned = set(reading.ids[: len(raws[0])])
    start = len(raws[0])
    for raw in raws[1:]:
        for index in range(len(raw) if raw.split == SPLITS[1] else 0):
            label = reading.ids[start + index]
            if label >= 0 and label not in learned:
                names = LabelSet(tuple(name for at, name in enumerate(reading.labels) if at in learned))
                names.require_same_names(LabelSet((reading.labels.names[label],)), where=raw.place(index))
        start += len(raw)
