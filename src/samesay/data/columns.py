"""Which column holds which side, and which the label: by the names that corpora use, or as told.

Knows names only; it never looks at a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from samesay.data.bounds import MOST_COLUMNS
from samesay.errors import ColumnNotFound, UsageError, near
from samesay.pairs import Sides, Task
from samesay.printable import command

# Names that occur together, the side that usually comes first in front. Earlier ones win where a table has
# several.
KNOWN_SIDES: tuple[tuple[str, str], ...] = (
    ("premise", "hypothesis"),
    ("sentence1", "sentence2"),
    ("sentence_a", "sentence_b"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("first", "second"),
    ("string1", "string2"),
    ("#1 string", "#2 string"),
    ("text", "hypothesis"),
    ("evidence", "claim"),
    ("context", "hypothesis"),
    ("context", "claim"),
    ("query", "passage"),
    ("query", "document"),
    ("question", "sentence"),
    ("question", "answer"),
    ("context", "response"),
    ("source", "target"),
    ("s1", "s2"),
    ("a", "b"),
)
KNOWN_LABELS = (
    "gold_label",
    "label",
    "labels",
    "gold",
    "is_duplicate",
    "entailment_label",
    "entailment_judgment",
    "relation",
    "quality",
    "class",
    "target",
    "answer_label",
)
KNOWN_SCORES = ("score", "similarity", "similarity_score", "relatedness_score", "relatedness", "grade")
_MOST_LISTED = 30
_LONGEST_KNOWN = 64
LABEL = "label"
GRADE = "grade"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The columns that a pair is read from.

    Attributes:
        first: The column of the text that a model reads first.
        second: The column of the other.
        label: The column of the gold label, if one was asked for and found.
        sides: What the two sides are called.
        notes: What was decided that a user may want to know.
        grade: The column of the gold grade, taken instead of a label where there is none or grades were asked for.
    """

    first: str
    second: str
    label: str | None
    sides: Sides
    notes: tuple[str, ...] = ()
    grade: str | None = None

    @property
    def gold(self) -> str | None:
        """The column of the gold answer, label or grade."""
        return self.label or self.grade

    def to_dict(self) -> dict[str, str]:
        """Role to column: ``first``, ``second`` and, where there is one, ``label`` or ``grade``."""
        roles = {"first": self.first, "second": self.second, LABEL: self.label, GRADE: self.grade}
        return {role: column for role, column in roles.items() if column is not None}


def find_columns(
    names: Sequence[str],
    *,
    where: str,
    sides: Sides | None = None,
    columns: Mapping[str, str] | None = None,
    need_label: bool | None = True,
    task: Task | None = None,
) -> ColumnMap:
    """Map a table's columns to the two sides and the label.

    Args:
        names: The table's columns.
        where: The source, for messages.
        sides: The names and reading order that are wanted. Columns of these names are taken in this order;
            where a table uses other names of known roles (``sentence1``, ``sentence2``), roles are matched to
            roles.
        columns: What is known: ``first``, ``second`` or the names of the sides, and ``label``, each to a
            column.
        need_label: Whether a label column is needed (``True``), unwanted (``False``) or taken if there
            (``None``).
        task: ``similarity`` takes a column of grades, ``classification`` one of labels. Where absent a label is
            taken before a grade, since labels are what most tables are made for, and a note names the other.

    Raises:
        ColumnNotFound: Naming what is missing, the columns there are, and near names.
        UsageError: If ``columns`` has keys that mean nothing.
    """
    told = dict(columns or {})
    label_told, grade_told = told.pop(LABEL, None), told.pop(GRADE, None)
    if label_told is not None and grade_told is not None:
        raise UsageError(
            "Columns were given for a label and for a grade.", expected="one of them", where="columns"
        )
    notes: list[str] = []
    if told:
        first, second, found_sides = _told_sides(told, names, sides, where, notes)
    else:
        first, second, found_sides = _found_sides(names, sides, where, notes)
    if need_label is False:
        return ColumnMap(first, second, None, found_sides, tuple(notes))
    if label_told is not None or grade_told is not None:
        role = LABEL if label_told is not None else GRADE
        column = existing_column(label_told or grade_told or "", names, where, role=f"the {role}")
        # Told to be a label and asked for grades: the column holds the grades.
        is_grade = role == GRADE or task == "similarity"
    else:
        others = [name for name in names if name not in (first, second)]
        label, grade = _first_match(KNOWN_LABELS, others), score_column(others)
        if task is None and label and grade:
            notes.append(
                f"the labels are in {label!r}; the grades in {grade!r} are read with --task similarity"
            )
        wanted = {"classification": label, "similarity": grade or label, None: label or grade}
        column = wanted[task]
        is_grade = column is not None and (task == "similarity" or column != label)
        if column is None and need_label:
            raise _no_label(names, where, task)
    label, grade = (None, column) if is_grade else (column, None)
    return ColumnMap(first, second, label, found_sides, tuple(notes), grade)


