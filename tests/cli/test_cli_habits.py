"""What people type out of habit from other tools: the error shows the command of ours that it stands for."""

from __future__ import annotations

import shlex

import click
import pytest

from commands import outcome
from samesay.cli.habits import COMMAND_WORDS, OPTION_WORDS, VALUE_WORDS
from samesay.cli.main import COMMANDS, cli


def commands():
    """Every command, those of ``data`` too."""
    ctx = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(ctx, name)
        yield from command.commands.values() if isinstance(command, click.Group) else [command]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("predict my-model 'one text' other", "score my-model 'one text' other"),
        (
            "finetune --model_name_or_path minilm --train_file pairs.csv --output_dir out --num_train_epochs 3 "
            "--per_device_train_batch_size 16 --lr 5e-5 --bf16 --do-not-know",
            "train --help",
        ),
        (
            "finetune --model_name_or_path minilm --train_file pairs.csv --output_dir out --num_train_epochs 3 "
            "--per_device_train_batch_size=16 --lr 5e-5 --bf16 True --overwrite_output_dir",
            "train pairs.csv --preset minilm --output out --epochs 3 --batch-size 16 --learning-rate 5e-5 "
            "--precision bfloat16 --overwrite",
        ),
        ("train pairs.csv -lr 1e-4", "train pairs.csv --learning-rate 1e-4"),
        ("export my-model out --to hf", "export my-model out --to huggingface"),
        ("evaluate --data pairs.csv --model m", "evaluate m pairs.csv"),
        ("eval m pairs.csv --baselines --slice genre", "evaluate m pairs.csv --baselines --slice genre"),
        ("dedupe m texts.txt --threshhold 0.9", "duplicates m texts.txt --threshold 0.9"),
        ("rank m --query q --input t.txt --top-k 3", "rank m --query q --input t.txt --top 3"),
        ("score m --lr 1 -- -a b", "score --help"),
        ("predict m -- -a b", "score -- m -a b"),
        ("predict", "score --help"),
        ("data shwo x", "data show x"),
    ],
)
def test_the_error_shows_the_command_that_was_meant(capsys, typed, meant):
    status, out, err = outcome(capsys, *shlex.split(typed))
    assert (status, out) == (2, "")
    assert err.endswith(f"try: samesay {meant}\n")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("score cross-encoder/x a b", "samesay import hf://cross-encoder/x --output x"),
        ("evaluate cross-encoder/x@main p.csv", "samesay import hf://cross-encoder/x@main --output x"),
        ("score hf://cross-encoder/x a b", "samesay import hf://cross-encoder/x --output x"),
        (
            "train p.csv --preset cross-encoder/x -o new",
            "samesay train p.csv --preset hf://cross-encoder/x -o new",
        ),
        ("import cross-encoder/x -o new", "samesay import hf://cross-encoder/x -o new"),
        ("data show owner/pairs", "samesay data show hf://datasets/owner/pairs"),
    ],
)
def test_a_name_on_a_hub_is_shown_as_its_address(capsys, tmp_path, monkeypatch, typed, hint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("premise,hypothesis,label\na,b,same\nc,d,different\n")
    _, out, err = outcome(capsys, *shlex.split(typed))
    assert out == ""
    assert err.endswith(f"try: {hint}\n")


def test_a_missing_file_is_no_name_on_a_hub(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "hf://datasets/absent" not in outcome(capsys, "data", "show", "absent/pairs.csv")[2]


def test_underscores_are_read_as_hyphens(capsys):
    status, _, err = outcome(capsys, "train", "pairs.csv", "--batch_size", "many")
    assert (status, "is not a valid integer" in err) == (2, True)


def test_what_is_suggested_is_there():
    every = list(commands())
    options = {name for one in every for param in one.params for name in (*param.opts, *param.secondary_opts)}
    arguments = {param.human_readable_name for one in every for param in one.params}
    choices = {
        str(choice)
        for one in every
        for param in one.params
        if isinstance(param.type, click.Choice)
        for choice in param.type.choices
    }
    assert set(COMMAND_WORDS.values()) <= set(COMMANDS)
    assert not set(COMMAND_WORDS) & set(COMMANDS)
    assert {
        target.split("=")[0] for targets in OPTION_WORDS.values() for target in targets
    } <= options | arguments
    assert set(VALUE_WORDS.values()) <= choices
