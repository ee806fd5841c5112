"""Situations about who did what to whom, who is who, and where and when it was.

Each function draws one situation.
"""

from __future__ import annotations

import random
from itertools import product

from samesay.synthetic.behaviour.block import several
from samesay.synthetic.captions.grammar import a as article
from samesay.synthetic.captions.grammar import pick
from samesay.synthetic.repair.situation import Holds, Situation, situation
from samesay.synthetic.repair.words import MEN, MONTHS, SURNAMES, TRADES, WOMEN, actors, listed, table

_BITS = (True, False)
_OCCASIONS = (
    "during the fire drill",
    "after the tour of the building",
    "on the way to the car park",
    "at the end of the shift",
    "during the lunch break",
    "shortly before noon",
)
_JOBS = listed(
    "dentist, plasterer, translator, florist, geologist, welder, optician, beekeeper, paramedic, cellist"
)
_TOWNS = listed("Leeds, Ghent, Turin, Cork, Bremen, Seville, Lyon, Aarhus, Utrecht, Graz")
_HOBBIES = listed(
    "sings in a choir, plays badminton, restores clocks, collects maps, goes sailing, grows orchids"
)
_VENUES = (
    ("in the old gym", "in the town hall", "in the new library", "on the football ground"),
    ("in Leeds", "in Ghent", "in Turin", "in Bremen"),
)
_SMALL = listed(
    "spare key, warranty card, vaccination card, memory stick, gift voucher, season ticket, tape measure, hearing aid"
)


def encounters(rng: random.Random) -> Situation:
    """Who did it to whom, in either voice; both ways may be true."""
    trade = pick(rng, TRADES)
    a, b, c = actors(rng, trade, 3)
    base, past, done = listed(pick(rng, table("acts"))[0])
    # "Asked him for advice", and "called him".
    do, did = (
        f"{words.replace(' for advice', '')} {{}}{' for advice' * ('advice' in words)}"
        for words in (base, past)
    )
    return situation(
        rng,
        trade.domain,
        product(_BITS, repeat=3),
        {
            f"{{on}}, {a} {did.format(b)}": lambda ab, ba, ac: ab,
            f"{a} {did.format(b)} {{on}}": lambda ab, ba, ac: ab,
            f"{{on}}, {b} was {done} by {a}": lambda ab, ba, ac: ab,
            f"{b} {did.format(a)} {{on}}": lambda ab, ba, ac: ba,
            f"{a} was {done} by {b} {{on}}": lambda ab, ba, ac: ba,
            f"{{on}}, {b} {did.format(a)}": lambda ab, ba, ac: ba,
            f"{a} did not {do.format(b)} {{on}}": lambda ab, ba, ac: not ab,
            f"{{on}}, {b} was not {done} by {a}": lambda ab, ba, ac: not ab,
            f"{b} did not {do.format(a)} {{on}}": lambda ab, ba, ac: not ba,
            f"{{on}}, {a} and {b} {did.format('each other')}": lambda ab, ba, ac: ab and ba,
            f"{{on}}, {a} {did.format(b)}, but not the other way round": lambda ab, ba, ac: ab and not ba,
            f"{a} {did.format(c)} {{on}}": lambda ab, ba, ac: ac,
        },
        on=pick(rng, _OCCASIONS),
    )


def relations(rng: random.Random) -> Situation:
    """Who stands above whom: changed round it is false."""
    women, men = several(rng, WOMEN, 2), several(rng, MEN, 2)
    to, back = listed(pick(rng, table("one_way"))[0])
    if rng.random() < 0.5:
        to, back = back, to
    a, b, c = (women[0], men[0], pick(rng, (women[1], men[1])))
    if rng.random() < 0.5:
        a, b = b, a
    last = pick(rng, SURNAMES)
    return situation(
        rng,
        "people",
        ((way, third) for way in (1, -1, 0) for third in _BITS),
        {
            f"{a} {last} {to} {b}": lambda way, x: way == 1,
            f"{b} {back} {a} {last}": lambda way, x: way == 1,
            f"{b} {to} {a} {last}": lambda way, x: way == -1,
            f"{a} {last} {back} {b}": lambda way, x: way == -1,
            f">{a} {last} {to} {c}": lambda way, x: x,
            f">{c} {to} {b}": lambda way, x: not x,
            f">{b} has known {a} {last} [since school|for years]": lambda way, x: x,
            f"as everybody knows, {a} {last} {to} {b}": lambda way, x: way == 1,
            f"as everybody knows, {b} {to} {a} {last}": lambda way, x: way == -1,
            f"it is not {a} {last} who {to} {b}, but the reverse": lambda way, x: way == -1,
        },
    )


