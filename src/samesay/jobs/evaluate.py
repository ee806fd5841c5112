"""Measure a saved model on labelled pairs, beside baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from samesay.data import PairTable, ReadOptions
from samesay.errors import UsageError
from samesay.evaluation import Evaluation, evaluate
from samesay.evaluation.intervals import Interval
from samesay.evaluation.report import Examination, examine, require_report_packages, slices_of
from samesay.evaluation.report.folder import require_free, write_report
from samesay.pairs import ProgressListener
from samesay.predictors.baselines import baselines_to_beat
from samesay.predictors.labelled import Overlap, builtin_for, load_for, load_training_pairs, overlap_with
from samesay.predictors.opening import Backend, open_predictor
from samesay.scoring.language import language_notes


@dataclass(frozen=True)
class MeasuredModel:
    """A model's metrics, and those of what it has to beat.

    Attributes:
        model: The saved model.
        backend: The part that answered: ``onnx`` or ``keras``.
        evaluation: The metrics.
        baselines: Name to metrics on the same pairs.
        notes: What a reader should know beside ``evaluation.notes``.
        overlap: How many of the pairs the model had seen; None where it keeps no hashes.
        intervals: Of ``evaluation.metrics``, by name; of a similarity model also of its ``bias``.
        examination: What a report says beyond the metrics, where one was asked for.
        report: The report's page, where one was written.
    """

    model: str
    backend: str
    evaluation: Evaluation
    baselines: dict[str, Evaluation]
    notes: tuple[str, ...] = ()
    overlap: Overlap | None = None
    intervals: dict[str, Interval | None] = field(default_factory=dict)
    examination: Examination | None = None
    report: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """The metrics as JSON types, ``metrics`` at the top; what was examined only where it was."""
        return {
            **self.evaluation.to_dict(),
            "model": self.model,
            "backend": self.backend,
            "overlap": None if self.overlap is None else self.overlap.to_dict(),
            "baselines": {name: one.to_dict() for name, one in self.baselines.items()},
            "notes": [*self.evaluation.notes, *self.notes],
            "intervals": {
                name: None if interval is None else interval.to_dict()
                for name, interval in self.intervals.items()
            },
            **(self.examination.to_dict() if self.examination else {}),
        }


def evaluate_model(
    model: str | Path | None,
    data: str | Path,
    *,
    backend: Backend = "auto",
    baselines: str | Path | None = None,
    report: str | Path | None = None,
    slices: Sequence[str] = (),
    overwrite: bool = False,
    progress: ProgressListener | None = None,
    **options: Any,
) -> MeasuredModel:
    """Measure ``model`` on ``data``.

    Args:
        model: A saved model's folder, or a built-in model; where None, the built-in one that fits the data's labels or
            scores.
        data: A source of labelled pairs; of several splits ``test`` is taken, else ``validation``.
        backend: Which part of the bundle answers.
        baselines: A source of labelled pairs from which to make the baselines (majority, and one for each side that
            sees that side only), or ``OWN_TRAINING_DATA``; none where absent. A model of similarity is always measured
            beside the overlap of words, which learns from nothing, and takes no other.
        report: A new folder for ``report.html`` and ``report.json``; see ``docs/report.md``.
        slices: Columns of the data by whose values the report slices.
        overwrite: Replace a report that is there.
        progress: Hears how far it has come.
        **options: How the data is read, where it does not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        LabelMismatch: If the data's label names are not the model's, with both lists and the renaming if one fits.
        DataError, BundleError: If data or model cannot be used.
        TargetExists: If the place of the report is taken.
        ExtraMissing: If what a report needs is not installed.
    """
    reading = ReadOptions(**options)
    if report is not None:
        require_report_packages()
        require_free(report, overwrite=overwrite)
    elif slices or overwrite:
        raise UsageError(
            "Slices are shown in a report, and only a report is written.",
            where="slice" if slices else "overwrite",
            hint="name a folder for it: --report FOLDER",
        )
    if model is None:
        model = builtin_for(data, reading)
    opened = open_predictor(model, backend=backend)
    predictor, answers, sides = opened.predictor, opened.answers, opened.predictor.sides
    table = load_for(answers, data, reading).with_sides(sides)

    def training_pairs() -> PairTable:
        assert baselines is not None
        return load_training_pairs(baselines, opened.manifest, answers, reading.of_another_source())

    made = baselines_to_beat(answers, sides, None if baselines is None else cache(training_pairs))
    parts = slices_of(table, slices) if report is not None else []
    evaluation = evaluate(predictor, table, progress=progress)
    overlap = overlap_with(model, table)
    measured = MeasuredModel(
        str(model),
        opened.kind,
        evaluation,
        {name: evaluate(baseline, table) for name, baseline in made.items()},
        (
            *(overlap.notes() if overlap else ()),
            *language_notes(model, (*table.first[:100], *table.second[:100])),
        ),
        overlap,
        evaluation.intervals(),
    )
    if report is None:
        return measured
    examination = examine(
        evaluation,
        table,
        slices=parts,
        intervals=measured.intervals,
        baselines=measured.baselines,
        trained_on=None if overlap is None else overlap.train,
    )
    measured = replace(measured, examination=examination)
    return replace(measured, report=write_report(measured.to_dict(), report, overwrite=overwrite))
