"""One hypothesis beside premises that give it every label: what the behaviour suite is made of.

Since a hypothesis stands in a block once with each label, nobody can do better than chance by reading it alone
(Poliak et al. 2018, "Hypothesis Only Baselines in Natural Language Inference", for what happens otherwise).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from samesay.synthetic.behaviour.words import MEN, WOMEN
from samesay.synthetic.captions.grammar import pick

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """A hypothesis and premises about the same situation, named by what they say of it.

    Attributes:
        hypothesis: The second text of every pair of the block.
        entailment: A premise from which it follows.
        neutral: A premise that leaves it open.
        contradiction: A premise that excludes it.
        same: A text that says just what the hypothesis says; the one of ``entailment`` where absent.
        different: A text that, with whatever words they share, plainly says something else; the one of
            ``contradiction`` where absent.
    """

    hypothesis: str
    entailment: str
    neutral: str
    contradiction: str
    same: str = ""
    different: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "same", self.same or self.entailment)
        object.__setattr__(self, "different", self.different or self.contradiction)

    def premises(self) -> tuple[str, str, str]:
        """Those of entailment, neutral and contradiction."""
        return self.entailment, self.neutral, self.contradiction


def several(rng: random.Random, options: Sequence[T], n: int) -> list[T]:
    """``n`` different ones of ``options``, in random order."""
    left = list(options)
    return [left.pop(int(rng.random() * len(left))) for _ in range(n)]


def chance(rng: random.Random, probability: float = 0.5) -> bool:
    """Whether it happens."""
    return rng.random() < probability


def pronoun(name: str) -> str:
    """``he`` or ``she``."""
    return "she" if name in WOMEN else "he"


def man_and_woman(rng: random.Random) -> list[str]:
    """The names of two people whom a pronoun tells apart, in random order."""
    return several(rng, (pick(rng, WOMEN), pick(rng, MEN)), 2)
