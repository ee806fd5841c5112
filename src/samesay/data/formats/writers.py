"""Rows out, in the formats that rows are read in: CSV, TSV, JSON Lines, Parquet, each also gzipped.

What is written is read back by `samesay.data` as the same texts. Knows columns and values, nothing of what they mean.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from samesay.data.formats.readers import STANDARD_INPUT, format_of
from samesay.data.rows import printable
from samesay.errors import (
    DataError,
    ExtraMissing,
    NulByte,
    OutputUnwritable,
    RowMalformed,
    TargetExists,
    UsageError,
)
from samesay.storage import destination, new_file

_GZIPPED = ".gz"


def require_file(output: str | Path, *, overwrite: bool) -> None:
    """Refuse an output that could not be written, before any work."""
    if str(output) == STANDARD_INPUT:
        raise UsageError(
            "A list of results goes to a file.",
            where="--output",
            expected="the name of a file",
            hint="--json prints it",
        )
    format_of(Path(output))
    require_new(output, overwrite=overwrite)


def require_apart(outputs: Mapping[str, str | Path | None]) -> None:
    """Refuse outputs of which one would replace another.

    Args:
        outputs: By the option that names each; None for those not asked for.
    """
    options: dict[Path, str] = {}
    for option, output in outputs.items():
        other = option if output is None else options.setdefault(Path(output).resolve(), option)
        if other != option:
            raise UsageError(
                f"{output} was named twice: by {other} and by {option}.",
                where=option,
                expected="a file of its own for each",
            )


def require_new(output: str | Path, *, overwrite: bool) -> None:
    """Refuse a file that could not be written, before any work."""
    path = Path(output)
    destination(path)
    if path.is_dir():
        raise OutputUnwritable(f"{path} is a folder.", where=str(path), expected="the name of a file")
    if not overwrite and os.path.lexists(path):
        raise TargetExists(
            f"{path} exists already.",
            where=str(path),
            hint="name another output, or replace it with --overwrite (overwrite=True)",
        )


def write_rows(
    output: str | Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, overwrite: bool
) -> None:
    """Write rows in the format that the name of ``output`` shows."""
    path = Path(output)
    with new_file(destination(path), replace=overwrite) as stream:
        gzipped = path.suffix.lower() == _GZIPPED
        with table_writer(stream, format_of(path), columns, gzipped=gzipped) as writer:
            writer.write(rows, [f"result {number}" for number in range(1, len(rows) + 1)])


def write_text(output: str | Path, text: str, *, overwrite: bool) -> None:
    """Write ``text`` as UTF-8."""
    with new_file(destination(output), replace=overwrite) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def rounded(probability: float) -> float:
    """A probability with the digits that a float32 has, and not the 17 of its float64."""
    return float(f"{probability:.7g}")


# A text that the reader of TSV would unwrap: in quotes, with a doubled quote inside.
_WRAPPED = re.compile(r'"(?:[^"]|"")*""(?:[^"]|"")*"')
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
# The place of a header, as messages call it.
_HEADER = "header"


Refuse = Callable[[int, DataError], None]


class TableWriter(Protocol):
    """Writes rows of known columns to a stream."""

    def write(
        self, rows: Sequence[Mapping[str, Any]], places: Sequence[str], refuse: Refuse | None = None
    ) -> None:
        """Write rows; ``places`` says where each comes from, for messages.

        A row that the format cannot hold is raised, or left out and handed to ``refuse`` with its index.
        """
        ...


@contextmanager
def table_writer(
    stream: BinaryIO,
    format: str,
    columns: Sequence[str],
    *,
    gzipped: bool,
    schema: Any = None,
    header: bool = True,
) -> Iterator[TableWriter]:
    """A writer of ``format``; what ends the format is written where the block ends well. The stream stays open.

    Args:
        stream: Where the bytes go.
        format: ``csv``, ``tsv``, ``jsonl`` or ``parquet``.
        columns: The names of all columns in order.
        gzipped: Whether the bytes are compressed.
        schema: For Parquet: pyarrow's types of the columns that are known already.
        header: Whether CSV and TSV begin with the names; false for what will follow other rows.
    """
    target = _Gzip(stream) if gzipped else _Plain(stream)
    if format == "parquet":
        writer = _ParquetWriter(target, columns, schema)
    elif format == "jsonl":
        writer = _TextWriter(target, columns, _json_line)
    else:
        line = _csv_line if format == "csv" else _tsv_line
        writer = _TextWriter(target, columns, line)
        if header:
            names = dict(zip(columns, columns, strict=True))
            target.write(line(names, columns, _HEADER).encode("utf-8"))
    try:
        yield writer
        writer.close()
    except BaseException:
        writer.abandon()
        raise


def parquet_schema(table: bytes) -> Any:
    """The column types of a Parquet file in memory, as pyarrow's schema."""
    import pyarrow
    import pyarrow.parquet as pq

    return pq.read_schema(pyarrow.BufferReader(table))


