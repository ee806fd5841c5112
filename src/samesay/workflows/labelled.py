"""Labelled pairs, read for a model that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from samesay.bundle import Manifest
from samesay.data import PairTable, ReadOptions, load_pairs
from samesay.data.sources import is_standard_input
from samesay.errors import UsageError
from samesay.pairs import GradeScale, LabelSet

OWN_TRAINING_DATA = "trained-on"
"""Instead of a source: what the model was trained on, as its bundle records."""


def load_labelled(
    data: str | Path, labels_of_model: LabelSet, reading: ReadOptions, *, prefer: Sequence[str]
) -> tuple[PairTable, tuple[str, ...]]:
    """The table, its numbers read as the model's labels where it has no names, and a note where that was done."""
    reading = replace(reading, task="classification")
    table = load_pairs(data, reading, prefer=prefer)
    names = table.labels.names if table.labels else ()
    told = reading.labels is not None
    if told or not all(name.isdecimal() for name in names) or set(names) & set(labels_of_model):
        return table, ()
    if is_standard_input(data):  # it can be read once only
        return table, ()
    table = load_pairs(data, reading, prefer=prefer, labels=labels_of_model)
    numbered = ", ".join(f"{index} = {name}" for index, name in enumerate(labels_of_model))
    return table, (f"the data's labels are numbers, read in the model's order: {numbered}",)


def load_for(
    answers: LabelSet | GradeScale | None,
    data: str | Path,
    reading: ReadOptions,
    *,
    prefer: Sequence[str],
) -> tuple[PairTable, tuple[str, ...]]:
    """The pairs with gold answers of a model's kind, and what is to be known of how they were read.

    Args:
        answers: The model's labels, the scale of its grades, or None for grades on the data's own scale.
        data: The source.
        reading: How it is read, where it does not tell.
        prefer: Of several splits the first of these.

    Raises:
        LabelMismatch: If the data's labels are others.
        DataError: If the data cannot be used.
    """
    if isinstance(answers, LabelSet):
        table, notes = load_labelled(data, answers, reading, prefer=prefer)
        return table.with_labels(answers), notes
    return load_pairs(data, reading, task="similarity", scale=answers, prefer=prefer), ()


def load_training_pairs(
    source: str | Path, manifest: Manifest | None, labels: LabelSet, reading: ReadOptions
) -> PairTable:
    """The pairs from which baselines are made.

    Args:
        source: Labelled pairs, or ``OWN_TRAINING_DATA``.
        manifest: Of the model whose training data that is; None where there is none.
        labels: Its label names.
        reading: How the source is read.

    Raises:
        UsageError: If the model does not say what it was trained on, or that has changed.
    """
    if str(source) != OWN_TRAINING_DATA:
        return load_labelled(source, labels, reading, prefer=("train",))[0]
    recorded = manifest.data.get("source") if manifest is not None else None
    if manifest is None or not recorded:
        raise UsageError(
            "The model does not record what it was trained on.",
            where="baselines",
            hint="name the training data: --baselines SOURCE",
        )
    split = manifest.data.get("split") or "train"
    table, _ = load_labelled(str(recorded), labels, reading, prefer=(split, "train"))
    expected = manifest.data.get("fingerprint")
    if expected and table.with_sides(manifest.sides).with_labels(labels).fingerprint() != expected:
        raise UsageError(
            f"{recorded!s} no longer holds the pairs that the model was trained on.",
            where="baselines",
            hint="name the training data: --baselines SOURCE",
        )
    return table
