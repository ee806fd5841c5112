"""Look for what is wrong with data before it is trained and measured on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import is_bundle
from samesay.data import PairTable, load_splits
from samesay.data.formats.writers import require_file, write_rows
from samesay.data.rows import temporary_folder
from samesay.encoding import PairEncoder
from samesay.errors import EmptySide, ExtraMissing, OneClassOnly, UsageError
from samesay.evaluation.audit.audit import (
    Audit,
    contradictions,
    describe_split,
    nearly_shared,
    of_shortcut,
    shared_between,
)
from samesay.evaluation.audit.shortcut import Shortcut, cross_validated_shortcut, shortcut_from
from samesay.evaluation.evaluation import Finding
from samesay.pairs import Progress, ProgressListener
from samesay.scoring import Scorer

if TYPE_CHECKING:
    from samesay.model.encoders import PreprocessorEncoder

_STEPS = 4
_ENCODED_AT_ONCE = 4096


def audit(
    data: str | Path,
    *,
    preset: str | Path | None = None,
    hard: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressListener | None = None,
    **options: Any,
) -> Audit:
    """Audit the splits of ``data``, or the one that is named.

    Args:
        data: A source of pairs; with labels, scores or neither.
        preset: A saved model or what training can start from: pairs longer than it reads are counted.
        hard: A file for the pairs on which the strongest shortcut fails, all columns kept: those of validation (else
            test) where there is a train split, else of the whole table.
        overwrite: Replace a file at ``hard``.
        progress: Hears the stage ``audit``.
        **options: How the data is read: fields of ``samesay.data.ReadOptions``. Pairs with an empty text are counted,
            unless ``allow_empty_sides`` is false.
    """
    started = time.perf_counter()
    report = progress or (lambda _: None)
    if hard is not None:
        require_file(hard, overwrite=overwrite)
    _require_extra()
    options = {"allow_empty_sides": True, "texts_in": temporary_folder(), **options}
    tables = load_splits(data, need_labels=None, **options)
    encoder = None if preset is None else _encoder(preset)

    facts: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    for name, table in tables.items():
        facts[name], found = describe_split(name, table)
        findings += found
        if encoder is not None:
            facts[name]["truncated"], found = _truncation(name, table, encoder)
            findings += found
    report(Progress("audit", 1, _STEPS))
    contradicted, found = contradictions(tables)
    findings += found
    shared, found = shared_between(tables)
    findings += found
    report(Progress("audit", 2, _STEPS))
    near, found = nearly_shared(tables)
    findings += found
    report(Progress("audit", 3, _STEPS))
    shortcuts, hard_table, skipped = _shortcuts(tables)
    for shortcut in shortcuts:
        findings += of_shortcut(shortcut)
    report(Progress("audit", 4, _STEPS))
    if hard is not None:
        if hard_table is None:
            raise UsageError(
                "There is no shortcut whose failures could be written.",
                where="--hard",
                expected="pairs of two labels or more",
                hint="; ".join(skipped) or None,
            )
        _write_hard(hard_table, hard, overwrite=overwrite)
    return Audit(
        source=str(data),
        splits=facts,
        shared=shared,
        contradictions=contradicted,
        near_duplicates=near,
        shortcuts=shortcuts,
        findings=tuple(sorted(findings, key=lambda one: not one.is_fault)),
        skipped=skipped,
        seconds=time.perf_counter() - started,
        notes=tuple(dict.fromkeys(note for table in tables.values() for note in table.origin.notes)),
    )


def _require_extra() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scikit-learn", "An audit") from error


def _encoder(preset: str | Path) -> PairEncoder | PreprocessorEncoder:
    if is_bundle(preset):
        return Scorer.open(preset).encoder
    from samesay.pair_model import PairModel

    # The labels make no difference to what is read.
    model = PairModel.from_preset(preset, labels=("one", "other"), new_head=True)
    return model.classifier.encoder


def _truncation(
    split: str, table: PairTable, encoder: PairEncoder | PreprocessorEncoder
) -> tuple[int, list[Finding]]:
    cut = 0
    for start in range(0, len(table), _ENCODED_AT_ONCE):
        part = slice(start, start + _ENCODED_AT_ONCE)
        lost = encoder.encode(table.first[part], table.second[part]).tokens_lost
        cut += int((lost > 0).any(axis=1).sum())
    if not cut:
        return 0, []
    text = f"{split}: {cut:,} of {len(table):,} pairs are longer than the {encoder.max_length} tokens that are read"
    return cut, [Finding("truncated", "caution", text)]


def _shortcuts(
    tables: Mapping[str, PairTable],
) -> tuple[tuple[Shortcut, ...], PairTable | None, tuple[str, ...]]:
    """The shortcut of each side, the pairs on which the stronger one fails, and what could not be tested."""
    whole = next(iter(tables.values()))
    if whole.labels is None:
        what = "no labels" if whole.scale is None else "scores"
        return (), None, (f"the pairs have {what}: contradictions, balance and shortcuts are of classes",)
    held_out = tables.get("validation", tables.get("test"))
    tested = held_out if "train" in tables and held_out is not None else whole
    found: list[Shortcut] = []
    skipped = []
    rows: NDArray[np.int64] | None = None
    for side in whole.sides:
        try:
            if tested is not whole:
                found.append(shortcut_from(whole, tested, side))
            else:
                shortcut, rows = cross_validated_shortcut(whole, side)
                found.append(shortcut)
        except (OneClassOnly, EmptySide) as error:
            skipped.append(f"no shortcut test of the {side}: {error.message}")
    if not found:
        return (), None, tuple(skipped)
    strongest = max(found, key=lambda one: one.accuracy)
    answered = tested if rows is None else whole.select(rows)
    return tuple(found), answered.select(~strongest.right), tuple(skipped)


def _write_hard(table: PairTable, path: str | Path, *, overwrite: bool) -> None:
    first, second = table.origin.columns["first"], table.origin.columns["second"]
    label = table.origin.columns.get("label", "label")
    rows = [
        {first: pair.first, second: pair.second, label: pair.label}
        | {name: column[row] for name, column in table.columns.items()}
        for row, pair in enumerate(table.pairs())
    ]
    write_rows(path, [first, second, label, *table.columns], rows, overwrite=overwrite)
