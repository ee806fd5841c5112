"""A preprocessor of the user's own as the way from text to ids: used as it is, since it has no twin in Rust.

``PreprocessorEncoder`` stands where ``PairEncoder`` does in training and in the Keras ``Predictor``. It cannot be
saved for scoring without Keras, and it cannot know what the preprocessor cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import EncodedPairs, PairEncoder
from samesay.errors import EncoderUnsupported, UsageError
from samesay.model.tokenizer import encoder_for
from samesay.pairs import Progress, ProgressListener

_CHUNK = 256
_NAMES = {"token_ids", "segment_ids", "padding_mask"}


def encoder_of(task: Any, *, max_length: int | None = None) -> PairEncoder | PreprocessorEncoder:
    """What encodes pairs for ``task``: the twin of KerasHub's preprocessor, or the user's own preprocessor.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        max_length: The limit in tokens; the preprocessor's own where absent.

    Raises:
        TokenizerUnsupported: If the preprocessor is KerasHub's and has no twin.
        UsageError: If the limit cannot be used.
    """
    if is_own(task.preprocessor) or is_own(getattr(task.preprocessor, "tokenizer", None)):
        return PreprocessorEncoder(task.preprocessor, max_length=max_length)
    return encoder_for(task, max_length=max_length)


def is_own(part: Any) -> bool:
    """Whether ``part`` is of a class that is neither KerasHub's nor SameSay's: it may compute anything."""
    return part is not None and not type(part).__module__.startswith(("keras_hub.", "samesay."))


class PreprocessorEncoder:
    """Pairs of texts to token ids by a Keras preprocessor.

    Args:
        preprocessor: Takes two lists of texts to ``token_ids``, ``padding_mask`` and, where it tells the sides apart,
            ``segment_ids``, each of shape ``(n_pairs, sequence_length)``, padded on the right.
        max_length: Its new ``sequence_length``, in tokens; the one it has where absent.
    """

    def __init__(self, preprocessor: Any, *, max_length: int | None = None) -> None:
        if max_length is not None:
            preprocessor.sequence_length = max_length
        limit = getattr(preprocessor, "sequence_length", None)
        if not isinstance(limit, int) or limit < 1:
            raise UsageError(
                f"The preprocessor {type(preprocessor).__name__} says no sequence_length.",
                where="preprocessor",
                expected="an attribute sequence_length, the tokens of a row",
            )
        self._preprocessor = preprocessor
        self.max_length = limit
        self.pad_id = int(getattr(getattr(preprocessor, "tokenizer", None), "pad_token_id", None) or 0)

    def encode(
        self, first: Sequence[str], second: Sequence[str], *, progress: ProgressListener | None = None
    ) -> EncodedPairs:
        """Encode pairs; ``tokens_lost`` is 0 throughout, since a preprocessor does not say what it cut.

        Raises:
            EncoderUnsupported: If the preprocessor gives other arrays than SameSay's batches can carry.
        """
        parts = []
        for begin in range(0, max(len(first), 1), _CHUNK):
            texts = (list(first[begin : begin + _CHUNK]), list(second[begin : begin + _CHUNK]))
            parts.append(self._packed(*texts) if texts[0] else _nothing())
            if progress is not None:
                progress(Progress("encode", min(begin + _CHUNK, len(first)), len(first)))
        return EncodedPairs.join(parts)

    def _packed(self, first: list[str], second: list[str]) -> EncodedPairs:
        import keras

        # y=None is not idle: without it a preprocessor takes a tuple of two for texts and labels.
        packed = self._preprocessor((first, second), y=None)
        if not isinstance(packed, dict) or not {"token_ids", "padding_mask"} <= set(packed) <= _NAMES:
            got = ", ".join(packed) if isinstance(packed, dict) else type(packed).__name__
            raise self._unsupported(f"gives {got}")
        arrays = {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in packed.items()}
        shape = (len(first), self.max_length)
        if any(array.shape != shape for array in arrays.values()):
            raise self._unsupported(f"gives arrays of other shapes than {shape}")
        mask = arrays["padding_mask"].astype(bool)
        segments = arrays.get("segment_ids", np.zeros(shape, np.int32))
        lengths = mask.sum(axis=1)
        columns = np.arange(self.max_length)
        # Where the second side begins; at the end of rows that are all segment 0.
        starts = np.where((segments == 1).any(axis=1), (segments == 1).argmax(axis=1), lengths)
        as_batched = (columns >= starts[:, None]) & (columns < lengths[:, None])
        if (mask != (columns < lengths[:, None])).any() or (segments != as_batched).any():
            raise self._unsupported("pads on the left, or has segments other than 0 and then 1")
        return EncodedPairs(
            token_ids=arrays["token_ids"][mask].astype(np.int32),
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            second_starts=starts.astype(np.int32),
            tokens_lost=np.zeros((len(first), 2), np.int32),
            specials=(0, 0),
        )

    def _unsupported(self, what: str) -> EncoderUnsupported:
        return EncoderUnsupported(
            f"The preprocessor {type(self._preprocessor).__name__} {what}.",
            where="preprocessor",
            expected=f"token_ids, padding_mask and perhaps segment_ids, (n_pairs, {self.max_length}), "
            "padded on the right",
        )


def _nothing() -> EncodedPairs:
    none: NDArray[Any] = np.zeros(0, np.int32)
    return EncodedPairs(none, np.zeros(1, np.int64), none, np.zeros((0, 2), np.int32), (0, 0))
