"""What a run learns from, checked against its recipe: read from the sources that a run names, or given in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samesay.data import PairTable, ReadOptions, load_pairs, load_splits, require_contrast
from samesay.data.filters import Condition, conditions_in
from samesay.data.groups import hold_out
from samesay.data.sources.locate import is_standard_input
from samesay.data.splits import SPLITS, canonical_split
from samesay.errors import ColumnNotFound, UsageError
from samesay.model.runtime.backend import cache_folder
from samesay.pairs import Answers, ProgressListener, Sides
from samesay.recipes.run import Run
from samesay.runs.teacher import answered, require_teacher
from samesay.training.few_pairs import FEW
from samesay.training.recipe import Recipe

HELD_OUT_BELOW, WORTH_MEASURING = 20_000, 10
"""Of so many pairs, whose texts are kept on the disk, nothing is held out unasked; and never fewer than so many."""


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from; made by ``of``, which checks it.

    Attributes:
        pairs: Pairs with labels or scores.
        validation: What the best weights are chosen by.
        unlabelled: Pairs that the teacher alone answers.
        teacher: A saved model whose answers are learned as well.
        gold: Whether the labels of ``pairs`` are gold ones, and not the teacher's.
        held_out: Pairs that were given for learning and are only measured on.
        held_share: The share of the pairs that was asked to be set apart, to measure on or as validation pairs.
    """

    pairs: PairTable
    validation: PairTable | None = None
    unlabelled: PairTable | None = None
    teacher: str | None = None
    gold: bool = True
    held_out: PairTable | None = None
    held_share: float = 0.0

    @property
    def measured(self) -> PairTable | None:
        """The pairs that the model is measured on."""
        return self.held_out if self.validation is None else self.validation

    @classmethod
    def of(
        cls,
        pairs: PairTable,
        recipe: Recipe,
        *,
        validation: PairTable | None = None,
        unlabelled: PairTable | None = None,
        teacher: str | None = None,
        gold: bool = True,
        held_out: PairTable | None = None,
        held_share: float = 0.0,
        seeds: int = 1,
    ) -> TrainingData:
        """The data of a run by ``recipe``.

        Raises:
            UsageError: If a setting needs validation pairs, a teacher or the other task.
            DataError: If all pairs carry one label, or the teacher does not answer as the pairs do.
        """
        assert pairs.answers is not None
        if teacher is not None:
            require_teacher(teacher, pairs.answers)
        else:
            recipe.require_no_teacher()
            if unlabelled is not None:
                raise UsageError(
                    "The unlabelled pairs have neither labels nor a teacher.",
                    where="unlabelled",
                    expected="a teacher, too: --teacher MODEL",
                )
        require_contrast(pairs)
        if validation is None:
            recipe.require_no_validation(seeds=seeds)
        recipe.for_task(pairs.answers.task)
        return cls(pairs, validation, unlabelled, teacher, gold, held_out, held_share)

    def read_by(self, answers: Answers, sides: Sides) -> TrainingData:
        """The same with the labels in the order of a model, and the sides in its reading order."""
        return replace(
            self,
            pairs=self.pairs.with_answers(answers).with_sides(sides),
            validation=self.validation and self.validation.with_answers(answers).with_sides(sides),
            unlabelled=self.unlabelled and self.unlabelled.with_sides(sides),
            held_out=self.held_out and self.held_out.with_answers(answers).with_sides(sides),
        )


