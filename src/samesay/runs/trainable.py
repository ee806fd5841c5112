"""A classifier with its history: what is fitted and saved, whoever asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from samesay.bundle import Manifest, open_bundle
from samesay.decision import Decision
from samesay.model.huggingface.hub import HubModel
from samesay.model.opening import OpenedModel
from samesay.pairs import Answers, LabelSet, Scale, Sides
from samesay.runs.record import Opening, TrainingRecord

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier


@dataclass(eq=False, kw_only=True)
class TrainableModel:
    """A Keras classifier with all that is known of where it comes from.

    Attributes:
        classifier: The Keras model; ``fit``, ``evaluate`` and ``predict`` of its own take raw text pairs, too.
        preset: What it was opened from.
        head: ``"kept"`` or ``"new"``.
        note: The same in words.
        began: How its weights come about again, for the recipe of what it will be; in words, where no name opens it.
        manifest: What the bundle says that it was opened from, if it was.
        decision: How a label comes out of logits, as ``samesay calibrate`` fits it.
        record: The training run, once there was one here.
        hub: Where on the Hugging Face hub its encoder is from, and at which commit.
        folder: The Hugging Face folder that it was opened from, if it was.
        facts: What the manifest records of its origin beside the preset's name.
    """

    classifier: PairClassifier
    preset: str
    head: str
    note: str
    began: Opening | str
    manifest: Manifest | None = None
    decision: Decision = field(default_factory=Decision)
    record: TrainingRecord | None = None
    hub: HubModel | None = None
    folder: Path | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, opened: OpenedModel, began: Opening | str) -> Self:
        """A model that was opened by name."""
        preset, manifest = opened.preset, None
        if opened.head == "kept" and preset.kind == "saved model":
            manifest = open_bundle(preset.name, verify=False).manifest
        return cls(
            classifier=opened.classifier,
            preset=preset.name,
            head=opened.head,
            note=opened.note,
            began=began,
            manifest=manifest,
            decision=manifest.decision if manifest else Decision(),
            hub=preset.hub,
            folder=Path(preset.location) if preset.kind == "hugging face folder" else None,
            facts={"hub": preset.hub.to_dict()} if preset.hub is not None else {},
        )

    @property
    def task(self) -> Any:
        """The KerasHub text classifier, sharing its weights with this model."""
        return self.classifier.task

    @property
    def labels(self) -> LabelSet:
        """The names of the classes, in the order of the columns of ``predict``."""
        return self.classifier.labels

    @property
    def scale(self) -> Scale | None:
        """The lowest and the highest score of a similarity model; None for one of classes."""
        return self.classifier.scale

    @property
    def answers(self) -> Answers:
        """The label names, or the scale of the scores."""
        return self.classifier.answers

    @property
    def sides(self) -> Sides:
        """What the first and the second text are called."""
        return self.classifier.sides

    @property
    def max_length(self) -> int:
        """The maximum sequence length of a pair, in tokens."""
        return self.classifier.encoder.max_length
