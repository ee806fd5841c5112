"""Situations about how many, how much, when, in which order, and which of two is more.

Each function draws one situation.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations, product

from samesay.synthetic.behaviour.block import several
from samesay.synthetic.captions.grammar import pick
from samesay.synthetic.repair.situation import Holds, Situation, settle, situation
from samesay.synthetic.repair.words import MONTHS, WEEKDAYS, listed, table

_SPELLED = listed(
    "zero, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, "
    "sixteen, seventeen, eighteen, nineteen, twenty"
)
_HOURS = listed(
    "six, seven, eight, nine, ten, eleven, noon, one, two, three, four, five, six, seven, eight, nine, ten"
)


def _bounds(of: str, less: str) -> dict[str, tuple[str, ...]]:
    """Ways to say how a number stands to another."""
    return {
        "=": ("{}", "exactly {}", "precisely {}"),
        ">": ("more than {}", "over {}"),
        "<": (f"{less} than {{}}", *(("under {}",) if less == "less" else ())),
        ">=": ("at least {}", f"no {less} than {{}}", f"{{}} {of}"),
        "<=": ("at most {}", "no more than {}", "up to {}"),
    }


_TRUE: dict[str, Holds] = {
    "=": lambda n, limit: n == limit,
    ">": lambda n, limit: n > limit,
    "<": lambda n, limit: n < limit,
    ">=": lambda n, limit: n >= limit,
    "<=": lambda n, limit: n <= limit,
}


def _claims(
    rng: random.Random,
    sentence: str,
    numbers: list[int],
    how: dict[str, tuple[str, ...]],
    said: Callable[[int], str],
) -> dict[str, Holds]:
    """Of every number every bound, each in words drawn for it."""
    return {
        sentence.format(pick(rng, ways).format(said(number))): (
            lambda n, limit=number, true=_TRUE[bound]: true(n, limit)
        )
        for number in numbers
        for bound, ways in how.items()
        for _ in range(2)
    }


def _worlds(numbers: list[int]) -> list[tuple[int]]:
    """All that bounds on these numbers tell apart: they themselves, and what lies on either side of each."""
    return [(n,) for n in sorted({near for number in numbers for near in (number - 1, number, number + 1)})]


def counts(rng: random.Random) -> Situation:
    """Exactly, at least, at most, more and fewer than so many."""
    domain, limits, sentence = listed(settle(rng, pick(rng, table("counted"))[0]), ";")
    low, high = map(int, listed(limits))
    step = max(1, (high - low) // 8)
    number = low + int(rng.random() * (high - low))
    numbers = [number, number + 1 + int(rng.random() * step), max(2, number - 1 - int(rng.random() * step))]
    spelled = max(numbers) <= 20 and rng.random() < 0.5
    claims = _claims(
        rng,
        sentence,
        numbers,
        _bounds("or more", "fewer"),
        lambda n: _SPELLED[n] if spelled else str(n),
    )
    return situation(rng, domain, _worlds(numbers), claims)


def measures(rng: random.Random) -> Situation:
    """Prices, durations, weights and shares, in one unit or another."""
    domain, unit, limits, sentence = listed(settle(rng, pick(rng, table("measured"))[0]), ";")
    low, high, step = map(int, listed(limits))
    number = low + step * int(rng.random() * ((high - low) // step))
    off = [step * (1 + int(rng.random() * 4)) for _ in range(2)]
    numbers = [number, number + off[0], max(step, number - off[1])]
    claims = _claims(rng, sentence, numbers, _bounds("or more", "less"), lambda n: _amount(rng, n, unit))
    return situation(rng, domain, _worlds(numbers), claims)


def _amount(rng: random.Random, number: int, unit: str) -> str:
    """An amount in words, one of the ways to say it."""
    if unit == "money":
        return pick(rng, (f"${number:,}", f"{number:,} dollars"))
    if unit == "minutes" and number >= 60:
        hours, minutes = divmod(number, 60)
        spelled = "an hour" if hours == 1 else f"{_SPELLED[hours]} hours"
        if minutes == 30:
            return pick(
                rng,
                (
                    f"{number} minutes",
                    f"{_SPELLED[hours]} and a half hours" if hours > 1 else "an hour and a half",
                ),
            )
        return pick(rng, (f"{number} minutes", f"{spelled} and {minutes} minutes" if minutes else spelled))
    if unit == "grams" and number >= 1000:
        return pick(
            rng, (f"{number:,} grams", f"{number / 1000:g} kilograms" if number != 1000 else "one kilogram")
        )
    if unit == "percent":
        return pick(rng, (f"{number} percent", f"{number}%"))
    if unit == "days" and number % 7 == 0 and number > 7:
        return pick(rng, (f"{number} days", f"{_SPELLED[number // 7]} weeks"))
    return f"{number} {unit}"


def windows(rng: random.Random) -> Situation:
    """From when to when something is open, and whether it is at an hour of the day."""
    domain, place = listed(settle(rng, pick(rng, table("open"))[0]), ";")
    opens, closes = 1 + int(rng.random() * 4), 12 + int(rng.random() * 3)
    early, late = opens - 1, closes + 1
    later, sooner = opens + 1, closes - 1
    at = _HOURS.__getitem__
    day = pick(rng, ("on Saturdays", "in winter", "on weekdays", "in August", ""))
    claims: dict[str, Holds] = {}
    for hour in (early, opens, later):
        claims |= {
            f"{place} opens at {at(hour)} [in the morning|] {day}": lambda o, c, h=hour: o == h,
            f"{place} [does not open before|remains shut until at least] {at(hour)} in the morning {day}": (
                lambda o, c, h=hour: o >= h
            ),
            f"at {at(hour)} in the morning {place} is [open|already open] {day}": lambda o, c, h=hour: o <= h,
            f"at {at(hour)} in the morning {place} is [closed|still closed] {day}": lambda o, c, h=hour: (
                o > h
            ),
        }
    for hour in (sooner, closes, late):
        claims |= {
            f"{place} closes at {at(hour)} in the evening {day}": lambda o, c, h=hour: c == h,
            f"at {at(hour)} in the evening {place} is [closed|already closed] {day}": lambda o, c, h=hour: (
                c <= h
            ),
            f"{place} stays open until at least {at(hour)} in the evening {day}": lambda o, c, h=hour: c >= h,
        }
    claims |= {
        f"{place} is open from {at(opens)} [in the morning|a.m.] to {at(closes)} [in the evening|p.m.] {day}": (
            lambda o, c: o == opens and c == closes
        ),
        f"{place} is open from {at(later)} [in the morning|a.m.] to {at(sooner)} [in the evening|p.m.] {day}": (
            lambda o, c: o == later and c == sooner
        ),
    }
    return situation(rng, domain, product(range(6), range(9, 17)), claims)


def dates(rng: random.Random) -> Situation:
    """On, before and after a day; in a month; on a weekday."""
    domain, happens = listed(settle(rng, pick(rng, table("dated"))[0]), ";")
    month = pick(rng, MONTHS)
    if rng.random() < 0.3:
        place = 1 + int(rng.random() * 4)
        one, before, after = WEEKDAYS[place], WEEKDAYS[place - 1], WEEKDAYS[place + 1]
        return situation(
            rng,
            domain,
            ((day,) for day in range(7)),
            {
                f"{happens} on {one} this week": lambda day: day == place,
                f"this week, {happens} on {after}": lambda day: day == place + 1,
                f"{happens} on {before} this week": lambda day: day == place - 1,
                f"{happens} the day after {before} this week": lambda day: day == place,
                f"{happens} the day before {one} this week": lambda day: day == place - 1,
                f"this week, {happens} on {before} or on {one}": lambda day: place - 1 <= day <= place,
                f"{happens} this week, [but not|though not] on {one}": lambda day: day != place,
                f"{happens} this week, after {before}": lambda day: day >= place,
                f"{happens} this week, before {after}": lambda day: day <= place,
                f"{happens} at the weekend": lambda day: day > 4,
                f"{happens} on a working day this week": lambda day: day < 5,
            },
        )
    date = 8 + int(rng.random() * 15)
    early, late = date - 1 - int(rng.random() * 5), date + 1 + int(rng.random() * 5)
    claims: dict[str, Holds] = {}
    for day in (early, date, late):
        told = pick(rng, (f"{day} {month}", f"{month} {day}"))
        claims |= {
            f"{happens} on {told}": lambda d, limit=day: d == limit,
            f"{happens} before {told}": lambda d, limit=day: d < limit,
            f"{happens} [later than|after] {told}": lambda d, limit=day: d > limit,
            f"{happens} [no later than|by] {told}": lambda d, limit=day: d <= limit,
            f"{happens} no earlier than {told}": lambda d, limit=day: d >= limit,
            f"{happens} some time in {month}, but not on {told}": lambda d, limit=day: (
                d != limit and 1 <= d <= 28
            ),
        }
    claims |= {
        f"{happens} between {early} and {late} {month}": lambda d: early <= d <= late,
        f"{happens} [in the first week of {month}|during the first seven days of {month}]": lambda d: (
            1 <= d <= 7
        ),
        f"{happens} [some time in|in] {month}": lambda d: 1 <= d <= 28,
    }
    return situation(rng, domain, ((day,) for day in range(-9, 40)), claims)


def sequences(rng: random.Random) -> Situation:
    """Which of three came first, next and last."""
    domain, (steps,) = pick(rng, table("steps"))
    a, b, c = several(rng, listed(steps), 3)
    return situation(
        rng,
        domain,
        permutations(range(3)),
        {
            "[{a} before {b}|before {b}, {a}]": lambda a, b, c: a < b,
            "[{b} after {a}|after {a}, {b}]": lambda a, b, c: a < b,
            "[{b} before {a}|before {a}, {b}]": lambda a, b, c: b < a,
            "{a} first; {b} [later|afterwards]": lambda a, b, c: a < b,
            "first {a}, and [then|later] {b}": lambda a, b, c: a < b,
            "first {b}, and [then|later] {a}": lambda a, b, c: b < a,
            "first {a}, then {b}, and finally {c}": lambda a, b, c: a < b < c,
            "first {b}, then {c}, and finally {a}": lambda a, b, c: b < c < a,
            "{c} before {b}, and {a} even before that": lambda a, b, c: a < c < b,
            "{a}, but not until {b}": lambda a, b, c: b < a,
            "{c} before {a}": lambda a, b, c: c < a,
            "{c} after {b}": lambda a, b, c: b < c,
            "{c} before {b}": lambda a, b, c: c < b,
        },
        a=a,
        b=b,
        c=c,
    )


def rankings(rng: random.Random) -> Situation:
    """Which of three is more and which is less, and which are alike; in words or by numbers."""
    head, (scales,) = pick(rng, table("ranked"))
    domain, names = listed(head, ";")
    more, less, plain, measure = pick(rng, listed(scales)).split("/")
    a, b, c = several(rng, listed(names), 3)
    claims: dict[str, Holds] = {
        "of the two, {a} is {more} than {b}": lambda a, b, c: a > b,
        "[compared with|in comparison with] {b}, {a} is {more}": lambda a, b, c: a > b,
        "[compared with|in comparison with] {a}, {b} is {less}": lambda a, b, c: a > b,
        "[compared with|in comparison with] {b}, {a} is {less}": lambda a, b, c: a < b,
        "{b} is not as {plain} as {a}": lambda a, b, c: b < a,
        "{a} is not as {plain} as {b}": lambda a, b, c: a < b,
        "{a} and {b} are equally {plain}": lambda a, b, c: a == b,
        "{a} is [at least as {plain} as|no {less} than] {b}": lambda a, b, c: a >= b,
        "of {a}, {b} and {c}, {a} is the {most}": lambda a, b, c: a > b and a > c,
        "{b} is {more} than {c}, and {a} is {more} still": lambda a, b, c: a > b > c,
        "compared with {c}, {a} is {more}": lambda a, b, c: a > c,
        "{b} is {less} than {c}, but {a} is {more} than {c}": lambda a, b, c: b < c < a,
        "{a} is {less} than {c}, whereas {b} is {more} than {c}": lambda a, b, c: a < c < b,
        "both {a} and {b} are {more} than {c}": lambda a, b, c: a > c and b > c,
    }
    little = much = 0
    if measure:
        little = 40 + int(rng.random() * 40)
        much = little + 1 + int(rng.random() * 19)
        claims |= {
            ">{a} {much}, [whereas|and] {b} {little}": lambda a, b, c: a > b,
            ">{a} {little}, [whereas|and] {b} {much}": lambda a, b, c: a < b,
            ">{b} {little}. {a} {much}": lambda a, b, c: a > b,
            ">{b} {much}. {a} {little}": lambda a, b, c: a < b,
            ">{b} {much}. {a} {much}, too": lambda a, b, c: a == b,
            ">{b} {little}. {c} {much}": lambda a, b, c: b < c,
        }
    return situation(
        rng,
        domain,
        product(range(3), repeat=3),
        claims,
        a=a,
        b=b,
        c=c,
        more=more,
        less=less,
        plain=plain,
        most=f"{more[:-1]}st",
        much=measure.format(much),
        little=measure.format(little),
    )
