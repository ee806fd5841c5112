"""What a user writes for a source finds the right rows: files, folders, splits, pipes, built-in names."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from samesay.data import iter_rows, load_pairs, load_splits, split_names
from samesay.errors import (
    FormatUnknown,
    LabelUnknown,
    NoRows,
    RowMalformed,
    SliceInvalid,
    SourceNotFound,
    SplitNotFound,
    UsageError,
)
from samesay.pairs import Sides
from samesay.printable import command

HEADER = "premise,hypothesis,label\n"


def write_pairs(path: Path, n_rows: int = 10, mark: str = "p") -> Path:
    names = ("entailment", "neutral", "contradiction")
    rows = "".join(f"{mark}{i},h{i},{names[i % 3]}\n" for i in range(n_rows))
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, mark in (("train", "t"), ("dev", "v"), ("test", "e"), ("hard", "x")):
        write_pairs(tmp_path / f"{name}.csv", 10, mark)
    (tmp_path / "README.md").write_text("notes")
    return tmp_path


def test_a_file_is_a_train_split(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "pairs.csv")
    assert list(load_splits(path)) == ["train"]
    assert load_pairs(path).first == [f"p{i}" for i in range(10)]
    assert load_pairs(path, split="train[:20%]").first == ["p0", "p1"]
    assert load_pairs(f"{path}[2:4]").first == ["p2", "p3"]
    assert load_pairs(path, split="[-1:]").first == ["p9"]


def test_a_file_answers_to_the_split_of_its_name(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "snli_1.0_dev.csv")
    assert len(load_pairs(path, split="validation")) == 10
    with pytest.raises(SplitNotFound, match="no split 'test'"):
        load_pairs(path, split="test")


def test_a_folder_has_the_splits_of_its_files_under_usual_names(folder: Path) -> None:
    assert split_names(folder) == ["train", "validation", "test", "hard"]
    tables = load_splits(folder)
    assert {name: table.first[0] for name, table in tables.items()} == {
        "train": "t0",
        "validation": "v0",
        "test": "e0",
    }
    assert load_pairs(f"{folder}:validation").first[0] == "v0"
    assert load_pairs(folder, split="val[:30%]").first == ["v0", "v1", "v2"]
    assert load_pairs(f"{folder}:hard[5:]").first == ["x5", "x6", "x7", "x8", "x9"]


def test_a_folder_needs_a_split_where_one_table_is_wanted(folder: Path) -> None:
    with pytest.raises(SplitNotFound, match="none was named") as caught:
        load_pairs(folder)
    assert caught.value.hint == f"{folder}:train"
    assert load_pairs(folder, prefer=("nothing", "test", "train")).first[0] == "e0"


def test_an_unknown_split_lists_those_that_exist(folder: Path) -> None:
    with pytest.raises(SplitNotFound, match="no split 'tset'") as caught:
        load_pairs(folder, split="tset")
    assert caught.value.expected == "one of train, validation, test, hard"
    assert caught.value.hint == "did you mean 'test'?"


def test_shards_of_a_split_are_read_in_order(tmp_path: Path) -> None:
    for place in range(3):
        write_pairs(tmp_path / f"train-{place:05d}-of-00003.csv", 2, "abc"[place])
    table = load_pairs(tmp_path)
    assert table.first == ["a0", "a1", "b0", "b1", "c0", "c1"]
    assert len(table.origin.files) == 3
    (tmp_path / "train-00001-of-00003.csv").write_text(HEADER + "x,,neutral\n")
    with pytest.raises(Exception, match="empty") as caught:
        load_pairs(tmp_path)
    assert str(getattr(caught.value, "where", "")).endswith("train-00001-of-00003.csv:2")


def test_two_files_for_one_split_are_refused(folder: Path) -> None:
    write_pairs(folder / "validation.csv")
    with pytest.raises(
        SplitNotFound, match=r"more than one file for the split 'validation': dev\.csv, validation"
    ):
        load_pairs(folder, split="train")


def test_a_folder_without_pairs_says_so(tmp_path: Path) -> None:
    with pytest.raises(SplitNotFound, match="holds no file of pairs"):
        load_splits(tmp_path)
    write_pairs(tmp_path / "tune.csv")
    write_pairs(tmp_path / "report.csv")
    with pytest.raises(SplitNotFound, match="it has report, tune"):
        load_splits(tmp_path)


def test_a_missing_file_names_its_neighbours(folder: Path) -> None:
    with pytest.raises(SourceNotFound) as caught:
        load_pairs(folder / "trian.csv")
    assert caught.value.hint == f"did you mean {folder / 'train.csv'}?"
    with pytest.raises(SourceNotFound, match="there is no folder"):
        load_pairs(folder / "nowhere" / "train.csv")
    with pytest.raises(SourceNotFound) as caught:
        load_pairs("handwriten")
    assert "handwritten" in (caught.value.hint or "")
    with pytest.raises(SourceNotFound):
        load_pairs("a sentence, not a file " * 300)


def test_a_path_with_brackets_and_colons_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "odd:name[1:2].csv")
    assert len(load_pairs(path)) == 10
    assert len(load_pairs(f"{path}[1:3]")) == 2


def test_a_slice_of_several_splits_or_two_slices_are_refused(folder: Path) -> None:
    with pytest.raises(SliceInvalid, match="cuts 3 splits at once") as caught:
        load_splits(f"{folder}[:20%]")
    assert caught.value.hint == command(f"{folder}:train[:20%]")
    with pytest.raises(SliceInvalid, match="Two slices"):
        load_pairs(f"{folder}:train[:20%]", split="train[:10%]")
    with pytest.raises(UsageError, match="Two splits"):
        load_pairs(f"{folder}:train", split="test")
    assert list(load_splits(f"{folder}:train[:20%]")) == ["train"]


def test_an_unknown_suffix_asks_for_the_format(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "pairs.txt")
    with pytest.raises(FormatUnknown, match=r"'pairs\.txt' does not show"):
        load_pairs(path)
    assert len(load_pairs(path, format="csv")) == 10
    with pytest.raises(FormatUnknown, match="'cvs' is not a format") as caught:
        load_pairs(path, format="cvs")
    assert caught.value.hint == "did you mean 'csv'?"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "premise,hypothesis,label\na,b,neutral\nc,d,entailment\n",
        "premise\thypothesis\tlabel\na\tb\tneutral\nc\td\tentailment\n",
        '{"premise": "a", "hypothesis": "b", "label": "neutral"}\n'
        '{"premise": "c", "hypothesis": "d", "label": "entailment"}\n',
    ],
)
def test_standard_input_is_recognised_by_its_first_bytes(
    monkeypatch: pytest.MonkeyPatch, text: str, packed: bool
) -> None:
    raw = text.encode()
    stream = io.BytesIO(gzip.compress(raw) if packed else raw)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    table = load_pairs("-[:1]")
    assert (table.first, table.second, table.label_names()) == (["a"], ["b"], ["neutral"])
    assert table.origin.files == ("standard input",)


def test_damaged_gzip_on_standard_input_is_the_senders(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"premise,hypothesis,label\na,b,neutral\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(packed[:20])))
    with pytest.raises(RowMalformed, match="gzip data of standard input is damaged") as caught:
        load_pairs("-")
    assert caught.value.hint == "check it with: gzip -t FILE"


def test_a_path_that_exists_is_that_path_though_a_built_in_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "generated").mkdir()
    text = "premise,hypothesis,label\nmine,b,neutral\nc,d,entailment\n"
    (tmp_path / "generated" / "train.csv").write_text(text, encoding="utf-8")
    for words in ("generated", "generated:train", "generated[:1]", "generated:train[:1]"):
        assert load_pairs(words).first[0] == "mine"
        assert next(iter(iter_rows(words))).values["premise"] == "mine"
    (tmp_path / "handwritten").write_text(text, encoding="utf-8")
    assert load_pairs("handwritten", format="csv").first[0] == "mine"
    with pytest.raises(SplitNotFound):
        load_pairs("generated:5")


def test_parquet_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.table({"text1": ["a"], "text2": ["b"], "label": ["x"]}), buffer)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(buffer.getvalue())))
    assert load_pairs("-").first == ["a"]


def test_nothing_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(NoRows, match="standard input is empty"):
        load_pairs("-")


def test_the_splits_of_a_folder_share_one_set_of_labels(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(HEADER + "a,b,0\nc,d,1\ne,f,2\n")
    (tmp_path / "validation.csv").write_text(HEADER + "a,b,0\nc,d,1\n")
    tables = load_splits(tmp_path)
    assert tables["train"].labels == tables["validation"].labels
    assert tables["validation"].label_names() == ["entailment", "neutral"]
    (tmp_path / "validation.csv").write_text(HEADER + "a,b,0\nc,d,0.5\n")
    with pytest.raises(LabelUnknown) as caught:
        load_splits(tmp_path)
    assert caught.value.where == f"{tmp_path / 'validation.csv'}:3"


def test_handwritten_pairs_are_a_test_split_alone() -> None:
    assert split_names("handwritten") == ["test"]
    table = load_pairs("handwritten")
    assert sorted(table.label_counts().values()) == [100, 100, 100]
    assert "domain" in table.columns
    assert list(load_splits("handwritten")) == ["test"]
    swapped = load_pairs("handwritten", sides=Sides("hypothesis", "premise"))
    assert swapped.first == table.second
    assert len(load_pairs("handwritten[:10]")) == 10


def test_generated_pairs_by_size_split_and_seed() -> None:
    table = load_pairs("generated:60", split="train")
    assert len(table) == 60
    assert table.first == load_pairs("generated:train:60").first
    assert table.first != load_pairs("generated:train:60:seed=7").first
    assert len(load_pairs("generated:test:30[:10]")) == 10
    tables = load_splits("generated:60")
    assert {name: len(found) for name, found in tables.items()} == {"train": 60, "validation": 12, "test": 12}
    assert {table.labels for table in tables.values()} == {tables["train"].labels}
    with pytest.raises(UsageError, match="Cannot read 'many'"):
        load_pairs("generated:many", split="train")


def test_real_folder(shared_data: Path) -> None:
    table = load_pairs(shared_data / "snli", split="validation")
    assert table.origin.rows_read == 10_000
    assert table.origin.rows_dropped == {"no gold label (-1)": 158}
    assert len(table) == 9_842
    assert tuple(table.labels or ()) == ("entailment", "neutral", "contradiction")


def test_rows_by_a_condition(shared_data: Path) -> None:
    table = load_pairs(shared_data / "snli" / "train.parquet", where="source~cat")
    assert len(table) == 19_994
    assert table.origin.rows_dropped == {"not source~cat": 122_321 - 19_994}
    assert all("cat" in source for source in table.columns["source"])
