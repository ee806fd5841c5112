"""A user's own behaviour suite: a table with a test in every row.

Knows columns and texts; which labels there are, and what an answer is worth, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesay.data.bounds import require_few_rows
from samesay.data.columns import find_columns, listed, order_of
from samesay.data.options import ReadOptions
from samesay.data.rows import Row, SkippedRow, SkippedRows, side_text, text_of
from samesay.data.stream import SourceRows
from samesay.errors import ColumnNotFound, DataError, EmptySide, LabelMissing, NoRows
from samesay.pairs import Pair, is_empty

EXPECTED, CAPABILITY, PERTURBED = "expected", "capability", "perturbed_"


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """One test as it stands in the file.

    Attributes:
        capability: What it tests; the file's name without its ending where there is no such column.
        pair: The texts, in the usual order of their roles (premise first).
        expected: The answer that is expected; empty where ``perturbed`` is there instead.
        perturbed: The same pair after a change that should not matter.
        place: ``file:line``.
    """

    capability: str
    pair: Pair
    expected: str
    perturbed: Pair | None
    place: str


def read_suite(
    source: str | Path, reading: ReadOptions | None = None
) -> tuple[list[SuiteRow], tuple[str, ...]]:
    """Read a suite: CSV, TSV, JSON Lines, Parquet or a workbook; its tests, and what a user may want to know of that.

    The columns of the texts are found as those of any pairs (``first,second``, ``premise,hypothesis``, …). A row has
    what is ``expected``, or the same columns once more with ``perturbed_`` before their names.

    Raises:
        ColumnNotFound: If the texts, or both of what can be expected, have no column.
        LabelMissing: If a row has neither.
        EmptySide: If a text is empty.
        NoRows: If there is no test.
        DataError: As any table.
    """
    reading = reading or ReadOptions()
    with SourceRows(source, reading) as rows:
        names = rows.columns
        try:
            found = find_columns(names, where=rows.name, need_label=False)
        except ColumnNotFound as error:
            error.hint = None  # a suite has columns of its own
            raise
        swapped = order_of(found.sides) == 1
        changed = (PERTURBED + found.first, PERTURBED + found.second)
        can_change = all(column in names for column in changed)
        if EXPECTED not in names and not can_change:
            raise ColumnNotFound(
                f"Nothing tells what is expected. The columns are: {listed(names)}.",
                where=rows.name,
                expected=f"a column {EXPECTED}, or {' and '.join(changed)}",
            )

        def pair(values: Mapping[str, Any], columns: tuple[str, str], place: str) -> Pair:
            texts = [side_text(values, column, place=place) for column in columns]
            for text, column in zip(texts, columns, strict=True):
                if is_empty(text):
                    raise EmptySide(f"The text in {column!r} is empty.", where=place, expected="a text")
            return Pair(*(reversed(texts) if swapped else texts))

        def test(row: Row, place: str) -> SuiteRow:
            if row.error is not None:
                raise row.error
            expected = text_of(row.values.get(EXPECTED)).strip()
            perturbed = None
            if can_change and any(text_of(row.values.get(column)) for column in changed):
                perturbed = pair(row.values, changed, place)
            if not expected and perturbed is None:
                raise LabelMissing(
                    "The row does not say what is expected.",
                    where=place,
                    expected=f"a value in {EXPECTED!r}"
                    + (f", or texts in {' and '.join(changed)}" if can_change else ""),
                )
            capability = text_of(row.values.get(CAPABILITY)).strip() or Path(source).stem
            return SuiteRow(
                capability, pair(row.values, (found.first, found.second), place), expected, perturbed, place
            )

        tests, skipped = [], SkippedRows()
        for row in require_few_rows(rows, rows.name):
            try:
                tests.append(test(row, rows.place(row)))
            except DataError as error:
                if not reading.skip:
                    raise
                skipped.add(SkippedRow(rows.file, row.line, row.number, error.code, error.message))
        notes = (*rows.notes, *skipped.notes())
    if not tests:
        raise NoRows(f"There is no test in {source}.", where=str(source), expected="one row or more")
    return tests, notes
