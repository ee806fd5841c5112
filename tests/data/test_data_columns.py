"""Columns are found by the names that corpora use, or as told; a missing one is named with what there is."""

from __future__ import annotations

import pytest

from samesay.data.columns import (
    as_scores,
    existing_column,
    find_columns,
    guessed_roles,
    is_row,
    is_sentence,
    listed,
    order_of,
    plain_name,
    same_name,
)
from samesay.errors import ColumnNotFound, UsageError
from samesay.pairs import Sides, Task

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
def test_columns_as_given(
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


def test_the_label_alone_may_be_given() -> None:
    found = find_columns(["premise", "hypothesis", "verdict"], where="x", columns={"label": "verdict"})
    assert (found.first, found.label) == ("premise", "verdict")


def test_a_given_column_that_is_not_there_lists_columns_and_near_names() -> None:
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
def test_given_columns_that_make_no_pair(columns: dict[str, str], sides: Sides | None) -> None:
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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("A man sleeps.", True),
        ("Is it?", True),
        ("Go now!", True),
        ("A man (sleeps?)", True),
        ("He said 'no.'", True),
        ("sleeps.", False),
        ("text a", False),
        ("one two three four five", False),
        ("one two three four five six", True),
        ("a" * 60, False),
        ("a" * 61, True),
        ("男は寝て", False),
        ("男は寝ている。", True),
        ("男は寝てい。る", False),
        ("男は寝ているので", True),
    ],
)
def test_what_is_plainly_a_sentence(text: str, sentence: bool) -> None:
    assert is_sentence(text) is sentence


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (["A man sleeps.", "He rests.", "x"], True),
        (["A man sleeps.", "b", "Neutral "], True),
        (["A man sleeps.", "b", "-1,5"], True),
        (["A man sleeps.", "b", "c"], False),
        (["A man sleeps."], True),
        (["one two three four"], False),
        (["1", "2"], False),
        (["neutral", "yes"], False),
        (["one two three four", "five six seven eight", "z"], True),
        (["one two three", "four five six", "z"], False),
        (["one two three", "four five six", " 0 "], True),
        (["one two", "four five", "0"], False),
        (["one two three four", "z"], False),
        (["one two three", "four", "0"], False),
        ([], False),
    ],
)
def test_a_first_line_that_is_a_row(names: list[str], row: bool) -> None:
    assert is_row(names) is row


TABLE = [
    {
        "id": 1,
        "a": "short one",
        "b": "a longer text than a",
        "c": "yes",
        "d": "see the longest of all the texts",
    },
    {"id": 2, "a": "b c", "b": "d e f g", "c": "no", "d": None},
]


def test_the_two_longest_texts_are_guessed_to_be_the_sides() -> None:
    names = ["id", "a", "b", "c", "d"]
    assert guessed_roles(names, TABLE) == {"first": "b", "second": "d", "label": "c"}
    assert guessed_roles(names, TABLE, likely=["a"]) == {"first": "a", "second": "d", "label": "c"}
    assert guessed_roles(names, TABLE, labels=["id"]) == {"first": "b", "second": "d", "label": "id"}
    assert guessed_roles(names, TABLE, labels=["d"]) == {"first": "a", "second": "b", "label": "d"}
    assert guessed_roles(["d", "x", "b"], TABLE) == {"first": "d", "second": "b"}
    assert guessed_roles(["x", "a", "b"], [], likely=["b", "a"]) == {"first": "a", "second": "b"}
    assert guessed_roles(["x", "a", "b"], []) == {}


