"""Opening a preset for a set of labels: which head it gets, and saying so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from samesay.errors import EncoderUnsupported, HeadMismatch, UsageError
from samesay.model.backend import keras
from samesay.model.huggingface_folder import describe, open_classifier
from samesay.model.presets import Preset, fetched, open_task, resolve
from samesay.model.tokenizer import encoder_for
from samesay.pairs import LabelSet, Sides

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
    labels: LabelSet | None = None,
    *,
    sides: Sides | None = None,
    max_length: int | None = None,
    dropout: float | None = None,
    new_head: bool = False,
    keep_head: bool = False,
    seed: int = 0,
) -> OpenedModel:
    """Open the preset ``name`` as a classifier of pairs into ``labels``.

    A saved SameSay model, and a Hugging Face folder whose classifier names its labels, keep their heads where the
    label names are the same (their own order of names then holds); every other preset gets a new head.

    Args:
        name: What ``samesay.model.presets.resolve`` accepts.
        labels: The names of the classes; may be absent for a saved model.
        sides: What the first and second text are called; a saved model's own where absent.
        max_length: The limit in tokens; the preset's own where absent.
        dropout: The share of the pooled output that is dropped while training the head, with a new head only;
            KerasHub's default where absent.
        new_head: Make a new head although the label names are others, or the same.
        keep_head: Keep a Hugging Face folder's head in any case; ``labels`` then name its outputs in their order.
        seed: Decides the new head's weights.

    Raises:
        HeadMismatch: If the saved head was trained for other names and ``new_head`` is not set.
        ModelError: If there is no such preset, or it cannot be used.
    """
    preset = fetched(resolve(name))
    if keep_head:
        preset, labels = _with_kept_head(preset, labels), None
    keep = preset.labels is not None and not new_head
    if (
        preset.labels is not None
        and labels is not None
        and not new_head
        and set(labels) != set(preset.labels)
    ):
        raise HeadMismatch(
            f"The head of {preset.name!r} was trained for other labels than the data has.",
            where="preset",
            expected=f"model: {', '.join(preset.labels)}; data: {', '.join(labels)}",
            hint="pass --new-head to keep the encoder and train a new head, or --rename-labels to name them alike",
            details={"model": list(preset.labels), "data": list(labels)},
        )
    if labels is None and not keep:
        raise HeadMismatch(
            f"{preset.name!r} says no names for its labels.",
            where="labels",
            expected="the names of the classes, such as entailment,neutral,contradiction",
        )
    keras().utils.set_random_seed(seed)
    chosen = preset.labels if keep else labels
    assert chosen is not None
    task = _open_with_head(preset, chosen, keep=keep, dropout=dropout)
    limit = max_length if max_length is not None else preset.max_length
    task.preprocessor.sequence_length = encoder_for(task, max_length=limit).max_length
    from samesay.model.classifier import PairClassifier

    classifier = PairClassifier(task, chosen.names, tuple(sides or preset.sides or Sides()))
    head: Literal["kept", "new"] = "kept" if keep else "new"
    note = (
        f"head kept: {', '.join(chosen)}"
        if keep
        else f"new head for {len(chosen)} labels: {', '.join(chosen)}"
        + (f" (the saved head, for {', '.join(preset.labels)}, is left behind)" if preset.labels else "")
    )
    return OpenedModel(classifier, preset, head, note)


def _with_kept_head(preset: Preset, labels: LabelSet | None) -> Preset:
    """A Hugging Face folder's preset with its head, whose outputs are called ``labels``."""
    if preset.kind != "hugging face folder":
        raise UsageError(
            f"{preset.name!r} is no folder of Hugging Face's with a sequence classifier.",
            where="preset",
            expected="a folder with config.json and model.safetensors, or hf://owner/model",
        )
    # Once more, for what stands in the way: without keep_head it only means a new head.
    classifier = preset.classifier or describe(Path(preset.location))
    if labels is not None and len(labels) != len(classifier.labels):
        raise HeadMismatch(
            f"{len(labels)} names were given for a head with {len(classifier.labels)} outputs.",
            where="labels",
            expected=f"one name for each of {', '.join(classifier.labels)}, in this order",
        )
    classifier = replace(classifier, labels=labels or classifier.labels)
    return replace(
        preset,
        labels=classifier.labels,
        sides=classifier.sides,
        max_length=classifier.max_length,
        classifier=classifier,
    )


def _open_with_head(preset: Preset, labels: LabelSet, *, keep: bool, dropout: float | None) -> Any:
    if keep and preset.classifier is not None:
        return open_classifier(preset.classifier)
    arguments: dict[str, Any] = {}
    if not keep:
        arguments["num_classes"] = len(labels)
        if dropout is not None:
            arguments["dropout"] = dropout
    task = open_task(preset, **arguments)
    if task.preprocessor is None:
        raise EncoderUnsupported(f"{preset.name!r} comes without a preprocessor.", where=preset.location)
    return task
