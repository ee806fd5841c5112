"""Records of fields to rows: the header, how many fields a row has, columns that a spreadsheet left empty.

Knows neither how a record was told from the next, nor what a column means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from samesay.data.bounds import require_few_columns
from samesay.data.columns import listed
from samesay.data.rows import Row, require_different
from samesay.errors import DataError, NoRows, RowMalformed


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one row, where it begins, and what was wrong with it."""

    line: int
    fields: list[str]
    error: DataError | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What holds for a whole file of records.

    Attributes:
        name: What messages call the file.
        separator: What parts its fields, in words.
        no_header: Whether the first record is a row.
        width: Of a file without header, how many columns it has.
    """

    name: str
    separator: str
    no_header: bool = False
    width: int | None = None

    def place(self, line: int) -> str:
        """Where a record stands, for messages."""
        return f"{self.name}:{line}"


def rows_of(
    records: Iterator[Record], shape: Shape, note: Callable[[str], None]
) -> tuple[list[str], Iterator[Row]]:
    """The column names, and the rows one by one, those that cannot be used with their error.

    Columns at the end that have neither a name nor a value, as spreadsheets write them, are no columns.

    Raises:
        NoRows: If there is no record.
        ColumnNotFound: If two columns have one name.
        RowMalformed: If there are more columns than can be meant.
    """
    first = next(records, None)
    if first is None:
        raise NoRows(
            f"{shape.name} is empty: it has not even a header.",
            where=shape.name,
            expected="rows" if shape.no_header else "a first line with the names of the columns",
        )
    if first.error is not None:
        raise first.error
    require_few_columns(len(first.fields), shape.place(first.line))
    if shape.no_header:
        width = shape.width or len(first.fields)
        columns = [str(number) for number in range(1, width + 1)]
        return columns, _rows(chain((first,), records), columns, width, shape, note)
    names = [name.strip() for name in first.fields]
    named = max((place for place, name in enumerate(names, start=1) if name), default=len(names))
    columns = [name or f"column {place}" for place, name in enumerate(names[:named], start=1)]
    require_different(columns, where=shape.place(first.line))
    return columns, _rows(records, columns, len(names), shape, note)


def _rows(
    records: Iterator[Record], columns: list[str], widest: int, shape: Shape, note: Callable[[str], None]
) -> Iterator[Row]:
    beyond = 0
    for number, record in enumerate(records, start=1):
        fields, error = record.fields, record.error
        if error is None and len(fields) != len(columns):
            surplus = any(fields[len(columns) :])
            if len(fields) < len(columns) or (surplus and len(fields) > widest):
                error = _wrong_width(record, columns, shape)
            else:
                beyond += surplus
        # zip leaves out fields beyond the columns.
        yield Row(number, record.line, {} if error else dict(zip(columns, fields, strict=False)), error)
    if beyond:
        note(f"values beyond the columns that have a name were left out, in so many rows: {beyond:,}")


def _wrong_width(record: Record, columns: list[str], shape: Shape) -> RowMalformed:
    by = "" if shape.separator in ("comma", "tab") else f" by {shape.separator}"
    what = "the first line" if shape.no_header else "the header"
    return RowMalformed(
        f"Line {record.line} has {len(record.fields)} fields{by}; {what} has {len(columns)}.",
        where=shape.place(record.line),
        expected=f"{len(columns)} fields: {listed(columns)}; a text that holds a {shape.separator} or a line end "
        'goes into double quotes: "so, like this"',
        hint="--on-error skip",
        details={
            "line": record.line,
            "fields": len(record.fields),
            "columns": len(columns),
            "separator": shape.separator,
        },
    )
