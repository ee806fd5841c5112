"""Every format gives the same table, and every way in which a file can be broken is met with its place."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesay.data import load_pairs
from samesay.errors import (
    ColumnNotFound,
    DataError,
    EmptySide,
    EncodingInvalid,
    ExtraMissing,
    FormatUnknown,
    NoRows,
    NulByte,
    RowMalformed,
    SourceNotFound,
)
from samesay.pairs import is_empty

HEADER = "premise,hypothesis,label\n"
GOOD = [
    ("A man, tall, sleeps.", 'He says "no".', "neutral"),
    ("Zwei Zeilen\nin einem Feld", "naïve café 東京 🙂", "entailment"),
    ("plain", "words", "contradiction"),
]


def refusal(path: Path, content: bytes | str, kind: type[DataError], **options: object) -> DataError:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(kind) as caught:
        load_pairs(path, **options)  # pyright: ignore[reportArgumentType]
    assert type(caught.value) is kind
    return caught.value


def write(path: Path, rows: list[tuple[str, str, str]]) -> None:
    import csv

    if ".parquet" in path.name:
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = ("premise", "hypothesis", "label")
        pq.write_table(pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))), path)
        return
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        if ".jsonl" in path.name:
            for first, second, label in rows:
                file.write(json.dumps({"premise": first, "hypothesis": second, "label": label}) + "\n")
        else:
            writer = csv.writer(file)
            writer.writerows([("premise", "hypothesis", "label"), *rows])


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.parquet", "p.csv.gz", "p.jsonl.gz"])
def test_formats_agree(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, GOOD)
    table = load_pairs(tmp_path / name)
    assert [(pair.first, pair.second, pair.label) for pair in table.pairs()] == GOOD
    write(tmp_path / "other.jsonl", GOOD)
    assert table.fingerprint() == load_pairs(tmp_path / "other.jsonl").fingerprint()


text_side = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
    lambda text: not is_empty(text)
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(text_side, text_side, st.sampled_from(["yes", "no"])), min_size=1, max_size=8))
@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
def test_any_text_survives_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, name: str, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    write(path, rows)
    assert [(pair.first, pair.second, pair.label) for pair in load_pairs(path).pairs()] == rows


def test_tabs_part_fields_and_quotes_are_letters(tmp_path: Path) -> None:
    path = tmp_path / "p.tsv"
    path.write_text(
        'sentence1\tsentence2\tlabel\n"Never closed\tb, c\tx\n"all of it"\td\ty\n"say ""yes"""\te\ty\n'
    )
    assert load_pairs(path).first == ['"Never closed', '"all of it"', 'say "yes"']


def test_tsv_with_everything_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / "p.tsv"
    path.write_text('"sentence1"\t"sentence2"\t"label"\n"a\tb"\t"c\nd"\t"x"\n"e"\t""\t"y"\n')
    error = refusal(path, path.read_bytes(), EmptySide)
    assert error.where == f"{path}:4"
    assert load_pairs(path, allow_empty_sides=True).first == ["a\tb", "e"]


def test_byte_order_mark_line_ends_and_blank_lines_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(b"\xef\xbb\xbfpremise,hypothesis,label\r\na,b,x\r\n\r\nc,d,y\r\n\r\n")
    table = load_pairs(path)
    assert (table.first, table.label_names()) == (["a", "c"], ["x", "y"])


