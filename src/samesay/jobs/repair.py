"""Teach a model what the behaviour suite found missing, and keep the new one only if nothing else got worse."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from samesay.bundle import require_replaceable
from samesay.data import PairTable, ReadOptions, load_pairs
from samesay.data.columns import order_of
from samesay.data.sources.builtin import generate
from samesay.errors import LabelMismatch, UsageError
from samesay.evaluation import evaluate
from samesay.evaluation.behaviour.expectations import HANDWRITTEN, IDENTITY, NEUTRAL, accepted_for, chosen
from samesay.evaluation.behaviour.results import Behaviour
from samesay.evaluation.comparison import (
    SIGNIFICANT,
    Difference,
    contrast,
    holm,
    mcnemar,
    require_scipy,
)
from samesay.jobs.check import CheckedModel, check
from samesay.model.runtime.backend import cache_folder
from samesay.pair_model import PairModel
from samesay.pairs import ProgressListener
from samesay.predictors.opening import open_predictor
from samesay.synthetic.repair.generator import TOPICS, iter_pairs
from samesay.training.recipe import Recipe

TAUGHT_BY: dict[str, tuple[str, ...]] = {
    "negation": ("negation", "conditionals"),
    "antonyms": ("opposites",),
    "taxonomy": ("kinds",),
    "numbers": ("counts", "measures", "values"),
    "quantifiers": ("quantifiers",),
    "roles": ("encounters", "relations", "deliveries"),
    "voice": ("encounters", "deliveries"),
    "place-and-time": ("windows", "dates", "sequences", "occasions", "whereabouts"),
    "conjunction": ("conjunction",),
    "comparison": ("rankings", "measures", "qualities"),
    "modality": ("duties", "reports", "attempts", "conditionals"),
    "coreference": ("deliveries", "profiles", "posts", "relations"),
}
"""Capability of the suite to the topics of ``samesay.synthetic.repair`` that teach it; the others are taught by all."""

BELOW = 0.95
N_PAIRS = 4_000
# Of the usual learning rate: what a model knows is to be moved a little.
_SHARE_OF_RATE = 1.0


@dataclass(frozen=True, slots=True)
class RepairedCapability:
    """A capability before and after.

    Attributes:
        capability: Its name.
        n_tests: Tests, the same before and after.
        before: The share that passed, in [0, 1].
        after: The share that passes now.
        taught: Whether pairs were made to teach it.
        change: ``better`` or ``worse`` where luck does not explain it (McNemar's exact test at 5 %, corrected by Holm
            for all capabilities), or empty.
    """

    capability: str
    n_tests: int
    before: float
    after: float
    taught: bool
    change: str


@dataclass(frozen=True)
class RepairResult:
    """What repairing did.

    Attributes:
        path: The new model; None where the old one was kept.
        model: What was to be repaired.
        reason: Why the old model was kept; empty where it was not.
        capabilities: What the suite says before and after.
        n_pairs: Generated pairs that taught it.
        n_rehearsed: Pairs on which it was held to its old answers.
        validation: How much higher each metric is on the validation pairs, where there were any.
        seconds: Time in training steps.
        notes: What its user should know.
    """

    path: str | None
    model: str
    reason: str
    capabilities: tuple[RepairedCapability, ...]
    n_pairs: int
    n_rehearsed: int
    validation: dict[str, Difference] | None
    seconds: float
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types."""
        return asdict(self)


