"""What Python users hold in their hands, as a table or as texts: pairs, columns, a DataFrame, a dataset.

The one reader of what is passed to anything that learns, measures or answers. Knows frames by their shape alone
(``columns`` and indexing), and columns through ``python_values``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set, Sized
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from samesay.data.columns import find_columns, plain_name
from samesay.data.filters import REPEATED_HEADER, decoded_texts
from samesay.data.labels.column import read_labels
from samesay.data.labels.gold import GoldReading, gold_columns
from samesay.data.labels.scores import holds_scores, read_scores
from samesay.data.python.datasets import chosen_split, gathered, is_dataset, splits_of
from samesay.data.python.values import decoded, listed, texts
from samesay.data.rows import text_of
from samesay.data.splits import split_column, splits_told
from samesay.data.table import Origin, PairTable
from samesay.errors import ColumnNotFound, EmptySide, LabelMissing, NoRows, UsageError
from samesay.pairs import LabelSet, Pair, Scale, Sides, Task, is_empty

_EXPECTED = (
    "a list of pairs (tuples of two texts, or Pair objects), a tuple of two columns of texts, a DataFrame, "
    "a dict of columns, a PairTable, or a dataset of tf.data, grain or Hugging Face"
)


@dataclass
class _Parts:
    """Two sides, what stands in for their labels, and what the table will remember."""

    first: list[str]
    second: list[str]
    labels: list[Any] | None
    sides: Sides
    source: str
    mapping: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    class_names: list[str] | None = None


def table_from(
    x: Any,
    y: Any = None,
    *,
    labels: LabelSet | Sequence[str] | None = None,
    scale: Scale | None = None,
    sides: Sides | None = None,
    need_labels: bool | None = None,
    allow_empty_sides: bool = False,
    prefer: Sequence[str] = (),
) -> PairTable:
    """Make a table of what a caller passes.

    Args:
        x: An iterable of pairs, each a ``Pair`` or a tuple or list of two texts, or an array of shape ``(n_pairs, 2)``;
            a tuple of two columns of texts, first sides and second sides; a DataFrame, an Arrow table or a dict of
            columns; a ``PairTable``; a dataset of ``tf.data``, grain or Hugging Face
            (``samesay.data.python.datasets``), or a dict of them by split. Bytes are read as UTF-8. A column is a list
            or an array of shape ``(n_pairs,)`` or ``(n_pairs, 1)`` of any library.
        y: A label (by name or number) or a score for every pair, a column; not with a table or with pairs that carry
            their own. Where there are two ``labels``, False is the first of them and True the second.
        labels: The label names, if known; numbers index them.
        scale: The scale of the scores, if the answers are scores; where neither it nor ``labels`` is told, numbers of
            which some lie between whole numbers are scores.
        sides: The names and reading order of the sides. A DataFrame's columns are found by them or by their
            roles; texts without names are already in reading order.
        need_labels: ``True`` to refuse pairs without labels, ``False`` to leave labels aside, ``None`` to
            take them where they are.
        allow_empty_sides: Keep pairs whose first or second text is empty.
        prefer: Of datasets by split, the first of these that exists is taken.

    Returns:
        The pairs in their order. Those without a gold label (-1, "-", empty, None) are dropped and counted.

    Raises:
        UsageError: If the inputs are of another type, could be read in two ways, or their lengths differ.
        ColumnNotFound: If a DataFrame's columns do not tell the sides.
        SplitNotFound: If there are several splits, and none of them is preferred.
        LabelMissing, LabelUnknown, EmptySide, EncodingInvalid, NoRows: As for files.
    """
    labels = None if labels is None else LabelSet.of(labels)
    if isinstance(x, PairTable):
        return _adapted(x, y, labels, scale, sides, need_labels)
    splits = splits_of(x)
    split = chosen_split(splits, prefer) if splits else None
    parts = _parts(
        x if split is None else splits[split], y, sides, need_labels, "similarity" if scale else None
    )
    _decode_literals(parts)
    if not allow_empty_sides:
        _refuse_empty(parts)
    if parts.labels is None or need_labels is False:
        if need_labels:
            raise LabelMissing(
                "The pairs carry no labels.", expected="labels as y, in the pairs, or in a column"
            )
        return _unlabelled(parts)
    n_rows = len(parts.first)
    rows = _leave_out_headers(parts)
    place: Callable[[int], str] = lambda index: f"{parts.source} row {rows[index] + 1}"  # noqa: E731
    similarity = (
        scale is not None or "score" in parts.mapping or (labels is None and holds_scores(parts.labels))
    )
    reading: GoldReading = (
        read_scores(parts.labels, place=place, scale=scale)
        if similarity
        else read_labels(
            parts.labels,
            sides=parts.sides,
            place=place,
            declared=labels or parts.class_names,
            column=parts.mapping.get("label", "y"),
        )
    )
    keep = [index for index, reason in enumerate(reading.reasons) if reason is None]
    if not keep and parts.labels:
        raise NoRows(f"None of the {len(parts.labels):,} pairs has a gold answer.", where=parts.source)
    dropped = {REPEATED_HEADER: n_rows - len(rows)} if len(rows) < n_rows else {}
    for reason in reading.reasons:
        if reason is not None:
            dropped[reason] = dropped.get(reason, 0) + 1
    origin = Origin(
        source=parts.source,
        split=split,
        columns=parts.mapping,
        rows_read=n_rows,
        rows_dropped=dropped,
        notes=(*parts.notes, *reading.notes, *_splits_among(parts.columns)),
    )
    return PairTable(
        [parts.first[index] for index in keep],
        [parts.second[index] for index in keep],
        sides=parts.sides,
        origin=origin,
        columns={name: [column[index] for index in keep] for name, column in parts.columns.items()},
        row_numbers=np.array([rows[index] for index in keep], dtype=np.int64) + 1,
        **gold_columns(reading, keep),
    )


def _decode_literals(parts: _Parts) -> None:
    parts.first, of_first = decoded_texts(parts.first, parts.mapping.get("first", parts.sides.first))
    parts.second, of_second = decoded_texts(parts.second, parts.mapping.get("second", parts.sides.second))
    parts.notes = (*parts.notes, *of_first, *of_second)


def _leave_out_headers(parts: _Parts) -> list[int]:
    """The rows that are no header, and ``parts`` with these rows alone."""
    assert parts.labels is not None
    names = [parts.mapping.get(role) for role in ("first", "second", "label", "score")]
    used = [parts.first, parts.second, parts.labels]
    if not names[0]:  # lists have no header
        return list(range(len(parts.first)))
    header = [plain_name(name) for name in names if name]
    rows = [
        row
        for row, values in enumerate(zip(*used[: len(header)], strict=True))
        if [plain_name(value) if isinstance(value, str) else "" for value in values] != header
    ]
    if len(rows) < len(parts.first):
        parts.first, parts.second, parts.labels = ([column[row] for row in rows] for column in used)
        parts.columns = {name: [column[row] for row in rows] for name, column in parts.columns.items()}
    return rows


def _splits_among(columns: Mapping[str, list[str]]) -> tuple[str, ...]:
    """A note where a column tells the rows' splits: objects in memory are read whole, and not by it."""
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    found = split_column(columns, rows)
    return (f"{splits_told(*found)}, and all of them were read as one",) if found else ()


