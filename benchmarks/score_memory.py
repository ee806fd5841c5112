"""Scoring a long file: memory at a tenth of it and at its end, the peak, processor time a pair, the journal's share.

Generated pairs are written to a CSV file, and a process of its own scores it into a file. Memory at the end has to be
within 10 % of that at a tenth (of a million: at 100 thousand). The same process then scores the first pairs once more
in turns into a file, with the journal, and into the null device, without one; the difference of the processor times
is what the journal costs, and the difference of the wall times what waiting for the disk adds.

    python -m benchmarks.score_memory --model runs/minilm_snli/full/model                # a million pairs: hours
    python -m benchmarks.score_memory --model … --pairs 20000 --journal-pairs 5000
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import measuring

from samesay.data.sources.builtin import generate
from samesay.pairs import Progress
from samesay.scoring import Scorer, score_file

GENERATED_AT_ONCE = 50_000
ROUNDS = 3
WITHIN = 0.1
MINILM_PEAK_MB = 450.0


def write_pairs(path: Path, n_pairs: int) -> None:
    """Generated pairs as CSV, a part at a time, each from its own seed."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write("premise,hypothesis,id\n")
        for seed, begin in enumerate(range(0, n_pairs, GENERATED_AT_ONCE)):
            table = generate(min(GENERATED_AT_ONCE, n_pairs - begin), seed=seed)
            for number, (first, second) in enumerate(zip(table.first, table.second, strict=True), begin):
                stream.write(f'"{first}","{second}",{number}\n')


def resident_mb() -> float:
    """What this process holds in memory now, in MB (1e6 bytes)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def score(model: str, source: Path, n_pairs: int, n_journal_pairs: int, folder: Path) -> dict[str, Any]:
    """The figures, measured in the process that calls this."""
    scorer = Scorer.open(model)
    memory: list[tuple[int, float, float]] = []

    def listen(progress: Progress) -> None:
        memory.append((progress.done, resident_mb(), time.process_time()))

    begin, used = time.perf_counter(), time.process_time()
    report = score_file(scorer, source, folder / "scored.csv", progress=listen)
    seconds, used = time.perf_counter() - begin, time.process_time() - used
    assert report.rows == n_pairs
    tenth = next(each for each in memory if each[0] >= n_pairs / 10)
    halves = [each for each in memory if each[0] >= n_pairs / 2]
    figures: dict[str, Any] = {
        "pairs": n_pairs,
        "pairs_per_second": round(n_pairs / seconds, 1),
        "processor_ms_per_pair": round(1000 * used / n_pairs, 4),
        "processor_ms_per_pair_second_half": round(
            1000 * (memory[-1][2] - halves[0][2]) / max(1, n_pairs - halves[0][0]), 4
        ),
        "resident_mb_at_a_tenth": tenth[1],
        "resident_mb_at_the_end": memory[-1][1],
        "peak_mb": measuring.peak_memory_mb(),
    }
    with source.open(encoding="utf-8") as stream:
        (folder / "first.csv").write_text("".join(islice(stream, n_journal_pairs + 1)), encoding="utf-8")
    times: dict[str, list[tuple[float, float]]] = {"journal": [], "none": []}
    for number in range(ROUNDS):
        for name, output in (("journal", folder / f"again-{number}.csv"), ("none", Path(os.devnull))):
            begin, used = time.perf_counter(), time.process_time()
            score_file(scorer, folder / "first.csv", output)
            times[name].append((time.perf_counter() - begin, time.process_time() - used))
    for name, rounds in times.items():
        figures[f"{name}_wall_ms_per_pair"] = round(1000 * median(w for w, _ in rounds) / n_journal_pairs, 4)
        figures[f"{name}_processor_ms_per_pair"] = round(
            1000 * median(c for _, c in rounds) / n_journal_pairs, 4
        )
    return figures


def run(options: Namespace) -> int:
    """Measure, print and keep."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "pairs.csv"
        write_pairs(source, options.pairs)
        call = (options.model, str(source), str(options.pairs), str(options.journal_pairs), folder)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.score_memory", "--child", *call],
            capture_output=True,
            text=True,
            check=True,
            cwd=measuring.ROOT,
        )
    figures = json.loads(done.stdout)
    growth = figures["resident_mb_at_the_end"] / figures["resident_mb_at_a_tenth"] - 1
    requirements = [
        measuring.below("resident memory at the end over that at a tenth", WITHIN, round(growth, 4))
    ]
    if options.name == "minilm":
        requirements.append(measuring.below("peak in MB", MINILM_PEAK_MB, figures["peak_mb"]))
    measuring.print_table(["figure", "value"], list(figures.items()))
    named = {"model": options.name, **figures}
    return measuring.publish(f"score_memory-{options.name}", named, requirements, results=options.results)


def main() -> int:
    """Parse and run."""
    if sys.argv[1:2] == ["--child"]:
        model, source, n_pairs, n_journal_pairs, folder = sys.argv[2:]
        print(json.dumps(score(model, Path(source), int(n_pairs), int(n_journal_pairs), Path(folder))))
        return 0
    parser = measuring.arguments(__doc__)
    parser.add_argument("--model", required=True, help="a saved model")
    parser.add_argument(
        "--name",
        default="minilm",
        help="what the result calls it; minilm is held to what was promised for it (default: %(default)s)",
    )
    parser.add_argument("--pairs", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--journal-pairs", type=int, default=5_000, help="default: %(default)s")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
