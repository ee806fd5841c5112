"""Few pairs: a small set of recipes, cross-validated within a time budget, and the best of them for all pairs."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import located, model_for
from samesay.data import PairTable
from samesay.decision import Decision, values_of
from samesay.embedder import Embedder
from samesay.errors import BuiltinUnusable, PresetUnknown, SameSayError, UsageError
from samesay.evaluation import Evaluation, evaluate
from samesay.evaluation.fitting import fit_temperature
from samesay.evaluation.metrics import log_loss
from samesay.evaluation.usefulness import Alternative, GivenAnswers, alternatives
from samesay.model.presets.installed import MINILM
from samesay.model.presets.resolve import fetched, resolve
from samesay.pair_model import PairModel
from samesay.pairs import Answers, Progress, ProgressListener, Scale, are_alike
from samesay.printable import command
from samesay.recipes.run import Run
from samesay.training.few_pairs import (
    DEFAULT_BUDGET,
    FEW,
    Candidate,
    candidates,
    folds_of,
    worth_finishing,
)
from samesay.training.recipe import WIDE_ENCODER, Recipe

_LOG = logging.getLogger("samesay")


@dataclass(frozen=True)
class Tried:
    """A recipe that was cross-validated.

    Attributes:
        name: What it starts from, and what learns.
        settings: Of its recipe, beside the defaults.
        metrics: On the pairs of the folds that were left out in turn; empty where it could not be trained.
        folds: How many of them were done.
        seconds: What they took.
        note: Why they are not all, or that it was chosen.
    """

    name: str
    settings: dict[str, Any]
    metrics: dict[str, float]
    folds: int
    seconds: float
    note: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {**vars(self)}


@dataclass(frozen=True)
class Search:
    """What was tried on few pairs, and what came of it.

    Attributes:
        chosen: What does best.
        carry_head: Whether its head starts from the saved one.
        tried: All of it.
        evaluation: Of the best one: every pair answered by a model that has seen none of its texts.
        alternatives: What needs no training, on the same pairs.
        folds: Parts into which the pairs were cut.
        grouped_by: What no two parts share: texts of both sides, or of one.
        budget: Seconds that there were.
        seconds: Seconds that it took.
    """

    chosen: Candidate
    carry_head: bool
    tried: tuple[Tried, ...]
    evaluation: Evaluation
    alternatives: tuple[Alternative, ...]
    folds: int
    grouped_by: str
    budget: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "chosen": self.chosen.name,
            "tried": [one.to_dict() for one in self.tried],
            "folds": self.folds,
            "no_text_in_two_folds": self.grouped_by,
            "time_budget": self.budget,
            "seconds": self.seconds,
        }


def default_presets(answers: Answers) -> list[str]:
    """What a training starts from where no preset is named: the built-in model of such answers, and MiniLM.

    Raises:
        PresetUnknown: If this installation has neither.
    """
    found = []
    if (builtin := model_for(answers)) is not None:
        try:
            located(builtin)
            found.append(builtin)
        except BuiltinUnusable as problem:
            _LOG.info("%s Training starts from MiniLM.", problem.message)
    try:
        resolve(MINILM)
        found.append(MINILM)
    except SameSayError as problem:
        if not found:
            raise PresetUnknown(
                f"There is nothing to start from: {problem.message}",
                where="preset",
                expected="the weights of MiniLM, or a model of your own by --preset",
                hint=problem.hint,
            ) from problem
    return found


def use_of(preset: str) -> str:
    """The command that uses a saved model as it is."""
    return command("samesay", "score", preset, "first text", "second text")


def carries_head(preset: str, answers: Answers) -> bool:
    """Whether ``preset`` is a model with a head for other answers, from which one for ``answers`` can start."""
    from samesay.training.carried_head import can_carry

    mine = resolve(preset).answers
    return mine is not None and not are_alike(mine, answers) and can_carry(mine, answers)


def carry_head(model: PairModel, preset: str, table: PairTable, *, max_length: int | None) -> PairModel:
    """Start the new head of ``model`` from the saved one of ``preset``, by what that answers to ``table``."""
    from samesay.training.carried_head import carry, read_as

    old = PairModel.from_preset(preset, max_length=max_length)
    table = table.with_answers(model.answers).with_sides(model.sides)
    carry(old.classifier, model.classifier, read_as(old.predictor.logits(table), table))
    model.decision = Decision(symmetric=old.decision.symmetric)
    model.head = "carried"
    model.note = (
        f"new head for {model.answers.in_words}, started from the saved one for {old.answers.in_words}"
    )
    return model


class _Start:
    """A model that recipes start from, and what it answers before any training."""

    def __init__(self, preset: str, table: PairTable, recipe: Recipe, *, new_head: bool) -> None:
        from samesay.training.carried_head import can_carry

        found, answers = fetched(resolve(preset)), table.answers
        assert answers is not None
        mine = None if new_head else found.answers
        self.preset = preset
        self.kept = mine is not None and are_alike(mine, answers)
        self.carried = not self.kept and mine is not None and can_carry(mine, answers)
        names: dict[str, Any] = {"scale": answers} if isinstance(answers, Scale) else {"labels": answers}
        self.model = PairModel.from_preset(
            preset,
            **names,
            sides=found.sides or table.sides,
            max_length=recipe.max_length,
            dropout=None if self.kept else recipe.dropout,
            new_head=found.answers is not None and not self.kept,
            seed=recipe.seed,
        )
        self.table = table.with_answers(self.model.answers).with_sides(self.model.sides)
        classifier = self.model.classifier
        self.encoded = classifier.encoder.encode(self.table.first, self.table.second)
        self.targets = self.model.answers.to_targets(self.table.require_gold())
        self.old_logits: NDArray[np.float32] | None = None
        if self.carried:
            from samesay.training.carried_head import carry, read_as

            old = PairModel.from_preset(preset, max_length=recipe.max_length)
            self.model.decision = old.decision
            logits = self.old_logits = old.predictor.logits(self.table)
            carry(old.classifier, classifier, read_as(logits, self.table))
            last: Any = old.task.output_dense
            self.old_head = [np.asarray(last.kernel), np.asarray(last.bias)]
        elif self.kept:
            self.old_logits = self.model.predictor.logits(self.table)
        self.model.decision = Decision(symmetric=recipe.symmetric or self.model.decision.symmetric)
        self.weights = [np.array(one) for one in classifier.weights]

    @property
    def answers_already(self) -> bool:
        """Whether it answers without training."""
        return self.old_logits is not None

    def zero_shot(self, learned: NDArray[np.intp], out: NDArray[np.intp]) -> NDArray[np.float32]:
        """Its logits for ``out``; where it has other labels they are read by the pairs ``learned``."""
        assert self.old_logits is not None
        if self.kept:
            return self.old_logits[out]
        from samesay.training.carried_head import read_as

        matrix, biases = read_as(self.old_logits[learned], self.table.select(learned))
        return self.old_logits[out] @ matrix + biases

    def fitted(
        self, recipe: Recipe, learned: NDArray[np.intp], out: NDArray[np.intp]
    ) -> NDArray[np.float32] | None:
        """The logits for ``out`` of a model that has learned from ``learned``; None where its loss diverged.

        Raises:
            KeyboardInterrupt: If the user stopped it.
        """
        from samesay.training.carried_head import put, read_as
        from samesay.training.fit import fit
        from samesay.training.training_pairs import TrainingPairs

        classifier = self.model.classifier
        for variable, value in zip(classifier.weights, self.weights, strict=True):
            variable.assign(value)
        if self.carried:
            assert self.old_logits is not None
            kernel, bias = self.old_head
            put(classifier, kernel, bias, read_as(self.old_logits[learned], self.table.select(learned)))
        recipe = recipe.for_task(self.model.answers.task)
        recipe = recipe.for_encoder(int(getattr(self.model.task.backbone, "hidden_dim", WIDE_ENCODER)))
        pairs = TrainingPairs(self.encoded.select(learned), self.targets[learned])
        result = fit(classifier, pairs, replace(recipe, dropout=None, max_length=None))
        if result.interrupted:
            raise KeyboardInterrupt
        return None if result.diverged is not None else self.model.predictor.logits(self.table.select(out))


@dataclass
class _Run:
    """A candidate on its way through the folds."""

    candidate: Candidate
    start: _Start
    recipe: Recipe
    logits: NDArray[np.float32]
    folds: int = 0
    seconds: float = 0.0
    note: str = ""

    @property
    def a_fold(self) -> float:
        """What a fold takes, in seconds."""
        return self.seconds / max(self.folds, 1)

    def done(self) -> NDArray[np.bool_]:
        """Which pairs are answered."""
        return ~np.isnan(self.logits[:, 0])


def search(
    run: Run,
    recipe: Recipe,
    table: PairTable,
    presets: Sequence[str],
    *,
    progress: ProgressListener | None = None,
) -> Search | None:
    """Cross-validate recipes on ``table`` and say which does best; None where its texts allow no two folds.

    Args:
        run: With the time budget.
        recipe: Its settings that are not the defaults hold for every candidate.
        table: Few labelled pairs.
        presets: The models to start from.
        progress: Hears the stage ``try``, in models that were trained.

    Raises:
        UsageError: If no candidate can be trained by ``recipe``.
        KeyboardInterrupt: If the user stopped it.
    """
    began = time.monotonic()
    budget = run.budget or DEFAULT_BUDGET
    fold_of, groups = folds_of(table)
    folds = int(fold_of.max()) + 1
    if folds < 2:
        return None
    starts = [_Start(preset, table, recipe, new_head=run.new_head) for preset in presets]
    runs = []
    for start in starts:
        for candidate in candidates(start.preset, answers_already=start.answers_already):
            defaults = Recipe()
            own = {
                name: value
                for name, value in candidate.settings.items()
                if getattr(recipe, name) == getattr(defaults, name)
            }
            logits = np.full((len(table), len(start.model.answers.outputs)), np.nan, np.float32)
            candidate = replace(candidate, settings=own)
            if all(one.candidate.settings != own or one.start is not start for one in runs):
                runs.append(_Run(candidate, start, replace(recipe, **own), logits))
    zero_shot = {
        start.preset: np.zeros((len(table), len(start.model.answers.outputs)), np.float32)
        for start in starts
        if start.answers_already
    }
    tell = progress or (lambda _: None)
    alive, problem = list(runs), None
    for fold in range(folds):
        left = budget - (time.monotonic() - began)
        if fold:
            alive = _affordable(alive, left, folds - fold)
            if left < 2 * alive[0].a_fold and len(alive) == 1:
                alive[0].note = "the time was up"
                break
        learned, out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        for start in starts:
            if start.answers_already:
                zero_shot[start.preset][out] = start.zero_shot(learned, out)
        for place, one in enumerate(list(alive)):
            tell(Progress("try", fold * len(runs) + place, folds * len(runs), {"recipe": one.candidate.name}))
            since = time.monotonic()
            if fold == 0 and place and since - began > budget / 2:
                one.note = "there was no time for it"
                alive.remove(one)
                continue
            try:
                found = one.start.fitted(one.recipe, learned, out)
            except UsageError as failure:
                one.note, problem, found = failure.message, failure, None
            else:
                one.note = "" if found is not None else "its loss diverged"
            if found is None:
                alive.remove(one)
                one.logits[:] = np.nan
                continue
            one.logits[out] = found
            one.folds += 1
            one.seconds += time.monotonic() - since
        if not alive:
            raise problem or UsageError(
                "No recipe could be trained: every loss diverged.",
                where="training",
                hint="lower --learning-rate",
            )
    tell(Progress("try", folds * len(runs), folds * len(runs)))
    best = max(alive, key=lambda one: (one.folds, _merit(one)))
    done = best.done()
    part = table.select(done)
    origin = replace(part.origin, slice=" (cross-validated)")
    part = replace(part, origin=origin)
    trained = _evaluated(best.start, best.logits[done], part)
    others = {
        f"{start.preset} as it is": (
            _evaluated(start, zero_shot[start.preset][done], part),
            use_of(start.preset),
        )
        for start in starts
        if start.answers_already
    }
    if MINILM in presets:
        others |= cross_validated_cosines(table, fold_of, part, done)
    return Search(
        chosen=best.candidate,
        carry_head=best.start.carried,
        tried=tuple(_tried(one, table, chosen=one is best) for one in runs),
        evaluation=trained,
        alternatives=tuple(alternatives(trained, others)),
        folds=folds,
        grouped_by=groups.by,
        budget=budget,
        seconds=round(time.monotonic() - began, 1),
    )


def _affordable(alive: list[_Run], left: float, folds_left: int) -> list[_Run]:
    kept = worth_finishing([_merit(one) for one in alive], [one.a_fold for one in alive], left, folds_left)
    for place, one in enumerate(alive):
        if place not in kept:
            one.note = "worse in its first folds, and no time was left for it"
    return [alive[place] for place in kept]


def _merit(one: _Run) -> float:
    """How good its answers are: of labels the log loss at a fitted temperature, of scores Spearman's correlation."""
    done = one.done()
    logits, gold = one.logits[done], one.start.table.require_gold()[done]
    if one.start.table.scale is not None:
        evaluation = _evaluated(one.start, logits, one.start.table.select(done))
        return evaluation.metrics.get("spearman", -1.0)
    temperature, _ = fit_temperature(logits, gold)
    loss = log_loss(gold, values_of(logits, one.start.model.answers, Decision(temperature)))
    return -math.inf if loss is None else -loss


