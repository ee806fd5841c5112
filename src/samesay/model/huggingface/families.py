"""Hugging Face's layout of sequence classifiers: one declaration a family, from which folders are read and written.

A family says which tensor is which Keras variable, which setting which argument, and how its tokenizer lies. Where the
two layouts differ, beside names:

- a dense kernel is (inputs, outputs) in Keras and (outputs, inputs) there; attention's heads have an axis of their
  own in Keras;
- RoBERTa, XLM-R and MPNet keep two rows before the positions, for padding, and the former two one token-type row
  that is added to every token; KerasHub has neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from samesay.errors import EncoderUnsupported
from samesay.model.backbones.families import family_name
from samesay.model.huggingface.config import Setting
from samesay.model.huggingface.tensors import Tensor, dense, encoder_layer, norm, numbered, plain

_POSITION_OFFSET = 2  # RoBERTa's positions count from the padding id + 1, and that id is 1
_MOST_LAYERS = 128
_MOST_POSITIONS = 100_000


@dataclass(frozen=True)
class TokenizerFiles:
    """How a family's tokenizer lies in a folder.

    Attributes:
        kind: Which of KerasHub's three kinds of tokenizer it is.
        special: The special tokens, by what ``transformers`` calls them.
        classes: What ``transformers`` may call its class, ``Fast`` left out; the first is written.
        also_special: Further tokens that are the family's own and not added by somebody.
        file: Of SentencePiece.
        pair: How WordPiece packs two texts, in the words of ``tokenizers``.
        separators: How many stand between the two texts.
        before: Of SentencePiece, pieces that get the first ids in place of the file's own.
        after: Then the pieces with the last ids.
        settings: What ``tokenizer_config.json`` says besides.
    """

    kind: Literal["wordpiece", "bytepair", "sentencepiece"]
    special: Mapping[str, str]
    classes: tuple[str, ...]
    also_special: tuple[str, ...] = ()
    file: str = ""
    pair: str = ""
    separators: int = 1
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own_tokens(self) -> frozenset[str]:
        """The tokens that are the family's own, and not added by somebody."""
        return frozenset((*self.special.values(), *self.also_special))


