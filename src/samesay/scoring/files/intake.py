"""Sources to chunks of pairs, always cut at the same rows, with what cannot be read set aside.

Knows columns and rows, nothing of what a model says of them.
"""

from __future__ import annotations

import glob
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from samesay.data import ColumnMap, ReadOptions, Row, SourceRows, find_columns, side_text
from samesay.data.rows import SkippedRow
from samesay.errors import ColumnNotFound, DataError, RowMalformed, SourceNotFound, UsageError
from samesay.pairs import Pair, Sides

_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A row with its pair.

    Attributes:
        values: What it holds, column to value.
        pair: Its two texts in the model's reading order.
        file: Where it stands.
        line: The line on which it begins, from 1; None where the format has no lines.
        number: Its place among the file's rows, from 1.
    """

    values: dict[str, Any]
    pair: Pair
    file: str
    line: int | None
    number: int

    @property
    def place(self) -> str:
        """``file:line``, or ``file row n``."""
        return f"{self.file} row {self.number}" if self.line is None else f"{self.file}:{self.line}"

    def skipped(self, error: DataError) -> SkippedRow:
        """This row, left out because of ``error``."""
        return SkippedRow(self.file, self.line, self.number, error.code, error.message)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are answered together.

    Attributes:
        rows: Those that could be read.
        skipped: Those that could not.
        files: The files that they are from, in order.
        digest: SHA-256 of all of them and of their places.
    """

    files: list[str]
    rows: list[TakenRow] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    digest: str = ""

    @property
    def pairs(self) -> list[Pair]:
        """The pairs of ``rows``."""
        return [row.pair for row in self.rows]

    def in_order(self, rows: Sequence[SkippedRow]) -> list[SkippedRow]:
        """Rows of this chunk in the order of the input."""
        return sorted(rows, key=lambda row: (self.files.index(row.file), row.row))


