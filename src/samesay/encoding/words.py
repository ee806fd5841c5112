"""A text cut into words, and each word folded, exactly as KerasHub's TensorFlow-free WordPiece path does it.

The order matters and is KerasHub's (``pretokenize_python``, keras-hub 0.32): strip accents (NFD, drop
category Mn), cut at white space, controls, punctuation and CJK, and only then fold the case of every word
(NFKC, full case folding, NFKC, drop default ignorables). A word can therefore still hold what would have been
a place to cut: "…" stays one word and folds to "...", a no-break space stays inside its word and folds to a
space.

Knows nothing of vocabularies.

Unicode versions: normal forms, case folding and category Mn are those of the running Python (as in KerasHub),
and Unicode's stability policy fixes them for every assigned character. Punctuation and format characters come
in KerasHub from the ``regex`` package, whose tables are newer than Python's; ``_LATER_PUNCTUATION`` and
``_LATER_FORMAT`` add what Unicode 15 to 18 assigned, so that the cuts do not depend on the Python that runs.
"""

from __future__ import annotations

import re
import unicodedata

# RE2's \s, which KerasHub keeps to: no-break space, ideographic space and their like do not separate words.
_WHITE_SPACE = frozenset(map(ord, " \t\n\r\f"))
_ASCII_PUNCTUATION = frozenset(map(ord, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
_LATER_PUNCTUATION = (
    (0x1B4E, 0x1B4F),
    (0x1B7F, 0x1B7F),
    (0x2E60, 0x2E63),
    (0x10D6E, 0x10D6E),
    (0x10ED0, 0x10ED0),
    (0x113D4, 0x113D5),
    (0x113D7, 0x113D8),
    (0x11B00, 0x11B09),
    (0x11BE1, 0x11BE1),
    (0x11F43, 0x11F4F),
    (0x16D6D, 0x16D6F),
    (0x1E5FF, 0x1E5FF),
)
_LATER_FORMAT = ((0x13439, 0x1343F),)

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt).
DEFAULT_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)

# The words of a text in ASCII: there all that is neither letter, digit nor punctuation separates.
_ASCII_WORDS = re.compile(r"[0-9A-Za-z]+|[!-/:-@\[-`{-~]")


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


class _Cuts(dict[int, int | str]):
    """A table for ``str.translate`` that learns characters as they come.

    What separates words becomes a space; what is a word of its own gets a space on either side.
    """

    def __init__(self, *, cjk: bool) -> None:
        super().__init__()
        self._cjk = cjk

    def __missing__(self, code: int) -> int | str:
        category = unicodedata.category(chr(code))
        if code in _WHITE_SPACE or category in ("Cc", "Cf") or _within(code, _LATER_FORMAT):
            cut: int | str = " "
        elif (
            code in _ASCII_PUNCTUATION
            or category.startswith("P")
            or _within(code, _LATER_PUNCTUATION)
            or (self._cjk and _within(code, CJK))
        ):
            cut = f" {chr(code)} "
        else:
            cut = code
        self[code] = cut
        return cut


_CUTS = {True: _Cuts(cjk=True), False: _Cuts(cjk=False)}


class _Marks(dict[int, int | None]):
    """A table for ``str.translate`` that drops characters of category Mn."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code)) == "Mn" else code
        self[code] = kept
        return kept


_MARKS = _Marks()


def without_accents(text: str) -> str:
    """``text`` in NFD without its non-spacing marks; Hangul syllables and their like stay taken apart."""
    return unicodedata.normalize("NFD", text).translate(_MARKS)


def cut(text: str, *, cjk: bool) -> list[str]:
    """The words of ``text``; a punctuation mark, and with ``cjk`` a CJK character, is a word of its own."""
    if text.isascii():
        return _ASCII_WORDS.findall(text)
    return [word for word in text.translate(_CUTS[cjk]).split(" ") if word]


def fold(word: str) -> str:
    """``word`` under NFKC, full case folding, NFKC, without default ignorables; it may come out empty."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return DEFAULT_IGNORABLE.sub("", folded)
