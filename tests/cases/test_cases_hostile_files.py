"""Hostile files of other packings, encodings and layouts: the bounds of plain ones hold for them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest

import samesay
from commands import outcome
from samesay.data import bounds
from samesay.data.texts import load_texts
from samesay.errors import RowMalformed

HEADER = "premise,hypothesis,label\n"
ROWS = "a dog runs,an animal runs,x\na cat sleeps,a cat eats,y\n"
AT_ONCE = 8
"""Seconds, on a machine that does other things, too."""


def refused(capsys, path, *more, status=15):
    """Standard error of a command that has to refuse ``path`` soon and in few words."""
    began = time.process_time()
    code, _, said = outcome(capsys, "data", "show", path, *more)
    assert code == status, said
    assert time.process_time() - began < AT_ONCE
    assert len(said) < 20_000
    return said


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", method) as file:
        file.writestr("p.csv", content)
    return raw.getvalue()


PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zip": zipped}


@pytest.mark.parametrize("packing", list(PACK))
def test_a_bomb_of_any_packing_is_refused(tmp_path, capsys, packing):
    path = tmp_path / f"p.csv.{packing}"
    path.write_bytes(PACK[packing]((HEADER + "a,b,x\n" * 2_000_000).encode()))
    said = refused(capsys, path)
    assert "more than 200 times its size" in said
    assert f"{path} > unpacked-copy" in said


def test_an_archive_packed_by_lzma_which_asks_for_any_memory_is_refused(tmp_path, capsys):
    path = tmp_path / "p.csv.zip"
    path.write_bytes(zipped((HEADER + ROWS).encode(), zipfile.ZIP_LZMA))
    assert "any amount of memory" in refused(capsys, path)


def test_a_zip_archive_that_says_it_holds_more_than_it_does_is_bounded_by_its_size(tmp_path, capsys):
    path = tmp_path / "p.csv.zip"
    raw = bytearray(zipped((HEADER + "a,b,x\n" * 2_000_000).encode()))
    central = raw.index(b"PK\x01\x02")
    raw[central + 20 : central + 24] = struct.pack("<I", 2**31 - 1)
    path.write_bytes(raw)
    said = refused(capsys, path)
    assert "more than 200 times its size" in said or "damaged" in said  # as the version of Python has it


@pytest.mark.parametrize("packing", list(PACK))
def test_a_row_without_an_end_is_refused_in_any_packing(tmp_path, capsys, packing):
    path = tmp_path / f"p.csv.{packing}"
    text = "".join(f"{number:x}" for number in range(1_900_000))
    assert len(text) > bounds.LONGEST_ROW
    path.write_bytes(PACK[packing]((HEADER + text).encode()))
    assert "longer than" in refused(capsys, path)


def of_dictionary(packed: bytes, code: int) -> bytes:
    """An xz file whose first block asks for a dictionary of another size; 40 is 4 GiB."""
    end = 12 + (packed[12] + 1) * 4 - 4  # of the block's header, before its checksum
    at = packed.index(b"\x21\x01", 12) + 2
    header = packed[12:at] + bytes([code]) + packed[at + 1 : end]
    return packed[:12] + header + zlib.crc32(header).to_bytes(4, "little") + packed[end + 4 :]


def test_an_xz_file_does_not_say_how_much_memory_is_taken(tmp_path, capsys):
    path = tmp_path / "p.csv.xz"
    packed = lzma.compress((HEADER + ROWS).encode(), preset=0)
    path.write_bytes(of_dictionary(packed, 40))
    assert "dictionary" in refused(capsys, path)
    path.write_bytes(of_dictionary(packed, 28))  # 64 MiB, as xz -9 takes
    assert outcome(capsys, "data", "show", path)[0] == 0


def test_xz_streams_one_after_the_other_are_one_file(tmp_path):
    text = HEADER + ROWS
    parts = [lzma.compress(text[at : at + 40].encode()) for at in range(0, len(text), 40)]
    path = tmp_path / "p.csv.xz"
    path.write_bytes((b"\0" * 4).join(parts) + b"\0" * 8)
    (tmp_path / "p.csv").write_text(text)
    assert samesay.load_pairs(path).fingerprint() == samesay.load_pairs(tmp_path / "p.csv").fingerprint()
    path.write_bytes(parts[0] + b"no xz")
    with pytest.raises(RowMalformed, match="damaged"):
        samesay.load_pairs(path)


def test_a_table_has_so_many_rows_at_most(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_ROWS", 100)
    monkeypatch.setattr(bounds, "MOST_TEXTS", 100)
    path = tmp_path / "p.csv"
    path.write_text("premise,hypothesis,label\n" + "a dog,a cat,x\n" * 101)
    assert "more than 100 rows" in refused(capsys, path)
    with pytest.raises(RowMalformed, match="more than 100 rows"):
        load_texts(path, column="premise")
    path.write_text("premise,hypothesis,label\n" + "a dog,a cat,x\n" * 100)
    assert outcome(capsys, "data", "show", path)[0] == 0


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_row_without_an_end_is_refused_in_any_encoding(tmp_path, capsys, encoding):
    path = tmp_path / "p.csv"
    path.write_bytes((HEADER + "\xe9" * bounds.LONGEST_ROW).encode(encoding))
    assert "longer than" in refused(capsys, path, "--encoding", encoding)


@pytest.mark.parametrize("packing", list(PACK))
def test_a_parquet_file_in_a_packing_is_not_unpacked_beyond_a_bound(tmp_path, capsys, monkeypatch, packing):
    from samesay.data.formats import readers

    monkeypatch.setattr(readers, "MOST_IN_MEMORY", 1_000_000)
    path = tmp_path / f"p.parquet.{packing}"
    path.write_bytes(PACK[packing](b"PAR1" + bytes(range(256)) * 5_000))
    assert "read from their end" in refused(capsys, path, "--format", "parquet")


def test_a_line_of_many_values_is_no_row_whatever_its_layout(tmp_path, capsys):
    for name, separator in (("p.csv", ";"), ("q.tsv", "\t"), ("r.csv", "|")):
        path = tmp_path / name
        path.write_text((HEADER + ROWS).replace(",", separator) + separator * 300_000 + "\n")
        assert "300,000 values" in refused(capsys, path)
    path = tmp_path / "p.jsonl"
    path.write_text('["a", "b", "x"]\n[' + "0," * 300_000 + "0]\n")
    assert "values" in refused(capsys, path, "--columns", "first=1,second=2,label=3")


def test_rows_of_wrong_width_below_ten_thousand_columns_are_skipped_at_once(tmp_path, capsys):
    path = tmp_path / "wide.csv"
    names = ["premise", "hypothesis", *(f"a column {number}" for number in range(9_998))]
    path.write_text(",".join(names) + "\n" + "a\n" * 20_000)
    refused(capsys, path, "--on-error", "skip", status=19)


def test_bytes_of_no_encoding_in_every_line_are_skipped_at_once(tmp_path, capsys):
    path = tmp_path / "p.csv"
    path.write_bytes((HEADER + ROWS).encode() + (b"\xff\xfe" * 20_000 + b"\n") * 150)
    began = time.process_time()
    assert outcome(capsys, "data", "show", path, "--on-error", "skip")[0] == 0
    assert time.process_time() - began < AT_ONCE


def test_a_side_of_which_nothing_is_to_be_read_is_skipped_as_an_empty_one(tmp_path, capsys):
    path = tmp_path / "p.csv"
    path.write_text(HEADER + ROWS + "a,\u200b\u200b,x\n")
    assert outcome(capsys, "data", "show", path, "--on-error", "skip")[0] == 0
    _, shown, _ = outcome(capsys, "data", "show", path, "--on-error", "skip", "--json")
    assert '"empty-side": 1' in shown


# --- workbooks ---


def workbook(path: Path, rows: str) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    raw = io.BytesIO()
    openpyxl.Workbook().save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                head, _, tail = content.partition(b"<sheetData")
                content = head + f"<sheetData>{rows}</sheetData>".encode() + tail.partition(b"/>")[2]
            new.writestr(name, content)
    return path


def cells(*texts: str) -> str:
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts) + "</row>"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("<row>" + "<c/>" * 3_000_000 + "</row>", "values"),
        (cells("a", "x" * (bounds.LONGEST_ROW + 10)), "longer than"),
        ('<row r="99999999999"><c/></row>', "stands at"),
        ('<row><c r="ZZZZZZ1"><v>1</v></c></row>', "stands at"),
        ("<row/>" * 1_100_000, "stands at"),
    ],
)
def test_a_sheet_that_would_fill_the_memory_is_refused(tmp_path, capsys, rows, told):
    head = cells("premise", "hypothesis", "label")
    plain = workbook(tmp_path / "plain.xlsx", head + cells("a", "b", "x") + cells("c", "d", "y"))
    assert outcome(capsys, "data", "show", plain)[0] == 0
    assert told in refused(capsys, workbook(tmp_path / "p.xlsx", head + rows))
