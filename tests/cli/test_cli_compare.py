"""``samesay compare``: what is printed, what is written, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from samesay.cli.main import cli
from samesay.errors import TargetExists, UsageError
from samesay.pairs import LabelSet
from tiny_models import LABELS, save_tiny

pytest.importorskip("scipy")

PAIRS = """premise,hypothesis,label
a dog runs,the dog sleeps,contradiction
a man eats,a person eats,entailment
the cat plays | sings,no cat plays,contradiction
a woman sings,the child is outside,neutral
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("compared")
    save_tiny(root / "one")
    save_tiny(root / "other|[b]", answers=LabelSet((LABELS.names[1], LABELS.names[2], LABELS.names[0])))
    (root / "pairs.csv").write_text(PAIRS, encoding="utf-8")
    return root


def compared(folder: Path, *words: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        call = ["compare", "one", "other|[b]", "--data", "pairs.csv", "--resamples", "20", *words]
        return CliRunner().invoke(cli, call, standalone_mode=False)


def test_people_see_metrics_tests_and_changed_pairs(folder: Path) -> None:
    result = compared(folder, "--rounds", "0", "--markdown", "table.md", "--overwrite")
    assert result.exception is None
    for words in (
        "macro F1",
        "against one",
        "right alone",
        "p (Holm)",
        "the cat plays | sings",
        "4 pairs of",
    ):
        assert words in result.stdout
    # A name is no markup: not that of the terminal's tables, and not Markdown's.
    assert "other|[b]" in result.stdout
    assert "| other\\|[b] |" in (folder / "table.md").read_text(encoding="utf-8")
    assert "pairs/s" not in result.stdout


def test_json_is_one_document_and_the_plot_speaks(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    result = compared(folder, "--rounds", "1", "--plot", "plot.svg", "--json")
    assert result.exception is None
    told = json.loads(result.stdout)
    first = told["models"][0]
    assert first["cost"]["pairs_per_second"] > 0
    drawn = (folder / "plot.svg").read_text(encoding="utf-8")
    assert f"one, accuracy {first['metrics']['accuracy']:.3f}" in drawn
    assert "pairs per second" in drawn


def test_a_plot_of_cost_needs_the_cost(folder: Path) -> None:
    result = compared(folder, "--rounds", "0", "--plot", "plot.svg")
    assert isinstance(result.exception, UsageError)


@pytest.mark.parametrize("command", ["compare", "evaluate"])
def test_a_plot_that_cannot_be_written_is_refused_before_anything_is_scored(folder, monkeypatch, command):
    pytest.importorskip("matplotlib")

    def scored(*_, **__):
        raise AssertionError("scored")

    monkeypatch.chdir(folder)
    job = {"compare": "compare_models", "evaluate": "evaluate_model"}[command]
    monkeypatch.setattr(f"samesay.jobs.{command}.{job}", scored)
    words = {"compare": ["one", "--data", "pairs.csv"], "evaluate": ["one", "pairs.csv"]}[command]
    (folder / "mine.svg").write_text("mine", encoding="utf-8")
    for plot, error in (("plot.pdf", UsageError), ("mine.svg", TargetExists)):
        result = CliRunner().invoke(cli, [command, *words, "--plot", plot], standalone_mode=False)
        assert isinstance(result.exception, error)
    assert (folder / "mine.svg").read_text(encoding="utf-8") == "mine"
    result = CliRunner().invoke(
        cli, [command, *words, "--plot", "mine.svg", "--overwrite"], standalone_mode=False
    )
    assert "scored" in str(result.exception)


def test_a_plot_alone_may_be_replaced(folder, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(folder)
    (folder / "drawn.svg").write_text("old", encoding="utf-8")
    words = ["evaluate", "one", "pairs.csv", "--plot", "drawn.svg", "--overwrite"]
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    assert result.exception is None
    assert "4 pairs of" in (folder / "drawn.svg").read_text(encoding="utf-8")
