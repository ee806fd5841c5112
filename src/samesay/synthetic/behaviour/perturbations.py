"""Changes to a pair that change nothing of what it says: what a model's answer should not depend on.

Each function takes a pair's two texts and gives both of them changed, or ``None`` where there is nothing to change.
The texts are those of the behaviour suite, whose words and names are known.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from samesay.synthetic.behaviour.block import chance
from samesay.synthetic.behaviour.words import MEN, WOMEN
from samesay.synthetic.captions.grammar import pick

Texts = tuple[str, str]

_CONTRACTIONS = (
    (r"\bIt is\b", "It's"),
    (r"\b(is|was|did|does|must) not\b", r"\1n't"),
    (r"\bcannot\b", "can't"),
)
_NAME = re.compile(rf"\b({'|'.join((*WOMEN, *MEN))})\b")
# Long enough to be known by its other letters, and not "signed", which would become another word. Names begin with a
# capital and are left alone.
_LONG_WORD = re.compile(r"(?<![\w'-])(?!signed\b)[a-z]{6,}(?![\w'-])")


def case(rng: random.Random, first: str, second: str) -> Texts:
    """Both texts in small letters, or both in capitals."""
    return (first.lower(), second.lower()) if chance(rng) else (first.upper(), second.upper())


def whitespace(rng: random.Random, first: str, second: str) -> Texts:
    """More blanks between the words of either text, and around them."""
    blank = pick(rng, ("  ", "   ", "\t", " \n"))
    return f" {first.replace(' ', blank)}", f"{second.replace(' ', blank)}  "


def punctuation(rng: random.Random, first: str, second: str) -> Texts:
    """The full stop away from one text or both, or an exclamation mark for both."""
    changed = (
        (first[:-1], second),
        (first, second[:-1]),
        (first[:-1], second[:-1]),
        (f"{first[:-1]}!", f"{second[:-1]}!"),
    )
    return pick(rng, changed)


def typos(rng: random.Random, first: str, second: str) -> Texts | None:
    """Two neighbouring letters swapped inside of one long word of one text; never of a name."""
    mistyped = [_mistyped(rng, text) for text in (first, second)]
    places = [place for place, text in enumerate(mistyped) if text is not None]
    if not places:
        return None
    return (mistyped[0] or "", second) if pick(rng, places) == 0 else (first, mistyped[1] or "")


def contractions(rng: random.Random, first: str, second: str) -> Texts | None:
    """``did not`` as ``didn't`` and the like, wherever it stands."""
    changed = (_contracted(first), _contracted(second))
    return None if changed == (first, second) else changed


def names(rng: random.Random, first: str, second: str) -> Texts | None:
    """Everybody called otherwise, men as men and women as women."""
    found = sorted({*_NAME.findall(first), *_NAME.findall(second)})
    if not found:
        return None
    others = {
        True: [name for name in WOMEN if name not in found],
        False: [name for name in MEN if name not in found],
    }
    renamed: dict[str, str] = {}
    for name in found:
        left = others[name in WOMEN]
        renamed[name] = left.pop(int(rng.random() * len(left)))
    return tuple(_NAME.sub(lambda match: renamed[match[1]], text) for text in (first, second))  # pyright: ignore[reportReturnType]


def order(rng: random.Random, first: str, second: str) -> Texts:
    """The other text first."""
    return second, first


PERTURBATIONS: dict[str, Callable[[random.Random, str, str], Texts | None]] = {
    "case": case,
    "whitespace": whitespace,
    "punctuation": punctuation,
    "typos": typos,
    "contractions": contractions,
    "names": names,
    "order": order,
}


def _mistyped(rng: random.Random, text: str) -> str | None:
    words = list(_LONG_WORD.finditer(text))
    if not words:
        return None
    word = pick(rng, words)
    letters = word[0]
    places = [place for place in range(1, len(letters) - 2) if letters[place] != letters[place + 1]]
    place = word.start() + pick(rng, places)
    return f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}"


def _contracted(text: str) -> str:
    for pattern, short in _CONTRACTIONS:
        text = re.sub(pattern, short, text)
    return text
