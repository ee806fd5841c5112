"""Quantized weights, and what they cost on pairs that the user names: measured first, refused above a limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import Bundle
from samesay.data import PairTable, ReadOptions
from samesay.encoding import DenseBatch
from samesay.errors import QualityLost, UsageError
from samesay.evaluation import ClassificationEvaluation, SimilarityEvaluation, evaluate
from samesay.export.storage import Storage, narrow
from samesay.pairs import ProgressListener
from samesay.predictors.labelled import load_for, overlap_with
from samesay.scoring import Scorer

MAX_CHANGED = 0.01
"""The largest share of answers that may become others, where none is given."""

SCORE_MOVED = 0.01
"""A score that moves by more than this share of its scale counts as another answer."""

_GENTLER = {"compact": ", or --quantize int8", "int8": ", or --quantize float16", "float16": ""}

_ROUNDED_BY = 384
"""So many pairs, spread over the data, show what the products read."""

_KEPT_METRICS = ("accuracy", "macro_f1", "loss", "spearman", "pearson", "mae")


@dataclass(frozen=True)
class Quantization:
    """What is asked for.

    Attributes:
        storage: How the weights shall be stored.
        data: Pairs with labels or scores to measure the cost on; of several splits ``validation``.
        max_changed: The largest share of answers that may become others.
        progress: Hears the stage ``evaluate``, twice.
        reading: How the data is read, where it does not tell.
    """

    storage: Storage
    data: str | Path
    max_changed: float = MAX_CHANGED
    progress: ProgressListener | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        if not 0 <= self.max_changed <= 1:
            raise UsageError(
                f"The limit is {self.max_changed:g}.", where="--max-changed", expected="a share from 0 to 1"
            )


@dataclass(frozen=True)
class QuantizationCost:
    """What quantized weights cost.

    Attributes:
        storage: How weights are stored.
        source: The pairs it was measured on.
        pairs: How many.
        changed: How many of them get another answer; of scores, one that moved by more than ``SCORE_MOVED``.
        limit: The largest share of changed answers that was allowed.
        largest_difference: Of a probability, or of a score as a share of its scale.
        before: Metrics of the model as it was.
        after: The same with quantized weights.
        bytes_before: Of the graph.
        bytes_after: The same.
        notes: What is to be known of the pairs: how they were read, which of them the model has seen.
    """

    storage: Storage
    source: str
    pairs: int
    changed: int
    limit: float
    largest_difference: float
    before: dict[str, float]
    after: dict[str, float]
    bytes_before: int
    bytes_after: int
    notes: tuple[str, ...] = ()

    @property
    def changed_share(self) -> float:
        """The share of answers that became others."""
        return self.changed / self.pairs

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, for a manifest; ``reason`` is what people are shown."""
        return {
            "reason": f"weights in {self.storage}: {self.changed:,} of {self.pairs:,} answers changed",
            "storage": self.storage,
            "source": self.source,
            "pairs": self.pairs,
            "changed": self.changed,
            "limit": self.limit,
            "largest_difference": self.largest_difference,
            "before": self.before,
            "after": self.after,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
        }


def quantize(bundle: Bundle, target: Path, asked: Quantization) -> QuantizationCost:
    """Write the bundle's graph to ``target`` with quantized weights, and measure both on the same pairs.

    Args:
        bundle: Whose ONNX part is verified.
        target: The new ONNX file.
        asked: How, and on which pairs.

    Raises:
        QualityLost: If more answers change than were allowed.
        UsageError: If the part is quantized already.
        DataError: If the pairs cannot be used.
    """
    source = bundle.part("onnx") / "model.onnx"
    if bundle.manifest.parts["onnx"].verdict == "measured":
        raise UsageError(
            "The weights of this model are quantized already.",
            where=str(bundle.path),
            expected="the model as it was trained",
        )
    scorer = Scorer.open(bundle.path, verify=False)
    table = load_for(bundle.manifest.answers, asked.data, asked.reading, prefer=("validation", "test"))
    table = table.with_sides(scorer.sides)
    overlap = overlap_with(bundle.path, table)
    narrow(source, target, asked.storage, read_by(scorer, table))
    quantized = Scorer.from_parts(
        target, scorer.encoder, scorer.answers, scorer.sides, decision=scorer.decision
    )
    before, after = (_measured(one, table, asked.progress) for one in (scorer, quantized))
    found = QuantizationCost(
        asked.storage,
        str(table.origin),
        len(table),
        _changed(before, after),
        asked.max_changed,
        float(np.abs(before.answers - after.answers).max()),
        before.metrics,
        after.metrics,
        source.stat().st_size,
        target.stat().st_size,
        (*table.origin.notes, *(overlap.notes() if overlap else ())),
    )
    if found.changed_share > asked.max_changed:
        raise QualityLost(
            f"With its weights in {asked.storage} the model changes {found.changed:,} of {found.pairs:,} answers "
            f"({100 * found.changed_share:.2f} %).",
            where=found.source,
            expected=f"at most {100 * asked.max_changed:g} %",
            hint="raise --max-changed" + _GENTLER[asked.storage],
            details=found.to_dict(),
        )
    return found


def read_by(scorer: Scorer, table: PairTable) -> list[DenseBatch]:
    """Some of the pairs as the graph reads them, one by one: padding would count as text."""
    places = np.linspace(0, len(table) - 1, min(len(table), _ROUNDED_BY)).astype(int).tolist()
    encoder = scorer.encoder
    encoded = encoder.encode(
        [str(table.first[at]) for at in places], [str(table.second[at]) for at in places]
    )
    return [
        encoded.dense(np.array([row]), int(length), pad_id=encoder.pad_id)
        for row, length in enumerate(encoded.lengths)
    ]


@dataclass(frozen=True)
class _Measured:
    """Metrics; probabilities, or shares of the scale; and the ids of the labels given, where there are labels."""

    metrics: dict[str, float]
    answers: NDArray[np.float64]
    label_ids: NDArray[np.int64] | None


def _measured(scorer: Scorer, table: PairTable, progress: ProgressListener | None) -> _Measured:
    found = evaluate(scorer, table, progress=progress)
    if isinstance(found, ClassificationEvaluation):
        answers, label_ids = found.probabilities, found.predicted_ids
    else:
        assert isinstance(found, SimilarityEvaluation)
        low, high = found.scale
        answers, label_ids = (found.scores.astype(np.float64) - low) / (high - low), None
    metrics = {name: found.metrics[name] for name in _KEPT_METRICS if name in found.metrics}
    return _Measured({**metrics, "pairs_per_second": round(found.pairs_per_second, 1)}, answers, label_ids)


def _changed(one: _Measured, other: _Measured) -> int:
    if one.label_ids is None or other.label_ids is None:
        return int(np.sum(np.abs(one.answers - other.answers) > SCORE_MOVED))
    return int(np.sum(one.label_ids != other.label_ids))
