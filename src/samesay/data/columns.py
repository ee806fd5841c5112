"""Which column holds which side, and which the label: by the names that corpora use, or as given.

Knows names only; it looks at values of the first rows to say in an error which columns could be meant.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from samesay.data.bounds import MOST_COLUMNS
from samesay.data.options import columns_option
from samesay.errors import ColumnNotFound, UsageError, near
from samesay.pairs import Sides, Task

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
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_ENDS = (".", "?", "!", "。", "？", "！", "…")
# A name longer than this is a text, also in scripts without blanks, of which a few signs say much.
_LONGEST_NAME = 60
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MANY_WIDE = 8
_LONGEST_LABEL = 30
_ANSWERS = frozenset({"neutral", "entails", "contradiction", "contradicts", "yes", "no", "true", "false"})

LABEL = "label"
SCORE = "score"

Rows = Callable[[], Sequence[Mapping[str, Any]]]
"""The first rows of a table, asked for where an error has to say what is in it."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The columns that a pair is read from.

    Attributes:
        first: The column of the text that a model reads first.
        second: The column of the other.
        label: The column of the gold label, if one was asked for and found.
        sides: What the two sides are called.
        notes: What was decided that a user may want to know.
        score: The column of the gold score, taken instead of a label where there is none or scores were asked for.
    """

    first: str
    second: str
    label: str | None
    sides: Sides
    notes: tuple[str, ...] = ()
    score: str | None = None

    @property
    def gold(self) -> str | None:
        """The column of the gold answer, label or score."""
        return self.label or self.score

    def to_dict(self) -> dict[str, str]:
        """Role to column: ``first``, ``second`` and, where there is one, ``label`` or ``score``."""
        roles = {"first": self.first, "second": self.second, LABEL: self.label, SCORE: self.score}
        return {role: column for role, column in roles.items() if column is not None}


def find_columns(
    names: Sequence[str],
    *,
    where: str,
    sides: Sides | None = None,
    columns: Mapping[str, str] | None = None,
    need_label: bool | None = True,
    task: Task | None = None,
    rows: Rows = tuple,
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
        task: ``similarity`` takes a column of scores, ``classification`` one of labels. Where absent a label is
            taken before a score, since labels are what most tables are made for, and a note names the other.
        rows: The table's first rows, for errors.

    Raises:
        ColumnNotFound: Naming what is missing, the columns there are, and near names.
        UsageError: If ``columns`` has keys that mean nothing.
    """
    given = dict(columns or {})
    label_given, score_given = given.pop(LABEL, None), given.pop(SCORE, None)
    if label_given is not None and score_given is not None:
        raise UsageError(
            "Columns were given for a label and for a score.", expected="one of them", where="columns"
        )
    notes: list[str] = []
    try:
        if given:
            first, second, found_sides = _given_sides(given, names, sides, where, notes)
        else:
            first, second, found_sides = _found_sides(names, sides, where, notes, rows, need_label)
    except ColumnNotFound:
        if is_row(names):
            raise _no_header(names, where, rows, need_label) from None
        raise
    if need_label is False:
        return ColumnMap(first, second, None, found_sides, tuple(notes))
    if label_given is not None or score_given is not None:
        role = LABEL if label_given is not None else SCORE
        column = existing_column(label_given or score_given or "", names, where, role=f"the {role}")
        # Told to be a label and asked for scores: the column holds the scores.
        is_score = role == SCORE or task == "similarity"
    else:
        others = [name for name in names if name not in (first, second)]
        label, score = _first_match(KNOWN_LABELS, others), score_column(others)
        if task is None and label and score:
            notes.append(
                f"the labels are in {label!r}; the scores in {score!r} are read with --task similarity"
            )
        wanted = {"classification": label, "similarity": score or label, None: label or score}
        column = wanted[task]
        is_score = column is not None and (task == "similarity" or column != label)
        if column is None and need_label:
            raise _no_label(names, where, task, {"first": first, "second": second}, rows)
    label, score = (None, column) if is_score else (column, None)
    return ColumnMap(first, second, label, found_sides, tuple(notes), score)


def as_scores(found: ColumnMap) -> ColumnMap:
    """The same columns, that of the label read as scores, with a note that says so."""
    note = f"the column {found.label!r} holds numbers between whole ones: scores (--task classification for classes)"
    return replace(found, label=None, score=found.label, notes=(*found.notes, note))


def order_of(sides: Sides) -> int | None:
    """0 where the usual first role comes first (premise,hypothesis), 1 where second, ``None`` if unknown."""
    roles = {_role(sides.first, 0), _role(sides.second, 1)} - {None}
    return roles.pop() if len(roles) == 1 else None


def same_name(one: str, other: str) -> bool:
    """Whether two names are spelled alike but for case, blanks, hyphens and underscores."""
    return plain_name(one) == plain_name(other)


def score_column(names: Sequence[str]) -> str | None:
    """A column that by its name holds scores, if there is one."""
    return _first_match(KNOWN_SCORES, names)


