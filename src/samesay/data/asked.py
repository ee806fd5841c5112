"""How a source was asked for, kept with its pairs so that it can be asked for again. Knows no files."""

from __future__ import annotations

from dataclasses import dataclass

from samesay.data.options import ReadOptions
from samesay.pairs import LabelSet, Sides


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``load_pairs`` was called with, and what of the answer depends on it.

    Attributes:
        source: The source with its split and slice; a path is absolute.
        reading: How it was read; columns by role, where they were told.
        sides: What the two texts were called when they were read.
        labels: The label names in the order in which they were read; ``None`` for scores and without labels.
        told_labels: Whether they were told.
        numbered: Whether numbers of the data stand for them, so that their order matters.
    """

    source: str
    reading: ReadOptions
    sides: Sides
    labels: LabelSet | None = None
    told_labels: bool = False
    numbered: bool = False
