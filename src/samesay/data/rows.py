"""Rows of a source as they were read, their values as text, and a store of them. Knows no use of a column.

A store holds its rows in memory while they are few, beyond that in a file without a name, which goes with the process
however that ends. What is stored is decoded when it is asked for, so that a table over it holds a place in the file for
each row and no text.
"""

from __future__ import annotations

import copy
import json
import logging
import marshal
import os
import pickle
import re
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from sys import getsizeof
from typing import Any, overload

from samesay.data.bounds import require_few_columns
from samesay.errors import ColumnNotFound, DataError, EncodingInvalid, OutputUnwritable, RowMalformed
from samesay.storage import OwnFolder

FEW_BYTES = 64 * 1024 * 1024
"""Rows that take no more stay in memory, some 100,000 short ones: each look at a row in the file decodes it."""

_BLOCK = 1_024
_BUFFERED = 1 << 20
_READ_AT_ONCE = 1 << 23
# What marshal writes and reads as it is; it would turn NumPy's numbers into bytes. The rest is pickled.
_PLAIN = frozenset({str, int, float, bool, type(None)})
_PICKLED = b"\x80"
_LOG = logging.getLogger("samesay")

_LONG = 1_000_000
_BLANK = re.compile(r"\s")
_MOST_LISTED = 1000
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        number: Its place among the rows of its file, from 1; a header does not count.
        line: The line on which it begins, from 1; ``None`` where the format has no lines.
        values: Column name to value, in the order of the file: texts in CSV and TSV, else what the format
            holds; bytes only where they are no text.
        error: Why it could not be read, and has no values; only where broken rows were asked for.
        nested_bytes: What its lists and objects take in memory, roughly.
    """

    number: int
    line: int | None
    values: dict[str, Any]
    error: DataError | None = None
    nested_bytes: int = 0

    @property
    def held_bytes(self) -> int:
        """What its values take in memory, roughly."""
        return 200 + self.nested_bytes + sum(map(getsizeof, self.values.values()))


class KnownRows:
    """Rows of which it is known beforehand how many there are, and which are read from any place on.

    Attributes:
        name: What messages call them.
        format: The format of their files; None for rows of no file.
        columns: Column names.
        class_names: For columns of numbers whose names the source itself holds: the names.
        schema: None, as of no Parquet file.
        notes: What was decided in reading them that a user may want to know.
    """

    def __init__(self, name: str, columns: list[str]) -> None:
        self.name = name
        self.format: str | None = None
        self.columns = columns
        self.class_names: dict[str, list[str]] = {}
        self.schema: Any = None
        self.notes: list[str] = []

    def __len__(self) -> int:
        raise NotImplementedError

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from ``start`` to before ``stop``; the others are not read."""
        raise NotImplementedError

    def first_rows(self) -> Sequence[Mapping[str, Any]]:
        """Nothing: their columns have known names."""
        return ()

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that was left out: where it stands, the error's stable code, and what was wrong with it."""

    file: str
    line: int | None
    row: int
    code: str
    reason: str

    @property
    def place(self) -> str:
        """``file:line``, or ``file row n``."""
        return place(self.file, self.line, self.row)

    @classmethod
    def of(cls, file: str, row: Row, error: DataError) -> SkippedRow:
        """``row``, left out because of ``error``."""
        return cls(file, row.line, row.number, error.code, error.message)

    def to_dict(self) -> dict[str, str | int | None]:
        """As JSON types."""
        return asdict(self)


@dataclass
class SkippedRows:
    """Rows that were left out because they could not be used: all counted, the first of them listed.

    Attributes:
        counts: The error's code to how many.
        rows: The first.
    """

    counts: dict[str, int] = field(default_factory=dict)
    rows: list[SkippedRow] = field(default_factory=list)

    def add(self, row: SkippedRow) -> None:
        """Count a row."""
        self.counts[row.code] = self.counts.get(row.code, 0) + 1
        if len(self.rows) < _MOST_LISTED:
            self.rows.append(row)

    def notes(self) -> tuple[str, ...]:
        """How many there were, for what, and where the first stand; nothing if there were none."""
        total = sum(self.counts.values())
        if not total:
            return ()
        kinds = ", ".join(f"{code} {count:,}" for code, count in self.counts.items())
        places = ", ".join(row.place for row in self.rows[:_MOST_SHOWN])
        more = ", …" if total > _MOST_SHOWN else ""
        were = "1 row was" if total == 1 else f"{total:,} rows were"
        return (f"{were} skipped ({kinds}): {places}{more}",)


