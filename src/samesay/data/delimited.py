"""CSV and TSV to rows. Knows lines and fields, nothing of what a column means.

CSV is read as RFC 4180 writes it: quotes may hold commas, line ends and doubled quotes. TSV is read as IANA's
``text/tab-separated-values`` writes it: a tab always parts two fields and a quote is a letter like others,
because the corpora of this field are full of sentences that open with a quote and never close it. Two habits
of spreadsheet programs are understood all the same: a header in quotes means that all is quoted, and a field
in quotes whose inner quotes are doubled is unwrapped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from samesay.data.bounds import (
    LONGEST_ROW,
    MOST_VALUES,
    require_few_columns,
    require_few_values,
    row_too_long,
)
from samesay.data.rows import Row, require_different
from samesay.data.textlines import TextLines
from samesay.errors import NoRows, RowMalformed

_DOUBLED = re.compile(r'"(?:[^"]|"")*""(?:[^"]|"")*"')
_Record = tuple[int, list[str] | RowMalformed]


def read_delimited(
    lines: TextLines, delimiter: str, *, lenient: bool = False
) -> tuple[list[str], Iterator[Row]]:
    """The column names, and the rows after them one by one.

    Args:
        lines: The text; read as far as needed.
        delimiter: A comma or a tab.
        lenient: Give a broken row with its error, where it can be told at which line the next one begins.

    Raises:
        NoRows: If there is no header.
        ColumnNotFound: If two columns have one name.
        RowMalformed: While iterating: another number of fields than the header, or a quote never closed.
    """
    records = _tab_records(lines) if delimiter == "\t" else _quoted_records(lines, lines, delimiter)
    header = next(records, None)
    if header is None:
        raise NoRows(
            f"{lines.name} is empty: it has not even a header.",
            where=lines.name,
            expected="a first line with the names of the columns",
        )
    line, names = header
    spoiled = lines.take_error()
    if isinstance(names, RowMalformed):
        raise spoiled or names
    if spoiled is not None:
        raise spoiled
    columns = _column_names(line, names, lines)
    rows = _rows(records, columns, lines, delimiter)
    return columns, rows if lenient else map(_whole, rows)


def _rows(records: Iterator[_Record], columns: list[str], lines: TextLines, delimiter: str) -> Iterator[Row]:
    for number, (line, fields) in enumerate(records, start=1):
        error = lines.take_error()
        if isinstance(fields, RowMalformed):
            yield Row(number, line, {}, error or fields)
        elif error or len(fields) != len(columns):
            yield Row(number, line, {}, error or _wrong_width(line, fields, columns, lines, delimiter))
        else:
            yield Row(number, line, dict(zip(columns, fields, strict=True)))


def _whole(row: Row) -> Row:
    if row.error is not None:
        raise row.error
    return row


def _wrong_width(
    line: int, fields: list[str], columns: list[str], lines: TextLines, delimiter: str
) -> RowMalformed:
    width = len(columns)
    return RowMalformed(
        f"Line {line} has {len(fields)} fields; the header has {width}.",
        where=lines.place(line),
        expected=f"{width} fields: {', '.join(columns)}",
        hint=(
            'put a text that holds a comma or a line end into double quotes: "so, like this"'
            if delimiter == ","
            else "a tab always parts two fields here; save texts that hold tabs or line ends as CSV"
        ),
        details={
            "line": line,
            "fields": len(fields),
            "columns": width,
            "separator": "comma" if delimiter == "," else "tab",
        },
    )


def _column_names(line: int, names: list[str], lines: TextLines) -> list[str]:
    names = [name.strip() or f"column {place}" for place, name in enumerate(names, start=1)]
    require_different(names, where=lines.place(line))
    return names


def _quoted_records(
    lines: TextLines, text: Iterable[str], delimiter: str, *, first_line: int | None = None
) -> Iterator[_Record]:
    # Python refuses fields over 131,072 characters; documents are longer.
    csv.field_size_limit(max(LONGEST_ROW, csv.field_size_limit()))
    start = n_letters = n_values = 0

    def bounded() -> Iterator[str]:
        """The lines, as long as the row that they belong to is not too long."""
        nonlocal n_letters, n_values
        for line in text:
            n_letters += len(line)
            n_values += line.count(delimiter)
            if n_letters > LONGEST_ROW:
                raise row_too_long(
                    lines.place(start),
                    hint="look for a double quote that opens in this row and is not closed",
                )
            require_few_values(n_values, lines.place(start))
            yield line

    reader = csv.reader(bounded(), delimiter=delimiter, strict=True)
    while True:
        start = lines.line + 1 if first_line is None else first_line
        first_line = None
        n_letters = n_values = 0
        try:
            fields = next(reader, None)
        except csv.Error as error:
            broken = _csv_error(error, start, lines)
            if lines.line > start:  # where the row ends, and whether what follows is one, cannot be told
                raise broken from error
            yield start, broken
            continue
        if fields is None:
            return
        if fields:  # a blank line is no record
            yield start, fields


def _csv_error(error: csv.Error, start: int, lines: TextLines) -> RowMalformed:
    text = str(error)
    if "unexpected end of data" in text:
        return RowMalformed(
            f"A double quote that opens in the row at line {start} is not closed.",
            where=lines.place(start),
            expected='quotes in pairs, a quote inside a quoted text doubled: "she said ""yes"""',
        )
    if "new-line character" in text:
        return RowMalformed(
            f"A carriage return stands alone in line {start}.",
            where=lines.place(start),
            expected="lines that end in a line feed, or carriage return and line feed",
            hint="for files of old Macintosh programs: tr '\\r' '\\n' < file > copy",
        )
    return RowMalformed(
        f"The row at line {start} cannot be read: {text}.",
        where=lines.place(start),
        expected='after a closing quote, a comma or the end of the line; inside quotes, a quote doubled ("")',
    )


def _tab_records(lines: TextLines) -> Iterator[_Record]:
    text = iter(lines)
    header = next(text, None)
    while header is not None and not header.strip("\r\n"):
        header = next(text, None)
    if header is None:
        return
    if header.startswith('"'):
        yield from _quoted_records(lines, chain((header,), text), "\t", first_line=lines.line)
        return
    require_few_columns(header.count("\t") + 1, lines.place())
    yield lines.line, header.rstrip("\r\n").split("\t")
    for raw in text:
        bare = raw.rstrip("\r\n")
        if len(bare) > MOST_VALUES:
            require_few_values(bare.count("\t"), lines.place())
        if bare:
            yield lines.line, [_unwrapped(field) for field in bare.split("\t")]


def _unwrapped(field: str) -> str:
    if field.startswith('"') and _DOUBLED.fullmatch(field):
        return field[1:-1].replace('""', '"')
    return field