def test_two_columns_of_words_are_a_pair_and_three_are_not() -> None:
    words = [{"x": "tea", "y": "coffee", "z": 1}]
    assert guessed_roles(["x", "y"], words) == {"first": "x", "second": "y"}
    assert guessed_roles(["x", "z"], words) == {}
    assert guessed_roles(["x", "y", "z"], words) == {}
    assert guessed_roles(["x", "y"], words, labels=["z"]) == {}
    assert guessed_roles(["x"], words) == {}


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["one two", "three"], False),
        (["one two", "three four", "five"], True),
        (["one two", None, "  "], True),
        (["one two", 3], False),
        ([None, ""], False),
        (["男は寝ているので"], True),
        ([" one "], False),
    ],
)
def test_texts_are_more_than_half_of_a_column_of_texts(values: list[object], texts: bool) -> None:
    rows = [{"known": "these are words", "x": value, "y": 0} for value in values]
    found = guessed_roles(["known", "x", "y"], rows)
    assert found == ({"first": "known", "second": "x", "label": "y"} if texts else {})


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["0", "1"], True),
        ([0, 1.5], True),
        (["1,5", "2"], True),
        (["11", "1"], False),
        ([-10, 10], True),
        ([-11, 10], False),
        (["a", "b"], True),
        (["a", "1"], False),
        (["a b c"], False),
        (["x" * 31], False),
        (["x" * 30, "a b"], True),
        ([None, ""], False),
        ([["a"]], False),
        ([{}], False),
        ([None, " yes ", ""], True),
    ],
)
def test_a_column_beside_the_texts_that_could_hold_labels(values: list[object], labels: bool) -> None:
    rows = [{"p": "one two", "q": "three four", "r": value} for value in values]
    assert ("label" in guessed_roles(["p", "q", "r"], rows)) is labels


def test_a_label_is_looked_for_after_the_texts_then_between_then_before() -> None:
    rows = [{"p": "one two", "q": "three four", "u": 1, "v": 2, "w": 3, "x": 4, "y": 5}]

    def label(*names: str) -> str:
        return guessed_roles(names, rows)["label"]

    assert label("u", "v", "p", "w", "q", "x", "y") == "x"
    assert label("u", "v", "p", "w", "q") == "w"
    assert label("u", "v", "p", "q") == "v"


def test_spellings_of_a_name_differ_in_case_blanks_and_signs_between() -> None:
    assert plain_name("\ufeffGold-Label_ 1.b") == "goldlabel1b"
    assert plain_name("A " * 32) == "a" * 32
    assert plain_name("A " * 33) == "A " * 33
    assert same_name("Text A", "text_a")
    assert not same_name("Text A", "text_b")


def test_many_and_long_names_are_cut_in_messages() -> None:
    assert listed(["a", "b" * 40, "c" * 41]) == f"a, {'b' * 40}, {'c' * 39}…"
    assert listed([str(place) for place in range(30)]).endswith("28, 29")
    assert listed([str(place) for place in range(1031)]).endswith("28, 29 and 1,001 more")


def test_a_column_is_found_by_name_alone_and_near_ones_are_offered() -> None:
    names = ["premise", "hypothesis", "3"]
    assert existing_column("3", names, "f.csv", role="the label") == "3"
    for column, hint in (
        ("2", "did you mean 'hypothesis'?"),
        ("0", None),
        ("4", None),
        ("Premise", "did you mean 'premise'?"),
    ):
        with pytest.raises(ColumnNotFound, match="from which the label was to be read") as caught:
            existing_column(column, names, "f.csv", role="the label")
        assert (caught.value.hint, caught.value.where) == (hint, "f.csv")
        assert caught.value.details["columns"] == names
    with pytest.raises(ColumnNotFound, match="first line was taken for names") as caught:
        existing_column("2", ["A man sleeps.", "He rests.", "0"], "f.csv", role="the label")
    assert caught.value.hint == "--no-header"


@pytest.mark.parametrize(
    ("task", "names", "label", "score"),
    [
        (None, ["label", "score"], "label", None),
        ("classification", ["label", "score"], "label", None),
        ("similarity", ["label", "score"], None, "score"),
        ("similarity", ["label"], None, "label"),
        (None, ["score"], None, "score"),
        (None, ["similarity"], None, "similarity"),
    ],
)
def test_labels_come_before_scores_unless_scores_are_asked_for(
    task: Task | None, names: list[str], label: str | None, score: str | None
) -> None:
    found = find_columns(["a", "b", *names], where="x", task=task)
    assert (found.label, found.score, found.gold) == (label, score, label or score)
    told = "the labels are in 'label'; the scores in 'score' are read with --task similarity"
    assert found.notes == ((told,) if len(names) == 2 and task is None else ())


