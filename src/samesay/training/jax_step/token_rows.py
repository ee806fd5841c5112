"""The rows of the token table that a run can change: those of the tokens that occur in its pairs.

A token that occurs nowhere has no gradient; Adam's moments of its row stay 0, and so does its change. The run is
therefore computed with a table of the other rows alone, which is the same run. Weight decay (AdamW) shrinks all rows
alike: what the rows left out have lost by a step is a product of the steps' rates, put in where the table is read.
"""

from __future__ import annotations

import copy
import itertools
import operator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.training.optimizers import AdamW, LayerwiseAdam

_ROUNDED_TO = 512
"""The number of rows is rounded up: another sample of the same data finds its programs compiled."""


class TokenRows:
    """One table of a model, the optimizer that changes it, and both made small.

    Args:
        table: The variable, ``(vocabulary, hidden)``.
        variables: The trainable variables, ``table`` among them, in the optimizer's order.
        optimizer: Built over ``variables``; Adam or AdamW, whose rows without a gradient stay.
        used: The ids that occur.
    """

    def __init__(self, table: Any, variables: list[Any], optimizer: Any, used: NDArray[np.integer]) -> None:
        self.place = next(at for at, one in enumerate(variables) if one is table)
        n_rows = int(table.shape[0])
        kept = np.unique(used)
        size = min(-(-len(kept) // _ROUNDED_TO) * _ROUNDED_TO, n_rows)
        others = np.setdiff1d(np.arange(n_rows), kept)
        # What fills up are rows of tokens that do not occur; they change as the others of that kind do.
        self.rows: NDArray[np.int32] = np.sort(np.concatenate([kept, others[: size - len(kept)]])).astype(
            np.int32
        )
        self.of_id: NDArray[np.int32] = np.zeros(n_rows, np.int32)
        """Where the row of an id lies in the small table."""
        self.of_id[self.rows] = np.arange(size, dtype=np.int32)
        self._outside = np.setdiff1d(np.arange(n_rows), self.rows)
        self._began = np.array(table)[self._outside]
        small = keras.Variable(np.zeros((size, table.shape[1]), np.float32), trainable=True, name=table.name)
        self.optimizer = type(optimizer).from_config(copy.deepcopy(optimizer.get_config()))
        self.optimizer.build([small if one is table else one for one in variables])
        """An optimizer of the same settings over the small table."""
        self._optimizer_places = [
            at
            for at, (large, little) in enumerate(
                zip(optimizer.variables, self.optimizer.variables, strict=True)
            )
            if large.shape != little.shape
        ]
        for one in (small, *self.optimizer.variables):
            # As Keras does within ``fit``: the values are elsewhere, and these would only take memory.
            one._value = None
        self._large = optimizer
        self._decays = isinstance(optimizer, AdamW) and optimizer._use_weight_decay(table)
        self._since = 0
        self._lost = [1.0]

    @staticmethod
    def fits(optimizer: Any) -> bool:
        """Whether the optimizer leaves rows without a gradient as they are."""
        known = type(optimizer) in (AdamW, LayerwiseAdam, keras.optimizers.Adam)
        return known and not optimizer.amsgrad and not optimizer.use_ema

    def smaller(
        self, trainable: list[Any], optimizer: list[Any], *, step: int
    ) -> tuple[list[Any], list[Any]]:
        """The values of both with the table's rows that are used alone, after ``step`` batches."""
        outside = np.asarray(trainable[self.place])[self._outside]
        if not np.array_equal(outside, self._left_out(step)):
            # Weights from elsewhere, such as a checkpoint of a model that did not begin as this one did.
            self._began, self._since = outside, step
        return (
            [value[self.rows] if at == self.place else value for at, value in enumerate(trainable)],
            [
                value[self.rows] if at in self._optimizer_places else value
                for at, value in enumerate(optimizer)
            ],
        )

    def larger(self, trainable: list[Any], optimizer: list[Any], *, step: int) -> tuple[list[Any], list[Any]]:
        """The values of both with all rows.

        Args:
            trainable: With the small table.
            optimizer: With its small moments.
            step: Batches so far, by which the rows left out have decayed.
        """
        if len(trainable[self.place]) == len(self.of_id):
            return trainable, optimizer
        large = np.empty((len(self.of_id), trainable[self.place].shape[1]), np.float32)
        large[self._outside] = self._left_out(step)
        large[self.rows] = np.asarray(trainable[self.place])
        trainable = [*trainable[: self.place], keras.ops.array(large), *trainable[self.place + 1 :]]
        optimizer = list(optimizer)
        for at in self._optimizer_places:
            full = np.zeros((len(self.of_id), large.shape[1]), np.float32)
            full[self.rows] = np.asarray(optimizer[at])
            optimizer[at] = keras.ops.array(full)
        return trainable, optimizer

    def _left_out(self, step: int) -> NDArray[np.float32]:
        """The rows that are not used, after ``step`` batches.

        From how they began and not from how they were last: a run that was interrupted gives the very same.
        """
        if not self._decays:
            return self._began
        return self._began * np.float32(self._share_left(step) / self._share_left(self._since))

    def _share_left(self, step: int) -> float:
        """What weight decay leaves of a row after ``step`` batches: a product over them."""
        if step >= len(self._lost):
            every = self._large.gradient_accumulation_steps or 1
            steps = np.arange(len(self._lost) - 1, step)
            rate = self._large._learning_rate
            rates = np.asarray(rate(steps) if callable(rate) else rate, np.float64)
            factors = np.where((steps + 1) % every == 0, 1 - rates * self._large.weight_decay, 1.0)
            self._lost += [*itertools.accumulate(factors.tolist(), operator.mul, initial=self._lost[-1])][1:]
        return self._lost[step]
