"""What `samesay train PAIRS -o MODEL` makes of 50, 200 and 1,000 pairs, beside what needs no training.

Pairs are drawn from a file, the defaults of the command train on them, and the model is measured on other pairs of the
file that share no text with them. A row a draw: the metric of the model there, of always giving one answer, what
cross-validation had said, which recipe was chosen, and how many warnings there were.

    python -m benchmarks.few_pairs ../shared/data/cad_nli/train.parquet --pairs 50 200 1000 --draws 5
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring

import samesay
from samesay.data import PairTable, load_pairs
from samesay.data.groups import groups_of
from samesay.evaluation import evaluate
from samesay.jobs.train import train
from samesay.predictors.opening import open_predictor
from samesay.recipes.run import Run

_MOST_MEASURED = 1_000


def draw(table: PairTable, n_pairs: int, seed: int) -> tuple[PairTable, PairTable]:
    """Pairs to learn from, and others of which no text is among theirs."""
    groups = groups_of(table, largest=0.5)
    order = np.random.default_rng(seed).permutation(len(groups))
    rank = np.argsort(order)[groups.ids]
    rows = np.argsort(rank, kind="stable")
    learned = rows[:n_pairs]
    others = rows[rank[rows] > rank[learned].max()]
    return table.select(learned), table.select(others[:_MOST_MEASURED])


def write(table: PairTable, path: Path) -> None:
    """The pairs as CSV."""
    gold = table.label_names() if table.labels is not None else table.require_gold().tolist()
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow([*table.sides, "label" if table.labels is not None else "score"])
        rows.writerows(zip(table.first, table.second, gold, strict=True))


def one(table: PairTable, n_pairs: int, seed: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Train on a draw by the defaults, and measure."""
    learned, measured = draw(table, n_pairs, seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(learned, folder / "few.csv")
        result = train(Run(data=str(folder / "few.csv"), output=str(folder / "model"), **settings))
        found = evaluate(open_predictor(folder / "model").predictor, measured)
    metric = "accuracy" if table.labels is not None else "spearman"
    return {
        "pairs": n_pairs,
        "seed": seed,
        "metric": metric,
        "model": found.metrics.get(metric),
        "one_answer": found.constant.metrics.get(metric),
        "cross_validated": None if result.evaluation is None else result.evaluation.metrics.get(metric),
        "alternatives": {each.name: each.metrics.get(metric) for each in result.alternatives},
        "chosen": result.few_pairs.chosen.name if result.few_pairs else result.preset,
        "seconds": result.few_pairs.seconds if result.few_pairs else result.seconds,
        "warnings": result.warnings,
    }


def main() -> int:
    """Every draw of every size."""
    parser = measuring.arguments(__doc__)
    parser.add_argument("data", help="labelled or scored pairs")
    parser.add_argument("--pairs", type=int, nargs="+", default=[50, 200, 1000])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--time-budget", default=None)
    asked = parser.parse_args()
    settings = {} if asked.time_budget is None else {"time_budget": asked.time_budget}
    where, table = measuring.surroundings(), load_pairs(asked.data)
    rows = [one(table, n, seed, settings) for n in asked.pairs for seed in range(asked.draws)]
    shown = ["pairs", "seed", "metric", "model", "one_answer", "cross_validated", "chosen", "seconds"]
    measuring.print_table(
        [*shown, "warnings"], [[*(row[name] for name in shown), len(row["warnings"])] for row in rows]
    )
    figures = {"data": Path(asked.data).parent.name, "samesay": samesay.__version__, "draws": rows}
    return measuring.publish("few_pairs", figures, [], results=asked.results, where=where)


if __name__ == "__main__":
    sys.exit(main())