def test_a_column_given_for_the_gold_answer() -> None:
    names = ["premise", "hypothesis", "mark", "label"]
    for columns, task, label, score in (
        ({"score": "mark"}, None, None, "mark"),
        ({"label": "mark"}, None, "mark", None),
        ({"label": "mark"}, "classification", "mark", None),
        ({"label": "mark"}, "similarity", None, "mark"),
    ):
        found = find_columns(names, where="x", columns=columns, task=task)
        assert (found.label, found.score) == (label, score)
    for role in ("label", "score"):
        with pytest.raises(ColumnNotFound, match=f"from which the {role} was to be read"):
            find_columns(names, where="x", columns={role: "nothing"})
    with pytest.raises(UsageError, match="for a label and for a score"):
        find_columns(names, where="x", columns={"label": "mark", "score": "mark"})
    unwanted = find_columns(names, where="x", columns={"label": "mark"}, need_label=False)
    assert (unwanted.label, unwanted.score) == (None, None)
    with pytest.raises(ColumnNotFound, match="shows the score"):
        find_columns(["premise", "hypothesis"], where="x", task="similarity")


def test_labels_that_are_scores_are_read_as_such_with_a_note() -> None:
    found = find_columns(["a", "b", "label"], where="x")
    scores = as_scores(found)
    assert (scores.label, scores.score, scores.sides) == (None, "label", found.sides)
    assert scores.to_dict() == {"first": "a", "second": "b", "score": "label"}
    assert "'label' holds numbers between whole ones" in scores.notes[-1]


def test_sides_by_number_are_turned_with_a_note() -> None:
    names = ["1", "2", "3"]
    found = find_columns(
        names,
        where="x",
        sides=Sides("hypothesis", "premise"),
        columns={"first": "1", "second": "2"},
        need_label=None,
    )
    assert (found.first, found.second) == ("2", "1")
    assert found.notes == ("2 is read as hypothesis, 1 as premise: the second text of a pair and its first",)
    plain = find_columns(names, where="x", columns={"first": "1", "second": "2"}, need_label=None)
    assert (plain.first, plain.second, plain.sides) == ("1", "2", Sides())


def test_several_other_pairs_are_all_named() -> None:
    found = find_columns(["a", "b", "s1", "s2", "premise", "hypothesis", "label"], where="x")
    assert found.notes == ("the sides were read from premise,hypothesis; the table also has s1,s2; a,b",)
    assert find_columns(["premise", "hypothesis", "label"], where="x").notes == ()


def test_a_first_line_of_texts_is_no_header() -> None:
    names = ["0", "A man sleeps.", "He rests."]
    with pytest.raises(ColumnNotFound, match=r"no header: it holds 'A man sleeps\.'") as caught:
        find_columns(
            names,
            where="f.csv",
            rows=lambda: [dict(zip(names, ["1", "A dog barks.", "It is loud."], strict=True))],
        )
    assert caught.value.hint == "--no-header --columns first=2,second=3,label=1"
    with pytest.raises(ColumnNotFound) as caught:
        find_columns(names, where="f.csv", need_label=False)
    assert caught.value.hint == "--no-header --columns first=2,second=3"
    with pytest.raises(ColumnNotFound, match="no header"):
        find_columns(names, where="f.csv", columns={"first": "premise", "second": "hypothesis"})


def test_lists_are_no_texts_and_a_delimiter_is_named() -> None:
    with pytest.raises(ColumnNotFound, match=r"'y' holds lists or objects") as caught:
        find_columns(["x", "y"], where="f", rows=lambda: [{"x": "tea", "y": ["coffee"]}])
    assert caught.value.hint is None
    with pytest.raises(ColumnNotFound, match=r"'x', 'y' hold lists or objects"):
        find_columns(["x", "y"], where="f", rows=lambda: [{"x": {}, "y": ["coffee"]}])
    for mark, option in ((";", "';'"), ("\t", "tab"), ("|", "'|'")):
        with pytest.raises(ColumnNotFound) as caught:
            find_columns([f"premise{mark}hypothesis"], where="f")
        assert caught.value.hint == f"--delimiter {option}"


