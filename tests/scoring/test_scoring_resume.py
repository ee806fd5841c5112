"""A run that is ended by anything is finished by the same call, to the same bytes; what does not fit is refused."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from samesay.data import iter_rows
from samesay.errors import OutputBusy, ResumeMismatch, RowMalformed, TargetExists
from samesay.pairs import Progress, Scale
from samesay.scoring import Scorer, score_file
from samesay.storage import Claim
from tiny_models import save_tiny, tiny_graph

CHUNK = 50
ROWS = 12 * CHUNK + 7
WORDS = ("a dog runs", "the cat sleeps", "no person eats", "a child sings outside , the man plays")


def lines(n: int = ROWS) -> list[str]:
    texts = [f"{one},{other}" for one, other in itertools.product(WORDS, WORDS) if "," not in one + other]
    return ["premise,hypothesis,id", *(f"{texts[i * i % len(texts)]},{i}" for i in range(n))]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    return path


def stop_after(rows: int, error: type[BaseException] = KeyboardInterrupt) -> Callable[[Progress], None]:
    def listen(progress: Progress) -> None:
        if progress.stage == "score" and progress.done >= rows:
            raise error

    return listen


def interrupted(scorer: Scorer, source: Path, output: Path, rows: int, **options) -> None:
    with pytest.raises(KeyboardInterrupt) as error:
        score_file(scorer, source, output, chunk_rows=CHUNK, progress=stop_after(rows), **options)
    assert error.value.__notes__ == [f"{rows:,} rows are done and kept; the same command resumes after them"]


def journal(folder: Path) -> Path:
    (found,) = (path for path in folder.iterdir() if path.name.startswith("."))
    return found


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    "ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "tsv.gz", "jsonl.gz", "parquet.gz"]
)
def test_what_an_interrupted_run_left_is_finished_to_the_same_content(
    tmp_path: Path, scorer: Scorer, source: Path, ending: str
) -> None:
    whole = score_file(scorer, source, tmp_path / f"whole.{ending}", chunk_rows=CHUNK)
    out = tmp_path / f"out.{ending}"
    interrupted(scorer, source, out, 3 * CHUNK)
    interrupted(scorer, source, out, 7 * CHUNK)
    assert not out.exists()
    heard: list[Progress] = []
    report = score_file(scorer, source, out, chunk_rows=CHUNK, progress=heard.append)
    assert (heard[0].stage, heard[0].done) == ("resume", 7 * CHUNK)
    assert heard[-1].done == ROWS
    assert (report.rows, report.resumed_rows) == (ROWS, 7 * CHUNK)
    assert (report.labels, report.tokens_lost, report.truncated) == (
        whole.labels,
        whole.tokens_lost,
        whole.truncated,
    )
    assert out.read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    assert [row.values["id"] for row in iter_rows(out)] == [str(i) for i in range(ROWS)]
    assert hidden(tmp_path) == []


def test_a_similarity_models_run_goes_on_too(tmp_path: Path, source: Path) -> None:
    scorer = Scorer.open(
        save_tiny(
            tmp_path / "similarity",
            graph=tiny_graph(n_labels=1),
            task="similarity",
            answers=Scale(0, 5),
        ),
        threads=1,
    )
    whole = score_file(scorer, source, tmp_path / "whole.csv", chunk_rows=CHUNK)
    interrupted(scorer, source, tmp_path / "out.csv", 5 * CHUNK)
    report = score_file(scorer, source, tmp_path / "out.csv", chunk_rows=CHUNK)
    assert report.mean_score == whole.mean_score
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def spoil_nothing(folder: Path) -> int:
    return 6


def leave_bytes_without_their_line(folder: Path) -> int:
    with (folder / "rows").open("ab") as stream:
        stream.write(b"half a row, as a kill leaves it")
    return 6


def tear_the_last_line(folder: Path) -> int:
    content = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(content[:-20])
    return 5


def lose_bytes_that_the_journal_knows(folder: Path) -> int:
    content = (folder / "rows").read_bytes()
    (folder / "rows").write_bytes(content[:-20])
    return 5


def turn_a_byte_of_the_second_part(folder: Path) -> int:
    content = bytearray((folder / "rows").read_bytes())
    lines = (folder / "journal.jsonl").read_text(encoding="ascii").splitlines()
    first, second = (json.loads(line)["n_bytes"] for line in lines[1:3])
    content[first + second // 2] ^= 1
    (folder / "rows").write_bytes(content)
    return 1


def tear_the_first_line(folder: Path) -> int:
    (folder / "journal.jsonl").write_bytes(b'{"journal": 1, "mod')
    return 0


@pytest.mark.parametrize(
    "happening",
    [
        spoil_nothing,
        leave_bytes_without_their_line,
        tear_the_last_line,
        lose_bytes_that_the_journal_knows,
        turn_a_byte_of_the_second_part,
        tear_the_first_line,
    ],
)
def test_what_is_not_whole_counts_as_absent(
    tmp_path: Path, scorer: Scorer, source: Path, happening: Callable[[Path], int]
) -> None:
    score_file(scorer, source, tmp_path / "whole.csv", chunk_rows=CHUNK)
    out = tmp_path / "out.csv"
    interrupted(scorer, source, out, 6 * CHUNK)
    parts = happening(journal(tmp_path))
    report = score_file(scorer, source, out, chunk_rows=CHUNK)
    assert report.resumed_rows == parts * CHUNK
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("moment", ["before the side file", "before the output", "after the output"])
def test_a_kill_in_the_last_moments(
    tmp_path: Path, scorer: Scorer, source: Path, monkeypatch: pytest.MonkeyPatch, ending: str, moment: str
) -> None:
    from samesay.scoring.files import journal as module

    source.write_text(source.read_text(encoding="utf-8").replace(",30\n", "\n"), encoding="utf-8")
    options = {"chunk_rows": CHUNK, "on_error": "skip"}
    score_file(scorer, source, tmp_path / f"whole.{ending}", **options)
    out = tmp_path / f"out.{ending}"
    kept = tmp_path / "as the kill leaves it"

    def die(*_: object, **__: object) -> None:
        shutil.copytree(journal(tmp_path), kept)
        raise KeyboardInterrupt

    if moment == "after the output":
        monkeypatch.setattr(module, "_remove", die)
    elif moment == "before the output":
        move_out = module.OwnFolder.move_out
        monkeypatch.setattr(
            module.OwnFolder,
            "move_out",
            lambda folder, name, *rest, **options: (
                die() if name in ("rows", "joined") else move_out(folder, name, *rest, **options)
            ),
        )
    else:
        monkeypatch.setattr(module, "new_file", die)
    with pytest.raises(KeyboardInterrupt):
        score_file(scorer, source, out, **options)
    monkeypatch.undo()
    folder = tmp_path / hidden(tmp_path)[0] if hidden(tmp_path) else None
    if folder is not None:
        shutil.rmtree(folder)
        kept.rename(folder)
    if moment == "after the output":
        with pytest.raises(TargetExists):
            score_file(scorer, source, out, **options)
    else:
        assert not out.exists()
        assert score_file(scorer, source, out, **options).resumed_rows == ROWS - 1
    assert hidden(tmp_path) == []
    assert out.read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    side = Path(f"{out}.skipped.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["line"] for line in side.splitlines()] == [32]


def test_another_model_or_other_options_are_refused_and_named(
    tmp_path: Path, scorer: Scorer, source: Path
) -> None:
    out = tmp_path / "out.csv"
    interrupted(scorer, source, out, 2 * CHUNK)
    left = (journal(tmp_path) / "rows").read_bytes()
    other = Scorer.open(save_tiny(tmp_path / "other", graph=tiny_graph(scale=3.0)), threads=1)
    fewer = Scorer.open(save_tiny(tmp_path / "tiny"), threads=1, batch_tokens=64)
    for reader, options, words in (
        (other, {}, "the model is another"),
        (fewer, {}, "batch tokens was 1024 and is 64"),
        (scorer, {"chunk_rows": 7}, f"chunk rows was {CHUNK} and is 7"),
        (scorer, {"symmetric": True}, "symmetric was false and is true"),
        (
            scorer,
            {"columns": {"premise": "hypothesis", "hypothesis": "premise"}},
            "sides was premise, hypothesis",
        ),
        (scorer, {"output_format": "jsonl"}, 'output format was "csv" and is "jsonl"'),
    ):
        with pytest.raises(ResumeMismatch, match=words) as error:
            score_file(reader, source, out, **{"chunk_rows": CHUNK, **options})
        assert "--restart" in (error.value.hint or "")
        assert (journal(tmp_path) / "rows").read_bytes() == left
    shutil.copy(source, tmp_path / "copy.csv")
    with pytest.raises(ResumeMismatch, match=r"input was .*pairs\.csv and is .*copy\.csv"):
        score_file(scorer, tmp_path / "copy.csv", out, chunk_rows=CHUNK)
    report = score_file(other, source, out, chunk_rows=CHUNK, restart=True)
    assert (report.resumed_rows, report.rows) == (0, ROWS)
    score_file(other, source, tmp_path / "whole.csv", chunk_rows=CHUNK)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_run_whose_rows_tell_their_file_is_not_finished_by_one_whose_rows_do_not(
    tmp_path: Path, scorer: Scorer, source: Path
) -> None:
    out = tmp_path / "out.tsv"
    interrupted(scorer, source.with_name("pai*.csv"), out, 2 * CHUNK)
    with pytest.raises(
        ResumeMismatch, match=r"columns was .* id, file, .* and is premise, hypothesis, id, label"
    ):
        score_file(scorer, source, out, chunk_rows=CHUNK)
    assert score_file(scorer, source.with_name("pai*.csv"), out, chunk_rows=CHUNK).resumed_rows == 2 * CHUNK
    assert len({len(row.values) for row in iter_rows(out)}) == 1


def test_an_input_that_changed_where_it_was_read_is_refused_and_after_that_is_read_as_it_is(
    tmp_path: Path, scorer: Scorer, source: Path
) -> None:
    out = tmp_path / "out.csv"
    interrupted(scorer, source, out, 4 * CHUNK)
    before = lines()
    for change, words in (
        ({2 * CHUNK + 5: "a dog runs,a dog runs,other"}, "part 3 of 4, which begins at .*pairs.csv:102,"),
        ({1: "a dog runs,a dog runs,other"}, "part 1 of 4, which begins at .*pairs.csv:2,"),
    ):
        after = [change.get(place, line) for place, line in enumerate(before)]
        source.write_text("\n".join(after) + "\n", encoding="utf-8")
        with pytest.raises(ResumeMismatch, match=words):
            score_file(scorer, source, out, chunk_rows=CHUNK)
    source.write_text("\n".join(before[:20]) + "\n", encoding="utf-8")
    with pytest.raises(ResumeMismatch, match="part 1 of 4"):
        score_file(scorer, source, out, chunk_rows=CHUNK)
    source.write_text("\n".join(before[: 2 * CHUNK + 1]) + "\n", encoding="utf-8")
    with pytest.raises(ResumeMismatch, match="fewer rows"):
        score_file(scorer, source, out, chunk_rows=CHUNK)
    source.write_text("\n".join([*before, "the cat sleeps,a dog runs,new"]) + "\n", encoding="utf-8")
    assert score_file(scorer, source, out, chunk_rows=CHUNK).rows == ROWS + 1
    score_file(scorer, source, tmp_path / "whole.csv", chunk_rows=CHUNK)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_row_that_ended_a_run_may_be_skipped_by_the_next_but_not_the_other_way(
    tmp_path: Path, scorer: Scorer, source: Path
) -> None:
    broken = lines()
    broken[3 * CHUNK + 4] = "one field"
    source.write_text("\n".join(broken) + "\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    with pytest.raises(RowMalformed):
        score_file(scorer, source, out, chunk_rows=CHUNK)
    interrupted(scorer, source, out, 5 * CHUNK - 1, on_error="skip")
    with pytest.raises(ResumeMismatch, match="1 rows were skipped, and are to end the run now"):
        score_file(scorer, source, out, chunk_rows=CHUNK)
    report = score_file(scorer, source, out, chunk_rows=CHUNK, on_error="skip")
    assert (report.rows, report.skipped) == (ROWS - 1, 1)


def test_two_runs_at_once_do_not_meet(tmp_path: Path, scorer: Scorer, source: Path) -> None:
    out = tmp_path / "out.csv"
    interrupted(scorer, source, out, 2 * CHUNK)
    claim = Claim.take(journal(tmp_path))
    if not claim.free:
        pytest.skip("this file system knows no locks")
    with pytest.raises(OutputBusy, match=r"Another process is writing out\.csv"):
        score_file(scorer, source, out, chunk_rows=CHUNK)
    with pytest.raises(OutputBusy):
        score_file(scorer, source, out, chunk_rows=CHUNK, restart=True)
    claim.release()
    assert score_file(scorer, source, out, chunk_rows=CHUNK).resumed_rows == 2 * CHUNK


def test_a_replacement_goes_on_as_well_and_standard_input_does_not(
    tmp_path: Path, scorer: Scorer, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("former", encoding="utf-8")
    interrupted(scorer, source, out, 2 * CHUNK, overwrite=True)
    assert out.read_text(encoding="utf-8") == "former"
    with pytest.raises(TargetExists):
        score_file(scorer, source, out, chunk_rows=CHUNK)
    assert score_file(scorer, source, out, chunk_rows=CHUNK, overwrite=True).resumed_rows == 2 * CHUNK

    with source.open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": stream}))
        for piped in ("-", "-[:150]"):
            stream.seek(0)
            with pytest.raises(KeyboardInterrupt):
                score_file(
                    scorer, piped, tmp_path / "piped.csv", chunk_rows=CHUNK, progress=stop_after(2 * CHUNK)
                )
            assert hidden(tmp_path) == []


SCRIPT = """
import sys
from samesay.scoring import Scorer, score_file
model, source, output = sys.argv[1:]
report = score_file(Scorer.open(model, threads=1), source, output, chunk_rows=100)
print(report.resumed_rows, report.rows)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_kills_change_no_row(tmp_path: Path, model: Path, scorer: Scorer) -> None:
    source = tmp_path / "pairs.csv"
    source.write_text("\n".join(lines(12_000)) + "\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    command = [sys.executable, "-c", SCRIPT, str(model), str(source), str(out)]
    stands = [0]
    for kill in range(1, 3):
        with subprocess.Popen(command) as process:
            while stands[-1] < stands[kill - 1] + 10 and process.poll() is None:
                time.sleep(0.01)
                for path in tmp_path.glob(".*/journal.jsonl"):
                    stands[kill:] = [path.read_bytes().count(b"\n") - 1]
            process.kill()
        assert process.returncode == -signal.SIGKILL, "the run ended before it was killed"
    last = subprocess.run(command, capture_output=True, text=True, check=True)
    resumed, rows = map(int, last.stdout.split())
    assert resumed >= 100 * stands[-1] >= 100 * 20
    assert rows == 12_000
    score_file(scorer, source, tmp_path / "whole.csv", chunk_rows=100)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert hidden(tmp_path) == []
