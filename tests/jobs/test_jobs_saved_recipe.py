"""The recipe of a model that was fitted in Python: what it repeats, what it says that it lacks, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import numpy_helper

import samesay
from samesay.cli.main import cli
from samesay.errors import RecipeInvalid, UsageError
from samesay.pairs import LabelSet, Scale
from samesay.recipes.run import Run, gather
from samesay.runs.saved_recipe import recipe_to_repeat
from samesay.training import Recipe

LABELS = ("same", "different")
PAIRS = (["a dog", "a cat"] * 8, ["the dog", "the man"] * 8)
GOLD = ["same", "different"] * 8
QUICK = {"epochs": 1, "batch_size": 16}


def opened(preset: Path, **settings: Any) -> samesay.PairModel:
    return samesay.PairModel.from_preset(preset, LABELS, **settings)


def recipe_of(model: samesay.PairModel, folder: Path) -> tuple[str, Run, Recipe]:
    """The file's comments above the first key, and what it says."""
    path = folder / "recipe.yaml"
    path.write_text(recipe_to_repeat(model, None), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").partition("version: 1")[0].splitlines()
    return " ".join(line.removeprefix("# ") for line in lines), *gather(path, {})


def trained(config: Path, output: Path, *words: str) -> Result:
    """`samesay train --config`."""
    line = ["train", "--config", str(config), "--output", str(output), "--json", "--quiet", *words]
    return CliRunner().invoke(cli, line, standalone_mode=False)


def weights(bundle: Path) -> list[np.ndarray]:
    graph = onnx.load(bundle / "onnx" / "model.onnx").graph
    return [numpy_helper.to_array(initializer) for initializer in graph.initializer]


def test_a_fit_on_pairs_of_a_named_source_is_repeated_to_the_same_weights_from_any_folder(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pairs_file.parent)
    labels, renamed = ("same", "other"), {"different": "other"}
    model = samesay.PairModel.from_preset(
        tiny_preset, labels, sides=("hypothesis", "premise"), max_length=24, dropout=0.3
    )
    model.fit(
        samesay.load_pairs(pairs_file.name, split="[20:]", where="note!=row 30", rename_labels=renamed),
        validation=samesay.load_pairs(f"{pairs_file.name}[:20]", where="note!=row 30", rename_labels=renamed),
        early_stopping=1,
        **QUICK,
    )
    saved = model.save(tmp_path / "saved")
    heading = (saved / "recipe.yaml").read_text(encoding="utf-8").partition("version: 1")[0]
    assert "To repeat it: samesay train --config recipe.yaml" in heading
    run, settings = gather(saved / "recipe.yaml", {})
    assert (run.data, run.validation) == (f"{pairs_file}[20:]", f"{pairs_file}[:20]")
    reading = run.reading
    assert (reading.where, reading.sides, reading.labels) == (
        "note!=row 30",
        samesay.Sides("hypothesis", "premise"),
        labels,
    )
    assert (run.lacks, settings.max_length, settings.dropout) == (None, 24, 0.3)
    monkeypatch.chdir(tmp_path)
    result = trained(saved / "recipe.yaml", tmp_path / "again")
    assert result.exception is None, result.exception
    assert not any("not those of the recipe" in note for note in json.loads(result.stdout)["notes"])
    pairs_of_weights = zip(weights(saved), weights(tmp_path / "again"), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs_of_weights)


def test_what_a_file_cannot_hold_is_said_in_it_and_refused_by_the_command(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    model = opened(tiny_preset)
    model.fit(
        PAIRS,
        GOLD,
        validation=(PAIRS, GOLD),
        optimizer=keras.optimizers.Lion(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseTopKCategoricalAccuracy(1)],
        callbacks=[keras.callbacks.TerminateOnNaN()],
        **QUICK,
    )
    recipe = model.save(tmp_path / "saved") / "recipe.yaml"
    heading, run, _ = recipe_of(model, tmp_path)
    assert set(run.lacks or {}) == {"data", "validation", "optimizer", "loss", "callbacks"}
    for what in ("does not repeat", "pairs in memory (columns)", "Lion", "TerminateOnNaN", "SparseTopK"):
        assert what in heading
    assert (run.reading.sides, run.reading.labels) == (samesay.Sides("first", "second"), LABELS)
    assert run.preset == str(tiny_preset)
    said = recipe.read_text(encoding="utf-8").splitlines()
    for setting in ("optimizer", "learning_rate", "schedule", "warmup", "weight_decay", "label_smoothing"):
        assert not any(line.startswith(f"{setting}:") for line in said), setting
    refused = trained(recipe, tmp_path / "again").exception
    assert isinstance(refused, RecipeInvalid)
    assert "data, pairs in memory (columns)" in refused.message
    assert (refused.where or "").startswith(f"{recipe}:")
    assert refused.expected == "--optimizer, DATA, --validation on the command line"
    given = (str(pairs_file), "--validation", str(pairs_file), "--optimizer", "adam")
    refused = trained(recipe, tmp_path / "again", *given).exception
    assert isinstance(refused, RecipeInvalid)
    assert set(refused.details["lacks"]) == {"loss", "callbacks"}
    assert not (tmp_path / "again").exists()
    kept = [line for line in said if not line.startswith(("  loss:", "  callbacks:"))]
    recipe.with_name("rest.yaml").write_text("\n".join(kept), encoding="utf-8")
    result = trained(recipe.with_name("rest.yaml"), tmp_path / "again", *given)
    assert result.exception is None, result.exception
    notes = json.loads(result.stdout)["notes"]
    assert [note.split()[1] for note in notes if "not those of the recipe" in note] == [
        "training",
        "validation",
    ]


def test_a_teacher_and_its_unlabelled_pairs_are_recorded(
    trained_bundle: Path, tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    more = samesay.load_pairs(f"{pairs_file}[:30]", need_labels=False)
    model = opened(tiny_preset)
    model.fit(samesay.load_pairs(pairs_file), teacher=trained_bundle, unlabelled=more, **QUICK)
    _, run, settings = recipe_of(model, tmp_path)
    assert (run.teacher, run.unlabelled) == (str(trained_bundle), f"{pairs_file}[:30]")
    assert (run.lacks, settings.teacher_weight) == (None, 0.5)
    model = opened(tiny_preset)
    model.fit(PAIRS, GOLD, teacher=trained_bundle, unlabelled=PAIRS, **QUICK)
    _, run, _ = recipe_of(model, tmp_path)
    assert run.teacher == str(trained_bundle)
    assert set(run.lacks or {}) == {"data", "unlabelled"}


def test_a_run_that_began_with_what_no_name_opens_says_so(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    table = samesay.load_pairs(pairs_file)
    model = opened(tiny_preset, seed=5)
    for expected in ("a new head of seed 5, where the seed of the run is 0", "fitted before"):
        model.fit(table, **QUICK)
        heading, run, _ = recipe_of(model, tmp_path)
        assert run.preset is None
        assert expected in (run.lacks or {})["preset"]
        assert expected in heading
    for other, expected in (
        (samesay.load(model.save(tmp_path / "x.keras")), "x.keras"),
        (samesay.PairModel.from_task(model.task, LABELS), "made in Python"),
        (model.student(layers=1), "a student of"),
    ):
        with pytest.raises(UsageError):
            other.fit(table, accumulate=1000, **QUICK)  # nothing is learned, and nothing forgotten
        other.fit(table, **QUICK)
        _, run, _ = recipe_of(other, tmp_path)
        assert expected in (run.lacks or {})["preset"]
    saved = samesay.load(model.save(tmp_path / "saved"))
    saved.fit(table, seed=3, **QUICK)
    _, run, _ = recipe_of(saved, tmp_path)
    assert (run.preset, run.lacks) == (str(tmp_path / "saved"), None)


def test_a_preset_that_samesay_opens_by_classes_of_its_own_is_named_like_any_other(
    tiny_preset: Path, tmp_path: Path
) -> None:
    preset = tmp_path / "exported"
    opened(tiny_preset).export(preset)
    config = json.loads((preset / "config.json").read_text(encoding="utf-8"))
    (preset / "config.json").write_text(json.dumps({**config, "hidden_act": "gelu"}), encoding="utf-8")
    model = opened(preset)
    assert type(model.task.backbone).__module__.startswith("samesay."), "with the exact GELU"
    model.fit(PAIRS, GOLD, **QUICK)
    _, run, _ = recipe_of(model, tmp_path)
    assert (run.preset, set(run.lacks or {})) == (str(preset), {"data"})


def test_pairs_that_were_chosen_or_whose_numbers_mean_others_are_not_taken_for_their_source(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    numbered = tmp_path / "numbered.csv"
    numbered.write_text("first,second,label\na dog,the dog,0\na cat,the man,1\n")
    in_its_order = samesay.load_pairs(numbered, labels=LABELS)
    for table, lacking, labels in (
        (samesay.load_pairs(pairs_file).select(range(40)), f"chosen in Python out of {pairs_file}", LABELS),
        (samesay.load_pairs(numbered, labels=LABELS[::-1]), "different, same in this order", LABELS),
        (in_its_order, None, LABELS),
        (in_its_order.with_answers(LabelSet(LABELS[::-1])), None, LABELS),
    ):
        model = opened(tiny_preset)
        model.fit(table, **QUICK)
        _, run, _ = recipe_of(model, tmp_path)
        assert run.reading.labels == labels
        assert lacking is None if run.lacks is None else lacking in run.lacks["data"]


def test_scores_are_recorded_with_their_scale(tiny_preset: Path, tmp_path: Path) -> None:
    model = samesay.PairModel.from_preset(tiny_preset, scale=(0, 5))
    model.fit(PAIRS, [4.5, 1.0] * 8, loss="mse", **QUICK)
    _, run, settings = recipe_of(model, tmp_path)
    assert (run.reading.task, run.reading.scale) == ("similarity", Scale(0, 5))
    assert (run.reading.labels, settings.loss) == (None, "mse")


@pytest.mark.parametrize("setting", [{"dropout": 0.5}, {"max_length": 32}])
def test_what_opening_a_model_decided_is_not_decided_again_by_fitting_it(
    tiny_preset: Path, setting: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="has no effect on a model that is open") as caught:
        opened(tiny_preset).fit(PAIRS, GOLD, **setting, **QUICK)
    assert caught.value.where == next(iter(setting))
    opened(tiny_preset, **setting).fit(PAIRS, GOLD, **setting, **QUICK)
