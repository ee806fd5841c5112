"""A tokenizer without the pieces that some texts do not need: they keep their pieces, others are spelled in more.

Each family is cut so that the texts it was cut for are spelled exactly as before. A new text may come out in shorter
pieces; one character alone is never cut, so that it comes out as unknown no more often than before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding.bytepair import BytePair
from samesay.encoding.sentence_piece import SentencePiece
from samesay.encoding.wordpiece import WordPiece
from samesay.errors import TokenizerUnsupported


def trimmed(
    tokenizer: WordPiece | BytePair | SentencePiece, used: NDArray[np.integer], special: Collection[str]
) -> WordPiece | BytePair | SentencePiece:
    """The tokenizer with no more pieces than it needs; those that stay are in their old order.

    Args:
        tokenizer: The whole one.
        used: The ids that come up in the texts, in any order, with or without repetitions.
        special: Pieces that no text comes out as, and that stay.
    """
    needed = {tokenizer.vocabulary[index] for index in np.unique(used).tolist()}
    if isinstance(tokenizer, WordPiece):
        return _wordpiece(tokenizer, needed.union(special))
    if isinstance(tokenizer, BytePair):
        return _bytepair(tokenizer, needed, special)
    return _sentencepiece(tokenizer, needed.union(special))


def _wordpiece(tokenizer: WordPiece, needed: set[str]) -> WordPiece:
    """Of the pieces that fit, the longest is taken, and with fewer to choose from the longest one is the same."""
    needed.add(tokenizer.unknown_token)

    def stays(piece: str) -> bool:
        return piece in needed or len(piece.removeprefix(tokenizer.suffix_indicator)) == 1

    rules = {name: getattr(tokenizer, name) for name in WordPiece.FIELDS}
    return WordPiece(**{**rules, "vocabulary": [piece for piece in tokenizer.vocabulary if stays(piece)]})


def _bytepair(tokenizer: BytePair, needed: set[str], special: Collection[str]) -> BytePair:
    """Merges that made a piece stay in their order, so that each step's most urgent merge is the same."""
    rank = {(left, right): at for at, (left, right) in enumerate(map(str.split, tokenizer.merges))}
    merges = {at for piece in needed for at in _derivation(piece, rank)}
    needed = needed.union(special, *(_made_by(tokenizer.merges[at]) for at in merges))
    return BytePair(
        [piece for piece in tokenizer.vocabulary if piece in needed or len(piece) == 1],
        [tokenizer.merges[at] for at in sorted(merges)],
        add_prefix_space=tokenizer.add_prefix_space,
    )


def _derivation(piece: str, rank: dict[tuple[str, str], int]) -> Iterable[int]:
    """The ranks of the merges that put ``piece`` together, from its single characters."""
    parts = list(piece)
    while True:
        known = [(rank[pair], at) for at, pair in enumerate(pairwise(parts)) if pair in rank]
        if not known:
            return
        best, at = min(known)
        yield best
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


def _made_by(merge: str) -> tuple[str, str, str]:
    left, right = merge.split()
    return left, right, left + right


def _sentencepiece(tokenizer: SentencePiece, needed: set[str]) -> SentencePiece:
    """The likeliest of all spellings (Kudo 2018) is still among them, and none was added."""
    # The library's own description of its file; needs protobuf, as ONNX Runtime does.
    from sentencepiece import sentencepiece_model_pb2 as description

    # Protobuf makes its classes at import, where no type checker sees them.
    kinds: Any = description
    model = kinds.ModelProto.FromString(tokenizer.model)
    if model.trainer_spec.model_type != model.trainer_spec.UNIGRAM:
        raise TokenizerUnsupported(
            "The vocabulary of this SentencePiece model cannot be cut.",
            expected="a model of the kind unigram",
        )
    normal = kinds.ModelProto.SentencePiece.NORMAL
    pieces = [one for one in model.pieces if one.type != normal or one.piece in needed or len(one.piece) == 1]
    del model.pieces[:]
    model.pieces.extend(pieces)
    return SentencePiece(model.SerializeToString(), before=tokenizer.before, after=tokenizer.after)
