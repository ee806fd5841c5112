"""Files that are packed: gzip, bzip2 and xz around one file, zip around one or several. Unpacked as they are read.

Knows bytes and names, no rows.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from samesay.data.bounds import FREELY_UNPACKED, MOST_DICTIONARY, MOST_TIMES_UNPACKED
from samesay.data.formats.textlines import peeked, reading_failed
from samesay.errors import DataError, RowMalformed, SourceNotFound
from samesay.printable import command

PACKINGS = (".gz", ".bz2", ".xz", ".zip")
"""What may follow a format's own suffix."""

GZIP_MAGIC, _BZIP_MAGIC, _XZ_MAGIC, ZIP_MAGIC = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04"
_BLOCK = 1 << 16
# What the unpackers of Python raise for data that is not as it should be; EINVAL is a place before the file's start.
_FAULTS = (
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
# What unpacks a file; with -t each checks it.
_COMMANDS = {"gzip": ("gzip", "-dc"), "bzip2": ("bzip2", "-dc"), "xz": ("xz", "-dc"), "zip": ("unzip", "-p")}
_NO_ARCHIVES = (".xlsx", ".xlsm")


def without_packing(name: str) -> str:
    """``name`` without the suffix of a packing: ``train.csv`` for ``train.csv.zip``."""
    suffix = Path(name).suffix
    return name[: -len(suffix)] if suffix.lower() in PACKINGS else name


def unpacked(stream: io.BufferedReader, name: str) -> io.BufferedReader:
    """The stream itself, or what it unpacks to where it begins as gzip, bzip2 or xz do, whatever its name says."""
    start = peeked(stream, len(_XZ_MAGIC), name)
    packed: Any = _Counting(stream)  # pyright: ignore[reportArgumentType]
    opened: Any
    if start.startswith(GZIP_MAGIC):
        kind, opened = "gzip", gzip.GzipFile(fileobj=packed)
    elif start.startswith(_BZIP_MAGIC):
        kind, opened = "bzip2", bz2.BZ2File(packed)
    elif start.startswith(_XZ_MAGIC):
        kind, opened = "xz", _Xz(packed)
    else:
        return stream
    return io.BufferedReader(_Unpacking(opened, name, kind, packed), _BLOCK)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive, and no workbook."""
    if path.suffix.lower() in _NO_ARCHIVES or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    except OSError:  # reported where it is read
        return False


def members_of(archive: Path | BinaryIO, name: str) -> list[str]:
    """The names of the files in a zip archive that could hold pairs, in its order."""
    with _opened(archive, name) as file:
        return [entry.filename for entry in file.infolist() if _is_file(entry)]


def is_workbook(archive: BinaryIO, name: str) -> bool:
    """Whether a zip archive is a workbook of Excel."""
    with _opened(archive, name) as file:
        return "xl/workbook.xml" in file.namelist()


def place_in_archive(path: Path) -> tuple[Path, str] | None:
    """The archive and the name in it, where a path continues after a zip archive: ``quora.zip/train.csv``."""
    for parent in path.parents:
        if parent.suffix.lower() == ".zip" and is_archive(parent):
            return parent, path.relative_to(parent).as_posix()
    return None


def open_member(archive: Path | BinaryIO, member: str, name: str) -> tuple[Any, io.BufferedReader]:
    """What has to be closed, and the stream of one file in a zip archive."""
    file = _opened(archive, name)
    try:
        entry = file.getinfo(member)
        if entry.compress_type == zipfile.ZIP_LZMA:
            raise NotImplementedError("by lzma, an archive may ask for any amount of memory")
        # What an entry says of its size need not be true.
        packed = _Counting(None, min(entry.compress_size, _size(file)))
        return file, io.BufferedReader(_Unpacking(file.open(member), name, "zip", packed), _BLOCK)
    except KeyError:
        file.close()
        raise SourceNotFound(
            f"There is no {member!r} in the archive.", where=name, expected="one of its files"
        ) from None
    except _FAULTS as error:  # damage, a password, a way of packing
        file.close()
        raise RowMalformed(
            f"{member} in the archive cannot be unpacked: {error}.",
            where=name,
            expected="a zip archive without a password, packed by deflate or bzip2",
        ) from error


def _is_file(entry: zipfile.ZipInfo) -> bool:
    path = Path(entry.filename)
    # Two points are hidden, too: no name leads out of the archive.
    hidden = path.is_absolute() or any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not entry.is_dir() and bool(path.parts) and not hidden


def _opened(archive: Path | BinaryIO, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except _FAULTS as error:
        raise _failed(name, "zip", error) from error


def _size(archive: zipfile.ZipFile) -> int:
    assert archive.fp is not None
    at = archive.fp.tell()
    size = archive.fp.seek(0, io.SEEK_END)
    archive.fp.seek(at)
    return size


def _failed(name: str, kind: str, error: Exception) -> DataError:
    """The error for a disk that cannot be read, or packed data that ends early or fails its own checksum."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        return reading_failed(name, error)
    if isinstance(error, lzma.LZMAError) and "emory" in str(error):
        return RowMalformed(
            f"To unpack {name} takes a dictionary of more than {MOST_DICTIONARY:,} bytes.",
            where=name,
            expected="as xz -9 packs, or smaller",
            hint=f"if it is meant so, unpack it first: {command('xz', '-dc', _existing(name))} > unpacked-copy",
        )
    return RowMalformed(
        f"The {kind} data of {name} is damaged: {error}.",
        where=name,
        expected=f"a complete {kind} file",
        hint=f"check it with: {command(_COMMANDS[kind][0], '-t', _existing(name))}",
    )


def _existing(name: str) -> str:
    return name if Path(name).exists() else "FILE"


class _Counting:
    """A packed stream that counts what is read of it, or only says how long it is."""

    def __init__(self, stream: BinaryIO | None, n_bytes: int = 0) -> None:
        self._stream = stream
        self.n_bytes = n_bytes

    def read(self, size: int = -1) -> bytes:
        """The next packed bytes."""
        assert self._stream is not None
        content = self._stream.read(size)
        self.n_bytes += len(content)
        return content


class _Xz:
    """An xz file, one stream or several; ``lzma.LZMAFile`` takes as much memory as a file asks for."""

    def __init__(self, packed: _Counting) -> None:
        self._packed = packed
        self._decompressor: lzma.LZMADecompressor | None = None
        self._waiting = b""

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end."""
        while True:
            if self._decompressor is None:
                # Between streams, and after the last, there may be zeros.
                while not (rest := self._waiting.lstrip(b"\0")):
                    self._waiting = self._packed.read(_BLOCK)
                    if not self._waiting:
                        return b""
                self._waiting = rest
                self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, MOST_DICTIONARY)
            elif self._decompressor.needs_input:
                self._waiting = self._packed.read(_BLOCK)
                if not self._waiting:
                    raise EOFError("it ends before its end was marked")
            part = self._decompressor.decompress(self._waiting, size)
            self._waiting = b""
            if self._decompressor.eof:
                self._waiting, self._decompressor = self._decompressor.unused_data, None
            if part:
                return part

    def close(self) -> None:
        """The packed stream is closed by whoever opened it."""


class _Unpacking(io.RawIOBase):
    """What a packed stream unpacks to, its faults in our words; refused where it is far more than texts come to."""

    def __init__(self, stream: Any, name: str, kind: str, packed: _Counting) -> None:
        self._stream = stream
        self._name = name
        self._kind = kind
        self._packed = packed
        self._n_bytes = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._stream.close()  # an archive stays open as long as one of its files is
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            part = self._stream.read(len(buffer))
        except _FAULTS as error:
            raise _failed(self._name, self._kind, error) from error
        self._n_bytes += len(part)
        if self._n_bytes > max(FREELY_UNPACKED, MOST_TIMES_UNPACKED * self._packed.n_bytes):
            raise RowMalformed(
                f"The {self._kind} data of {self._name} unpacks to more than {MOST_TIMES_UNPACKED} times its size.",
                where=self._name,
                expected="texts, which come to 3 to 20 times",
                hint="if it is meant so, unpack it first: "
                f"{command(*_COMMANDS[self._kind], _existing(self._name))} > unpacked-copy",
            )
        buffer[: len(part)] = part
        return len(part)
