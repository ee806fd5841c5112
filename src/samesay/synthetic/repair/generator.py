"""Labelled pairs without end that teach what the behaviour suite asks, in blocks of three, one of each label.

A block is one hypothesis beside a premise of each label, chosen so that what can be seen without reading gives nothing
away: shared words, denials, length (McCoy et al. 2019, "Right for the Wrong Reasons", for what happens otherwise).
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from samesay.pairs import Pair
from samesay.synthetic.behaviour.block import several
from samesay.synthetic.captions.grammar import pick
from samesay.synthetic.repair import amounts, kinds, logic, people
from samesay.synthetic.repair.situation import (
    ENTAILMENT,
    LABELS,
    NEUTRAL,
    Saying,
    Situation,
    fill,
    label_of,
)
from samesay.synthetic.repair.words import ASIDES

TOPICS: dict[str, Callable[[random.Random], Situation]] = {
    "negation": logic.negation,
    "conjunction": logic.conjunction,
    "attempts": logic.attempts,
    "conditionals": logic.conditionals,
    "quantifiers": logic.quantifiers,
    "duties": logic.duties,
    "reports": logic.reports,
    "opposites": kinds.opposites,
    "kinds": kinds.kinds,
    "values": kinds.values,
    "qualities": kinds.qualities,
    "counts": amounts.counts,
    "measures": amounts.measures,
    "windows": amounts.windows,
    "dates": amounts.dates,
    "sequences": amounts.sequences,
    "rankings": amounts.rankings,
    "encounters": people.encounters,
    "relations": people.relations,
    "deliveries": people.deliveries,
    "profiles": people.profiles,
    "posts": people.posts,
    "occasions": people.occasions,
    "whereabouts": people.whereabouts,
}
UNRELATED, IDENTITY = "unrelated", "identity"
_UNRELATED_SHARE, _IDENTITY_SHARE, _PARAGRAPH_SHARE = 0.4, 0.07, 0.4
# Of the words of the hypothesis, the most that one premise of a block may share above another.
_SPREAD = 0.3
_DENIAL = re.compile(
    r"\b(?:not?|never|neither|nor|nobody|untrue|incorrect|wrong|without|failed|forgot)\b", re.IGNORECASE
)
_WORD = re.compile(r"[\w'$%]+")
# Share of the hypothesis' words that are found in the premise; whether the premise denies; its words.
Cues = tuple[float, float, float]
# What a difference in them costs, where premises are chosen alike, and where labels are kept alike.
_WEIGHTS, _DEBTS = (4.0, 0.7, 0.06), (250.0, 8.0, 0.06)
_TEMPLATE, _ALL = 2.0, ""


def iter_pairs(*, seed: int = 0, topics: tuple[str, ...] = tuple(TOPICS)) -> Iterator[tuple[Pair, str]]:
    """Endless different pairs, three of a block after each other, each with what it is about.

    The same seed gives the same pairs on every platform; a longer run begins with a shorter one.

    Args:
        seed: Any integer.
        topics: What they are about; all in like shares.

    Yields:
        The pair and its topic: one of ``TOPICS``, ``unrelated`` or ``identity``.
    """
    rng = random.Random(f"samesay repair 1 {seed}")
    balance = _Balance()
    seen: set[tuple[str, str]] = set()
    while True:
        topic = min(several(rng, topics, min(3, len(topics))), key=balance.blocks_of)
        block = _block(rng, topic, topics, balance)
        if block is None or any((premise, block[0]) in seen for premise, _, _ in block[1]):
            continue
        hypothesis, premises = block
        for premise, label, about in several(rng, premises, len(LABELS)):
            seen.add((premise, hypothesis))
            yield Pair(premise, hypothesis, label), about


class _Balance:
    """How the labels differ so far in what can be seen without reading; the next block makes up for it."""

    def __init__(self) -> None:
        self._sums: dict[str, list[list[float]]] = defaultdict(lambda: [[0.0] * len(_DEBTS) for _ in LABELS])
        self._blocks: Counter[str] = Counter()
        self._used: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0] * len(LABELS))

    def add(self, topic: str, chosen: list[tuple[Saying, Cues]]) -> None:
        """Count the premises of a block, in the order of ``LABELS``."""
        for label, (premise, seen) in enumerate(chosen):
            self._used[topic, premise.template][label] += 1
            for name in (topic, _ALL):
                self._sums[name][label] = [
                    old + cue for old, cue in zip(self._sums[name][label], seen, strict=True)
                ]
        self._blocks.update((topic, _ALL))

    def blocks_of(self, topic: str) -> int:
        """How many there were."""
        return self._blocks[topic]

    def cost(self, topic: str, label: int, premise: Saying, seen: Cues) -> float:
        """How much worse it gets if this is the next premise of the label."""
        used = self._used[topic, premise.template]
        mean = sum(used) / len(LABELS)
        cost = _TEMPLATE * (used[label] - mean) / (2 + mean)
        for name in (topic, _ALL):
            sums, n = self._sums[name], 20 + self._blocks[name]
            for place, (weight, cue) in enumerate(zip(_DEBTS, seen, strict=True)):
                above = sums[label][place] - sum(of[place] for of in sums) / len(LABELS)
                cost += weight * above / n * cue
        return cost


def cues(premise: str, hypothesis: str) -> Cues:
    """What can be seen without reading of a pair."""
    first, second = (_WORD.findall(text.lower()) for text in (premise, hypothesis))
    known = set(first)
    return (
        sum(word in known for word in second) / len(second),
        float(bool(_DENIAL.search(premise))),
        len(first),
    )


def _block(
    rng: random.Random, topic: str, topics: tuple[str, ...], balance: _Balance
) -> tuple[str, list[tuple[str, str, str]]] | None:
    """A hypothesis with a premise of each label and what that pair is about, in the order of ``LABELS``."""
    there = TOPICS[topic](rng)
    hypothesis = pick(rng, [saying for saying in there.sayings if saying.asked])
    found: dict[str, list[Saying]] = {label: [] for label in LABELS}
    for premise in there.sayings:
        label = label_of(premise, hypothesis)
        if premise.given and label is not None and hypothesis.text not in premise.text:
            found[label].append(premise)
    about = dict.fromkeys(LABELS, topic)
    draw = rng.random()
    if draw < _UNRELATED_SHARE:
        about[NEUTRAL], found[NEUTRAL] = UNRELATED, _elsewhere(rng, hypothesis.text, there.domain, topics)
    elif draw < _UNRELATED_SHARE + _IDENTITY_SHARE:
        about[ENTAILMENT], found[ENTAILMENT] = IDENTITY, [hypothesis]
    if not all(found.values()):
        return None
    chosen = _alike(rng, topic, found, hypothesis.text, balance)
    shared = [seen[0] for _, seen in chosen]
    if max(shared) - min(shared) > _SPREAD:
        return None
    balance.add(topic, chosen)
    texts = [premise.text for premise, _ in chosen]
    asides = [fill(rng, text) for text in ASIDES.get(there.domain, ())]
    if len(asides) > 1 and rng.random() < _PARAGRAPH_SHARE:
        beside = several(rng, [aside for aside in asides if aside not in texts], 1 + int(rng.random() * 3))
        place = int(rng.random() * (len(beside) + 1))
        texts = [" ".join((*beside[:place], text, *beside[place:])) for text in texts]
    return hypothesis.text, [(text, label, about[label]) for text, label in zip(texts, LABELS, strict=True)]


def _alike(
    rng: random.Random, topic: str, found: dict[str, list[Saying]], hypothesis: str, balance: _Balance
) -> list[tuple[Saying, Cues]]:
    """A premise of each label, as alike as there are in what can be seen without reading."""
    candidates = [[(premise, cues(premise.text, hypothesis)) for premise in found[label]] for label in LABELS]
    # A label with one premise only leads, since it has no choice.
    leading = next((some for some in candidates if len(some) == 1), pick(rng, candidates))
    _, target = pick(rng, leading)
    chosen: list[tuple[Saying, Cues]] = []
    for label, some in enumerate(candidates):
        costs = [
            sum(weight * abs(one - other) for weight, one, other in zip(_WEIGHTS, seen, target, strict=True))
            + balance.cost(topic, label, premise, seen)
            + rng.random()
            for premise, seen in some
        ]
        chosen.append(some[costs.index(min(costs))])
    return chosen


def _elsewhere(rng: random.Random, hypothesis: str, domain: str, topics: tuple[str, ...]) -> list[Saying]:
    """Texts about something else: of another domain, or what may stand beside it in its own."""
    nowhere: frozenset[int] = frozenset()
    texts = [fill(rng, text) for text in ASIDES.get(domain, ())]
    for _ in range(4):
        other = TOPICS[pick(rng, topics)](rng)
        if other.domain != domain:
            texts += [saying.text for saying in several(rng, other.sayings, 2)]
    content = _content(hypothesis)
    return [Saying(text, nowhere, nowhere, -1) for text in texts if not content & _content(text)]


def _content(text: str) -> set[str]:
    """Words that tell what a text is about, as far as length and capitals tell."""
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 4}
