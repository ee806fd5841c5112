"""A run that was stopped goes on, from the command line; several seeds tell how far luck goes."""

from __future__ import annotations

import json
import shlex
import statistics
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from samesay.cli.main import cli
from samesay.errors import CheckpointMismatch, OutputBusy, OutputUnwritable, TargetExists, TrainingDiverged
from samesay.jobs.inspect import inspect_model
from samesay.jobs.train import train
from samesay.recipes.run import Run
from samesay.runs.state import held
from samesay.training.course import Course
from samesay.training.recipe import RunFiles

QUICK = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-3}


def samesay(words: list[str]) -> Result:
    return CliRunner().invoke(cli, [*words, "--json"], standalone_mode=False)


def test_ctrl_c_says_the_command_that_goes_on_and_an_unfinished_run_is_not_forgotten(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, place = tmp_path / "a model", tmp_path / "a model.checkpoints"
    words = ["train", str(pairs_file), "--preset", str(tiny_preset), "--output", str(output)]
    words += ["--validation", f"{pairs_file}[:20]", "--epochs", "2", "--batch-size", "16"]
    original = Course.on_train_batch_end

    def interrupt(self: Course, batch: int, logs: Any = None) -> None:
        if self.steps == 7:
            self.stop()
        original(self, batch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(Course, "on_train_batch_end", interrupt)
        stopped = samesay(words)
    assert stopped.return_value == 130
    assert json.loads(stopped.stdout)["checkpoints"] == str(place)
    assert [path.name for path in place.rglob("*.npz")] == ["checkpoint-000000008.npz"]
    (told,) = (line for line in stopped.stderr.splitlines() if line.startswith("To resume: "))
    with pytest.raises(TargetExists, match="An interrupted run left its checkpoints in"):
        train(
            Run(data=pairs_file, preset=tiny_preset, output=tmp_path / "other"),
            files=RunFiles(checkpoints=place),
        )
    with pytest.raises(CheckpointMismatch, match="of another seed: seed-0"):
        train(
            Run(data=pairs_file, preset=tiny_preset, output=tmp_path / "other"),
            {"seed": 1},
            files=RunFiles(checkpoints=place),
            resume=True,
        )
    assert [path.name for path in place.rglob("*.npz")] == ["checkpoint-000000008.npz"]
    typed = shlex.split(told.removeprefix("To resume: samesay "))
    again = samesay([word for word in typed if word != "--json"])
    assert again.exception is None, again.exception
    went_on = json.loads(again.stdout)
    assert [entry["step"] for entry in went_on["history"]] == [6, 12]
    assert not went_on["interrupted"]
    assert any("it was resumed at step 8" in note for note in went_on["notes"])
    assert not place.exists(), "what is saved needs no state"


def test_a_run_that_diverges_saves_its_best_and_fails(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Course.on_train_batch_end

    def poison(self: Course, batch: int, logs: Any = None) -> None:
        original(self, batch, {**(logs or {}), "loss": float("nan")} if self.steps == 11 else logs)

    monkeypatch.setattr(Course, "on_train_batch_end", poison)
    with pytest.raises(
        TrainingDiverged, match=r"nan at step 12 \(epoch 2\)\. The model of epoch 1 was saved"
    ):
        train(
            Run(
                data=pairs_file,
                preset=tiny_preset,
                output=tmp_path / "model",
                validation=f"{pairs_file}[:20]",
            ),
            QUICK,
        )
    assert inspect_model(tmp_path / "model")["recipe"]["best_epoch"] == 1


def test_several_seeds_give_mean_and_spread_and_the_best_model(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    result = train(
        Run(
            data=pairs_file,
            preset=tiny_preset,
            output=tmp_path / "model",
            validation=f"{pairs_file}[:48]",
            seeds=2,
        ),
        {**QUICK, "epochs": 1, "seed": 3, "monitor": "loss"},
    )
    assert result.seeds is not None
    losses = [run["validation_loss"] for run in result.seeds["runs"]]
    assert [run["seed"] for run in result.seeds["runs"]] == [3, 4]
    assert losses[0] != losses[1]
    assert result.seeds["mean"]["validation_loss"] == pytest.approx(sum(losses) / 2)
    assert result.seeds["spread"]["validation_loss"] == pytest.approx(statistics.stdev(losses))
    assert result.recipe.seed == result.seeds["kept"] == 3 + losses.index(min(losses))
    report = tmp_path / "model" / "report"
    assert {path.stem for path in report.glob("learning_curves*.png")} == {
        "learning_curves",
        f"learning_curves-seed-{7 - result.recipe.seed}",
    }
    last = json.loads((report / f"history-seed-{7 - result.recipe.seed}.jsonl").read_text().splitlines()[-1])
    assert last["validation_loss"] == max(losses)
    assert result.evaluation is not None
    assert result.evaluation.metrics["loss"] == pytest.approx(min(losses), abs=1e-5)
    assert inspect_model(tmp_path / "model")["recipe"]["seeds"]["kept"] == result.recipe.seed


def test_a_run_that_fails_after_training_says_where_it_goes_on(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["train", "--preset", str(tiny_preset), "--output", str(tmp_path / "model"), "--epochs", "1"]
    words += ["--checkpoint-every", "0", "--", str(pairs_file)]

    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("samesay.jobs.train.save_model", stopped)
        ended = CliRunner().invoke(cli, words, standalone_mode=False)
    place = tmp_path / "model.checkpoints"
    assert ended.return_value is None
    assert isinstance(ended.exception, click.Abort)
    assert ended.exception.__cause__ is not None
    assert ended.exception.__cause__.__notes__ == [
        f"the run's state is kept in {place}: the same command with --resume goes on from there"
    ]
    told = ended.stderr.partition("To resume: samesay ")[2]
    assert shlex.split(told) == [*words[:-2], "--resume", "--", str(pairs_file)]
    assert CliRunner().invoke(cli, shlex.split(told), standalone_mode=False).exception is None
    assert not place.exists()


def test_two_runs_do_not_write_to_one_folder_of_checkpoints(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    place = tmp_path / "new" / "checkpoints"

    def again() -> None:
        train(
            Run(data=pairs_file, preset=tiny_preset, output=tmp_path / "model"),
            QUICK,
            files=RunFiles(checkpoints=place),
            resume=True,
        )

    with held(place), pytest.raises(OutputBusy, match="Another run is writing its checkpoints to"):
        again()
    again()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "new"]
    assert not place.exists()


def test_a_place_for_checkpoints_that_cannot_be_written_is_refused_and_a_failure_leaves_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputUnwritable), held(tmp_path / "file" / "checkpoints"):
        raise AssertionError("never here")
    with pytest.raises(ZeroDivisionError) as caught, held(tmp_path / "new" / "checkpoints"):
        raise ZeroDivisionError
    assert not hasattr(caught.value, "__notes__")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
