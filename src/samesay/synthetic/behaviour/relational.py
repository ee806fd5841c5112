"""Blocks about how the words of a sentence hang together: who did what to whom, where, when, whether, and who "she" is.

Each function draws one block. Knows its words by ``words`` alone.
"""

from __future__ import annotations

import random

from samesay.synthetic.behaviour.block import Block, chance, man_and_woman, pronoun, several
from samesay.synthetic.behaviour.words import (
    BUILT,
    CITIES,
    COMPARATIVES,
    COMPARED,
    DATES,
    DEALINGS,
    EVENTS,
    HAPPENINGS,
    HELD,
    ONE_WAY,
    OPPOSITE_DEEDS,
    PARTICIPLES,
    PEOPLE,
    SHARED_EVENTS,
    WEEKDAYS,
)
from samesay.synthetic.captions.grammar import pick


def roles(rng: random.Random) -> Block:
    """Who does it and whom it is done to, changed round: open for some verbs, impossible for others."""
    one, other, third = several(rng, PEOPLE, 3)
    if chance(rng):
        relation, converse = several(rng, pick(rng, ONE_WAY), 2)
        return Block(
            f"{one} {relation} {other}.",
            f"{other} {converse} {one}.",
            pick(rng, (f"{one} {relation} {third}.", f"{other} {converse} {third}.")),
            pick(rng, (f"{other} {relation} {one}.", f"{one} {converse} {other}.")),
            different=f"{other} {relation} {one}.",
        )
    past, base = pick(rng, DEALINGS)
    swapped = pick(rng, (f"{other} {past} {one}.", f"It was {other} who {past} {one}."))
    denied = pick(rng, (f"{one} never {past} {other}.", f"Nobody ever {past} {other}."))
    if chance(rng):
        return Block(
            f"{one} {past} {other}.", f"It was {one} who {past} {other}.", swapped, denied, different=swapped
        )
    return Block(
        f"{one} did not {base} {other}.",
        pick(rng, (denied, f"It was not the case that {one} {past} {other}.")),
        pick(rng, (f"{other} did not {base} {one}.", f"{other} {past} {one}.")),
        pick(rng, (f"{one} {past} {other}.", f"It was {one} who {past} {other}.")),
        same=f"It was not the case that {one} {past} {other}.",
        different=f"{other} did not {base} {one}.",
    )


def voice(rng: random.Random) -> Block:
    """Active and passive, with and without the one who did it."""
    if chance(rng, 0.4):
        one, other = several(rng, PEOPLE, 2)
        past, base = pick(rng, DEALINGS)
        done = PARTICIPLES.get(past, past)
        active, passive = f"{one} {past} {other}.", f"{other} was {done} by {one}."
        hypothesis, same = several(rng, (active, passive), 2)
        swapped = pick(rng, (f"{other} {past} {one}.", f"{one} was {done} by {other}."))
        denied = pick(rng, (f"{one} did not {base} {other}.", f"{other} was not {done} by {one}."))
        return Block(hypothesis, same, swapped, denied, different=swapped)
    one, other = several(rng, PEOPLE, 2)
    base, past, done, things = pick(rng, EVENTS)
    thing, another = several(rng, things, 2)
    never = pick(rng, (f"The {thing} was never {done}.", f"Nobody {past} the {thing}."))
    if chance(rng, 0.4):
        return Block(
            f"The {thing} was {done}.",
            pick(rng, (f"{one} {past} the {thing}.", f"The {thing} was {done} by {one}.")),
            pick(rng, (f"{one} {past} the {another}.", f"The {another} was {done} by {one}.")),
            pick(rng, (never, f"The {thing} was not {done} by anybody.")),
            same=f"Somebody {past} the {thing}.",
        )
    hypothesis, same = several(rng, (f"{one} {past} the {thing}.", f"The {thing} was {done} by {one}."), 2)
    return Block(
        hypothesis,
        same,
        pick(
            rng,
            (
                f"The {thing} was {done}.",
                f"{one} {past} the {another}.",
                f"The {another} was {done} by {one}.",
            ),
        ),
        pick(rng, (never, f"{one} did not {base} the {thing}.", f"The {thing} was not {done} by {one}.")),
        different=pick(rng, (f"The {thing} was {done} by {other}.", f"{other} {past} the {thing}.")),
    )


