"""Completion in a real shell: commands, options, choices and paths."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands import outcome

# Asks bash for the completions of the words that follow, as pressing the tabulator does.
ASK = r"""
eval "$(samesay completion bash)"
compopt() { printf 'compopt %s %s\n' "$@"; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_samesay_completion samesay
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def complete(tmp_path, monkeypatch):
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    program = tmp_path / "bin" / "samesay"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m samesay "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{Path('/usr/bin')}:{Path('/bin')}")

    def ask(*words):
        done = subprocess.run(
            ["bash", "--norc", "-c", ASK, "bash", "samesay", *words],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1]

    return ask


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tr"], ["train"]),
        (["data", "sh"], ["show"]),
        (["rank", "m", "--qu"], ["--query", "--query-side", "--quiet", "--quoting"]),
        (["export", "m", "out", "--to", "h"], ["huggingface"]),
        (["completion", "f"], ["fish"]),
    ],
)
def test_bash_completes_commands_options_and_choices(complete, words, expected):
    assert sorted(complete(*words)) == sorted(expected)


@pytest.mark.parametrize(
    "words", [["evaluate", "my-"], ["evaluate", "m", "pa"], ["rank", "m", "--output", ""], ["inspect", ""]]
)
def test_bash_completes_paths(complete, words):
    assert "compopt -o default" in complete(*words)


def test_the_tabulator_completes_a_path_at_a_prompt(complete, tmp_path):
    (tmp_path / "pairs-of-texts.csv").touch()
    ours, theirs = os.openpty()
    shell = subprocess.Popen(
        ["bash", "--norc", "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        start_new_session=True,
    )
    try:
        os.write(ours, b'eval "$(samesay completion bash)"; echo rea""dy\n')
        assert "ready" in _shown(ours, "ready")
        os.write(ours, b"samesay evaluate my-model pai\t")
        assert "pairs-of-texts.csv" in _shown(ours, "pairs-of-texts.csv")
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)
        os.close(theirs)


def _shown(terminal, until):
    """What a terminal shows until a word has come, or nothing more comes for a while."""
    text = ""
    while until not in text and select.select([terminal], [], [], 20)[0]:
        text += os.read(terminal, 4096).decode("utf-8", "replace")
    return text


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_script(capsys, shell):
    status, out, err = outcome(capsys, "completion", shell)
    assert (status, err) == (0, "")
    assert f"_SAMESAY_COMPLETE={shell}_complete" in out


def test_the_line_is_installed_once(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'")
    for _ in range(2):
        assert outcome(capsys, "completion", "bash", "--install")[0] == 0
    lines = (tmp_path / ".bashrc").read_text().splitlines()
    assert lines == ["alias ll='ls -l'", 'eval "$(samesay completion bash)"']
