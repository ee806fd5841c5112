"""Printing without a library: JSON, and the texts of strangers made safe to look at.

Imports nothing that takes time.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any

# Controls, and the invisible characters that reorder or hide the text beside them.
_NOT_SHOWN = {"Cc", "Cs", "Zl", "Zp"}
_REORDERING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_BAR_WIDTH = 24


def print_json(value: Any) -> None:
    """Write ``value`` to standard output as one JSON document; NaN is refused, because JSON has none."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(value, indent=2, ensure_ascii=encoding != "utf8", allow_nan=False)
    # A lone surrogate cannot be written as UTF-8; as an escape it is valid JSON.
    safe = text.encode("utf-8", "surrogatepass" if text.isascii() else "backslashreplace").decode("utf-8")
    sys.stdout.write(safe + "\n")


def visible(text: str) -> str:
    r"""``text`` on one line with characters that a terminal would obey shown as escapes.

    >>> visible("a\x1b[31mb\tc")
    'a\\x1b[31mb\\tc'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if character in _REORDERING or unicodedata.category(character) in _NOT_SHOWN
        else character
        for character in text
    )


def bars(probabilities: Iterable[tuple[str, float]]) -> str:
    """Lines of name, probability and a bar, highest first; for a terminal or a file alike."""
    rows = sorted(probabilities, key=lambda row: -row[1])
    width = max(len(visible(name)) for name, _ in rows)
    return "\n".join(
        f"  {visible(name):<{width}}  {value:.4f}  {'█' * round(value * _BAR_WIDTH)}".rstrip()
        for name, value in rows
    )


def counted(number: int, noun: str) -> str:
    """``1 pair``, ``2,000 pairs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say(text: str = "") -> None:
    """Print for people, on standard output."""
    _write(sys.stdout, text)


def note(text: str) -> None:
    """Print a remark for people on standard error, so that standard output stays what was asked for."""
    _write(sys.stderr, visible(text))


def _write(stream: Any, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
