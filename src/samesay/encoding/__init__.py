"""Text to token ids, by one path for training and for scoring.

``PairEncoder`` turns pairs of texts into ``EncodedPairs`` (ragged token ids, what was cut from each side),
and the planners put rows of like length into batches of few widths. This room knows nothing of Keras, of
files, of labels or of what is done with the ids.
"""

from __future__ import annotations

from samesay.encoding.batches import (
    LENGTH_BUCKETS,
    Batch,
    bucket_for,
    padding_share,
    plan_scoring,
    plan_training,
)
from samesay.encoding.encoded import DenseBatch, EncodedPairs
from samesay.encoding.encoder import PairEncoder
from samesay.encoding.truncation import TruncationLedger, summarise

__all__ = [
    "LENGTH_BUCKETS",
    "Batch",
    "DenseBatch",
    "EncodedPairs",
    "PairEncoder",
    "TruncationLedger",
    "bucket_for",
    "padding_share",
    "plan_scoring",
    "plan_training",
    "summarise",
]
