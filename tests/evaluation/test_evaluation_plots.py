"""Plots are written whole, are the same bytes for the same input, and say in words what they show."""

from __future__ import annotations

import re
import sys
from collections import Counter

import pytest

from samesay.data import Origin
from samesay.errors import ExtraMissing, OutputUnwritable, UsageError
from samesay.evaluation import MajorityBaseline, evaluate, save_answers_plot, save_learning_curves
from samesay.pairs import LabelSet, Sides

matplotlib = pytest.importorskip("matplotlib")

HISTORY = [
    {"epoch": 1, "loss": 0.9, "accuracy": 0.6, "validation_loss": 0.8, "validation_accuracy": 0.65},
    {"epoch": 2, "loss": 0.6, "accuracy": 0.8, "validation_loss": 0.7, "validation_accuracy": 0.71},
]


@pytest.fixture
def evaluation():
    import numpy as np

    from samesay.data import PairTable

    labels = LabelSet(("含意", "neutral", "contradiction"))
    ids = np.array([0, 0, 1], dtype=np.int32)
    table = PairTable(["a", "b", "c"], ["d", "e", "f"], Sides(), Origin(source="made"), labels, ids)
    return evaluate(MajorityBaseline.train(table), table)


@pytest.mark.parametrize("name", ["plot.png", "plot.svg", "new/folder/plot.SVG"])
def test_the_confusion_plot_is_written_and_repeatable(evaluation, tmp_path, name):
    path = save_answers_plot(evaluation, tmp_path / name)
    drawn = path.read_bytes()
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n" if name.endswith("png") else b"<svg" in drawn
    assert "Of 2 pairs labelled 含意: 2 含意, 0 neutral, 0 contradiction." in drawn.decode(
        "utf-8", "ignore"
    ) or (name.endswith("png"))
    assert save_answers_plot(evaluation, path).read_bytes() == drawn
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_learning_curves_mark_the_best_epoch_and_speak(tmp_path):
    path = save_learning_curves(HISTORY, tmp_path / "curves.svg", best_epoch=2)
    drawn = path.read_text(encoding="utf-8")
    for words in (
        "validation",
        "training",
        "best epoch",
        "validation accuracy 0.7100",
        "The best epoch is 2.",
    ):
        assert words in drawn


def test_what_was_measured_within_an_epoch_is_drawn_but_for_the_luck_of_a_few_steps(tmp_path):
    history = [
        {"epoch": 0.25, "step": 50, "loss": 0.9, "validation_loss": 0.8},
        {"epoch": 0.99, "step": 198, "loss": 0.7, "validation_loss": 0.6},
        {"epoch": 1, "step": 200, "loss": 5.0, "validation_loss": 0.61},
    ]
    drawn = save_learning_curves(history, tmp_path / "curves.svg").read_text(encoding="utf-8")
    points = re.findall(r'<use .* x="([\d.]+)" .* style="(fill|stroke): (#\w+)', drawn)
    marks = Counter(colour for _, kind, colour in points if kind == "fill")
    assert sorted(marks.values()) == [2 + 1, 3 + 1], "two of training, three of validation, and the legend's"
    axis = min(float(x) for x, kind, _ in points if kind == "stroke")
    assert axis < min(float(x) for x, kind, _ in points if kind == "fill")


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(HISTORY[:1], id="one epoch"),
        pytest.param([{"epoch": 1, "loss": 0.9, "accuracy": 0.6}], id="no validation"),
        pytest.param([{"epoch": 1, "loss": None, "accuracy": None}], id="nothing known"),
    ],
)
def test_short_histories_can_be_drawn(history, tmp_path):
    assert save_learning_curves(history, tmp_path / "curves.png").stat().st_size > 1000


def test_bad_requests_are_refused(evaluation, tmp_path):
    with pytest.raises(UsageError, match="what kind of plot"):
        save_answers_plot(evaluation, tmp_path / "plot.bmp")
    with pytest.raises(UsageError, match="no epoch"):
        save_learning_curves([], tmp_path / "curves.png")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputUnwritable):
        save_answers_plot(evaluation, tmp_path / "file" / "plot.png")


def test_without_matplotlib_the_install_command_is_given(evaluation, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ExtraMissing, match="matplotlib"):
        save_answers_plot(evaluation, tmp_path / "plot.png")
    assert not list(tmp_path.iterdir())


def test_drawing_leaves_pyplot_alone(evaluation, tmp_path, monkeypatch):
    # Others may have imported it by now; importing it again would fail.
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert save_answers_plot(evaluation, tmp_path / "plot.png").is_file()
