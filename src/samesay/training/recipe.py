"""What a training run is asked to do, as one checked value that is saved beside its model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from samesay.errors import UsageError, near
from samesay.pairs import Task

OptimizerName = Literal["adam", "adamw"]
ScheduleName = Literal["constant", "triangular", "cosine"]
Shuffle = Literal["buckets", "random"]
GradeLoss = Literal["bce", "mse"]

WIDE_ENCODER = 512
"""Encoders at least this wide (hidden units) get the lower default learning rate."""


def _require(holds: bool, name: str, value: Any, expected: str) -> None:
    if not holds:
        raise UsageError(f"{name} cannot be {value!r}.", where=name, expected=expected)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to fine-tune.

    Attributes:
        epochs: Passes over the pairs.
        batch_size: Pairs a step.
        learning_rate: The peak rate; where absent 1e-4 for encoders narrower than 512, 3e-5 for others.
        optimizer: ``adam`` (Kingma & Ba 2015) or ``adamw`` (Loshchilov & Hutter 2019).
        schedule: ``constant``; ``triangular``, linear warm-up and linear decay to 0; ``cosine``, linear warm-up and
            half a cosine to 0.
        warmup: The share of all steps in which the rate rises, in [0, 1); none for ``constant``.
        weight_decay: For ``adamw``; biases and layer norms are left out.
        seed: Decides the head, the order of pairs and dropout: the same seed gives the same weights.
        max_length: The limit in tokens; the preset's own where absent.
        early_stopping: Stop after this many epochs without a better validation accuracy (Spearman's
            correlation, of grades); never where absent.
        dropout: On the pooled output before a new head; KerasHub's default (0.1) where absent.
        loss: Of grades only, both of a grade's share of its scale: ``bce``, cross-entropy with the logit, the default
            since its gradient does not vanish at the ends of the scale, or ``mse``, squared error.
        shuffle: ``buckets`` puts pairs of like length together in a random order of batches; ``random`` does not.
    """

    epochs: int = 3
    batch_size: int = 32
    learning_rate: float | None = None
    optimizer: OptimizerName = "adamw"
    schedule: ScheduleName = "triangular"
    warmup: float = 0.1
    weight_decay: float = 0.01
    seed: int = 0
    max_length: int | None = None
    early_stopping: int | None = None
    dropout: float | None = None
    shuffle: Shuffle = "buckets"
    loss: GradeLoss | None = None

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", self.epochs, "at least 1")
        _require(1 <= self.batch_size <= 4096, "batch_size", self.batch_size, "from 1 to 4096")
        rate = self.learning_rate
        _require(rate is None or 0 < rate < 1, "learning_rate", rate, "above 0 and below 1, such as 1e-4")
        _require(self.optimizer in get_args(OptimizerName), "optimizer", self.optimizer, "adam or adamw")
        _require(
            self.schedule in get_args(ScheduleName),
            "schedule",
            self.schedule,
            "constant, triangular or cosine",
        )
        _require(0 <= self.warmup < 1, "warmup", self.warmup, "a share of the steps, from 0 to below 1")
        _require(0 <= self.weight_decay < 1, "weight_decay", self.weight_decay, "from 0 to below 1")
        _require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")
        stop = self.early_stopping
        _require(stop is None or stop >= 1, "early_stopping", stop, "at least 1 epoch")
        _require(self.dropout is None or 0 <= self.dropout < 1, "dropout", self.dropout, "from 0 to below 1")
        _require(self.shuffle in get_args(Shuffle), "shuffle", self.shuffle, "buckets or random")
        _require(self.loss is None or self.loss in get_args(GradeLoss), "loss", self.loss, "bce or mse")

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Recipe:
        """A recipe from plain values; those that are ``None`` keep their defaults.

        Raises:
            UsageError: On an unknown name, with the near one, or a value out of range.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in settings:
            if name not in known:
                close = near(name, known)
                raise UsageError(
                    f"A recipe has no setting {name!r}.",
                    expected=f"one of {', '.join(known)}",
                    hint=f"did you mean {close[0]!r}?" if close else None,
                )
        return cls(**{name: value for name, value in settings.items() if value is not None})

    def to_dict(self) -> dict[str, Any]:
        """All settings as JSON types."""
        return dataclasses.asdict(self)

    def for_task(self, task: Task) -> Recipe:
        """The recipe with the loss of ``task`` decided.

        Raises:
            UsageError: If a loss of grades was chosen for classes.
        """
        if task == "similarity":
            return dataclasses.replace(self, loss=self.loss or "bce")
        _require(self.loss is None, "loss", self.loss, "no loss for classes: it is always cross-entropy")
        return self

    def without_effect(self) -> dict[str, str]:
        """The settings that do nothing in this recipe, each with the setting that makes it so."""
        void = {}
        if self.schedule == "constant":
            void["warmup"] = "schedule"
        if self.optimizer == "adam":
            void["weight_decay"] = "optimizer"
        return void

    def for_encoder(self, width: int) -> Recipe:
        """The recipe with its learning rate decided for an encoder of ``width`` hidden units."""
        if self.learning_rate is not None:
            return self
        return dataclasses.replace(self, learning_rate=3e-5 if width >= WIDE_ENCODER else 1e-4)


WORKED_EXAMPLE: Mapping[str, Recipe] = {
    # The three fits of the KerasHub example, with its batches of 16. Keras' AdamW decays by 0.004.
    "defaults": Recipe(
        epochs=1,
        batch_size=16,
        learning_rate=5e-5,
        optimizer="adam",
        schedule="constant",
        warmup=0.0,
        weight_decay=0.0,
    ),
    "adam": Recipe(
        epochs=1,
        batch_size=16,
        learning_rate=5e-5,
        optimizer="adam",
        schedule="constant",
        warmup=0.0,
        weight_decay=0.0,
    ),
    "adamw-triangular": Recipe(
        epochs=3,
        batch_size=16,
        learning_rate=1e-4,
        optimizer="adamw",
        schedule="triangular",
        warmup=0.2,
        weight_decay=0.004,
    ),
}
