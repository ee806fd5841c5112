"""A recipe is checked before anything is computed, and its schedules are those of the field."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from samesay.errors import UsageError
from samesay.training import WORKED_EXAMPLE, Recipe
from samesay.training.optimizers import AdamW, CosineSchedule, TriangularSchedule, build_optimizer


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", 2.0),
        ("optimizer", "sgd"),
        ("schedule", "step"),
        ("warmup", 1.0),
        ("weight_decay", -0.1),
        ("seed", -1),
        ("early_stopping", 0),
        ("dropout", 1.0),
        ("shuffle", "none"),
        ("epochs", "3"),
        ("epochs", 1.5),
        ("learning_rate", "1e-4"),
        ("seed", 0.5),
        ("lora", True),
        ("clip_norm", "1"),
    ],
)
def test_a_value_out_of_range_names_the_setting_and_the_range(setting: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        Recipe.from_mapping({setting: value})
    assert caught.value.where == setting
    assert caught.value.expected
    assert repr(value) in caught.value.message


def test_an_unknown_setting_is_met_with_the_near_one() -> None:
    with pytest.raises(UsageError) as caught:
        Recipe.from_mapping({"learning_rat": 1e-4})
    assert caught.value.hint == "did you mean 'learning_rate'?"


def test_what_is_left_open_keeps_its_default() -> None:
    assert Recipe.from_mapping({"epochs": None, "seed": 7}) == Recipe(seed=7)


def test_the_learning_rate_follows_the_width_of_the_encoder_unless_given() -> None:
    assert Recipe().for_encoder(384).learning_rate == 1e-4
    assert Recipe().for_encoder(768).learning_rate == 3e-5
    assert Recipe(learning_rate=2e-5).for_encoder(384).learning_rate == 2e-5


def test_the_triangle_rises_to_its_peak_and_falls_to_nothing() -> None:
    schedule = TriangularSchedule(1e-4, warmup_steps=20, total_steps=100)
    rates = [float(schedule(step)) for step in (0, 10, 20, 60, 100, 120)]
    assert rates == pytest.approx([0.0, 5e-5, 1e-4, 5e-5, 0.0, 0.0], abs=1e-10)


def test_the_cosine_rises_to_its_peak_and_falls_to_nothing() -> None:
    schedule = CosineSchedule(1e-4, warmup_steps=20, total_steps=100)
    rates = [float(schedule(step)) for step in (0, 10, 20, 60, 100)]
    assert rates == pytest.approx([0.0, 5e-5, 1e-4, 5e-5, 0.0], abs=1e-10)


def test_without_warm_up_the_first_step_has_the_peak_rate() -> None:
    assert float(TriangularSchedule(1e-4, 0, 10)(0)) == pytest.approx(1e-4)
    assert float(CosineSchedule(1e-4, 0, 10)(0)) == pytest.approx(1e-4)


def test_the_worked_examples_three_recipes_are_as_it_has_them() -> None:
    assert list(WORKED_EXAMPLE) == ["defaults", "adam", "adamw-triangular"]
    assert {recipe.batch_size for recipe in WORKED_EXAMPLE.values()} == {16}
    adam = build_optimizer(WORKED_EXAMPLE["defaults"], 100)
    assert type(adam) is keras.optimizers.Adam
    assert float(adam.learning_rate) == pytest.approx(5e-5)
    last = WORKED_EXAMPLE["adamw-triangular"]
    optimizer = build_optimizer(last, 300)
    assert last.epochs == 3
    assert optimizer.get_config()["learning_rate"]["config"] == {
        "peak": 1e-4,
        "warmup_steps": 60,
        "total_steps": 300,
    }


def test_weight_decay_leaves_biases_and_norms_alone_also_after_a_reload() -> None:
    def change(optimizer: keras.optimizers.Optimizer) -> dict[str, float]:
        """How far each variable moves by decay alone."""
        variables = [keras.Variable(np.ones(2), name=name) for name in ("kernel", "bias", "gamma", "beta")]
        optimizer.apply([np.zeros(2, np.float32)] * 4, variables)
        return {variable.name: float(1 - np.asarray(variable)[0]) for variable in variables}

    optimizer = AdamW(learning_rate=0.1, weight_decay=0.5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    for one in (optimizer, again):
        moved = change(one)
        assert moved["kernel"] == pytest.approx(0.05)
        assert moved["bias"] == moved["gamma"] == moved["beta"] == 0.0


@pytest.mark.parametrize(
    ("settings", "cause"), [({"warmup": 0.2}, "schedule"), ({"weight_decay": 0.1}, "optimizer")]
)
def test_a_setting_that_another_one_makes_void_is_refused_where_it_is_said(
    settings: dict[str, float], cause: str
) -> None:
    quiet = Recipe(optimizer="adam", schedule="constant")
    assert Recipe.of(quiet, {}) == Recipe.of(quiet.to_dict(), {}) == quiet, "defaults may be written down"
    with pytest.raises(UsageError, match=f"has no effect where {cause} is") as caught:
        Recipe.of(quiet, settings)
    assert caught.value.where == next(iter(settings))
    assert Recipe.of(quiet, {**settings, cause: getattr(Recipe, cause)}) != quiet
