"""Parquet to rows, a batch at a time; pyarrow is imported when a file is opened. Knows no column's use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from samesay.data.rows import Row, require_different
from samesay.errors import EncodingInvalid, ExtraMissing, NoRows, RowMalformed

_BATCH_ROWS = 4096


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
        file = pq.ParquetFile(stream)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name, error) from error
    schema = file.schema_arrow
    require_different(schema.names, where=name)
    return list(schema.names), _rows(file, name, lenient=lenient), _class_names(schema.metadata or {})


def _rows(file: Any, name: str, *, lenient: bool) -> Iterator[Row]:
    import pyarrow as pa

    number = 0
    batches = file.iter_batches(batch_size=_BATCH_ROWS)
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(name, error) from error
        if batch is None:
            return
        names = batch.schema.names
        errors: dict[int, EncodingInvalid] = {}
        columns = [
            _values(batch.column(place), names[place], name, number, errors) for place in range(len(names))
        ]
        if errors and not lenient:
            raise errors[min(errors)]
        for place, values in enumerate(zip(*columns, strict=True)):
            number += 1
            error = errors.get(place)
            yield Row(number, None, {} if error else dict(zip(names, values, strict=True)), error)


def _values(
    column: Any, title: str, name: str, rows_before: int, errors: dict[int, EncodingInvalid]
) -> list[Any]:
    """The column's values as Python's; bytes become text, since that is what other tools write texts as.

    What is no text stays as it is in a column of bytes, which need not be meant as one; in a column of texts it becomes
    None, and a row of ``errors``.
    """
    try:
        return [_text_if_it_is(value) for value in column.to_pylist()]
    except UnicodeDecodeError:
        pass  # one of them, and only one by one is found which
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
    return values


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
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # a note of another tool, in a form we do not know: the numbers stay numbers


def _damaged(name: str, error: Exception) -> RowMalformed:
    return RowMalformed(
        f"{name} is not a complete Parquet file: {str(error).splitlines()[0]}",
        where=name,
        expected="a Parquet file, whole",
        hint="it may have been cut short while copying; fetch it again",
    )
