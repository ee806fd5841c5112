"""Callbacks of a run that begins its next steps while the device still computes the ones before.

Keras' own list reads loss and metrics after every step, and so waits for it; only then the next batch is put together,
while the device computes nothing. Here metrics are passed on as they are, and whoever wants a number waits for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import keras

MOST_AHEAD = 3
"""Steps begun and not known to have ended, at most: their batches are small, and a stop is still near."""


class StepsAhead(keras.callbacks.CallbackList):
    """One callback that takes metrics unread, and others.

    Where one of the others looks at batches, all are served as Keras does, since numbers are what it expects.

    Args:
        course: Takes metrics as the device gives them: ``float`` waits for one.
        others: Any callbacks; they are called after ``course``.
        model: Whose ``fit`` takes the list.
        epochs: Of the run.
        steps: Of an epoch.
    """

    def __init__(
        self,
        course: keras.callbacks.Callback,
        others: Sequence[keras.callbacks.Callback],
        *,
        model: keras.Model,
        epochs: int,
        steps: int,
    ) -> None:
        super().__init__(
            [course, *others], add_history=True, model=model, epochs=epochs, steps=steps, verbose=0
        )
        self._course = course
        self._all_read = any(_looks_at_batches(one) for one in others)
        self._begun: deque[Any] = deque()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Pass the metrics on; wait for the step ``MOST_AHEAD`` before."""
        if self._all_read:
            super().on_train_batch_end(batch, logs)
            return
        if logs:
            self._begun.append(logs["loss"])
        if len(self._begun) > MOST_AHEAD:
            float(self._begun.popleft())
        self._course.on_train_batch_end(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """As Keras does, which reads all metrics."""
        self._begun.clear()
        super().on_epoch_end(epoch, logs)


def _looks_at_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether it does anything after a training batch; functions may stand in its attributes, too."""
    plain = keras.callbacks.Callback
    return any(
        getattr(getattr(callback, name), "__func__", None) is not getattr(plain, name)
        for name in ("on_train_batch_end", "on_batch_end")
    )
