"""A row of a source as it was read, and its values as text. Knows nothing of what a column means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samesay.errors import DataError, RowMalformed


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        number: Its place among the rows of its file, from 1; a header does not count.
        line: The line on which it begins, from 1; ``None`` where the format has no lines.
        values: Column name to value, in the order of the file: texts in CSV and TSV, else what the format
            holds.
        error: Why it could not be read, and has no values; only where broken rows were asked for.
    """

    number: int
    line: int | None
    values: dict[str, Any]
    error: DataError | None = None


def side_text(values: Mapping[str, Any], column: str, *, place: str) -> str:
    """The text of one side in a row; null reads as empty.

    Raises:
        RowMalformed: If the row lacks the column, or holds a number, a list or an object in it.
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
    shown = repr(value)
    raise RowMalformed(
        f"{column!r} holds {shown[:60]}{'…' * (len(shown) > 60)}, which is {type(value).__name__}, not text.",
        where=place,
        expected="a text",
    )


def text_of(value: Any) -> str:
    """Any value as text: null as empty, lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)
