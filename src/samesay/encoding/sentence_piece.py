"""Texts to the ids of a SentencePiece model (Kudo and Richardson 2018) by SentencePiece itself, as in KerasHub.

Nothing in a text is ever taken for a special token: SentencePiece spells with no control piece, so "</s>" in a text is
text. Its library is imported when such an encoder is made, and not before.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from samesay.encoding.packing import Ragged, require_strings
from samesay.errors import TokenizerUnsupported, UsageError


class SentencePiece:
    """A SentencePiece model of any kind, and where its pieces stand in an encoder's vocabulary.

    Immutable, and shared freely between threads.

    Args:
        model: The bytes of a ``.model`` file, or these in base64.
        before: Pieces with ids before all others, whether the model has them or not: XLM-R counts its special
            tokens in its own order.
        after: Pieces that the model lacks, with ids after all others: a mask.

    Attributes:
        vocabulary: ``before``, the model's other pieces in its order, ``after``; a piece's place is its id.
        ids: The id of every piece.

    Raises:
        UsageError: If the base64 or a piece cannot be used.
        TokenizerUnsupported: If it is no such model.
    """

    kind: ClassVar[str] = "sentencepiece"
    FIELDS: ClassVar[Mapping[str, type]] = {"model": str, "before": list, "after": list}
    __slots__ = ("_id_of", "_processor", "ids", "vocabulary", *FIELDS)

    def __init__(self, model: bytes | str, *, before: Sequence[str] = (), after: Sequence[str] = ()) -> None:
        from sentencepiece import SentencePieceProcessor

        require_strings(before, "before")
        require_strings(after, "after")
        if isinstance(model, str):
            try:
                model = base64.b64decode(model, validate=True)
            except binascii.Error as error:
                raise UsageError("The field 'model' is not base64.", where="field 'model'") from error
        try:
            self._processor = SentencePieceProcessor(model_proto=model)
            size = self._processor.get_piece_size()
        except RuntimeError as error:
            raise _damaged() from error
        if size == 0:  # what comes of no bytes at all
            raise _damaged()
        self.model = model
        self.before = tuple(before)
        self.after = tuple(after)
        pieces = [self._processor.id_to_piece(index) for index in range(size)]
        first = set(self.before)
        self.vocabulary = (*self.before, *(piece for piece in pieces if piece not in first), *self.after)
        self.ids: Mapping[str, int] = {token: index for index, token in enumerate(self.vocabulary)}
        # From the model's ids to the vocabulary's.
        self._id_of = np.array([self.ids[piece] for piece in pieces], np.int32)

    def spells(self, token: str) -> bool:
        """Whether some text could come out as ``token``."""
        index = self._processor.piece_to_id(token)
        if self._processor.id_to_piece(index) != token:
            return False  # not the model's own
        return not (
            self._processor.is_control(index)
            or self._processor.is_unused(index)
            or self._processor.is_unknown(index)
        )

    def encode(self, texts: Sequence[str]) -> Ragged:
        """The ids of ``texts``, any strings without lone surrogates, in their order."""
        spelled = Ragged.of(self._processor.encode(list(texts), out_type=int))
        return Ragged(self._id_of[spelled.ids], spelled.offsets)


def _damaged() -> TokenizerUnsupported:
    return TokenizerUnsupported("The SentencePiece model is damaged.", expected="the bytes of a .model file")
