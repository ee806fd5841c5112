"""Which KerasHub classifiers can be written as ONNX, and by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from samesay.errors import EncoderUnsupported
from samesay.export.families.albert import write_albert
from samesay.export.families.bert import write_bert, write_bert_encoder
from samesay.export.families.deberta import write_deberta
from samesay.export.families.mpnet import write_mpnet, write_mpnet_encoder
from samesay.export.families.roberta import write_roberta, write_roberta_encoder
from samesay.export.graph import Graph, Value

FamilyWriter = Callable[[Graph, Any, Value, Value, Value], Value]
"""Adds a whole classifier to a graph: ``(graph, task, token_ids, segment_ids, padding_mask) -> logits``.

``token_ids`` and ``segment_ids`` are (batch, length) int32, ``padding_mask`` is (batch, length) bool, true at tokens;
the length is at most the backbone's positions. The logits are (batch, n_labels) float32. ``EncoderUnsupported`` is
raised where an activation or a layer is not one that can be written. A family that tells the sides apart by their
separators alone does not read ``segment_ids``: every graph has the same three inputs.
"""

EncoderWriter = Callable[[Graph, Any, Value, Value, Value], Value]
"""Adds an encoder: ``(graph, backbone, token_ids, segment_ids, padding_mask) -> hidden states (B, L, H)``."""

# (task, backbone) class names as model.backbones.families knows them; a family added here has a module of its own.
_FAMILIES: dict[tuple[str, str], FamilyWriter] = {
    ("AlbertTextClassifier", "AlbertBackbone"): write_albert,
    ("BertTextClassifier", "BertBackbone"): write_bert,
    ("DebertaV3TextClassifier", "DebertaV3Backbone"): write_deberta,
    ("DistilBertTextClassifier", "DistilBertBackbone"): write_roberta,
    ("MPNetTextClassifier", "MPNetBackbone"): write_mpnet,
    ("RobertaTextClassifier", "RobertaBackbone"): write_roberta,
    ("XLMRobertaTextClassifier", "XLMRobertaBackbone"): write_roberta,
}

_ENCODERS: dict[str, EncoderWriter] = {
    "BertBackbone": write_bert_encoder,
    "DistilBertBackbone": write_roberta_encoder,
    "MPNetBackbone": write_mpnet_encoder,
    "RobertaBackbone": write_roberta_encoder,
    "XLMRobertaBackbone": write_roberta_encoder,
}
"""Those whose hidden states are given out, for vectors."""


def supported_encoders() -> tuple[str, ...]:
    """The names of the backbones that can be written."""
    return tuple(backbone for _, backbone in _FAMILIES)


def writer_for(task: Any) -> FamilyWriter:
    """What writes ``task``, a KerasHub text classifier.

    Raises:
        EncoderUnsupported: If its classifier or backbone is not one of the known classes. A subclass is not:
        it may
            compute anything.
    """
    from samesay.model.backbones.families import is_published

    for names, writer in _FAMILIES.items():
        if is_published(task, *names):
            return writer
    backbone = getattr(task, "backbone", None)
    raise EncoderUnsupported(
        f"No ONNX graph is known for {type(task).__name__} on {type(backbone).__name__}.",
        where="the model's encoder",
        expected=", ".join(f"{task_name} on {backbone_name}" for task_name, backbone_name in _FAMILIES),
        hint="train and predict with the Keras part; scoring without Keras needs a supported encoder",
        details={"backbone": type(backbone).__name__, "supported": list(supported_encoders())},
    )


def encoder_writer_for(task: Any) -> EncoderWriter:
    """What writes the hidden states of the encoder of ``task``.

    Raises:
        EncoderUnsupported: If its backbone is not one of the known classes.
    """
    from samesay.model.backbones.families import is_published

    for backbone, writer in _ENCODERS.items():
        if is_published(task, f"{backbone.removesuffix('Backbone')}TextClassifier", backbone):
            return writer
    raise EncoderUnsupported(
        f"No vectors can be made with {type(getattr(task, 'backbone', None)).__name__}.",
        where="the model's encoder",
        expected=", ".join(_ENCODERS),
    )
