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
from samesay.synthetic.repair.words import MONTHS, WEEKDAYS, blocks, listed

_SPELLED = listed(
    "zero, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, "
    "sixteen, seventeen, eighteen, nineteen, twenty"
)
# Domain; the lowest and the highest number; a sentence.
_COUNTED = """
school; 14, 60; the new classroom [has|offers] {} seats
school; 6, 30; the chess club has {} <members|pupils> on its list
kitchen; 4, 12; the recipe [calls for|requires] {} eggs
kitchen; 8, 40; the dough makes {} rolls
support; 12, 90; the help desk <closed|resolved> {} tickets <last week|in the past week>
software; 4, 40; the nightly build <reported|produced> {} warnings
software; 5, 60; the new version fixes {} known bugs
office; 5, 40; there are {} people in the Antwerp office
office; 4, 20; the company leases {} vans
travel; 6, 50; the shuttle [carries|has room for] {} passengers
travel; 4, 20; the tour includes {} museums
meetings; 4, 25; the spring meeting was attended by {} members
medicine; 6, 40; the packet contains {} capsules
medicine; 4, 30; the ward has {} beds
sports; 4, 30; the team [won|has won] {} games [this season|so far this season]
sports; 5, 40; within the hour, {} cyclists had crossed the line
finance; 4, 30; the bank runs {} branches in the province
products; 4, 24; the charger has {} ports
policies; 4, 20; staff are granted {} days of study leave a year
weather; 4, 25; the valley had {} days of frost in January
contracts; 4, 40; the building has {} flats
"""
# Domain; unit; the lowest and the highest amount, and the step; a sentence.
_MEASURED = """
finance; money; 20, 400, 5; the monthly fee [is|comes to] {}
products; money; 20, 900, 10; the <blender|desk lamp|tablet case> [costs|sells for] {}
contracts; money; 400, 2500, 50; the deposit on the flat is {}
travel; money; 20, 300, 5; a ticket to <Bergen|Genoa|Split> costs {}
support; minutes; 10, 120, 5; callers [wait|have to wait] {} on average
kitchen; minutes; 15, 180, 5; the <lasagne|rice pudding|lamb stew> [takes|needs] {} in the oven
meetings; minutes; 20, 180, 5; the Monday meeting [takes|runs for] {}
travel; minutes; 15, 240, 5; the <transfer to the hotel|crossing> takes {}
software; minutes; 10, 150, 5; a full backup takes {}
medicine; minutes; 10, 90, 5; the examination takes {}
products; grams; 200, 4000, 100; the <camera|tripod|laptop> has a weight of {}
kitchen; grams; 100, 2000, 50; the recipe calls for {} of flour
school; percent; 10, 90, 5; attendance at the evening class was {}
finance; percent; 5, 60, 5; the share of online customers is {}
products; percent; 5, 70, 5; the discount on last year's model is {}
weather; degrees; 12, 36, 1; it was {} in <the capital|the port> at noon
medicine; degrees; 4, 25, 1; the temperature in the vaccine fridge was {}
policies; days; 10, 60, 1; the <objection|cooling-off> period lasts {}
contracts; days; 7, 90, 1; the notice period is {}
"""
_OPEN = (
    ("office", "<reception|the front desk>"),
    ("medicine", "the <walk-in clinic|dispensary>"),
    ("travel", "the <ticket office|left-luggage office>"),
    ("kitchen", "the <canteen|snack bar>"),
    ("support", "the <phone line|service counter>"),
    ("finance", "the <branch in Mill Street|cash desk>"),
    ("sports", "the <climbing hall|ice rink>"),
    ("school", "the <school library|study room>"),
    ("policies", "the <recycling yard|town archive>"),
)
_HOURS = listed(
    "six, seven, eight, nine, ten, eleven, noon, one, two, three, four, five, six, seven, eight, nine, ten"
)
# Domain; what takes place on a day.
_DATED = (
    ("contracts", "the <lease|warranty> runs out"),
    ("meetings", "the general meeting takes place"),
    ("school", "the <spring term|exchange visit> begins"),
    ("travel", "the group [leaves|sets off] for Norway"),
    ("software", "the new version [comes out|is released]"),
    ("finance", "the second instalment falls due"),
    ("office", "the office moves to the new building"),
    ("sports", "the league [starts|kicks off]"),
    ("medicine", "the second injection is due"),
    ("policies", "the new parking rules come into force"),
)
# Domain; what may happen in any order.
_STEPS = (
    (
        "kitchen",
        ("the onions were fried", "the rice was rinsed", "the oven was heated", "the herbs were chopped"),
    ),
    (
        "software",
        ("the tests were run", "the cache was emptied", "the data was copied", "the logs were saved"),
    ),
    (
        "office",
        ("the walls were repainted", "the desks arrived", "the cables were laid", "the locks were changed"),
    ),
    (
        "meetings",
        ("the budget was discussed", "the guests introduced themselves", "the minutes were read out"),
    ),
    (
        "finance",
        ("the loan was granted", "the shop was sold", "the taxes were filed", "the accounts were closed"),
    ),
    (
        "sports",
        ("the captain was injured", "the visitors scored", "it began to rain", "the goalkeeper was sent off"),
    ),
    (
        "travel",
        (
            "the group crossed the border",
            "the bus broke down",
            "lunch was served",
            "the luggage was searched",
        ),
    ),
    (
        "medicine",
        ("the leg was X-rayed", "blood was taken", "the bandage was changed", "the family was called"),
    ),
    (
        "school",
        ("the essays were handed back", "the fire alarm rang", "the headmaster spoke", "the choir sang"),
    ),
    (
        "support",
        (
            "the router was replaced",
            "the customer called back",
            "the case was reopened",
            "the line went dead",
        ),
    ),
)
# Domain; things; of every scale: more, less, alike, and a measure of it.
_RANKED = """
products; the Orion, the Vega, the Luna, the Nova
    heavier/lighter/heavy/weighs {}0 grams, older/newer/old/is {} months old
travel; the inn, the hostel, the lodge, the campsite
    dearer/cheaper/dear/costs {} euros a night, noisier/quieter/noisy/
sports; Lucas, Owen, Marta, Greta, Sven
    taller/shorter/tall/is 1{} centimetres tall, slower/quicker/slow/needs {} seconds
school; Ines, Hugo, Freya, Callum, Ruth
    taller/shorter/tall/is 1{} centimetres tall, older/younger/old/is {} months old
weather; Bergen, Porto, Genoa, Gdansk
    wetter/drier/wet/has {} days of rain, sunnier/cloudier/sunny/
finance; the harbour branch, the airport branch, the Mill Street branch
    busier/calmer/busy/serves {}0 customers a day
software; the old parser, the new parser, the online parser
    slower/quicker/slow/needs {} seconds, stricter/laxer/strict/
"""


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
    domain, limits, sentence = listed(settle(rng, pick(rng, tuple(_COUNTED.strip().splitlines()))), ";")
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
    domain, unit, limits, sentence = listed(
        settle(rng, pick(rng, tuple(_MEASURED.strip().splitlines()))), ";"
    )
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
    domain, place = pick(rng, _OPEN)
    place = settle(rng, place)
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
    domain, happens = pick(rng, _DATED)
    happens = settle(rng, happens)
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
    domain, steps = pick(rng, _STEPS)
    a, b, c = several(rng, steps, 3)
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
    """Which of three is more and which is less, and which are alike; told in words or by numbers."""
    head, (scales,) = pick(rng, blocks(_RANKED))
    domain, names = listed(head, ";")
    more, less, plain, measure = pick(rng, listed(scales)).split("/")
    a, b, c = several(rng, listed(names), 3)
    claims: dict[str, Holds] = {
        "of the two, {a} is {more} than {b}": lambda a, b, c: a > b,
        "[compared with|beside] {b}, {a} is {more}": lambda a, b, c: a > b,
        "[compared with|beside] {a}, {b} is {less}": lambda a, b, c: a > b,
        "[compared with|beside] {b}, {a} is {less}": lambda a, b, c: a < b,
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
