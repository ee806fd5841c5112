"""Labels as people write them: spellings of one class are one class, in every format, and what is joined is said."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import samesay
from commands import outcome
from samesay.data import load_splits
from samesay.errors import SameSayError

FORMATS = ("csv", "tsv", "jsonl", "parquet")
QUESTIONS = ("question1", "question2")
NLI = ("premise", "hypothesis")
OTHER = ("sentence1", "sentence2")


def write(path: Path, labels, *, sides=OTHER, column="label", **others) -> Path:
    """A table with these labels in the format of its name; JSON Lines and Parquet keep their types."""
    rows = [
        {sides[0]: f"text {index} of one", sides[1]: f"text {index} of other", column: label}
        | {name: values[index] for name, values in others.items()}
        for index, label in enumerate(labels)
    ]
    if path.suffix == ".parquet":
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(arrow.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


def show(capsys, *arguments):
    """What ``data show`` says of a table: labels with their counts, its notes as one text, what it left out."""
    status, out, err = outcome(capsys, "data", "show", *arguments, "--json")
    assert (status, err) == (0, ""), out
    told = json.loads(out)
    return told["label_counts"], " ".join(told["origin"]["notes"]), told["origin"]["rows_dropped"]


def refusal(capsys, *arguments):
    """The error of ``data show``."""
    status, out, _ = outcome(capsys, "data", "show", *arguments, "--json")
    error = json.loads(out)["error"]
    assert (status, error["code"]) == (22, "label-unknown"), error
    return error


def both_ways(capsys, path: Path) -> dict[str, int]:
    """The label counts of a table that is refused, by the renaming that its message proposes."""
    error = refusal(capsys, path)
    assert error["where"].startswith(str(path))
    option, renaming = error["hint"].split(" ", 1)
    assert option == "--rename-labels"
    counts, _, _ = show(capsys, path, option, renaming.strip("'"))
    return counts


@pytest.mark.parametrize("sides", [QUESTIONS, OTHER])
@pytest.mark.parametrize(
    "labels",
    [
        ["0", "1", "0.0", "1.0", "False", "True"],
        ["0", "1", "no", "YES", "FALSE", "TRUE"],
        ["0.00", "1.00", " 0", "+1", "00", "01"],
        ["0", "1", "f", "t", "False", "true"],
        ["n", "y", "No", "yes ", "NO", "\u00a0Yes"],
        ["０", "１", "0", "1", "false", "true"],
    ],
)
def test_numbers_truth_values_yes_and_no_are_two_classes(capsys, tmp_path, labels, sides):
    counts, notes, _ = show(capsys, write(tmp_path / "d.csv", labels, sides=sides))
    assert list(counts.values()) == [3, 3]
    assert "label spellings" in notes
    if sides == QUESTIONS and "n" not in labels:
        assert list(counts) == ["different", "same"]


def test_what_was_joined_is_said_with_its_rows(capsys, tmp_path):
    _, notes, _ = show(capsys, write(tmp_path / "d.csv", ["yes", "no", "Yes ", "NO", "yes"]))
    assert "'Yes ' (1)" in notes
    assert "yes (2)" in notes
    assert "NO (1)" in notes


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    "labels", [["True", "False", "True"], ["TRUE", "FALSE", "TRUE"], ["t", "f", "t"], [True, False, True]]
)
def test_true_and_false_mean_the_same_in_every_format(capsys, tmp_path, suffix, labels):
    path = write(tmp_path / f"d.{suffix}", labels, sides=QUESTIONS, column="is_duplicate")
    assert show(capsys, path)[0] == {"different": 1, "same": 2}
    other = write(tmp_path / f"o.{suffix}", labels)
    assert show(capsys, other)[0] == {"false": 1, "true": 2}


@pytest.mark.parametrize("suffix", ["jsonl"])
def test_one_column_of_numbers_texts_and_truth_values(capsys, tmp_path, suffix):
    labels = [1, 1.0, "1", " 1 ", True, "true", 0, 0.0, "0", False]
    counts, notes, _ = show(capsys, write(tmp_path / f"d.{suffix}", labels))
    assert list(counts.values()) == [4, 6]
    assert "label spellings" in notes


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["yes", "no", "Yes", "NO"], {"no": 2, "yes": 2}),
        (["Entailment ", "ENTAILMENT", "neutral"], {"entailment": 2, "neutral": 1}),
        (["Paraphrase", "paraphrase", "Paraphrase", "other"], {"Paraphrase": 3, "other": 1}),
        (["not related", "not_related", "Not-Related", "related"], {"not related": 3, "related": 1}),
        (["ｒｅｌａｔｅｄ", "related", "related", "'related'", "x"], {"related": 4, "x": 1}),
        (["entailment.", "Entailment", "neutral"], {"entailment": 2, "neutral": 1}),
        (["A-", "A", "A"], {"A": 2, "A-": 1}),
    ],
)
def test_names_that_differ_in_case_blanks_and_hyphens_are_joined(capsys, tmp_path, labels, expected):
    counts, notes, _ = show(capsys, write(tmp_path / "d.csv", labels))
    assert sorted(counts.values()) == sorted(expected.values())
    assert counts == expected or "not related" in expected
    assert "A-" in expected or "label spellings" in notes


def test_names_can_be_kept_apart(capsys, tmp_path):
    path = write(tmp_path / "d.csv", ["b", "B", "b"])
    assert show(capsys, path)[0] == {"b": 3}
    assert show(capsys, path, "--rename-labels", "b=b,B=great b")[0] == {"b": 2, "great b": 1}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    "word", ["", "-", "-1", "nan", "NaN", "null", "None", "NULL", "N/A", "no label", "?"]
)
def test_words_for_no_label_beside_numbers_are_left_out_and_counted(capsys, tmp_path, word, suffix):
    path = write(tmp_path / f"d.{suffix}", ["0", "1", word, "1"], sides=QUESTIONS)
    counts, _, dropped = show(capsys, path)
    assert counts == {"different": 1, "same": 2}
    (reason,) = dropped
    assert reason.startswith("no gold label")
    assert dropped[reason] == 1


def test_a_few_words_for_no_label_beside_names_that_are_whole_are_left_out_and_said(capsys, tmp_path):
    labels = ["entailment", "neutral", "contradiction", "None", "neutral", "contradiction", "entailment"]
    path = write(tmp_path / "d.csv", labels)
    counts, notes, dropped = show(capsys, path)
    assert sum(counts.values()) == 6
    assert dropped == {"no gold label (None)": 1}
    assert "None (1); --rename-labels None=None makes it a class" in notes
    assert show(capsys, path, "--rename-labels", "None=None")[0]["None"] == 1


@pytest.mark.parametrize("word", ["none", "N/A", "null", "no label"])
def test_a_word_for_no_label_in_many_rows_is_refused_with_both_readings(capsys, tmp_path, word):
    path = write(tmp_path / "d.csv", [word, word, word, "causes", "causes", "treats"])
    error = refusal(capsys, path)
    assert f"--where 'label!={word}'" in error["expected"]
    assert both_ways(capsys, path) == {"causes": 2, "treats": 1, word: 3}
    assert show(capsys, path, "--where", f"label!={word}")[0] == {"causes": 2, "treats": 1}
    assert show(capsys, path, "--rename-labels", f"{word}=other")[0]["other"] == 3


@pytest.mark.parametrize(
    ("labels", "sides", "expected"),
    [
        (["0", "1", "2", "True", "False"], NLI, {"entailment": 2, "neutral": 2, "contradiction": 1}),
        (["0", "1", "2", "True", "False"], OTHER, {"0": 2, "1": 2, "2": 1}),
        (["1", "entailment", "neutral"], NLI, {"entailment": 1, "neutral": 2}),
        (["1", "same", "different", "0.0"], QUESTIONS, {"different": 2, "same": 2}),
        (["yes", "no", "maybe", "true"], OTHER, {"maybe": 1, "no": 1, "yes": 2}),
        (["1", "good", "bad"], OTHER, {"1": 1, "bad": 1, "good": 1}),
        (["1", "-1", "-1"], OTHER, {"-1": 2, "1": 1}),
    ],
)
def test_numbers_beside_names_are_refused_with_both_readings(capsys, tmp_path, labels, sides, expected):
    assert both_ways(capsys, write(tmp_path / "d.csv", labels, sides=sides)) == expected


def test_the_place_of_what_can_be_read_in_two_ways_is_its_line(capsys, tmp_path):
    path = write(tmp_path / "d.csv", ["entailment", "neutral", "1"])
    assert refusal(capsys, path)["where"] == f"{path}:4"


def test_minus_one_beside_zero_and_one_is_no_label(capsys, tmp_path):
    counts, _, dropped = show(capsys, write(tmp_path / "d.csv", ["0", "1", "-1.0"], sides=QUESTIONS))
    assert (counts, dropped) == ({"different": 1, "same": 1}, {"no gold label (-1)": 1})


@pytest.mark.parametrize("labels", [["e", "n", "c"], ["E", "c", "e"], ["e"], ["e", "neutral", "c"]])
def test_anli_is_read_with_its_letters(capsys, tmp_path, labels):
    path = write(
        tmp_path / "d.jsonl", labels, sides=("context", "hypothesis"), uid=list("123"[: len(labels)])
    )
    status, out, _ = outcome(capsys, "data", "show", path, "--json")
    told = json.loads(out)
    assert (status, told["sides"]) == (0, ["context", "hypothesis"])
    assert set(told["label_counts"]) <= {"entailment", "neutral", "contradiction"}
    assert " = entailment" in " ".join(told["origin"]["notes"])


def test_letters_that_are_classes_of_their_own_stay(capsys, tmp_path):
    assert show(capsys, write(tmp_path / "d.csv", ["e", "n", "s", "w"]))[0] == dict.fromkeys("ensw", 1)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("title", ["is_duplicate", "Is_Duplicate"])
def test_a_header_among_the_rows_is_left_out_and_counted(capsys, tmp_path, suffix, title):
    path = write(tmp_path / f"d.{suffix}", ["1", "0", "1"], sides=QUESTIONS, column="is_duplicate")
    if suffix in ("csv", "tsv"):
        lines = path.read_text().splitlines()
        lines.insert(2, lines[0].replace("is_duplicate", title))
        path.write_text("\n".join(lines) + "\n")
    else:
        rows = [
            {"question1": "a b", "question2": "c", "is_duplicate": "1"},
            {"question1": "question1", "question2": "question2", "is_duplicate": title},
            {"question1": "a b", "question2": "c d", "is_duplicate": "0"},
            {"question1": "a b", "question2": "e", "is_duplicate": "1"},
        ]
        if suffix == "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
            parquet.write_table(arrow.Table.from_pylist(rows), path)
    counts, _, dropped = show(capsys, path)
    assert counts == {"different": 1, "same": 2}
    assert dropped == {"header repeated among the rows": 1}


def test_a_header_of_another_order_among_the_rows_is_refused_with_its_line(capsys, tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("question1,question2,label\na,b,1\nlabel,question1,question2\n0,c,d\n")
    status, out, _ = outcome(capsys, "data", "show", path, "--json")
    assert status == 15
    assert json.loads(out)["error"]["where"] == f"{path}:3"


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("column", "train", "dev", "test"),
    [("split", "train", "dev", "test"), ("SemEval_set", "TRAIN", "TRIAL", "TEST")],
)
def test_a_column_of_splits_parts_a_file(capsys, tmp_path, suffix, column, train, dev, test):
    path = write(
        tmp_path / f"d.{suffix}",
        ["yes", "no", "yes", "no", "yes"],
        **{column: [train, train, dev, test, test]},
    )
    counts, notes, _ = show(capsys, path)
    assert sum(counts.values()) == 2
    assert f"--where {column}={train}" in notes
    assert show(capsys, path, "--where", f"{column}={dev}")[0] == {"yes": 1}
    assert show(capsys, f"{path}:dev")[0] == {"no": 0, "yes": 1} or show(capsys, f"{path}:dev")[0] == {
        "yes": 1
    }
    assert sum(show(capsys, path, "--split", "test")[0].values()) == 2
    tables = load_splits(path)
    assert {name: len(table) for name, table in tables.items()} == {"train": 2, "validation": 1, "test": 2}


def test_a_split_that_neither_a_file_nor_its_columns_have_is_refused(capsys, tmp_path):
    path = write(tmp_path / "d.csv", ["yes", "no"], split=["train", "train"])
    assert show(capsys, path)[0] == {"no": 1, "yes": 1}
    assert outcome(capsys, "data", "show", f"{path}:dev")[0] == 12


def test_the_parts_of_a_file_can_be_asked_for_again(tmp_path):
    path = write(tmp_path / "d.csv", ["yes", "no", "yes"], split=["train", "train", "dev"])
    for table in (*load_splits(path).values(), samesay.load_pairs(f"{path}:dev")):
        asked = table.origin.asked
        again = samesay.load_pairs(asked.source, where=asked.reading.where)
        assert again.fingerprint() == table.fingerprint()


@pytest.mark.parametrize("suffix", FORMATS)
def test_python_bytes_literals_are_decoded(tmp_path, capsys, suffix):
    path = tmp_path / f"d.{suffix}"
    write(path, ["b'0'", "1", "1"], sides=("id", "note"), sentence1=[r"b'Caf\xc3\xa9 ?'", 'b"it\'s"', "plain"],
          sentence2=["b'tea'", "b'x'", "b'y'"])  # fmt: skip
    table = samesay.load_pairs(path)
    assert list(table.first) == ["Café ?", "it's", "plain"]
    assert list(table.second) == ["tea", "x", "y"]
    _, notes, _ = show(capsys, path)
    assert "2 of 3 texts in 'sentence1' are Python bytes literals" in notes
    assert table.label_counts() == {"0": 1, "1": 2}


def test_a_single_text_like_a_bytes_literal_stays_and_is_said(tmp_path, capsys):
    path = write(
        tmp_path / "d.csv", ["0", "1", "1"], sides=("id", "x"), sentence1=["b'a'", "b", "c"], sentence2="def"
    )
    assert samesay.load_pairs(path).first[0] == "b'a'"
    assert "read as they stand" in show(capsys, path)[1]


def test_where_given_twice_asks_both(capsys, tmp_path):
    path = write(tmp_path / "d.csv", ["a", "b", "c"], genre=["x", "x", "y"], lang=["de", "en", "en"])
    assert show(capsys, path, "--where", "genre=x", "--where", "lang=en")[0] == {"b": 1}


@pytest.mark.parametrize(
    ("labels", "n_classes"),
    [
        ([1, "1.0", True, "yes", 0, "no", False], 2),
        ([True, False, 1.0, 0.0], 2),
        (["Yes", "yes ", "NO", "no"], 2),
    ],
)
def test_labels_of_python_are_read_as_those_of_files(labels, n_classes):
    texts = [f"text {index}" for index in range(len(labels))]
    table = samesay.PairTable.from_inputs((texts, texts), labels)
    assert len(table.labels) == n_classes
    assert any("label spellings" in note for note in table.origin.notes)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"question1": texts, "question2": texts, "label": pandas.Series(labels, dtype=object)}
    )
    assert len(samesay.PairTable.from_inputs(frame).labels) == n_classes


def test_a_frame_with_a_header_among_its_rows_and_bytes_literals():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "question1": ["b'a'", "question1", "b'c'", "b'd'"],
            "question2": ["x", "question2", "y", "z"],
            "is_duplicate": ["1", "is_duplicate", "0", "1"],
        }
    )
    table = samesay.PairTable.from_inputs(frame)
    assert (table.first, table.label_counts()) == (["a", "c", "d"], {"different": 1, "same": 2})
    assert table.origin.rows_dropped == {"header repeated among the rows": 1}
    assert any("bytes literals" in note for note in table.origin.notes)
    sides = frame.drop(columns="is_duplicate").assign(split=["train", "x", "dev", "dev"])
    unlabelled = samesay.PairTable.from_inputs(sides)
    assert (unlabelled.first, unlabelled.row_number(1)) == (["a", "c", "d"], 3)
    assert unlabelled.origin.rows_dropped == {"header repeated among the rows": 1}
    assert any("names splits" in note for note in unlabelled.origin.notes)
    assert len(samesay.PairTable.from_inputs(sides, need_labels=False)) == 4


def test_a_frame_with_a_column_of_splits_is_read_whole_and_says_so():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"text1": ["a", "b"], "text2": ["c", "d"], "label": ["x", "y"], "split": ["train", "dev"]}
    )
    table = samesay.PairTable.from_inputs(frame)
    assert len(table) == 2
    assert "names splits (train 1, validation 1), and all of them were read" in table.origin.notes[-1]


def test_numbers_beside_names_are_refused_in_python_too():
    with pytest.raises(SameSayError, match="stand beside"):
        samesay.PairTable.from_inputs((["a", "b"], ["c", "d"]), [1, "entailment"])
