"""How one label is spelled: as a number, a truth value, yes or no, a word, or as the lack of a label.

Knows one text at a time, and no table: what the spellings of one column mean is the business of ``schemes``.
"""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np

NLI_NAMES = ("entailment", "neutral", "contradiction")
SAME_NAMES = ("different", "same")

Kind = Literal["number", "truth", "answer", "word", "none", "missing"]
"""``none``: a word for no label that can also be a class; ``missing``: no label, whatever stands beside it."""

TWO_WAY: Mapping[Kind, tuple[str, str]] = {"truth": ("false", "true"), "answer": ("no", "yes")}
"""The kinds of which every spelling is one of two, that for 0 first."""

_NLI = {
    "entailment": "entailment entails entailed entail",
    "neutral": "neutral",
    "contradiction": "contradiction contradicts contradictory contradicted contradict",
}
_NLI_SPELLINGS = {spelling: name for name, spellings in _NLI.items() for spelling in spellings.split()}
LETTERS: tuple[Mapping[str, str], ...] = (
    {"t": "true", "f": "false"},
    {"y": "yes", "n": "no"},
    {"e": "entailment", "n": "neutral", "c": "contradiction"},
)
"""Letters that stand for names, where all the labels of a column are such letters or the names themselves."""

_MISSING = {"", "-", "--", "–", "—", "-1", "nan", "<na>", "nat", "#n/a"}
_NONE = {
    "none",
    "null",
    "nil",
    "n/a",
    "na",
    "n.a.",
    "?",
    "no label",
    "no gold label",
    "unlabeled",
    "unlabelled",
}
# As long as a number that is a class may be; Python refuses to read some thousand digits.
# Three zeros after a comma may be thousands: 1,000 is no 1, but 0,000 is nothing else than 0.
_NUMBER = re.compile(r"([+-]?)(\d{1,30})(?:\.(\d{0,30})|,(0{1,2}|0{4,}|(?<=\b0,)000))?")
_NEGATION = re.compile(r"(?:not|non|no|un|in|ir|im|dis) ?")
LITERAL = ("b'", 'b"')
"""How the text of a Python bytes literal begins."""
_BYTES = re.compile(r"b(?:'.*'|\".*\")", re.DOTALL)
# Blanks that str.strip does not know: they come with texts copied from web pages and spreadsheets.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a label is, however it is written.

    Attributes:
        text: As it is written, but for blanks around it and runs of them.
        kind: What it is written as.
        key: Equal for all spellings of one label: ``1`` for 1.0, ``true`` for TRUE, ``entailment`` for Entails.
    """

    text: str
    kind: Kind
    key: str

    @classmethod
    def of(cls, value: object) -> Spelling | None:
        """The spelling of a value, ``None`` where it is no text, number or truth value.

        A number between whole ones is of kind ``number``, its key as it is written: ``key.isdecimal()`` is false.
        """
        if isinstance(value, np.generic):  # as arrays of objects hold them
            value = value.item()
        if value is None:
            return cls("null", "missing", "")
        if isinstance(value, bool):
            return cls(str(value), "truth", str(value).lower())
        if isinstance(value, int):
            return cls(str(value), "missing" if value == -1 else "number", str(value))
        if isinstance(value, float | Decimal):
            return cls._of_number(str(value), float(value))
        return cls._of_text(value) if isinstance(value, str) else None

    @classmethod
    def _of_number(cls, text: str, number: float) -> Spelling:
        if math.isnan(number):
            return cls("NaN", "missing", "")
        whole = str(int(number)) if number.is_integer() else text
        return cls(text, "missing" if whole == "-1" else "number", whole)

    @classmethod
    def _of_text(cls, value: str) -> Spelling:
        text = tidied(value)
        if (inner := unliteral(text)) is not None:
            text = tidied(inner)
        key = folded(text)
        if (number := _NUMBER.fullmatch(text)) is not None:
            sign, whole, fraction, _ = number.groups()
            shown = f"{sign.replace('+', '')}{int(whole)}"
            if fraction is not None and int(fraction or 0):
                shown = text
            return cls(text, "missing" if shown == "-1" else "number", "0" if shown == "-0" else shown)
        if key in _MISSING or text.casefold() in _MISSING:
            return cls(text or "empty", "missing", "")
        for kind, names in TWO_WAY.items():
            if key in names:
                return cls(text, kind, key)
        if key in _NONE or text.casefold() in _NONE:
            return cls(text, "none", key)
        return cls(text, "word", _NLI_SPELLINGS.get(key, key))

    @property
    def place(self) -> int | None:
        """0 for 0, false and no, 1 for 1, true and yes; nothing for other labels."""
        if self.kind == "number":
            return int(self.key) if self.key in ("0", "1") else None
        names = TWO_WAY.get(self.kind)
        return None if names is None else names.index(self.key)


def tidied(text: str) -> str:
    """``text`` without the blanks around it, runs of blanks as one, and without characters that nobody sees."""
    return " ".join(text.translate(_INVISIBLE).split())


def folded(text: str) -> str:
    """What two spellings of one name have in common: case, width, quotes, a full stop at the end, blanks, hyphens."""
    text = tidied(unicodedata.normalize("NFKC", text)).casefold()
    text = text.rstrip(" .,;:") or text
    if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    # Between letters alone: the grade A- is not the grade A.
    return re.sub(r"(?<=[^\W_])[\s_-]+(?=[^\W_])", " ", text)


def unliteral(text: str) -> str | None:
    """The text within a Python bytes literal such as ``b'tea'``; ``None`` for any other text."""
    if not text.startswith(LITERAL) or _BYTES.fullmatch(text) is None:
        return None
    try:
        value = ast.literal_eval(text)
        return value.decode("utf-8") if isinstance(value, bytes) else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def poles(names: Iterable[str]) -> tuple[str, str] | None:
    """Which of two names is the negative one, then the positive one; ``None`` where the names do not show it.

    >>> poles(("same", "different"))
    ('different', 'same')
    >>> poles(("entailment", "not_entailment"))
    ('not_entailment', 'entailment')
    """
    pair = tuple(names)
    if len(pair) != 2:
        return None
    for negative, positive in (pair, pair[::-1]):
        if _are_poles(negative, positive):
            return negative, positive
    return None


def _are_poles(negative: str, positive: str) -> bool:
    places = [spelling and spelling.place for spelling in map(Spelling.of, (negative, positive))]
    plain = folded(negative), folded(positive)
    if places == [0, 1] or plain in (SAME_NAMES, ("f", "t"), ("n", "y")):
        return True
    return plain[0].endswith(plain[1]) and _NEGATION.fullmatch(plain[0].removesuffix(plain[1])) is not None
