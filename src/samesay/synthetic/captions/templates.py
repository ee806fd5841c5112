"""How scenes are worded: one set of templates to learn from, another to be tested with.

Knows a scene's parts as finished phrases, and neither words nor labels.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """A scene in phrases; empty where it says nothing.

    Attributes:
        subject: "two old men", without garment.
        be: "is" or "are".
        garment: "in a red jacket".
        action: "playing a flute".
        company: "with a friend".
        place: "on a beach".
        time: "at noon".
    """

    subject: str
    be: str
    garment: str = ""
    action: str = ""
    company: str = ""
    place: str = ""
    time: str = ""


def sentence(*phrases: str) -> str:
    """One sentence from phrases, empty ones left out."""
    text = " ".join(phrase for phrase in phrases if phrase).replace(" ,", ",")
    return f"{text[0].upper()}{text[1:]}."


def premise(parts: Parts, rng: random.Random, *, held_out: bool) -> str:
    """The first sentence of a pair, in one of the templates of its side of the divide."""
    p, draw = parts, rng.random()
    if held_out:
        if draw < 0.35:
            return sentence(
                "in this photograph we notice", p.subject, p.garment, p.action, p.company, p.place, p.time
            )
        if draw < 0.7:
            return sentence(p.subject, p.garment, "can be spotted", p.action, p.company, p.place, p.time)
        before = " ".join(phrase for phrase in (p.time, p.place) if phrase)
        opening = f"{before}," if before else ""
        return sentence(opening, "the lens catches", p.subject, p.garment, p.action, p.company)
    if p.place and draw < 0.25:
        if not p.action:
            return sentence(p.place, p.be, p.subject, p.garment, p.company, p.time)
        return sentence(f"{p.place},", p.subject, p.garment, p.be, p.action, p.company, p.time)
    if p.time and draw < 0.5:
        return sentence(f"{p.time},", p.subject, p.garment, p.be, p.action, p.company, p.place)
    if draw < 0.7:
        return sentence("there", p.be, p.subject, p.garment, p.action, p.company, p.place, p.time)
    return sentence(p.subject, p.garment, p.be, p.action, p.company, p.place, p.time)


def hypothesis(parts: Parts, rng: random.Random, *, held_out: bool) -> str:
    """The second sentence of a pair, in one of the templates of its side of the divide."""
    p, draw = parts, rng.random()
    if held_out:
        if draw < 0.6:
            return sentence("we notice", p.subject, p.garment, p.action, p.company, p.place, p.time)
        return sentence("the photograph is of", p.subject, p.garment, p.action, p.company, p.place, p.time)
    if draw < 0.6:
        return sentence(p.subject, p.garment, p.be, p.action, p.company, p.place, p.time)
    return sentence("there", p.be, p.subject, p.garment, p.action, p.company, p.place, p.time)


def denial(subject: str, claim: str, *, held_out: bool) -> str:
    """That ``claim`` does not hold of ``subject``."""
    if held_out:
        return sentence("it is wrong that", subject, "is", claim)
    return sentence(subject, "is not", claim)
