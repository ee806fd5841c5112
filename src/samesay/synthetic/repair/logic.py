"""Situations about what small words do: not, and, or, if, every, must, know.

Each function draws one situation.
"""

from __future__ import annotations

import random
from itertools import product

from samesay.synthetic.behaviour.block import several
from samesay.synthetic.captions.grammar import pick
from samesay.synthetic.repair.situation import Situation, situation
from samesay.synthetic.repair.words import CONDUCT, FACTS, GROUPS, RULES, TRADES, actors

_BITS = (True, False)
_WHEN = (
    "yesterday",
    "this morning",
    "last week",
    "on Friday",
    "before lunch",
    "in the afternoon",
    "at the weekend",
)


def negation(rng: random.Random) -> Situation:
    """Done, not done, not left undone; this and not that."""
    trade = pick(rng, TRADES)
    deed = pick(rng, trade.deeds)
    one, other = actors(rng, trade, 2)
    this, that = several(rng, deed.things, 2)
    return situation(
        rng,
        trade.domain,
        product(_BITS, repeat=3),
        {
            "{one} has [already|now] {done} {this}": lambda a, b, c: a,
            "{one} has {done} {this}": lambda a, b, c: a,
            "[so far|until now|as yet] {one} has not {done} {this}": lambda a, b, c: not a,
            "{one} has yet to {base} {this}": lambda a, b, c: not a,
            "it is [wrong|incorrect|untrue] to say that {one} has not {done} {this}": lambda a, b, c: a,
            "it is [wrong|incorrect|untrue] to say that {one} has {done} {this}": lambda a, b, c: not a,
            "{one} has now {done} {that}": lambda a, b, c: b,
            "[so far|until now] {one} has not {done} {that}": lambda a, b, c: not b,
            "{one} has {done} {that} but not {this}": lambda a, b, c: b and not a,
            "{one} has {done} {this} but not {that}": lambda a, b, c: a and not b,
            "{one} has {done} [both {this} and {that}|{this} as well as {that}]": lambda a, b, c: a and b,
            "{one} has {done} neither {this} nor {that}": lambda a, b, c: not a and not b,
            "[so far|until now] {other} has not {done} {this}": lambda a, b, c: not c,
        },
        one=one,
        other=other,
        this=f"the {this}",
        that=f"the {that}",
        base=deed.base,
        done=deed.done,
    )


def conjunction(rng: random.Random) -> Situation:
    """This and that, this or that, one of them only."""
    trade = pick(rng, TRADES)
    first, second = several(rng, trade.deeds, 2)
    (one,) = actors(rng, trade, 1)
    slots = {"one": one, "when": pick(rng, _WHEN)}
    slots |= {
        "a": f"{first.past} the {(this := pick(rng, first.things))}",
        "not_a": f"{first.base} the {this}",
    }
    slots |= {
        "b": f"{second.past} the {(that := pick(rng, second.things))}",
        "not_b": f"{second.base} the {that}",
    }
    return situation(
        rng,
        trade.domain,
        product(_BITS, repeat=2),
        {
            "{when}, {one} {a}": lambda a, b: a,
            "{when}, {one} {b}": lambda a, b: b,
            "{when}, {one} [{a} and {b}|{b} and {a}]": lambda a, b: a and b,
            "{when}, {one} not only {a} but also {b}": lambda a, b: a and b,
            "{when}, {one} either {a} or {b}, but not both": lambda a, b: a != b,
            "{when}, {one} {a} or {b}, [possibly|perhaps] both": lambda a, b: a or b,
            "{when}, {one} {a} but did not {not_b}": lambda a, b: a and not b,
            "{when}, {one} {b} but did not {not_a}": lambda a, b: b and not a,
            "{when}, {one} did not {not_a}, nor did {one} {not_b}": lambda a, b: not a and not b,
            "{when}, {one} did not {not_a}": lambda a, b: not a,
            ">{when}, {one} {b} but had no time to {not_a}": lambda a, b: b and not a,
            ">{when}, {one} only {b} and had no time for anything else": lambda a, b: b and not a,
        },
        **slots,
    )


