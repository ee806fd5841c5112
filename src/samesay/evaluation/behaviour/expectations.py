"""What is expected of a model on the behaviour suite, for every kind of task, by the names of its labels.

Knows what is true of the texts, which label says so, and which answers are right.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from samesay.data.table import PairTable
from samesay.decision import decisions_of
from samesay.errors import LabelMismatch, LabelUnknown, UsageError, near
from samesay.evaluation.behaviour.suite_file import SuiteRow
from samesay.pairs import Answers, LabelSet, Pair, Predictor, Scale, Task
from samesay.synthetic.behaviour.block import Block
from samesay.synthetic.behaviour.perturbations import PERTURBATIONS
from samesay.synthetic.behaviour.suite import BLOCKS, CAPABILITIES, blocks_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
NOT_ENTAILMENT = "not entailment"
SAME, DIFFERENT = "same", "different"
# Expectations that name no label.
UNCHANGED, ABOVE = "the answer before the change", "above the other pair"

TEMPLATES, INVARIANCES, HANDWRITTEN = "templates", "invariances", "handwritten"
IDENTITY = "identity"
_SYMMETRIC_ONLY = "order"
# Distinct pairs of an invariance; every capability has as many or more.
_PER_INVARIANCE = 200
# A text and itself belong into the top fifth of a scale of similarity.
_SHARE_OF_IDENTITY = 0.8
# Of texts about different things the corpora disagree: SNLI and MNLI take both for one scene and say contradiction,
# SICK says neutral. A model may say either; that the one does not follow from the other is all there is to know.
_OPEN_OR_EXCLUDED = "unrelated"
# The most that a change of nothing may move a score, as a share of the scale.
_SCORE_TOLERANCE = 0.1

_SPELLINGS = {
    ENTAILMENT: ("entailment", "entails", "entailed", "entail", "implied", "implies"),
    NEUTRAL: ("neutral", "unknown", "undetermined", "neither"),
    CONTRADICTION: ("contradiction", "contradicts", "contradicted", "contradictory", "contradict"),
    NOT_ENTAILMENT: ("not entailment", "non entailment", "no entailment", "not entailed"),
    SAME: ("same", "duplicate", "paraphrase", "equivalent", "similar"),
    DIFFERENT: (
        "different",
        "not same",
        "not duplicate",
        "non duplicate",
        "not paraphrase",
        "non paraphrase",
        "not equivalent",
        "not similar",
        "dissimilar",
        "distinct",
    ),
}
_TASKS = (
    {ENTAILMENT, NEUTRAL, CONTRADICTION},
    {ENTAILMENT, CONTRADICTION},
    {ENTAILMENT, NOT_ENTAILMENT},
    {SAME, DIFFERENT},
)


@dataclass(frozen=True, slots=True)
class BehaviourTest:
    """One question to a model with what it should answer.

    Attributes:
        section: ``templates``, ``invariances``, ``handwritten``, or the user's file.
        capability: What is tested.
        pair: The texts: of entailment, premise first.
        expected: A role such as ``entailment`` or ``same``, one of the model's labels, ``UNCHANGED`` or ``ABOVE``.
        other: The pair before it was changed, or the one that is to get the lower score.
        bounds: Of a score that is asked for itself: the lowest and the highest that is right, on the model's scale.
    """

    section: str
    capability: str
    pair: Pair
    expected: str
    other: Pair | None = None
    bounds: tuple[float, float] | None = None


def roles_of(labels: LabelSet, rename: Mapping[str, str] | None = None) -> dict[str, str]:
    """What every label means, by its name: role to label.

    Args:
        labels: The model's.
        rename: From a label of the model to a name that tells, such as ``entailment`` or ``same``.

    Raises:
        LabelUnknown: If ``rename`` names a label that the model lacks.
        LabelMismatch: If the labels are not those of entailment or of sameness, and how to say what they mean.
    """
    renamed = dict(rename or {})
    for name in renamed:
        labels.index(name)
    roles: dict[str, str] = {}
    for label in labels:
        role = role_of(renamed.get(label, label))
        if role is not None:
            roles.setdefault(role, label)
    if len(roles) == len(labels) and set(roles) in _TASKS:
        return roles
    hint = "a suite of your own with the model's labels: --suite FILE"
    example = {2: (DIFFERENT, SAME), 3: (ENTAILMENT, NEUTRAL, CONTRADICTION)}.get(len(labels))
    if example:
        meanings = ",".join(f"{label}={role}" for label, role in zip(labels, example, strict=True))
        hint = f"--rename-labels {meanings} (whichever is right), or {hint}"
    raise LabelMismatch(
        f"The labels {', '.join(labels)} do not tell by their names what they mean.",
        where="--rename-labels",
        expected="a name for every label: entailment, neutral, contradiction; entailment, not_entailment; "
        "or same, different",
        hint=hint,
        details={"labels": list(labels)},
    )


def role_of(name: str) -> str | None:
    """The role that a name tells, ``entailment`` or ``same`` or another; ``None`` for a name that tells none."""
    plain = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    return next((role for role, spellings in _SPELLINGS.items() if plain in spellings), None)


def accepted_for(expected: str, roles: Mapping[str, str]) -> tuple[str, ...]:
    """The labels that are right where ``expected`` is: one, or both that are not entailment in a model of three."""
    if expected == NOT_ENTAILMENT and expected not in roles and ENTAILMENT in roles:
        return tuple(roles[role] for role in (NEUTRAL, CONTRADICTION) if role in roles)
    return (roles.get(expected, expected),)


class Questions(ABC):
    """What can be asked of models of one task, and which answers are right.

    Attributes:
        roles: What a model's labels mean, role to label; empty where it has none, or their names do not tell.
        handwritten: Whether the hand-written pairs, which are about entailment, can be asked.
    """

    roles: Mapping[str, str]
    handwritten: bool
    # Where the order of the sides makes no difference; for entailment it is half of the question.
    symmetric: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of everything that can be asked, in the order of the report."""
        perturbations = [name for name in PERTURBATIONS if self.symmetric or name != _SYMMETRIC_ONLY]
        return (*CAPABILITIES, IDENTITY, *perturbations, *([HANDWRITTEN] if self.handwritten else []))

    def role_in(self, relation: str, place: int) -> str | None:
        """What the model should say of a relation of entailment at ``place``; ``None`` where it is not asked."""
        return None

    @abstractmethod
    def of_block(self, block: Block, capability: str, place: int) -> Iterator[tuple[Pair, str, Pair | None]]:
        """Pair, expectation and other pair of each test of a capability's block at ``place``."""

    @abstractmethod
    def of_identity(self) -> tuple[str, tuple[float, float] | None]:
        """What is expected of a text beside itself, and between which bounds."""

    @abstractmethod
    def of_users(self, expected: str, where: str) -> tuple[str, tuple[float, float] | None]:
        """What a user's ``expected`` means, and between which bounds.

        Raises:
            LabelUnknown: If it cannot be an answer.
        """

    @abstractmethod
    def answered(
        self, model: Predictor, values: NDArray[np.float64]
    ) -> Sequence[tuple[str | float, float | None]]:
        """The answer in every row of what the model gave, and its probability where there is one."""

    @abstractmethod
    def judged(self, test: BehaviourTest, answer: Any, other: Any) -> tuple[str, bool]:
        """What was expected, in the names of the model, and whether ``answer`` is that."""


