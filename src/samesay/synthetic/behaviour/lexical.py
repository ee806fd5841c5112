"""Blocks about what single words say: denial, opposites, kinds of things, numbers, quantifiers.

Each function draws one block. Knows its words by ``words`` alone.
"""

from __future__ import annotations

import random

from samesay.synthetic.behaviour.block import Block, chance, several
from samesay.synthetic.behaviour.words import (
    BEARERS,
    CHAINS,
    COMPLEMENTS,
    COUNTED,
    EVENTS,
    GROUP_DEEDS,
    GROUPS,
    MEASURES,
    ORIGINS,
    PEOPLE,
    SCALES,
)
from samesay.synthetic.captions.grammar import a, pick

_SPELLED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBERS = _SPELLED.split()
_ABOVE, _BELOW, _EXACTLY = "above", "below", "exactly"


def negation(rng: random.Random) -> Block:
    """Said, denied, and the denial denied."""
    name = pick(rng, PEOPLE)
    base, past, _, things = pick(rng, EVENTS)
    thing, other = several(rng, things, 2)
    said = f"{name} {past} the {thing}"
    twice = f"It is not true that {name} did not {base} the {thing}."
    never = f"{name} never {past} the {thing}."
    denials = (f"{name} did not {base} the {thing}.", f"It is not true that {said}.")
    elsewhere = pick(rng, (f"{name} did not {base} the {other}.", f"{name} {past} the {other}."))
    if chance(rng):
        return Block(
            hypothesis=f"{said}.",
            entailment=twice,
            neutral=elsewhere,
            contradiction=pick(rng, (never, *denials)),
        )
    hypothesis, same = several(rng, denials, 2)
    return Block(hypothesis, pick(rng, (never, same)), elsewhere, pick(rng, (f"{said}.", twice)), same=same)


def antonyms(rng: random.Random) -> Block:
    """Opposites, with a middle between them and without one."""
    if chance(rng):
        entry = pick(rng, COMPLEMENTS)
        kind, one, other = entry[0], *several(rng, entry[1:], 2)
        bearer = f"The {pick(rng, BEARERS[kind])}"
        beside = _beside(rng, kind, entry[1:])
        denied = chance(rng)
        said, same = (one, f"not {other}") if not denied else (f"not {other}", one)
        excluding = other if denied else pick(rng, (other, f"not {one}"))
        return Block(
            f"{bearer} was {said}.",
            f"{bearer} was {same}.",
            f"{bearer} was {beside}.",
            f"{bearer} was {excluding}.",
        )
    kind, high, low = pick(rng, SCALES)
    bearer = f"The {pick(rng, BEARERS[kind])}"
    (said, same), opposite = (several(rng, end, len(end)) for end in several(rng, (high, low), 2))
    return Block(
        f"{bearer} is {said}.",
        f"{bearer} is {same}.",
        f"{bearer} is {_beside(rng, kind, (*high, *low))}.",
        f"{bearer} is {pick(rng, opposite)}.",
    )


def _beside(rng: random.Random, kind: str, taken: tuple[str, ...]) -> str:
    """An adjective that says nothing of the ones that are taken."""
    words = [word for of, *ends in COMPLEMENTS if of == kind for word in ends]
    words += [word for of, *ends in SCALES if of == kind for end in ends for word in end]
    return pick(rng, [word for word in words if word not in taken])


def taxonomy(rng: random.Random) -> Block:
    """A kind between one of that kind and what it is a kind of; denial turns the direction round."""
    (low, kind, high), verbs = pick(rng, CHAINS)
    name = pick(rng, PEOPLE)
    base, past = pick(rng, verbs)
    did = {word: f"{name} {past} {a(word)}." for word in (low, kind, high)}
    did_not = {word: f"{name} did not {base} any {word}." for word in (low, kind, high)}
    open_ = pick(rng, (did[high], did_not[low]))
    if chance(rng):
        return Block(did[kind], did[low], open_, did_not[high], same=f"What {name} {past} was {a(kind)}.")
    return Block(
        did_not[kind],
        did_not[high],
        open_,
        did[low],
        same=f"There was no {kind} that {name} {past}.",
    )


