"""Texts to byte-level BPE ids through Hugging Face ``tokenizers`` (Rust), equal to KerasHub's own, id for id.

A text is written in bytes, and neighbours are merged in the order of the rules (Sennrich et al. 2016, over bytes as in
Radford et al. 2019). As in KerasHub without TensorFlow a text is merged whole: it is not split into words first. Why,
and how seldom that matters: docs/decisions/0010-tokenizer-twins-of-every-family.md.

Nothing in a text is ever taken for a special token: none is registered with the Rust tokenizer, so "</s>" in a text is
spelled in pieces. KerasHub itself would end the row there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tokenizers import Tokenizer, models, pre_tokenizers

from samesay.encoding.packing import Ragged, require_strings
from samesay.errors import TokenizerUnsupported


class BytePair:
    """A vocabulary and its merges; immutable, and shared freely between threads.

    Args:
        vocabulary: The pieces in the byte alphabet of GPT-2; a piece's place is its id.
        merges: Two pieces with a space between, most urgent first.
        add_prefix_space: Put a space before every text.

    Attributes:
        ids: The id of every piece.

    Raises:
        UsageError: If the vocabulary or the merges hold something else than text.
        TokenizerUnsupported: If a merge is none, or names or makes a piece that is not in the vocabulary.
    """

    kind: ClassVar[str] = "bytepair"
    FIELDS: ClassVar[Mapping[str, type]] = {"vocabulary": list, "merges": list, "add_prefix_space": bool}
    __slots__ = ("_rust", "ids", *FIELDS)

    def __init__(self, vocabulary: Sequence[str], merges: Sequence[str], *, add_prefix_space: bool) -> None:
        require_strings(vocabulary)
        require_strings(merges, "merges")
        self.vocabulary = tuple(vocabulary)
        self.merges = tuple(merges)
        self.add_prefix_space = add_prefix_space
        self.ids: Mapping[str, int] = {token: index for index, token in enumerate(self.vocabulary)}
        pairs = [_two_pieces(merge, self.ids) for merge in self.merges]
        self._rust = Tokenizer(models.BPE(dict(self.ids), pairs))
        self._rust.pre_tokenizer = pre_tokenizers.ByteLevel(
            add_prefix_space=add_prefix_space, use_regex=False
        )

    def spells(self, token: str) -> bool:
        """Whether some text could come out as ``token``: a piece of several bytes comes of a merge alone."""
        return len(token) == 1 or any(token == merge.replace(" ", "") for merge in self.merges)

    def encode(self, texts: Sequence[str]) -> Ragged:
        """The ids of ``texts``, any strings without lone surrogates, in their order."""
        rows = self._rust.encode_batch_fast(list(texts), add_special_tokens=False)
        return Ragged.of([row.ids for row in rows])


def _two_pieces(merge: str, ids: Mapping[str, int]) -> tuple[str, str]:
    left, _, right = merge.partition(" ")
    missing = next((piece for piece in (left, right, left + right) if piece not in ids), None)
    if missing is not None:
        raise TokenizerUnsupported(
            f"The merge {merge!r} needs the piece {missing!r}, which is not in the vocabulary.",
            expected="two pieces with a space between, each and both together in the vocabulary",
        )
    return left, right