def place_and_time(rng: random.Random) -> Block:
    """Places within places, years within centuries, before and after."""
    kind = int(rng.random() * 4)
    if kind == 0:
        city, country, part, elsewhere = pick(rng, CITIES)
        what = pick(rng, HELD)
        return Block(
            f"The {what} took place in {country}.",
            f"The {what} took place in {city}.",
            f"The {what} took place in {part}.",
            f"The {what} took place in {elsewhere}.",
            same=f"The {what} was held in {country}.",
        )
    if kind == 1:
        what, century = pick(rng, BUILT), 16 + int(rng.random() * 4)
        decade = 1 + int(rng.random() * 8)
        year = int(rng.random() * 10)
        another = pick(rng, [each for each in range(1, 10) if each != decade])
        return Block(
            f"The {what} was built in the {century}{decade}0s.",
            f"The {what} was built in {century}{decade}{year}.",
            f"The {what} was built in the {century + 1}th century.",
            pick(
                rng,
                (
                    f"The {what} was built in {century}{another}{year}.",
                    f"The {what} was built in the {century}{another}0s.",
                ),
            ),
            same=f"The {what} was constructed in the {century}{decade}0s.",
        )
    if kind == 2:
        what = pick(rng, HELD)
        place = 1 + int(rng.random() * (len(DATES) - 2))
        date, earlier, later = DATES[place], DATES[place - 1], DATES[place + 1]
        if chance(rng):
            return Block(
                f"The {what} began before {date}.",
                pick(rng, (f"The {what} began on {earlier}.", f"The {what} began before {earlier}.")),
                f"The {what} began before {later}.",
                pick(rng, (f"The {what} began on {later}.", f"The {what} began after {later}.")),
                same=f"The {what} started before {date}.",
            )
        return Block(
            f"The {what} began after {date}.",
            pick(rng, (f"The {what} began on {later}.", f"The {what} began after {later}.")),
            f"The {what} began after {earlier}.",
            pick(rng, (f"The {what} began on {earlier}.", f"The {what} began before {earlier}.")),
            same=f"The {what} started after {date}.",
        )
    one, other, third = several(rng, HELD, 3)
    before, after = f"The {one} ended before the {other} began.", f"The {other} began after the {one} ended."
    hypothesis, same = several(rng, (before, after), 2)
    return Block(
        hypothesis,
        same,
        pick(
            rng, (f"The {one} ended before the {third} began.", f"The {other} began after the {third} ended.")
        ),
        pick(
            rng, (f"The {one} ended after the {other} began.", f"The {other} began before the {one} ended.")
        ),
    )


def conjunction(rng: random.Random) -> Block:
    """And, or, neither, without; of deeds and of people."""
    one, other = several(rng, PEOPLE, 2)
    event, other_event, third = several(rng, EVENTS, 3)
    (base, past, _, things), (other_base, other_past, _, other_things) = event, other_event
    thing = pick(rng, things)
    other_thing = pick(rng, [each for each in other_things if each != thing])
    a, b = f"{past} the {thing}", f"{other_past} the {other_thing}"
    neither = f"{one} neither {a} nor {b}."
    kind = int(rng.random() * 4)
    if kind == 0:
        return Block(
            f"{one} {a}.",
            pick(rng, (f"{one} {a} and {b}.", f"{one} {a} but did not {other_base} the {other_thing}.")),
            pick(rng, (f"{one} either {a} or {b}.", f"{one} {a} or {b}, or both.")),
            pick(rng, (neither, f"{one} {b} but did not {base} the {thing}.")),
            same=f"It was {one} who {a}.",
        )
    if kind == 1:
        return Block(
            f"{one} both {a} and {b}.",
            f"{one} both {b} and {a}.",
            pick(rng, (f"{one} {a}.", f"{one} {b}.", f"{one} {a} or {b}, or both.")),
            pick(
                rng,
                (
                    neither,
                    f"{one} {a} but did not {other_base} the {other_thing}.",
                    f"{one} {b} but did not {base} the {thing}.",
                ),
            ),
        )
    if kind == 2:
        taken = (thing, other_thing)
        c = f"{third[1]} the {pick(rng, [each for each in third[3] if each not in taken])}"
        return Block(
            f"{one} {a} or {b}, or both.",
            pick(rng, (f"{one} {a}.", f"{one} {b}.", f"{one} both {a} and {b}.")),
            pick(rng, (f"{one} {a} or {c}, or both.", f"{one} either {c} or {b}.")),
            neither,
            same=f"{one} {b} or {a}, or both.",
        )
    shared_past, shared_things = pick(rng, SHARED_EVENTS)
    c = f"{shared_past} the {pick(rng, shared_things)}"
    return Block(
        f"Both {one} and {other} {c}.",
        f"Both {other} and {one} {c}.",
        pick(rng, (f"{one} {c}.", f"{other} {c}.", f"{one} or {other} {c}, or both of them did.")),
        pick(
            rng,
            (
                f"Neither {one} nor {other} {c}.",
                f"{one} {c}, but {other} did not.",
                f"Only one of the two, {one} or {other}, {c}.",
            ),
        ),
    )


def comparison(rng: random.Random) -> Block:
    """More and less, seen from either end, and through a third."""
    kind, *ends = pick(rng, COMPARATIVES)
    more, less = several(rng, ends, 2)
    names = PEOPLE if kind == "person" else [f"the {thing}" for thing in COMPARED]
    one, other, third = several(rng, names, 3)

    def said(subject: str, how: str, object_: str) -> str:
        return f"{subject[0].upper()}{subject[1:]} is {how} than {object_}."

    through = f"{said(one, more, third)[:-1]}, and {third} is {more} than {other}."
    back = f"{said(other, more, third)[:-1]}, and {third} is {more} than {one}."
    both = f"{one[0].upper()}{one[1:]} and {other} are both {more} than {third}."
    return Block(
        said(one, more, other),
        pick(rng, (said(other, less, one), through)),
        pick(rng, (both, said(one, more, third), said(other, less, third), said(third, less, one))),
        pick(rng, (said(other, more, one), said(one, less, other), back)),
        same=said(other, less, one),
        different=said(other, more, one),
    )


