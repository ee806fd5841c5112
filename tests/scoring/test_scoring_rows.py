"""Scoring reads a source as tables do: repeated headers, bytes literals, a column of splits, slices, conditions."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from samesay.data import iter_rows, load_pairs
from samesay.errors import RowMalformed, SliceInvalid, SplitNotFound
from samesay.pairs import Pair
from samesay.scoring import Scorer, score_file

HEADER = "premise,hypothesis,set,n\n"
ROWS = "".join(
    f"a man,a dog {n},{('TRAIN', 'dev', 'test')[n % 3]},{n}\n" + HEADER * (n == 7) for n in range(30)
)


def read(path: Path) -> list[dict]:
    return [row.values for row in iter_rows(path)]


def numbers(path: Path) -> list[int]:
    return [int(row["n"]) for row in read(path)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


def test_a_header_among_the_rows_is_no_pair_and_is_counted(
    tmp_path: Path, scorer: Scorer, source: Path
) -> None:
    report = score_file(scorer, source, tmp_path / "out.csv", chunk_rows=4)
    assert numbers(tmp_path / "out.csv") == list(range(30))
    assert any("1 row was left out: header repeated among the rows" in note for note in report.notes)
    source.write_text(HEADER + ROWS + "hypothesis,premise,set,n\na,b,dev,1\n", encoding="utf-8")
    with pytest.raises(RowMalformed, match="another order"):
        score_file(scorer, source, tmp_path / "again.csv")


@pytest.mark.parametrize("cut", ["", "[:20%]", "[-3:]", "[2:5]"])
@pytest.mark.parametrize("split", ["", ":train", ":dev", ":test"])
def test_what_is_scored_is_what_a_table_holds(
    tmp_path: Path, scorer: Scorer, source: Path, split: str, cut: str
) -> None:
    table = load_pairs(f"{source}{split}{cut}", need_labels=False)
    report = score_file(scorer, f"{source}{split}{cut}", tmp_path / "out.csv", chunk_rows=4)
    assert numbers(tmp_path / "out.csv") == [int(n) for n in table.columns["n"]]
    assert report.rows == len(table)
    if split:
        assert any("the column 'set' names splits" in note for note in report.notes)


def test_rows_of_a_split_that_cannot_be_known_are_refused(
    tmp_path: Path, scorer: Scorer, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text("premise,hypothesis\na,b\n", encoding="utf-8")
    with pytest.raises(SplitNotFound, match="no split 'validation'"):
        score_file(scorer, f"{plain}:dev", tmp_path / "out.csv")
    with pytest.raises(SliceInvalid):
        score_file(scorer, f"{source}:dev[:11]", tmp_path / "out.csv")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(source.read_bytes())))
    with pytest.raises(SplitNotFound, match="read once"):
        score_file(scorer, "-:dev", tmp_path / "out.csv", format="csv")


def test_a_split_of_a_file_skips_what_cannot_be_read(tmp_path: Path, scorer: Scorer, source: Path) -> None:
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    source.write_text("".join([*lines[:5], "only one\n", *lines[5:]]), encoding="utf-8")
    report = score_file(scorer, f"{source}:dev[1:3]", tmp_path / "out.csv", on_error="skip", chunk_rows=2)
    assert numbers(tmp_path / "out.csv") == [4, 7]
    assert report.skipped == 1


def test_conditions_leave_rows_out(tmp_path: Path, scorer: Scorer, source: Path) -> None:
    report = score_file(scorer, source, tmp_path / "out.csv", where=("set=dev", "n!=4"))
    assert numbers(tmp_path / "out.csv") == [n for n in range(1, 30, 3) if n != 4]
    assert any("20 rows were left out: not set=dev" in note for note in report.notes)


def test_bytes_literals_are_decoded_for_the_model_and_carried_through_as_they_are(
    tmp_path: Path, scorer: Scorer
) -> None:
    texts = [("a man", "a dog"), *((f"b'a man {n}'", r"b'a caf\xc3\xa9'") for n in range(20))]
    source = tmp_path / "pairs.csv"
    source.write_text("premise,hypothesis\n" + "".join(f"{a},{b}\n" for a, b in texts), encoding="utf-8")
    report = score_file(scorer, source, tmp_path / "out.jsonl", chunk_rows=3)
    assert any("20 of 21 texts in 'hypothesis' are Python bytes literals" in note for note in report.notes)
    rows = read(tmp_path / "out.jsonl")
    assert (rows[5]["premise"], rows[5]["hypothesis"]) == texts[5]
    want = scorer.predict([Pair("a man", "a dog"), *(Pair(f"a man {n}", "a café") for n in range(20))])
    found = [[row[f"probability_{name}"] for name in scorer.labels] for row in rows]
    assert abs(want - found).max() < 1e-5


def test_the_first_thousand_rows_decide_for_a_table_and_for_scoring(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "pairs.csv"
    rows = [f"b'dog',{n},same\n" if n < 600 else f"cat,{n},same\n" for n in range(1000)]
    path.write_text(
        "first,second,label\n" + "".join([*rows, "b'x',y,different\n", *(["cat,y,same\n"] * 2000)])
    )
    table = load_pairs(path)
    assert (table.first[0], table.first[1000]) == ("dog", "x")
    report = score_file(scorer, path, tmp_path / "out.jsonl", columns={"first": "first", "second": "second"})
    notes = [note for note in table.origin.notes if "bytes literals" in note]
    assert notes == [note for note in report.notes if "bytes literals" in note]
    assert "were decoded" in notes[0]


def test_a_literal_among_plain_texts_stays_what_it_is(tmp_path: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.csv"
    source.write_text("premise,hypothesis\nb'a man',a dog\n" + "a man,a dog\n" * 5, encoding="utf-8")
    report = score_file(scorer, source, tmp_path / "out.jsonl")
    assert any("read as they stand" in note for note in report.notes)
    rows = read(tmp_path / "out.jsonl")
    want = scorer.predict([Pair("b'a man'", "a dog")])[0]
    assert abs(want - [rows[0][f"probability_{name}"] for name in scorer.labels]).max() < 1e-5


def test_an_interrupted_run_over_a_split_and_literals_is_finished_to_the_same_bytes(
    tmp_path: Path, scorer: Scorer
) -> None:
    source = tmp_path / "pairs.csv"
    rows = [f"b'a man {n}',a dog,{('train', 'dev')[n % 2]},{n}\n" for n in range(40)]
    source.write_text(HEADER + "".join(rows[:30]) + HEADER + "".join(rows[30:]), encoding="utf-8")

    def stop(progress) -> None:
        if progress.stage == "score" and progress.done >= 8:
            raise KeyboardInterrupt

    asked = f"{source}:dev[2:]"
    whole = score_file(scorer, asked, tmp_path / "whole.csv", chunk_rows=4)
    with pytest.raises(KeyboardInterrupt):
        score_file(scorer, asked, tmp_path / "out.csv", chunk_rows=4, progress=stop)
    report = score_file(scorer, asked, tmp_path / "out.csv", chunk_rows=4)
    assert report.resumed_rows == 8
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert report.notes == whole.notes
