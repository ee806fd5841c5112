"""Texts to WordPiece ids through Hugging Face ``tokenizers`` (Rust), equal to KerasHub's own, id for id.

A text is cut into words by ``words``; a word that was not met before is folded and spelled in pieces by Rust,
the others are looked up. No order of ``tokenizers``' own steps could cut first and fold afterwards, as
KerasHub does, and words repeat so often that the look-up is also several times as fast as sending whole texts
through Rust.

Nothing in a text is ever taken for a special token: none is registered with the Rust tokenizer, and "[SEP]"
is cut at its brackets. Why equal to KerasHub's TensorFlow-free path, and where its TensorFlow path differs:
docs/decisions/0004-one-tokenizer-path.md. Algorithm: greedy longest match first (Wu et al. 2016,
arXiv:1609.08144).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models

from samesay.encoding.packing import Ragged, require_strings
from samesay.encoding.words import cut, fold, without_accents
from samesay.errors import TokenizerUnsupported

# Longer words are unknown. KerasHub counts bytes of UTF-8, Rust would count characters.
MAX_BYTES_PER_WORD = 100

# At this many words the memory of spellings starts over (some 25 MB); the captions of SNLI have 20,000.
_REMEMBERED_WORDS = 100_000
_REMEMBERED_WORD_LENGTH = 100


class WordPiece:
    """A vocabulary and its rules; shared freely between threads, and immutable but for a memory of spellings.

    Args:
        vocabulary: The pieces; a piece's place is its id (the last place, where one occurs twice, as in
            KerasHub).
        lowercase: Fold the case of every word (Unicode NFKC case folding, not plain lower case).
        strip_accents: Drop accents before anything else.
        split_on_cjk: Make every CJK ideograph a word of its own.
        suffix_indicator: What marks a piece that continues a word.
        unknown_token: The piece that stands for a word that cannot be spelled in pieces.

    Attributes:
        ids: The id of every piece.

    Raises:
        UsageError: If the vocabulary holds something else than text.
        TokenizerUnsupported: If it lacks the unknown token.
    """

    kind: ClassVar[str] = "wordpiece"
    FIELDS: ClassVar[Mapping[str, type]] = {
        "vocabulary": list,
        "lowercase": bool,
        "strip_accents": bool,
        "split_on_cjk": bool,
        "suffix_indicator": str,
        "unknown_token": str,
    }
    __slots__ = ("_remembered", "_rust", "ids", *FIELDS)

    def __init__(
        self,
        vocabulary: Sequence[str],
        *,
        lowercase: bool,
        strip_accents: bool,
        split_on_cjk: bool = True,
        suffix_indicator: str = "##",
        unknown_token: str = "[UNK]",
    ) -> None:
        require_strings(vocabulary)
        self.vocabulary = tuple(vocabulary)
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.split_on_cjk = split_on_cjk
        self.suffix_indicator = suffix_indicator
        self.unknown_token = unknown_token
        self.ids: Mapping[str, int] = {token: index for index, token in enumerate(self.vocabulary)}
        if unknown_token not in self.ids:
            raise TokenizerUnsupported(f"The vocabulary lacks the unknown token {unknown_token!r}.")
        # Neither normalizer nor pre-tokenizer: what Rust is given is one word.
        self._rust = Tokenizer(
            models.WordPiece(
                dict(self.ids),
                unk_token=unknown_token,
                max_input_chars_per_word=MAX_BYTES_PER_WORD,
                continuing_subword_prefix=suffix_indicator,
            )
        )
        self._remembered: dict[str, list[int]] = {}

    def spells(self, token: str) -> bool:
        """Whether the text ``token`` comes out as the piece ``token``."""
        return self.ids[token] in self.encode([token]).ids

    def words(self, text: str) -> list[str]:
        """The words of a text before their case is folded."""
        if self.strip_accents and not text.isascii():
            text = without_accents(text)
        return cut(text, cjk=self.split_on_cjk)

    def spell(self, words: Sequence[str]) -> dict[str, list[int]]:
        """The ids of every word, folded first if the rules say so; a word that folds to nothing has none."""
        folded = [fold(word) if self.lowercase else word for word in words]
        fitting = [
            word if len(word.encode()) <= MAX_BYTES_PER_WORD else self.unknown_token for word in folded
        ]
        encodings = self._rust.encode_batch_fast(fitting, add_special_tokens=False)
        return {word: encoding.ids for word, encoding in zip(words, encodings, strict=True)}

    def encode(self, texts: Sequence[str]) -> Ragged:
        """The ids of ``texts``, any strings without lone surrogates, in their order."""
        words = [self.words(text) for text in texts]
        every_word = list(chain.from_iterable(words))
        spelled = list(map(self._spellings(every_word).__getitem__, every_word))

        ids_up_to = _running_sum(spelled)  # (n_words + 1,): ids before each word
        words_up_to = _running_sum(words)  # (n_texts + 1,): words before each text
        ids = np.fromiter(chain.from_iterable(spelled), np.int32, int(ids_up_to[-1]))
        return Ragged(ids, ids_up_to[words_up_to])

    def _spellings(self, words: Sequence[str]) -> Mapping[str, list[int]]:
        """A table that holds at least ``words``."""
        # Another thread may begin a new memory at any time; this call keeps to the one it took.
        remembered = self._remembered
        if len(remembered) > _REMEMBERED_WORDS:
            self._remembered = remembered = {}
        unmet = [word for word in dict.fromkeys(words) if word not in remembered]
        if not unmet:
            return remembered
        spelled = self.spell(unmet)
        long = {word: ids for word, ids in spelled.items() if len(word) > _REMEMBERED_WORD_LENGTH}
        if not long:
            remembered.update(spelled)
            return remembered
        remembered.update((word, ids) for word, ids in spelled.items() if word not in long)
        return {word: long[word] if word in long else remembered[word] for word in set(words)}


def _running_sum(parts: Sequence[Sequence[object]]) -> NDArray[np.int64]:
    """``(n_parts + 1,)``: how much is in the parts before each part, and in all."""
    total = np.zeros(len(parts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)), out=total[1:])
    return total
