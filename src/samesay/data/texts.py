"""Single texts, where a task asks about texts and not about pairs: lines of a file, or one column of a table.

Knows files and columns, nothing of what the texts are for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesay.data.columns import existing_column, listed, same_name
from samesay.data.readers import STANDARD_INPUT, standard_input
from samesay.data.rows import side_text
from samesay.data.streaming import SourceRows
from samesay.data.textlines import TextLines, gunzipped
from samesay.errors import ColumnNotFound, NoRows, SourceNotFound, UsageError
from samesay.pairs import is_empty
from samesay.printable import command

LINES = "lines"
KNOWN_TEXTS = ("text", "sentence", "question", "title", "content")
_LINE_SUFFIXES = (".txt", ".txt.gz")


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
    """

    name: str
    column: str
    columns: tuple[str, ...]
    texts: list[str]
    places: list[str]
    rows: list[dict[str, Any]]
    n_empty: int

    def __len__(self) -> int:
        return len(self.texts)


def load_texts(
    source: str | Path | Sequence[str],
    *,
    column: str | None = None,
    format: str | None = None,
    keep_empty: bool = False,
) -> TextList:
    """Read texts.

    Args:
        source: A file of lines (``.txt``), any source of ``samesay.data.load_pairs``, ``"-"`` for standard input,
            or the texts themselves.
        column: Of a table, the column that holds them; found by its usual name, or as the only one, where absent.
        format: ``lines``, ``csv``, ``tsv``, ``jsonl`` or ``parquet``, where the name does not tell; standard input
            is lines unless it says otherwise, or a ``column`` was asked for, or it is a slice.
        keep_empty: Whether texts without a letter to read stay.

    Raises:
        UsageError: If a column of lines was asked for.
        ColumnNotFound: If the column is absent or cannot be told from the others.
        NoRows: If there is no text.
        DataError: One of its other leaves, if the source cannot be read.
    """
    if isinstance(source, str | Path):
        if _is_lines(source, column, format):
            if column is not None:
                raise UsageError(
                    f"A column {column!r} was asked for, and {source} is read as lines, which have none.",
                    where="--column",
                    expected="a table: csv, tsv, jsonl or parquet",
                    hint="leave --column out, or say which: --input-format csv",
                )
            found = _read_lines(source, keep_empty)
        else:
            found = _read_column(source, column, format, keep_empty)
    else:
        _require_texts(source)
        places = [f"texts[{index}]" for index in range(len(source))]
        found = _kept("texts", "text", ["text"], places, [{"text": text} for text in source], keep_empty)
    if not found.texts:
        raise NoRows(
            f"{found.name} holds no text.", where=found.name, expected="at least one text that is not empty"
        )
    return found


def _is_lines(source: str | Path, column: str | None, format: str | None) -> bool:
    if format is not None:
        return format == LINES
    if str(source) == STANDARD_INPUT:
        return column is None
    return str(source).lower().endswith(_LINE_SUFFIXES)


def _read_lines(source: str | Path, keep_empty: bool) -> TextList:
    piped = str(source) == STANDARD_INPUT
    name = "standard input" if piped else str(source)
    try:
        raw = standard_input() if piped else Path(source).open("rb")  # noqa: SIM115
    except OSError as error:
        raise SourceNotFound(
            f"{source} cannot be read: {error.strerror or error}.", where=name, expected="a readable file"
        ) from error
    try:
        lines = TextLines(gunzipped(raw, name), name)
        read = [(lines.place(), line.rstrip("\r\n")) for line in lines]
    finally:
        if not piped:
            raw.close()
    rows = [{"text": line} for _, line in read]
    return _kept(name, "text", ["text"], [place for place, _ in read], rows, keep_empty)


def _read_column(source: str | Path, column: str | None, format: str | None, keep_empty: bool) -> TextList:
    with SourceRows(source, format=format) as stream:
        chosen = _text_column(stream.columns, column, where=stream.name)
        read = [(stream.place(row), row.values) for row in stream]
        places, rows = [place for place, _ in read], [values for _, values in read]
        return _kept(stream.name, chosen, stream.columns, places, rows, keep_empty)


def _kept(
    name: str,
    column: str,
    columns: Sequence[str],
    places: list[str],
    rows: list[dict[str, Any]],
    keep_empty: bool,
) -> TextList:
    texts = [side_text(row, column, place=place) for row, place in zip(rows, places, strict=True)]
    n_empty = sum(map(is_empty, texts))
    keep = [index for index, text in enumerate(texts) if keep_empty or not is_empty(text)]
    return TextList(
        name=name,
        column=column,
        columns=tuple(columns),
        texts=[texts[index] for index in keep],
        places=[places[index] for index in keep],
        rows=[rows[index] for index in keep],
        n_empty=n_empty,
    )


def _text_column(names: Sequence[str], asked: str | None, *, where: str) -> str:
    if asked is not None:
        return existing_column(asked, names, where, role="the text")
    usual = [name for known in KNOWN_TEXTS for name in names if same_name(name, known)]
    if usual or len(names) == 1:
        return usual[0] if usual else names[0]
    raise ColumnNotFound(
        f"None of the columns is called {', '.join(KNOWN_TEXTS)}.",
        where=where,
        expected=f"one of the columns: {listed(names)}",
        hint=f"name the one that holds the texts: {command('--column', names[0])}",
        details={"columns": list(names)},
    )


def _require_texts(texts: Sequence[str]) -> None:
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise UsageError(
                f"texts[{index}] is {type(text).__name__}, not text.",
                expected="a file's name, or a list of texts",
            )
