"""What answering costs: speed side by side, and memory in a process of its own.

``python -m samesay.predictors.cost`` is that process: it reads a model and pairs as JSON from standard input, answers
once and prints the most memory that it ever held.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samesay.data import PairTable
from samesay.pairs import Pair, Sides, per_second
from samesay.predictors.opening import Opened, open_named

SAMPLE = 256
"""Pairs of a round: enough to fill several batches, few enough that a round of a large model takes seconds."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs.

    Attributes:
        rounds: Pairs per second of each round.
        n_bytes: Size on disk of what it needs to answer; None for a baseline, which is made each time.
        peak_memory: The most resident memory, in bytes, of a process that opened it, with its libraries, and answered
            the sample; None for a baseline, and where the system does not tell.
    """

    rounds: tuple[float, ...]
    n_bytes: int | None
    peak_memory: int | None

    @property
    def pairs_per_second(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.rounds)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "pairs_per_second": self.pairs_per_second,
            "rounds": list(self.rounds),
            "bytes": self.n_bytes,
            "peak_memory": self.peak_memory,
        }


def measure_costs(
    models: Mapping[str, Opened], table: PairTable, *, rounds: int, reads: Sides | None
) -> tuple[list[Cost], list[str], int]:
    """What answering some pairs of ``table`` costs each model.

    Speed is measured in turns, A B A B, so that a slow minute of the machine hits all of them; a first round, which
    compiles and fills caches, does not count.

    Args:
        models: By name, as tables call them.
        table: Pairs all over it are asked, since it may be sorted.
        rounds: How many count; at least one.
        reads: As in ``open_named``.

    Returns:
        The costs, what could not be measured, and the number of pairs that were asked.
    """
    places = np.unique(np.linspace(0, len(table) - 1, min(SAMPLE, len(table))).astype(np.int64))
    asked = []
    for one in models.values():
        read = table.select(places).with_sides(one.predictor.sides)
        asked.append([Pair(*texts) for texts in zip(read.first, read.second, strict=True)])
    speeds: list[list[float]] = [[] for _ in asked]
    for number in range(rounds + 1):
        for one, pairs, found in zip(models.values(), asked, speeds, strict=True):
            began = time.perf_counter()
            one.predictor.predict(pairs)
            if number:
                found.append(per_second(len(pairs), time.perf_counter() - began))
    memory: dict[str, tuple[int | None, str | None]] = {}
    notes = []
    for (name, one), pairs in zip(models.items(), asked, strict=True):
        if one.kind == "baseline":
            memory[one.model] = None, None
        elif one.model not in memory:
            memory[one.model] = measure_memory(one.model, pairs, reads=reads)
        if why := memory[one.model][1]:
            notes.append(f"the memory of {name} could not be measured: {why}")
    costs = [
        Cost(tuple(speed), one.n_bytes, memory[one.model][0])
        for one, speed in zip(models.values(), speeds, strict=True)
    ]
    return costs, notes, len(places)


def measure_memory(
    model: str, pairs: Sequence[Pair], *, reads: Sides | None
) -> tuple[int | None, str | None]:
    """The most resident memory, in bytes, of a process that opens ``model`` and answers ``pairs``.

    Returns:
        The memory, or None where that process fails or the system does not tell; then why.
    """
    asked = {
        "model": model,
        "reads": None if reads is None else list(reads),
        "pairs": [[pair.first, pair.second] for pair in pairs],
    }
    done = subprocess.run(
        # -P: a numpy.py in the working folder is not run.
        [sys.executable, "-P", "-m", "samesay.predictors.cost"],
        input=json.dumps(asked),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    # Libraries may have printed before it.
    measured = json.loads(done.stdout.strip().splitlines()[-1])["peak_memory"]
    return measured, None if measured else "this system does not tell"


def _peak_memory() -> int | None:
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: on Linux a child's count begins with that of the process that started it.
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _main() -> None:
    asked = json.load(sys.stdin)
    reads = None if asked["reads"] is None else Sides(*asked["reads"])
    opened = open_named(asked["model"], reads=reads)
    opened.predictor.predict([Pair(*texts) for texts in asked["pairs"]])
    sys.stdout.write("\n" + json.dumps({"peak_memory": _peak_memory()}) + "\n")


if __name__ == "__main__":
    _main()
