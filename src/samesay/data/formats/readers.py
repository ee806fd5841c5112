"""One file, or standard input, to a stream of rows: format and layout found, unpacked, decoded, in bounded memory.

Knows formats, not columns: what a row's values mean is ``columns`` and ``labels``' business.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, get_args

from samesay.data.bounds import MOST_IN_MEMORY
from samesay.data.formats.delimited import layout_of, read_delimited
from samesay.data.formats.excel import read_excel
from samesay.data.formats.jsonlines import read_json_lines
from samesay.data.formats.packing import (
    PACKINGS,
    ZIP_MAGIC,
    is_archive,
    is_workbook,
    members_of,
    open_member,
    place_in_archive,
    unpacked,
    without_packing,
)
from samesay.data.formats.parquet import read_parquet
from samesay.data.formats.textlines import (
    TextLines,
    as_utf8,
    is_utf8_text,
    marked_encoding,
    peeked,
    reading_failed,
    unmarked_encoding,
)
from samesay.data.options import Format, ReadOptions
from samesay.data.rows import Row, place
from samesay.errors import DataError, FormatUnknown, RowMalformed, SourceNotFound, SplitNotFound

FORMATS = ("csv", "tsv", "jsonl", "parquet")
"""What is written; a workbook is read, too."""
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
STANDARD_INPUT = "-"
LINES = "lines"
"""Of single texts, one a line: never found, only asked for."""
_MAGICS = {b"PAR1": "parquet", ZIP_MAGIC: "xlsx"}
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a]")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# What is looked at to find a layout.
_START = 1 << 16
_SAMPLED_ROWS = 20


class RowStream:
    """The rows of one file, read as they are asked for; a context manager, iterated once.

    Args:
        path: A file, one in a zip archive (``quora.zip/train.csv``), or ``"-"`` for standard input.
        options: How it is read where it does not show it: format, delimiter, quoting, header, encoding, and with
            ``on_error="skip"`` rows that cannot be read are given with their ``error`` instead of raising it, where
            the rows after them can be found.

    Attributes:
        name: What messages call the source.
        format: The format that was found.
        columns: Column names in the order of the file (of its first object, for JSON Lines).
        class_names: For columns of numbers whose names the file itself holds (Parquet of Hugging Face): the
            names.
        schema: pyarrow's types of the columns of a Parquet file; None for other formats.
        notes: What was decided that a user may want to know; some of it is only known after the last row.
    """

    def __init__(self, path: str | Path, options: ReadOptions | None = None) -> None:
        options = options or ReadOptions()
        if options.format is not None and options.format not in (*get_args(Format), LINES):
            raise FormatUnknown.of_choice(
                f"{options.format!r} is not a format that is read.",
                options.format,
                get_args(Format),
                expected=f"one of {', '.join(get_args(Format))}, each also packed",
            )
        self.class_names: dict[str, list[str]] = {}
        self.schema: Any = None
        self.notes: list[str] = []
        opened = Opened(path)
        self.name = opened.name
        self._close = opened.close
        try:
            self.format = options.format or _format_shown(opened)
            self.columns, self._rows = self._read(opened, options)
        except BaseException:
            self.close()
            raise

    def _read(self, opened: Opened, options: ReadOptions) -> tuple[list[str], Iterator[Row]]:
        note = self.notes.append
        if self.format == "parquet":
            stream = opened.seekable()
            self.schema, rows, self.class_names = read_parquet(stream, self.name, lenient=options.skip)
            columns = list(self.schema.names)
        elif self.format == "xlsx":
            columns, rows = read_excel(opened.seekable(), self.name, no_header=options.no_header, note=note)
        else:
            stream = _decoded(opened.stream, options.encoding, self.name, note)
            lines = TextLines(stream, self.name, lenient=options.skip)
            if self.format == LINES:
                columns, rows = ["text"], _lines(lines)
            elif self.format == "jsonl":
                columns, rows = read_json_lines(lines, lenient=options.skip)
            else:
                usual = "\t" if self.format == "tsv" else ","
                layout = layout_of(_first_lines(stream, self.name), usual, options)
                columns, rows = read_delimited(lines, layout, no_header=options.no_header, note=note)
        return columns, rows if options.skip else map(_whole, rows)

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def first_rows(self) -> Sequence[Mapping[str, Any]]:
        """The values of the first rows, for an error that ends the reading; not given again."""
        found: list[Mapping[str, Any]] = []
        try:
            for row in islice(self._rows, _SAMPLED_ROWS):
                found.append(row.values)
        except DataError:
            if not found:
                raise
        return found

    def place(self, row: Row) -> str:
        """Where a row stands, for messages."""
        return place(self.name, row.line, row.number)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._close()

    def __enter__(self) -> RowStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Opened:
    """The bytes of a file, unpacked.

    Attributes:
        name: What messages call it.
        inner: Its own name where it is in an archive, that of the path otherwise; empty for standard input.
        stream: Its bytes.
    """

    def __init__(self, path: str | Path) -> None:
        piped = str(path) == STANDARD_INPUT
        self.name = "standard input" if piped else str(path)
        self.inner = "" if piped else Path(path).name
        self._closing: list[Any] = []
        try:
            self.stream = unpacked(self._raw(path, piped=piped), self.name)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close what was opened."""
        for each in reversed(self._closing):
            each.close()

    def seekable(self, stream: io.BufferedReader | None = None) -> BinaryIO:
        """The bytes for who reads from their end: what is piped or packed is taken into memory, within a bound."""
        stream = self.stream if stream is None else stream
        if isinstance(stream.raw, io.FileIO | io.BytesIO) and stream.seekable():
            return stream
        try:
            content = stream.read(MOST_IN_MEMORY + 1)
        except OSError as error:
            raise reading_failed(self.name, error) from error
        if len(content) > MOST_IN_MEMORY:
            raise RowMalformed(
                f"{self.name} holds more than {MOST_IN_MEMORY:,} bytes, piped or packed, that are read from their end.",
                where=self.name,
                expected="a file of this format on the disk, as it is: it is packed within",
                hint="save it, unpacked, and name the file",
            )
        return io.BytesIO(content)

    def _raw(self, path: str | Path, *, piped: bool) -> io.BufferedReader:
        if piped:
            standard: Any = standard_input()
            stream = standard if isinstance(standard, io.BufferedReader) else io.BufferedReader(standard)
            if not peeked(stream, len(ZIP_MAGIC), self.name).startswith(ZIP_MAGIC):
                return stream
            content: Any = self.seekable(stream)
            workbook = is_workbook(content, self.name)
            content.seek(0)
            if workbook:
                return io.BufferedReader(content)
            file, stream = open_member(content, _only_member(content, self.name), self.name)
            self._closing += [file, stream]
            return stream
        inside = place_in_archive(Path(path))
        if inside is None and is_archive(Path(path)):
            inside = (Path(path), _only_member(Path(path), str(path)))
        if inside is not None:
            archive, member = inside
            file, stream = open_member(archive, member, self.name)
            self._closing += [file, stream]
            self.inner = Path(member).name
            return stream
        try:
            opened: Any = Path(path).open("rb", buffering=_START)  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise SourceNotFound(
                f"{path} cannot be read: {error.strerror or error}.",
                where=str(path),
                expected="a readable file",
            ) from error
        self._closing.append(opened)
        return opened


