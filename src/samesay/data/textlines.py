"""Bytes to lines of text, one at a time, with every line's number: what all text formats are read through.

Knows nothing of fields, columns or pairs. Only UTF-8 is read (``encodings`` turns others into it); what is not is
refused with its place, never guessed.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from samesay.data.encodings import likely_encoding, unmarked_encoding
from samesay.errors import EncodingInvalid, NulByte, RowMalformed

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
GZIP_MAGIC = b"\x1f\x8b"


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
                raw = self._stream.readline()
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise damaged_gzip(self.name, error, after_line=self.line) from error
            if not raw:
                return
            self.line += 1
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
        nul = raw.find(b"\0")
        if nul >= 0:
            raise NulByte(
                f"A NUL byte at byte {self._offset + nul:,} (line {self.line}, byte {nul + 1} of it).",
                where=self.place(),
                expected="text in UTF-8, which holds none, or its encoding: --encoding utf-16-le",
                hint=self._remedy(raw),
                details={"line": self.line, "offset": self._offset + nul},
            )
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


def gunzipped(stream: BinaryIO) -> BinaryIO:
    """The stream itself, or what it unpacks to where it begins as gzip does, whatever its name says."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # pyright: ignore[reportArgumentType]
    if buffered.peek(2)[:2] != GZIP_MAGIC:
        return buffered
    return io.BufferedReader(gzip.GzipFile(fileobj=buffered))  # pyright: ignore[reportArgumentType]


def damaged_gzip(name: str, error: Exception, *, after_line: int | None = None) -> RowMalformed:
    """The error for compressed data that ends early or fails its own checksum."""
    read = "" if after_line is None else f" after line {after_line}"
    return RowMalformed(
        f"The gzip data of {name} is damaged{read}: {error}.",
        where=name,
        expected="a complete gzip file",
        hint=f"check it with: gzip -t {name if Path(name).exists() else 'FILE'}",
    )