def deliveries(rng: random.Random) -> Situation:
    """Who handed what to whom, seen from either end."""
    domain, (who, things) = pick(rng, table("sent"))
    (a, b, c), thing = several(rng, listed(who), 3), pick(rng, listed(things))
    return situation(
        rng,
        domain,
        product(_BITS, repeat=4),
        {
            f"{a} [handed|passed] {b} {thing}": lambda ab, ba, cb, x: ab,
            f"{b} was [handed|given] {thing} by {a}": lambda ab, ba, cb, x: ab,
            f"{b} got {thing} from {a}": lambda ab, ba, cb, x: ab,
            f"{a} [handed|passed] {thing} to {b}": lambda ab, ba, cb, x: ab,
            f"{b} [handed|passed] {a} {thing}": lambda ab, ba, cb, x: ba,
            f"{b} [handed|passed] {thing} to {a}": lambda ab, ba, cb, x: ba,
            f"{a} got {thing} from {b}": lambda ab, ba, cb, x: ba,
            f"{b} did not get {thing} from {a}": lambda ab, ba, cb, x: not ab,
            f"{a} did not [hand|pass] {b} {thing}": lambda ab, ba, cb, x: not ab,
            f"{a} did not get {thing} from {b}": lambda ab, ba, cb, x: not ba,
            f"{c} [handed|passed] {b} {thing}": lambda ab, ba, cb, x: cb,
            f"{a} [handed|passed] {b} {thing} in person": lambda ab, ba, cb, x: ab and x,
        },
    )


def profiles(rng: random.Random) -> Situation:
    """Two people, described in a few sentences with pronouns; claims about one of them."""
    she, he = pick(rng, WOMEN), pick(rng, MEN)
    (job, other), (town, elsewhere) = several(rng, _JOBS, 2), several(rng, _TOWNS, 2)
    hobby, pastime = several(rng, _HOBBIES, 2)
    kin = pick(rng, ("brother", "cousin", "husband", "neighbour"))
    about = {
        f"<{she} works as {article(job)}": lambda s, h, t, x: s == 0,
        f"<{she} works as {article(other)}": lambda s, h, t, x: s == 1,
        f"<{he} works as {article(other)}": lambda s, h, t, x: h == 1,
        f"<{he} works as {article(job)}": lambda s, h, t, x: h == 0,
        f"<[{she} lives in {town}|{she}'s home is in {town}]": lambda s, h, t, x: t == 0,
        f"<[{she} lives in {elsewhere}|{she}'s home is in {elsewhere}]": lambda s, h, t, x: t == 1,
        f"<{he} {hobby}": lambda s, h, t, x: x,
    }
    told: dict[str, Holds] = {}
    for s, t in product((0, 1), repeat=2):
        h = 1 - s
        hers, his = article((job, other)[s]), article((job, other)[h])
        home = (town, elsewhere)[t]
        told |= {
            f">{she} lives in {home}. She works as {hers}. Her {kin} {he} is {his}": (
                lambda a, b, c, x, s=s, h=h, t=t: (a, b, c) == (s, h, t)
            ),
            f">{he} {hobby}. He is {his}, while his friend {she}, who lives in {home}, is {hers}": (
                lambda a, b, c, x, s=s, h=h, t=t: (a, b, c) == (s, h, t) and x
            ),
            f">{she} has a {kin} called {he}. She lives in {home}, and he is {his}": (
                lambda a, b, c, x, h=h, t=t: (b, c) == (h, t)
            ),
            f">{she} is {hers}. She {pastime}. Her {kin} {he} {hobby}": lambda a, b, c, x, s=s: a == s and x,
            f">{he} is {his}. {she}, his neighbour, lives in {home}": lambda a, b, c, x, h=h, t=t: (
                (b, c) == (h, t)
            ),
        }
    return situation(rng, "people", product(range(3), range(3), range(3), _BITS), about | told)