def test_line_numbers_count_the_lines_inside_quotes(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.csv", HEADER + '"one\ntwo\nthree",b,x\nc,d,y,z\n', RowMalformed)
    assert error.where == f"{tmp_path / 'p.csv'}:5"
    assert error.message == "Line 5 has 4 fields; the header has 3."
    assert error.hint == "--on-error skip"
    assert error.expected is not None
    assert "double quotes" in error.expected


def test_ragged_tab_rows(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.tsv", "premise\thypothesis\tlabel\na\tb\n", RowMalformed)
    assert error.message == "Line 2 has 2 fields; the header has 3."


def test_a_quote_never_closed_names_where_it_opens(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.csv", HEADER + 'a,b,x\n"c,d,y\ne,f,z\n', RowMalformed)
    assert error.where == f"{tmp_path / 'p.csv'}:3"
    assert "not closed" in error.message


def test_text_after_a_closing_quote(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.csv", HEADER + '"a" b,c,x\n', RowMalformed)
    assert error.where == f"{tmp_path / 'p.csv'}:2"


def test_lone_carriage_returns(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.csv", "premise,hypothesis,label\ra,b,x\r", RowMalformed)
    assert "carriage return" in error.message


def test_fields_longer_than_pythons_limit(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    long = "word " * 100_000
    path.write_text(HEADER + f"{long}x,b,x\n")
    assert len(load_pairs(path).first[0]) == len(long) + 1


def test_wrong_encoding_names_byte_line_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    head = (HEADER + "a,b,x\n").encode()
    error = refusal(path, head + "café,b,x\n".encode("latin-1"), EncodingInvalid)
    assert error.where == f"{path}:3"
    assert error.details == {"offset": len(head) + 3}
    assert "0xe9" in error.message
    assert error.hint == "--encoding cp1252"
    assert load_pairs(path, encoding="cp1252").first == ["a", "café"]


def test_utf16_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes((HEADER + "a,b,x\n").encode("utf-16"))
    table = load_pairs(tmp_path / "p.csv")
    assert table.first == ["a"]
    assert table.origin.notes == ("read as UTF-16, as its byte order mark says",)


def test_the_offset_counts_a_byte_order_mark(tmp_path: Path) -> None:
    head = b"\xef\xbb\xbf" + HEADER.encode()
    error = refusal(tmp_path / "p.csv", head + b"\xff,b,x\n", EncodingInvalid)
    assert error.details["offset"] == len(head)


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.jsonl"])
def test_nul_bytes(tmp_path: Path, name: str) -> None:
    heads = {
        "p.csv": b"premise,hypothesis\n",
        "p.tsv": b"premise\thypothesis\n",
        "p.jsonl": b'{"premise": "a", "hypothesis": "b"}\n',
    }
    first = heads[name]
    error = refusal(tmp_path / name, first + b"a\0b\n", NulByte, need_labels=False)
    assert error.where == f"{tmp_path / name}:2"
    assert error.details == {"offset": len(first) + 1}


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ('{"premise": "a", ', RowMalformed, "Line 2 is not JSON"),
        ('["a", "b"]', RowMalformed, "an array, not an object"),
        ("null", RowMalformed, "null, not an object"),
        ('{"premise": "a", "premise": "b"}', RowMalformed, "'premise' occurs twice"),
        ('{"premise": {"text": "a"}, "hypothesis": "b", "label": "x"}', RowMalformed, "is dict, not text"),
        ('{"premise": 5, "hypothesis": "b", "label": "x"}', RowMalformed, "'premise' holds 5, which is int"),
        ('{"hypothesis": "b", "label": "x"}', RowMalformed, "no 'premise'"),
        ('{"premise": null, "hypothesis": "b", "label": "x"}', EmptySide, "'premise' is empty"),
        ('{"premise": "a \\ud83d", "hypothesis": "b", "label": "x"}', EncodingInvalid, "surrogate"),
        ('{"premise": "a", "hypothesis": "b", "label": "x", "e": ["\\udc00"]}', EncodingInvalid, "surrogate"),
        ("[" * 100_000, RowMalformed, "Line 2"),
        ('{"n": ' + "9" * 5000 + "}", RowMalformed, "Line 2"),
    ],
)
def test_json_lines_that_cannot_be_used(
    tmp_path: Path, line: str, kind: type[DataError], message: str
) -> None:
    path = tmp_path / "p.jsonl"
    good = '{"premise": "a", "hypothesis": "b", "label": "x"}\n'
    error = refusal(path, good + line + "\n", kind)
    assert message in error.message
    assert error.where is not None
    assert error.where.startswith(f"{path}:2")


def test_whole_surrogate_pairs_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"premise": "\\ud83d\\ude00", "hypothesis": "b", "label": "x", "more": {"k": [1]}}\n')
    table = load_pairs(path)
    assert table.first == ["😀"]
    assert table.columns == {"more": ['{"k": [1]}']}


def test_a_json_array_is_distinguished_from_lines(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.json", '[{"premise": "a"}]', FormatUnknown)
    assert error.hint is not None
    assert error.hint.startswith("jq -c '.[]'")


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.jsonl", "p.parquet", "p.csv.gz"])
def test_empty_files(tmp_path: Path, name: str) -> None:
    error = refusal(tmp_path / name, gzip.compress(b"") if name.endswith("gz") else b"", NoRows)
    assert "empty" in error.message


def test_a_header_and_nothing_else(tmp_path: Path) -> None:
    assert "no rows" in refusal(tmp_path / "p.csv", HEADER, NoRows).message


def test_no_row_with_a_gold_label(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.csv", HEADER + "a,b,-\nc,d,-1\n", NoRows)
    assert error.details["rows_dropped"] == {"no gold label (-)": 1, "no gold label (-1)": 1}


@pytest.mark.parametrize("name", ["p.csv.gz", "p.jsonl.gz"])
def test_gzip_cut_short_or_corrupted(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, GOOD * 2000)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:-4] + b"\0\0\0\0"):
        error = refusal(path, broken, RowMalformed)
        assert "gzip data" in error.message
        assert error.hint == f"check it with: gzip -t {path}"


def test_parquet_cut_short_or_not_parquet_at_all(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write(path, GOOD * 100)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], HEADER.encode(), b"PAR1" + b"\0" * 30 + b"PAR1"):
        error = refusal(path, broken, RowMalformed)
        assert "not a complete Parquet file" in error.message
        assert error.where == str(path)


def test_packed_parquet_cut_short(tmp_path: Path) -> None:
    write(tmp_path / "p.parquet", GOOD)
    packed = gzip.compress((tmp_path / "p.parquet").read_bytes())
    path = tmp_path / "p.parquet.gz"
    path.write_bytes(packed)
    assert len(load_pairs(path)) == 3
    assert "gzip data" in refusal(path, packed[:-20], RowMalformed).message


def test_parquet_bytes_are_text_and_bad_ones_named_by_row(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"text1": [b"caf\xc3\xa9"], "text2": [b"b"], "label": [True]}), path)
    table = load_pairs(path)
    assert (table.first, table.label_names()) == (["café"], ["true"])
    pq.write_table(pa.table({"text1": [b"ok", b"caf\xe9"], "text2": [b"b", b"c"], "label": [1, 0]}), path)
    with pytest.raises(EncodingInvalid) as caught:
        load_pairs(path)
    assert caught.value.where == f"{path} row 2"
    pq.write_table(pa.table({"text1": ["a"], "text2": ["b"], "label": ["x"], "md5": [b"\xff"]}), path)
    assert load_pairs(path).columns["md5"] == ["ff"]