def place(file: str, line: int | None, row: int) -> str:
    """Where a row stands, for messages: ``file:line``, or ``file row n`` where the format has no lines."""
    return f"{file} row {row}" if line is None else f"{file}:{line}"


def require_different(names: Sequence[str], *, where: str) -> None:
    """Refuse columns of which two have one name: a row could hold only one of them."""
    require_few_columns(len(names), where)
    twice = first_twice(names)
    if twice is not None:
        places = [place for place, name in enumerate(names, start=1) if name == twice]
        raise ColumnNotFound(
            f"The name {twice!r} stands over {len(places)} columns "
            f"(numbers {', '.join(map(str, places))}), so it names none of them.",
            where=where,
            expected="a different name over every column",
        )


def first_twice(names: Iterable[str]) -> str | None:
    """The first name that stands there for a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def side_text(values: Mapping[str, Any], column: str, *, place: str) -> str:
    """The text of one side in a row; null reads as empty.

    Raises:
        RowMalformed: If the row lacks the column, or holds a number, a list or an object in it.
        EncodingInvalid: If it holds bytes that are no text.
    """
    if column not in values:
        raise RowMalformed(
            f"The row has no {column!r}.",
            where=place,
            expected=f"the keys of the first row, {column!r} among them",
        )
    value = values[column]
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bytes):
        raise EncodingInvalid(
            f"{column!r} holds bytes that are no UTF-8.", where=place, expected="text in UTF-8"
        )
    shown = repr(value)
    raise RowMalformed(
        f"{column!r} holds {shown[:60]}{'…' * (len(shown) > 60)}, which is {type(value).__name__}, not text.",
        where=place,
        expected="a text",
    )


def count_words(text: str) -> int:
    """How many words it has."""
    return sum(len(part.split()) for part in _parts(text))


def folded(text: str) -> str:
    """Without case, and with one blank for every run of them: texts that are so alike count as one."""
    return " ".join(" ".join(words) for part in _parts(text.casefold()) if (words := part.split()))


def _parts(text: str) -> Iterator[str]:
    """The text cut between words: all words of megabytes at once would take twenty times its memory."""
    start = 0
    while len(text) - start > _LONG:
        blank = _BLANK.search(text, start + _LONG)
        if blank is None:
            break
        yield text[start : blank.start()]
        start = blank.start()
    yield text[start:] if start else text


def text_of(value: Any) -> str:
    """Any value as text: null as empty, lists and objects as JSON, bytes that are no text in hexadecimal."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, bytes):
        return printable(value)
    return json.dumps(value, ensure_ascii=False, default=printable)


def printable(value: Any) -> str:
    """What JSON has no type for: bytes in hexadecimal, the rest as Python prints it."""
    return value.hex() if isinstance(value, bytes) else str(value)


def temporary_folder() -> Path:
    """Where the file of rows lies that are looked at once and kept nowhere."""
    return Path(tempfile.gettempdir())


