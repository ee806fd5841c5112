"""Several models on the same pairs: which is better, what differs, and what each costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from samesay.data import PairTable, ReadOptions, load_pairs
from samesay.data.formats.writers import (
    require_apart,
    require_file,
    require_new,
    write_rows,
    write_text,
)
from samesay.errors import LabelMismatch, UsageError
from samesay.evaluation import evaluate
from samesay.evaluation.comparison import RESAMPLES, contrast, require_scipy
from samesay.pairs import ProgressListener, Sides, labels_of
from samesay.predictors.baselines import make_baseline
from samesay.predictors.comparison import ComparedModel, Comparison
from samesay.predictors.comparison import markdown as as_markdown
from samesay.predictors.cost import Cost, measure_costs
from samesay.predictors.labelled import (
    MEASURED_SPLITS,
    OWN_TRAINING_DATA,
    builtin_for,
    load_for,
    load_training_pairs,
)
from samesay.predictors.opening import Opened, kind_and_name, open_named, short_names
from samesay.printable import command


def compare_models(
    models: Sequence[str | Path],
    data: str | Path,
    *,
    rename_model_labels: Mapping[str, str] | None = None,
    reads: Sides | None = None,
    baselines: str | Path = OWN_TRAINING_DATA,
    resamples: int = RESAMPLES,
    rounds: int = 3,
    changed: str | Path | None = None,
    markdown: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressListener | None = None,
    **options: Any,
) -> Comparison:
    """Compare models on pairs with labels or scores, all of them with the first.

    Args:
        models: Saved models, built-in ones, Hugging Face or sentence-transformers folders with a sequence classifier
            (``predictors.opening``), baselines by name, such as ``baseline:majority``. One alone is compared with the
            built-in model that fits the data.
        data: A source of labelled pairs; of several splits ``test`` is taken, else ``validation``.
        rename_model_labels: From a label name of a model to the name wanted, for models of others.
        reads: The sides in the order in which foreign folders read them that do not say it.
        baselines: From which pairs baselines are made: a source, or what the first saved model was trained on.
        resamples: How often pairs are drawn for the intervals of differences.
        rounds: How often speed is measured; 0 leaves out what models cost.
        changed: Write the pairs whose label changes there.
        markdown: Write the table and the verdicts there.
        overwrite: Replace files at ``changed`` and ``markdown``.
        progress: Hears how far every model has come.
        **options: How the data is read, where it does not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        UsageError: If no model is named, or some of them score and others name.
        LabelMismatch: If the models' label names differ, with both lists and the renaming if one fits; or the data's
            from the models'.
        DataError, BundleError, ModelError: If data or a model cannot be used.
        ExtraMissing: If scipy, or the library of a foreign folder, is not installed.
    """
    reading = ReadOptions(**options)
    words = [str(model) for model in models]
    if not words:
        raise UsageError(
            "No model is named.",
            where="models",
            expected="a model to compare with the built-in one, or two and more",
        )
    if rounds < 0:
        raise UsageError(f"rounds is {rounds}.", where="rounds", expected="0 or more")
    if len(words) == 1:
        words.append(builtin_for(data, reading))
    require_scipy()
    require_apart({"--changed": changed, "--markdown": markdown})
    if changed is not None:
        require_file(changed, overwrite=overwrite)
    if markdown is not None:
        require_new(markdown, overwrite=overwrite)
    opened = _opened(words, dict(rename_model_labels or {}), reads)
    table = _table(data, opened.values(), reading)
    if changed is not None and table.labels is None:
        raise UsageError(
            "Similarity models decide nothing that could change.", where="changed", hint="leave it out"
        )
    by_name = _with_baselines(words, opened, table, baselines, reading.of_another_source())
    evaluations = [evaluate(one.predictor, table, progress=progress) for one in by_name.values()]
    costs: Sequence[Cost | None] = [None] * len(words)
    cost_notes, cost_pairs = [], None
    if rounds:
        costs, cost_notes, cost_pairs = measure_costs(by_name, table, rounds=rounds, reads=reads)
    contrasts = contrast(evaluations[0], evaluations[1:], resamples=resamples)
    twice = ["a model is named twice: it can differ from itself in speed alone"]
    notes = [*table.origin.notes, *(twice if len(set(words)) < len(words) else ()), *cost_notes]
    # What concerns a model alone: the table's own notes stand once for all.
    own_notes = [
        (*one.notes, *(note for note in evaluation.notes if note not in table.origin.notes))
        for one, evaluation in zip(by_name.values(), evaluations, strict=True)
    ]
    compared = Comparison(
        tuple(
            ComparedModel(name, one.model, one.kind, evaluation, contrast, cost, noted)
            for (name, one), evaluation, contrast, cost, noted in zip(
                by_name.items(), evaluations, [None, *contrasts], costs, own_notes, strict=True
            )
        ),
        table,
        resamples,
        cost_pairs,
        tuple(notes),
    )
    if changed is not None:
        predictions = [f"{what} {name}" for name in by_name for what in ("answer", "probability")]
        write_rows(
            changed,
            ["row", *table.sides, "label", *predictions],
            list(compared.changed_rows()),
            overwrite=overwrite,
        )
    if markdown is not None:
        write_text(markdown, as_markdown(compared), overwrite=overwrite)
    return compared


def _opened(words: Sequence[str], names: Mapping[str, str], reads: Sides | None) -> dict[str, Opened]:
    """What is no baseline, by the user's word, all of one task and of the same label names."""
    saved = [word for word in dict.fromkeys(words) if kind_and_name(word)[0] != "baseline"]
    as_is = {word: open_named(word, reads=reads) for word in saved}
    known = {name for one in as_is.values() for name in one.answers.names}
    strange = [name for name in names if name not in known]
    if strange:
        raise UsageError(
            f"No model has a label {', '.join(map(repr, strange))} to rename.",
            where="rename_model_labels",
            expected=f"labels of the models: {', '.join(sorted(known))}",
        )
    opened = {word: one.renamed(names) for word, one in as_is.items()}
    for one in opened.values():
        _require_same_names(next(iter(opened.values())), one)
    return opened


