"""The texts of the parity check, made from the tokenizer's own vocabulary: all lengths, and what the wild has."""

from __future__ import annotations

import numpy as np

from samesay.encoding import PairEncoder
from samesay.pairs import Pair

_LENGTHS = (5, 6, 7, 8, 9, 11, 13, 16, 19, 23, 28, 34, 41, 50, 61, 64, 65, 128, 256)
_WORDS = 400
_SPARE_TOKENS = 40

# Both sides, in reading order. The special tokens are text here and must stay text.
_HOSTILE = (
    ("", "Only the second side says anything."),
    ("Only the first side says anything.", ""),
    ("A waiter naïvely spilled crème brûlée in Łódź.", "Ångström señor façade coöperate e\u0301te\u0301"),
    ("北京的冬天很冷", "東京タワーは赤い 서울은 넓다"),
    ("Well done 🎉🎉", "👩‍👩‍👧 walked 🐕 home 👍🏽"),
    ("Replace [SEP] by [CLS] here", "[MASK] [PAD] [UNK] [SEP]"),
    ("[SEP]", "[CLS] [SEP] [SEP]"),
    ("<s> the end </s>", "<mask><pad><unk> ##ing ##s"),
    ("Z" * 320, "ab" * 130 + " end"),
    ("don't — can't; won't... (really?!)", "$4.50 @home #tag 50% a/b c:\\d e_f"),
    ("SHOUTING And Whispering İstanbul ẞ ﬁne", "ǅ straße STRASSE Ωμέγα"),
    ("tabs\tand\nlines\r\nand\u00a0no-break", "  spaces   everywhere  "),
    ("مرحبا بالعالم", "हिन्दी में लिखा है ไทย"),
    ("2,000,000.01", "1/2 ³ ½ ⅷ 10⁻³ ∑∞"),
)


def probe_pairs(encoder: PairEncoder, *, seed: int = 0) -> list[Pair]:
    """Pairs of lengths from the shortest to the limit and beyond, and hostile texts; a seed gives the same.

    Args:
        encoder: Its vocabulary gives the words, its ``max_length`` the limit.
        seed: Of the choice of words.
    """
    random = np.random.default_rng(seed)
    words = _whole_words(encoder, random)
    limit = encoder.max_length
    shortest = int(encoder.encode([""], [""]).lengths[0])

    def text(n_words: int) -> str:
        return " ".join(random.choice(words, size=n_words)) if n_words > 0 else ""

    def pair(n_first: int, n_second: int) -> Pair:
        return Pair(text(n_first), text(n_second))

    pairs = [Pair(*texts) for texts in _HOSTILE if not _read_as_special(encoder, texts)]
    for length in sorted({min(each, limit) for each in _LENGTHS} | {limit - 1, limit}):
        n_words = max(length - shortest, 2)
        n_first = int(random.integers(1, n_words))
        pairs.append(pair(n_first, n_words - n_first))
    pairs += [
        pair(limit + _SPARE_TOKENS, 3),
        pair(3, limit + _SPARE_TOKENS),
        pair(limit, limit),
    ]
    return pairs


def _read_as_special(encoder: PairEncoder, texts: tuple[str, str]) -> bool:
    """Whether KerasHub takes a part of the texts for a special token: its byte-pair tokenizer does, ours never."""
    return encoder.kind == "bytepair" and any(
        token in text for token in ("<s>", "</s>", "<pad>", "<mask>") for text in texts
    )


def _whole_words(encoder: PairEncoder, random: np.random.Generator) -> list[str]:
    """Words that the tokenizer keeps in one piece, or a letter where its vocabulary has none."""
    pieces = [piece for piece in encoder.tokenizer.vocabulary if piece.isalpha() and len(piece) > 1]
    if len(pieces) > _WORDS:
        pieces = [pieces[place] for place in sorted(random.choice(len(pieces), _WORDS, replace=False))]
    nothing, *lengths = encoder.encode(["", *pieces], [""] * (len(pieces) + 1)).lengths.tolist()
    return [piece for piece, length in zip(pieces, lengths, strict=True) if length == nothing + 1] or ["a"]
