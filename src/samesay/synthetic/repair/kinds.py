"""Situations about what words mean: opposites, synonyms, kinds of things, and values of which one excludes the others.

Each function draws one situation.
"""

from __future__ import annotations

import random
from itertools import product

from samesay.synthetic.behaviour.block import several
from samesay.synthetic.captions.grammar import a as article
from samesay.synthetic.captions.grammar import pick
from samesay.synthetic.repair.situation import Situation, situation
from samesay.synthetic.repair.words import MONTHS, WEEKDAYS, listed, table

_BITS = (True, False)
_LEADS = {
    "rise": ("in March", "over the year", "between May and July", "last month", "in the first half"),
    "state": (
        "at the moment",
        "as of today",
        "this week",
        "according to the notice",
        "at present",
        "for the time being",
    ),
}

_NAMES = {
    "products": "Orion, Vega, Luna, Atlas, Nova, Comet",
    "meetings": "sales, safety, hiring, design, press, budget planning",
    "school": "physics, history, drama, geography, music, Spanish",
    "office": "tax, press, payroll, legal, planning",
    "travel": "early, night, express, 8.15, 10.40, 17.05",
    "contracts": "catering, maintenance, cleaning, software, parking",
    "sports": "junior, women's, veterans', charity, semi-final",
    "medicine": "morning, evening, larger, smaller, vitamin",
    "software": "billing, login, search, export, report",
    "finance": "current, joint, shared, foreign, second",
}


def opposites(rng: random.Random) -> Situation:
    """Up and down, open and shut; with a middle between them, or without."""
    if rng.random() < 0.5:
        return _change(rng)
    head, lines = pick(rng, table("states"))
    domain, subjects, be = listed(head, ";")
    ends = [several(rng, phrases * 2, 2) for phrases in map(listed, lines)]
    order = several(rng, range(len(ends)), len(ends))
    (one, alike), (opposite, unlike) = ends[order[0]], ends[order[1]]
    claims = {
        "{lead}, {it} {be} {one}": lambda end, x: end == 0,
        "{lead}, {it} {be} {alike}": lambda end, x: end == 0,
        "{lead}, {it} {be} {opposite}": lambda end, x: end == 1,
        "{lead}, {it} {be} {unlike}": lambda end, x: end == 1,
        "{lead}, {it} {be} not {one}": lambda end, x: end != 0,
        "it is [untrue|not the case] that {it} {be} [{opposite}|{unlike}] {lead}": lambda end, x: end != 1,
        "{it} {be} [{one}|{alike}] {lead}, [as before|just as before]": lambda end, x: end == 0 and x,
        ">[nobody|no one here] [can say|knows] whether {it} {be} {one} {lead}": lambda end, x: x,
        ">{it} may or may not be [{one}|{unlike}] {lead}": lambda end, x: x,
    }
    if len(ends) == 3:
        claims["{lead}, {it} {be} {middle}"] = lambda end, x: end == 2
        claims["{lead}, {it} {be} [neither {one} nor {opposite}|neither {opposite} nor {one}]"] = (
            lambda end, x: end > 1
        )
    return situation(
        rng,
        domain,
        product(range(len(ends) + (len(ends) > 2)), _BITS),
        {
            template: holds
            for template, holds in claims.items()
            if "{one}" not in template or not one.startswith("not ")
        },
        lead=pick(rng, _LEADS["state"]),
        it=pick(rng, listed(subjects)),
        be=be,
        one=one,
        alike=alike,
        opposite=opposite,
        unlike=unlike,
        middle=ends[order[2]][0] if len(ends) > 2 else "",
    )


def _change(rng: random.Random) -> Situation:
    head, lines = pick(rng, table("scales"))
    domain, _, subjects = listed(head, ";")
    up, down, level = (
        [tuple(form.split("/")) for form in several(rng, listed(line) * 2, 2)] for line in lines
    )
    if rng.random() < 0.5:
        up, down = down, up
    return situation(
        rng,
        domain,
        product(range(3), _BITS),
        {
            "{lead}, {it} {up[0][1]}": lambda way, x: way == 0,
            "{it} {up[1][1]} {lead}": lambda way, x: way == 0,
            "{lead}, {it} {down[0][1]}": lambda way, x: way == 1,
            "{it} {down[1][1]} {lead}": lambda way, x: way == 1,
            "{lead}, {it} {level[0][1]}": lambda way, x: way == 2,
            "{it} {level[1][1]} {lead}": lambda way, x: way == 2,
            "{lead}, {it} did not {up[0][0]}": lambda way, x: way != 0,
            "{it} did not {up[1][0]} {lead}": lambda way, x: way != 0,
            "{it} did not {down[0][0]} {lead}": lambda way, x: way != 1,
            "{lead}, {it} changed": lambda way, x: way != 2,
            "{it} neither {up[0][1]} nor {down[0][1]} {lead}": lambda way, x: way == 2,
            ">{lead}, [experts|several people] had expected {it} to [{up[0][0]}|{down[0][0]}]": lambda way, x: (
                x
            ),
        },
        lead=pick(rng, _LEADS["rise"]),
        it=pick(rng, listed(subjects)),
        up=up,
        down=down,
        level=level,
    )