def attempts(rng: random.Random) -> Situation:
    """Managed, forgot, planned; would have, but."""
    trade = pick(rng, TRADES)
    deed = pick(rng, trade.deeds)
    one, other = actors(rng, trade, 2)
    return situation(
        rng,
        trade.domain,
        product(_BITS, repeat=3),
        {
            "in the end {one} {past} {this}": lambda a, i, o: a,
            "in the end {one} did not {base} {this}": lambda a, i, o: not a,
            "{one} actually {past} {this}": lambda a, i, o: a,
            ">{one} [managed to|took the trouble to|found the time to] {base} {this}": lambda a, i, o: a,
            ">{one} [forgot|neglected|omitted] to {base} {this}": lambda a, i, o: not a,
            ">{one} [planned|offered|wanted|promised|was asked|was ready] to {base} {this}": lambda a, i, o: (
                i
            ),
            ">{other} asked {one} to {base} {this}": lambda a, i, o: i and o,
            ">nobody had asked {one} to {base} {this}": lambda a, i, o: o,
            ">{one} was supposed to {base} {this} but [did not get round to it|never did]": lambda a, i, o: (
                not a
            ),
            ">{one} did not have to {base} {this} but did so anyway": lambda a, i, o: a,
            ">{one} was told not to {base} {this} but did so [all the same|regardless]": lambda a, i, o: a,
            ">{one} would have {done} {this} if there had been [more time|enough time]": lambda a, i, o: (
                not a
            ),
        },
        one=one,
        other=other,
        this=f"the {pick(rng, deed.things)}",
        base=deed.base,
        past=deed.past,
        done=deed.done,
    )


def conditionals(rng: random.Random) -> Situation:
    """If, unless and only if, with what is known of the one or of the other."""
    number = str(100 + int(rng.random() * 900))
    domain, p, not_p, q, not_q = (cell.replace("#", number) for cell in pick(rng, RULES))
    return situation(
        rng,
        domain,
        product(_BITS, repeat=2),
        {
            "{p}": lambda p, q: p,
            "{not_p}": lambda p, q: not p,
            "{q}": lambda p, q: q,
            "{not_q}": lambda p, q: not q,
            ">[if {p}, {q}|{q} if {p}|in the event that {p}, {q}]": lambda p, q: q or not p,
            ">[if {p}, {q}|{q} if {p}|in the event that {p}, {q}]. {p}": lambda p, q: p and q,
            ">[if {p}, {q}|{q} if {p}|in the event that {p}, {q}]. {not_p}": lambda p, q: not p,
            ">[if {p}, {q}|{q} if {p}|in the event that {p}, {q}]. {q}": (
                lambda p, q: q,
                lambda p, q: q and p,
            ),
            ">[if {p}, {q}|{q} if {p}|in the event that {p}, {q}]. {not_q}": lambda p, q: not p and not q,
            ">[unless {p}, {q}|{q} unless {p}]. {not_p}": lambda p, q: q and not p,
            ">[unless {p}, {q}|{q} unless {p}]. {p}": (lambda p, q: p, lambda p, q: p and not q),
            ">{q} only if {p}. {q}": lambda p, q: p and q,
            ">{q} only if {p}. {not_p}": lambda p, q: not p and not q,
            ">{q} only if {p}. {p}": (lambda p, q: p, lambda p, q: p and q),
        },
        p=p,
        not_p=not_p,
        q=q,
        not_q=not_q,
    )


