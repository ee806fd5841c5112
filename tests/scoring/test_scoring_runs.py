"""Several inputs into one output, rows that are left out, several processes, both orders of a pair."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from samesay.data import iter_rows
from samesay.errors import (
    ColumnNotFound,
    EncodingInvalid,
    RowMalformed,
    SourceNotFound,
    TruncationRefused,
    UsageError,
    WorkerDied,
)
from samesay.pairs import Pair, Sides
from samesay.scoring import Scorer, WorkerPool, score_file
from tiny_models import LABELS, save_tiny

PROBABILITIES = ["probability_entailment", "probability_neutral", "probability_contradiction"]
ADDED = ["label", *PROBABILITIES, "truncated", "empty_side"]
LONG = "a man plays outside " * 12


def read(path: Path) -> list[dict]:
    return [row.values for row in iter_rows(path)]


def skipped(output: Path) -> list[dict]:
    side = Path(f"{output}.skipped.jsonl")
    return [json.loads(line) for line in side.read_text(encoding="utf-8").splitlines()]


def parquet(path: Path, columns: dict[str, object]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


def test_several_inputs_of_any_format_become_one_output(tmp_path: Path, scorer: Scorer) -> None:
    (tmp_path / "a.csv").write_text("premise,hypothesis,n\na dog,a cat,1\na man,a dog,2\n", encoding="utf-8")
    for name, number in (("b2", 4), ("b1", 3)):
        row = {"n": str(number), "hypothesis": "a cat", "premise": "the man"}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with gzip.open(tmp_path / "c.tsv.gz", "wt", encoding="utf-8") as stream:
        stream.write("premise\thypothesis\tn\nno dog\tno cat\t5\n")
    parquet(tmp_path / "d.parquet", {"premise": ["a child"], "hypothesis": ["a woman"], "n": ["6"]})
    inputs = [
        tmp_path / "a.csv",
        str(tmp_path / "b*.jsonl"),
        tmp_path / "c.tsv.gz",
        tmp_path / "d.parquet",
    ]
    for ending in ("csv", "jsonl.gz", "parquet"):
        out = tmp_path / f"out.{ending}"
        report = score_file(scorer, inputs, out, chunk_rows=4)
        rows = read(out)
        assert [row["n"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
        assert list(rows[0]) == ["premise", "hypothesis", "n", "file", *ADDED]
        assert [Path(row["file"]).name for row in rows] == [
            "a.csv",
            "a.csv",
            "b1.jsonl",
            "b2.jsonl",
            "c.tsv.gz",
            "d.parquet",
        ]
        assert report.rows == 6
        found = [[float(row[name]) for name in ADDED[1:4]] for row in rows]
        want = scorer.predict([Pair(row["premise"], row["hypothesis"]) for row in rows])
        np.testing.assert_allclose(found, want, atol=1e-5)


def test_the_column_of_the_file_is_there_for_any_pattern_and_gives_way(
    tmp_path: Path, scorer: Scorer
) -> None:
    source = tmp_path / "only.jsonl"
    source.write_text('{"premise": "a", "hypothesis": "b", "file": "mine"}\n', encoding="utf-8")
    score_file(scorer, tmp_path / "*.jsonl", tmp_path / "scored.jsonl")
    (row,) = read(tmp_path / "scored.jsonl")
    assert (row["file"], row["source_file"]) == ("mine", str(source))
    # The output, which the pattern matches by now, is no input of its own.
    report = score_file(scorer, tmp_path / "*.jsonl", tmp_path / "scored.jsonl", overwrite=True)
    assert report.rows == 1
    score_file(scorer, source, tmp_path / "one.jsonl")
    assert "source_file" not in read(tmp_path / "one.jsonl")[0]


def test_inputs_that_do_not_go_together_are_named(tmp_path: Path, scorer: Scorer) -> None:
    (tmp_path / "a.csv").write_text("premise,hypothesis\na,b\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("premise,hypothesis,extra\na,b,c\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    with pytest.raises(ColumnNotFound, match=r"b\.csv are not those of .*a\.csv: it brings 'extra'"):
        score_file(scorer, [tmp_path / "a.csv", tmp_path / "b.csv"], out)
    with pytest.raises(UsageError, match="named twice"):
        score_file(scorer, [tmp_path / "a.csv", tmp_path / "a.csv"], out)
    with pytest.raises(SourceNotFound, match="No file matches the pattern"):
        score_file(scorer, tmp_path / "none*.csv", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]


CSV_WITH_FAULTS = (
    b"premise,hypothesis,id\n"
    b"a dog,a cat,1\n"
    b"one field\n"
    b"a caf\xe9,a cat,not utf-8\n"
    b'"a dog\nruns",a cat,2\n'
    b'"a \xff dog\nruns, and",a cat,not utf-8 within quotes\n'
    b"a \0 dog,a cat,nul\n"
    b'"a dog"s,a cat,quote\n'
    b"the man,the woman,3\n"
)


def test_rows_that_cannot_be_read_are_left_out_and_listed(tmp_path: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.csv"
    source.write_bytes(CSV_WITH_FAULTS)
    out = tmp_path / "out.csv"
    with pytest.raises(RowMalformed):
        score_file(scorer, source, out)
    report = score_file(scorer, source, out, on_error="skip", chunk_rows=2)
    assert [row["id"] for row in read(out)] == ["1", "2", "3"]
    assert [(row["line"], row["row"], row["code"]) for row in skipped(out)] == [
        (3, 2, "row-malformed"),
        (4, 3, "encoding-invalid"),
        (7, 5, "encoding-invalid"),
        (9, 6, "nul-byte"),
        (10, 7, "row-malformed"),
    ]
    assert {row["file"] for row in skipped(out)} == {str(source)}
    assert skipped(out)[0]["reason"] == "Line 3 has 1 fields; the header has 3."
    assert (report.rows, report.skipped, report.skipped_file) == (3, 5, f"{out}.skipped.jsonl")
    assert any("5 rows were skipped" in note and "nul-byte 1" in note for note in report.notes)
    source.write_bytes(b"premise,hypothesis,id\na dog,a cat,1\n")
    score_file(scorer, source, out, on_error="skip", overwrite=True)
    assert not Path(f"{out}.skipped.jsonl").exists()
    other = tmp_path / "other.csv.skipped.jsonl"
    other.write_text("somebody's", encoding="utf-8")
    score_file(scorer, source, tmp_path / "other.csv", on_error="skip")
    assert other.read_text(encoding="utf-8") == "somebody's", (
        "nothing that was there is lost without overwrite"
    )


def test_where_a_row_ends_must_be_known_to_go_on_after_it(tmp_path: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.csv"
    source.write_text('premise,hypothesis\na,b\n"never closed,b\na,b\n', encoding="utf-8")
    with pytest.raises(RowMalformed, match="not closed"):
        score_file(scorer, source, tmp_path / "out.csv", on_error="skip")


def test_lines_of_json_that_cannot_be_used_are_left_out_and_listed(tmp_path: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.jsonl"
    source.write_bytes(
        b"{broken\n"
        b'{"premise": "a", "hypothesis": "b", "id": 1}\n'
        b'["a", "b"]\n'
        b'{"premise": "half \\ud83d", "hypothesis": "b", "id": 0}\n'
        b'{"premise": 7, "hypothesis": "b", "id": 0}\n'
        b'{"hypothesis": "b", "id": 0}\n'
        b'{"premise": "a", "hypothesis": "b", "id": 0, "label": "taken"}\n'
        b'{"premise": "a", "hypothesis": "b", "id": 2, "more": 1}\n'
    )
    out = tmp_path / "out.jsonl"
    score_file(scorer, source, out, on_error="skip")
    assert [row["id"] for row in read(out)] == [1, 2]
    assert [row["line"] for row in skipped(out)] == [1, 3, 4, 5, 6, 7]
    # What the input's format can hold and the output's cannot, is left out there.
    score_file(scorer, source, tmp_path / "out.csv", on_error="skip")
    assert [row["line"] for row in skipped(tmp_path / "out.csv")] == [1, 3, 4, 5, 6, 7, 8]
    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["1"]


def test_bytes_of_parquet_that_are_no_text_are_left_out_and_listed(tmp_path: Path, scorer: Scorer) -> None:
    source = parquet(
        tmp_path / "pairs.parquet",
        {"premise": [b"a dog", b"caf\xe9", b"a cat"], "hypothesis": [b"a", b"b", b"c"]},
    )
    out = tmp_path / "out.parquet"
    score_file(scorer, source, out, on_error="skip")
    assert [(row["line"], row["row"], row["code"]) for row in skipped(out)] == [(None, 2, "encoding-invalid")]
    assert [row["hypothesis"] for row in read(out)] == ["a", "c"]
    with pytest.raises(EncodingInvalid, match="'premise' holds bytes that are no UTF-8") as caught:
        score_file(scorer, source, tmp_path / "stopped.parquet")
    assert caught.value.where == f"{source} row 2"


def test_bytes_that_no_side_is_read_from_are_carried_through(tmp_path: Path, scorer: Scorer) -> None:
    digests = [b"\xff\x00", b"plain"]
    source = parquet(
        tmp_path / "pairs.parquet", {"premise": ["a dog", "a cat"], "hypothesis": ["a", "c"], "md5": digests}
    )
    assert score_file(scorer, source, tmp_path / "out.parquet").rows == 2
    assert [row["md5"] for row in read(tmp_path / "out.parquet")] == [b"\xff\x00", "plain"]
    for name in ("out.csv", "out.jsonl"):
        score_file(scorer, source, tmp_path / name)
        assert [row["md5"] for row in read(tmp_path / name)] == ["ff00", "plain"]


def test_long_pairs_may_be_left_out_instead_of_refused(tmp_path: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.csv"
    rows = f"a dog,a cat\n{LONG},a cat\na cat,a dog\none field\n"
    source.write_text(f"premise,hypothesis\n{rows}", encoding="utf-8")
    with pytest.raises(TruncationRefused):
        score_file(scorer, source, tmp_path / "out.csv", on_truncate="error", chunk_rows=2)
    report = score_file(scorer, source, tmp_path / "out.csv", on_truncate="error", on_error="skip")
    assert (report.rows, report.truncated) == (2, 0)
    assert [(row["line"], row["code"]) for row in skipped(tmp_path / "out.csv")] == [
        (3, "truncation-refused"),
        (5, "row-malformed"),
    ]


def test_rows_that_are_skipped_beside_standard_output_are_a_note(
    tmp_path: Path, scorer: Scorer, capfdbinary
) -> None:
    (tmp_path / "a.csv").write_text("premise,hypothesis\na,b\nc\n", encoding="utf-8")
    report = score_file(scorer, tmp_path / "a.csv", "-", on_error="skip")
    assert (report.rows, report.skipped, report.skipped_file) == (1, 1, None)
    assert f"1 row was skipped (row-malformed 1): {tmp_path / 'a.csv'}:3" in report.notes
    with pytest.raises(UsageError, match="on_error"):
        score_file(scorer, tmp_path / "a.csv", "-", on_error="ignore")  # pyright: ignore[reportArgumentType]


def test_both_orders_give_one_answer(tmp_path: Path, scorer: Scorer) -> None:
    pairs = [Pair("a dog runs", "the cat sleeps outside"), Pair(LONG, "a man")]
    turned = [Pair(pair.second, pair.first) for pair in pairs]
    outputs = []
    for name, rows in (("one", pairs), ("other", turned)):
        source = tmp_path / f"{name}.jsonl"
        source.write_text(
            "".join(json.dumps({"premise": row.first, "hypothesis": row.second}) + "\n" for row in rows),
            encoding="utf-8",
        )
        report = score_file(scorer, source, tmp_path / f"{name}-out.jsonl", symmetric=True)
        assert any("both orders" in note and "entailment" in note for note in report.notes)
        outputs.append(
            np.array([[row[column] for column in ADDED[1:4]] for row in read(tmp_path / f"{name}-out.jsonl")])
        )
    mean = (scorer.predict(pairs) + scorer.predict(turned)) / 2
    np.testing.assert_allclose(outputs[0], mean, atol=1e-6)
    np.testing.assert_allclose(outputs[1], mean, atol=1e-6)
    labels = [row["label"] for row in read(tmp_path / "one-out.jsonl")]
    assert labels == [LABELS.names[best] for best in mean.argmax(axis=1)]
    assert [row["truncated"] for row in read(tmp_path / "one-out.jsonl")] == [False, True]


def test_both_orders_are_no_surprise_to_a_symmetric_model(tmp_path: Path) -> None:
    from samesay.pairs import LabelSet
    from tiny_models import tiny_graph

    same = save_tiny(
        tmp_path / "same",
        answers=LabelSet(("different", "same")),
        sides=Sides("first", "second"),
        graph=tiny_graph(n_labels=2),
    )
    (tmp_path / "a.csv").write_text("first,second\na dog,a cat\n", encoding="utf-8")
    report = score_file(Scorer.open(same), tmp_path / "a.csv", tmp_path / "out.csv", symmetric=True)
    assert report.notes == ()


def many(path: Path, n: int = 3000) -> Path:
    words = ("a dog runs", "the cat sleeps", "no person eats outside", "a child sings")
    with path.open("w", encoding="utf-8") as stream:
        stream.write("premise,hypothesis,id\n")
        stream.writelines(f"{words[i % 4]},{words[i * i % 3]} {words[i % 3]},{i}\n" for i in range(n))
    return path


def test_two_processes_write_what_one_does_and_a_killed_one_loses_nothing(
    tmp_path: Path, model: Path, scorer: Scorer
) -> None:
    source = many(tmp_path / "pairs.csv")
    score_file(scorer, source, tmp_path / "one.csv", chunk_rows=100)
    with WorkerPool(model, 2, threads=1) as pool:
        score_file(pool, source, tmp_path / "two.csv", chunk_rows=100)
        assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()

        def kill(progress: object) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(next(iter(pool._pool._processes)), signal.SIGKILL)

        with pytest.raises(WorkerDied, match="ended early"):
            score_file(pool, source, tmp_path / "killed.csv", chunk_rows=100, progress=kill)
    with WorkerPool(model, 2, threads=1) as pool:
        report = score_file(pool, source, tmp_path / "killed.csv", chunk_rows=100)
    assert report.resumed_rows >= 100
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_what_stands_before_a_broken_row_is_answered_first(tmp_path: Path, model: Path) -> None:
    source = many(tmp_path / "pairs.csv", 350)
    with source.open("a", encoding="utf-8") as stream:
        stream.write("one field\n")
    with WorkerPool(model, 1, threads=1) as pool, pytest.raises(RowMalformed) as error:
        score_file(pool, source, tmp_path / "out.csv", chunk_rows=100)
    assert error.value.__notes__ == ["300 rows are done and kept; the same command resumes after them"]
    with pytest.raises(UsageError, match="jobs is 0"):
        WorkerPool(model, 0)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_processes_end_with_the_one_that_began_them(tmp_path: Path, model: Path) -> None:
    source = many(tmp_path / "pairs.csv", 20_000)
    script = "\n".join(
        (
            "import sys",
            "from samesay.scoring import WorkerPool, score_file",
            "if __name__ == '__main__':",
            "    with WorkerPool(sys.argv[1], 1, threads=1) as pool:",
            "        def heard(progress):",
            "            print(*pool._pool._processes, flush=True)",
            "        score_file(pool, sys.argv[2], sys.argv[3], chunk_rows=100, progress=heard)",
        )
    )
    (tmp_path / "run.py").write_text(script, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "run.py"), str(model), str(source), str(tmp_path / "out.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    until = time.monotonic() + 60
    while time.monotonic() < until and alive(worker):
        time.sleep(0.05)
    assert not alive(worker)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_an_event_loop_waits_in_threads(scorer: Scorer) -> None:
    pairs = [Pair("a dog", "a cat"), Pair("the man", "no man")]

    async def ask() -> list:
        return await asyncio.gather(*(asyncio.to_thread(scorer.score, [pair]) for pair in pairs))

    answers = asyncio.run(ask())
    assert [answer[0].label for answer in answers] == [answer.label for answer in scorer.score(pairs)]
