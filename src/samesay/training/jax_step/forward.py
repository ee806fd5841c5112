"""Logits of a classifier that reads one position, as JAX alone computes them, in fewer products than KerasHub.

Of the last layer only the first position is computed, since the head reads no other, without keys and values; in the
other layers queries, keys and values are one product. Everything is read from the Keras layers themselves: their
variables, rates, activations. Knows BERT, RoBERTa, XLM-RoBERTa and DistilBERT, whose layers are
``keras_hub.layers.TransformerEncoder``, and MPNet, whose layers add numbers to the scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from samesay.model.backbones.families import family_name
from samesay.model.runtime.backend import keras_hub
from samesay.training.jax_step.dropout import dropped

FAMILIES = ("Bert", "Roberta", "XLMRoberta", "DistilBert", "MPNet")
"""Encoders whose layers are known here, by the first part of KerasHub's names."""

_MASKED = -1e9
Values = Callable[[Any], Any]


def unknown_layers(task: Any) -> str | None:
    """What a KerasHub text classifier computes that is not known here, as the end of a sentence; None for nothing."""
    if family_name(task, FAMILIES) is None:
        return f"the layers of {type(task).__name__} are not known to it"
    kind = _layer_class(task)
    for layer in task.backbone.transformer_layers:
        attention = getattr(layer, "_self_attention_layer", None)
        if (
            type(layer) is not kind
            or type(attention) is not keras.layers.MultiHeadAttention
            or layer.normalize_first
            or attention._flash_attention
        ):
            return f"the layer {layer.name} is not of the kind that it knows"
    if keras.activations.get(task.output_dense.activation) is not keras.activations.linear:
        return "the head has an activation"
    known = {id(variable) for variable in OnePosition(task).variables()}
    strange = [one.path for one in task.trainable_variables if id(one) not in known]
    return f"the weights {', '.join(strange[:3])} are not known to it" if strange else None