def test_parquet_knows_the_class_names_that_datasets_writes(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"sentence1": ["a", "b"], "sentence2": ["c", "d"], "label": [1, 0]})
    note = {"info": {"features": {"label": {"names": ["not_same", "same"], "_type": "ClassLabel"}}}}
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(note)}), tmp_path / "p.parquet")
    loaded = load_pairs(tmp_path / "p.parquet")
    assert loaded.label_names() == ["same", "not_same"]
    assert tuple(loaded.labels or ()) == ("not_same", "same")
    # The same names wanted in another order change no label; other names are those of the numbers.
    wanted = load_pairs(tmp_path / "p.parquet", labels=["same", "not_same"])
    assert wanted.label_names() == ["same", "not_same"]
    assert load_pairs(tmp_path / "p.parquet", labels=["other", "alike"]).label_names() == ["alike", "other"]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path) -> None:
    write(tmp_path / "p.parquet", GOOD)
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from samesay.data import load_pairs\nfrom samesay.errors import ExtraMissing\n"
        f"try: load_pairs({str(tmp_path / 'p.parquet')!r})\n"
        "except ExtraMissing as error: print(error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "pip install 'samesay[parquet]'"
    assert ExtraMissing.exit_code == 52


def test_text_formats_are_read_without_pyarrow_or_pandas(tmp_path: Path) -> None:
    write(tmp_path / "p.csv", GOOD)
    script = (
        "import sys\nfrom samesay.data import load_pairs\n"
        f"load_pairs({str(tmp_path / 'p.csv')!r})\n"
        "print(sorted({'pyarrow', 'pandas', 'keras', 'jax', 'tensorflow', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_column_names_that_occur_twice(tmp_path: Path) -> None:
    error = refusal(tmp_path / "p.csv", "premise,hypothesis,premise,label\na,b,c,x\n", ColumnNotFound)
    assert "'premise' stands over 2 columns (numbers 1, 3)" in error.message


def test_parquet_columns_whose_names_occur_twice(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table([["a"], ["b"], ["other"]], names=["premise", "hypothesis", "premise"])
    pq.write_table(table, tmp_path / "p.parquet")
    with pytest.raises(ColumnNotFound, match="'premise' stands over 2 columns"):
        load_pairs(tmp_path / "p.parquet", need_labels=False)


def test_columns_without_a_name_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(",premise,hypothesis,label\n7,a,b,x\n")
    assert load_pairs(path).columns == {"column 1": ["7"]}


def test_empty_sides_are_counted_and_placed(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    error = refusal(path, HEADER + "a,b,x\n  ,c,y\nd,,y\n,,-\n", EmptySide)
    assert error.where == f"{path}:3"
    assert "'premise' is empty" in error.message
    assert error.details == {"rows": 2, "first_places": [f"{path}:3", f"{path}:4"]}
    assert len(load_pairs(path, allow_empty_sides=True)) == 3


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.csv"
    write(path, GOOD)

    def refuse(
        *_: object, **__: object
    ) -> None:  # root may read everything, so file modes would prove nothing
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceNotFound, match=r"p\.csv cannot be read: Permission denied"):
        load_pairs(path)
