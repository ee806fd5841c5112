"""What it costs to store a model's weights in fewer bits: bytes in the wheel, time to open, changed answers.

    python -m benchmarks.narrow_storage MODEL DATA [--pairs 2000] [--rounds 4]

MODEL has a verified ONNX part, DATA is a table of pairs. Every storage is compared with 32 bits: bytes on the disk and
deflated, seconds of processor time to open the graph, to answer one pair and each of 32, the largest and the mean
difference of a probability, the divergence, changed predictions, and a pair alone against the same among others.
"""

from __future__ import annotations

import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
from benchmarks import measuring

from samesay.data import load_pairs
from samesay.decision import softmax
from samesay.export import narrow
from samesay.runs.quantizing import read_by
from samesay.scoring import Scorer

STORAGES = ("float32", "float16", "int8", "compact")


def cpu_seconds(work):
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main():
    parser = measuring.arguments(__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    where = measuring.surroundings()
    base = Scorer.open(given.model, threads=1)
    table = load_pairs(given.data, labels=base.labels, prefer=("validation",)).with_sides(base.sides)
    pairs = table.pairs()[: given.pairs]
    inputs = read_by(base, table)
    figures, expected = {}, None
    with tempfile.TemporaryDirectory() as folder:
        for storage in STORAGES:
            source = base._folder / "onnx" / "model.onnx"
            file = source if storage == "float32" else Path(folder) / f"{storage}.onnx"
            if file is not source:
                narrow(source, file, storage, inputs)

            def opened(file=file):
                return Scorer.from_parts(file, base.encoder, base.answers, base.sides, threads=1)

            scorer = opened()
            found = softmax(scorer.logits(pairs)).astype(np.float64)
            expected = found if expected is None else expected
            apart = np.abs(found - expected).max(axis=1)
            alone = softmax(np.concatenate([scorer.logits([pair]) for pair in pairs[:50]]))
            content = file.read_bytes()
            figures[storage] = {
                "megabytes": len(content) / 1e6,
                "deflated": len(zlib.compress(content, 6)) / 1e6,
                "open_seconds": min(cpu_seconds(opened) for _ in range(given.rounds)),
                "one_pair_seconds": min(cpu_seconds(lambda s=scorer: s.logits(pairs[:1])) for _ in range(20)),
                "seconds_a_pair_of_32": min(
                    cpu_seconds(lambda s=scorer: s.logits(pairs[:32])) / 32 for _ in range(given.rounds)
                ),
                "largest_difference": float(apart.max()),
                "mean_difference": float(apart.mean()),
                "divergence": float((expected * np.log(expected / found)).sum(axis=1).mean()),
                "changed": int(np.sum(found.argmax(axis=1) != expected.argmax(axis=1))),
                "alone_and_among_others": float(np.abs(alone - found[:50]).max()),
            }
    measuring.print_table(
        ["storage", *next(iter(figures.values()))],
        [(name, *values.values()) for name, values in figures.items()],
    )
    return measuring.publish(
        "narrow_storage", {"pairs": len(pairs), **figures}, [], results=given.results, where=where
    )


if __name__ == "__main__":
    sys.exit(main())
