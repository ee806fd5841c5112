"""A table keeps order and names through everything that is done to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.data import Origin, PairTable, describe, load_pairs, require_classes
from samesay.errors import LabelMismatch, LabelMissing, OneClassOnly, UsageError
from samesay.pairs import LabelSet, Pair, Sides

NLI = LabelSet(("entailment", "neutral", "contradiction"))


def table(n_pairs: int = 6, sides: Sides | None = None) -> PairTable:
    return PairTable(
        [f"p{i}" for i in range(n_pairs)],
        [f"h{i}" for i in range(n_pairs)],
        sides or Sides("premise", "hypothesis"),
        Origin("made up", columns={"first": "premise", "second": "hypothesis", "label": "label"}),
        NLI,
        (np.arange(n_pairs) % 3).astype(np.int32),
        {"genre": [f"g{i}" for i in range(n_pairs)]},
        np.arange(1, n_pairs + 1),
    )


def unlabelled() -> PairTable:
    return replace(table(), answers=None, gold=None)


def test_pairs_carry_labels_by_name() -> None:
    assert table().pairs()[2] == Pair("p2", "h2", "contradiction")
    assert unlabelled().pairs()[2] == Pair("p2", "h2", None)
    assert table().label_counts() == {"entailment": 2, "neutral": 2, "contradiction": 2}
    assert table(1).label_counts() == {"entailment": 1, "neutral": 0, "contradiction": 0}


@given(st.lists(st.integers(0, 5), max_size=12))
def test_selecting_keeps_every_column_together(indices: list[int]) -> None:
    chosen = table().select(indices)
    assert chosen.first == [f"p{i}" for i in indices]
    assert chosen.second == [f"h{i}" for i in indices]
    assert chosen.columns["genre"] == [f"g{i}" for i in indices]
    assert chosen.label_names() == [NLI.names[i % 3] for i in indices]
    assert chosen.row_numbers is not None
    assert chosen.row_numbers.tolist() == [i + 1 for i in indices]
    assert chosen.labels == NLI


def test_selecting_by_a_mask() -> None:
    assert table().select(np.array([False, True, False, True, False, False])).first == ["p1", "p3"]


def test_reversed_sides_swap_the_texts() -> None:
    swapped = table().with_sides(Sides("hypothesis", "premise"))
    assert (swapped.first[0], swapped.second[0]) == ("h0", "p0")
    assert swapped.origin.columns == {"first": "hypothesis", "second": "premise", "label": "label"}
    assert swapped.with_sides(Sides("premise", "hypothesis")).first == table().first


@pytest.mark.parametrize(
    ("mine", "theirs", "swaps"),
    [
        ("sentence1,sentence2", "hypothesis,premise", True),
        ("sentence1,sentence2", "premise,hypothesis", False),
        ("hypothesis,premise", "sentence1,sentence2", True),
        ("second,first", "hypothesis,premise", False),
        ("old,new", "premise,hypothesis", False),
    ],
)
def test_other_names_are_matched_by_role(mine: str, theirs: str, swaps: bool) -> None:
    seen = table(sides=Sides.parse(mine)).with_sides(Sides.parse(theirs))
    assert seen.sides == Sides.parse(theirs)
    assert seen.first[0] == ("h0" if swaps else "p0")
    assert f"read {mine} as {theirs}" in seen.origin.notes[-1]


def test_labels_are_indexed_again_by_name() -> None:
    other = LabelSet(("neutral", "contradiction", "entailment", "unsure"))
    again = table().with_answers(other)
    assert again.label_names() == table().label_names()
    assert again.require_gold().tolist() == [2, 0, 1, 2, 0, 1]
    assert again.require_gold().dtype == np.int32


def test_labels_that_no_pair_carries_do_not_matter() -> None:
    first_two = table().select([0, 1]).with_answers(LabelSet(("neutral", "entailment")))
    assert first_two.label_names() == ["entailment", "neutral"]
    with pytest.raises(LabelMismatch) as caught:
        table().with_answers(LabelSet(("neutral", "entailment")))
    assert caught.value.where == "made up"
    assert caught.value.expected == "model: neutral, entailment; data: entailment, neutral, contradiction"


def test_what_needs_labels_says_so() -> None:
    for ask in (unlabelled().label_names, unlabelled().label_counts, lambda: unlabelled().with_answers(NLI)):
        with pytest.raises(LabelMissing, match="made up carry no labels"):
            ask()


def test_one_class_only(tmp_path: Path) -> None:
    require_classes(table())
    with pytest.raises(OneClassOnly, match="All 2 pairs carry the label 'neutral'") as caught:
        require_classes(table().select([1, 4]))
    assert caught.value.details == {"label_counts": {"neutral": 2}}
    path = tmp_path / "p.csv"
    path.write_text("premise,hypothesis,label\na,b,x\nc,d,x\ne,f,-\n")
    with pytest.raises(OneClassOnly, match="All 2 pairs") as caught:
        require_classes(load_pairs(path))
    assert caught.value.where == str(path)


def test_the_fingerprint_tells_texts_labels_and_order_apart() -> None:
    same = table().fingerprint()
    assert len(same) == 64
    assert replace(table(), origin=Origin("elsewhere"), columns={}).fingerprint() == same
    assert table().with_answers(LabelSet(("neutral", "contradiction", "entailment"))).fingerprint() == same
    others = [
        table(5),
        table().select([1, 0, 2, 3, 4, 5]),
        unlabelled(),
        replace(table(), first=["p0h", *table().first[1:]], second=["0", *table().second[1:]]),
        table().with_sides(Sides("hypothesis", "premise")),
    ]
    assert len({same, *(other.fingerprint() for other in others)}) == 6


def test_pair_hashes_see_through_case_blanks_and_order() -> None:
    one = PairTable.from_inputs((["A  Dog\n", "x"], ["runs", "y"])).pair_hashes()
    other = PairTable.from_inputs((["runs", "x"], ["a dog", "z"])).pair_hashes()
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_a_table_that_does_not_fit_together_is_refused() -> None:
    with pytest.raises(UsageError, match="2 texts in first and 1 values in second"):
        PairTable(["a", "b"], ["c"], Sides(), Origin("x"))
    with pytest.raises(UsageError, match="or neither"):
        PairTable(["a"], ["c"], Sides(), Origin("x"), NLI)
    with pytest.raises(UsageError, match="Label indices run from 0 to 3"):
        PairTable(["a", "b"], ["c", "d"], Sides(), Origin("x"), NLI, np.array([0, 3], dtype=np.int32))


def test_the_origin_names_split_and_slice() -> None:
    assert str(Origin("data", split="train", slice="[:20%]")) == "data:train[:20%]"
    assert str(Origin("data:train[:20%]", split="train", slice="[:20%]")) == "data:train[:20%]"
    assert Origin("data", rows_dropped={"no gold label (-)": 2}).to_dict()["rows_dropped"] == {
        "no gold label (-)": 2
    }


def test_the_record_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("sentence1,sentence2,gold_label,id\na,b,neutral,1\nc,d,-,2\ne,f,entailment,3\n")
    loaded = load_pairs(f"{path}[1:]", sides=Sides("hypothesis", "premise"))
    assert loaded.origin.to_dict() == {
        "source": f"{path}[1:]",
        "split": None,
        "slice": "[1:]",
        "format": "csv",
        "files": [str(path)],
        "columns": {"first": "sentence2", "second": "sentence1", "label": "gold_label"},
        "rows_read": 2,
        "rows_dropped": {"no gold label (-)": 1},
        "notes": [],
        "skipped": [],
    }
    assert loaded.columns == {"id": ["3"]}
    assert loaded.row_numbers is not None
    assert loaded.row_numbers.tolist() == [3]


def test_pairs_without_labels_are_all_kept_where_none_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("premise,hypothesis,label\na,b,x\nc,d,-\n")
    bare = load_pairs(path, need_labels=False)
    assert (len(bare), bare.labels, bare.columns) == (2, None, {"label": ["x", "-"]})
    assert len(load_pairs(path, need_labels=None)) == 1
    path.write_text("premise,hypothesis\na,b\n")
    assert load_pairs(path, need_labels=None).labels is None


def test_a_description_says_what_there_is() -> None:
    shown = describe(table(7), n_samples=3)
    assert shown.n_pairs == 7
    assert shown.label_counts == {"entailment": 3, "neutral": 2, "contradiction": 2}
    assert shown.majority_share == pytest.approx(3 / 7)
    assert [sample.row for sample in shown.samples] == [1, 4, 7]
    assert shown.samples[1].label == "entailment"
    assert shown.other_columns == ("genre",)
    assert shown.repeated_pairs == 0
    assert describe(table().select([0, 0, 1])).repeated_pairs == 1
    assert len(describe(table(2), n_samples=9).samples) == 2


def test_lengths_are_counted_in_characters_and_words() -> None:
    shown = describe(PairTable.from_inputs((["one two", "three"], ["é", "a b c d"])))
    assert shown.words["first"].mean == 1.5
    assert shown.words["second"].longest == 4
    assert shown.characters["first"].longest == 7
    assert shown.characters["second"].mean == 4.0
    assert shown.label_counts is None
    assert shown.to_dict()["characters"]["second"]["longest"] == 7


def test_the_description_of_nothing() -> None:
    empty = describe(table().select([]))
    assert (empty.n_pairs, empty.samples, empty.majority_share) == (0, (), None)
    assert empty.words["premise"].longest == 0