def _unlabelled(parts: _Parts) -> PairTable:
    origin = Origin(source=parts.source, columns=parts.mapping, rows_read=len(parts.first), notes=parts.notes)
    rows = np.arange(1, len(parts.first) + 1, dtype=np.int64)
    return PairTable(parts.first, parts.second, None, None, parts.sides, origin, parts.columns, rows)


def _adapted(
    table: PairTable,
    y: Any,
    labels: LabelSet | Sequence[str] | None,
    scale: Scale | None,
    sides: Sides | None,
    need_labels: bool | None,
) -> PairTable:
    if y is not None:
        raise UsageError("Labels were passed beside a table that is read with its own.", expected="y=None")
    if need_labels and table.answers is None:
        raise LabelMissing(f"The pairs of {table.origin} carry no labels.", where=str(table.origin))
    if sides is not None:
        table = table.with_sides(sides)
    if labels is not None and table.labelled and need_labels is not False:
        table = table.with_labels(LabelSet.of(labels))
    if scale is not None and table.has_scores and need_labels is not False:
        table = table.with_scale(scale)
    return table


def texts_from(x: Any, *, sides: Sides, begin: int = 0) -> tuple[list[str], list[str]]:
    """The two texts of every pair, first sides and second sides: how everything that answers reads what it is asked.

    Args:
        x: Pairs in any of the forms of ``table_from``; their labels are not looked at.
        sides: Of whatever answers; the reading order of texts without names.
        begin: The number of the first pair, for messages.

    Raises:
        UsageError, ColumnNotFound, SplitNotFound, EncodingInvalid: As for ``table_from``.
    """
    if isinstance(x, PairTable):
        x = x.with_sides(sides)
        return x.first, x.second
    splits = splits_of(x)
    if splits:
        x = splits[chosen_split(splits, ())]
    parts = _parts(x, None, sides, need_labels=False, task=None, begin=begin)
    return parts.first, parts.second


def texts_in_chunks(x: Any, chunk: int, *, sides: Sides) -> Iterator[tuple[list[str], list[str]]]:
    """What ``texts_from`` gives, ``chunk`` pairs at a time; of pairs one by one no more are taken from ``x`` than that.

    Raises:
        UsageError: If ``chunk`` is below 1; else as ``texts_from``, when a pair is met that cannot be used.
    """
    if chunk < 1:
        raise UsageError(f"chunk is {chunk}.", where="chunk", expected="at least 1")
    # Whatever gives pairs one after the other, endlessly perhaps, and holds them in no other way.
    one_by_one = isinstance(x, Iterable) and not (
        isinstance(x, (tuple, Mapping, Set, str, bytes, PairTable))
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
) -> _Parts:
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
        parts = _Parts(texts(first, names.first), texts(second, names.second), None, names, "columns")
        _require_equal(len(parts.first), len(parts.second), names.first, names.second)
        return _with_y(parts, y)
    return _from_pairs(x, y, sides, begin)


def _from_dataset(x: Any, y: Any, sides: Sides | None, need_labels: bool | None, task: Task | None) -> _Parts:
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
) -> _Parts:
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
    parts = _Parts(
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


def _from_pairs(x: Any, y: Any, sides: Sides | None, begin: int) -> _Parts:
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
    parts = _Parts(
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


def _with_y(parts: _Parts, y: Any) -> _Parts:
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


def _refuse_empty(parts: _Parts) -> None:
    for name, side in ((parts.sides.first, parts.first), (parts.sides.second, parts.second)):
        for index, text in enumerate(side):
            if is_empty(text):
                raise EmptySide(
                    f"The text {name}[{index}] is empty.",
                    where=f"{parts.source} row {index + 1}",
                    expected="two texts",
                )


def _require_equal(one: int, other: int, one_name: str, other_name: str) -> None:
    if one != other:
        raise UsageError(
            f"{one_name} has {one:,} values and {other_name} has {other:,}.",
            expected="as many of the one as of the other",
        )
