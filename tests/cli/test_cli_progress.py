"""Progress is drawn for people at a terminal, and for nobody else."""

from __future__ import annotations

import io

from rich.console import Console

from samesay.cli.progress import drawn_on, in_short, progress_display
from samesay.pairs import Progress


def test_nothing_is_drawn_where_there_is_no_terminal(capsys):
    with progress_display(quiet=False) as listener:
        assert listener is None
    assert capsys.readouterr() == ("", "")


def test_nothing_is_drawn_when_quiet(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress_display(quiet=True) as listener:
        assert listener is None


def test_a_run_leaves_a_line_for_each_epoch_and_draws_its_figures():
    screen = io.StringIO()
    with drawn_on(Console(file=screen, force_terminal=True, width=160)) as listener:
        for epoch in (1, 2):
            facts = {"epoch": epoch, "epochs": 2, "loss": 0.41, "accuracy": 0.8, "pairs_per_second": 812.3}
            listener(Progress("train", 50 * epoch, 100, facts))
            listener(Progress("validate", 0, 10))
            listener(Progress("validate", 10, 10, {"validation_accuracy": 0.7 + epoch / 100}))
    shown = screen.getvalue()
    assert "epoch 1: validation accuracy 0.7100" in shown
    assert "epoch 2: validation accuracy 0.7200" in shown
    assert "812 pairs/s" in shown
    assert "100/100" in shown


def test_a_stage_of_unknown_length_is_drawn():
    screen = io.StringIO()
    with drawn_on(Console(file=screen, force_terminal=True, width=160)) as listener:
        listener(Progress("score", 4096, None, {"pairs_per_second": 200.0}))
    assert "4096/?" in screen.getvalue()


def test_facts_in_short():
    assert in_short({"epoch": 1, "epochs": 3, "loss": 0.5, "state": "[red]"}) == (
        "epoch 1/3 · loss 0.5000 · state [red]"
    )
    assert in_short({"epoch": 2}) == "epoch 2"