@dataclass(frozen=True)
class Family:
    """How one family lies in a folder.

    Attributes:
        model_type: What ``config.json`` calls it.
        transformers: How its classes in ``transformers`` begin.
        keras: How its classes in KerasHub begin.
        prefix: What the names of the encoder's tensors start with; a folder without a head may leave it out.
        layer: What the names of a layer's tensors start with after that, its number left out.
        parts: What the parts of a layer are called there, by our names for them.
        pooled: The tensors of the dense layer before the last one start with it.
        output: The tensors of the head's last layer start with it.
        settings: Those that its size or computation depends on.
        written: What ``config.json`` says of a task beside the settings that are arguments of its backbone.
        axes: The name of a tensor after ``prefix`` to the settings that are its axes, the word embeddings first; ``*2``
            where an axis is twice as long.
        activations: The names there of the activation that KerasHub computes; the first is written.
        epsilon: Of KerasHub's layer norms, where ``config.json`` may say another one and KerasHub takes none.
        tokenizer: How its tokenizer lies there.
        more_tensors: Of a backbone, those that other families do not have; names after ``prefix``.
        counted: The argument of the backbone that counts the layers with weights of their own.
        shared_row: A tensor whose first row is added to every position.
        segments: Whether the model takes token types.
        requires: Settings of ``config.json`` beside those of every family, as they are where KerasHub computes the
            same, and what ``transformers`` takes them for where they are absent.
    """

    model_type: str
    transformers: str
    keras: str
    prefix: str
    layer: str
    parts: Mapping[str, str]
    pooled: str
    output: str
    settings: tuple[Setting, ...]
    written: Callable[[Any], dict[str, Any]]
    axes: Mapping[str, str]
    activations: tuple[str, ...]
    epsilon: float | None
    tokenizer: TokenizerFiles
    more_tensors: Callable[[Any], Iterator[Tensor]] = lambda _: iter(())
    counted: str = "num_layers"
    shared_row: str | None = None
    segments: bool = False
    requires: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def architecture(self) -> str:
        """The class of ``transformers`` that opens it."""
        return f"{self.transformers}ForSequenceClassification"

    @property
    def task(self) -> str:
        """The name of the KerasHub classifier's class."""
        return f"{self.keras}TextClassifier"

    @property
    def backbone(self) -> str:
        """The name of its backbone's class."""
        return f"{self.keras}Backbone"

    @property
    def activation_key(self) -> str:
        """Which setting names the activation."""
        return next(one.key for one in self.settings if one.kind == "text")

    def key_of(self, argument: str) -> str:
        """The setting that is an argument of the KerasHub backbone."""
        return next(one.key for one in self.settings if one.argument == argument)

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the KerasHub backbone, from what ``read_settings`` gave."""
        return {
            one.argument: values[one.key] - one.offset for one in self.settings if one.argument is not None
        }

    def settings_of(self, task: Any) -> dict[str, Any]:
        """What ``config.json`` says of a task, but for its activation and its labels."""
        backbone = task.backbone
        return {
            **{
                one.key: getattr(backbone, one.argument) + one.offset
                for one in self.settings
                if one.argument is not None
            },
            "pad_token_id": task.preprocessor.tokenizer.pad_token_id,
            **self.written(task),
            **({} if self.epsilon is None else {"layer_norm_eps": self.epsilon}),
        }

    def tensors(self, task: Any) -> Iterator[Tensor]:
        """All tensors of a task."""
        backbone, embeddings = task.backbone, f"{self.prefix}embeddings"
        yield plain(f"{embeddings}.word_embeddings.weight", backbone.token_embedding.embeddings)
        # RoBERTa's like keep theirs in one layer with the tokens, and DeBERTa has none.
        place: Any = backbone if self.segments else getattr(backbone, "embeddings", None)
        if place is not None:
            table = place.position_embedding.position_embeddings
            front = next(one.offset for one in self.settings if one.argument == "max_sequence_length")
            name = f"{embeddings}.position_embeddings.weight"
            shape = (table.shape[0] + front, table.shape[1])
            yield Tensor(name, table, shape, rows_in_front=front, shared_row=self.shared_row)
        if self.segments:
            yield plain(f"{embeddings}.token_type_embeddings.weight", backbone.segment_embedding.embeddings)
        yield from norm(f"{embeddings}.LayerNorm", backbone.embeddings_layer_norm)
        for name, layer in numbered(backbone.transformer_layers):
            yield from encoder_layer(f"{self.prefix}{self.layer}{name}", layer, self.parts)
        for tensor in self.more_tensors(backbone):
            yield Tensor(f"{self.prefix}{tensor.name}", tensor.variable, tensor.shape, tensor.transposed)
        pooled = backbone.pooled_dense if hasattr(backbone, "pooled_dense") else task.pooled_dense
        yield from dense(self.pooled, pooled)
        yield from dense(self.output, task.output_dense)


def _whole(key: str, default: int, argument: str | None = None, **bounds: Any) -> Setting:
    """A whole number; a size that has no bound of its own is bounded by the weights."""
    return Setting(key, "whole number", default, argument, **{"low": 1, **bounds})


def _share(key: str, default: float, argument: str) -> Setting:
    """A share such as of dropout, in [0, 1)."""
    return Setting(key, "number", default, argument, 0, 0.999)


def _sizes(
    *,
    words: int,
    layers: int = 12,
    hidden: int = 768,
    heads: int = 12,
    inner: int = 3_072,
    dropout: float = 0.1,
) -> tuple[Setting, ...]:
    """What most families call their sizes."""
    return (
        _whole("vocab_size", words, "vocabulary_size"),
        _whole("num_hidden_layers", layers, "num_layers", high=_MOST_LAYERS),
        _whole("num_attention_heads", heads, "num_heads"),
        _whole("hidden_size", hidden, "hidden_dim"),
        _whole("intermediate_size", inner, "intermediate_dim"),
        _share("hidden_dropout_prob", dropout, "dropout"),
    )


def _epsilon(default: float = 1e-12, argument: str | None = None) -> Setting:
    return Setting("layer_norm_eps", "number", default, argument, 0, 1)


_POSITIONS = _whole("max_position_embeddings", 512, "max_sequence_length", high=_MOST_POSITIONS)
_POSITIONS_FROM_2 = _whole(
    "max_position_embeddings",
    512,
    "max_sequence_length",
    low=3,
    high=_MOST_POSITIONS,
    offset=_POSITION_OFFSET,
)
# Token types tell the two texts of a pair apart.
_SEGMENTS = _whole("type_vocab_size", 2, "num_segments", low=2)
_PADDING = _whole("pad_token_id", 0, low=0, optional=True)
_PADDING_IS_1 = _whole("pad_token_id", 1, high=1)
_ACTIVATION = Setting("hidden_act", "text", "gelu")
_TANH_GELU = ("gelu_pytorch_tanh", "gelu_new", "gelu_fast")

_WORDS = {"embeddings.word_embeddings.weight": "vocab_size hidden_size"}
_PLACES = {"embeddings.position_embeddings.weight": "max_position_embeddings hidden_size"}
_TYPES = {"embeddings.token_type_embeddings.weight": "type_vocab_size hidden_size"}
_INNER = {"encoder.layer.0.intermediate.dense.weight": "intermediate_size hidden_size"}

_LAYER = "encoder.layer."
_BERT_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}

_BRACKETS = {
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "unk_token": "[UNK]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}
_ANGLES = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}
_WORDPIECE_OF_BERT = TokenizerFiles(
    "wordpiece", _BRACKETS, ("BertTokenizer", "DistilBertTokenizer"), pair="[CLS] $A [SEP] $B:1 [SEP]:1"
)


def _attention_dropout(task: Any) -> dict[str, Any]:
    return {"attention_probs_dropout_prob": task.backbone.dropout}


def _ends(task: Any) -> dict[str, Any]:
    tokenizer = task.preprocessor.tokenizer
    return {"bos_token_id": tokenizer.start_token_id, "eos_token_id": tokenizer.end_token_id}


def _roberta(model_type: str, name: str, words: int, tokenizer: TokenizerFiles) -> Family:
    return Family(
        model_type=model_type,
        transformers=name,
        keras=name,
        prefix="roberta.",
        layer=_LAYER,
        parts=_BERT_PARTS,
        pooled="classifier.dense",
        output="classifier.out_proj",
        settings=(
            *_sizes(words=words),
            _POSITIONS_FROM_2,
            _whole("type_vocab_size", 2),
            _ACTIVATION,
            _epsilon(),
            _PADDING_IS_1,
        ),
        written=lambda task: {
            **_attention_dropout(task),
            **_ends(task),
            "type_vocab_size": 1,
            "classifier_dropout": task.dropout,
        },
        axes=_WORDS | _PLACES | _TYPES | _INNER,
        activations=("gelu",),
        epsilon=1e-5,
        tokenizer=tokenizer,
        shared_row="roberta.embeddings.token_type_embeddings.weight",
    )


def _of_mpnet(backbone: Any) -> Iterator[Tensor]:
    yield plain("encoder.relative_attention_bias.weight", backbone.position_bias.embeddings)


def _of_albert(backbone: Any) -> Iterator[Tensor]:
    yield from dense("encoder.embedding_hidden_mapping_in", backbone.embeddings_projection)


def _of_deberta(backbone: Any) -> Iterator[Tensor]:
    yield plain("encoder.rel_embeddings.weight", backbone.relative_embeddings.rel_embeddings)
    yield from norm("encoder.LayerNorm", backbone.relative_embeddings.layer_norm)


FAMILIES: tuple[Family, ...] = (
    Family(
        model_type="bert",
        transformers="Bert",
        keras="Bert",
        prefix="bert.",
        layer=_LAYER,
        parts=_BERT_PARTS,
        pooled="bert.pooler.dense",
        output="classifier",
        settings=(*_sizes(words=30_522), _POSITIONS, _SEGMENTS, _ACTIVATION, _epsilon(), _PADDING),
        written=lambda task: {**_attention_dropout(task), "classifier_dropout": task.dropout},
        axes=_WORDS | _PLACES | _TYPES | _INNER,
        activations=_TANH_GELU,
        epsilon=1e-12,
        tokenizer=_WORDPIECE_OF_BERT,
        segments=True,
    ),
    _roberta(
        "roberta", "Roberta", 50_265, TokenizerFiles("bytepair", _ANGLES, ("RobertaTokenizer",), separators=2)
    ),
    _roberta(
        "xlm-roberta",
        "XLMRoberta",
        30_522,
        TokenizerFiles(
            "sentencepiece",
            _ANGLES,
            ("XLMRobertaTokenizer",),
            file="sentencepiece.bpe.model",
            separators=2,
            # The file's <unk>, <s>, </s> give way to fairseq's order.
            before=("<s>", "<pad>", "</s>", "<unk>"),
            after=("<mask>",),
        ),
    ),
    Family(
        model_type="mpnet",
        transformers="MPNet",
        keras="MPNet",
        prefix="mpnet.",
        layer=_LAYER,
        parts={
            **_BERT_PARTS,
            "query": "attention.attn.q",
            "key": "attention.attn.k",
            "value": "attention.attn.v",
            "attention": "attention.attn.o",
            "attention_norm": "attention.LayerNorm",
        },
        pooled="classifier.dense",
        output="classifier.out_proj",
        settings=(
            *_sizes(words=30_527),
            _POSITIONS_FROM_2,
            _ACTIVATION,
            _epsilon(argument="layer_norm_epsilon"),
            _whole("relative_attention_num_buckets", 32, low=32, high=32),
            _PADDING_IS_1,
        ),
        written=lambda task: {
            **_attention_dropout(task),
            **_ends(task),
            "relative_attention_num_buckets": 32,
        },
        axes=_WORDS
        | _PLACES
        | {"encoder.relative_attention_bias.weight": "relative_attention_num_buckets num_attention_heads"}
        | _INNER,
        activations=("gelu",),
        epsilon=None,
        tokenizer=TokenizerFiles(
            "wordpiece",
            {**_ANGLES, "unk_token": "[UNK]"},
            ("MPNetTokenizer", "BertTokenizer"),
            also_special=("<unk>",),
            pair="<s> $A </s> </s> $B </s>",
            separators=2,
        ),
        more_tensors=_of_mpnet,
        # Neither can be otherwise in transformers, whatever config.json says of it.
        requires=(("relative_attention_num_buckets", 32, 32), ("pad_token_id", 1, 1)),
    ),
    Family(
        model_type="distilbert",
        transformers="DistilBert",
        keras="DistilBert",
        prefix="distilbert.",
        layer="transformer.layer.",
        parts={
            "query": "attention.q_lin",
            "key": "attention.k_lin",
            "value": "attention.v_lin",
            "attention": "attention.out_lin",
            "attention_norm": "sa_layer_norm",
            "intermediate": "ffn.lin1",
            "output": "ffn.lin2",
            "output_norm": "output_layer_norm",
        },
        pooled="pre_classifier",
        output="classifier",
        settings=(
            _whole("vocab_size", 30_522, "vocabulary_size"),
            _whole("n_layers", 6, "num_layers", high=_MOST_LAYERS),
            _whole("n_heads", 12, "num_heads"),
            _whole("dim", 768, "hidden_dim"),
            _whole("hidden_dim", 3_072, "intermediate_dim"),
            _share("dropout", 0.1, "dropout"),
            _POSITIONS,
            Setting("activation", "text", "gelu"),
            _PADDING,
        ),
        written=lambda task: {
            "attention_dropout": task.backbone.dropout,
            "seq_classif_dropout": task.dropout,
            "sinusoidal_pos_embds": False,
        },
        axes={
            "embeddings.word_embeddings.weight": "vocab_size dim",
            "embeddings.position_embeddings.weight": "max_position_embeddings dim",
            "transformer.layer.0.ffn.lin1.weight": "hidden_dim dim",
        },
        activations=("gelu",),
        epsilon=None,
        tokenizer=_WORDPIECE_OF_BERT,
    ),
    Family(
        model_type="albert",
        transformers="Albert",
        keras="Albert",
        prefix="albert.",
        layer="encoder.albert_layer_groups.",
        parts={
            "query": "attention.query",
            "key": "attention.key",
            "value": "attention.value",
            "attention": "attention.dense",
            "attention_norm": "attention.LayerNorm",
            "intermediate": "ffn",
            "output": "ffn_output",
            "output_norm": "full_layer_layer_norm",
        },
        pooled="albert.pooler",
        output="classifier",
        settings=(
            *_sizes(words=30_000, hidden=4_096, heads=64, inner=16_384, dropout=0.0),
            _whole("embedding_size", 128, "embedding_dim"),
            _whole("num_hidden_groups", 1, "num_groups", high=_MOST_LAYERS),
            _whole("inner_group_num", 1, "num_inner_repetitions", high=16),
            _POSITIONS,
            _SEGMENTS,
            Setting("hidden_act", "text", "gelu_new"),
            _epsilon(),
            _PADDING,
        ),
        written=lambda task: {**_attention_dropout(task), "classifier_dropout_prob": task.dropout},
        axes={
            "embeddings.word_embeddings.weight": "vocab_size embedding_size",
            "embeddings.position_embeddings.weight": "max_position_embeddings embedding_size",
            "embeddings.token_type_embeddings.weight": "type_vocab_size embedding_size",
            "encoder.albert_layer_groups.0.albert_layers.0.ffn.weight": "intermediate_size hidden_size",
        },
        activations=_TANH_GELU,
        epsilon=1e-12,
        tokenizer=TokenizerFiles(
            "sentencepiece",
            # As its file spells them: a name that it lacks would be added, with an id after the last embedding.
            {**_BRACKETS, "unk_token": "<unk>", "pad_token": "<pad>"},
            ("AlbertTokenizer",),
            also_special=("[UNK]", "[PAD]"),
            file="spiece.model",
            # The file's own rules fold what is to be folded, as KerasHub has it.
            settings={"do_lower_case": False, "keep_accents": True},
        ),
        more_tensors=_of_albert,
        counted="num_groups",
        segments=True,
    ),
    Family(
        model_type="deberta-v2",
        transformers="DebertaV2",
        keras="DebertaV3",
        prefix="deberta.",
        layer=_LAYER,
        parts={
            **_BERT_PARTS,
            "query": "attention.self.query_proj",
            "key": "attention.self.key_proj",
            "value": "attention.self.value_proj",
        },
        pooled="pooler.dense",
        output="classifier",
        settings=(
            *_sizes(words=128_100, layers=24, hidden=1_536, heads=24, inner=6_144),
            _POSITIONS,
            _whole("position_buckets", -1, "bucket_size", high=_MOST_POSITIONS),
            _ACTIVATION,
            _epsilon(1e-7),
            _PADDING,
        ),
        written=lambda task: {
            **_attention_dropout(task),
            "type_vocab_size": 0,
            "position_biased_input": False,
            "relative_attention": True,
            "max_relative_positions": -1,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "pos_att_type": ["p2c", "c2p"],
            "pooler_hidden_size": task.hidden_dim,
            "pooler_hidden_act": "gelu",
            "pooler_dropout": task.dropout,
            "cls_dropout": task.backbone.dropout,
        },
        axes=_WORDS | {"encoder.rel_embeddings.weight": "position_buckets*2 hidden_size"} | _INNER,
        activations=("gelu",),
        epsilon=1e-7,
        tokenizer=TokenizerFiles(
            "sentencepiece",
            _BRACKETS,
            ("DebertaV2Tokenizer", "DebertaV3Tokenizer"),
            file="spm.model",
            settings={"do_lower_case": False},
        ),
        more_tensors=_of_deberta,
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
"""How to add one: docs/encoders.md."""


def family_of(task: Any) -> Family:
    """The family of a KerasHub classifier."""
    backbone: Any = getattr(task, "backbone", None)
    name = family_name(task, [family.keras for family in FAMILIES])
    family = next((one for one in FAMILIES if one.keras == name), None)
    if family is None:
        raise EncoderUnsupported(
            f"No Hugging Face layout is known for {type(task).__name__} on {type(backbone).__name__}.",
            where="the model's encoder",
            expected=", ".join(one.backbone for one in FAMILIES),
        )
    width = getattr(task, "hidden_dim", None)
    if width is not None and width != backbone.hidden_dim:
        raise EncoderUnsupported(
            f"The classifier's hidden layer has {width} units.",
            where="the model's head",
            expected=f"{backbone.hidden_dim}, as wide as the encoder: {family.architecture} has no other",
        )
    return family
