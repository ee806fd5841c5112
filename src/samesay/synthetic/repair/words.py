"""Names, and the tables of ``tables.txt``: deeds, groups and asides by domain, few of them in words of the suite."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from samesay.synthetic.behaviour.block import several


def listed(text: str, separator: str = ",") -> tuple[str, ...]:
    """The entries of a list, without the blanks around them."""
    return tuple(entry.strip() for entry in text.split(separator))


def blocks(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lines, each with the indented ones below it; those that begin with # are comments."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(" "):
            found[-1][1].append(line.strip())
        elif line and not line.startswith("#"):
            found.append((line, []))
    return tuple((head, tuple(below)) for head, below in found)


@cache
def table(name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """One of the tables of ``tables.txt``."""
    sections = Path(__file__).with_name("tables.txt").read_text(encoding="utf-8").split("== ")
    return next(blocks(text.partition("\n")[2]) for text in sections if text.partition("\n")[0] == name)


WOMEN = listed(
    "Amara, Nadia, Ines, Keiko, Leila, Freya, Zanele, Aisha, Elena, Chloe, Ruth, Marta, Sofia, Hannah, Yasmin, Greta"
)
MEN = listed(
    "Owen, Lucas, Tomas, Bram, Jonas, Mateo, Viktor, Felix, Hugo, Sven, Marcus, Adil, Pedro, Ravi, Callum, Emil"
)
SURNAMES = listed(
    "Duarte, Okafor, Lindqvist, Hale, Moreau, Tanaka, Petrov, Ahmed, Novak, Byrne, Castell, Dube, Fischer, Rossi, Kaya"
)
WEEKDAYS = listed("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
MONTHS = listed(
    "January, February, March, April, May, June, July, August, September, October, November, December"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody may do to something."""

    base: str
    past: str
    done: str
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trade:
    """A domain with its people and what they do."""

    domain: str
    people: tuple[str, ...]
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Several of a kind, a part of them, and what each of them may do: base form and past."""

    domain: str
    one: str
    many: str
    where: str
    part: str
    deeds: tuple[tuple[str, ...], ...]


def _deed(line: str) -> Deed:
    forms, things = listed(line, ";")
    return Deed(*listed(forms), things=listed(things))


TRADES = tuple(
    Trade(head.split(":")[0], listed(head.split(":")[1]), tuple(map(_deed, below)))
    for head, below in table("deeds")
)
GROUPS = tuple(
    Group(*listed(head, ";"), deeds=tuple(map(listed, listed(below[0], ";"))))
    for head, below in table("groups")
)

FACTS = tuple(listed(line, ";") for line, _ in table("facts"))
RULES = tuple(listed(f"{head};{below[0]}", ";") for head, below in table("rules"))
CONDUCT = tuple(listed(line, ";") for line, _ in table("conduct"))


def actors(rng: random.Random, trade: Trade, n: int) -> list[str]:
    """``n`` different people of a trade, all by what they are or all by name."""
    named = rng.random() < 0.4
    return several(rng, (*WOMEN, *MEN) if named else [f"the {who}" for who in trade.people], n)


ASIDES = dict(table("asides"))