class OnePosition:
    """The forward pass of a KerasHub text classifier, read off its layers.

    Args:
        task: A KerasHub text classifier that has no :func:`unknown_layers`.

    Attributes:
        tokens: The variable with a row a token.
    """

    def __init__(self, task: Any) -> None:
        family = family_name(task, FAMILIES)
        encoder = task.backbone
        self._layers = list(encoder.transformer_layers)
        table = encoder if family == "Bert" else encoder.embeddings
        self._positions = table.position_embedding.position_embeddings
        self._segments = encoder.segment_embedding.embeddings if family == "Bert" else None
        self._distances = encoder.position_bias.embeddings if family == "MPNet" else None
        self.tokens = encoder.token_embedding.embeddings
        self._norm = encoder.embeddings_layer_norm
        self._dropout = encoder.embeddings_dropout
        if family == "Bert":
            head = (encoder.pooled_dense, task.output_dropout)
        elif family == "DistilBert":
            head = (task.pooled_dense, task.output_dropout)
        else:
            head = (task.pooled_dropout, task.pooled_dense, task.output_dropout)
        self._head: tuple[Any, ...] = (*head, task.output_dense)

    def variables(self) -> Iterator[Any]:
        """Every weight that the logits depend on."""
        yield self.tokens
        yield self._positions
        if self._segments is not None:
            yield self._segments
        if self._distances is not None:
            yield self._distances
        yield from self._norm.weights
        for layer in self._layers:
            attention = layer._self_attention_layer
            for dense in (attention.query_dense, attention.key_dense, attention.value_dense):
                yield from dense.weights
            for dense in (
                attention.output_dense,
                layer._feedforward_intermediate_dense,
                layer._feedforward_output_dense,
            ):
                yield from dense.weights
            yield from layer._self_attention_layer_norm.weights
            yield from layer._feedforward_layer_norm.weights
        for part in self._head:
            if isinstance(part, keras.layers.Dense):
                yield from part.weights

    def dropouts(self) -> list[Any]:
        """The dropout layers that drop anything, in the order of the computation."""
        found = [self._dropout]
        for layer in self._layers:
            found += [
                layer._self_attention_layer._dropout_layer,
                layer._self_attention_dropout,
                layer._feedforward_dropout,
            ]
        found += [part for part in self._head if isinstance(part, keras.layers.Dropout)]
        return [one for one in found if one.rate > 0]

    def __call__(self, of: Values, batch: Mapping[str, Any]) -> Any:
        """Logits, shape ``(height, n_outputs)``, with dropout.

        Args:
            of: A variable to its value; of ``tokens`` a table in which the ids of ``batch`` are rows.
            batch: ``token_ids``, ``padding_mask`` and, for BERT, ``segment_ids``, each ``(height, width)``.
        """
        ids = batch["token_ids"]
        height, width = ids.shape
        x = of(self.tokens)[ids] + of(self._positions)[:width]  # (height, width, hidden)
        if self._segments is not None:
            # A product instead of a lookup, whose gradient would go row by row.
            table = of(self._segments)
            x = x + jax.nn.one_hot(batch["segment_ids"], table.shape[0], dtype=x.dtype) @ table
        x = self._dropped(_normed(x, self._norm, of), self._dropout, of)
        x = x.reshape(height * width, -1)
        added = jnp.where(batch["padding_mask"], np.float32(0), np.float32(_MASKED))[:, None, None, :]
        if self._distances is not None:
            added = added + _by_distance(of(self._distances), width)
        for layer in self._layers:
            x = self._layer(layer, x, added, of, first_alone=layer is self._layers[-1])
        for part in self._head:
            if isinstance(part, keras.layers.Dropout):
                x = self._dropped(x, part, of)
            else:
                x = part.activation(x @ _kernel(part, of) + of(part.bias))
        return x

    def _layer(self, layer: Any, x: Any, added: Any, of: Values, *, first_alone: bool) -> Any:
        """One transformer layer: rows ``(height * width, hidden)`` to as many, or to the first of each pair.

        ``added`` is what scores get, ``(height, 1, 1, width)`` or ``(height, n_heads, width, width)``.
        """
        attention = layer._self_attention_layer
        attend = self._first_attends if first_alone else self._all_attend
        out = attention.output_dense
        mixed = attend(attention, x, added, of) @ _kernel(out, of).reshape(x.shape[-1], -1) + of(out.bias)
        if first_alone:
            x = x.reshape(*added.shape[::3], -1)[:, 0]
        x = _normed(
            self._dropped(mixed, layer._self_attention_dropout, of) + x,
            layer._self_attention_layer_norm,
            of,
        )
        inner, outer = layer._feedforward_intermediate_dense, layer._feedforward_output_dense
        wide = inner.activation(x @ _kernel(inner, of) + of(inner.bias))
        narrow = wide @ _kernel(outer, of) + of(outer.bias)
        return _normed(
            self._dropped(narrow, layer._feedforward_dropout, of) + x, layer._feedforward_layer_norm, of
        )

    def _all_attend(self, attention: Any, x: Any, added: Any, of: Values) -> Any:
        """What each position takes from all of its pair: rows ``(height * width, hidden)`` to as many."""
        height, hidden, n_heads = added.shape[0], x.shape[-1], attention.num_heads
        parts = (attention.query_dense, attention.key_dense, attention.value_dense)
        kernels = jnp.concatenate([_kernel(dense, of).reshape(hidden, hidden) for dense in parts], 1)
        joined = x @ kernels + jnp.concatenate([of(dense.bias).reshape(hidden) for dense in parts])
        q, k, v = (
            joined[:, at : at + hidden].reshape(height, -1, n_heads, hidden // n_heads)
            for at in (0, hidden, 2 * hidden)
        )
        q = q * np.float32((hidden // n_heads) ** -0.5)
        scores = jnp.einsum("btnd,bsnd->bnts", q, k) + added  # (height, n_heads, width, width)
        shares = self._dropped(jax.nn.softmax(scores), attention._dropout_layer, of)
        return jnp.einsum("bnts,bsnd->btnd", shares, v).reshape(-1, hidden)

    def _first_attends(self, attention: Any, x: Any, added: Any, of: Values) -> Any:
        """What the first position of each pair takes from all: rows ``(height * width, hidden)`` to ``height``.

        Neither keys nor values are computed. The score of token ``t`` is ``q·(tK + k) = (qKᵀ)·t + q·k``, whose last
        term is the same for all tokens and cancels in the softmax; what is taken is ``(Σ p t)V + v Σ p``.
        """
        height, hidden, n_heads = added.shape[0], x.shape[-1], attention.num_heads
        by_head = hidden, n_heads, hidden // n_heads
        tokens = x.reshape(height, -1, hidden)
        query = tokens[:, 0] @ _kernel(attention.query_dense, of).reshape(hidden, hidden)
        query = (query + of(attention.query_dense.bias).reshape(hidden)) * np.float32(by_head[-1] ** -0.5)
        asked = jnp.einsum(
            "bnd,hnd->bnh",
            query.reshape(height, *by_head[1:]),
            _kernel(attention.key_dense, of).reshape(by_head),
        )
        scores = jnp.einsum("bnh,bsh->bns", asked, tokens) + added[:, :, 0]  # (height, n_heads, width)
        shares = self._dropped(jax.nn.softmax(scores), attention._dropout_layer, of)
        taken = jnp.einsum("bns,bsh->bnh", shares, tokens)
        value = attention.value_dense
        mixed = jnp.einsum("bnh,hnd->bnd", taken, _kernel(value, of).reshape(by_head))
        # Under dropout the shares of a head do not add up to 1.
        mixed = mixed + shares.sum(-1)[..., None] * of(value.bias).reshape(by_head[1:])
        return mixed.reshape(height, hidden)

    def _dropped(self, x: Any, layer: Any, of: Values) -> Any:
        return dropped(x, layer.rate, of(layer.seed_generator.state)) if layer.rate > 0 else x


def _layer_class(task: Any) -> type:
    """Of the layers that a family is made of."""
    if family_name(task, FAMILIES) != "MPNet":
        return keras_hub().layers.TransformerEncoder
    from samesay.model.backbones.mpnet import BiasedTransformerEncoder

    return BiasedTransformerEncoder


def _by_distance(table: Any, width: int) -> Any:
    """What scores get for the distance of two tokens: ``(buckets, n_heads)`` to ``(1, n_heads, width, width)``."""
    from samesay.model.backbones.mpnet import FARTHEST, distance_buckets

    places = np.arange(width)
    apart = np.clip(places - places[:, None], -FARTHEST, FARTHEST)  # key - query
    # A product instead of a lookup, whose gradient would go row by row.
    chosen = jax.nn.one_hot(distance_buckets()[apart + FARTHEST], table.shape[0], dtype=table.dtype)
    return jnp.einsum("tsb,bn->nts", chosen, table)[None]


def _kernel(dense: Any, of: Values) -> Any:
    """A layer's matrix, with the product of its factors where it is adapted (``samesay.training.lora``)."""
    kernel = of(dense._kernel)
    if not dense.lora_enabled:
        return kernel
    factors = of(dense.lora_kernel_a) @ of(dense.lora_kernel_b)
    return kernel + np.float32(dense.lora_alpha / dense.lora_rank) * factors


def _normed(x: Any, norm: Any, of: Values) -> Any:
    """Layer normalisation over the last axis (Ba et al. 2016)."""
    mean = x.mean(-1, keepdims=True)
    centred = x - mean
    scale = jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + np.float32(norm.epsilon))
    return centred * scale * of(norm.gamma) + of(norm.beta)
