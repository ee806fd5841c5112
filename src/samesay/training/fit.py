"""The training loop: Keras' ``fit`` over length buckets, the best epoch kept, a stop at any step made usable."""

from __future__ import annotations

import hashlib
import itertools
import logging
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.encoding import EncodedPairs, padding_share, plan_training
from samesay.errors import TrainingDiverged, UsageError
from samesay.model.batches import PairBatches
from samesay.model.classifier import PairClassifier
from samesay.pairs import Progress, ProgressListener
from samesay.training.checkpoints import Checkpoint, load_checkpoint, restore, save_checkpoint
from samesay.training.objectives import CHOSEN_BY, Objective, objective_of
from samesay.training.optimizers import build_optimizer
from samesay.training.own_parts import OwnParts
from samesay.training.recipe import Recipe

_SECONDS_BETWEEN_REPORTS = 0.5
_LOG = logging.getLogger("samesay")


@dataclass(frozen=True)
class TrainingPairs:
    """Encoded pairs with their gold answers.

    Attributes:
        encoded: ``n_pairs`` rows of token ids.
        targets: Shape ``(n_pairs,)``: indices into the model's labels (int32), or shares of its scale (float32).
    """

    encoded: EncodedPairs
    targets: NDArray[Any]

    def fingerprint(self) -> str:
        """SHA-256 over ids and labels, in order: what a checkpoint belongs to."""
        digest = hashlib.sha256()
        for array in (
            self.encoded.token_ids,
            self.encoded.offsets,
            self.encoded.second_starts,
            self.targets,
        ):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass
class FitResult:
    """What a run did.

    Attributes:
        history: One entry an epoch: ``epoch`` (from 1), ``loss``, ``accuracy``, with validation pairs
            ``validation_loss`` and ``validation_accuracy`` (of grades ``validation_spearman`` and
            ``validation_pearson``, and no accuracy), ``seconds`` and ``pairs_per_second`` without validation.
        best_epoch: The epoch whose weights the model now has, from 1.
        interrupted: Whether the user stopped it.
        steps: Steps done.
        seconds: Time in training steps, compilation included, validation not.
        pairs_per_second: Pairs over ``seconds``.
        padding_share: The share of padded places among all that were computed, in [0, 1].
        widths: The widths of the batches, in tokens: the shapes that were compiled.
        settings: The recipe as it was followed, own parts by their names.
    """

    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    interrupted: bool = False
    steps: int = 0
    seconds: float = 0.0
    pairs_per_second: float = 0.0
    padding_share: float = 0.0
    widths: list[int] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


def fit(
    classifier: PairClassifier,
    pairs: TrainingPairs,
    recipe: Recipe,
    *,
    validation: TrainingPairs | None = None,
    own_parts: OwnParts | None = None,
    progress: ProgressListener | None = None,
    checkpoints: Path | None = None,
    seconds_between_checkpoints: float = 300.0,
) -> FitResult:
    """Fine-tune ``classifier`` in place; it ends with the weights of its best epoch.

    The best epoch is the one with the highest validation accuracy (Spearman's correlation, of grades), of
    equals the one with the lower validation loss;
    without validation pairs it is the last. Ctrl-C ends the run after the step at hand.

    Args:
        classifier: The model; compiled here, and left compiled so that it can be saved with its optimizer.
        pairs: What to learn from.
        recipe: How, with its learning rate decided.
        validation: What to choose the best epoch by.
        own_parts: Keras objects instead of what the recipe names. A checkpoint belongs to their configuration, and
            holds the state of all of them but callbacks.
        progress: Hears the stages ``train`` and ``validate``, in pairs.
        checkpoints: A folder for the state of the run; a run that finds its own checkpoint there goes on from it.
        seconds_between_checkpoints: At least this much time from one to the next.

    Raises:
        TrainingDiverged: If the loss is no longer a number.
        UsageError: If checkpoints are asked for on another backend than JAX.
    """
    max_length = classifier.encoder.max_length
    own = own_parts or OwnParts()
    if checkpoints is not None and keras.backend.backend() != "jax":
        raise UsageError(
            f"Runs on {keras.backend.backend()} cannot be checkpointed: they would not go on to the same weights.",
            where="checkpoints",
            expected="JAX, whose runs are repeated to the last bit",
            hint="leave checkpoints out, or unset KERAS_BACKEND",
        )

    def plan(epoch: int) -> list[Any]:
        return plan_training(
            pairs.encoded.lengths,
            recipe.batch_size,
            seed=recipe.seed,
            epoch=epoch,
            max_length=max_length,
            shuffle=recipe.shuffle,
            epochs=recipe.epochs,
        )

    objective = objective_of(classifier, recipe)
    steps_per_epoch = math.ceil(len(pairs.encoded) / recipe.batch_size)
    classifier.compile(
        optimizer=own.optimizer or build_optimizer(recipe, steps_per_epoch * recipe.epochs),  # type: ignore[arg-type]
        loss=own.loss or objective.loss(),
        # Unweighted metrics would count the rows that only fill a batch up.
        weighted_metrics=[*objective.metrics, *own.metrics],
    )
    classifier.optimizer.build(classifier.trainable_variables)
    reseed_dropout(classifier, recipe.seed)
    identity = {
        "recipe": recipe.to_dict(),
        "answers": list(classifier.answers),
        "pairs": pairs.fingerprint(),
        "validation": validation.fingerprint() if validation else None,
        **(own.identity() if checkpoints else {}),
    }
    resumed = load_checkpoint(checkpoints, run=identity) if checkpoints else None
    batches = PairBatches(
        pairs.encoded,
        plan(0),
        height=recipe.batch_size,
        pad_id=classifier.encoder.pad_id,
        targets=pairs.targets,
        inputs=classifier.input_names,
    )
    course = _Course(
        classifier=classifier,
        batches=batches,
        plan=plan,
        recipe=recipe,
        objective=objective,
        n_pairs=len(pairs.encoded),
        validation=validation,
        progress=progress,
        checkpoints=checkpoints,
        seconds_between_checkpoints=seconds_between_checkpoints,
        identity=identity,
        resumed=resumed,
    )
    if resumed is not None:
        restore(classifier, resumed, metrics=False)
        if own.callbacks:
            _LOG.warning("the run goes on from its checkpoint, but its callbacks begin anew")
    with _interruptible(course.stop):
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
                callbacks=[course, *own.callbacks],
            )
    result = course.finish(padding_share(plan(0), pairs.encoded.lengths))
    result.settings = own.recorded(recipe)
    return result