def as_graded(found: ColumnMap) -> ColumnMap:
    """The same columns, that of the label read as grades, with a note that says so."""
    note = f"the column {found.label!r} holds numbers between whole ones: grades (--task classification for classes)"
    return replace(found, label=None, grade=found.label, notes=(*found.notes, note))


def order_of(sides: Sides) -> int | None:
    """0 where the usual first role comes first (premise,hypothesis), 1 where second, ``None`` if unknown."""
    roles = {_role(sides.first, 0), _role(sides.second, 1)} - {None}
    return roles.pop() if len(roles) == 1 else None


def same_name(one: str, other: str) -> bool:
    """Whether two names are spelled alike but for case, blanks, hyphens and underscores."""
    return plain_name(one) == plain_name(other)


def score_column(names: Sequence[str]) -> str | None:
    """A column that by its name holds grades, if there is one."""
    return _first_match(KNOWN_SCORES, names)


def _told_sides(
    told: dict[str, str], names: Sequence[str], sides: Sides | None, where: str, notes: list[str]
) -> tuple[str, str, Sides]:
    if len(told) != 2:
        raise UsageError(
            f"Columns were given for {', '.join(map(repr, told))}; a pair has two sides.",
            expected='both sides, such as {"first": "premise", "second": "hypothesis"}',
        )
    keys = list(told)
    if set(keys) == {"first", "second"}:
        first, second = (
            existing_column(told[key], names, where, role=f"the {key} side") for key in ("first", "second")
        )
        if first == second:
            raise UsageError(f"Both sides were told to come from the column {first!r}.", where=where)
        own = Sides(first, second)
        if sides is None:
            return first, second, own
        orders = order_of(own), order_of(sides)
        if own != sides and None not in orders and orders[0] != orders[1]:
            # As a table of these sides is read by a model of those.
            notes.append(f"{second} is read as {sides.first}, {first} as {sides.second}: so their names tell")
            return second, first, sides
        return first, second, sides
    if sides is not None and set(sides) != set(keys):
        raise UsageError(
            f"Columns were given for {', '.join(map(repr, keys))}, but the sides are {sides}.",
            expected=f"columns for {sides.first!r}, {sides.second!r} (or 'first', 'second') and {LABEL!r}",
        )
    if sides is None:
        sides = Sides(*keys)
        if order_of(sides) == 1:
            sides = Sides(sides.second, sides.first)
    first, second = (existing_column(told[key], names, where, role=f"the side {key!r}") for key in sides)
    return first, second, sides


def _found_sides(
    names: Sequence[str], sides: Sides | None, where: str, notes: list[str]
) -> tuple[str, str, Sides]:
    if sides is not None:
        exact = [_first_match((side,), names) for side in sides]
        if exact[0] is not None and exact[1] is not None:
            return exact[0], exact[1], sides
    present = [
        (first, second)
        for known_first, known_second in KNOWN_SIDES
        if (first := _first_match((known_first,), names)) and (second := _first_match((known_second,), names))
    ]
    if not present:
        raise _no_sides(names, sides, where)
    first, second = present[0]
    if len(present) > 1:
        others = "; ".join(",".join(pair) for pair in present[1:])
        notes.append(f"the sides were read from {first},{second}; the table also has {others}")
    if sides is None:
        return first, second, Sides(first, second)
    order = order_of(sides)
    if order is None:
        notes.append(
            f"the sides {sides} were read from {first},{second} in this order: their roles are not known"
        )
    elif order == 1:
        first, second = second, first
    return first, second, sides


