"""The Rust twin of a KerasHub preprocessor: same vocabulary, same rules, same packing."""

from __future__ import annotations

from typing import Any

from samesay.encoding import PairEncoder
from samesay.errors import TokenizerUnsupported, UsageError
from samesay.model.backend import keras_hub

SHORTEST_LENGTH = 5
"""Room for [CLS], one token a side and two [SEP], in tokens."""


def supported_tokenizers() -> tuple[str, ...]:
    """The class names of KerasHub's tokenizers that have a proven twin."""
    return ("BertTokenizer",)


def encoder_for(task: Any, *, max_length: int | None = None) -> PairEncoder:
    """The ``PairEncoder`` that gives the ids which ``task.preprocessor`` gives.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        max_length: The limit in tokens; the preprocessor's own where absent.

    Raises:
        TokenizerUnsupported: If the tokenizer has no proven twin.
        UsageError: If the limit is not between 5 and what the encoder's positions reach.
    """
    preprocessor = task.preprocessor
    tokenizer: Any = getattr(preprocessor, "tokenizer", None)
    # The class itself: a subclass may tokenize otherwise.
    if type(tokenizer) not in {getattr(keras_hub().models, name) for name in supported_tokenizers()}:
        raise TokenizerUnsupported(
            f"The tokenizer {type(tokenizer).__name__} has no proven twin in SameSay yet.",
            where="preset",
            expected="an encoder of the BERT family (BertTokenizer), such as bert_tiny_en_uncased or minilm",
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
    return PairEncoder.wordpiece(
        tokenizer.get_vocabulary(),
        lowercase=tokenizer.lowercase,
        strip_accents=tokenizer.strip_accents,
        split_on_cjk=tokenizer.split_on_cjk,
        max_length=limit,
    )
