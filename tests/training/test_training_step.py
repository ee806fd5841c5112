"""The training step of SameSay's own: the same model as Keras' step gives, and Keras' where it cannot be taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samesay.model.classifier import PairClassifier
from samesay.model.opening import open_model
from samesay.pairs import LabelSet
from samesay.training import Recipe
from samesay.training.fit import FitResult, fit
from samesay.training.jax_step import KERAS, OWN
from samesay.training.training_pairs import TrainingPairs
from tiny_bert import save_tiny_preset
from tiny_families import save_family

LABELS = LabelSet(("different", "same"))
ANIMALS = ("dog", "cat", "man", "woman")


def trained(preset: Path, recipe: Recipe) -> tuple[PairClassifier, FitResult]:
    """58 pairs in batches of 6: the last batch of an epoch has 4, and two rows that weigh nothing."""
    classifier = open_model(preset, LABELS, dropout=recipe.dropout).classifier
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, 4, 58)
    first = [f"{ANIMALS[kind]} runs" for kind in kinds]
    encoded = classifier.encoder.encode(first, ["a dog sleeps"] * 58)
    return classifier, fit(classifier, TrainingPairs(encoded, (kinds % 2).astype(np.int32)), recipe)


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_twenty_steps_give_the_losses_and_the_weights_of_keras_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    monkeypatch.setattr("samesay.training.jax_step.token_rows._ROUNDED_TO", 8)
    preset = save_tiny_preset(tmp_path / "steady", dropout=0.0)
    recipe = Recipe(
        epochs=2, batch_size=6, learning_rate=1e-3, optimizer=optimizer, weight_decay=0.1, dropout=0.0
    )
    ours, of_ours = trained(preset, recipe)
    monkeypatch.setattr("samesay.training.jax_step.ENABLED", False)
    keras, of_keras = trained(preset, recipe)
    assert (of_ours.step.name, of_keras.step.name) == (OWN, KERAS)
    rows, n_rows = of_ours.step.token_rows or (0, 0)
    assert rows < n_rows, "some tokens must not occur"
    assert of_ours.steps == 20
    for mine, theirs in zip(of_ours.history, of_keras.history, strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-5)
        assert mine["accuracy"] == theirs["accuracy"]
    for mine, theirs in zip(ours.trainable_variables, keras.trainable_variables, strict=True):
        # Adam divides by the size of a gradient: where that is next to nothing, its sign is rounding (keys' bias).
        if not mine.path.endswith("key/bias"):
            np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), atol=2e-4, err_msg=mine.path)
    tables = [np.asarray(one.task.backbone.token_embedding.embeddings) for one in (ours, keras)]
    began = np.asarray(open_model(preset, LABELS).classifier.task.backbone.token_embedding.embeddings)
    outside = np.setdiff1d(
        np.arange(n_rows), ours.encoder.encode(["a dog cat man woman runs"], ["sleeps"]).token_ids
    )
    np.testing.assert_allclose(tables[0][outside], tables[1][outside], atol=1e-6)
    assert np.array_equal(tables[0][outside[-8:]], began[outside[-8:]]) == (optimizer == "adam"), (
        "AdamW decays them"
    )


@pytest.mark.parametrize("family", ["roberta", "xlm_roberta", "distil_bert", "mpnet"])
@pytest.mark.filterwarnings(
    # KerasHub leaves the file of a SentencePiece model to the garbage collector.
    "ignore:unclosed file.*vocabulary.spm:ResourceWarning",
    "ignore:Exception ignored in.*vocabulary.spm:pytest.PytestUnraisableExceptionWarning",
)
def test_every_family_that_it_knows_learns_as_by_keras_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    save_family(family, tmp_path / "preset", max_length=32, n_layers=2, dropout=0.0)
    recipe = Recipe(epochs=2, batch_size=6, learning_rate=1e-3, dropout=0.0)
    ours, of_ours = trained(tmp_path / "preset", recipe)
    monkeypatch.setattr("samesay.training.jax_step.ENABLED", False)
    keras, of_keras = trained(tmp_path / "preset", recipe)
    assert (of_ours.step.name, of_keras.step.name) == (OWN, KERAS)
    for mine, theirs in zip(of_ours.history, of_keras.history, strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-4)
    texts = (["a dog runs", "a man sleeps in the park near the river"], ["a cat", "nobody is outside"])
    logits = [np.asarray(one.logits(one.encoder.encode(*texts))) for one in (ours, keras)]
    np.testing.assert_allclose(*logits, atol=1e-3)


def test_differences_of_low_rank_learn_as_by_keras_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = save_tiny_preset(tmp_path / "steady", dropout=0.0)
    recipe = Recipe(epochs=2, batch_size=6, learning_rate=1e-2, dropout=0.0, lora=2)
    ours, of_ours = trained(preset, recipe)
    monkeypatch.setattr("samesay.training.jax_step.ENABLED", False)
    keras, of_keras = trained(preset, recipe)
    assert (of_ours.step.name, of_keras.step.name) == (OWN, KERAS)
    assert "and 0 of" in of_ours.step.in_words(), "the table of tokens does not change"
    for mine, theirs in zip(of_ours.history, of_keras.history, strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-5)
    for mine, theirs in zip(ours.trainable_variables, keras.trainable_variables, strict=True):
        np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), atol=1e-4, err_msg=mine.path)


def test_the_first_position_takes_the_same_from_shares_that_do_not_add_up_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under dropout, in which a value's bias counts by what is left of the shares."""
    from samesay.training.jax_step import forward as one_position

    task = open_model(save_tiny_preset(tmp_path / "tiny"), LABELS).classifier
    draw = np.random.default_rng(0)
    for variable in task.trainable_variables:
        variable.assign(np.asarray(variable) + 0.3 * draw.standard_normal(variable.shape))
    encoded = task.encoder.encode(["a dog runs", "two cats"], ["a man sleeps", "no"])
    batch = encoded.dense([0, 1], int(encoded.lengths.max()), pad_id=task.encoder.pad_id)._asdict()
    forward = one_position.OnePosition(task.task)
    monkeypatch.setattr(one_position, "dropped", lambda x, rate, state: 0.5 * x)

    def first_of_all(self, attention, x, masked, of):
        return self._all_attend(attention, x, masked, of).reshape(len(masked), -1, x.shape[-1])[:, 0]

    short = np.asarray(forward(lambda variable: variable.value, batch))
    monkeypatch.setattr(one_position.OnePosition, "_first_attends", first_of_all)
    np.testing.assert_allclose(
        short, np.asarray(forward(lambda variable: variable.value, batch)), atol=1e-5, rtol=1e-5
    )


