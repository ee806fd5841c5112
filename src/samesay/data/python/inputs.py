"""What Python users hold in their hands, as a table or as texts: pairs, columns, a DataFrame, a dataset.

The one reader of what is passed to anything that learns, measures or answers. Knows frames by their shape alone
(``columns`` and indexing), and columns through ``objects``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set, Sized
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from samesay.data.columns import find_columns, plain_name
from samesay.data.filters import decoded_texts
from samesay.data.python.objects import chosen_split, decoded, gathered, is_dataset, listed, splits_of, texts
from samesay.data.rows import text_of
from samesay.data.splits import split_column, splits_note
from samesay.errors import ColumnNotFound, EmptySide, UsageError, require_at_least
from samesay.pairs import Pair, Sides, Task, is_empty

_EXPECTED = (
    "a list of pairs (tuples of two texts, or Pair objects), a tuple of two columns of texts, a DataFrame, "
    "a dict of columns, a PairTable, or a dataset of tf.data, grain or Hugging Face"
)


@dataclass
class Parts:
    """Two sides, what stands in for their labels, and what a table will remember."""

    first: list[str]
    second: list[str]
    labels: list[Any] | None
    sides: Sides
    source: str
    mapping: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    class_names: list[str] | None = None
    split: str | None = None

    def decode_literals(self) -> None:
        """Decode Python bytes literals, where most texts of a side are such."""
        self.first, of_first = decoded_texts(self.first, self.mapping.get("first", self.sides.first))
        self.second, of_second = decoded_texts(self.second, self.mapping.get("second", self.sides.second))
        self.notes = (*self.notes, *of_first, *of_second)

    def leave_out_headers(self) -> list[int]:
        """Leave out the rows that are the header again; those that are left, from 0."""
        gold = self.mapping.get("label", self.mapping.get("score"))
        used: dict[str, list[Any]] = {}  # lists have no header
        if "first" in self.mapping:
            used = {self.mapping["first"]: self.first, self.mapping["second"]: self.second}
        if used and gold is not None and self.labels is not None:
            used[gold] = self.labels
        header = list(map(plain_name, used))
        rows = [
            row
            for row, values in enumerate(zip(*used.values(), strict=True))
            if [plain_name(value) if isinstance(value, str) else "" for value in values] != header
        ]
        if not used:
            return list(range(len(self.first)))
        if len(rows) < len(self.first):
            self.first, self.second = ([column[row] for row in rows] for column in (self.first, self.second))
            self.labels = None if self.labels is None else [self.labels[row] for row in rows]
            self.columns = {name: [column[row] for row in rows] for name, column in self.columns.items()}
        return rows

    def splits_note(self) -> tuple[str, ...]:
        """A note on a column that names the rows' splits: objects in memory are read whole, and not by it."""
        values = zip(*self.columns.values(), strict=True)
        found = split_column(self.columns, (dict(zip(self.columns, row, strict=True)) for row in values))
        return (f"{splits_note(*found)}, and all of them were read as one",) if found else ()

    def refuse_empty(self) -> None:
        """Refuse a text with nothing to read."""
        for name, side in ((self.sides.first, self.first), (self.sides.second, self.second)):
            for index, text in enumerate(side):
                if is_empty(text):
                    raise EmptySide(
                        f"The text {name}[{index}] is empty.",
                        where=f"{self.source} row {index + 1}",
                        expected="two texts",
                    )


def parts_of(
    x: Any, y: Any, sides: Sides | None, need_labels: bool | None, task: Task | None, prefer: Sequence[str]
) -> Parts:
    """What ``PairTable.from_inputs`` is passed, its bytes literals decoded; raises as that does."""
    splits = splits_of(x)
    split = chosen_split(splits, prefer) if splits else None
    parts = _parts(x if split is None else splits[split], y, sides, need_labels, task)
    parts.split = split
    parts.decode_literals()
    return parts


def texts_from(x: Any, *, sides: Sides, begin: int = 0) -> tuple[list[str], list[str]]:
    """The two texts of every pair, first sides and second sides: how everything that answers reads what it is asked.

    Args:
        x: Pairs in any of the forms of ``PairTable.from_inputs``; their labels are not looked at.
        sides: Of whatever answers; the reading order of texts without names.
        begin: The number of the first pair, for messages.
    """
    if hasattr(x, "with_sides"):  # a PairTable, which is built of what is read here
        x = x.with_sides(sides)
        return x.first, x.second
    splits = splits_of(x)
    if splits:
        x = splits[chosen_split(splits, ())]
    parts = _parts(x, None, sides, need_labels=False, task=None, begin=begin)
    return parts.first, parts.second


