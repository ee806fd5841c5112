"""JSON with one form: facts to plain types, to bytes that are the same everywhere, to a checksum.

The manifest's file is UTF-8 JSON, two spaces of indentation, keys in the order of writing, a newline at the
end. Its checksum is the SHA-256 of its canonical JSON (keys sorted, no spaces, ASCII escapes) without the key
``checksum``, which any language can compute.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from os import PathLike
from typing import Any

from samesay.bundle.layout import MANIFEST_NAME
from samesay.errors import UsageError
from samesay.pairs import LabelSet, Sides

# Of a whole number, its sign included: 64 bits need no more, and Python would take numbers that no float can hold.
_MOST_DIGITS = 20


def canonical_sha256(document: Mapping[str, Any]) -> str:
    """The SHA-256, in hexadecimal, of a manifest's canonical JSON without its ``checksum``."""
    rest = {key: value for key, value in document.items() if key != "checksum"}
    return hashlib.sha256(
        json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    ).hexdigest()


def render(document: Mapping[str, Any]) -> bytes:
    """The one way in which a manifest's JSON is laid out in its file."""
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def plain(value: Any, where: str) -> Any:
    """``value`` as JSON types: arrays become lists, NumPy's numbers plain ones, what is not finite null.

    Raises:
        UsageError: If something in it has no JSON form, or a text holds a lone surrogate.
    """
    if isinstance(value, str):
        return _checked_text(value, where)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_checked_text(str(key), where): plain(item, f"{where}: {key}") for key, item in value.items()}
    if isinstance(value, LabelSet | Sides | list | tuple):
        return [plain(item, where) for item in value]
    if isinstance(value, set | frozenset):
        return [plain(item, where) for item in sorted(value)]
    if hasattr(value, "tolist"):
        return plain(value.tolist(), where)
    if isinstance(value, PathLike):
        return _checked_text(str(value), where)
    raise UsageError(
        f"A {type(value).__name__} cannot be written to {MANIFEST_NAME}.",
        where=where,
        expected="JSON types: text, numbers, true, false, null, lists, objects",
    )


def parse(content: bytes) -> dict[str, Any]:
    """The JSON object in ``content``, read strictly: no key twice, no NaN, no whole number beyond 64 bits.

    Raises:
        ValueError: If it is anything else.
        RecursionError: If it is nested beyond measure.
    """

    def once(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise ValueError(f"the key {key[:60]!r} stands there twice")
            found[key] = value
        return found

    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is no JSON")

    def counted(digits: str) -> int:
        if len(digits) > _MOST_DIGITS:
            raise ValueError(f"it holds a whole number of {len(digits)} digits")
        return int(digits)

    document = json.loads(
        content.decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant, parse_int=counted
    )
    if not isinstance(document, dict):
        raise ValueError(f"it holds a {type(document).__name__}")
    return document


def _checked_text(text: str, where: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            f"A text for {MANIFEST_NAME} holds the lone surrogate {text[error.start]!r}.",
            where=where,
            expected="text that can be written as UTF-8",
        ) from error
    return str(text)
