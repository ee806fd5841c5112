"""What a training run is asked to do, as one checked value that is saved beside its model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, get_args

from samesay.errors import UsageError, near
from samesay.pairs import Task

OptimizerName = Literal["adam", "adamw"]
ScheduleName = Literal["constant", "triangular", "cosine"]
Shuffle = Literal["buckets", "random"]
SimilarityLoss = Literal["bce", "mse"]
Sampling = Literal["natural", "balanced"]
Precision = Literal["float32", "bfloat16", "float16"]

WIDE_ENCODER = 512
"""Encoders at least this wide (hidden units) get the lower default learning rate."""


def _require(holds: bool, name: str, value: Any, expected: str) -> None:
    if not holds:
        raise UsageError(f"{name} cannot be {value!r}.", where=name, expected=expected)


def _require_number(name: str, kind: str, value: Any) -> None:
    """Refuse what is no number where ``kind``, the annotation of a setting, is one; ``1e-4`` in quotes is a text."""
    wanted = {"int": (Integral, "a whole number"), "float": (Real, "a number")}.get(
        kind.removesuffix(" | None")
    )
    if wanted is not None and not (value is None and kind.endswith("None")):
        _require(isinstance(value, wanted[0]) and not isinstance(value, bool), name, value, wanted[1])


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to fine-tune.

    Attributes:
        epochs: Passes over the pairs.
        batch_size: Pairs a step.
        learning_rate: The peak rate; where absent 1e-4 for encoders narrower than 512, 3e-5 for others; with ``lora``
            2e-3 and 4e-4.
        optimizer: ``adam`` (Kingma & Ba 2015) or ``adamw`` (Loshchilov & Hutter 2019).
        schedule: ``constant``; ``triangular``, linear warm-up and linear decay to 0; ``cosine``, linear warm-up and
            half a cosine to 0.
        warmup: The share of all steps in which the rate rises, in [0, 1); none for ``constant``.
        weight_decay: For ``adamw``; biases and layer norms are left out.
        seed: Decides the head, the order of pairs and dropout: the same seed gives the same weights.
        max_length: The limit in tokens; the preset's own where absent.
        early_stopping: Stop after this many epochs without a better figure of validation (see monitor); never where
            absent.
        dropout: On the pooled output before a new head; KerasHub's default (0.1) where absent.
        loss: Of scores only, both of a score's share of its scale: ``bce``, cross-entropy with the logit, the default
            since its gradient does not vanish at the ends of the scale, or ``mse``, squared error.
        shuffle: ``buckets`` puts pairs of like length together in a random order of batches; ``random`` does not.
        monitor: The figure of validation by which the best weights are chosen: ``accuracy``, ``macro_f1``, ``loss``, or
            one label's ``recall:LABEL``, ``precision:LABEL``, ``f1:LABEL``; of scores ``spearman``, ``pearson``,
            ``loss``. Where absent accuracy, of scores spearman.
        evaluate_every: Validate after so many steps, too, and not at the end of an epoch alone.
        clip_norm: The longest a step's gradient may be, over all weights together; a longer one is shortened (Pascanu
            et al. 2013). Not limited where absent.
        accumulate: Batches whose gradients are averaged before the weights change: as if batches were so many times
            larger, in the memory of one.
        label_smoothing: The share of each gold label that is spread over all labels (Szegedy et al. 2016).
        class_weights: What a pair of a label counts in the loss: ``balanced``, in inverse proportion to how frequent
            the label is, or a weight by label, 1 for those without.
        sampling: ``balanced`` draws every label equally often in each epoch, rare ones again and again and frequent
            ones in parts; ``natural`` takes each pair once.
        freeze: What is not trained: ``embeddings``, or a number of layers from the bottom, with the embeddings.
        lora: The rank of the differences that are learned instead of the encoder's matrices (Hu et al. 2021): of what
            attention gives out, and of the feed-forward part. Of the rest only the pooler and the head are trained.
        layer_decay: Each layer learns at this share of the rate of the one above it, the head at the full rate.
        teacher_weight: The share of a teacher's part in the loss of a labelled pair, from 0 to 1; the gold label has
            the rest.
        teacher_temperature: What the logits of teacher and student are divided by in that part (Hinton et al. 2015);
            above 1 the labels that the teacher does not choose count for more.
        precision: What layers compute in while they are trained; ``bfloat16`` and ``float16`` need half the memory and
            are quicker where the device has units for them. Weights are ``float32`` always.
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
    loss: SimilarityLoss | None = None
    monitor: str | None = None
    evaluate_every: int | None = None
    clip_norm: float | None = None
    accumulate: int = 1
    label_smoothing: float = 0.0
    class_weights: Literal["balanced"] | dict[str, float] | None = None
    sampling: Sampling = "natural"
    freeze: Literal["embeddings"] | int | None = None
    lora: int | None = None
    layer_decay: float = 1.0
    teacher_weight: float = 0.5
    teacher_temperature: float = 2.0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            _require_number(each.name, str(each.type), getattr(self, each.name))
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
        _require(self.loss is None or self.loss in get_args(SimilarityLoss), "loss", self.loss, "bce or mse")
        every = self.evaluate_every
        _require(every is None or every >= 1, "evaluate_every", every, "at least 1 step")
        norm = self.clip_norm
        _require(norm is None or 0 < norm < math.inf, "clip_norm", norm, "above 0, such as 1")
        _require(1 <= self.accumulate <= 4096, "accumulate", self.accumulate, "from 1 to 4096 batches")
        smoothing = self.label_smoothing
        _require(0 <= smoothing < 1, "label_smoothing", smoothing, "from 0 to below 1")
        weights = self.class_weights
        _require(
            weights in (None, "balanced")
            or (isinstance(weights, dict) and all(0 <= one < math.inf for one in weights.values())),
            "class_weights",
            weights,
            "balanced, or weights from 0 by label, such as contradiction=2,neutral=1",
        )
        _require(self.sampling in get_args(Sampling), "sampling", self.sampling, "natural or balanced")
        freeze = self.freeze
        _require(
            freeze in (None, "embeddings") or (isinstance(freeze, int) and freeze >= 1),
            "freeze",
            freeze,
            "embeddings, or at least 1 layer",
        )
        _require(self.lora is None or 1 <= self.lora <= 1024, "lora", self.lora, "a rank, from 1 to 1024")
        weight, temperature = self.teacher_weight, self.teacher_temperature
        _require(0 <= weight <= 1, "teacher_weight", weight, "a share, from 0 to 1")
        _require(
            0 < temperature <= 100, "teacher_temperature", temperature, "above 0, such as 2, and at most 100"
        )
        _require(0 < self.layer_decay <= 1, "layer_decay", self.layer_decay, "above 0, up to 1")
        _require(
            self.precision in get_args(Precision), "precision", self.precision, "float32, bfloat16 or float16"
        )

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

    @classmethod
    def of(cls, recipe: Recipe | Mapping[str, Any] | None, settings: Mapping[str, Any]) -> Recipe:
        """``recipe``, or a mapping of settings, with single ``settings`` in the place of its own.

        Raises:
            UsageError: If it is neither, or one of ``settings`` does nothing; otherwise as ``from_mapping``.
        """
        if recipe is not None and not isinstance(recipe, Recipe | Mapping):
            raise UsageError(
                f"recipe cannot be {type(recipe).__name__}.",
                expected="a Recipe or a mapping of its settings",
            )
        began = recipe.to_dict() if isinstance(recipe, Recipe) else recipe or {}
        chosen = cls.from_mapping({**began, **settings})
        for name, cause in chosen.without_effect().items():
            # What stands in ``recipe`` may be a default that was written down.
            if settings.get(name):
                raise UsageError(
                    f"{name} {settings[name]!r} does nothing where {cause} is {getattr(chosen, cause)!r}.",
                    where=name,
                    expected=f"{name} left out or 0, or another {cause}",
                )
        return chosen

    def to_dict(self) -> dict[str, Any]:
        """All settings as JSON types."""
        return dataclasses.asdict(self)

    def for_task(self, task: Task) -> Recipe:
        """The recipe with the loss of ``task`` decided.

        Raises:
            UsageError: If a loss of scores was chosen for classes, or what classes alone have for scores.
        """
        if task == "similarity":
            for name in ("label_smoothing", "class_weights"):
                _require(
                    not getattr(self, name), name, getattr(self, name), "nothing for scores: of labels only"
                )
            _require(
                self.sampling == "natural", "sampling", self.sampling, "natural for scores: of labels only"
            )
            _require(
                self.teacher_temperature == Recipe.teacher_temperature,
                "teacher_temperature",
                self.teacher_temperature,
                "nothing for scores: a share of the scale is soft already",
            )
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
        # With LoRA: of MiniLM measured (docs/decisions/0029), of the wide ones as Hu et al. 2021 have it for RoBERTa.
        narrow, wide = (1e-4, 3e-5) if self.lora is None else (2e-3, 4e-4)
        return dataclasses.replace(self, learning_rate=wide if width >= WIDE_ENCODER else narrow)


def require_no_validation(recipe: Recipe, *, seeds: int = 1) -> None:
    """Refuse what goes by a figure of validation, for a run that has no validation pairs.

    Args:
        recipe: How to train.
        seeds: How many runs there are, of which the best on validation would be kept.

    Raises:
        UsageError: Naming the first such setting.
    """
    settings = {name: getattr(recipe, name) for name in ("early_stopping", "monitor", "evaluate_every")}
    for name, value in {**settings, "seeds": seeds if seeds > 1 else None}.items():
        if value is not None:
            raise UsageError(
                f"{name} has no validation pairs to go by.",
                where=name,
                expected="validation pairs, or data with a validation split",
            )


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
