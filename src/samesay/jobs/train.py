"""Fine-tune an encoder on a table of pairs and save it: the main job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.bundle import require_replaceable
from samesay.data import PairTable, ReadOptions, load_pairs, load_splits, require_contrast
from samesay.data.filters import Condition, conditions_in
from samesay.data.sources.locate import exists, is_standard_input, locate
from samesay.data.splits import SPLITS, canonical_split
from samesay.errors import ColumnNotFound, TrainingDiverged, UsageError
from samesay.evaluation import Evaluation
from samesay.export import Verdict
from samesay.model.presets.resolve import resolve
from samesay.model.runtime.backend import cache_folder
from samesay.pair_model import PairModel
from samesay.pairs import LabelSet, ProgressListener, Scale, Sides
from samesay.recipes.run import Run
from samesay.runs.record import anywhere
from samesay.runs.saving import save_model
from samesay.runs.seeds import fit_seeds
from samesay.runs.state import held, place_of_checkpoints
from samesay.runs.teacher import answered, require_no_pupil, require_teacher
from samesay.training import Recipe
from samesay.training.checkpoints import remove_checkpoints
from samesay.training.recipe import RunFiles

if TYPE_CHECKING:
    from samesay.training.jax_step import ChosenStep


@dataclass(frozen=True)
class TrainResult:
    """What a training run did, and where its model is.

    Attributes:
        path: The saved model.
        preset: What it was opened from.
        head: ``"kept"`` or ``"new"``.
        recipe: With every default decided.
        n_pairs: Pairs it learned from.
        label_counts: How many of them carry each label; empty for scores.
        scale: The lowest and the highest score; None for labels.
        sides: What the two texts are called, in reading order.
        evaluation: Figures on the validation pairs, where there were any.
        history: One entry an epoch.
        best_epoch: The epoch whose weights were saved, from 1; with a fraction within an epoch.
        interrupted: Whether the user stopped it.
        checkpoints: Where the state of an interrupted run is kept.
        seeds: What each of several seeds reached, mean and spread; None for one.
        onnx: What the parity check of the ONNX part said.
        seconds: Time in training steps.
        pairs_per_second: Pairs a second in training, compilation included.
        padding_share: The share of padded places among all that were computed, in [0, 1].
        step: Which training step was taken, and why.
        trained_weights: How many numbers the run could change, of all that the model or the run had.
        notes: What its user should know.
    """

    path: Path
    preset: str
    head: str
    recipe: Recipe
    n_pairs: int
    label_counts: dict[str, int]
    scale: Scale | None
    sides: Sides
    evaluation: Evaluation | None
    history: list[dict[str, Any]]
    best_epoch: float
    interrupted: bool
    checkpoints: Path | None
    seeds: dict[str, Any] | None
    onnx: Verdict
    seconds: float
    pairs_per_second: float
    padding_share: float
    step: ChosenStep
    trained_weights: tuple[int, int]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types."""
        return {
            "path": str(self.path),
            "preset": self.preset,
            "head": self.head,
            "recipe": self.recipe.to_dict(),
            "n_pairs": self.n_pairs,
            "task": "classification" if self.scale is None else "similarity",
            "label_counts": self.label_counts,
            "scale": None if self.scale is None else list(self.scale),
            "sides": list(self.sides),
            "metrics": self.evaluation.metrics if self.evaluation else {},
            "evaluation": self.evaluation.to_dict() if self.evaluation else None,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "interrupted": self.interrupted,
            "checkpoints": str(self.checkpoints) if self.checkpoints else None,
            "seeds": self.seeds,
            "onnx": {"verdict": self.onnx.status, **self.onnx.to_dict()},
            "seconds": self.seconds,
            "pairs_per_second": self.pairs_per_second,
            "padding_share": self.padding_share,
            "step": self.step.to_dict(),
            "trained_weights": list(self.trained_weights),
            "notes": list(self.notes),
        }


