"""What is printed, and written into cards: commands that can be pasted, and nothing that a terminal would obey."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest

from commands import outcome
from tiny_models import save_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


HOSTILE = (
    "$(touch PWNED_A)",
    "`touch PWNED_B`",
    "a'; touch PWNED_C; '",
    "esc\x1b[31m\u202e\x9b2J",
    "two\nlines",
)


def is_raw_control(character: str) -> bool:
    return character != "\n" and (
        unicodedata.category(character) in {"Cc", "Zl", "Zp"} or character in "\u202e\u2066"
    )


def pasted(line: str, folder: Path) -> list[str]:
    """The words of a line as bash has them, run with nothing but a function for the command."""
    script = 'samesay() { printf "%s\\0" "$@"; }\n' + line
    run = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, check=True)
    return run.stdout.decode("utf-8").split("\0")[:-1]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("name", HOSTILE)
def test_the_commands_of_a_card_are_pasted_without_harm(tmp_path: Path, name: str) -> None:
    from samesay.pairs import LabelSet, Sides

    folder = tmp_path / "shell"
    folder.mkdir()
    labels = LabelSet((f"{name} <b>", "![x](https://example.org/pixel)", "other"))
    path = save_tiny(tmp_path / f"model {name}".replace("/", ""), sides=Sides(name, "second"), answers=labels)
    card = (path / "README.md").read_text(encoding="utf-8")
    assert not [one for one in card if is_raw_control(one)]
    assert "![x](" not in card
    assert "<b>" not in card
    shell = card.split("```sh\n")[1].split("```")[0].splitlines()
    assert [pasted(line, folder)[0] for line in shell] == ["score", "score", "inspect"]
    assert pasted(shell[0], folder) == ["score", path.name, f"the {name}", "the second"]
    python = card.split("```python\n")[1].split("```")[0]
    compile(python, "card", "exec")
    assert not list(folder.iterdir())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_command_that_train_proposes_is_pasted_without_harm(
    capsys, tiny_preset: Path, tmp_path: Path
) -> None:
    import csv

    first, second, odd = "$(touch PWNED_A)", "`touch PWNED_B`", "esc\x1b[31m\u202e"
    data = tmp_path / "pairs.csv"
    with data.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([first, second, "label"])
        for index in range(48):
            writer.writerow([f"the dog runs {index}", f"a cat {index}", odd if index % 2 else "other"])
    output = tmp_path / "a model; touch PWNED_C"
    columns = f"first={first},second={second}"
    words = (
        "train",
        data,
        "--preset",
        tiny_preset,
        "--output",
        output,
        "--columns",
        columns,
        "--epochs",
        "1",
    )
    status, out, err = outcome(capsys, *words, "--sides", f"{first},{second}")
    assert status == 0, err
    card = (output / "README.md").read_text(encoding="utf-8")
    assert not [one for one in out + err + card if is_raw_control(one)]
    folder = tmp_path / "shell"
    folder.mkdir()
    lines = [line.removeprefix("Next:").strip() for line in out.splitlines() if " samesay " in f" {line}"]
    assert [pasted(line, folder) for line in lines[-2:]] == [
        ["evaluate", str(output), "DATA"],
        ["score", str(output), first, second],
    ]
    assert not list(folder.iterdir())


def test_no_message_and_no_json_carries_a_raw_control_character(
    capsys, model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    odd = "esc\x1b[31m\u202e\x9b2J\u2028"
    data = tmp_path / f"{odd}.csv"
    data.write_text(f"premise,hypothesis,label,{odd}\na {odd} dog,a cat,{odd}\nb,c,other\n", encoding="utf-8")
    for words in (
        ("data", "show", data),
        ("data", "show", f"{data}:{odd}"),
        ("score", f"{model}{odd}", "a", "b"),
        ("score", model, odd, odd),
        ("evaluate", model, data),
        ("audit", data),
        ("score", model, "--input", data, "--output", tmp_path / f"out{odd}.csv"),
        ("check", model, "--capability", odd),
        ("calibrate", f"{model}{odd}"),
        ("rank", model, "--query", odd, "--input", data, "--column", odd),
        (f"no{odd}",),
        ("score", f"--no{odd}"),
    ):
        for flag in ((), ("--json",)):
            _, out, err = outcome(capsys, *words, *flag)
            assert not [one for one in out + err if is_raw_control(one)], words
