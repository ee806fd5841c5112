"""Opening a preset for a set of labels or a scale of grades: which head it gets, and saying so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from samesay.errors import EncoderUnsupported, HeadMismatch
from samesay.model.backend import keras
from samesay.model.presets import Preset, open_task, resolve
from samesay.model.tokenizer import encoder_for
from samesay.pairs import Answers, GradeScale, Sides, answers_in_words

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier


@dataclass(frozen=True)
class OpenedModel:
    """A pair classifier, and what was done to get it.

    Attributes:
        classifier: The Keras model.
        preset: Where its encoder came from.
        head: Whether the saved head was kept, or a new one was made.
        note: The same in words, for people.
    """

    classifier: PairClassifier
    preset: Preset
    head: Literal["kept", "new"]
    note: str


def open_model(
    name: str | Path,
    answers: Answers | None = None,
    *,
    sides: Sides | None = None,
    max_length: int | None = None,
    dropout: float | None = None,
    new_head: bool = False,
    seed: int = 0,
) -> OpenedModel:
    """Open the preset ``name`` as a classifier or grader of pairs that answers with ``answers``.

    A saved SameSay model keeps its head where the label names, or the scale, are the same (its own order of
    names then holds); every other preset gets a new head.

    Args:
        name: What ``samesay.model.presets.resolve`` accepts.
        answers: The names of the classes, or the scale of the grades; may be absent for a saved model.
        sides: What the first and second text are called; a saved model's own where absent.
        max_length: The limit in tokens; the preset's own where absent.
        dropout: The share of the pooled output that is dropped while training the head, with a new head only;
            KerasHub's default where absent.
        new_head: Make a new head although the label names are others, or the same.
        seed: Decides the new head's weights.

    Raises:
        HeadMismatch: If the saved head was trained for other names, or another scale, and ``new_head`` is not set.
        ModelError: If there is no such preset, or it cannot be used.
    """
    preset = resolve(name)
    keep = preset.answers is not None and not new_head
    if preset.answers is not None and answers is not None and keep and not _fit(preset.answers, answers):
        graded = isinstance(preset.answers, GradeScale) or isinstance(answers, GradeScale)
        raise HeadMismatch(
            f"The head of {preset.name!r} was trained for other {'answers' if graded else 'labels'} than the data has.",
            where="preset",
            expected=f"model: {answers_in_words(preset.answers)}; data: {answers_in_words(answers)}",
            hint="pass --new-head to keep the encoder and train a new head"
            + ("" if graded else ", or --rename-labels to name them alike"),
            details={"model": list(preset.answers), "data": list(answers)},
        )
    if answers is None and not keep:
        raise HeadMismatch(
            f"{preset.name!r} says no names for its labels.",
            where="labels",
            expected="the names of the classes, such as entailment,neutral,contradiction",
        )
    keras().utils.set_random_seed(seed)
    chosen = preset.answers if keep else answers
    assert chosen is not None
    task = _open_with_head(preset, chosen, keep=keep, dropout=dropout)
    limit = max_length if max_length is not None else preset.max_length
    task.preprocessor.sequence_length = encoder_for(task, max_length=limit).max_length
    from samesay.model.classifier import PairClassifier

    names, scale = ((), tuple(chosen)) if isinstance(chosen, GradeScale) else (chosen.names, None)
    classifier = PairClassifier(task, names, tuple(sides or preset.sides or Sides()), scale=scale)
    head: Literal["kept", "new"] = "kept" if keep else "new"
    note = (
        f"head kept: {answers_in_words(chosen)}"
        if keep
        else f"new head for {'' if scale else f'{len(names)} labels: '}{answers_in_words(chosen)}"
        + (
            f" (the saved head, for {answers_in_words(preset.answers)}, is left behind)"
            if preset.answers
            else ""
        )
    )
    return OpenedModel(classifier, preset, head, note)


def _fit(mine: Answers, theirs: Answers) -> bool:
    if isinstance(mine, GradeScale) or isinstance(theirs, GradeScale):
        return mine == theirs
    return set(mine) == set(theirs)


def _open_with_head(preset: Preset, answers: Answers, *, keep: bool, dropout: float | None) -> Any:
    arguments: dict[str, Any] = {}
    if not keep:
        arguments["num_classes"] = 1 if isinstance(answers, GradeScale) else len(answers)
        if dropout is not None:
            arguments["dropout"] = dropout
    task = open_task(preset, **arguments)
    if task.preprocessor is None:
        raise EncoderUnsupported(f"{preset.name!r} comes without a preprocessor.", where=preset.location)
    return task