def train(
    run: Run,
    recipe: Recipe | Mapping[str, Any] | None = None,
    *,
    files: RunFiles | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: ProgressListener | None = None,
) -> TrainResult:
    """Train as ``run`` says, keep the best epoch, save the model to ``run.output``.

    What can be refused is refused before anything is computed: the output, the recipe, the data, the preset.

    Args:
        run: Data, encoder, teacher and output. Of a folder of splits, ``validation`` is taken to choose the best epoch
            by. What ``reading`` says holds for the validation pairs, too, but for split and format; of the conditions
            those that can be asked there.
        recipe: The settings, or a mapping of some.
        files: Where its state lies; on JAX, ``output`` with ``.checkpoints`` after its name where absent.
        resume: Resume from the last checkpoint, where there is one.
        overwrite: Replace a model at ``output``; without ``resume`` start over where an interrupted run left
            checkpoints.
        progress: Hears how far it has come.

    Raises:
        TargetExists: If ``output`` is taken, or an interrupted run left checkpoints and ``resume`` is not set.
        OutputBusy: If another run is writing its checkpoints there.
        TrainingDiverged: If the loss became NaN or infinite; the best model so far is saved, if anything was measured.
        SameSayError: Another of its leaves, before training where possible.
    """
    for name, missing in (
        ("data", "argument 'DATA'"),
        ("preset", "option '--preset'"),
        ("output", "option '--output'"),
    ):
        if getattr(run, name) is None:
            raise UsageError(
                f"Missing {missing}.",
                where="samesay train",
                expected=f"it here, or {name} in a recipe (--config)",
                hint="samesay train --help",
            )
    assert run.data is not None
    assert run.preset is not None
    assert run.output is not None
    data, validation, preset, seeds = run.data, run.validation, run.preset, run.seeds
    teacher, unlabelled, new_head = run.teacher, run.unlabelled, run.new_head
    files = files or RunFiles()
    tensorboard = files.tensorboard
    recipe = Recipe.of(recipe)
    target = Path(run.output)
    require_replaceable(target, overwrite=overwrite)
    kept_in = place_of_checkpoints(
        files.checkpoints,
        target,
        resume=resume,
        overwrite=overwrite,
        seeds=range(recipe.seed, recipe.seed + seeds),
    )
    source = resolve(preset)
    asked = run.reading
    scale = source.answers if isinstance(source.answers, Scale) and not new_head else None
    reading = replace(asked, sides=asked.sides or source.sides, scale=asked.scale or scale)
    data_fingerprint, validation_fingerprint = run.data_fingerprint, run.validation_fingerprint
    run = Run(
        data=_from_anywhere(data),
        validation=_from_anywhere(validation) if validation is not None else None,
        reading=asked,
        preset=anywhere(source.name),
        teacher=anywhere(teacher) if teacher is not None else None,
        unlabelled=_from_anywhere(unlabelled) if unlabelled is not None else None,
        new_head=new_head,
    )
    pairs, held_out = _load(data, validation, reading, teacher=teacher)
    if teacher is None:
        require_no_pupil(recipe, unlabelled)
    elif pairs.answers is not None:
        require_teacher(teacher, pairs.answers)
    gold = pairs.answers is not None
    if teacher is not None and not gold:
        if recipe.teacher_weight not in (Recipe.teacher_weight, 1.0):
            raise UsageError(
                f"teacher_weight {recipe.teacher_weight!r} leaves a part to gold labels, and the pairs have none.",
                where="teacher_weight",
                expected="nothing, or 1",
            )
        # Its answers stand in for gold ones and weigh nothing as such: its raw answers are all that is learned.
        pairs, recipe = answered(teacher, pairs, progress=progress), replace(recipe, teacher_weight=1.0)
        if held_out is not None and pairs.answers is not None:
            held_out = held_out.with_answers(pairs.answers).with_sides(pairs.sides)
    require_contrast(pairs)
    assert pairs.answers is not None
    more = _unlabelled(unlabelled, pairs, reading)
    if held_out is None:
        recipe.require_no_validation(seeds=seeds)
    fingerprint = pairs.fingerprint()
    held_out_fingerprint = held_out.fingerprint() if held_out is not None else None
    recipe.for_task(pairs.answers.task)

    diverged: list[TrainingDiverged] = []
    interrupted: list[bool] = []

    def fitted(seed: int) -> PairModel | None:
        model = PairModel.from_preset(
            preset,
            pairs.labels,
            scale=pairs.scale,
            sides=pairs.sides,
            max_length=recipe.max_length,
            dropout=recipe.dropout,
            new_head=new_head,
            seed=seed,
        )
        try:
            result = model.fit(
                pairs,
                validation=held_out,
                recipe=replace(recipe, seed=seed),
                checkpoints=kept_in / f"seed-{seed}" if kept_in is not None else None,
                checkpoint_every=files.checkpoint_every,
                tensorboard=Path(tensorboard) / f"seed-{seed}" if tensorboard else None,
                teacher=teacher,
                unlabelled=more,
                progress=progress,
            )
        except TrainingDiverged as problem:
            diverged.append(problem)
            if model.record is None and seed == recipe.seed:
                raise
        else:
            interrupted.append(result.interrupted)
        return model if model.record is not None else None

    with held(kept_in):
        if kept_in is not None and not resume:
            remove_checkpoints(kept_in)
        model = fit_seeds(fitted, range(recipe.seed, recipe.seed + seeds))
        assert model.record is not None
        result = model.record.result
        evaluation = model.evaluate(held_out, progress=progress) if held_out is not None else None
        saved = save_model(
            model,
            target,
            overwrite=overwrite,
            evaluation=evaluation,
            run=replace(run, data_fingerprint=fingerprint, validation_fingerprint=held_out_fingerprint),
            progress=progress,
        )
        stopped = any(interrupted)
        if kept_in is not None and not stopped:
            remove_checkpoints(kept_in)
    if diverged:
        (problem,) = diverged
        raise TrainingDiverged(
            f"{problem.message} The model of epoch {result.best_epoch} was saved to {saved.path}.",
            where=problem.where,
            hint=problem.hint,
            details={**problem.details, "saved": str(saved.path), "best_epoch": result.best_epoch},
        )
    others = _other_pairs("training", data_fingerprint, fingerprint)
    others += _other_pairs("validation", validation_fingerprint, held_out_fingerprint)
    if teacher is not None:
        alone = f", and of {len(more):,} pairs without labels alone" if more is not None else ""
        what = (
            "its answers were learned beside the labels" if gold else "its answers are all that was learned"
        )
        others += (f"{teacher} taught it: {what}{alone}",)
    return TrainResult(
        path=saved.path,
        preset=str(preset),
        head=model.head,
        recipe=model.record.recipe,
        n_pairs=len(pairs),
        label_counts={} if pairs.has_scores else pairs.label_counts(),
        scale=pairs.scale,
        sides=model.sides,
        evaluation=evaluation,
        history=result.history,
        best_epoch=result.best_epoch,
        interrupted=stopped,
        checkpoints=kept_in if stopped else None,
        seeds=model.record.seeds,
        onnx=saved.onnx,
        seconds=result.seconds,
        pairs_per_second=result.pairs_per_second,
        padding_share=result.padding_share,
        step=result.step,
        trained_weights=result.trained_weights,
        notes=(*_notes(model, pairs, held_out), *others),
    )