class LabelQuestions(Questions):
    """Asks for labels."""

    def __init__(self, labels: LabelSet, roles: Mapping[str, str]) -> None:
        self.labels = labels
        self.roles = roles
        self.symmetric = SAME in roles
        self.handwritten = ENTAILMENT in roles

    def accepted(self, expected: str) -> tuple[str, ...]:
        """The labels that are right where ``expected`` is."""
        return accepted_for(expected, self.roles)

    def role_in(self, relation: str, place: int) -> str | None:
        """As in ``Questions``.

        A model that only tells entailment from the rest is asked about neutral and contradicting pairs in turn, so that
        half of its pairs are of either label.
        """
        if relation in self.roles:
            return relation
        if NOT_ENTAILMENT in self.roles and relation == (NEUTRAL, CONTRADICTION)[place % 2]:
            return NOT_ENTAILMENT
        return None

    def of_block(self, block: Block, capability: str, place: int) -> Iterator[tuple[Pair, str, None]]:
        """As in ``Questions``."""
        if self.symmetric:
            yield Pair(block.same, block.hypothesis), SAME, None
            yield Pair(block.different, block.hypothesis), DIFFERENT, None
            return
        said = dict(zip((ENTAILMENT, NEUTRAL, CONTRADICTION), block.premises(), strict=True))
        if capability == _OPEN_OR_EXCLUDED and self.roles.keys() >= said.keys():
            yield Pair(block.entailment, block.hypothesis), ENTAILMENT, None
            yield Pair(block.neutral, block.hypothesis), NOT_ENTAILMENT, None
            return
        for relation, premise in said.items():
            role = self.role_in(relation, place)
            if role is not None:
                yield Pair(premise, block.hypothesis), role, None

    def of_identity(self) -> tuple[str, None]:
        """As in ``Questions``."""
        return ENTAILMENT if ENTAILMENT in self.roles else SAME, None

    def of_users(self, expected: str, where: str) -> tuple[str, None]:
        """As in ``Questions``."""
        if expected in self.labels:
            return expected, None
        role = role_of(expected)
        if role is None or not set(self.accepted(role)) <= set(self.labels):
            raise LabelUnknown(
                f"{expected!r} is not one of the model's labels.",
                where=where,
                expected=f"one of {', '.join(self.labels)}",
            )
        return role, None

    def answered(self, model: Predictor, values: NDArray[np.float64]) -> Sequence[tuple[str, float]]:
        """As in ``Questions``."""
        names = self.labels.in_texts(decisions_of(model, values).label_ids)
        return list(zip(names, values.max(axis=1).tolist(), strict=True))

    def judged(self, test: BehaviourTest, answer: Any, other: Any) -> tuple[str, bool]:
        """As in ``Questions``."""
        accepted = (str(other),) if test.expected == UNCHANGED else self.accepted(test.expected)
        return " or ".join(accepted), answer in accepted


