"""Which capabilities a model has: the tests of the behaviour suite answered, counted and shown by example.

In the manner of CheckList (Ribeiro et al. 2020). It knows tests and any ``Predictor``, and nothing
of how the tests were made.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data.columns import order_of
from samesay.decision import decisions_of
from samesay.evaluation.behaviour.expectations import (
    ABOVE,
    SCORE_TOLERANCE,
    UNCHANGED,
    BehaviourTest,
    accepted_for,
)
from samesay.evaluation.evaluation import ask
from samesay.evaluation.intervals import Interval, share_interval
from samesay.pairs import Pair, Predictor, ProgressListener, Scale, in_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        answer: The model's label for the pair, or its score.
        other_answer: Likewise for the other pair of the test, where there is one.
        confidence: The probability of ``answer``; ``None`` for a score.
        passed: Whether the answer is as expected.
    """

    test: BehaviourTest
    expected: str
    answer: str | float
    other_answer: str | float | None
    confidence: float | None
    passed: bool

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
        return cls(
            first.section,
            first.capability,
            n_tests=len(outcomes),
            n_pairs=len(pairs),
            n_failed=len(failed),
            failure_rate=len(failed) / len(outcomes),
            interval=_ends(share_interval(len(failed), len(outcomes))),
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
    roles: Mapping[str, str],
    *,
    progress: ProgressListener | None = None,
) -> Behaviour:
    """Put every test to ``model``; a pair that several tests share is asked once.

    Args:
        model: What answers.
        tests: At least one.
        roles: From the roles in ``tests`` to the labels of ``model``.
        progress: Hears the stage ``check``, in pairs.

    Raises:
        ModelError: If an answer is not a distribution over the labels, or no number.
    """
    pairs = list(dict.fromkeys(pair for test in tests for pair in _pairs_of(test)))
    began = time.perf_counter()
    answers = _answers(model, pairs, progress)
    seconds = time.perf_counter() - began
    answer_of = dict(zip(pairs, answers, strict=True))
    outcome_of = _BY_TASK[model.answers.task]
    outcomes = [
        outcome_of(test, model, roles, answer_of[test.pair], answer_of[test.other] if test.other else None)
        for test in tests
    ]
    by_capability: dict[tuple[str, str], list[BehaviourOutcome]] = defaultdict(list)
    for outcome in outcomes:
        by_capability[outcome.test.section, outcome.test.capability].append(outcome)
    return Behaviour(
        tuple(CapabilityResult.of(found) for found in by_capability.values()),
        tuple(outcomes),
        len(pairs),
        seconds,
        _notes(model, roles, outcomes),
    )


def _ends(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None  # there are outcomes
    return interval.low, interval.high


def _pairs_of(test: BehaviourTest) -> tuple[Pair, ...]:
    return (test.pair,) if test.other is None else (test.pair, test.other)


def _answers(
    model: Predictor, pairs: Sequence[Pair], progress: ProgressListener | None
) -> NDArray[np.float64]:
    """Probabilities, shape ``(n_pairs, n_labels)``, or scores, shape ``(n_pairs,)``."""
    # The tests have the premise first; a model that reads the hypothesis first is given it first.
    swapped = order_of(model.sides) == 1
    asked = [Pair(pair.second, pair.first) if swapped else Pair(pair.first, pair.second) for pair in pairs]
    return ask(model, in_chunks(asked), len(asked), stage="check", progress=progress).values


def _labelled(
    test: BehaviourTest,
    model: Predictor,
    roles: Mapping[str, str],
    row: NDArray[np.float64],
    other_row: NDArray[np.float64] | None,
) -> BehaviourOutcome:
    answer = _answer(model, row)
    other = None if other_row is None else _answer(model, other_row)
    accepted = (str(other),) if test.expected == UNCHANGED else accepted_for(test.expected, roles)
    return BehaviourOutcome(test, " or ".join(accepted), answer, other, float(row.max()), answer in accepted)


def _answer(model: Predictor, row: NDArray[np.float64]) -> str:
    return model.answers.outputs[int(decisions_of(model, row[None]).label_ids[0])]


def _scored(
    test: BehaviourTest,
    model: Predictor,
    roles: Mapping[str, str],
    score: NDArray[np.float64],
    other: NDArray[np.float64] | None,
) -> BehaviourOutcome:
    answer, other_answer = float(score), None if other is None else float(other)
    if test.bounds is not None:
        low, high = test.bounds
        return BehaviourOutcome(test, f"{low:g} to {high:g}", answer, None, None, low <= answer <= high)
    assert other_answer is not None
    if test.expected == ABOVE:
        return BehaviourOutcome(
            test, f"above {other_answer:.3g}", answer, other_answer, None, answer > other_answer
        )
    scale = model.answers
    assert isinstance(scale, Scale)
    most = SCORE_TOLERANCE * (scale.high - scale.low)
    near = abs(answer - other_answer) <= most
    return BehaviourOutcome(test, f"{other_answer:.3g} ± {most:g}", answer, other_answer, None, near)


_BY_TASK = {"classification": _labelled, "similarity": _scored}


def _notes(
    model: Predictor, roles: Mapping[str, str], outcomes: Sequence[BehaviourOutcome]
) -> tuple[str, ...]:
    notes = []
    if roles and order_of(model.sides) is None:
        notes.append(f"read premise,hypothesis as {model.sides}: the roles of these sides are not known")
    if model.answers.task == "similarity":
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
