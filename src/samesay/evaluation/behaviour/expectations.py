"""What is expected of a model on the behaviour suite, for every kind of task, by the names of its labels.

Knows what is true of the texts and which label says so; knows nothing of answers.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from samesay.data.table import PairTable
from samesay.errors import LabelMismatch, LabelUnknown, UsageError, near
from samesay.pairs import Answers, LabelSet, Pair, Scale
from samesay.synthetic.behaviour.block import Block
from samesay.synthetic.behaviour.perturbations import PERTURBATIONS
from samesay.synthetic.behaviour.suite import BLOCKS, CAPABILITIES, blocks_of

ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
NOT_ENTAILMENT = "not entailment"
SAME, DIFFERENT = "same", "different"
# Expectations that name no label.
UNCHANGED, ABOVE = "the answer before the change", "above the other pair"

TEMPLATES, INVARIANCES, HANDWRITTEN = "templates", "invariances", "handwritten"
IDENTITY = "identity"
# Where the task is symmetric; for entailment the order of the sides is half of the question.
_SYMMETRIC_ONLY = "order"
# Distinct pairs of an invariance; every capability has as many or more.
_PER_INVARIANCE = 200
# A text and itself belong into the top fifth of a scale of similarity.
_SHARE_OF_IDENTITY = 0.8
# Of texts about different things the corpora disagree: SNLI and MNLI take both for one scene and say contradiction,
# SICK says neutral. A model may say either; that the one does not follow from the other is all there is to know.
_OPEN_OR_EXCLUDED = "unrelated"
# The most that a change of nothing may move a score, as a share of the scale.
SCORE_TOLERANCE = 0.1

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


def names_of(answers: Answers, roles: Mapping[str, str]) -> tuple[str, ...]:
    """The names of everything that can be asked of a model, in the order of the report."""
    symmetric = isinstance(answers, Scale) or SAME in roles
    perturbations = [name for name in PERTURBATIONS if symmetric or name != _SYMMETRIC_ONLY]
    handwritten = [HANDWRITTEN] if ENTAILMENT in roles else []
    return (*CAPABILITIES, IDENTITY, *perturbations, *handwritten)


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
    answers: Answers, roles: Mapping[str, str], names: Sequence[str], *, seed: int, n_blocks: int = BLOCKS
) -> list[BehaviourTest]:
    """The tests of the templates and of the invariances that are among ``names``.

    Args:
        answers: The model's labels or its scale.
        roles: Role to label, of ``roles_of``; empty for a scale.
        names: Capabilities and invariances.
        seed: Decides which of all possible pairs are asked.
        n_blocks: Of every capability.
    """
    wanted = [name for name in CAPABILITIES if name in names]
    perturbed = [name for name in (IDENTITY, *PERTURBATIONS) if name in names]
    of_capability = {
        name: list(_template_tests(name, blocks_of(name, seed=seed, n_blocks=n_blocks), answers, roles))
        for name in (CAPABILITIES if perturbed else wanted)
    }
    tests = [test for name in wanted for test in of_capability[name]]
    originals = _originals(of_capability.values(), random.Random(f"samesay check originals 1 {seed}"))
    for name in perturbed:
        rng = random.Random(f"samesay check 1 {name} {seed}")
        found = _identities(originals, answers, roles) if name == IDENTITY else _changed(name, originals, rng)
        tests += [test for _, test in zip(range(_PER_INVARIANCE), found, strict=False)]
    return tests


def handwritten_tests(table: PairTable, roles: Mapping[str, str]) -> list[BehaviourTest]:
    """The hand-written pairs; of a model with two labels those that say what either of them means, as many of each."""
    tests = []
    for place, (pair, domain) in enumerate(zip(table.pairs(), table.columns["domain"], strict=True)):
        role = _role_in(roles, pair.label or "", place)
        if role is not None:
            tests.append(BehaviourTest(HANDWRITTEN, domain, Pair(pair.first, pair.second), role))
    return tests


def users_test(
    section: str,
    capability: str,
    pair: Pair,
    expected: str | None,
    other: Pair | None,
    *,
    answers: Answers,
    roles: Mapping[str, str],
    where: str,
) -> BehaviourTest:
    """A test of a user's: with what is expected of the pair, or with the pair before a change of nothing.

    Raises:
        LabelUnknown: If what is expected is none of the model's labels, nor a usual name for one.
    """
    if other is not None:
        return BehaviourTest(section, capability, pair, UNCHANGED, other)
    expected = expected or ""
    if isinstance(answers, Scale):
        role = role_of(expected)
        middle = (answers.low + answers.high) / 2
        if role not in (SAME, DIFFERENT):
            raise LabelUnknown(
                f"{expected!r} cannot be expected of a similarity model.",
                where=where,
                expected="same (the upper half of the scale) or different (the lower half)",
            )
        bounds = (middle, answers.high) if role == SAME else (answers.low, middle)
        return BehaviourTest(section, capability, pair, role, bounds=bounds)
    if expected in answers:
        return BehaviourTest(section, capability, pair, expected)
    role = role_of(expected)
    if role is None or not set(accepted_for(role, roles)) <= set(answers):
        raise LabelUnknown(
            f"{expected!r} is not one of the model's labels.",
            where=where,
            expected=f"one of {', '.join(answers)}",
        )
    return BehaviourTest(section, capability, pair, role)


def _template_tests(
    capability: str, blocks: Sequence[Block], answers: Answers, roles: Mapping[str, str]
) -> Iterator[BehaviourTest]:
    for place, block in enumerate(blocks):
        same, different = Pair(block.same, block.hypothesis), Pair(block.different, block.hypothesis)
        if isinstance(answers, Scale):
            yield BehaviourTest(TEMPLATES, capability, same, ABOVE, different)
        elif SAME in roles:
            yield BehaviourTest(TEMPLATES, capability, same, SAME)
            yield BehaviourTest(TEMPLATES, capability, different, DIFFERENT)
        else:
            said = dict(zip((ENTAILMENT, NEUTRAL, CONTRADICTION), block.premises(), strict=True))
            if capability == _OPEN_OR_EXCLUDED and roles.keys() >= said.keys():
                yield BehaviourTest(
                    TEMPLATES, capability, Pair(block.entailment, block.hypothesis), ENTAILMENT
                )
                yield BehaviourTest(
                    TEMPLATES, capability, Pair(block.neutral, block.hypothesis), NOT_ENTAILMENT
                )
                continue
            for relation, premise in said.items():
                role = _role_in(roles, relation, place)
                if role is not None:
                    yield BehaviourTest(TEMPLATES, capability, Pair(premise, block.hypothesis), role)


def _role_in(roles: Mapping[str, str], relation: str, place: int) -> str | None:
    """What a model with ``roles`` should say of a relation; ``None`` where it is not asked.

    A model that only tells entailment from the rest is asked about neutral and contradicting pairs in turn, so that
    half of its pairs are of either label.
    """
    if relation in roles:
        return relation
    if NOT_ENTAILMENT in roles and relation == (NEUTRAL, CONTRADICTION)[place % 2]:
        return NOT_ENTAILMENT
    return None


def _originals(tests_of: Iterable[Sequence[BehaviourTest]], rng: random.Random) -> list[Pair]:
    """The different pairs of all tests, those of every capability in random order, capabilities in turn."""
    shuffled = []
    for tests in tests_of:
        pairs = [pair for test in tests for pair in (test.pair, test.other) if pair is not None]
        shuffled.append(sorted(pairs, key=lambda _: rng.random()))
    return list(dict.fromkeys(pair for turn in zip_longest(*shuffled) for pair in turn if pair is not None))


def _identities(
    originals: Sequence[Pair], answers: Answers, roles: Mapping[str, str]
) -> Iterator[BehaviourTest]:
    """Texts beside themselves."""
    bounds = None
    if isinstance(answers, Scale):
        bounds = (answers.at(_SHARE_OF_IDENTITY), answers.high)
    role = ENTAILMENT if ENTAILMENT in roles else SAME
    for text in dict.fromkeys(pair.first for pair in originals):
        yield BehaviourTest(INVARIANCES, IDENTITY, Pair(text, text), role, bounds=bounds)


def _changed(name: str, originals: Sequence[Pair], rng: random.Random) -> Iterator[BehaviourTest]:
    """Pairs after a change of nothing."""
    for pair in originals:
        texts = PERTURBATIONS[name](rng, pair.first, pair.second)
        if texts is not None:
            yield BehaviourTest(INVARIANCES, name, Pair(*texts), UNCHANGED, pair)