def _load(
    data: str | Path,
    validation: str | Path | None,
    reading: ReadOptions,
    *,
    teacher: str | Path | None,
) -> tuple[PairTable, PairTable | None]:
    """Training and validation pairs, with one set of labels and one order of sides; with a teacher perhaps without."""
    need_labels = True if teacher is None else None
    if validation is None and reading.split is None:
        tables = load_splits(
            data, reading, need_labels=need_labels, texts_in=_texts_folder(), require_learned=True
        )
        pairs = tables.get("train") or next(iter(tables.values()))
        held_out = tables.get("validation") if "train" in tables else None
        if held_out is not None and held_out.answers is None:
            held_out = None
    else:
        pairs = load_pairs(
            data, reading, need_labels=need_labels, prefer=("train",), texts_in=_texts_folder()
        )
        held_out = None
    if validation is not None:
        others = replace(reading.of_another_source(), sides=reading.sides, where=reading.where)
        if pairs.answers is not None:
            others = replace(others, task=pairs.answers.task, scale=pairs.scale)
        held_out = _validation(validation, others, pairs.labels)
    if held_out is not None and pairs.answers is not None:
        held_out = held_out.with_answers(pairs.answers).with_sides(pairs.sides)
    return pairs, held_out


def _validation(source: str | Path, reading: ReadOptions, labels: LabelSet | None) -> PairTable:
    """The pairs that meet those of the conditions on the training pairs that can be asked of them; a note on others."""
    asked = conditions_in(reading.where)

    def met(conditions: Sequence[Condition]) -> PairTable:
        return load_pairs(
            source,
            reading,
            where=tuple(map(str, conditions)) or None,
            prefer=("validation", "test"),
            texts_in=_texts_folder(),
            target_labels=labels,
        )

    # split=train says which rows are learned from.
    there = [one for one in asked if canonical_split(one.text) not in SPLITS]
    try:
        table = met(there)
    except ColumnNotFound as problem:
        columns = problem.details.get("columns", ())
        if is_standard_input(source) or all(one.column in columns for one in there):
            raise
        there = [one for one in there if one.column in columns]
        table = met(there)
    left = [str(one) for one in asked if one not in there]
    if not left:
        return table
    note = f"--where {' and '.join(left)} is for the training pairs alone, and was not asked of the validation pairs"
    return replace(table, origin=replace(table.origin, notes=(*table.origin.notes, note)))


