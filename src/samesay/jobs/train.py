"""Fine-tune an encoder on a table of pairs and save it: the main job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from samesay.bundle import require_replaceable
from samesay.data import ReadOptions
from samesay.data.sources.locate import exists, locate
from samesay.errors import TrainingDiverged, UsageError
from samesay.evaluation import Evaluation
from samesay.evaluation.usefulness import Alternative, alternatives
from samesay.export import Verdict
from samesay.jobs.few import Search, carries_head, carry_head, cosines_beside, default_presets, search, use_of
from samesay.model.presets.installed import MINILM
from samesay.model.presets.resolve import resolve
from samesay.pair_model import PairModel
from samesay.pairs import Answers, ProgressListener, Scale, Sides
from samesay.recipes.run import Run
from samesay.runs.fitting import fit_model
from samesay.runs.record import anywhere
from samesay.runs.saving import save_model
from samesay.runs.seeds import fit_seeds
from samesay.runs.state import held, place_of_checkpoints
from samesay.runs.training_data import TrainingData, is_searched, read_training_data
from samesay.training.checkpoints import remove_checkpoints
from samesay.training.recipe import USUAL_EPOCHS, Recipe, RunFiles

if TYPE_CHECKING:
    from samesay.training.fit import FitResult
    from samesay.training.jax_step import ChosenStep


@dataclass(frozen=True)
class TrainResult:
    """What a training run did, and where its model is.

    Attributes:
        path: The saved model.
        preset: What it was opened from.
        head: ``"kept"``, ``"new"`` or ``"carried"``.
        recipe: With every default decided.
        n_pairs: Pairs it learned from.
        label_counts: How many of them carry each label; empty for scores.
        answers: What the model answers with.
        sides: What the two texts are called, in reading order.
        evaluation: Metrics on pairs that were not learned from, where there were any.
        measured_on: Which those are: ``validation``, ``held out`` or ``cross-validation``; None where there are none.
        alternatives: What needs no training, beside the model on the same pairs.
        few_pairs: What was tried, where pairs are few.
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
    answers: Answers
    sides: Sides
    evaluation: Evaluation | None
    measured_on: Literal["validation", "held out", "cross-validation"] | None
    alternatives: tuple[Alternative, ...]
    few_pairs: Search | None
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

    @property
    def warnings(self) -> list[str]:
        """What is to be known before anybody relies on the model."""
        return [one.warning for one in self.alternatives if one.warning is not None]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types."""
        return {
            "path": str(self.path),
            "preset": self.preset,
            "head": self.head,
            "recipe": self.recipe.to_dict(),
            "n_pairs": self.n_pairs,
            "task": self.answers.task,
            "label_counts": self.label_counts,
            "scale": self.answers.to_dict()["scale"],
            "sides": list(self.sides),
            "metrics": self.evaluation.metrics if self.evaluation else {},
            "evaluation": self.evaluation.to_dict() if self.evaluation else None,
            "measured_on": self.measured_on,
            "alternatives": [one.to_dict() for one in self.alternatives],
            "warnings": self.warnings,
            "few_pairs": self.few_pairs.to_dict() if self.few_pairs else None,
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

    What can be refused is refused before anything is computed: the output, the recipe, the data, the preset. Where no
    preset is named it is the built-in model of such labels, or MiniLM. On few pairs several recipes are tried first.

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
    run = _complete(run)
    assert run.output is not None
    recipe, files, target = Recipe.of(recipe), files or RunFiles(), Path(run.output)
    seeds = range(recipe.seed, recipe.seed + run.seeds)
    require_replaceable(target, overwrite=overwrite)
    checkpoints = place_of_checkpoints(
        files.checkpoints, target, resume=resume, overwrite=overwrite, seeds=seeds
    )
    data, recipe = read_training_data(run, recipe, _reading(run), progress=progress)
    asked = (run, recipe)
    run, recipe, found = _decided(run, recipe, data, progress)
    if found is not None:
        # It takes about a minute, and another search may end elsewhere: there is nothing to resume.
        checkpoints = None
    repeatable = _from_anywhere(run, data)
    before: dict[str, Evaluation] = {}

    def fitted(seed: int) -> tuple[PairModel, FitResult]:
        model = _opened(run, recipe, data, seed)
        if data.measured is not None and model.head != "new":
            before[model.preset] = model.evaluate(data.measured, progress=progress)
        own_files = replace(
            files,
            checkpoints=str(checkpoints / f"seed-{seed}") if checkpoints else None,
            tensorboard=str(Path(files.tensorboard) / f"seed-{seed}") if files.tensorboard else None,
        )
        return model, fit_model(model, data, replace(recipe, seed=seed), files=own_files, progress=progress)

    with held(checkpoints):
        if checkpoints is not None and not resume:
            remove_checkpoints(checkpoints)
        model, results = fit_seeds(fitted, seeds)
        evaluation, measured_on, others = None, None, ()
        if data.measured is not None:
            evaluation = model.evaluate(data.measured, progress=progress)
            measured_on = "held out" if data.validation is None else "validation"
            others = _alternatives(model, data, evaluation, before)
        elif found is not None:
            evaluation, measured_on, others = found.evaluation, "cross-validation", found.alternatives
        saved = save_model(
            model, target, overwrite=overwrite, evaluation=evaluation, run=repeatable, progress=progress
        )
        interrupted = any(one.interrupted for one in results)
        if checkpoints is not None and not interrupted:
            remove_checkpoints(checkpoints)
    assert model.record is not None
    result = model.record.result
    if (problem := results[-1].diverged) is not None:
        raise TrainingDiverged(
            f"{problem.message} The model of epoch {result.best_epoch} was saved to {saved.path}.",
            where=problem.where,
            hint=problem.hint,
            details={**problem.details, "saved": str(saved.path), "best_epoch": result.best_epoch},
        )
    return TrainResult(
        path=saved.path,
        preset=str(run.preset),
        head=model.head,
        recipe=model.record.recipe,
        n_pairs=len(data.pairs),
        label_counts=data.pairs.label_counts() if data.pairs.scale is None else {},
        answers=model.answers,
        sides=model.sides,
        evaluation=evaluation,
        measured_on=measured_on,
        alternatives=others,
        few_pairs=found,
        history=result.history,
        best_epoch=result.best_epoch,
        interrupted=interrupted,
        checkpoints=checkpoints if interrupted else None,
        seeds=model.record.seeds,
        onnx=saved.onnx,
        seconds=result.seconds,
        pairs_per_second=result.pairs_per_second,
        padding_share=result.padding_share,
        step=result.step,
        trained_weights=result.trained_weights,
        notes=(
            *_notes(model, data, asked, found),
            *_of_other_pairs(asked[0], repeatable),
            *_of_teacher(data),
        ),
    )


def _complete(run: Run) -> Run:
    """``run``, which has what every run needs."""
    needed = {"data": "argument 'DATA'", "output": "option '--output'"}
    for name, words in needed.items():
        if getattr(run, name) is None:
            raise UsageError(
                f"Missing {words}.",
                where="samesay train",
                expected=f"it here, or {name} in a recipe (--config)",
                hint="samesay train --help",
            )
    return run


def _reading(run: Run) -> ReadOptions:
    """How the data is read: sides and scale of a saved model that is named hold for it, too."""
    if run.preset is None:
        return run.reading
    preset = resolve(run.preset)
    takes_head = not (run.new_head or run.carry_head or run.time_budget)
    scale = preset.answers if isinstance(preset.answers, Scale) and takes_head else None
    return replace(run.reading, sides=run.reading.sides or preset.sides, scale=run.reading.scale or scale)


def _decided(
    run: Run, recipe: Recipe, data: TrainingData, progress: ProgressListener | None
) -> tuple[Run, Recipe, Search | None]:
    """``run`` with what it starts from, and its recipe: the best of several where pairs are few."""
    answers = data.pairs.answers
    assert answers is not None
    presets = [run.preset] if run.preset is not None else default_presets(answers)
    if is_searched(run, len(data.pairs)):
        found = search(run, recipe, data.pairs, presets, progress=progress)
        if found is not None:
            chosen = found.chosen
            run = replace(
                run, preset=chosen.preset, carry_head=found.carry_head, hold_out=0.0, time_budget=None
            )
            return run, replace(recipe, **chosen.settings), found
    carry = run.carry_head or (run.preset is None and carries_head(presets[0], answers))
    return replace(run, preset=presets[0], carry_head=carry), recipe, None


def _opened(run: Run, recipe: Recipe, data: TrainingData, seed: int) -> PairModel:
    """What the run begins with, its head made for the data."""
    preset = str(run.preset)
    model = PairModel.from_preset(
        preset,
        data.pairs.labels,
        scale=data.pairs.scale,
        sides=resolve(preset).sides or data.pairs.sides if run.reading.sides is None else data.pairs.sides,
        max_length=recipe.max_length,
        dropout=recipe.dropout,
        new_head=run.new_head or run.carry_head,
        seed=seed,
    )
    if not run.carry_head:
        return model
    return carry_head(model, preset, data.pairs, max_length=recipe.max_length)


def _alternatives(
    model: PairModel, data: TrainingData, evaluation: Evaluation, before: Mapping[str, Evaluation]
) -> tuple[Alternative, ...]:
    """What needs no training, on the pairs that ``model`` was measured on."""
    measured = data.measured
    assert measured is not None
    others = {f"{name} as it is": (one, use_of(name)) for name, one in before.items()}
    if model.preset == MINILM and data.gold:
        others |= cosines_beside(data.pairs, measured)
    return tuple(alternatives(evaluation, others))


def _from_anywhere(run: Run, data: TrainingData) -> Run:
    """What repeats ``run`` from any folder: paths absolute, with the fingerprints of its pairs."""

    def absolute(source: str | None) -> str | None:
        located = locate(source) if source is not None else None
        if source is None or located is None or not source.startswith(located.name):
            return source
        if not exists(located.name):
            return source
        return f"{Path(located.name).absolute()}{source.removeprefix(located.name)}"

    return Run(
        data=absolute(run.data),
        validation=absolute(run.validation),
        reading=run.reading,
        preset=anywhere(str(run.preset)),
        teacher=anywhere(run.teacher) if run.teacher is not None else None,
        unlabelled=absolute(run.unlabelled),
        new_head=run.new_head,
        carry_head=run.carry_head,
        hold_out=run.hold_out,
        data_fingerprint=data.pairs.fingerprint(),
        validation_fingerprint=data.validation.fingerprint() if data.validation is not None else None,
    )


def _of_other_pairs(asked: Run, repeated: Run) -> Iterator[str]:
    """What is said where a recipe that is repeated meets other pairs than it was saved with."""
    for kind, recorded, found in (
        ("training", asked.data_fingerprint, repeated.data_fingerprint),
        ("validation", asked.validation_fingerprint, repeated.validation_fingerprint),
    ):
        if recorded not in (None, found):
            now = f"these have {found[:12]}..." if found else "there are none"
            yield f"the {kind} pairs are not those of the recipe: it recorded {recorded[:12]}..., {now}"


def _of_teacher(data: TrainingData) -> Iterator[str]:
    if data.teacher is not None:
        more = (
            f", and of {len(data.unlabelled):,} pairs without labels alone"
            if data.unlabelled is not None
            else ""
        )
        what = (
            "its answers were learned beside the labels"
            if data.gold
            else "its answers are all that was learned"
        )
        yield f"{data.teacher} taught it: {what}{more}"


def _notes(
    model: PairModel, data: TrainingData, asked: tuple[Run, Recipe], found: Search | None
) -> Iterator[str]:
    record, origin = model.record, data.pairs.origin
    assert record is not None
    yield from (model.note, *origin.notes)
    if asked[0].preset is None and found is None:
        yield f"no --preset was given: training starts from {model.preset}"
    epochs = record.recipe.epochs
    if epochs is not None and epochs > USUAL_EPOCHS and asked[1].epochs is None:
        yield f"{epochs} epochs, so that {record.result.steps:,} steps are made of {len(data.pairs):,} pairs (--epochs)"
    if record.result.resumed_from:
        yield f"it was resumed at step {record.result.resumed_from:,}; time and speed are of what followed"
    if record.seeds is not None:
        yield (
            f"seed {record.seeds['kept']} was the best of {len(record.seeds['runs'])} on the validation pairs, and is "
            "kept: its own metrics there are partly luck, the mean is not"
        )
    if origin.rows_dropped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in origin.rows_dropped.items())
        yield f"{sum(origin.rows_dropped.values()):,} rows were left out: {reasons}"
    truncated = record.truncation
    if truncated.pairs_cut:
        yield (
            f"{truncated.pairs_cut:,} of {truncated.pairs:,} pairs are longer than {model.max_length} tokens and were "
            "truncated (--max-length)"
        )
    if data.validation is None:
        if found is not None:
            done = next(one.folds for one in found.tried if one.name == found.chosen.name)
            yield (
                f"{found.chosen.name} was chosen, and trained on all pairs; its metrics are of {done} of {found.folds} "
                "parts of the pairs, each answered by a model that has not learned from it (cross-validation)"
            )
        elif data.held_out is None:
            yield (
                "no validation pairs: nothing was measured, and the last epoch was kept (--validation chooses the best "
                "one, --hold-out 0.1 sets pairs apart to measure on)"
            )
        return
    of_validation = data.validation.origin
    yield from (f"validation: {note}" for note in of_validation.notes if note not in origin.notes)
    for reason, count in of_validation.rows_dropped.items():
        yield f"validation: {count:,} rows were left out: {reason}"
    shared = len(np.intersect1d(data.validation.pair_hashes(), record.pair_hashes()))
    if shared:
        yield f"{shared:,} validation pairs are training pairs, too: the metrics are too good"
