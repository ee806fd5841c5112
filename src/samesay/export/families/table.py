"""Which KerasHub classifiers can be written as ONNX, and by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from samesay.errors import EncoderUnsupported
from samesay.export.families.deberta import write_deberta
from samesay.export.families.standard import write_classifier, write_hidden_states
from samesay.export.graph import Graph, Value
from samesay.model.backbones.families import family_name

FamilyWriter = Callable[[Graph, Any, Value, Value, Value], Value]
"""Adds a classifier: ``(graph, task, token_ids, segment_ids, padding_mask) -> logits (B, n_labels)``.

It raises ``EncoderUnsupported`` if a layer is not one that can be written. A family that tells the sides apart by their
separators alone does not read ``segment_ids``: every graph has the same three inputs.
"""

EncoderWriter = Callable[[Graph, Any, Value, Value, Value], Value]
"""Adds an encoder: ``(graph, backbone, token_ids, segment_ids, padding_mask) -> hidden states (B, L, H)``."""

# By how KerasHub's classes of the family begin.
_CLASSIFIERS: dict[str, FamilyWriter] = {
    "Albert": write_classifier,
    "Bert": write_classifier,
    "DebertaV3": write_deberta,
    "DistilBert": write_classifier,
    "MPNet": write_classifier,
    "Roberta": write_classifier,
    "XLMRoberta": write_classifier,
}
_ENCODERS: dict[str, EncoderWriter] = dict.fromkeys(
    ("Bert", "DistilBert", "MPNet", "Roberta", "XLMRoberta"), write_hidden_states
)
"""Those whose hidden states are given out, for vectors."""


def supported_encoders() -> tuple[str, ...]:
    """The names of the backbones that can be written."""
    return tuple(f"{name}Backbone" for name in _CLASSIFIERS)


def writer_for(task: Any) -> FamilyWriter:
    """What writes ``task``, a KerasHub text classifier.

    Raises:
        EncoderUnsupported: If its classifier or backbone is not one of the known classes. A subclass is not: it may
            compute anything.
    """
    if (name := family_name(task, _CLASSIFIERS)) is not None:
        return _CLASSIFIERS[name]
    backbone = type(getattr(task, "backbone", None)).__name__
    raise EncoderUnsupported(
        f"No ONNX graph is known for {type(task).__name__} on {backbone}.",
        where="the model's encoder",
        expected=", ".join(f"{name}TextClassifier on {name}Backbone" for name in _CLASSIFIERS),
        hint="train and predict with the Keras part; scoring without Keras needs a supported encoder",
        details={"backbone": backbone, "supported": list(supported_encoders())},
    )


def encoder_writer_for(task: Any) -> EncoderWriter:
    """What writes the hidden states of the encoder of ``task``.

    Raises:
        EncoderUnsupported: If its backbone is not one of the known classes.
    """
    if (name := family_name(task, _ENCODERS)) is not None:
        return _ENCODERS[name]
    raise EncoderUnsupported(
        f"No vectors can be made with {type(getattr(task, 'backbone', None)).__name__}.",
        where="the model's encoder",
        expected=", ".join(f"{name}Backbone" for name in _ENCODERS),
    )
