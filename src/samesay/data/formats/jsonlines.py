"""JSON Lines to rows: one object a line, or one array with places for keys. Knows nothing of what a key means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from samesay.data.bounds import MOST_VALUES, require_few_columns, require_few_values
from samesay.data.formats.textlines import TextLines
from samesay.data.rows import Row, first_twice
from samesay.errors import DataError, EncodingInvalid, FormatUnknown, NoRows, RowMalformed
from samesay.printable import command

_EXPECTED = 'one JSON object a line, such as {"premise": "…", "hypothesis": "…", "label": "neutral"}'


_VALUE_BYTES = 80
# Lines that may be broken before the first good one: a file of another format is not read to its end.
_BROKEN_AT_FIRST = 1000


def read_json_lines(lines: TextLines, *, lenient: bool = False) -> tuple[list[str], Iterator[Row]]:
    """The keys of the first object, and all rows one by one."""
    rows = _rows(lines, lenient=lenient)
    first: list[Row] = []
    for row in rows:
        first.append(row)
        if row.error is None:
            return list(row.values), chain(first, rows)
        if len(first) == _BROKEN_AT_FIRST:
            break
    if first and first[0].error is not None:
        raise first[0].error
    raise NoRows(f"{lines.name} is empty.", where=lines.name, expected=_EXPECTED)


def _rows(lines: TextLines, *, lenient: bool) -> Iterator[Row]:
    number = 0
    read = _object
    for text in lines:
        error: DataError | None = lines.take_error()
        if not text.strip():
            continue
        number += 1
        if number == 1 and text.lstrip().startswith("["):
            if not _is_row(text):
                there = Path(lines.name).exists()
                raise FormatUnknown(
                    f"{lines.name} is one JSON array, not JSON Lines.",
                    where=lines.place(),
                    expected=_EXPECTED,
                    hint=f"{command('jq', '-c', '.[]', lines.name)} > pairs.jsonl" if there else None,
                )
            read = _array
        values: dict[str, Any] = {}
        if error is None:
            try:
                values = read(text, lines)
            except (RowMalformed, EncodingInvalid) as broken:
                if not lenient:
                    raise
                error = broken
        nested = any(isinstance(value, list | dict) for value in values.values())
        yield Row(number, lines.line, values, error, _VALUE_BYTES * _n_values(text) if nested else 0)


def _is_row(text: str) -> bool:
    """Whether an array is one row, of texts and numbers, and not all of them."""
    if _n_values(text) > MOST_VALUES:
        return False
    try:
        return not any(isinstance(value, list | dict) for value in json.loads(text))
    except (ValueError, RecursionError):  # it continues in the next line
        return False


def _array(text: str, lines: TextLines) -> dict[str, Any]:
    """The values of an array by their places, from 1."""
    values = _parsed(text, lines, list, "one JSON array a line, as the first one")
    return {str(place): value for place, value in enumerate(values, start=1)}


def _object(text: str, lines: TextLines) -> dict[str, Any]:
    return _parsed(text, lines, dict, _EXPECTED)


def _parsed(text: str, lines: TextLines, kind: type, expected: str) -> Any:
    where = lines.place()
    require_few_values(_n_values(text), where)
    hint = "--on-error skip" if lines.line > 1 else None  # a first line may be of another format
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except _KeyTwice as error:
        raise RowMalformed(
            f"The key {error.key!r} occurs twice in the object at line {lines.line}.",
            where=where,
            expected="a different name for every value",
            hint=hint,
        ) from error
    except json.JSONDecodeError as error:
        raise RowMalformed(
            f"Line {lines.line} is not JSON: {error.msg} at character {error.colno}.",
            where=f"{where}:{error.colno}",
            expected=expected,
            hint=hint,
        ) from error
    except (ValueError, RecursionError) as error:  # an endless number, or brackets a thousand deep
        raise RowMalformed(
            f"Line {lines.line} cannot be read as JSON: {error}.", where=where, expected=expected, hint=hint
        ) from error
    if not isinstance(value, kind):
        raise RowMalformed(
            f"Line {lines.line} is JSON, but {_kind(value)}, not {_kind(kind())}.",
            where=where,
            expected=expected,
            hint=hint,
        )
    require_few_columns(len(value), where)
    if "\\u" in text:
        _refuse_half_characters(value if kind is dict else dict(enumerate(value, start=1)), lines)
    return value


def _n_values(text: str) -> int:
    """Of its lists and objects together, or more: a text may hold such signs, too."""
    return sum(map(text.count, ",[{"))


class _KeyTwice(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _KeyTwice(first_twice(name for name, _ in pairs) or "")
    return found


def _refuse_half_characters(values: dict[Any, Any], lines: TextLines) -> None:
    for key, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for part in (str(key), text):
            try:
                part.encode("utf-8")
            except UnicodeEncodeError as error:
                half = ord(part[error.start])
                raise EncodingInvalid(
                    f"The escape \\u{half:04x} in {key!r} at line {lines.line} is half of a surrogate pair.",
                    where=lines.place(),
                    expected="whole characters: both halves (\\ud83d\\ude00), or the character itself",
                ) from error


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {
        dict: "an object",
        list: "an array",
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
    }
    return kinds.get(type(value), type(value).__name__)
