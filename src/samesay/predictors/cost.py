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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesay.pairs import Pair, Predictor, Sides, per_second
from samesay.predictors.contenders import open_contender

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


def measure_speed(
    questions: Sequence[tuple[Predictor, Sequence[Pair]]], *, rounds: int
) -> list[tuple[float, ...]]:
    """Pairs per second of every model in every round.

    In turns, A B A B, so that a slow minute of the machine hits all of them; a first round, which compiles and fills
    caches, does not count.

    Args:
        questions: Each model with the sample as it reads it.
        rounds: How many count.
    """
    speeds: list[list[float]] = [[] for _ in questions]
    for number in range(rounds + 1):
        for (predictor, pairs), found in zip(questions, speeds, strict=True):
            began = time.perf_counter()
            predictor.predict(pairs)
            if number:
                found.append(per_second(len(pairs), time.perf_counter() - began))
    return [tuple(found) for found in speeds]


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
    contender = open_contender(asked["model"], reads=reads)
    contender.predictor.predict([Pair(*texts) for texts in asked["pairs"]])
    sys.stdout.write("\n" + json.dumps({"peak_memory": _peak_memory()}) + "\n")


if __name__ == "__main__":
    _main()
