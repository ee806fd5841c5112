"""How much of a file is taken at once: what a file beyond it would cost in memory or time, nobody's pairs need.

A source is read in memory that does not grow with it, whoever wrote it: no line, row, page or batch is larger than
these say, and what is larger is refused with its place. Knows no formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from samesay.errors import RowMalformed

AnyRow = TypeVar("AnyRow")

MOST_ROWS = 50_000_000
"""Of a table whose rows are held until the last is read, in memory or on the disk; scoring holds a few at a time."""

LONGEST_ROW = 8 * 1024 * 1024
"""Bytes of one row, in whatever format, and so of one text; a long novel has a third of it.

Its tokens take some forty times as much.
"""

MOST_TEXTS = 20_000_000
"""Of a list of texts, which is held in memory with its records."""

MOST_COLUMNS = 10_000

MOST_VALUES = 200_000
"""Commas, tabs or brackets of one row, each of which can cost 70 bytes or more once it is read."""

BATCH_BYTES = 32 * 1024 * 1024
"""Rows that are held at a time, where a format packs rows into batches."""

FREELY_UNPACKED = 4 * 1024 * 1024
MOST_TIMES_UNPACKED = 200
"""Beyond ``FREELY_UNPACKED`` bytes what is unpacked may be so many times what was packed; texts come to 3 to 20."""

MOST_DICTIONARY = 128 * 1024 * 1024
"""What unpacking xz may take, which the file itself asks for; xz -9 asks for 65 MiB."""

MOST_OPEN_PAGES = 128 * 1024 * 1024
"""Bytes of a Parquet file's pages that are unpacked at a time; writers make pages of a million bytes."""

MOST_NESTED = 16_000_000
"""Values of a column of lists in one row group of a Parquet file: all may stand in one row."""

MOST_IN_MEMORY = 128 * 1024 * 1024
"""Of a format that is read from its end, where it comes through a pipe or packed."""


def row_too_long(
    place: str, *, why: str = "", hint: str = "cut the text, or leave the row out"
) -> RowMalformed:
    """The error for a row of which no end was found."""
    return RowMalformed(
        f"A row is longer than {LONGEST_ROW:,} bytes{why}.",
        where=place,
        expected="rows of texts, each with its end",
        hint=hint,
    )


def require_few_values(n_values: int, place: str) -> None:
    """Refuse a row of more values than ``MOST_VALUES``."""
    if n_values > MOST_VALUES:
        raise RowMalformed(
            f"A row holds {n_values:,} values.", where=place, expected=f"at most {MOST_VALUES:,} in a row"
        )


def require_few_columns(n_columns: int, place: str) -> None:
    """Refuse a table of more columns than ``MOST_COLUMNS``."""
    if n_columns > MOST_COLUMNS:
        raise RowMalformed(
            f"There are {n_columns:,} columns.",
            where=place,
            expected=f"at most {MOST_COLUMNS:,}: two texts, a label and what belongs to them",
        )


def require_few_rows(
    rows: Iterable[AnyRow], where: str, *, before: int = 0, most: int | None = None
) -> Iterator[AnyRow]:
    """``rows`` as they come, refused where they and those ``before`` are more than ``most``, or ``MOST_ROWS``."""
    most = MOST_ROWS if most is None else most
    for number, row in enumerate(rows, start=before + 1):
        if number > most:
            raise RowMalformed(
                f"There are more than {most:,} rows.",
                where=where,
                expected=f"at most {most:,} where they are read whole; or a slice, counted from the start: "
                f"{where}[:{most}]",
            )
        yield row
