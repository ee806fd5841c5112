"""What a report costs on top of the scoring: 100,000 pairs of made answers, of three labels and of a hundred.

`samesay evaluate --report` may take a fifth longer than scoring alone, and MiniLM scores 100,000 pairs in no less than
150 seconds on two cores. No model is run: the answers are drawn, which costs the report the same. The imports of
scipy, cleanlab and jinja2 are counted in.

    python -m benchmarks.report
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
from benchmarks import measuring

SCORING_SECONDS = 150
SHARE = 0.20
LABELS = (3, 100)
WORDS = ("a", "the", "dog", "cat", "sleeps", "plays", "no", "not", "two", "three", "outside", "sun")


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("--pairs", type=int, default=100_000, help="default: %(default)s")
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    figures: dict[str, Any] = {"pairs": given.pairs}
    for n_labels in LABELS:
        figures[f"labels_{n_labels}"] = measure(given.pairs, n_labels)
    rows = [
        [name, step, seconds]
        for name, of in figures.items()
        if isinstance(of, dict)
        for step, seconds in of["seconds"].items()
    ]
    measuring.print_table(["answers", "step", "processor seconds"], rows)
    total = figures[f"labels_{LABELS[0]}"]["total"]
    what = "processor seconds of the report of 100,000 pairs of three labels"
    met = [measuring.below(what, SCORING_SECONDS * SHARE, total, timing=True)]
    return measuring.publish("report", figures, met, results=given.results, where=where)


def measure(n_pairs: int, n_labels: int) -> dict[str, Any]:
    """Processor seconds of each step after the scoring."""
    random = np.random.default_rng(0)
    drawn = random.choice(WORDS, size=(2, n_pairs, 12))
    sides = [[" ".join(words) for words in side] for side in drawn.tolist()]
    logits = 2.5 * random.normal(size=(n_pairs, n_labels))
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (rows.cumsum(axis=1) < random.random((n_pairs, 1))).sum(axis=1).clip(max=n_labels - 1)
    seconds: dict[str, float] = {}
    last = time.process_time()

    def lap(step: str) -> None:
        nonlocal last
        seconds[step] = round(time.process_time() - last, 2)
        last = time.process_time()

    from samesay.data import Origin, PairTable
    from samesay.evaluation import evaluate
    from samesay.evaluation.report import examine, render_page, slices_of
    from samesay.pairs import LabelSet, Sides

    labels = LabelSet(tuple(f"label {index}" for index in range(n_labels)))
    table = PairTable(*sides, Sides("first", "second"), Origin("made"), labels, truth.astype(np.int32))
    asked = iter(range(0, n_pairs, 1024))

    class Drawn:
        sides = table.sides

        def __init__(self) -> None:
            self.answers = labels

        def predict(self, pairs: Any) -> Any:
            start = next(asked)
            return rows[start : start + len(pairs)]

    lap("imports")
    evaluation = evaluate(Drawn(), table)
    lap("figures")
    intervals = evaluation.intervals()
    lap("intervals")
    slices = slices_of(table)
    lap("slices")
    examination = examine(evaluation, table, intervals=intervals, slices=slices)
    lap("examination")
    report = {
        **evaluation.to_dict(),
        "model": "drawn",
        "backend": "none",
        "baselines": {},
        "intervals": {name: one.to_dict() if one else None for name, one in intervals.items()},
        **examination.to_dict(),
        "samesay": "",
    }
    page = render_page(report)
    json.dumps(report)
    lap("page")
    return {
        "seconds": seconds,
        "total": round(sum(seconds.values()), 2),
        "page_kb": len(page.encode()) // 1024,
    }


if __name__ == "__main__":
    sys.exit(main())
