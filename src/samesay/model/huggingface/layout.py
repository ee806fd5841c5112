"""Hugging Face's layout of sequence classifiers, as data: which tensor is which Keras variable, which setting which.

One mapping serves both directions: ``samesay.export`` writes folders by it, ``samesay.model.huggingface.folder``
reads them. Where the two layouts differ, beside names:

- a dense kernel is (inputs, outputs) in Keras and (outputs, inputs) there; attention's heads have an axis of their
  own in Keras;
- RoBERTa, XLM-R and MPNet keep two rows in front of the positions, for padding, and the former two one token-type row
  that is added to every token; KerasHub has neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported
from samesay.model.huggingface.settings import (
    ALBERT,
    BERT,
    DEBERTA,
    DISTILBERT,
    MPNET,
    ROBERTA,
    XLM_ROBERTA,
    Shape,
)
from samesay.model.runtime.backend import keras

POSITION_OFFSET = 2
"""Rows in front of RoBERTa's positions: they count from the padding id + 1, and that id is 1."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Tensor:
    """One tensor of a folder and the Keras variable that holds the same numbers.

    Attributes:
        name: In ``model.safetensors``.
        variable: The Keras variable.
        shape: The tensor's shape.
        transposed: Whether it is a dense kernel, its axes the other way round.
        rows_in_front: Rows of zeros before the variable's own.
        shared_row: A tensor whose first row is added to all of this one's; zeros in what we write.
    """

    name: str
    variable: Any
    shape: tuple[int, ...]
    transposed: bool = False
    rows_in_front: int = 0
    shared_row: str | None = None

    def read_variable(self) -> Array:
        """The variable's numbers in the tensor's shape."""
        ops = keras().ops
        held = np.asarray(ops.convert_to_numpy(ops.cast(self.variable, "float32")), np.float32)
        if self.transposed:
            return np.ascontiguousarray(held.reshape(self.shape[::-1]).T)
        if self.rows_in_front:
            held = np.concatenate([np.zeros((self.rows_in_front, held.shape[1]), np.float32), held])
        return np.ascontiguousarray(held.reshape(self.shape))

    def assign(self, tensor: Array, shared_row: Array | None = None) -> None:
        """Put a tensor of ``shape`` into the variable."""
        values = tensor.T if self.transposed else tensor[self.rows_in_front :]
        if shared_row is not None:
            values = values + shared_row[:1]
        self.variable.assign(values.reshape(tuple(self.variable.shape)))


@dataclass(frozen=True)
class Layout:
    """How one family lies in a folder.

    Attributes:
        model_type: What ``config.json`` calls the family.
        architecture: The class of ``transformers`` that opens it.
        task: The KerasHub classifier's class, by name.
        backbone: Its backbone's class, by name.
        tensors: A task's tensors.
        settings: ``config.json`` beyond the labels, from a task and the name of its activation.
        activation_key: Which setting names the activation.
        activations: The names there of what KerasHub computes; the first is written.
        epsilon: Of the layer norms.
        epsilon_key: Which setting gives that; ``transformers`` has no other value where there is none.
        segments: Whether the model takes token types.
        shape: Its settings of size, and the tensors that have them.
        requires: Settings of ``config.json`` beside those of every family, as they are where KerasHub computes the
            same, and what ``transformers`` takes them for where they are absent.
    """

    model_type: str
    architecture: str
    task: str
    backbone: str
    tensors: Callable[[Any], Iterator[Tensor]]
    settings: Callable[[Any], dict[str, Any]]
    activation_key: str
    activations: tuple[str, ...]
    epsilon: float
    epsilon_key: str | None
    shape: Shape
    segments: bool = False
    requires: tuple[tuple[str, Any, Any], ...] = ()


def _plain(name: str, variable: Any) -> Tensor:
    return Tensor(name, variable, tuple(variable.shape))


