"""Parquet to rows, a batch at a time; pyarrow is imported when a file is opened. Knows no column's use.

Arrow unpacks a page whole, and gives as many rows as it is asked for, whatever they weigh; the file's own summary does
not give the size of pages. Their headers do, which Thrift's compact protocol writes as the Parquet specification says:
they are looked at before anything is unpacked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from samesay.data.bounds import (
    BATCH_BYTES,
    LONGEST_ROW,
    MOST_NESTED,
    MOST_OPEN_PAGES,
    require_few_columns,
    row_too_long,
)
from samesay.data.formats.textlines import reading_failed
from samesay.data.rows import Row, require_different
from samesay.errors import (
    DataError,
    EncodingInvalid,
    ExtraMissing,
    MemoryExhausted,
    NoRows,
    RowMalformed,
    SameSayError,
)

_MOST_ROWS = 4096
_DICTIONARY_PAGE = 2
_PLAIN, _DELTA_LENGTHS = 0, 6
_HEADER_BYTES = 512
_MOST_DEPTH = 8


@dataclass(frozen=True, slots=True)
class GroupSize:
    """What reading a row group takes.

    Attributes:
        open_bytes: Of the largest pages of all columns together.
        rows_at_once: Rows that come to ``BATCH_BYTES`` at most, as far as pages show; at least 1.
        nested: Values of its largest column of lists.
    """

    open_bytes: int
    rows_at_once: int
    nested: int

    @property
    def fault(self) -> str | None:
        """Why it cannot be read in bounded memory, if it cannot."""
        if self.open_bytes > MOST_OPEN_PAGES:
            return f"its pages take {self.open_bytes:,} bytes at a time once they are unpacked"
        if self.nested > MOST_NESTED:
            return f"a column of lists has {self.nested:,} values in one row group"
        return None


def group_size(stream: BinaryIO, file: Any, number: int) -> GroupSize:
    """Look at the page headers of a row group."""
    group = file.metadata.row_group(number)
    open_bytes = nested = 0
    row_bytes = 0.0
    for place in range(group.num_columns):
        column = group.column(place)
        start = column.data_page_offset
        if column.has_dictionary_page and 0 < (column.dictionary_page_offset or 0) < start:
            start = column.dictionary_page_offset
        dictionary = largest = 0
        value_bytes = 0.0
        for size, n_values, encoding in _pages(stream, start, column.total_compressed_size):
            if encoding is None:
                dictionary = max(dictionary, size)
                continue
            largest = max(largest, size)
            # Told by a number, or by what it shares with the one before, a value may be as long as all of them.
            own = encoding in (_PLAIN, _DELTA_LENGTHS)
            share = size / max(n_values, 1) if own else max(dictionary, size)
            value_bytes = max(value_bytes, share)
        open_bytes += largest + dictionary
        levels = file.schema.column(place)
        values_a_row = 1.0
        if levels.max_repetition_level:
            nested = max(nested, column.num_values)
            values_a_row = max(1.0, column.num_values / max(group.num_rows, 1))
        if column.physical_type in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"):
            row_bytes += min(value_bytes, max(dictionary, largest)) * values_a_row
        else:
            row_bytes += 8 * values_a_row
    return GroupSize(open_bytes, max(1, min(_MOST_ROWS, int(BATCH_BYTES / max(row_bytes, 1)))), nested)


def _pages(stream: BinaryIO, start: int, n_bytes: int) -> Iterator[tuple[int, int, int | None]]:
    """Of each page its size once unpacked, its values, and their encoding; None for a dictionary."""
    at, end = start, start + n_bytes
    while at < end:
        header, length = _header(stream, at)
        kind, size, packed = (header.get(field) for field in (1, 2, 3))
        if not (isinstance(size, int) and isinstance(packed, int) and size >= 0 and packed >= 0):
            raise ValueError("a page header without its sizes")
        facts = header.get(5) or header.get(8) or {}
        n_values = facts.get(1)
        encoding = None if kind == _DICTIONARY_PAGE else facts.get(2 if 5 in header else 4, -1)
        yield size, n_values if isinstance(n_values, int) else 0, encoding
        at += length + packed


def _header(stream: BinaryIO, at: int) -> tuple[dict[int, Any], int]:
    """A page header and its length; it may hold the largest and the smallest value, and so be long."""
    wanted = _HEADER_BYTES
    while True:
        stream.seek(at)
        content = stream.read(wanted)
        try:
            return _struct(content, 0, 0)
        except IndexError:
            if len(content) < wanted or wanted > LONGEST_ROW:
                raise ValueError("a page header without its end") from None
            wanted *= 16


def _struct(content: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """The fields of a struct by number, and where it ends."""
    if depth > _MOST_DEPTH:
        raise ValueError("a page header that is nested too deep")
    fields: dict[int, Any] = {}
    number = 0
    while content[at]:
        kind, step = content[at] & 15, content[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _integer(content, at)
        fields[number], at = _value(content, at, kind, depth)
    return fields, at + 1


def _value(content: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, at
    if kind == 3:
        return content[at], at + 1
    if kind in (4, 5, 6):
        return _integer(content, at)
    if kind == 7:
        return None, at + 8
    if kind == 8:
        length, at = _unsigned(content, at)
        if at + length > len(content):
            raise IndexError
        return None, at + length
    if kind == 12:
        return _struct(content, at, depth + 1)
    raise ValueError("a page header with a field that none has")


def _integer(content: bytes, at: int) -> tuple[int, int]:
    number, at = _unsigned(content, at)
    return (number >> 1) ^ -(number & 1), at


def _unsigned(content: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        number |= (content[at] & 127) << shift
        at += 1
        if content[at - 1] < 128:
            return number, at
    raise ValueError("a page header with a number without its end")


_MOST_BUFFERED = 1 << 20
# A list's numbers as Python's own.
_NESTED_TIMES = 10
# What pyarrow raises of values that Python's own types cannot hold, its own errors, which are ValueErrors, among them.
_NO_PYTHON_VALUE = (ArithmeticError, ValueError, LookupError, TypeError, OSError)


def read_parquet(
    stream: BinaryIO, name: str, *, lenient: bool = False
) -> tuple[Any, Iterator[Row], dict[str, list[str]]]:
    """Pyarrow's schema, the rows one by one, and the names of numbered labels where the schema holds them."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ExtraMissing.of("parquet", "pyarrow", "Reading Parquet files") from error
    if not stream.read(1):
        raise NoRows(f"{name} is empty.", where=name, expected="a Parquet file")
    stream.seek(0)
    try:
        footer = pq.read_metadata(stream)
        require_few_columns(footer.num_columns, name)
        stream.seek(0)
        buffered = min(_MOST_BUFFERED, max(4096, BATCH_BYTES // max(footer.num_columns, 1)))
        file = pq.ParquetFile(stream, metadata=footer, pre_buffer=False, buffer_size=buffered)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise _failed(name, error) from error
    require_different(schema.names, where=name)
    return schema, _rows(stream, file, name, lenient=lenient), _class_names(schema.metadata or {})


def _batches(stream: BinaryIO, file: Any, name: str) -> Iterator[Any]:
    """The file's rows in batches of bounded size, a row group after the other."""
    import pyarrow as pa

    for number in range(file.num_row_groups):
        try:
            size = group_size(stream, file, number)
            if size.fault is not None:
                raise RowMalformed(
                    f"Row group {number + 1} of {name} is too large to be read: {size.fault}.",
                    where=name,
                    expected=f"pages of {MOST_OPEN_PAGES:,} bytes together and {MOST_NESTED:,} values of a list column "
                    "at most; writers make pages of a million bytes",
                    hint="write it with smaller row groups, or leave out the columns that are no texts",
                )
            # In one thread: for a few rows at a time several are slower.
            for batch in file.iter_batches(size.rows_at_once, row_groups=[number], use_threads=False):
                if batch.nbytes <= LONGEST_ROW:
                    yield batch
                else:
                    yield from (batch.slice(row, 1) for row in range(batch.num_rows))
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise _failed(name, error) from error


def _rows(stream: BinaryIO, file: Any, name: str, *, lenient: bool) -> Iterator[Row]:
    number = 0
    for batch in _batches(stream, file, name):
        names = batch.schema.names
        if batch.num_rows == 1 and batch.nbytes > LONGEST_ROW:
            number += 1
            error = row_too_long(f"{name} row {number}")
            if not lenient:
                raise error
            yield Row(number, None, {}, error)
            continue
        errors: dict[int, DataError] = {}
        columns = [
            _values(batch.column(place), names[place], name, number, errors) for place in range(len(names))
        ]
        if errors and not lenient:
            raise errors[min(errors)]
        nested = _NESTED_TIMES * batch.nbytes // batch.num_rows if _is_nested(batch.schema) else 0
        for place, values in enumerate(zip(*columns, strict=True)):
            number += 1
            error = errors.get(place)
            yield Row(number, None, {} if error else dict(zip(names, values, strict=True)), error, nested)


def _is_nested(schema: Any) -> bool:
    import pyarrow as pa

    return any(pa.types.is_nested(kind) for kind in schema.types)


def _values(column: Any, title: str, name: str, rows_before: int, errors: dict[int, DataError]) -> list[Any]:
    """The column's values as Python's; bytes become text, since that is what other tools write texts as.

    What is no text stays as it is in a column of bytes, which need not be meant as one; in a column of texts it becomes
    None, and a row of ``errors``.
    """
    try:
        return [_text_if_it_is(value) for value in column.to_pylist()]
    except UnicodeDecodeError:
        pass  # one of them, and only one by one is found which
    except _NO_PYTHON_VALUE:
        column = _as_text(column)
    values: list[Any] = []
    for place in range(len(column)):
        try:
            values.append(_text_if_it_is(column[place].as_py()))
        except UnicodeDecodeError as error:
            row = rows_before + place + 1
            values.append(None)
            errors.setdefault(
                place,
                EncodingInvalid(
                    f"Byte 0x{error.object[error.start]:02x} in column {title!r} of row {row} is not UTF-8.",
                    where=f"{name} row {row}",
                    expected="text in UTF-8",
                ),
            )
        except _NO_PYTHON_VALUE as error:
            row = rows_before + place + 1
            values.append(None)
            errors.setdefault(
                place,
                RowMalformed(
                    f"The {column.type} in column {title!r} of row {row} cannot be read: {error}.",
                    where=f"{name} row {row}",
                    expected="a text, a number, or a date that there is",
                ),
            )
    return values


def _as_text(column: Any) -> Any:
    """Times beyond Python's years, or of a zone that nobody knows, as texts, or as the number of their ticks."""
    import pyarrow as pa

    if pa.types.is_temporal(column.type):
        for steps in ((pa.string(),), (pa.int64(), pa.string()), (pa.int32(), pa.string())):
            try:
                found = column
                for kind in steps:
                    found = found.cast(kind)
                return found
            except pa.ArrowException:
                continue
    return column


def _text_if_it_is(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Label names that Hugging Face ``datasets`` writes beside the numbers of a ``ClassLabel`` column."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # a note of another tool, in a form we do not know: the numbers stay numbers


def _failed(name: str, error: Exception) -> SameSayError:
    if MemoryExhausted.explains(error):
        return MemoryExhausted(
            f"Memory ran out while {name} was read.",
            where=name,
            hint="write it with smaller row groups and pages",
        )
    if isinstance(error, OSError) and error.errno is not None:
        return reading_failed(name, error)
    return RowMalformed(
        f"{name} is not a complete Parquet file: {(str(error) or type(error).__name__).splitlines()[0]}",
        where=name,
        expected="a Parquet file, whole",
        hint="it may have been cut short while copying; fetch it again",
    )