def quantifiers(rng: random.Random) -> Situation:
    """Every, no, most, some, not every; of a group and of a part of it."""
    group = pick(rng, GROUPS)
    base, past = pick(rng, group.deeds)
    return situation(
        rng,
        group.domain,
        product(
            range(5), range(5)
        ),  # how many did, of the four in the part that is named and of the four beside them
        {
            "[every|each] {one} {where} {past}": lambda a, b: a + b == 8,
            "the {many} {where} all {past}": lambda a, b: a + b == 8,
            "there was no {one} {where} that did not {base}": lambda a, b: a + b == 8,
            "[no|not a single] {one} {where} {past}": lambda a, b: a + b == 0,
            "without exception, the {many} {where} did not {base}": lambda a, b: a + b == 0,
            "[some|several] of the {many} {where} {past}": (
                lambda a, b: a + b > 1,
                lambda a, b: 1 < a + b < 8,
            ),
            "[most|the majority] of the {many} {where} {past}": (
                lambda a, b: a + b > 4,
                lambda a, b: 4 < a + b < 8,
            ),
            "fewer than half of the {many} {where} {past}": (
                lambda a, b: a + b < 4,
                lambda a, b: 1 < a + b < 4,
            ),
            "[not every {one} {where} {past}|the {many} {where} did not all {base}]": (
                lambda a, b: a + b < 8,
                lambda a, b: 0 < a + b < 8,
            ),
            "some of the {many} {where} {past} and [others|some] did not": lambda a, b: 1 < a + b < 7,
            "[every|each] {part} {one} {where} {past}": lambda a, b: a == 4,
            "[no|not a single] {part} {one} {where} {past}": lambda a, b: a == 0,
            "some of the {part} {many} {where} {past}": (lambda a, b: a > 1, lambda a, b: 1 < a < 4),
            "apart from the {part} ones, no {one} {where} {past}": (
                lambda a, b: a > 0 and b == 0,
                lambda a, b: a == 4 and b == 0,
            ),
        },
        base=base,
        past=past,
        one=group.one,
        many=group.many,
        where=group.where,
        part=group.part,
    )


def duties(rng: random.Random) -> Situation:
    """What must, may, need not and must not be done."""
    required, optional, forbidden = ("required",), ("optional",), ("forbidden",)
    domain, who, what, other = pick(rng, CONDUCT)
    return situation(
        rng,
        domain,
        product((required, optional, forbidden), _BITS),
        {
            "{who} [must|have to|are required to] {what}": lambda rule, x: rule == required,
            "it is [compulsory|mandatory] for {who} to {what}": lambda rule, x: rule == required,
            "{who} [may|can|are permitted to] {what}": (
                lambda rule, x: rule != forbidden,
                lambda rule, x: rule == optional,
            ),
            "{who} [need not|do not need to|are not required to] {what}": (
                lambda rule, x: rule != required,
                lambda rule, x: rule == optional,
            ),
            "{who} [may not|must not|are not permitted to] {what}": lambda rule, x: rule == forbidden,
            "it is [prohibited|against the rules] for {who} to {what}": lambda rule, x: rule == forbidden,
            "it is [up to {who} whether they|left to {who} whether they] {what}": lambda rule, x: (
                rule == optional
            ),
            ">{who} would like to {what}": lambda rule, x: x,
            ">{who} [may|can|have to] {other}": lambda rule, x: x,
            ">{who} [may not|need not|cannot] {other}": lambda rule, x: not x,
        },
        who=who,
        what=what,
        other=other,
    )


def reports(rng: random.Random) -> Situation:
    """Knowing and finding out, against claiming, believing and hoping."""
    domain, people, p, n = pick(rng, FACTS)
    who, other = several(rng, people.split(","), 2)
    # It is so; somebody claims it; somebody is convinced of it; hopes for it.
    return situation(
        rng,
        domain,
        product(_BITS, repeat=4),
        {
            "[in fact, |as it happened, |] {p}": lambda t, c, b, h: t,
            "[in fact, |as it happened, |] {n}": lambda t, c, b, h: not t,
            "{who} [was aware|knew very well] that {p}": lambda t, c, b, h: t and b,
            "{who} [claimed|said|reported] that {p}": lambda t, c, b, h: c,
            "{who} was convinced that {p}": lambda t, c, b, h: b,
            ">{who} [hoped|feared] that {p}": lambda t, c, b, h: h,
            "{who} [had no idea|was not aware] that {p}": lambda t, c, b, h: t and not b,
            "{who} was mistaken in thinking that {p}": lambda t, c, b, h: b and not t,
            "[contrary to what {who} said|although {who} claimed otherwise], {p}": lambda t, c, b, h: (
                t and not c
            ),
            "{who} [correctly|rightly] pointed out that {p}": lambda t, c, b, h: t and c and b,
            "{who} [falsely|wrongly] claimed that {p}": lambda t, c, b, h: c and not t,
            ">it [turned out|became clear|was confirmed] that {p}": lambda t, c, b, h: t,
            ">it [turned out|became clear|was confirmed] that {n}": lambda t, c, b, h: not t,
            ">{other} asked {who} whether {p}": lambda t, c, b, h: h,
        },
        who=f"the {who.strip()}",
        other=f"the {other.strip()}",
        p=p,
        n=n,
    )