class RowStore:
    """Rows that are appended, counted, and read one by one or in order, from several threads if need be.

    Args:
        folder: Where the file lies, made where absent; None to keep all rows in memory, as is done on Windows, too.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if hasattr(os, "pread") else None
        self._rows: list[Row] | None = []
        self._file: Any = None
        self._buffer = bytearray()
        # (n_rows + 1,): where each row begins in the file.
        self._places = array("q", [0])
        self._held = 0
        self._names: tuple[str, ...] = ()

    @property
    def in_memory(self) -> bool:
        """Whether the rows are in memory, all of them."""
        return self._rows is not None

    def extend(self, rows: Iterable[Row]) -> None:
        """Append rows; where the disk fills, all go back to memory, with a warning."""
        for row in rows:
            if row.error is not None:  # a copy, without the frames that its traceback holds
                row = Row(row.number, row.line, {}, copy.copy(row.error))
            if self._rows is None:
                self._append(row)
            else:
                self._rows.append(row)
            try:
                if self._rows is not None and self._folder is not None:
                    self._held += row.held_bytes
                    if self._held > FEW_BYTES:
                        self._move_to_file(self._folder)
                elif len(self._buffer) >= _BUFFERED:
                    self._flush()
            except (OSError, OutputUnwritable) as problem:
                self._take_back(problem)

    def __len__(self) -> int:
        return len(self._places) - 1 if self._rows is None else len(self._rows)

    def __getitem__(self, index: int) -> Row:
        if self._rows is not None:
            return self._rows[index]
        return self._read(index, index + 1)[0]

    def __iter__(self) -> Iterator[Row]:
        return self.chosen(range(len(self)))

    def chosen(self, indices: Sequence[int]) -> Iterator[Row]:
        """The rows at ``indices``, which ascend; neighbours are read together."""
        at = 0
        while at < len(indices):
            end = min(at + _BLOCK, len(indices))
            first, last = indices[at], indices[end - 1]
            if self._rows is None and self._places[last + 1] - self._places[first] < _READ_AT_ONCE:
                together = self._read(first, last + 1)
                yield from (together[index - first] for index in indices[at:end])
            else:
                yield from (self[index] for index in indices[at:end])
            at = end

    def _append(self, row: Row) -> None:
        names, values = tuple(row.values), tuple(row.values.values())
        content = (row.number, row.line, None if names == self._names else names, values)
        if row.error is not None or not all(type(value) in _PLAIN for value in values):
            raw = pickle.dumps((*content, row.error))
        else:
            raw = marshal.dumps(content, 2)
        self._buffer += raw
        self._places.append(self._places[-1] + len(raw))

    def _move_to_file(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        OwnFolder(folder, make=True).close()
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - as long as the store
        weakref.finalize(self, file.close)
        rows, self._rows, self._file = self._rows or [], None, file
        self._names = tuple(rows[0].values)
        for row in rows:
            self._append(row)
        self._flush()

    def _flush(self) -> None:
        while self._buffer:
            del self._buffer[: self._file.write(self._buffer)]

    def _take_back(self, problem: OSError | OutputUnwritable) -> None:
        why = problem.message if isinstance(problem, OutputUnwritable) else problem.strerror or problem
        _LOG.warning("Rows cannot be kept on the disk (%s): they are kept in memory.", why)
        self._folder = None
        if self._rows is None:
            self._rows, self._buffer = list(self), bytearray()
            self._file.close()

    def _read(self, begin: int, end: int) -> list[Row]:
        if not 0 <= begin <= end <= len(self):
            raise IndexError(begin)
        start, stop = self._places[begin], self._places[end]
        written = self._places[-1] - len(self._buffer)
        raw = b""
        while len(raw) < min(stop, written) - start:
            raw += os.pread(self._file.fileno(), min(stop, written) - start - len(raw), start + len(raw))
        if stop > written:
            raw += self._buffer[max(start - written, 0) : stop - written]
        return [
            self._decoded(raw[self._places[index] - start : self._places[index + 1] - start])
            for index in range(begin, end)
        ]

    def _decoded(self, raw: bytes) -> Row:
        # The file is this process' own and has no name: nobody else can have written there.
        number, line, names, values, *error = (pickle if raw.startswith(_PICKLED) else marshal).loads(raw)
        return Row(
            number, line, dict(zip(self._names if names is None else names, values, strict=True)), *error
        )


class RowColumn(Sequence[str]):
    """One column of some rows of a store as texts, read when they are asked for; a slice is a list."""

    def __init__(
        self, store: RowStore, indices: Sequence[int], name: str, as_text: Callable[[Any], str] = text_of
    ) -> None:
        self._store = store
        self._indices = indices
        self._name = name
        self._as_text = as_text

    def __len__(self) -> int:
        return len(self._indices)

    def __iter__(self) -> Iterator[str]:
        return self._texts(self._indices)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return list(self._texts(self._indices[index]))
        return self._as_text(self._store[self._indices[index]].values.get(self._name))

    def _texts(self, indices: Sequence[int]) -> Iterator[str]:
        return (self._as_text(row.values.get(self._name)) for row in self._store.chosen(indices))