def test_dropout_drops_its_share_keeps_the_mean_and_draws_anew() -> None:
    from samesay.training.jax_step.dropout import dropped

    ones = np.ones((64, 12, 30, 30), np.float32)
    first, other, again = (
        np.asarray(dropped(ones, 0.1, np.array(state, np.uint32))) for state in ((7, 0), (7, 1), (7, 0))
    )
    n = ones.size
    assert abs((first == 0).mean() - 0.1) < 4 * (0.09 / n) ** 0.5
    assert first.mean() == pytest.approx(1, abs=4 * (0.1 / 0.9 / n) ** 0.5)
    assert np.array_equal(first, again)
    both = ((first == 0) & (other == 0)).mean()
    assert abs(both - 0.01) < 4 * (0.0099 / n) ** 0.5, "two batches drop independently of one another"


def test_what_it_cannot_take_is_left_to_keras_step_and_said(tmp_path: Path) -> None:
    preset = save_tiny_preset(tmp_path / "tiny")
    _, result = trained(preset, Recipe(epochs=1, batch_size=32, learning_rate=1e-3, precision="bfloat16"))
    assert result.step.in_words() == "Keras' own: the run computes in bfloat16"


def test_every_private_attribute_of_keras_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, the message names what another Keras lacks or has otherwise; see jax_step/internals.py."""
    from samesay.training.jax_step import internals

    preset = save_tiny_preset(tmp_path / "tiny")
    classifier, result = trained(preset, Recipe(epochs=1, batch_size=32, learning_rate=1e-3))
    assert internals.unlike_expected(classifier) == []
    assert result.step.name == OWN
    attributes = {**internals.ATTRIBUTES, "Dense": ("_matrix",)}
    monkeypatch.setattr(internals, "ATTRIBUTES", attributes)
    monkeypatch.setattr(internals, "PARAMETERS", {"_update_metrics_variables": ("x", "y")})
    monkeypatch.setattr(internals, "SYNCED", ("_other_state",))
    assert internals.unlike_expected(classifier) == [
        "Dense._matrix",
        "Model._update_metrics_variables(x, y)",
        "Model.jax_state_sync reading _other_state",
    ]
    _, result = trained(preset, Recipe(epochs=1, batch_size=32, learning_rate=1e-3))
    assert (
        result.step.in_words() == "Keras' own: the installed Keras has no Dense._matrix as it is known here"
    )
