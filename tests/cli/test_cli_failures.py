"""Every way to fail: one message, its own exit status, JSON where asked for, and no traceback unasked."""

from __future__ import annotations

import errno
import io
import json
import signal
import subprocess
import sys

import pytest

from commands import outcome
from samesay import errors
from samesay.cli import failures
from samesay.errors import RowMalformed, SameSayError, UsageError


def fail_with(monkeypatch, error):
    """Make ``samesay inspect`` raise ``error``."""
    import samesay.jobs.inspect as workflow

    def raise_it(*_, **__):
        raise error

    monkeypatch.setattr(workflow, "inspect_model", raise_it)


def leaves(of=SameSayError):
    children = of.__subclasses__()
    return [of, *(leaf for child in children for leaf in leaves(child) if leaf.__module__ == errors.__name__)]


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.__name__)
def test_every_error_of_ours_ends_with_its_own_code_and_status(monkeypatch, capsys, kind):
    error = kind(
        "It went wrong.", where="pairs.csv:7", expected="two texts", hint="samesay data show pairs.csv"
    )
    fail_with(monkeypatch, error)
    status, out, err = outcome(capsys, "inspect", "model")
    assert status == kind.exit_code
    assert out == ""
    assert err == (
        f"error[{kind.code}]: It went wrong.\n"
        "  where: pairs.csv:7\n  expected: two texts\n  try: samesay data show pairs.csv\n"
    )
    status, out, err_with_json = outcome(capsys, "inspect", "model", "--json")
    assert status == kind.exit_code
    assert json.loads(out) == {"error": error.to_dict()}
    assert err_with_json == err


@pytest.mark.parametrize(
    ("error", "code", "status", "words"),
    [
        (KeyboardInterrupt(), "interrupted", 130, "Interrupted"),
        (MemoryError(), "memory-exhausted", 59, "--batch-size"),
        (
            RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes"),
            "memory-exhausted",
            59,
            "Memory ran out",
        ),
        (RuntimeError("can't start new thread"), "machine", 50, "--threads 1"),
        (OSError(errno.ENOSPC, "No space left on device", "/some/file"), "disk-full", 51, "/some/file"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/some/file"),
            "machine",
            50,
            "Permission denied",
        ),
        (ZeroDivisionError("division by zero"), "unexpected-error", 70, "this is our mistake"),
        (OSError("something odd"), "unexpected-error", 70, "SAMESAY_DEBUG=1"),
    ],
)
def test_other_exceptions_are_named(monkeypatch, capsys, error, code, status, words):
    fail_with(monkeypatch, error)
    left, out, err = outcome(capsys, "inspect", "model", "--json")
    assert left == status
    assert json.loads(out)["error"]["code"] == code
    assert err.lstrip().startswith(f"error[{code}]")
    assert words in err
    assert "Traceback" not in err


def test_the_traceback_is_shown_when_asked_for(monkeypatch, capsys):
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    monkeypatch.setenv("SAMESAY_DEBUG", "1")
    _, _, err = outcome(capsys, "inspect", "model")
    assert "Traceback" in err
    assert "raise_it" in err
    monkeypatch.setenv("SAMESAY_DEBUG", "0")
    assert "Traceback" not in outcome(capsys, "inspect", "model")[2]


def test_a_hostile_text_in_a_message_is_shown_and_not_obeyed(monkeypatch, capsys):
    fail_with(monkeypatch, RowMalformed("Received '\x1b[2J\u202egnp.exe\r'.", where="a\nb"))
    _, _, err = outcome(capsys, "inspect", "model")
    assert "\x1b" not in err
    assert "\u202e" not in err
    assert "\r" not in err
    assert r"\x1b[2J\u202egnp.exe\r" in err


def test_a_lone_surrogate_reaches_json_as_an_escape(monkeypatch, capsys):
    fail_with(monkeypatch, UsageError("Received 'caf\udce9 é'."))
    _, out, _ = outcome(capsys, "inspect", "model", "--json")
    assert json.loads(out)["error"]["message"] == "Received 'caf\udce9 é'."


def test_only_the_option_asks_for_json(monkeypatch, capsys):
    _, out, _ = outcome(capsys, "score", "no-such-model", "--", "--json", "text")
    assert out == ""


def test_output_in_another_encoding_stays_json(monkeypatch):
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", ascii_only)
    failures.print_json({"label": "含意 \udce9"})
    ascii_only.flush()
    assert json.loads(ascii_only.buffer.getvalue()) == {"label": "含意 \udce9"}


# `samesay inspect` with another workflow behind it, as a process of its own.
# A process that was started in the background by a script ignores Ctrl-C, and so would its children, these tests.
AS_A_PROCESS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import samesay.jobs.inspect as workflow

def inspect_model(model, verify):
    {body}

workflow.inspect_model = inspect_model
from samesay.cli.main import main
main(["inspect", "model", "--json"])
"""


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(AS_A_PROCESS.format(body="[print('a line of text') for _ in range(100_000)]"))
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(6) == "a line"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=120) == 1
    finally:
        process.kill()
        process.stderr.close()


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        AS_A_PROCESS.format(body="print('ready', file=sys.stderr, flush=True); time.sleep(100)")
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert err == "\nerror[interrupted]: Interrupted; nothing was kept.\n"
