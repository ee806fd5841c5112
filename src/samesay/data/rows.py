"""A row of a source as it was read, and its values as text. Knows nothing of what a column means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from sys import getsizeof
from typing import Any

from samesay.data.bounds import require_few_columns
from samesay.errors import ColumnNotFound, DataError, EncodingInvalid, RowMalformed

_LONG = 1_000_000
_BLANK = re.compile(r"\s")
# No column has such a name.
_CODE, _REASON = "\0code", "\0reason"
_MOST_LISTED = 1000
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        number: Its place among the rows of its file, from 1; a header does not count.
        line: The line on which it begins, from 1; ``None`` where the format has no lines.
        values: Column name to value, in the order of the file: texts in CSV and TSV, else what the format
            holds; bytes only where they are no text.
        error: Why it could not be read, and has no values; only where broken rows were asked for.
        nested_bytes: What its lists and objects take in memory, roughly.
    """

    number: int
    line: int | None
    values: dict[str, Any]
    error: DataError | None = None
    nested_bytes: int = 0

    @property
    def held_bytes(self) -> int:
        """What its values take in memory, roughly."""
        return 200 + self.nested_bytes + sum(map(getsizeof, self.values.values()))


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that was left out: where it stands, the error's stable code, and what was wrong with it."""

    file: str
    line: int | None
    row: int
    code: str
    reason: str

    @property
    def place(self) -> str:
        """``file:line``, or ``file row n``."""
        return f"{self.file} row {self.row}" if self.line is None else f"{self.file}:{self.line}"

    def to_dict(self) -> dict[str, str | int | None]:
        """As JSON types."""
        return asdict(self)


@dataclass
class SkippedRows:
    """Rows that were left out because they could not be used: all counted, the first of them listed.

    Attributes:
        counts: The error's code to how many.
        rows: The first.
    """

    counts: dict[str, int] = field(default_factory=dict)
    rows: list[SkippedRow] = field(default_factory=list)

    def add(self, row: SkippedRow) -> None:
        """Count a row."""
        self.counts[row.code] = self.counts.get(row.code, 0) + 1
        if len(self.rows) < _MOST_LISTED:
            self.rows.append(row)

    def notes(self) -> tuple[str, ...]:
        """How many there were, for what, and where the first stand; nothing if there were none."""
        total = sum(self.counts.values())
        if not total:
            return ()
        kinds = ", ".join(f"{code} {count:,}" for code, count in self.counts.items())
        places = ", ".join(row.place for row in self.rows[:_MOST_SHOWN])
        more = ", …" if total > _MOST_SHOWN else ""
        were = "1 row was" if total == 1 else f"{total:,} rows were"
        return (f"{were} skipped ({kinds}): {places}{more}",)


def with_reason(row: Row) -> Row:
    """A row that cannot be read with the reason as its values, to be stored as others are; any other as it is."""
    if row.error is None:
        return row
    return Row(row.number, row.line, {_CODE: row.error.code, _REASON: row.error.message})


def reason_of(row: Row) -> tuple[str, str] | None:
    """Why a row of ``with_reason`` cannot be read, the code and in words; None of a row that can."""
    return (row.values[_CODE], row.values[_REASON]) if len(row.values) == 2 and _CODE in row.values else None


def require_different(names: Sequence[str], *, where: str) -> None:
    """Refuse columns of which two have one name: a row could hold only one of them.

    Raises:
        ColumnNotFound: Naming the columns.
        RowMalformed: If there are more than can be meant.
    """
    require_few_columns(len(names), where)
    twice = first_twice(names)
    if twice is not None:
        places = [place for place, name in enumerate(names, start=1) if name == twice]
        raise ColumnNotFound(
            f"The name {twice!r} stands over {len(places)} columns "
            f"(numbers {', '.join(map(str, places))}), so it names none of them.",
            where=where,
            expected="a different name over every column",
        )


def first_twice(names: Iterable[str]) -> str | None:
    """The first name that stands there for a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def side_text(values: Mapping[str, Any], column: str, *, place: str) -> str:
    """The text of one side in a row; null reads as empty.

    Raises:
        RowMalformed: If the row lacks the column, or holds a number, a list or an object in it.
        EncodingInvalid: If it holds bytes that are no text.
    """
    if column not in values:
        raise RowMalformed(
            f"The row has no {column!r}.",
            where=place,
            expected=f"the keys of the first row, {column!r} among them",
        )
    value = values[column]
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bytes):
        raise EncodingInvalid(
            f"{column!r} holds bytes that are no UTF-8.", where=place, expected="text in UTF-8"
        )
    shown = repr(value)
    raise RowMalformed(
        f"{column!r} holds {shown[:60]}{'…' * (len(shown) > 60)}, which is {type(value).__name__}, not text.",
        where=place,
        expected="a text",
    )


def count_words(text: str) -> int:
    """How many words it has."""
    return sum(len(part.split()) for part in _parts(text))


def folded(text: str) -> str:
    """Without case, and with one blank for every run of them: texts that are so alike count as one."""
    return " ".join(" ".join(words) for part in _parts(text.casefold()) if (words := part.split()))


def _parts(text: str) -> Iterator[str]:
    """The text cut between words: all words of megabytes at once would take twenty times its memory."""
    start = 0
    while len(text) - start > _LONG:
        blank = _BLANK.search(text, start + _LONG)
        if blank is None:
            break
        yield text[start : blank.start()]
        start = blank.start()
    yield text[start:] if start else text


def text_of(value: Any) -> str:
    """Any value as text: null as empty, lists and objects as JSON, bytes that are no text in hexadecimal."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, bytes):
        return printable(value)
    return json.dumps(value, ensure_ascii=False, default=printable)


def printable(value: Any) -> str:
    """What JSON has no type for: bytes in hexadecimal, the rest as Python prints it."""
    return value.hex() if isinstance(value, bytes) else str(value)