def kinds(rng: random.Random) -> Situation:
    """What is a kind of what, said and denied: a denial turns round what follows from what."""
    head, lines = pick(rng, table("kinds"))
    domain, did, did_not = listed(head, ";")
    one, other, kind, genus, else_ = listed(pick(rng, lines))
    if rng.random() < 0.5:
        one, other = other, one
    lead = pick(
        rng, ("", "", "this year, ", "at the moment, ", "as far as we know, ", "according to its website, ")
    )
    if " did " in did_not:
        lead = pick(
            rng, ("", "", "last year, ", "on Monday, ", "at the weekend, ", "according to the list, ")
        )
    # This one, its fellow, others of the kind, others of its genus.
    return situation(
        rng,
        domain,
        product(_BITS, repeat=4),
        {
            "{lead}{did} {one}": lambda o, f, k, g: o,
            "{lead}{did} {other}": lambda o, f, k, g: f,
            "{lead}{did} {kind}": lambda o, f, k, g: o or f or k,
            "{lead}{did} {genus}": lambda o, f, k, g: o or f or k or g,
            "{lead}{did} both {one} and {other}": lambda o, f, k, g: o and f,
            "{lead}{did} {one} but no {other}": lambda o, f, k, g: o and not f,
            "{lead}{did} {kind}, [though not|but no] {one}": lambda o, f, k, g: not o and (f or k),
            "{lead}{did} {else_}": lambda o, f, k, g: g,
            "{lead}{did_not} {one}": lambda o, f, k, g: not o,
            "{lead}{did_not} {other}": lambda o, f, k, g: not f,
            "{lead}{did_not} {kind}": lambda o, f, k, g: not (o or f or k),
            "{lead}{did_not} {kind} [at all|whatsoever]": lambda o, f, k, g: not (o or f or k),
            "{lead}{did_not} {genus}": lambda o, f, k, g: not (o or f or k or g),
        },
        lead=lead,
        did=did,
        did_not=did_not,
        one=one,
        other=other,
        kind=kind,
        genus=genus,
        else_=else_,
    )


def values(rng: random.Random) -> Situation:
    """Colours, days, places: one value excludes the others."""
    head, (line,) = pick(rng, table("values"))
    (domain, things), (said, bare, among) = listed(head, ";"), listed(line, ";")
    named = pick(rng, listed(_NAMES.get(domain, "")))
    if domain == "support":
        named = str(1000 + int(rng.random() * 9000))
    it = pick(rng, listed(things)).replace("#", named)
    one, other, third = several(rng, {"@weekday": WEEKDAYS, "@month": MONTHS}.get(among) or listed(among), 3)

    def told(value: str, be: str = "is") -> str:
        return said.format(f"{it} {be}", value)

    return situation(
        rng,
        domain,
        product(range(4), _BITS),
        {
            told(one): lambda value, x: value == 0,
            told(other): lambda value, x: value == 1,
            told(one, "is not"): lambda value, x: value != 0,
            told(other, "is not"): lambda value, x: value != 1,
            told(third): lambda value, x: value == 2,
            told(f"[either|] {one} or {other}"): lambda value, x: value < 2,
            f">{bare.format(f'{it} is')}. {said.format('It is', one)}": lambda value, x: value == 0 and x,
            f">{bare.format(f'{it} is')}. {said.format('It is', other)}": lambda value, x: value == 1 and x,
            f">{bare.format(f'{it} is')}. {said.format('It is not', one)}": lambda value, x: value != 0 and x,
            f">{bare.format(f'{it} is')}": lambda value, x: x,
        },
    )


def qualities(rng: random.Random) -> Situation:
    """A thing with and without its qualities, owned and not owned."""
    domain, who, things = pick(rng, _OWNED)
    thing, (quality, opposite), where = pick(rng, things), pick(rng, _QUALITIES), pick(rng, _PLACES)
    # Has one of the quality; of its opposite; some other one; the place.
    return situation(
        rng,
        domain,
        product(_BITS, repeat=4),
        {
            "{who} has {a_good}": lambda g, b, o, w: g,
            "{who} has {a_bad}": lambda g, b, o, w: b,
            "{who} has {a_thing}": lambda g, b, o, w: g or b or o,
            "{who} does not have {a_thing}": lambda g, b, o, w: not (g or b or o),
            "{who} has no {thing} [at all|of any kind]": lambda g, b, o, w: not (g or b or o),
            "{who} does not have {a_good}": lambda g, b, o, w: not g,
            "{who} does not have {a_bad}": lambda g, b, o, w: not b,
            "{who} has {a_good} {where}": lambda g, b, o, w: g and w,
            "{who} has {a_thing} {where}": lambda g, b, o, w: (g or b or o) and w,
            "the only {thing} that {who} has is {good}": lambda g, b, o, w: g and not b and not o,
            "{who} has {a_thing}, but not {a_good_one}": lambda g, b, o, w: (b or o) and not g,
        },
        who=who,
        thing=thing,
        good=quality,
        a_thing=article(thing),
        a_good=article(f"{quality} {thing}"),
        a_good_one=article(f"{quality} one"),
        a_bad=article(f"{opposite} {thing}"),
        where=where,
    )


_OWNED = (
    ("office", "the planning office", ("printer", "scanner", "meeting table", "notice board")),
    ("school", "the village school", ("greenhouse", "computer room", "climbing frame", "kiln")),
    ("medicine", "the clinic", ("scanner", "wheelchair ramp", "waiting room", "laboratory")),
    ("sports", "the rowing club", ("trailer", "boathouse", "changing room", "stopwatch")),
    ("kitchen", "the canteen", ("dishwasher", "mixer", "bread oven", "coffee grinder")),
    ("travel", "the guesthouse", ("sauna", "breakfast room", "minibus", "playground")),
    ("finance", "the credit union", ("branch office", "cash machine", "archive", "strongroom")),
)
_QUALITIES = (("new", "second-hand"), ("large", "small"), ("modern", "old-fashioned"), ("rented", "donated"))
_PLACES = ("on the ground floor", "in the main building", "next to the entrance", "behind the car park")
