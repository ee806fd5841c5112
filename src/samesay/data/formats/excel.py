"""The first sheet of an Excel workbook to records of texts; openpyxl is imported when a file is opened."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from samesay.data.bounds import LONGEST_ROW, require_few_columns, require_few_values, row_too_long
from samesay.data.formats.delimited import Record, Shape, rows_of
from samesay.data.rows import Row
from samesay.errors import DataError, ExtraMissing, RowMalformed

# Of the sheets, which openpyxl reads as it goes, and of the rest, the texts of all cells among it, which it holds.
_MOST_BYTES = {True: 256 * 1024 * 1024, False: 64 * 1024 * 1024}

_MOST_ROWS = 1_048_576  # Excel's own bound
_CELL, _ROW = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}|1"), re.compile(r"[0-9]{1,7}")
_BLOCK = 1 << 16


def read_excel(
    stream: BinaryIO, name: str, *, no_header: bool = False, note: Callable[[str], None]
) -> tuple[list[str], Iterator[Row]]:
    """The column names and the rows of the first sheet, cells as the texts that they would be in CSV."""
    try:
        import openpyxl
    except ImportError as error:
        raise ExtraMissing.of("excel", "openpyxl", "Reading Excel workbooks") from error
    _require_small(stream, name)
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what it says of its own size need not be true
    except Exception as error:  # openpyxl raises what its parsers do
        raise _damaged(name, error) from error
    if len(book.worksheets) > 1:
        others = ", ".join(repr(other.title) for other in book.worksheets[1:])
        note(f"the first sheet, {sheet.title!r}, was read; there are others: {others}")
    shape = Shape(name, None, no_header)
    return rows_of(_records(sheet, name), shape, note)


def _records(sheet: Any, name: str) -> Iterator[Record]:
    width, number = 0, 0
    cells = sheet.iter_rows(values_only=True)
    while True:
        try:
            row = next(cells, None)
        except Exception as error:  # as above
            raise _damaged(name, error) from error
        if row is None:
            return
        number += 1
        require_few_columns(len(row), f"{name}:{number}")
        fields = [_text(value) for value in row]
        if not any(fields):
            continue
        # A row ends with its last cell that was ever filled.
        width = width or len(fields)
        yield Record(number, fields + [""] * (width - len(fields)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _require_small(stream: BinaryIO, name: str) -> None:
    sizes = {True: 0, False: 0}
    try:
        with zipfile.ZipFile(stream) as archive:
            for entry in archive.infolist():
                sizes[entry.filename.startswith("xl/worksheets/")] += entry.file_size
            if all(size <= _MOST_BYTES[in_sheets] for in_sheets, size in sizes.items()):
                for entry in archive.infolist():
                    _require_small_rows(archive, entry, name)
    except DataError:
        raise
    except Exception as error:  # as zipfile raises what its parsers do, too
        raise _damaged(name, error) from error
    finally:
        if not stream.closed:
            stream.seek(0)
    for in_sheets, size in sizes.items():
        if size > _MOST_BYTES[in_sheets]:
            raise RowMalformed(
                f"The {'sheets' if in_sheets else 'texts'} of {name} unpack to {size:,} bytes.",
                where=name,
                expected=f"at most {_MOST_BYTES[in_sheets]:,}; save the sheet as CSV, which is read row by row",
            )


def _require_small_rows(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Refuse XML of which openpyxl would hold too much at once: it takes a row, a text or a list of styles whole."""
    parts: frozenset[str] = frozenset()  # elements after which nothing before is held
    n_rows = n_elements = n_letters = 0

    def begins(element: str, attributes: dict[str, str]) -> None:
        nonlocal parts, n_rows, n_elements, n_letters
        kind = element.rpartition(":")[2]
        place = f"{name}:{n_rows + 1}"
        if kind in ("worksheet", "sst"):
            parts = frozenset({"row", "si"})
        if kind in parts:
            n_elements = n_letters = 0
            n_rows += kind == "row"
        n_elements += 1
        require_few_values(n_elements, place)
        at = attributes.get("r", "1")
        wide, far = kind == "c" and not _CELL.fullmatch(at), kind == "row" and not _ROW.fullmatch(at)
        if wide or far or n_rows > _MOST_ROWS:
            raise RowMalformed(
                f"A {'cell' if wide else 'row'} stands at {at[:20]!r}.",
                where=place,
                expected=f"at most {_MOST_ROWS:,} rows, and columns of up to three letters",
            )

    def text(letters: str) -> None:
        nonlocal n_letters
        n_letters += len(letters)
        if n_letters > LONGEST_ROW:
            raise row_too_long(f"{name}:{n_rows}")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler = begins, text
    with archive.open(entry) as part:
        try:
            while block := part.read(_BLOCK):
                parser.Parse(block)
        except expat.ExpatError:  # no XML; or broken, and openpyxl ends here, too
            return


def _damaged(name: str, error: Exception) -> RowMalformed:
    return RowMalformed(
        f"{name} is no complete Excel workbook: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
        where=name,
        expected="a workbook of Excel 2007 or later (.xlsx)",
    )