def _evaluated(start: _Start, logits: NDArray[np.float32], part: PairTable) -> Evaluation:
    answers = start.model.answers
    values = values_of(logits, answers, Decision())
    return evaluate(GivenAnswers(answers, start.model.sides, values), part)


def _tried(one: _Run, table: PairTable, *, chosen: bool) -> Tried:
    metrics = {}
    if (done := one.done()).any():
        metrics = dict(_evaluated(one.start, one.logits[done], table.select(done)).metrics)
    note = "chosen" + (f"; {one.note}" if one.note else "") if chosen else one.note
    return Tried(
        one.candidate.name, dict(one.candidate.settings), metrics, one.folds, round(one.seconds, 1), note
    )


def cross_validated_cosines(
    table: PairTable, fold_of: NDArray[np.int64], part: PairTable, done: NDArray[np.bool_]
) -> dict[str, tuple[Evaluation, str]]:
    """What the cosine of MiniLM's vectors says of ``part``, by a threshold (of scores a line) fitted to other folds.

    Args:
        table: All pairs.
        fold_of: The fold of each, shape ``(n_pairs,)``.
        part: The pairs that are measured.
        done: Which of ``table`` these are.

    Returns:
        By its name, as ``alternatives`` takes it; nothing where there are other answers than two labels or scores, or
        MiniLM is not installed.
    """
    from samesay.training.carried_head import read_as

    if (column := _cosines(table)) is None or table.answers is None:
        return {}
    logits = np.zeros((len(table), len(table.answers.outputs)), np.float32)
    for fold in np.unique(fold_of).tolist():
        learned, out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        matrix, biases = read_as(column[learned], table.select(learned))
        logits[out] = column[out] @ matrix + biases
    return _of_cosines(logits[done], part, table, read_as(column, table))