def _given_sides(
    given: dict[str, str], names: Sequence[str], sides: Sides | None, where: str, notes: list[str]
) -> tuple[str, str, Sides]:
    if len(given) != 2:
        raise UsageError(
            f"Columns were given for {', '.join(map(repr, given))}; a pair has two sides.",
            expected='both sides, such as {"first": "premise", "second": "hypothesis"}',
        )
    keys = list(given)
    if set(keys) == {"first", "second"}:
        first, second = (
            existing_column(given[key], names, where, role=f"the {key} side") for key in ("first", "second")
        )
        if first == second:
            raise UsageError(f"Both sides were given the column {first!r}.", where=where)
        by_number = first.isdecimal() and second.isdecimal()
        own = Sides() if by_number else Sides(first, second)
        if sides is None:
            return first, second, own
        orders = order_of(own), order_of(sides)
        if own != sides and None not in orders and orders[0] != orders[1]:
            # As a table of these sides is read by a model of those.
            why = "the second text of a pair and its first" if by_number else "by their names"
            notes.append(f"{second} is read as {sides.first}, {first} as {sides.second}: {why}")
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
    first, second = (existing_column(given[key], names, where, role=f"the side {key!r}") for key in sides)
    return first, second, sides


def _found_sides(
    names: Sequence[str],
    sides: Sides | None,
    where: str,
    notes: list[str],
    rows: Rows,
    need_label: bool | None,
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
        raise _no_sides(names, sides, where, rows, need_label)
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
    """``column``, which is to be read as ``role``."""
    if column in names:
        return column
    message = f"There is no column {column!r}, from which {role} was to be read."
    by_number = names[int(column) - 1] if column.isdecimal() and 0 < int(column) <= len(names) else None
    if by_number is not None and is_row(names):
        raise ColumnNotFound(
            f"{message[:-1]}: the first line was taken for names.",
            where=where,
            expected=f"one of the columns: {listed(names)}; or their numbers, where there is no header",
            hint="--no-header",
        )
    raise no_column(message, by_number or column, names, where)


def no_column(message: str, column: str, names: Sequence[str], where: str) -> ColumnNotFound:
    """The error for a column that is none of ``names``, with the near ones."""
    expected = f"one of the columns: {listed(names)}"
    details = {"columns": list(names)}
    return ColumnNotFound.of_choice(message, column, names, where=where, expected=expected, details=details)


def listed(names: Sequence[str]) -> str:
    """Column names for a message, long ones cut: a file without a header has sentences for names."""
    shown = ", ".join(name if len(name) <= 40 else name[:39] + "…" for name in names[:_MOST_LISTED])
    return shown if len(names) <= _MOST_LISTED else f"{shown} and {len(names) - _MOST_LISTED:,} more"


def _no_header(names: Sequence[str], where: str, rows: Rows, need_label: bool | None) -> ColumnNotFound:
    """For a first line whose names are the values of a row."""
    numbers = [str(place) for place in range(1, len(names) + 1)]
    values = [names, *(list(row.values()) for row in rows())]
    roles = guessed_roles(numbers, [dict(zip(numbers, row, strict=False)) for row in values])
    if need_label is False:
        roles.pop(LABEL, None)
    text = next(filter(is_sentence, names), max(names, key=len))
    return ColumnNotFound(
        f"The first line seems to be a row and no header: it holds {listed([text])!r}.",
        where=where,
        expected="a first line that names the columns, such as premise,hypothesis; without one, columns by number",
        hint=columns_option(roles, no_header=True) if roles else "--no-header",
        details={"columns": list(names)},
    )


def _no_sides(
    names: Sequence[str], sides: Sides | None, where: str, rows: Rows, need_label: bool | None
) -> ColumnNotFound:
    separator = next((mark for mark in (";", "\t", "|", ",") if len(names) == 1 and mark in names[0]), None)
    if separator is not None:
        return ColumnNotFound(
            f"The header is one column, {listed(names)}: the delimiter seems to be {separator!r}.",
            where=where,
            expected="commas in .csv, tabs in .tsv, or another mark throughout the file",
            hint=f"--delimiter {'tab' if separator == chr(9) else shlex.quote(separator)}",
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
        message = "No two columns have names that show the two sides."
    close = {name: found for name in missing if (found := near(name, names))}
    guess = next(((name, found[0]) for name, found in close.items()), None)
    if guess is not None:
        message += f" Is {guess[1]!r} the {guess[0]!r}?"
    read = rows()
    lists = [name for name in names if any(isinstance(row.get(name), list | dict) for row in read)]
    if lists:
        hold = "holds" if len(lists) == 1 else "hold"
        message += f" {', '.join(map(repr, lists))} {hold} lists or objects, which are no texts."
    known = {plain_name(side) for pair in (*KNOWN_SIDES, close) for side in pair}
    likely = [name for name in names if plain_name(name) in known]
    likely += [found[0] for found in close.values()]
    labels = [column] if (column := _first_match(KNOWN_LABELS, names)) else []
    roles = guessed_roles(names, read, likely=likely, labels=labels)
    if need_label is False or labels:
        roles.pop(LABEL, None)
    return ColumnNotFound(
        f"{message} The columns are: {listed(names)}.",
        where=where,
        expected="two columns of texts, one pair a row; their names in the first line, or named: "
        "first=NAME,second=NAME",
        hint=columns_option(roles) if roles else None,
        details={"columns": list(names), "near": close},
    )


def _no_label(
    names: Sequence[str], where: str, task: Task | None, sides: dict[str, str], rows: Rows
) -> ColumnNotFound:
    what, role = ("score", SCORE) if task == "similarity" else ("label", LABEL)
    score = score_column(names)
    others = [name for name in names if name not in sides.values()]
    close = [name for name in others if near(name, KNOWN_LABELS[:5], limit=1)]
    message = f"No column has a name that shows the {what}. The columns are: {listed(names)}."
    if score is not None and role == LABEL:
        message += (
            f" The column {score!r} holds scores by its name (--task similarity); classes are needed here."
        )
    guess = guessed_roles(list(names), rows(), likely=tuple(sides.values()), labels=close[:1]).get(LABEL)
    column = guess if guess in others else next(iter(close or others), None)
    return ColumnNotFound(
        message,
        where=where,
        expected=f"a column such as {'score or similarity' if role == SCORE else 'label or gold_label'}, or its name: "
        f"--columns {role}=NAME",
        hint=columns_option({**sides, role: column}) if column is not None else None,
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


def is_sentence(text: str) -> bool:
    """Whether a text is plainly a sentence, and no name of a column."""
    if len(text) > _LONGEST_NAME:
        return True
    words = text.split()
    return (
        (len(words) > 1 and text.rstrip("\"')]").endswith(_ENDS))
        or len(words) > 5
        or (text.endswith(_ENDS) and _WIDE.search(text) is not None)
        or len(_WIDE.findall(text)) >= _MANY_WIDE
    )


def is_row(names: Sequence[str]) -> bool:
    """Whether the names of columns are plainly the values of a row: sentences, numbers, answers.

    Numbers alone are names, too (those of a table of pandas, or of columns by number).
    """
    sentences = sum(map(is_sentence, names))
    answers = any(_NUMBER.fullmatch(name.strip()) or name.strip().casefold() in _ANSWERS for name in names)
    words = sorted(len(name[: 2 * _LONGEST_NAME].split()) for name in names)
    return (
        sentences > 1
        or (sentences == 1 and (answers or len(names) == 1))
        or (len(words) > 1 and words[-2] > (2 if answers else 3))
    )


def guessed_roles(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    likely: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> dict[str, str]:
    """``first``, ``second`` and perhaps ``label``, each to a column; empty where there are no two columns of texts."""
    held = {name: [row.get(name) for row in rows] for name in names}
    texts = [name for name in names if name not in labels and _holds_texts(held[name])]
    if not rows:  # names are all there is
        texts = list(likely)
    elif len(texts) < 2 == len(names) and not labels:
        texts = [name for name in names if all(isinstance(value, str) for value in held[name])]
    length = {name: sum(len(value) for value in held[name] if isinstance(value, str)) for name in texts}
    chosen = sorted(texts, key=lambda name: (name not in likely, -length[name]))[:2]
    if len(chosen) < 2:
        return {}
    first, second = sorted(chosen, key=list(names).index)
    found = {"first": first, "second": second}
    label = next(iter(labels), None) or _label_beside(list(names), second, first, held)
    return found if label is None else {**found, "label": label}


def _holds_texts(values: Sequence[Any]) -> bool:
    """Whether a column holds texts, and neither numbers nor names of things."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if not texts or any(not isinstance(value, str | None) for value in values):
        return False
    return sum(" " in text.strip() or is_sentence(text) for text in texts) > len(texts) / 2


def _label_beside(names: list[str], second: str, first: str, held: Mapping[str, Sequence[Any]]) -> str | None:
    """The column next to the texts, one after them before one in front, that could hold a label."""
    after = names[names.index(second) + 1 :]
    before = list(reversed(names[: names.index(first)]))
    between = names[names.index(first) + 1 : names.index(second)]
    return next((name for name in (*after, *between, *before) if _holds_labels(held[name])), None)


def _holds_labels(values: Sequence[Any]) -> bool:
    shown = [value for value in values if value is not None and value != ""]
    if not shown or any(isinstance(value, list | dict) for value in shown):
        return False
    texts = [str(value).strip() for value in shown]
    number = [_NUMBER.fullmatch(text) is not None for text in texts]
    if all(number):
        return all(abs(float(text.replace(",", "."))) <= 10 for text in texts)
    return not any(number) and all(len(text) <= _LONGEST_LABEL and len(text.split()) < 3 for text in texts)