def read_training_data(
    run: Run, recipe: Recipe, reading: ReadOptions, *, progress: ProgressListener | None = None
) -> tuple[TrainingData, Recipe]:
    """The data that ``run`` names, and the recipe as it is followed on it.

    Where the pairs have no labels, the teacher's answers take their place, and are all that is learned.

    Args:
        run: Names the sources.
        recipe: How to train.
        reading: How the sources are read, sides and scale of a saved model among it.
        progress: Hears the teacher's answers.

    Raises:
        DataError: If a source cannot be read, and as ``TrainingData.of``.
        UsageError: As ``TrainingData.of``.
    """
    pairs, validation = _labelled(run, reading)
    gold = pairs.answers is not None
    if not gold:
        assert run.teacher is not None
        if recipe.teacher_weight not in (Recipe.teacher_weight, 1.0):
            raise UsageError(
                f"teacher_weight {recipe.teacher_weight!r} leaves a part to gold labels, and the pairs have none.",
                where="teacher_weight",
                expected="nothing, or 1",
            )
        # They stand in for gold answers and weigh nothing as such: the teacher's logits are all that is learned.
        pairs, recipe = answered(run.teacher, pairs, progress=progress), replace(recipe, teacher_weight=1.0)
    assert pairs.answers is not None
    if validation is not None:
        validation = validation.with_answers(pairs.answers).with_sides(pairs.sides)
    whole, share, held_out = len(pairs), share_held_out(run, len(pairs)), None
    if share and gold and validation is None:
        pairs, held_out = hold_out(pairs, share) or (pairs, None)
        if held_out is None and run.hold_out:
            raise UsageError(
                f"No {share:.0%} of the pairs can be held out: their texts come up in too many of them.",
                where="hold_out",
                expected="validation pairs of their own (--validation), or --hold-out 0",
            )
        if recipe.needs_validation(seeds=run.seeds):
            validation, held_out = held_out, None
    unlabelled = None
    if run.unlabelled is not None:
        more = reading.of_another_source()
        unlabelled = load_pairs(
            run.unlabelled, more, sides=pairs.sides, need_labels=False, prefer=("train",), texts_in=_texts()
        ).with_sides(pairs.sides)
    data = TrainingData.of(
        pairs,
        recipe,
        validation=validation,
        unlabelled=unlabelled,
        teacher=run.teacher,
        gold=gold,
        held_out=held_out,
        held_share=share if whole > len(pairs) else 0.0,
        seeds=run.seeds,
    )
    return data, recipe


def share_held_out(run: Run, n_pairs: int) -> float:
    """The share of the pairs that a run without validation pairs is measured on, and does not learn from."""
    if run.hold_out is not None:
        return run.hold_out
    if is_searched(run, n_pairs) or n_pairs >= HELD_OUT_BELOW:
        return 0.0
    share = 0.2 if n_pairs < FEW else 0.1
    return share if share * n_pairs >= WORTH_MEASURING else 0.0


def is_searched(run: Run, n_pairs: int) -> bool:
    """Whether several recipes are tried on the pairs of ``run``, and the best of them is taken.

    Raises:
        UsageError: If that was asked for of a run to which it does not apply.
    """
    against = {
        "teacher": run.teacher is not None,
        "seeds": run.seeds > 1,
        "carry_head": run.carry_head,
    }
    name = next((name for name, given in against.items() if given), None)
    if run.time_budget is None:
        return run.preset is None and name is None and n_pairs < FEW
    if name is not None or n_pairs >= FEW:
        raise UsageError(
            "time_budget is of runs that try several recipes.",
            where="time_budget",
            expected=f"no {name} beside it" if name else f"fewer than {FEW:,} pairs; these are {n_pairs:,}",
        )
    return True


def _labelled(run: Run, reading: ReadOptions) -> tuple[PairTable, PairTable | None]:
    """Training and validation pairs; with a teacher perhaps without labels."""
    assert run.data is not None
    need_labels = True if run.teacher is None else None
    if run.validation is not None or reading.split is not None:
        pairs = load_pairs(run.data, reading, need_labels=need_labels, prefer=("train",), texts_in=_texts())
        return pairs, _validation(run.validation, reading, pairs) if run.validation is not None else None
    tables = load_splits(run.data, reading, need_labels=need_labels, texts_in=_texts(), require_learned=True)
    pairs = tables.get("train") or next(iter(tables.values()))
    validation = tables.get("validation") if "train" in tables else None
    return pairs, validation if validation is not None and validation.answers is not None else None


def _validation(source: str, reading: ReadOptions, pairs: PairTable) -> PairTable:
    """The pairs that meet those of the conditions on the training pairs that can be asked of them; a note on others."""
    reading = replace(reading.of_another_source(), sides=reading.sides, where=reading.where)
    if pairs.answers is not None:
        reading = replace(reading, task=pairs.answers.task, scale=pairs.scale)
    asked = conditions_in(reading.where)

    def met(conditions: Sequence[Condition]) -> PairTable:
        return load_pairs(
            source,
            reading,
            where=tuple(map(str, conditions)) or None,
            prefer=("validation", "test"),
            texts_in=_texts(),
            target_labels=pairs.labels,
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


def _texts() -> Path:
    return cache_folder() / "reading"