def _dense(name: str, layer: Any) -> Iterator[Tensor]:
    """A ``Dense`` or one of attention's ``EinsumDense``: kernel and bias."""
    outputs = math.prod(layer.bias.shape)
    inputs = math.prod(layer.kernel.shape) // outputs
    yield Tensor(f"{name}.weight", layer.kernel, (outputs, inputs), transposed=True)
    yield Tensor(f"{name}.bias", layer.bias, (outputs,))


def _norm(name: str, layer: Any) -> Iterator[Tensor]:
    yield _plain(f"{name}.weight", layer.gamma)
    yield _plain(f"{name}.bias", layer.beta)


def _encoder_layer(prefix: str, layer: Any, names: Mapping[str, str]) -> Iterator[Tensor]:
    """A transformer layer; its parts' names in the folder by our names for them."""
    # KerasHub gives these no public names; its own converters read them in this way.
    attention = layer._self_attention_layer
    parts: dict[str, tuple[Callable[[str, Any], Iterator[Tensor]], Any]] = {
        "query": (_dense, _dense_of(attention, "query")),
        "key": (_dense, _dense_of(attention, "key")),
        "value": (_dense, _dense_of(attention, "value")),
        "attention_output": (_dense, _dense_of(attention, "output")),
        "attention_norm": (_norm, layer._self_attention_layer_norm),
        "intermediate": (_dense, layer._feedforward_intermediate_dense),
        "output": (_dense, layer._feedforward_output_dense),
        "output_norm": (_norm, layer._feedforward_layer_norm),
    }
    for part, (tensors, keras_layer) in parts.items():
        yield from tensors(f"{prefix}.{names[part]}", keras_layer)


def _dense_of(attention: Any, name: str) -> Any:
    """DeBERTa's attention is KerasHub's own layer, the others' is Keras'."""
    return getattr(attention, f"{name}_dense", None) or getattr(attention, f"_{name}_dense")


_BERT_LAYER = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}
_DISTILBERT_LAYER = {
    "query": "attention.q_lin",
    "key": "attention.k_lin",
    "value": "attention.v_lin",
    "attention_output": "attention.out_lin",
    "attention_norm": "sa_layer_norm",
    "intermediate": "ffn.lin1",
    "output": "ffn.lin2",
    "output_norm": "output_layer_norm",
}
_MPNET_LAYER = {
    **_BERT_LAYER,
    "query": "attention.attn.q",
    "key": "attention.attn.k",
    "value": "attention.attn.v",
    "attention_output": "attention.attn.o",
    "attention_norm": "attention.LayerNorm",
}
_ALBERT_LAYER = {
    "query": "attention.query",
    "key": "attention.key",
    "value": "attention.value",
    "attention_output": "attention.dense",
    "attention_norm": "attention.LayerNorm",
    "intermediate": "ffn",
    "output": "ffn_output",
    "output_norm": "full_layer_layer_norm",
}
_DEBERTA_LAYER = {
    **_BERT_LAYER,
    "query": "attention.self.query_proj",
    "key": "attention.self.key_proj",
    "value": "attention.self.value_proj",
}


def _bert(task: Any) -> Iterator[Tensor]:
    backbone = task.backbone
    yield from _three_embeddings("bert.embeddings", backbone)
    for index, layer in enumerate(backbone.transformer_layers):
        yield from _encoder_layer(f"bert.encoder.layer.{index}", layer, _BERT_LAYER)
    yield from _dense("bert.pooler.dense", backbone.pooled_dense)
    yield from _dense("classifier", task.output_dense)


def _albert(task: Any) -> Iterator[Tensor]:
    backbone = task.backbone
    yield from _three_embeddings("albert.embeddings", backbone)
    yield from _dense("albert.encoder.embedding_hidden_mapping_in", backbone.embeddings_projection)
    for group, layers in enumerate(backbone.transformer_layers):
        for index, layer in enumerate(layers):
            prefix = f"albert.encoder.albert_layer_groups.{group}.albert_layers.{index}"
            yield from _encoder_layer(prefix, layer, _ALBERT_LAYER)
    yield from _dense("albert.pooler", backbone.pooled_dense)
    yield from _dense("classifier", task.output_dense)


