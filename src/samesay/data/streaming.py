"""A source row by row, in bounded memory, for files that are larger than the machine. Knows no labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from samesay.data.columns import listed
from samesay.data.formats.readers import STANDARD_INPUT, RowStream
from samesay.data.options import ReadOptions
from samesay.data.rows import Row
from samesay.data.sources import builtin
from samesay.data.sources.locate import Source, locate
from samesay.data.sources.tfds import TfdsSplit
from samesay.errors import ColumnNotFound, SliceInvalid


class SourceRows:
    """The rows of one split of a source; a context manager, iterated once.

    Args:
        source: As for ``load_pairs``.
        reading: How it is read; with ``on_error="skip"`` rows that cannot be read are given with their ``error``.
        **options: Fields of ``ReadOptions`` that differ from ``reading``.

    Attributes:
        name: What messages call the source.
        format: The format of its first file; ``None`` for generated pairs and for those of TFDS.
        columns: The column names, to be mapped with ``find_columns``.

    Raises:
        DataError: Where the source cannot be opened; while iterating, where a row cannot be read.
    """

    def __init__(
        self,
        source: str | Path,
        reading: ReadOptions | None = None,
        **options: Any,
    ) -> None:
        self._reading = replace(reading or ReadOptions(), **options)
        self._source = locate(source, split=self._reading.split)
        self._split = self._source.only_split()
        self.name = self._source.text
        self.format: str | None = None
        self._stream: RowStream | None = None
        self._notes: list[str] = []
        self._counted: list[Row] | TfdsSplit | None = None
        if self._source.is_generated:
            whole = self._source.split is None
            self.columns, self._counted = builtin.generated_rows(self._source.name, self._split, whole=whole)
            return
        if self._source.tfds is not None:
            self._counted = prepared = self._source.tfds.split(self._split)
            self.columns = prepared.columns
            return
        self._files = (builtin.HANDWRITTEN,) if self._source.built_in else self._source.files(self._split)
        self._stream = RowStream(self._files[0], self._reading)
        self.format = self._stream.format
        self.columns = self._stream.columns

    def __iter__(self) -> Iterator[Row]:
        cut = self._source.slice
        if cut is None:
            return self._all_rows()
        if cut.counts_forward:
            return _forward(self._all_rows(), self._source)
        if self._counted is None and STANDARD_INPUT in map(str, self._files):
            raise SliceInvalid(
                f"The slice {cut} needs the number of rows, which standard input does not tell beforehand.",
                where="standard input",
                expected="rows counted from the start, such as [100:200]",
            )
        start, stop = cut.bounds(self._count(), where=self.name)
        return islice(self._all_rows(), start, stop)

    @property
    def file(self) -> str:
        """The file that is open, as messages call it, or the source's name."""
        return self.name if self._stream is None else self._stream.name

    def place(self, row: Row) -> str:
        """Where the row that was read last stands, for messages: ``file:line``."""
        return f"{self.name} row {row.number}" if self._stream is None else self._stream.place(row)

    @property
    def notes(self) -> list[str]:
        """What was decided in reading that a user may want to know, so far."""
        return [] if self._stream is None else [*self._notes, *self._stream.notes]

    def first_rows(self) -> Sequence[Mapping[str, Any]]:
        """The values of the first rows, for an error that ends the reading."""
        return () if self._stream is None else self._stream.first_rows()

    def close(self) -> None:
        """Close the file that is open."""
        if self._stream is not None:
            self._stream.close()

    def __enter__(self) -> SourceRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _all_rows(self) -> Iterator[Row]:
        if self._stream is None:
            yield from self._counted or ()
            return
        yield from self._stream
        for path in self._files[1:]:
            self._notes += self._stream.notes
            self._stream.close()
            self._stream = RowStream(path, self._reading)
            if set(self._stream.columns) != set(self.columns):
                raise ColumnNotFound(
                    f"The columns of {path} are not those of {self._files[0]}: "
                    f"{listed(self._stream.columns)}.",
                    where=str(path),
                    expected=listed(self.columns),
                )
            yield from self._stream

    def _count(self) -> int:
        if self._counted is not None:
            return len(self._counted)
        n_rows = 0
        for path in self._files:
            with RowStream(path, self._reading) as stream:
                n_rows += sum(1 for _ in stream)
        return n_rows


def iter_rows(source: str | Path, reading: ReadOptions | None = None, **options: Any) -> Iterator[Row]:
    """The rows of one split of a source, one at a time, as they were read; see ``SourceRows``."""
    with SourceRows(source, reading, **options) as rows:
        yield from rows


def _forward(rows: Iterator[Row], source: Source) -> Iterator[Row]:
    """The rows of a slice that counts from the start; refused, as in a table, where they end too early."""
    cut = source.slice
    assert cut is not None
    start = cut.start.value if cut.start else 0
    stop = cut.stop.value if cut.stop else None
    read = 0
    if stop is not None and start >= stop:
        cut.bounds(start, where=source.text)
    for row in islice(rows, stop):
        read += 1
        if read > start:
            yield row
    if read <= start or (stop is not None and read < stop):
        cut.bounds(read, where=source.text)
