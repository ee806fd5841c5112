"""Which capabilities a model has: the tests of the behaviour suite answered, counted and shown by example.

In the manner of CheckList (Ribeiro et al. 2020). It knows tests and any ``Predictor``, and nothing
of how the tests were made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samesay.data.columns import order_of
from samesay.evaluation.behaviour.expectations import UNCHANGED, BehaviourTest, Questions
from samesay.evaluation.evaluation import ask
from samesay.evaluation.intervals import share_interval
from samesay.pairs import Pair, Predictor, ProgressListener, in_chunks

_MOST_EXAMPLES = 5
# One answer to this share of the texts that ask for several: the model does not read what the answers hang on. Fewer
# texts than that say nothing.
_BLIND_SHARE = 0.9
_FEWEST_TEXTS = 20


@dataclass(frozen=True, slots=True)
class BehaviourOutcome:
    """One test, answered.

    Attributes:
        test: The test.
        expected: What was expected, in the names of the model.
        passed: Whether the answer is as expected.
        answer: The model's label for the pair, or its score.
        other_answer: Likewise for the other pair of the test, where there is one.
        confidence: The probability of ``answer``; ``None`` for a score.
    """

    test: BehaviourTest
    expected: str
    passed: bool
    answer: str | float
    other_answer: str | float | None
    confidence: float | None

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON types, flat, so that it is also a row of a table."""
        test, other = self.test, self.test.other
        return {
            "section": test.section,
            "capability": test.capability,
            "first": test.pair.first,
            "second": test.pair.second,
            "expected": self.expected,
            "answer": self.answer,
            "confidence": self.confidence,
            "passed": self.passed,
            "other_first": other.first if other else None,
            "other_second": other.second if other else None,
            "other_answer": self.other_answer,
        }