def _three_embeddings(prefix: str, backbone: Any) -> Iterator[Tensor]:
    yield _plain(f"{prefix}.word_embeddings.weight", backbone.token_embedding.embeddings)
    yield _plain(f"{prefix}.position_embeddings.weight", backbone.position_embedding.position_embeddings)
    yield _plain(f"{prefix}.token_type_embeddings.weight", backbone.segment_embedding.embeddings)
    yield from _norm(f"{prefix}.LayerNorm", backbone.embeddings_layer_norm)


def _roberta(task: Any) -> Iterator[Tensor]:
    yield from _fairseq("roberta", task, _BERT_LAYER, "roberta.embeddings.token_type_embeddings.weight")


def _mpnet(task: Any) -> Iterator[Tensor]:
    yield from _fairseq("mpnet", task, _MPNET_LAYER, None)
    yield _plain("mpnet.encoder.relative_attention_bias.weight", task.backbone.position_bias.embeddings)


def _fairseq(prefix: str, task: Any, layers: Mapping[str, str], shared_row: str | None) -> Iterator[Tensor]:
    """What RoBERTa, XLM-R and MPNet have in common."""
    backbone = task.backbone
    positions = backbone.embeddings.position_embedding.position_embeddings
    yield _plain(f"{prefix}.embeddings.word_embeddings.weight", backbone.token_embedding.embeddings)
    yield Tensor(
        f"{prefix}.embeddings.position_embeddings.weight",
        positions,
        (positions.shape[0] + POSITION_OFFSET, positions.shape[1]),
        rows_in_front=POSITION_OFFSET,
        shared_row=shared_row,
    )
    yield from _norm(f"{prefix}.embeddings.LayerNorm", backbone.embeddings_layer_norm)
    for index, layer in enumerate(backbone.transformer_layers):
        yield from _encoder_layer(f"{prefix}.encoder.layer.{index}", layer, layers)
    yield from _dense("classifier.dense", task.pooled_dense)
    yield from _dense("classifier.out_proj", task.output_dense)


def _distilbert(task: Any) -> Iterator[Tensor]:
    backbone = task.backbone
    embeddings = backbone.embeddings
    yield _plain("distilbert.embeddings.word_embeddings.weight", backbone.token_embedding.embeddings)
    yield _plain(
        "distilbert.embeddings.position_embeddings.weight", embeddings.position_embedding.position_embeddings
    )
    yield from _norm("distilbert.embeddings.LayerNorm", backbone.embeddings_layer_norm)
    for index, layer in enumerate(backbone.transformer_layers):
        yield from _encoder_layer(f"distilbert.transformer.layer.{index}", layer, _DISTILBERT_LAYER)
    yield from _dense("pre_classifier", task.pooled_dense)
    yield from _dense("classifier", task.output_dense)


def _deberta(task: Any) -> Iterator[Tensor]:
    backbone = task.backbone
    yield _plain("deberta.embeddings.word_embeddings.weight", backbone.token_embedding.embeddings)
    yield from _norm("deberta.embeddings.LayerNorm", backbone.embeddings_layer_norm)
    for index, layer in enumerate(backbone.transformer_layers):
        yield from _encoder_layer(f"deberta.encoder.layer.{index}", layer, _DEBERTA_LAYER)
    relative = backbone.relative_embeddings
    yield _plain("deberta.encoder.rel_embeddings.weight", relative.rel_embeddings)
    yield from _norm("deberta.encoder.LayerNorm", relative.layer_norm)
    yield from _dense("pooler.dense", task.pooled_dense)
    yield from _dense("classifier", task.output_dense)


