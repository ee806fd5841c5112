"""All settings of a training run, declared once and checked: the recipe, which is saved beside its model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from samesay.declaration import check, setting, settings_of
from samesay.errors import UsageError, near
from samesay.pairs import Task

OptimizerName = Literal["adam", "adamw"]
ScheduleName = Literal["constant", "triangular", "cosine"]
Shuffle = Literal["buckets", "random"]
SimilarityLoss = Literal["bce", "mse"]
Sampling = Literal["natural", "balanced"]
Precision = Literal["float32", "bfloat16", "float16"]

USUAL_EPOCHS, LEAST_STEPS = 3, 200
"""Where no number of epochs is given: so many, or as many as make so many steps."""

WIDE_ENCODER = 512
"""Encoders at least this wide (hidden units) get the lower default learning rate."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to fine-tune.

    Attributes:
        epochs: Passes over the training pairs; by default 3, and more where 3 would make fewer than 200 steps.
        batch_size: Batch size, in pairs.
        learning_rate: Peak learning rate; by default 1e-4 for encoders narrower than 512 hidden units and 3e-5 for
            others, with ``lora`` 2e-3 and 4e-4.
        optimizer: Optimizer: ``adam`` (Kingma & Ba 2015), or ``adamw`` with decoupled weight decay (Loshchilov &
            Hutter 2019).
        schedule: Learning-rate schedule: ``triangular`` (linear warm-up, linear decay to 0), ``cosine`` (linear
            warm-up, half a cosine to 0) or ``constant``.
        warmup: Share of all steps used for warm-up; none for ``constant``.
        weight_decay: Weight decay of ``adamw``; biases and layer norms are left out.
        clip_norm: Clip the gradient's global norm (Pascanu et al. 2013); 1 is usual.
        accumulate: Gradient accumulation: batches per step. Fewer than that at the end of a run change nothing.
        layer_decay: Layer-wise learning-rate decay: each layer's rate is this share of the rate of the layer above;
            0.8 is usual.
        max_length: Maximum sequence length of a pair, in tokens; what is truncated is counted.
        dropout: Dropout before a new head; within the encoder the preset's own holds.
        freeze: Do not train the ``embeddings``; or N: the embeddings and the lowest N layers; or the ``encoder``: those
            and all layers, so that only the pooler and the head learn.
        lora: Rank of LoRA (Hu et al. 2021): train low-rank updates of the encoder's matrices, the pooler and the head,
            and nothing else.
        precision: Precision of the computation in training; weights stay ``float32``. 16 bits need about half the
            memory, and are faster on devices with units for them.
        symmetric: Make a model that answers alike in either order of the texts: in training each epoch reads half of
            the pairs, drawn anew, in the other order; afterwards both orders are read and their logits averaged.
        loss: Loss of similarity scores, as shares of their scale: ``bce``, cross-entropy with the logit, whose gradient
            does not vanish at the ends of the scale, or ``mse``, squared error.
        label_smoothing: Label smoothing: the share of each gold label that is spread over all labels (Szegedy et al.
            2016).
        class_weights: Weights of the labels in the loss: ``balanced``, in inverse proportion to their frequency, or a
            weight by label, such as ``same=3,different=1``; 1 for labels that are not named.
        sampling: ``balanced`` draws every label equally often in each epoch, ``natural`` takes each pair once.
        monitor: Validation metric that chooses the best weights: ``accuracy``, ``macro_f1``, ``loss``, or one label's
            ``recall:LABEL``, ``precision:LABEL``, ``f1:LABEL``; for similarity scores ``spearman``, ``pearson``,
            ``loss``.
        evaluate_every: Validate every so many steps, too, and not only after each epoch.
        early_stopping: Stop after this many epochs in which the monitored metric did not improve.
        seed: Random seed of the head, the order of pairs and dropout: the same seed gives the same weights.
        shuffle: ``buckets`` puts pairs of similar length into the same batch, which pads far less; ``random`` does not.
        teacher_weight: Weight of the teacher's answers in the loss of a labelled pair; the gold label has the rest.
        teacher_temperature: Temperature that softens the logits of teacher and student (Hinton et al. 2015).
    """

    epochs: int | None = setting(
        None, at_least=1, group="Most used options", unset="3, more where pairs are few"
    )
    batch_size: int = setting(32, at_least=1, at_most=4096)
    learning_rate: float | None = setting(None, above=0, below=1, unset="by the encoder's width")
    optimizer: OptimizerName = setting("adamw", group="Optimization")
    schedule: ScheduleName = "triangular"
    warmup: float = setting(0.1, at_least=0, below=1, metavar="SHARE")
    weight_decay: float = setting(0.01, at_least=0, below=1)
    clip_norm: float | None = setting(None, above=0, metavar="NORM", unset="no clipping")
    accumulate: int = setting(1, at_least=1, at_most=4096, metavar="BATCHES")
    layer_decay: float = setting(1.0, above=0, at_most=1, metavar="SHARE")
    max_length: int | None = setting(None, group="Model", metavar="TOKENS", unset="the preset's")
    dropout: float | None = setting(None, at_least=0, below=1, metavar="SHARE", unset="KerasHub's 0.1")
    freeze: Literal["embeddings", "encoder"] | int | None = setting(
        None, at_least=1, metavar="embeddings|N|encoder", unset="nothing"
    )
    lora: int | None = setting(None, at_least=1, at_most=1024, metavar="RANK", unset="all weights")
    precision: Precision = "float32"
    symmetric: bool = False
    loss: SimilarityLoss | None = setting(None, group="Loss", unset="bce for scores")
    label_smoothing: float = setting(0.0, at_least=0, below=1, metavar="SHARE")
    class_weights: Literal["balanced"] | dict[str, float] | None = setting(
        None, at_least=0, metavar="balanced|LABEL=WEIGHT,...", unset="all 1"
    )
    sampling: Sampling = "natural"
    monitor: str | None = setting(
        None, group="Best weights", metavar="METRIC", unset="accuracy, or spearman for scores"
    )
    evaluate_every: int | None = setting(None, at_least=1, metavar="STEPS", unset="after epochs only")
    early_stopping: int | None = setting(None, at_least=1, metavar="EPOCHS", unset="never")
    seed: int = setting(0, at_least=0, at_most=2**31 - 1, group="Randomness")
    shuffle: Shuffle = "buckets"
    teacher_weight: float = setting(0.5, at_least=0, at_most=1, metavar="SHARE", group="Teacher")
    teacher_temperature: float = setting(2.0, above=0, at_most=100)

    def __post_init__(self) -> None:
        check(self)

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Recipe:
        """A recipe from plain values; those that are ``None`` keep their defaults.

        Raises:
            UsageError: On an unknown name, with the near one, or a value out of range.
        """
        known = settings_of(cls)
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
    def of(
        cls, recipe: Recipe | Mapping[str, Any] | None, settings: Mapping[str, Any] | None = None
    ) -> Recipe:
        """``recipe``, or a mapping of settings, with single ``settings`` in place of its own.

        Raises:
            UsageError: If it is neither, or one of ``settings`` has no effect; otherwise as ``from_mapping``.
        """
        if recipe is not None and not isinstance(recipe, Recipe | Mapping):
            raise UsageError(
                f"recipe cannot be {type(recipe).__name__}.", expected="a Recipe or a mapping of its settings"
            )
        began = recipe.to_dict() if isinstance(recipe, Recipe) else recipe or {}
        given = settings or {}
        chosen = cls.from_mapping({**began, **given})
        for name, cause in chosen.without_effect().items():
            # What stands in ``recipe`` may be a default that was written down.
            if given.get(name):
                raise UsageError(
                    f"{name} {given[name]!r} has no effect where {cause} is {getattr(chosen, cause)!r}.",
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
            UsageError: If a setting of the other task was given.
        """
        of_other = (
            ("loss",)
            if task == "classification"
            else ("label_smoothing", "class_weights", "sampling", "teacher_temperature")
        )
        for name in of_other:
            if getattr(self, name) != getattr(Recipe, name):
                raise UsageError(
                    f"{name} cannot be {getattr(self, name)!r} for {task}.",
                    where=name,
                    expected=f"no {name}: it is a setting of the other task",
                )
        return self if task == "classification" else dataclasses.replace(self, loss=self.loss or "bce")

    def without_effect(self) -> dict[str, str]:
        """The settings that have no effect in this recipe, each with the setting that makes it so."""
        void = {}
        if self.schedule == "constant":
            void["warmup"] = "schedule"
        if self.optimizer == "adam":
            void["weight_decay"] = "optimizer"
        return void

    def for_pairs(self, n_pairs: int) -> Recipe:
        """The recipe with its epochs decided for ``n_pairs``: as many as make ``LEAST_STEPS``, and never fewer than 3.

        What fine-tuning needs is steps (Mosbach et al. 2021, "On the Stability of Fine-tuning BERT"; Zhang et al. 2021,
        "Revisiting Few-sample BERT Fine-tuning"): three epochs of 140 pairs are 15, and teach nothing.
        """
        if self.epochs is not None:
            return self
        batches = max(1, math.ceil(n_pairs / self.batch_size))
        enough = math.ceil(LEAST_STEPS * self.accumulate / batches)
        return dataclasses.replace(self, epochs=max(USUAL_EPOCHS, enough))

    def for_encoder(self, width: int) -> Recipe:
        """The recipe with its learning rate decided for an encoder of ``width`` hidden units."""
        if self.learning_rate is not None:
            return self
        # With LoRA: of MiniLM measured (docs/decisions/0029), of the wide ones as Hu et al. 2021 have it for RoBERTa.
        narrow, wide = (1e-4, 3e-5) if self.lora is None else (2e-3, 4e-4)
        return dataclasses.replace(self, learning_rate=wide if width >= WIDE_ENCODER else narrow)

    def require_no_teacher(self) -> None:
        """Refuse settings of a teacher, for a run without one.

        Raises:
            UsageError: Naming the first such setting.
        """
        for name in ("teacher_weight", "teacher_temperature"):
            if getattr(self, name) != getattr(Recipe, name):
                raise UsageError(
                    f"{name} {getattr(self, name)!r} has no effect without a teacher.",
                    where=name,
                    expected="a teacher, too: --teacher MODEL",
                )

    def require_no_validation(self, *, seeds: int = 1) -> None:
        """Refuse what needs a validation metric, for a run without validation pairs.

        Args:
            seeds: How many runs there are, of which the best on validation would be kept.

        Raises:
            UsageError: Naming the first such setting.
        """
        if name := self.needs_validation(seeds=seeds):
            raise UsageError(
                f"{name} needs validation pairs.",
                where=name,
                expected="validation pairs, or data with a validation split",
            )

    def needs_validation(self, *, seeds: int = 1) -> str | None:
        """The first setting that needs a validation metric, if one does."""
        given = {name: getattr(self, name) for name in ("early_stopping", "monitor", "evaluate_every")}
        given["seeds"] = seeds if seeds > 1 else None
        return next((name for name, value in given.items() if value is not None), None)


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """Where a training run keeps its state and its logs.

    Attributes:
        checkpoints: Folder for the checkpoints of the run, emptied once its model is saved.
        checkpoint_every: Least time from one checkpoint to the next, in seconds; 0 saves after every step. Saving takes
            at most 3 % of the time.
        tensorboard: Folder for TensorBoard logs of steps and validations; needs ``samesay[tensorboard]``.
    """

    checkpoints: str | None = setting(
        None, metavar="DIR", group="Checkpoints and logs", unset="OUTPUT.checkpoints"
    )
    checkpoint_every: float = setting(60.0, at_least=0, metavar="SECONDS")
    tensorboard: str | None = setting(None, metavar="DIR", unset="no logs")

    def __post_init__(self) -> None:
        check(self)


# The three fits of the KerasHub example, with its batches of 16. Keras' AdamW decays by 0.004.
_ADAM = Recipe(
    epochs=1,
    batch_size=16,
    learning_rate=5e-5,
    optimizer="adam",
    schedule="constant",
    warmup=0.0,
    weight_decay=0.0,
)
WORKED_EXAMPLE: Mapping[str, Recipe] = {
    "defaults": _ADAM,
    "adam": _ADAM,
    "adamw-triangular": Recipe(epochs=3, batch_size=16, learning_rate=1e-4, warmup=0.2, weight_decay=0.004),
}
