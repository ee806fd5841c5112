"""Pairs with gold answers, read for a model that is there already, and which of them it has seen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from samesay.bundle import BUILTIN_MODELS, Manifest, model_for, open_bundle, read_pair_hashes
from samesay.data import PairTable, ReadOptions, load_pairs
from samesay.data.groups import hold_out
from samesay.data.rows import temporary_folder
from samesay.data.sources.locate import is_standard_input
from samesay.errors import LabelMismatch, UsageError
from samesay.pairs import Answers

MEASURED_SPLITS = ("test", "validation")
"""What is measured of a source of several splits: the first of these that it has."""

OWN_TRAINING_DATA = "trained-on"
"""Instead of a source: what the model was trained on, as its bundle records."""


def builtin_for(data: str | Path, reading: ReadOptions) -> str:
    """The built-in model that answers as the pairs of ``data`` are labelled, or scored; they are read once more.

    Raises:
        UsageError: If it is standard input, which can be read once.
        LabelMismatch: If no built-in model answers with such labels.
        DataError: If the data cannot be used.
    """
    if is_standard_input(data):
        raise UsageError(
            "Which built-in model fits is read from the data, and standard input can be read once.",
            where=str(data),
            hint=f"name the model: {' or '.join(one.name for one in BUILTIN_MODELS[:2])}",
        )
    table = load_pairs(data, reading, prefer=MEASURED_SPLITS, texts_in=temporary_folder())
    assert table.answers is not None  # it was loaded with gold answers
    model = model_for(table.answers)
    if model is None:
        raise LabelMismatch(
            f"No built-in model answers with {table.answers.in_words}.",
            where=str(data),
            expected="scores, two labels, or NLI's: entailment, neutral, contradiction",
            hint="name a model of these labels; samesay train makes one",
        )
    return model


def load_for(
    answers: Answers, data: str | Path, reading: ReadOptions, *, prefer: Sequence[str] = MEASURED_SPLITS
) -> PairTable:
    """The pairs with gold answers of a model's kind: by its label names, or on its scale.

    Numbers are read as its labels where the data has no names; notes of the table say so.

    Raises:
        LabelMismatch: If the data's labels are others.
        DataError: If the data cannot be used.
    """
    return load_pairs(
        data,
        reading,
        prefer=prefer,
        texts_in=temporary_folder(),
        task=answers.task,
        scale=answers.scale,
        target_labels=answers.labels,
    ).with_answers(answers)


def load_training_pairs(
    source: str | Path, manifest: Manifest | None, answers: Answers, reading: ReadOptions
) -> PairTable:
    """The pairs from which baselines are made.

    Args:
        source: Labelled pairs, or ``OWN_TRAINING_DATA``.
        manifest: Of the model whose training data that is; None where there is none.
        answers: Of the models that stand beside the baselines.
        reading: How the source is read.

    Raises:
        UsageError: If the model does not say what it was trained on, or that has changed.
    """
    if str(source) != OWN_TRAINING_DATA:
        return load_for(answers, source, reading, prefer=("train",))
    recorded = manifest.data.get("source") if manifest is not None else None
    if manifest is None or not recorded:
        raise UsageError(
            "The model does not record what it was trained on.",
            where="baselines",
            hint="name the training data: --baselines SOURCE",
        )
    split = manifest.data.get("split") or "train"
    table = load_for(answers, str(recorded), reading, prefer=(split, "train"))
    if share := manifest.data.get("held_share"):
        table = (hold_out(table, share) or (table,))[0]
    expected = manifest.data.get("fingerprint")
    if expected and table.with_sides(manifest.sides).fingerprint() != expected:
        raise UsageError(
            f"{recorded!s} no longer holds the pairs that the model was trained on.",
            where="baselines",
            hint="name the training data: --baselines SOURCE",
        )
    return table


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