def test_a_label_is_guessed_beside_the_sides() -> None:
    def hint(names: list[str], **options: object) -> str | None:
        with pytest.raises(ColumnNotFound) as caught:
            find_columns(names, where="x", **options)  # pyright: ignore[reportArgumentType]
        return caught.value.hint

    sides = "--columns first=premise,second=hypothesis"
    names = ["premise", "hypothesis", "comment", "verdict"]
    rows = [{"premise": "a b", "hypothesis": "c d", "comment": "well this is long", "verdict": "yes"}]
    assert hint(names, rows=lambda: rows) == f"{sides},label=verdict"
    assert hint(names, rows=lambda: rows, task="similarity") == f"{sides},score=verdict"
    assert hint(names[:2]) is None
    assert hint(names) == f"{sides},label=comment"
    missing = hint(["uno", "dos", "label"], rows=lambda: [{"uno": "a b", "dos": "c d", "label": "x"}])
    assert missing == "--columns first=uno,second=dos"


def test_numbers_that_are_no_names_point_to_columns() -> None:
    for column, near in (("1", "premise"), ("3", "label")):
        with pytest.raises(ColumnNotFound) as caught:
            existing_column(column, ["premise", "hypothesis", "label"], "f.csv", role="the label")
        assert caught.value.hint == f"did you mean {near!r}?"


def test_a_side_that_is_not_there_is_named_with_its_place() -> None:
    names = ["a", "b", "label"]
    with pytest.raises(ColumnNotFound, match="from which the second side was to be read"):
        find_columns(names, where="f.csv", columns={"first": "a", "second": "other"})
    with pytest.raises(ColumnNotFound, match="from which the side 'hypothesis' was to be read") as caught:
        find_columns(names, where="f.csv", columns={"premise": "a", "hypothesis": "other"})
    assert caught.value.where == "f.csv"
    mixed = find_columns(["1", "b"], where="x", columns={"first": "1", "second": "b"}, need_label=None)
    assert mixed.sides == Sides("1", "b")


def test_a_row_of_words_shows_its_longest_value() -> None:
    names = ["one two three four", "five six seven eight", "z"]
    with pytest.raises(ColumnNotFound, match="it holds 'five six seven eight'"):
        find_columns(names, where="f.csv", rows=lambda: [{"z": "shorter"}])
    with pytest.raises(ColumnNotFound, match="no header") as caught:
        find_columns(["A man sleeps.", "He rests."], where="f.csv", need_label=False)
    assert caught.value.hint == "--no-header --columns first=1,second=2"


def test_scores_are_spoken_of_where_there_are_some() -> None:
    with pytest.raises(ColumnNotFound) as caught:
        find_columns(["premise", "hypothesis"], where="x")
    assert caught.value.message == (
        "No column has a name that shows the label. The columns are: premise, hypothesis."
    )
    with pytest.raises(ColumnNotFound, match=r"^No column has a name .* holds scores by its name"):
        find_columns(["premise", "hypothesis", "score"], where="x", task="classification")


@pytest.mark.parametrize(
    ("names", "sides", "message"),
    [
        (
            ["uno", "dos"],
            None,
            "No two columns have names that show the two sides. The columns are: uno, dos.",
        ),
        (["premise", "uno"], None, "There is no column 'hypothesis'. The columns are: premise, uno."),
        (["u", "v"], Sides("pp", "qq"), "There is no column 'pp' and no column 'qq'. The columns are: u, v."),
        (["pp", "v"], Sides("pp", "qq"), "There is no column 'qq'. The columns are: pp, v."),
    ],
)
def test_which_side_is_missing_is_said(names: list[str], sides: Sides | None, message: str) -> None:
    with pytest.raises(ColumnNotFound) as caught:
        find_columns(names, where="x", sides=sides)
    assert caught.value.message == message


def test_a_table_of_one_column_of_commas() -> None:
    with pytest.raises(ColumnNotFound, match="the delimiter seems to be ','"):
        find_columns(["premise,hypothesis"], where="x")
