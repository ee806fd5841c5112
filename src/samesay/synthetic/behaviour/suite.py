"""The behaviour suite: of every capability as many blocks as are asked for, by seed.

In the manner of CheckList (Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList"):
small templates whose answers are true by construction. Both texts of a pair tell of one situation. Knows texts and what
is true of them, no models and no labels of theirs.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from samesay.errors import UsageError
from samesay.pairs import Sides
from samesay.synthetic.behaviour import lexical, relational
from samesay.synthetic.behaviour.block import Block

SIDES = Sides("premise", "hypothesis")
CAPABILITIES: dict[str, Callable[[random.Random], Block]] = {
    "negation": lexical.negation,
    "antonyms": lexical.antonyms,
    "taxonomy": lexical.taxonomy,
    "numbers": lexical.numbers,
    "quantifiers": lexical.quantifiers,
    "roles": relational.roles,
    "voice": relational.voice,
    "place-and-time": relational.place_and_time,
    "conjunction": relational.conjunction,
    "comparison": relational.comparison,
    "modality": relational.modality,
    "coreference": relational.coreference,
    "unrelated": relational.unrelated,
}
# Three labels give 300 pairs and two give 200, all of them different.
BLOCKS = 100


def blocks_of(capability: str, *, seed: int = 0, n_blocks: int = BLOCKS) -> list[Block]:
    """Different blocks of one capability; the same ones for the same seed on every platform.

    Args:
        capability: One of ``CAPABILITIES``.
        seed: Any integer.
        n_blocks: How many; at most some hundreds.

    Returns:
        Blocks of which no two share a pair of texts in either order.

    Raises:
        UsageError: If the words do not suffice for as many.
    """
    draw = CAPABILITIES[capability]
    rng = random.Random(f"samesay check 1 {capability} {seed}")
    seen: set[frozenset[str]] = set()
    blocks: list[Block] = []
    for _ in range(30 * n_blocks):
        if len(blocks) == n_blocks:
            return blocks
        block = draw(rng)
        texts = {*block.premises(), block.same, block.different}
        pairs = {frozenset((text, block.hypothesis)) for text in texts}
        if not pairs & seen:
            seen |= pairs
            blocks.append(block)
    if len(blocks) < n_blocks:
        raise UsageError(
            f"The words of {capability} make {len(blocks)} blocks.",
            where="n_blocks",
            expected=f"at most {len(blocks)}",
        )
    return blocks
