"""A column of gold labels, as sources write them, to names and indices; what is no label is counted apart.

Knows values, no files. What one text says is decided in ``spellings``, what a column of them means in ``schemes``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.data.labels.schemes import (
    Place,
    Scheme,
    Written,
    declared_scheme,
    name_among,
    own_scheme,
    rename_key,
    renamed_name,
    shown_names,
    spelling_note,
)
from samesay.data.labels.spellings import NLI_NAMES, SAME_NAMES, Spelling, poles, tidied
from samesay.errors import LabelUnknown
from samesay.pairs import Answers, LabelSet, Sides

# More different labels than the first, in more than half of the rows, or than the second, are not classes.
_MOST_CLASSES = 100
_MOST_DIFFERENT = 1_000
# More are not collected, to bound memory.
_MOST_SPELLINGS = 100_000


@dataclass(frozen=True, slots=True)
class GoldReading:
    """A column of gold answers as a model learns them, and what became of the rest.

    Attributes:
        answers: The names of the labels in the order of their indices, or the scale of the scores.
        gold: Shape ``(n_values,)``: an index into the names, -1 where there is no gold label; or a score, NaN
            where there is none.
        reasons: Beside every value without a gold answer, why there is none; ``None`` beside the others.
        notes: What was decided that a user may want to know.
        numbered: Whether numbers stand for names, by their order.
    """

    answers: Answers
    gold: NDArray[Any]
    reasons: list[str | None]
    notes: tuple[str, ...]
    numbered: bool = False


@dataclass(slots=True)
class _Found:
    """The different spellings of a column, and which of them every row has."""

    written: list[Written] = field(default_factory=list)
    rows: array[int] = field(default_factory=lambda: array("i"))


def read_labels(
    values: Iterable[object],
    *,
    sides: Sides,
    place: Place,
    declared: LabelSet | Sequence[str] | None = None,
    target: LabelSet | None = None,
    rename: Mapping[str, str] | None = None,
    column: str = "label",
) -> GoldReading:
    """Turn a column of labels into indices of names.

    Spellings of one label are one: 1, 1.0 and " 1 "; True, TRUE and true; names but for case, blanks, hyphens and
    underscores. Numbers 0 and 1, truth values, yes and no in one column are two classes. ``-1``, ``-``, an empty
    text, null, NaN and such words are no gold label. Numbers name classes by convention where the sides show it:
    0, 1, 2 of a premise and a hypothesis are entailment, neutral, contradiction (as in SNLI and MultiNLI), 0, 1 of
    two questions are different, same. Where they do not, the number itself is the name.

    Args:
        values: The column, as read.
        sides: What the two sides are called, for the conventions.
        place: From the index of a value to where it stands, for messages.
        declared: The names, if they are known: numbers index them, and no other name is accepted.
        target: The names of a model, or of training pairs, that are hoped for: the column is read as it would be
            without them where that gives these names, else as if they were declared.
        rename: From a name in the data (before or after the conventions) to the name wanted.
        column: What the column is called, for messages.
    """
    found = _found(values, place)
    rename = dict(rename or {})
    keys = {index: rename_key(one.spelling, rename) for index, one in enumerate(found.written)}
    renamed = {index: rename[key] for index, key in keys.items() if key is not None}
    whole = _Column(found.written, renamed, rename, sides, place, column)
    if declared is not None:
        labels = LabelSet.of(declared)
        scheme = declared_scheme(found.written, renamed, labels, place=place)
    elif target is not None:
        scheme, labels = whole.scheme_for(target)
    else:
        scheme, labels = whole.own()
    index_of = {name: index for index, name in enumerate(labels)}
    meaning = [-1 if name is None else index_of[name] for name in scheme.names]
    reasons = [
        None
        if name is not None
        else f"no gold label ({'-1' if one.spelling.key == '-1' else one.spelling.text})"
        for one, name in zip(found.written, scheme.names, strict=True)
    ]
    numbered = any(
        name is not None and one.spelling.kind == "number" and name != one.spelling.key
        for one, name in zip(found.written, scheme.names, strict=True)
    )
    return GoldReading(
        labels,
        np.array(meaning, np.int32)[np.asarray(found.rows)],
        [reasons[row] for row in found.rows],
        (*scheme.notes, *spelling_note(scheme, found.written, renamed)),
        numbered,
    )


def _found(values: Iterable[object], place: Place) -> _Found:
    found = _Found()
    known: dict[tuple[type, object], int] = {}  # 1, True and 1.0 are one key without the type
    not_a_number: int | None = None  # NaN is not equal to itself
    for row, value in enumerate(values):
        try:
            index = not_a_number if value != value else known.get((type(value), value))
        except (TypeError, ValueError):  # lists and objects have no hash, arrays no truth
            raise _no_label_value(value, place(row)) from None
        if index is None:
            spelling = Spelling.of(value)
            if spelling is None:
                raise _no_label_value(value, place(row))
            if spelling.kind == "number" and not spelling.key.removeprefix("-").isdecimal():
                raise _between_classes(spelling, place(row))
            index = len(found.written)
            if index == _MOST_SPELLINGS:
                raise _no_classes(index, row, place(0))
            found.written.append(Written(spelling, _shown(value, spelling), row))
            if value != value:
                not_a_number = index
            else:
                known[type(value), value] = index
        found.written[index].rows += 1
        found.rows.append(index)
    classes = {
        (one.spelling.kind, one.spelling.key) for one in found.written if one.spelling.kind != "missing"
    }
    n_gold = sum(one.rows for one in found.written if one.spelling.kind != "missing")
    if len(classes) > _MOST_DIFFERENT or (len(classes) > _MOST_CLASSES and 2 * len(classes) > n_gold):
        raise _no_classes(len(classes), n_gold, place(0))
    return found


def _no_classes(n_values: int, n_rows: int, where: str) -> LabelUnknown:
    return LabelUnknown(
        f"The label column has {n_values:,} different values in {n_rows:,} rows: these are not classes.",
        where=where,
        expected="a column that repeats a few names; --columns label=NAME names it",
    )


def _shown(value: object, spelling: Spelling) -> str:
    if not isinstance(value, str):
        return spelling.text
    return value if value == tidied(value) and value else repr(value[:60])


def _between_classes(spelling: Spelling, where: str) -> LabelUnknown:
    return LabelUnknown(
        f"The label {spelling.text} is a score between whole numbers, not a class.",
        where=where,
        expected="names, or whole numbers that stand for names; similarity scores are read with --task similarity",
    )


def _no_label_value(value: object, where: str) -> LabelUnknown:
    text = repr(value)
    return LabelUnknown(
        f"A label is {type(value).__name__} {text if len(text) <= 60 else text[:59] + '…'}, which is no name and no "
        "number.",
        where=where,
        expected="a name, or a whole number that stands for one",
    )


@dataclass(slots=True)
class _Column:
    """A column whose names are not given, and how it may be read."""

    written: list[Written]
    renamed: Mapping[int, str]
    rename: Mapping[str, str]
    sides: Sides
    place: Place
    column: str

    def own(self) -> tuple[Scheme, LabelSet]:
        """The column by itself, with what the user renames."""
        scheme = own_scheme(
            self.written, self.renamed, sides=self.sides, place=self.place, column=self.column
        )
        conventional = dict(enumerate(scheme.names))
        used = {key for one in self.written if (key := rename_key(one.spelling, self.rename)) is not None}
        for index, name in conventional.items():
            if index in self.renamed:
                scheme.names[index] = self.renamed[index]
            elif name is not None and (key := renamed_name(name, self.rename)) is not None:
                scheme.names[index] = self.rename[key]
                used.add(key)
        scheme.notes += self._idle(used)
        full = scheme.full
        for index, name in self.renamed.items():  # the number 1 renamed takes the place of what 1 stands for
            key = self.written[index].spelling.key
            if full and key.isdecimal() and int(key) < len(full):
                full = tuple(name if one == scheme.full[int(key)] else one for one in full)
        full = tuple(
            self.rename[key] if (key := renamed_name(name, self.rename)) is not None else name
            for name in full
        )
        return scheme, _ordered(full, [name for name in scheme.names if name is not None])

    def scheme_for(self, target: LabelSet) -> tuple[Scheme, LabelSet]:
        """The column by itself where that gives names of ``target``, else by these."""
        free = [
            one.spelling
            for index, one in enumerate(self.written)
            if index not in self.renamed and one.spelling.kind not in ("missing", "none")
        ]
        if all(name_among(one, target) for one in free) and set(self.renamed.values()) <= set(target):
            return declared_scheme(self.written, self.renamed, target, place=self.place), target
        own, labels = self.own()
        found = set(own.names)
        used = LabelSet(tuple(name for name in labels if name in found))
        if set(used) <= set(target):
            return own, labels
        pair = poles(target)
        if own.full == SAME_NAMES and pair is not None and not self.rename:
            own.names = [None if name is None else pair[SAME_NAMES.index(name)] for name in own.names]
            own.notes = [f"label numbers: 0 = {pair[0]}, 1 = {pair[1]}"]
            return own, target
        of_numbers = all(name.isdecimal() for name in target)
        try:
            if own.full and not of_numbers:  # what the numbers stand for is known, and it is something else
                target.require_same_names(used, where=self._first_of(own, target))
            scheme = declared_scheme(self.written, self.renamed, target, place=self.place)
        except LabelUnknown as unknown:
            if of_numbers:
                raise
            target.require_same_names(used, where=unknown.where or "")
            raise
        if any(one.kind == "number" for one in free):
            numbered = ", ".join(f"{index} = {name}" for index, name in enumerate(target))
            scheme.notes.append(f"the data's labels are numbers, read in the model's order: {numbered}")
        return scheme, target

    def _first_of(self, scheme: Scheme, target: LabelSet) -> str:
        """Where the first label stands that is not one of ``target``."""
        strange = [
            one.first
            for one, name in zip(self.written, scheme.names, strict=True)
            if name is not None and name not in target
        ]
        return self.place(min(strange, default=0))

    def _idle(self, used: set[str]) -> list[str]:
        """Notes on names to rename that do not occur; refused where none does."""
        unused = [key for key in self.rename if key not in used]
        if unused and not used and self.written:
            texts = list(dict.fromkeys(one.spelling.text for one in self.written))
            raise LabelUnknown(
                f"None of the labels to rename occurs: {', '.join(map(repr, unused))}.",
                where=self.place(0),
                expected=f"labels of the data: {shown_names(texts)}",
            )
        return [f"the label to rename {key!r} does not occur" for key in unused]


def _ordered(full: Sequence[str], names: Sequence[str]) -> LabelSet:
    """The names of a convention in its order; else those of NLI in theirs, numbers by size, words by letter."""
    ordered = dict.fromkeys((*full, *names))
    if set(ordered) <= set(NLI_NAMES):
        return LabelSet(tuple(name for name in NLI_NAMES if name in ordered))
    if not full:
        ordered = dict.fromkeys(sorted(ordered, key=_by_number_then_name))
    return LabelSet(tuple(ordered))


def _by_number_then_name(name: str) -> tuple[int, int, str]:
    whole = (
        name.removeprefix("-").isdecimal() and len(name) < 32
    )  # Python refuses to read thousands of digits
    return (0, int(name), name) if whole else (1, 0, name)
