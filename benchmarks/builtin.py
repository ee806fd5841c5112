"""What the built-in models answer well, and what not: every figure of their cards, beside what was asked for.

NLI models: accuracy, calibration error, and the Brier skill at a fitted temperature, on the validation sets (the
temperature is fitted on the halves that choose, the figures are of the halves that report), on the hand-written pairs
and, by capability, on the behaviour suite; pairs a second. The model of sameness: Spearman's correlation on STS-B, and
the average precision with which it puts pairs of the support questions that ask the same above all others, beside the
cosine of MiniLM's vectors.

    python -m benchmarks.builtin                          # the models of this version
    python -m benchmarks.builtin --nli MODEL --same MODEL   # others, by their folders
"""

from __future__ import annotations

import csv
import itertools
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring
from benchmarks.measuring import Requirement, at_least, below
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score

import samesay
from samesay.data import PairTable
from samesay.data.columns import order_of
from samesay.evaluation.calibration import brier_score, expected_calibration_error

SETS = ("snli", "mnli", "cad_nli")
NEEDED = {"snli": 0.875, "mnli": 0.75, "cad_nli": 0.75, "handwritten": 0.68}
MOST_ECE = {"snli": 0.02, "mnli": 0.05}
SURE = ("identity", "negation", "numbers", "unrelated")
FAST_MAY_LOSE = 0.03
FAST_TIMES = 2.5
QUESTIONS = measuring.ROOT / "examples" / "support_questions.csv"
LABELS = ("entailment", "neutral", "contradiction")


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("--nli", default="builtin:nli")
    parser.add_argument("--fast", default="builtin:nli-fast")
    parser.add_argument("--same", default="builtin:same")
    parser.add_argument("--without", nargs="*", default=[], choices=("nli", "fast", "same"))
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    figures: dict[str, Any] = {}
    requirements: list[Requirement] = []
    for name in ("nli", "fast"):
        if name not in given.without:
            figures[name] = of_inference(getattr(given, name))
            requirements += _of_nli(name, figures[name], figures.get("nli"))
    if {"nli", "fast"} <= figures.keys():
        figures["times"] = _times(given.nli, given.fast)
        requirements.append(at_least("nli-fast: times as fast", FAST_TIMES, figures["times"], timing=True))
    if "same" not in given.without:
        figures["same"] = of_sameness(given.same)
        requirements += _of_same(figures["same"])
    return measuring.publish("builtin", figures, requirements, results=given.results, where=where)


def of_inference(model: str) -> dict[str, Any]:
    """The figures of a model of entailment."""
    scorer = samesay.Scorer.open(model)
    found: dict[str, Any] = {"model": model}
    for name in SETS:
        table = _labelled(measuring.shared_data(name) / "validation.parquet")
        reports = np.array([_reports(premise) for premise in table.first])
        probabilities, gold = _probabilities(scorer, table), np.asarray(table.gold)
        found[name] = _measured(probabilities[reports], gold[reports]) | {
            "whole": float((probabilities.argmax(1) == gold).mean()),
            "skill": _skill(probabilities, gold, reports),
        }
    table = _labelled("handwritten")
    probabilities, gold = _probabilities(scorer, table), np.asarray(table.gold)
    right = probabilities.argmax(1) == gold
    domains = np.asarray(table.columns["domain"])
    found["handwritten"] = _measured(probabilities, gold) | {
        "by_domain": {str(name): float(right[domains == name].mean()) for name in np.unique(domains)}
    }
    checked = samesay.check(model)
    found["check"] = {
        one.capability: one.pass_rate for one in checked.behaviour.results if one.section != "handwritten"
    }
    return found


def of_sameness(model: str) -> dict[str, Any]:
    """The figures of a model of sameness, with MiniLM's cosine beside them."""
    scorer, vectors = samesay.Scorer.open(model), samesay.Embedder.open("minilm")
    table = samesay.load_pairs(measuring.shared_data("stsb") / "validation.parquet")
    reports = np.array([_reports(text) for text in table.first])
    scores = scorer.predict((table.first, table.second)).ravel()
    cosine = (vectors.encode(table.first) * vectors.encode(table.second)).sum(1)
    gold = np.asarray(table.gold)
    with QUESTIONS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    questions = [row["question"] for row in rows]
    places = list(itertools.combinations(range(len(rows)), 2))
    same = np.array([rows[one]["group"] == rows[other]["group"] for one, other in places])
    first, second = ([questions[pair[side]] for pair in places] for side in (0, 1))
    asked = scorer.predict((first, second)).ravel()
    swapped = scorer.predict((second[:200], first[:200])).ravel()
    encoded = vectors.encode(questions)
    close = np.array([encoded[one] @ encoded[other] for one, other in places])
    identical = scorer.predict((questions, questions)).ravel()
    return {
        "model": model,
        "stsb": {
            name: {
                "report": float(spearmanr(of[reports], gold[reports])[0]),
                "whole": float(spearmanr(of, gold)[0]),
            }
            for name, of in (("model", scores), ("cosine", cosine))
        },
        "questions": {
            "pairs": len(places),
            "same": int(same.sum()),
            "average_precision": float(average_precision_score(same, asked)),
            "cosine": float(average_precision_score(same, close)),
            "best_f1": _best_f1(same, asked),
            "cosine_best_f1": _best_f1(same, close),
        },
        "least_of_identical": float(identical.min()),
        "most_difference_swapped": float(np.abs(asked[:200] - swapped).max()),
    }


