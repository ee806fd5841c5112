"""A training run: Keras' ``fit`` over length buckets, the best weights kept, a stop at any step made usable."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from samesay import interrupts
from samesay.encoding import Batch, padding_share, plan_training
from samesay.errors import MemoryExhausted, TrainingDiverged, UsageError
from samesay.model.batches import PairBatches
from samesay.model.classifier import PairClassifier
from samesay.model.runtime.allocator import freed_memory_kept
from samesay.model.runtime.backend import backend_versions
from samesay.model.runtime.devices import devices
from samesay.pairs import ProgressListener, per_second
from samesay.storage import destination
from samesay.training.checkpoints import load_checkpoint, restore
from samesay.training.course import Course
from samesay.training.custom_objects import CustomObjects
from samesay.training.depth import frozen, rate_shares
from samesay.training.jax_step import ChosenStep, StepsAhead, chosen_step
from samesay.training.lora import adapted
from samesay.training.objectives import Objective, objective_of
from samesay.training.optimizers import build_optimizer, with_state_of
from samesay.training.precision import computing_in
from samesay.training.recipe import Recipe, RunFiles
from samesay.training.tensorboard import EventLog
from samesay.training.training_pairs import TrainingPairs

_LOG = logging.getLogger("samesay")


@dataclass
class FitResult:
    """What a run did.

    Attributes:
        step: Which training step was taken, and why.
        monitor: The validation metric that the best weights were chosen by.
        history: One entry an epoch: ``epoch`` (from 1), ``step``, ``loss``, ``accuracy``, with validation pairs
            ``validation_loss``, ``validation_accuracy`` and ``validation_macro_f1`` (for scores
            ``validation_spearman`` and ``validation_pearson``, and no accuracy), ``seconds`` and ``pairs_per_second``
            without validation. What was measured within an epoch has a fraction for its epoch; training metrics are of
            the pairs since the entry before.
        best_epoch: The epoch whose weights the model now has, from 1; 0 for those it began with.
        interrupted: Whether the user stopped it.
        diverged: Why it ended early, if loss or weights became NaN or infinite.
        steps: Steps done.
        resumed_from: The step of the checkpoint that it resumed from; 0 for a run from the start.
        seconds: Time in training steps since then, compilation included, validation not.
        pairs_per_second: Pairs over ``seconds``.
        padding_share: The share of padded places among all that were computed, in [0, 1].
        widths: The widths of the batches, in tokens: the shapes that were compiled.
        settings: The recipe as it was followed, custom objects by their classes.
        trained_weights: How many numbers the run could change, of all that the model or the run had.
    """

    step: ChosenStep
    monitor: str
    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: float = 0
    interrupted: bool = False
    diverged: TrainingDiverged | None = None
    steps: int = 0
    resumed_from: int = 0
    seconds: float = 0.0
    pairs_per_second: float = 0.0
    padding_share: float = 0.0
    widths: list[int] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    trained_weights: tuple[int, int] = (0, 0)


def fit(
    classifier: PairClassifier,
    pairs: TrainingPairs,
    recipe: Recipe,
    *,
    validation: TrainingPairs | None = None,
    custom: CustomObjects | None = None,
    files: RunFiles | None = None,
    origin: str | None = None,
    progress: ProgressListener | None = None,
) -> FitResult:
    """Fine-tune ``classifier`` in place; it ends with its best weights.

    The best are those with the highest validation accuracy (Spearman's correlation, of scores; or what the recipe's
    ``monitor`` names), of equals those with the lower validation loss; without validation pairs they are the last.
    Ctrl-C ends the run after the step at hand.

    A loss of NaN or infinity ends it as well, with the best weights so far; if nothing was measured yet, with those of
    its last checkpoint, which are measured then, or with those it began with. ``FitResult.diverged`` is the error for
    the caller to raise.

    Args:
        classifier: The model; compiled here, and left compiled so that it can be saved with its optimizer.
        pairs: What to learn from.
        recipe: How, with its learning rate decided.
        validation: What to choose the best weights by.
        custom: Keras objects instead of what the recipe names. A checkpoint belongs to their configuration, and holds
            the state of all of them but callbacks.
        files: Where state and logs lie; a run that finds its own checkpoint there resumes.
        origin: What the model was opened from: a checkpoint belongs to it, too.
        progress: Hears the stages ``train`` and ``validate``, in pairs.

    Raises:
        UsageError: If checkpoints are asked for on another backend than JAX, or a setting does not fit the model.
        CheckpointMismatch: If the checkpoint belongs to another run.
        CheckpointDamaged: If no checkpoint that is there can be read.
        MemoryExhausted: If memory runs out; names the settings to lower.
        ExtraMissing: If logs for TensorBoard are asked for and tensorboardX is not installed.
    """
    custom, files = custom or CustomObjects(), files or RunFiles()
    checkpoints = destination(files.checkpoints) if files.checkpoints else None
    recipe = recipe.for_pairs(len(pairs.encoded))
    n_batches = math.ceil(len(pairs.encoded) / recipe.batch_size) * (recipe.epochs or 0)
    _require_possible(recipe, n_batches, checkpoints=checkpoints)
    with (
        frozen(classifier, recipe),
        adapted(classifier, recipe),
        computing_in(classifier, recipe.precision),
        freed_memory_kept(),
        ExitStack() as during,
    ):
        objective = objective_of(classifier, recipe, pairs.targets, pairs.taught)
        optimizer = custom.optimizer or _optimizer(classifier, recipe, n_batches)
        _compile(classifier, optimizer, objective, custom)
        classifier.optimizer.build(classifier.trainable_variables)
        trained_weights = (_count(classifier.trainable_variables), _count(classifier.weights))
        reseed_dropout(classifier, recipe.seed)
        # Before a checkpoint's weights are put in place: rows that a run leaves out follow from how they began.
        step = during.enter_context(
            chosen_step(
                classifier,
                np.append(pairs.encoded.distinct_ids(), classifier.encoder.pad_id),
                precision=recipe.precision,
                # A callback may change a constant rate, and with it what the rows left out decay by.
                rows_may_stay=custom.optimizer is None
                and not (custom.callbacks and recipe.schedule == "constant"),
            )
        )
        _LOG.info("the training step is %s", step.in_words())
        identity = {
            "recipe": recipe.to_dict(),
            "origin": origin,
            "answers": list(classifier.answers),
            "pairs": pairs.fingerprint(),
            "teacher": pairs.taught.fingerprint() if pairs.taught else None,
            "validation": validation.fingerprint() if validation else None,
            "step": step.name,
            "versions": {"samesay": version("samesay"), **backend_versions()},
            **(custom.identity() if checkpoints else {}),
        }
        resumed = load_checkpoint(checkpoints, run=identity) if checkpoints else None
        first_step = resumed.step if resumed else 0
        events = None
        if files.tensorboard is not None:
            events = during.enter_context(closing(EventLog(Path(files.tensorboard), first_step=first_step)))
        if resumed is not None:
            _LOG.info("the run resumes at step %d", resumed.step)
            restore(classifier, resumed, metrics=False)
            if custom.callbacks:
                _LOG.warning("the run resumes from its checkpoint, but its callbacks start over")
        plan = _plan(pairs, recipe, classifier.encoder.max_length)
        batches = PairBatches(
            pairs.encoded,
            plan(0),
            height=recipe.batch_size,
            pad_id=classifier.encoder.pad_id,
            targets=pairs.targets if pairs.taught is None else pairs.taught.beside(pairs.targets),
            inputs=classifier.input_names,
        )
        course = Course(
            classifier=classifier,
            batches=batches,
            plan=plan,
            recipe=recipe,
            objective=objective,
            n_pairs=len(pairs.encoded),
            validation=validation,
            checkpoints=checkpoints,
            checkpoint_every=files.checkpoint_every,
            identity=identity,
            resumed=resumed,
            events=events,
            progress=progress,
        )
        with interrupts.first_one_calls(course.stop), _memory_explained(recipe):
            for first_epoch, last_epoch in course.stretches():
                # Past PairClassifier.fit, which is for raw texts.
                keras.Model.fit(
                    classifier,
                    batches,
                    epochs=last_epoch,
                    initial_epoch=first_epoch,
                    shuffle=False,
                    verbose=0,  # type: ignore[arg-type]
                    # In this order, so that the others hear of an epoch's validation.
                    callbacks=StepsAhead(
                        course, custom.callbacks, model=classifier, epochs=last_epoch, steps=len(batches)
                    ),
                )
            # Within both: after a loss of NaN it may have to measure.
            best = course.finish()
    partial = custom.optimizer is None and (recipe.freeze is not None or recipe.lora is not None)
    if partial:
        # Built over some variables alone, it could neither resume from here nor be saved with the model.
        whole = _optimizer(classifier, recipe, n_batches)
        optimizer = with_state_of(optimizer, whole, classifier.trainable_variables)
    if partial or classifier.optimizer is not optimizer or pairs.taught is not None:
        # For float16 Keras puts an optimizer that scales the loss around it; a teacher's loss takes more than labels.
        # Compiled once more, since that is what Keras saves of both.
        _compile(classifier, optimizer, objective_of(classifier, recipe, pairs.targets), custom)
    return FitResult(
        step=step,
        monitor=objective.monitor,
        history=course.history,
        best_epoch=best["epoch"] if best else 0,
        interrupted=course.interrupted,
        diverged=course.diverged,
        steps=course.steps,
        resumed_from=first_step,
        seconds=round(course.seconds, 3),
        pairs_per_second=round(per_second(course.pairs_done, course.seconds), 1),
        padding_share=padding_share(plan(0), np.tile(pairs.encoded.lengths, 2)),
        widths=sorted(course.widths),
        settings=custom.recorded(recipe),
        trained_weights=trained_weights,
    )


def _optimizer(classifier: PairClassifier, recipe: Recipe, n_batches: int) -> keras.optimizers.Optimizer:
    shares = rate_shares(classifier, recipe.layer_decay) if recipe.layer_decay != 1 else None
    return build_optimizer(recipe, n_batches, shares)


def _compile(
    classifier: PairClassifier,
    optimizer: keras.optimizers.Optimizer,
    objective: Objective,
    custom: CustomObjects,
) -> None:
    classifier.compile(
        optimizer=optimizer,  # type: ignore[arg-type]
        loss=custom.loss or objective.loss(),
        # Unweighted metrics would count the rows that only fill a batch up.
        weighted_metrics=[*objective.keras_metrics(), *custom.metrics],
    )


def _require_possible(recipe: Recipe, n_batches: int, *, checkpoints: Path | None) -> None:
    """Refuse what this backend or this many steps cannot do."""
    if checkpoints is not None and keras.backend.backend() != "jax":
        raise UsageError(
            f"Runs on {keras.backend.backend()} cannot be checkpointed: they would not resume to the same weights.",
            where="checkpoints",
            expected="JAX, whose runs are repeated to the last bit",
            hint="leave checkpoints out, or unset KERAS_BACKEND",
        )
    if recipe.layer_decay != 1 and keras.backend.backend() == "torch":
        raise UsageError(
            "layer_decay has no effect on torch, where Keras changes all weights at one rate.",
            where="layer_decay",
            expected="1, or JAX or TensorFlow",
        )
    if recipe.precision == "float16" and keras.backend.backend() == "jax" and devices()[0].kind == "cpu":
        raise UsageError(
            "JAX has no products in float16 on this processor.",
            where="precision",
            expected="float32 or bfloat16, or a GPU",
        )
    if recipe.accumulate > n_batches:
        raise UsageError(
            f"accumulate is {recipe.accumulate}, and the run has {n_batches} batches: no weight would change.",
            where="accumulate",
            expected=f"at most {n_batches}",
            hint="fewer batches to accumulate, a smaller batch_size, or more epochs",
        )


def _count(variables: Sequence[Any]) -> int:
    return sum(math.prod(one.shape) for one in variables)


def _plan(pairs: TrainingPairs, recipe: Recipe, max_length: int) -> Callable[[int], list[Batch]]:
    """The batches of an epoch, from 0, by the recipe's order."""

    @lru_cache(maxsize=1)  # an epoch's is asked for again where it begins
    def plan(epoch: int) -> list[Batch]:
        rows = None
        lengths = pairs.encoded.lengths
        if recipe.sampling == "balanced":
            rows = balanced_rows(pairs.targets, seed=recipe.seed, epoch=epoch)
        batches = plan_training(
            lengths if rows is None else lengths[rows],
            recipe.batch_size,
            seed=recipe.seed,
            epoch=epoch,
            max_length=max_length,
            shuffle=recipe.shuffle,
            epochs=recipe.epochs or 1,
        )
        if rows is not None:
            batches = [Batch(rows[batch.rows], batch.width) for batch in batches]
        if not recipe.symmetric:
            return batches
        # The order of each pair's texts in this epoch, as `PairBatches` numbers them.
        turned = np.random.default_rng((recipe.seed, epoch)).integers(2, size=len(lengths)) * len(lengths)
        return [Batch(batch.rows + turned[batch.rows], batch.width) for batch in batches]

    return plan