def _first_match(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    for name in wanted:
        if name in names:
            return name
        alike = [candidate for candidate in names if plain_name(candidate) == plain_name(name)]
        if alike:
            return alike[0]
    return None


def existing_column(column: str, names: Sequence[str], where: str, *, role: str) -> str:
    """``column``, which is to be read as ``role``.

    Raises:
        ColumnNotFound: If it is not one of ``names``; with the near ones.
    """
    if column in names:
        return column
    close = near(column, names)
    raise ColumnNotFound(
        f"There is no column {column!r}, from which {role} was to be read.",
        where=where,
        expected=f"one of the columns: {listed(names)}",
        hint=f"did you mean {close[0]!r}?" if close else None,
        details={"columns": list(names), "near": close},
    )


def listed(names: Sequence[str]) -> str:
    """Column names for a message, long ones cut: a file without a header has sentences for names."""
    shown = ", ".join(name if len(name) <= 40 else name[:39] + "…" for name in names[:_MOST_LISTED])
    return shown if len(names) <= _MOST_LISTED else f"{shown} and {len(names) - _MOST_LISTED:,} more"


def _no_sides(names: Sequence[str], sides: Sides | None, where: str) -> ColumnNotFound:
    separator = next((mark for mark in (";", "\t", "|", ",") if len(names) == 1 and mark in names[0]), None)
    if separator is not None:
        return ColumnNotFound(
            f"The header is one column, {listed(names)}: the fields seem to be parted by {separator!r}.",
            where=where,
            expected="commas in .csv, tabs in .tsv",
            hint="--format tsv" if separator == "\t" else "save it with commas, or with tabs as .tsv",
            details={"columns": list(names)},
        )
    half = next(
        (pair for pair in KNOWN_SIDES if any(_first_match((name,), names) is not None for name in pair)), None
    )
    if sides is not None or half is not None:
        missing = [name for name in sides or half or () if _first_match((name,), names) is None]
        message = f"There is no column {' and no column '.join(map(repr, missing))}."
    else:
        missing = [name for pair in KNOWN_SIDES[:6] for name in pair]
        message = "No two columns have names that tell the two sides."
    close = {name: found for name in missing if (found := near(name, names))}
    guess = next(((name, found[0]) for name, found in close.items()), None)
    example = (listed([names[0]]), listed([names[1]])) if len(names) > 1 else ("A", "B")
    return ColumnNotFound(
        f"{message} The columns are: {listed(names)}.",
        where=where,
        expected="a first line that names the columns, such as premise,hypothesis or sentence1,sentence2",
        hint=(
            (f"is {guess[1]!r} the {guess[0]!r}? " if guess else "")
            + "name both sides: "
            + command("--columns", f"first={example[0]},second={example[1]}")
        ),
        details={"columns": list(names), "near": close},
    )


def _no_label(names: Sequence[str], where: str, task: Task | None) -> ColumnNotFound:
    if task == "similarity":
        return ColumnNotFound(
            f"No column has a name that tells the grade. The columns are: {listed(names)}.",
            where=where,
            expected="a column such as score or similarity",
            hint="name it: --columns grade=NAME",
            details={"columns": list(names)},
        )
    score = score_column(names)
    close = [name for name in names if near(name, KNOWN_LABELS[:5], limit=1)]
    message = f"No column has a name that tells the label. The columns are: {listed(names)}."
    if score is not None:
        message += (
            f" The column {score!r} holds grades by its name (--task similarity); classes are needed here."
        )
    return ColumnNotFound(
        message,
        where=where,
        expected="a column such as label or gold_label",
        hint=((f"did you mean {close[0]!r}? " if close else "") + "name it: --columns label=NAME"),
        details={"columns": list(names), "near": close, "score_column": score},
    )


def plain_name(name: str) -> str:
    """A name without what spellings of it differ in: case, blanks, hyphens, underscores, dots, a byte order mark.

    What is too long for a name of ours stays as it is.
    """
    return _folded(name) if len(name) <= _LONGEST_KNOWN else name


@lru_cache(maxsize=MOST_COLUMNS)
def _folded(name: str) -> str:
    return re.sub(r"[\s_\-.\ufeff]", "", name.casefold())


def _role(name: str, place: int) -> int | None:
    """0 if ``name``, standing at ``place``, keeps the usual order, 1 if it does not, ``None`` if unknown."""
    plain = plain_name(name)
    roles = {index for pair in KNOWN_SIDES for index, known in enumerate(pair) if plain_name(known) == plain}
    if len(roles) != 1:
        return None
    return 0 if roles == {place} else 1
