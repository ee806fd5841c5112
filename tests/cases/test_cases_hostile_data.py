"""Data files of somebody hostile: small ones that would hang, large ones that would fill the memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands import outcome
from samesay.data import bounds

HEADER = "premise,hypothesis,label\n"
ROWS = "a dog runs,an animal runs,x\na cat sleeps,a cat eats,y\n"
AT_ONCE = 5
"""Seconds, on a machine that does other things, too."""


def refused(capsys, path, status, *more, verb=("data", "show")):
    """Standard error of a command that has to refuse ``path`` soon and in few words."""
    began = time.process_time()
    code, _, said = outcome(capsys, *verb, path, *more)
    assert code == status, said
    assert time.process_time() - began < AT_ONCE
    assert len(said) < 20_000
    return said


# --- nothing quadratic ---


def test_fifty_thousand_columns_are_refused_at_once(tmp_path, capsys):
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{number}" for number in range(50_000)) + "\n" + "," * 49_999 + "\n")
    assert "50,000 columns" in refused(capsys, path, 15)


def test_ten_thousand_columns_are_read_at_once_and_their_names_are_not_all_listed(tmp_path, capsys):
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{number}" for number in range(10_000)) + "\n" + "," * 9_999 + "\n")
    assert "and 9,970 more" in refused(capsys, path, 13)


def test_a_column_twice_among_ten_thousand_is_found_at_once(tmp_path, capsys):
    path = tmp_path / "twice.tsv"
    path.write_text("\t".join([*(f"c{number}" for number in range(9_999)), "c9998"]) + "\n")
    assert "'c9998' stands over 2 columns" in refused(capsys, path, 13)


def test_a_key_twice_among_a_hundred_thousand_is_found_at_once(tmp_path, capsys):
    path = tmp_path / "keys.jsonl"
    path.write_text("{" + ",".join(f'"k{number}": 0' for number in (*range(100_000), 99_999)) + "}\n")
    assert "'k99999' occurs twice" in refused(capsys, path, 15)


def test_fifty_thousand_labels_in_a_hundred_thousand_rows_are_no_classes(tmp_path, capsys):
    path = tmp_path / "labels.csv"
    path.write_text(HEADER + "".join(f"a,b,l{number % 50_000}\n" for number in range(100_000)))
    assert "these are not classes" in refused(capsys, path, 22)


def test_a_header_of_megabytes_makes_a_short_message(tmp_path, capsys):
    path = tmp_path / "header.csv"
    path.write_text("x" * 3_000_000 + ",b\n1,2\n")
    refused(capsys, path, 13)


def test_a_label_of_megabytes_makes_a_short_message(tmp_path, capsys):
    path = tmp_path / "label.csv"
    path.write_text(HEADER + ROWS + f"a,b,{'z' * 3_000_000}\n")
    refused(capsys, path, 22, "--labels", "x,y")


def test_a_slice_of_thousands_of_digits_or_blanks_is_refused(tmp_path, capsys):
    path = tmp_path / "p.csv"
    path.write_text(HEADER + ROWS)
    refused(capsys, f"{path}[:{'9' * 5_000}]", 14)
    refused(capsys, f"{path}{' ' * 60_000}x", 11)


def test_inputs_by_the_ten_thousand_are_compared_in_one_pass():
    from samesay.scoring.files.intake import found_sources

    began = time.process_time()
    assert len(found_sources([f"part-{number}.csv" for number in range(20_000)])[0]) == 20_000
    assert time.process_time() - began < AT_ONCE


# --- a bound on a row ---


@pytest.mark.parametrize(
    ("name", "start"),
    [("p.csv", HEADER), ("p.tsv", HEADER.replace(",", "\t")), ("p.jsonl", '{"premise": "')],
)
def test_a_line_without_an_end_is_refused_with_its_place(tmp_path, capsys, name, start):
    path = tmp_path / name
    path.write_text(start + "x" * (bounds.LONGEST_ROW + 10))
    said = refused(capsys, path, 15)
    assert f"{path}:{2 if name != 'p.jsonl' else 1}" in said
    assert "longer than" in said


def test_a_row_over_many_lines_whose_quote_is_never_closed_is_refused_where_it_opens(tmp_path, capsys):
    path = tmp_path / "p.csv"
    path.write_text(HEADER + ROWS + '"' + ("word " * 15 + "\n") * 150_000)
    said = refused(capsys, path, 15)
    assert f"{path}:4" in said
    assert "not closed" in said


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.jsonl"])
def test_a_row_of_a_million_values_is_refused(tmp_path, capsys, name):
    path = tmp_path / name
    separator = "\t" if name == "p.tsv" else ","
    bodies = {"p.jsonl": '{"premise": [' + "{}," * 1_000_000 + "0]}\n"}
    path.write_text(bodies.get(name) or HEADER.replace(",", separator) + separator * 1_000_000 + "\n")
    assert "values" in refused(capsys, path, 15)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_a_device_of_zeros_ends_at_once(capsys, kind):
    refused(capsys, "/dev/zero", 15 if kind == "parquet" else 17, "--format", kind)


def test_a_text_of_megabytes_is_shown_with_its_length_and_not_whole(tmp_path, capsys):
    path = tmp_path / "long.csv"
    path.write_text(HEADER + f"{'word ' * 200_000},b,x\na,b,y\n")
    status, shown, _ = outcome(capsys, "data", "show", path)
    assert status == 0
    assert "(1,000,000 letters in all)" in shown
    assert len(shown) < 20_000
    _, shown, _ = outcome(capsys, "data", "show", path, "--json")
    assert json.loads(shown)["samples"][0]["first"] == "word " * 200_000


# --- gzip ---


def test_a_gzip_bomb_of_many_rows_is_refused(tmp_path, capsys):
    path = tmp_path / "bomb.csv.gz"
    block = gzip.compress(b"a,b,x\n" * 1_000_000, 9)
    path.write_bytes(gzip.compress(HEADER.encode()) + block * 40)
    said = refused(capsys, path, 15)
    assert "more than 200 times its size" in said
    assert f"gzip -dc {path}" in said


def test_gzipped_pairs_that_repeat_themselves_are_read(tmp_path, capsys):
    path = tmp_path / "same.csv.gz"
    path.write_bytes(gzip.compress((HEADER + ROWS * 20_000).encode()))
    assert outcome(capsys, "data", "show", path)[0] == 0


def test_a_gzipped_parquet_file_is_not_unpacked_beyond_a_bound(tmp_path, capsys, monkeypatch):
    path = tmp_path / "p.parquet.gz"
    path.write_bytes(gzip.compress(b"PAR1" + b"\0" * 200_000_000, 1))
    refused(capsys, path, 15)


# --- Parquet ---


def parquet(path: Path, **columns):
    import pyarrow as pa
    import pyarrow.parquet as pq

    options = columns.pop("options", {})
    n = len(next(iter(columns.values())))
    labels = ["x" if row % 2 else "y" for row in range(n)]
    given = {"premise": ["a"] * n, "hypothesis": ["b"] * n, "label": labels} | columns
    pq.write_table(pa.table(given), path, **options)
    return path


def test_a_dictionary_of_one_long_text_for_many_rows_is_read_a_few_rows_at_a_time(tmp_path):
    from samesay.data import SourceRows

    path = parquet(tmp_path / "p.parquet", premise=["x" * 1_000_000] * 300)
    assert path.stat().st_size < 300_000
    import pyarrow as pa

    before = pa.total_allocated_bytes()
    with SourceRows(path) as rows:
        most = max(pa.total_allocated_bytes() for _ in rows)
    assert most - before < 100_000_000


def test_a_page_that_unpacks_to_hundreds_of_megabytes_is_refused(tmp_path, capsys):
    huge = ["x" * 70_000_000, "y" * 70_000_000, "z" * 70_000_000]
    options = {"use_dictionary": False, "compression": "zstd", "data_page_size": 2**30}
    path = parquet(tmp_path / "p.parquet", premise=huge, options=options)
    assert path.stat().st_size < 1_000_000
    assert "too large to be read" in refused(capsys, path, 15)


def test_a_text_longer_than_a_row_may_be_is_refused_in_parquet_too_and_can_be_skipped(tmp_path, capsys):
    path = parquet(tmp_path / "p.parquet", premise=["a", "x" * (bounds.LONGEST_ROW + 1)] * 4)
    assert f"{path} row 2" in refused(capsys, path, 15)
    from samesay.data import ReadOptions, SourceRows

    with SourceRows(path, ReadOptions(on_error="skip")) as rows:
        assert [row.error is None for row in rows] == [True, False] * 4


def odd_columns():
    import pyarrow as pa

    return {
        "unknown zone": pa.array([0, 1], pa.timestamp("us", "Mars/Olympus")),
        "day beyond years": pa.array([2**31 - 1, 0], pa.int32()).cast(pa.date32()),
        "time beyond years": pa.array([2**62, 0], pa.timestamp("us")),
        "long duration": pa.array([2**62, None], pa.duration("s")),
    }


@pytest.mark.parametrize("which", ["unknown zone", "day beyond years", "time beyond years", "long duration"])
def test_odd_times_in_parquet_are_read_as_text(tmp_path, capsys, which):
    path = parquet(tmp_path / "p.parquet", note=odd_columns()[which])
    status, _, said = outcome(capsys, "data", "show", path)
    assert (status, said) == (0, "")


def test_a_list_of_odd_times_is_a_row_that_cannot_be_read(tmp_path, capsys):
    import pyarrow as pa

    path = parquet(tmp_path / "p.parquet", note=pa.array([[2**62], [1]], pa.list_(pa.duration("s"))))
    assert f"{path} row 1" in refused(capsys, path, 15)


def test_label_names_nested_beyond_measure_are_a_note_that_is_not_understood(tmp_path, capsys):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"premise": ["a", "b"], "hypothesis": ["c", "d"], "label": ["x", "y"]})
    pq.write_table(table.replace_schema_metadata({"huggingface": "[" * 50_000}), tmp_path / "p.parquet")
    assert outcome(capsys, "data", "show", tmp_path / "p.parquet")[0] == 0


def test_arrow_without_memory_says_so(tmp_path, capsys, monkeypatch):
    import pyarrow as pa
    import pyarrow.parquet as pq

    def fail(*_, **__):
        raise pa.ArrowMemoryError("malloc of size 64 failed")

    path = parquet(tmp_path / "p.parquet", note=["a", "b"])
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", fail)
    assert "Memory ran out while" in refused(capsys, path, 59)


# --- reading that fails ---


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc here")
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_read_that_fails_names_the_file(capsys, kind):
    said = refused(capsys, "/proc/self/mem", 11, "--format", kind)
    assert "Input/output error" in said
    assert "where: /proc/self/mem" in said


# --- recipes ---


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nul.yaml", "epochs: 3\0\n"),
        ("escape.yaml", "epochs: \x1b3\n"),
        ("nul.toml", "epochs = 3\0\n"),
        ("digits.toml", f"epochs = {'9' * 5_000}\n"),
        ("digits.yaml", f"epochs: {'9' * 5_000}\n"),
        ("large.toml", f"learning_rate = {'9' * 4_000}\n"),
        ("large.yaml", f"epochs: {'9' * 4_000}\n"),
        ("largest.yaml", f"dropout: -{'9' * 400}\n"),
        ("dots.toml", ".".join(["a"] * 10_000) + " = 1\n"),
        ("deep.toml", "a = " + "[" * 10_000 + "]" * 10_000 + "\n"),
    ],
)
def test_a_recipe_that_cannot_be_read_is_invalid(tmp_path, capsys, name, content):
    (tmp_path / name).write_text(content)
    refused(capsys, tmp_path / name, 3, verb=("config",))


# --- what lies in a saved model ---


@pytest.fixture
def model(tmp_path):
    from tiny_models import save_tiny

    return save_tiny(tmp_path / "model", trained_on=[0xA1, 0xB2])


def test_a_manifest_of_thirty_thousand_keys_is_refused_at_once(model, capsys):
    keys = ", ".join(f'"k{number}": 0' for number in (*range(30_000), 29_999))
    (model / "samesay.json").write_text("{" + keys + "}")
    assert "stands there twice" in refused(capsys, model, 42, verb=("inspect",))


def test_a_manifest_of_gigabytes_is_not_read(model, capsys):
    with (model / "samesay.json").open("r+b") as file:
        file.truncate(8_000_000_000)
    assert "8,000,000,000 bytes" in refused(capsys, model, 42, verb=("inspect",))


def test_pair_hashes_that_unpack_to_gigabytes_are_refused(model, tmp_path, capsys):
    from fuzz.mutation import mend_manifest

    pairs = tmp_path / "p.csv"
    pairs.write_text(HEADER + "a,b,neutral\nc,d,entailment\n")
    block = gzip.compress(b"train\t00000000000000a1\n" * 1_000_000, 9)
    (model / "pair_hashes.txt.gz").write_bytes(block * 50)
    mend_manifest(model)
    assert "pair hashes" in refused(capsys, model, 42, pairs, verb=("evaluate",))


def test_pair_hashes_that_are_no_numbers_are_refused(model, tmp_path, capsys):
    from fuzz.mutation import mend_manifest

    pairs = tmp_path / "p.csv"
    pairs.write_text(HEADER + "a,b,neutral\nc,d,entailment\n")
    (model / "pair_hashes.txt.gz").write_bytes(gzip.compress(b"train\tzzzz\n"))
    mend_manifest(model)
    assert "pair hashes" in refused(capsys, model, 42, pairs, verb=("evaluate",))


# --- memory, measured ---

MEASURE = """
import resource, sys, threading, time
from samesay.cli.main import main
main_args = sys.argv[2:]
most = 0
def own():
    for line in open("/proc/self/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
def run(words):
    try:
        main(words)
    except SystemExit as end:
        return end.code
def watch():
    global most
    while True:
        most = max(most, own())
        time.sleep(0.005)
run(["data", "show", sys.argv[1]])
base = own()
threading.Thread(target=watch, daemon=True).start()
status = run(main_args)
print(f"\\n{status} {max(most, own()) - base}", file=sys.stderr)
"""


def grown(tmp_path: Path, *words) -> tuple[int, int]:
    """The exit status of a command in a process of its own, and the memory it took beyond a small one's."""
    small = tmp_path / "small.csv"
    small.write_text(HEADER + ROWS)
    call = [sys.executable, "-c", MEASURE, str(small), *map(str, words)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    status, size = done.stderr.splitlines()[-1].split()
    return int(status), int(size)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the memory")
def test_a_file_of_many_long_texts_is_shown_in_bounded_memory(tmp_path):
    path = tmp_path / "long.csv"
    text = "aa " * 2_000_000
    path.write_text(HEADER + "".join(f"{text},b{row},{'xy'[row % 2]}\n" for row in range(10)))
    status, size = grown(tmp_path, "data", "show", path)
    assert status == 0
    assert size < 400_000_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the memory")
def test_a_file_of_long_texts_is_scored_in_bounded_memory(tmp_path, model):
    path = tmp_path / "long.csv"
    path.write_text(HEADER + "".join(f"{'aa ' * 600_000},b{row},x\n" for row in range(8)))
    status, size = grown(tmp_path, "score", model, "--input", path, "--output", tmp_path / "out.csv")
    assert status == 0
    assert size < 500_000_000
