"""Several models on the same pairs: which is better, what differs, and what each costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from samesay.data import PairTable, ReadOptions, load_pairs
from samesay.data.formats.writers import (
    require_apart,
    require_file,
    require_new,
    write_rows,
    write_text,
)
from samesay.errors import LabelMismatch, UsageError
from samesay.evaluation import ClassificationEvaluation, Evaluation, evaluate
from samesay.evaluation.comparison import (
    RESAMPLES,
    contrast,
    require_scipy,
)
from samesay.evaluation.intervals import share_interval
from samesay.pairs import (
    LabelSet,
    Pair,
    ProgressListener,
    Scale,
    Sides,
    labels_of,
)
from samesay.predictors.comparison import ComparedModel, Comparison
from samesay.predictors.comparison import markdown as as_markdown
from samesay.predictors.contenders import (
    Contender,
    is_baseline,
    make_baseline,
    open_contender,
    renamed,
    short_names,
)
from samesay.predictors.cost import SAMPLE, Cost, measure_memory, measure_speed
from samesay.predictors.labelled import OWN_TRAINING_DATA, builtin_for, load_for, load_training_pairs
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
            (``jobs.contenders``), baselines by name, such as ``baseline:majority``. One alone is compared with the
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
        words.append(builtin_for(data, reading, prefer=("test", "validation")))
    require_scipy()
    require_apart({"--changed": changed, "--markdown": markdown})
    if changed is not None:
        require_file(changed, overwrite=overwrite)
    if markdown is not None:
        require_new(markdown, overwrite=overwrite)
    opened = _opened(words, dict(rename_model_labels or {}), reads)
    table = _table(data, opened.values(), reading)
    contenders = _with_baselines(words, opened, table, baselines, reading.of_another_source())
    names = short_names(words)
    if changed is not None and table.labels is None:
        raise UsageError(
            "Similarity models decide nothing that could change.", where="changed", hint="leave it out"
        )
    evaluations = [evaluate(one.predictor, table, progress=progress) for one in contenders]
    costs, cost_notes, cost_pairs = _costs(contenders, names, table, reads, rounds)
    contrasts = contrast(evaluations[0], evaluations[1:], resamples=resamples)
    twice = ["a model is named twice: it can differ from itself in speed alone"]
    notes = [*table.origin.notes, *(twice if len(set(words)) < len(words) else ()), *cost_notes]
    compared = Comparison(
        tuple(
            ComparedModel(
                name,
                contender.model,
                contender.kind,
                evaluation,
                _interval_of(evaluation),
                contrast,
                cost,
                _own_notes(contender, evaluation, table),
            )
            for name, contender, evaluation, contrast, cost in zip(
                names, contenders, evaluations, [None, *contrasts], costs, strict=True
            )
        ),
        table,
        resamples,
        cost_pairs,
        tuple(notes),
    )
    if changed is not None:
        answers = [f"{what} {name}" for name in names for what in ("answer", "probability")]
        write_rows(
            changed,
            ["row", *table.sides, "label", *answers],
            list(compared.changed_rows()),
            overwrite=overwrite,
        )
    if markdown is not None:
        write_text(markdown, as_markdown(compared), overwrite=overwrite)
    return compared


def _opened(words: Sequence[str], names: Mapping[str, str], reads: Sides | None) -> dict[str, Contender]:
    """What is no baseline, by the user's word, all of one task and of the same label names."""
    as_is = {
        word: open_contender(word, reads=reads) for word in dict.fromkeys(words) if not is_baseline(word)
    }
    known = {name for one in as_is.values() for name in one.answers.names}
    strange = [name for name in names if name not in known]
    if strange:
        raise UsageError(
            f"No model has a label {', '.join(map(repr, strange))} to rename.",
            where="rename_model_labels",
            expected=f"labels of the models: {', '.join(sorted(known))}",
        )
    opened = {word: renamed(one, names) for word, one in as_is.items()}
    first = next(iter(opened.values()), None)
    for one in opened.values():
        assert first is not None
        if one.answers.task != first.answers.task:
            raise UsageError(
                "Some of the models give similarity scores and others labels: nothing says which is better.",
                where="models",
                expected=f"models of one task; {first.model}: {first.answers.in_words}; "
                f"{one.model}: {one.answers.in_words}",
            )
        _require_same_names(first, one)
    return opened


