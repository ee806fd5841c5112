"""Columns are found by the names that corpora use, or as told; a missing one is named with what there is."""

from __future__ import annotations

import pytest

from samesay.data.columns import find_columns, order_of
from samesay.errors import ColumnNotFound, UsageError
from samesay.pairs import Sides

HYPOTHESIS_FIRST = Sides("hypothesis", "premise")


@pytest.mark.parametrize(
    ("names", "first", "second", "label"),
    [
        (["premise", "hypothesis", "label"], "premise", "hypothesis", "label"),
        (
            ["gold_label", "sentence1", "sentence2", "pairID", "label1"],
            "sentence1",
            "sentence2",
            "gold_label",
        ),
        (["hypothesis", "label", "premise", "source"], "premise", "hypothesis", "label"),
        (
            ["pair_ID", "sentence_A", "sentence_B", "entailment_label"],
            "sentence_A",
            "sentence_B",
            "entailment_label",
        ),
        (["id", "qid1", "question1", "question2", "is_duplicate"], "question1", "question2", "is_duplicate"),
        (["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], "#1 String", "#2 String", "Quality"),
        (["TEXT-A", "Text B", "Label"], "TEXT-A", "Text B", "Label"),
        (["source", "target", "class"], "source", "target", "class"),
        (["question", "sentence", "label"], "question", "sentence", "label"),
    ],
)
def test_usual_names(names: list[str], first: str, second: str, label: str) -> None:
    found = find_columns(names, where="x")
    assert (found.first, found.second, found.label) == (first, second, label)
    assert found.sides == Sides(first, second)
    assert found.to_dict() == {"first": first, "second": second, "label": label}


def test_sides_are_read_in_the_order_asked_for() -> None:
    found = find_columns(["premise", "hypothesis", "label"], where="x", sides=HYPOTHESIS_FIRST)
    assert (found.first, found.second, found.sides) == ("hypothesis", "premise", HYPOTHESIS_FIRST)


def test_sides_of_other_names_are_matched_by_role() -> None:
    found = find_columns(["sentence1", "sentence2", "label"], where="x", sides=HYPOTHESIS_FIRST)
    assert (found.first, found.second, found.sides) == ("sentence2", "sentence1", HYPOTHESIS_FIRST)
    found = find_columns(["first", "second", "label"], where="x", sides=Sides("premise", "hypothesis"))
    assert (found.first, found.second) == ("first", "second")


def test_sides_of_unknown_role_keep_the_order_and_say_so() -> None:
    found = find_columns(["text1", "text2", "label"], where="x", sides=Sides("old", "new"))
    assert (found.first, found.second) == ("text1", "text2")
    assert any("roles are not known" in note for note in found.notes)


def test_of_several_known_pairs_one_is_taken_and_the_others_noted() -> None:
    found = find_columns(["s1", "s2", "premise", "hypothesis", "label"], where="x")
    assert (found.first, found.second) == ("premise", "hypothesis")
    assert "s1,s2" in found.notes[0]


@pytest.mark.parametrize(
    ("columns", "sides", "first", "second", "called"),
    [
        ({"first": "b", "second": "a", "label": "c"}, None, "b", "a", Sides("b", "a")),
        ({"first": "b", "second": "a", "label": "c"}, HYPOTHESIS_FIRST, "b", "a", HYPOTHESIS_FIRST),
        ({"premise": "a", "hypothesis": "b", "label": "c"}, HYPOTHESIS_FIRST, "b", "a", HYPOTHESIS_FIRST),
        ({"hypothesis": "b", "premise": "a", "label": "c"}, None, "a", "b", Sides("premise", "hypothesis")),
        ({"old": "b", "new": "a", "label": "c"}, None, "b", "a", Sides("old", "new")),
    ],
)
def test_columns_as_told(
    columns: dict[str, str], sides: Sides | None, first: str, second: str, called: Sides
) -> None:
    found = find_columns(["a", "b", "c"], where="x", sides=sides, columns=columns)
    assert (found.first, found.second, found.label, found.sides) == (first, second, "c", called)


def test_first_and_second_of_known_roles_are_read_as_their_names_tell() -> None:
    def found(**columns: str) -> tuple[str, str, tuple[str, ...]]:
        names = ["premise", "hypothesis", "x", "y"]
        told = find_columns(names, where="f", sides=HYPOTHESIS_FIRST, columns=columns, need_label=False)
        assert told.sides == HYPOTHESIS_FIRST
        return told.first, told.second, told.notes

    note = "hypothesis is read as hypothesis, premise as premise: by their names"
    assert found(first="premise", second="hypothesis") == ("hypothesis", "premise", (note,))
    assert found(first="hypothesis", second="premise") == ("hypothesis", "premise", ())
    assert found(first="y", second="x") == ("y", "x", ())
    assert found(hypothesis="premise", premise="hypothesis") == ("premise", "hypothesis", ())


def test_the_label_alone_may_be_told() -> None:
    found = find_columns(["premise", "hypothesis", "verdict"], where="x", columns={"label": "verdict"})
    assert (found.first, found.label) == ("premise", "verdict")


def test_a_told_column_that_is_not_there_lists_columns_and_near_names() -> None:
    with pytest.raises(ColumnNotFound, match="no column 'premis'") as caught:
        find_columns(["premise", "b", "label"], where="f.csv", columns={"first": "premis", "second": "b"})
    assert caught.value.where == "f.csv"
    assert caught.value.expected == "one of the columns: premise, b, label"
    assert caught.value.hint == "did you mean 'premise'?"


@pytest.mark.parametrize(
    ("columns", "sides"),
    [
        ({"first": "a"}, None),
        ({"first": "a", "second": "b", "third": "c"}, None),
        ({"first": "a", "second": "a"}, None),
        ({"premise": "a", "text": "b"}, HYPOTHESIS_FIRST),
    ],
)
def test_told_columns_that_make_no_pair(columns: dict[str, str], sides: Sides | None) -> None:
    with pytest.raises(UsageError):
        find_columns(["a", "b", "c"], where="x", sides=sides, columns=columns)


def test_a_misspelt_side_is_recognised() -> None:
    with pytest.raises(
        ColumnNotFound,
        match=r"no column 'hypothesis'\. Is 'hypotesis' the 'hypothesis'\? The columns are: premise",
    ) as caught:
        find_columns(["premise", "hypotesis", "label"], where="x")
    assert caught.value.hint == "--columns first=premise,second=hypotesis"
    assert caught.value.details["near"] == {"hypothesis": ["hypotesis"]}


def test_unknown_names_are_all_listed() -> None:
    with pytest.raises(ColumnNotFound, match=r"The columns are: uno, dos, tres\.") as caught:
        find_columns(
            ["uno", "dos", "tres"],
            where="x",
            rows=lambda: [{"uno": 1, "dos": "Is it open?", "tres": "When is it open?"}],
        )
    assert caught.value.hint == "--columns first=dos,second=tres,label=uno"


def test_a_file_without_header_is_listed_shortly() -> None:
    with pytest.raises(ColumnNotFound) as caught:
        find_columns(["A sentence where a header should be " * 9, "another", "0"], where="x")
    assert len(caught.value.message) < 200


def test_semicolons_are_recognised() -> None:
    with pytest.raises(ColumnNotFound, match="delimiter seems to be ';'"):
        find_columns(["premise;hypothesis;label"], where="x")


def test_no_label_column() -> None:
    with pytest.raises(ColumnNotFound, match="No column has a name that shows the label") as caught:
        find_columns(["premise", "hypothesis", "lable"], where="x")
    assert caught.value.hint == "--columns first=premise,second=hypothesis,label=lable"
    assert find_columns(["premise", "hypothesis"], where="x", need_label=None).label is None
    assert find_columns(["premise", "hypothesis", "label"], where="x", need_label=False).label is None


def test_scores_stand_in_for_labels_that_a_table_lacks_unless_classes_are_asked_for() -> None:
    names = ["sentence1", "sentence2", "score"]
    assert find_columns(names, where="x").to_dict()["score"] == "score"
    with pytest.raises(
        ColumnNotFound, match=r"'score' holds scores by its name \(--task similarity\)"
    ) as caught:
        find_columns(names, where="x", task="classification")
    assert caught.value.details["score_column"] == "score"


def test_the_order_that_names_tell() -> None:
    assert order_of(Sides("premise", "hypothesis")) == 0
    assert order_of(HYPOTHESIS_FIRST) == 1
    assert order_of(Sides("old", "new")) is None
    assert order_of(Sides("sentence1", "premise")) is None
