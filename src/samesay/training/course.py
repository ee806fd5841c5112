"""One run as Keras calls back: the order of pairs, progress, validation, the best weights, checkpoints, the stop."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.errors import DiskFull, OutputUnwritable, TrainingDiverged
from samesay.model.batches import PairBatches
from samesay.model.classifier import PairClassifier
from samesay.pairs import Progress, ProgressListener, per_second
from samesay.training.checkpoints import Checkpoint, restore, save_checkpoint
from samesay.training.objectives import Objective, best_of
from samesay.training.recipe import Recipe
from samesay.training.tensorboard import EventLog

if TYPE_CHECKING:
    from samesay.training.training_pairs import TrainingPairs

_SECONDS_BETWEEN_REPORTS = 0.5
# Saving never takes more of a run's time than this.
_MOST_TIME_SHARE = 0.03
_LOG = logging.getLogger("samesay")


class Course(keras.callbacks.Callback):
    """One run, from its first step or from a checkpoint.

    Args:
        classifier: Compiled; with the checkpoint's state, where there is one.
        batches: What Keras is fed from; the plan of each epoch is put into it.
        plan: The batches of an epoch, from 0.
        recipe: How to train.
        objective: What for.
        n_pairs: Pairs of an epoch.
        validation: What to choose the best weights by.
        progress: Hears the stages ``train`` and ``validate``.
        checkpoints: The folder for the checkpoints.
        checkpoint_every: At least this many seconds from one checkpoint to the next; 0 saves after every step.
        identity: What a checkpoint belongs to.
        resumed: The checkpoint to resume from.
        events: Where metrics are logged.
    """

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
        checkpoint_every: float,
        identity: Mapping[str, Any],
        resumed: Checkpoint | None,
        events: EventLog | None = None,
    ) -> None:
        super().__init__()
        self.history: list[dict[str, Any]] = list(resumed.history) if resumed else []
        self.steps = resumed.step if resumed else 0
        self.first_epoch = resumed.epoch if resumed else 0
        self.pairs_done = 0
        self.seconds = 0.0
        self.widths: set[int] = set()
        self.interrupted = False
        self.diverged: TrainingDiverged | None = None
        self._classifier = classifier
        self._batches = batches
        self._plan = plan
        self._recipe = recipe
        assert recipe.epochs is not None  # decided by ``fit``
        self._epochs = recipe.epochs
        self._objective = objective
        self._n_pairs = n_pairs
        self._validation = validation
        self._progress = progress or (lambda _: None)
        self._checkpoints = checkpoints
        self._checkpoint_every = checkpoint_every
        self._identity = identity
        self._resumed = resumed
        self._events = events
        self._best = resumed.best if resumed else None
        # What is left if the loss becomes NaN before anything was measured.
        self._sound = None if self._best else _copied(classifier)
        self._sound_at = self.steps
        self._epoch = self.first_epoch
        self._epoch_pairs = 0
        self._began = time.perf_counter()
        # Where the run was over, and only what follows it is missing, nothing more is trained.
        self._ended = self._is_out_of_patience()
        self._skipped = 0
        self._last_report = 0.0
        self._last_checkpoint = time.monotonic()
        self._saving_seconds = 0.0
        self._saved = resumed.path if resumed else None
        self._steps_per_epoch = math.ceil(n_pairs / recipe.batch_size)

    def stop(self) -> None:
        """End the run after the step at hand."""
        self.interrupted = True

    def stretches(self) -> Iterator[tuple[int, int]]:
        """First epoch and end of each call of Keras' ``fit``, which takes epochs of one length only.

        A run that resumes within an epoch has the rest of that one for itself.
        """
        skipped = self.steps - self.first_epoch * self._steps_per_epoch
        starts = [self.first_epoch + 1] if skipped and self.first_epoch + 1 < self._epochs else []
        bounds = [self.first_epoch, *starts, self._epochs]
        for first, end in itertools.pairwise(bounds):
            if first < end and not self._ended:
                self._skipped = skipped if first == self.first_epoch else 0
                self._batches.batches = self._plan(first)[self._skipped :]
                yield first, end

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Put the epoch's plan in place; Keras calls this, and the three below."""
        self._epoch = epoch
        if epoch == self.first_epoch and self._skipped and self._resumed is not None:
            restore(self._classifier, self._resumed, metrics=True)
        else:
            self._skipped = 0
        self._batches.batches = self._plan(epoch)[self._skipped :]
        self.widths |= {batch.width for batch in self._batches.batches}
        self._epoch_pairs = 0
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count the step; report, measure and save where it is time to."""
        self.steps += 1
        self._epoch_pairs += len(self._batches.batches[batch].rows)
        now = time.perf_counter()
        last = batch + 1 == len(self._batches.batches)
        measure = self._is_to_measure() and not last
        save = self._is_to_save() and not last
        if last or measure or save or self.interrupted or now - self._last_report >= _SECONDS_BETWEEN_REPORTS:
            # Reading the metrics waits for the step: seldom enough to leave the device busy.
            self._report(logs or {}, now)
            self._last_report = now
        if self.diverged is None and (measure or save):
            paused = time.perf_counter()
            if measure:
                self._measure_within(logs or {})
            # The end of the epoch saves, with its metrics.
            if save and self.diverged is None:
                self._save(self._epoch)
            self._began += time.perf_counter() - paused
        if self.interrupted or self.diverged is not None:
            self._end()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure, and keep the weights where they are the best."""
        seconds = time.perf_counter() - self._began
        self.seconds += seconds
        self.pairs_done += self._epoch_pairs
        finished = self.steps == (epoch + 1) * self._steps_per_epoch
        # An unfinished epoch after a validation: what was measured is what the user has.
        if self.diverged is not None or (not finished and self.history):
            return
        if not self._is_finite():
            return
        measured = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        entry: dict[str, Any] = {
            "epoch": epoch + 1,
            "step": self.steps,
            "loss": measured.get("loss"),
            **{name: measured.get(name) for name in self._objective.metrics},
            "seconds": round(seconds, 3),
            "pairs_per_second": round(per_second(self._epoch_pairs, seconds), 1),
            # Metrics of the user's own.
            **{name: value for name, value in measured.items() if name not in ("loss", "accuracy")},
        }
        self._record(entry)
        if logs is not None:
            # The names by which Keras' callbacks ask for them.
            logs |= {
                name.replace("validation_", "val_"): value
                for name, value in entry.items()
                if name.startswith("validation_")
            }
        last = self._ended or epoch + 1 == self._epochs
        # What follows takes time, too, and what is killed in it has nothing to repeat.
        if finished and (self._is_to_save() or (last and self._saved is not None)):
            self._save(epoch + 1)

    def on_train_end(self, logs: Any = None) -> None:
        """Take note that another callback stopped the run."""
        self._ended = self._ended or self._classifier.stop_training

    def finish(self) -> dict[str, Any] | None:
        """Put the best weights in place, and give the entry of the history that they belong to."""
        weights = self._best or (self._sound if self.diverged else None)
        if weights is not None:
            for variable, value in zip(self._classifier.trainable_variables, weights, strict=True):
                variable.assign(value)
        if self._best is None and self.diverged and self._sound_at:
            epoch = round(self._sound_at / self._steps_per_epoch, 4)
            self._record({"epoch": epoch, "step": self._sound_at, "loss": None})
        return self._best_entry() if self.history else None

    def _best_entry(self) -> dict[str, Any]:
        return self.history[best_of(self.history, self._objective.monitor)]

    def _report(self, logs: Mapping[str, Any], now: float) -> None:
        loss = float(logs.get("loss", math.nan))
        if not math.isfinite(loss):
            self._diverge(f"The loss became {loss} at step {self.steps} (epoch {self._epoch + 1}).")
            return
        if self._events is not None:
            measured = {name: float(logs[name]) for name in ("loss", *self._objective.metrics)}
            self._events.add(self.steps, "train", measured)
        done_before = self._epoch * self._n_pairs + self._skipped * self._recipe.batch_size
        self._progress(
            Progress(
                "train",
                min(done_before + self._epoch_pairs, self._epochs * self._n_pairs),
                self._epochs * self._n_pairs,
                {
                    "epoch": self._epoch + 1,
                    "epochs": self._epochs,
                    "loss": round(loss, 4),
                    **{name: round(float(logs.get(name, math.nan)), 4) for name in self._objective.metrics},
                    "pairs_per_second": round(per_second(self._epoch_pairs, now - self._began), 1),
                },
            )
        )

    def _diverge(self, message: str) -> None:
        self.diverged = TrainingDiverged(
            message,
            where="training",
            hint="lower --learning-rate, raise --warmup, or set --clip-norm 1",
            details={"step": self.steps, "epoch": self._epoch + 1},
        )

    def _is_finite(self) -> bool:
        """Whether all weights are finite; a loss shows that they are not only after the next step."""
        values = (np.asarray(value) for value in self._classifier.trainable_variables)
        if not all(np.isfinite(value).all() for value in values):
            self._diverge(f"Weights became NaN or infinite at step {self.steps} (epoch {self._epoch + 1}).")
        return self.diverged is None

    def _is_to_measure(self) -> bool:
        every = self._recipe.evaluate_every
        return every is not None and self._validation is not None and self.steps % every == 0

    def _measure_within(self, logs: Mapping[str, Any]) -> None:
        """Validate in the middle of an epoch."""
        self._put_state_back()
        if self._is_finite():
            measured = {name: float(logs[name]) for name in ("loss", *self._objective.metrics)}
            self._record(
                {"epoch": round(self.steps / self._steps_per_epoch, 4), "step": self.steps, **measured}
            )
            # What is measured next says what was learned since then, and not the mean of its epoch.
            self._classifier.reset_metrics()

    def _record(self, entry: dict[str, Any]) -> None:
        """Validate, keep the weights if they are the best, end a run that gets no better."""
        if self._validation is not None:
            measured = self._validate(self._validation)
            entry |= measured
            if self._events is not None:
                named = {name.removeprefix("validation_"): value for name, value in measured.items()}
                self._events.add(self.steps, "validation", named)
        self.history.append(entry)
        if self._best_entry() is entry:
            self._best = [np.asarray(value) for value in self._classifier.trainable_variables]
        if self._is_out_of_patience():
            self._end()

    def _is_out_of_patience(self) -> bool:
        patience = self._recipe.early_stopping
        if patience is None or not self.history:
            return False
        return self.history[-1]["epoch"] - self._best_entry()["epoch"] >= patience

    def _validate(self, validation: TrainingPairs) -> dict[str, float]:
        self._progress(Progress("validate", 0, len(validation.encoded)))
        measured = self._objective.measured(self._classifier.logits(validation.encoded), validation.targets)
        self._progress(Progress("validate", len(validation.encoded), len(validation.encoded), measured))
        return measured

    def _end(self) -> None:
        self._ended = True
        self._classifier.stop_training = True

    def _is_to_save(self) -> bool:
        if self._checkpoints is None:
            return False
        every = self._checkpoint_every
        pause = max(every, self._saving_seconds / _MOST_TIME_SHARE) if every else 0.0
        return self.interrupted or time.monotonic() - self._last_checkpoint >= pause

    def _save(self, epoch: int) -> None:
        assert self._checkpoints is not None
        # What comes before the writing, to fetch and look at the weights, takes half as long again.
        began = time.monotonic()
        self._put_state_back()
        if not self._is_finite():
            return
        if self._best is None:
            self._sound, self._sound_at = _copied(self._classifier), self.steps
        try:
            self._saved = save_checkpoint(
                self._checkpoints,
                self._classifier,
                run=self._identity,
                step=self.steps,
                epoch=epoch,
                history=self.history,
                best=self._best,
                before=self._saved,
            )
        except (DiskFull, OutputUnwritable) as problem:
            # The model is what the run is for: space may come back before the next one.
            _LOG.warning("%s The run goes on.", problem.message)
        self._last_checkpoint = time.monotonic()
        self._saving_seconds = self._last_checkpoint - began

    def _put_state_back(self) -> None:
        # JAX, and it alone, trains on a state outside the Keras variables until it is asked to put it back.
        if hasattr(self._classifier, "jax_state_sync"):
            self._classifier.jax_state_sync()


def _copied(classifier: PairClassifier) -> list[NDArray[Any]]:
    """The trained weights; copied, since Keras gives the buffers of variables to the next step."""
    return [np.array(value) for value in classifier.trainable_variables]
