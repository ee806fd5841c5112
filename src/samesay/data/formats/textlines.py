"""Bytes to lines of text, one at a time, with every line's number: what all text formats are read through.

Only UTF-8 is read; text in another encoding that is named, or marked, is turned into it on the way. What is not UTF-8
is refused with its place, never guessed. Knows nothing of fields, columns or pairs.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from samesay.data.bounds import LONGEST_ROW, row_too_long
from samesay.errors import EncodingInvalid, NulByte, SourceNotFound

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READ_AT_ONCE = 1 << 16
# So many bytes show an encoding; more would only take time.
_SAMPLED = 1 << 14
_HIGH = re.compile(rb"[\x80-\xff]+")


def marked_encoding(start: bytes) -> str | None:
    """The encoding that a file's byte order mark says, where it is not UTF-8."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def unmarked_encoding(start: bytes) -> str | None:
    """UTF-16 without a mark, recognized by the NUL bytes between letters of ASCII."""
    odd, even = start[1::2], start[::2]
    if len(start) < 4 or b"\0" not in start:
        return None
    if odd.count(0) > 0.4 * len(odd) and 0 not in even:
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and 0 not in odd:
        return "utf-16-be"
    return None


def is_utf8_text(start: bytes) -> bool:
    """Whether the first bytes of a text are UTF-8, with letters that ASCII lacks: no other encoding is it by chance."""
    if start.isascii():
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def likely_encoding(raw: bytes) -> str:
    """A legacy encoding in which bytes that are no UTF-8 make sense, by the scripts that they would be in."""
    whole, raw = len(raw) <= _SAMPLED, raw[:_SAMPLED]
    runs = _HIGH.findall(raw)
    in_runs = sum(len(run) for run in runs) / max(len(runs), 1)
    if in_runs >= 2:
        for name, script in (
            ("shift_jis", r"[\u3040-\u30ff\u4e00-\u9fff\uff00-\uffef\u3000-\u303f]"),
            # Before Chinese, whose most usual characters are no Hangul here.
            ("euc_kr", r"[\uac00-\ud7a3]"),
            ("gb18030", r"[\u4e00-\u9fff\uff00-\uffef\u3000-\u303f]"),
            ("cp1251", r"[\u0400-\u04ff]"),
            ("cp1253", r"[\u0370-\u03ff]"),
        ):
            try:
                text = codecs.getincrementaldecoder(name)().decode(raw, final=whole)
            except UnicodeDecodeError:
                continue
            strange = [character for character in text if not character.isascii()]
            if sum(re.match(script, one) is not None for one in strange) < 0.9 * len(strange):
                continue
            # Any two bytes are some Chinese character: kana show Japanese, rare signs that it is neither.
            if name == "shift_jis" and not re.search(r"[\u3040-\u30ff]", text):
                continue
            if name == "gb18030" and not _is_common(strange):
                continue
            return name
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _is_common(characters: list[str]) -> bool:
    """Whether most Chinese characters are of the 3,755 that GB 2312 lists first, as common ones."""
    first = 0
    for one in characters:
        raw = one.encode("gb18030", "replace")
        first += len(raw) == 2 and (0xA1 <= raw[0] <= 0xD7) and raw[1] >= 0xA1
    return first > 0.8 * len(characters)


def as_utf8(stream: BinaryIO, encoding: str, name: str) -> io.BufferedReader:
    """``stream`` in UTF-8, decoded from ``encoding`` as it is read."""
    return io.BufferedReader(_Recoded(stream, encoding, name), _READ_AT_ONCE)


class _Recoded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, encoding: str, name: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._name = name
        self._line = 1
        self._waiting = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._waiting and not self._ended:
            raw = self._stream.read1(min(_READ_AT_ONCE, len(buffer)))  # type: ignore[attr-defined]
            self._ended = not raw
            try:
                text = self._decoder.decode(raw, final=self._ended)
            except UnicodeError as error:
                raise self._refused(raw, error) from error
            self._line += text.count("\n")
            self._waiting = text.encode("utf-8", "surrogatepass")
        part, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _refused(self, raw: bytes, error: UnicodeError) -> EncodingInvalid:
        line, what = self._line, f"{error}."
        if isinstance(error, UnicodeDecodeError):
            line += error.object[: error.start].count(b"\n")
            byte = error.object[error.start]
            what = f"Byte 0x{byte:02x} in line {line} is not {self._encoding}."
        likely = _other(self._encoding, raw)
        return EncodingInvalid(
            what,
            where=f"{self._name}:{line}",
            expected=f"text in {self._encoding}, as --encoding says",
            hint=f"--encoding {likely}",
        )


def _other(encoding: str, raw: bytes) -> str:
    """What bytes that are not of ``encoding`` could be."""
    unmarked = unmarked_encoding(raw)
    if unmarked is not None:
        return unmarked
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(raw) - 3:  # a character that the block cuts is no fault
            likely = likely_encoding(raw)
            return likely if codecs.lookup(likely) != codecs.lookup(encoding) else "latin-1"
    return "utf-8"


_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class TextLines:
    """The decoded lines of a stream, line ends kept.

    Args:
        stream: Bytes, already unpacked.
        name: What messages call the source.
        lenient: Continue after a line that is not UTF-8 or holds a NUL byte, its letters replaced; what was wrong
            with it is given by ``take_error``.

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
                self._refuse_nul(raw)  # says more of a file of zeros
                raise row_too_long(self.place())
            try:
                text = self._decode(raw)
            except (EncodingInvalid, NulByte) as error:
                if not self._lenient or (self.line == 1 and raw.startswith(_UTF16_MARKS)):
                    raise
                self._error = self._error or error
                # What is no text keeps its place, so that a quote or a line end after it still counts.
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
                details={"offset": self._offset + nul},
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
            details={"offset": offset},
        )


def peeked(stream: io.BufferedReader, size: int, name: str) -> bytes:
    """The first bytes of a stream, which stay to be read: about ``size``, as far as one reading gives them."""
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
