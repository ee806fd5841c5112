"""Optimizers and learning rate schedules that come back from a saved ``.keras`` file as they were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from samesay.training.recipe import Recipe

NOT_DECAYED = ("bias", "gamma", "beta")
"""Variables that weight decay leaves alone: biases, and the scale and shift of layer norms."""


class _RateByVariable:
    """Mixed into a Keras optimizer: each variable learns at its own share of the rate; weight decay keeps the whole.

    Args:
        rate_shares: One for each variable in the order in which the optimizer is built; all 1 where absent.
        **settings: As of the optimizer.
    """

    def __init__(self, *, rate_shares: Sequence[float] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.rate_shares = None if rate_shares is None else list(rate_shares)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """As Keras has it, at the variable's rate."""
        if self.rate_shares is not None:
            learning_rate = learning_rate * self.rate_shares[self._get_variable_index(variable)]  # pyright: ignore
        super().update_step(gradient, variable, learning_rate)  # pyright: ignore

    def get_config(self) -> dict[str, Any]:
        """The settings, with the shares where there are any."""
        shares = {} if self.rate_shares is None else {"rate_shares": self.rate_shares}
        return {**super().get_config(), **shares}  # pyright: ignore


@keras.saving.register_keras_serializable(package="samesay")
class AdamW(_RateByVariable, keras.optimizers.AdamW):
    """Keras' AdamW that decays no biases and no layer norms, also after it was saved and loaded.

    Keras forgets ``exclude_from_weight_decay`` when it saves an optimizer.

    Args:
        not_decayed: Parts of the names of variables that are not decayed.
        **settings: As of ``keras.optimizers.AdamW``, and ``rate_shares``.
    """

    def __init__(self, *, not_decayed: tuple[str, ...] | list[str] = NOT_DECAYED, **settings: Any) -> None:
        super().__init__(**settings)
        self.not_decayed = list(not_decayed)
        self.exclude_from_weight_decay(var_names=self.not_decayed)

    def get_config(self) -> dict[str, Any]:
        """The settings, with the names that are not decayed."""
        return {**super().get_config(), "not_decayed": self.not_decayed}


@keras.saving.register_keras_serializable(package="samesay")
class LayerwiseAdam(_RateByVariable, keras.optimizers.Adam):
    """Keras' Adam with a rate by layer."""


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


def with_state_of(
    trained: keras.optimizers.Optimizer, optimizer: keras.optimizers.Optimizer, variables: Sequence[Any]
) -> keras.optimizers.Optimizer:
    """``optimizer`` built over ``variables``, with its step and what ``trained`` has gathered for some of them.

    What ``trained`` was not built over is as if it had never had a gradient.
    """
    optimizer.build(variables)
    gathered = {one.path.removeprefix(f"{trained.name}/"): one for one in trained.variables}
    for one in optimizer.variables:
        found = gathered.get(one.path.removeprefix(f"{optimizer.name}/"))
        if found is not None:
            one.assign(found)
    return optimizer


def build_optimizer(
    recipe: Recipe, total_steps: int, rate_shares: Sequence[float] | None = None
) -> keras.optimizers.Optimizer:
    """The optimizer of ``recipe`` for a run of ``total_steps`` batches, with a share of the rate for each variable."""
    settings: dict[str, Any] = {
        "learning_rate": build_schedule(recipe, total_steps),
        "global_clipnorm": recipe.clip_norm,
        # Keras takes no 1; its schedules count batches, and not changes of the weights.
        "gradient_accumulation_steps": recipe.accumulate if recipe.accumulate > 1 else None,
    }
    if recipe.optimizer == "adamw":
        return AdamW(weight_decay=recipe.weight_decay, rate_shares=rate_shares, **settings)
    return (
        keras.optimizers.Adam(**settings)
        if rate_shares is None
        else LayerwiseAdam(rate_shares=rate_shares, **settings)
    )
