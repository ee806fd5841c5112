"""From a KerasHub preprocessor to what encodes pairs: its twin ``PairEncoder``, or itself where it is a user's own.

The twin has the same vocabulary, rules and packing. ``PreprocessorEncoder`` stands where it does in training and in the
Keras ``Predictor``, for a preprocessor that has no twin in Rust: that model cannot be saved for scoring without Keras,
and nobody can know what the preprocessor cuts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import EncodedPairs, PairEncoder
from samesay.encoding.bytepair import BytePair
from samesay.encoding.sentence_piece import SentencePiece
from samesay.encoding.wordpiece import WordPiece
from samesay.errors import EncoderUnsupported, TokenizerUnsupported, UsageError
from samesay.model.backbones.families import class_named
from samesay.model.huggingface.families import FAMILIES, TokenizerFiles
from samesay.pairs import Progress, ProgressListener

SHORTEST_LENGTH = 5
"""Room for [CLS], one token a side and two [SEP], in tokens; RoBERTa, XLM-R and MPNet have one [SEP] more."""

# Where tokenizers of one kind but of other versions or settings would differ: every encoder is held to these.
_PROBES = (
    "A man isn't sleeping, he's walking 12345 steps (in 2020).",
    "  Two   spaces\tand\nlines \u3000 ",
    "Ünïcödé café naı̈ve ﬁne ＦＵＬＬ ½ ™ İ ß",
    "我喜欢吃苹果。 カタカナ ｶﾞ 한국어",
    "👍🏽 👩‍👩‍👧 a\u200db\u00adc\x07d",
    "unbelievablyextraordinarylongwordwithoutanyspace---###",
)

_CHUNK = 256
_NAMES = {"token_ids", "segment_ids", "padding_mask"}


def supported_tokenizers() -> tuple[str, ...]:
    """The class names of KerasHub's tokenizers, and of ours, that have a twin."""
    return tuple(f"{family.keras}Tokenizer" for family in FAMILIES)


def encoder_of(task: Any, *, max_length: int | None = None) -> PairEncoder | PreprocessorEncoder:
    """What encodes pairs for ``task``: the twin of KerasHub's preprocessor, or the user's own preprocessor.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        max_length: The limit in tokens; the preprocessor's own where absent.
    """
    if is_own(task.preprocessor) or is_own(getattr(task.preprocessor, "tokenizer", None)):
        return PreprocessorEncoder(task.preprocessor, max_length=max_length)
    return encoder_for(task, max_length=max_length)


