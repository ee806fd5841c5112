"""Conditions on a column: ``source~cat`` (contains), ``genre=fiction`` (equals); ``!~`` and ``!=`` negate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from samesay.data.columns import listed
from samesay.errors import ColumnNotFound, UsageError, near

_CONDITION = re.compile(r"\s*(?P<column>[^=~!]+?)\s*(?P<not>!?)(?P<test>[=~])\s*(?P<text>.*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a value of one column must be, or contain.

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
        """Read a condition.

        Raises:
            UsageError: If it is not a column, a comparison and a text.
        """
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

    def column_among(self, names: Sequence[str], *, where: str) -> str:
        """The column, if the table has it.

        Raises:
            ColumnNotFound: If it does not.
        """
        if self.column in names:
            return self.column
        close = near(self.column, names)
        raise ColumnNotFound(
            f"There is no column {self.column!r} for the condition {self}.",
            where=where,
            expected=f"one of the columns: {listed(names)}",
            hint=f"did you mean {close[0]!r}?" if close else None,
            details={"columns": list(names), "near": close},
        )


def conditions_in(where: str | Sequence[str] | None) -> list[Condition]:
    """The conditions of one text or of several; none of None."""
    return [Condition.parse(text) for text in ([where] if isinstance(where, str) else where or ())]
