"""What rows say about their table: a header among them, a column that tells each row's split, texts as bytes literals.

Knows names and values, no files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from samesay.data.columns import ColumnMap, plain_name
from samesay.data.labels.spellings import LITERAL, unliteral
from samesay.data.rows import Row
from samesay.data.splits import SPLITS, canonical_split
from samesay.errors import RowMalformed

REPEATED_HEADER = "header repeated among the rows"


class HeaderWatch:
    """Finds rows that are the header again, as where several files were joined with theirs.

    Args:
        columns: The table's columns.
        mapped: Which of them are the sides and the gold answer.
        place: From a row to where it stands, for messages.
    """

    def __init__(self, columns: Sequence[str], mapped: ColumnMap, place: Callable[[Row], str]) -> None:
        self._columns = columns
        self._place = place
        self._names = {plain_name(name) for name in columns}
        self._longest = max(map(len, columns), default=0) + 2
        self._used = [name for name in (mapped.first, mapped.second, mapped.gold) if name is not None]

    def passed(self, rows: Iterable[Row], start: int, found: list[int]) -> Iterator[Row]:
        """``rows`` as they come; ``found`` gets the numbers of the headers, counted from ``start``.

        Raises:
            RowMalformed: Where one has the same names in another order: what follows it would be misread.
        """
        for index, row in enumerate(rows, start=start):
            value = row.values.get(self._used[0])
            if (
                isinstance(value, str)
                and len(value) <= self._longest
                and plain_name(value) in self._names
                and self._is_header(row)
            ):
                found.append(index)
            yield row

    def _is_header(self, row: Row) -> bool:
        if all(self._says(row, name) for name in self._used):
            return True
        values = [plain_name(value) for value in row.values.values() if isinstance(value, str)]
        if len(values) != len(self._columns) or set(values) != self._names or len(values) < 3:
            return False
        raise RowMalformed(
            "The row is a header whose columns stand in another order than in the first line.",
            where=self._place(row),
            expected=f"{', '.join(self._columns)}; or a file of its own from this line on",
        )

    @staticmethod
    def _says(row: Row, column: str) -> bool:
        value = row.values.get(column)
        return isinstance(value, str) and plain_name(value) == plain_name(column)


def decoded_texts(texts: list[str], name: str) -> tuple[list[str], tuple[str, ...]]:
    """``texts``, decoded where most of them are Python bytes literals, and a note where some are."""
    found = {
        index: text
        for index, raw in enumerate(texts)
        if raw.startswith(LITERAL) and (text := unliteral(raw)) is not None
    }
    if not found:
        return texts, ()
    decoded = most_are_literals(len(found), len(texts))
    note = literals_note(name, len(found), len(texts))
    return ([found.get(index, text) for index, text in enumerate(texts)] if decoded else texts), (note,)


def most_are_literals(n_literals: int, n_texts: int) -> bool:
    """Whether so many bytes literals among texts were written by a program, and are to be decoded."""
    return 2 * n_literals > n_texts


def literals_note(name: str, n_literals: int, n_texts: int) -> str:
    """What became of bytes literals among the texts of a column."""
    done = "decoded" if most_are_literals(n_literals, n_texts) else "read as they stand"
    return (
        f"{n_literals:,} of {n_texts:,} texts in {name!r} are Python bytes literals (b'…'), and were {done}"
    )


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


def splits_told(column: str, spellings: Mapping[str, Mapping[str, int]]) -> str:
    """What ``split_column`` found, for notes."""
    told = ", ".join(f"{split} {sum(rows.values()):,}" for split, rows in spellings.items())
    return f"the column {column!r} tells splits ({told})"


def split_of(value: Any) -> tuple[str | None, str]:
    """The split that a value names, if it names one, and the value as a condition meets it."""
    if not isinstance(value, str):
        return None, ""
    split = canonical_split(value.strip())
    return (split, value) if split in SPLITS else (None, "")
