"""What can be said of a situation and where it is true: from that alone follows the label of any two texts.

A situation has a few possible worlds (who did it, how many there are, when it opens), and every text is true in some
of them. A premise entails what is true wherever it is, excludes what is true nowhere there, and else leaves it open.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from samesay.synthetic.captions.grammar import pick

ENTAILMENT, NEUTRAL, CONTRADICTION = LABELS = ("entailment", "neutral", "contradiction")
Holds = Callable[..., bool]
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SETTLED = re.compile(r"<([^<>]*)>")
_VARIANTS = 2


@dataclass(frozen=True, slots=True)
class Saying:
    """A text and the worlds in which it is true.

    Attributes:
        text: One sentence or several.
        holds: The worlds, by number.
        usual: Those that are meant where nothing else is said: "some" usually means "not all".
        template: What it was made from, by number.
        asked: Whether it can be a hypothesis; some say too little or too much.
        given: Whether it can be a premise.
    """

    text: str
    holds: frozenset[int]
    usual: frozenset[int]
    template: int
    asked: bool = True
    given: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """What can be said of one situation.

    Attributes:
        domain: Where it belongs to, such as ``office``.
        sayings: Texts that are true in some worlds and not in others.
    """

    domain: str
    sayings: tuple[Saying, ...]


def fill(rng: random.Random, template: str, **slots: object) -> str:
    """A text from a template: ``{slots}`` first, then one of every ``[choice|of words]``.

    >>> fill(random.Random(0), "the {what} is [shut|shut]", what="shop")
    'The shop is shut.'
    """
    text = template.format(**slots)
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda match: pick(rng, match[1].split("|")), text)
    text = re.sub(r"\s+([,.;])", r"\1", " ".join(text.split()))
    text = re.sub(r"(^|(?<!\.m)[.?!] )([a-z])", lambda match: match[1] + match[2].upper(), text)
    return text if text[-1] in ".?!" else f"{text}."


def settle(rng: random.Random, text: str) -> str:
    """One of every ``<choice|of things>``, for all that is said of a situation; choices of words stay open."""
    return _SETTLED.sub(lambda match: pick(rng, match[1].split("|")), text)


def situation(
    rng: random.Random,
    domain: str,
    worlds: Iterable[tuple[object, ...]],
    claims: Mapping[str, Holds | tuple[Holds, Holds]],
    **slots: object,
) -> Situation:
    """The situation of which ``claims`` can be made.

    Args:
        rng: Draws the words.
        domain: Its name.
        worlds: All that may be the case, as arguments of what holds.
        claims: Template to whether it is true in a world; where readers usually take more from it than it says, to
            whether it is strictly true and whether it is so taken. A ``>`` before it: a premise only;
            a ``<``: a hypothesis only.
        slots: What is filled into every template.
    """
    possible = tuple(worlds)
    sayings: list[Saying] = []
    for number, (template, claim) in enumerate(claims.items()):
        strict, meant = claim if isinstance(claim, tuple) else (claim, claim)
        holds = frozenset(place for place, world in enumerate(possible) if strict(*world))
        usual = holds if meant is strict else frozenset(place for place in holds if meant(*possible[place]))
        if 0 < len(holds) < len(possible):
            texts = dict.fromkeys(fill(rng, template.lstrip("<>"), **slots) for _ in range(_VARIANTS))
            asked, given = template[0] != ">", template[0] != "<"
            sayings += [Saying(text, holds, usual or holds, number, asked, given) for text in texts]
    return Situation(domain, tuple(sayings))


def label_of(premise: Saying, hypothesis: Saying) -> str | None:
    """The label of the pair; ``None`` where readers would take for said what is strictly left open."""
    if premise.holds <= hypothesis.holds:
        return ENTAILMENT
    if not premise.holds & hypothesis.holds:
        return CONTRADICTION
    return None if premise.usual <= hypothesis.holds else NEUTRAL