def posts(rng: random.Random) -> Situation:
    """Who holds which post, and who held it before."""
    domain, (posts_there,) = pick(rng, table("posts"))
    post = pick(rng, listed(posts_there))
    a, b, c = (f"{pick(rng, (*WOMEN, *MEN))} {last}" for last in several(rng, SURNAMES, 3))
    # Its holder, its former holder, and something else.
    return situation(
        rng,
        domain,
        ((now, then, x) for now in range(4) for then in range(4) for x in _BITS if now != then),
        {
            f"{a} is the {post}": lambda now, then, x: now == 0,
            f"the {post} is {a}": lambda now, then, x: now == 0,
            f"{b} is the {post}": lambda now, then, x: now == 1,
            f"the {post} is called {b}": lambda now, then, x: now == 1,
            f"{c} is the {post}": lambda now, then, x: now == 2,
            f"{a} is not the {post}": lambda now, then, x: now != 0,
            f"{b} used to be the {post}, and {a} [has taken over|is the successor]": (
                lambda now, then, x: now == 0 and then == 1
            ),
            f"{a} used to be the {post}, and {b} [has taken over|is the successor]": (
                lambda now, then, x: now == 1 and then == 0
            ),
            f">{a}, the {post}, [spoke to|met] {c}": lambda now, then, x: now == 0,
            f">{c} [spoke to|met] {b}, the {post}": lambda now, then, x: now == 1,
            f"{a} used to be the {post}": lambda now, then, x: then == 0,
            f">{a} works closely with {c}": lambda now, then, x: x,
            f">{a} and {b} thanked everybody for the hard work": lambda now, then, x: not x,
        },
    )


def occasions(rng: random.Random) -> Situation:
    """Something that happened once: where and when, said and not said."""
    domain, (things, verbs) = pick(rng, table("once"))
    it, (did, also) = pick(rng, listed(things)), several(rng, listed(verbs), 2)
    (here, there), (month, later) = several(rng, pick(rng, _VENUES), 2), several(rng, MONTHS, 2)
    return situation(
        rng,
        domain,
        product(range(3), range(3)),
        {
            f"{it} {did} {here}": lambda place, time: place == 0,
            f"{it} {also} {here} in {month}": lambda place, time: place == 0 and time == 0,
            f"in {month} {it} {did}": lambda place, time: time == 0,
            f"{it} {also} in {later}": lambda place, time: time == 1,
            f"in {later} {it} {also} {here}": lambda place, time: place == 0 and time == 1,
            f"{it} {also} {there}": lambda place, time: place == 1,
            f"{it} {did} {there} in {month}": lambda place, time: place == 1 and time == 0,
            f"{it} was not held {here}": lambda place, time: place != 0,
            f"{it} was not held in {month}": lambda place, time: time != 0,
            f">{it}, which had been planned for {later}, {did} in {month} instead": lambda place, time: (
                time == 0
            ),
            f">{it} was moved from {month} to {later} and {did} {here}": lambda place, time: (
                time == 1 and place == 0
            ),
        },
    )


def whereabouts(rng: random.Random) -> Situation:
    """A place within a place within a place."""
    part, within, room, outside = listed(pick(rng, table("nested"))[0], ";")
    it = f"{pick(rng, (*WOMEN, *MEN))}'s {pick(rng, _SMALL)}"
    # 0 in the smallest place, 1 elsewhere in the one around it, 2 elsewhere in the room, 3 outside, 4 anywhere else.
    return situation(
        rng,
        "home",
        ((place,) for place in range(5)),
        {
            f"{it} is {part} {within} in {room}": lambda place: place == 0,
            f"{it} is [somewhere|kept] in {within} in {room}": lambda place: place < 2,
            f"{it} is in {within} in {room}, but not {part.rsplit(' ', 1)[0]}": lambda place: place == 1,
            f"{it} is in {room}, though not in {within}": lambda place: place == 2,
            f"{it} is [lying|kept] somewhere in {room}": lambda place: place < 3,
            f"{it} is in {outside}": lambda place: place == 3,
            f"[you will find {it}|{it} can be found] in {room}": lambda place: place < 3,
            f"{it} is not in {room}": lambda place: place > 2,
            f"{it} has been left in {outside}": lambda place: place == 3,
            f"{it} is not in {outside}": lambda place: place != 3,
        },
    )
