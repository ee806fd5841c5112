"""Slices select the rows that TensorFlow Datasets' notation promises, and refuse what selects nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.data.splits import Slice, split_off_slice
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