def texts_in_chunks(x: Any, chunk: int, *, sides: Sides) -> Iterator[tuple[list[str], list[str]]]:
    """What ``texts_from`` gives, ``chunk`` pairs at a time; of pairs one by one no more are taken than that."""
    require_at_least(1, chunk=chunk)
    # Whatever gives pairs one after the other, endlessly perhaps, and holds them in no other way.
    one_by_one = isinstance(x, Iterable) and not (
        isinstance(x, (tuple, Mapping, Set, str, bytes))
        or hasattr(x, "with_sides")
        or hasattr(x, "columns")
        or hasattr(x, "shape")
        or is_dataset(x)
    )
    source = iter(x if one_by_one else zip(*texts_from(x, sides=sides), strict=True))
    done = 0
    while taken := list(islice(source, chunk)):
        yield texts_from(taken, sides=sides, begin=done)
        done += len(taken)


def _parts(
    x: Any, y: Any, sides: Sides | None, need_labels: bool | None, task: Task | None, *, begin: int = 0
) -> Parts:
    if isinstance(x, (str, bytes)):
        raise UsageError(
            f"One text was passed where pairs are expected: {x[:60]!r}.",
            expected=_EXPECTED,
            hint="for a file: samesay.load_pairs(path)",
        )
    if isinstance(x, Pair):
        raise UsageError(
            "One Pair was passed where several are expected.", expected=_EXPECTED, hint="pass [pair]"
        )
    if is_dataset(x):
        return _from_dataset(x, y, sides, need_labels, task)
    if isinstance(x, np.ndarray) and x.dtype.names:
        x = {name: x[name] for name in x.dtype.names}
    if isinstance(x, Mapping) or (hasattr(x, "columns") and hasattr(x, "__getitem__")):
        kind = "dict" if isinstance(x, Mapping) else type(x).__name__
        return _from_columns(x, y, sides, need_labels, task, kind=kind)
    if isinstance(x, tuple) and not all(isinstance(item, Pair) for item in x):
        names = sides or Sides()
        first, second = _two_columns(x)
        parts = Parts(texts(first, names.first), texts(second, names.second), None, names, "columns")
        _require_equal(len(parts.first), len(parts.second), names.first, names.second)
        return _with_y(parts, y)
    return _from_pairs(x, y, sides, begin)


def _from_dataset(x: Any, y: Any, sides: Sides | None, need_labels: bool | None, task: Task | None) -> Parts:
    found = gathered(x)
    if found.labels is not None and y is not None:
        raise UsageError(
            f"Labels were passed beside a {found.kind} that carries its own.", expected="one of the two"
        )
    y = found.labels if found.labels is not None and need_labels is not False else y
    if found.columns:
        parts = _from_columns(found.columns, y, sides, need_labels, task, kind=found.kind)
        parts.class_names = found.class_names.get(parts.mapping.get("label", "")) if y is None else None
        return parts
    parts = _parts(found.pairs or found.sides, y, sides, need_labels, task)
    parts.source = found.kind
    return parts