def modality(rng: random.Random) -> Block:
    """What is so, may be so, must be done and was only tried."""
    one, other = several(rng, PEOPLE, 2)
    base, past, done, things = pick(rng, EVENTS)
    thing, another = several(rng, things, 2)
    do, did = f"{base} the {thing}", f"{past} the {thing}"
    kind = int(rng.random() * 4)
    if kind == 0:
        return Block(
            f"{one} {did}.",
            pick(
                rng,
                (
                    f"{one} managed to {do}.",
                    f"{other} knows that {one} {did}.",
                    f"It is certain that {one} {did}.",
                ),
            ),
            pick(
                rng,
                (
                    f"{one} tried to {do}.",
                    f"{one} intended to {do}.",
                    f"{other} believes that {one} {did}.",
                    f"{one} may have {done} the {thing}.",
                    f"{other} claims that {one} {did}.",
                ),
            ),
            pick(
                rng,
                (
                    f"{one} failed to {do}.",
                    f"{one} cannot have {done} the {thing}.",
                    f"{other} knows that {one} did not {do}.",
                    f"It is certain that {one} did not {do}.",
                ),
            ),
            same=f"It is a fact that {one} {did}.",
        )
    if kind == 1:
        return Block(
            f"{one} may have {done} the {thing}.",
            f"It is possible that {one} {did}.",
            pick(
                rng,
                (f"{one} may have {done} the {another}.", f"It is possible that {one} {past} the {another}."),
            ),
            pick(rng, (f"{one} cannot have {done} the {thing}.", f"It is impossible that {one} {did}.")),
        )
    if kind == 2:
        return Block(
            f"{one} must {do}.",
            f"{one} is obliged to {do}.",
            pick(
                rng,
                (
                    f"{one} is allowed to {do}.",
                    f"{one} wants to {do}.",
                    f"{one} is obliged to {base} the {another}.",
                ),
            ),
            pick(
                rng,
                (
                    f"{one} does not have to {do}.",
                    f"{one} is not obliged to {do}.",
                    f"{one} is forbidden to {do}.",
                ),
            ),
        )
    return Block(
        f"{one} is allowed to {do}.",
        f"{one} has permission to {do}.",
        pick(
            rng,
            (
                f"{one} wants to {do}.",
                f"{one} is allowed to {base} the {another}.",
                f"{one} intends to {do}.",
            ),
        ),
        pick(
            rng, (f"{one} must not {do}.", f"{one} is forbidden to {do}.", f"{one} is not allowed to {do}.")
        ),
    )


def coreference(rng: random.Random) -> Block:
    """A pronoun that its gender, and nothing else, gives to one of two people."""
    one, other = man_and_woman(rng)
    past, _ = pick(rng, DEALINGS)
    *deeds, things = pick(rng, OPPOSITE_DEEDS)
    thing = pick(rng, things)
    did, opposite = (f"{deed} the {thing}" for deed in several(rng, deeds, 2))
    caller, called = several(rng, (one, other), 2)
    word = pick(rng, ("because", "although"))

    def told(who: str, what: str) -> str:
        clause = f"{word} {pronoun(who)} {what}"
        if chance(rng):
            return f"{caller} {past} {called} {clause}."
        return f"{clause[0].upper()}{clause[1:]}, {caller} {past} {called}."

    return Block(
        f"{one} {did}.",
        told(one, did),
        told(other, pick(rng, (did, opposite))),
        told(one, opposite),
        same=f"As for {one}, {pronoun(one)} {did}.",
        different=f"As for {other}, {pronoun(other)} {did}.",
    )


def unrelated(rng: random.Random) -> Block:
    """Nothing in common, beside what follows and what is excluded without a word of denial."""
    base, past, done, things = pick(rng, EVENTS)
    name, thing, day = pick(rng, PEOPLE), pick(rng, things), pick(rng, WEEKDAYS)
    subject, happened, excluded = pick(rng, HAPPENINGS)
    event, happening = f"{name} {past} the {thing}", f"{subject} {happened}"
    refused = f"{name} refused to {base} the {thing}"
    if chance(rng):
        return Block(
            f"{event}.",
            f"{event} on {day}.",
            pick(rng, (f"{happening}.", f"{happening} on {day}.", f"{subject} {excluded}.")),
            f"{refused}.",
            same=f"The {thing} was {done} by {name}.",
            different=f"{happening}.",
        )
    return Block(
        f"{happening}.",
        f"{happening} on {day}.",
        pick(rng, (f"{event}.", f"{event} on {day}.", f"{refused}.")),
        f"{subject} {excluded}.",
        same=f"It is a fact that {subject[0].lower()}{subject[1:]} {happened}.",
        different=f"{event}.",
    )
