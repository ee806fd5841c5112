"""How large the pages of a Parquet file are once they are unpacked, told before anything of them is.

Arrow unpacks a page whole, and gives as many rows as it is asked for, whatever they weigh; the file's own summary does
not tell the size of pages. Their headers do, which Thrift's compact protocol writes as the Parquet specification says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from samesay.data.bounds import BATCH_BYTES, LONGEST_ROW, MOST_NESTED, MOST_OPEN_PAGES

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
        rows_at_once: Rows that come to ``BATCH_BYTES`` at most, as far as pages tell; at least 1.
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
    """Look at the page headers of a row group.

    Args:
        stream: The file, seekable.
        file: It, as pyarrow opened it.
        number: Of the row group.

    Raises:
        ValueError: If there is no page where one should be.
        OSError: If the file cannot be read.
    """
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
