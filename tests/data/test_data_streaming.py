"""Rows come one at a time, in order, with their places, and never more of a file in memory than needed."""

from __future__ import annotations

import gzip
import io
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from samesay.data import SourceRows, find_columns, iter_rows, side_text
from samesay.errors import ColumnNotFound, RowMalformed, SliceInvalid


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.csv"
    path.write_text("premise,hypothesis,id\n" + "".join(f'"p\n{i}",h{i},{i}\n' for i in range(100)))
    return path


def ids(rows: Iterator) -> list[int]:
    return [int(row.values["id"]) for row in rows]


@pytest.mark.parametrize("cut", ["", "[:10]", "[90:]", "[20:30]", "[:20%]", "[-10%:]", "[-5:]", "[10%:-80]"])
def test_slices_agree_with_tables(path: Path, cut: str) -> None:
    from samesay.data import load_pairs

    table = load_pairs(f"{path}{cut}", need_labels=False)
    assert ids(iter_rows(f"{path}{cut}")) == [int(value) for value in table.columns["id"]]


@pytest.mark.parametrize("cut", ["[:101]", "[100:]", "[50:200]", "[20:10]", "[:-100]"])
def test_slices_that_do_not_fit_are_refused(path: Path, cut: str) -> None:
    with pytest.raises(SliceInvalid):
        list(iter_rows(f"{path}{cut}"))


def test_a_slice_that_ends_before_it_begins_is_not_said_to_reach_outside(path: Path) -> None:
    with pytest.raises(SliceInvalid, match=r"The slice \[20:10\] selects no rows"):
        list(iter_rows(f"{path}[20:10]"))


def test_rows_know_their_lines_and_columns(path: Path) -> None:
    with SourceRows(path) as rows:
        found = find_columns(rows.columns, where=rows.name, need_label=False)
        third = next(islice(iter(rows), 2, None))
        assert (third.number, third.line) == (3, 6)
        assert rows.place(third) == f"{path}:6"
        assert side_text(third.values, found.first, place=rows.place(third)) == "p\n2"
        assert (rows.format, rows.columns) == ("csv", ["premise", "hypothesis", "id"])


def test_a_bad_row_is_met_when_it_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("premise,hypothesis\na,b\nc\n")
    rows = iter_rows(path)
    assert next(rows).values["premise"] == "a"
    with pytest.raises(RowMalformed) as caught:
        next(rows)
    assert caught.value.where == f"{path}:3"


def test_shards_follow_one_another(tmp_path: Path) -> None:
    for place in range(2):
        (tmp_path / f"train-0000{place}-of-00002.csv").write_text(f"premise,hypothesis,id\na,b,{place}\n")
    assert ids(iter_rows(tmp_path)) == [0, 1]
    (tmp_path / "train-00001-of-00002.csv").write_text("premise,hypothesis,other\na,b,1\n")
    with pytest.raises(ColumnNotFound, match="are not those of"):
        list(iter_rows(tmp_path))


def test_standard_input_counts_forward_only(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    def piped() -> SimpleNamespace:
        return SimpleNamespace(buffer=io.BytesIO(path.read_bytes()))

    monkeypatch.setattr(sys, "stdin", piped())
    assert ids(iter_rows("-[2:4]")) == [2, 3]
    monkeypatch.setattr(sys, "stdin", piped())
    with pytest.raises(SliceInvalid, match="not known beforehand of standard input"):
        list(iter_rows("-[:20%]"))


def test_built_in_sources_stream_too() -> None:
    rows = list(iter_rows("handwritten[:3]"))
    assert [row.number for row in rows] == [1, 2, 3]
    assert "domain" in rows[0].values


@pytest.mark.parametrize("name", ["big.csv.gz", "big.jsonl.gz", "big.parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    n_rows, text = 20_000, "word " * 20
    path = tmp_path / name
    if name.endswith("parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(
            pa.table({"text1": [text] * n_rows, "text2": [text] * n_rows}), path, row_group_size=2048
        )
    else:
        with gzip.open(path, "wt", compresslevel=1) as file:
            if "csv" in name:
                file.write("text1,text2\n")
                file.writelines(f"{text},{text}\n" for _ in range(n_rows))
            else:
                file.writelines(f'{{"text1": "{text}", "text2": "{text}"}}\n' for _ in range(n_rows))
    next(iter_rows(path))  # what is imported late counts for nobody's file
    tracemalloc.start()
    assert sum(1 for _ in iter_rows(path)) == n_rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000  # the texts are 4 million characters