def _require_same_names(first: Opened, other: Opened) -> None:
    expected = f"{first.model}: {first.answers.in_words}; {other.model}: {other.answers.in_words}"
    if first.answers.task != other.answers.task:
        raise UsageError(
            "Some of the models give similarity scores and others labels: nothing says which is better.",
            where="models",
            expected=f"models of one task; {expected}",
        )
    if set(first.answers.names) == set(other.answers.names):
        return
    labels, others = labels_of(first.answers), labels_of(other.answers)
    renaming = labels.renaming_of(others) if len(labels) == len(others) else {}
    words = ",".join(f"{theirs}={ours}" for theirs, ours in renaming.items() if theirs != ours)
    raise LabelMismatch(
        "The models do not answer with the same labels.",
        where="models",
        expected=expected,
        hint=f"the names fit by their spelling: {command('--rename-model-labels', words)}"
        if renaming
        else "where they mean the same under other names: --rename-model-labels THEIRS=OURS,…",
        details={"first": list(labels), "other": list(others), "renaming": renaming},
    )


def _table(data: str | Path, opened: Collection[Opened], reading: ReadOptions) -> PairTable:
    """The pairs, read for these models: with their labels, or on the scale of those that have one of their own."""
    if not opened:
        return load_pairs(data, reading, prefer=MEASURED_SPLITS)
    asked = next((one for one in opened if one.manifest is not None), next(iter(opened)))
    if asked.manifest is None and asked.answers.scale is not None:
        # The one output of another library's model is a share; which scale that is a share of, only the data say.
        return load_pairs(data, reading, prefer=MEASURED_SPLITS, task=asked.answers.task)
    return load_for(asked.answers, data, reading)


def _with_baselines(
    words: Sequence[str],
    opened: Mapping[str, Opened],
    table: PairTable,
    source: str | Path,
    reading: ReadOptions,
) -> dict[str, Opened]:
    """All models by name in the order of the user's words, those of other libraries put on the data's scale."""
    answers = table.answers
    assert answers is not None  # it was loaded with gold answers
    first = next(iter(opened.values()), None)
    manifest = next((one.manifest for one in opened.values() if one.manifest is not None), None)
    sides = table.sides if first is None else first.predictor.sides

    @cache
    def training_pairs() -> PairTable:
        return load_training_pairs(source, manifest, answers, reading)

    found = {}
    for name, word in zip(short_names(words), words, strict=True):
        one = opened.get(word)
        if one is None:
            baseline = kind_and_name(word)[1]
            made, notes = make_baseline(baseline, answers, sides, training_pairs)
            one = Opened(word, "baseline", made, notes=notes)
        elif one.manifest is None:
            one.predictor.answers = one.answers.put_on(answers)  # type: ignore[misc]
        found[name] = one
    return found
