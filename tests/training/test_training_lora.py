"""Low-rank adaptation: what is trained, what is left behind, and that it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from samesay.errors import UsageError
from samesay.model.classifier import PairClassifier
from samesay.model.keras_file import load_keras_file, save_keras_file
from samesay.model.opening import open_model
from samesay.pairs import LabelSet
from samesay.training import Recipe
from samesay.training.depth import depths
from samesay.training.fit import FitResult, fit
from samesay.training.lora import adapted
from samesay.training.training_pairs import TrainingPairs

LABELS = LabelSet(("different", "same"))
PLAIN = {
    "epochs": 6,
    "batch_size": 16,
    "learning_rate": 1e-2,
    "schedule": "constant",
    "warmup": 0.0,
    "lora": 2,
}


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tiny_bert import save_tiny_preset

    return save_tiny_preset(tmp_path_factory.mktemp("presets") / "steady", dropout=0.0)


def opened(preset: Path) -> PairClassifier:
    return open_model(preset, LABELS, dropout=0.0).classifier


def some_pairs(classifier: PairClassifier) -> TrainingPairs:
    """96 pairs, "same" where the first side has a dog."""
    dogs = np.arange(96) % 3 == 0
    first = [f"the {'dog' if dog else 'cat'} runs" for dog in dogs]
    return TrainingPairs(classifier.encoder.encode(first, ["a man sleeps"] * 96), dogs.astype(np.int32))


def trained(preset: Path, **settings: Any) -> tuple[PairClassifier, FitResult]:
    classifier = opened(preset)
    return classifier, fit(classifier, some_pairs(classifier), Recipe(**{**PLAIN, **settings}))


@pytest.fixture(scope="module")
def adapted_once(preset: Path) -> tuple[PairClassifier, FitResult]:
    """Of rank 2, for those tests that only look."""
    return trained(preset, epochs=24)


def changed(before: PairClassifier, after: PairClassifier) -> set[str]:
    """The names of the encoder's variables that differ, without the pooler's."""
    depth = depths(after, "freeze")
    return {
        new.path
        for old, new in zip(before.weights, after.weights, strict=True)
        if depth[id(new)] < max(depth.values()) and not np.array_equal(np.array(old), np.array(new))
    }


def test_the_adapted_matrices_alone_change_and_the_loss_falls(
    preset: Path, adapted_once: tuple[PairClassifier, FitResult]
) -> None:
    classifier, result = adapted_once
    names = changed(opened(preset), classifier)
    assert {name.rsplit("/", 2)[1] for name in names} == {
        "attention_output",
        "feedforward_intermediate_dense",
        "feedforward_output_dense",
    }
    assert len(names) == 6, "two layers; no bias, no norm, no embedding"
    assert result.history[-1]["loss"] < 0.7 * result.history[0]["loss"]


def test_a_change_has_the_rank_that_was_asked_for(
    preset: Path, adapted_once: tuple[PairClassifier, FitResult]
) -> None:
    for old, new in zip(opened(preset).weights, adapted_once[0].weights, strict=True):
        if new.path.endswith(("attention_output/kernel", "feedforward_output_dense/kernel")):
            change = (np.array(new) - np.array(old)).reshape(-1, new.shape[-1])
            first, second, third = np.linalg.svd(change, compute_uv=False)[:3]
            assert second > 1e-3
            assert third < 1e-3 * first


def test_the_model_answers_the_same_with_factors_and_after_they_were_added(preset: Path) -> None:
    classifier = opened(preset)
    encoded = some_pairs(classifier).encoded
    with adapted(classifier, Recipe(**PLAIN)):
        for variable in classifier.trainable_variables:
            if variable.path.endswith("lora_kernel_b"):
                variable.assign(np.random.default_rng(0).normal(0, 3, variable.shape))
        with_factors = classifier.logits(encoded)
    np.testing.assert_allclose(classifier.logits(encoded), with_factors, atol=1e-5)
    assert np.abs(with_factors - opened(preset).logits(encoded)).max() > 1e-3, "the factors did something"


def test_what_is_left_is_a_plain_model_that_is_saved_and_goes_on(preset: Path, tmp_path: Path) -> None:
    plain, (classifier, result) = opened(preset), trained(preset, epochs=1)
    assert [one.path for one in classifier.weights] == [one.path for one in plain.weights]
    assert [one.shape for one in classifier.trainable_variables] == [
        one.shape for one in plain.trainable_variables
    ]
    assert "lora" not in str(classifier.get_config())
    assert result.trained_weights[0] < result.trained_weights[1]
    again = load_keras_file(save_keras_file(classifier, tmp_path / "model.keras"))
    texts = ["the dog runs"] * 4, ["a cat runs"] * 4
    np.testing.assert_array_equal(again.predict(texts), classifier.predict(texts))
    for one in (again, classifier):
        keras.utils.set_random_seed(0)
        one.fit(texts, ["same"] * 4, batch_size=4, verbose=0)
    np.testing.assert_allclose(again.predict(texts), classifier.predict(texts), atol=1e-6)


@pytest.mark.parametrize(
    "settings", [{"freeze": 1}, {"layer_decay": 0.5, "optimizer": "adam"}, {"precision": "bfloat16"}]
)
def test_it_goes_together_with_other_options(preset: Path, settings: dict[str, Any]) -> None:
    classifier, result = trained(preset, **settings)
    names = changed(opened(preset), classifier)
    assert {name.split("/")[0] for name in names} == (
        {"transformer_layer_1"} if "freeze" in settings else {"transformer_layer_0", "transformer_layer_1"}
    )
    assert result.history[-1]["loss"] < result.history[0]["loss"]


def test_the_same_seed_gives_the_same_weights(
    preset: Path, adapted_once: tuple[PairClassifier, FitResult]
) -> None:
    assert changed(adapted_once[0], trained(preset, epochs=24)[0]) == set()


@pytest.mark.parametrize(
    ("settings", "expected"), [({"lora": 999}, "a rank from 1 to"), ({"freeze": 2}, "not all frozen")]
)
def test_what_cannot_be_adapted_is_refused(preset: Path, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageError, match="adapt") as caught:
        trained(preset, **settings)
    assert expected in (caught.value.expected or "")
