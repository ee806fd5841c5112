"""Optimizers and learning rate schedules that come back from a saved ``.keras`` file as they were."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from samesay.training.recipe import Recipe

NOT_DECAYED = ("bias", "gamma", "beta")
"""Variables that weight decay leaves alone: biases, and the scale and shift of layer norms."""


@keras.saving.register_keras_serializable(package="samesay")
class AdamW(keras.optimizers.AdamW):
    """Keras' AdamW that decays no biases and no layer norms, also after it was saved and loaded.

    Keras forgets ``exclude_from_weight_decay`` when it saves an optimizer.

    Args:
        not_decayed: Parts of the names of variables that are not decayed.
        **settings: As of ``keras.optimizers.AdamW``.
    """

    def __init__(self, *, not_decayed: tuple[str, ...] | list[str] = NOT_DECAYED, **settings: Any) -> None:
        super().__init__(**settings)
        self.not_decayed = list(not_decayed)
        self.exclude_from_weight_decay(var_names=self.not_decayed)

    def get_config(self) -> dict[str, Any]:
        """The settings, with the names that are not decayed."""
        return {**super().get_config(), "not_decayed": self.not_decayed}


@keras.saving.register_keras_serializable(package="samesay")
class TriangularSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up from 0 to the peak rate, then linear decay to 0 at the last step.

    Args:
        peak: The highest rate.
        warmup_steps: Steps in which the rate rises.
        total_steps: Steps in all.
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int) -> None:
        super().__init__()
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: Any) -> Any:
        """The rate at ``step``, counted from 0."""
        now: Any = ops.cast(step, "float32")
        falling = (self.total_steps - now) / max(self.total_steps - self.warmup_steps, 1)
        rising = now / self.warmup_steps if self.warmup_steps else ops.ones_like(now)
        height: Any = ops.maximum(ops.minimum(rising, falling), 0.0)
        return self.peak * height

    def get_config(self) -> dict[str, Any]:
        """The three arguments."""
        return {"peak": self.peak, "warmup_steps": self.warmup_steps, "total_steps": self.total_steps}


@keras.saving.register_keras_serializable(package="samesay")
class CosineSchedule(TriangularSchedule):
    """Linear warm-up from 0 to the peak rate, then half a cosine to 0 (Loshchilov & Hutter 2017, one cycle)."""

    def __call__(self, step: Any) -> Any:
        """The rate at ``step``, counted from 0."""
        now: Any = ops.cast(step, "float32")
        share = (now - self.warmup_steps) / max(self.total_steps - self.warmup_steps, 1)
        done: Any = ops.clip(share, 0.0, 1.0)
        cosine: Any = ops.cos(math.pi * done)
        falling = 0.5 * (1.0 + cosine)
        rising = now / self.warmup_steps if self.warmup_steps else ops.ones_like(now)
        height: Any = ops.minimum(rising, falling)
        return self.peak * height


def build_schedule(recipe: Recipe, total_steps: int) -> Any:
    """The rate or schedule of ``recipe`` over ``total_steps``."""
    assert recipe.learning_rate is not None, "decided by Recipe.for_encoder"
    if recipe.schedule == "constant":
        return recipe.learning_rate
    warmup_steps = int(recipe.warmup * total_steps)
    kind = TriangularSchedule if recipe.schedule == "triangular" else CosineSchedule
    return kind(recipe.learning_rate, warmup_steps, total_steps)


def build_optimizer(recipe: Recipe, total_steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of ``recipe`` for a run of ``total_steps``."""
    rate = build_schedule(recipe, total_steps)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return AdamW(learning_rate=rate, weight_decay=recipe.weight_decay)
