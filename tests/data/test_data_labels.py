"""Labels become names however a source writes them; what is no label is dropped, what is no class refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.data.labels.column import GoldReading, read_labels
from samesay.errors import LabelUnknown
from samesay.pairs import LabelSet, Sides

NLI = Sides("premise", "hypothesis")
QUESTIONS = Sides("question1", "question2")
OTHER = Sides("sentence1", "sentence2")


def read(values: Sequence[object], sides: Sides = OTHER, **options: object) -> GoldReading:
    return read_labels(
        values,
        sides=sides,
        place=lambda index: f"f.csv:{index + 2}",
        **options,  # pyright: ignore[reportArgumentType]
    )


def names(reading: GoldReading) -> list[str | None]:
    return [None if index < 0 else reading.answers.names[index] for index in reading.gold]


@pytest.mark.parametrize(
    ("values", "sides", "expected", "order"),
    [
        ([0, 2, 1], NLI, ["entailment", "contradiction", "neutral"], "entailment neutral contradiction"),
        (["0", "2"], NLI, ["entailment", "contradiction"], "entailment neutral contradiction"),
        ([2.0, 0.0], NLI, ["contradiction", "entailment"], "entailment neutral contradiction"),
        (["2.0", "1"], NLI, ["contradiction", "neutral"], "entailment neutral contradiction"),
        ([0, 1], Sides("hypothesis", "premise"), ["0", "1"], "0 1"),
        ([1, 0], QUESTIONS, ["same", "different"], "different same"),
        ([True, False], QUESTIONS, ["same", "different"], "different same"),
        ([1, 0], OTHER, ["1", "0"], "0 1"),
        ([10, 9, 2], OTHER, ["10", "9", "2"], "2 9 10"),
        ([True, False], OTHER, ["true", "false"], "false true"),
        (
            ["CONTRADICTION", "entails", "Neutral"],
            OTHER,
            ["contradiction", "entailment", "neutral"],
            "entailment neutral contradiction",
        ),
        (["neutral", "entailment"], OTHER, ["neutral", "entailment"], "entailment neutral"),
        (
            ["entailment", "not_entailment"],
            NLI,
            ["entailment", "not_entailment"],
            "entailment not_entailment",
        ),
        (["b", " a ", "B", "b"], OTHER, ["b", "a", "b", "b"], "a b"),
        (["neutral", "positive"], OTHER, ["neutral", "positive"], "neutral positive"),
    ],
)
def test_values_become_names(values: list[object], sides: Sides, expected: list[str], order: str) -> None:
    reading = read(values, sides)
    assert names(reading) == expected
    assert reading.answers.names == tuple(order.split())


def test_what_was_decided_is_noted() -> None:
    assert "0 = entailment" in read([0, 2], NLI).notes[0]
    assert "corpora of two classes differ" in read([0, 1], NLI).notes[0]
    assert "0 = different" in read([0, 1], QUESTIONS).notes[0]
    assert "ENTAILMENT = entailment" in read(["ENTAILMENT"], OTHER).notes[0]
    assert read(["yes", "no"]).notes == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "-1"),
        (-1.0, "-1"),
        ("-1", "-1"),
        ("-1.0", "-1"),
        ("-", "-"),
        ("", "empty"),
        ("  ", "empty"),
        (None, "null"),
        (float("nan"), "NaN"),
    ],
)
def test_what_is_no_gold_label(value: object, reason: str) -> None:
    reading = read(["a", value, "b", value])
    assert names(reading) == ["a", None, "b", None]
    assert reading.reasons == [None, f"no gold label ({reason})"] * 2


def test_declared_names_are_indexed_by_numbers_and_found_in_any_case() -> None:
    declared = ("contradiction", "entailment", "neutral")
    assert names(read([0, 1, 2, -1], NLI, declared=declared)) == [*declared, None]
    assert names(read(["ENTAILS", "Neutral"], NLI, declared=declared)) == ["entailment", "neutral"]
    assert read(["neutral"], NLI, declared=LabelSet(declared)).answers.names == declared


@pytest.mark.parametrize(
    ("value", "expected"), [(3, "0 = no, 1 = yes"), ("maybe", "no, yes"), (-2, "0 = no, 1 = yes")]
)
def test_a_label_that_is_not_declared_is_refused_with_its_place(value: object, expected: str) -> None:
    with pytest.raises(LabelUnknown, match=f"label '{value}' is not one of the 2 labels") as caught:
        read(["yes", "no", value], declared=("no", "yes"))
    assert caught.value.where == "f.csv:4"
    assert caught.value.expected == f"one of {expected}"


def test_a_near_label_is_proposed() -> None:
    with pytest.raises(LabelUnknown) as caught:
        read(["entailmnt"], declared=("entailment", "neutral"))
    assert caught.value.hint == "--rename-labels entailmnt=entailment"


def test_renaming() -> None:
    renamed = read(
        ["yes", "no", "maybe"], rename={"yes": "entailment", "no": "contradiction", "maybe": "neutral"}
    )
    assert renamed.answers.names == ("entailment", "neutral", "contradiction")
    assert names(renamed) == ["entailment", "contradiction", "neutral"]
    assert names(read([0, 2], NLI, rename={"entailment": "yes"})) == ["yes", "contradiction"]
    assert names(read(["1", "0"], rename={"1": "same", "0": "other"})) == ["same", "other"]
    merged = read(["a", "b", "c"], rename={"a": "x", "b": "x"})
    assert (merged.answers.names, list(merged.gold)) == (("c", "x"), [1, 1, 0])
    assert names(read(["ja"], rename={"ja": "yes"}, declared=("no", "yes"))) == ["yes"]


def test_renaming_what_does_not_occur() -> None:
    with pytest.raises(LabelUnknown, match="None of the labels to rename occurs: 'yse'"):
        read(["yes", "no"], rename={"yse": "same"})
    assert "'yse' does not occur" in read(["yes", "no"], rename={"yse": "x", "no": "y"}).notes[0]


@pytest.mark.parametrize("value", [3.7, "3.7", "0.25"])
def test_scores_are_no_classes(value: object) -> None:
    with pytest.raises(LabelUnknown, match="score between whole numbers") as caught:
        read([1, value])
    assert caught.value.where == "f.csv:3"


@pytest.mark.parametrize("value", [["a"], {"a": 1}, (1, 2), b"x"])
def test_nested_values_are_no_labels(value: object) -> None:
    with pytest.raises(LabelUnknown, match="no name and no number") as caught:
        read(["a", value])
    assert caught.value.where == "f.csv:3"


def test_a_column_of_texts_is_no_label_column() -> None:
    with pytest.raises(LabelUnknown, match="300 different values in 300 rows: these are not classes"):
        read([f"sentence {i}" for i in range(300)])
    assert len(read([f"class {i % 150}" for i in range(600)]).answers) == 150


@pytest.mark.parametrize("text", ["inf", "1e3", "①", "²", "--5"])
def test_words_that_look_like_numbers_are_names(text: str) -> None:
    assert names(read([text, "x"])) == [text, "x"]


@given(st.lists(st.sampled_from(["a", "b", "c", "-", ""]), min_size=1))
def test_every_value_is_a_label_or_has_a_reason(values: list[str]) -> None:
    reading = read(values)
    for value, index, reason in zip(values, reading.gold, reading.reasons, strict=True):
        assert (index == -1) == (reason is not None) == (value in ("-", ""))
        assert index == -1 or reading.answers.names[index] == value
