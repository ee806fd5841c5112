"""One stream of rows for tables and for scoring: the files of a source, or of several, one row at a time.

``SourceRows`` gives rows as they were read, ``PairRows`` those that hold pairs, with their texts. Memory does not grow
with the source. Knows columns and texts, no labels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from samesay.data.columns import ColumnMap, find_columns, listed
from samesay.data.filters import DECIDING_ROWS, RowFilter, decoded_literal, literals_note, most_are_literals
from samesay.data.formats.readers import STANDARD_INPUT, RowStream
from samesay.data.options import ReadOptions
from samesay.data.rows import KnownRows, Row, SkippedRow, place, side_text
from samesay.data.sources import builtin
from samesay.data.sources.locate import Source, locate
from samesay.data.splits import SPLITS, Slice, split_column, split_of, splits_note
from samesay.errors import ColumnNotFound, DataError, SliceInvalid, SplitNotFound
from samesay.pairs import Pair, Sides

# Whether texts are bytes literals is decided by fewer rows where they are long.
_DECIDING_BYTES = 4 * 1024 * 1024


class SourceRows:
    """The rows of one split of a source, or of several sources in turn; a context manager, iterated once.

    Args:
        sources: As for ``load_pairs``, one or several.
        reading: How they are read; with ``on_error="skip"`` rows that cannot be read are given with their ``error``.
        split: The split, where a source was located before and has several.
        **options: Fields of ``ReadOptions`` that differ from ``reading``.

    Attributes:
        name: What messages call the first source.
        format: The format of its first file; ``None`` for generated pairs.
        columns: The column names, to be mapped with ``find_columns``.
        class_names: For columns of numbers whose names the first file itself holds: the names.
        schema: pyarrow's types of its columns, if it is a Parquet file.

    Raises:
        DataError: Where the source cannot be opened; while iterating, where a row cannot be read.
        ColumnNotFound: While iterating, if a file has other columns than the first.
    """

    def __init__(
        self,
        sources: str | Path | Source | Sequence[str | Path],
        reading: ReadOptions | None = None,
        *,
        split: str | None = None,
        **options: Any,
    ) -> None:
        self._reading = replace(reading or ReadOptions(), **options)
        self._split = split
        first, *self._others = [sources] if isinstance(sources, str | Path | Source) else list(sources)
        self._first = self._located(first)
        self.name = self._first.text
        self._openers = self._openers_of(self._first)
        self._open = self._openers[0]()
        self._untouched = True
        self._notes: list[str] = []
        self._first_file = self._open.name
        self.format: str | None = self._open.format
        self.columns = list(self._open.columns)
        self.class_names = self._open.class_names
        self.schema = self._open.schema

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(map(self._rows_of, self._in_turn()))

    def by_file(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Of the first source every file's name and rows, cut to a slice only where their number is known."""
        return self._files_of(self._first)

    @property
    def file(self) -> str:
        """The file that is open, as messages call it, or the source's name."""
        return self._open.name

    def place(self, row: Row) -> str:
        """Where the row that was read last stands, for messages: ``file:line``."""
        return place(self._open.name, row.line, row.number)

    @property
    def notes(self) -> list[str]:
        """What was decided in reading that a user may want to know, so far."""
        return self.reading_notes

    @property
    def reading_notes(self) -> list[str]:
        """Of the notes those on the files alone."""
        return [*self._notes, *self._open.notes]

    def first_rows(self) -> Sequence[Mapping[str, Any]]:
        """The values of the first rows, for an error that ends the reading."""
        return self._open.first_rows()

    def close(self) -> None:
        """Close the file that is open."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _located(self, source: str | Path | Source) -> Source:
        return source if isinstance(source, Source) else locate(source, split=self._reading.split)

    def _openers_of(self, source: Source) -> list[Callable[[], RowStream | KnownRows]]:
        split = self._split or self._split_of(source)
        if source.kind == "generated":
            return [partial(builtin.GeneratedRows, source.name, split, whole=source.split is None)]
        if source.tfds is not None:
            return [partial(source.tfds.split, split)]
        return [partial(RowStream, file, self._reading) for file in source.files(split)]

    def _split_of(self, source: Source) -> str:
        return source.only_split()

    def _in_turn(self) -> Iterator[Source]:
        yield self._first
        for each in self._others:
            source = self._located(each)
            self._openers = self._openers_of(source)
            yield source

    def _files_of(self, source: Source) -> Iterator[tuple[str, Iterator[Row]]]:
        for opener in self._openers:
            if not self._untouched:
                self._notes += self._open.notes
                self._open.close()
                self._open = opener()
                self._require_same_columns()
            self._untouched = False
            if isinstance(self._open, KnownRows):
                n_rows = len(self._open)
                bounds = source.slice.bounds(n_rows, where=self.file) if source.slice else (0, n_rows)
                yield self.file, self._open.rows(*bounds)
            else:
                yield self.file, iter(self._open)

    def _all_of(self, source: Source) -> Iterator[Row]:
        return chain.from_iterable(rows for _, rows in self._files_of(source))

    def _rows_of(self, source: Source) -> Iterator[Row]:
        cut = source.slice
        if cut is None or source.is_counted:
            return self._all_of(source)
        if cut.counts_forward:
            return _forward(self._all_of(source), cut, source.text)
        if source.name == STANDARD_INPUT:
            raise SliceInvalid(
                f"The slice {cut} needs the number of rows, which is not known beforehand of standard input.",
                where="standard input",
                expected="rows counted from the start, such as [100:200]",
            )
        n_rows = 0
        for opener in self._openers:
            stream = opener()
            n_rows += sum(1 for _ in stream)  # type: ignore[arg-type]
            stream.close()
        return islice(self._all_of(source), *cut.bounds(n_rows, where=source.text))

    def _require_same_columns(self) -> None:
        missing = [name for name in self.columns if name not in set(self._open.columns)]
        strange = [name for name in self._open.columns if name not in set(self.columns)]
        if not missing and not strange:
            return
        differ = [
            f"{verb} {listed([repr(name) for name in names])}"
            for verb, names in (("lacks", missing), ("brings", strange))
            if names
        ]
        raise ColumnNotFound(
            f"The columns of {self.file} are not those of {self._first_file}: it {' and '.join(differ)}.",
            where=self.file,
            expected=f"the columns {listed(self.columns)}, in any order",
        )


@dataclass(frozen=True, slots=True)
class PairRow:
    """A row with its pair.

    Attributes:
        file: Where it stands.
        row: As it was read; with its ``error`` where it is to be skipped.
        pair: Its two texts in reading order; nothing where it is to be skipped.
    """

    file: str
    row: Row
    pair: Pair | None

    @property
    def place(self) -> str:
        """``file:line``, or ``file row n``."""
        return place(self.file, self.row.line, self.row.number)

    def skipped(self, error: DataError) -> SkippedRow:
        """This row, left out because of ``error``."""
        return SkippedRow.of(self.file, self.row, error)


class PairRows(SourceRows):
    """The rows of sources that hold pairs, without repeated headers and those that meet no condition.

    Args:
        sources: As for ``SourceRows``.
        reading: How they are read; with ``on_error="skip"`` rows that cannot be used are given with their ``error``.
        sides: The names and reading order that are wanted; those of ``reading`` where absent.
        need_label: As for ``find_columns``.
        split: As for ``SourceRows``.

    Attributes:
        mapped: Which columns hold the two texts, and the gold answer if it is wanted.
        filter: What leaves rows out.
    """

    def __init__(
        self,
        sources: str | Path | Source | Sequence[str | Path],
        reading: ReadOptions,
        *,
        sides: Sides | None = None,
        need_label: bool | None = False,
        split: str | None = None,
    ) -> None:
        super().__init__(sources, reading, split=split)
        try:
            self.mapped: ColumnMap = find_columns(
                self.columns,
                where=self.file,
                sides=sides or reading.sides,
                columns=reading.columns,
                need_label=need_label,
                task=reading.task,
                rows=self.first_rows,
            )
            self.filter = self._new_filter()
        except BaseException:
            self.close()
            raise

    def pairs(self) -> Iterator[PairRow]:
        """The rows with their texts, source by source; of a file also a split that one of its columns names.

        Bytes literals are decoded where most of a side's first texts are such.
        """
        for source in self._in_turn():
            yield from self._paired(self._kept(source))

    @property
    def notes(self) -> list[str]:
        """What was decided in reading and in leaving rows out, so far."""
        left_out = [
            f"{count:,} {'row was' if count == 1 else 'rows were'} left out: {reason}"
            for reason, count in self.filter.left_out.items()
        ]
        return [*self.reading_notes, *self.mapped.notes, *left_out]

    def _new_filter(self) -> RowFilter:
        return RowFilter(self.columns, self.mapped, self._reading, self.place, where=self.file)

    def _split_of(self, source: Source) -> str:
        return SPLITS[0] if source.part else source.only_split()

    def _passed(self, rows: Iterable[Row], through: RowFilter) -> Iterator[Row]:
        return (found for row in rows if (found := through.passed(row)) is not None)

    def _kept(self, source: Source) -> Iterator[Row]:
        named = source.split if source.kind == "file" and source.split in SPLITS else None
        if named is None:
            return self._passed(self._rows_of(source), self.filter)
        column, n_rows = self._naming(source, named)
        rows = self._passed(self._all_of(source), self.filter)
        if column is not None:
            rows = (
                row for row in rows if row.error is not None or split_of(row.values.get(column))[0] == named
            )
        return rows if source.slice is None else _cut(rows, source.slice.bounds(n_rows, where=source.text))

    def _naming(self, source: Source, named: str) -> tuple[str | None, int]:
        """The column that names ``named`` as a row's split, if one does, and how many rows there are of it."""
        if source.name == STANDARD_INPUT:
            raise SplitNotFound(
                f"Which rows are of the split {named!r} only all of them show, and standard input is read once.",
                where="standard input",
                expected="a file; or all rows of standard input: -",
            )
        apart = {*self.mapped.to_dict().values(), *(one.column for one in self.filter.conditions)}
        n_rows = 0

        def values() -> Iterator[Mapping[str, Any]]:
            nonlocal n_rows
            with PairRows(replace(source, slice=None), self._reading, split=self._split_of(source)) as again:
                for row in again._passed(again._all_of(again._first), self._new_filter()):
                    if row.error is None:
                        n_rows += 1
                        yield row.values

        rows = values()
        found = split_column((name for name in self.columns if name not in apart), rows)
        if found is not None and named in found[1]:
            self._notes.append(f"{splits_note(*found)}: these are the rows of {named}")
            return found[0], sum(found[1][named].values())
        if source.part is not None:
            source.only_split()  # refuses it
        if source.slice is not None:
            deque(rows, maxlen=0)  # counts the rest
        return None, n_rows

    def _paired(self, rows: Iterator[Row]) -> Iterator[PairRow]:
        sides = (self.mapped.first, self.mapped.second)
        waiting: deque[tuple[str, Row]] = deque()
        read = ((self.file, row) for row in rows)
        literals = dict.fromkeys(sides, 0)
        decode: dict[str, bool] | None = None
        n_rows = 0
        while True:
            file, row = waiting.popleft() if waiting else next(read, (None, None))
            if row is None or file is None:
                break
            if row.error is not None:
                yield PairRow(file, row, None)
                continue
            n_rows += 1
            texts = []
            for side in sides:
                text = side_text(row.values, side, place=place(file, row.line, row.number))
                decoded = decoded_literal(text)
                if decoded is not None:
                    if decode is None:
                        if n_rows < DECIDING_ROWS:
                            waiting.extend(_ahead(read, DECIDING_ROWS - n_rows))
                        first = [row, *(each for _, each in waiting if each.error is None)]
                        decode = {
                            name: most_are_literals(
                                sum(decoded_literal(each.values.get(name)) is not None for each in first),
                                n_rows - 1 + len(first),
                            )
                            for name in sides
                        }
                    literals[side] += 1
                    text = decoded if decode[side] else text
                texts.append(text)
            yield PairRow(file, row, Pair(*texts))
        for side, count in literals.items():
            if count and decode is not None:
                self._notes.append(literals_note(side, count, n_rows, decoded=decode[side]))