def _from_columns(
    x: Any, y: Any, sides: Sides | None, need_labels: bool | None, task: Task | None, *, kind: str
) -> Parts:
    # The columns of an Arrow table are values; it has names for them.
    given = x if isinstance(x, Mapping) else getattr(x, "column_names", x.columns)
    keys = {str(key): key for key in given}
    names = list(keys)
    if len(names) != len(list(given)):
        raise ColumnNotFound(
            f"Two columns of the {kind} have one name.", expected="a different name for every column"
        )
    need_label = False if y is not None else need_labels
    try:
        found = find_columns(names, where=f"the {kind}", sides=sides, need_label=need_label, task=task)
    except ColumnNotFound as error:
        # What it advises is for files and the command line.
        error.expected = (
            f"columns called {' and '.join(sides or ('premise', 'hypothesis'))}, or by other usual names"
        )
        error.hint = "pass the columns themselves: (x[FIRST], x[SECOND]), and labels as y=x[LABEL]"
        raise
    columns = {name: listed(x[key], name) for name, key in keys.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    for name in names[1:]:
        _require_equal(lengths[names[0]], lengths[name], names[0], name)
    parts = Parts(
        texts(columns[found.first], found.first),
        texts(columns[found.second], found.second),
        None if found.gold is None else columns[found.gold],
        found.sides,
        kind,
        found.to_dict(),
        {
            name: [text_of(value) for value in column]
            for name, column in columns.items()
            if name not in (found.first, found.second, found.gold)
        },
        found.notes,
    )
    return parts if y is None else _with_y(parts, y)


def _two_columns(x: tuple[Any, ...]) -> tuple[Any, Any]:
    """The two columns of a tuple, unless it may be two pairs, or is something else."""
    if len(x) != 2:
        raise UsageError(
            f"A tuple of {len(x)} was passed; a tuple holds two columns, first texts and second texts.",
            expected=_EXPECTED,
            hint="pairs go into a list: list(x)",
        )
    if all(isinstance(item, (str, bytes)) for item in x):
        raise UsageError(
            "Two texts were passed where pairs are expected.", expected=_EXPECTED, hint="for one pair: [x]"
        )
    first, second = x
    if any(isinstance(item, tuple) for item in x) and all(map(_is_two_texts, x)):
        raise UsageError(
            f"A tuple of twice two texts can be read in two ways: as two pairs, {_short(first)} and {_short(second)}, "
            f"or as two columns, so that the first pair is {_short((first[0], second[0]))}.",
            expected=_EXPECTED,
            hint="for two pairs: list(x); for two columns: (list(x[0]), list(x[1]))",
        )
    return first, second


def _from_pairs(x: Any, y: Any, sides: Sides | None, begin: int) -> Parts:
    shape = getattr(x, "shape", None)
    if shape is not None and len(shape) == 2:
        if shape[1] != 2:
            raise UsageError(
                f"An array of pairs has the shape {tuple(shape)}.",
                expected="(n_pairs, 2): a row for every pair, with its two texts",
                hint="for two columns: (x[0], x[1])" if shape[0] == 2 else None,
            )
        x = np.asarray(x).tolist()
    if isinstance(x, (set, frozenset)):
        raise UsageError("A set was passed, whose pairs have no order.", expected=_EXPECTED)
    if not isinstance(x, Iterable):
        raise UsageError(f"Cannot read pairs from {type(x).__name__}.", expected=_EXPECTED)
    pairs = list(x)
    for index, pair in enumerate(pairs):
        if not isinstance(pair, Pair) and not (isinstance(pair, (tuple, list)) and len(pair) == 2):
            raise _no_pair(pairs, index, begin)
    names = sides or Sides()
    labels: list[Any] | None = [pair.label if isinstance(pair, Pair) else None for pair in pairs]
    carried = any(label is not None for label in labels)
    if carried and y is not None:
        raise UsageError("Labels were passed beside pairs that carry their own.", expected="one of the two")
    parts = Parts(
        texts(
            [pair.first if isinstance(pair, Pair) else pair[0] for pair in pairs], names.first, begin=begin
        ),
        texts(
            [pair.second if isinstance(pair, Pair) else pair[1] for pair in pairs], names.second, begin=begin
        ),
        labels if carried else None,
        names,
        "pairs",
    )
    return parts if y is None else _with_y(parts, y)


def _no_pair(pairs: list[Any], index: int, begin: int) -> UsageError:
    item, hint = pairs[index], None
    kind = type(item).__name__
    if isinstance(item, (str, bytes)):
        kind, hint = "one text", "for one pair: [(x[0], x[1])]" if len(pairs) == 2 else None
    elif isinstance(item, Mapping):
        hint = "pandas.DataFrame(x)"
    elif isinstance(item, Sized) and len(pairs) == 2:
        hint = "for two columns, first texts and second texts: (x[0], x[1])"
    elif isinstance(item, (tuple, list)):
        kind, hint = f"{kind} of {len(item)}", "labels go into y, or into Pair(first, second, label)"
    elif isinstance(item, Sized) and len(item) == 2:
        hint = "[tuple(pair) for pair in x]"
    return UsageError(f"Item {begin + index} is {kind}, not a pair.", expected=_EXPECTED, hint=hint)


def _is_two_texts(item: Any) -> bool:
    return (
        isinstance(item, (tuple, list))
        and len(item) == 2
        and all(isinstance(one, (str, bytes)) for one in item)
    )


def _short(pair: Sequence[Any]) -> str:
    return "({}, {})".format(*(repr(text if len(text) <= 20 else text[:19] + "…") for text in pair))


def _with_y(parts: Parts, y: Any) -> Parts:
    if y is None:
        return parts
    if isinstance(y, (str, bytes)):
        raise UsageError(f"y is one text, {y!r}.", expected="a list with a label for every pair")
    shape = getattr(y, "shape", None)
    if shape is not None and len(shape) == 2 and shape[1] != 1:
        raise UsageError(
            f"y has the shape {tuple(shape)}.",
            expected=f"({len(parts.first)},): one label a pair, by name or number",
            hint="for one-hot rows: y.argmax(axis=1)",
        )
    parts.labels = [decoded(value, "y") if isinstance(value, bytes) else value for value in listed(y, "y")]
    _require_equal(len(parts.first), len(parts.labels), "x", "y")
    return parts


def _require_equal(one: int, other: int, one_name: str, other_name: str) -> None:
    if one != other:
        raise UsageError(
            f"{one_name} has {one:,} values and {other_name} has {other:,}.",
            expected="as many of the one as of the other",
        )
