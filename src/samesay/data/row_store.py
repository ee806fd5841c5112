"""The rows of a source while they are read, and columns of them: in memory while few, in an unnamed file beyond.

The file has no name and goes with the process, however that ends. What is stored is decoded when it is asked for, so
that a table over it holds a place in the file for each row and no text. Knows nothing of what a column means.
"""

from __future__ import annotations

import logging
import marshal
import os
import pickle
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from samesay.data.rows import Row, text_of
from samesay.errors import OutputUnwritable
from samesay.storage import OwnFolder

FEW = 10_000
"""So many rows stay in memory, some 10 MB; fewer where they take more than ``FEW_BYTES``."""

FEW_BYTES = 64 * 1024 * 1024

_BLOCK = 1_024
_BUFFERED = 1 << 20
_READ_AT_ONCE = 1 << 23
# What marshal writes and reads as it is; it would turn NumPy's numbers into bytes. The rest is pickled.
_PLAIN = frozenset({str, int, float, bool, type(None)})
_PICKLED = b"\x80"
_LOG = logging.getLogger("samesay")


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
        # Rows that could not be read, and have no values.
        self._odd: dict[int, Row] = {}
        self._names: tuple[str, ...] = ()

    @property
    def in_memory(self) -> bool:
        """Whether the rows are in memory, all of them."""
        return self._rows is not None

    def extend(self, rows: Iterable[Row]) -> None:
        """Append rows; where the disk fills, all go back to memory, with a warning."""
        rows = iter(rows)
        for row in rows:
            if self._rows is None:
                self._append(row)
            else:
                self._rows.append(row)
            try:
                if self._rows is not None and self._folder is not None:
                    self._held += row.held_bytes
                    if len(self._rows) > FEW or self._held > FEW_BYTES:
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
        values = row.values
        if row.error is not None:
            self._odd[len(self)] = row
            self._places.append(self._places[-1])
            return
        names = tuple(values)
        told = None if names == self._names else names
        content = (row.number, row.line, told, tuple(values.values()))
        plain = all(type(value) in _PLAIN for value in content[-1])
        raw = marshal.dumps(content, 2) if plain else pickle.dumps(content)
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
        told = problem.message if isinstance(problem, OutputUnwritable) else problem.strerror or problem
        _LOG.warning("Rows cannot be kept on the disk (%s): they are kept in memory.", told)
        self._folder = None
        if self._rows is None:
            kept = list(self)
            self._rows, self._buffer, self._odd = kept, bytearray(), {}
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
            self._odd[index]
            if index in self._odd
            else self._decoded(raw[self._places[index] - start : self._places[index + 1] - start])
            for index in range(begin, end)
        ]

    def _decoded(self, raw: bytes) -> Row:
        # The file is this process' own and has no name: nobody else can have written there.
        number, line, names, values = (pickle if raw.startswith(_PICKLED) else marshal).loads(raw)
        return Row(number, line, dict(zip(self._names if names is None else names, values, strict=True)))


class RowColumn(Sequence[str]):
    """One column of some rows of a store as texts, read when they are asked for; a slice is a list.

    Args:
        store: The rows.
        indices: Which of them, ascending.
        name: The column.
        as_text: A value as text.
    """

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