class ScoreQuestions(Questions):
    """Asks for scores: which of two pairs is more alike, and on which part of the scale one lies."""

    roles: Mapping[str, str] = {}
    handwritten, symmetric = False, True

    def __init__(self, scale: Scale) -> None:
        self.scale = scale

    def of_block(self, block: Block, capability: str, place: int) -> Iterator[tuple[Pair, str, Pair]]:
        """As in ``Questions``."""
        yield Pair(block.same, block.hypothesis), ABOVE, Pair(block.different, block.hypothesis)

    def of_identity(self) -> tuple[str, tuple[float, float]]:
        """As in ``Questions``."""
        return SAME, (self.scale.at(_SHARE_OF_IDENTITY), self.scale.high)

    def of_users(self, expected: str, where: str) -> tuple[str, tuple[float, float]]:
        """As in ``Questions``."""
        role, middle = role_of(expected), self.scale.at(0.5)
        if role not in (SAME, DIFFERENT):
            raise LabelUnknown(
                f"{expected!r} cannot be expected of a similarity model.",
                where=where,
                expected="same (the upper half of the scale) or different (the lower half)",
            )
        return role, (middle, self.scale.high) if role == SAME else (self.scale.low, middle)

    def answered(self, model: Predictor, values: NDArray[np.float64]) -> Sequence[tuple[float, None]]:
        """As in ``Questions``."""
        return [(score, None) for score in values.tolist()]

    def judged(self, test: BehaviourTest, answer: Any, other: Any) -> tuple[str, bool]:
        """As in ``Questions``."""
        if test.bounds is not None:
            low, high = test.bounds
            return f"{low:g} to {high:g}", low <= answer <= high
        if test.expected == ABOVE:
            return f"above {other:.3g}", answer > other
        most = _SCORE_TOLERANCE * (self.scale.high - self.scale.low)
        return f"{other:.3g} ± {most:g}", abs(answer - other) <= most


_BY_TASK: dict[Task, Callable[[Any, Mapping[str, str] | None], Questions]] = {
    "classification": lambda labels, rename: LabelQuestions(labels, roles_of(labels, rename)),
    "similarity": lambda scale, _: ScoreQuestions(scale),
}


def questions_for(answers: Answers, rename: Mapping[str, str] | None = None) -> Questions:
    """What can be asked of a model with such answers; ``rename`` as in ``roles_of``.

    Raises:
        LabelMismatch, LabelUnknown: As ``roles_of``.
    """
    return _BY_TASK[answers.task](answers, rename)


