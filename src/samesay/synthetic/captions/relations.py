"""Pairs about relations: who does it to whom, how many of a group, and what stands where.

As in ``scenes`` the hypothesis is drawn before the label is looked at, so it alone tells nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from samesay.synthetic.captions.grammar import Noun, Words, a, number_word, pick
from samesay.synthetic.captions.scenes import Drawn
from samesay.synthetic.captions.templates import sentence

# A quantifier and whether k of n fulfil it. Where k = n, "some" is true and sounds false: such pairs are left
# out (``None``).
_QUANTIFIERS: dict[str, Callable[[int, int], bool | None]] = {
    "all": lambda k, n: k == n,
    "most": lambda k, n: 2 * k > n if k < n else None,
    "some": lambda k, n: k > 0 if k not in (1, n) else (False if k == 0 else None),
    "none": lambda k, n: k == 0,
    "only one": lambda k, n: k == 1,
    "exactly two": lambda k, n: k == 2,
    "at least two": lambda k, n: k > 1,
    "more than two": lambda k, n: k > 2,
    "at least three": lambda k, n: k > 2,
    "fewer than three": lambda k, n: k < 3 if k > 0 else None,
    "not all": lambda k, n: k < n if k > 0 else None,
}
_SIZES = (4, 5, 6)


class RoleSampler:
    """Who deals with whom ("A nurse is filming a tourist"): roles kept or swapped, either voice."""

    def __init__(self, words: Words, *, held_out: bool) -> None:
        self.words, self.held_out = words, held_out
        self.people = tuple(noun for noun in words.nouns if not noun.animal)
        table = words.noun_table["contradiction"]
        self._rivals = {
            noun: tuple(other for other in self.people if noun in table[other] and other in table[noun])
            for noun in self.people
        }
        self._actors = tuple(noun for noun in self.people if self._rivals[noun])

    def draw(self, rng: random.Random, label: str) -> Drawn | None:
        """Premise, hypothesis and capability of a pair of this label; ``None`` if the draw led nowhere."""
        words = self.words
        actor = pick(rng, self._actors)
        patient = pick(rng, self._rivals[actor])
        dealing = pick(rng, words.dealings)
        place = pick(rng, words.places_for["any"]) if rng.random() < 0.6 else ""
        time = pick(rng, words.times) if rng.random() < 0.3 or not place else ""
        passive = rng.random() < 0.5
        second = self._tell(rng, (a(actor.one), a(patient.one)), dealing, passive, place, time, premise=False)

        told_actor, told_patient = self._specific(rng, actor), self._specific(rng, patient)
        told_place = place or pick(rng, words.places_for["any"])
        told_time = time or (pick(rng, words.times) if rng.random() < 0.5 else "")
        told_passive = rng.random() < 0.5
        capability = "passive" if passive != told_passive else "role"
        if label == "neutral":
            opened = pick(rng, ("actor", "patient", "place", "time"))
            general = words.noun_table["neutral"]
            if opened == "actor" and general[actor]:
                told_actor = pick(rng, general[actor])
            elif opened == "patient" and general[patient]:
                told_patient = pick(rng, general[patient])
            elif place and (opened != "time" or not time):
                told_place = ""
            elif time:
                told_time = ""
            else:
                return None
        agents = (self._described(rng, told_actor), self._described(rng, told_patient))
        if label == "contradiction":
            agents = (agents[1], agents[0])
        first = self._tell(rng, agents, dealing, told_passive, told_place, told_time, premise=True)
        return first, second, capability

    def _specific(self, rng: random.Random, noun: Noun) -> Noun:
        return noun if rng.random() < 0.5 else pick(rng, self.words.noun_table["entailment"][noun])

    def _described(self, rng: random.Random, noun: Noun) -> str:
        if rng.random() < 0.4:
            garment, colour = pick(rng, self.words.garments), pick(rng, self.words.colours)
            return f"{a(noun.one)} in {a(f'{colour} {garment.one}')}"
        return a(noun.one)

    def _tell(
        self,
        rng: random.Random,
        agents: tuple[str, str],
        dealing: tuple[str, str],
        passive: bool,
        place: str,
        time: str,
        *,
        premise: bool,
    ) -> str:
        actor, patient = agents
        subject, doing = (
            (patient, f"being {dealing[1]} by {actor}") if passive else (actor, f"{dealing[0]} {patient}")
        )
        if self.held_out:
            if rng.random() < 0.5:
                return sentence(
                    "we notice" if not premise else "the lens catches", subject, doing, place, time
                )
            return sentence(subject, "can be spotted" if premise else "appears to be", doing, place, time)
        if place and rng.random() < 0.4:
            return sentence(f"{place},", subject, "is", doing, time)
        if time and rng.random() < 0.3:
            return sentence(f"{time},", subject, "is", doing, place)
        return sentence(subject, "is", doing, place, time)


class GroupSampler:
    """Quantifiers over a group ("Two of them are in red hats")."""

    def __init__(self, words: Words, *, held_out: bool) -> None:
        self.words, self.held_out = words, held_out
        self.people = tuple(noun for noun in words.nouns if not noun.animal)
        self.actions = tuple(action for action in words.actions if action.people and action.where != "water")
        self._counts = {
            quantifier: {
                wanted: tuple((k, n) for n in _SIZES for k in range(n + 1) if holds(k, n) is wanted)
                for wanted in (True, False)
            }
            for quantifier, holds in _QUANTIFIERS.items()
        }

    def draw(self, rng: random.Random, label: str) -> Drawn | None:
        """Premise, hypothesis and capability of a pair that carries ``label``."""
        words = self.words
        noun = pick(rng, self.people)
        quantifier = pick(rng, tuple(_QUANTIFIERS))
        garment, colour = pick(rng, words.garments), pick(rng, words.colours)
        one = quantifier == "only one"
        clothing = f"in {a(f'{colour} {garment.one}')}" if one else f"in {colour} {garment.many}"
        be = "is" if one else "are"
        opening = "we notice that" if self.held_out else ""
        second = sentence(opening, f"{quantifier} of the", noun.many, be, clothing)

        told_noun = noun if rng.random() < 0.5 else pick(rng, words.noun_table["entailment"][noun])
        action = pick(rng, self.actions)
        place = pick(rng, words.places_for[action.where])
        if label == "neutral":
            k, n = pick(rng, self._counts[quantifier][rng.random() < 0.5])
            if rng.random() < 0.3:
                colour = ""  # the garment is told and its colour left open
                k = max(k, 1)
            else:
                garment = pick(rng, tuple(other for other in words.garments if other.zone != garment.zone))
                colour = pick(rng, words.colours)
            if not colour and not self._left_open(quantifier, k, n):
                return None
        else:
            k, n = pick(rng, self._counts[quantifier][label == "entailment"])
        share = "all" if k == n else "none" if k == 0 else number_word(k)
        words_of = f"{colour} " if colour else ""
        worn = f"is in {a(f'{words_of}{garment.one}')}" if k == 1 else f"are in {words_of}{garment.many}"
        crowd = f"{number_word(n)} {told_noun.many}"
        doing = action.phrase(several=True, colour=None)
        if self.held_out:
            first = sentence("the lens catches", crowd, doing, f"{place},", "and", share, "of these", worn)
        elif rng.random() < 0.5:
            first = sentence(crowd, "are", doing, f"{place};", share, "of them", worn)
        else:
            first = sentence("there are", crowd, doing, f"{place},", "and", share, "of them", worn)
        return first, second, "quantifier"

    @staticmethod
    def _left_open(quantifier: str, k: int, n: int) -> bool:
        """Whether the claim is open when k wear such a garment, in whatever colours."""
        holds = _QUANTIFIERS[quantifier]
        outcomes = {holds(matching, n) for matching in range(k + 1)}
        return True in outcomes and False in outcomes


@dataclass(frozen=True, slots=True)
class _Still:
    """Two things, their colours, and how the first stands to the second."""

    names: tuple[str, str]
    colours: tuple[str, str]
    relation: str

    def told(self, *, definite: bool, converse: str | None) -> tuple[str, str, str]:
        """Subject, relation and ground, seen from either thing."""
        full = [
            f"{colour} {name}" if colour else name
            for colour, name in zip(self.colours, self.names, strict=True)
        ]
        phrases = [f"the {thing}" if definite else a(thing) for thing in full]
        if converse is None:
            return phrases[0], self.relation, phrases[1]
        return phrases[1], converse, phrases[0]


class SpatialSampler:
    """Things beside things ("A cup is to the left of a vase"): converse, reverse, mere nearness."""

    def __init__(self, words: Words, *, held_out: bool) -> None:
        self.words, self.held_out = words, held_out
        self._converse = {one: other for pair in words.spatial for one, other in (pair, pair[::-1])}
        self._relations = tuple(self._converse)

    def draw(self, rng: random.Random, label: str) -> Drawn | None:
        """Premise, hypothesis and capability of a pair that carries ``label``."""
        words = self.words
        thing = pick(rng, words.things)
        other = pick(rng, tuple(candidate for candidate in words.things if candidate is not thing))
        shade = pick(rng, words.colours) if rng.random() < 0.5 else ""
        # with a colour to turn on, nearness can be claimed too: it must not occur in neutral premises alone
        near = bool(shade) and rng.random() < 0.4
        relation = pick(rng, words.near if near else self._relations)
        said = _Still((thing.one, other.one), (shade, ""), relation)
        subject, how, ground = said.told(definite=True, converse=None)
        opening = "in this photograph" if self.held_out else ""
        second = sentence(opening, subject, "is", how, ground)

        colours = (shade or pick(rng, words.colours), pick(rng, words.colours))
        capability = "position"
        told_relation = relation
        if label == "contradiction":
            if near or (shade and rng.random() < 0.4):
                capability = "colour"
                colours = (
                    pick(rng, tuple(colour for colour in words.colours if colour != shade)),
                    colours[1],
                )
            else:
                told_relation = self._converse[relation]
        elif label == "neutral":
            if near or (shade and rng.random() < 0.4):
                colours, capability = ("", colours[1]), "colour"
            else:
                told_relation = pick(rng, words.near)
        told = _Still((thing.one, other.one), colours, told_relation)
        turned = rng.random() < 0.5
        converse = self._converse.get(told_relation, told_relation) if turned else None
        parts = told.told(definite=False, converse=converse)
        surface = pick(rng, words.surfaces)
        time = pick(rng, words.times) if rng.random() < 0.3 else ""
        if self.held_out:
            return sentence("we notice", *parts, surface, time), second, capability
        if rng.random() < 0.5:
            return sentence(f"{surface},", parts[0], "is", *parts[1:], time), second, capability
        return sentence("there is", *parts, surface, time), second, capability
