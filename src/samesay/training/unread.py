"""Keras' callbacks without waiting for every step: the next one is prepared while the device computes."""

from __future__ import annotations

from collections import deque
from typing import Any

import keras

STEPS_AHEAD = 2
"""So many steps may be begun and not finished: more would only lengthen the wait behind Ctrl-C, and take memory."""


class UnreadFigures(keras.callbacks.CallbackList):
    """Callbacks that are given the figures of a step as the device has them; reading one waits for the step.

    Keras' own list reads all of them behind every step, so that the device stands still while the next batch is put
    together. Callbacks of the user's own that look at single steps get numbers, as Keras has it.

    Args:
        course: The run's own callback, which reads figures seldom.
        others: The user's.
        **settings: As Keras has them.
    """

    def __init__(self, course: keras.callbacks.Callback, others: list[Any], **settings: Any) -> None:
        super().__init__([course, *others], **settings)
        self._course = course
        base = keras.callbacks.Callback
        self._watched = any(
            getattr(getattr(one, name), "__func__", None) is not getattr(base, name)
            for one in others
            for name in ("on_batch_end", "on_train_batch_end")
        )
        self._begun: deque[Any] = deque()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """As Keras calls it."""
        if self._watched:
            super().on_train_batch_end(batch, logs)
            return
        self._course.on_train_batch_end(batch, logs)
        if logs:
            self._begun.append(logs)
            if len(self._begun) > STEPS_AHEAD:
                float(self._begun.popleft()["loss"])