def numbers(rng: random.Random) -> Block:
    """Counts with bounds, and measures in other units."""
    return _bounds(rng) if chance(rng, 0.75) else _measure(rng)


def _bounds(rng: random.Random) -> Block:
    things, did = pick(rng, COUNTED)
    digits = chance(rng)
    number = 7 + int(rng.random() * 9)
    kind = pick(rng, (_ABOVE, _BELOW, _EXACTLY))

    def there(how: str, count: int, *, digits: bool = digits) -> str:
        return f"{how.capitalize()} {count if digits else _NUMBERS[count]} {things} {did}."

    less, more = number - 1 - int(rng.random() * 3), number + 1 + int(rng.random() * 3)
    if kind == _ABOVE:
        return Block(
            there("more than", number),
            pick(rng, (there("exactly", more), there("at least", more + 1), there("more than", more))),
            pick(rng, (there("at least", less), there("more than", less), there("fewer than", more + 2))),
            pick(rng, (there("exactly", less), there("fewer than", number), there("at most", less))),
            same=there("at least", number + 1),
        )
    if kind == _BELOW:
        return Block(
            there("fewer than", number),
            pick(rng, (there("exactly", less), there("at most", less - 1), there("fewer than", less))),
            pick(rng, (there("at most", more), there("fewer than", more), there("more than", less - 2))),
            pick(rng, (there("exactly", more), there("more than", number), there("at least", more))),
            same=there("at most", number - 1),
        )
    return Block(
        there("exactly", number, digits=not digits),
        there("exactly", number),
        pick(rng, (there("at least", less), there("fewer than", more), there("at most", more))),
        pick(
            rng, (there("exactly", pick(rng, (less, more))), there("more than", more), there("at most", less))
        ),
    )


def _measure(rng: random.Random) -> Block:
    sentence, things, (measure, alike, another, smaller) = pick(rng, MEASURES)
    thing = pick(rng, things)
    one, same = several(rng, (measure, alike), 2)
    return Block(
        sentence.format(thing, one),
        sentence.format(thing, same),
        sentence.format(thing, f"more than {smaller}"),
        sentence.format(thing, another),
    )


def quantifiers(rng: random.Random) -> Block:
    """All, none, not all, at least one; of a group, and of a part of it."""
    group, origin = pick(rng, GROUPS), pick(rng, ORIGINS)
    base, past = pick(rng, GROUP_DEEDS)
    of, of_some = f"of the {group}", f"of the {origin} {group}"
    all_ = (f"All {of} {past}.", f"Every one {of} {past}.", f"Each {of} {past}.")
    none = (f"None {of} {past}.", f"Not one {of} {past}.", f"Not a single one {of} {past}.")
    some = (f"At least one {of} {past}.", f"One or more {of} {past}.")
    not_all = (f"Not all {of} {past}.", f"At least one {of} did not {base}.")
    kind = int(rng.random() * 4)
    if kind == 0:
        hypothesis, entailment = several(rng, all_, 2)
        open_ = (*some, f"All {of_some} {past}.", f"At least half {of} {past}.")
        return Block(hypothesis, entailment, pick(rng, open_), pick(rng, (*none, *not_all)))
    if kind == 1:
        hypothesis, entailment = several(rng, none, 2)
        open_ = (
            f"At least one {of} did not {base}.",
            f"None {of_some} {past}.",
            f"Not one {of_some} {past}.",
        )
        return Block(hypothesis, entailment, pick(rng, open_), pick(rng, (*all_, *some)))
    if kind == 2:
        hypothesis, same = several(rng, some, 2)
        entailment = pick(
            rng, (*all_, f"Most {of} {past}.", f"Several {of} {past}.", f"All {of_some} {past}.")
        )
        open_ = (f"At least one {of} did not {base}.", f"None {of_some} {past}.")
        return Block(hypothesis, entailment, pick(rng, open_), pick(rng, none), same=same)
    hypothesis, same = several(rng, not_all, 2)
    entailment = pick(rng, (*none, f"Only a few {of} {past}.", f"None {of_some} {past}."))
    open_ = (*some, f"All {of_some} {past}.")
    return Block(hypothesis, entailment, pick(rng, open_), pick(rng, all_), same=same)