def join_parquet(tables: Iterable[bytes], stream: BinaryIO, *, gzipped: bool) -> None:
    """Whole Parquet files of one schema, one after the other, as one file, a row group for each."""
    import pyarrow
    import pyarrow.parquet as pq

    target = _Gzip(stream) if gzipped else _Plain(stream)
    writer = None
    try:
        for each in filter(None, tables):
            table = pq.read_table(pyarrow.BufferReader(each))
            writer = writer or pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()
        target.close()
    except BaseException:
        _abandon(writer)
        raise


def field(value: Any) -> str:
    """A value as the text of a field: null as nothing, bytes in hexadecimal, truth values and lists as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=printable)
    return printable(value)


class _Plain:
    """The stream itself, kept open by whoever opened it. What pyarrow asks of a file is here too."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._written = 0

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Nothing: the stream is flushed by its owner."""

    def close(self) -> None:
        """Write what is still held back."""


class _Gzip(_Plain):
    """Compressed on the way; equal content gives equal bytes, since zlib writes no time."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)
        self._compressor = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)

    def write(self, data: bytes) -> int:
        self._stream.write(self._compressor.compress(data))
        self._written += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.write(self._compressor.flush())


class _TextWriter:
    def __init__(self, target: _Plain, columns: Sequence[str], line: Any) -> None:
        self._target = target
        self._columns = list(columns)
        self._known = frozenset(columns)
        self._line = line
        self._has_header = line is not _json_line

    def write(
        self, rows: Sequence[Mapping[str, Any]], places: Sequence[str], refuse: Refuse | None = None
    ) -> None:
        lines = []
        for index, (row, place) in enumerate(zip(rows, places, strict=True)):
            try:
                if self._has_header:
                    _refuse_unknown(row, self._known, place)
                lines.append(self._line(row, self._columns, place))
            except DataError as error:
                if refuse is None:
                    raise
                refuse(index, error)
        self._target.write("".join(lines).encode("utf-8"))

    def close(self) -> None:
        self._target.close()

    def abandon(self) -> None:
        pass


def _csv_line(row: Mapping[str, Any], columns: Sequence[str], place: str) -> str:
    # Python's csv module leaves a lone carriage return unquoted, which its own reader then refuses.
    fields = [_without_nul(field(row.get(column)), column, place) for column in columns]
    quoted = [
        f'"{each.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(each) else each for each in fields
    ]
    return ",".join(quoted) + "\n"


def _tsv_line(row: Mapping[str, Any], columns: Sequence[str], place: str) -> str:
    fields = []
    for column in columns:
        text = _without_nul(field(row.get(column)), column, place)
        if "\t" in text or "\n" in text:
            raise RowMalformed(
                f"{column!r} holds a tab or a line end, which TSV cannot.",
                where=place,
                expected="texts without tabs and line ends",
                hint="name an output in another format: .csv, .jsonl or .parquet",
            )
        if place == _HEADER and text.startswith('"'):
            raise RowMalformed(
                f"The column {column!r} begins with a quote, which in a TSV header means that all is quoted.",
                expected="another name",
                hint="name an output in another format: .csv, .jsonl or .parquet",
            )
        doubled = text.replace('"', '""')
        fields.append(f'"{doubled}"' if text.startswith('"') and _WRAPPED.fullmatch(text) else text)
    return "\t".join(fields) + "\n"


def _json_line(row: Mapping[str, Any], columns: Sequence[str], place: str) -> str:
    return json.dumps(dict(row), ensure_ascii=False, default=printable) + "\n"


