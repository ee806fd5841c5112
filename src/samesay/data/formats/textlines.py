"""Bytes to lines of text, one at a time, with every line's number: what all text formats are read through.

Knows nothing of fields, columns or pairs. Only UTF-8 is read (``encodings`` turns others into it); what is not is
refused with its place, never guessed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from samesay.data.bounds import LONGEST_ROW, row_too_long
from samesay.data.formats.encodings import likely_encoding, unmarked_encoding
from samesay.errors import EncodingInvalid, NulByte, SourceNotFound

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class TextLines:
    """The decoded lines of a stream, line ends kept.

    Args:
        stream: Bytes, already unpacked.
        name: What messages call the source.
        lenient: Go on behind a line that is not UTF-8 or holds a NUL byte, its letters replaced; what was wrong
            with it is told by ``take_error``.

    Attributes:
        line: The number of the line that was read last, from 1; 0 before the first.
    """

    def __init__(self, stream: BinaryIO, name: str, *, lenient: bool = False) -> None:
        self._stream = stream
        self.name = name
        self.line = 0
        self._offset = 0
        self._lenient = lenient
        self._error: EncodingInvalid | NulByte | None = None

    def __iter__(self) -> Iterator[str]:
        while True:
            try:
                raw = self._stream.readline(LONGEST_ROW + 1)
            except OSError as error:
                raise reading_failed(self.name, error, after_line=self.line) from error
            if not raw:
                return
            self.line += 1
            if len(raw) > LONGEST_ROW:
                self._refuse_nul(raw)  # tells more of a file of zeros
                raise row_too_long(self.place())
            try:
                text = self._decode(raw)
            except (EncodingInvalid, NulByte) as error:
                if not self._lenient or (self.line == 1 and raw.startswith(_UTF16_MARKS)):
                    raise
                self._error = self._error or error
                # What is no text keeps its place, so that a quote or a line end behind it still counts.
                text = raw.decode("utf-8", "surrogateescape")
                self._offset += len(raw)
            yield text

    def take_error(self) -> EncodingInvalid | NulByte | None:
        """What was wrong with a line since this was asked last."""
        error, self._error = self._error, None
        return error

    def place(self, line: int | None = None) -> str:
        """``file:line``, of the last line read unless another is named."""
        return f"{self.name}:{self.line if line is None else line}"

    def _decode(self, raw: bytes) -> str:
        if self.line == 1:
            if raw.startswith(_UTF16_MARKS):
                raise self._not_utf8("It begins with the mark of UTF-16.", "utf-16", offset=0)
            if raw.startswith(_UTF8_MARK):
                raw = raw[len(_UTF8_MARK) :]
                self._offset += len(_UTF8_MARK)
        self._refuse_nul(raw)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            raise self._not_utf8(
                f"Byte 0x{byte:02x} at byte {self._offset + error.start:,} is not UTF-8.",
                likely_encoding(raw),
                offset=self._offset + error.start,
            ) from error
        self._offset += len(raw)
        return text

    def _refuse_nul(self, raw: bytes) -> None:
        nul = raw.find(b"\0")
        if nul >= 0:
            raise NulByte(
                f"A NUL byte at byte {self._offset + nul:,} (line {self.line}, byte {nul + 1} of it).",
                where=self.place(),
                expected="text in UTF-8, which holds none, or its encoding: --encoding utf-16-le",
                hint=self._remedy(raw),
                details={"line": self.line, "offset": self._offset + nul},
            )

    def _remedy(self, raw: bytes) -> str | None:
        found = unmarked_encoding(raw)
        if found is not None:
            return f"--encoding {found}"
        return "--on-error skip" if self.line > 1 else None

    def _not_utf8(self, message: str, likely: str, *, offset: int) -> EncodingInvalid:
        return EncodingInvalid(
            message,
            where=self.place(),
            expected="text in UTF-8, with or without a byte order mark, or the name of its encoding",
            hint=f"--encoding {likely}",
            details={"line": self.line, "offset": offset},
        )


def peeked(stream: io.BufferedReader, size: int, name: str) -> bytes:
    """The first bytes of a stream, which stay to be read: about ``size``, as far as one reading gives them.

    Raises:
        SourceNotFound: If nothing can be read of it.
    """
    try:
        return stream.peek(size)
    except OSError as error:
        raise reading_failed(name, error) from error


def reading_failed(name: str, error: OSError, *, after_line: int | None = None) -> SourceNotFound:
    """The error for a disk that cannot be read."""
    return SourceNotFound(
        f"{name} cannot be read{f' after line {after_line}' if after_line else ''}: {error.strerror or error}.",
        where=f"{name}:{after_line + 1}" if after_line else name,
        expected="a file that can be read to its end",
        hint="the disk or the network may be at fault: copy the file to another place and read the copy",
    )
