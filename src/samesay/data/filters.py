"""Which rows of a source are pairs: conditions on columns, a header among the rows, rows that cannot be used.

Also which texts are Python bytes literals. Knows names and values, no files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from samesay.data.columns import ColumnMap, no_column, plain_name
from samesay.data.labels.spellings import LITERAL, unliteral
from samesay.data.options import ReadOptions
from samesay.data.rows import Row, side_text, text_of
from samesay.errors import DataError, EmptySide, RowMalformed, UsageError
from samesay.pairs import is_empty

REPEATED_HEADER = "header repeated among the rows"
_CONDITION = re.compile(r"\s*(?P<column>[^=~!]+?)\s*(?P<not>!?)(?P<test>[=~])\s*(?P<text>.*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a value of one column must be, or contain: ``genre=fiction``, ``source~cat``; ``!=`` and ``!~`` negate.

    >>> Condition.parse("source~cat").met_by("cat+shy")
    True
    >>> Condition.parse("genre!=fiction").met_by("fiction")
    False
    """

    column: str
    text: str
    contains: bool
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.column}{'!' if self.negated else ''}{'~' if self.contains else '='}{self.text}"

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition."""
        match = _CONDITION.fullmatch(text)
        if match is None or (match["test"] == "~" and not match["text"]):
            raise UsageError(
                f"Cannot read the condition {text!r}.",
                expected="COLUMN=TEXT, COLUMN!=TEXT, COLUMN~PART or COLUMN!~PART, such as source~cat",
            )
        return cls(match["column"], match["text"], match["test"] == "~", bool(match["not"]))

    def met_by(self, value: str) -> bool:
        """Whether a value of the column meets it; letters count as they are written."""
        return ((self.text in value) if self.contains else (self.text == value)) != self.negated

    def require_column(self, names: Sequence[str], *, where: str) -> None:
        """Refuse a table without the column."""
        if self.column not in names:
            message = f"There is no column {self.column!r} for the condition {self}."
            raise no_column(message, self.column, names, where)


def conditions_in(where: str | Sequence[str] | None) -> list[Condition]:
    """The conditions of one text or of several; none of None."""
    return [Condition.parse(text) for text in ([where] if isinstance(where, str) else where or ())]


class RowFilter:
    """Leaves out rows that are no pairs, one at a time, and counts why.

    Args:
        columns: The table's columns.
        mapped: Which of them are the sides and the gold answer.
        reading: Its conditions, and with ``on_error="skip"`` that rows are looked at for what makes them no pair.
        place: From a row to where it stands, for messages.
        where: The source, for messages.

    Attributes:
        conditions: What rows have to meet.
        left_out: Reason to how many rows were left out for it.
    """

    def __init__(
        self,
        columns: Sequence[str],
        mapped: ColumnMap,
        reading: ReadOptions,
        place: Callable[[Row], str],
        *,
        where: str,
    ) -> None:
        self.conditions = conditions_in(reading.where)
        for condition in self.conditions:
            condition.require_column(columns, where=where)
        self.left_out: dict[str, int] = {}
        self._columns = columns
        self._reading = reading
        self._place = place
        self._sides = (mapped.first, mapped.second)
        self._first = mapped.first
        self._used = [name for name in (*self._sides, mapped.gold) if name is not None]
        self._names = {plain_name(name) for name in columns}
        self._longest = max(map(len, columns), default=0) + 2

    @property
    def is_idle(self) -> bool:
        """Whether it leaves out headers alone."""
        return not self.conditions and not self._reading.skip

    def passed(self, row: Row) -> Row | None:
        """``row``, with its ``error`` where it is to be skipped; nothing where it is left out."""
        reason = None
        if row.error is None and self.is_header(row):
            reason = REPEATED_HEADER
        elif self._reading.skip and (error := self._fault(row)) is not None:
            return Row(row.number, row.line, row.values, error)
        else:
            for condition in self.conditions:
                if not condition.met_by(text_of(row.values.get(condition.column))):
                    reason = f"not {condition}"
                    break
        if reason is None:
            return row
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
        return None

    def is_header(self, row: Row) -> bool:
        """Whether a row is the header again, as where several files were joined with theirs."""
        value = row.values.get(self._first)
        if type(value) is not str or len(value) > self._longest or plain_name(value) not in self._names:
            return False
        if all(
            isinstance(said := row.values.get(name), str) and plain_name(said) == plain_name(name)
            for name in self._used
        ):
            return True
        values = [plain_name(value) for value in row.values.values() if isinstance(value, str)]
        if len(values) != len(self._columns) or set(values) != self._names or len(values) < 3:
            return False
        raise RowMalformed(
            "The row is a header whose columns stand in another order than in the first line.",
            where=self._place(row),
            expected=f"{', '.join(self._columns)}; or a file of its own from this line on",
        )

    def _fault(self, row: Row) -> DataError | None:
        """Why a row is no pair, if it is none."""
        if row.error is not None:
            return row.error
        try:
            texts = [side_text(row.values, side, place="") for side in self._sides]
        except DataError as error:
            return error
        if not self._reading.allow_empty_sides and any(map(is_empty, texts)):
            return EmptySide("The text of a side is empty.")
        return None


def decoded_literal(value: Any) -> str | None:
    """The text within a Python bytes literal; None for anything else."""
    return unliteral(value) if isinstance(value, str) and value.startswith(LITERAL) else None


def decoded_texts(texts: list[str], name: str) -> tuple[list[str], tuple[str, ...]]:
    """``texts``, decoded where most of the first are Python bytes literals, and a note where some are."""
    found = {index: text for index, raw in enumerate(texts) if (text := decoded_literal(raw)) is not None}
    if not found:
        return texts, ()
    n_deciding = min(len(texts), DECIDING_ROWS)
    decode = most_are_literals(sum(index < n_deciding for index in found), n_deciding)
    note = literals_note(name, len(found), len(texts), decoded=decode)
    return ([found.get(index, text) for index, text in enumerate(texts)] if decode else texts), (note,)


DECIDING_ROWS = 1_000
"""By so many rows it is decided whether the texts of a side are bytes literals."""


def most_are_literals(n_literals: int, n_texts: int) -> bool:
    """Whether so many bytes literals among texts were written by a program, and are to be decoded."""
    return 2 * n_literals > n_texts


def literals_note(name: str, n_literals: int, n_texts: int, *, decoded: bool) -> str:
    """What became of bytes literals among the texts of a column."""
    done = "decoded" if decoded else "read as they stand"
    return (
        f"{n_literals:,} of {n_texts:,} texts in {name!r} are Python bytes literals (b'…'), and were {done}"
    )
