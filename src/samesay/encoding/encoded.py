"""Encoded pairs as ragged arrays, the dense batches cut from them, and what a length limit cut, in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from samesay.errors import UsageError


class Digest(Protocol):
    """What a hash of ``hashlib`` is."""

    def update(self, data: Any, /) -> None:
        """Take the next bytes."""
        ...


class DenseBatch(NamedTuple):
    """What a model reads, shape ``(height, width)`` each.

    Attributes:
        token_ids: int32; the padding id where there is no token.
        segment_ids: int32; 0 up to the separator after the first text, 1 from the second text on, 0 in
            padding.
        padding_mask: bool; true where there is a token.
    """

    token_ids: NDArray[np.int32]
    segment_ids: NDArray[np.int32]
    padding_mask: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPairs:
    """Pairs as token ids, rows one after the other without padding; the arrays are read-only.

    Attributes:
        token_ids: ``(n_tokens,)`` int32, special tokens included; uint16 where they lie on the disk.
        offsets: ``(n_pairs + 1,)`` int64; row ``i`` is ``token_ids[offsets[i]:offsets[i + 1]]``.
        second_starts: ``(n_pairs,)`` int32, the index in the row where segment 1 begins.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that did not fit.
        specials: How many special tokens stand in segment 0 and in segment 1 of every row.
    """

    token_ids: NDArray[np.int32 | np.uint16]
    offsets: NDArray[np.int64]
    second_starts: NDArray[np.int32]
    tokens_lost: NDArray[np.int32]
    specials: tuple[int, int] = (2, 1)

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.name != "specials":
                array: NDArray[Any] = getattr(self, each.name).view()
                array.setflags(write=False)
                object.__setattr__(self, each.name, array)

    def __len__(self) -> int:
        return len(self.second_starts)

    @property
    def lengths(self) -> NDArray[np.int32]:
        """``(n_pairs,)`` tokens a row, special ones included."""
        return np.diff(self.offsets).astype(np.int32)

    @property
    def tokens_kept(self) -> NDArray[np.int32]:
        """``(n_pairs, 2)`` tokens of the first and of the second text that are in the row."""
        first = self.second_starts - self.specials[0]
        second = self.lengths - self.second_starts - self.specials[1]
        return np.stack([first, second], axis=1)

    def distinct_ids(self) -> NDArray[np.int32]:
        """The ids that occur, ascending; found block by block, without sorting all of them."""
        occurs = np.zeros(0, np.bool_)
        for block in blocks(self.token_ids):
            highest = int(block.max())
            if highest >= len(occurs):
                occurs = np.append(occurs, np.zeros(highest + 1 - len(occurs), np.bool_))
            occurs[block] = True
        return np.flatnonzero(occurs).astype(np.int32)

    def digest_into(self, digest: Digest) -> None:
        """Feed ids, offsets and starts to a hash, block by block: the same in memory and on the disk."""
        for array, dtype in (
            (self.token_ids, np.int32),
            (self.offsets, np.int64),
            (self.second_starts, np.int32),
        ):
            for block in blocks(array):
                digest.update(np.ascontiguousarray(block, dtype).data)

    def row(self, index: int) -> NDArray[np.int32 | np.uint16]:
        """The token ids of one row."""
        return self.token_ids[self.offsets[index] : self.offsets[index + 1]]

    def select(self, rows: NDArray[np.integer] | Sequence[int] | slice) -> EncodedPairs:
        """The rows asked for, in the order asked for; a row may be asked for more than once."""
        chosen = np.arange(len(self))[rows if isinstance(rows, slice) else np.asarray(rows, np.int64)]
        lengths = np.diff(self.offsets)[chosen]
        offsets = np.zeros(len(chosen) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return EncodedPairs(
            self.token_ids[spans(self.offsets[:-1][chosen], lengths)],
            offsets,
            self.second_starts[chosen],
            self.tokens_lost[chosen],
            self.specials,
        )

    def dense(
        self,
        rows: NDArray[np.integer] | Sequence[int],
        width: int,
        *,
        height: int | None = None,
        pad_id: int,
        turned: NDArray[np.bool_] | None = None,
    ) -> DenseBatch:
        """The batch of ``rows``, padded on the right to ``width`` and below to ``height``.

        Args:
            rows: Indices of rows, any order.
            width: Tokens a row; at least the longest of the rows.
            height: Rows of the batch; those beyond ``rows`` hold padding alone. Default: as many as ``rows``.
            pad_id: The id of padding.
            turned: Which of the rows are read in the other order of the two texts; none where absent.

        Returns:
            Arrays of shape ``(height, width)``.

        Raises:
            UsageError: If a row is longer than ``width`` or there are more rows than ``height``.
        """
        chosen = np.asarray(rows, np.int64)
        height = len(chosen) if height is None else height
        starts = self.offsets[:-1][chosen]
        lengths = self.offsets[1:][chosen] - starts
        longest = int(lengths.max(initial=0))
        if longest > width or len(chosen) > height:
            raise UsageError(
                f"A batch of {len(chosen)} rows, the longest of {longest} tokens, does not fit into "
                f"height {height} and width {width}.",
                expected="a height and a width of at least these",
            )
        token_ids = np.full((height, width), pad_id, np.int32)
        segment_ids = np.zeros((height, width), np.int32)
        padding_mask = np.zeros((height, width), np.bool_)
        column = np.arange(width)
        filled = len(chosen)
        padding_mask[:filled] = column < lengths[:, None]  # (n_rows, width)
        token_ids[padding_mask] = self.token_ids[spans(starts, lengths)]
        second_starts = self.second_starts[chosen]
        for row in np.flatnonzero(turned) if turned is not None else ():
            token_ids[row, : lengths[row]], second_starts[row] = self._other_order(chosen[row])
        segment_ids[:filled] = (column >= second_starts[:, None]) & padding_mask[:filled]
        return DenseBatch(token_ids, segment_ids, padding_mask)

    def _other_order(self, row: int) -> tuple[NDArray[np.int32 | np.uint16], int]:
        """A row's tokens with the second text first, and where the second segment begins."""
        ids, begin, end = self.row(row), self.second_starts[row], self.specials[1]
        between = begin - self.specials[0] + 1  # the separators after the first text
        first, second = ids[1:between], ids[begin : len(ids) - end]
        turned = [ids[:1], second, ids[between:begin], first, ids[len(ids) - end :]]
        return np.concatenate(turned), len(second) + self.specials[0]

    @classmethod
    def join(cls, parts: Sequence[EncodedPairs]) -> EncodedPairs:
        """All rows of ``parts``, at least one, which were encoded by one encoder."""
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(
            np.concatenate([part.token_ids for part in parts]),
            offsets,
            np.concatenate([part.second_starts for part in parts]),
            np.concatenate([part.tokens_lost for part in parts]),
            parts[0].specials,
        )


