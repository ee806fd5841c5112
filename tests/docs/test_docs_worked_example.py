"""The worked example runs from data to a restored model with whatever preset and pairs it is given."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from doc_pages import ROOT


def test_the_worked_example_runs(
    tiny_preset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "worked_example.py"))
    preset, saved = str(tiny_preset), tmp_path / "tiny.keras"
    example["main"](
        ["--preset", preset, "--larger", preset, "--data", "generated:160", "--output", str(saved)]
    )
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said if "test pairs" in line] == list(example["PUBLISHED"])
    assert any(line.startswith("restored from") and "entailment" in line for line in said)
    assert saved.is_file()


def test_it_is_short() -> None:
    assert len((ROOT / "examples" / "worked_example.py").read_text(encoding="utf-8").splitlines()) < 60
