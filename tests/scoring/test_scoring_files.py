"""Whole files of pairs: formats, order, other columns, truncation, and nothing half written."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesay.data import iter_rows
from samesay.data.formats.writers import table_writer
from samesay.errors import (
    ColumnNotFound,
    DiskFull,
    FormatUnknown,
    NulByte,
    OutputUnwritable,
    RowMalformed,
    SourceNotFound,
    TargetExists,
    TruncationRefused,
    UsageError,
)
from samesay.pairs import Pair, Progress
from samesay.scoring import Scorer, score_file
from tiny_models import LABELS, WORDS, save_tiny, tiny_encoder

PROBABILITIES = ["probability_entailment", "probability_neutral", "probability_contradiction"]
ADDED = ["label", *PROBABILITIES, "truncated", "empty_side"]
AWKWARD = [
    'say "yes", please',
    "two\nlines",
    "a lone\rreturn",
    "你好 🙂",
    "",
    ' "quoted ""twice"" here"',
    '"a ""b"" c"',
]
LONG = "a man plays outside " * 12


def rows_of(n: int, *, awkward: bool = True) -> list[dict[str, str]]:
    random = np.random.default_rng(3)
    texts = [" ".join(random.choice(WORDS, size=random.integers(1, 12))) for _ in range(2 * n)]
    notes = AWKWARD if awkward else ["plain", "here", ""]
    return [
        {
            "id": f"{i:05d}",
            "premise": texts[2 * i],
            "note": notes[i % len(notes)],
            "hypothesis": texts[2 * i + 1],
        }
        for i in range(n)
    ]


def write(path: Path, rows: list[dict], format: str) -> Path:
    with (
        path.open("wb") as stream,
        table_writer(stream, format, list(rows[0]), gzipped=path.suffix == ".gz") as writer,
    ):
        writer.write(rows, ["here"] * len(rows))
    return path


def read(path: Path) -> list[dict]:
    return [row.values for row in iter_rows(path)]


def expected(scorer: Scorer, rows: list[dict[str, str]]) -> np.ndarray:
    return scorer.predict([Pair(row["premise"], row["hypothesis"]) for row in rows])


@pytest.mark.parametrize(
    "ending", ["csv", "jsonl", "parquet", "csv.gz", "jsonl.gz", "parquet.gz", "tsv", "tsv.gz"]
)
def test_every_format_comes_back_in_order_with_all_columns(
    tmp_path: Path, scorer: Scorer, ending: str
) -> None:
    format = ending.split(".")[0]
    rows = rows_of(100, awkward=format != "tsv")
    source = write(tmp_path / f"pairs.{ending}", rows, format)
    assert read(source) == rows
    seen: list[Progress] = []
    report = score_file(scorer, source, tmp_path / f"out.{ending}", chunk_rows=16, progress=seen.append)

    scored = read(tmp_path / f"out.{ending}")
    assert [list(row) for row in scored] == [[*rows[0], *ADDED]] * 100
    assert [{name: row[name] for name in rows[0]} for row in scored] == rows
    probabilities = expected(scorer, rows)
    found = np.array([[float(row[name]) for name in ADDED[1:4]] for row in scored], np.float32)
    np.testing.assert_allclose(found, probabilities, atol=1e-5)
    assert [row["label"] for row in scored] == [LABELS.names[i] for i in found.argmax(axis=1)]
    assert report.rows == 100
    assert sum(report.labels.values()) == 100
    assert list(report.labels) == list(LABELS)
    assert [p.done for p in seen] == [*range(16, 100, 16), 100]
    if ending.endswith(".gz"):
        assert (tmp_path / f"out.{ending}").read_bytes()[:2] == b"\x1f\x8b"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([source.name, f"out.{ending}"])


@pytest.mark.parametrize("out", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("into", ["csv", "jsonl", "parquet"])
def test_any_format_becomes_any_other(tmp_path: Path, scorer: Scorer, into: str, out: str) -> None:
    rows = rows_of(20)
    source = write(tmp_path / f"pairs.{into}", rows, into)
    score_file(scorer, source, tmp_path / f"out.{out}")
    assert [{name: row[name] for name in rows[0]} for row in read(tmp_path / f"out.{out}")] == rows


@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
        min_size=1,
        max_size=6,
    ),
    format=st.sampled_from(["csv", "tsv", "jsonl", "parquet"]),
)
def test_what_is_written_is_read_back(texts: list[str], format: str, tmp_path_factory) -> None:
    if format == "tsv":
        texts = [text.replace("\t", " ").replace("\n", " ") for text in texts]
    rows = [{"text": text, "end": "x"} for text in texts]
    path = tmp_path_factory.mktemp("table") / f"table.{format}"
    assert read(write(path, rows, format)) == rows


def test_equal_content_gives_equal_bytes_gzipped_too(tmp_path: Path, scorer: Scorer) -> None:
    source = write(tmp_path / "pairs.csv", rows_of(30), "csv")
    for name in ("one.csv.gz", "two.csv.gz"):
        score_file(scorer, source, tmp_path / name)
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "two.csv.gz").read_bytes()
    with gzip.open(tmp_path / "one.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 30


def test_types_survive_where_the_format_has_them(tmp_path: Path, scorer: Scorer) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "premise": ["a dog", "a cat"],
            "hypothesis": ["an animal", None],
            "n": pa.array([1, None], pa.int16()),
            "when": pa.array([0, 10**15], pa.timestamp("us")),
            "tags": [["x", "y"], []],
        }
    )
    pq.write_table(table, tmp_path / "pairs.parquet")
    report = score_file(scorer, tmp_path / "pairs.parquet", tmp_path / "out.parquet", chunk_rows=1)
    scored = pq.read_table(tmp_path / "out.parquet")
    assert scored.select(table.column_names).equals(table)
    score_file(scorer, f"{tmp_path / 'pairs.parquet'}[:1]", tmp_path / "one.parquet")
    assert pq.read_table(tmp_path / "one.parquet").select(table.column_names).equals(table.slice(0, 1))
    assert scored.schema.field("truncated").type == pa.bool_()
    assert report.empty_sides == 1
    score_file(scorer, tmp_path / "pairs.parquet", tmp_path / "out.jsonl")
    first = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["n"] == 1
    assert first["tags"] == ["x", "y"]
    assert first["truncated"] is False
    assert isinstance(first["probability_neutral"], float)


def test_the_models_sides_are_found_by_role_whatever_their_order(tmp_path: Path) -> None:
    from samesay.pairs import Sides

    turned = Scorer.open(save_tiny(tmp_path / "turned", sides=Sides("hypothesis", "premise")))
    rows = rows_of(10)
    source = write(tmp_path / "pairs.csv", rows, "csv")
    report = score_file(turned, source, tmp_path / "out.jsonl")
    assert report.columns == {"first": "hypothesis", "second": "premise"}
    want = turned.predict([Pair(row["hypothesis"], row["premise"]) for row in rows])
    found = [[row[name] for name in ADDED[1:4]] for row in read(tmp_path / "out.jsonl")]
    np.testing.assert_allclose(found, want, atol=1e-5)


def test_columns_can_be_given_and_missing_ones_are_named(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("left,right\na dog,a cat\n", encoding="utf-8")
    with pytest.raises(ColumnNotFound):
        score_file(scorer, path, tmp_path / "out.csv")
    report = score_file(
        scorer, path, tmp_path / "out.csv", columns={"premise": "left", "hypothesis": "right"}
    )
    assert report.columns == {"first": "left", "second": "right"}
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_gold_label_stays_and_the_answer_gets_another_name(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("premise,hypothesis,label\na dog,a cat,neutral\n", encoding="utf-8")
    report = score_file(scorer, path, tmp_path / "out.csv")
    row = read(tmp_path / "out.csv")[0]
    assert row["label"] == "neutral"
    assert row["predicted_label"] in LABELS
    assert report.added["label"] == "predicted_label"
    assert "label is predicted_label" in " ".join(report.notes)
    again = tmp_path / "again.csv"
    score_file(scorer, path, again, overwrite=True)
    with pytest.raises(UsageError, match="predicted_label") as error:
        score_file(scorer, again, tmp_path / "third.csv")
    assert error.value.where == str(again)


def test_a_later_row_may_not_hold_what_the_answer_is_called(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(
        '{"premise": "a", "hypothesis": "b"}\n{"premise": "a", "hypothesis": "b", "label": "x"}\n',
        encoding="utf-8",
    )
    with pytest.raises(RowMalformed, match="'label'") as error:
        score_file(scorer, path, tmp_path / "out.jsonl")
    assert (error.value.where or "").endswith("pairs.jsonl:2")


def test_json_lines_keep_keys_of_their_own_and_a_header_cannot(tmp_path: Path, scorer: Scorer) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(
        '{"premise": "a", "hypothesis": "b"}\n{"premise": "a", "hypothesis": "b", "extra": [1, {"k": null}]}\n',
        encoding="utf-8",
    )
    score_file(scorer, path, tmp_path / "out.jsonl")
    assert read(tmp_path / "out.jsonl")[1]["extra"] == [1, {"k": None}]
    with pytest.raises(RowMalformed, match="'extra'"):
        score_file(scorer, path, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_truncation_is_marked_reported_or_refused(tmp_path: Path, scorer: Scorer) -> None:
    rows = rows_of(6)
    rows[3]["premise"] = rows[5]["hypothesis"] = LONG
    source = write(tmp_path / "pairs.jsonl", rows, "jsonl")
    out = tmp_path / "out.jsonl"
    report = score_file(scorer, source, out)
    assert [row["truncated"] for row in read(out)] == [False, False, False, True, False, True]
    assert report.truncated == 2
    assert [place.rsplit(":", 1)[1] for place in report.truncated_places] == ["4", "6"]
    lost = (
        tiny_encoder()
        .encode([r["premise"] for r in rows], [r["hypothesis"] for r in rows])
        .tokens_lost.sum(axis=0)
    )
    assert report.tokens_lost == tuple(lost)
    assert any("2 of 6 pairs were cut to the 24 tokens" in note for note in report.notes)
    assert score_file(scorer, source, out, on_truncate="allow", overwrite=True).notes == ()
    with pytest.raises(TruncationRefused) as error:
        score_file(scorer, source, tmp_path / "refused.jsonl", on_truncate="error")
    assert (error.value.where or "").endswith("pairs.jsonl:4")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.jsonl", "pairs.jsonl"]


def test_an_output_that_is_there_is_refused_before_any_work(tmp_path: Path, scorer: Scorer) -> None:
    source = write(tmp_path / "pairs.csv", rows_of(5), "csv")
    out = tmp_path / "out.csv"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(TargetExists, match=r"out\.csv exists already"):
        score_file(scorer, source, out)
    assert out.read_text(encoding="utf-8") == "mine"
    score_file(scorer, source, out, overwrite=True)
    assert len(read(out)) == 5
    score_file(scorer, source, source, overwrite=True)  # onto itself: read whole before it is replaced
    assert [list(row) for row in read(source)] == [["id", "premise", "note", "hypothesis", *ADDED]] * 5


def test_a_bad_row_leaves_no_output_and_once_mended_is_gone_on_from(tmp_path: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.csv"
    for out in ("out.csv", "out.csv.gz", "out.parquet"):
        source.write_text("premise,hypothesis\n" + "a dog,a cat\n" * 55 + "one field\n", encoding="utf-8")
        with pytest.raises(RowMalformed) as error:
            score_file(scorer, source, tmp_path / out, chunk_rows=10)
        assert (error.value.where or "").endswith("pairs.csv:57")
        assert error.value.__notes__ == ["50 rows are done and kept; the same command resumes after them"]
        assert not (tmp_path / out).exists()
        source.write_text("premise,hypothesis\n" + "a dog,a cat\n" * 55 + "one,field\n", encoding="utf-8")
        report = score_file(scorer, source, tmp_path / out, chunk_rows=10)
        assert (report.rows, report.resumed_rows) == (56, 50)
        assert [row["hypothesis"] for row in read(tmp_path / out)] == ["a cat"] * 55 + ["field"]
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_texts_that_a_format_cannot_hold_are_refused_with_a_way_out(tmp_path: Path, scorer: Scorer) -> None:
    rows = [{"premise": "a\tdog", "hypothesis": "b"}]
    source = write(tmp_path / "tab.jsonl", rows, "jsonl")
    with pytest.raises(RowMalformed, match="tab") as error:
        score_file(scorer, source, tmp_path / "out.tsv")
    assert ".csv" in (error.value.hint or "")
    source = write(tmp_path / "nul.jsonl", [{"premise": "a\0dog", "hypothesis": "b"}], "jsonl")
    with pytest.raises(NulByte):
        score_file(scorer, source, tmp_path / "out.csv")
    mixed = [{"premise": "a", "hypothesis": "b", "n": 1}, {"premise": "a", "hypothesis": "b", "n": "one"}]
    source = write(tmp_path / "mixed.jsonl", mixed, "jsonl")
    for chunk_rows in (1, 10):
        with pytest.raises(RowMalformed, match="'n' holds values of different types"):
            score_file(scorer, source, tmp_path / "out.parquet", chunk_rows=chunk_rows, restart=True)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith((".", "out"))]


def test_a_header_alone_gives_a_header_alone(tmp_path: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.csv"
    source.write_text("premise,hypothesis\n", encoding="utf-8")
    for out in ("out.csv", "out.parquet"):
        report = score_file(scorer, source, tmp_path / out)
        assert report.rows == 0
        assert report.pairs_per_second == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == ",".join(
        ["premise", "hypothesis", *ADDED]
    ) + "\n"


def test_wrong_arguments_and_places_are_named(tmp_path: Path, scorer: Scorer) -> None:
    source = write(tmp_path / "pairs.csv", rows_of(2), "csv")
    with pytest.raises(SourceNotFound):
        score_file(scorer, tmp_path / "absent.csv", tmp_path / "out.csv")
    with pytest.raises(FormatUnknown):
        score_file(scorer, source, tmp_path / "out.xlsx")
    with pytest.raises(FormatUnknown):
        score_file(scorer, source, tmp_path / "out.csv", output_format="xlsx")
    with pytest.raises(OutputUnwritable, match="is a folder"):
        score_file(scorer, source, tmp_path)
    with pytest.raises(OutputUnwritable):
        score_file(scorer, source, source / "out.csv")
    with pytest.raises(UsageError, match="on_truncate"):
        score_file(scorer, source, tmp_path / "out.csv", on_truncate="maybe")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="chunk_rows"):
        score_file(scorer, source, tmp_path / "out.csv", chunk_rows=0)
    assert [p.name for p in tmp_path.iterdir()] == ["pairs.csv"]


def test_missing_folders_are_made_and_taken_back_on_failure(tmp_path: Path, scorer: Scorer) -> None:
    source = write(tmp_path / "pairs.csv", rows_of(2), "csv")
    score_file(scorer, source, tmp_path / "new" / "deep" / "out.csv")
    assert len(read(tmp_path / "new" / "deep" / "out.csv")) == 2
    source.write_text("premise,hypothesis\na,b\nbad\n", encoding="utf-8")
    with pytest.raises(RowMalformed):
        score_file(scorer, source, tmp_path / "other" / "out.csv")
    assert not (tmp_path / "other").exists()


def test_standard_streams_are_read_and_written(
    tmp_path: Path, scorer: Scorer, monkeypatch, capfdbinary
) -> None:
    class Standard(io.BytesIO):
        buffer = property(lambda self: self)

    rows = rows_of(7)
    source = write(tmp_path / "pairs.jsonl", rows, "jsonl")
    monkeypatch.setattr(sys, "stdin", Standard(source.read_bytes()))
    report = score_file(scorer, "-", "-")
    printed = capfdbinary.readouterr().out.decode("utf-8").splitlines()
    assert report.rows == 7
    assert [json.loads(line)["id"] for line in printed] == [row["id"] for row in rows]
    assert list(json.loads(printed[0])) == [*rows[0], *ADDED]
    score_file(scorer, source, "-", output_format="csv")
    assert capfdbinary.readouterr().out.decode("utf-8").startswith("id,premise,note,hypothesis,label,")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_a_full_disk_and_stays_a_device(tmp_path: Path, scorer: Scorer) -> None:
    source = write(tmp_path / "pairs.csv", rows_of(5), "csv")
    with pytest.raises(DiskFull):
        score_file(scorer, source, "/dev/full")
    assert not Path("/dev/full").is_file()


def test_a_run_on_a_full_disk_goes_on_when_there_is_room(tmp_path: Path, model: Path, scorer: Scorer) -> None:
    """A real file system of a few KiB, where this system lets us make one, which then grows."""
    source = write(tmp_path / "pairs.csv", rows_of(3000), "csv")
    small = tmp_path / "small"
    small.mkdir()
    script = f"""
