"""Questions and tickets beside others: the same one in other words, or one that only looks alike.

A row is one matter, asked in several ways; the rows of a family share their words and are different matters, so that
neither shared words nor their lack give the answer away.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from samesay.pairs import Pair
from samesay.synthetic.behaviour.block import several
from samesay.synthetic.captions.grammar import pick
from samesay.synthetic.repair.situation import fill, settle
from samesay.synthetic.repair.words import blocks

SAME, DIFFERENT = "same", "different"
_WORD = re.compile(r"[\w']+")

# Families: what {x} may stand for; below, a row for every matter, with the ways to ask between slashes.
_FAMILIES = Path(__file__).with_name("questions.txt")
_STARTS = {
    "?": ("", "", "", "hello, ", "hi, ", "quick question: ", "sorry to ask, but "),
    ".": ("", "", "", "hello, ", "hi, ", "good morning, "),
}
_ENDS = {
    "?": ("", "", "", " Thanks!", " Many thanks.", " I could not find this in the manual."),
    ".": ("", "", "", " Thanks!", " Please help.", " I wrote to you about this last week, too."),
}
_ASKING = re.compile(
    r"(^|, )(how|what|where|when|who|which|can|could|may|is|are|do|does|why|after what|until when|in which|on which|"
    r"from which|at what|for how|for how many|on what|will|on which|am) "
)


def iter_pairs(*, seed: int = 0) -> Iterator[tuple[Pair, str]]:
    """Different pairs of questions and tickets, one that asks the same and one that does not in turn.

    The same seed gives the same pairs on every platform.

    Args:
        seed: Any integer.

    Yields:
        The pair and why: ``paraphrase``; ``near-miss`` of the same thing, or ``other-thing``.
    """
    rng = random.Random(f"samesay questions 1 {seed}")
    seen: set[frozenset[str]] = set()
    families = blocks(_FAMILIES.read_text(encoding="utf-8"))
    debt = 0.0
    while True:
        head, rows = pick(rng, families)
        thing, another = several(rng, head.split(", "), 2)
        row, other = ([way.strip() for way in line.split("//")] for line in several(rng, rows, 2))
        asked = pick(rng, row)
        alike = [(way, thing, "paraphrase") for way in row if way != asked]
        unlike = [(way, thing, "near-miss") for way in other]
        unlike += [(way, another, "other-thing") for way in row]
        # Of each kind one that shares as many words with the question; what is left over is made up for later.
        question = asked.format(x=thing)
        aim = _shared(question, pick(rng, alike)[0], thing)
        first = _said(rng, asked, thing)
        drawn: list[tuple[Pair, str]] = []
        for label, ways, sign in ((SAME, alike, 1), (DIFFERENT, unlike, -1)):
            costs = [
                abs(_shared(question, way, what) - aim + sign * 0.3 * debt) + 0.2 * rng.random()
                for way, what, _ in ways
            ]
            way, what, why = ways[costs.index(min(costs))]
            debt += sign * _shared(question, way, what)
            second = _said(rng, way, what)
            one, two = several(rng, (first, second), 2)
            drawn.append((Pair(one, two, label), why))
        texts = [frozenset((pair.first, pair.second)) for pair, _ in drawn]
        if not seen & set(texts):
            seen.update(texts)
            yield from several(rng, drawn, 2)


def _shared(first: str, way: str, thing: str) -> float:
    """The share of words of both that are in either."""
    one, two = (set(_WORD.findall(text.lower())) for text in (first, way.format(x=thing)))
    return len(one & two) / len(one | two)


def _said(rng: random.Random, way: str, thing: str) -> str:
    """A question with its mark, at times with a greeting or a closing."""
    end = "?" if _ASKING.search(way) else "."
    text = fill(rng, settle(rng, f"{pick(rng, _STARTS[end])}{way}{end}"), x=thing)
    text = re.sub(r"\b([Aa])(?= [aeiou])", r"\1n", text)
    return re.sub(r"\bi\b", "I", text) + pick(rng, _ENDS[end])
