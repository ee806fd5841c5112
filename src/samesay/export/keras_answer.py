"""What Keras itself answers to raw text: KerasHub's own preprocessor, then the task, in two shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import UsageError
from samesay.export.families.transformer import array_of
from samesay.model.activations import name_of
from samesay.pairs import Pair

# (rows, tokens). Every further shape costs seconds of compilation; most of the parity check's pairs fit the short
# one.
_SHORT = (16, 64)
_LONG_ROWS = 4


class KerasAnswer:
    """Logits of pairs of raw texts, by KerasHub alone; call it with pairs.

    Nothing of SameSay's own tokenizer, packer or batches takes part, so that a fault of theirs shows.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        max_length: The limit in tokens; the preprocessor's own where absent.

    Raises:
        UsageError: If the task has no preprocessor.
    """

    def __init__(self, task: Any, *, max_length: int | None = None) -> None:
        import keras

        preprocessor = task.preprocessor
        if preprocessor is None:
            raise UsageError(
                "The task has no preprocessor, so it cannot answer to text.", where="preprocessor"
            )
        if max_length is not None and max_length != preprocessor.sequence_length:
            # Another one, rather than a setting changed on a model that belongs to the caller.
            preprocessor = type(preprocessor)(
                tokenizer=preprocessor.tokenizer,
                sequence_length=max_length,
                truncate=preprocessor.truncate,
            )
        self._preprocessor = preprocessor
        self._head: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        outputs = task.outputs
        if name_of(task.output_dense.activation, where="logits") == "softmax":
            # The logits of such a head are inside its layer: its last product is made here.
            self._head = array_of(task.output_dense.kernel), array_of(task.output_dense.bias)
            outputs = task.output_dense.input
        self._model = keras.Model(task.inputs, outputs)

    def __call__(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Logits, shape ``(n_pairs, n_labels)``, rows in the order of ``pairs``; one pair at least."""
        import keras

        texts = ([pair.first for pair in pairs], [pair.second for pair in pairs])
        # y=None is not idle: without it a preprocessor takes a tuple of two for texts and labels.
        packed = self._preprocessor(texts, y=None)
        arrays = {
            name: np.asarray(keras.ops.convert_to_numpy(value)).astype(np.int32)
            for name, value in packed.items()
        }
        lengths = arrays["padding_mask"].sum(axis=1)
        limit = arrays["padding_mask"].shape[1]
        rows, width = _SHORT[0], min(_SHORT[1], limit)
        answers: dict[int, NDArray[np.float32]] = {}
        for places, height, tokens in (
            (np.flatnonzero(lengths <= width), rows, width),
            (np.flatnonzero(lengths > width), _LONG_ROWS, limit),
        ):
            for begin in range(0, len(places), height):
                chunk = places[begin : begin + height]
                filled = np.resize(chunk, height)  # the last batch repeats its rows
                batch = {name: array[filled, :tokens] for name, array in arrays.items()}
                outputs = np.asarray(self._model.predict_on_batch(batch), dtype=np.float32)
                answers.update(zip(chunk.tolist(), outputs, strict=False))
        logits = np.stack([answers[place] for place in range(len(pairs))])
        return logits if self._head is None else logits @ self._head[0] + self._head[1]
