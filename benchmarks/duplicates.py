"""Whether `samesay duplicates` finds in minutes what asking a model about all pairs would find in days.

Three parts:

``first_pass``   What the first pass alone finds: of the pairs of STS-B and SICK (train) that people scored 4.5 or more
                 out of 5, the share that is among the candidates taken from all of the set's sentences. No model.
``planted``      10,000 generated sentences, 2,000 of which are other wordings of 2,000 others. The whole of
                 `duplicates` is timed; then the model is asked about all pairs of 500 of the sentences, 125 planted
                 pairs among them, and the share of those it calls the same that `duplicates` had found has to be 0.95
                 or more, in under 5 minutes.
``real``         The same with the 10,534 sentences of STS-B (train); the pairs that people scored 4.5 or more stand for
                 planted ones.

    python -m benchmarks.duplicates first_pass
    python -m benchmarks.duplicates planted real --model runs/minilm_snli/full/model
"""

from __future__ import annotations

import random
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from benchmarks import measuring

from samesay.bundle import open_bundle

PARTS = ("first_pass", "planted", "real")
NEIGHBOURS = (3, 5, 10, 20)
SAME_SCORE = 4.5
RECALL = 0.95
SECONDS = 300


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; both by default")
    parser.add_argument("--model", type=Path, default=measuring.RUNS / "minilm_snli" / "full" / "model")
    parser.add_argument("--texts", type=int, default=10_000, help="of `planted` (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=2_000, help="planted (default: %(default)s)")
    parser.add_argument("--subset", type=int, default=500, help="texts asked about in all pairs")
    parser.add_argument("--candidates", type=int, default=5, help="neighbours (default: %(default)s)")
    given = parser.parse_args(arguments)
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}; there are {', '.join(PARTS)}")
    status = 0
    for part in given.parts or PARTS:
        where = measuring.surroundings()
        if part == "first_pass":
            figures, requirements = measure_first_pass()
        else:
            texts, pairs = plant(given.texts, given.pairs) if part == "planted" else scored()
            figures, requirements = measure_whole(given, texts, pairs)
        status |= measuring.publish(
            f"duplicates_{part}", figures, requirements, results=given.results, where=where
        )
    return status


def measure_first_pass() -> tuple[dict[str, Any], list[measuring.Requirement]]:
    from samesay.scoring.matching import nearest_texts

    figures: dict[str, Any] = {}
    for name in ("stsb", "sick"):
        texts, same = graded_pairs(name)
        found: dict[str, Any] = {"texts": len(texts), "same_pairs": len(same), "neighbours": {}}
        for k in NEIGHBOURS:
            begin = time.perf_counter()
            candidates, _ = nearest_texts(texts, k=k)
            seconds = time.perf_counter() - begin
            known = set(map(tuple, candidates.tolist()))
            found["neighbours"][k] = {
                "recall": round(len(same & known) / len(same), 4),
                "candidates": len(candidates),
                "seconds": round(seconds, 2),
            }
        figures[name] = found
    measuring.print_table(
        ["set", "texts", "same pairs", "neighbours", "recall", "candidates", "seconds"],
        [
            [name, of["texts"], of["same_pairs"], k, one["recall"], one["candidates"], one["seconds"]]
            for name, of in figures.items()
            for k, one in of["neighbours"].items()
        ],
    )
    return figures, []


def graded_pairs(name: str) -> tuple[list[str], set[tuple[int, int]]]:
    """The different sentences of a scored set, and which two of them people call the same."""
    from samesay.data import iter_rows

    sides = ("sentence1", "sentence2") if name == "stsb" else ("premise", "hypothesis")
    index: dict[str, int] = {}
    same = set()
    for row in iter_rows(measuring.shared_data(name) / "train.parquet"):
        one, other = sorted(index.setdefault(row.values[side].strip(), len(index)) for side in sides)
        if row.values["score"] >= SAME_SCORE and one != other:
            same.add((one, other))
    return list(index), same


def scored() -> tuple[list[str], list[tuple[int, int]]]:
    """The sentences of STS-B, and the index pairs of those that people call the same, in random order."""
    texts, same = graded_pairs("stsb")
    return texts, random.Random(0).sample(sorted(same), len(same))


