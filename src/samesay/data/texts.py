"""Single texts, where a task asks about texts and not about pairs: lines of a file, or one column of a table.

Knows files and columns, nothing of what the texts are for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesay.data import bounds
from samesay.data.columns import existing_column, is_row, listed, same_name
from samesay.data.formats.packing import without_packing
from samesay.data.formats.readers import LINES, STANDARD_INPUT
from samesay.data.options import ReadOptions
from samesay.data.rows import SkippedRow, SkippedRows, side_text
from samesay.data.splits import split_off_slice
from samesay.data.stream import SourceRows
from samesay.errors import ColumnNotFound, DataError, NoRows, UsageError
from samesay.pairs import is_empty
from samesay.printable import command

KNOWN_TEXTS = ("text", "sentence", "question", "title", "content")
_LINE_SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class TextList:
    """Texts in the order of their source; those without a letter to read are counted, and left out if so wished.

    Attributes:
        name: What messages call the source.
        column: The column that they are from; ``text`` for lines and lists.
        columns: All columns of the source, in its order.
        texts: The texts.
        places: Where each stands, ``file:line``.
        rows: The record that each is part of, by column.
        n_empty: Records whose text is empty.
        notes: What was decided in reading them that a user may want to know.
    """

    name: str
    column: str
    columns: tuple[str, ...]
    texts: list[str]
    places: list[str]
    rows: list[dict[str, Any]]
    n_empty: int
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


def load_texts(
    source: str | Path | Sequence[str],
    *,
    column: str | None = None,
    format: str | None = None,
    keep_empty: bool = False,
    **options: Any,
) -> TextList:
    """Read texts.

    Args:
        source: A file of lines (``.txt``), any source of ``samesay.data.load_pairs``, ``"-"`` for standard input,
            or the texts themselves.
        column: Of a table, the column that holds them; found by its usual name, or as the only one, where absent.
        format: ``lines``, ``csv``, ``tsv``, ``jsonl``, ``parquet`` or ``xlsx``, where the name does not show it;
            standard input is lines unless it says otherwise, or a ``column`` was asked for.
        keep_empty: Whether texts without a letter to read stay.
        **options: How files are read, where they do not show it: fields of ``samesay.data.ReadOptions``.

    Raises:
        UsageError: If a column of lines was asked for.
        ColumnNotFound: If the column is absent or cannot be distinguished from the others.
        NoRows: If there is no text.
        DataError: One of its other leaves, if the source cannot be read.
    """
    if isinstance(source, str | Path):
        if _is_lines(source, column, format):
            if column is not None:
                raise UsageError(
                    f"A column {column!r} was asked for, and {source} is read as lines, which have none.",
                    where="--column",
                    expected="a table: csv, tsv, jsonl, parquet or xlsx",
                    hint=None if format == LINES else "--input-format csv",
                )
            format = LINES
        found = _read(source, column, ReadOptions(format=format, **options), keep_empty)  # type: ignore[arg-type]
    else:
        _require_texts(source)
        records = [(text, f"texts[{index}]", {"text": text}) for index, text in enumerate(source)]
        found = _kept("texts", "text", ["text"], records, keep_empty)
    if not found.texts:
        raise NoRows(
            f"{found.name} holds no text.", where=found.name, expected="at least one text that is not empty"
        )
    return found


def _is_lines(source: str | Path, column: str | None, format: str | None) -> bool:
    if format is not None:
        return format == LINES
    name = str(source) if Path(source).exists() else split_off_slice(str(source))[0]
    if name == STANDARD_INPUT:
        return column is None
    return without_packing(name).lower().endswith(_LINE_SUFFIX)


def _read(source: str | Path, column: str | None, reading: ReadOptions, keep_empty: bool) -> TextList:
    skipped, records = SkippedRows(), []
    with SourceRows(source, reading) as stream:
        chosen = _text_column(stream, column)
        for row in bounds.require_few_rows(stream, stream.name, most=bounds.MOST_TEXTS):
            place = stream.place(row)
            try:
                if row.error is not None:
                    raise row.error
                records.append((side_text(row.values, chosen, place=place), place, row.values))
            except DataError as error:
                if not reading.skip:
                    raise
                skipped.add(SkippedRow.of(stream.file, row, error))
        notes = (*stream.notes, *skipped.notes())
        return _kept(stream.name, chosen, stream.columns, records, keep_empty, notes)


def _kept(
    name: str,
    column: str,
    columns: Sequence[str],
    records: list[tuple[str, str, dict[str, Any]]],
    keep_empty: bool,
    notes: tuple[str, ...] = (),
) -> TextList:
    """Texts with their places and records; those that are empty, too, if they are to be kept."""
    kept = [record for record in records if keep_empty or not is_empty(record[0])]
    return TextList(
        name=name,
        column=column,
        columns=tuple(columns),
        texts=[text for text, _, _ in kept],
        places=[place for _, place, _ in kept],
        rows=[row for _, _, row in kept],
        n_empty=sum(is_empty(text) for text, _, _ in records),
        notes=notes,
    )


def _text_column(stream: SourceRows, asked: str | None) -> str:
    names, where = stream.columns, stream.name
    if asked is not None:
        return existing_column(asked, names, where, role="the text")
    usual = [name for known in KNOWN_TEXTS for name in names if same_name(name, known)]
    if usual:
        return usual[0]
    if not is_row(names):
        if len(names) == 1:
            return names[0]
        read = stream.first_rows()
        texts = [name for name in names if any(isinstance(row.get(name), str) for row in read)]
        longest = max(texts, key=lambda name: sum(len(str(row.get(name))) for row in read), default=None)
        hint = command("--column", longest) if longest else None
        message = f"None of the columns is called {', '.join(KNOWN_TEXTS)}."
    else:
        longest = max(range(len(names)), key=lambda place: len(names[place])) + 1
        hint = f"--no-header --column {longest}"
        message = (
            f"The first line seems to be a row and no header: it holds {listed([names[longest - 1]])!r}."
        )
    raise ColumnNotFound(
        message,
        where=where,
        expected=f"the name of the column that holds the texts, one of: {listed(names)}",
        hint=hint,
        details={"columns": list(names)},
    )


def _require_texts(texts: Sequence[str]) -> None:
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise UsageError(
                f"texts[{index}] is {type(text).__name__}, not text.",
                expected="a file's name, or a list of texts",
            )
