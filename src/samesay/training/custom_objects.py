"""Custom objects: a user's Keras optimizer, loss, metrics and callbacks in place of what a recipe names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras

from samesay.errors import UsageError
from samesay.training.recipe import Recipe

REPLACED = {
    "optimizer": (
        "optimizer",
        "learning_rate",
        "schedule",
        "warmup",
        "weight_decay",
        "clip_norm",
        "accumulate",
        "layer_decay",
    ),
    # `loss` of scores is not among them: by it the loss of validation is computed.
    "loss": ("label_smoothing", "class_weights"),
}
"""The settings of the recipe that have no effect beside a custom object."""


@dataclass(frozen=True)
class CustomObjects:
    """What takes the place of the recipe's; made by ``CustomObjects.of``.

    Attributes:
        optimizer: Instead of the recipe's optimizer, rate and schedule.
        loss: Instead of the cross-entropy; the model's outputs are logits.
        metrics: Beside the accuracy, on the pairs that are learned from.
        callbacks: Called after each step and epoch; ``val_loss`` and ``val_accuracy`` are among an epoch's metrics.
    """

    optimizer: keras.optimizers.Optimizer | None = None
    loss: Any = None
    metrics: tuple[Any, ...] = ()
    callbacks: tuple[keras.callbacks.Callback, ...] = ()

    @classmethod
    def of(
        cls,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Iterable[Any] | None = None,
        callbacks: Iterable[Any] | None = None,
    ) -> CustomObjects:
        """Custom objects, checked.

        Raises:
            UsageError: If one is not what Keras takes for it.
        """
        if optimizer is not None and not isinstance(optimizer, keras.optimizers.Optimizer):
            raise UsageError(
                f"The optimizer is {optimizer!r}.",
                where="optimizer",
                expected="adam, adamw or a Keras optimizer",
            )
        if isinstance(loss, str) or not (loss is None or callable(loss)):
            raise UsageError(
                f"The loss is {loss!r}.",
                where="loss",
                expected="a Keras loss object, or a function of true labels and logits",
                # By name Keras would take it for a loss of probabilities.
                hint="keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
            )
        for callback in callbacks or ():
            if not isinstance(callback, keras.callbacks.Callback):
                raise UsageError(
                    f"A callback is {callback!r}.",
                    where="callbacks",
                    expected="keras.callbacks.Callback objects",
                )
        return cls(optimizer, loss, tuple(metrics or ()), tuple(callbacks or ()))

    def identity(self) -> dict[str, Any]:
        """What a checkpoint of a run with these objects belongs to, as JSON types; empty without any.

        Callbacks are left out: what they keep is not in a checkpoint.

        Raises:
            UsageError: If Keras cannot say how one was made.
        """
        parts = {"optimizer": self.optimizer, "loss": self.loss, "metrics": list(self.metrics)}
        try:
            given = {
                name: _without_names(keras.saving.serialize_keras_object(part))
                for name, part in parts.items()
                if part
            }
        except (TypeError, ValueError, NotImplementedError) as problem:
            raise UsageError(
                f"A run with this optimizer, loss or metric cannot be checkpointed: {problem}",
                where="checkpoints",
                expected="objects with a get_config of their own",
                hint="leave checkpoints out, or register the class with keras.saving.register_keras_serializable",
            ) from problem
        return {"custom_objects": given} if given else {}

    def recorded(self, recipe: Recipe) -> dict[str, Any]:
        """The recipe as it was followed, as JSON types: what it names and was not used is ``None``."""
        return {**recipe.to_dict(), **dict.fromkeys(self.replaced()), **self.names()}

    def replaced(self) -> tuple[str, ...]:
        """The recipe's settings that these objects leave without an effect."""
        return tuple(name for part in REPLACED if getattr(self, part) is not None for name in REPLACED[part])

    def names(self) -> dict[str, str]:
        """Of what class or function each object is, several with commas between."""
        parts = {
            "optimizer": (self.optimizer,),
            "loss": (self.loss,),
            "metrics": self.metrics,
            "callbacks": self.callbacks,
        }
        given = {name: [_name(one) for one in some if one is not None] for name, some in parts.items()}
        return {name: ", ".join(names) for name, names in given.items() if names}

    def require_effect(self, recipe: Recipe) -> None:
        """Refuse settings that were given, and that one of these objects leaves without an effect.

        Args:
            recipe: As it was given, with its defaults not decided yet.

        Raises:
            UsageError: Naming the first such setting.
        """
        for part, settings in REPLACED.items():
            for name in settings if getattr(self, part) is not None else ():
                value = getattr(recipe, name)
                if value != getattr(Recipe, name):
                    raise UsageError(
                        f"{name} {value!r} has no effect beside {_name(getattr(self, part))}.",
                        where=name,
                        expected=f"{name} left out, or the recipe's own {part}",
                        hint=f"give it to the {part} itself",
                    )


def _without_names(serialized: Any) -> Any:
    """Keras counts the names of objects up within a process; they say nothing of the object."""
    if isinstance(serialized, list):
        return [_without_names(one) for one in serialized]
    if isinstance(serialized, dict) and isinstance(serialized.get("config"), dict):
        config = {key: value for key, value in serialized["config"].items() if key != "name"}
        return {**serialized, "config": config}
    return serialized


def _name(part: Any) -> str:
    if isinstance(part, str):
        return part
    kind = part if hasattr(part, "__qualname__") else type(part)
    return f"{kind.__module__}.{kind.__qualname__}"
