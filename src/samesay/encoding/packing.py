"""Two ragged columns of ids packed into rows: ``[CLS] first [SEP] second [SEP]``, cut to a length limit.

RoBERTa and XLM-R put two separators between the texts: ``<s> first </s></s> second </s>``.

The same as KerasHub's ``MultiSegmentPacker`` with ``truncate="round_robin"``, for whole arrays at once: room
is given one token at a time to the first and the second text in turn, until it is used up or a text has no
more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from samesay.encoding.encoded import EncodedPairs, spans
from samesay.errors import UsageError


def specials(separators: int) -> tuple[int, int]:
    """Special tokens in segment 0, the start and the separators after the first text, and in segment 1."""
    return 1 + separators, 1


def shortest_limit(separators: int) -> int:
    """One token of either text and the special ones: below this a side would never be read."""
    return sum(specials(separators)) + 2


@dataclass(frozen=True, slots=True)
class Ragged:
    """Ids of many texts one after the other: ``ids (n_tokens,)``, ``offsets (n_texts + 1,)``."""

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """``(n_texts,)`` ids a text."""
        return np.diff(self.offsets)

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Ragged:
        """The ids of ``rows``, one row a text."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=offsets[1:])
        return cls(np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1])), offsets)


def require_strings(pieces: Sequence[str], what: str = "vocabulary") -> None:
    """Refuse what is no sequence of texts that UTF-8 can hold."""
    if isinstance(pieces, str) or not all(isinstance(token, str) for token in pieces):
        raise UsageError(f"The {what} is not a sequence of strings.", expected="a list of pieces")
    try:
        "".join(pieces).encode()
    except UnicodeEncodeError:
        raise UsageError(f"A piece of the {what} holds a lone surrogate.", expected="UTF-8") from None


def round_robin(
    first: NDArray[np.int64], second: NDArray[np.int64], room: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many tokens of either side are kept, given ``room`` for both together.

    Args:
        first: ``(n_pairs,)`` tokens of the first texts.
        second: ``(n_pairs,)`` tokens of the second texts.
        room: Tokens that fit, at least 0.

    Returns:
        Two arrays ``(n_pairs,)``; the odd token goes to the first side.
    """
    keep_first = np.minimum(first, np.maximum(room - second, (room + 1) // 2))
    return keep_first, np.minimum(second, room - keep_first)


def pack_single(texts: Ragged, *, start_id: int, separator_id: int, max_length: int) -> EncodedPairs:
    """Rows of ``[start] text [separator]``, cut at their ends, all of it segment 0.

    Args:
        texts: The texts.
        start_id: At the start of every row.
        separator_id: At its end.
        max_length: The most tokens in a row, special ones included.
    """
    kept = np.minimum(texts.lengths, max_length - 2)
    offsets = np.zeros(len(kept) + 1, np.int64)
    np.cumsum(kept + 2, out=offsets[1:])
    token_ids = np.full(int(offsets[-1]), separator_id, np.int32)
    token_ids[offsets[:-1]] = start_id
    token_ids[spans(offsets[:-1] + 1, kept)] = texts.ids[spans(texts.offsets[:-1], kept)]
    lost = np.stack([texts.lengths - kept, np.zeros_like(kept)], axis=1)
    return EncodedPairs(token_ids, offsets, np.diff(offsets).astype(np.int32), lost.astype(np.int32), (2, 0))


def pack(
    first: Ragged, second: Ragged, *, start_id: int, separator_id: int, max_length: int, separators: int = 1
) -> EncodedPairs:
    """Rows of ``[start] first [separator]* second [separator]``, none longer than ``max_length``.

    Args:
        first: The first texts.
        second: The second texts, as many.
        start_id: At the start of every row.
        separator_id: After either text.
        max_length: The most tokens in a row, special ones included.
        separators: How many stand between the texts.
    """
    n_pairs = len(first.offsets) - 1
    in_first, in_second = specials(separators)
    keep_first, keep_second = round_robin(first.lengths, second.lengths, max_length - in_first - in_second)
    offsets = np.zeros(n_pairs + 1, np.int64)
    np.cumsum(keep_first + keep_second + in_first + in_second, out=offsets[1:])
    starts = offsets[:-1]
    second_starts = keep_first + in_first

    token_ids = np.full(int(offsets[-1]), separator_id, np.int32)
    token_ids[starts] = start_id
    token_ids[spans(starts + 1, keep_first)] = first.ids[spans(first.offsets[:-1], keep_first)]
    token_ids[spans(starts + second_starts, keep_second)] = second.ids[
        spans(second.offsets[:-1], keep_second)
    ]
    lost = np.stack([first.lengths - keep_first, second.lengths - keep_second], axis=1)
    return EncodedPairs(
        token_ids, offsets, second_starts.astype(np.int32), lost.astype(np.int32), (in_first, in_second)
    )
