"""What was cut from the pairs, in numbers for people, manifests and predictions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from samesay.encoding.encoded import EncodedPairs


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


def _two(values: np.ndarray) -> tuple[int, int]:
    return int(values[0]), int(values[1])
