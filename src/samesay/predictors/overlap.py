"""Which pairs of a table a saved model has seen before, by the hashes that it keeps."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from samesay.bundle import open_bundle, read_pair_hashes
from samesay.data import PairTable


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pairs that a model has seen; case, blanks and the order of the sides make no difference.

    Attributes:
        pairs: Of the table.
        train: Those of them that the model was trained on.
        validation: Those by which its best epoch was chosen.
    """

    pairs: int
    train: int
    validation: int

    @property
    def share(self) -> float:
        """The share that the model was trained on, in [0, 1]."""
        return self.train / self.pairs if self.pairs else 0.0

    def notes(self) -> list[str]:
        """What there is to say of it."""
        notes = []
        if self.train:
            notes.append(
                f"{self.train:,} of {self.pairs:,} pairs ({100 * self.share:.1f} %) are pairs that the model was "
                "trained on: metrics on them say little about other pairs"
            )
        if self.validation:
            notes.append(
                f"{self.validation:,} of {self.pairs:,} pairs are those by which its best epoch was chosen"
            )
        return notes

    def to_dict(self) -> dict[str, int]:
        """The counts as JSON types."""
        return asdict(self)


def overlap_with(model: str | Path, table: PairTable) -> Overlap | None:
    """Count the pairs of ``table`` that ``model`` has seen; None for a model that keeps no hashes.

    Raises:
        BundleDamaged: If its hashes cannot be read.
    """
    bundle = open_bundle(model, parts=("pair_hashes",))
    if not bundle.has("pair_hashes"):
        return None
    mine, counts = np.unique(table.pair_hashes(), return_counts=True)
    seen = read_pair_hashes(bundle.part("pair_hashes"))
    train, validation = (
        int(counts[np.isin(mine, seen[split])].sum()) if split in seen else 0
        for split in ("train", "validation")
    )
    return Overlap(len(table), train, validation)
