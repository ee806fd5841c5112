"""What every benchmark here shares: where it ran, how times are compared, how results are shown and kept.

Two things are compared in rounds A B A B in one sitting, because this kind of machine drifts by 15 % from one
hour to the next; medians and their ratio are reported, and every single time beside them. A result is a dated
file with the hardware, the versions and the commit. A time that misses what was asked for is reported as missed
and fails nothing: only wrong answers do (``Requirement.timing``).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Keras alone would take TensorFlow; SameSay decides when its model room is imported, which may be later.
os.environ.setdefault("KERAS_BACKEND", "jax")

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
RUNS = ROOT / "runs"
"""What a benchmark can be continued from; git ignores it."""

SHARED_DATA = ROOT.parent / "shared" / "data"

PACKAGES = (
    "samesay",
    "numpy",
    "onnxruntime",
    "tokenizers",
    "keras",
    "keras-hub",
    "jax",
    "jaxlib",
    "grain",
    "onnx",
    "scikit-learn",
    "scipy",
    "sentencex",
    "tensorflow",
    "torch",
)

Round = Callable[[], float]
"""One round of something: does it and returns the seconds it took."""


@dataclass(frozen=True)
class Requirement:
    """Something that was promised, and whether it holds.

    Attributes:
        what: The figure in words.
        needed: What was promised, in words, such as ``"at least 25"``.
        measured: The figure.
        met: Whether it holds.
        timing: Whether it is a matter of speed, which depends on the machine and fails nothing.
    """

    what: str
    needed: str
    measured: float | int | str | bool
    met: bool
    timing: bool = False


def at_least(what: str, needed: float, measured: float, *, timing: bool = False) -> Requirement:
    """``measured`` must not be below ``needed``."""
    return Requirement(what, f"at least {needed:g}", measured, measured >= needed, timing)


def below(what: str, needed: float, measured: float, *, timing: bool = False) -> Requirement:
    """``measured`` must be below ``needed``."""
    return Requirement(what, f"below {needed:g}", measured, measured < needed, timing)


def exactly(what: str, needed: float | int | str | bool, measured: float | int | str | bool) -> Requirement:
    """``measured`` must be ``needed``."""
    return Requirement(what, f"{needed}", measured, measured == needed)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        help="where the dated result is written (default: %(default)s)",
    )
    return parser


def shared_data(name: str) -> Path:
    """A folder of the real development data.

    Raises:
        SystemExit: If it is not there.
    """
    folder = SHARED_DATA / name
    if not folder.is_dir():
        raise SystemExit(f"There is no {folder}: this benchmark needs the real development data.")
    return folder


def surroundings() -> dict[str, Any]:
    """Date, commit, hardware and versions: what a figure is worth nothing without."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", "src", "benchmarks/*.py")),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
            "system": f"{platform.system()} {platform.release()}",
            "load_average": [round(each, 2) for each in os.getloadavg()],
        },
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def peak_memory_mb() -> float:
    """The most resident memory that this process had so far, in MB (1e6 bytes)."""
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


def timed(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def alternate(subjects: Mapping[str, Round], rounds: int) -> dict[str, list[float]]:
    """Run every subject once a round, in turn: A B A B …, so that a slow minute hits all of them.

    Args:
        subjects: Name to one round.
        rounds: How often each runs.

    Returns:
        Name to seconds, one a round, in order.
    """
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds):
        for name, one_round in subjects.items():
            seconds[name].append(one_round())
            print(
                f"  round {number + 1} of {rounds}: {name} {seconds[name][-1]:.3f} s",
                file=sys.stderr,
                flush=True,
            )
    return seconds


def kept(record: Path, asked: Mapping[str, Any], run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``run`` measures, as a line of ``record``; or, without a run, the line of one that was asked for the same.

    Args:
        record: One JSON object a line; made, with its folder, where absent.
        asked: All that decides the figures, as JSON types; the line's ``"asked"``.
        run: Measures.
    """
    finished = [json.loads(line) for line in record.read_text().splitlines()] if record.is_file() else []
    for one in finished:
        if one["asked"] == asked:
            return one
    done = {"asked": asked, **run()}
    record.parent.mkdir(parents=True, exist_ok=True)
    with record.open("a", encoding="utf-8") as file:
        file.write(json.dumps(done) + "\n")
    return done


def spread(values: Sequence[float], digits: int = 4) -> dict[str, Any]:
    """The median with what it is the median of."""
    return {
        "median": round(statistics.median(values), digits),
        "least": round(min(values), digits),
        "most": round(max(values), digits),
        "all": [round(value, digits) for value in values],
    }


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table for people: words to the left of their column, numbers to the right."""
    cells = [[_shown(cell) for cell in row] for row in [headings, *rows]]
    columns = range(len(headings))
    widths = [max(len(row[column]) for row in cells) for column in columns]
    numbers = [any(isinstance(row[column], int | float) for row in rows) for column in columns]
    for number, row in enumerate(cells):
        line = [row[at].rjust(widths[at]) if numbers[at] else row[at].ljust(widths[at]) for at in columns]
        print("  ".join(line).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def publish(
    name: str,
    figures: Mapping[str, Any],
    requirements: Sequence[Requirement],
    *,
    results: Path = RESULTS,
    where: Mapping[str, Any] | None = None,
) -> int:
    """Show what was promised beside what came, print one JSON line, write ``<name>-<date>.json``.

    Args:
        name: The benchmark.
        figures: What was measured, as JSON types.
        requirements: What was promised.
        results: The folder for the file; a result of the same day is replaced.
        where: From ``surroundings``, where it was taken before the work began.

    Returns:
        The exit status: 1 if a requirement that is not a matter of speed is missed.
    """
    document = {
        "benchmark": name,
        **(where or surroundings()),
        "figures": dict(figures),
        "requirements": [asdict(one) for one in requirements],
    }
    if requirements:
        print()
        print_table(
            ["requirement", "needed", "measured", "outcome"],
            [[one.what, one.needed, one.measured, _outcome(one)] for one in requirements],
        )
        print()
    print(json.dumps(document, ensure_ascii=False))
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{name}-{document['date'][:10]}.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {path}", file=sys.stderr)
    return int(any(not one.met and not one.timing for one in requirements))


def _outcome(one: Requirement) -> str:
    if one.met:
        return "met"
    return "missed (a matter of speed)" if one.timing else "MISSED"


def _shown(cell: Any) -> str:
    if isinstance(cell, bool) or not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
    return f"{cell:,.1f}" if abs(cell) >= 100 else f"{cell:.4g}"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
