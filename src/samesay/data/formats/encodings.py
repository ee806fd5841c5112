"""Text files that are not UTF-8, turned into UTF-8 on the way. Knows bytes and characters, no formats."""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO

from samesay.errors import EncodingInvalid

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READ_AT_ONCE = 1 << 16
# So many bytes tell an encoding; more would only take time.
_SAMPLED = 1 << 14
_HIGH = re.compile(rb"[\x80-\xff]+")


def marked_encoding(start: bytes) -> str | None:
    """The encoding that a file's byte order mark says, where it is not UTF-8."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def unmarked_encoding(start: bytes) -> str | None:
    """UTF-16 without a mark, told from the NUL bytes between letters of ASCII."""
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
            # Any two bytes are some Chinese character: kana tell Japanese, rare signs tell that it is neither.
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
    """``stream`` in UTF-8, decoded from ``encoding`` as it is read.

    Raises:
        EncodingInvalid: While it is read, where the bytes are not of that encoding; naming the line.
    """
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
            details={"line": line, "encoding": self._encoding},
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