def _require_same_names(first: Contender, other: Contender) -> None:
    if set(first.answers.names) == set(other.answers.names):
        return
    labels, others = labels_of(first.answers), labels_of(other.answers)
    renaming = labels.renaming_of(others) if len(labels) == len(others) else {}
    words = ",".join(f"{theirs}={ours}" for theirs, ours in renaming.items() if theirs != ours)
    raise LabelMismatch(
        "The models do not answer with the same labels.",
        where="models",
        expected=f"{first.model}: {labels.in_words}; {other.model}: {others.in_words}",
        hint=f"the names fit by their spelling: {command('--rename-model-labels', words)}"
        if renaming
        else "where they mean the same under other names: --rename-model-labels THEIRS=OURS,…",
        details={"first": list(labels), "other": list(others), "renaming": renaming},
    )


def _table(data: str | Path, opened: Collection[Contender], reading: ReadOptions) -> PairTable:
    """The pairs, read for these models: with their labels, or on the scale of those that have one of their own."""
    prefer = ("test", "validation")
    answers = [one.answers for one in opened]
    if not answers:
        return load_pairs(data, reading, prefer=prefer)
    if isinstance(answers[0], LabelSet):
        return load_for(answers[0], data, reading, prefer=prefer)
    scale = next((one.answers for one in opened if one.manifest is not None), None)
    return load_for(scale, data, reading, prefer=prefer)


def _with_baselines(
    words: Sequence[str],
    opened: Mapping[str, Contender],
    table: PairTable,
    source: str | Path,
    reading: ReadOptions,
) -> list[Contender]:
    """All contenders in the order of the user's words, similarity models of others put on the data's scale."""
    answers = table.answers
    assert answers is not None  # it was loaded with gold answers
    first = next(iter(opened.values()), None)
    manifest = next((one.manifest for one in opened.values() if one.manifest is not None), None)
    sides = table.sides if first is None else first.predictor.sides
    loaded: list[PairTable] = []

    def training_pairs() -> PairTable:
        if not loaded:
            loaded.append(load_training_pairs(source, manifest, labels_of(answers), reading))
        return loaded[0]

    found = []
    for word in words:
        contender = opened.get(word) or make_baseline(word, answers, sides, training_pairs)
        if contender.kind in ("transformers", "sentence-transformers") and isinstance(answers, Scale):
            # Its one output is a share; which scale that is a share of, only the data say.
            own = contender.answers
            assert isinstance(own, Scale)
            contender.predictor.answers = replace(answers, activation=own.activation)  # type: ignore[misc]
        found.append(contender)
    return found


def _interval_of(evaluation: Evaluation) -> tuple[float, float] | None:
    if not isinstance(evaluation, ClassificationEvaluation):
        return None
    right = int((evaluation.predicted_ids == evaluation.label_ids).sum())
    interval = share_interval(right, evaluation.n_pairs)
    return None if interval is None else (interval.low, interval.high)


def _costs(
    contenders: Sequence[Contender],
    names: Sequence[str],
    table: PairTable,
    reads: Sides | None,
    rounds: int,
) -> tuple[list[Cost | None], list[str], int | None]:
    """What each costs, what could not be measured, and on how many pairs."""
    if not rounds:
        return [None] * len(contenders), [], None
    # Pairs from all over the table, which may be sorted.
    places = np.unique(np.linspace(0, len(table) - 1, min(SAMPLE, len(table))).astype(np.int64))
    sample = table.select(places)
    questions = []
    for one in contenders:
        read = sample.with_sides(one.predictor.sides)
        questions.append([Pair(*texts) for texts in zip(read.first, read.second, strict=True)])
    speeds = measure_speed(
        [(one.predictor, pairs) for one, pairs in zip(contenders, questions, strict=True)], rounds=rounds
    )
    memory: dict[str, tuple[int | None, str | None]] = {}
    for one, pairs in zip(contenders, questions, strict=True):
        if one.kind != "baseline" and one.model not in memory:
            memory[one.model] = measure_memory(one.model, pairs, reads=reads)
    costs = [
        Cost(speed, one.n_bytes, memory.get(one.model, (None, None))[0])
        for one, speed in zip(contenders, speeds, strict=True)
    ]
    notes = [
        f"the memory of {name} could not be measured: {memory[one.model][1]}"
        for name, one in zip(names, contenders, strict=True)
        if one.model in memory and memory[one.model][0] is None
    ]
    return list(costs), notes, len(sample)


def _own_notes(contender: Contender, evaluation: Evaluation, table: PairTable) -> tuple[str, ...]:
    """What concerns this model alone: the table's own notes stand once for all."""
    return (*contender.notes, *(note for note in evaluation.notes if note not in table.origin.notes))
