"""MPNet as KerasHub would have it: backbone, tokenizer, preprocessor and text classifier.

Song et al. 2020, "MPNet: Masked and Permuted Pre-training for Language Understanding" (arXiv 2004.09297). Read as a
plain encoder it is RoBERTa's architecture with BERT's WordPiece, and attention scores that get a learned number for
how far two tokens are apart, by head, the same one in every layer. Importing this module imports KerasHub, and
registers the classes with Keras.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

BUCKETS = 32
"""Half of them for keys before the query and at it, half for those after it."""

FARTHEST = 128
"""From this distance on all tokens are equally far."""


@cache
def distance_buckets() -> NDArray[np.int32]:
    """The bucket of every distance key - query from -FARTHEST to FARTHEST, shape ``(2 * FARTHEST + 1,)``.

    A quarter of the buckets are single distances, a quarter grow by the same factor each (Raffel et al. 2020, T5). That
    is computed in whole numbers, where a logarithm in floats could round one of the limits to either side.
    """
    single = growing = BUCKETS // 4
    buckets = []
    for distance in range(FARTHEST + 1):
        # The most steps k for which single * (FARTHEST / single) ** (k / growing) is not beyond the distance.
        steps = sum(
            distance**growing * single**step >= FARTHEST**step * single**growing for step in range(1, growing)
        )
        buckets.append(distance if distance < single else single + steps)
    before = np.array(buckets, np.int32)
    return np.concatenate([before[::-1], before[1:] + BUCKETS // 2])


@keras.saving.register_keras_serializable(package="samesay")
class RelativePositionBias(keras.layers.Layer):
    """What attention scores get for the distance of two tokens.

    Args:
        num_heads: Of the attention.
        **settings: As Keras has them.
    """

    def __init__(self, num_heads: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.num_heads = num_heads

    def build(self, input_shape: Any) -> None:
        """Make the table, shape ``(BUCKETS, num_heads)``."""
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(BUCKETS, self.num_heads),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        )
        self.built = True

    def call(self, token_ids: Any) -> Any:
        """``(batch, length)`` ids, of which the length alone counts, to ``(1, num_heads, length, length)``."""
        ops: Any = keras.ops
        places = ops.arange(ops.shape(token_ids)[1], dtype="int32")
        apart = ops.subtract(ops.expand_dims(places, 0), ops.expand_dims(places, 1))  # key - query
        rows = ops.take(ops.array(distance_buckets()), ops.clip(apart, -FARTHEST, FARTHEST) + FARTHEST)
        found = ops.take(ops.convert_to_tensor(self.embeddings), rows, axis=0)  # (length, length, num_heads)
        return ops.expand_dims(ops.transpose(found, (2, 0, 1)), 0)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """As ``call`` gives it."""
        return (1, self.num_heads, input_shape[1], input_shape[1])

    def get_config(self) -> dict[str, Any]:
        """The settings."""
        return {**super().get_config(), "num_heads": self.num_heads}


@keras.saving.register_keras_serializable(package="samesay")
class BiasedTransformerEncoder(keras_hub.layers.TransformerEncoder):
    """``keras_hub.layers.TransformerEncoder``, normalising after each block, with numbers added to its scores."""

    def call(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, inputs: Any, position_bias: Any, padding_mask: Any = None, training: Any = None
    ) -> Any:
        """``(batch, length, hidden)`` to the same.

        Args:
            inputs: The hidden states.
            position_bias: Added to the scores, ``(1, num_heads, length, length)``.
            padding_mask: ``(batch, length)``, true at tokens.
            training: Whether dropout drops.
        """
        ops: Any = keras.ops
        attention = self._self_attention_layer
        query = attention.query_dense(inputs) * float(attention.key_dim) ** -0.5
        scores = ops.einsum("btnd,bsnd->bnts", query, attention.key_dense(inputs)) + position_bias
        mask = None if padding_mask is None else ops.cast(padding_mask, "bool")[:, None, None, :]
        shares = attention._dropout_layer(attention._softmax(scores, mask=mask), training=training)
        mixed = ops.einsum("bnts,bsnd->btnd", shares, attention.value_dense(inputs))
        attended = self._self_attention_dropout(attention.output_dense(mixed), training=training)
        x = self._self_attention_layer_norm(attended + inputs)
        wide = self._feedforward_intermediate_dense(x)
        narrow = self._feedforward_dropout(self._feedforward_output_dense(wide), training=training)
        return self._feedforward_layer_norm(narrow + x)

    def compute_output_shape(self, inputs_shape: Any, *others: Any, **named: Any) -> Any:
        """That of the hidden states."""
        return inputs_shape


@keras.saving.register_keras_serializable(package="samesay")
class MPNetBackbone(keras_hub.models.Backbone):
    """MPNet's encoder: token ids and a mask to hidden states ``(batch, length, hidden_dim)``.

    Args:
        vocabulary_size: Tokens.
        num_layers: Transformer layers.
        num_heads: Attention heads; they divide ``hidden_dim``.
        hidden_dim: Units of a layer.
        intermediate_dim: Units of the feed-forward part.
        dropout: Within the layers.
        max_sequence_length: Positions, in tokens.
        layer_norm_epsilon: Of all layer norms.
        dtype: As Keras has it.
        **settings: As Keras has them.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        intermediate_dim: int,
        dropout: float = 0.1,
        max_sequence_length: int = 512,
        layer_norm_epsilon: float = 1e-5,
        dtype: Any = None,
        **settings: Any,
    ) -> None:
        def small() -> Any:
            return keras.initializers.TruncatedNormal(stddev=0.02)

        self.embeddings = keras_hub.layers.TokenAndPositionEmbedding(
            vocabulary_size=vocabulary_size,
            sequence_length=max_sequence_length,
            embedding_dim=hidden_dim,
            embeddings_initializer=small(),
            dtype=dtype,
            name="embeddings",
        )
        self.token_embedding = self.embeddings.token_embedding
        self.embeddings_layer_norm = keras.layers.LayerNormalization(
            epsilon=layer_norm_epsilon, dtype=dtype, name="embeddings_layer_norm"
        )
        self.embeddings_dropout = keras.layers.Dropout(dropout, dtype=dtype, name="embeddings_dropout")
        self.position_bias = RelativePositionBias(num_heads, dtype=dtype, name="relative_position_bias")
        self.transformer_layers = [
            BiasedTransformerEncoder(
                num_heads=num_heads,
                intermediate_dim=intermediate_dim,
                activation="gelu",
                dropout=dropout,  # pyright: ignore[reportArgumentType]  # their default is a whole number
                layer_norm_epsilon=layer_norm_epsilon,
                kernel_initializer=small(),
                dtype=dtype,
                name=f"transformer_layer_{at}",
            )
            for at in range(num_layers)
        ]
        token_ids = keras.Input(shape=(None,), dtype="int32", name="token_ids")
        padding_mask = keras.Input(shape=(None,), dtype="int32", name="padding_mask")
        x = self.embeddings_dropout(self.embeddings_layer_norm(self.embeddings(token_ids)))
        position_bias = self.position_bias(token_ids)
        for layer in self.transformer_layers:
            x = layer(x, position_bias, padding_mask=padding_mask)
        super().__init__(
            inputs={"token_ids": token_ids, "padding_mask": padding_mask},
            outputs=x,
            dtype=dtype,
            **settings,
        )
        self.vocabulary_size = vocabulary_size
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.hidden_dim = hidden_dim
        self.intermediate_dim = intermediate_dim
        self.dropout = dropout
        self.max_sequence_length = max_sequence_length
        self.layer_norm_epsilon = layer_norm_epsilon
        self.start_token_index = 0

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        own = (
            "vocabulary_size",
            "num_layers",
            "num_heads",
            "hidden_dim",
            "intermediate_dim",
            "dropout",
            "max_sequence_length",
            "layer_norm_epsilon",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable(package="samesay")
class MPNetTokenizer(keras_hub.tokenizers.WordPieceTokenizer):
    """BERT's WordPiece with ``<s>``, ``</s>``, ``<pad>`` and ``<mask>``; unknown words are ``[UNK]``.

    Args:
        vocabulary: The pieces, or a file with one a line.
        lowercase: Fold the case of every word.
        **settings: Of KerasHub's ``WordPieceTokenizer``.
    """

    backbone_cls = MPNetBackbone

    def __init__(self, vocabulary: Any = None, lowercase: bool = True, **settings: Any) -> None:
        self._add_special_token("<s>", "start_token")
        self._add_special_token("</s>", "end_token")
        self._add_special_token("<pad>", "pad_token")
        self._add_special_token("<mask>", "mask_token")
        super().__init__(vocabulary=vocabulary, lowercase=lowercase, **settings)


@keras.saving.register_keras_serializable(package="samesay")
class MPNetTextClassifierPreprocessor(keras_hub.models.RobertaTextClassifierPreprocessor):
    """Pairs as ``<s> a </s></s> b </s>``, without segments, as RoBERTa's."""

    backbone_cls = MPNetBackbone
    tokenizer_cls = MPNetTokenizer


@keras.saving.register_keras_serializable(package="samesay")
class MPNetTextClassifier(keras_hub.models.RobertaTextClassifier):
    """A head of a dense layer with tanh and the logits on the first token, as RoBERTa's; found by ``from_preset``."""

    backbone_cls = MPNetBackbone
    preprocessor_cls = MPNetTextClassifierPreprocessor