import os, shutil, subprocess
from samesay.scoring import Scorer, score_file
from samesay.errors import DiskFull
small = {str(small)!r}
for name in ("out.csv", "out.csv.gz", "out.parquet"):
    subprocess.run(["mount", "-o", "remount,size=96k", small], check=True)
    scorer = Scorer.open({str(model)!r}, threads=1)
    try:
        score_file(scorer, {str(source)!r}, small + "/" + name, chunk_rows=200)
    except DiskFull as error:
        print(error.code, [each for each in os.listdir(small) if not each.startswith(".")], len(error.__notes__))
    subprocess.run(["mount", "-o", "remount,size=4m", small], check=True)
    report = score_file(scorer, {str(source)!r}, small + "/" + name, chunk_rows=200)
    print(0 < report.resumed_rows < 3000, report.rows, os.listdir(small))
    shutil.move(small + "/" + name, {str(tmp_path)!r})
"""
    command = f'mount -t tmpfs -o size=96k tmpfs "{small}" && exec "{sys.executable}" -c "$SCRIPT"'
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SCRIPT": script},
    )
    if run.returncode != 0 and ("unshare" in run.stderr or "mount" in run.stderr):
        pytest.skip(f"no file system of our own can be made here: {run.stderr.strip()}")
    assert run.stderr == ""
    names = ("out.csv", "out.csv.gz", "out.parquet")
    assert run.stdout.splitlines() == [
        line for name in names for line in ("disk-full [] 1", f"True 3000 {[name]}")
    ]
    score_file(scorer, source, tmp_path / "undisturbed.csv", chunk_rows=200)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "undisturbed.csv").read_bytes()
    for name in names:
        assert read(tmp_path / name)[-1]["id"] == "02999"


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Twelve times the rows, and not a tenth more memory: rows are streamed in and out."""
    pytest.importorskip("resource")
    model = save_tiny(tmp_path / "tiny")
    peaks = []
    for n in (5_000, 60_000):
        source = tmp_path / f"pairs-{n}.csv"
        with source.open("w", encoding="utf-8") as stream:
            stream.write("premise,hypothesis\n")
            stream.writelines(f"a dog runs {i},the cat sleeps {i}\n" for i in range(n))
        script = f"""
import resource
from samesay.scoring import Scorer, score_file
score_file(Scorer.open({str(model)!r}, threads=1), {str(source)!r}, {str(tmp_path / f"out-{n}.csv")!r}, chunk_rows=1000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        peaks.append(int(run.stdout))
    assert peaks[1] < 1.1 * peaks[0]