def _labelled(source: str | Path) -> PairTable:
    return samesay.load_pairs(source, labels=None if source == "handwritten" else LABELS).with_answers(
        samesay.LabelSet(LABELS)
    )


def _reports(text: str) -> bool:
    """Whether a premise's pairs are of the half that reports."""
    return sum(text.encode()) % 2 == 1


def _probabilities(scorer: samesay.Scorer, table: PairTable) -> NDArray[np.float64]:
    """Shape ``(n_pairs, 3)``, columns as in ``LABELS``."""
    texts = (table.first, table.second)
    if order_of(scorer.sides) != order_of(table.sides):
        texts = texts[::-1]
    columns = [scorer.labels.index(label) for label in LABELS]
    return scorer.predict(texts).astype(np.float64)[:, columns]


def _measured(probabilities: NDArray[np.float64], gold: NDArray[np.integer]) -> dict[str, Any]:
    return {
        "pairs": len(gold),
        "accuracy": float((probabilities.argmax(1) == gold).mean()),
        "ece": expected_calibration_error(probabilities, gold),
    }


def _skill(
    probabilities: NDArray[np.float64], gold: NDArray[np.integer], reports: NDArray[np.bool_]
) -> float:
    """How much lower than the Brier score of the labels' shares; the temperature is fitted on the other half."""
    logs = np.log(probabilities.clip(1e-12))

    def at(temperature: float, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        raised = np.exp(logs[rows] / temperature)
        return raised / raised.sum(1, keepdims=True)

    def loss(temperature: float) -> float:
        answers = at(temperature, ~reports)
        return float(-np.log(answers[np.arange(len(answers)), gold[~reports]]).mean())

    best = min(np.geomspace(0.25, 4, 161), key=loss)
    shares = np.bincount(gold[~reports], minlength=3) / (~reports).sum()
    reference = brier_score(np.tile(shares, (reports.sum(), 1)), gold[reports])
    reached = brier_score(at(float(best), reports), gold[reports])
    assert reference is not None
    assert reached is not None
    return 1 - reached / reference


def _best_f1(same: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    found = same[np.argsort(-scores, kind="stable")].cumsum()
    precision, recall = found / np.arange(1, len(same) + 1), found / same.sum()
    return float((2 * precision * recall / (precision + recall).clip(1e-12)).max())


def _times(nli: str, fast: str) -> float:
    table = _labelled(measuring.shared_data("snli") / "validation.parquet")
    pairs = (table.first[:2000], table.second[:2000])
    scorers = {name: samesay.Scorer.open(model) for name, model in (("nli", nli), ("fast", fast))}
    for scorer in scorers.values():
        scorer.predict((pairs[0][:64], pairs[1][:64]))

    def round_of(scorer: samesay.Scorer) -> float:
        began = time.perf_counter()
        scorer.predict(pairs)
        return time.perf_counter() - began

    seconds = measuring.alternate({name: lambda one=one: round_of(one) for name, one in scorers.items()}, 5)
    return statistics.median(seconds["nli"]) / statistics.median(seconds["fast"])


def _of_nli(name: str, found: dict[str, Any], slow: dict[str, Any] | None) -> list[Requirement]:
    asked = []
    for which, needed in NEEDED.items():
        least = needed if name == "nli" or slow is None else slow[which]["accuracy"] - FAST_MAY_LOSE
        asked.append(at_least(f"{name}: accuracy on {which}", round(least, 4), found[which]["accuracy"]))
    if name == "nli":
        for capability, passed in found["check"].items():
            asked.append(at_least(f"nli: check {capability}", 0.95 if capability in SURE else 0.9, passed))
        asked += [
            below(f"nli: ECE on {which}", most, found[which]["ece"]) for which, most in MOST_ECE.items()
        ]
    return asked


def _of_same(found: dict[str, Any]) -> list[Requirement]:
    questions = found["questions"]
    return [
        at_least("same: Spearman on STS-B", 0.87, found["stsb"]["model"]["report"]),
        at_least(
            "same: average precision above cosine's",
            0.15,
            questions["average_precision"] - questions["cosine"],
        ),
        at_least("same: least score of identical texts", 0.5, found["least_of_identical"]),
        below("same: difference when swapped", 1e-6, found["most_difference_swapped"]),
    ]


if __name__ == "__main__":
    sys.exit(main())