def _without_nul(text: str, column: str, place: str) -> str:
    if "\0" in text:
        raise NulByte(
            f"{column!r} holds a NUL character, which a text file cannot.",
            where=place,
            hint="name an output in another format: .jsonl or .parquet",
        )
    return text


def require_known_columns(
    output: str | Path, columns: Sequence[str], rows: Iterable[tuple[Mapping[str, Any], str]]
) -> None:
    """Refuse rows that a file in a format with a header cannot hold, before anything is made of them."""
    if format_of(Path(output)) != "jsonl":
        known = frozenset(columns)
        for row, place in rows:
            _refuse_unknown(row, known, place)


def _refuse_unknown(row: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    strange = [name for name in row if name not in known]
    if strange:
        raise RowMalformed(
            f"The row has {strange[0]!r}, which the first row does not have.",
            where=place,
            expected="the same keys in every row where a header names them once",
            hint="name an output ending in .jsonl, where every row has its own",
        )


# Arrow's own errors are among them.
_NOT_ARROWS = (TypeError, OverflowError, ValueError, NotImplementedError)


class _ParquetWriter:
    """Columns keep the types that the input declares; others take those of the first rows written."""

    def __init__(self, target: _Plain, columns: Sequence[str], schema: Any) -> None:
        try:
            import pyarrow
        except ImportError as error:
            raise ExtraMissing.of("parquet", "pyarrow", "Writing Parquet files") from error
        self._pa = pyarrow
        self._target = target
        self._columns = list(columns)
        self._known = frozenset(columns)
        self._types = {each.name: each.type for each in schema} if schema is not None else {}
        self._schema: Any = None
        self._writer: Any = None

    def write(
        self, rows: Sequence[Mapping[str, Any]], places: Sequence[str], refuse: Refuse | None = None
    ) -> None:
        fitting = []
        for index, (row, place) in enumerate(zip(rows, places, strict=True)):
            try:
                _refuse_unknown(row, self._known, place)
                fitting.append(row)
            except DataError as error:
                if refuse is None:
                    raise
                refuse(index, error)
        rows = fitting
        values = {column: [row.get(column) for row in rows] for column in self._columns}
        self._begin(values, places)
        arrays = [self._array(values[each.name], each, places) for each in self._schema]
        with self._held(places):
            self._writer.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._begin({column: [] for column in self._columns}, [])
        self._writer.close()
        self._target.close()

    def abandon(self) -> None:
        _abandon(self._writer)

    def _begin(self, values: Mapping[str, list[Any]], places: Sequence[str]) -> None:
        if self._writer is not None:
            return
        import pyarrow.parquet as pq

        fields = []
        for column in self._columns:
            kind = self._types.get(column)
            if kind is None:
                try:
                    kind = self._pa.infer_type(values[column])
                except _NOT_ARROWS as error:
                    raise self._mixed(column, "none", error, places) from error
                if self._pa.types.is_null(kind):
                    kind = self._pa.string()
            fields.append(self._pa.field(column, kind))
        self._schema = self._pa.schema(fields)
        with self._held(places):
            self._writer = pq.ParquetWriter(self._target, self._schema, compression="zstd")

    @contextmanager
    def _held(self, places: Sequence[str]) -> Iterator[None]:
        """What Arrow can hold and Parquet cannot, such as objects without a key."""
        try:
            yield
        except _NOT_ARROWS as error:
            raise RowMalformed(
                f"The rows hold what Parquet cannot: {error}.",
                where=places[0] if places else None,
                hint="name an output ending in .jsonl, where every value keeps its own type",
            ) from error

    def _array(self, values: list[Any], column: Any, places: Sequence[str]) -> Any:
        try:
            return self._pa.array(values, column.type)
        except _NOT_ARROWS as error:
            raise self._mixed(column.name, column.type, error, places) from error

    def _mixed(self, column: str, kind: Any, error: Exception, places: Sequence[str]) -> RowMalformed:
        return RowMalformed(
            f"{column!r} holds values of different types, and a Parquet column has one, here {kind}, taken "
            f"from the first rows: {error}",
            where=f"{places[0]} or one of the {len(places)} rows from there" if places else None,
            hint="name an output ending in .jsonl, where every value keeps its own type",
        )


def _abandon(writer: Any) -> None:
    if writer is not None:
        with suppress(Exception):
            writer.close()
        # Or the writer's own __del__ would try once more, and complain where nobody listens.
        writer.is_open = False
