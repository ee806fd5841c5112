"""CSV and TSV to rows, and records of fields to rows, which workbooks share. Knows nothing of what a column means.

CSV is read as RFC 4180 writes it: quotes may hold commas, line ends and doubled quotes. TSV is read as IANA's
``text/tab-separated-values`` writes it: a tab always parts two fields and a quote is a letter like others,
because the corpora of this field are full of sentences that open with a quote and never close it. What spreadsheet
programs and CSV writers make of TSV is understood where it is plain: a header in quotes means that all is quoted, a
field in quotes whose inner quotes are doubled is unwrapped, and a row that has the header's number of fields as CSV
alone is one.

The delimiter is found from the first rows where these do not fit the format's own.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from samesay.data.bounds import LONGEST_ROW, require_few_columns, require_few_values, row_too_long
from samesay.data.columns import listed
from samesay.data.formats.textlines import TextLines
from samesay.data.options import ReadOptions
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
        separator: What parts its fields, in words; None for the cells of a workbook.
        no_header: Whether the first record is a row.
        width: Of a file without header, how many columns it has.
    """

    name: str
    separator: str | None
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
    by = "" if shape.separator in (None, "comma", "tab") else f" by {shape.separator}"
    what = "the first line" if shape.no_header else "the header"
    quotes = f'; a text that holds a {shape.separator} or a line end goes into double quotes: "so, like this"'
    return RowMalformed(
        f"Line {record.line} has {len(record.fields)} fields{by}; {what} has {len(columns)}.",
        where=shape.place(record.line),
        expected=f"{len(columns)} fields: {listed(columns)}" + (quotes if shape.separator else ""),
        hint="--on-error skip",
    )


NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<mark>[^"\r\n])"?')
_SAMPLED_RECORDS = 500
# A text in quotes that goes over more lines than this, or is longer, is a quote that was never closed.
_MOST_LINES_OF_A_TEXT = 1000
_LONGEST_TEXT = 1 << 20
# A file in which so many rows were no CSV after all is none.
_MOST_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """How the fields of a file stand in it.

    Attributes:
        delimiter: What parts two fields.
        quoted: Whether quotes are CSV's: always, never (``False``), or decided row by row (``None``).
        has_separator_line: Whether the first line is Excel's ``sep=;``.
        width: How many fields most of the first rows have.
        filled: The same without columns at the end that are empty in all of them.
        wraps: Whether fields in quotes are so for CSV, where that is decided row by row.
        notes: What was decided that a user may want to know.
    """

    delimiter: str
    quoted: bool | None
    has_separator_line: bool = False
    width: int | None = None
    filled: int | None = None
    wraps: bool = False
    notes: tuple[str, ...] = ()


def layout_of(start: str, usual: str, options: ReadOptions) -> Layout:
    """Tell the layout from the first lines of a file."""
    lines = start.splitlines(keepends=True)
    notes: list[str] = []
    line = _SEPARATOR_LINE.fullmatch(lines[0].rstrip("\r\n")) if lines else None
    if line is not None:
        lines = lines[1:]
    delimiter = options.delimiter or (line["mark"] if line else None) or _detected(lines, usual)
    if delimiter != (options.delimiter or usual):
        word = NAMES.get(delimiter, repr(delimiter))
        notes.append(f"the delimiter is a {word}, as {'the line sep= says' if line else 'the rows show'}")
    quoted = {"csv": True, "none": False, None: None if delimiter == usual == "\t" else True}[options.quoting]
    if quoted is None and (all_quoted := _in_quotes(lines, delimiter, options.no_header)):
        quoted = all_quoted
    width = filled = None
    wraps = False
    rows = list(_sampled(lines, delimiter, quoted))
    if rows:
        width = Counter(map(len, rows)).most_common(1)[0][0]
        whole = [fields for fields in rows if len(fields) == width]
        filled = max(
            place for fields in whole for place, field in enumerate(fields, 1) if field or place == 1
        )
        values = whole if options.no_header else [fields for fields in whole if fields != rows[0]]
        wraps = quoted is None and _are_wrapped(values)
    return Layout(delimiter, quoted, line is not None, width, filled, wraps, tuple(notes))


def read_delimited(
    lines: TextLines, layout: Layout, *, no_header: bool = False, note: Callable[[str], None]
) -> tuple[list[str], Iterator[Row]]:
    """The column names, and the rows one by one, those that cannot be read with their error."""
    for text in layout.notes:
        note(text)
    ahead = _Lines(lines)
    if layout.has_separator_line:
        next(ahead, None)
    if layout.quoted:
        records = _quoted_records(ahead, lines, layout.delimiter)
    else:
        width = (layout.width or 0) if no_header else 0
        records = _plain_records(ahead, layout, width=width, note=note)
    separator = NAMES.get(layout.delimiter, repr(layout.delimiter))
    return rows_of(records, Shape(lines.name, separator, no_header, layout.filled), note)


def _detected(lines: list[str], usual: str) -> str:
    """What parts the fields of the first rows: ``usual`` unless they do not fit it, and fit one other alone."""

    def width(mark: str) -> int:
        widths = {len(fields) for fields in _sampled(lines, mark, None if mark == "\t" else True)}
        return widths.pop() if len(widths) == 1 else 0

    if width(usual) > 1:
        return usual
    header = next(_sampled(lines, usual, None if usual == "\t" else True), [])
    others = [mark for mark in NAMES if mark != usual and width(mark) > 1]
    # A header of several columns by the usual mark is one, whatever is wrong with the rows below it.
    plain = len(header) < 2 or (len(others) == 1 and len(header) < width(others[0]))
    return others[0] if len(others) == 1 and plain else usual


def _sampled(lines: list[str], delimiter: str, quoted: bool | None) -> Iterator[list[str]]:
    if quoted:
        records: Iterable[list[str]] = csv.reader(lines, delimiter=delimiter, strict=True)
    else:
        records = (line.rstrip("\r\n").split(delimiter) for line in lines if line.strip())
    try:
        yield from islice((fields for fields in records if fields), _SAMPLED_RECORDS)
    except csv.Error:  # a row that the sample cuts; or what is wrong, and is reported when it is read
        return


def _in_quotes(lines: list[str], delimiter: str, no_header: bool) -> bool:
    """Whether all fields are in quotes: those of the header, or without one those of every row."""
    rows = list(_sampled(lines[: 1 if not no_header else None], delimiter, None))
    if not no_header:
        return bool(rows) and rows[0][0].startswith('"')
    return bool(rows) and all(_is_quoted(field) for fields in rows for field in fields)


def _are_wrapped(rows: list[list[str]]) -> bool:
    """Whether quotes around fields of TSV are of who wrote it.

    A column has them around all of its fields, or, as Excel does it, all fields with a comma have them and no others.
    """
    if len(rows) > 1 and any(all(map(_is_wrapped, column)) for column in zip(*rows, strict=True)):
        return True
    fields = [field for row in rows for field in row]
    quoted = [field for field in fields if _is_wrapped(field)]
    return (
        len(quoted) > 1
        and all("," in field or '""' in field for field in quoted)
        and all(_is_wrapped(field) for field in fields if "," in field)
    )


def _is_wrapped(field: str) -> bool:
    return _is_quoted(field) and '"' not in field[1:-1].replace('""', "")


def _is_quoted(field: str) -> bool:
    return len(field) > 1 and field[0] == field[-1] == '"'


class _Lines(Iterator[str]):
    """Lines with their numbers and what was wrong with them, some of which can be given back."""

    def __init__(self, lines: TextLines) -> None:
        self._lines = lines
        self._text = iter(lines)
        self._back: list[tuple[str, int, DataError | None]] = []
        self._taken: list[tuple[str, int, DataError | None]] = []
        self.number = 0

    def __next__(self) -> str:
        if self._back:
            entry = self._back.pop()
        else:
            text = next(self._text)
            entry = (text, self._lines.line, self._lines.take_error())
        self._taken.append(entry)
        self.number = entry[1]
        return entry[0]

    def place(self) -> str:
        """``file:line`` of the line that was read last."""
        return self._lines.place(self.number)

    def keep(self) -> DataError | None:
        """Take what was read since this was called last for good: the first thing wrong with it."""
        taken = self._taken
        error = taken[0][2] if taken else None
        if len(taken) > 1:
            error = next((error for _, _, error in taken if error is not None), None)
        taken.clear()
        return error

    def give_back(self, count: int) -> None:
        """The last ``count`` lines will be read again."""
        for _ in range(count):
            self._back.append(self._taken.pop())
        if self._taken:
            self.number = self._taken[-1][1]


def _quoted_records(ahead: _Lines, lines: TextLines, delimiter: str) -> Iterator[Record]:
    # Python refuses fields over 131,072 characters; documents are longer.
    csv.field_size_limit(max(LONGEST_ROW, csv.field_size_limit()))
    start = n_letters = n_values = 0

    def bounded() -> Iterator[str]:
        """The lines, as long as the row that they belong to is not too long."""
        nonlocal n_letters, n_values
        for line in ahead:
            n_letters += len(line)
            n_values += line.count(delimiter)
            if n_letters > LONGEST_ROW:
                raise row_too_long(
                    lines.place(start),
                    why=": perhaps a double quote that opens in it is not closed",
                    hint="--quoting none",
                )
            require_few_values(n_values, lines.place(start))
            yield line

    reader = csv.reader(bounded(), delimiter=delimiter, strict=True)
    while True:
        start = ahead.number + 1
        n_letters = n_values = 0
        try:
            fields = next(reader, None)
        except csv.Error as error:
            ends = ahead.number <= start
            broken = _csv_error(error, start, lines, ends=ends)
            if not ends:  # where the row ends, and whether what follows is one, is not known
                raise broken from error
            yield Record(start, [], ahead.keep() or broken)
            continue
        if fields is None:
            return
        error = ahead.keep()
        if fields or error:  # a blank line is no record
            yield Record(start, fields, error)


def _csv_error(error: csv.Error, start: int, lines: TextLines, *, ends: bool) -> RowMalformed:
    """What is wrong with the row at line ``start``; ``ends`` says whether it ends there, and the next can be read."""
    text = str(error)
    if "unexpected end of data" in text:
        return RowMalformed(
            f"A double quote that opens in the row at line {start} is not closed.",
            where=lines.place(start),
            expected='quotes in pairs, a quote inside a quoted text doubled: "she said ""yes"""; or quotes that are '
            "letters",
            hint="--quoting none",
        )
    if "new-line character" in text:
        return RowMalformed(
            f"A carriage return stands alone in line {start}.",
            where=lines.place(start),
            expected="lines that end in a line feed, or carriage return and line feed; "
            "for files of old Macintosh programs: tr '\\r' '\\n' < file > copy",
        )
    return RowMalformed(
        f"The row at line {start} cannot be read: {text}.",
        where=lines.place(start),
        expected='after a closing quote, what parts fields or the end of the line; inside quotes, a quote doubled ("")',
        hint="--on-error skip" if ends else "--quoting none",
    )


def _plain_records(
    ahead: _Lines, layout: Layout, *, width: int, note: Callable[[str], None]
) -> Iterator[Record]:
    """A line, a record; one that has ``width`` fields (0: as the first has) as CSV alone is read as CSV."""
    delimiter, lenient_quotes = layout.delimiter, layout.quoted is None
    attempts = _MOST_ATTEMPTS if lenient_quotes else 0
    mended = unwrapped = kept = 0
    for raw in ahead:
        bare = raw.rstrip("\r\n")
        start = ahead.number
        if not bare:
            ahead.keep()
            continue
        require_few_values(bare.count(delimiter), ahead.place())
        fields = bare.split(delimiter)
        if attempts and width and '"' in bare and _may_be_quoted(fields, width, delimiter, ahead):
            found = _as_quoted(raw, width, delimiter, ahead)
            if found is not None:
                mended += 1
                yield Record(start, found, ahead.keep())
                continue
            attempts -= 1
        if lenient_quotes and '"' in bare:
            read = [_unwrapped(field, always=layout.wraps) for field in fields]
            unwrapped += read != fields
            kept += any(map(_is_quoted, fields)) and read == fields
            fields = read
        width = width or len(fields)
        yield Record(start, fields, ahead.keep())
    if mended:
        note(
            f"texts in double quotes hold a {NAMES.get(delimiter, repr(delimiter))} or a line end in "
            f"{_n_rows(mended)}, read as CSV quotes them (--quoting none takes quotes for letters)"
        )
    if unwrapped:
        note(
            f"in {_n_rows(unwrapped)} double quotes around texts were taken off, as CSV has them "
            "(--quoting none keeps them)"
        )
    if kept:
        note(
            f"in {_n_rows(kept)} a text begins and ends with a double quote, which stayed part of it "
            "(--quoting csv takes it off)"
        )


def _n_rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _may_be_quoted(fields: list[str], width: int, delimiter: str, ahead: _Lines) -> bool:
    """Whether the line has another number of fields than the header, or its last text may continue in the next."""
    if len(fields) != width:
        return any(field.startswith('"') for field in fields)
    last = fields[-1]
    if not last.startswith('"') or last.count('"') % 2 == 0:
        return False
    following = next(ahead, None)
    if following is None:
        return False
    ahead.give_back(1)
    return following.count(delimiter) + 1 != width


def _as_quoted(raw: str, width: int, delimiter: str, ahead: _Lines) -> list[str] | None:
    """The record that begins with the line ``raw``, as CSV, if it has ``width`` fields; its lines are then read."""
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        yield raw
        length = len(raw)
        while read < _MOST_LINES_OF_A_TEXT:
            line = next(ahead, None)
            if line is None:
                return
            read += 1
            length += len(line)
            if length > _LONGEST_TEXT:
                return
            yield line

    try:
        fields = next(csv.reader(lines(), delimiter=delimiter, strict=True), [])
    except csv.Error:
        fields = []
    while len(fields) > width and not fields[-1]:
        fields.pop()
    if len(fields) == width:
        return fields
    ahead.give_back(read)
    return None


def _unwrapped(field: str, *, always: bool) -> str:
    """A field in quotes without them, if its inner quotes are doubled; where it has none, if that is asked for."""
    if not _is_wrapped(field) or not (always or '""' in field[1:-1]):
        return field
    return field[1:-1].replace('""', '"')
