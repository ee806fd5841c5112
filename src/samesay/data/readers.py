"""One file, or standard input, to a stream of rows: the format told, gzip unpacked, bounded memory.

Knows formats, not columns: what a row's values mean is ``columns`` and ``labels``' business.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from samesay.data.bounds import MOST_IN_MEMORY
from samesay.data.delimited import read_delimited
from samesay.data.jsonlines import read_json_lines
from samesay.data.parquet import read_parquet
from samesay.data.rows import Row
from samesay.data.textlines import READ_ERRORS, TextLines, gunzipped, reading_failed
from samesay.errors import FormatUnknown, RowMalformed, SourceNotFound, near

FORMATS = ("csv", "tsv", "jsonl", "parquet")
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
STANDARD_INPUT = "-"
_PARQUET_MAGIC = b"PAR1"


class RowStream:
    """The rows of one file, read as they are asked for; a context manager, iterated once.

    Args:
        path: A file, or ``"-"`` for standard input.
        format: One of ``FORMATS``; told from the file's name where it is ``None``, and for standard input
            from its first bytes.
        lenient: Give a row that cannot be read with its ``error`` instead of raising it, where the rows behind it
            can be told.

    Attributes:
        name: What messages call the source.
        format: The format that was found.
        columns: Column names in the order of the file (of its first object, for JSON Lines).
        class_names: For columns of numbers whose names the file itself tells (Parquet of Hugging Face): the
            names.

    Raises:
        SourceNotFound: If the file cannot be opened.
        FormatUnknown: If its format cannot be told.
        NoRows: If it is empty.
        RowMalformed, EncodingInvalid, NulByte, ColumnNotFound: As its contents are met, here or while
            iterating.
    """

    def __init__(self, path: str | Path, *, format: str | None = None, lenient: bool = False) -> None:
        if format is not None and format not in FORMATS:
            close = near(format, FORMATS)
            raise FormatUnknown(
                f"{format!r} is not a format that is read.",
                expected=f"one of {', '.join(FORMATS)}, each also gzipped",
                hint=f"did you mean {close[0]!r}?" if close else None,
            )
        piped = self._piped = str(path) == STANDARD_INPUT
        self.name = "standard input" if piped else str(path)
        named = format or (None if piped else format_of(Path(path)))
        self._raw = _open(path)
        self.class_names: dict[str, list[str]] = {}
        try:
            stream = gunzipped(self._raw, self.name)
            self.format = named or _sniffed(stream, self.name)
            if self.format == "parquet":
                self.columns, self._rows, self.class_names = read_parquet(
                    _seekable(stream, self.name), self.name, lenient=lenient
                )
            else:
                lines = TextLines(stream, self.name, lenient=lenient)
                if self.format == "jsonl":
                    self.columns, self._rows = read_json_lines(lines, lenient=lenient)
                else:
                    delimiter = "\t" if self.format == "tsv" else ","
                    self.columns, self._rows = read_delimited(lines, delimiter, lenient=lenient)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def place(self, row: Row) -> str:
        """Where a row stands, for messages: ``file:line``, or ``file row n`` where there are no lines."""
        return f"{self.name} row {row.number}" if row.line is None else f"{self.name}:{row.line}"

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if not self._piped:
            self._raw.close()

    def __enter__(self) -> RowStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def format_of(path: Path) -> str:
    """The format that a file's name tells.

    Raises:
        FormatUnknown: If it tells none.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    found = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None:
        raise FormatUnknown(
            f"The name {path.name!r} does not tell the format.",
            where=str(path),
            expected="a name ending in .csv, .tsv, .jsonl or .parquet, each also with .gz",
            hint="or say it: --format tsv (--input-format, --output-format where a command has these)",
        )
    return found


def standard_input() -> BinaryIO:
    """What is piped in.

    Raises:
        SourceNotFound: If it is closed, as a scheduler may start a process.
    """
    if sys.stdin is None:
        raise SourceNotFound(
            "Standard input is closed.", where="standard input", expected="a file or a pipe to read from"
        )
    return sys.stdin.buffer


def _open(path: str | Path) -> BinaryIO:
    if str(path) == STANDARD_INPUT:
        return standard_input()
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise SourceNotFound(
            f"{path} cannot be read: {error.strerror or error}.", where=str(path), expected="a readable file"
        ) from error


def _sniffed(stream: BinaryIO, name: str) -> str:
    assert isinstance(stream, io.BufferedReader)
    try:
        start = stream.peek(4096)
    except READ_ERRORS as error:
        raise reading_failed(name, error) from error
    if start.startswith(_PARQUET_MAGIC):
        return "parquet"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return "jsonl"
    return "tsv" if b"\t" in text.split(b"\n", 1)[0] else "csv"


def _seekable(stream: BinaryIO, name: str) -> BinaryIO:
    """Parquet is read from its end, so what is piped or packed is taken into memory, as far as it may be large."""
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO) and stream.seekable():
        return stream
    try:
        content = stream.read(MOST_IN_MEMORY + 1)
    except READ_ERRORS as error:
        raise reading_failed(name, error) from error
    if len(content) > MOST_IN_MEMORY:
        raise RowMalformed(
            f"{name} is a Parquet file of more than {MOST_IN_MEMORY:,} bytes, piped or gzipped.",
            where=name,
            expected="a Parquet file on the disk, as it is: it is read from its end, and packed within",
            hint="save it, unpacked, and name the file",
        )
    return io.BytesIO(content)