def chosen(names: Sequence[str], asked: Sequence[str]) -> tuple[str, ...]:
    """Those of ``names`` that were asked for, or all.

    Raises:
        UsageError: If there is none of that name.
    """
    for name in asked:
        if name not in names:
            close = near(name, names)
            raise UsageError(
                f"There is no capability {name!r} to check of this model.",
                where="--capability",
                expected=f"one of {', '.join(names)}",
                hint=f"did you mean {close[0]!r}?" if close else None,
            )
    return tuple(name for name in names if not asked or name in asked)


def suite_tests(
    questions: Questions, names: Sequence[str], *, seed: int, n_blocks: int = BLOCKS
) -> list[BehaviourTest]:
    """The tests of the templates and of the invariances that are among ``names``.

    Args:
        questions: Of the model.
        names: Capabilities and invariances.
        seed: Decides which of all possible pairs are asked.
        n_blocks: Of every capability.
    """
    wanted = [name for name in CAPABILITIES if name in names]
    perturbed = [name for name in (IDENTITY, *PERTURBATIONS) if name in names]
    of_capability = {
        name: [
            BehaviourTest(TEMPLATES, name, *asked)
            for place, block in enumerate(blocks_of(name, seed=seed, n_blocks=n_blocks))
            for asked in questions.of_block(block, name, place)
        ]
        for name in (CAPABILITIES if perturbed else wanted)
    }
    tests = [test for name in wanted for test in of_capability[name]]
    originals = _originals(of_capability.values(), random.Random(f"samesay check originals 1 {seed}"))
    for name in perturbed:
        rng = random.Random(f"samesay check 1 {name} {seed}")
        found = _identities(originals, questions) if name == IDENTITY else _changed(name, originals, rng)
        tests += islice(found, _PER_INVARIANCE)
    return tests


def handwritten_tests(table: PairTable, questions: Questions) -> list[BehaviourTest]:
    """The hand-written pairs; of a model with two labels those that say what either of them means, as many of each."""
    return [
        BehaviourTest(HANDWRITTEN, domain, Pair(pair.first, pair.second), role)
        for place, (pair, domain) in enumerate(zip(table.pairs(), table.columns["domain"], strict=True))
        if (role := questions.role_in(pair.label or "", place)) is not None
    ]


def users_test(section: str, row: SuiteRow, questions: Questions) -> BehaviourTest:
    """A test of a user's: with what is expected of the pair, or with the pair before a change of nothing.

    Raises:
        LabelUnknown: If what is expected is none of the model's labels, nor a usual name for one.
    """
    if row.perturbed is not None:
        return BehaviourTest(section, row.capability, row.perturbed, UNCHANGED, row.pair)
    expected, bounds = questions.of_users(row.expected, row.place)
    return BehaviourTest(section, row.capability, row.pair, expected, bounds=bounds)


def _originals(tests_of: Iterable[Sequence[BehaviourTest]], rng: random.Random) -> list[Pair]:
    """The different pairs of all tests, those of every capability in random order, capabilities in turn."""
    shuffled = []
    for tests in tests_of:
        pairs = [pair for test in tests for pair in (test.pair, test.other) if pair is not None]
        shuffled.append(sorted(pairs, key=lambda _: rng.random()))
    return list(dict.fromkeys(pair for turn in zip_longest(*shuffled) for pair in turn if pair is not None))


def _identities(originals: Sequence[Pair], questions: Questions) -> Iterator[BehaviourTest]:
    """Texts beside themselves."""
    expected, bounds = questions.of_identity()
    for text in dict.fromkeys(pair.first for pair in originals):
        yield BehaviourTest(INVARIANCES, IDENTITY, Pair(text, text), expected, bounds=bounds)


def _changed(name: str, originals: Sequence[Pair], rng: random.Random) -> Iterator[BehaviourTest]:
    """Pairs after a change of nothing."""
    for pair in originals:
        texts = PERTURBATIONS[name](rng, pair.first, pair.second)
        if texts is not None:
            yield BehaviourTest(INVARIANCES, name, Pair(*texts), UNCHANGED, pair)
