"""Columns as Python users hold them, lists and arrays of whatever library, as lists of Python's own values or as texts.

Other libraries are known by what their arrays can do; none but numpy is imported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from samesay.errors import EncodingInvalid, UsageError
from samesay.pairs import Pair

_AS_THEY_ARE = frozenset({str, bytes, int, float, bool, type(None)})
# What pandas puts where there is no value, told by name: it is not imported.
_MISSING = frozenset({"NAType", "NaTType"})


def listed(column: Any, name: str) -> list[Any]:
    """A list, an array of shape ``(n,)`` or ``(n, 1)``, a Series or an Arrow array as a list of Python's own values.

    Raises:
        UsageError: If it is no column of values, or its values have no order.
    """
    if not isinstance(column, Iterable) or isinstance(column, (str, bytes, Pair, Mapping, set, frozenset)):
        raise UsageError(
            f"{name} is {type(column).__name__}.", expected="a list or an array with a value for every pair"
        )
    values = [plain(value) for value in _flat(column, name)]
    if values and all(isinstance(value, (list, tuple)) and len(value) == 1 for value in values):
        return [value[0] for value in values]
    return values


def plain(value: Any) -> Any:
    """One value as Python's own; what stands for a missing one in pandas is ``None``."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, np.generic):
        return value.item()
    return None if type(value).__name__ in _MISSING else value


def texts(column: Any, name: str, *, begin: int = 0) -> list[str]:
    """A column as texts; bytes are read as UTF-8, and a missing text is an empty one.

    Args:
        column: As for ``listed``.
        name: What messages call it.
        begin: The number of its first value, for messages.

    Raises:
        UsageError: If a value is no text.
        EncodingInvalid: If one holds half a character, or bytes that are not UTF-8.
    """
    found: list[str] = []
    for index, value in enumerate(listed(column, name), start=begin):
        if type(value) is str and value.isascii():
            found.append(value)
            continue
        where = f"{name}[{index}]"
        if isinstance(value, bytes):
            value = decoded(value, where)
        elif value is None or (isinstance(value, float) and math.isnan(value)):
            value = ""  # how pandas marks an empty cell
        elif not isinstance(value, str):
            raise UsageError(
                f"{where} is {type(value).__name__} {str(value)[:60]}, not text.", expected="texts"
            )
        _require_whole_characters(value, name, index)
        found.append(value)
    return found


def decoded(value: bytes, where: str) -> str:
    """Bytes as text.

    Raises:
        EncodingInvalid: If they are not UTF-8.
    """
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncodingInvalid(f"Byte 0x{value[error.start]:02x} is not UTF-8.", where=where) from error


def _flat(column: Any, name: str) -> list[Any]:
    shape = getattr(column, "shape", None)
    if shape is not None and len(shape) == 2 and shape[1] == 1:
        # A frame's column keeps its missing values as they are; an array of all of it may not.
        column = column.iloc[:, 0] if hasattr(column, "iloc") else np.asanyarray(column).reshape(-1)
    elif shape is not None and len(shape) != 1:
        raise UsageError(
            f"{name} has the shape {tuple(shape)}.", expected="one dimension: a value for every pair"
        )
    for way in ("to_pylist", "tolist"):
        if hasattr(column, way):
            return getattr(column, way)()
    if hasattr(column, "__array__"):  # tensors, whose own elements are tensors
        return np.asarray(column).tolist()
    return list(column)


def _require_whole_characters(text: str, name: str, index: int) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise EncodingInvalid(
            f"The text holds half of a surrogate pair, U+{ord(text[error.start]):04X}.",
            where=f"{name}[{index}], character {error.start}",
            expected="whole characters",
            hint="read the source with the encoding it was written in, or replace the character",
            details={"row": index, "side": name, "character": error.start},
        ) from error