def table_members(archive: Path | BinaryIO, name: str) -> list[str]:
    """The files of a zip archive that by their names hold pairs; all of them where no name shows it."""
    members = members_of(archive, name)
    return [member for member in members if suffix_format(member)] or members


def suffix_format(name: str) -> str | None:
    """The format that a file's name shows, packed or not."""
    return SUFFIXES.get(Path(without_packing(name)).suffix.lower())


def format_of(path: Path) -> str:
    """The format that the name of a file to be written shows."""
    name = path.name[:-3] if path.suffix.lower() == ".gz" else path.name
    found = SUFFIXES.get(Path(name).suffix.lower())
    if found not in FORMATS:
        raise FormatUnknown(
            f"The name {path.name!r} does not show the format to write.",
            where=str(path),
            expected="a name ending in .csv, .tsv, .jsonl or .parquet, each also with .gz; "
            "or --output-format, where a command has it",
        )
    return found


def standard_input() -> BinaryIO:
    """What is piped in."""
    if sys.stdin is None:
        raise SourceNotFound(
            "Standard input is closed.", where="standard input", expected="a file or a pipe to read from"
        )
    return sys.stdin.buffer


def _decoded(
    stream: io.BufferedReader, encoding: str | None, name: str, note: Callable[[str], None]
) -> io.BufferedReader:
    """A text file's bytes in UTF-8: by ``encoding``, else by its byte order mark, else as they are."""
    start = peeked(stream, 4, name)
    if encoding is None:
        encoding = marked_encoding(start)
        if encoding is None:
            return stream
        note(f"read as {encoding.upper()}, as its byte order mark says")
    elif encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig"):
        return stream
    elif marked_encoding(start) is not None and encoding.lower().startswith(("utf-16", "utf-32", "utf16")):
        encoding = marked_encoding(start) or encoding  # the mark says the order of bytes, too
    elif is_utf8_text(peeked(stream, _START, name)):
        note(f"read as {encoding}, as --encoding says, though its letters look like UTF-8")
    return as_utf8(stream, encoding, name)