class Intake:
    """The rows of sources, one source after the other; a context manager, iterated once.

    Args:
        sources: Sources of ``load_pairs``.
        sides: The model's.
        reading: How the sources are read, and by ``on_error`` whether rows that cannot be are set aside.
        chunk_rows: Rows of a chunk.

    Attributes:
        name: What messages call the first source.
        format: The format of its first file; None for generated pairs.
        columns: The names of all columns.
        mapped: Which of them hold the two texts.

    Raises:
        ColumnNotFound: If the first source has no columns for the two sides; while iterating, if another source has
            other columns than the first.
        DataError: One of its leaves, with file and line, where a row cannot be read.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        *,
        sides: Sides,
        reading: ReadOptions,
        chunk_rows: int,
    ) -> None:
        self._sources = list(sources)
        self._reading = reading
        self._chunk_rows = chunk_rows
        self._notes: list[str] = []
        self._open = self._opened(self._sources[0])
        self.name = self._open.name
        self.format = self._open.format
        self.columns = list(self._open.columns)
        try:
            self.mapped: ColumnMap = find_columns(
                self.columns,
                where=self.name,
                sides=sides,
                columns=reading.columns,
                need_label=False,
                rows=self._open.first_rows,
            )
        except BaseException:
            self._open.close()
            raise

    def __iter__(self) -> Iterator[Chunk]:
        for taken in self._taken():
            digest = hashlib.sha256()
            for file, row in taken:
                digest.update(repr((file, row.number, row.values, str(row.error))).encode("utf-8"))
            files = list(dict.fromkeys(file for file, _ in taken))
            chunk = Chunk(files, digest=digest.hexdigest())
            for file, row in taken:
                self._sort(chunk, file, row)
            yield chunk

    def _taken(self) -> Iterator[list[tuple[str, Row]]]:
        """The rows of each chunk: fewer than ``chunk_rows`` where they are long."""
        taken: list[tuple[str, Row]] = []
        held = 0
        for file, row in self._rows():
            taken.append((file, row))
            held += row.held_bytes
            if len(taken) == self._chunk_rows or held > _CHUNK_BYTES:
                yield taken
                taken, held = [], 0
        if taken:
            yield taken

    def __enter__(self) -> Intake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _sort(self, chunk: Chunk, file: str, row: Row) -> None:
        place = f"{file} row {row.number}" if row.line is None else f"{file}:{row.line}"
        try:
            if row.error is not None:
                raise row.error
            pair = Pair(*(side_text(row.values, column, place=place) for column in self._sides))
        except DataError as error:
            if not self._reading.skip:
                raise
            chunk.skipped.append(SkippedRow(file, row.line, row.number, error.code, error.message))
        else:
            chunk.rows.append(TakenRow(row.values, pair, file, row.line, row.number))

    @property
    def _sides(self) -> tuple[str, str]:
        return self.mapped.first, self.mapped.second

    def _rows(self) -> Iterator[tuple[str, Row]]:
        for place, source in enumerate(self._sources):
            if place:
                self._notes += self._open.notes
                self._open.close()
                self._open = self._opened(source)
                self._require_same_columns()
            for row in self._open:
                yield self._open.file, row

    def _opened(self, source: str | Path) -> SourceRows:
        return SourceRows(source, self._reading)

    @property
    def notes(self) -> list[str]:
        """What was decided in reading that a user may want to know, so far."""
        return [*self._notes, *self._open.notes, *self.mapped.notes]

    def _require_same_columns(self) -> None:
        missing = sorted(set(self.columns) - set(self._open.columns))
        strange = sorted(set(self._open.columns) - set(self.columns))
        if missing or strange:
            lacks = f"lacks {', '.join(map(repr, missing))}" if missing else ""
            brings = f"brings {', '.join(map(repr, strange))}" if strange else ""
            raise ColumnNotFound(
                f"The columns of {self._open.name} are not those of {self.name}: it "
                f"{' and '.join(filter(None, (lacks, brings)))}.",
                where=self._open.name,
                expected=f"the columns {', '.join(self.columns)}, in any order",
                hint="score it by itself, into an output of its own",
            )


def found_sources(
    asked: str | Path | Sequence[str | Path], *, leave_out: Sequence[Path] = ()
) -> tuple[list[str | Path], bool]:
    """The sources that were asked for, patterns replaced by the files that match them, in the order of their names.

    Args:
        asked: A source, or several; ``*``, ``?`` and ``**`` make a pattern of a name that is no file's.
        leave_out: Files that no pattern is to find, such as the output.

    Returns:
        The sources, and whether there can be more than one.

    Raises:
        SourceNotFound: If nothing matches a pattern.
        UsageError: If none was asked for, or one twice.
    """
    words = [asked] if isinstance(asked, str | Path) else list(asked)
    found: list[str | Path] = []
    several = len(words) > 1
    for word in words:
        if not any(mark in str(word) for mark in "*?") or Path(word).exists():
            found.append(word)
            continue
        several = True
        hidden = {path.absolute() for path in leave_out}
        names = sorted(glob.glob(str(word), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        files = [name for name in names if Path(name).is_file() and Path(name).absolute() not in hidden]
        if not files:
            raise SourceNotFound(
                f"No file matches the pattern {str(word)!r}.",
                where=str(word),
                expected="a pattern that at least one file matches",
            )
        found += files
    twice = [str(source) for source, times in Counter(found).items() if times > 1]
    if twice or not found:
        raise UsageError(
            f"The input {twice[0]!r} is named twice." if twice else "There is no input.",
            where="--input",
            expected="every input once" if twice else "a file, a pattern, or several of them",
        )
    return found, several


def require_free_names(values: Mapping[str, Any], added: Sequence[str], place: str) -> None:
    """Refuse a row that brings a key which the first row, from which the answers' names were chosen, lacks.

    Raises:
        RowMalformed: If it does; it is in JSON Lines that it can.
    """
    taken = [name for name in added if name in values]
    if taken:
        raise RowMalformed(
            f"The row has {taken[0]!r}, as the model's answer is called; the first row has not.",
            where=place,
            expected="the same keys in every row",
        )
