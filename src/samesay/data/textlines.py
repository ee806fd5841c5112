"""Bytes to lines of text, one at a time, with every line's number: what all text formats are read through.

Knows nothing of fields, columns or pairs. Only UTF-8 is read; what is not is refused with its place, never
guessed.
"""

from __future__ import annotations

import gzip
import io
import shlex
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from samesay.data.bounds import FREELY_UNPACKED, LONGEST_ROW, MOST_TIMES_UNPACKED, row_too_long
from samesay.errors import DataError, EncodingInvalid, NulByte, RowMalformed, SourceNotFound
from samesay.printable import command

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_AT_ONCE = 128 * 1024
GZIP_MAGIC = b"\x1f\x8b"
READ_ERRORS = (EOFError, OSError, zlib.error)
"""What reading a file, gzipped or not, can end in; ``reading_failed`` says it in words."""


class TextLines:
    """The decoded lines of a stream, line ends kept.

    Args:
        stream: Bytes, already gunzipped.
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
            except READ_ERRORS as error:
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
                raise self._not_utf8("It begins with the mark of UTF-16.", "UTF-16", offset=0)
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
                "WINDOWS-1252",
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
                expected="text in UTF-8, which holds none",
                hint=f"if the file is UTF-16: {command('iconv', '-f', 'UTF-16', '-t', 'UTF-8', self.name)} > utf8-copy",
                details={"line": self.line, "offset": self._offset + nul},
            )

    def _not_utf8(self, message: str, likely: str, *, offset: int) -> EncodingInvalid:
        return EncodingInvalid(
            message,
            where=self.place(),
            expected="text in UTF-8, with or without a byte order mark",
            hint=f"convert it: {command('iconv', '-f', likely, '-t', 'UTF-8', self.name)} > utf8-copy",
            details={"line": self.line, "offset": offset},
        )


class _Unpacked(io.RawIOBase):
    """What a gzipped stream unpacks to, refused where it comes to far more than texts do."""

    def __init__(self, packed: BinaryIO, name: str) -> None:
        self._packed = packed
        self._name = name
        self._n_packed = self._n_unpacked = 0
        self._gzip = gzip.GzipFile(fileobj=self)  # pyright: ignore[reportArgumentType]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next packed bytes, for gzip, counted."""
        content = self._packed.read(size)
        self._n_packed += len(content)
        return content

    def readinto(self, buffer: Any, /) -> int:
        n_read = self._gzip.readinto(buffer)
        self._n_unpacked += n_read
        if self._n_unpacked > max(FREELY_UNPACKED, MOST_TIMES_UNPACKED * self._n_packed):
            raise RowMalformed(
                f"The gzip data of {self._name} unpacks to more than {MOST_TIMES_UNPACKED} times its size.",
                where=self._name,
                expected="texts, which come to 3 to 20 times",
                hint="if it is meant so, unpack it first: "
                f"gzip -dc {shlex.quote(self._name) if Path(self._name).exists() else 'FILE'} > unpacked-copy",
            )
        return n_read


def gunzipped(stream: BinaryIO, name: str) -> BinaryIO:
    """The stream itself, or what it unpacks to where it begins as gzip does, whatever its name says.

    Raises:
        SourceNotFound: If nothing can be read of it.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # pyright: ignore[reportArgumentType]
    try:
        start = buffered.peek(2)[:2]
    except OSError as error:
        raise reading_failed(name, error) from error
    return io.BufferedReader(_Unpacked(buffered, name), _AT_ONCE) if start == GZIP_MAGIC else buffered


def reading_failed(name: str, error: Exception, *, after_line: int | None = None) -> DataError:
    """The error for ``READ_ERRORS``: a disk that cannot be read, or gzip data that ends early or fails its checksum."""
    read = f" after line {after_line}" if after_line else ""
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        return SourceNotFound(
            f"{name} cannot be read{read}: {error.strerror or error}.",
            where=f"{name}:{after_line + 1}" if after_line else name,
            expected="a file that can be read to its end",
            hint="the disk or the network may be at fault: copy the file to another place and read the copy",
        )
    return RowMalformed(
        f"The gzip data of {name} is damaged{read}: {error}.",
        where=name,
        expected="a complete gzip file",
        hint=f"check it with: {command('gzip', '-t', name if Path(name).exists() else 'FILE')}",
    )
