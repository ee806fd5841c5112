"""Few pairs: several recipes are tried, the best is trained on all, and what is not worth using is said loudly."""

from __future__ import annotations

import csv
import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import samesay
from commands import outcome
from samesay.data import load_pairs
from samesay.errors import UsageError
from samesay.jobs.few import carries_head, default_presets
from samesay.jobs.train import train
from samesay.pairs import LabelSet, Scale
from samesay.recipes.run import Run
from samesay.training.carried_head import carry

QUICK = {"epochs": 2, "batch_size": 16, "learning_rate": 3e-3}
WORDS = ("dog", "cat", "man", "woman", "horse", "bird", "child", "teacher")


@pytest.fixture(scope="module")
def few_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 pairs, same or different; no text comes up twice."""
    path = tmp_path_factory.mktemp("few") / "few.csv"
    draw = random.Random(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["first", "second", "label"])
        for place in range(80):
            word = draw.choice(WORDS)
            same = place % 2 == 0
            other = word if same else "no"
            writer.writerow(
                [f"the {word} runs {place}", f"a {other} runs {place}", "same" if same else "different"]
            )
    return path


@pytest.fixture
def room(trained_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of built-in models: a tiny one of two labels, as ``builtin:same``."""
    shutil.copytree(trained_bundle, tmp_path / "room" / "same")
    monkeypatch.setenv("SAMESAY_BUILTIN", str(tmp_path / "room"))
    return tmp_path / "room"


def test_recipes_are_tried_and_the_best_is_trained_on_all_pairs(
    few_pairs: Path, room: Path, tmp_path: Path
) -> None:
    run = Run(data=few_pairs, preset="builtin:same", time_budget="10m", output=tmp_path / "m")
    result = train(run, QUICK)
    found = result.few_pairs
    assert found is not None
    assert [one.folds for one in found.tried] == [3, 3]
    assert [one.note for one in found.tried].count("chosen") == 1
    assert result.n_pairs == 80
    assert result.measured_on == "cross-validation"
    assert result.evaluation is not None
    assert result.evaluation.n_pairs == 80
    assert {"always answering different", "builtin:same as it is"} == {
        one.name for one in result.alternatives
    }
    said = result.to_dict()
    assert said["few_pairs"]["chosen"] == found.chosen.name
    assert said["few_pairs"]["no_text_in_two_folds"] == "both sides"
    assert any("cross-validation" in note for note in said["notes"])

    again = train(*_recipe_of(tmp_path / "m", tmp_path / "again"))
    assert again.few_pairs is None
    table = load_pairs(few_pairs)
    one, other = (samesay.load(path).predict(table) for path in (tmp_path / "m", tmp_path / "again"))
    np.testing.assert_array_equal(one, other)


def _recipe_of(model: Path, output: Path):
    from samesay.recipes.run import gather

    return gather(model / "recipe.yaml", {"output": str(output)})


def test_without_validation_pairs_some_are_held_out_and_the_metrics_are_of_those(
    few_pairs: Path, tiny_preset: Path, tmp_path: Path
) -> None:
    run = Run(data=few_pairs, preset=tiny_preset, output=tmp_path / "m")
    result = train(run, {**QUICK, "learning_rate": 1e-8})
    assert (result.measured_on, result.n_pairs) == ("held out", 64)
    assert result.evaluation is not None
    assert result.evaluation.n_pairs == 16
    assert len(result.warnings) == 1
    assert "always answering" in result.warnings[0]
    assert result.to_dict()["warnings"] == result.warnings
    one_text = tmp_path / "one.csv"
    one_text.write_text("first,second,label\n" + "a,b,same\na,b,different\n" * 20)
    with pytest.raises(UsageError, match="can be held out"):
        train(Run(data=one_text, preset=tiny_preset, hold_out=0.2, output=tmp_path / "n"), QUICK)


def test_a_head_for_other_labels_starts_from_what_the_saved_one_answers(
    few_pairs: Path, trained_bundle: Path, tmp_path: Path
) -> None:
    texts = ["a dog runs", "the man eats", "a cat"], ["a cat runs", "the man eats", "no"]
    old = samesay.PairModel.from_preset(trained_bundle)
    new = samesay.PairModel.from_preset(trained_bundle, ["yes it is", "no it is not"], new_head=True, seed=3)
    carry(old.classifier, new.classifier, (np.eye(2, dtype=np.float32)[::-1], np.zeros(2, np.float32)))
    np.testing.assert_allclose(new.predict(texts), old.predict(texts)[:, ::-1], atol=1e-6)

    renamed = tmp_path / "renamed.csv"
    words = {",same": ",yes it is", ",different": ",no it is not"}
    renamed.write_text(re.sub("|".join(words), lambda found: words[found[0]], few_pairs.read_text()))
    run = Run(data=renamed, preset=trained_bundle, carry_head=True, hold_out=0.0, output=tmp_path / "m")
    result = train(run, {"epochs": 1, "batch_size": 16, "learning_rate": 1e-8})
    assert result.head == "carried"
    assert "carry_head: true" in (tmp_path / "m" / "recipe.yaml").read_text()


def test_what_training_starts_from_is_what_fits_the_labels(room: Path) -> None:
    assert default_presets(LabelSet(("same", "different")))[0] == "builtin:same"
    assert default_presets(Scale(0, 5))[0] == "builtin:same"
    assert default_presets(LabelSet(("a", "b", "c"))) == ["minilm"]
    assert default_presets(LabelSet(("entailment", "neutral", "contradiction"))) == ["minilm"]
    assert carries_head("builtin:same", LabelSet(("yes", "no")))
    assert not carries_head("builtin:same", LabelSet(("same", "different")))


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"time_budget": "soon"}, "time_budget"),
        ({"time_budget": "0s"}, "time_budget"),
        ({"time_budget": "5m", "seeds": 2}, "time_budget"),
        ({"new_head": True, "carry_head": True}, "carry_head"),
    ],
)
def test_what_cannot_be_is_refused(
    settings, where, few_pairs: Path, tiny_preset: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        train(Run(data=few_pairs, preset=tiny_preset, output=tmp_path / "m", **settings), {"seed": 1})
    assert refused.value.where == where


def test_the_command_shows_what_was_tried_and_warns(
    few_pairs: Path, tiny_preset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--epochs", "1", "--learning-rate", "1e-8", "--time-budget", "90s", "--output", tmp_path / "m")
    status, shown, problem = outcome(capsys, "train", few_pairs, "--preset", tiny_preset, *words)
    assert status == 0, problem
    assert "cross-validated in 3 parts" in shown
    assert "WARNING: it is not better than always answering" in " ".join(shown.split())
