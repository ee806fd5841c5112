"""What reading a long source in windows costs: SNLI, with the premise hidden among the premises of other pictures.

Pairs of ``snli_halves/report`` (the rule was chosen on the other half) whose premise stands at a random place among 0,
4, 9 and 19 others, drawn at random; the text is read by ``WindowedScorer`` with windows of one and of two sentences and
by both of its rules. Beside it the bare pair's accuracy. At 20 premises the accuracy by the default settings has to be
within 3 points of it; the figures are published whatever they are.

A premise may hold more than one sentence. The premises around it are about other scenes; now and then one of them
entails the hypothesis as well ("People are outside."), so the gold label is not always right for the whole text.

    python -m benchmarks.window_rule --model runs/minilm_snli/full/model
"""

from __future__ import annotations

import random
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring

from samesay.bundle import open_bundle
from samesay.pairs import Pair
from samesay.scoring import Scorer, WindowedScorer
from samesay.scoring.matching import asking_side
from samesay.scoring.windows import RULES

COUNTS = (1, 5, 10, 20)
SENTENCES = (1, 2)
DEFAULT = ("nearest", 1)
POINTS = 3.0


class Remembered:
    """A scorer that answers a question it was asked before from memory: rules and windows ask the same ones."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.answers, self.sides = scorer.labels, scorer.sides
        self._known: dict[tuple[str, str], tuple[Any, Any]] = {}

    def predict(self, pairs: Sequence[Pair]) -> Any:
        """As the scorer does."""
        return self.read(pairs)[0]

    def read(self, pairs: Sequence[Pair]) -> tuple[Any, Any]:
        """As the scorer does, each question once."""
        keys = [(pair.first, pair.second) for pair in pairs]
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        probabilities, lost = self._scorer.read([Pair(*key) for key in new])
        self._known |= dict(zip(new, zip(probabilities, lost, strict=True), strict=True))
        return (
            np.array([self._known[key][0] for key in keys]).reshape(len(keys), len(self.answers)),
            np.array([self._known[key][1] for key in keys]).reshape(len(keys), 2),
        )


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("--model", type=Path, default=measuring.RUNS / "minilm_snli" / "full" / "model")
    parser.add_argument("--pairs", type=int, default=1_000, help="drawn at random (default: %(default)s)")
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    figures, requirements = measure(given)
    return measuring.publish("window_rule", figures, requirements, results=given.results, where=where)


def measure(given: Namespace) -> tuple[dict[str, Any], list[measuring.Requirement]]:
    from samesay.data import load_pairs

    scorer = Remembered(Scorer.open(given.model))
    sides = scorer.sides
    asking = asking_side(sides)
    if asking is None:
        raise SystemExit(f"{given.model} reads {sides}, not premises and hypotheses.")
    table = load_pairs(measuring.shared_data("snli_halves") / "report.parquet", sides=sides)
    table = table.with_answers(scorer.labels)
    premises = table.second if asking == sides.first else table.first
    claims = table.first if asking == sides.first else table.second
    draw = random.Random(0)
    chosen = draw.sample(range(len(table)), min(given.pairs, len(table)))
    gold = table.require_gold()[chosen]

    def accuracy(rows: Any) -> float:
        return round(float((rows.argmax(axis=1) == gold).mean()), 4)

    bare = accuracy(scorer.predict([sides.pair(asking, claims[at], premises[at]) for at in chosen]))
    different = sorted(set(premises))
    measured: list[dict[str, Any]] = []
    for count in COUNTS:
        pages = [page(premises[at], different, count, draw) for at in chosen]
        pairs = [sides.pair(asking, claims[at], text) for at, (text, _) in zip(chosen, pages, strict=True)]
        for sentences in SENTENCES:
            for rule in RULES:
                found = WindowedScorer(scorer, sentences=sentences, rule=rule).score(pairs)
                rows = np.array([list(one.prediction.probabilities.values()) for one in found])
                hit = [
                    one.start < end and one.end > start
                    for one, (_, (start, end)) in zip(found, pages, strict=True)
                ]
                one = {
                    "premises": count,
                    "sentences": sentences,
                    "rule": rule,
                    "accuracy": accuracy(rows),
                    "decided_by_the_premise": round(float(np.mean(hit)), 4),
                    "answers": {
                        name: int((rows.argmax(axis=1) == at).sum()) for at, name in enumerate(scorer.labels)
                    },
                }
                measured.append(one)
                print(one, file=sys.stderr, flush=True)
    measuring.print_table(
        ["premises", "sentences", "rule", "accuracy", "points lost", "premise decides"],
        [
            [
                one["premises"],
                one["sentences"],
                one["rule"],
                one["accuracy"],
                f"{100 * (bare - one['accuracy']):.1f}",
                one["decided_by_the_premise"],
            ]
            for one in measured
        ],
    )
    (last,) = (
        one
        for one in measured
        if one["premises"] == COUNTS[-1] and (one["rule"], one["sentences"]) == DEFAULT
    )
    points = round(100 * (bare - last["accuracy"]), 2)
    figures = {
        "model": open_bundle(given.model, verify=False).manifest.checksum,
        "pairs": len(chosen),
        "bare_accuracy": bare,
        "windows": measured,
    }
    return figures, [
        measuring.Requirement(
            f"points lost at {COUNTS[-1]} premises, rule {DEFAULT[0]}, windows of {DEFAULT[1]}",
            f"at most {POINTS:g}",
            points,
            points <= POINTS,
        )
    ]


def page(premise: str, others: Sequence[str], count: int, draw: random.Random) -> tuple[str, tuple[int, int]]:
    """``premise`` among ``count - 1`` others, each closed by a full stop, and where it begins and ends."""
    around = [other for other in draw.sample(others, count) if other != premise][: count - 1]
    at = draw.randrange(count)
    closed = [closed_sentence(text) for text in (*around[:at], premise, *around[at:])]
    start = sum(len(text) + 1 for text in closed[:at])
    return " ".join(closed), (start, start + len(closed[at]))


def closed_sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


if __name__ == "__main__":
    sys.exit(main())
