"""The shape of the words that scenes are made of, and which of them imply or exclude which.

Knows no word of its own (``train_words`` and ``test_words`` hold them) and no template.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

T = TypeVar("T")
Count = int | str

_NUMBER_WORDS = ("none", "one", "two", "three", "four", "five", "six")

# Number in the hypothesis to (numbers of a premise that imply it, leave it open, exclude it). The number in a
# caption is read as all there are; premises with more than the hypothesis says are left out, since readers
# disagree about them.
COUNTS: dict[Count, tuple[tuple[Count, ...], tuple[Count, ...], tuple[Count, ...]]] = {
    1: ((1,), (), ()),
    2: ((2,), ("some",), (1,)),
    3: ((3,), ("some",), (1, 2)),
    4: ((4,), ("some", "several"), (1, 2, 3)),
    5: ((5,), ("some", "several"), (1, 2, 3, 4)),
    6: ((6,), ("some", "several"), (2, 3, 4, 5)),
    "some": ((3, 4, "some", "some", "several"), (), ()),
    "several": ((4, 5, 6, "several", "several"), ("some",), (1,)),
    "more than two": ((3, 4, 5, 6), ("some",), (1, 2)),
    "at least four": ((4, 5, 6), ("some", "several"), (1, 2, 3)),
    "fewer than four": ((2, 3), ("some",), (4, 5, 6)),
    "fewer than five": ((2, 3, 4), ("some",), (5, 6)),
}
PLURAL_COUNTS: tuple[Count, ...] = (*(number for number in COUNTS if number != 1), "some", "some", "several")

# What an action occupies its agent with: two exclude each other when one body cannot do both at once.
_EXCLUDES: dict[str, frozenset[str]] = {
    "rest": frozenset(
        {"walk", "run", "jump", "water", "full", "dance", "music", "hands", "move", "eat", "read"}
    ),
    "water": frozenset({"walk", "run", "full", "dance", "music", "hands", "eat", "read"}),
    "full": frozenset({"walk", "run", "dance", "music", "hands", "read", "full"}),
    "hands": frozenset({"run", "jump", "dance", "music", "move", "eat", "read", "hands"}),
    "run": frozenset({"walk", "dance", "music", "read", "run"}),
    "music": frozenset({"move", "read"}),
    "read": frozenset({"dance", "move", "jump"}),
    "dance": frozenset(),
    "motion": frozenset({"rest", "hands"}),
    "walk": frozenset(),
    "jump": frozenset(),
    "move": frozenset(),
    "eat": frozenset(),
}


def pick(rng: random.Random, options: Sequence[T]) -> T:
    """One of ``options``; by ``random()`` alone, the one method whose values Python promises to keep."""
    return options[int(rng.random() * len(options))]


def number_word(count: Count) -> str:
    """``2`` as "two"; words stay."""
    return _NUMBER_WORDS[count] if isinstance(count, int) else count


def a(words: str) -> str:
    """``words`` after their indefinite article.

    >>> a("orange hat"), a("uniform")
    ('an orange hat', 'a uniform')
    """
    spoken_vowel = words.startswith("hour") or (words[0] in "aeiou" and not words.startswith("uni"))
    return f"an {words}" if spoken_vowel else f"a {words}"


@dataclass(frozen=True, eq=False)
class Noun:
    """A kind of agent.

    Attributes:
        one: Its singular.
        many: Its plural.
        facts: What it says of the agent: ``kind``, ``age``, ``gender``, ``species``, ``breed``, ``role``.
    """

    one: str
    many: str
    facts: dict[str, str]

    @classmethod
    def parse(cls, line: str) -> Noun:
        """Read ``"poodle poodles kind=animal species=dog"``; ``_`` stands for a blank inside a word."""
        one, many, *facts = line.split()
        pairs = dict(fact.split("=", 1) for fact in facts)
        return cls(one.replace("_", " "), many.replace("_", " "), pairs)

    @property
    def animal(self) -> bool:
        """Whether it is an animal; otherwise it is a person."""
        return self.facts["kind"] == "animal"

    def says_of(self, other: Noun) -> str | None:
        """How "it is a ``self``" bears on "it is ``other``".

        Returns:
            ``entailment``, ``neutral``, ``contradiction``, or ``None`` where two occupations neither exclude
            nor imply each other beyond doubt.
        """
        shared = [axis for axis in other.facts if axis in self.facts]
        differing = {axis for axis in shared if self.facts[axis] != other.facts[axis]}
        if differing - {"role"}:
            return "contradiction"
        if differing:
            return None
        return "entailment" if len(shared) == len(other.facts) else "neutral"


@dataclass(frozen=True, eq=False)
class Thing:
    """Something that can be counted: an object, a garment.

    Attributes:
        one: Its singular.
        many: Its plural.
        zone: Where on the body a garment is; two of one zone are not worn together.
    """

    one: str
    many: str
    zone: str = "body"

    @classmethod
    def parse(cls, words: str) -> Thing:
        """Read ``"scarf/scarves@neck"``, or ``"coat"`` where the plural only adds an s."""
        words, _, zone = words.strip().partition("@")
        one, _, many = words.partition("/")
        return cls(one, many or f"{one}s", zone or "body")


@dataclass(frozen=True, eq=False)
class Activity:
    """A verb with its objects, where it happens, who does it, and its more general names.

    Attributes:
        verb: Its -ing form.
        body: What it occupies (a key of ``_EXCLUDES``).
        agents: ``person``, ``animal`` or ``both``.
        where: ``in``, ``out``, ``any`` or ``water``: which places suit it.
        objects: What it is done to; none for an intransitive verb.
        general: A more general name of it, as (one agent, several agents), and what that occupies at least.
        exclusive: Whether doing it to one object excludes doing it to another at the same time.
    """

    verb: str
    body: str
    agents: str
    where: str
    objects: tuple[Thing, ...] = ()
    general: tuple[str, str, str] | None = None
    exclusive: bool = True


@dataclass(frozen=True, eq=False)
class Action:
    """One thing that somebody does.

    Attributes:
        activities: The activity; for a more general name all those that it may stand for.
        target: The object.
        general: The more general name, for one agent and for several.
    """

    activities: tuple[Activity, ...]
    target: Thing | None = None
    general: tuple[str, str, str] | None = None

    @property
    def body(self) -> str:
        """What it occupies (a key of ``_EXCLUDES``)."""
        return self.general[2] if self.general else self.activities[0].body

    @cached_property
    def people(self) -> bool:
        """Whether every person can do it."""
        return all(activity.agents != "animal" for activity in self.activities)

    @cached_property
    def animals(self) -> bool:
        """Whether every animal can do it."""
        return all(activity.agents != "person" for activity in self.activities)

    @property
    def where(self) -> str:
        """Which places suit it."""
        return self.activities[0].where

    def phrase(self, *, several: bool, colour: str | None) -> str:
        """The words after "is" or "are"."""
        if self.general:
            return self.general[several]
        if self.target is None:
            return self.activities[0].verb
        verb = self.activities[0].verb
        if several:
            return f"{verb} {colour + ' ' if colour else ''}{self.target.many}"
        return f"{verb} {a(f'{colour} {self.target.one}' if colour else self.target.one)}"


@dataclass(frozen=True, eq=False)
class Words:
    """All content words of one side of the train/test divide, and what follows from what among them."""

    nouns: tuple[Noun, ...]
    activities: tuple[Activity, ...]
    colours: tuple[str, ...]
    garments: tuple[Thing, ...]
    animal_garments: tuple[Thing, ...]
    traits: dict[str, tuple[str, ...]]
    animal_traits: dict[str, tuple[str, ...]]
    places: dict[str, tuple[str, ...]]
    general_places: dict[str, str]
    times: tuple[str, ...]
    weathers: tuple[str, ...]
    companions: tuple[str, ...]
    alone: str
    dealings: tuple[tuple[str, str], ...]
    things: tuple[Thing, ...]
    surfaces: tuple[str, ...]
    spatial: tuple[tuple[str, str], ...]
    near: tuple[str, ...]

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """Every specific action."""
        return tuple(
            Action((activity,), target)
            for activity in self.activities
            for target in (activity.objects or (None,))
        )

    @cached_property
    def general_actions(self) -> tuple[Action, ...]:
        """Every action under a more general name."""
        names = dict.fromkeys(activity.general for activity in self.activities if activity.general)
        return tuple(
            Action(tuple(act for act in self.activities if act.general == name), general=name)
            for name in names
        )

    @cached_property
    def noun_table(self) -> dict[str, dict[Noun, tuple[Noun, ...]]]:
        """Label to noun of the hypothesis to the nouns of premises that give it this label."""
        return {
            label: {
                said: tuple(noun for noun in self.nouns if noun.says_of(said) == label) for said in self.nouns
            }
            for label in ("entailment", "neutral", "contradiction")
        }

    @cached_property
    def action_table(self) -> dict[str, dict[Action, tuple[Action, ...]]]:
        """Label to action of the hypothesis to the actions of premises that give it this label."""
        table: dict[str, dict[Action, tuple[Action, ...]]] = {}
        everything = (*self.actions, *self.general_actions)
        for label in ("entailment", "neutral", "contradiction"):
            table[label] = {
                said: tuple(action for action in everything if _action_label(action, said) == label)
                for said in everything
            }
        return table

    @cached_property
    def places_for(self) -> dict[str, tuple[str, ...]]:
        """What suits an activity's ``where``: the specific places."""
        return {**self.places, "any": self.places["in"] + self.places["out"]}

    @cached_property
    def outdoors(self) -> frozenset[str]:
        """The places under the open sky."""
        return frozenset(self.places["out"])


def _action_label(premise: Action, said: Action) -> str | None:
    if premise is said:
        return "entailment"
    if premise.general and said.general:
        return None
    if said.general and premise.activities[0] in said.activities:
        return "entailment"
    if premise.general and said.activities[0] in premise.activities:
        return "neutral"
    if premise.activities == said.activities:
        return "contradiction" if said.activities[0].exclusive else None
    excluded = said.body in _EXCLUDES[premise.body] or premise.body in _EXCLUDES[said.body]
    return "contradiction" if excluded else None
