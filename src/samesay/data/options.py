"""How a source is read, as one declaration: every option with its type, default and meaning.

The options of the command line, the keys of a recipe and the arguments of whatever reads pairs come from it. Knows no
files.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from samesay.declaration import setting
from samesay.errors import UsageError, near
from samesay.pairs import Scale, Sides, Task
from samesay.printable import command

Format = Literal["csv", "tsv", "jsonl", "parquet", "xlsx"]
Quoting = Literal["csv", "none"]
OnError = Literal["stop", "skip"]

OF_FILES = ("format", "delimiter", "quoting", "no_header", "encoding", "on_error")
"""The options that say how bytes become rows; all others say what rows mean."""

_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How a source of pairs is read, where it does not show it itself.

    Attributes:
        split: Split of the source, with a slice if wanted: ``validation``, ``train[:20%]``.
        sides: Names of the two texts in reading order; by default the data's own.
        columns: Columns by role, if their names do not show it: ``first=text_a,second=text_b,label=gold``;
            ``score=NAME`` for scores. By number without a header: ``first=1,second=2,label=3``.
        labels: Label names, if the data holds numbers; that of 0 first.
        rename_labels: Other names for the data's labels: ``entails=entailment,none=neutral``.
        where: Keep rows that meet a condition: ``column=value``, ``column~part``, ``column!=value``, ``column!~part``;
            more than once: all of them.
        task: Whether the data's answers are labels (classification) or scores (similarity); by default detected.
        scale: The lowest and the highest score: ``0,5``; the whole numbers around those found where absent.
        allow_empty_sides: Keep pairs with an empty text; by default the first one is an error with its line.
        decimal_comma: Read a comma in numbers as the decimal mark, as in ``3,8``, even if it could separate thousands;
            detected where it cannot.
        format: Input format, if the file name does not show it, as for standard input (-).
        delimiter: Field delimiter of CSV and TSV: one character, or ``tab``; by default detected.
        quoting: Double quotes around a field: ``csv`` removes them, ``none`` keeps them; for TSV decided row by row by
            default.
        no_header: The first line is a row, not a header; columns are named by number, from 1.
        encoding: Encoding of text files, such as ``cp1252`` or ``gb18030``; by default UTF-8, or what a byte order
            mark says.
        on_error: What to do with a row that cannot be used: ``stop``, or ``skip`` it, counted and listed.
    """

    split: str | None = setting(None, group="Reading the data")
    sides: Sides | None = None
    columns: dict[str, str] | None = None
    labels: tuple[str, ...] | None = None
    rename_labels: dict[str, str] | None = None
    where: str | tuple[str, ...] | None = None
    task: Task | None = None
    scale: Scale | None = None
    allow_empty_sides: bool = False
    decimal_comma: bool = False
    format: Format | None = setting(None, group="File format")
    delimiter: str | None = None
    quoting: Quoting | None = None
    no_header: bool = False
    encoding: str | None = None
    on_error: OnError = "stop"

    def __post_init__(self) -> None:
        # What a caller may change later, or passes as another kind of sequence, is copied.
        for name, kind in (
            ("labels", tuple),
            ("columns", _texts),
            ("rename_labels", dict),
            ("where", _one_or_several),
        ):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, kind(value))
        for name, kind in (("quoting", Quoting), ("on_error", OnError)):
            value = getattr(self, name)
            if value is not None and value not in get_args(kind):
                raise UsageError(
                    f"{name} cannot be {value!r}.", where=name, expected=f"one of {', '.join(get_args(kind))}"
                )
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _delimiter(self.delimiter))
        if self.encoding is not None:
            require_encoding(self.encoding)

    @property
    def skip(self) -> bool:
        """Whether rows that cannot be used are left out."""
        return self.on_error == "skip"

    def given(self) -> dict[str, Any]:
        """The options that are not the default."""
        return {
            one.name: value
            for one in dataclasses.fields(self)
            if (value := getattr(self, one.name)) != one.default
        }

    def of_another_source(self) -> ReadOptions:
        """What of it also holds for another source of the same columns and labels."""
        return replace(self, split=None, sides=None, where=None, format=None)


def columns_option(roles: Mapping[str, str], *, no_header: bool = False) -> str:
    """The option that names columns, to be pasted after a command.

    >>> print(columns_option({"first": "a, b", "second": "c"}))
    --columns '"first=a, b",second=c'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([f"{role}={name}" for role, name in roles.items()])
    return f"{'--no-header ' if no_header else ''}--columns {command(line.getvalue())}"


def require_encoding(name: str) -> None:
    """Refuse what is no encoding of texts."""
    import encodings.aliases

    try:
        "".encode(name)
        known = True
    except (LookupError, UnicodeError, ValueError):
        known = False
    if not known:
        close = near(name.casefold().replace("-", "_"), [*encodings.aliases.aliases, "cp1252", "gb18030"])
        raise UsageError(
            f"There is no encoding of texts called {name!r}.",
            where="encoding",
            expected="a name such as utf-8, utf-16, cp1252, latin-1 or gb18030",
            hint=f"--encoding {close[0]}" if close else None,
        )


def _texts(columns: Mapping[str, Any]) -> dict[str, str]:
    """The same where columns go by number."""
    return {role: str(column) for role, column in columns.items()}


def _one_or_several(conditions: Any) -> str | tuple[str, ...] | None:
    if isinstance(conditions, str):
        return conditions
    several = tuple(conditions)
    return several[0] if len(several) == 1 else several or None


def _delimiter(given: str) -> str:
    found = _DELIMITERS.get(given.casefold(), given)
    if len(found) != 1 or found in '"\r\n\0':
        raise UsageError(
            f"{given!r} cannot be a field delimiter.",
            where="delimiter",
            expected=f"one character, or a word: {', '.join(word for word in _DELIMITERS if word.isalpha())}",
            hint="--delimiter ';'",
        )
    return found
