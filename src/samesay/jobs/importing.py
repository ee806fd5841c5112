"""A sequence classifier of Hugging Face's becomes a saved model, its head kept, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from samesay.bundle import require_replaceable
from samesay.pairs import LabelSet, ProgressListener, Scale, Sides


@dataclass(frozen=True)
class ImportResult:
    """A bundle that was written.

    Attributes:
        path: Its folder.
        source: What was imported.
        labels: The names of the classes in the order of the outputs; none of a head with one output.
        scale: The lowest and the highest score of such a one.
        sides: What the two texts are called, in reading order.
        max_length: The most tokens of a pair that are read.
        onnx: What the parity check of its ONNX part said.
        parity: What was compared with the folder's own tokenizer and library (``model.import_parity``).
        notes: What its user has to know.
    """

    path: str
    source: str
    labels: list[str]
    scale: list[float] | None
    sides: list[str]
    max_length: int
    onnx: dict[str, Any]
    parity: dict[str, Any]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def import_model(
    source: str | Path,
    output: str | Path,
    *,
    labels: LabelSet | Sequence[str] | None = None,
    scale: Scale | Sequence[float] | None = None,
    sides: Sides | Sequence[str] | None = None,
    max_length: int | None = None,
    overwrite: bool = False,
    progress: ProgressListener | None = None,
) -> ImportResult:
    """Save a Hugging Face folder's classifier as a bundle: a Keras part, and a checked ONNX part.

    Args:
        source: The folder, or ``hf://owner/model[@revision]``.
        output: The new bundle's folder.
        labels: Names for the outputs, in their order; the folder's own where absent.
        scale: The lowest and the highest score of a head with one output; 0 to 1 where absent.
        sides: What its first and its second text are called.
        max_length: The limit in tokens; the folder's own where absent.
        overwrite: Replace a bundle at ``output``.
        progress: Hears the stage ``save``.

    Raises:
        HeadMismatch: If the head is no classifier of one label a pair, or ``labels`` do not fit it.
        EncoderUnsupported: If it cannot be computed here as it is meant, or its weights are not safetensors.
        TokenizerUnsupported: If its tokenizer has no twin here.
        TargetExists: If ``output`` is taken.
    """
    from samesay.model.import_parity import compare_with_original
    from samesay.pair_model import PairModel
    from samesay.runs.saving import save_model

    require_replaceable(output, overwrite=overwrite)
    model = PairModel.from_preset(
        source, labels, scale=scale, sides=sides, max_length=max_length, keep_head=True
    )
    assert model.folder is not None, "only a folder's head is kept"
    parity, notes = compare_with_original(model.classifier, model.folder)
    model.facts["parity"] = parity
    saved = save_model(model, Path(output), overwrite=overwrite, progress=progress)
    if model.answers.activation == "identity":
        notes.append("its scores are the model's output as it is, and no scale bounds them")
    if (
        labels is None
        and model.labels.names
        and all(name == f"LABEL_{index}" for index, name in enumerate(model.labels))
    ):
        notes.append(
            f"nobody named the labels: they are {', '.join(model.labels)} (--labels gives names, in this order)"
        )
    if sides is None and model.sides == Sides():
        notes.append(
            "which text comes first is not recorded in such folders: see its card, then name the two by --sides"
        )
    return ImportResult(
        str(output),
        str(source),
        list(model.labels),
        model.answers.to_dict()["scale"],
        list(model.sides),
        model.max_length,
        {"status": saved.onnx.status, **saved.onnx.to_dict()},
        parity,
        notes,
    )