def _common_settings(task: Any) -> dict[str, Any]:
    backbone = task.backbone
    return {
        "vocab_size": backbone.vocabulary_size,
        "hidden_size": backbone.hidden_dim,
        "num_hidden_layers": backbone.num_layers,
        "num_attention_heads": backbone.num_heads,
        "intermediate_size": backbone.intermediate_dim,
        "hidden_dropout_prob": backbone.dropout,
        "attention_probs_dropout_prob": backbone.dropout,
        "max_position_embeddings": backbone.max_sequence_length,
        "pad_token_id": task.preprocessor.tokenizer.pad_token_id,
    }


def _bert_settings(task: Any) -> dict[str, Any]:
    return {
        **_common_settings(task),
        "type_vocab_size": task.backbone.num_segments,
        "classifier_dropout": task.dropout,
    }


def _albert_settings(task: Any) -> dict[str, Any]:
    backbone = task.backbone
    return {
        **_common_settings(task),
        "embedding_size": backbone.embedding_dim,
        "num_hidden_groups": backbone.num_groups,
        "inner_group_num": backbone.num_inner_repetitions,
        "type_vocab_size": backbone.num_segments,
        "classifier_dropout_prob": task.dropout,
    }


def _roberta_settings(task: Any) -> dict[str, Any]:
    tokenizer = task.preprocessor.tokenizer
    return {
        **_common_settings(task),
        "max_position_embeddings": task.backbone.max_sequence_length + POSITION_OFFSET,
        "type_vocab_size": 1,
        "bos_token_id": tokenizer.start_token_id,
        "eos_token_id": tokenizer.end_token_id,
        "classifier_dropout": task.dropout,
    }


def _mpnet_settings(task: Any) -> dict[str, Any]:
    tokenizer = task.preprocessor.tokenizer
    return {
        **_common_settings(task),
        "max_position_embeddings": task.backbone.max_sequence_length + POSITION_OFFSET,
        "relative_attention_num_buckets": 32,
        "layer_norm_eps": task.backbone.layer_norm_epsilon,
        "bos_token_id": tokenizer.start_token_id,
        "eos_token_id": tokenizer.end_token_id,
    }


def _distilbert_settings(task: Any) -> dict[str, Any]:
    backbone = task.backbone
    return {
        "vocab_size": backbone.vocabulary_size,
        "dim": backbone.hidden_dim,
        "n_layers": backbone.num_layers,
        "n_heads": backbone.num_heads,
        "hidden_dim": backbone.intermediate_dim,
        "dropout": backbone.dropout,
        "attention_dropout": backbone.dropout,
        "seq_classif_dropout": task.dropout,
        "max_position_embeddings": backbone.max_sequence_length,
        "sinusoidal_pos_embds": False,
        "pad_token_id": task.preprocessor.tokenizer.pad_token_id,
    }


def _deberta_settings(task: Any) -> dict[str, Any]:
    return {
        **_common_settings(task),
        "type_vocab_size": 0,
        "position_biased_input": False,
        "relative_attention": True,
        "position_buckets": task.backbone.bucket_size,
        "max_relative_positions": -1,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "pooler_hidden_size": task.hidden_dim,
        "pooler_hidden_act": "gelu",
        "pooler_dropout": task.dropout,
        "cls_dropout": task.backbone.dropout,
    }