def encoder_for(task: Any, *, max_length: int | None = None) -> PairEncoder:
    """The ``PairEncoder`` that gives the ids which ``task.preprocessor`` gives.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        max_length: The limit in tokens; the preprocessor's own where absent.
    """
    preprocessor = task.preprocessor
    tokenizer: Any = getattr(preprocessor, "tokenizer", None)
    # The class itself: a subclass may tokenize otherwise.
    family = next((one for one in FAMILIES if class_named(f"{one.keras}Tokenizer") is type(tokenizer)), None)
    if family is None:
        raise TokenizerUnsupported(
            f"The tokenizer {type(tokenizer).__name__} has no twin in SameSay yet.",
            where="preset",
            expected=f"an encoder with one of the tokenizers {', '.join(supported_tokenizers())}, "
            "such as bert_tiny_en_uncased or minilm",
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
    encoder = PairEncoder(
        _TWINS[family.tokenizer.kind](tokenizer, family.tokenizer),
        start_token=tokenizer.start_token,
        separator_token=tokenizer.end_token,
        pad_token=tokenizer.pad_token,
        separators=family.tokenizer.separators,
        max_length=limit,
    )
    _require_equal_ids(encoder, tokenizer)
    return encoder


def _wordpiece(tokenizer: Any, layout: TokenizerFiles) -> WordPiece:
    if not tokenizer.split or tokenizer.special_tokens_in_strings:
        raise TokenizerUnsupported(
            "The preset's tokenizer does not split texts, or reads special tokens in them.",
            where="preset",
            expected="split=True and special_tokens_in_strings=False, as in KerasHub's own presets",
        )
    return WordPiece(
        tokenizer.get_vocabulary(),
        lowercase=tokenizer.lowercase,
        strip_accents=tokenizer.strip_accents,
        split_on_cjk=tokenizer.split_on_cjk,
        suffix_indicator=tokenizer.suffix_indicator,
        unknown_token=tokenizer.oov_token,
    )


def _bytepair(tokenizer: Any, layout: TokenizerFiles) -> BytePair:
    by_id = sorted(tokenizer.vocabulary.items(), key=lambda item: item[1])
    if [index for _, index in by_id] != list(range(len(by_id))):
        raise TokenizerUnsupported("The ids of the preset's vocabulary have gaps.", where="preset")
    return BytePair(
        [token for token, _ in by_id],
        # KerasHub skips the line of the version, wherever it stands.
        [merge for merge in tokenizer.merges if "#version:" not in merge],
        add_prefix_space=tokenizer.add_prefix_space,
    )


def _sentencepiece(tokenizer: Any, layout: TokenizerFiles) -> SentencePiece:
    if layout.before:
        return SentencePiece(tokenizer.proto, before=layout.before, after=layout.after)
    # DeBERTa's [MASK] comes after the pieces of the model.
    after = tokenizer.get_vocabulary()[len(SentencePiece(tokenizer.proto).vocabulary) :]
    return SentencePiece(tokenizer.proto, after=after)


_TWINS: Mapping[str, Callable[[Any, TokenizerFiles], WordPiece | BytePair | SentencePiece]] = {
    "wordpiece": _wordpiece,
    "bytepair": _bytepair,
    "sentencepiece": _sentencepiece,
}


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


def is_own(part: Any) -> bool:
    """Whether ``part`` is of a class that is neither KerasHub's nor SameSay's: it may compute anything."""
    return part is not None and not type(part).__module__.startswith(("keras_hub.", "samesay."))


class PreprocessorEncoder:
    """Pairs of texts to token ids by a Keras preprocessor.

    Args:
        preprocessor: Takes two lists of texts to ``token_ids``, ``padding_mask`` and, where it tells the sides apart,
            ``segment_ids``, each of shape ``(n_pairs, sequence_length)``, padded on the right.
        max_length: Its new ``sequence_length``, in tokens; the one it has where absent.
    """

    def __init__(self, preprocessor: Any, *, max_length: int | None = None) -> None:
        if max_length is not None:
            preprocessor.sequence_length = max_length
        limit = getattr(preprocessor, "sequence_length", None)
        if not isinstance(limit, int) or limit < 1:
            raise UsageError(
                f"The preprocessor {type(preprocessor).__name__} says no sequence_length.",
                where="preprocessor",
                expected="an attribute sequence_length, the tokens of a row",
            )
        self._preprocessor = preprocessor
        self.max_length = limit
        self.pad_id = int(getattr(getattr(preprocessor, "tokenizer", None), "pad_token_id", None) or 0)

    def encode(
        self, first: Sequence[str], second: Sequence[str], *, progress: ProgressListener | None = None
    ) -> EncodedPairs:
        """Encode pairs; ``tokens_lost`` is 0 throughout, since a preprocessor does not say what it cut."""
        parts = []
        for begin in range(0, max(len(first), 1), _CHUNK):
            texts = (list(first[begin : begin + _CHUNK]), list(second[begin : begin + _CHUNK]))
            parts.append(self._packed(*texts) if texts[0] else _nothing())
            if progress is not None:
                progress(Progress("encode", min(begin + _CHUNK, len(first)), len(first)))
        return EncodedPairs.join(parts)

    def _packed(self, first: list[str], second: list[str]) -> EncodedPairs:
        import keras

        # y=None is not idle: without it a preprocessor takes a tuple of two for texts and labels.
        packed = self._preprocessor((first, second), y=None)
        if not isinstance(packed, dict) or not {"token_ids", "padding_mask"} <= set(packed) <= _NAMES:
            got = ", ".join(packed) if isinstance(packed, dict) else type(packed).__name__
            raise self._unsupported(f"gives {got}")
        arrays = {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in packed.items()}
        shape = (len(first), self.max_length)
        if any(array.shape != shape for array in arrays.values()):
            raise self._unsupported(f"gives arrays of other shapes than {shape}")
        mask = arrays["padding_mask"].astype(bool)
        segments = arrays.get("segment_ids", np.zeros(shape, np.int32))
        lengths = mask.sum(axis=1)
        columns = np.arange(self.max_length)
        # Where the second side begins; at the end of rows that are all segment 0.
        starts = np.where((segments == 1).any(axis=1), (segments == 1).argmax(axis=1), lengths)
        as_batched = (columns >= starts[:, None]) & (columns < lengths[:, None])
        if (mask != (columns < lengths[:, None])).any() or (segments != as_batched).any():
            raise self._unsupported("pads on the left, or has segments other than 0 and then 1")
        return EncodedPairs(
            token_ids=arrays["token_ids"][mask].astype(np.int32),
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            second_starts=starts.astype(np.int32),
            tokens_lost=np.zeros((len(first), 2), np.int32),
            specials=(0, 0),
        )

    def _unsupported(self, what: str) -> EncoderUnsupported:
        return EncoderUnsupported(
            f"The preprocessor {type(self._preprocessor).__name__} {what}.",
            where="preprocessor",
            expected=f"token_ids, padding_mask and perhaps segment_ids, (n_pairs, {self.max_length}), "
            "padded on the right",
        )


def _nothing() -> EncodedPairs:
    none: NDArray[Any] = np.zeros(0, np.int32)
    return EncodedPairs(none, np.zeros(1, np.int64), none, np.zeros((0, 2), np.int32), (0, 0))
