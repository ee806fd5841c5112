"""The terminal and the system: streams, signals, folders and rights, clocks, memory, and what is printed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from commands import outcome
from tiny_models import LABELS, save_tiny

NEEDS_UNIX = pytest.mark.skipif(
    not hasattr(os, "fork") or not Path("/dev/full").exists(), reason="needs Linux"
)
ROWS = 300

# Runs each case in a child that finds its streams as a shell would leave them, after one import of everything.
_DRIVER = """
import io, json, os, sys
import samesay.cli.main, samesay.cli.score, samesay.cli.data, samesay.cli.render, samesay.scoring
import onnxruntime, rich.table
def stream(number, how, mode, encoding):
    if how == "closed":
        os.close(number)
        return None
    if how != "as it is":
        place = os.open(how, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(place, number)
        os.close(place)
    return open(number, mode, encoding=encoding, closefd=False)
results = []
for case in json.load(sys.stdin):
    child = os.fork()
    if not child:
        sys.stdout = stream(1, case["out"], "w", case["encoding"])
        sys.stderr = stream(2, case["err"], "w", case["encoding"])
        sys.stdin = stream(0, case["in"], "r", "utf-8")
        status = 99
        try:
            samesay.cli.main.main(case["words"])
        except SystemExit as left:
            status = left.code
        # As the interpreter does when it ends.
        for one in (sys.stdout, sys.stderr):
            try:
                one is None or one.flush()
            except Exception:
                status = 120
        os._exit(status)
    results.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
json.dump(results, sys.stdout)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "in.csv"
    rows = [f"a dog runs – {number},the 猫 sleeps,{LABELS.names[number % 3]}" for number in range(ROWS)]
    path.write_text("\n".join(["premise,hypothesis,label", *rows]) + "\n", encoding="utf-8")
    return path


def with_streams(folder: Path, cases: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    """Status, standard output and standard error of each case, as far as they went to files."""
    for number, case in enumerate(cases):
        case["encoding"] = case.get("encoding", "utf-8")
        case["in"] = case.get("in", os.devnull)
        for name in ("out", "err"):
            case[name] = case.get(name) or str(folder / f"{number}.{name}")
        case["words"] = [str(word) for word in case["words"]]
    run = subprocess.run(
        [sys.executable, "-c", _DRIVER], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    return [
        (status, *(read(Path(case[name]), case["encoding"]) for name in ("out", "err")))
        for case, status in zip(cases, json.loads(run.stdout), strict=True)
    ]


def read(path: Path, encoding: str) -> str:
    return path.read_text(encoding=encoding) if path.is_file() else ""


@NEEDS_UNIX
def test_a_job_whose_file_was_written_succeeded_whatever_its_streams(
    model: Path, table: Path, tmp_path: Path
) -> None:
    streams = [
        {"out": out, "err": err, "in": given}
        for out in ("", "closed", "/dev/full")
        for err in ("", "closed", "/dev/full")
        for given in ((os.devnull, "closed") if out == err else (os.devnull,))
    ]
    cases = [
        {**one, "words": [*words, f"{tmp_path}/{words[0]}-{number}{''.join(flag)}.csv", *flag]}
        for number, one in enumerate(streams)
        for flag in ((), ("--json",))
        for words in (("score", model, "--input", table, "-o"), ("data", "generate", "--pairs", "9", "-o"))
        if words[0] == "score" or number % 3 == 0
    ]
    for case, (status, out, err) in zip(cases, with_streams(tmp_path, cases), strict=True):
        assert status == 0, (case, err)
        assert Path(case["words"][case["words"].index("-o") + 1]).read_bytes()
        assert "Traceback" not in out + err
        assert "rror" not in err


@NEEDS_UNIX
def test_what_was_asked_for_on_a_closed_or_full_stream_is_a_failure_that_says_so(
    model: Path, table: Path, tmp_path: Path
) -> None:
    commands = [
        ("score", model, "a dog", "a cat"),
        ("score", model, "--input", table),
        ("data", "show", table),
        ("inspect", model),
    ]
    cases = [
        {"out": out, "words": [*words, *flag]}
        for out in ("closed", "/dev/full")
        for words in commands
        for flag in ((), ("--json",))
        if "--input" not in words or not flag
    ]
    for case, (status, _, err) in zip(cases, with_streams(tmp_path, cases), strict=True):
        assert status == (53 if case["out"] == "closed" else 51), (case, err)
        assert err.startswith("error[")
        assert "Traceback" not in err


@NEEDS_UNIX
def test_the_status_of_a_failure_stays_where_it_cannot_be_said(
    model: Path, table: Path, tmp_path: Path
) -> None:
    cases = [
        {"out": out, "err": err, "words": [*words, *flag]}
        for out in ("", "closed", "/dev/full")
        for err in ("closed", "/dev/full")
        for words in (("data", "show", "nowhere.csv"), ("score", "nowhere", "a", "b"), ("score",))
        for flag in ((), ("--json",))
    ]
    expected = {"data": 11, "score": 41}
    for case, (status, out, _) in zip(cases, with_streams(tmp_path, cases), strict=True):
        wanted = 2 if case["words"][:2] in (["score"], ["score", "--json"]) else expected[case["words"][0]]
        assert status == wanted, case
        if "--json" in case["words"] and case["out"].endswith(".out"):
            assert json.loads(out)["error"]["code"]


@NEEDS_UNIX
def test_closed_standard_input_is_said_and_harms_nobody_else(
    model: Path, table: Path, tmp_path: Path
) -> None:
    cases = [
        {"in": "closed", "words": ["score", model, "--input", "-"]},
        {"in": "closed", "words": ["duplicates", model, "-"]},
        {"in": "closed", "words": ["data", "show", "-"]},
        {"in": "closed", "words": ["score", model, "--input", table]},
        {"in": "closed", "words": ["score", model, "a", "b"]},
    ]
    found = with_streams(tmp_path, cases)
    assert [status for status, _, _ in found] == [11, 11, 11, 0, 0]
    assert all("Standard input is closed" in err for _, _, err in found[:3])


@NEEDS_UNIX
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_tables_and_figures_are_printed_in_every_encoding(
    model: Path, table: Path, tmp_path: Path, encoding: str
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("a dog runs –\nthe 猫 sleeps\n", encoding="utf-8")
    commands = [
        ("data", "show", table),
        ("inspect", model),
        ("evaluate", model, table),
        ("rank", model, "--query", "猫 –", "--input", texts),
        ("score", model, "猫", "–"),
        ("score", model, "--input", table, "--output", tmp_path / f"{encoding}.csv"),
        ("check", model, "--capability", "negation"),
    ]
    cases = [
        {"encoding": encoding, "words": [*words, *flag]}
        for words in commands
        for flag in ((), ("--json",))
        if "--output" not in words or not flag
    ]
    for case, (status, out, err) in zip(cases, with_streams(tmp_path, cases), strict=True):
        assert (status, err) == (0, "") or (status == 0 and err.startswith("note: ")), (case, err)
        assert out
        if "--json" in case["words"]:
            assert json.loads(out)
    shown = with_streams(tmp_path, [{"encoding": encoding, "words": ["data", "show", table]}])[0][1]
    assert "\\u732b" in shown


@pytest.mark.parametrize(("number", "expected"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_a_training_after_the_step_at_hand_with_the_command_that_goes_on(
    capsys,
    tiny_preset: Path,
    pairs_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    expected: int,
) -> None:
    from samesay.training.course import Course

    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}
    output = tmp_path / "a model $(touch PWNED)"
    words = ["train", pairs_file, "--preset", tiny_preset, "--output", output, "--epochs", "2"]
    words += ["--batch-size", "16", "--json"]
    original = Course.on_train_batch_end

    def send(self: Course, batch: int, logs: Any = None) -> None:
        if self.steps == 3:
            os.kill(os.getpid(), getattr(signal, number))
            time.sleep(0.01)
        original(self, batch, logs)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(Course, "on_train_batch_end", send)
            status, out, err = outcome(capsys, *words)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert status == expected, err
    stopped = json.loads(out)
    assert stopped["interrupted"]
    assert stopped["history"][-1]["step"] == 4
    assert [path.name for path in tmp_path.rglob("*.npz")] == ["checkpoint-000000004.npz"]
    (told,) = (line for line in err.splitlines() if line.startswith("To resume: "))
    assert shlex.split(told)[2:] == ["samesay", *map(str, words), "--resume", "--overwrite"]


def test_a_signal_before_the_training_leaves_nothing(
    capsys, tiny_preset: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}

    def send(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)

    monkeypatch.setattr("samesay.jobs.train.PairModel.from_preset", send)
    try:
        status, _, err = outcome(
            capsys, "train", pairs_file, "--preset", tiny_preset, "--output", tmp_path / "model"
        )
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert (status, err.strip()) == (143, "error[interrupted]: Interrupted; nothing was kept.")
    assert not list(tmp_path.iterdir())


@NEEDS_UNIX
def test_sigterm_ends_scoring_by_several_processes_without_a_trace(model: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("premise,hypothesis\n" + "a dog runs,the cat sleeps\n" * 400_000, encoding="utf-8")
    run = subprocess.Popen(
        [sys.executable, "-m", "samesay", "score", model, "--input", source, "--output", out, "--jobs", "2"],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        # More than one segment is whole: what the first was made of, and two lines.
        if any(path.read_bytes().count(b"\n") > 2 for path in tmp_path.glob(".*/journal.jsonl")):
            break
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGTERM)  # as a scheduler does: every process of the group
    _, err = run.communicate(timeout=30)
    assert run.returncode == 143, err
    assert "leaked" not in err
    assert "Traceback" not in err
    assert re.search(r"[\d,]+ rows are done and kept; the same command resumes", err)


@pytest.fixture
def gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder is one that has been removed."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()


@pytest.mark.usefixtures("gone")
def test_a_removed_working_folder_is_said_and_harms_no_absolute_path(
    capsys, model: Path, table: Path, tmp_path: Path
) -> None:
    for words in (
        ("score", "model", "a", "b"),
        ("score", model, "--input", table, "--output", "out.csv"),
        ("data", "generate", "--output", "pairs.csv"),
        ("data", "generate", "--output", "folder"),
        ("inspect", "model"),
        ("export", model, "copy", "--to", "onnx"),
    ):
        status, _, err = outcome(capsys, *words)
        assert status in (50, 53), (words, err)
        assert "has been removed" in err
    for words in (
        ("score", model, "a", "b"),
        ("score", model, "--input", table, "--output", tmp_path / "out.csv"),
        ("data", "show", table),
    ):
        status, _, err = outcome(capsys, *words)
        assert status == 0, (words, err)
    assert outcome(capsys, "data", "show", "pairs.csv")[0] == 11


# Root without the right to pass over everybody's rights; others have it not.
_AS_OTHERS = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
    if hasattr(os, "geteuid") and os.geteuid() == 0
    else []
)
NEEDS_RIGHTS = pytest.mark.skipif(
    not hasattr(os, "geteuid") or bool(_AS_OTHERS and shutil.which("setpriv") is None),
    reason="needs rights that are refused",
)


def run_as_others(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_AS_OTHERS, sys.executable, "-m", "samesay", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


@NEEDS_RIGHTS
@pytest.mark.parametrize("rights", [0o500, 0o000])
def test_an_output_where_one_may_not_write_is_unwritable(tmp_path: Path, rights: int) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(rights)
    found = run_as_others("data", "generate", "--pairs", "9", "--output", folder / "pairs.csv")
    folder.chmod(0o700)
    assert found.returncode == 53, found.stderr
    assert "Permission denied" in found.stderr
    assert not list(folder.iterdir())


@NEEDS_RIGHTS
def test_the_home_of_another_user_is_a_line_for_each_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o000)
    cleared = dict.fromkeys(
        ("HF_HOME", "KAGGLEHUB_CACHE", "SAMESAY_CACHE", "XDG_CACHE_HOME", "KERAS_HOME"), ""
    )
    found = run_as_others("doctor", "--json", HOME=str(home), **cleared)
    home.chmod(0o700)
    findings = json.loads(found.stdout)["findings"]
    refused = [one["name"] for one in findings if "Permission denied" in one["value"]]
    assert refused == ["HF_HOME", "KAGGLEHUB_CACHE", "SAMESAY_CACHE"]
    assert {"machine", "install", "scoring", "training", "kept"} == {one["topic"] for one in findings}
    assert found.returncode == 0
    assert not list(home.iterdir())


@pytest.mark.parametrize("step", [0.0, -0.5], ids=["stands still", "runs backwards"])
def test_a_clock_that_does_not_go_on(
    capsys, model: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    now = [1000.0]

    def clock() -> float:
        now[0] += step
        return now[0]

    for name in ("perf_counter", "monotonic", "time"):
        monkeypatch.setattr(time, name, clock)
    for words in (
        ("score", model, "--input", table, "--output", tmp_path / "out.csv", "--json"),
        ("evaluate", model, table, "--json"),
        ("check", model, "--capability", "negation", "--json"),
    ):
        status, out, err = outcome(capsys, *words)
        assert status == 0, err
        assert json.loads(out).get("pairs_per_second", 0) == 0


def test_a_training_whose_clock_runs_backwards_ends(
    capsys, tiny_preset: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1e6]

    def clock() -> float:
        now[0] -= 0.01
        return now[0]

    for name in ("perf_counter", "monotonic", "time"):
        monkeypatch.setattr(time, name, clock)
    words = ("train", pairs_file, "--preset", tiny_preset, "--output", tmp_path / "model", "--epochs", "1")
    status, out, err = outcome(capsys, *words, "--batch-size", "16", "--json")
    assert status == 0, err
    assert json.loads(out)["pairs_per_second"] == 0


@NEEDS_UNIX
@pytest.mark.parametrize("megabytes", [60, 200])
def test_too_little_memory_to_load_a_library_is_said(model: Path, megabytes: int) -> None:
    words = [sys.executable, "-m", "samesay", "score", str(model), "a dog", "a cat"]
    limited = ["sh", "-c", f'ulimit -v {megabytes * 1000}; exec "$@"', "sh", *words]
    found = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert found.returncode in (0, 59), found.stderr  # what is enough is the library's affair
    assert "Traceback" not in found.stderr
