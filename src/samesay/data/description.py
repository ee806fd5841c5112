"""What a table looks like: a few pairs, the count of each label, how long the texts are. Prints nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from samesay.data.rows import count_words
from samesay.data.table import PairTable


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the texts of one side are, in one unit (characters or words)."""

    mean: float
    median: float
    percentile_99: float
    longest: int

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Lengths:
        """The statistics of ``lengths``; all 0 where there are none."""
        values = np.fromiter(lengths, np.int64)
        if not len(values):
            return cls(0.0, 0.0, 0.0, 0)
        median, high = np.percentile(values, (50, 99)).tolist()
        return cls(float(values.mean()), median, high, int(values.max()))


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair as a table shows it, with its row in the source (from 1)."""

    row: int | None
    first: str
    second: str
    label: str | None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What ``samesay data show`` shows.

    Attributes:
        n_pairs: How many pairs the table has.
        sides: Their names, in reading order.
        characters: Name of the side to the lengths of its texts in characters.
        words: The same in words, separated by blanks.
        label_counts: Label to count, in the order of the labels; ``None`` where unlabelled.
        majority_share: The share of the most frequent label: the accuracy of always answering it.
        repeated_pairs: How many pairs occur earlier in the table already (case and blanks aside, in either
            order).
        samples: Pairs from all over the table, in its order.
        other_columns: The source's columns that are not used.
        scores: ``scale``, ``mean``, ``lowest`` and ``highest`` score; ``None`` without them.
        origin: The record of where the pairs came from, as ``Origin.to_dict`` gives it.
    """

    n_pairs: int
    sides: tuple[str, str]
    characters: dict[str, Lengths]
    words: dict[str, Lengths]
    label_counts: dict[str, int] | None
    majority_share: float | None
    repeated_pairs: int
    samples: tuple[Sample, ...]
    other_columns: tuple[str, ...]
    origin: dict[str, Any]
    scores: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The description as JSON types."""
        return asdict(self)


def describe(table: PairTable, *, n_samples: int = 4) -> Description:
    """Describe a table."""
    texts = {table.sides.first: table.first, table.sides.second: table.second}
    counts = None if table.labels is None else table.label_counts()
    n_pairs = len(table)
    places = np.linspace(0, n_pairs - 1, num=min(n_samples, n_pairs), dtype=np.int64).tolist()
    shown = table.select(places)
    rows = [None] * len(shown) if shown.row_numbers is None else shown.row_numbers.tolist()
    # As the shortest decimals that are these float32, and not the 17 digits of their float64.
    scores = (
        [None] * len(shown) if shown.scale is None else [float(str(score)) for score in shown.require_gold()]
    )
    return Description(
        n_pairs=n_pairs,
        sides=(table.sides.first, table.sides.second),
        characters={name: Lengths.of(map(len, side)) for name, side in texts.items()},
        words={name: Lengths.of(map(count_words, side)) for name, side in texts.items()},
        label_counts=counts,
        majority_share=max(counts.values()) / n_pairs if counts and n_pairs else None,
        repeated_pairs=n_pairs - len(np.unique(table.pair_hashes())),
        samples=tuple(
            Sample(row, pair.first, pair.second, pair.label, score)
            for row, pair, score in zip(rows, shown.pairs(), scores, strict=True)
        ),
        other_columns=tuple(table.columns),
        origin=table.origin.to_dict(),
        scores=_scores(table) if table.scale is not None and n_pairs else None,
    )


def _scores(table: PairTable) -> dict[str, Any]:
    assert table.scale is not None
    gold = table.require_gold().astype(np.float64)
    found = {"mean": gold.mean(), "lowest": gold.min(), "highest": gold.max()}
    return {"scale": list(table.scale), **{name: round(float(value), 4) for name, value in found.items()}}
