"""The one path by which a model is fitted, from Python and by ``samesay train``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samesay.data import PairTable
from samesay.decision import Decision
from samesay.encoding import summarise
from samesay.errors import UsageError
from samesay.pairs import ProgressListener
from samesay.runs.record import TrainingRecord, as_opened
from samesay.runs.teacher import taught_pairs
from samesay.runs.token_cache import encoded_pairs
from samesay.runs.trainable import TrainableModel
from samesay.runs.training_data import TrainingData
from samesay.training.recipe import WIDE_ENCODER, Recipe, RunFiles

if TYPE_CHECKING:
    from samesay.training.custom_objects import CustomObjects
    from samesay.training.fit import FitResult


def fit_model(
    model: TrainableModel,
    data: TrainingData,
    recipe: Recipe,
    *,
    custom: CustomObjects | None = None,
    files: RunFiles | None = None,
    progress: ProgressListener | None = None,
) -> FitResult:
    """Fine-tune ``model``; it ends with its best weights, and with a record unless nothing was learned.

    Args:
        model: What is fitted.
        data: What it learns from; labels and sides may be in another order.
        recipe: How.
        custom: Keras objects in the place of what the recipe names.
        files: Where state and logs lie.
        progress: Hears how far it has come.

    Returns:
        What the run did. ``diverged`` is an error for the caller to raise.

    Raises:
        UsageError: If a setting does not fit the model.
        CheckpointMismatch: If the checkpoint belongs to another run.
        MemoryExhausted: If memory runs out; names the settings to lower.
    """
    from samesay.training.custom_objects import CustomObjects
    from samesay.training.fit import fit
    from samesay.training.training_pairs import TrainingPairs

    custom = custom or CustomObjects()
    if model.answers.activation == "identity":
        raise UsageError(
            "The model answers with its output as it is, and SameSay trains the share of a scale.",
            where="model",
            expected="a head of SameSay's",
            hint="open it with new_head=True, on the command line --new-head",
        )
    if data.teacher is not None and (custom.loss is not None or custom.metrics):
        raise UsageError(
            "A custom loss or metric sees no teacher.", where="teacher", expected="the recipe's loss"
        )
    recipe = as_opened(recipe.for_task(model.answers.task), model.began, model.max_length)
    # A backbone of the user's own need not say how wide it is; the wide ones' rate is the careful one.
    recipe = recipe.for_encoder(int(getattr(model.task.backbone, "hidden_dim", WIDE_ENCODER)))
    data = data.read_by(model.answers, model.sides)

    def encoded(table: PairTable) -> TrainingPairs:
        return TrainingPairs(
            encoded_pairs(model.classifier.encoder, table), model.answers.to_targets(table.require_gold())
        )

    pairs = encoded(data.pairs)
    if data.teacher is not None:
        pairs = taught_pairs(data.teacher, data.pairs, data.unlabelled, model.classifier, pairs, progress)
    recipe = recipe.for_pairs(len(pairs.encoded))
    # From the first step on it is another model; a run that learned nothing gives its weights back.
    began, model.began = model.began, f"{model.preset}, fitted before"
    try:
        result = fit(
            model.classifier,
            pairs,
            recipe,
            validation=encoded(data.validation) if data.validation is not None else None,
            custom=custom,
            files=files,
            origin=model.preset,
            progress=progress,
        )
    except UsageError:  # before the first step
        model.began = began
        raise
    if not result.history:
        model.began = began
        return result
    model.record = TrainingRecord(
        recipe,
        data,
        result,
        summarise(pairs.encoded),
        began=began,
        custom_objects=custom.names(),
        replaced=custom.replaced(),
    )
    # A policy that was fitted to other weights says nothing about these.
    model.decision = Decision(symmetric=recipe.symmetric or model.decision.symmetric)
    return result
