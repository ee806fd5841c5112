"""Encoded pairs as batches that Keras takes: a few fixed shapes, so that each is compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.encoding import Batch, DenseBatch, EncodedPairs


class PairBatches(keras.utils.PyDataset):
    """Batches of encoded pairs, padded to ``(height, batch.width)``; rows that only fill up weigh nothing.

    Args:
        encoded: The pairs.
        batches: Which rows stand together, and how wide; row ``n_pairs + i`` is pair ``i`` with its texts in the other
            order.
        height: Rows of every batch; where absent each has the rows it names, and an uneven last one is compiled, too.
        pad_id: The id of the padding token.
        targets: Shape ``(n_pairs,)``, label indices (int32) or shares of a scale (float32), or a row of what a loss
            takes for each pair; without them the batches hold inputs only.
        inputs: What the model reads of ``token_ids``, ``segment_ids`` and ``padding_mask``; RoBERTa has no segments.
    """

    def __init__(
        self,
        encoded: EncodedPairs,
        batches: Sequence[Batch],
        *,
        height: int | None,
        pad_id: int,
        targets: NDArray[Any] | None = None,
        inputs: Sequence[str] = DenseBatch._fields,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._encoded = encoded
        self._height = height
        self._pad_id = pad_id
        self._targets = targets
        self._inputs = tuple(inputs)
        self.batches = batches

    @property
    def batches(self) -> list[Batch]:
        """Which rows stand together, in the order in which they are given out; another epoch may set others."""
        return self._batches

    @batches.setter
    def batches(self, batches: Sequence[Batch]) -> None:
        self._batches = list(batches)
        if keras.backend.backend() == "tensorflow":
            # There Keras takes for the width of all batches what the first two have in common.
            other = next((at for at, one in enumerate(batches) if one.width != batches[0].width), 1)
            if other > 1:
                self._batches[1], self._batches[other] = self._batches[other], self._batches[1]

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        batch = self.batches[index]
        rows = batch.rows
        if self._targets is not None and self._height is not None:
            # Pairs again, which weigh nothing: a row of padding alone has no mean over its tokens, and what is no
            # number stays none when it is weighed by 0.
            rows = np.resize(rows, self._height)
        turned, rows = np.divmod(rows, max(len(self._encoded), 1))
        dense = self._encoded.dense(
            rows, batch.width, height=self._height, pad_id=self._pad_id, turned=turned == 1
        )
        inputs = {name: getattr(dense, name) for name in self._inputs}
        if self._targets is None:
            return (inputs,)
        n_rows = len(dense.token_ids)
        targets = np.zeros((n_rows, *self._targets.shape[1:]), self._targets.dtype)
        weights = np.zeros(n_rows, np.float32)
        targets[: len(batch.rows)] = self._targets[rows[: len(batch.rows)]]
        weights[: len(batch.rows)] = 1.0
        return inputs, targets, weights
