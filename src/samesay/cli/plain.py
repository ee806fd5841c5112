"""Printing without a library: JSON, and the texts of strangers made safe to look at.

Imports nothing that takes time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from samesay.printable import is_shown, visible

_BAR_WIDTH = 24


def print_json(value: Any) -> None:
    """Write ``value`` to standard output as one JSON document; NaN is refused, because JSON has none."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(value, indent=2, ensure_ascii=encoding != "utf8", allow_nan=False)
    if not text.isascii() or "\x7f" in text:
        # What a terminal would obey, and lone surrogates, which UTF-8 cannot carry, are escapes in JSON as well.
        text = "".join(one if is_shown(one) or one == "\n" else f"\\u{ord(one):04x}" for one in text)
    sys.stdout.write(text + "\n")


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
    """Print lines for people, on standard output."""
    _write(sys.stdout, "\n".join(visible(line) for line in text.split("\n")))


def note(text: str) -> None:
    """Print a remark for people on standard error, so that standard output stays what was asked for."""
    with messages():
        _write(sys.stderr, visible(text))


@contextmanager
def messages() -> Iterator[None]:
    """Within it messages are written to standard error; on a full disk they are lost, and no reason to fail."""
    try:
        yield
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(*streams: Any) -> None:
    """Let what is still to be written to standard streams go nowhere, and not fail when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):  # a stream without a descriptor has no reader to lose
            continue
    os.close(nowhere)


def _write(stream: Any, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
