"""Single texts from files and lists: where they stand, which column, what is refused."""

from __future__ import annotations

import gzip
import io
import json
import sys
from types import SimpleNamespace

import pytest

from samesay.data.texts import load_texts
from samesay.errors import ColumnNotFound, EncodingInvalid, NoRows, RowMalformed, SourceNotFound, UsageError

WRITTEN = "First text\r\n\n  \nZweiter Text, mit Komma\n第三\n"
TEXTS = ["First text", "Zweiter Text, mit Komma", "第三"]


@pytest.mark.parametrize("name", ["notes.txt", "notes.txt.gz"])
def test_lines_with_their_places(tmp_path, name):
    path = tmp_path / name
    raw = WRITTEN.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    found = load_texts(path)
    assert found.texts == TEXTS
    assert found.places == [f"{path}:1", f"{path}:4", f"{path}:5"]
    assert (found.column, found.n_empty, len(found)) == ("text", 2, 3)


def test_standard_input_is_lines_unless_it_says_otherwise(monkeypatch):
    for raw, format, texts in (
        (WRITTEN, None, TEXTS),
        ("id,sentence\n1,hello\n", "csv", ["hello"]),
    ):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw.encode())))
        assert load_texts("-", format=format).texts == texts


@pytest.mark.parametrize("raw", ["id,heading\n1,hello\n", '{"id": 1, "heading": "hello"}\n'])
def test_a_column_of_standard_input_is_one_of_a_table(monkeypatch, raw):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw.encode())))
    assert load_texts("-", column="heading").texts == ["hello"]


def test_a_slice_of_lines_is_lines(tmp_path, monkeypatch):
    path = tmp_path / "notes.txt"
    path.write_text("one\ntwo\nthree\n", encoding="utf-8")
    assert load_texts(f"{path}[:2]").texts == ["one", "two"]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"one\ntwo\nthree\n")))
    assert load_texts("-[1:]").texts == ["two", "three"]


def test_lines_have_no_columns(tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("hello\n", encoding="utf-8")
    with pytest.raises(UsageError, match="read as lines") as caught:
        load_texts(notes, column="heading")
    assert "--input-format csv" in caught.value.hint


def test_a_column_is_found_or_named(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("id,Text,more\n1,hello,x\n2,,y\n3,world,z\n", encoding="utf-8")
    found = load_texts(table)
    assert (found.texts, found.column, found.n_empty) == (["hello", "world"], "Text", 1)
    assert found.rows[1] == {"id": "3", "Text": "world", "more": "z"}
    assert found.places[1] == f"{table}:4"
    assert load_texts(table, column="more").texts == ["x", "y", "z"]
    with pytest.raises(ColumnNotFound) as caught:
        load_texts(table, column="mor")
    assert "more" in caught.value.hint
    only = tmp_path / "only.jsonl"
    only.write_text(json.dumps({"anything": "hello"}) + "\n", encoding="utf-8")
    assert load_texts(only).column == "anything"


def test_a_column_that_cannot_be_recognised_is_refused(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("one,two\na,b\n", encoding="utf-8")
    with pytest.raises(ColumnNotFound) as caught:
        load_texts(table)
    assert "one" in caught.value.expected
    assert caught.value.hint == "--column one"


def test_lists_are_taken_as_they_are():
    found = load_texts(["a", " ", "b"])
    assert (found.texts, found.places, found.n_empty) == (["a", "b"], ["texts[0]", "texts[2]"], 1)
    with pytest.raises(UsageError, match="is int, not text"):
        load_texts(["a", 3])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("name", "raw", "error"),
    [
        ("empty.txt", b"\n \n", NoRows),
        ("latin.txt", b"caf\xe9\n", EncodingInvalid),
        ("numbers.jsonl", b'{"text": 3}\n', RowMalformed),
        ("half.jsonl", b'{"text": "\\ud800"}\n', EncodingInvalid),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, name, raw, error):
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(error):
        load_texts(tmp_path / name)
    with pytest.raises(SourceNotFound):
        load_texts(tmp_path / "absent.txt")
