"""How wide batches are padded: few widths, chosen for the rows at hand. Knows lengths alone.

A compiler builds one program for every shape, and padding is work thrown away. Which widths waste least of both can be
computed: it is the cutting of a histogram into segments, each as dear as its rows at the width of its longest, plus the
price of one more program (dynamic programming; Bellman 1961, "On the approximation of curves by line segments").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samesay.errors import UsageError

LENGTH_BUCKETS: tuple[int, ...] = (8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512)
"""The widths that batches of predictions are given, in tokens, so that the next call finds them compiled. Rows
beyond the last one are padded to a multiple of 128."""

MOST_WIDTHS = 12
"""Programs that one training run compiles at most."""

WIDTH_PRICE = 4_000
"""Padded tokens that compiling for one more width costs: 3 to 8 s, in which MiniLM trains that many on two cores."""

_STEP_BEYOND = 128
# Widths that differ by one token save next to nothing, and the next data set shares fewer compiled programs.
_STEP = 2
# Above this a grid of even widths would make the search slow, and a few tokens of padding weigh little.
_FINEST_UP_TO = 512


def bucket_for(length: int, max_length: int) -> int:
    """The width for rows of up to ``length`` tokens: the next bucket, but never more than ``max_length``.

    >>> bucket_for(26, 128), bucket_for(49, 60), bucket_for(600, 1000)
    (28, 60, 640)
    """
    _check(length, max_length)
    buckets = [bucket for bucket in LENGTH_BUCKETS if bucket >= length]
    return min(buckets[0] if buckets else -(-length // _STEP_BEYOND) * _STEP_BEYOND, max_length)


def training_widths(
    lengths: NDArray[np.integer] | Sequence[int], max_length: int, *, epochs: int = 1
) -> tuple[int, ...]:
    """The widths that make one training run cheapest, ascending; the last one holds the longest row. None for no rows.

    >>> training_widths([9] * 2000 + [30] * 2000, 128)
    (10, 30)
    >>> training_widths([9] * 20 + [30] * 20, 128)
    (30,)

    Args:
        lengths: ``(n_rows,)`` tokens a row.
        max_length: The encoder's limit.
        epochs: How often the rows are read: the more, the more widths are worth their compilation.
    """
    lengths = np.asarray(lengths, np.int64)
    if not len(lengths):
        return ()
    longest = int(lengths.max())
    _check(longest, max_length)
    fine = np.arange(_STEP, min(longest, _FINEST_UP_TO) + _STEP, _STEP)
    coarse = np.arange(_FINEST_UP_TO, longest + _STEP_BEYOND, _STEP_BEYOND)
    candidates = np.minimum(np.concatenate([fine, coarse]), max_length)
    return _cheapest(lengths, candidates, WIDTH_PRICE / max(1, epochs))


def prediction_widths(lengths: NDArray[np.integer] | Sequence[int], max_length: int) -> tuple[int, ...]:
    """Those of ``LENGTH_BUCKETS`` that make predictions for these rows cheapest, compilation included."""
    lengths = np.asarray(lengths, np.int64)
    if not len(lengths):
        return ()
    widest = bucket_for(int(lengths.max()), max_length)
    candidates = {bucket for bucket in LENGTH_BUCKETS if bucket < widest} | {widest}
    if widest > LENGTH_BUCKETS[-1]:
        candidates |= set(range(LENGTH_BUCKETS[-1], widest, _STEP_BEYOND))
    return _cheapest(lengths, np.array(sorted(candidates)), WIDTH_PRICE)


def padded_to(lengths: NDArray[np.integer], widths: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    """The narrowest of ``widths`` (ascending) that holds each row, shape ``(n_rows,)``."""
    return np.asarray(widths, np.int64)[np.searchsorted(widths, lengths)]


def _check(length: int, max_length: int) -> None:
    if length > max_length:
        raise UsageError(
            f"A row of {length} tokens is longer than max_length {max_length}.",
            expected="rows encoded with this max_length or a smaller one",
        )


def _cheapest(lengths: NDArray[np.int64], candidates: NDArray[np.integer], price: float) -> tuple[int, ...]:
    # The candidates to which some row would be padded, were there a program for each of them, and how many rows those
    # and the narrower ones hold.
    candidates, counts = np.unique(padded_to(lengths, np.unique(candidates)), return_counts=True)
    ends = np.cumsum(counts)
    # best[j]: tokens of the rows up to candidate j, cut into as many segments as rounds were made; cut[k][j]: where the
    # last of k + 1 segments begins.
    best = ends * candidates.astype(np.float64)
    totals, cuts = [best[-1] + price], [np.full(len(candidates), -1)]
    for n_widths in range(2, min(MOST_WIDTHS, len(candidates)) + 1):
        costs = np.where(
            np.tri(len(candidates), k=-1, dtype=bool),  # a segment begins after the one before it has ended
            best[None, :] + (ends[:, None] - ends[None, :]) * candidates[:, None],
            np.inf,
        )
        cuts.append(costs.argmin(axis=1))
        best = costs.min(axis=1)
        totals.append(best[-1] + n_widths * price)
    widths, at = [], len(candidates) - 1
    for cut in reversed(cuts[: int(np.argmin(totals)) + 1]):
        widths.append(int(candidates[at]))
        at = int(cut[at])
    return tuple(reversed(widths))
