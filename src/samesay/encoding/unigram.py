"""Texts to the ids of a SentencePiece unigram model, equal to SentencePiece's own, id for id, without it.

The pieces of a text are those of highest total score (Kudo 2018, arXiv:1804.10959), found from left to right
(Viterbi). SentencePiece adds in single precision, and between spellings that come out alike after rounding the first
stays; this search does the same, sum for sum. ``tokenizers`` adds in double precision and normalises otherwise:
docs/decisions/0010-tokenizer-twins-of-every-family.md. A word is searched once and remembered, unless rounding
could have decided it; a text with such a word is searched whole.

Nothing in a text is ever taken for a special token: control pieces such as "</s>" are not among those that spell.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from samesay.encoding.charsmap import SPACE, Normalizer
from samesay.encoding.packing import Ragged
from samesay.errors import TokenizerUnsupported, UsageError

# By SentencePiece's definition: a character without a piece costs so much more than the rarest piece.
_UNKNOWN_PENALTY = 10.0
# At this many words the memory of spellings starts anew.
_REMEMBERED_WORDS = 100_000
_REMEMBERED_WORD_LENGTH = 40
_WORDS = re.compile(f"{SPACE}?[^{SPACE}]+|{SPACE}")

Spelling = tuple[list[int], float, float]
"""The ids of a word; its score; by how much the closest decision on the way was won."""


class Unigram:
    """A vocabulary with scores; shared freely between threads, and immutable but for a memory of spellings.

    Args:
        vocabulary: The pieces; a piece's place is its id.
        scores: The logarithm of every piece's probability; those of ``silent`` pieces are not read.
        silent: Ids of pieces that no text is spelled with: special tokens, unused pieces.
        user_defined: Ids of pieces that are always taken where they occur.
        unknown_token: The piece that stands for characters without a piece.
        normalizer: What a text goes through first.

    Attributes:
        ids: The id of every piece.

    Raises:
        UsageError: If scores and vocabulary are not equally many, or an id is out of range.
        TokenizerUnsupported: If the unknown token is missing or no piece has a score.
    """

    __slots__ = (
        "_apart",
        "_longest",
        "_remembered",
        "_score_of",
        "_unknown_score",
        "ids",
        "normalizer",
        "scores",
        "silent",
        "unknown_token",
        "user_defined",
        "vocabulary",
    )
    kind: ClassVar[str] = "unigram"

    def __init__(
        self,
        vocabulary: Sequence[str],
        scores: Sequence[float],
        *,
        silent: Collection[int],
        user_defined: Collection[int],
        unknown_token: str,
        normalizer: Normalizer,
    ) -> None:
        if len(scores) != len(vocabulary):
            raise UsageError(
                f"There are {len(vocabulary)} pieces and {len(scores)} scores.", expected="a score a piece"
            )
        if wrong := [index for index in (*silent, *user_defined) if not 0 <= index < len(vocabulary)]:
            raise UsageError(f"The id {wrong[0]} is out of range.", expected=f"0 to {len(vocabulary) - 1}")
        self.vocabulary = tuple(vocabulary)
        self.scores = tuple(scores)
        self.silent = tuple(sorted(silent))
        self.user_defined = tuple(sorted(user_defined))
        self.unknown_token = unknown_token
        self.normalizer = normalizer
        self.ids: Mapping[str, int] = {token: index for index, token in enumerate(self.vocabulary)}
        if unknown_token not in self.ids:
            raise TokenizerUnsupported(f"The vocabulary lacks the unknown token {unknown_token!r}.")
        self._remembered: dict[str, Spelling] = {}
        self._take_scores()

    def _take_scores(self) -> None:
        single = np.asarray(self.scores, np.float32).astype(np.float64)
        unscored = {*self.silent, *self.user_defined}
        normal = [index for index in range(len(self.vocabulary)) if index not in unscored]
        if not normal:
            raise TokenizerUnsupported("No piece of the vocabulary has a score.")
        self._unknown_score = float(np.float32(single[normal].min() - _UNKNOWN_PENALTY))
        self._score_of: dict[str, tuple[float, int]] = {
            self.vocabulary[index]: (float(single[index]), index) for index in normal
        }
        highest = np.float32(single[normal].max())
        for index in self.user_defined:
            piece = self.vocabulary[index]
            # The bonus that SentencePiece gives, in bytes of UTF-8: larger than any sum of scores beside it.
            self._score_of[piece] = (float(np.float32(len(piece.encode())) * highest) - 0.1, index)
        # By its first two characters the length of the longest piece: what is worth a look at each place.
        self._longest: dict[str, int] = {}
        for piece in self._score_of:
            start = piece[:2]
            self._longest[start] = max(len(piece), self._longest.get(start, 0))
        # Where no piece goes on past a space, words do not touch one another's spelling.
        self._apart = not any(SPACE in piece[1:] for piece in self._score_of)

    def spells(self, token: str) -> bool:
        """Whether some text could come out as ``token``."""
        return self.ids[token] not in self.silent

    def encode(self, texts: Sequence[str]) -> Ragged:
        """The ids of ``texts``, any strings without lone surrogates, in their order."""
        return Ragged.of([self._text(self.normalizer(text)) for text in texts])

    def _text(self, text: str) -> list[int]:
        if not self._apart:
            return self._without_runs(self._search(text)[0])
        words = _WORDS.findall(text)
        spelled = [self._word(word) for word in words]
        # Two ways to a place, each rounded at most once a character by at most 2^-24 of the sum so far, here and in
        # the search of the whole text; no sum is larger than that of the text and a word of unknown characters.
        longest = max(map(len, words), default=0)
        largest = sum(abs(score) for _, score, _ in spelled) + longest * abs(self._unknown_score)
        rounding = largest * longest * 2.0**-22
        if any(margin <= rounding for _, _, margin in spelled):
            return self._without_runs(self._search(text)[0])
        return self._without_runs([index for ids, _, _ in spelled for index in ids])

    def _word(self, word: str) -> Spelling:
        # Another thread may begin a new memory at any time; this call keeps to the one it took.
        remembered = self._remembered
        known = remembered.get(word)
        if known is None:
            known = self._search(word)
            if len(remembered) >= _REMEMBERED_WORDS:
                self._remembered = remembered = {}
            if len(word) <= _REMEMBERED_WORD_LENGTH:
                remembered[word] = known
        return known

    def _search(self, text: str) -> Spelling:
        """The best spelling, by SentencePiece's own search: the same sums, the same rounding, the first of equals."""
        score_of, longest = self._score_of, self._longest
        end = len(text)
        best = array("f", bytes(4 * (end + 1)))
        rounded = array("f", [0.0])  # rounds what it is given to single precision
        came_from = [-1] * (end + 1)
        piece_at = [-1] * (end + 1)
        unknown = self.ids[self.unknown_token]
        margin = float("inf")
        for start in range(end):
            so_far = best[start]
            alone = False
            # A piece of one character is listed under it alone, the others under their first two.
            reach = max(longest.get(text[start], 0), longest.get(text[start : start + 2], 0))
            for stop in range(start + 1, min(start + reach, end) + 1):
                found = score_of.get(text[start:stop])
                if found is None:
                    continue
                score, index = found
                alone = alone or stop == start + 1
                rounded[0] = score + so_far
                candidate = rounded[0]
                if came_from[stop] >= 0:
                    margin = min(margin, abs(candidate - best[stop]))
                if came_from[stop] < 0 or candidate > best[stop]:
                    best[stop], came_from[stop], piece_at[stop] = candidate, start, index
            if not alone:
                stop = start + 1
                rounded[0] = self._unknown_score + so_far
                candidate = rounded[0]
                if came_from[stop] >= 0:
                    margin = min(margin, abs(candidate - best[stop]))
                if came_from[stop] < 0 or candidate > best[stop]:
                    best[stop], came_from[stop], piece_at[stop] = candidate, start, unknown
        ids: list[int] = []
        at = end
        while at > 0:
            ids.append(piece_at[at])
            at = came_from[at]
        return ids[::-1], best[end], margin

    def _without_runs(self, ids: list[int]) -> list[int]:
        """``ids`` with one unknown token for every run of them."""
        unknown = self.ids[self.unknown_token]
        if unknown not in ids:
            return ids
        return [
            index for at, index in enumerate(ids) if index != unknown or at == 0 or ids[at - 1] != unknown
        ]

    def to_dict(self) -> dict[str, Any]:
        """What builds an equal one, in JSON types."""
        return {
            "vocabulary": list(self.vocabulary),
            "scores": list(self.scores),
            "silent": list(self.silent),
            "user_defined": list(self.user_defined),
            "unknown_token": self.unknown_token,
            "charsmap": self.normalizer.charsmap,
            "add_dummy_prefix": self.normalizer.add_dummy_prefix,
            "remove_extra_whitespaces": self.normalizer.remove_extra_whitespaces,
        }