@dataclass(frozen=True, slots=True)
class TruncationLedger:
    """What a length limit cost; the first of two numbers is the first text's, the second the second's.

    Attributes:
        pairs: Pairs encoded.
        pairs_cut: Pairs of which anything was cut.
        sides_cut: How many first and how many second texts were cut.
        tokens: Tokens of all first and of all second texts before cutting, special tokens not counted.
        tokens_lost: How many of them were cut.
        mean_share_lost: Of the texts that were cut, the mean share of their tokens that is gone; 0 where none
            was cut.
        worst_row: The row that lost most tokens (the first of them); nothing where none was cut.
        worst_lost: What it lost.
    """

    pairs: int
    pairs_cut: int
    sides_cut: tuple[int, int]
    tokens: tuple[int, int]
    tokens_lost: tuple[int, int]
    mean_share_lost: tuple[float, float]
    worst_row: int | None
    worst_lost: tuple[int, int]

    def to_dict(self) -> dict[str, Any]:
        """The same in JSON types."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def summarise(encoded: EncodedPairs) -> TruncationLedger:
    """The ledger of all rows of ``encoded``."""
    lost = encoded.tokens_lost.astype(np.int64)  # (n_pairs, 2)
    tokens = encoded.tokens_kept + lost
    cut = lost > 0
    shares = [
        float((lost[cut[:, side], side] / tokens[cut[:, side], side]).mean()) if cut[:, side].any() else 0.0
        for side in (0, 1)
    ]
    pairs_cut = int(cut.any(axis=1).sum())
    worst = int(lost.sum(axis=1).argmax()) if pairs_cut else None
    return TruncationLedger(
        pairs=len(encoded),
        pairs_cut=pairs_cut,
        sides_cut=_two(cut.sum(axis=0)),
        tokens=_two(tokens.sum(axis=0)),
        tokens_lost=_two(lost.sum(axis=0)),
        mean_share_lost=(shares[0], shares[1]),
        worst_row=worst,
        worst_lost=(0, 0) if worst is None else _two(lost[worst]),
    )


def _two(values: NDArray[np.integer]) -> tuple[int, int]:
    return int(values[0]), int(values[1])


def blocks(array: NDArray[Any], at_once: int = 1 << 18) -> Iterator[NDArray[Any]]:
    """The array in pieces of ``at_once`` rows, none empty: a memory map is read without holding all of it."""
    for begin in range(0, len(array), at_once):
        yield array[begin : begin + at_once]


def spans(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices ``start, start + 1, … start + length - 1`` of every span, one span after the other."""
    before = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