def repair(
    model: str | Path,
    data: str | None = None,
    *,
    output: str | Path,
    validation: str | None = None,
    capabilities: Sequence[str] = (),
    below: float = BELOW,
    n_pairs: int = N_PAIRS,
    seed: int = 0,
    overwrite: bool = False,
    progress: ProgressListener | None = None,
    **options: Any,
) -> RepairResult:
    """Retrain ``model`` on what ``check`` finds missing; save it where that helped and harmed nothing.

    Pairs are generated for the capabilities that fail, from other templates and other words than the suite's (a
    thousand of such pairs repair what many more of the usual ones do not: Min et al. 2020, "Syntactic Data Augmentation
    Increases Robustness to Inference Heuristics"). Beside them the model is held to its own old answers on pairs of
    the kind that it is for (Li & Hoiem 2017, "Learning without Forgetting"). The suite, and the validation pairs,
    then decide which of the two models stays.

    Args:
        model: A saved model whose labels are those of entailment.
        data: Pairs of the kind that the model is for, whose labels are not looked at; generated captions where absent.
        output: The new model's folder.
        validation: Labelled pairs on which it must not get worse.
        capabilities: The names of those to repair; all that pass less than ``below`` where empty.
        below: A share in [0, 1].
        n_pairs: How many pairs are generated; as many again, and as many more, are rehearsed.
        seed: Of the pairs, of their order and of dropout; the suite is always the same.
        overwrite: Replace a model at ``output``.
        progress: Hears how far it has come.
        **options: How ``data`` and ``validation`` are read: fields of ``samesay.data.ReadOptions``.

    Returns:
        What was done; its ``path`` is None where nothing was written.

    Raises:
        LabelMismatch: If the labels are not those of entailment.
        UsageError: If there is no such capability, or it is not taught by pairs.
        ExtraMissing: If scipy is not installed.
        DataError, BundleError: If the pairs or the model cannot be used.
        TargetExists: If there is something at ``output`` and ``overwrite`` is false.
    """
    require_replaceable(output, overwrite=overwrite)
    require_scipy()
    reading = ReadOptions(**options)
    before = check(model, progress=progress)
    failing = _failing(before, capabilities, below)
    rehearsed = _rehearsed(data, reading, 2 * n_pairs, seed)
    opened = PairModel.load(model)
    held_out = measured = None
    if validation is not None:
        held_out = load_pairs(validation, reading, prefer=("validation", "test")).with_answers(opened.answers)
        measured = evaluate(open_predictor(model).predictor, held_out, progress=progress)
    if not failing:
        reason = f"every capability passes {below:.0%} of its tests or more"
        return RepairResult(None, str(model), reason, _results(before, before, ()), 0, 0, None, 0.0, ())

    taught = list(islice(_lessons(opened, before, failing, seed), n_pairs))
    rate = Recipe().for_encoder(opened.task.backbone.hidden_dim).learning_rate
    assert rate is not None
    fitted = opened.fit(
        {name: [row[name] for row in taught] for name in taught[0]},
        teacher=model,
        unlabelled=rehearsed,
        teacher_weight=0.0,
        epochs=1,
        learning_rate=_SHARE_OF_RATE * rate,
        seed=seed,
        progress=progress,
    )
    after = check(opened.predictor, progress=progress)
    results = _results(before, after, failing)
    differences = None
    if held_out is not None and measured is not None:
        differences = contrast(measured, [opened.evaluate(held_out, progress=progress)])[0].differences
    reason = _reason_to_keep_the_old(before, after, results, failing, differences)
    if not reason:
        opened.save(output, overwrite=overwrite, progress=progress)
    notes = [
        *rehearsed.origin.notes,
        *(["it has to be calibrated again: samesay calibrate"] if not reason else []),
        *(["there were no validation pairs: the suite alone says what got worse"] if not validation else []),
    ]
    return RepairResult(
        None if reason else str(output),
        str(model),
        reason,
        results,
        len(taught),
        len(rehearsed),
        differences,
        fitted.seconds,
        tuple(notes),
    )


def _failing(checked: CheckedModel, asked: Sequence[str], below: float) -> tuple[str, ...]:
    if "entailment" not in checked.roles:
        raise LabelMismatch(
            f"The pairs that repair are about entailment; {checked.model} answers with "
            f"{', '.join(checked.roles.values()) or 'scores'}.",
            where=checked.model,
            expected="a model whose labels are entailment, neutral and contradiction, or two of them",
        )
    if not 0 <= below <= 1:
        raise UsageError(f"{below:g} is no share.", where="--below", expected="a number from 0 to 1")
    rates = {result.capability: result.pass_rate for result in _of_suite(checked.behaviour)}
    names = [name for name in rates if name in TAUGHT_BY or name in ("unrelated", IDENTITY)]
    wanted = chosen(names, asked)
    return tuple(name for name in wanted if asked or rates[name] < below)


