"""Rows of like length into batches of few widths. Knows lengths alone, no texts and no models.

Training pads to the few widths that ``widths`` chooses, since each is compiled; ONNX Runtime takes any length, so
scoring pads to the longest row of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samesay.encoding.widths import padded_to, prediction_widths, training_widths
from samesay.errors import UsageError

Shuffle = Literal["buckets", "random"]

PREDICTION_HEIGHT = 32
"""Rows of every batch when predicting: one compiled shape a length bucket."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Which rows stand together and how wide they are padded.

    Attributes:
        rows: ``(height,)`` int64, indices of rows.
        width: Tokens a row after padding.
    """

    rows: NDArray[np.int64]
    width: int

    def __len__(self) -> int:
        return len(self.rows)


def plan_training(
    lengths: NDArray[np.integer] | Sequence[int],
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    max_length: int,
    shuffle: Shuffle = "buckets",
    epochs: int = 1,
) -> list[Batch]:
    """One epoch: every row in exactly one batch, the same for the same lengths, settings, seed and epoch.

    ``"buckets"`` shuffles all rows, sorts them by the width they are padded to (``training_widths``; within a width the
    order stays random), cuts batches from the longest down, so that what is left over fills up from the next shorter
    width, and shuffles the batches. ``"random"`` cuts batches from a plain shuffle. In both only one batch may be
    smaller than ``batch_size``.

    Measured on the 122,321 pairs of SNLI train (mean 26.3 tokens, BERT's uncased vocabulary): 4.5 % of the tokens are
    padding in 12 widths, at 16 and at 32 rows a batch; with 4,800 of them 11 % in 6. In random order 46 % and more.

    Args:
        lengths: ``(n_rows,)`` tokens a row.
        batch_size: Rows a batch.
        seed: Of the run.
        epoch: Its number; another epoch, another order.
        max_length: The encoder's limit.
        shuffle: How.
        epochs: Of the whole run; more of them are worth more widths.
    """
    if batch_size < 1:
        raise UsageError(f"batch_size is {batch_size}.", where="batch_size", expected="at least 1")
    if shuffle not in ("buckets", "random"):
        raise UsageError(f"shuffle is {shuffle!r}.", where="shuffle", expected="'buckets' or 'random'")
    lengths = np.asarray(lengths, np.int64)
    widths = padded_to(lengths, training_widths(lengths, max_length, epochs=epochs))
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(widths))
    if shuffle == "buckets":
        order = order[np.argsort(-widths[order], kind="stable")]
    begins = np.arange(0, len(order), batch_size)
    widest = np.maximum.reduceat(widths[order], begins).tolist() if len(order) else []
    batches = [
        Batch(order[begin : begin + batch_size], width)
        for begin, width in zip(begins.tolist(), widest, strict=True)
    ]
    if shuffle == "random":
        return batches
    return [batches[index] for index in random.permutation(len(batches))]


def plan_prediction(
    lengths: NDArray[np.integer], max_length: int, *, height: int = PREDICTION_HEIGHT
) -> list[Batch]:
    """Every row once, like lengths together, ``height`` rows a batch, in few of the widths of ``LENGTH_BUCKETS``."""
    widths = padded_to(lengths, prediction_widths(lengths, max_length))
    order = np.argsort(lengths, kind="stable")
    cuts = [order[start : start + height] for start in range(0, len(order), height)]
    return [Batch(rows=rows, width=int(widths[rows[-1]])) for rows in cuts]


def plan_scoring(lengths: NDArray[np.integer] | Sequence[int], *, batch_tokens: int) -> list[Batch]:
    """Batches of like length, longest first, every row in exactly one; a batch is as wide as its longest row.

    The longest batch comes first, so that a machine with too little memory fails at once and not at the end.

    Args:
        lengths: ``(n_rows,)`` tokens a row.
        batch_tokens: The most tokens of a batch, padding included; a row longer than that is a batch by
            itself.
    """
    if batch_tokens < 1:
        raise UsageError(f"batch_tokens is {batch_tokens}.", where="batch_tokens", expected="at least 1")
    lengths = np.asarray(lengths, np.int64)
    order = np.argsort(-lengths, kind="stable")
    batches: list[Batch] = []
    begin = 0
    while begin < len(order):
        width = int(lengths[order[begin]])
        rows = order[begin : begin + max(1, batch_tokens // max(1, width))]
        batches.append(Batch(rows, width))
        begin += len(rows)
    return batches


def padding_share(batches: Sequence[Batch], lengths: NDArray[np.integer] | Sequence[int]) -> float:
    """The share of a plan's tokens that are padding, in [0, 1); 0 for no batches.

    What a trainer adds below a last, short batch is not counted.
    """
    lengths = np.asarray(lengths, np.int64)
    padded = sum(len(batch) * batch.width for batch in batches)
    real = sum(int(lengths[batch.rows].sum()) for batch in batches)
    return 1 - real / padded if padded else 0.0
