"""Caption-like pairs whose labels are true by construction, any number of them, by seed.

The hypothesis is drawn first and then a premise that implies it, leaves it open or excludes it, read as
picture captions are: both sentences describe the same picture and the same main actor. Neither side alone
therefore says much about the label. ``train`` and ``validation`` share words and templates and no premise;
``test`` shares neither content words nor templates with them. The module knows nothing of tables, models or files.

Agents, their number, a trait, a garment, an action, a place and a time already make more than 100 million
premises in train and 10 million in test, before templates, companions, coloured objects and other kinds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from zlib import crc32

from samesay.errors import UsageError, near
from samesay.pairs import LabelSet, Pair, Sides
from samesay.synthetic.captions.relations import GroupSampler, RoleSampler, SpatialSampler
from samesay.synthetic.captions.scenes import SceneSampler

LABELS = LabelSet(("entailment", "neutral", "contradiction"))
SIDES = Sides("premise", "hypothesis")
SPLITS = ("train", "validation", "test")

# Every tenth premise of the shared words belongs to validation, by its checksum: whatever the seeds and
# sizes, no premise of one split occurs in the other.
_VALIDATION_SHARE = 10
_FAMILIES = (0.68, 0.82, 0.92)  # scenes, then roles, groups and spatial relations, as cumulated shares


@cache
def _samplers(
    held_out: bool,
) -> tuple[SceneSampler, RoleSampler, GroupSampler, SpatialSampler]:
    if held_out:
        from samesay.synthetic.captions.test_words import TEST_WORDS as words
    else:
        from samesay.synthetic.captions.train_words import TRAIN_WORDS as words
    return (
        SceneSampler(words, held_out=held_out),
        RoleSampler(words, held_out=held_out),
        GroupSampler(words, held_out=held_out),
        SpatialSampler(words, held_out=held_out),
    )


def iter_pairs(*, split: str = "train", seed: int = 0) -> Iterator[tuple[Pair, str]]:
    """Endless different pairs, one at a time, each with the capability it asks for.

    Labels come in shuffled threes, so every prefix is balanced to within one pair of a class. The same split
    and seed give the same pairs on every platform; a longer run begins with a shorter one.

    Args:
        split: ``train``, ``validation`` or ``test``.
        seed: Any integer.

    Yields:
        The pair and its capability: ``agent``, ``hypernym``, ``dropped-detail`` (entailment only),
        ``action``, ``place``, ``time``, ``trait``, ``colour``, ``clothing`` (no contradiction),
        ``company``, ``number``, ``quantifier``, ``negation``, ``role``, ``passive`` or ``position``.

    Raises:
        UsageError: If there is no such split.
    """
    if split not in SPLITS:
        close = near(split, SPLITS)
        raise UsageError(
            f"The generator has no split {split!r}.",
            expected=f"one of {', '.join(SPLITS)}",
            hint=f"did you mean {close[0]!r}?" if close else None,
        )
    return _pairs(split, seed)


def _pairs(split: str, seed: int) -> Iterator[tuple[Pair, str]]:
    # seeded by a text, which random.Random reads the same way everywhere; hash() differs between runs
    rng = random.Random(f"samesay captions 1 {split} {seed}")
    samplers = _samplers(split == "test")
    seen: set[int] = set()
    while True:
        order = list(LABELS)
        for place in (2, 1):  # Fisher-Yates by random() alone, as random.shuffle may change
            other = int(rng.random() * (place + 1))
            order[place], order[other] = order[other], order[place]
        for label in order:
            draw = rng.random()
            sampler = samplers[sum(draw >= edge for edge in _FAMILIES)]
            while True:
                drawn = sampler.draw(rng, label)
                if drawn is None:
                    continue
                first, second, capability = drawn
                checksum = crc32(first.encode())
                if split != "test" and (checksum % _VALIDATION_SHARE == 0) != (split == "validation"):
                    continue
                key = checksum << 32 | crc32(second.encode())
                if key not in seen:
                    break
            seen.add(key)
            yield Pair(first, second, label), capability
