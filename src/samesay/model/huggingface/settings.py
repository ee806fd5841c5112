"""What ``config.json`` has to say of an encoder, one declaration a family, and its reading, which trusts nothing.

Sizes are compared with the headers of the weights before anything is built: a configuration can ask for no more than
what lies in its folder.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from samesay.errors import EncoderUnsupported

MOST_LAYERS = 128
MOST_POSITIONS = 100_000

Kind = Literal["whole number", "number", "flag", "text"]
_SHOWN = 60


@dataclass(frozen=True)
class Setting:
    """One setting of ``config.json``.

    Attributes:
        key: Its name there.
        kind: What may stand there.
        default: What ``transformers`` takes it for where it is absent.
        argument: Of the KerasHub backbone, where it is one of its arguments.
        low: The least number.
        high: The largest number.
        optional: Whether null is as good as nothing.
    """

    key: str
    kind: Kind
    default: Any
    argument: str | None = None
    low: float = -math.inf
    high: float = math.inf
    optional: bool = False

    @property
    def expected(self) -> str:
        """In words."""
        if self.kind == "flag":
            return "true or false"
        if self.kind == "text":
            return "a text"
        if not math.isfinite(self.low):
            return f"a {self.kind}"
        if not math.isfinite(self.high):
            return f"a {self.kind} of at least {self.low:,g}"
        return f"a {self.kind} from {self.low:,g} to {self.high:,g}"

    def admits(self, value: Any) -> bool:
        """Whether ``value``, of any JSON type, may stand there."""
        if value is None:
            return self.optional
        if self.kind == "flag":
            return isinstance(value, bool)
        if self.kind == "text":
            return isinstance(value, str)
        if isinstance(value, bool) or not isinstance(
            value, int if self.kind == "whole number" else int | float
        ):
            return False
        return self.low <= value <= self.high and value not in (math.inf, -math.inf)


def whole(
    key: str, default: int, argument: str | None = None, *, low: int = 1, high: float = math.inf
) -> Setting:
    """A whole number; a size that has no bound of its own is bounded by the weights."""
    return Setting(key, "whole number", default, argument, low, high)


def share(key: str, default: float, argument: str | None = None) -> Setting:
    """A share such as of dropout, in [0, 1)."""
    return Setting(key, "number", default, argument, 0, 0.999)


@dataclass(frozen=True)
class Shape:
    """What a family's ``config.json`` says of its encoder's size, and which tensors have it.

    Attributes:
        settings: Those that its size or computation depends on.
        axes: The name of a tensor to the settings that are its axes; ``*2`` where an axis is twice as long.
        layer: What the names of a layer's tensors start with, its number left out.
        layers: Which setting counts the layers; None where layers share their weights.
        heads: Which setting counts the attention heads, and which the hidden units that they share.
        output: The tensors of the head's last layer start with it.
    """

    settings: tuple[Setting, ...]
    axes: Mapping[str, tuple[str, ...]]
    layer: str
    layers: str | None
    heads: tuple[str, str]
    output: str = "classifier"

    @property
    def prefix(self) -> str:
        """What the names of the encoder's tensors start with; a folder without a head may leave it out."""
        return self.layer.partition(".")[0] + "."

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the KerasHub backbone, from what ``read_settings`` gave."""
        return {one.argument: values[one.key] for one in self.settings if one.argument is not None}


def read_settings(config: Mapping[str, Any], settings: Iterable[Setting], *, where: str) -> dict[str, Any]:
    """The settings' values, ``transformers``' own where they are absent.

    Raises:
        EncoderUnsupported: If one is of another type or outside its range; names it, what stands there and what may.
    """
    values = {}
    for setting in settings:
        value = config.get(setting.key, setting.default)
        if not setting.admits(value):
            raise odd(setting.key, value, setting.expected, where=where)
        values[setting.key] = setting.default if value is None else value
    return values


def odd(key: str, value: object, expected: str, *, where: str) -> EncoderUnsupported:
    """The error for a setting that cannot be used."""
    received = in_short(value)
    return EncoderUnsupported(
        f"The setting {key!r} is {received}.",
        where=where,
        expected=f"{key}: {expected}",
        details={"setting": key, "received": received},
    )


def in_short(value: object) -> str:
    """``value`` as it stands in JSON, the start of it."""
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    # The decimals of a number of thousands of digits, and the text of a nested list, are not even made.
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "a number of more than 60 digits"
    if isinstance(value, list | dict):
        kind = "list" if isinstance(value, list) else "object"
        return f"a {kind} of {len(value)}"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def require_shapes(
    shape: Shape, values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], *, where: str
) -> None:
    """Compare settings with the shapes that the weights' headers give, before anything is built.

    Args:
        shape: The family's.
        values: Its settings.
        shapes: Of every tensor, by the family's own names for them.
        where: The place of ``config.json``.

    Raises:
        EncoderUnsupported: If a tensor is missing, or a setting is not its axis, or there are more or fewer layers.
    """
    for name, keys in shape.axes.items():
        found = shapes.get(name)
        if found is None:
            raise EncoderUnsupported(f"The folder's weights lack the tensor {name}.", where=where)
        expected = tuple(_axis(key, values) for key in keys)
        if found != expected:
            said = ", ".join(f"{key} {values[key.partition('*')[0]]:,}" for key in keys)
            raise EncoderUnsupported(
                f"The tensor {name} has the shape {found}, where config.json says {said}.",
                where=where,
                expected=f"settings that are those of the weights: {', '.join(keys)} of {found}",
                details={"tensor": name, "shape": list(found), "settings": list(keys)},
            )
    if shape.layers is not None:
        numbered = re.compile(re.escape(shape.layer) + r"(\d{1,9})\.")
        matches = (numbered.match(name) for name in shapes)
        layers = {int(match[1]) for match in matches if match is not None}
        if len(layers) != values[shape.layers] or max(layers) != len(layers) - 1:
            raise EncoderUnsupported(
                f"The weights hold {len(layers)} layers, and config.json says {shape.layers} {values[shape.layers]:,}.",
                where=where,
                expected=f"{shape.layers} {len(layers)}",
            )
    heads, hidden = (values[key] for key in shape.heads)
    if hidden % heads:
        raise odd(shape.heads[0], heads, f"a number that divides {shape.heads[1]} {hidden:,}", where=where)


def _axis(key: str, values: Mapping[str, Any]) -> int:
    name, _, factor = key.partition("*")
    return values[name] * int(factor or 1)


def _sizes(*, layers: int, hidden: int, heads: int, inner: int, words: int) -> tuple[Setting, ...]:
    """What most families call their sizes."""
    return (
        whole("vocab_size", words, "vocabulary_size"),
        whole("num_hidden_layers", layers, "num_layers", high=MOST_LAYERS),
        whole("num_attention_heads", heads, "num_heads"),
        whole("hidden_size", hidden, "hidden_dim"),
        whole("intermediate_size", inner, "intermediate_dim"),
        share("hidden_dropout_prob", 0.1, "dropout"),
    )


_EPSILON = Setting("layer_norm_eps", "number", 1e-12, low=0, high=1)
_PADDING = Setting("pad_token_id", "whole number", 0, low=0, optional=True)
_HEADS = ("num_attention_heads", "hidden_size")


def _axes(embeddings: str, inner: str) -> dict[str, tuple[str, ...]]:
    return {
        f"{embeddings}.word_embeddings.weight": ("vocab_size", "hidden_size"),
        f"{embeddings}.position_embeddings.weight": ("max_position_embeddings", "hidden_size"),
        f"{embeddings}.token_type_embeddings.weight": ("type_vocab_size", "hidden_size"),
        inner: ("intermediate_size", "hidden_size"),
    }


BERT = Shape(
    settings=(
        *_sizes(layers=12, hidden=768, heads=12, inner=3_072, words=30_522),
        whole("max_position_embeddings", 512, "max_sequence_length", high=MOST_POSITIONS),
        # Pairs are told apart by their token types.
        whole("type_vocab_size", 2, "num_segments", low=2),
        Setting("hidden_act", "text", "gelu"),
        _EPSILON,
        _PADDING,
    ),
    axes=_axes("bert.embeddings", "bert.encoder.layer.0.intermediate.dense.weight"),
    layer="bert.encoder.layer.",
    layers="num_hidden_layers",
    heads=_HEADS,
)


def _roberta(words: int) -> Shape:
    return Shape(
        settings=(
            *_sizes(layers=12, hidden=768, heads=12, inner=3_072, words=words),
            whole("max_position_embeddings", 512, low=3, high=MOST_POSITIONS),
            whole("type_vocab_size", 2),
            Setting("hidden_act", "text", "gelu"),
            _EPSILON,
            # Positions are counted from the one behind it.
            Setting("pad_token_id", "whole number", 1, low=1, high=1),
        ),
        axes=_axes("roberta.embeddings", "roberta.encoder.layer.0.intermediate.dense.weight"),
        layer="roberta.encoder.layer.",
        layers="num_hidden_layers",
        heads=_HEADS,
        output="classifier.out_proj",
    )


ROBERTA = _roberta(50_265)
XLM_ROBERTA = _roberta(30_522)

MPNET = Shape(
    settings=(
        *_sizes(layers=12, hidden=768, heads=12, inner=3_072, words=30_527),
        whole("max_position_embeddings", 512, low=3, high=MOST_POSITIONS),
        Setting("hidden_act", "text", "gelu"),
        Setting("layer_norm_eps", "number", 1e-12, "layer_norm_epsilon", 0, 1),
        whole("relative_attention_num_buckets", 32, low=32, high=32),
        # Positions are counted from the one after it.
        Setting("pad_token_id", "whole number", 1, low=1, high=1),
    ),
    axes={
        "mpnet.embeddings.word_embeddings.weight": ("vocab_size", "hidden_size"),
        "mpnet.embeddings.position_embeddings.weight": ("max_position_embeddings", "hidden_size"),
        "mpnet.encoder.relative_attention_bias.weight": (
            "relative_attention_num_buckets",
            "num_attention_heads",
        ),
        "mpnet.encoder.layer.0.intermediate.dense.weight": ("intermediate_size", "hidden_size"),
    },
    layer="mpnet.encoder.layer.",
    layers="num_hidden_layers",
    heads=_HEADS,
    output="classifier.out_proj",
)

DISTILBERT = Shape(
    settings=(
        whole("vocab_size", 30_522, "vocabulary_size"),
        whole("n_layers", 6, "num_layers", high=MOST_LAYERS),
        whole("n_heads", 12, "num_heads"),
        whole("dim", 768, "hidden_dim"),
        whole("hidden_dim", 3_072, "intermediate_dim"),
        share("dropout", 0.1, "dropout"),
        whole("max_position_embeddings", 512, "max_sequence_length", high=MOST_POSITIONS),
        Setting("activation", "text", "gelu"),
        _PADDING,
    ),
    axes={
        "distilbert.embeddings.word_embeddings.weight": ("vocab_size", "dim"),
        "distilbert.embeddings.position_embeddings.weight": ("max_position_embeddings", "dim"),
        "distilbert.transformer.layer.0.ffn.lin1.weight": ("hidden_dim", "dim"),
    },
    layer="distilbert.transformer.layer.",
    layers="n_layers",
    heads=("n_heads", "dim"),
)

_ALBERT_GROUP = "albert.encoder.albert_layer_groups."
ALBERT = Shape(
    settings=(
        *_sizes(layers=12, hidden=4_096, heads=64, inner=16_384, words=30_000)[:-1],
        share("hidden_dropout_prob", 0.0, "dropout"),
        whole("embedding_size", 128, "embedding_dim"),
        whole("num_hidden_groups", 1, "num_groups", high=MOST_LAYERS),
        whole("inner_group_num", 1, "num_inner_repetitions", high=16),
        whole("max_position_embeddings", 512, "max_sequence_length", high=MOST_POSITIONS),
        whole("type_vocab_size", 2, "num_segments", low=2),
        Setting("hidden_act", "text", "gelu_new"),
        _EPSILON,
        _PADDING,
    ),
    axes={
        "albert.embeddings.word_embeddings.weight": ("vocab_size", "embedding_size"),
        "albert.embeddings.position_embeddings.weight": ("max_position_embeddings", "embedding_size"),
        "albert.embeddings.token_type_embeddings.weight": ("type_vocab_size", "embedding_size"),
        f"{_ALBERT_GROUP}0.albert_layers.0.ffn.weight": ("intermediate_size", "hidden_size"),
    },
    layer=_ALBERT_GROUP,
    layers="num_hidden_groups",
    heads=_HEADS,
)

DEBERTA = Shape(
    settings=(
        *_sizes(layers=24, hidden=1_536, heads=24, inner=6_144, words=128_100),
        whole("max_position_embeddings", 512, "max_sequence_length", high=MOST_POSITIONS),
        whole("position_buckets", -1, "bucket_size", low=1, high=MOST_POSITIONS),
        Setting("hidden_act", "text", "gelu"),
        Setting("layer_norm_eps", "number", 1e-7, low=0, high=1),
        _PADDING,
    ),
    axes={
        "deberta.embeddings.word_embeddings.weight": ("vocab_size", "hidden_size"),
        "deberta.encoder.rel_embeddings.weight": ("position_buckets*2", "hidden_size"),
        "deberta.encoder.layer.0.intermediate.dense.weight": ("intermediate_size", "hidden_size"),
    },
    layer="deberta.encoder.layer.",
    layers="num_hidden_layers",
    heads=_HEADS,
)
