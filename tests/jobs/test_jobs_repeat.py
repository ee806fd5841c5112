"""The recipe beside a model is enough to train it again, to the same weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from onnx import numpy_helper

import samesay
from samesay.cli.main import cli
from samesay.errors import UsageError
from samesay.jobs.train import train
from samesay.recipes.run import Run, gather


def weights(bundle: Path) -> list[NDArray[np.float32]]:
    graph = onnx.load(bundle / "onnx" / "model.onnx").graph
    return [numpy_helper.to_array(initializer) for initializer in graph.initializer]


def test_the_saved_recipe_gives_the_same_weights_from_any_folder(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = trained_bundle / "recipe.yaml"
    run, settings = gather(recipe, {})
    assert run.data == str(pairs_file)
    assert run.validation == f"{pairs_file}[:20]"
    assert (settings.learning_rate, settings.max_length) == (1e-3, 64)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        cli,
        ["train", "--config", str(recipe), "--output", "again", "--json", "--quiet"],
        standalone_mode=False,
    )
    assert result.exception is None, result.exception
    assert not any("not those of the recipe" in note for note in json.loads(result.stdout)["notes"])
    first, second = weights(trained_bundle), weights(tmp_path / "again")
    assert len(first) == len(second) > 10
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert (tmp_path / "again" / "recipe.yaml").read_bytes() == recipe.read_bytes()


def test_other_pairs_than_the_recipe_s_are_said_to_be_others(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    words = [
        "train",
        f"{pairs_file}[:40]",
        "--config",
        str(trained_bundle / "recipe.yaml"),
        "--quiet",
        "--json",
    ]
    result = CliRunner().invoke(cli, [*words, "--output", str(tmp_path / "other")], standalone_mode=False)
    assert result.exception is None, result.exception
    (note,) = (one for one in json.loads(result.stdout)["notes"] if "not those of the recipe" in one)
    assert note.startswith("the training pairs")


@pytest.mark.parametrize("setting", [{"early_stopping": 1}, {"monitor": "loss"}, {"evaluate_every": 2}])
def test_what_goes_by_validation_is_refused_without_it_on_the_command_line_and_in_python(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path, setting: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="needs validation pairs") as caught:
        train(Run(data=pairs_file, preset=tiny_preset, output=tmp_path / "model"), setting)
    assert caught.value.where == next(iter(setting))
    assert not (tmp_path / "model").exists()
    model = samesay.PairModel.from_preset(tiny_preset, ["same", "different"])
    with pytest.raises(UsageError) as in_python:
        model.fit(samesay.load_pairs(pairs_file), **setting)
    assert str(in_python.value) == str(caught.value)
    assert model.record is None