def balanced_rows(targets: NDArray[np.integer], *, seed: int, epoch: int) -> NDArray[np.intp]:
    """As many rows as there are ``targets``, of each label as many as of any other (or one more).

    A rare label's pairs come again and again, each as often as the others of its label or once more; of a frequent
    one's each epoch takes others.

    Args:
        targets: Label indices, shape ``(n_pairs,)``.
        seed: Of the run.
        epoch: Its number.
    """
    draw = np.random.default_rng([seed, epoch])
    labels = np.unique(targets)
    quotas = np.full(len(labels), len(targets) // len(labels))
    quotas[: len(targets) % len(labels)] += 1
    chosen = []
    for label, quota in zip(labels, quotas, strict=True):
        rows = np.flatnonzero(targets == label)
        rounds = [draw.permutation(rows) for _ in range(math.ceil(quota / len(rows)))]
        chosen.append(np.concatenate(rounds)[:quota])
    return np.concatenate(chosen)


def reseed_dropout(classifier: PairClassifier, seed: int) -> None:
    """Set every dropout layer's random state from ``seed``, so that a run does not depend on what ran before it."""
    draw = np.random.default_rng(seed)
    for variable in classifier.non_trainable_variables:
        if variable.path.endswith("seed_generator_state"):
            # JAX keeps it as uint32, torch as int32, TensorFlow as int64; below 2^31 it is the same in all.
            variable.assign(np.array([draw.integers(2**31), 0], dtype=variable.dtype))


@contextmanager
def _memory_explained(recipe: Recipe) -> Iterator[None]:
    """Within it a library's error for memory that ran out becomes ours, with the settings to lower."""
    try:
        yield
    except Exception as problem:
        if not MemoryExhausted.explains(problem):
            raise
        half = max(recipe.batch_size // 2, 1)
        raise MemoryExhausted(
            f"Memory ran out in training with batches of {recipe.batch_size} pairs.",
            where="batch_size",
            hint=f"--batch-size {half} --accumulate {2 * recipe.accumulate} learns the same with about half of it; "
            "--max-length, --precision bfloat16 and --freeze embeddings need less, too",
        ) from problem
