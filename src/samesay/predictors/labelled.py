"""Labelled pairs, read for a model that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samesay.bundle import BUILTIN_MODELS, Manifest, model_for
from samesay.data import PairTable, ReadOptions, load_pairs
from samesay.data.groups import hold_out
from samesay.data.rows import temporary_folder
from samesay.data.sources.locate import is_standard_input
from samesay.errors import LabelMismatch, UsageError
from samesay.pairs import LabelSet, Scale

OWN_TRAINING_DATA = "trained-on"
"""Instead of a source: what the model was trained on, as its bundle records."""


def load_labelled(
    data: str | Path, labels_of_model: LabelSet, reading: ReadOptions, *, prefer: Sequence[str]
) -> PairTable:
    """The table, its numbers read as the model's labels where it has no names; its notes say so."""
    return load_pairs(
        data,
        reading,
        task="classification",
        prefer=prefer,
        target_labels=labels_of_model,
        texts_in=temporary_folder(),
    )


def builtin_for(data: str | Path, reading: ReadOptions, *, prefer: Sequence[str]) -> str:
    """The built-in model that answers as the pairs of ``data`` are labelled, or scored.

    Args:
        data: The source, which is read for it once more.
        reading: How it is read, where it does not tell.
        prefer: Of several splits the first of these.

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
    table = load_pairs(data, reading, prefer=prefer, texts_in=temporary_folder())
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
    answers: LabelSet | Scale | None,
    data: str | Path,
    reading: ReadOptions,
    *,
    prefer: Sequence[str],
) -> PairTable:
    """The pairs with gold answers of a model's kind.

    Args:
        answers: The model's labels, the scale of its scores, or None for scores on the data's own scale.
        data: The source.
        reading: How it is read, where it does not tell.
        prefer: Of several splits the first of these.

    Raises:
        LabelMismatch: If the data's labels are others.
        DataError: If the data cannot be used.
    """
    if isinstance(answers, LabelSet):
        return load_labelled(data, answers, reading, prefer=prefer).with_answers(answers)
    folder = temporary_folder()
    return load_pairs(data, reading, task="similarity", scale=answers, prefer=prefer, texts_in=folder)


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
        return load_labelled(source, labels, reading, prefer=("train",))
    recorded = manifest.data.get("source") if manifest is not None else None
    if manifest is None or not recorded:
        raise UsageError(
            "The model does not record what it was trained on.",
            where="baselines",
            hint="name the training data: --baselines SOURCE",
        )
    split = manifest.data.get("split") or "train"
    table = load_labelled(str(recorded), labels, reading, prefer=(split, "train"))
    if share := manifest.data.get("held_share"):
        table = (hold_out(table, share) or (table,))[0]
    expected = manifest.data.get("fingerprint")
    if expected and table.with_sides(manifest.sides).with_answers(labels).fingerprint() != expected:
        raise UsageError(
            f"{recorded!s} no longer holds the pairs that the model was trained on.",
            where="baselines",
            hint="name the training data: --baselines SOURCE",
        )
    return table