_TANH_GELU = ("gelu_pytorch_tanh", "gelu_new", "gelu_fast")

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        model_type="bert",
        architecture="BertForSequenceClassification",
        task="BertTextClassifier",
        backbone="BertBackbone",
        tensors=_bert,
        settings=_bert_settings,
        activation_key="hidden_act",
        activations=_TANH_GELU,
        epsilon=1e-12,
        epsilon_key="layer_norm_eps",
        shape=BERT,
        segments=True,
    ),
    Layout(
        model_type="roberta",
        architecture="RobertaForSequenceClassification",
        task="RobertaTextClassifier",
        backbone="RobertaBackbone",
        tensors=_roberta,
        settings=_roberta_settings,
        activation_key="hidden_act",
        activations=("gelu",),
        epsilon=1e-5,
        epsilon_key="layer_norm_eps",
        shape=ROBERTA,
    ),
    Layout(
        model_type="xlm-roberta",
        architecture="XLMRobertaForSequenceClassification",
        task="XLMRobertaTextClassifier",
        backbone="XLMRobertaBackbone",
        tensors=_roberta,
        settings=_roberta_settings,
        activation_key="hidden_act",
        activations=("gelu",),
        epsilon=1e-5,
        epsilon_key="layer_norm_eps",
        shape=XLM_ROBERTA,
    ),
    Layout(
        model_type="mpnet",
        architecture="MPNetForSequenceClassification",
        task="MPNetTextClassifier",
        backbone="MPNetBackbone",
        tensors=_mpnet,
        settings=_mpnet_settings,
        activation_key="hidden_act",
        activations=("gelu",),
        # Whatever the folder has: the backbone is ours, and takes it.
        epsilon=1e-5,
        epsilon_key=None,
        shape=MPNET,
        # Neither can be otherwise in transformers, whatever config.json says of it.
        requires=(("relative_attention_num_buckets", 32, 32), ("pad_token_id", 1, 1)),
    ),
    Layout(
        model_type="distilbert",
        architecture="DistilBertForSequenceClassification",
        task="DistilBertTextClassifier",
        backbone="DistilBertBackbone",
        tensors=_distilbert,
        settings=_distilbert_settings,
        activation_key="activation",
        activations=("gelu",),
        epsilon=1e-12,
        epsilon_key=None,
        shape=DISTILBERT,
    ),
    Layout(
        model_type="albert",
        architecture="AlbertForSequenceClassification",
        task="AlbertTextClassifier",
        backbone="AlbertBackbone",
        tensors=_albert,
        settings=_albert_settings,
        activation_key="hidden_act",
        activations=_TANH_GELU,
        epsilon=1e-12,
        epsilon_key="layer_norm_eps",
        shape=ALBERT,
        segments=True,
    ),
    Layout(
        model_type="deberta-v2",
        architecture="DebertaV2ForSequenceClassification",
        task="DebertaV3TextClassifier",
        backbone="DebertaV3Backbone",
        tensors=_deberta,
        settings=_deberta_settings,
        activation_key="hidden_act",
        activations=("gelu",),
        epsilon=1e-7,
        epsilon_key="layer_norm_eps",
        shape=DEBERTA,
        # DeBERTa-v3 is this model type as these settings have it; its defaults are those of v2.
        requires=(
            ("relative_attention", True, False),
            ("position_biased_input", False, True),
            ("share_att_key", True, False),
            ("norm_rel_ebd", "layer_norm", "none"),
            ("pos_att_type", ["c2p", "p2c"], []),
            ("max_relative_positions", -1, -1),
            ("type_vocab_size", 0, 0),
            ("pooler_hidden_act", "gelu", "gelu"),
            ("conv_kernel_size", 0, 0),
        ),
    ),
)


def layout_of(task: Any) -> Layout:
    """The layout of a KerasHub classifier.

    Raises:
        EncoderUnsupported: If no layout is known for it, or its head has a form that there is none for there.
    """
    from samesay.model.backbones.families import is_published

    backbone: Any = getattr(task, "backbone", None)
    layout = next((one for one in LAYOUTS if is_published(task, one.task, one.backbone)), None)
    if layout is None:
        raise EncoderUnsupported(
            f"No Hugging Face layout is known for {type(task).__name__} on {type(backbone).__name__}.",
            where="the model's encoder",
            expected=", ".join(layout.backbone for layout in LAYOUTS),
        )
    width = getattr(task, "hidden_dim", None)
    if width is not None and width != backbone.hidden_dim:
        raise EncoderUnsupported(
            f"The classifier's hidden layer has {width} units.",
            where="the model's head",
            expected=f"{backbone.hidden_dim}, as wide as the encoder: {layout.architecture} has no other",
        )
    return layout
