"""The twin of a KerasHub preprocessor: same vocabulary, same rules, same packing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from samesay.encoding import PairEncoder
from samesay.encoding.sentence_piece import SentencePiece
from samesay.errors import TokenizerUnsupported, UsageError
from samesay.model.backbones.families import class_named
from samesay.model.runtime.backend import keras_hub

SHORTEST_LENGTH = 5
"""Room for [CLS], one token a side and two [SEP], in tokens; RoBERTa, XLM-R and MPNet have one [SEP] more."""

_DOUBLE_SEPARATOR = 2

# Where tokenizers of one kind but of other versions or settings would differ: every encoder is held to these.
_PROBES = (
    "A man isn't sleeping, he's walking 12345 steps (in 2020).",
    "  Two   spaces\tand\nlines \u3000 ",
    "Ünïcödé café naı̈ve ﬁne ＦＵＬＬ ½ ™ İ ß",
    "我喜欢吃苹果。 カタカナ ｶﾞ 한국어",
    "👍🏽 👩‍👩‍👧 a\u200db\u00adc\x07d",
    "unbelievablyextraordinarylongwordwithoutanyspace---###",
)


def supported_tokenizers() -> tuple[str, ...]:
    """The class names of KerasHub's tokenizers that have a twin."""
    return tuple(kind.__name__ for kind in _twins())


def encoder_for(task: Any, *, max_length: int | None = None) -> PairEncoder:
    """The ``PairEncoder`` that gives the ids which ``task.preprocessor`` gives.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        max_length: The limit in tokens; the preprocessor's own where absent.

    Raises:
        TokenizerUnsupported: If the tokenizer has no twin.
        UsageError: If the limit is below the room for a token of either text or above what the positions reach.
    """
    preprocessor = task.preprocessor
    tokenizer: Any = getattr(preprocessor, "tokenizer", None)
    # The class itself: a subclass may tokenize otherwise.
    twin = _twins().get(type(tokenizer))
    if twin is None:
        known = ", ".join(kind.__name__ for kind in _twins())
        raise TokenizerUnsupported(
            f"The tokenizer {type(tokenizer).__name__} has no twin in SameSay yet.",
            where="preset",
            expected=f"an encoder with one of the tokenizers {known}, such as bert_tiny_en_uncased or minilm",
        )
    if preprocessor.truncate != "round_robin":
        raise TokenizerUnsupported(
            f"The preprocessor cuts long pairs by {preprocessor.truncate!r}.",
            where="preset",
            expected="'round_robin'",
        )
    longest = getattr(task.backbone, "max_sequence_length", None) or preprocessor.sequence_length
    # KerasHub's default of 512 may be more than the positions of an encoder in Hugging Face layout.
    limit = min(preprocessor.sequence_length, longest) if max_length is None else max_length
    if not SHORTEST_LENGTH <= limit <= longest:
        raise UsageError(
            f"A length limit of {limit} tokens does not fit this encoder.",
            where="max_length",
            expected=f"between {SHORTEST_LENGTH} and {longest}",
        )
    encoder = twin(tokenizer, limit)
    _require_equal_ids(encoder, tokenizer)
    return encoder


def _twins() -> dict[type, Callable[[Any, int], PairEncoder]]:
    """Who makes the encoder of which tokenizer."""
    models = keras_hub().models
    return {
        models.BertTokenizer: _wordpiece,
        models.DistilBertTokenizer: _wordpiece,
        models.RobertaTokenizer: _bytepair,
        models.XLMRobertaTokenizer: _xlm_roberta,
        models.AlbertTokenizer: _sentencepiece,
        models.DebertaV3Tokenizer: _sentencepiece,
        class_named("MPNetTokenizer"): _mpnet,
    }


def _mpnet(tokenizer: Any, limit: int) -> PairEncoder:
    return _wordpiece(tokenizer, limit, separators=_DOUBLE_SEPARATOR)


def _wordpiece(tokenizer: Any, limit: int, *, separators: int = 1) -> PairEncoder:
    if not tokenizer.split or tokenizer.special_tokens_in_strings:
        raise TokenizerUnsupported(
            "The preset's tokenizer does not split texts, or reads special tokens in them.",
            where="preset",
            expected="split=True and special_tokens_in_strings=False, as in KerasHub's own presets",
        )
    return PairEncoder.wordpiece(
        tokenizer.get_vocabulary(),
        lowercase=tokenizer.lowercase,
        strip_accents=tokenizer.strip_accents,
        split_on_cjk=tokenizer.split_on_cjk,
        suffix_indicator=tokenizer.suffix_indicator,
        unknown_token=tokenizer.oov_token,
        start_token=tokenizer.start_token,
        separator_token=tokenizer.end_token,
        pad_token=tokenizer.pad_token,
        separators=separators,
        max_length=limit,
    )


def _bytepair(tokenizer: Any, limit: int) -> PairEncoder:
    by_id = sorted(tokenizer.vocabulary.items(), key=lambda item: item[1])
    if [index for _, index in by_id] != list(range(len(by_id))):
        raise TokenizerUnsupported("The ids of the preset's vocabulary have gaps.", where="preset")
    return PairEncoder.bytepair(
        [token for token, _ in by_id],
        # KerasHub skips the line of the version, wherever it stands.
        [merge for merge in tokenizer.merges if "#version:" not in merge],
        add_prefix_space=tokenizer.add_prefix_space,
        start_token=tokenizer.start_token,
        separator_token=tokenizer.end_token,
        pad_token=tokenizer.pad_token,
        separators=_DOUBLE_SEPARATOR,
        max_length=limit,
    )


def _sentencepiece(tokenizer: Any, limit: int) -> PairEncoder:
    # DeBERTa's [MASK] comes after the pieces of the model.
    after = tokenizer.get_vocabulary()[len(SentencePiece(tokenizer.proto).vocabulary) :]
    return _of_sentencepiece(tokenizer, limit, after=after, separators=1)


def _xlm_roberta(tokenizer: Any, limit: int) -> PairEncoder:
    # The model's <unk>, <s>, </s> give way to fairseq's order.
    return _of_sentencepiece(
        tokenizer,
        limit,
        before=("<s>", "<pad>", "</s>", "<unk>"),
        after=("<mask>",),
        separators=_DOUBLE_SEPARATOR,
    )


def _of_sentencepiece(tokenizer: Any, limit: int, **places: Any) -> PairEncoder:
    return PairEncoder.sentencepiece(
        tokenizer.proto,
        start_token=tokenizer.start_token,
        separator_token=tokenizer.end_token,
        pad_token=tokenizer.pad_token,
        max_length=limit,
        **places,
    )


def _require_equal_ids(encoder: PairEncoder, tokenizer: Any) -> None:
    """Refuse where the installed KerasHub gives other ids than its twin, as another version might."""
    theirs = [list(map(int, ids)) for ids in tokenizer(list(_PROBES))]
    ours = encoder.tokenizer.encode(_PROBES)
    for at, text in enumerate(_PROBES):
        if not np.array_equal(ours.ids[ours.offsets[at] : ours.offsets[at + 1]], theirs[at]):
            raise TokenizerUnsupported(
                f"{type(tokenizer).__name__} of the installed KerasHub gives other token ids than its twin in SameSay.",
                where="preset",
                details={"text": text},
                hint="install the version of keras-hub that SameSay was tested with: 0.32.0",
            )
