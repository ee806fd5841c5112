"""Printing without a library: JSON, the texts of strangers made safe to look at, standard streams as they are found.

The streams may be closed, full, of a legacy encoding, or without a reader. What cannot be written in the stream's
encoding is written as an escape. What was asked for on standard output and cannot be written there is a failure; what
is only said of work that is done is not. Imports nothing that takes time.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from samesay.printable import is_shown, visible

_BAR_WIDTH = 24
# How the place of a closed stream is taken: reading from it or writing to it fails then, but for messages.
_CLOSED = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}


def print_json(value: Any) -> None:
    """Write ``value`` to standard output as one JSON document; NaN is refused, because JSON has none."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(value, indent=2, ensure_ascii=encoding != "utf8", allow_nan=False)
    if not text.isascii() or "\x7f" in text:
        # What a terminal would obey, and lone surrogates, which UTF-8 cannot carry, are escapes in JSON as well.
        text = "".join(one if is_shown(one) or one == "\n" else f"\\u{ord(one):04x}" for one in text)
    sys.stdout.write(text + "\n")


def present(result: Any, show: Callable[[Any], None], *outputs: object, as_json: bool) -> None:
    """Print what a command found, as one JSON document or for people.

    Args:
        result: A dictionary of JSON types, or what has one by ``to_dict``.
        show: Prints it for people.
        outputs: What was written to files besides; see ``remarks``.
        as_json: Whether ``--json`` was given.
    """
    with remarks(*outputs):
        if as_json:
            print_json(result if isinstance(result, dict) else result.to_dict())
        else:
            show(result)


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


def or_builtin(model: str | None, command: str) -> str:
    """The model that was named, or the built-in one that ``command`` uses, which is then said."""
    if model is None:
        from samesay.bundle.builtin import default_model

        model = default_model(command)
        note_builtin(model)
    return model


def note_builtin(model: str) -> None:
    """Say which built-in model is used because none was named."""
    note(f"note: by {model}, since no model is named")


def silence(*streams: Any) -> None:
    """Let what is still to be written to standard streams go nowhere, and not fail when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):  # a stream without a descriptor has no reader to lose
            continue
    os.close(nowhere)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(visible(line) for line in super().format(record).split("\n"))


def make_steady() -> None:
    """Take the places of closed streams, so that no file is opened in one, and let every character be written."""
    for number, flags in _CLOSED.items():
        try:
            os.fstat(number)
        except OSError:
            place = os.open(os.devnull, flags)
            if place != number:
                os.dup2(place, number)
                os.close(place)
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            opened = open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, opened)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_Line())


@contextmanager
def remarks(*outputs: object) -> Iterator[None]:
    """Within it what is printed is about work that is on the disk: that it cannot be printed is no failure.

    Args:
        outputs: What was written; if all are None, what is printed is all that there is, and has to be.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as problem:
        if not any(outputs) or problem.filename is not None:
            raise
        silence(sys.stdout)
        if problem.errno not in (errno.EPIPE, errno.EBADF):
            note(f"note: what is printed is lost ({problem.strerror}); what was to be written to files is")


def _write(stream: Any, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
