"""Scenes of one agent or one group, as pairs: first the hypothesis, then a premise that gives it its label.

Every choice about the hypothesis is made before the label is looked at, and a hypothesis is used only if all
three labels are possible: hypotheses have one distribution whatever the label, and one alone tells nothing.
Knows words only through ``Words`` and wording only through ``templates``.
"""

from __future__ import annotations

import random
from copy import copy
from dataclasses import dataclass

from samesay.synthetic.captions.grammar import (
    COUNTS,
    PLURAL_COUNTS,
    Action,
    Count,
    Noun,
    Thing,
    Words,
    a,
    number_word,
    pick,
)
from samesay.synthetic.captions.templates import Parts, denial, hypothesis, premise

Drawn = tuple[str, str, str]  # premise, hypothesis, capability

_DENIED = 0.12  # share of hypotheses that deny something


@dataclass(slots=True)
class Scene:
    """What a sentence tells: ``None`` where it says nothing."""

    noun: Noun
    count: Count = 1
    trait: tuple[str, str] | None = None  # axis, word
    garment: Thing | None = None
    garment_colour: str | None = None
    action: Action | None = None
    object_colour: str | None = None
    place: str | None = None
    time: str | None = None
    company: str | None = None

    def parts(self) -> Parts:
        """The scene as phrases."""
        several = self.count != 1
        kind = self.noun.many if several else self.noun.one
        named = f"{self.trait[1]} {kind}" if self.trait else kind
        garment = ""
        if self.garment:
            colour = f"{self.garment_colour} " if self.garment_colour else ""
            garment = f"in {colour}{self.garment.many}" if several else f"in {a(colour + self.garment.one)}"
        return Parts(
            subject=f"{number_word(self.count)} {named}" if several else a(named),
            be="are" if several else "is",
            garment=garment,
            action=self.action.phrase(several=several, colour=self.object_colour) if self.action else "",
            company=self.company or "",
            place=self.place or "",
            time=self.time or "",
        )