def iter_rows(source: str | Path, reading: ReadOptions | None = None, **options: Any) -> Iterator[Row]:
    """The rows of one split of a source, one at a time, as they were read; see ``SourceRows``."""
    with SourceRows(source, reading, **options) as rows:
        yield from rows


def _ahead(rows: Iterator[tuple[str, Row]], most: int) -> Iterator[tuple[str, Row]]:
    held = 0
    for file, row in islice(rows, most):
        yield file, row
        held += row.held_bytes
        if held > _DECIDING_BYTES:
            return


def _forward(rows: Iterator[Row], cut: Slice, where: str) -> Iterator[Row]:
    """The rows of a slice that counts from the start; refused, as in a table, where they end too early."""
    start = cut.start.value if cut.start else 0
    stop = cut.stop.value if cut.stop else None
    read = 0
    if stop is not None and start >= stop:
        cut.bounds(start, where=where)
    for row in islice(rows, stop):
        read += 1
        if read > start:
            yield row
    if read <= start or (stop is not None and read < stop):
        cut.bounds(read, where=where)


def _cut(rows: Iterator[Row], bounds: tuple[int, int]) -> Iterator[Row]:
    """The rows between two places, those aside that are to be skipped: they have none."""
    start, stop = bounds
    at = 0
    for row in rows:
        if row.error is None:
            at += 1
        if start < at <= stop or (row.error is not None and at == start):
            yield row
        if at == stop:
            return
