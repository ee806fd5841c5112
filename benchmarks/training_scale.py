"""Cost per pair and memory of training at 10 thousand, 100 thousand and 1 million pairs, stage by stage.

Generated pairs are written to CSV files; for each size a process of its own reads one, encodes it twice (the second
time from the cache), begins to train BERT Tiny's shape with random weights and is stopped after a bounded number of
steps, and hashes its pairs as a saved model keeps them. The sizes take turns, round by round. Memory is the process'
anonymous memory (what cannot be dropped, unlike pages of mapped files), sampled all the time.

    python -m benchmarks.training_scale
    python -m benchmarks.training_scale --sizes 10000 100000 --rounds 1
    python -m benchmarks.training_scale --in-memory        # without the cache of tokens, for comparison
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import measuring
from benchmarks.training_speed_ours import LABELS, opened

from samesay.data.sources.builtin import generate

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 3
BATCH_SIZE = 16
WARM_UP, STEPS = 200, 600
WITHIN = 0.1
GENERATED_AT_ONCE = 50_000
ONCE = ("read", "fingerprint", "encode", "plan", "hash")
"""What a first run of one epoch does with every pair besides training."""
PREPARATION = "read to hash without training: processor us per pair"
EPOCH = "all of one epoch: processor us per pair"
BERT_TINY = {
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "hidden_size": 128,
    "intermediate_size": 512,
}


def write_pairs(folder: Path, sizes: list[int]) -> dict[int, Path]:
    """The same generated pairs as a CSV file of each size, a shorter one the beginning of a longer one."""
    paths = {size: folder / f"pairs-{size}.csv" for size in sizes}
    streams = {size: path.open("w", encoding="utf-8") for size, path in paths.items()}
    for stream in streams.values():
        stream.write("premise,hypothesis,label\n")
    for seed, begin in enumerate(range(0, max(sizes), GENERATED_AT_ONCE)):
        table = generate(min(GENERATED_AT_ONCE, max(sizes) - begin), seed=seed)
        rows = zip(table.first, table.second, table.label_names(), strict=True)
        for number, (first, second, label) in enumerate(rows, begin):
            for size, stream in streams.items():
                if number < size:
                    stream.write(f'"{first}","{second}",{label}\n')
    for stream in streams.values():
        stream.close()
    return paths


class Memory:
    """This process' memory, sampled by a thread."""

    def __init__(self) -> None:
        self.peak = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    @staticmethod
    def now(field: str = "RssAnon") -> float:
        """A field of the system's account in MB (1e6 bytes): ``RssAnon``, ``RssFile`` or ``VmRSS``."""
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{field}:"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
        raise SystemExit(f"This system does not account for {field}.")

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, self.now())
            time.sleep(0.02)


def child(source: Path, vocabulary: str, cache: Path, in_memory: bool) -> dict[str, Any]:
    """The figures of one size, measured in the process that calls this."""
    memory = Memory()
    stages: dict[str, dict[str, float]] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        memory.peak = 0.0
        begin, used = time.perf_counter(), time.process_time()
        yield
        stages[name] = {
            "seconds": round(time.perf_counter() - begin, 4),
            "processor_seconds": round(time.process_time() - used, 4),
            "peak_anonymous_mb": max(memory.peak, memory.now()),
            "anonymous_mb": memory.now(),
            "resident_mb": memory.now("VmRSS"),
        }

    # What does not depend on the pairs comes first.
    classifier = opened(vocabulary, BERT_TINY)
    import keras

    from samesay.bundle import write_pair_hashes
    from samesay.data import load_pairs
    from samesay.encoding import plan_training
    from samesay.runs import token_cache
    from samesay.training import Recipe
    from samesay.training.custom_objects import CustomObjects
    from samesay.training.fit import fit
    from samesay.training.training_pairs import TrainingPairs

    if in_memory:
        token_cache.WORTH_KEEPING = sys.maxsize
    figures: dict[str, Any] = {"anonymous_mb_before": memory.now()}
    with stage("read"):
        pairs = load_pairs(source, texts_in=None if in_memory else cache)
    with stage("fingerprint"):
        pairs.fingerprint()
    for name in ("encode", "encode again"):
        with stage(name):
            encoded = token_cache.encoded_pairs(classifier.encoder, pairs, folder=cache)
    with stage("plan"):
        plan = plan_training(encoded.lengths, BATCH_SIZE, seed=0, epoch=0, max_length=128)
    del plan

    class Stop(keras.callbacks.Callback):
        """Ends the run after ``STEPS``, and notes the time of the first step and those after the warm-up."""

        times: dict[int, tuple[float, float]]

        def on_train_begin(self, logs: Any = None) -> None:
            self.times = {}

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch in (0, WARM_UP, STEPS):
                float(logs["loss"])  # waits for the step
                self.times[batch] = (time.perf_counter(), time.process_time())
            if batch == STEPS:
                self.model.stop_training = True

    stop = Stop()
    with stage("train"):
        began = time.perf_counter()
        result = fit(
            classifier,
            TrainingPairs(encoded, pairs.require_gold()),
            Recipe(epochs=1, batch_size=BATCH_SIZE, learning_rate=1e-4),
            custom=CustomObjects.of(callbacks=[stop]),
        )
    figures["first_step_seconds"] = round(stop.times[0][0] - began, 3)
    n_trained = (STEPS - WARM_UP) * BATCH_SIZE
    wall, used = (stop.times[STEPS][at] - stop.times[WARM_UP][at] for at in (0, 1))
    figures["training_pairs_per_second"] = round(n_trained / wall, 1)
    figures["training_processor_ms_per_pair"] = round(1000 * used / n_trained, 4)
    with stage("hash"):
        write_pair_hashes(source.with_suffix(".hashes"), {"train": pairs.pair_hashes()})
    figures["padding_share"] = round(result.padding_share, 4)
    figures["widths"] = result.widths
    figures["peak_anonymous_mb"] = max(one["peak_anonymous_mb"] for one in stages.values())
    return {**figures, "stages": stages}


