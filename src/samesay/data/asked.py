"""How a source was asked for, kept with its pairs so that it can be asked for again. Knows no files."""

from __future__ import annotations

from dataclasses import dataclass

from samesay.pairs import LabelSet, Sides, Task


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``load_pairs`` was called with, and what of the answer depends on it.

    Attributes:
        source: The source with its split and slice; a path is absolute.
        sides: What the two texts were called when they were read.
        columns: Columns by role, where they were told.
        rename_labels: From a label name of the data to the name wanted.
        where: The condition that rows had to meet, or several.
        format: Of the files, where it was told.
        allow_empty_sides: Whether pairs with an empty text were kept.
        task: ``classification`` or ``similarity``, where it was told.
        labels: The label names in the order in which they were read; ``None`` for grades and without labels.
        told_labels: Whether they were told.
        numbered: Whether numbers of the data stand for them, so that their order matters.
    """

    source: str
    sides: Sides
    columns: dict[str, str] | None = None
    rename_labels: dict[str, str] | None = None
    where: str | tuple[str, ...] | None = None
    format: str | None = None
    allow_empty_sides: bool = False
    task: Task | None = None
    labels: LabelSet | None = None
    told_labels: bool = False
    numbered: bool = False