def _of_suite(behaviour: Behaviour) -> list[Any]:
    return [result for result in behaviour.results if result.section != HANDWRITTEN]


def _rehearsed(data: str | None, reading: ReadOptions, most: int, seed: int) -> PairTable:
    if data is None:
        return generate(most, seed=seed)
    table = load_pairs(
        data, reading, need_labels=False, prefer=("train",), texts_in=cache_folder() / "reading"
    )
    if len(table) <= most:
        return table
    return table.select(np.sort(np.random.default_rng(seed).choice(len(table), most, replace=False)))


def _lessons(
    model: PairModel, checked: CheckedModel, failing: Sequence[str], seed: int
) -> Iterator[dict[str, str]]:
    """Pairs for the failing capabilities, with the labels and in the order of sides of the model."""
    topics = {topic for name in failing for topic in TAUGHT_BY.get(name, tuple(TOPICS))}
    names = tuple(model.sides)[::-1] if order_of(model.sides) == 1 else tuple(model.sides)
    for pair, _ in iter_pairs(seed=seed, topics=tuple(topic for topic in TOPICS if topic in topics)):
        relation = pair.label or ""
        if relation not in checked.roles and "not entailment" in checked.roles:
            relation = "not entailment"
        if relation == NEUTRAL and NEUTRAL not in checked.roles:
            continue
        yield {
            names[0]: pair.first,
            names[1]: pair.second,
            "label": accepted_for(relation, checked.roles)[0],
        }


def _changes(before: CheckedModel, after: CheckedModel) -> dict[tuple[str, str], Counter[str]]:
    """By section and capability, how many tests were won and lost."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for old, new in zip(before.behaviour.outcomes, after.behaviour.outcomes, strict=True):
        if old.passed != new.passed:
            found[old.test.section, old.test.capability]["won" if new.passed else "lost"] += 1
    return found


def _results(
    before: CheckedModel, after: CheckedModel, failing: Sequence[str]
) -> tuple[RepairedCapability, ...]:
    changes = _changes(before, after)
    pairs = list(zip(before.behaviour.results, after.behaviour.results, strict=True))
    counts = [changes[old.section, old.capability] for old, _ in pairs]
    luck = holm([mcnemar(one["won"], one["lost"]) for one in counts])
    return tuple(
        RepairedCapability(
            old.capability if old.section != HANDWRITTEN else f"{HANDWRITTEN} {old.capability}",
            old.n_tests,
            old.pass_rate,
            new.pass_rate,
            old.capability in failing,
            "" if probable >= SIGNIFICANT else "better" if count["won"] > count["lost"] else "worse",
        )
        for (old, new), count, probable in zip(pairs, counts, luck, strict=True)
    )


def _reason_to_keep_the_old(
    before: CheckedModel,
    after: CheckedModel,
    results: Sequence[RepairedCapability],
    failing: Sequence[str],
    differences: dict[str, Difference] | None,
) -> str:
    if worse := [one.capability for one in results if one.change == "worse"]:
        return f"it got worse at {', '.join(worse)}"
    accuracy = differences["accuracy"] if differences else None
    if accuracy is not None and accuracy.is_clear and accuracy.value < 0:
        return f"its accuracy on the validation pairs fell by {-accuracy.value:.3f}"
    changes = [count for (_, name), count in _changes(before, after).items() if name in failing]
    won, lost = (sum(count[kind] for count in changes) for kind in ("won", "lost"))
    if won <= lost or mcnemar(won, lost) >= SIGNIFICANT:
        return f"it did not get better at {', '.join(failing)}"
    return ""