@dataclass(frozen=True, slots=True)
class CapabilityResult:
    """How often a model fails at one capability.

    Attributes:
        section: ``templates``, ``invariances``, ``handwritten``, or the user's file.
        capability: Its name.
        n_tests: Tests.
        n_pairs: Different pairs that were asked for them.
        n_failed: Tests whose answer is not the expected one.
        failure_rate: ``n_failed`` over ``n_tests``.
        interval: Of ``failure_rate``, at 95 % (Wilson 1927): how far tests drawn by another seed may lie.
        examples: The first of the failures.
    """

    section: str
    capability: str
    n_tests: int
    n_pairs: int
    n_failed: int
    failure_rate: float
    interval: tuple[float, float]
    examples: tuple[BehaviourOutcome, ...]

    @classmethod
    def of(cls, outcomes: Sequence[BehaviourOutcome]) -> CapabilityResult:
        """The result of one capability's outcomes, of which there is at least one."""
        first = outcomes[0].test
        failed = [outcome for outcome in outcomes if not outcome.passed]
        pairs = {pair for outcome in outcomes for pair in _pairs_of(outcome.test)}
        interval = share_interval(len(failed), len(outcomes))
        return cls(
            first.section,
            first.capability,
            n_tests=len(outcomes),
            n_pairs=len(pairs),
            n_failed=len(failed),
            failure_rate=len(failed) / len(outcomes),
            interval=(interval.low, interval.high),
            examples=tuple(failed[:_MOST_EXAMPLES]),
        )

    @property
    def pass_rate(self) -> float:
        """1 - ``failure_rate``, counted, so that 0.8 is 0.8."""
        return (self.n_tests - self.n_failed) / self.n_tests

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON types."""
        return {
            "section": self.section,
            "capability": self.capability,
            "n_tests": self.n_tests,
            "n_pairs": self.n_pairs,
            "n_failed": self.n_failed,
            "failure_rate": self.failure_rate,
            "interval": list(self.interval),
            "examples": [outcome.to_dict() for outcome in self.examples],
        }


@dataclass(frozen=True)
class Behaviour:
    """A model's results on a suite.

    Attributes:
        results: One for each capability of each section, in the order of the tests.
        outcomes: Every test, answered.
        n_pairs: Different pairs asked.
        seconds: Time spent answering.
        notes: What a reader should know before trusting the metrics.
    """

    results: tuple[CapabilityResult, ...]
    outcomes: tuple[BehaviourOutcome, ...] = field(repr=False)
    n_pairs: int
    seconds: float
    notes: tuple[str, ...] = ()

    def below(self, share: float) -> tuple[CapabilityResult, ...]:
        """The capabilities of which less than ``share`` of the tests pass."""
        return tuple(result for result in self.results if result.pass_rate < share)


def measure_behaviour(
    model: Predictor,
    tests: Sequence[BehaviourTest],
    questions: Questions,
    *,
    progress: ProgressListener | None = None,
) -> Behaviour:
    """Put every test to ``model``; a pair that several tests share is asked once.

    Args:
        model: What answers.
        tests: At least one.
        questions: From which they were made.
        progress: Hears the stage ``check``, in pairs.

    Raises:
        ModelError: If an answer is not a distribution over the labels, or no number.
    """
    pairs = list(dict.fromkeys(pair for test in tests for pair in _pairs_of(test)))
    # The tests have the premise first; a model that reads the hypothesis first is given it first.
    swapped = order_of(model.sides) == 1
    asked = [Pair(pair.second, pair.first) if swapped else Pair(pair.first, pair.second) for pair in pairs]
    found = ask(model, in_chunks(asked), len(asked), stage="check", progress=progress)
    answer_of = dict(zip(pairs, questions.answered(model, found.values), strict=True))
    outcomes = []
    for test in tests:
        answer, confidence = answer_of[test.pair]
        other = None if test.other is None else answer_of[test.other][0]
        outcomes.append(
            BehaviourOutcome(test, *questions.judged(test, answer, other), answer, other, confidence)
        )
    by_capability: dict[tuple[str, str], list[BehaviourOutcome]] = defaultdict(list)
    for outcome in outcomes:
        by_capability[outcome.test.section, outcome.test.capability].append(outcome)
    return Behaviour(
        tuple(CapabilityResult.of(found) for found in by_capability.values()),
        tuple(outcomes),
        len(pairs),
        found.seconds,
        _notes(model, questions.roles, outcomes),
    )


def _pairs_of(test: BehaviourTest) -> tuple[Pair, ...]:
    return (test.pair,) if test.other is None else (test.pair, test.other)


def _notes(
    model: Predictor, roles: Mapping[str, str], outcomes: Sequence[BehaviourOutcome]
) -> tuple[str, ...]:
    notes = []
    if roles and order_of(model.sides) is None:
        notes.append(f"read premise,hypothesis as {model.sides}: the roles of these sides are not known")
    if any(outcome.confidence is None for outcome in outcomes):  # scores, which hardly ever are the same
        return tuple(notes)
    answered = {str(outcome.answer) for outcome in outcomes}
    if len(answered) == 1 and len(outcomes) > 1:
        only = next(iter(answered))
        return (*notes, f"every answer is {only}: the model does not tell these pairs apart")
    names = ("premise", "hypothesis") if "entailment" in roles else ("first text", "second text")
    for side, other in ((0, 1), (1, 0)):
        share = _share_of_one_answer(outcomes, kept=other)
        if share is not None and share >= _BLIND_SHARE:
            notes.append(
                f"{share:.0%} of the texts that stand beside several others, with different answers expected, get one "
                f"answer whatever the {names[side]} says: the model hardly reads the {names[side]}"
            )
    return tuple(notes)


def _share_of_one_answer(outcomes: Sequence[BehaviourOutcome], *, kept: int) -> float | None:
    """Of the texts on the side ``kept`` for which several answers are expected, the share that gets only one.

    A model that does not read the other side gives one answer to each of them; ``None`` if they are too few to tell.
    """
    expected: dict[str, set[str]] = defaultdict(set)
    given: dict[str, set[str | float]] = defaultdict(set)
    for outcome in outcomes:
        if outcome.test.expected != UNCHANGED:
            text = (outcome.test.pair.first, outcome.test.pair.second)[kept]
            expected[text].add(outcome.expected)
            given[text].add(outcome.answer)
    telling = [text for text, answers in expected.items() if len(answers) > 1]
    if len(telling) < _FEWEST_TEXTS:
        return None
    return sum(len(given[text]) == 1 for text in telling) / len(telling)
