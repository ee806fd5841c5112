"""The three standard streams as a command finds them: closed, full, of a legacy encoding, with nobody who reads.

What cannot be written in the stream's encoding is written as an escape. What was asked for on standard output and
cannot be written there is a failure; what is only said of work that is done is not.
"""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import sys
from collections.abc import Iterator

from samesay.cli.plain import note, silence
from samesay.printable import visible

# How the place of a closed stream is taken: reading from it or writing to it fails then, but for messages.
_CLOSED = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}


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


@contextlib.contextmanager
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