def _unlabelled(source: str | Path | None, pairs: PairTable, reading: ReadOptions) -> PairTable | None:
    """The pairs that a teacher alone speaks of, as ``pairs`` are read."""
    if source is None:
        return None
    table = load_pairs(
        source,
        reading.of_another_source(),
        sides=pairs.sides,
        need_labels=False,
        prefer=("train",),
        texts_in=_texts_folder(),
    )
    return table.with_sides(pairs.sides)


def _texts_folder() -> Path:
    return cache_folder() / "reading"


def _from_anywhere(source: str | Path) -> str:
    """A source with its path absolute, so that a saved recipe finds it from any folder."""
    text = str(source)
    located = locate(text)
    path = Path(located.name)
    if located.built_in or not text.startswith(located.name) or not exists(str(path)):
        return text
    return f"{path.absolute()}{text.removeprefix(located.name)}"


def _other_pairs(kind: str, recorded: str | None, fingerprint: str | None) -> tuple[str, ...]:
    """What is said where a recipe that is repeated meets other pairs than it was saved with."""
    if recorded is None or recorded == fingerprint:
        return ()
    found = f"these have {fingerprint[:12]}…" if fingerprint else "there are none"
    return (f"the {kind} pairs are not those of the recipe: it recorded {recorded[:12]}…, {found}",)


def _notes(model: PairModel, pairs: PairTable, held_out: PairTable | None) -> tuple[str, ...]:
    assert model.record is not None
    notes = [model.note, *pairs.origin.notes]
    if model.record.result.resumed_from:
        notes.append(
            f"it went on from the checkpoint of step {model.record.result.resumed_from:,}; time and speed are of what "
            "followed"
        )
    if model.record.seeds is not None:
        notes.append(
            f"seed {model.record.seeds['kept']} was the best of {len(model.record.seeds['runs'])} on the validation "
            "pairs, and is kept: its own figures there are partly luck, the mean is not"
        )
    dropped = sum(pairs.origin.rows_dropped.values())
    if dropped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in pairs.origin.rows_dropped.items())
        notes.append(f"{dropped:,} rows were left out: {reasons}")
    cut = model.record.truncation
    if cut.pairs_cut:
        notes.append(
            f"{cut.pairs_cut:,} of {cut.pairs:,} pairs are longer than {model.max_length} tokens and were cut "
            f"(--max-length)"
        )
    if held_out is not None:
        of_validation = [note for note in held_out.origin.notes if note not in pairs.origin.notes]
        of_validation += [
            f"{count:,} rows were left out: {why}" for why, count in held_out.origin.rows_dropped.items()
        ]
        notes.extend(f"validation: {note}" for note in of_validation)
    if held_out is None:
        notes.append("no validation pairs: the last epoch was kept (--validation chooses the best one)")
        return tuple(notes)
    shared = len(np.intersect1d(held_out.pair_numbers(), model.record.pair_numbers()))
    if shared:
        notes.append(f"{shared:,} validation pairs are training pairs, too: the figures are too good")
    return tuple(notes)