def run(options: Namespace) -> int:
    """Measure, print and keep."""
    where = measuring.surroundings()
    from samesay.model.presets.installed import minilm_folder

    vocabulary = minilm_folder()
    if vocabulary is None:
        raise SystemExit("This benchmark needs minilm's vocabulary: samesay doctor")
    measured: dict[int, list[dict[str, Any]]] = {size: [] for size in options.sizes}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        paths = write_pairs(Path(folder), options.sizes)
        for number in range(options.rounds):
            for size, path in paths.items():
                cache = Path(folder) / f"cache-{number}-{size}"
                call = (str(path), str(vocabulary), str(cache), str(int(options.in_memory)))
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.training_scale", "--child", *call],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                    cwd=measuring.ROOT,
                    env={**os.environ, "KERAS_BACKEND": "jax"},
                )
                measured[size].append(json.loads(done.stdout.splitlines()[-1]))
                print(
                    f"  round {number + 1} of {options.rounds}: {size:,} pairs", file=sys.stderr, flush=True
                )
    figures = {size: summary(size, rounds) for size, rounds in measured.items()}
    measuring.print_table(
        ["figure", *(f"{size:,} pairs" for size in figures)],
        [[name, *(one[name] for one in figures.values())] for name in next(iter(figures.values()))],
    )
    named = {
        "labels": list(LABELS),
        "batch_size": BATCH_SIZE,
        "steps": [WARM_UP, STEPS],
        "tokens_in_memory": options.in_memory,
        "sizes": {str(size): {**figures[size], "rounds": measured[size]} for size in figures},
    }
    name = "training_scale-in-memory" if options.in_memory else "training_scale"
    return measuring.publish(name, named, requirements(figures), results=options.results, where=where)


def summary(size: int, rounds: list[dict[str, Any]]) -> dict[str, float]:
    """Medians over the rounds; stages in microseconds of a pair."""
    names = (
        "training_pairs_per_second",
        "training_processor_ms_per_pair",
        "first_step_seconds",
        "padding_share",
        "anonymous_mb_before",
        "peak_anonymous_mb",
    )
    figures = {name: round(median(one[name] for one in rounds), 4) for name in names}
    for name in rounds[0]["stages"]:
        stages = [one["stages"][name] for one in rounds]
        if name != "train":
            cost = median(one["processor_seconds"] for one in stages)
            figures[f"{name}: processor us per pair"] = round(1e6 * cost / size, 2)
        figures[f"{name}: peak anonymous MB"] = median(one["peak_anonymous_mb"] for one in stages)
        figures[f"{name}: resident MB behind it"] = median(one["resident_mb"] for one in stages)
    figures[PREPARATION] = round(sum(figures[f"{name}: processor us per pair"] for name in ONCE), 2)
    figures[EPOCH] = round(1000 * figures["training_processor_ms_per_pair"] + figures[PREPARATION], 1)
    return figures


def requirements(figures: dict[int, dict[str, float]]) -> list[measuring.Requirement]:
    """The largest size beside every smaller one; what is spent besides training beside the next smaller one."""
    *smaller, largest = sorted(figures)
    if not smaller:
        return []
    most = figures[largest]

    def beside(what: str, size: int, name: str) -> measuring.Requirement:
        told = f"{what} at {largest:,} over that at {size:,}, less 1"
        return measuring.below(told, WITHIN, round(most[name] / figures[size][name] - 1, 4), timing=True)

    found = [
        beside(f"a pair's {what} (processor time)", size, name)
        for what, name in (("training", "training_processor_ms_per_pair"), ("epoch", EPOCH))
        for size in smaller
    ]
    # Few pairs are prepared in memory, for less.
    found.append(beside("a pair's way to and from training (processor time)", smaller[-1], PREPARATION))
    found += [beside(name, smaller[-1], name) for name in ("train: peak anonymous MB", "peak_anonymous_mb")]
    return found


def main() -> int:
    """Parse and run."""
    if sys.argv[1:2] == ["--child"]:
        source, vocabulary, cache, in_memory = sys.argv[2:]
        print(json.dumps(child(Path(source), vocabulary, Path(cache), bool(int(in_memory)))))
        return 0
    parser = measuring.arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    parser.add_argument("--in-memory", action="store_true", help="encode in memory alone, as few pairs are")
    parser.add_argument(
        "--folder",
        type=Path,
        default=None,
        help="where pairs and tokens lie meanwhile (default: the system's)",
    )
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
