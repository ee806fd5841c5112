"""Slices select the rows that TensorFlow Datasets' notation promises, and refuse what selects nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.data.splits import (
    Slice,
    canonical_split,
    in_order,
    split_column,
    split_of,
    split_off_slice,
    splits_note,
)
from samesay.errors import SliceInvalid


@pytest.mark.parametrize(
    ("text", "n_rows", "bounds"),
    [
        ("[:20%]", 1000, (0, 200)),
        ("[20%:]", 1000, (200, 1000)),
        ("[100:200]", 1000, (100, 200)),
        ("[-10%:]", 1000, (900, 1000)),
        ("[-10:]", 1000, (990, 1000)),
        ("[:-10]", 1000, (0, 990)),
        ("[:]", 7, (0, 7)),
        ("[50%:75%]", 10, (5, 8)),
        ("[1_000:2_000]", 5000, (1000, 2000)),
        ("[ 10% : 100 ]", 1000, (100, 100 + 0)),
    ],
)
def test_bounds(text: str, n_rows: int, bounds: tuple[int, int]) -> None:
    if bounds[0] == bounds[1]:
        with pytest.raises(SliceInvalid, match="selects no rows"):
            Slice.parse(text).bounds(n_rows)
    else:
        assert Slice.parse(text).bounds(n_rows) == bounds


@pytest.mark.parametrize("text", ["[5]", "[a:b]", "[:20%%]", "[%:5]", "[1.5:2]", "[1:2:3]", "[:120%]", "[]"])
def test_what_is_no_slice_is_refused_by_name(text: str) -> None:
    with pytest.raises(SliceInvalid) as caught:
        Slice.parse(text)
    assert text in caught.value.message
    assert caught.value.expected


@pytest.mark.parametrize("text", ["[:11]", "[-11:]", "[11:12]"])
def test_a_slice_outside_the_data_is_refused_with_the_number_of_rows(text: str) -> None:
    with pytest.raises(SliceInvalid, match="10 rows") as caught:
        Slice.parse(text).bounds(10, where="pairs.csv")
    assert caught.value.where == "pairs.csv"


@pytest.mark.parametrize("text", ["[5:5]", "[6:5]", "[:0]", "[:1%]", "[10:]"])
def test_an_empty_slice_is_refused(text: str) -> None:
    with pytest.raises(SliceInvalid, match="selects no rows"):
        Slice.parse(text).bounds(10)


def test_a_negative_share_that_rounds_to_nothing_is_not_the_whole() -> None:
    with pytest.raises(SliceInvalid, match="selects no rows"):
        Slice.parse("[-1%:]").bounds(10)


@given(n_rows=st.integers(1, 10_000), percent=st.integers(0, 100))
def test_neighbouring_slices_part_the_rows(n_rows: int, percent: int) -> None:
    def length(text: str) -> int:
        try:
            start, stop = Slice.parse(text).bounds(n_rows)
        except SliceInvalid:
            return 0
        return stop - start

    assert length(f"[:{percent}%]") + length(f"[{percent}%:]") == n_rows
    if percent:
        assert length(f"[:-{percent}%]") + length(f"[-{percent}%:]") == n_rows


@given(n_rows=st.integers(1, 300), start=st.integers(-300, 300), stop=st.integers(-300, 300))
def test_absolute_slices_are_python_slices_where_they_stay_inside(n_rows: int, start: int, stop: int) -> None:
    expected = range(n_rows)[start:stop]
    inside = -n_rows <= start <= n_rows and -n_rows <= stop <= n_rows
    if inside and len(expected):
        assert range(*Slice.parse(f"[{start}:{stop}]").bounds(n_rows)) == expected
    else:
        with pytest.raises(SliceInvalid):
            Slice.parse(f"[{start}:{stop}]").bounds(n_rows)


@given(st.from_regex(r"\[-?[0-9]{0,2}%?:-?[0-9]{0,2}%?\]", fullmatch=True))
def test_a_slice_reads_back_as_it_is_written(text: str) -> None:
    try:
        parsed = Slice.parse(text)
    except SliceInvalid:
        return
    assert Slice.parse(str(parsed)) == parsed


def test_a_name_keeps_its_slice_apart() -> None:
    assert split_off_slice("train[:20%]") == ("train", Slice.parse("[:20%]"))
    assert split_off_slice("train") == ("train", None)
    assert split_off_slice("[5:]") == ("", Slice.parse("[5:]"))
    with pytest.raises(SliceInvalid):
        split_off_slice("train[20]")


def test_zero_percent_is_the_start_and_a_hundred_the_end() -> None:
    assert Slice.parse("[0%:100%]").bounds(8) == (0, 8)
    assert Slice.parse("[0:1%]").bounds(100) == (0, 1)
    assert Slice.parse("[-100%:1%]").bounds(200) == (0, 2)


@pytest.mark.parametrize("text", ["[:101%]", "[-101%:]"])
def test_no_more_than_everything(text: str) -> None:
    with pytest.raises(SliceInvalid, match="percent"):
        Slice.parse(text)


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("train[:20%]", "train", "[:20%]"),
        (" train [:20%]  ", " train", "[:20%]"),
        ("pairs[1].csv[2:5]", "pairs[1].csv", "[2:5]"),
        ("[:3]", "", "[:3]"),
    ],
)
def test_the_last_brackets_are_the_slice(text: str, name: str, rest: str) -> None:
    found, part = split_off_slice(text)
    assert (found, str(part)) == (name, rest)


@pytest.mark.parametrize("text", ["train", "pairs[1].csv", "a]", "", " train ", "pairs[:3]]", "a[:3"])
def test_a_name_without_brackets_at_its_end_stays_as_it_is(text: str) -> None:
    assert split_off_slice(text) == (text, None)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("TRAIN", "train"),
        ("training", "train"),
        ("Dev", "validation"),
        ("val", "validation"),
        ("testing", "test"),
        ("Dev2", "Dev2"),
        ("extra", "extra"),
    ],
)
def test_usual_spellings_of_splits(name: str, split: str) -> None:
    assert canonical_split(name) == split


def test_known_splits_come_first() -> None:
    assert in_order(["extra", "test", "train", "another"]) == ["train", "test", "extra", "another"]
    assert in_order(iter(["test", "dev", "validation"])) == ["validation", "test", "dev"]


def test_what_a_cell_says_of_its_split() -> None:
    assert split_of(" Dev ") == ("validation", " Dev ")
    for value in ("extra", "", None, 3):
        assert split_of(value) == (None, "")


def test_the_column_of_splits_is_that_whose_every_value_is_one() -> None:
    rows = [
        {"text": "train", "constant": "train", "set": "TRAIN"},
        {"text": "a", "constant": "train", "set": "dev"},
        {"text": "b", "constant": "train", "set": "TRAIN"},
        {"text": "c", "constant": "train", "set": "training"},
    ]
    found = split_column(["text", "constant", "set"], iter(rows))
    assert found == ("set", {"train": {"TRAIN": 2, "training": 1}, "validation": {"dev": 1}})
    assert splits_note(*found) == "the column 'set' names splits (train 3, validation 1)"
    assert split_column(["text", "constant"], rows) is None
    assert split_column(["text", "missing"], rows) is None
    assert split_column([], rows) is None
    assert split_column(["set"], []) is None
    many = {"train": {"train": 1200}}
    assert splits_note("set", many) == "the column 'set' names splits (train 1,200)"


def test_a_column_that_is_none_is_read_no_further() -> None:
    def rows():
        yield {"text": "words"}
        raise AssertionError("read on")

    assert split_column(["text"], rows()) is None


@pytest.mark.parametrize(
    ("text", "forward"),
    [("[:]", True), ("[5:]", True), ("[0:9]", True), ("[:-1]", False), ("[-1:]", False), ("[:9%]", False)],
)
def test_counts_from_the_start_need_no_number_of_rows(text: str, forward: bool) -> None:
    assert Slice.parse(text).counts_forward is forward
