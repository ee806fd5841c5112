"""Splits and slices of them: names and their spellings, a column that names each row's split, ``[:20%]``.

A slice is written as TensorFlow Datasets writes it: ``[:20%]``, ``[100:200]``, ``[-10%:]``. It speaks of the rows as
they stand in the source, before any row is dropped, so the same slice of the same source always means the same rows.
Knows no sources and no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from samesay.errors import SliceInvalid

SPLITS = ("train", "validation", "test")
_SPELLINGS = {
    "training": "train",
    "dev": "validation",
    "development": "validation",
    "valid": "validation",
    "val": "validation",
    "trial": "validation",
    "testing": "test",
}


def canonical_split(name: str) -> str:
    """``train``, ``validation`` or ``test`` for their usual spellings; any other name as it is."""
    folded = name.casefold()
    return folded if folded in SPLITS else _SPELLINGS.get(folded, name)


def in_order(splits: Iterable[str]) -> list[str]:
    """train, validation and test first, the others after them as they come."""
    found = list(splits)
    return [*(name for name in SPLITS if name in found), *(name for name in found if name not in SPLITS)]


def split_column(
    columns: Iterable[str], rows: Iterable[Mapping[str, Any]]
) -> tuple[str, dict[str, dict[str, int]]] | None:
    """The column whose values are names of splits, two or more of them: split to spelling to how many rows have it.

    >>> split_column(["set"], [{"set": "TRAIN"}, {"set": "TRIAL"}])
    ('set', {'train': {'TRAIN': 1}, 'validation': {'TRIAL': 1}})
    """
    found: dict[str, dict[str, dict[str, int]]] = {name: {} for name in columns}
    for row in rows:
        for name in list(found):
            split, spelling = split_of(row.get(name))
            if split is None:
                del found[name]
                continue
            counts = found[name].setdefault(split, {})
            counts[spelling] = counts.get(spelling, 0) + 1
        if not found:
            return None
    return next(((name, splits) for name, splits in found.items() if len(splits) > 1), None)


def splits_note(column: str, spellings: Mapping[str, Mapping[str, int]]) -> str:
    """What ``split_column`` found, for notes."""
    found = ", ".join(f"{split} {sum(rows.values()):,}" for split, rows in spellings.items())
    return f"the column {column!r} names splits ({found})"


def split_of(value: Any) -> tuple[str | None, str]:
    """The split that a value names, if it names one, and the value as a condition meets it."""
    if not isinstance(value, str):
        return None, ""
    split = canonical_split(value.strip())
    return (split, value) if split in SPLITS else (None, "")


_BOUNDARY = r"\s*(-?\d[\d_]{0,17})?\s*(%)?\s*"
_SLICE = re.compile(rf"\[{_BOUNDARY}:{_BOUNDARY}\]")
_EXPECTED = "[start:stop] in rows or percent, either left out, such as [:20%], [100:200] or [-10%:]"


@dataclass(frozen=True, slots=True)
class Boundary:
    """One end of a slice: a count of rows, or a percentage of them; negative ones count from the end."""

    value: int
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.value}{'%' if self.percent else ''}"

    def row(self, n_rows: int) -> int:
        """The row (0 to ``n_rows``) before which this end lies; percentages round to the nearest row."""
        if self.percent:
            share = 100 + self.value if self.value < 0 else self.value
            return round(share * n_rows / 100)
        return n_rows + self.value if self.value < 0 else self.value


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of rows between two boundaries.

    Neighbouring slices share no row and miss none: ``[:20%]`` and ``[20%:]`` are a split in two.

    >>> Slice.parse("[:20%]").bounds(1000)
    (0, 200)
    >>> Slice.parse("[-100:]").bounds(1000)
    (900, 1000)
    """

    start: Boundary | None = None
    stop: Boundary | None = None

    def __str__(self) -> str:
        return f"[{'' if self.start is None else self.start}:{'' if self.stop is None else self.stop}]"

    @classmethod
    def parse(cls, text: str) -> Slice:
        """Read a slice with its brackets."""
        match = _SLICE.fullmatch(text.strip())
        if match is None:
            raise SliceInvalid(f"Cannot read the slice {text!r}.", expected=_EXPECTED)
        start, stop = (_boundary(text, *match.group(i, i + 1)) for i in (1, 3))
        return cls(start, stop)

    def bounds(self, n_rows: int, *, where: str | None = None) -> tuple[int, int]:
        """The first row of the slice and the one after its last, ``0 <= first < after <= n_rows``.

        Args:
            n_rows: How many rows the whole has.
            where: The source, for the message.
        """
        start = 0 if self.start is None else self.start.row(n_rows)
        stop = n_rows if self.stop is None else self.stop.row(n_rows)
        for boundary, row in ((self.start, start), (self.stop, stop)):
            if boundary is not None and not 0 <= row <= n_rows:
                raise SliceInvalid(
                    f"The slice {self} reaches outside the data, which has {n_rows:,} rows.",
                    where=where,
                    expected=f"boundaries from -{n_rows} to {n_rows}",
                    hint="leave the end out to read to the last row, such as [100:]",
                )
        if start >= stop:
            raise SliceInvalid(
                f"The slice {self} selects no rows.",
                where=where,
                expected="a start before the stop, and at least one row between them",
            )
        return start, stop

    @property
    def counts_forward(self) -> bool:
        """Whether the bounds are known without counting the rows first."""
        return all(end is None or not (end.percent or end.value < 0) for end in (self.start, self.stop))


def split_off_slice(text: str) -> tuple[str, Slice | None]:
    """Part ``"train[:20%]"`` into the name and its slice, if it ends in one."""
    whole = text.rstrip()
    start = whole.rfind("[")
    if start < 0 or whole.find("]", start) != len(whole) - 1:
        return text, None
    return whole[:start].rstrip(), Slice.parse(whole[start:])


def _boundary(text: str, number: str | None, percent: str | None) -> Boundary | None:
    if number is None:
        if percent:
            raise SliceInvalid(f"A percent sign without a number in the slice {text!r}.", expected=_EXPECTED)
        return None
    value = int(number)
    if percent and abs(value) > 100:
        raise SliceInvalid(
            f"The slice {text!r} asks for {value} percent.", expected="percentages from -100% to 100%"
        )
    return Boundary(value, percent is not None)
