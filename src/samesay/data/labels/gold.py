"""Gold answers of either task, labels or scores, as the columns of a table. Knows values, no files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from samesay.data.labels.column import LabelReading
from samesay.data.labels.scores import ScoreReading

GoldReading = LabelReading | ScoreReading


def gold_columns(reading: GoldReading | None, rows: Iterable[int]) -> dict[str, Any]:
    """What a ``PairTable`` is given of ``reading``, of which ``rows`` are kept; unlabelled without a reading."""
    if reading is None:
        return {"labels": None, "label_ids": None}
    if isinstance(reading, ScoreReading):
        scores = np.fromiter((reading.scores[row] for row in rows), np.float32)
        return {"labels": None, "label_ids": None, "scale": reading.scale, "scores": scores}
    ids = np.fromiter((reading.ids[row] for row in rows), np.int32)
    return {"labels": reading.labels, "label_ids": ids}