def cosines_beside(learned: PairTable, measured: PairTable) -> dict[str, tuple[Evaluation, str]]:
    """The same of ``measured`` by a threshold fitted to ``learned``, of which a part is enough."""
    from samesay.training.carried_head import read_as

    assert learned.answers is not None
    measured = measured.with_answers(learned.answers).with_sides(learned.sides)
    learned = learned.select(np.random.default_rng(0).permutation(len(learned))[:FEW])
    column = _cosines(learned)
    theirs = None if column is None else _cosines(measured)
    if column is None or theirs is None:
        return {}
    matrix, biases = reading = read_as(column, learned)
    return _of_cosines(theirs @ matrix + biases, measured, learned, reading)


def _cosines(table: PairTable) -> NDArray[np.float32] | None:
    """Shape ``(n_pairs, 1)``."""
    if table.labels is not None and len(table.labels) != 2:
        return None
    try:
        embedder = Embedder.open(MINILM)
    except SameSayError as problem:
        _LOG.info("nothing is compared with cosines: %s", problem.message)
        return None
    first, second = (embedder.encode(list(texts)) for texts in (table.first, table.second))
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return ((first * second).sum(axis=1) / np.maximum(lengths, 1e-12)).astype(np.float32)[:, None]


def _of_cosines(
    logits: NDArray[np.float32],
    part: PairTable,
    learned: PairTable,
    reading: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> dict[str, tuple[Evaluation, str]]:
    answers = learned.answers
    assert answers is not None
    name = "the cosine of MiniLM's vectors"
    if not isinstance(answers, Scale):
        matrix, biases = reading
        slope = float(matrix[0, 1] - matrix[0, 0])
        least = float(biases[0] - biases[1]) / slope if slope else 0.0
        name += f" ({answers.names[int(slope > 0)]} from {least:.2f} on)"
    evaluation = evaluate(GivenAnswers(answers, learned.sides, values_of(logits, answers, Decision())), part)
    return {name: (evaluation, _embedding_command(learned))}


def _embedding_command(table: PairTable) -> str:
    """The commands that write the vectors of both sides."""
    columns = table.origin.columns
    source = table.origin.files[0] if table.origin.files else "FILE"
    return " && ".join(
        command("samesay", "embed", source, "--column", columns.get(role, name), "--output", f"{name}.npy")
        for role, name in zip(("first", "second"), table.sides, strict=True)
    )
