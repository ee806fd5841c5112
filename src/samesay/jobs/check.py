"""Check which capabilities a model has, by a suite that is true by construction. No Keras where ONNX answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesay.bundle import default_model
from samesay.data import ReadOptions, load_pairs
from samesay.data.formats.writers import require_file, write_rows
from samesay.errors import LabelMismatch, NoRows, UsageError
from samesay.evaluation.behaviour.expectations import (
    HANDWRITTEN,
    BehaviourTest,
    LabelQuestions,
    Questions,
    chosen,
    handwritten_tests,
    questions_for,
    suite_tests,
    users_test,
)
from samesay.evaluation.behaviour.results import Behaviour, CapabilityResult, measure_behaviour
from samesay.evaluation.behaviour.suite_file import SuiteRow, read_suite
from samesay.pairs import Answers, Predictor, ProgressListener, labels_of
from samesay.predictors.opening import Backend, open_predictor


@dataclass(frozen=True)
class CheckedModel:
    """A model's results on the behaviour suite.

    Attributes:
        model: What was checked.
        backend: The part of a saved model that answered, ``onnx`` or ``keras``; ``None`` for a model in memory.
        roles: What is expected by role (``entailment``, ``same``, …) to the model's label; empty for a scale.
        seed: Of the suite.
        behaviour: Failure rates and every answer.
        fail_under: The share of its tests that every capability has to pass, where one was asked for.
        notes: What a reader should know.
    """

    model: str
    backend: str | None
    roles: dict[str, str]
    seed: int
    behaviour: Behaviour
    fail_under: float | None
    notes: tuple[str, ...]

    @property
    def below(self) -> tuple[CapabilityResult, ...]:
        """The capabilities that pass less than ``fail_under``; none where nothing was asked for."""
        return () if self.fail_under is None else self.behaviour.below(self.fail_under)

    @property
    def passed(self) -> bool:
        """Whether no capability is below ``fail_under``."""
        return not self.below

    def to_dict(self) -> dict[str, Any]:
        """The results as JSON types."""
        return {
            "model": self.model,
            "backend": self.backend,
            "roles": self.roles,
            "seed": self.seed,
            "n_tests": len(self.behaviour.outcomes),
            "n_pairs": self.behaviour.n_pairs,
            "results": [result.to_dict() for result in self.behaviour.results],
            "fail_under": self.fail_under,
            "below": [result.capability for result in self.below],
            "passed": self.passed,
            "seconds": self.behaviour.seconds,
            "notes": list(self.notes),
        }


def check(
    model: str | Path | Predictor | None = None,
    *,
    capabilities: Sequence[str] = (),
    suites: Sequence[str | Path] = (),
    rename_labels: Mapping[str, str] | None = None,
    seed: int = 0,
    fail_under: float | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    backend: Backend = "auto",
    progress: ProgressListener | None = None,
    input_format: str | None = None,
    **options: Any,
) -> CheckedModel:
    """Put the behaviour suite to ``model``.

    A model of labels is asked for labels: entailment, neutral, contradiction; entailment or not; same or different. A
    model of similarity is asked for orderings: of two texts beside one, the one that says the same has to be scored
    above the one that does not.

    Args:
        model: A saved model's folder, a built-in model, or what answers itself; ``builtin:nli`` where absent.
        capabilities: The names of those to check; all where empty.
        suites: The user's own tests, one file each; ``capabilities`` chooses among them, too.
        rename_labels: From a label of the model to the usual name of what it means.
        seed: Decides which pairs are asked; the same seed, the same pairs.
        fail_under: The share of tests, in [0, 1], that every capability has to pass.
        output: A file for all tests with their answers.
        overwrite: Replace it.
        backend: Which part of a saved model answers.
        progress: Hears the stage ``check``, in pairs.
        input_format: Of the suites, where their names do not tell.
        **options: How they are read besides: fields of ``samesay.data.ReadOptions``.

    Raises:
        LabelMismatch: If the labels do not tell by their names what they mean, and there is no suite of the user's.
        LabelUnknown: If a user's test expects a label that the model lacks.
        UsageError: If there is no such capability, or ``fail_under`` is no share.
        DataError, BundleError: If a suite or the model cannot be used.
        TargetExists: If there is something at ``output`` and ``overwrite`` is false.
    """
    if fail_under is not None and not 0 <= fail_under <= 1:
        raise UsageError(
            f"{fail_under:g} is no share.", where="--fail-under", expected="a number from 0 to 1"
        )
    if output is not None:
        require_file(output, overwrite=overwrite)
    reading = ReadOptions(format=input_format, **options)  # type: ignore[arg-type]
    read = {str(source): read_suite(source, reading) for source in suites}
    users = {source: rows for source, (rows, _) in read.items()}
    if model is None:
        model = default_model("check")
    asked, part = model, None
    if isinstance(asked, str | Path):
        opened = open_predictor(asked, backend=backend)
        asked, part = opened.predictor, opened.kind
    questions, tests, notes = _tests(asked.answers, capabilities, users, rename_labels, seed)
    behaviour = measure_behaviour(asked, tests, questions, progress=progress)
    checked = CheckedModel(
        str(model) if isinstance(model, str | Path) else type(model).__name__,
        part,
        dict(questions.roles),
        seed,
        behaviour,
        fail_under,
        (*behaviour.notes, *notes, *(note for _, of_suite in read.values() for note in of_suite)),
    )
    if output is not None:
        rows = [outcome.to_dict() for outcome in behaviour.outcomes]
        write_rows(output, list(rows[0]), rows, overwrite=overwrite)
    return checked


def _tests(
    answers: Answers,
    capabilities: Sequence[str],
    users: Mapping[str, Sequence[SuiteRow]],
    rename_labels: Mapping[str, str] | None,
    seed: int,
) -> tuple[Questions, list[BehaviourTest], list[str]]:
    """Everything that is asked, and what was left out of it."""
    notes, names = [], ()
    try:
        questions = questions_for(answers, rename_labels)
        names = questions.names
    except LabelMismatch as error:
        if not users or rename_labels:
            raise
        questions = LabelQuestions(labels_of(answers), {})
        notes.append(f"only your own tests were put. {error.message}")
    own = dict.fromkeys(row.capability for rows in users.values() for row in rows)
    wanted = chosen((*names, *(name for name in own if name not in names)), capabilities)
    tests = suite_tests(questions, wanted, seed=seed) if names else []
    if HANDWRITTEN in wanted and questions.handwritten:
        tests += handwritten_tests(load_pairs(HANDWRITTEN), questions)
    elif names and HANDWRITTEN not in names:
        notes.append("the hand-written pairs are about entailment, and were left out")
    for source, rows in users.items():
        tests += [users_test(source, row, questions) for row in rows if row.capability in wanted]
    if not tests:
        raise NoRows("There is nothing to check.", where="--capability")
    return questions, tests, notes