def _only_member(archive: Path | BinaryIO, name: str) -> str:
    members = table_members(archive, name)
    if len(members) == 1:
        return members[0]
    shown = ", ".join(members[:10])
    raise SplitNotFound(
        f"The archive {name} holds {len(members) or 'no'} files{f': {shown}' if members else ''}.",
        where=name,
        expected=f"one file of pairs, or its name: {'ARCHIVE.zip' if name == 'standard input' else name}/NAME",
    )


def _format_shown(opened: Opened) -> str:
    """The format that a name shows, or for standard input the first bytes."""
    start = peeked(opened.stream, _START, opened.name)
    if not opened.inner:
        return _sniffed(start)
    found = suffix_format(opened.inner)
    if found is not None:
        return found
    encoded = marked_encoding(start) or unmarked_encoding(start[:1024])
    if start.startswith(_OLD_EXCEL):
        hint, expected = None, "a workbook of Excel 2007 or later (.xlsx), or the sheet saved as CSV"
    elif encoded is None and _CONTROLS.search(start[:1024]) and not start.startswith(tuple(_MAGICS)):
        hint, expected = None, "a file of texts; an archive of another kind has to be unpacked first"
    else:
        hint = f"--format {_sniffed(start)}"
        expected = (
            "a name ending in .csv, .tsv, .jsonl, .parquet or .xlsx, each also with "
            f"{', '.join(PACKINGS[:-1])} or {PACKINGS[-1]}"
        )
    raise FormatUnknown(
        f"The name {opened.inner!r} does not show the format.",
        where=opened.name,
        expected=expected,
        hint=hint,
    )


def _sniffed(start: bytes) -> str:
    magic = next((format for magic, format in _MAGICS.items() if start.startswith(magic)), None)
    if magic is not None:
        return magic
    encoding = marked_encoding(start) or unmarked_encoding(start[:1024])
    if encoding is not None:
        start = start.decode(encoding, "ignore").encode()
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return "jsonl"
    return "tsv" if b"\t" in text.split(b"\n", 1)[0] else "csv"


def _first_lines(stream: io.BufferedReader, name: str) -> str:
    """The whole lines among the first bytes, which stay to be read; one line, where it is longer than these."""
    start = peeked(stream, _START, name).removeprefix(b"\xef\xbb\xbf")
    end = start.rfind(b"\n") + 1
    return (start[:end] if end else start).decode("utf-8", "replace")


def _lines(lines: TextLines) -> Iterator[Row]:
    for text in lines:
        error = lines.take_error()
        yield Row(lines.line, lines.line, {} if error else {"text": text.rstrip("\r\n")}, error)


def _whole(row: Row) -> Row:
    if row.error is not None:
        raise row.error
    return row
