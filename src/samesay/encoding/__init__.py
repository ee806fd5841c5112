"""Text to token ids, by one path for training and for scoring.

``PairEncoder`` turns pairs of texts into ``EncodedPairs`` (ragged token ids, what was cut from each side),
and the planners put rows of like length into batches of few widths. This room knows nothing of Keras, of
files, of labels or of what is done with the ids.
"""

from __future__ import annotations

from samesay.encoding.batches import (
    PREDICTION_HEIGHT,
    Batch,
    padding_share,
    plan_prediction,
    plan_scoring,
    plan_training,
)
from samesay.encoding.encoded import DenseBatch, EncodedPairs, TruncationLedger, summarise
from samesay.encoding.encoder import PairEncoder
from samesay.encoding.widths import LENGTH_BUCKETS, bucket_for, padded_to, prediction_widths, training_widths

__all__ = [
    "LENGTH_BUCKETS",
    "PREDICTION_HEIGHT",
    "Batch",
    "DenseBatch",
    "EncodedPairs",
    "PairEncoder",
    "TruncationLedger",
    "bucket_for",
    "padded_to",
    "padding_share",
    "plan_prediction",
    "plan_scoring",
    "plan_training",
    "prediction_widths",
    "summarise",
    "training_widths",
]
