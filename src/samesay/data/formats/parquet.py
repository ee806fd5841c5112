"""Parquet to rows, a batch at a time; pyarrow is imported when a file is opened. Knows no column's use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from samesay.data.bounds import (
    BATCH_BYTES,
    LONGEST_ROW,
    MOST_NESTED,
    MOST_OPEN_PAGES,
    require_few_columns,
    row_too_long,
)
from samesay.data.formats.parquet_pages import group_size
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

_MOST_BUFFERED = 1 << 20
# A list's numbers as Python's own.
_NESTED_TIMES = 10
# What pyarrow raises of values that Python's own types cannot hold, its own errors, which are ValueErrors, among them.
_NO_PYTHON_VALUE = (ArithmeticError, ValueError, LookupError, TypeError, OSError)


def read_parquet(
    stream: BinaryIO, name: str, *, lenient: bool = False
) -> tuple[list[str], Iterator[Row], dict[str, list[str]]]:
    """The columns, the rows one by one, and the names of numbered labels where the file's schema tells them.

    Args:
        stream: A seekable stream of the whole file.
        name: What messages call it.
        lenient: Give a row whose texts are not UTF-8 with its error.

    Raises:
        ExtraMissing: Without pyarrow.
        RowMalformed: If it is not a complete Parquet file.
    """
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
    return list(schema.names), _rows(stream, file, name, lenient=lenient), _class_names(schema.metadata or {})


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
