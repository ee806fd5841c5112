"""What Python users hold in their hands, as a table: lists, arrays, a DataFrame, ``Pair`` objects, a dataset.

Knows pandas by its shape alone (``columns`` and indexing); it imports neither pandas nor any array library
but numpy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samesay.data.columns import find_columns, plain_name
from samesay.data.gold import GoldReading, gold_columns
from samesay.data.grades import holds_grades, read_grades
from samesay.data.labels import read_labels
from samesay.data.odd_rows import REPEATED_HEADER, decoded_texts, split_column, splits_told
from samesay.data.python_datasets import chosen_split, gathered, is_dataset, splits_of
from samesay.data.rows import text_of
from samesay.data.table import Origin, PairTable
from samesay.errors import ColumnNotFound, EmptySide, EncodingInvalid, LabelMissing, NoRows, UsageError
from samesay.pairs import GradeScale, LabelSet, Pair, Sides, Task

_EXPECTED = (
    "two lists of texts in a tuple, a DataFrame, a dict of columns, Pair objects, a PairTable, "
    "or a dataset of tf.data, grain or Hugging Face"
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
    scale: GradeScale | None = None,
    sides: Sides | None = None,
    need_labels: bool | None = None,
    allow_empty_sides: bool = False,
    prefer: Sequence[str] = (),
) -> PairTable:
    """Make a table of what a caller passes.

    Args:
        x: A tuple or list of two lists (or arrays) of texts, first sides and second sides, bytes read as
            UTF-8; a pandas DataFrame, or a dict of columns; an iterable of ``Pair``; a ``PairTable``; a dataset of
            ``tf.data``, grain or Hugging Face (``samesay.data.python_datasets``), or a dict of them by split.
        y: A label (by name or number) or a grade for every pair; not with a table or with pairs that carry their own.
        labels: The label names, if known; numbers index them.
        scale: The scale of the grades, if the answers are grades; where neither it nor ``labels`` is told, numbers of
            which some lie between whole numbers are grades.
        sides: The names and reading order of the sides. A DataFrame's columns are found by them or by their
            roles; two lists are already in reading order.
        need_labels: ``True`` to refuse pairs without labels, ``False`` to leave labels aside, ``None`` to
            take them where they are.
        allow_empty_sides: Keep pairs whose first or second text is empty.
        prefer: Of datasets by split, the first of these that exists is taken.

    Returns:
        The pairs in their order. Those without a gold label (-1, "-", empty, None) are dropped and counted.

    Raises:
        UsageError: If the inputs are of another type, or their lengths differ.
        ColumnNotFound: If a DataFrame's columns do not tell the sides.
        SplitNotFound: If there are several splits, and none of them is preferred.
        LabelMissing, LabelUnknown, EmptySide, EncodingInvalid, NoRows: As for files.
    """
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
    graded = scale is not None or "grade" in parts.mapping or (labels is None and holds_grades(parts.labels))
    reading: GoldReading = (
        read_grades(parts.labels, place=place, scale=scale)
        if graded
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
    names = [parts.mapping.get(role) for role in ("first", "second", "label", "grade")]
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
    scale: GradeScale | None,
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
        table = table.with_labels(labels if isinstance(labels, LabelSet) else LabelSet(tuple(labels)))
    if scale is not None and table.graded and need_labels is not False:
        table = table.with_scale(scale)
    return table


def _parts(x: Any, y: Any, sides: Sides | None, need_labels: bool | None, task: Task | None) -> _Parts:
    if isinstance(x, (str, bytes)):
        raise UsageError(
            f"One text was passed where pairs are expected: {x[:60]!r}.",
            expected=_EXPECTED,
            hint="for a file: samesay.data.load_pairs(path)",
        )
    if isinstance(x, Pair):
        raise UsageError(
            "One Pair was passed where several are expected.", expected=_EXPECTED, hint="pass [pair]"
        )
    if is_dataset(x):
        return _from_dataset(x, y, sides, need_labels, task)
    if isinstance(x, Mapping) or (hasattr(x, "columns") and hasattr(x, "__getitem__")):
        kind = "dict" if isinstance(x, Mapping) else type(x).__name__
        return _from_columns(x, y, sides, need_labels, task, kind=kind)
    if isinstance(x, (tuple, list)) and len(x) == 2 and all(_is_sequence(side) for side in x):
        first, second = x
        names = sides or Sides()
        parts = _Parts(_texts(first, names.first), _texts(second, names.second), None, names, "lists")
        _require_equal(len(parts.first), len(parts.second), names.first, names.second)
        return _with_y(parts, y)
    if isinstance(x, Iterable) and not isinstance(x, np.ndarray):
        return _from_pairs(list(x), y, sides)
    raise UsageError(f"Cannot read pairs from {type(x).__name__}.", expected=_EXPECTED)


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
    keys = {str(key): key for key in (x if isinstance(x, Mapping) else x.columns)}
    names = list(keys)
    if not isinstance(x, Mapping) and len(names) != len(list(x.columns)):
        raise ColumnNotFound(
            f"Two columns of the {kind} have one name.", expected="a different name for every column"
        )
    need_label = False if y is not None else need_labels
    found = find_columns(names, where=f"the {kind}", sides=sides, need_label=need_label, task=task)
    columns = {name: _listed(x[key], name) for name, key in keys.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    for name in names[1:]:
        _require_equal(lengths[names[0]], lengths[name], names[0], name)
    parts = _Parts(
        _texts(columns[found.first], found.first),
        _texts(columns[found.second], found.second),
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


def _from_pairs(pairs: list[Any], y: Any, sides: Sides | None) -> _Parts:
    for index, pair in enumerate(pairs):
        if not isinstance(pair, Pair):
            two_texts = isinstance(pair, (tuple, list)) and len(pair) == 2
            raise UsageError(
                f"Item {index} is {type(pair).__name__}, not a Pair.",
                expected=_EXPECTED,
                hint="[Pair(first, second) for first, second in x]" if two_texts else None,
            )
    names = sides or Sides()
    labels: list[Any] | None = [pair.label for pair in pairs]
    carried = any(label is not None for label in labels)
    if carried and y is not None:
        raise UsageError("Labels were passed beside pairs that carry their own.", expected="one of the two")
    parts = _Parts(
        _texts([pair.first for pair in pairs], names.first),
        _texts([pair.second for pair in pairs], names.second),
        labels if carried else None,
        names,
        "pairs",
    )
    return parts if y is None else _with_y(parts, y)


def _with_y(parts: _Parts, y: Any) -> _Parts:
    if y is None:
        return parts
    if isinstance(y, (str, bytes)):
        raise UsageError(f"y is one text, {y!r}.", expected="a list with a label for every pair")
    shape = getattr(y, "shape", None)
    if shape is not None and len(shape) != 1:
        raise UsageError(
            f"y has the shape {tuple(shape)}.",
            expected=f"({len(parts.first)},): one label a pair, by name or number",
            hint="for one-hot rows: y.argmax(axis=1)" if len(shape) == 2 else None,
        )
    parts.labels = [_as_text(value) if isinstance(value, bytes) else value for value in _listed(y, "y")]
    _require_equal(len(parts.first), len(parts.labels), "x", "y")
    return parts


def _is_sequence(value: Any) -> bool:
    if isinstance(value, (str, bytes, Pair, Mapping)):
        return False
    return hasattr(value, "__len__") and hasattr(value, "__getitem__")


def _listed(column: Any, name: str) -> list[Any]:
    """A list, array or Series as a list of Python's own types."""
    shape = getattr(column, "shape", None)
    if shape is not None and len(shape) != 1:
        raise UsageError(
            f"{name} has the shape {tuple(shape)}.", expected="one dimension: a value for every pair"
        )
    if hasattr(column, "tolist"):
        return list(column.tolist())
    if isinstance(column, Iterable) and not isinstance(column, (str, bytes)):
        return [value.item() if isinstance(value, np.generic) else value for value in column]
    raise UsageError(
        f"{name} is {type(column).__name__}.", expected="a list or an array with a value for every pair"
    )


def _texts(column: Any, name: str) -> list[str]:
    texts: list[str] = []
    for index, value in enumerate(_listed(column, name)):
        where = f"{name}[{index}]"
        if isinstance(value, bytes):
            value = _as_text(value, where)
        elif value is None or (isinstance(value, float) and math.isnan(value)):
            value = ""  # how pandas marks an empty cell
        elif not isinstance(value, str):
            raise UsageError(
                f"{where} is {type(value).__name__} {str(value)[:60]}, not text.", expected="texts"
            )
        elif not value.isascii():
            _refuse_half_characters(value, where)
        texts.append(value)
    return texts


def _as_text(value: bytes, where: str = "y") -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncodingInvalid(f"Byte 0x{value[error.start]:02x} is not UTF-8.", where=where) from error


def _refuse_half_characters(text: str, where: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise EncodingInvalid(
            f"The text holds half of a surrogate pair, U+{ord(text[error.start]):04X}.",
            where=where,
            expected="whole characters",
        ) from error


def _refuse_empty(parts: _Parts) -> None:
    for name, texts in ((parts.sides.first, parts.first), (parts.sides.second, parts.second)):
        for index, text in enumerate(texts):
            if not text.strip():
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