def reseed_dropout(classifier: PairClassifier, seed: int) -> None:
    """Set every dropout layer's random state from ``seed``, so that a run does not depend on what ran before it."""
    draw = np.random.default_rng(seed)
    for variable in classifier.non_trainable_variables:
        if variable.path.endswith("seed_generator_state"):
            # JAX keeps it as uint32, torch as int32, TensorFlow as int64; below 2^31 it is the same in all.
            variable.assign(np.array([draw.integers(2**31), 0], dtype=variable.dtype))


class _Course(keras.callbacks.Callback):
    """One run as Keras calls back: order of the pairs, reports, validation, the best epoch, checkpoints, the stop."""

    def __init__(
        self,
        *,
        classifier: PairClassifier,
        batches: PairBatches,
        plan: Callable[[int], list[Any]],
        recipe: Recipe,
        objective: Objective,
        n_pairs: int,
        validation: TrainingPairs | None,
        progress: ProgressListener | None,
        checkpoints: Path | None,
        seconds_between_checkpoints: float,
        identity: Mapping[str, Any],
        resumed: Checkpoint | None,
    ) -> None:
        super().__init__()
        self._classifier = classifier
        self._batches = batches
        self._plan = plan
        self._recipe = recipe
        self._objective = objective
        self._n_pairs = n_pairs
        self._validation = validation
        self._progress = progress or (lambda _: None)
        self._checkpoints = checkpoints
        self._seconds_between_checkpoints = seconds_between_checkpoints
        self._identity = identity
        self._resumed = resumed
        self._history: list[dict[str, Any]] = list(resumed.history) if resumed else []
        self._best = resumed.best if resumed else None
        self._steps = resumed.step if resumed else 0
        self.first_epoch = resumed.epoch if resumed else 0
        self._epoch = self.first_epoch
        self._pairs_done = 0
        self._seconds = 0.0
        self._epoch_seconds = 0.0
        self._resumed_at = time.perf_counter()
        self._widths: set[int] = set()
        self._stopped = False
        self._ended = False
        self._skipped = 0
        self._last_report = 0.0
        self._last_checkpoint = time.monotonic()
        self._steps_per_epoch = math.ceil(n_pairs / recipe.batch_size)

    def stop(self) -> None:
        """End the run after the step at hand."""
        self._stopped = True

    def stretches(self) -> Iterator[tuple[int, int]]:
        """First epoch and end of each call of Keras' ``fit``, which takes epochs of one length only.

        A run that goes on from within an epoch has the rest of that one for itself.
        """
        skipped = self._steps - self.first_epoch * self._steps_per_epoch
        starts = [self.first_epoch + 1] if skipped and self.first_epoch + 1 < self._recipe.epochs else []
        bounds = [self.first_epoch, *starts, self._recipe.epochs]
        for first, end in itertools.pairwise(bounds):
            if first < end and not self._ended:
                self._skipped = skipped if first == self.first_epoch else 0
                self._batches.batches = self._plan(first)[self._skipped :]
                yield first, end

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch
        if epoch == self.first_epoch and self._skipped and self._resumed is not None:
            restore(self._classifier, self._resumed, metrics=True)
        else:
            self._skipped = 0
        self._batches.batches = self._plan(epoch)[self._skipped :]
        self._widths |= {batch.width for batch in self._batches.batches}
        self._epoch_seconds = 0.0
        self._epoch_pairs = 0
        self._resumed_at = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._steps += 1
        self._epoch_pairs += len(self._batches.batches[batch].rows)
        now = time.perf_counter()
        last = batch + 1 == len(self._batches.batches)
        if last or self._stopped or now - self._last_report >= _SECONDS_BETWEEN_REPORTS:
            # Reading the figures waits for the step: seldom enough to leave the device busy.
            self._report(logs or {}, now)
            self._last_report = now
        if self._stopped:
            self._end()
        elif (
            self._checkpoints is not None
            # The end of the epoch saves, with its figures.
            and not last
            and time.monotonic() - self._last_checkpoint >= self._seconds_between_checkpoints
        ):
            self._save(self._epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._epoch_seconds = time.perf_counter() - self._resumed_at
        self._seconds += self._epoch_seconds
        self._pairs_done += self._epoch_pairs
        figures = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        entry: dict[str, Any] = {
            "epoch": epoch + 1,
            "loss": figures.get("loss"),
            **{name: figures.get(name) for name in self._objective.metrics},
            "seconds": round(self._epoch_seconds, 3),
            "pairs_per_second": round(self._epoch_pairs / max(self._epoch_seconds, 1e-9), 1),
            # Metrics of the user's own.
            **{name: value for name, value in figures.items() if name not in ("loss", "accuracy")},
        }
        if self._stopped and self._history:
            # An unfinished epoch after a finished one: the finished ones are what the user has.
            return
        if self._validation is not None:
            figures = self._validate(self._validation)
            entry |= figures
            if logs is not None:
                # The names by which Keras' callbacks ask for them.
                logs |= {name.replace("validation_", "val_"): value for name, value in figures.items()}
        self._history.append(entry)
        if self._validation is None or entry is _best(self._history):
            self._best = [np.asarray(value) for value in self._classifier.trainable_variables]
        if self._is_stale():
            self._end()
        if self._checkpoints is not None and not self._stopped:
            # After the last epoch too: a run killed before its model is saved has nothing to repeat.
            self._save(epoch + 1)

    def on_train_end(self, logs: Any = None) -> None:
        # Another callback may have stopped the run.
        self._ended = self._ended or self._classifier.stop_training

    def finish(self, padding: float) -> FitResult:
        """Put the best epoch's weights in place and say what was done."""
        best = _best(self._history)
        if self._best is not None:
            for variable, value in zip(self._classifier.trainable_variables, self._best, strict=True):
                variable.assign(value)
        return FitResult(
            history=self._history,
            best_epoch=best["epoch"],
            interrupted=self._stopped,
            steps=self._steps,
            seconds=round(self._seconds, 3),
            pairs_per_second=round(self._pairs_done / max(self._seconds, 1e-9), 1),
            padding_share=padding,
            widths=sorted(self._widths),
        )

    def _report(self, logs: Mapping[str, Any], now: float) -> None:
        loss = float(logs.get("loss", math.nan))
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"The loss is {loss} after step {self._steps} (epoch {self._epoch + 1}).",
                where="training",
                hint="lower --learning-rate, or raise --warmup",
                details={"step": self._steps},
            )
        done_before = self._epoch * self._n_pairs + self._skipped * self._recipe.batch_size
        self._progress(
            Progress(
                "train",
                min(done_before + self._epoch_pairs, self._recipe.epochs * self._n_pairs),
                self._recipe.epochs * self._n_pairs,
                {
                    "epoch": self._epoch + 1,
                    "epochs": self._recipe.epochs,
                    "loss": round(loss, 4),
                    **{name: round(float(logs.get(name, math.nan)), 4) for name in self._objective.metrics},
                    "pairs_per_second": round(self._epoch_pairs / max(now - self._resumed_at, 1e-9), 1),
                },
            )
        )

    def _validate(self, validation: TrainingPairs) -> dict[str, float]:
        self._progress(Progress("validate", 0, len(validation.encoded)))
        figures = self._objective.figures(self._classifier.logits(validation.encoded), validation.targets)
        self._progress(Progress("validate", len(validation.encoded), len(validation.encoded), figures))
        return figures

    def _end(self) -> None:
        self._ended = True
        self._classifier.stop_training = True

    def _is_stale(self) -> bool:
        patience = self._recipe.early_stopping
        if patience is None or self._validation is None:
            return False
        return self._history[-1]["epoch"] - _best(self._history)["epoch"] >= patience

    def _save(self, epoch: int) -> None:
        assert self._checkpoints is not None
        # JAX, and it alone, trains on a state outside the Keras variables until it is told to put it back.
        if hasattr(self._classifier, "jax_state_sync"):
            self._classifier.jax_state_sync()
        save_checkpoint(
            self._checkpoints,
            self._classifier,
            run=self._identity,
            step=self._steps,
            epoch=epoch,
            history=self._history,
            best=self._best,
        )
        self._last_checkpoint = time.monotonic()


def _best(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The epoch with the best figure of validation, then the lowest loss; the last one without validation."""
    figure = next((name for name in CHOSEN_BY if name in history[-1]), None)
    if figure is None:
        return history[-1]
    return max(history, key=lambda entry: (entry[figure], -entry["validation_loss"]))


@contextmanager
def _interruptible(stop: Callable[[], None]) -> Any:
    """Within it the first Ctrl-C calls ``stop``; a second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
