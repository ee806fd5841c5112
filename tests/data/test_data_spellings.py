"""One text at a time: what spellings of a label say, and which of two names is the negative one."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from samesay.data.labels.schemes import name_among, rename_key, renamed_name, shown_names
from samesay.data.labels.spellings import Spelling, folded, poles, tidied, unliteral
from samesay.pairs import LabelSet


@pytest.mark.parametrize(
    ("value", "text", "kind", "key"),
    [
        (None, "null", "missing", ""),
        (True, "True", "truth", "true"),
        (np.bool_(False), "False", "truth", "false"),
        (3, "3", "number", "3"),
        (np.int64(2), "2", "number", "2"),
        (-1, "-1", "missing", "-1"),
        (-2, "-2", "number", "-2"),
        (2.0, "2.0", "number", "2"),
        (-1.0, "-1.0", "missing", "-1"),
        (-0.0, "-0.0", "number", "0"),
        (0.5, "0.5", "number", "0.5"),
        (float("nan"), "NaN", "missing", ""),
        (Decimal("1.50"), "1.50", "number", "1.50"),
        (Decimal("2.0"), "2.0", "number", "2"),
        ("+1", "+1", "number", "1"),
        ("-0", "-0", "number", "0"),
        ("-00.0", "-00.0", "number", "0"),
        ("01", "01", "number", "1"),
        ("1.", "1.", "number", "1"),
        ("1.0", "1.0", "number", "1"),
        ("1,0", "1,0", "number", "1"),
        ("0,000", "0,000", "number", "0"),
        ("1,000", "1,000", "word", "1,000"),
        ("10,000", "10,000", "word", "10,000"),
        ("1,5", "1,5", "word", "1,5"),
        ("1.50", "1.50", "number", "1.50"),
        ("-1.00", "-1.00", "missing", "-1"),
        ("-1", "-1", "missing", "-1"),
        ("1" * 30, "1" * 30, "number", "1" * 30),
        ("1" * 31, "1" * 31, "word", "1" * 31),
        ("Yes", "Yes", "answer", "yes"),
        ("FALSE", "FALSE", "truth", "false"),
        ("None", "None", "none", "none"),
        ("N/A", "N/A", "none", "n/a"),
        ("n.a.", "n.a.", "none", "n.a"),
        ("No_label", "No_label", "none", "no label"),
        ("Entails", "Entails", "word", "entailment"),
        ("contradictory", "contradictory", "word", "contradiction"),
        ("entailed", "entailed", "word", "entailment"),
        ("A-", "A-", "word", "a-"),
        ("not_entailment", "not_entailment", "word", "not entailment"),
        ("'same'", "'same'", "word", "same"),
        ("b'tea'", "tea", "word", "tea"),
        ("b' 1 '", "1", "number", "1"),
        (" a  b\t", "a b", "word", "a b"),
        ("\u200bsame\ufeff", "same", "word", "same"),
        ("ＳＡＭＥ", "ＳＡＭＥ", "word", "same"),
        ("", "empty", "missing", ""),
        ("  ", "empty", "missing", ""),
        ("-", "-", "missing", ""),
        ("nan", "nan", "missing", ""),
        ("#N/A", "#N/A", "missing", ""),
        ("<NA>", "<NA>", "missing", ""),
    ],
)
def test_what_a_label_says(value: object, text: str, kind: str, key: str) -> None:
    found = Spelling.of(value)
    assert found is not None
    assert (found.text, found.kind, found.key) == (text, kind, key)


@pytest.mark.parametrize("value", [b"x", ["x"], {}, object()])
def test_what_is_no_label(value: object) -> None:
    assert Spelling.of(value) is None


@pytest.mark.parametrize(
    ("value", "place"),
    [(0, 0), ("1.0", 1), (2, None), (True, 1), ("false", 0), ("No", 0), ("YES", 1), ("x", None), ("", None)],
)
def test_which_of_two_a_label_is(value: object, place: int | None) -> None:
    found = Spelling.of(value)
    assert found is not None
    assert found.place == place


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Not-Entailment", "not entailment"),
        ("a _ b", "a b"),
        ("same.", "same"),
        ("same ;:", "same"),
        ("...", "..."),
        ('"a b"', "a b"),
        ("' x '", "x"),
        ("''", "''"),
        ("'x\"", "'x\""),
        ("A-", "a-"),
        ("-a", "-a"),
        ("straße", "strasse"),
    ],
)
def test_what_spellings_of_a_name_have_in_common(text: str, key: str) -> None:
    assert folded(text) == key


def test_blanks_and_what_nobody_sees_are_taken_away() -> None:
    assert tidied(" a \u00a0 b\n\u200dc ") == "a b c"


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("b'tea'", "tea"),
        ('b"tea"', "tea"),
        (r"b'\xc3\xa9'", "é"),
        (r"b'\xff'", None),
        (r"b'\x'", None),
        ("b''", ""),
        ("'tea'", None),
        ("b'a' b'b'", "ab"),
        ("b'a'x", None),
        ("bread", None),
    ],
)
def test_texts_of_bytes_are_read(text: str, inner: str | None) -> None:
    assert unliteral(text) == inner


@pytest.mark.parametrize(
    ("names", "pair"),
    [
        (("same", "different"), ("different", "same")),
        (("yes", "no"), ("no", "yes")),
        (("false", "true"), ("false", "true")),
        (("1", "0"), ("0", "1")),
        (("f", "t"), ("f", "t")),
        (("Y", "N"), ("N", "Y")),
        (("entailment", "not_entailment"), ("not_entailment", "entailment")),
        (("duplicate", "non-duplicate"), ("non-duplicate", "duplicate")),
        (("related", "unrelated"), ("unrelated", "related")),
        (("relevant", "irrelevant"), ("irrelevant", "relevant")),
        (("possible", "impossible"), ("impossible", "possible")),
        (("similar", "dissimilar"), ("dissimilar", "similar")),
        (("consistent", "inconsistent"), ("inconsistent", "consistent")),
        (("xsame", "same"), None),
        (("a", "b"), None),
        (("not", "x"), None),
        (("a",), None),
        (("no", "yes", "maybe"), None),
        (("yes", "true"), None),
    ],
)
def test_which_of_two_names_is_the_negative_one(names: tuple[str, ...], pair: tuple[str, str] | None) -> None:
    assert poles(names) == pair


def test_a_spelling_is_found_among_names() -> None:
    labels = LabelSet(("Entails", "Not-Entailed", "1", "True"))
    for value, name in (
        ("Entails", "Entails"),
        ("entailment", "Entails"),
        ("not entailed", "Not-Entailed"),
        ("1.0", "1"),
        (True, "True"),
        ("yes", None),
        ("", None),
    ):
        spelling = Spelling.of(value)
        assert spelling is not None
        assert name_among(spelling, labels) == name
    ambiguous, other = LabelSet(("a-b", "a_b")), Spelling.of("a b")
    assert other is not None
    assert name_among(other, ambiguous) is None
    assert name_among(Spelling.of("a_b"), ambiguous) == "a_b"  # pyright: ignore[reportArgumentType]


def test_a_name_to_rename_is_found_however_it_is_written() -> None:
    rename = {"": "x", "Not Entailed": "no", "1": "yes"}
    for value, key in (("1", "1"), ("1.0", "1"), ("not-entailed", "Not Entailed"), ("2", None), (None, None)):
        spelling = Spelling.of(value)
        assert spelling is not None
        assert rename_key(spelling, rename) == key
    assert renamed_name("not_entailed", rename) == "Not Entailed"
    assert renamed_name("1", rename) == "1"
    assert renamed_name("entailed", rename) is None


def test_of_many_names_eight_are_shown() -> None:
    assert shown_names(["a", "b"]) == "'a', 'b'"
    assert shown_names(list("abcdefgh")).endswith("'g', 'h'")
    assert shown_names(list("abcdefghij")).endswith("'g', 'h' and 2 more")
