"""How fast sentence vectors are made, and how fast MPNet scores pairs, beside what else does either.

``vectors``  ``Embedder.encode`` of MiniLM and of MPNet against sentence-transformers' ``SentenceTransformer.encode`` of
             the same folders at its best batch size (a short trial first); the vectors are compared number for number.
``scoring``  MPNet with a random head, one bundle: SameSay against torch's own ONNX export in ONNX Runtime with
             SameSay's tokens, batches and threads.

Texts go in on both sides, on as many threads each; rounds take turns. MPNet's weights: ``make teacher-weights``.

    python -m benchmarks.vectors_speed --peers-python ENVIRONMENT/bin/python [vectors scoring]

The environment is that of ``scoring_speed.py``; in it runs ``vectors_speed_peer.py``.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring
from benchmarks.scoring_speed import BATCH_SIZES, ratio, torch_graph
from benchmarks.workers import Worker

PARTS = ("vectors", "scoring")
TRIAL_TEXTS = 192
LABELS = ("entailment", "neutral", "contradiction")


def vectors(given: Any, folder: Path, texts: list[str]) -> tuple[dict[str, Any], list[measuring.Requirement]]:
    import samesay
    from samesay.model.presets.resolve import resolve

    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    figures: dict[str, Any] = {}
    requirements = []
    for name in given.models:
        script = str(measuring.ROOT / "benchmarks/vectors_speed_peer.py")
        said = ["vectors", str(folder), resolve(name).location, str(given.threads)]
        peer = Worker([str(given.peers_python), script, *said])
        embedder = samesay.Embedder.open(name, threads=given.threads)
        few = min(TRIAL_TEXTS, len(texts))
        trial = {
            size: min(peer.ask(batch_size=size, texts=few)["seconds"] for _ in range(2))
            for size in BATCH_SIZES
        }
        best = min(trial, key=trial.__getitem__)
        rounds: dict[str, measuring.Round] = {
            "samesay": lambda embedder=embedder: measuring.timed(partial(embedder.encode, texts)),
            "sentence-transformers": lambda peer=peer, best=best: float(
                peer.ask(batch_size=best, texts=len(texts))["seconds"]
            ),
        }
        seconds = measuring.alternate(rounds, given.rounds)
        theirs = np.load(folder / "vectors.npy")
        largest = np.abs(embedder.encode(texts) - theirs).max(axis=1)
        by_round = ratio(seconds, "sentence-transformers", "samesay")
        figures[name] = {
            "texts": len(texts),
            "texts_per_second": {
                one: round(len(texts) / statistics.median(of), 1) for one, of in seconds.items()
            },
            "seconds": {one: measuring.spread(of) for one, of in seconds.items()},
            "ratio_by_round": by_round,
            "batch_size_of_theirs": best,
            "largest_difference": float(largest.max()),
            "texts_that_differ": int((largest > 1e-5).sum()),
            "peer": peer.end(),
        }
        requirements += [
            measuring.at_least(
                f"{name}: times SentenceTransformer.encode's texts per second",
                1.3,
                by_round["median"],
                timing=True,
            ),
            measuring.exactly(
                f"{name}: vectors further than 1e-5 apart", 0, figures[name]["texts_that_differ"]
            ),
        ]
    return figures, requirements


def scoring(given: Any, folder: Path) -> tuple[dict[str, Any], list[measuring.Requirement]]:
    import samesay
    from samesay.data import load_pairs
    from samesay.pairs import Pair, Sides

    model = samesay.PairModel.from_preset("mpnet", LABELS, sides=("hypothesis", "premise"), max_length=128)
    head = model.task.output_dense.kernel
    head.assign(np.random.default_rng(0).standard_normal(head.shape))
    model.save(folder / "bundle")
    model.export(folder / "classifier")
    source = measuring.shared_data("snli") / "validation.parquet"
    table = load_pairs(source, sides=Sides("hypothesis", "premise"))
    pairs = [Pair(*each) for each in zip(table.first, table.second, strict=True)][: given.texts]
    script = str(measuring.ROOT / "benchmarks/vectors_speed_peer.py")
    peer = Worker(
        [str(given.peers_python), script, "export", str(folder), str(folder / "classifier"), "1"]
    ).end()
    ours = samesay.Scorer.open(folder / "bundle", threads=given.threads)
    theirs = {}
    for name, outcome in peer["exports"].items():
        if outcome == "written":
            theirs[name] = samesay.Scorer.open(folder / "bundle", threads=given.threads)
            theirs[name]._graph = torch_graph(folder / f"{name}.onnx", theirs[name]._graph)  # type: ignore[assignment]
    if not theirs:
        raise SystemExit(f"torch wrote no graph: {peer['exports']}")
    trial = {name: measuring.timed(partial(one.predict, pairs[:TRIAL_TEXTS])) for name, one in theirs.items()}
    best = min(trial, key=trial.__getitem__)
    rounds: dict[str, measuring.Round] = {
        "samesay": lambda: measuring.timed(partial(ours.predict, pairs)),
        "torch-onnx": lambda: measuring.timed(partial(theirs[best].predict, pairs)),
    }
    seconds = measuring.alternate(rounds, given.rounds)
    largest = float(np.abs(ours.predict(pairs) - theirs[best].predict(pairs)).max())
    by_round = ratio(seconds, "torch-onnx", "samesay")
    figures = {
        "pairs": len(pairs),
        "pairs_per_second": {
            one: round(len(pairs) / statistics.median(of), 1) for one, of in seconds.items()
        },
        "seconds": {one: measuring.spread(of) for one, of in seconds.items()},
        "ratio_by_round": by_round,
        "torch_export": {"taken": best, "trial_seconds": trial, **peer["exports"]},
        "largest_difference": largest,
        "peer": peer,
    }
    return figures, [
        measuring.at_least(
            "MPNet: times the pairs per second of torch's export", 1.1, by_round["median"], timing=True
        ),
        measuring.below("MPNet: largest difference of a probability", 1e-3, largest),
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (default: both)")
    parser.add_argument("--peers-python", type=Path, required=True)
    parser.add_argument("--models", nargs="*", default=["minilm", "mpnet"], help="of vectors (default: both)")
    parser.add_argument("--texts", type=int, default=2_000, help="texts, or pairs (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds of each (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of everybody (default: %(default)s)")
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    figures: dict[str, Any] = {"threads": given.threads}
    requirements: list[measuring.Requirement] = []
    with tempfile.TemporaryDirectory() as work:
        if "vectors" in (given.parts or PARTS):
            from samesay.data import load_pairs

            table = load_pairs(measuring.shared_data("mnli") / "validation.parquet")
            texts = list(dict.fromkeys([*table.first, *table.second]))[: given.texts]
            figures["vectors"], found = vectors(given, Path(work), texts)
            requirements += found
        if "scoring" in (given.parts or PARTS):
            figures["scoring"], found = scoring(given, Path(work))
            requirements += found
    rows = [
        [name, subject, rate]
        for name, one in (*figures.get("vectors", {}).items(), ("scoring", figures.get("scoring", {})))
        for subject, rate in one.get("texts_per_second", one.get("pairs_per_second", {})).items()
    ]
    measuring.print_table(["", "subject", "per second"], rows)
    return measuring.publish("vectors_speed", figures, requirements, results=given.results, where=where)


if __name__ == "__main__":
    sys.exit(main())
