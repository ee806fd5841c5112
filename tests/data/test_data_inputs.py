"""What Python users pass becomes the table that they meant, or a refusal that says what was expected."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesay.data import PairTable
from samesay.errors import (
    ColumnNotFound,
    EmptySide,
    EncodingInvalid,
    LabelMissing,
    LabelUnknown,
    NoRows,
    SameSayError,
    UsageError,
)
from samesay.pairs import LabelSet, Pair, Sides

FIRST, SECOND = ["a", "b", "c"], ["d", "e", "f"]
NAMES = ["x", "y", "x"]
READ = PairTable.from_inputs


@pytest.mark.parametrize(
    "x",
    [
        (FIRST, SECOND),
        list(zip(FIRST, SECOND, strict=True)),
        (tuple(FIRST), np.array(SECOND)),
        (np.array(FIRST, dtype=object), np.array(SECOND, dtype="S")),
        ([b"a", "b", np.str_("c")], pd.Series(SECOND, index=[7, 8, 9])),
        {"sentence1": FIRST, "sentence2": SECOND},
        pd.DataFrame({"sentence1": FIRST, "sentence2": SECOND}),
        [Pair(*sides) for sides in zip(FIRST, SECOND, strict=True)],
        (Pair(*sides) for sides in zip(FIRST, SECOND, strict=True)),
        PairTable.from_inputs((FIRST, SECOND)),
    ],
    ids=["tuple", "list", "arrays", "bytes", "series", "dict", "frame", "pairs", "generator", "table"],
)
def test_every_form_gives_the_same_pairs(x: object) -> None:
    table = READ(x)
    assert (table.first, table.second) == (FIRST, SECOND)
    assert all(type(text) in (str, np.str_) for text in table.first)
    assert table.labels is None


@pytest.mark.parametrize("y", [NAMES, tuple(NAMES), np.array(NAMES), pd.Series(NAMES), [b"x", b"y", b"x"]])
def test_labels_by_name(y: object) -> None:
    table = READ((FIRST, SECOND), y)
    assert table.label_names() == NAMES
    assert table.labels == LabelSet(("x", "y"))


@pytest.mark.parametrize(
    "y", [[0, 1, 0], np.array([0, 1, 0]), np.array([0.0, 1.0, 0.0]), [np.int64(0), 1, 0]]
)
def test_labels_by_number(y: object) -> None:
    assert READ((FIRST, SECOND), y, labels=["x", "y"]).label_names() == NAMES


def test_pairs_without_gold_label_are_dropped_and_counted() -> None:
    table = READ((FIRST, SECOND), [2, -1, 0], sides=Sides("hypothesis", "premise"))
    assert table.label_names() == ["contradiction", "entailment"]
    assert table.first == ["a", "c"]
    assert table.origin.rows_dropped == {"no gold label (-1)": 1}
    assert table.row_numbers is not None
    assert table.row_numbers.tolist() == [1, 3]
    with pytest.raises(NoRows, match="None of the 3 pairs"):
        READ((FIRST, SECOND), [-1, -1, -1])


def test_a_frame_is_read_by_its_columns() -> None:
    frame = pd.DataFrame(
        {"hypothesis": SECOND, "premise": FIRST, "label": [0, 2, None], "genre": ["g", "h", "i"]}
    )
    table = READ(frame)
    assert (table.sides, table.first) == (Sides("premise", "hypothesis"), ["a", "b"])
    assert table.label_names() == ["entailment", "contradiction"]
    assert table.columns == {"genre": ["g", "h"]}
    assert READ(frame, sides=Sides("hypothesis", "premise")).first == ["d", "e"]
    assert READ(frame, NAMES).label_names() == NAMES
    assert len(READ(frame, need_labels=False)) == 3


def test_pairs_carry_their_own_labels() -> None:
    pairs = [Pair("a", "b", "x"), Pair("c", "d"), Pair("e", "f", "y")]
    assert READ(pairs).label_names() == ["x", "y"]
    with pytest.raises(UsageError, match="carry their own"):
        READ(pairs, NAMES)


def test_a_table_is_taken_as_it_is_or_turned() -> None:
    table = READ((FIRST, SECOND), NAMES, sides=Sides("premise", "hypothesis"))
    assert READ(table) is table
    assert READ(table, sides=Sides("hypothesis", "premise")).first == SECOND
    assert READ(table, labels=["y", "x"]).label_names() == NAMES
    with pytest.raises(UsageError, match="beside a table"):
        READ(table, NAMES)


def test_no_pairs_at_all() -> None:
    assert len(READ(([], []))) == 0
    assert len(READ([])) == 0


@pytest.mark.parametrize(
    ("x", "y", "kind", "message"),
    [
        ("pairs.csv", None, UsageError, "One text was passed"),
        (Pair("a", "b"), None, UsageError, "One Pair was passed"),
        (("a", "b"), None, UsageError, "Two texts were passed"),
        ([FIRST, SECOND], None, UsageError, "Item 0 is list, not a pair"),
        (7, None, UsageError, "Cannot read pairs from int"),
        (np.array([FIRST, SECOND]), None, UsageError, r"has the shape \(2, 3\)"),
        ((FIRST, SECOND[:2]), None, UsageError, "first has 3 values and second has 2"),
        ((FIRST, SECOND), NAMES[:2], UsageError, "x has 3 values and y has 2"),
        ((FIRST, SECOND), "x", UsageError, "y is one text"),
        ((FIRST, SECOND), 5, UsageError, "y is int"),
        ((FIRST, SECOND), np.eye(3), UsageError, r"y has the shape \(3, 3\)"),
        ((FIRST, ["d", 5, "f"]), None, UsageError, r"second\[1\] is int 5, not text"),
        ((FIRST, ["d", "  ", "f"]), None, EmptySide, r"second\[1\] is empty"),
        ((FIRST, ["d", None, "f"]), None, EmptySide, r"second\[1\] is empty"),
        ((FIRST, ["d", float("nan"), "f"]), None, EmptySide, r"second\[1\] is empty"),
        ((FIRST, ["d", "\ud800", "f"]), None, EncodingInvalid, "U\\+D800"),
        ((FIRST, ["d", b"\xff", "f"]), None, EncodingInvalid, "0xff"),
        ((FIRST, SECOND), ["x", "y", 0.5], LabelUnknown, "score"),
        ({"one": FIRST, "two": SECOND}, None, ColumnNotFound, "columns are: one, two"),
        ({"text1": FIRST, "text2": SECOND[:1]}, None, UsageError, "text1 has 3 values and text2 has 1"),
        (pd.DataFrame([FIRST] * 3, columns=["text1", "text1", "text2"]), None, ColumnNotFound, "one name"),
    ],
)
def test_what_cannot_be_meant(x: object, y: object, kind: type[SameSayError], message: str) -> None:
    with pytest.raises(kind, match=message):
        READ(x, y)


def test_hints_for_the_likely_slips() -> None:
    with pytest.raises(UsageError) as caught:
        READ([FIRST, SECOND])
    assert caught.value.hint == "for two columns, first texts and second texts: (x[0], x[1])"
    with pytest.raises(UsageError) as caught:
        READ((FIRST, SECOND), np.eye(3))
    assert caught.value.hint == "for one-hot rows: y.argmax(axis=1)"


def test_labels_that_are_needed() -> None:
    with pytest.raises(LabelMissing):
        READ((FIRST, SECOND), need_labels=True)
    with pytest.raises(LabelMissing):
        READ(READ((FIRST, SECOND)), need_labels=True)
    with pytest.raises(ColumnNotFound, match="shows the label"):
        READ({"text1": FIRST, "text2": SECOND}, need_labels=True)


def test_empty_sides_may_be_allowed() -> None:
    assert READ((["", "b"], ["c", "d"]), allow_empty_sides=True).first == ["", "b"]