def measure_whole(
    given: Namespace, texts: list[str], planted: list[tuple[int, int]]
) -> tuple[dict[str, Any], list[measuring.Requirement]]:
    import numpy as np

    from samesay.jobs.duplicates import DuplicateOptions, find_duplicates
    from samesay.scoring import Scorer
    from samesay.scoring.matching import Sameness, nearest_texts

    scorer = Scorer.open(given.model)
    result = find_duplicates(scorer, texts, search=DuplicateOptions(candidates=given.candidates))
    found = {(pair.first.index, pair.second.index) for pair in result.pairs}
    peak = measuring.peak_memory_mb()

    subset = sorted({end for pair in planted[: given.subset // 4] for end in pair})
    others = [index for index in range(len(texts)) if index not in set(subset)]
    subset = sorted([*subset, *random.Random(1).sample(others, given.subset - len(subset))])
    one, other = np.triu_indices(len(subset), k=1)
    every = np.array(subset)[np.stack([one, other], axis=1)]
    print(f"{len(every):,} pairs of the subset ...", file=sys.stderr, flush=True)
    decider = Sameness(scorer)
    begin = time.perf_counter()
    answers = decider.ask(texts, texts, every)
    all_pairs_seconds = time.perf_counter() - begin
    same = set(map(tuple, every[answers.scores >= decider.threshold].tolist()))
    recall = round(len(same & found) / len(same), 4) if same else 0.0
    first_pass = {}
    for neighbours in NEIGHBOURS:
        candidates = set(map(tuple, nearest_texts(texts, k=neighbours)[0].tolist()))
        first_pass[str(neighbours)] = {
            "candidates": len(candidates),
            "recall": round(len(same & candidates) / len(same), 4) if same else 0.0,
        }
    figures = {
        "model": open_bundle(given.model, verify=False).manifest.checksum,
        "label": result.label,
        "orders": result.orders,
        "texts": len(texts),
        "planted_pairs": len(planted),
        "neighbours": given.candidates,
        "candidates": result.n_candidates,
        "asked": result.n_asked,
        "pairs_found": len(result.pairs),
        "planted_found": len(found & set(planted)),
        "groups": len(result.groups),
        "largest_group": max(map(len, result.groups), default=0),
        "seconds": {name: round(value, 1) for name, value in result.seconds.items()},
        "peak_memory_mb": peak,
        "subset": {
            "texts": len(subset),
            "pairs": len(every),
            "same": len(same),
            "found": len(same & found),
            "planted_same": len(same & set(planted)),
            "planted": sum(set(pair) <= set(subset) for pair in planted),
            "asked": answers.n_asked,
            "seconds": round(all_pairs_seconds, 1),
        },
        "recall": recall,
        "first_pass_by_neighbours": first_pass,
    }
    return figures, [
        measuring.at_least(f"recall against all pairs of {len(subset)} texts", RECALL, recall),
        measuring.below(
            f"seconds for {len(texts):,} texts", SECONDS, round(result.seconds["total"], 1), timing=True
        ),
    ]


def plant(n_texts: int, n_pairs: int, *, seed: int = 0) -> tuple[list[str], list[tuple[int, int]]]:
    """Different generated sentences in random order, and the index pairs of those that word one scene."""
    from samesay.synthetic.captions.scenes import SceneSampler
    from samesay.synthetic.captions.train_words import TRAIN_WORDS

    draw = random.Random(f"planted duplicates {seed}")
    sampler = SceneSampler(TRAIN_WORDS, held_out=False)
    seen: set[str] = set()
    drawn: list[tuple[str, ...]] = []
    while len(seen) < n_texts:
        one, other = sampler.two_wordings(draw)
        wanted = (one, other) if len(drawn) < n_pairs else (one,)
        if one != other and not seen & {one, other}:
            seen |= set(wanted)
            drawn.append(wanted)
    places = list(range(n_texts))
    draw.shuffle(places)
    texts = [""] * n_texts
    planted = []
    for scene in drawn:
        ends = [places.pop() for _ in scene]
        for end, text in zip(ends, scene, strict=True):
            texts[end] = text
        if len(ends) == 2:
            planted.append((min(ends), max(ends)))
    return texts, planted


if __name__ == "__main__":
    sys.exit(main())