class SceneSampler:
    """Draws pairs of scenes from one set of words."""

    def __init__(self, words: Words, *, held_out: bool) -> None:
        self.words = words
        self.held_out = held_out
        self._general_nouns = {noun for noun in words.nouns if len(words.noun_table["entailment"][noun]) > 1}
        self._suited: dict[tuple[bool, str | None], tuple[Action, ...]] = {}
        self._excluded: dict[tuple[Action, bool, str | None], tuple[Action, ...]] = {}
        self._general_places = frozenset(words.general_places.values())
        # general names twice: a premise has them mostly where it leaves a particular one open, which would tell
        doubled = (*words.nouns, *sorted(self._general_nouns, key=words.nouns.index))
        self._said_nouns = {
            animal: tuple(n for n in doubled if n.animal == animal) for animal in (True, False)
        }
        everything = (*words.actions, *words.general_actions)
        self._actions_of = {
            True: tuple(action for action in everything if action.animals),
            False: tuple(action for action in everything if action.people),
        }

    def draw(self, rng: random.Random, label: str) -> Drawn | None:
        """Premise, hypothesis and capability of a pair of this label; ``None`` if the draw led nowhere."""
        while True:
            said = self._hypothesis(rng)
            denied = self._deniable(said, rng) if said.count == 1 and rng.random() < _DENIED else None
            open_to = {name: self._focuses(said, name) for name in ("neutral", "contradiction")}
            if denied or all(open_to.values()):
                break
        if denied:
            said = _only(said, denied)
            focus, relation = denied, _OPPOSITE[label]
            subject, claim = self._claim(said, focus)
            second = denial(subject, claim, held_out=self.held_out)
        else:
            relation = label
            both = sorted(set(open_to["neutral"]) | set(open_to["contradiction"]))
            focus = pick(rng, open_to.get(label, both))
            second = hypothesis(said.parts(), rng, held_out=self.held_out)
        for _ in range(8):
            told = self._premise(rng, said, focus, relation)
            if told:
                first = premise(told.parts(), rng, held_out=self.held_out)
                return first, second, "negation" if denied else self._capability(said, told, focus)
        return None

    def two_wordings(self, rng: random.Random) -> tuple[str, str]:
        """One scene as premises are worded, and as hypotheses are: two sentences that say the same, if not one."""
        parts = self._hypothesis(rng).parts()
        return premise(parts, rng, held_out=self.held_out), hypothesis(parts, rng, held_out=self.held_out)

    def _hypothesis(self, rng: random.Random) -> Scene:
        animal = rng.random() < 0.2
        noun = pick(rng, self._said_nouns[animal])
        scene = Scene(noun, count=1 if rng.random() < 0.62 else pick(rng, PLURAL_COUNTS))
        if rng.random() < 0.8:
            scene.action = pick(rng, self._actions_of[animal])
            if scene.action.target and scene.count == 1 and rng.random() < 0.25:
                scene.object_colour = pick(rng, self.words.colours)
        if scene.action is None or rng.random() < 0.4:
            where = scene.action.where if scene.action else "any"
            scene.place = self._some_place(rng, where, general=rng.random() < 0.3)
        draw = rng.random()
        if draw < 0.25:
            scene.trait = self._some_trait(rng, noun)
        elif draw < 0.5:
            self._dress(rng, scene)
        elif draw < 0.68:
            scene.time = self._some_time(rng, scene)
        elif draw < 0.8 and scene.count == 1 and not animal:
            scene.company = self._some_company(rng)
        return scene

    def _deniable(self, said: Scene, rng: random.Random) -> str | None:
        slots = [
            slot
            for slot in ("action", "place", "trait", "garment_colour")
            if slot in self._focuses(said, "neutral") and slot in self._focuses(said, "contradiction")
        ]
        return pick(rng, slots) if slots else None

    def _claim(self, said: Scene, focus: str) -> tuple[str, str]:
        subject, parts = f"the {said.noun.one}", said.parts()
        if focus == "garment_colour" and said.garment and said.garment_colour:
            return f"{subject}'s {said.garment.one}", said.garment_colour
        if focus == "trait" and said.trait:
            return subject, said.trait[1]
        return subject, parts.action if focus == "action" else parts.place

    def _focuses(self, said: Scene, label: str) -> list[str]:
        """The slots of a hypothesis that a premise can leave open, or contradict."""
        neutral = label == "neutral"
        words, found = self.words, []
        if COUNTS[said.count][1 if neutral else 2]:
            found.append("count")
        if words.noun_table[label][said.noun]:
            found.append("noun")
        if said.action and (neutral or self._other_actions(said, said.noun.animal)):
            found.append("action")
        if said.place:
            general = said.place in self._general_places
            # "on a rock face" already says outdoors, and nothing suits swimming but water
            free = said.action is None or said.action.where in ("any", "water")
            if free or not general:
                found.append("place")
        if said.trait:
            found.append("trait")
        if said.garment_colour:
            found.append("garment_colour")
        if said.garment and neutral:
            found.append("garment")
        if said.object_colour and said.action and (neutral or said.action.activities[0].exclusive):
            found.append("object_colour")
        if said.time:
            found.append("time")
        if said.company:
            found.append("company")
        return found

    def _premise(self, rng: random.Random, said: Scene, focus: str, relation: str) -> Scene | None:
        told = copy(said)
        if not self._tell_agent(rng, said, told, focus, relation):
            return None
        hidden = focus if relation == "neutral" else ""
        if not self._tell_action(rng, said, told, focus, relation):
            return None
        if not self._tell_place(rng, said, told, focus, relation):
            return None
        if focus == "trait" and said.trait:
            axis, word = said.trait
            table = self.words.animal_traits if told.noun.animal else self.words.traits
            others = tuple(other for other in table[axis] if other != word)
            told.trait = (
                None if hidden else (axis, pick(rng, others)) if relation == "contradiction" else said.trait
            )
        if focus == "garment" and hidden:
            told.garment = told.garment_colour = None
        if focus in ("garment_colour", "object_colour"):
            setattr(told, focus, _shift(rng, getattr(said, focus), self.words.colours, relation))
        if focus == "time":
            table = self.words.times if said.time in self.words.times else self.words.weathers
            told.time = _shift(rng, said.time, table, relation)
        if focus == "company":
            alone, companions = (self.words.alone,), self.words.companions
            told.company = _shift(
                rng, said.company, alone if said.company in companions else companions, relation
            )
        self._fill(rng, said, told, focus if hidden else "")
        return told if told.action or told.place else None

    def _tell_agent(self, rng: random.Random, said: Scene, told: Scene, focus: str, relation: str) -> bool:
        implied, left_open, excluded = COUNTS[said.count]
        at_focus = relation if focus == "count" else "entailment"
        told.count = pick(
            rng, {"entailment": implied, "neutral": left_open, "contradiction": excluded}[at_focus]
        )
        at_focus = relation if focus == "noun" else "entailment"
        nouns = self.words.noun_table[at_focus][said.noun]
        if at_focus == "entailment":
            told.noun = said.noun if focus != "noun" and rng.random() < 0.5 else pick(rng, nouns)
        else:
            told.noun = pick(rng, nouns)
        if told.noun.animal != said.noun.animal:
            bare = not (said.trait or said.garment or said.company)
            return bare and (said.action is None or (said.action.animals and said.action.people))
        return not (said.trait and said.trait[0] == "age" and told.noun.facts.get("age") == "child")

    def _tell_action(self, rng: random.Random, said: Scene, told: Scene, focus: str, relation: str) -> bool:
        animal = told.noun.animal
        if said.action is None:
            # often the premise stays silent as well: if not, its silence would always mean a neutral pair
            if rng.random() < 0.6 and (focus, relation) != ("place", "neutral"):
                return True
            fitting = self._fitting(animal, said.place)
            told.action = pick(rng, fitting) if fitting else None
            return True
        told.object_colour = said.object_colour
        if focus == "action" and relation == "neutral":
            general = [
                act for act in self.words.action_table["neutral"][said.action] if act is not said.action
            ]
            told.action = pick(rng, general) if general and rng.random() < 0.5 else None
            told.object_colour = None
        elif focus == "action" and relation == "contradiction":
            others = self._other_actions(said, animal)
            if not others:
                return False
            told.action, told.object_colour = pick(rng, others), None
        elif said.action.general and (focus == "action" or rng.random() < 0.7):
            specific = self.words.action_table["entailment"][said.action]
            told.action = pick(rng, specific)
        return told.action is None or (told.action.animals if animal else told.action.people)

    def _tell_place(self, rng: random.Random, said: Scene, told: Scene, focus: str, relation: str) -> bool:
        # where the premise keeps silent about the action, its place must still suit the hypothesis's
        action = told.action or said.action
        where = action.where if action else "any"
        if focus == "place" and relation == "neutral":
            told.place = None
            return told.action is not None
        if focus == "place" and relation == "contradiction":
            options = self._places_apart(said.place, where)
            if said.time in self.words.weathers:
                options = tuple(place for place in options if place in self.words.outdoors)
            if not options:
                return False
            told.place = pick(rng, options)
            return True
        if said.place in self._general_places:
            side = next(side for side, name in self.words.general_places.items() if name == said.place)
            if where not in ("any", side):
                return False
            if focus == "place" or rng.random() < 0.8:
                told.place = pick(rng, self.words.places[side])
            return True
        if said.place is None and (told.action is None or rng.random() < 0.75):
            if said.time in self.words.weathers:
                return False  # drawn for a hypothesis with a place only
            told.place = self._some_place(rng, where, general=False)
        return True

    def _fill(self, rng: random.Random, said: Scene, told: Scene, hidden: str) -> None:
        """Add what the hypothesis does not speak of, up to some four details."""
        wanted = 2 + int(rng.random() * 3)
        details = [told.trait, told.garment, told.place, told.time, told.company, told.object_colour]
        wanted -= sum(detail is not None for detail in details)
        slots = ["trait", "garment", "garment", "time", "object_colour", "company"]
        while wanted > 0 and slots:
            slot = slots.pop(int(rng.random() * len(slots)))
            if getattr(told, slot) is not None or hidden.startswith(slot) or getattr(said, slot) is not None:
                continue
            wanted -= 1
            if slot == "trait":
                told.trait = self._some_trait(rng, told.noun)
            elif slot == "garment":
                self._dress(rng, told)
            elif slot == "time":
                if hidden != "place":
                    told.time = self._some_time(rng, told)
            elif slot == "object_colour":
                if told.action and told.action.target and told.count == 1:
                    told.object_colour = pick(rng, self.words.colours)
            elif told.count == 1 and said.count == 1 and not told.noun.animal:
                told.company = self._some_company(rng)

    def _capability(self, said: Scene, told: Scene, focus: str) -> str:
        if focus == "noun":
            if told.noun is said.noun:
                return "dropped-detail"
            general = (said.noun in self._general_nouns) != (told.noun in self._general_nouns)
            return "hypernym" if general else "agent"
        if focus == "action" and (
            (said.action and said.action.general) or (told.action and told.action.general)
        ):
            return "hypernym"
        if focus == "place" and said.place in self._general_places:
            return "hypernym"
        if focus == "count":
            return "number" if isinstance(said.count, int) else "quantifier"
        return {"garment_colour": "colour", "object_colour": "colour", "garment": "clothing"}.get(
            focus, focus
        )

    def _other_actions(self, said: Scene, animal: bool) -> tuple[Action, ...]:
        if said.action is None:
            return ()
        key = (said.action, animal, said.place)
        if key not in self._excluded:
            self._excluded[key] = tuple(
                act
                for act in self.words.action_table["contradiction"][said.action]
                if (act.animals if animal else act.people) and self._fits(act, said.place)
            )
        return self._excluded[key]

    def _fitting(self, animal: bool, place: str | None) -> tuple[Action, ...]:
        if (animal, place) not in self._suited:
            self._suited[animal, place] = tuple(
                act for act in self._actions_of[animal] if not act.general and self._fits(act, place)
            )
        return self._suited[animal, place]

    def _fits(self, action: Action, place: str | None) -> bool:
        if place is None:
            return True
        if place in self._general_places:
            return action.where == "any" or self.words.general_places.get(action.where) == place
        return place in self.words.places_for[action.where]

    def _places_apart(self, place: str | None, where: str) -> tuple[str, ...]:
        options = self.words.places_for[where]
        for side, name in self.words.general_places.items():
            if place == name:
                return tuple(option for option in options if option not in self.words.places[side])
        return tuple(option for option in options if option != place)

    def _some_place(self, rng: random.Random, where: str, *, general: bool) -> str:
        if general and where != "water":
            return self.words.general_places[where if where != "any" else pick(rng, ("in", "out"))]
        return pick(rng, self.words.places_for[where])

    def _some_trait(self, rng: random.Random, noun: Noun) -> tuple[str, str]:
        table = self.words.animal_traits if noun.animal else self.words.traits
        axes = [axis for axis in table if axis != "age" or noun.facts.get("age") != "child"]
        axis = pick(rng, axes)
        return axis, pick(rng, table[axis])

    def _dress(self, rng: random.Random, scene: Scene) -> None:
        scene.garment = pick(rng, self.words.animal_garments if scene.noun.animal else self.words.garments)
        scene.garment_colour = pick(rng, self.words.colours) if rng.random() < 0.8 else None

    def _some_time(self, rng: random.Random, scene: Scene) -> str:
        weather = scene.place in self.words.outdoors and rng.random() < 0.5
        return pick(rng, self.words.weathers if weather else self.words.times)

    def _some_company(self, rng: random.Random) -> str:
        return self.words.alone if rng.random() < 0.5 else pick(rng, self.words.companions)


_OPPOSITE = {"entailment": "contradiction", "neutral": "neutral", "contradiction": "entailment"}


def _shift(rng: random.Random, value: str | None, options: tuple[str, ...], relation: str) -> str | None:
    """What a premise says instead of ``value``: the same, nothing, or another of ``options``."""
    if relation == "entailment":
        return value
    if relation == "neutral":
        return None
    return pick(rng, tuple(option for option in options if option != value))


def _only(said: Scene, slot: str) -> Scene:
    """The agent and the one slot that a denial speaks of."""
    bare = Scene(said.noun)
    if slot == "garment_colour":
        bare.garment = said.garment
    setattr(bare, slot, getattr(said, slot))
    return bare
