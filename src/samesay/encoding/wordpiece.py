"""Texts to WordPiece ids through Hugging Face ``tokenizers`` (Rust), id for id what KerasHub's tokenizer gives.

Texts in printable ASCII, nearly all of English, go through Rust whole. The others are cut into words by ``words``,
because no order of ``tokenizers``' own steps folds a word *after* it was cut, and Rust does the rest. Nothing in a text
is ever taken for a special token: none is registered with the Rust tokenizer, and "[SEP]" is cut at its brackets.

Why equal to KerasHub's TensorFlow-free path, and where its TensorFlow path differs:
docs/decisions/0004-one-tokenizer-path.md. Algorithm: greedy longest match first (Wu et al. 2016, arXiv:1609.08144).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from samesay.encoding.words import cut, fold, without_accents

# Longer words are unknown. KerasHub counts bytes of UTF-8; Rust counts characters, which in ASCII is the same.
MAX_BYTES_PER_WORD = 100

_CONTROLS_TO_SPACES = dict.fromkeys((*range(32), 127), " ")


@dataclass(frozen=True, slots=True)
class WordPieceRules:
    """How a text becomes words and a word becomes pieces; the names are KerasHub's.

    Attributes:
        lowercase: Fold the case of every word (Unicode NFKC case folding, not plain lower case).
        strip_accents: Drop accents before anything else.
        split_on_cjk: Make every CJK ideograph a word of its own.
        suffix_indicator: What marks a piece that continues a word.
        unknown_token: The piece that stands for a word that cannot be spelled in pieces.
    """

    lowercase: bool
    strip_accents: bool
    split_on_cjk: bool = True
    suffix_indicator: str = "##"
    unknown_token: str = "[UNK]"


class WordPiece:
    """A vocabulary and its rules; immutable, shared freely between threads.

    Args:
        vocabulary: The pieces; a piece's place is its id (the last place, where one occurs twice, as in KerasHub).
        rules: How texts become words.
    """

    __slots__ = ("_ids", "_whole", "_words", "rules", "vocabulary")

    def __init__(self, vocabulary: Sequence[str], rules: WordPieceRules) -> None:
        self.vocabulary = tuple(vocabulary)
        self.rules = rules
        self._ids = {token: index for index, token in enumerate(self.vocabulary)}
        model = models.WordPiece(
            self._ids,
            unk_token=rules.unknown_token,
            max_input_chars_per_word=MAX_BYTES_PER_WORD,
            continuing_subword_prefix=rules.suffix_indicator,
        )
        self._words = Tokenizer(model)
        self._whole = Tokenizer(model)
        if rules.lowercase:
            self._whole.normalizer = normalizers.Lowercase()
        self._whole.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def id_of(self, token: str) -> int | None:
        """The id of a piece, or nothing."""
        return self._ids.get(token)

    def words(self, text: str) -> list[str]:
        """The words of any text, folded; too long ones replaced by the unknown token."""
        rules = self.rules
        if rules.strip_accents:
            text = without_accents(text)
        words = cut(text, cjk=rules.split_on_cjk)
        if rules.lowercase:
            words = [folded for word in words if (folded := fold(word))]
        return [word if self._fits(word) else rules.unknown_token for word in words]

    @staticmethod
    def _fits(word: str) -> bool:
        # A character takes at most four bytes, so most words need no encoding to be measured.
        return 4 * len(word) <= MAX_BYTES_PER_WORD or len(word.encode()) <= MAX_BYTES_PER_WORD

    def encode(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of all ``texts`` one after the other, and where each begins.

        Args:
            texts: Any strings without lone surrogates.

        Returns:
            ids ``(n_tokens,)`` int32 and offsets ``(n_texts + 1,)`` int64.
        """
        plain: list[str] = []
        cut_up: list[list[str]] = []
        is_plain = [text.isascii() for text in texts]
        for text, ascii_only in zip(texts, is_plain, strict=True):
            if ascii_only:
                plain.append(text if text.isprintable() else text.translate(_CONTROLS_TO_SPACES))
            else:
                cut_up.append(self.words(text))
        of_plain = iter(self._whole.encode_batch_fast(plain, add_special_tokens=False))
        of_cut_up = iter(
            self._words.encode_batch_fast(cut_up, is_pretokenized=True, add_special_tokens=False)
        )
        rows = [next(of_plain if ascii_only else of_cut_up).ids for ascii_only in is_plain]
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=offsets[1:])
        return np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1])), offsets
