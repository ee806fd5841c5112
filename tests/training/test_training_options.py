"""What each option of the recipe does to what is learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from samesay.decision import softmax
from samesay.errors import UsageError
from samesay.model.classifier import PairClassifier
from samesay.model.keras_file import load_keras_file, save_keras_file
from samesay.model.opening import open_model
from samesay.pairs import LabelSet
from samesay.training import Recipe
from samesay.training.depth import depths
from samesay.training.fit import FitResult, balanced_rows, fit
from samesay.training.optimizers import build_optimizer
from samesay.training.training_pairs import TrainingPairs

LABELS = LabelSet(("different", "same"))
PLAIN = {"epochs": 12, "batch_size": 16, "learning_rate": 5e-3, "schedule": "constant", "warmup": 0.0}
RARE = 1
Trained = tuple[PairClassifier, FitResult]


def some_pairs(classifier: PairClassifier) -> TrainingPairs:
    """160 pairs of one width, 24 of them "same": three in ten of those with a dog, and none of the others."""
    dogs = np.arange(160) % 2 == 0
    labels = dogs & (np.arange(160) % 20 < 6)
    first = [f"the {'dog' if dog else 'cat'} runs" for dog in dogs]
    return TrainingPairs(classifier.encoder.encode(first, ["a man sleeps"] * 160), labels.astype(np.int32))


@pytest.fixture(scope="module")
def steady_preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tiny_bert import save_tiny_preset

    return save_tiny_preset(tmp_path_factory.mktemp("presets") / "steady", dropout=0.0)


@pytest.fixture(scope="module")
def trained(steady_preset: Path) -> Callable[..., Trained]:
    """Trains without dropout by PLAIN and what is given instead; the same settings give the same model again."""
    done: dict[str, Trained] = {}

    def run(**settings: Any) -> Trained:
        if repr(settings) not in done:
            classifier = open_model(steady_preset, LABELS, dropout=0.0).classifier
            pairs = some_pairs(classifier)
            validation = pairs if "evaluate_every" in settings else None
            result = fit(classifier, pairs, Recipe(**{**PLAIN, **settings}), validation=validation)
            done[repr(settings)] = classifier, result
        return done[repr(settings)]

    return run


def probabilities(classifier: PairClassifier) -> np.ndarray:
    return softmax(classifier.logits(some_pairs(classifier).encoded))


def rare_recall(classifier: PairClassifier) -> float:
    gold = some_pairs(classifier).targets == RARE
    return float((probabilities(classifier).argmax(axis=1) == RARE)[gold].mean())


@pytest.mark.parametrize(
    "settings", [{"class_weights": "balanced"}, {"class_weights": {"same": 6.0}}, {"sampling": "balanced"}]
)
def test_weights_and_balanced_sampling_find_the_rare_label(
    trained: Callable[..., Trained], settings: dict[str, Any]
) -> None:
    assert rare_recall(trained()[0]) < 0.2, "three in ten are no reason to answer 'same'"
    assert rare_recall(trained(**settings)[0]) > 0.8


def test_balanced_sampling_draws_every_label_alike_and_each_pair_of_a_rare_one() -> None:
    targets = np.array([0] * 50 + [1] * 3 + [2] * 10)
    rows = balanced_rows(targets, seed=0, epoch=0)
    assert np.bincount(targets[rows]).tolist() == [21, 21, 21]
    assert set(np.bincount(rows[targets[rows] == 1], minlength=53)[50:53]) == {7}
    assert len(set(rows[targets[rows] == 0])) == 21, "a frequent label's pairs are not repeated"
    assert set(balanced_rows(targets, seed=0, epoch=1)) != set(rows), "another epoch takes others"


def test_smoothing_lowers_the_confidence(trained: Callable[..., Trained]) -> None:
    plain, smoothed = (probabilities(trained(**{**one})[0]) for one in ({}, {"label_smoothing": 0.4}))
    assert smoothed.max(axis=1).mean() < plain.max(axis=1).mean() - 0.05


def test_two_small_batches_accumulated_are_one_large_batch(trained: Callable[..., Trained]) -> None:
    # Few steps: Adam makes whole steps of rounding errors where a gradient is next to nothing.
    large = probabilities(trained(epochs=2, batch_size=160)[0])
    small = probabilities(trained(epochs=2, batch_size=80, accumulate=2)[0])
    alone = probabilities(trained(epochs=2, batch_size=80)[0])
    np.testing.assert_allclose(small, large, atol=1e-4)
    assert np.abs(alone - large).max() > 1e-2, "four steps are not two"


def test_a_clipped_outlier_does_not_carry_the_weights_away() -> None:
    def drift(clip_norm: float | None) -> float:
        """Where twenty gradients of -1 lead after a single one of a million: up, or further down."""
        recipe = Recipe(**{**PLAIN, "optimizer": "adam", "clip_norm": clip_norm})
        optimizer, weight = build_optimizer(recipe, 21), keras.Variable(np.zeros(1, np.float32))
        optimizer.apply([np.array([1e6], np.float32)], [weight])
        after = float(weight[0])
        for _ in range(20):
            optimizer.apply([np.array([-1.0], np.float32)], [weight])
        return float(weight[0]) - after

    assert drift(1.0) > 0.05
    assert drift(None) < -0.01


def test_frozen_layers_keep_every_bit_and_are_free_again_afterwards(
    trained: Callable[..., Trained], steady_preset: Path
) -> None:
    before = open_model(steady_preset, LABELS, dropout=0.0).classifier
    after = trained(freeze=1)[0]
    depth = depths(after, "freeze")
    changed = {
        depth[id(new)]: not np.array_equal(np.array(old), np.array(new))
        for old, new in zip(before.trainable_variables, after.trainable_variables, strict=True)
    }
    assert changed == {0: False, 1: False, 2: True, 3: True}


@pytest.mark.parametrize("partly", [{"freeze": 1}, {"lora": 2}])
def test_a_saved_model_learns_on_at_the_rates_of_all_its_layers_where_some_were_frozen(
    trained: Callable[..., Trained], tmp_path: Path, partly: dict[str, int]
) -> None:
    after = trained(epochs=1, layer_decay=0.5, **partly)[0]
    again = load_keras_file(save_keras_file(after, tmp_path / "model.keras"))
    depth = depths(again, "freeze")
    assert again.optimizer.rate_shares == [
        0.5 ** (3 - depth[id(variable)]) for variable in again.trainable_variables
    ]


def test_each_layer_learns_at_its_share_of_the_rate(
    trained: Callable[..., Trained], steady_preset: Path
) -> None:
    before = open_model(steady_preset, LABELS, dropout=0.0).classifier
    after = trained(optimizer="adam", layer_decay=0.1, epochs=1, batch_size=160)[0]
    depth, furthest = depths(after, "freeze"), dict.fromkeys(range(4), 0.0)
    for old, new in zip(before.trainable_variables, after.trainable_variables, strict=True):
        moved = float(np.abs(np.array(old) - np.array(new)).max())
        furthest[depth[id(new)]] = max(furthest[depth[id(new)]], moved)
    # Adam's first step moves a weight by the rate.
    assert furthest == pytest.approx({0: 5e-6, 1: 5e-5, 2: 5e-4, 3: 5e-3}, rel=0.02)


def test_half_precision_learns_nearly_the_same_and_leaves_a_float32_model(
    trained: Callable[..., Trained],
) -> None:
    full, (half, result) = trained(epochs=4)[0], trained(epochs=4, precision="bfloat16")
    difference = np.abs(probabilities(half) - probabilities(full)).max()
    assert 0 < difference < 0.2
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert {variable.dtype for variable in half.trainable_variables} == {"float32"}
    assert half.task.backbone.get_layer("transformer_layer_0").compute_dtype == "float32"


def test_validation_within_epochs_by_the_figure_that_is_monitored(trained: Callable[..., Trained]) -> None:
    classifier, result = trained(evaluate_every=4, monitor="recall:same", class_weights="balanced")
    assert [(entry["epoch"], entry["step"]) for entry in result.history[:3]] == [(0.4, 4), (0.8, 8), (1, 10)]
    reached = [entry["validation_recall:same"] for entry in result.history]
    (best,) = (entry for entry in result.history if entry["epoch"] == result.best_epoch)
    assert best["validation_recall:same"] == max(reached) == rare_recall(classifier)


def test_training_figures_within_an_epoch_are_of_what_was_learned_since_the_one_before(
    trained: Callable[..., Trained],
) -> None:
    whole = trained(epochs=1)[1].history
    parts = trained(epochs=1, evaluate_every=4)[1].history
    assert [entry["step"] for entry in parts] == [4, 8, 10]
    for name in ("loss", "accuracy"):
        weighted = sum(share * entry[name] for share, entry in zip((0.4, 0.4, 0.2), parts, strict=True))
        assert weighted == pytest.approx(whole[0][name], abs=1e-5), "as many pairs in every step"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"class_weights": {"sane": 2.0}}, "different, same"),
        ({"monitor": "recall:sane"}, "recall:LABEL"),
        ({"monitor": "spearman"}, "accuracy, macro_f1, loss"),
        ({"freeze": 3}, "from 1 to 2 layers"),
        ({"precision": "float16"}, "bfloat16, or a GPU"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_before_training(
    steady_preset: Path, settings: dict[str, Any], expected: str
) -> None:
    classifier = open_model(steady_preset, LABELS).classifier
    with pytest.raises(UsageError) as caught:
        fit(classifier, some_pairs(classifier), Recipe(**{**PLAIN, **settings}))
    assert caught.value.where == next(iter(settings))
    assert expected in (caught.value.expected or "")


@pytest.mark.parametrize("setting", ["lora", "layer_decay", "freeze"])
def test_layers_that_are_not_known_are_reported_by_the_setting_that_asks(
    setting: str, steady_preset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = open_model(steady_preset, LABELS).classifier
    monkeypatch.setattr("samesay.training.depth.repeated_layers", lambda backbone: [])
    with pytest.raises(UsageError, match="not known from their names") as refused:
        depths(classifier, setting)
    assert refused.value.where == setting
