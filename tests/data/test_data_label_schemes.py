"""What a column of labels means by itself, or by known names, and what is noted; two readings are refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from samesay.data.labels.column import GoldReading, read_labels
from samesay.errors import LabelMismatch, LabelUnknown
from samesay.pairs import LabelSet, Sides

NLI = Sides("premise", "hypothesis")
QUESTIONS = Sides("question1", "question2")
OTHER = Sides("sentence1", "sentence2")

NUMBERS = "the labels are numbers; they are their own names (name them with --labels)"
NLI_NUMBERS = "label numbers: 0 = entailment, 1 = neutral, 2 = contradiction (the convention of NLI data)"
TWO_OF_NLI = (
    "the labels are the numbers '0', '1': corpora of two classes differ in what they stand for, so the numbers are "
    "their names; name them with --labels"
)
DUPLICATES = "label numbers: 0 = different, 1 = same (the convention of duplicate-question data)"
IN_THE_MODELS_ORDER = "the data's labels are numbers, read in the model's order: "


def read(values: Sequence[object], sides: Sides = OTHER, **options: object) -> GoldReading:
    return read_labels(
        values,
        sides=sides,
        place=lambda index: f"f.csv:{index + 2}",
        **options,  # pyright: ignore[reportArgumentType]
    )


@pytest.mark.parametrize(
    ("values", "sides", "labels", "ids", "notes"),
    [
        (["t", "f"], OTHER, "false true", [1, 0], ["label spellings: f = false; t = true"]),
        (["T", "F", "-"], OTHER, "false true", [1, 0, -1], ["label spellings: F = false; T = true"]),
        (["y", "n"], OTHER, "n y", [1, 0], []),
        (["y", "no"], OTHER, "no y", [1, 0], []),
        (
            ["e", "n", "c"],
            OTHER,
            "entailment neutral contradiction",
            [0, 1, 2],
            ["label spellings: c = contradiction; e = entailment; n = neutral"],
        ),
        (["e", "n"], OTHER, "e n", [0, 1], []),
        (["e", "n"], NLI, "entailment neutral", [0, 1], ["label spellings: e = entailment; n = neutral"]),
        (["n"], NLI, "n", [0], []),
        (["e", "neutral"], OTHER, "entailment neutral", [0, 1], ["label spellings: e = entailment"]),
        (["t", "1"], OTHER, "true", [0, 0], ["label spellings: t (1), 1 (1) = true"]),
        (["t", "x"], OTHER, "t x", [0, 1], []),
        ([0, 1, 2], NLI, "entailment neutral contradiction", [0, 1, 2], [NLI_NUMBERS]),
        ([2], NLI, "entailment neutral contradiction", [2], [NLI_NUMBERS]),
        ([0, 1], NLI, "0 1", [0, 1], [TWO_OF_NLI]),
        ([0, 1, 3], NLI, "0 1 3", [0, 1, 2], [NUMBERS]),
        ([0, 1], QUESTIONS, "different same", [0, 1], [DUPLICATES]),
        ([0, 1, 2], QUESTIONS, "0 1 2", [0, 1, 2], [NUMBERS]),
        ([True, False], QUESTIONS, "different same", [1, 0], [DUPLICATES]),
        (["yes", "no"], QUESTIONS, "no yes", [1, 0], []),
        ([0, "yes"], OTHER, "no yes", [0, 1], []),
        ([1, "true"], OTHER, "true", [0, 0], ["label spellings: 1 (1), true (1) = true"]),
        (["true", "no"], OTHER, "no yes", [1, 0], []),
        ([True, False], OTHER, "false true", [1, 0], []),
        ([0, 1, 5], OTHER, "0 1 5", [0, 1, 2], [NUMBERS]),
        (["10", "9", "-5"], OTHER, "-5 9 10", [2, 1, 0], [NUMBERS]),
        (
            ["Same", "same", "SAME", "different"],
            OTHER,
            "Same different",
            [0, 0, 0, 1],
            ["label spellings: Same (1), same (1), SAME (1) = Same"],
        ),
        (["a b", "a-b", "a-b"], OTHER, "a-b", [0, 0, 0], ["label spellings: a-b (2), a b (1) = a-b"]),
        (["Yes", "YES", "no"], OTHER, "no yes", [1, 1, 0], ["label spellings: Yes (1), YES (1) = yes"]),
        (
            ["Entails", "Neutral"],
            OTHER,
            "entailment neutral",
            [0, 1],
            ["label spellings: Entails = entailment; Neutral = neutral"],
        ),
        (["Entails", "other"], OTHER, "Entails other", [0, 1], []),
        (["contradiction", "neutral"], OTHER, "neutral contradiction", [1, 0], []),
        (
            ["None", "same", "different"],
            OTHER,
            "different same",
            [-1, 1, 0],
            ["read as no gold label: None (1); --rename-labels None=None makes it a class"],
        ),
        (["None", 1, 0], OTHER, "0 1", [-1, 1, 0], [NUMBERS]),
        ([1, -1, 0], OTHER, "0 1", [1, -1, 0], [NUMBERS]),
        (
            [" 1", "1", "1.0", True],
            OTHER,
            "true",
            [0] * 4,
            ["label spellings: ' 1' (1), 1 (1), 1.0 (1), True (1) = true"],
        ),
        (["a ", " a", "a"], OTHER, "a", [0] * 3, ["label spellings: 'a ' (1), ' a' (1), a (1) = a"]),
        ([float("nan"), float("nan"), "a"], OTHER, "a", [-1, -1, 0], []),
        ([], OTHER, "", [], []),
        ([None], OTHER, "", [-1], []),
    ],
)
def test_a_column_by_itself(
    values: list[object], sides: Sides, labels: str, ids: list[int], notes: list[str]
) -> None:
    found = read(values, sides)
    assert found.answers.names == tuple(labels.split())
    assert list(found.gold) == ids
    assert list(found.notes) == notes


SAME = LabelSet(("same", "different"))


@pytest.mark.parametrize(
    ("values", "declared", "ids", "notes"),
    [
        ([0, 1], ["b", "a"], [0, 1], []),
        ([True, False], ["x", "y"], [1, 0], ["label spellings: False = x; True = y"]),
        ([True, False], SAME, [0, 1], ["label spellings: False = different; True = same"]),
        ([True, 1], LabelSet(("different", "same")), [1, 1], ["label spellings: True (1), 1 (1) = same"]),
        ([0, 1], SAME, [0, 1], []),
        (["t", "f"], ["true", "false"], [0, 1], ["label spellings: f = false; t = true"]),
        (["e"], ["contradiction", "entailment"], [1], ["label spellings: e = entailment"]),
        (["y", "n"], SAME, [0, 1], ["label spellings: n = different; y = same"]),
        ([0, 1], ["1", "0"], [1, 0], []),
        ([-1, "None", None], ["a", "b"], [-1] * 3, []),
        (["A", "a", "b"], ["a", "b"], [0, 0, 1], ["label spellings: A (1), a (1) = a"]),
    ],
)
def test_a_column_of_declared_names(
    values: list[object], declared: LabelSet, ids: list[int], notes: list[str]
) -> None:
    found = read(values, declared=declared)
    assert found.answers.names == tuple(declared)
    assert list(found.gold) == ids
    assert list(found.notes) == notes


@pytest.mark.parametrize(
    ("values", "sides", "target", "labels", "ids", "notes"),
    [
        (
            [0, 1],
            OTHER,
            "different same",
            "different same",
            [0, 1],
            [f"{IN_THE_MODELS_ORDER}0 = different, 1 = same"],
        ),
        ([0, 1], OTHER, "x y", "x y", [0, 1], [f"{IN_THE_MODELS_ORDER}0 = x, 1 = y"]),
        (
            [0, 1],
            QUESTIONS,
            "duplicate not_duplicate",
            "duplicate not_duplicate",
            [1, 0],
            ["label numbers: 0 = not_duplicate, 1 = duplicate"],
        ),
        ([0, 1], QUESTIONS, "same different", "different same", [0, 1], [DUPLICATES]),
        (
            [0, 1, 2],
            NLI,
            "contradiction neutral entailment",
            "entailment neutral contradiction",
            [0, 1, 2],
            [NLI_NUMBERS],
        ),
        ([0, 1, 2], NLI, "0 1 2", "0 1 2", [0, 1, 2], []),
        (["entails"], OTHER, "entailment contradiction", "entailment contradiction", [0], []),
        (["b", "a", "-"], OTHER, "b a c", "b a c", [0, 1, -1], []),
    ],
)
def test_a_column_for_a_model(
    values: list[object], sides: Sides, target: str, labels: str, ids: list[int], notes: list[str]
) -> None:
    found = read(values, sides, target=LabelSet(tuple(target.split())))
    assert found.answers.names == tuple(labels.split())
    assert list(found.gold) == ids
    assert list(found.notes) == notes


@pytest.mark.parametrize(
    ("values", "sides", "rename", "labels", "ids", "notes"),
    [
        ([0, 1], OTHER, {"0": "no", "1": "yes"}, "no yes", [0, 1], []),
        ([0, 1, 2], NLI, {"neutral": "other"}, "entailment other contradiction", [0, 1, 2], [NLI_NUMBERS]),
        ([0, 1, 2], NLI, {"1": "other"}, "entailment other contradiction", [0, 1, 2], [NLI_NUMBERS]),
        (["a", "b"], OTHER, {"a": "b", "c": "d"}, "b", [0, 0], ["the label to rename 'c' does not occur"]),
        (["a", "-1"], OTHER, {"-1": "minus"}, "a minus", [0, 1], []),
        (["None", "a"], OTHER, {"None": "nothing"}, "a nothing", [1, 0], []),
        ([], OTHER, {"a": "b"}, "", [], ["the label to rename 'a' does not occur"]),
        (["A", "a", "c"], OTHER, {"a": "b"}, "b c", [0, 0, 1], []),
    ],
)
def test_a_column_with_names_to_rename(
    values: list[object], sides: Sides, rename: dict[str, str], labels: str, ids: list[int], notes: list[str]
) -> None:
    found = read(values, sides, rename=rename)
    assert found.answers.names == tuple(labels.split())
    assert list(found.gold) == ids
    assert list(found.notes) == notes


@pytest.mark.parametrize(
    ("values", "numbered"), [([0, 1, 2], True), (["0", 2], True), (["entails"], False), ([-1], False)]
)
def test_whether_numbers_stand_for_names(values: list[object], numbered: bool) -> None:
    assert read(values, NLI).numbered is numbered


def test_numbers_that_are_their_own_names_stand_for_no_others() -> None:
    assert not read([0, 1]).numbered
    assert read([0, 1], declared=["b", "a"]).numbered
    assert not read(["b"], declared=["b", "a"]).numbered


@pytest.mark.parametrize(
    ("values", "message", "where", "hint"),
    [
        (["a", "None"], "'None' in 1 rows beside 'a' is a class of its own", 3, "None=None"),
        (["None", "None", "same", "different"], "'None' in 2 rows beside", 2, "None=None"),
        ([1, -1], "-1 is one of two classes", 3, "-1=-1"),
        ([1, "a"], "'1' stand beside 'a'", 2, "1=1"),
        (["neutral", 1], "'1' stand beside 'neutral'", 3, "1=neutral"),
        ([1, "same"], "'1' stand beside 'same'", 2, "1=same"),
        ([2, "same"], "'2' stand beside 'same'", 2, "2=2"),
        ([5, "neutral"], "'5' stand beside 'neutral'", 2, "5=5"),
        ([2, "true", "yes"], "'true', 'yes' stand beside '2'", 3, "true=1,yes=1"),
        ([2, "no"], "'no' stand beside '2'", 3, "no=0"),
        (["true", "yes", "maybe"], "'true' stand beside 'yes', 'maybe'", 2, "true=yes"),
        (["maybe", "no", "False"], "'False' stand beside 'no', 'maybe'", 4, "False=no"),
    ],
)
def test_what_can_be_read_in_two_ways(values: list[object], message: str, where: int, hint: str) -> None:
    with pytest.raises(LabelUnknown) as caught:
        read(values)
    assert message in caught.value.message
    assert caught.value.where == f"f.csv:{where}"
    assert caught.value.hint == f"--rename-labels {hint}"
    # With what the hint says the column is read.
    assert read(values, rename=dict(part.split("=") for part in hint.split(","))).answers.names


def test_numbers_of_nli_beside_truth_values_mean_what_they_stand_for() -> None:
    with pytest.raises(LabelUnknown) as caught:
        read([1, "true", 0, 2], NLI)
    assert caught.value.hint == "--rename-labels true=neutral"


def test_order_and_meaning_of_declared_names_may_not_differ_within_a_column() -> None:
    with pytest.raises(LabelUnknown, match="by their order the labels are 0 = same, 1 = different") as caught:
        read(["-", True, 0, False, 1], declared=SAME)
    assert "'0' and 'True'" in caught.value.message
    assert (caught.value.where, caught.value.hint) == ("f.csv:4", "--rename-labels 0=different,1=same")


@pytest.mark.parametrize(
    ("values", "sides", "target", "where"),
    [
        (["a", "z"], OTHER, "a b", 3),
        ([0, 1, 2], NLI, "a b c", 2),
        ([0, 2], NLI, "entailment y", 3),
    ],
)
def test_names_that_a_model_does_not_have(
    values: list[object], sides: Sides, target: str, where: int
) -> None:
    with pytest.raises(LabelMismatch) as caught:
        read(values, sides, target=LabelSet(tuple(target.split())))
    assert caught.value.where == f"f.csv:{where}"


def test_a_number_beyond_those_of_a_model_is_refused_by_itself() -> None:
    with pytest.raises(LabelUnknown, match="'3' is not one of the 2 labels") as caught:
        read([0, 3], target=LabelSet(("0", "1")))
    assert (caught.value.expected, caught.value.where) == ("one of 0, 1", "f.csv:3")
    with pytest.raises(LabelUnknown, match="'yes' is not one of the 2 labels"):
        read(["yes"], declared=["x", "y"])


def test_more_than_a_hundred_labels_in_more_than_half_the_rows_are_no_classes() -> None:
    hundred = [f"w{index}" for index in range(100)]
    assert len(read(hundred).answers) == 100
    more = [f"w{index}" for index in range(101)]
    with pytest.raises(LabelUnknown, match="101 different values in 101 rows"):
        read([*more, "-"])
    assert len(read([*more, *more]).answers) == 101
    with pytest.raises(LabelUnknown, match="101 different values in 201 rows"):
        read([*more, *hundred])
    thousand = [f"w{index}" for index in range(1000)] * 3
    assert len(read(thousand).answers) == 1000
    with pytest.raises(LabelUnknown, match=r"1,001 different values in 3,003 rows"):
        read([f"w{index}" for index in range(1001)] * 3)


def test_of_many_spellings_and_classes_eight_are_shown() -> None:
    spellings = [f"{' ' * blanks}a" for blanks in range(10)]
    (note,) = read([*spellings, *spellings[:3]]).notes
    assert note.startswith("label spellings: a (2), ' a' (2), '  a' (2), '   a' (1)")
    assert note.endswith(" and 2 more = a")
    (note,) = read([text for letter in "abcdefghijk" for text in (letter, f"{letter} ")]).notes
    assert note.endswith("h (1), 'h ' (1) = h; and 3 more")


def test_a_row_without_gold_label_has_no_index() -> None:
    found = read(["b", "-", "a", "b"])
    assert found.answers.names == ("a", "b")
    assert (found.gold.tolist(), found.gold.dtype) == ([1, -1, 0, 1], "int32")


def test_the_number_after_the_last_name_is_refused() -> None:
    with pytest.raises(LabelUnknown, match="'2' is not one of the 2 labels"):
        read([0, 2], declared=["a", "b"])


@pytest.mark.parametrize(("letter", "declared"), [("t", ["x", "y", "z"]), ("e", ["same", "different"])])
def test_a_letter_that_stands_for_none_of_the_names_is_refused(letter: str, declared: list[str]) -> None:
    with pytest.raises(LabelUnknown, match="is not one of"):
        read([letter], declared=declared)


def test_what_is_no_label_is_none_for_a_model_too() -> None:
    assert list(read(["None", "b", "a"], target=LabelSet(("b", "a"))).gold) == [-1, 0, 1]
    assert list(read([0, -1, 1], QUESTIONS, target=LabelSet(("duplicate", "not_duplicate"))).gold) == [
        1,
        -1,
        0,
    ]


def test_renamed_labels_are_read_in_the_order_of_the_model() -> None:
    found = read(["a", "b"], rename={"a": "x", "b": "y"}, target=LabelSet(("y", "x")))
    assert (found.answers.names, list(found.gold)) == (("y", "x"), [1, 0])


def test_words_for_no_label_beside_numbers_truth_values_and_names_that_are_whole() -> None:
    for values in (["None", True, False], ["None", 1, "true"], ["N/A", 1, 2]):
        assert read(values).gold[0] == -1
    several = ["None", "N/A", "same", "Same", "different", "different"]
    found = read(several)
    assert list(found.gold) == [-1, -1, 1, 1, 0, 0]
    assert found.notes[0].startswith("read as no gold label: None (1), N/A (1); --rename-labels ")


def test_a_number_beside_all_names_of_a_convention_stands_for_one_of_them() -> None:
    with pytest.raises(LabelUnknown) as caught:
        read([1, "different", "same"])
    assert caught.value.hint == "--rename-labels 1=same"


def test_a_class_is_named_by_its_number_or_by_the_spelling_of_most_rows() -> None:
    assert read(["2.0", "1.0", "2"]).answers.names == ("1", "2")
    assert read(["a-b", "a-b", "a b", " a b", "  a b"]).answers.names == ("a b",)
    assert read(["10", "a", "9"], rename={"10": "10", "9": "9"}).answers.names == ("9", "10", "a")
